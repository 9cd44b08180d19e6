"""Endpoints by which a client states what is owed for a dossier, leads the payer to pay, and sees what came of it.

Amounts are whole đồng. Money counts only when a provider's verified word says so; what a browser brings back never does
(payment notes §9.3 no. 1).
"""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web
from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from gateway.api.dossiers import require_agency
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look, open_dossier
from gateway.api.payment_desk import PaymentService
from gateway.api.preconditions import NEEDED_IDEMPOTENCY_KEY, idempotency_key_of
from gateway.api.problems import Problem
from gateway.engine.payment_records import PaymentContent
from gateway.engine.payments import PaymentNotPossible, PaymentWish, PayWish
from gateway.errors import Fault, IntegrityFailed, RemoteError
from gateway.model.audit import AuditAction
from gateway.model.dossier import Dossier, FeeKind
from gateway.model.party import CLOSED
from gateway.model.payment import Payer, PaymentItem
from gateway.model.vocabulary import DossierCode, Instant, Name, ShortText
from gateway.store.clients import Scope
from gateway.store.dossiers import find_dossier
from gateway.store.procedure_reads import find_procedure
from gateway.sync.payment_storing import KeyReused, StoredAttempt, StoredPayment

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
    items: Annotated[tuple[ItemView, ...], Field(max_length=50)] = ()
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


def service_of(call: Call) -> PaymentService:
    service = call.services.payments
    if service is None:
        raise Problem("no-payment-provider")
    return service


async def post_payment(call: Call) -> web.StreamResponse:
    """Write down what is owed."""
    key = idempotency_key_of(call.request.headers, is_needed=True)
    service, stated = service_of(call), call.body
    assert isinstance(stated, NewPayment)
    found = await find_dossier(call.services.pool, stated.dossier_code)
    if found is None:
        raise Problem("dossier-not-found")
    require_agency(call.caller, found.receiving_agency_code, found.handling_agency_code)
    if not found.wrapped_key:
        raise Problem("dossier-erased")
    dossier = open_dossier(call, found)
    items = _items(dossier, stated)
    service_name = await _procedure_name(call, dossier.procedure_code)
    wish = PaymentWish(
        client_id=call.caller.client_id,
        key=key or "",
        wish=msgspec.json.encode(stated),
        dossier_code=found.code,
        agency_code=dossier.handling_agency.code,
        items=items,
        deadline_at=stated.deadline_at,
        content=PaymentContent(
            payer=_payer(dossier, stated.payer),
            procedure_code=dossier.procedure_code,
            procedure_name=service_name,
            service_code=dossier.procedure_code,
            service_name=service_name,
            agency_name=dossier.handling_agency.name,
        ),
    )
    try:
        payment, is_new = await service.desk.create(wish)
    except KeyReused:
        raise Problem("idempotency-key-reused") from None
    except PaymentNotPossible as error:
        raise Problem("payment-not-possible", error.refusal) from error
    headers = {} if is_new else {"Idempotency-Replayed": "true"}
    return call.answer(201 if is_new else 200, _view(payment), headers)


def _items(dossier: Dossier, stated: NewPayment) -> tuple[PaymentItem, ...]:
    """Give what is owed. A fee that the dossier does not state, or states otherwise, is refused."""
    fees = [(fee.name, fee.kind, fee.amount_vnd) for fee in dossier.fees if fee.amount_vnd > 0]
    if not stated.items:
        if not fees:
            raise Problem("payment-not-possible", "nothing_owed")
        return tuple(PaymentItem(name=name, kind=kind, amount_vnd=amount) for name, kind, amount in fees)
    faults = []
    for place, item in enumerate(stated.items):
        fee = (item.name, item.kind, item.amount_vnd)
        if fee in fees:
            fees.remove(fee)
        else:
            faults.append(Fault(f"/items/{place}", "must be a fee of the dossier, with its name, kind and amount"))
    if faults:
        raise Problem("invalid-content", faults=faults)
    return tuple(
        PaymentItem(name=item.name, kind=item.kind, amount_vnd=item.amount_vnd, code=item.code) for item in stated.items
    )


def _payer(dossier: Dossier, stated: PayerView | None) -> Payer:
    if stated is not None:
        return Payer(full_name=stated.full_name, number=stated.number, address=stated.address, province=stated.province)
    applicant = dossier.applicant
    numbers = [one.number for one in applicant.identifiers]
    # Every voucher names number and address of who pays (payment notes §A.4).
    if not numbers or not applicant.address:
        what = "number" if not numbers else "address"
        raise Problem("invalid-content", faults=[Fault("/payer", f"is needed: the applicant has no {what}")])
    return Payer(full_name=applicant.name, number=numbers[0], address=applicant.address)


async def _procedure_name(call: Call, code: str) -> str:
    stored = await find_procedure(call.services.pool, code)
    return code if stored is None else str(msgspec.json.decode(stored.document).get("name") or code)


async def get_payment(call: Call) -> web.StreamResponse:
    """Tell how a payment stands."""
    return call.answer(200, _view(await _found(call)))


async def get_payments(call: Call) -> web.StreamResponse:
    """List the payments of a dossier."""
    query: PaymentQuery = call.query
    payments = await service_of(call).desk.records.store.of_dossier(query.dossier_code)
    for payment in payments[:1]:
        require_agency(call.caller, payment.agency_code)
    return call.answer(200, PaymentList(payments=tuple(_view(payment) for payment in payments)))


async def get_history(call: Call) -> web.StreamResponse:
    """Tell everything that happened to a payment."""
    payment = await _found(call)
    entries = await service_of(call).desk.records.store.history(payment.view.request_id)
    lines = tuple(
        HistoryLine(at=one.at, attempt_id=one.attempt_id, state=one.state, reason=one.reason, source=one.source)
        for one in entries
    )
    return call.answer(200, PaymentHistory(entries=lines))


async def post_attempt(call: Call) -> web.StreamResponse:
    """Open a page or a code at a provider, or give the one that is open."""
    service, stated = service_of(call), call.body
    assert isinstance(stated, NewAttempt)
    payment = await _found(call)
    if stated.return_to not in service.returns.get(call.caller.client_id, frozenset()):
        raise Problem("invalid-content", faults=[Fault("/return_to", "must be registered for the client, exactly")])
    if stated.provider not in service.desk.provider_names:
        raise Problem("invalid-content", faults=[Fault("/provider", "must be a configured provider")])
    shown = Shown(
        action=AuditAction.PAYMENT_OPENED,
        fields=("payer",),
        purpose="payment",
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
    )
    await note_look(call, shown, outcome="handed_on")
    try:
        opened = await service.desk.pay(
            PayWish(
                request_id=payment.view.request_id,
                provider=stated.provider,
                payer_address=stated.payer_address,
                return_to=stated.return_to,
                return_state=stated.state,
            )
        )
    except PaymentNotPossible as error:
        raise Problem("payment-not-possible", error.refusal) from error
    except RemoteError as error:
        raise Problem("payment-provider-unavailable", error.code) from error
    except IntegrityFailed as error:
        if error.code != "payment_erased":
            raise
        raise Problem("payment-not-possible", error.code) from error
    return call.answer(201, _view(opened))


async def cancel_payment(call: Call) -> web.StreamResponse:
    """Take back what nothing has paid and nothing may be paying."""
    payment = await _found(call)
    try:
        cancelled = await service_of(call).desk.cancel(payment.view.request_id)
    except PaymentNotPossible as error:
        raise Problem("payment-not-possible", error.refusal) from error
    return call.answer(200, _view(cancelled))


async def get_providers(call: Call) -> web.StreamResponse:
    """Name the providers."""
    return call.answer(200, ProviderList(providers=tuple(service_of(call).desk.provider_names)))


async def _found(call: Call) -> StoredPayment:
    payment = await service_of(call).desk.records.store.find(call.path["payment_id"])
    if payment is None:
        raise Problem("payment-not-found")
    require_agency(call.caller, payment.agency_code)
    return payment


def _view(payment: StoredPayment) -> Payment:
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


_ONE = {"payment_id": UUID}
_COMMON = ("no-payment-provider", "payment-not-found", "other-agency")
ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/payments",
        operation_id="createPayment",
        tag="payments",
        summary="State what is owed for a dossier",
        scope=Scope.PAYMENTS_WRITE,
        handler=post_payment,
        body=NewPayment,
        headers=(NEEDED_IDEMPOTENCY_KEY,),
        answers={
            201: Answer(description="It is written down.", model=Payment),
            200: Answer(description="It was written down before, under the same key.", model=Payment),
        },
        problems=(
            *("no-payment-provider", "dossier-not-found", "dossier-erased", "other-agency"),
            *("idempotency-key-missing", "idempotency-key-reused", "payment-not-possible"),
        ),
    ),
    Endpoint(
        method="GET",
        path="/v1/payments",
        operation_id="listPayments",
        tag="payments",
        summary="List the payments of a dossier",
        scope=Scope.PAYMENTS_READ,
        handler=get_payments,
        query=PaymentQuery,
        answers={200: Answer(description="The payments.", model=PaymentList)},
        problems=("no-payment-provider", "other-agency"),
    ),
    Endpoint(
        method="GET",
        path="/v1/payments/{payment_id}",
        operation_id="getPayment",
        tag="payments",
        summary="See how a payment stands",
        scope=Scope.PAYMENTS_READ,
        handler=get_payment,
        path_parameters=_ONE,
        answers={200: Answer(description="The payment.", model=Payment)},
        problems=_COMMON,
    ),
    Endpoint(
        method="GET",
        path="/v1/payments/{payment_id}/history",
        operation_id="getPaymentHistory",
        tag="payments",
        summary="See everything that happened to a payment",
        scope=Scope.PAYMENTS_READ,
        handler=get_history,
        path_parameters=_ONE,
        answers={200: Answer(description="The history.", model=PaymentHistory)},
        problems=_COMMON,
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/{payment_id}/attempts",
        operation_id="openPaymentAttempt",
        tag="payments",
        summary="Lead the payer to a provider",
        description="An attempt that is open already is given again. An unclear answer of the provider is found out by "
        "the gateway itself: look at the payment, and do not open another one elsewhere.",
        scope=Scope.PAYMENTS_WRITE,
        handler=post_attempt,
        path_parameters=_ONE,
        body=NewAttempt,
        answers={201: Answer(description="The payment with its open attempt.", model=Payment)},
        problems=(*_COMMON, "payment-not-possible", "payment-provider-unavailable"),
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/{payment_id}:cancel",
        operation_id="cancelPayment",
        tag="payments",
        summary="Take back what is owed",
        scope=Scope.PAYMENTS_WRITE,
        handler=cancel_payment,
        path_parameters=_ONE,
        answers={200: Answer(description="The cancelled payment.", model=Payment)},
        problems=(*_COMMON, "payment-not-possible"),
    ),
    Endpoint(
        method="GET",
        path="/v1/payment-providers",
        operation_id="listPaymentProviders",
        tag="payments",
        summary="Name the payment providers",
        scope=Scope.PAYMENTS_READ,
        handler=get_providers,
        answers={200: Answer(description="The providers.", model=ProviderList)},
        problems=("no-payment-provider",),
    ),
)
