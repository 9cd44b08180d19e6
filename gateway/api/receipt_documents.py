"""Endpoints that show a receipt: drawn here, or as its supplier shows it, with a line of the audit each.

What a supplier wrote is handed on as a file to be kept, never as a page that a browser would show under this address.
"""

from dataclasses import replace

from aiohttp import web

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.api.payments import found_payment, service_of
from gateway.api.problems import Problem
from gateway.api.receipts import COMMON, LIST, ONE, receipt_of_code
from gateway.errors import GatewayError, InvalidInput, StoreUnavailable
from gateway.model.audit import AuditAction
from gateway.model.receipt import Receipt
from gateway.ports.receipts import ReceiptDocument
from gateway.store.clients import Scope

PDF = "application/pdf"
_HANDED_ON = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


async def get_pdf(call: Call) -> web.StreamResponse:
    """Give a receipt as PDF, with its payer."""
    document = await _shown(call)
    if document.media_type != PDF:
        raise Problem("receipt-not-found", "its supplier shows a page only: ask for the document")
    return call.answer_raw(200, document.content, PDF)


async def get_document(call: Call) -> web.StreamResponse:
    """Give a receipt as a file, with its payer."""
    document = await _shown(call)
    return call.answer_raw(200, document.content, document.media_type, _HANDED_ON)


async def _shown(call: Call) -> ReceiptDocument:
    payment = await found_payment(call)
    found = await receipt_of_code(call, payment)
    desk = service_of(call).receipts
    content = await desk.contents.find(found.key)
    if content is None:
        raise Problem("receipt-not-found")
    shown = Shown(
        action=AuditAction.RECEIPT_READ,
        fields=("payer",),
        purpose="receipt",
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
    )
    number = content.draft.payer.number
    await note_look(call, shown, numbers=(number,) if number else ())
    receipt = replace(content, cancellation=found.cancellation)
    if receipt.supplied is None:
        return ReceiptDocument(content=desk.pdf(receipt, desk.checked_at), media_type=PDF)
    return await _fetched(call, receipt)


async def _fetched(call: Call, receipt: Receipt) -> ReceiptDocument:
    try:
        document = await service_of(call).receipts.issuing.supply.document(receipt)
    except StoreUnavailable:
        raise
    except InvalidInput:
        raise Problem("receipt-not-found", "its supplier shows none") from None
    except GatewayError as error:
        raise Problem("receipt-supplier-unavailable", error.code, headers={"Retry-After": "30"}) from None
    if document is None:
        raise Problem("receipt-not-found", "its supplier knows none")
    return document


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{LIST}/{{code}}/pdf",
        operation_id="getReceiptPdf",
        tag="payments",
        summary="Fetch a receipt as PDF",
        description="Drawn here and not signed; of a supplier, as it gives it.",
        scope=Scope.PAYMENTS_READ,
        handler=get_pdf,
        path_parameters=ONE,
        answers={200: Answer(description="The receipt.", media_type=PDF)},
        problems=(*COMMON, "receipt-not-found", "receipt-supplier-unavailable"),
    ),
    Endpoint(
        method="GET",
        path=f"{LIST}/{{code}}/document",
        operation_id="getReceiptDocument",
        tag="payments",
        summary="Fetch a receipt as it is shown",
        description="A PDF, or the page of a supplier that gives nothing else: a file to be kept, not a page of ours.",
        scope=Scope.PAYMENTS_READ,
        handler=get_document,
        path_parameters=ONE,
        answers={
            200: Answer(
                description="The receipt.",
                media_type="*/*",
                schema={"type": "string", "format": "binary"},
            )
        },
        problems=(*COMMON, "receipt-not-found", "receipt-supplier-unavailable"),
    ),
)
