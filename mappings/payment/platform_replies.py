"""Answers of the payment platform to INIT, QUERY and GET_BILL, bare or wrapped (payment notes §A.1, §A.6). Pure.

An adapter in between wraps the platform's object: `{"error_code": "0", "message": "<JSON text>"}`, sometimes encoded
twice, sometimes as an object. Every call may be answered either way.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.model.payment import Answer, PaymentFact
from mappings.payment.addresses import is_allowed
from mappings.payment.amounts import digits_of, read_amount
from mappings.payment.documents import parse, read_object
from mappings.payment.notices import Notice
from mappings.payment.platform_checksums import SEPARATOR, verify_confirm
from mappings.payment.platform_rules import Digest, PlatformRules, ResultClass
from mappings.payment.times import read_wire_time

MAX_REPLY_BYTES = 256 * 1024
_MOST_WRAPPINGS = 2
_MAX_TEXT = 255
_PDF = b"%PDF-"


class ReplyBroken(ValueError):
    """An answer that means nothing. `code` is a stable word; nothing of the content is told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer without its wrapping, and what its result code means."""

    result: ResultClass
    code: str
    """MaLoi as text, or the adapter's error_code behind `adapter `; other than that never free text."""
    is_listed: bool
    document: Mapping[str, Any] = field(repr=False)


def unwrap(rules: PlatformRules, body: bytes) -> Reply:
    """Read an answer in either envelope. A byte order mark in front is let pass.

    An error of the adapter without an object of the platform leaves open what the platform did. Raises ValueError
    (ReplyBroken or DocumentRefused) for what is neither.
    """
    document = read_object(body, max_bytes=MAX_REPLY_BYTES, allows_bom=True)
    if "MaLoi" not in document and "error_code" in document:
        inner = _inner(document.get("message"))
        if inner is None or "MaLoi" not in inner:
            code = _code_of(document["error_code"])
            if rules.adapter_results.get(code) is ResultClass.SUCCESS:
                raise ReplyBroken("wrapping_without_reply")
            listed = rules.adapter_results.get(code)
            return Reply(
                result=listed or ResultClass.UNKNOWN, code=f"adapter {code}", is_listed=listed is not None, document={}
            )
        document = inner
    result = document.get("MaLoi")
    if not isinstance(result, str) or not result:
        raise ReplyBroken("no_result")
    meaning, is_listed = rules.result_of(result)
    return Reply(result=meaning, code=_code_of(result), is_listed=is_listed, document=document)


def pay_url_of(reply: Reply, hosts: Collection[str], *, allows_plain_loopback: bool = False) -> str:
    """Give UrlThanhToan of an accepted INIT.

    Raises ReplyBroken when it is missing, or leads where no payer is to be sent, or when the answer names another
    order or partner.
    """
    address = reply.document.get("UrlThanhToan")
    if not isinstance(address, str) or not address:
        raise ReplyBroken("no_page")
    if not is_allowed(address, hosts, allows_plain_loopback=allows_plain_loopback):
        raise ReplyBroken("foreign_page")
    return address


def refuse_others(rules: PlatformRules, reply: Reply, reference: str) -> None:
    """Raises ReplyBroken when an answer names another reference or partner than was asked about."""
    if reply.document.get("MaThamChieu") not in (None, "", reference):
        raise ReplyBroken("other_reference")
    if reply.document.get("MaDoiTac") not in (None, "", rules.partner_code):
        raise ReplyBroken("other_partner")


def query_fact(
    rules: PlatformRules,
    reply: Reply,
    *,
    reference: str,
    opened_at: datetime,
    secrets: Sequence[str],
    bill_hosts: Collection[str] = (),
    allows_plain_loopback: bool = False,
) -> PaymentFact:
    """Give what an answered QUERY (result SUCCESS) says of the payment.

    The checksum is verified before anything counts; its formula leaves TrangThaiGD out, which only the connection
    protects. Raises BadChecksum for one that does not fit, and ValueError for an answer that is not whole.
    """
    document = reply.document
    refuse_others(rules, reply, reference)
    values = _texts(document, is_strict=rules.is_query_signed)
    notices = [Notice.NO_CHECKSUM]
    if rules.is_query_signed:
        notices = verify_confirm(rules, values, document.get("MaXacThuc"), secrets)
    state = _code_of(document.get("TrangThaiGD"))
    answer = rules.states.get(state)
    if answer is None:
        answer = rules.unlisted_state
        notices.append(Notice.UNKNOWN_STATE)
    is_paid = answer is Answer.PAID
    if is_paid and not (values["MaGiaoDich"] and values["MaThamChieu"] and values["MaDoiTac"]):
        raise ReplyBroken("not_whole")
    # Of an order that is not paid the time is no time of payment.
    time = read_wire_time(values["ThoiGianGD"], opened_at=opened_at) if is_paid else None
    if time is not None and time.text:
        notices.extend(time.notices)
    bill_url, is_bill_foreign = _bill_url(document, bill_hosts, allows_plain_loopback=allows_plain_loopback)
    if is_bill_foreign:
        notices.append(Notice.FOREIGN_BILL_ADDRESS)
    return PaymentFact(
        answer=answer,
        reference=reference,
        partner_code=rules.partner_code,
        amount_vnd=_amount(document.get("SoTien"), is_needed=is_paid),
        currency=values["MaTienTe"],
        transaction=values["MaGiaoDich"],
        bank_code=values["MaNganHang"],
        paid_at=None if time is None else time.at,
        paid_at_text="" if time is None else time.text,
        result_code=state,
        bill_url=bill_url,
        is_decisive=rules.is_query_signed and rules.digest is Digest.SHA256,
        notices=tuple(notices),
    )


def absent_fact(rules: PlatformRules, reply: Reply, *, reference: str) -> PaymentFact:
    """Give the fact that the platform knows no such reference."""
    return PaymentFact(
        answer=Answer.NOT_FOUND,
        reference=reference,
        partner_code=rules.partner_code,
        amount_vnd=None,
        currency="",
        transaction="",
        result_code=reply.code,
    )


def is_pdf(content_type: str, body: bytes) -> bool:
    """Tell whether a voucher is a PDF, by leading bytes and content type together (§A.6, U11).

    Raises ReplyBroken when the two contradict each other: then it is something made to look like a voucher.
    """
    is_named, is_made = content_type.lower() == "application/pdf", body.startswith(_PDF)
    if is_made and (is_named or content_type.lower() in ("", "application/octet-stream", "binary/octet-stream")):
        return True
    if is_made or is_named:
        raise ReplyBroken("bill_type_contradicts")
    return False


def is_page(content_type: str, body: bytes) -> bool:
    """Tell whether an answer is a web page: what something on the way says when the platform does not answer."""
    return content_type.lower() in ("text/html", "application/xhtml+xml") or body.lstrip()[:1] == b"<"


def _inner(message: object) -> dict[str, Any] | None:
    for _ in range(_MOST_WRAPPINGS):
        if not isinstance(message, str):
            break
        if not message.lstrip().startswith(("{", '"')):
            return None
        message = parse(message)
    return message if isinstance(message, dict) else None


def _code_of(value: object) -> str:
    """Give a code that is safe to show; "other" for one of another form."""
    if isinstance(value, int) and not isinstance(value, bool) and -999_999 < value < 999_999:
        return str(value)
    is_plain = isinstance(value, str) and 0 < len(value) <= 20 and value.replace("-", "").replace("_", "").isalnum()
    return str(value) if is_plain and str(value).isascii() else "other"


def _texts(document: Mapping[str, Any], *, is_strict: bool) -> dict[str, str]:
    """Give what a checksum covers. Raises ReplyBroken for values of other types; one that is left out is empty."""
    names = ("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "MaTienTe", "MaGiaoDich", "MaNganHang", "ThoiGianGD")
    values: dict[str, str] = {}
    for name in (*names, "ThongTinGiaoDich"):
        value = document.get(name, "")
        if value is None and not is_strict:
            value = ""
        if not isinstance(value, str) or len(value) > _MAX_TEXT or (SEPARATOR in value and name != "ThongTinGiaoDich"):
            raise ReplyBroken("other_types")
        values[name] = value
    try:
        values["SoTien"] = digits_of(document.get("SoTien"))
    except ValueError:
        raise ReplyBroken("other_types") from None
    return values


def _bill_url(document: Mapping[str, Any], hosts: Collection[str], *, allows_plain_loopback: bool) -> tuple[str, bool]:
    """Give the voucher's address, "" where there is none that is trusted, and whether one was dropped."""
    given = document.get("UrlBienLai")
    if isinstance(given, str) and is_allowed(given, hosts, allows_plain_loopback=allows_plain_loopback):
        return given, False
    return "", bool(given)


def _amount(value: object, *, is_needed: bool) -> int | None:
    try:
        return read_amount(value)
    except ValueError:
        if is_needed:
            raise ReplyBroken("no_amount") from None
        return None
