"""Endpoint of payers' vouchers as providers give them, with a line of the audit each."""

from uuid import UUID

from aiohttp import web

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.api.payments import found_payment, service_of
from gateway.api.problems import Problem
from gateway.engine.payment_bills import ADDRESS
from gateway.errors import RemoteError
from gateway.model.audit import AuditAction
from gateway.store.clients import Scope

_HANDED_ON = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


async def get_bill(call: Call) -> web.StreamResponse:
    """Give the voucher of a paid attempt; it is fetched where that was not done yet."""
    payment = await found_payment(call)
    attempt = payment.attempt(call.path["attempt_id"])
    if attempt is None:
        raise Problem("payment-not-found")
    payer = service_of(call).desk.records.open(payment).payer if payment.sealed is not None else None
    shown = Shown(
        action=AuditAction.PAYMENT_BILL_READ,
        fields=("payer",),
        purpose="voucher",
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
    )
    await note_look(call, shown, numbers=() if payer is None else (payer.number,))
    try:
        bill = await service_of(call).bills.show(payment, attempt)
    except RemoteError as error:
        raise Problem("payment-provider-unavailable", error.code, headers={"Retry-After": "30"}) from None
    if bill is None:
        raise Problem("voucher-not-found")
    if bill.media_type == ADDRESS:
        return call.answer_raw(200, f"{bill.url}\r\n".encode(), ADDRESS, _HANDED_ON)
    return call.answer_raw(200, bill.content, bill.media_type, _HANDED_ON)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/payments/{payment_id}/attempts/{attempt_id}/bill",
        operation_id="getPaymentBill",
        tag="payments",
        summary="Fetch the payer's voucher",
        description="Proof that money moved, as the provider gives it (PDF), or its address at the provider "
        "(`text/uri-list`). It is no statutory receipt.",
        scope=Scope.PAYMENTS_READ,
        handler=get_bill,
        path_parameters={"payment_id": UUID, "attempt_id": UUID},
        answers={
            200: Answer(description="The voucher.", media_type="*/*", schema={"type": "string", "format": "binary"})
        },
        problems=(
            *("no-payment-provider", "payment-not-found", "other-agency", "voucher-not-found"),
            "payment-provider-unavailable",
        ),
    ),
)
