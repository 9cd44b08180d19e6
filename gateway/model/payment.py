"""What is owed for a dossier, every try to pay it, and what came of it (payment notes §8, §9).

Four aggregates are kept apart, since mixing them loses money: the *request* is what is owed, an *attempt* is one try
with one reference at one provider, a *receipt* and a *refund* are consequences. Amounts are whole đồng. Instants are
aware and in UTC; what the wire said stands beside them as text.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.model.dossier import FeeKind

CURRENCY = "VND"


class RequestState(StrEnum):
    """What has become of what is owed. Whether somebody must decide stands beside it (`is_disputed`)."""

    DUE = "due"
    PENDING = "pending"
    """An attempt lives."""
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """The obligation's own deadline passed; may be opened again, and late money is never dropped."""


class AttemptState(StrEnum):
    """The states of one reference (§9.1)."""

    CREATED = "created"
    INIT_SENT = "init_sent"
    PENDING = "pending"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    LATE_PAID = "late_paid"
    DUPLICATE_PAID = "duplicate_paid"
    MISMATCH = "mismatch"
    REFUND_PENDING = "refund_pending"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


LIVE = frozenset({AttemptState.CREATED, AttemptState.INIT_SENT, AttemptState.PENDING, AttemptState.UNKNOWN})
"""States in which the payer may still pay. Of a request's attempts at most one is in one of them within its window; an
older one that its provider, asked after the window, still calls pending may stand beside it (§9.2 no. 1). So no unique
index may rest on these states; the one that keeps payments apart is on `paid` (§9.3 no. 5)."""


class ProviderKind(StrEnum):
    """The protocols that the gateway speaks; a closed list, fit for labels."""

    PLATFORM = "platform"
    """Payment platform of the National Public Service Portal (§A)."""
    PAYGOV = "paygov"
    KEYPAY_V1 = "keypay_v1"
    KEYPAY_V3 = "keypay_v3"
    VIETQR = "vietqr"
    """Transfer by QR code: no provider confirms it, only an account statement does (§E)."""


class Answer(StrEnum):
    """What a provider says of one reference."""

    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"
    """The provider does not know the end either."""
    NOT_FOUND = "not_found"
    """The provider knows no such reference, or knows it unpaid: nothing was taken under it so far."""


class Source(StrEnum):
    """By which way a fact came; a closed list, fit for labels."""

    NOTIFICATION = "notification"
    QUERY = "query"
    SETTLEMENT = "settlement"
    STATEMENT = "statement"
    """An account statement of the beneficiary (transfers)."""
    OFFICER = "officer"
    """A voucher that two officers accepted (§9.2 no. 18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentItem:
    """One charge or levy of a request."""

    name: str
    kind: FeeKind
    amount_vnd: int
    code: str = ""
    """National fee code (MaPhiLePhi); "" where none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary:
    """The account that receives the money; resolved on the server, never taken from a caller (§9.3 no. 12)."""

    account_number: str
    account_name: str
    bank_code: str
    """As the provider names banks (MaNHThuHuong)."""
    bank_bin: str = ""
    """Six digits of NAPAS, for QR codes."""
    treasury: str = ""
    budget_account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who pays, as the payer's voucher names them."""

    full_name: str = field(repr=False)
    number: str = field(repr=False)
    address: str = field(default="", repr=False)
    province: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """One attempt as a provider is asked to open it. `reference` is new, random and never used again."""

    reference: str
    amount_vnd: int
    items: tuple[PaymentItem, ...]
    dossier_code: str
    procedure_code: str
    procedure_name: str
    service_code: str
    """Code of the online public service (MaDVC)."""
    service_name: str
    agency_code: str
    agency_name: str
    beneficiary: Beneficiary
    payer: Payer
    payer_address: str = field(repr=False)
    """Network address of the payer's browser, never of a server (§11 no. 15)."""
    return_url: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """What a provider says of one reference, whatever way it came. What could be verified was: an unverified message
    never becomes a fact.

    `is_decisive` is False where the protocol leaves unsigned what decides (KeyPay v3 `status`) or a checksum is not
    known: then the fact is a hint, and the provider is asked before money counts (§9.3 no. 2).
    """

    answer: Answer
    reference: str
    """"" when the provider's own order is meant (payment started at the national portal)."""
    partner_code: str
    amount_vnd: int | None
    """None where the message has no amount (KeyPay v1/v2 queries)."""
    currency: str
    transaction: str
    """The provider's own number of the transaction."""
    bank_code: str = ""
    dossier_code: str = ""
    """Order of the payment; "" where the message does not tell it."""
    paid_at: datetime | None = None
    paid_at_text: str = ""
    result_code: str = ""
    """The foreign code, as text."""
    bill_url: str = ""
    is_decisive: bool = True
    notices: tuple[str, ...] = ()
    """Words from a closed list for what is odd without being wrong (12-hour clock, unknown code)."""
