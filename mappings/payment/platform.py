"""Requests to the payment platform: INIT, QUERY and GET_BILL (payment notes §A.3, §A.6). Pure.

What is sent is NFC (U21). What no checksum can cover safely is refused before anything is sealed.
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from unicodedata import normalize

from gateway.errors import Fault, InvalidInput
from gateway.model.payment import CURRENCY, PaymentOrder
from mappings.payment.addresses import payer_address
from mappings.payment.amounts import write_amount
from mappings.payment.platform_checksums import ASK_ORDER, INIT_ORDER, SEPARATOR, seal, values_of
from mappings.payment.platform_receipt import receipt_of
from mappings.payment.platform_rules import PLACE, PlatformRules
from mappings.payment.times import wire_time

_REFERENCE = re.compile(r"[A-Z0-9]+")
_TIME = re.compile(r"[0-9]{14}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def make_reference(rules: PlatformRules, random_bytes: bytes) -> str:
    """Give a reference of capitals and the digits 2 to 7, all of it random: five bits a character.

    It holds nothing of the dossier and is looked up, never parsed (pitfall 17). Raises ValueError for less than 16
    bytes.
    """
    if len(random_bytes) < 16:
        raise ValueError("16 random bytes are needed")
    return base64.b32encode(random_bytes).decode("ascii")[: min(rules.limits.reference, 25)]


def is_own_reference(rules: PlatformRules, reference: str) -> bool:
    """Tell whether a reference has the form that `make_reference` gives."""
    return re.fullmatch(rf"[A-Z2-7]{{{min(rules.limits.reference, 25)}}}", reference) is not None


def describe(rules: PlatformRules, dossier_code: str) -> str:
    """Give ThongTinGiaoDich, in NFC. Raises ValueError for what a signed field cannot hold."""
    text = normalize("NFC", rules.description.replace(PLACE, dossier_code))
    if SEPARATOR in text or _UNPRINTABLE.search(text):
        raise ValueError("must hold no pipe and no control characters")
    if rules.is_description_ascii and not text.isascii():
        raise ValueError("must be ASCII")
    if len(text) > rules.limits.description:
        raise ValueError(f"must be at most {rules.limits.description} characters")
    return text


def init_request(
    rules: PlatformRules, order: PaymentOrder, secret: str, *, allows_loopback: bool = False
) -> dict[str, Any]:
    """Give the signed INIT. Raises InvalidInput with everything that is wrong at once; no value is repeated."""
    faults: list[Fault] = []
    if not _REFERENCE.fullmatch(order.reference) or len(order.reference) > rules.limits.reference:
        faults.append(Fault("reference", f"must be at most {rules.limits.reference} capitals and digits"))
    description = ""
    try:
        description = describe(rules, order.dossier_code)
    except ValueError as error:
        faults.append(Fault("dossier_code", f"as part of the description {error}"))
    address = ""
    try:
        address = payer_address(order.payer_address, allows_loopback=allows_loopback)
    except ValueError as error:
        faults.append(Fault("payer_address", str(error)))
    receipt: Mapping[str, Any] = {}
    try:
        # A description that cannot be sealed is one fault, and not two.
        receipt = receipt_of(rules, order, content=description or order.dossier_code)
    except InvalidInput as error:
        faults.extend(error.faults)
    if faults:
        raise InvalidInput("the order cannot be sent", faults)
    signed = {
        "LoaiBanTin": rules.init_type,
        "PhienBan": rules.version,
        "MaDoiTac": rules.partner_code,
        "MaThamChieu": order.reference,
        "SoTien": write_amount(order.amount_vnd),
        "LoaiHinhThanhToan": rules.payment_type,
        "MaKenhThanhToan": rules.channel,
        "MaThietBi": rules.device,
        "NgonNgu": rules.language,
        "MaTienTe": CURRENCY,
        "MaNganHang": rules.bank,
        "ThongTinGiaoDich": description,
        "ThoiGianGD": wire_time(order.opened_at),
        "Ip": address,
    }
    checksum = seal(rules.digest, values_of(INIT_ORDER, signed), secret)
    return {**signed, "MaXacThuc": checksum, "ThongTinBienLai": receipt}


def query_request(rules: PlatformRules, reference: str, opened_at: datetime, secret: str) -> dict[str, str]:
    """Give the signed QUERY; its time is the one that INIT held."""
    return _question(rules, rules.query_type, reference, wire_time(opened_at), secret)


def bill_request(rules: PlatformRules, reference: str, time: str, secret: str) -> dict[str, str]:
    """Give the signed GET_BILL for one of the times that the platform may want (U11)."""
    if not _TIME.fullmatch(time):
        raise InvalidInput("the voucher cannot be asked for", [Fault("time", "must be 14 digits")])
    return _question(rules, rules.bill_type, reference, time, secret)


def _question(rules: PlatformRules, message_type: str, reference: str, time: str, secret: str) -> dict[str, str]:
    if not reference or len(reference) > 255 or SEPARATOR in reference or _UNPRINTABLE.search(reference):
        raise InvalidInput("the platform cannot be asked", [Fault("reference", "must be a reference of the platform")])
    document = {
        "LoaiBanTin": message_type,
        "PhienBan": rules.version,
        "MaDoiTac": rules.partner_code,
        "MaThamChieu": reference,
        "ThoiGianGD": time,
    }
    return {**document, "MaXacThuc": seal(rules.digest, values_of(ASK_ORDER, document), secret)}
