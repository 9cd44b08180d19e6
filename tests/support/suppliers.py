"""A supplier of receipts that keeps a book, and does what a test tells it to: refuse, lose answers, stay silent."""

from dataclasses import dataclass, field
from typing import Any

from gateway.errors import GatewayError, InvalidInput, OutcomeUnknown, Rejected, TransientFailure
from gateway.model.receipt import Receipt, ReceiptSeries
from gateway.ports.receipts import DUPLICATE_KEY, Offer, ReceiptDocument, SuppliedReceipt, SupplierOrder

EVERYTHING = frozenset(Offer)


def lost(code: str = "timeout") -> OutcomeUnknown:
    return OutcomeUnknown("no answer", system="receipts.scripted", operation="issue", code=code)


def busy() -> TransientFailure:
    return TransientFailure("busy", system="receipts.scripted", operation="issue")


def refused(code: str = "err_20") -> Rejected:
    return Rejected("refused", system="receipts.scripted", operation="issue", remote_code=code)


@dataclass
class ScriptedSupplier:
    """Implements ReceiptSupplier. `before` fails calls before they are done, `after` once they are, each once."""

    name: str = "scripted"
    offers: frozenset[Offer] = EVERYTHING
    before: list[GatewayError] = field(default_factory=list)
    after: list[GatewayError] = field(default_factory=list)
    silent: list[GatewayError] = field(default_factory=list)
    """Fail questions."""
    told: dict[str, Any] = field(default_factory=dict)
    """Replaces what questions tell."""
    book: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By key: number, amount, state, what it adjusts."""
    calls: list[str] = field(default_factory=list)
    orders: list[SupplierOrder] = field(default_factory=list)

    def make_key(self, key: str) -> str:
        return f"K:{key}"

    async def issue(self, order: SupplierOrder) -> SuppliedReceipt:
        return self._write("issue", order, "")

    async def adjust(self, order: SupplierOrder, adjusted: Receipt) -> SuppliedReceipt:
        assert adjusted.supplied is not None
        return self._write("adjust", order, adjusted.supplied.key)

    def _write(self, call: str, order: SupplierOrder, adjusts: str) -> SuppliedReceipt:
        self.calls.append(call)
        self.orders.append(order)
        if self.before:
            raise self.before.pop(0)
        if order.key in self.book:
            raise lost(DUPLICATE_KEY)
        number = len(self.book) + 1
        self.book[order.key] = {
            "number": number,
            "amount_vnd": order.draft.amount_vnd,
            "is_cancelled": False,
            "adjusts": adjusts,
        }
        if self.after:
            raise self.after.pop(0)
        return SuppliedReceipt(number=number, issued_stamp="1772600000000", lookup_code="TRA-CUU")

    async def find(self, key: str, series: ReceiptSeries) -> SuppliedReceipt | None:
        self.calls.append("find")
        if Offer.FIND not in self.offers:
            raise InvalidInput("not offered", code="not_offered")
        if self.silent:
            raise self.silent.pop(0)
        there = self.book.get(key)
        if there is None:
            return None
        values = {name: there[name] for name in ("number", "amount_vnd", "is_cancelled")}
        return SuppliedReceipt(**{**values, **self.told})

    async def cancel(self, receipt: Receipt, reason: str) -> None:
        self.calls.append("cancel")
        assert receipt.supplied is not None
        if self.before:
            raise self.before.pop(0)
        there = self.book[receipt.supplied.key]
        if there["is_cancelled"]:
            raise refused("cancelled_already")
        there["is_cancelled"] = True
        if self.after:
            raise self.after.pop(0)

    async def document(self, receipt: Receipt) -> ReceiptDocument | None:
        if self.silent:
            raise self.silent.pop(0)
        return ReceiptDocument(content=b"<html>bien lai</html>", media_type="text/html")
