"""KeyPay v3: checksums, callbacks and answers (payment notes §C.4). Pure.

HMAC-SHA256 over values between pipes, the first key for what goes to KeyPay and the second for what comes from there.
`status`, which decides, is covered by no checksum (pitfall 8), so a callback is only a hint.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.errors import Fault, InvalidInput
from gateway.model.payment import CURRENCY, Answer, PaymentFact
from gateway.ports.payments import NotificationRefused
from mappings.payment.addresses import is_allowed
from mappings.payment.amounts import read_amount
from mappings.payment.documents import DocumentRefused, parse
from mappings.payment.notices import Notice
from mappings.payment.plain_text import label
from mappings.payment.references import mixed_reference
from mappings.payment.times import read_wire_time
from mappings.payment.unwrapping import unwrapped

REFERENCE_LENGTH = 20
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ORDER = ("addition_fee", "client_id", "command", "trans_amount", "transaction_id", "version")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_URI = "data:image/png;base64,"
_MAX_PICTURE_CHARACTERS = 400_000
_NO_FEE = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is agreed with KeyPay. `commands` are those under which callbacks may come."""

    client_id: str
    commands: frozenset[str]
    answers: Mapping[str, Answer]
    """What a status means."""
    bill_hosts: frozenset[str] = frozenset()
    """Where a voucher may be."""


def make_reference(random_bytes: bytes) -> str:
    """Give a transaction_id: opaque, unlike the date and dossier of the sources, by which two attempts of a day are
    one."""
    return mixed_reference(random_bytes, REFERENCE_LENGTH)


def checksum(key: str, values: Sequence[str]) -> str:
    """Give the checksum of values, in their order. Raises ValueError for a value that holds the separator."""
    if any("|" in value for value in values):
        raise ValueError("a value holds the separator")
    return hmac.digest(key.encode(), "|".join(values).encode(), "sha256").hex()


def order_values(document: Mapping[str, str]) -> tuple[str, ...]:
    """Give what the checksum of an order or callback covers."""
    return tuple(document[name] for name in _ORDER)


def signed(document: Mapping[str, Any], values: Sequence[str], key: str) -> dict[str, Any]:
    """Give a request with its checksum. Raises InvalidInput for a value that cannot be signed."""
    try:
        return {**document, "check_sum": checksum(key, values)}
    except ValueError:
        raise InvalidInput("the request cannot be signed", [Fault("", "must hold no pipe")]) from None


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give members of the document and of its `data` together, since some messages hold one inside the other.

    Raises DocumentRefused where both hold a member and disagree: two readers would see two messages.
    """
    inner = unwrapped(document.get("data"))
    if not isinstance(inner, Mapping):
        return dict(document)
    outer = {name: value for name, value in document.items() if name != "data"}
    for name in outer.keys() & inner.keys():
        if outer[name] != inner[name]:
            raise DocumentRefused("duplicate_member")
    return {**inner, **outer}


def key_that_fits(keys: Sequence[str], values: Sequence[str], given: object) -> int | None:
    """Tell which of the keys made a checksum; None: none. Every key is tried, so that time does not tell which."""
    if not isinstance(given, str) or not _DIGEST.fullmatch(given) or any("|" in value for value in values):
        return None
    fits = [hmac.compare_digest(checksum(key, values).encode(), given.encode()) for key in keys]
    return fits.index(True) if any(fits) else None


def read_callback(form: Form, keys: Sequence[str], document: Mapping[str, Any]) -> PaymentFact:
    """Verify and read a callback: a fact that is not decisive.

    Raises NotificationRefused: malformed for what is missing, unknown_partner, bad_checksum, not_offered for a message
    about a refund.
    """
    try:
        members = flattened(document)
        if "transaction_refund_code" in members:
            raise _refused("not_offered")
        texts = {name: label(word(members.get(name))) for name in _ORDER}
        amount = read_amount(members.get("trans_amount"))
    except DocumentRefused as error:
        raise _refused(error.code) from None
    except ValueError:
        raise _refused("malformed") from None
    if any(not text for text in texts.values()):
        raise _refused("malformed")
    if texts["client_id"] != form.client_id:
        raise _refused("unknown_partner")
    place = key_that_fits(keys, order_values(texts), members.get("check_sum"))
    if place is None:
        raise _refused("bad_checksum")
    said = members.get("error")
    if said is not None and word(said) != "0":
        raise _refused("malformed")
    fact = _fact(form, members, amount=amount, reference=texts["transaction_id"], is_decisive=False)
    return fact if place == 0 else replace(fact, notices=(*fact.notices, Notice.PREVIOUS_SECRET))


def read_detail(
    form: Form, members: Mapping[str, Any], *, reference: str, partner_code: str, is_verified: bool = True
) -> PaymentFact:
    """Read the answer about one transaction: a decisive fact if a checksum of it was verified, else a hint.

    Raises ValueError for one about another transaction or client, or without a readable amount although it is paid.
    """
    if word(members.get("transaction_id")) != reference:
        raise ValueError("it is about another transaction")
    if word(members.get("client_id", partner_code)) != partner_code:
        raise ValueError("it is about another client")
    given = members.get("trans_amount", members.get("total_amount"))
    is_paid = form.answers.get(word(members.get("status"))) is Answer.PAID
    amount = read_amount(given) if is_paid or given not in (None, "", 0, "0") else None
    fact = _fact(form, members, amount=amount, reference=reference, is_decisive=is_verified)
    return fact if is_verified else replace(fact, notices=(*fact.notices, Notice.NO_CHECKSUM))


def _fact(
    form: Form, members: Mapping[str, Any], *, amount: int | None, reference: str, is_decisive: bool
) -> PaymentFact:
    status = label(word(members.get("status")))
    answer = form.answers.get(status)
    notices: list[str] = [] if answer is not None else [Notice.UNKNOWN_STATE]
    if word(members.get("addition_fee", _NO_FEE)) != _NO_FEE:
        notices.append(Notice.UNEXPECTED_FEE)
    command = word(members.get("command"))
    if command and command not in form.commands:
        notices.append(Notice.OTHER_MESSAGE_TYPE)
    dossier = label(_dossier_of(members.get("bill_info")))
    if dossier:
        notices.append(Notice.UNSIGNED_DOSSIER)
    bill_url = word(members.get("url_invoice"))
    if bill_url and not is_allowed(bill_url, form.bill_hosts):
        bill_url = ""
        notices.append(Notice.FOREIGN_BILL_ADDRESS)
    written = label(word(members.get("update_at")))
    time = read_wire_time(written) if written else None
    notices += time.notices if time is not None else ()
    return PaymentFact(
        answer=answer or Answer.PENDING,
        reference=reference,
        partner_code=form.client_id,
        amount_vnd=amount,
        currency=label(word(members.get("currency_code", CURRENCY))),
        transaction=label(word(members.get("transaction_code"))),
        dossier_code=dossier,
        paid_at=time.at if time is not None else None,
        paid_at_text=written,
        result_code=status,
        bill_url=bill_url,
        is_decisive=is_decisive,
        notices=tuple(notices),
    )


def word(value: object) -> str:
    """Give a text or whole number as text; "" for anything else, which no rule takes for a value."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def picture_of(value: object) -> bytes:
    """Give the PNG of a data address; b"" for what is none."""
    if not isinstance(value, str) or len(value) > _MAX_PICTURE_CHARACTERS or not value.startswith(_PNG_URI):
        return b""
    try:
        content = base64.b64decode(value[len(_PNG_URI) :], validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if content.startswith(_PNG) else b""


def _dossier_of(bill_info: object) -> str:
    """Give the dossier number inside the receipt information, which comes as an object or as JSON text."""
    if isinstance(bill_info, str):
        try:
            bill_info = parse(bill_info)
        except DocumentRefused:
            return ""
    return word(bill_info.get("MaHoSo")) if isinstance(bill_info, Mapping) else ""


def _refused(code: str) -> NotificationRefused:
    return NotificationRefused(f"the callback of KeyPay is refused: {code}", code=code)
