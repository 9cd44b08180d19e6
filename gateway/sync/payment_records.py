"""What the payment core looks at, and what it gives back: values only, loaded and stored by others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from gateway.model.dossier import FeeKind
from gateway.model.payment import CURRENCY, LIVE, Answer, AttemptState, Beneficiary, PaymentItem, RequestState, Source
from gateway.sync.payment_words import (
    Alert,
    EffectKind,
    PaymentEvent,
    Reason,
    RefundState,
    Refusal,
    Ruling,
    Standing,
)
from gateway.sync.retry import raise_unmet

PAID_STATES = frozenset({RequestState.PAID, RequestState.PARTIALLY_REFUNDED, RequestState.REFUNDED})
UNPAID_STATES = frozenset({RequestState.DUE, RequestState.PENDING, RequestState.EXPIRED})
COUNTING = frozenset({Standing.COUNTS, Standing.DOUBTED})
UNDECIDED = frozenset({Standing.DOUBTED, Standing.OPEN})
REVIEWED_STATES = frozenset({AttemptState.DISPUTED, AttemptState.LATE_PAID, AttemptState.MISMATCH})
"""An attempt in one of them waits for a person, and keeps its request disputed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """Money that a provider verifiably says it took under a reference. Never removed, only judged anew.

    `amount_vnd` is what was told, 0 where nothing was; it is đồng only when `currency` says so. `reserved_vnd` is what
    approved refunds that are not over will take.
    """

    transaction: str
    amount_vnd: int
    currency: str
    standing: Standing
    refunded_vnd: int = 0
    reserved_vnd: int = 0
    is_accepted: bool = False
    """A person accepted it as it is; what is odd about it is not raised again."""
    paid_at: datetime | None = None
    paid_at_text: str = ""

    @property
    def left_vnd(self) -> int:
        """What may still be given back."""
        return self.amount_vnd - self.refunded_vnd - self.reserved_vnd if self.currency == CURRENCY else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A fact that did not decide; with a second one of another source that agrees, it does."""

    source: Source
    answer: Answer
    transaction: str
    amount_vnd: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One reference at one provider. The amount, the version and the account are those of its opening, for ever."""

    attempt_id: UUID
    reference: str
    provider: str
    partner_code: str
    state: AttemptState
    amount_vnd: int
    request_version: int
    beneficiary: Beneficiary
    opened_at: datetime
    expires_at: datetime
    """When the payer's page closes; the local window until the provider tells its own."""
    currency: str = CURRENCY
    debits: tuple[Debit, ...] = ()
    hint: Hint | None = None
    pay_url: str = ""
    qr_content: str = ""
    decided_at: datetime | None = None
    """When the state was last changed by a fact, a person or time."""
    last_asked_at: datetime | None = None
    polls_count: int = 0
    next_poll_at: datetime | None = None
    is_voucher: bool = False
    """Made from a voucher that two officers accepted (§9.2 no. 18)."""

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def refunded_vnd(self) -> int:
        return sum(debit.refunded_vnd for debit in self.debits)

    def counting(self) -> Debit | None:
        """Give the debit that pays the request, if one of this attempt's does."""
        return next((debit for debit in self.debits if debit.standing in COUNTING), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """What is owed for a dossier. `deadline_at` is the obligation's own, not a page's; None: there is none."""

    request_id: UUID
    state: RequestState
    amount_vnd: int
    version: int
    dossier_code: str
    items: tuple[PaymentItem, ...]
    is_disputed: bool = False
    paid_attempt_id: UUID | None = None
    refunded_vnd: int = 0
    """Of the money that paid it; surplus that went back is not counted here."""
    deadline_at: datetime | None = None

    @property
    def is_paid(self) -> bool:
        """Whether money counted for it, given back since or not."""
        return self.state in PAID_STATES

    def totals(self) -> Iterator[tuple[FeeKind, int]]:
        """Give each kind that is owed, with its sum: a receipt each."""
        for kind in FeeKind:
            total = sum(item.amount_vnd for item in self.items if item.kind is kind)
            if total > 0:
                yield kind, total


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """One refund of one debit. `account_ref` names where the payer's account is kept, never the account."""

    refund_id: UUID
    attempt_id: UUID
    transaction: str
    amount_vnd: int
    reason: str
    account_ref: str = field(repr=False)
    asked_by: str = field(repr=False)
    asked_at: datetime
    state: RefundState = RefundState.ASKED
    approved_by: tuple[str, ...] = field(default=(), repr=False)
    is_reserved: bool = False
    """Its amount is set aside on the debit."""
    refund_transaction: str = ""
    reported_vnd: int = 0
    """What the provider says went back."""
    done_at: datetime | None = None
    """When it was booked."""
    is_by_hand: bool = False
    """A person transfers it; no provider knows of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPolicy:
    """How one provider is treated. Raises ValueError that lists everything wrong at once.

    The polling schedule is §10.2's: `first_polls`, then hourly until `hourly_until`, then every `rare_every` until
    `polled_until`; what failed or expired is looked at once per day on `late_days_count` days.
    """

    page_lifetime: timedelta = timedelta(minutes=15)
    accepts_late: bool = True
    """Late money of a request that nothing has paid counts by itself (§9.2 no. 10)."""
    accepts_without_amount: bool = False
    """A success without an amount counts. Only for a provider whose answer is bound to the order that we signed."""
    can_query: bool = True
    can_refund: bool = False
    confirms: bool = False
    """The provider wants to hear that the payment arrived (KeyPay v1, §C.2)."""
    approvals_count: int = 1
    """Persons who approve a refund, besides the one who asked."""
    first_polls: tuple[timedelta, ...] = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 10, 20, 30))
    hourly_until: timedelta = timedelta(hours=24)
    rare_every: timedelta = timedelta(hours=6)
    polled_until: timedelta = timedelta(hours=72)
    late_days_count: int = 3
    return_poll_every: timedelta = timedelta(seconds=30)
    """A browser return has the provider asked no more often than this."""

    def __post_init__(self) -> None:
        nothing = timedelta()
        raise_unmet(
            {
                "page_lifetime must be above 0": self.page_lifetime > nothing,
                "approvals_count must be at least 1": self.approvals_count >= 1,
                "first_polls must grow, above 0": (
                    all(poll > nothing for poll in self.first_polls)
                    and list(self.first_polls) == sorted(set(self.first_polls))
                ),
                "rare_every must be above 0": self.rare_every > nothing,
                "polled_until must not lie before hourly_until or page_lifetime": (
                    self.polled_until >= max(self.hourly_until, self.page_lifetime)
                ),
                "late_days_count must be at least 0": self.late_days_count >= 0,
                "return_poll_every must be above 0": self.return_poll_every > nothing,
            }
        )


DEFAULT_POLICY = PaymentPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing to do. The outbox does it once for each `key` of a request."""

    kind: EffectKind
    attempt_id: UUID | None = None
    transaction: str = ""
    fee_kind: FeeKind | None = None
    amount_vnd: int = 0
    alert: Alert | None = None
    event: PaymentEvent | None = None
    refund_id: UUID | None = None
    moment: str = ""
    """Tells apart what may rightly happen more than once, as asking does."""

    @property
    def key(self) -> str:
        """Name the effect within its request: the same decision made twice gives the same names."""
        parts = (
            self.kind,
            self.attempt_id or "",
            self.transaction,
            self.fee_kind or "",
            self.alert or "",
            self.event or "",
            self.refund_id or "",
            self.moment,
        )
        return "|".join(str(part) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a request and one of its attempts. Stored as a whole, in one transaction, or not at all.

    `path` are the attempt's states from the one after its old state to its new one, for the history; empty when the
    state did not change. `replaced` is a voucher's attempt that made place; it is stored first.
    """

    request: RequestView
    attempt: AttemptView
    ruling: Ruling
    reason: Reason
    path: tuple[AttemptState, ...] = ()
    effects: tuple[Effect, ...] = ()
    replaced: AttemptView | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked for is not done. `ask` names the attempt that the provider must be asked about first."""

    refusal: Refusal
    ask: UUID | None = None
