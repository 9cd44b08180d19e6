"""What the engine of payments needs of the store; it stands here because it speaks in the core's own records."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from gateway.errors import GatewayError
from gateway.model.payment import PaymentItem, Source
from gateway.sync.payment_opening import RequestChange
from gateway.sync.payment_people import Voucher
from gateway.sync.payment_records import AttemptView, Decision, Effect, RefundView, RequestView
from gateway.sync.payment_refunds import RefundChange
from gateway.sync.payment_words import Reason, Ruling


class KeyReused(GatewayError):
    """The caller's key stands for another wish; nothing was stored."""

    code = "idempotency_key_reused"


class OwedAlready(GatewayError):
    """Another request of the dossier asks for the same fee; nothing was stored."""

    code = "owed_already"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request to be stored. Digests are keyed; `sealed` is who pays, None once it was erased."""

    view: RequestView
    fees: tuple[PaymentItem, ...]
    """All that the dossier states; not stored."""
    client_id: str
    agency_code: str
    procedure_code: str
    key_digest: bytes = field(repr=False)
    wish_digest: bytes = field(repr=False)
    wrapped_key: bytes | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttempt:
    """An attempt with where the payer's browser goes when it comes back."""

    view: AttemptView
    return_to: str
    return_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPayment:
    """A request with all its attempts, the oldest first."""

    view: RequestView
    client_id: str
    agency_code: str
    procedure_code: str
    created_at: datetime
    attempts: tuple[StoredAttempt, ...] = ()
    wrapped_key: bytes | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)

    def attempt(self, attempt_id: UUID) -> StoredAttempt | None:
        return next((one for one in self.attempts if one.view.attempt_id == attempt_id), None)

    def others(self, attempt_id: UUID) -> tuple[AttemptView, ...]:
        """Give all attempts but one."""
        return tuple(one.view for one in self.attempts if one.view.attempt_id != attempt_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message of a provider as it came, sealed under a key of its own, with what became of it."""

    provider: str
    verdict: str
    reason: str
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change of a state."""

    attempt_id: UUID | None
    at: datetime
    state: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Share:
    """Whose work is claimed: that of these providers, or of all others, and what no provider is called for."""

    providers: tuple[str, ...]
    is_among: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEffect:
    """An effect that a worker has claimed."""

    effect_id: int
    request_id: UUID
    effect: Effect
    tries_count: int


class VoucherState(StrEnum):
    """How far a voucher is."""

    RECORDED = "recorded"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVoucher:
    """A voucher as it was recorded; the evidence itself is sealed apart."""

    voucher_id: UUID
    provider: str
    voucher: Voucher
    evidence_type: str
    state: VoucherState = VoucherState.RECORDED
    decided_by: str = ""


class PaymentChange(Protocol):
    """A request locked for a change, in one transaction."""

    payment: StoredPayment

    async def add_attempt(self, attempt: StoredAttempt) -> None: ...

    async def apply(self, decision: Decision, source: Source | None, now: datetime) -> None:
        """Store a decision as a whole: records, history, effects, events."""
        ...

    async def apply_request(self, change: RequestChange, now: datetime) -> None:
        """Store a change of the request alone, with what follows."""
        ...

    async def owe(self, effects: Sequence[Effect], now: datetime) -> None:
        """Have effects carried out that follow from no decision; one whose key is owed already stays one."""
        ...

    async def voucher(self, voucher_id: UUID) -> StoredVoucher | None: ...

    async def add_voucher(self, voucher: StoredVoucher, evidence: tuple[bytes, bytes], now: datetime) -> None:
        """Store a voucher; `evidence` is wrapped key and sealed file."""
        ...

    async def decide_voucher(self, voucher_id: UUID, state: VoucherState, officer: str, now: datetime) -> None: ...

    async def refund(self, refund_id: UUID) -> RefundView | None: ...

    async def add_refund(self, refund: RefundView, account: tuple[bytes, bytes] | None, now: datetime) -> None:
        """Store a refund that was asked for; `account` is wrapped key and sealed payer's account."""
        ...

    async def apply_refund(self, change: RefundChange, now: datetime) -> None:
        """Store a refund as it becomes, with its attempt, its request, effects and events."""
        ...

    async def earlier(self, provider: str, fact_key: str) -> Ruling | None: ...

    async def rule(self, provider: str, fact_key: str, ruling: Ruling, now: datetime) -> None: ...

    async def keep_message(self, message: KeptMessage, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMoney:
    """Money that belongs to no request, as it was told. `key` names the money, whatever told of it."""

    provider: str
    key: str = field(repr=False)
    transaction: str
    amount_vnd: int
    reference: str
    dossier_code: str
    source: Source
    reason: Reason


class DossiersPayments(Protocol):
    """All requests of a dossier locked for a change, in one transaction."""

    @property
    def payments(self) -> Sequence[StoredPayment]: ...

    def of(self, request_id: UUID) -> PaymentChange:
        """Give the change of one of them. Raises KeyError for one that is not among them."""
        ...

    async def hold(self, money: HeldMoney, now: datetime) -> bool:
        """Hold money for a person; False when it is held already, or was."""
        ...

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        """Keep a message that belongs to no request."""
        ...


class PaymentStore(Protocol):
    """Payments, as they are kept. Everything raises StoreUnavailable."""

    async def add(self, request: NewRequest, now: datetime) -> tuple[UUID, bool]:
        """Store it; give its id and whether it is new.

        Raises KeyReused when the key stands for another wish, OwedAlready when another request asks for the same fee.
        """
        ...

    async def find(self, request_id: UUID) -> StoredPayment | None: ...

    async def of_dossier(self, dossier_code: str) -> Sequence[StoredPayment]: ...

    async def refunds(self, request_id: UUID) -> Sequence[RefundView]: ...

    async def vouchers(self, request_id: UUID) -> Sequence[StoredVoucher]: ...

    async def voucher_evidence(self, request_id: UUID, voucher_id: UUID) -> tuple[bytes, bytes] | None:
        """Give wrapped key and sealed file."""
        ...

    async def refund_account(self, refund_id: UUID) -> tuple[bytes, bytes] | None:
        """Give wrapped key and sealed payer's account."""
        ...

    async def history(self, request_id: UUID) -> Sequence[HistoryEntry]: ...

    async def request_of(self, provider: str, reference: str) -> UUID | None: ...

    def changing(self, request_id: UUID) -> AbstractAsyncContextManager[PaymentChange | None]:
        """Lock a request; None when it is not there. Leaving it commits, an exception rolls back."""
        ...

    def changing_dossier(self, dossier_code: str) -> AbstractAsyncContextManager[DossiersPayments]:
        """Lock everything that is owed for a dossier, which may be nothing; further requests wait."""
        ...

    async def keep_message(self, message: KeptMessage, now: datetime) -> None:
        """Keep a message that belongs to nothing."""
        ...

    async def claim_polls(
        self, share: Share, now: datetime, until: datetime, limit: int
    ) -> Sequence[tuple[UUID, UUID]]:
        """Claim attempts that are due to be asked about; give request and attempt."""
        ...

    async def claim_effects(self, share: Share, now: datetime, until: datetime, limit: int) -> Sequence[DueEffect]:
        """Claim effects that are due: those for which a provider of the share is called."""
        ...

    async def end_effect(self, effect_id: int, outcome: str, now: datetime) -> None: ...

    async def put_off_effect(self, effect_id: int, outcome: str, due_at: datetime) -> None: ...
