"""The VNPT-like supplier of electronic receipts, simulated (payment notes §D.3): SOAP around `OK:…` and `ERR:n`."""

from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType

from adapters.payment.sandbox.calls import Call, Desk
from adapters.payment.sandbox.checkout import MARK_HEADER
from adapters.payment.sandbox.receipts_books import Books, Receipt, State
from adapters.payment.sandbox.receipts_profile import ReceiptsProfile, VnptUnit
from adapters.payment.sandbox.receipts_vnpt_wire import (
    Asked,
    XmlError,
    read_adjustment,
    read_call,
    read_receipts,
    write_fault,
    write_reply,
)
from adapters.payment.sandbox.vietnam import local_text
from adapters.sandboxing import Answer

LOGIN, BAD_XML, CANNOT, NO_KEY, NO_COMPANY, DUPLICATE, BOOK = 1, 3, 5, 6, 7, 13, 20
OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "ImportAndPublishInv": "PublishService",
        "getInvViewFkey": "PortalService",
        "UnConfirmPaymentFkey": "BusinessService",
        "cancelInv": "BusinessService",
        "AdjustInvoice": "BusinessService",
    }
)
"""Operation to the service that has it; each service is one address."""
VNPT_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"F30_duplicate_key": (), "D3_error": ("1", "3", "5", "6", "7", "13", "20")}
)
"""F30 writes the receipt and answers ERR:13, as to a repeat whose first answer was lost. D3 answers ERR:n and does
nothing."""
_TYPE = "text/xml; charset=utf-8"


class Error(Exception):
    """The call is answered with ERR:n; the reason is kept beside the exchange."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.reason = reason


class Vnpt:
    """The supplier."""

    def __init__(self, profile: Callable[[], ReceiptsProfile], books: Books, desk: Desk) -> None:
        self._profile = profile
        self._books = books
        self._desk = desk
        self._works: Mapping[str, Callable[[Call, Mapping[str, str]], str]] = {
            "ImportAndPublishInv": self._publish,
            "getInvViewFkey": self._view,
            "UnConfirmPaymentFkey": self._unconfirm,
            "cancelInv": self._cancel,
            "AdjustInvoice": self._adjust,
        }

    def serve(self, call: Call) -> Answer:
        """Answer a SOAP call to one of the services."""
        try:
            operation, given = read_call(call.body)
        except XmlError as error:
            call.note = str(error)
            return Answer(write_fault(str(error)), 500, _TYPE)
        if f"{OPERATIONS.get(operation)}.asmx" != call.path["service"]:
            call.note = "the service has no such operation"
            return Answer(write_fault(call.note), 500, _TYPE)
        call.operation = operation
        try:
            armed = self._desk.take("D3_error", call, operation)
            if armed is not None:
                raise Error(int(armed.variant), "as armed")
            result = self._works[operation](call, given)
        except Error as error:
            call.note, result = error.reason, f"ERR:{error.number}"
        return Answer(write_reply(operation, result), 200, _TYPE, {MARK_HEADER: "payment"})

    def _publish(self, call: Call, given: Mapping[str, str]) -> str:
        unit = self._admitted(given, user="username", password="password", is_admin=True)  # noqa: S106 - names of members
        pattern, serial = _book(unit, given)
        if given.get("convert", "0") != "0":
            raise Error(CANNOT, "convert: must be 0")
        try:
            asked = read_receipts(given.get("xmlInvData", ""))
        except XmlError as error:
            raise Error(BAD_XML, str(error)) from None
        keys = [each.key for each in asked]
        call.reference = keys[0]
        if len(set(keys)) < len(keys) or any(self._books.find(unit.service_account, key) for key in keys):
            raise Error(DUPLICATE, "key: was used before")
        issued = [self._issue(unit, pattern, serial, each) for each in asked]
        if self._desk.take("F30_duplicate_key", call, "ImportAndPublishInv") is not None:
            raise Error(DUPLICATE, "as armed, after the receipt was written")
        return f"OK:{pattern};{serial}-" + ",".join(f"{each.key}_{each.number}" for each in issued)

    def _view(self, call: Call, given: Mapping[str, str]) -> str:
        """Give the receipt as a page."""
        unit = self._admitted(given, user="userName", password="userPass", is_admin=False)  # noqa: S106 - as above
        return _page(self._found(call, unit, given.get("fkey", "")))

    def _unconfirm(self, call: Call, given: Mapping[str, str]) -> str:
        """Take back that receipts were paid; several keys are parted by commas, which is assumed."""
        unit = self._admitted(given, user="userName", password="userPass", is_admin=False)  # noqa: S106 - as above
        found = [self._found(call, unit, key) for key in given.get("lstFkey", "").split(",")]
        for receipt in found:
            receipt.is_paid = False
        return "OK:" + ",".join(receipt.key for receipt in found)

    def _cancel(self, call: Call, given: Mapping[str, str]) -> str:
        unit = self._admitted(given, user="userName", password="userPass", is_admin=True)  # noqa: S106 - as above
        receipt = self._found(call, unit, given.get("fkey", ""))
        if receipt.is_paid or receipt.state is State.CANCELLED:
            raise Error(CANNOT, "fkey: is paid, or cancelled already")
        receipt.state = State.CANCELLED
        return "OK:"

    def _adjust(self, call: Call, given: Mapping[str, str]) -> str:
        """Write a receipt that adjusts another."""
        unit = self._admitted(given, user="username", password="pass", is_admin=True)  # noqa: S106 - as above
        receipt = self._found(call, unit, given.get("fkey", ""))
        try:
            asked = read_adjustment(given.get("xmlInvData", ""))
        except XmlError as error:
            raise Error(BAD_XML, str(error)) from None
        if self._books.find(unit.service_account, asked.key) is not None:
            raise Error(DUPLICATE, "key: was used before")
        if receipt.state is not State.ISSUED:
            raise Error(CANNOT, "fkey: is adjusted or cancelled already")
        made = self._issue(unit, receipt.pattern, receipt.serial, asked, adjusts=receipt.key)
        receipt.state = State.ADJUSTED
        return f"OK:{made.pattern};{made.serial}-{made.key}_{made.number}"

    def _admitted(self, given: Mapping[str, str], *, user: str, password: str, is_admin: bool) -> VnptUnit:
        unit = next((each for each in self._profile().vnpt if each.service_account == given.get(user)), None)
        if unit is None or given.get(password) != unit.service_password:
            raise Error(LOGIN, "the service account is not known or its password is wrong")
        admin = given.get("Account"), given.get("ACpass")
        if is_admin and admin != (unit.admin_account, unit.admin_password):
            raise Error(LOGIN, "the admin account is not known or its password is wrong")
        if not unit.is_company_known:
            raise Error(NO_COMPANY, "the company is not known")
        return unit

    def _found(self, call: Call, unit: VnptUnit, key: str) -> Receipt:
        call.reference = key
        receipt = self._books.find(unit.service_account, key)
        if receipt is None:
            raise Error(NO_KEY, "fkey: is not known")
        return receipt

    def _issue(self, unit: VnptUnit, pattern: str, serial: str, asked: Asked, *, adjusts: str = "") -> Receipt:
        receipt = self._books.issue(
            unit.service_account,
            pattern,
            serial,
            asked.key,
            dossier=asked.dossier,
            payer=asked.payer,
            total_vnd=asked.total_vnd,
            is_paid=asked.is_paid,
            lines=asked.lines,
            adjusts=adjusts,
        )
        if receipt is None:
            raise Error(CANNOT, "the book is full")
        return receipt


def _book(unit: VnptUnit, given: Mapping[str, str]) -> tuple[str, str]:
    book = (given.get("pattern", ""), given.get("serial", ""))
    if book not in unit.books:
        raise Error(BOOK, "pattern, serial: are no book of the unit")
    return book


def _page(receipt: Receipt) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{amount}</td></tr>" for name, amount in receipt.lines)
    state = {State.ISSUED: "", State.ADJUSTED: " (đã bị điều chỉnh)", State.CANCELLED: " (đã huỷ)"}[receipt.state]
    return (
        f"<html><head><title>Biên lai (mô phỏng)</title></head><body><h1>BIÊN LAI MÔ PHỎNG{state}</h1>"
        f"<p>Mẫu số: {escape(receipt.pattern)}; ký hiệu: {escape(receipt.serial)}; số: {receipt.number_text}</p>"
        f"<p>Người nộp: {escape(receipt.payer)}; mã hồ sơ: {escape(receipt.dossier)}</p><table>{rows}</table>"
        f"<p>Tổng cộng: {receipt.total_vnd} đồng; lập lúc {local_text(receipt.issued_at)}</p></body></html>"
    )
