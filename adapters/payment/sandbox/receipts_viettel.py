"""The Viettel-like supplier of electronic receipts, simulated (payment notes §D.3): token, create, cancel, PDF."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.payment.sandbox.calls import Call, Desk, say
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.paper import pdf_of
from adapters.payment.sandbox.receipts_books import Books, Receipt, State
from adapters.payment.sandbox.receipts_profile import ReceiptsProfile, ViettelUnit
from adapters.payment.sandbox.vietnam import local_text
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer

PAYMENT_METHODS = ("6", "7")
"""Cash, transfer."""
NO_TAX = -2
_UUID = re.compile(r"[A-Za-z0-9_.-]{10,50}")
_INVALID, _DUPLICATE, _UNKNOWN, _STATE = (
    "BAD_REQUEST",
    "INVOICE_DUPLICATED",
    "INVOICE_NOT_FOUND",
    "INVOICE_STATUS_INVALID",
)


class Viettel:
    """The supplier."""

    def __init__(self, world: World, profile: Callable[[], ReceiptsProfile], books: Books, desk: Desk) -> None:
        self._world = world
        self._profile = profile
        self._books = books
        self._desk = desk
        self._tokens: dict[str, tuple[str, float]] = {}

    def log_in(self, call: Call) -> Answer:
        """Give a token for user name and password."""
        given = call.fields
        unit = next((each for each in self._profile().viettel if each.username == given.get("username")), None)
        if unit is None or given.get("password") != unit.password:
            call.note = "the credentials are wrong"
            return say({"code": 401, "message": "UNAUTHORIZED"}, 401)
        seconds = self._profile().token_seconds
        token = f"SIMVT-{self._world.draws.getrandbits(128):032x}"
        self._tokens[token] = unit.tax_code, self._world.clock.monotonic() + seconds
        return say({"access_token": token, "token_type": "bearer", "expires_in": int(seconds)})

    def guarded(self, work: Callable[[Call, ViettelUnit], Any]) -> Callable[[Call], Answer]:
        """Admit a call by its token, and answer what `work` gives or refuses."""

        def do(call: Call) -> Answer:
            unit = self._admitted(call)
            if unit is None:
                call.note = "the token is missing, wrong or over"
                return say({"code": 401, "message": "UNAUTHORIZED"}, 401)
            try:
                return say(work(call, unit))
            except Refusal as refusal:
                call.note = refusal.reason
                return say({"errorCode": refusal.code, "description": refusal.reason, "result": None}, 400)

        return do

    def create(self, call: Call, unit: ViettelUnit) -> Any:
        """Issue a receipt. A transactionUuid of before is refused, and nothing is issued."""
        if call.path["tax_code"] != unit.tax_code:
            raise Refusal(_INVALID, "tax code: is not that of the account")
        document = call.document or {}
        general = _part(document, "generalInvoiceInfo")
        book = (str(general.get("templateCode", "")), str(general.get("invoiceSeries", "")))
        if book not in unit.templates or general.get("currencyCode") != "VND":
            raise Refusal(_INVALID, "templateCode, invoiceSeries, currencyCode: are no book of the unit in VND")
        # Without a key of the caller nothing tells a repeat from a second receipt.
        key = general.get("transactionUuid", f"VT-{self._world.draws.getrandbits(96):024x}")
        if not isinstance(key, str) or _UUID.fullmatch(key) is None:
            raise Refusal(_INVALID, "transactionUuid: must be 10 to 50 plain characters")
        call.reference = key
        buyer = _part(document, "buyerInfo")
        if not isinstance(buyer.get("buyerName"), str) or not buyer["buyerName"].strip():
            raise Refusal(_INVALID, "buyerName: must not be empty")
        _check_payments(document.get("payments"))
        lines = _lines(document.get("itemInfo"))
        if self._books.find(unit.tax_code, key) is not None:
            raise Refusal(_DUPLICATE, "transactionUuid: was used before")
        receipt = self._books.issue(
            unit.tax_code,
            *book,
            key,
            dossier=str(buyer.get("buyerCode", "")),
            payer=buyer["buyerName"],
            total_vnd=sum(amount for _, amount in lines),
            lines=lines,
            secret_code=f"{self._world.draws.getrandbits(48):012X}",
        )
        if receipt is None:
            raise Refusal(_STATE, "the book is full")
        if self._desk.take("F30_duplicate_key", call, "createInvoice") is not None:
            raise Refusal(_DUPLICATE, "as armed, after the receipt was written")
        return {"errorCode": None, "description": None, "result": _told(receipt)}

    def find(self, call: Call, unit: ViettelUnit) -> Any:
        """Give what was issued for a transactionUuid."""
        call.reference = str(call.fields.get("transactionUuid", ""))
        receipt = self._books.find(unit.tax_code, call.reference)
        if receipt is None or call.fields.get("supplierTaxCode") != unit.tax_code:
            raise Refusal(_UNKNOWN, "transactionUuid: is not known")
        return {"errorCode": None, "description": None, "result": [_told(receipt)]}

    def cancel(self, call: Call, unit: ViettelUnit) -> Any:
        """Cancel a receipt: form, number, its issue date in epoch milliseconds, and why."""
        given = call.fields
        receipt = self._numbered(call, unit)
        issued_ms = str(int(receipt.issued_at.timestamp() * 1000))
        if given.get("templateCode") != receipt.pattern or str(given.get("strIssueDate")) != issued_ms:
            raise Refusal(_INVALID, "templateCode, strIssueDate: are not the receipt's")
        reason = given.get("additionalReferenceDesc")
        if not isinstance(reason, str) or not reason.strip():
            raise Refusal(_INVALID, "additionalReferenceDesc: must not be empty")
        if receipt.state is not State.ISSUED:
            raise Refusal(_STATE, "the receipt is cancelled already")
        receipt.state, receipt.reason = State.CANCELLED, reason[:200]
        return {"errorCode": None, "description": "SUCCESS"}

    def paper(self, call: Call, unit: ViettelUnit) -> Any:
        """Give the receipt as a PDF in base64."""
        receipt = self._numbered(call, unit)
        if call.fields.get("fileType") != "PDF":
            raise Refusal(_INVALID, "fileType: must be PDF")
        lines = [
            "BIEN LAI (MO PHONG)" + (" - DA HUY" if receipt.state is State.CANCELLED else ""),
            f"Mau so: {receipt.pattern}  Ky hieu: {receipt.serial}  So: {receipt.number_text}",
            *(f"{name}: {amount} VND" for name, amount in receipt.lines),
            f"Tong cong: {receipt.total_vnd} VND",
            f"Lap luc: {local_text(receipt.issued_at)}",
        ]
        content = base64.b64encode(pdf_of(lines)).decode()
        name = f"{receipt.serial}{receipt.number_text}.pdf"
        return {"errorCode": None, "description": None, "fileName": name, "fileToBytes": content}

    def tokens(self) -> list[str]:
        """Give the tokens that were given."""
        return list(self._tokens)

    def forget(self) -> None:
        """End every token."""
        self._tokens.clear()

    def _admitted(self, call: Call) -> ViettelUnit | None:
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        code, ends_at = self._tokens.get(token, ("", 0.0))
        if scheme.lower() != "bearer" or ends_at <= self._world.clock.monotonic():
            return None
        return next((each for each in self._profile().viettel if each.tax_code == code), None)

    def _numbered(self, call: Call, unit: ViettelUnit) -> Receipt:
        given = call.fields
        call.reference = str(given.get("invoiceNo", ""))
        receipt = self._books.find_number(unit.tax_code, call.reference)
        if receipt is None or given.get("supplierTaxCode") != unit.tax_code:
            raise Refusal(_UNKNOWN, "invoiceNo: is not known")
        return receipt


def _told(receipt: Receipt) -> dict[str, Any]:
    return {
        "supplierTaxCode": receipt.unit,
        "invoiceNo": f"{receipt.serial}{receipt.number_text}",
        "transactionID": f"VT{receipt.number:010d}",
        "reservationCode": receipt.secret_code,
        "codeOfTax": f"SIM{receipt.unit}{receipt.number_text}",
        "issueDate": int(receipt.issued_at.timestamp() * 1000),
        "totalAmount": receipt.total_vnd,
        "status": receipt.state.value.upper(),
    }


def _part(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise Refusal(_INVALID, f"{name}: must be an object")
    return part


def _check_payments(payments: object) -> None:
    if not isinstance(payments, list) or not payments:
        raise Refusal(_INVALID, "payments: must not be empty")
    for each in payments:
        if not isinstance(each, dict) or str(each.get("paymentMethod")) not in PAYMENT_METHODS:
            raise Refusal(_INVALID, "paymentMethod: must be 6 or 7")


def _lines(items: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(items, list) or not items:
        raise Refusal(_INVALID, "itemInfo: must not be empty")
    lines: list[tuple[str, int]] = []
    for each in items:
        if not isinstance(each, dict):
            raise Refusal(_INVALID, "itemInfo: must be rows")
        name, amount = each.get("itemName"), each.get("itemTotalAmountWithoutTax")
        if not isinstance(name, str) or not name or type(amount) is not int or amount <= 0:
            raise Refusal(_INVALID, "itemName, itemTotalAmountWithoutTax: a name, and whole đồng above zero")
        if each.get("taxPercentage") != NO_TAX:
            raise Refusal(_INVALID, "taxPercentage: must be -2")
        lines.append((name, amount))
    return tuple(lines)
