"""What the engine of share consents needs of the store."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.errors import GatewayError
from gateway.model.consent import ConsentTransaction


class CodeTaken(GatewayError):
    """The hub gave a code or id that another consent has already; nothing of the change was stored."""

    code = "consent_code_taken"

    def __init__(self) -> None:
        super().__init__("the hub named one code for two consents")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConsent:
    """A consent as it is kept. `transaction` holds no codes of the hub: they stand in `sealed`, which is None once it
    was purged. `work_at` is when the hub is to be asked or its data fetched, None when it is not. `wish_digest` is the
    same for the same wish in the same sign-in."""

    transaction: ConsentTransaction
    hub: str
    agreement_id: str
    purpose: str
    agency_code: str
    dossier_code: str | None
    evidence_id: UUID
    return_to: str
    return_state: str
    wish_digest: bytes = field(repr=False)
    code_digest: bytes | None = None
    txn_digest: bytes | None = None
    work_at: datetime | None = None
    next_at: datetime | None = None
    failures_count: int = 0
    wrapped_key: bytes | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A sealed webhook that waits for its consent."""

    notice_id: int
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


class ConsentChange(Protocol):
    """A consent locked for a change."""

    stored: StoredConsent

    async def save(self, changed: StoredConsent) -> None:
        """Store it. Raises CodeTaken, which must end the change: nothing of it is kept."""
        ...

    async def tell(self, event_type: str, data: str, now: datetime) -> None:
        """Append an event about it to the feed; the last statement of its transaction."""
        ...

    async def take_notices(self, code_digest: bytes) -> Sequence[KeptNotice]:
        """Give the webhooks that waited for this code, and forget them."""
        ...


class ConsentStore(Protocol):
    """Keeps consents. Every method raises StoreUnavailable."""

    async def add(self, consent: StoredConsent) -> UUID:
        """Add it and give its id; that of the same wish, when that is not settled yet, and nothing is added then.

        The browser of a wish that is made again belongs where the newer one says.
        """
        ...

    async def find(self, transaction_id: UUID) -> StoredConsent | None: ...

    async def find_by_txn(self, hub: str, txn_digest: bytes) -> tuple[UUID, str, str] | None:
        """Give the id, and where its browser belongs."""
        ...

    def changing(self, transaction_id: UUID) -> AbstractAsyncContextManager[ConsentChange | None]:
        """Lock a consent for a change; None for one that is not there."""
        ...

    def changing_by_code(self, hub: str, code_digest: bytes) -> AbstractAsyncContextManager[ConsentChange | None]: ...

    async def claim_due(
        self, now: datetime, until: datetime, limit: int, *, hubs: Sequence[str], is_of_them: bool
    ) -> Sequence[UUID]:
        """Claim what is due of these hubs, or of all others, until then."""
        ...

    async def keep_notice(self, hub: str, code_digest: bytes, now: datetime, wrapped_key: bytes, sealed: bytes) -> bool:
        """Keep a webhook whose consent is not known yet; False, and nothing is kept, when it is known by now."""
        ...

    async def forget_notices(self, before: datetime) -> None: ...

    async def agencies_of(self, dossier_code: str) -> tuple[str, str] | None:
        """Give the receiving and the handling agency of a dossier; None when it is not known."""
        ...
