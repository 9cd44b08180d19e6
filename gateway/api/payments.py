"""Endpoints by which a client states what is owed for a dossier, leads the payer to pay, and sees what came of it.

Amounts are whole đồng. Money counts only when a provider's verified word says so; what a browser brings back never does
(payment notes §9.3 no. 1).
"""

from dataclasses import replace
from uuid import UUID

import msgspec
from aiohttp import web

from gateway.api.dossiers import require_agency
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look, open_dossier
from gateway.api.payment_desk import PaymentService
from gateway.api.payment_fees import check_fees, stated_items
from gateway.api.payment_views import (
    FeeWarning,
    HistoryLine,
    NewAttempt,
    NewPayment,
    PayerView,
    Payment,
    PaymentHistory,
    PaymentList,
    PaymentQuery,
    ProviderList,
    payment_view,
)
from gateway.api.preconditions import NEEDED_IDEMPOTENCY_KEY, idempotency_key_of
from gateway.api.problems import Problem
from gateway.engine.payment_records import PaymentContent
from gateway.engine.payments import PaymentNotPossible, PaymentWish, PayWish
from gateway.errors import Fault, IntegrityFailed, RemoteError
from gateway.model.audit import AuditAction
from gateway.model.dossier import Dossier
from gateway.model.payment import Payer, PaymentItem
from gateway.store.clients import Scope
from gateway.store.dossiers import find_dossier
from gateway.store.procedure_reads import find_procedure
from gateway.sync.payment_storing import KeyReused, StoredPayment


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
    items = stated_items(dossier, stated)
    if not any(item.amount_vnd for item in items):
        raise Problem("payment-not-possible", "nothing_owed")
    marks, disagreements = await check_fees(call, dossier, items, service.fee_check)
    service_name = await _procedure_name(call, dossier.procedure_code)
    wish = PaymentWish(
        client_id=call.caller.client_id,
        key=key or "",
        wish=msgspec.json.encode(stated),
        dossier_code=found.code,
        agency_code=dossier.handling_agency.code,
        items=tuple(
            PaymentItem(name=item.name, kind=item.kind, amount_vnd=item.amount_vnd, code=item.code)
            for item in items
            if item.amount_vnd > 0
        ),
        fees=tuple(
            PaymentItem(name=fee.name, kind=fee.kind, amount_vnd=fee.amount_vnd)
            for fee in dossier.fees
            if fee.amount_vnd > 0
        ),
        deadline_at=stated.deadline_at,
        content=PaymentContent(
            payer=_payer(dossier, stated.payer),
            procedure_code=dossier.procedure_code,
            procedure_name=service_name,
            service_code=dossier.procedure_code,
            service_name=service_name,
            agency_name=dossier.handling_agency.name,
            stated=items,
            marks=marks,
        ),
    )
    try:
        payment, is_new = await service.desk.create(wish)
    except KeyReused:
        raise Problem("idempotency-key-reused") from None
    except PaymentNotPossible as error:
        raise Problem("payment-not-possible", error.refusal) from error
    headers = {} if is_new else {"Idempotency-Replayed": "true"}
    warnings = tuple(FeeWarning(field=one.field, rule=one.rule) for one in disagreements)
    return call.answer(201 if is_new else 200, replace(payment_view(payment), fee_warnings=warnings), headers)


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
    return call.answer(200, payment_view(await found_payment(call)))


async def get_payments(call: Call) -> web.StreamResponse:
    """List the payments of a dossier."""
    query: PaymentQuery = call.query
    payments = await service_of(call).desk.records.store.of_dossier(query.dossier_code)
    for payment in payments:
        require_agency(call.caller, payment.agency_code)
    return call.answer(200, PaymentList(payments=tuple(payment_view(payment) for payment in payments)))


async def get_history(call: Call) -> web.StreamResponse:
    """Tell everything that happened to a payment."""
    payment = await found_payment(call)
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
    payment = await found_payment(call)
    if stated.return_to not in service.returns.get(call.caller.client_id, frozenset()):
        raise Problem("invalid-content", faults=[Fault("/return_to", "must be registered for the client, exactly")])
    if stated.provider not in service.desk.provider_names:
        raise Problem("invalid-content", faults=[Fault("/provider", "must be a configured provider")])
    try:
        await _note_payer(call, payment)
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
    return call.answer(201, payment_view(opened))


async def _note_payer(call: Call, payment: StoredPayment) -> None:
    """Write down that who pays is handed on. Raises IntegrityFailed, StoreUnavailable and AuditBroken."""
    payer = service_of(call).desk.records.open(payment).payer
    shown = Shown(
        action=AuditAction.PAYMENT_OPENED,
        fields=("payer",),
        purpose="payment",
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
    )
    await note_look(call, shown, outcome="handed_on", numbers=(payer.number,))


async def cancel_payment(call: Call) -> web.StreamResponse:
    """Take back what nothing has paid and nothing may be paying."""
    payment = await found_payment(call)
    try:
        cancelled = await service_of(call).desk.cancel(payment.view.request_id)
    except PaymentNotPossible as error:
        raise Problem("payment-not-possible", error.refusal) from error
    return call.answer(200, payment_view(cancelled))


async def get_providers(call: Call) -> web.StreamResponse:
    """Name the providers."""
    return call.answer(200, ProviderList(providers=tuple(service_of(call).desk.provider_names)))


async def found_payment(call: Call) -> StoredPayment:
    """Give the payment of the path. Raises Problem."""
    payment = await service_of(call).desk.records.store.find(call.path["payment_id"])
    if payment is None:
        raise Problem("payment-not-found")
    require_agency(call.caller, payment.agency_code)
    return payment


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
            *("idempotency-key-missing", "idempotency-key-reused", "payment-not-possible", "fees-not-owed"),
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
