"""What clients state and see of payments, as models of the API; amounts are whole đồng."""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from gateway.model.dossier import FeeKind
from gateway.model.party import CLOSED
from gateway.model.vocabulary import DossierCode, Instant, Name, ShortText
from gateway.sync.fees import Exemption
from gateway.sync.payment_storing import StoredAttempt, StoredPayment

_MAX_VND = 10**13
Amount = Annotated[int, Field(ge=1, le=_MAX_VND, strict=True, description="Whole đồng.")]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$"), Field(examples=["platform"])]


def _is_address(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        # Without its cause, which repeats the value.
        raise ValueError("must be an IPv4 or IPv6 address") from None
    return text


NetworkAddress = Annotated[
    str,
    StringConstraints(max_length=45),
    AfterValidator(_is_address),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
            "description": "Of the payer's browser, as your portal sees it.",
            "examples": ["203.0.113.7"],
        }
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One charge or levy."""

    __pydantic_config__ = CLOSED

    name: Name
    kind: FeeKind
    amount_vnd: Amount
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,50}$")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFee:
    """One charge or levy as it is stated; `amount_vnd` is what is to be paid after an exemption, 0 when it is waived.

    Why somebody does not pay, or pays less, is kept sealed and shown to nobody.
    """

    __pydantic_config__ = CLOSED

    name: Name
    kind: FeeKind
    amount_vnd: Annotated[int, Field(ge=0, le=_MAX_VND, strict=True, description="Whole đồng.")]
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,50}$")] = ""
    units_count: Annotated[
        int, Field(ge=1, le=10**6, strict=True, description="How often a price by unit is owed (copies, pages).")
    ] = 1
    exemption: Exemption | None = field(default=None, repr=False)
    exemption_note: ShortText = field(default="", repr=False)
    full_amount_vnd: Annotated[
        int | None, Field(ge=1, le=_MAX_VND, strict=True, description="Before the exemption; told with one.")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeWarning:
    """A fee that does not agree with the procedure catalogue: where in what was stated, and which rule it breaks."""

    field: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerView:
    """Who pays, where it is not the applicant."""

    __pydantic_config__ = CLOSED

    full_name: Annotated[Name, Field(max_length=250)] = field(repr=False)
    number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{6,20}$")] = field(repr=False)
    address: Annotated[ShortText, Field(min_length=1)] = field(repr=False)
    province: ShortText = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """What is owed. Without `items` it is what the dossier states; with them they must be fees that it states."""

    __pydantic_config__ = CLOSED

    dossier_code: DossierCode
    items: Annotated[tuple[StatedFee, ...], Field(max_length=50)] = ()
    payer: PayerView | None = None
    deadline_at: Annotated[Instant | None, Field(description="Of the obligation, not of a payment page.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttempt:
    """A payer's wish to pay now."""

    __pydantic_config__ = CLOSED

    provider: ProviderName
    payer_address: NetworkAddress
    return_to: Annotated[
        str, StringConstraints(max_length=2000), Field(description="One of the client's registered addresses.")
    ]
    state: Annotated[str, StringConstraints(pattern=r"^[!-~]{0,200}$")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One try. `pay_url` and `qr_content` lead the payer on while it is pending."""

    attempt_id: UUID
    provider: str
    reference: str
    state: str
    amount_vnd: int
    opened_at: datetime
    expires_at: datetime
    pay_url: str | None = None
    qr_content: str | None = None
    transactions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What is owed and what has become of it; `is_disputed`: a person must decide first."""

    payment_id: UUID
    dossier_code: str
    agency_code: str
    state: str
    is_disputed: bool
    amount_vnd: int
    refunded_vnd: int
    version: int
    items: tuple[ItemView, ...]
    created_at: datetime
    deadline_at: datetime | None
    attempts: tuple[AttemptView, ...]
    fee_warnings: Annotated[
        tuple[FeeWarning, ...],
        Field(description='When it is created, under `payments.fee_check = "warn"`; never afterwards.'),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentList:
    """Payments of a dossier, the oldest first."""

    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One change of a state, by which way it came, and why."""

    at: datetime
    attempt_id: UUID | None
    state: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHistory:
    """Everything that happened to a payment, in order."""

    entries: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentQuery:
    """Which payments."""

    __pydantic_config__ = CLOSED

    dossier_code: DossierCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderList:
    """Providers that can be named in an attempt."""

    providers: tuple[str, ...]


def payment_view(payment: StoredPayment) -> Payment:
    view = payment.view
    return Payment(
        payment_id=view.request_id,
        dossier_code=view.dossier_code,
        agency_code=payment.agency_code,
        state=view.state.value,
        is_disputed=view.is_disputed,
        amount_vnd=view.amount_vnd,
        refunded_vnd=view.refunded_vnd,
        version=view.version,
        items=tuple(
            ItemView(name=item.name, kind=item.kind, amount_vnd=item.amount_vnd, code=item.code) for item in view.items
        ),
        created_at=payment.created_at,
        deadline_at=view.deadline_at,
        attempts=tuple(_attempt(one) for one in payment.attempts),
    )


def _attempt(stored: StoredAttempt) -> AttemptView:
    view = stored.view
    return AttemptView(
        attempt_id=view.attempt_id,
        provider=view.provider,
        reference=view.reference,
        state=view.state.value,
        amount_vnd=view.amount_vnd,
        opened_at=view.opened_at,
        expires_at=view.expires_at,
        pay_url=(view.pay_url or None) if view.is_live else None,
        qr_content=(view.qr_content or None) if view.is_live else None,
        transactions=tuple(debit.transaction for debit in view.debits),
    )
