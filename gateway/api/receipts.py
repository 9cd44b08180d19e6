"""Endpoints of statutory receipts: list, cancel or replace, and the public check of a code.

Whoever has a receipt in hand may hold its code against the book of numbers; what is told then names nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.payment_refunds import note_decision
from gateway.api.payment_suspense import DocumentNumber, Officer
from gateway.api.payments import found_payment, service_of
from gateway.api.problems import Problem
from gateway.model.dossier import FeeKind
from gateway.model.party import CLOSED
from gateway.model.receipt import Cancellation
from gateway.model.vocabulary import VIETNAM
from gateway.store.clients import Scope
from gateway.store.receipts import NumberedReceipt
from gateway.sync.payment_records import Effect
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.payment_words import EffectKind
from gateway.sync.receipt_orders import UNFINISHED, OrderKind, ReceiptOrder, adjusted_key

Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,60}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeQuery:
    """The code as it stands on the receipt, with or without hyphens."""

    __pydantic_config__ = CLOSED

    code: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReceipt:
    """What the book of numbers says of a code. Not known: no receipt of this installation has it."""

    is_known: bool
    state: Literal["issued", "cancelled"] | None = None
    form_symbol: str | None = None
    receipt_symbol: str | None = None
    number: str | None = None
    issued_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """A receipt in the book. `code` is printed on it; of a supplier's receipt it names it here only."""

    code: str
    kind: Literal["charge", "levy"] | None = None
    supplier: str | None = None
    """Who numbered and signed it; absent: it was numbered here."""
    adjusts: str | None = None
    """Code of the receipt from which it takes a part back."""
    form_symbol: str
    receipt_symbol: str
    number: str
    issued_at: datetime
    state: Literal["issued", "cancelled"]
    cancel_reason: str | None = None
    cancelled_by: str | None = None
    document_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptOrderView:
    """What a supplier is asked for and has not ended: `owed` (to be sent), `sent` (to be asked about), `refused` (a
    case for a person). `reason` is a word, with the supplier's own code behind a colon."""

    kind: Literal["issue", "adjust", "cancel"]
    fee_kind: Literal["charge", "levy"]
    supplier: str
    amount_vnd: int
    state: Literal["owed", "sent", "refused"]
    made_at: datetime
    tries_count: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Receipts of a payment, cancelled ones too, the oldest first; and what suppliers have not ended yet."""

    receipts: tuple[ReceiptView, ...]
    orders: tuple[ReceiptOrderView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelBody:
    """Why a receipt is cancelled by hand; `replaces` has another issued in its place at once."""

    __pydantic_config__ = CLOSED

    officer: Officer
    document_number: DocumentNumber
    replaces: bool = False


async def get_receipts(call: Call) -> web.StreamResponse:
    """List the receipts of a payment."""
    return call.answer(200, await _listed(call, await found_payment(call)))


async def cancel_receipt(call: Call) -> web.StreamResponse:
    """Cancel a receipt by an officer's decision; it keeps its number. A supplier's is cancelled there, by and by."""
    payment, stated = await found_payment(call), call.body
    assert isinstance(stated, CancelBody)
    found, desk = await receipt_of_code(call, payment), service_of(call).receipts
    if found.cancellation is not None:
        raise Problem("payment-not-possible", "cancelled_already")
    content = await desk.contents.find(found.key)
    supplier = None if content is None or content.supplied is None else content.supplied.supplier
    if supplier is not None and supplier not in desk.suppliers:
        raise Problem("receipt-supplier-unavailable", "no_such_supplier")
    what = f"receipt {found.number.series.receipt_symbol} {found.number.text}: {stated.document_number}"
    await note_decision(call, payment, stated.officer, what, "cancelled")
    if content is not None and supplier is not None:
        await desk.issuing.wishes.wish_cancelled(
            payment,
            content,
            officer=stated.officer,
            document_number=stated.document_number,
            replaces=stated.replaces,
        )
        return call.answer(202, await _listed(call, payment))
    now = service_of(call).desk.records.clock.now()
    word = Cancellation(reason="by_officer", cancelled_by=stated.officer, cancelled_at=now)
    if not await desk.numbers.cancel(found.key, word, stated.document_number):
        raise Problem("payment-not-possible", "cancelled_already")
    if stated.replaces:
        kind: FeeKind | None = None if content is None else content.draft.kind
        await desk.issuing.issue(payment, Effect(kind=EffectKind.ISSUE_RECEIPT, fee_kind=kind))
    return call.answer(200, await _listed(call, payment))


async def check_code(call: Call) -> web.StreamResponse:
    """Tell anybody whether a receipt with this code was issued, and whether it still counts."""
    query: CodeQuery = call.query
    if call.services.payments is None:
        return call.answer(200, CheckedReceipt(is_known=False))
    desk = call.services.payments.receipts
    if not desk.rate.has_capacity():
        raise Problem("look-ups-too-fast", headers={"Retry-After": "10"})
    await desk.rate.acquire()
    found = await desk.numbers.verify(query.code)
    if found is None:
        return call.answer(200, CheckedReceipt(is_known=False))
    told = CheckedReceipt(
        is_known=True,
        state="issued" if found.cancellation is None else "cancelled",
        form_symbol=found.number.series.form_symbol,
        receipt_symbol=found.number.series.receipt_symbol,
        number=found.number.text,
        issued_on=found.issued_at.astimezone(VIETNAM).date(),
    )
    return call.answer(200, told)


async def receipt_of_code(call: Call, payment: StoredPayment) -> NumberedReceipt:
    found = await service_of(call).receipts.numbers.verify(call.path["code"])
    if found is None or found.request_id != str(payment.view.request_id):
        raise Problem("receipt-not-found")
    return found


async def _listed(call: Call, payment: StoredPayment) -> Receipts:
    desk, request_id = service_of(call).receipts, str(payment.view.request_id)
    found = await desk.numbers.of_request(request_id)
    orders = await desk.orders.of_request(request_id)
    suppliers = {one.key: one for one in orders if one.kind is not OrderKind.CANCEL}
    codes = {one.key: one.verification_code for one in found}
    return Receipts(
        receipts=tuple(_shown(one, suppliers.get(one.key), codes) for one in found),
        orders=tuple(_order(one) for one in orders if one.state in UNFINISHED),
    )


def _shown(receipt: NumberedReceipt, order: ReceiptOrder | None, codes: Mapping[str, str]) -> ReceiptView:
    cancellation, series = receipt.cancellation, receipt.number.series
    return ReceiptView(
        code=receipt.verification_code,
        kind=None if order is None else order.fee_kind.value,
        supplier=None if order is None else order.supplier,
        adjusts=codes.get(adjusted_key(receipt.key)),
        form_symbol=series.form_symbol,
        receipt_symbol=series.receipt_symbol,
        number=receipt.number.text,
        issued_at=receipt.issued_at,
        state="issued" if cancellation is None else "cancelled",
        cancel_reason=None if cancellation is None else cancellation.reason,
        cancelled_by=None if cancellation is None else cancellation.cancelled_by,
        document_number=receipt.cancel_document_number or None,
    )


def _order(order: ReceiptOrder) -> ReceiptOrderView:
    assert order.state in UNFINISHED, "others are not shown"
    return ReceiptOrderView(
        kind=order.kind.value,
        fee_kind=order.fee_kind.value,
        supplier=order.supplier,
        amount_vnd=order.amount_vnd,
        state=order.state.value,  # type: ignore[arg-type]
        made_at=order.made_at,
        tries_count=order.tries_count,
        reason=order.reason or None,
    )


LIST = "/v1/payments/{payment_id}/receipts"
ONE = {"payment_id": UUID, "code": Code}
COMMON = ("no-payment-provider", "payment-not-found", "other-agency")
ENDPOINTS = (
    Endpoint(
        method="GET",
        path=LIST,
        operation_id="listReceipts",
        tag="payments",
        summary="List statutory receipts of a payment",
        scope=Scope.PAYMENTS_READ,
        handler=get_receipts,
        path_parameters={"payment_id": UUID},
        answers={200: Answer(description="The receipts.", model=Receipts)},
        problems=COMMON,
    ),
    Endpoint(
        method="POST",
        path=f"{LIST}/{{code}}:cancel",
        operation_id="cancelReceipt",
        tag="payments",
        summary="Cancel a receipt, or replace it",
        scope=Scope.OPERATIONS_WRITE,
        handler=cancel_receipt,
        path_parameters=ONE,
        body=CancelBody,
        answers={
            200: Answer(description="The receipts of the payment.", model=Receipts),
            202: Answer(description="Its supplier is asked to cancel it; see `orders`.", model=Receipts),
        },
        problems=(*COMMON, "receipt-not-found", "payment-not-possible", "receipt-supplier-unavailable"),
    ),
    Endpoint(
        method="GET",
        path="/v1/receipts:verify",
        operation_id="verifyReceipt",
        tag="payments",
        summary="Check the code of a receipt",
        scope=None,
        handler=check_code,
        query=CodeQuery,
        answers={200: Answer(description="What the book of numbers says.", model=CheckedReceipt)},
        problems=("look-ups-too-fast",),
    ),
)
