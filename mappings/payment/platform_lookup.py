"""LOOKUP: the national portal asks what is due for a dossier, so that it can be paid there (payment notes §A.8). Pure.

The same open order is given at every look-up, with the same look-up id. Most of the payer is hidden, since a dossier's
number is no secret (pitfall 18).
"""

import re
from typing import Any

from gateway.model.payment import PaymentOrder
from gateway.ports.payments import Acknowledgement, DueAnswer, NotificationRefused, RawNotification
from mappings.payment.documents import DocumentRefused, read_object, write
from mappings.payment.platform import describe
from mappings.payment.platform_receipt import receipt_of
from mappings.payment.platform_rules import PlatformRules
from mappings.payment.times import wire_time

MAX_BYTES = 4096
_DOSSIER = re.compile(r"[0-9A-Za-z][0-9A-Za-z./_-]{0,49}")
DUE, NOTHING_DUE, UNKNOWN = 1, 0, -1
_HIDDEN = "***"


def read_lookup(raw: RawNotification) -> str:
    """Give the dossier's number. Raises NotificationRefused (too_large, malformed, duplicate_member)."""
    try:
        document = read_object(raw.body, max_bytes=MAX_BYTES)
    except DocumentRefused as error:
        raise NotificationRefused("the look-up cannot be read", code=error.code) from None
    dossier_code = document.get("MaHoSo")
    if not isinstance(dossier_code, str) or not _DOSSIER.fullmatch(dossier_code):
        raise NotificationRefused("the look-up names no dossier", code="malformed")
    return dossier_code


def answer_lookup(rules: PlatformRules, due: DueAnswer) -> Acknowledgement:
    """Write what is due. Raises InvalidInput for an order that could not be opened either."""
    if not due.is_known:
        answer: dict[str, Any] = {"error_code": UNKNOWN, "message": []}
    elif due.order is None:
        answer = {"error_code": NOTHING_DUE, "message": []}
    else:
        answer = {"error_code": DUE, "message": _message(rules, due.order)}
    return Acknowledgement(status=200, content_type="application/json; charset=utf-8", body=write(answer))


def _message(rules: PlatformRules, order: PaymentOrder) -> dict[str, Any]:
    try:
        content = describe(rules, order.dossier_code)
    except ValueError:
        # Nothing is signed here, so any description will do.
        content = order.dossier_code
    receipt = receipt_of(rules, order, content=content)
    if rules.are_lookup_amounts_numbers:
        receipt["PhiLePhi"] = [{**row, "SoTien": int(row["SoTien"])} for row in receipt["PhiLePhi"]]
    if rules.masks_payer:
        receipt |= {
            "HoTenNguoiNop": masked_name(receipt["HoTenNguoiNop"]),
            "SoCMNDNguoiNop": masked_number(receipt["SoCMNDNguoiNop"]),
            "DiaChiNguoiNop": _HIDDEN,
        }
    return {
        "transaction_id": order.reference,
        "client_id": rules.partner_code,
        "MaTraCuuTT": order.dossier_code + wire_time(order.opened_at),
        **receipt,
    }


def masked_name(name: str) -> str:
    """Give the first letter of each word: enough for the payer to see that it is them, and for nobody else."""
    return " ".join(word[0] + _HIDDEN for word in name.split())


def masked_number(number: str) -> str:
    """Give the last three characters of a longer number."""
    return _HIDDEN + (number[-3:] if len(number) >= 9 else "")
