"""Writes CONFIRM, right or wrong on purpose (payment notes §A.5, §12.2), and reads its acknowledgement. Pure."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from adapters.payment.sandbox.messages import Ack
from adapters.payment.sandbox.platform_checksums import confirm_values, seal
from adapters.payment.sandbox.platform_orders import Order, Payment
from adapters.payment.sandbox.platform_profile import Partner, PlatformProfile
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.vietnam import wire_time

PAID = "00"
ACK_FIELDS = ("MaLoi", "MoTaLoi", "MaDoiTac", "MaThamChieu", "ThoiGianGD", "MaXacThuc")
_ECHOED = ("MaDoiTac", "MaThamChieu", "ThoiGianGD", "MaXacThuc")


def result_document(partner: Partner, order: Order, payment: Payment | None, code: str, kind: str) -> dict[str, Any]:
    """Give the signed members of a CONFIRM, and of an answer to QUERY, in their order."""
    return {
        "LoaiBanTin": kind,
        "MaLoi": code,
        "MaDoiTac": partner.code,
        "MaThamChieu": order.reference,
        "SoTien": order.amount_vnd,
        "MaTienTe": "VND",
        "MaGiaoDich": "" if payment is None else payment.transaction,
        "MaNganHang": "" if payment is None else payment.bank,
        "ThoiGianGD": order.init_time if payment is None else payment.time,
        "ThongTinGiaoDich": order.description,
    }


def seal_result(partner: Partner, document: dict[str, Any], *, secret: int = 0) -> None:
    """Leave out what the partner's setting omits, and add MaXacThuc."""
    for name in partner.omitted:
        document.pop(name, None)
    values = confirm_values(partner.scheme, document, partner.missing_word)
    document["MaXacThuc"] = seal(partner.scheme, partner.secrets[secret], values)


def write_confirm(
    profile: PlatformProfile,
    partner: Partner,
    order: Order,
    payment: Payment | None,
    code: str,
    bill_url: str,
    faults: Sequence[Switch] = (),
) -> bytes:
    """Give the bytes of a CONFIRM, with faults applied: before the seal those that a faulty peer would seal too."""
    document = result_document(partner, order, payment, code, profile.notify_type)
    if partner.is_dossier_sent or not order.reference:
        document["MaHoSo"] = order.dossier
    if partner.is_bill_url_sent and bill_url:
        document["UrlBienLai"] = bill_url
    armed = {fault.name.partition("_")[0]: fault for fault in faults}
    raw_amount = _spoil_before_seal(document, order, payment, armed)
    is_old = "F33" in armed and len(partner.secrets) > 1
    seal_result(partner, document, secret=1 if is_old else 0)
    _spoil_after_seal(document, armed, profile.failed_code)
    if raw_amount is not None and "SoTien" in document:
        document["SoTien"] = msgspec.Raw(raw_amount.encode())
    return msgspec.json.encode(document)


def read_ack(http_status: int, body: bytes, sent: bytes) -> Ack:
    """Read an acknowledgement; whatever is no object with MaLoi 00 under HTTP 200 leaves the CONFIRM untaken."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return Ack(False, "", ("body: is no JSON object",))
    asked = json.loads(sent)
    problems = [f"{name}: is missing" for name in ACK_FIELDS if not isinstance(document.get(name), str)]
    problems += [f"{name}: is no echo" for name in _ECHOED if document.get(name) != asked.get(name)]
    code, described = document.get("MaLoi"), document.get("MoTaLoi")
    return Ack(
        is_taken=http_status == 200 and code == PAID,
        said=code if isinstance(code, str) else "",
        problems=tuple(problems),
        described=described if isinstance(described, str) else "",
    )


def _spoil_before_seal(
    document: dict[str, Any], order: Order, payment: Payment | None, armed: Mapping[str, Switch]
) -> str | None:
    """Change members; give the amount as it is to stand in the JSON, None for an ordinary one."""
    if "F07" in armed:
        document["SoTien"] = order.amount_vnd + 1000
    if "F08" in armed:
        wrong = {"currency": ("MaTienTe", "USD"), "partner": ("MaDoiTac", "PPSIM99"), "dossier": ("MaHoSo", "H99-X-1")}
        name, value = wrong[armed["F08"].variant]
        document[name] = value
    if "F13" in armed:
        is_empty = armed["F13"].variant == "empty"
        document["MaThamChieu"] = "" if is_empty else "KHONGCO" + order.bill_token[:13].upper()
        if is_empty:
            document["MaHoSo"] = order.dossier
    if "F31" in armed:
        document["ThongTinGiaoDich"] = unicodedata.normalize("NFD", order.description)
    if "F32" in armed and payment is not None:
        document["ThoiGianGD"] = wire_time(payment.at, is_twelve_hour=True)
    if "F12" not in armed:
        return None
    amount = document["SoTien"]
    written = {
        "text": str(amount),
        "decimals": f"{amount}.00",
        "huge": "9" * 40,
        "negative": f"-{amount}",
        "exponent": f"{amount}e0",
    }[armed["F12"].variant]
    document["SoTien"] = written
    return None if armed["F12"].variant == "text" else written


def _spoil_after_seal(document: dict[str, Any], armed: Mapping[str, Switch], failed_code: str) -> None:
    if "F09" in armed:
        name = armed["F09"].variant
        other = {"SoTien": 1000, "MaLoi": PAID if document["MaLoi"] != PAID else failed_code}
        document[name] = other.get(name, f"{document.get(name, '')}X")
    if "F10" in armed:
        document["MaXacThuc"] = document["MaXacThuc"].upper()
    if "F11" in armed:
        match armed["F11"].variant:
            case "missing":
                del document["MaXacThuc"]
            case "short":
                document["MaXacThuc"] = document["MaXacThuc"][:63]
            case _:
                document["MaXacThuc"] = "z" * 64
