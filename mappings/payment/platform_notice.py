"""CONFIRM, the platform's notification, and its acknowledgement (payment notes §A.5, §A.7). Pure.

In this order: size, one meaning as JSON, the members that must be there and their types, the partner, the checksum over
the exact text that came; only then is anything believed. The checksum holds no time and no nonce, so an old CONFIRM
verifies for ever (pitfall 10): whether it says anything new is decided by what is already known.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.model.payment import Answer, PaymentFact
from gateway.ports.payments import Acknowledgement, NotificationRefused, RawNotification, Verdict
from mappings.payment.addresses import is_allowed
from mappings.payment.amounts import read_amount, write_amount
from mappings.payment.documents import DocumentRefused, read_object, write
from mappings.payment.notices import Notice
from mappings.payment.platform import is_own_reference
from mappings.payment.platform_checksums import BadChecksum, verify_confirm
from mappings.payment.platform_rules import Digest, PlatformRules, ResultClass
from mappings.payment.times import read_wire_time

MAX_BYTES = 64 * 1024
_SHORT = re.compile(r"[^|\x00-\x1f\x7f]{0,255}")
_DESCRIPTION = re.compile(r"[^\x00]{0,1000}")
_NEVER_EMPTY = ("LoaiBanTin", "MaLoi", "MaDoiTac", "MaTienTe")
_SHORT_FIELDS = (*_NEVER_EMPTY, "MaThamChieu", "MaGiaoDich", "MaNganHang", "ThoiGianGD")
_OPTIONAL = ("MaHoSo",)
_ECHOED = ("MaDoiTac", "MaThamChieu", "ThoiGianGD")
_SUCCESS, _OTHER = ("00", "Thành công"), ("99", "Các lỗi khác")


def read_confirm(
    rules: PlatformRules,
    raw: RawNotification,
    secrets: Sequence[str],
    *,
    bill_hosts: Collection[str] = (),
    max_bytes: int = MAX_BYTES,
    seen_at: datetime | None = None,
    allows_plain_loopback: bool = False,
) -> PaymentFact:
    """Verify and read. `secrets` holds one or, while one takes the other's place, two, the newest first (U29).

    Text is verified byte by byte as it came, whatever its Unicode form (U21, F31). An amount, currency or order that
    differs from ours is no fault here: it is compared by the gateway, so that a wrong amount and a bad checksum stay
    two things. Raises NotificationRefused: too_large, malformed, duplicate_member, unknown_partner, bad_checksum.
    """
    document = _document(raw, max_bytes)
    values = _values(rules, document)
    notices = _verified(rules, document, values, secrets)
    result, is_listed = rules.result_of(values["MaLoi"])
    if result is ResultClass.SUCCESS and not values["MaGiaoDich"]:
        raise _refused("malformed")
    if not is_listed:
        notices.append(Notice.UNKNOWN_RESULT)
    if result is ResultClass.CONFIGURATION:
        notices.append(Notice.CONFIGURATION_RESULT)
    if values["LoaiBanTin"] != rules.confirm_type:
        notices.append(Notice.OTHER_MESSAGE_TYPE)
    time = read_wire_time(values["ThoiGianGD"], seen_at=seen_at)
    notices.extend(time.notices)
    is_dossier_sure = _names_dossier(values["ThongTinGiaoDich"], values["MaHoSo"])
    if not is_dossier_sure:
        notices.append(Notice.UNSIGNED_DOSSIER)
    bill_url = document.get("UrlBienLai") or ""
    if bill_url and not is_allowed(bill_url, bill_hosts, allows_plain_loopback=allows_plain_loopback):
        notices.append(Notice.FOREIGN_BILL_ADDRESS)
        bill_url = ""
    # For an own reference the dossier only has to be the same; for any other it tells whose money it is, and then it
    # must stand where the checksum covers it.
    finds_dossier = is_own_reference(rules, values["MaThamChieu"]) or rules.trusts_unsigned_dossier
    return PaymentFact(
        answer=_answer(result),
        reference=values["MaThamChieu"],
        partner_code=values["MaDoiTac"],
        amount_vnd=read_amount(values["SoTien"]),
        currency=values["MaTienTe"],
        transaction=values["MaGiaoDich"],
        bank_code=values["MaNganHang"],
        dossier_code=values["MaHoSo"],
        paid_at=time.at,
        paid_at_text=time.text,
        result_code=values["MaLoi"],
        bill_url=bill_url,
        is_decisive=rules.digest is Digest.SHA256 and (is_dossier_sure or finds_dossier),
        notices=tuple(notices),
    )


def acknowledge(
    rules: PlatformRules, raw: RawNotification, verdict: Verdict, *, max_bytes: int = MAX_BYTES
) -> Acknowledgement:
    """Write the six fields, always with HTTP 200; also for what could not be read, with empty echoes.

    Only 00 keeps the platform from sending it again, so it is said only of what is committed (pitfall 25).
    """
    try:
        document: Mapping[str, Any] = _document(raw, max_bytes)
    except NotificationRefused:
        document = {}
    code, words = _SUCCESS if verdict is Verdict.APPLIED else _OTHER
    echoes = {name: _echo(document.get(name)) for name in _ECHOED}
    checksum = _echo(document.get("MaXacThuc")) if rules.is_checksum_echoed else ""
    body = {"MaLoi": code, "MoTaLoi": words, **echoes, "MaXacThuc": checksum}
    return Acknowledgement(status=200, content_type="application/json; charset=utf-8", body=write(body))


def _document(raw: RawNotification, max_bytes: int) -> dict[str, Any]:
    try:
        return read_object(raw.body, max_bytes=max_bytes)
    except DocumentRefused as error:
        raise _refused(error.code) from None


def _values(rules: PlatformRules, document: Mapping[str, Any]) -> dict[str, str]:
    """Give the texts that came. A member that is left out is malformed, never the word null (pitfall 13)."""
    values: dict[str, str] = {}
    for name in (*_SHORT_FIELDS, *_OPTIONAL, "ThongTinGiaoDich"):
        value = document.get(name) if name in document or name not in _OPTIONAL else ""
        if value is None and name in _OPTIONAL:
            value = ""
        # A pipe would shift the fields; in the description alone, the last of them, it is harmless.
        is_last = name == "ThongTinGiaoDich" and rules.digest is Digest.SHA256
        if not isinstance(value, str) or not (_DESCRIPTION if is_last else _SHORT).fullmatch(value):
            raise _refused("malformed")
        values[name] = value
    if any(not values[name] for name in _NEVER_EMPTY) or not isinstance(document.get("UrlBienLai", ""), str | None):
        raise _refused("malformed")
    try:
        values["SoTien"] = write_amount(read_amount(document.get("SoTien")))
    except ValueError:
        raise _refused("malformed") from None
    return values


def _verified(
    rules: PlatformRules, document: Mapping[str, Any], values: Mapping[str, str], secrets: Sequence[str]
) -> list[Notice]:
    if values["MaDoiTac"] != rules.partner_code:
        raise _refused("unknown_partner")
    try:
        return verify_confirm(rules, values, document.get("MaXacThuc"), secrets)
    except BadChecksum:
        raise _refused("bad_checksum") from None


def _names_dossier(description: str, dossier_code: str) -> bool:
    """Tell whether the signed description names the dossier as a word of its own, or no dossier is named at all."""
    return not dossier_code or dossier_code in re.split(r"[\s,;:()]+", description)


def _answer(result: ResultClass) -> Answer:
    match result:
        case ResultClass.SUCCESS:
            return Answer.PAID
        case ResultClass.UNKNOWN:
            return Answer.PENDING
        case _:
            return Answer.FAILED


def _echo(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 255 else ""


def _refused(code: str) -> NotificationRefused:
    return NotificationRefused(f"the payment platform's notification is refused: {code}", code=code)
