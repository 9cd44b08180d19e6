"""PayGov: orders, callbacks and vouchers (payment notes §B). Pure.

Checksums cover values joined without a separator (pitfall 7), so every value has a pattern: the order's code ends in
"-01", behind which only digits follow; of these the first 18 are the request's code, and the amount begins with none
of the zeros that could belong to it. So what is signed can be read in one way only.

How a callback is signed is not known (U24): PayGov itself is asked whether it wrote the message, and nothing in it,
least of all its error code, is trusted before.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gateway.errors import Fault, InvalidInput
from gateway.model.payment import CURRENCY, Answer, Payer, PaymentFact, PaymentOrder
from gateway.ports.payments import NotificationRefused
from mappings.payment.addresses import payer_address
from mappings.payment.amounts import read_amount, write_amount
from mappings.payment.notices import Notice
from mappings.payment.plain_text import label, plain
from mappings.payment.references import digit_reference
from mappings.payment.times import MomentForm, read_wire_time

REQUEST_CODE_LENGTH = 18
CALLBACK_FIELDS = (
    "amount",
    "orderId",
    "orderInfo",
    "requestCode",
    "transactionNo",
    "transactionCode",
    "payDate",
    "paygate",
    "errorCode",
    "type",
    "checksum",
)
"""What is handed back for verification: everything PayGov writes. A switch that a province's own page adds is not."""
DECISIVE_FIELDS = frozenset({"amount", "orderId", "requestCode", "errorCode", "checksum"})
PAID_CODE = "00"

_UNIT_LENGTH = 13
_SUFFIX = "-01"
_UNIT = re.compile(r"[0-9A-Z]{1,4}(?:\.[0-9A-Z]{1,4}){1,5}")
_DOSSIER = re.compile(r"[0-9A-Za-z]{1,30}(?:[._/-][0-9A-Za-z]{1,30}){0,5}")
_REQUEST_CODE = re.compile(r"[1-9][0-9]{17}")
_TRANSACTION = re.compile(r"[0-9A-Za-z_.-]{1,60}")
_WORD = re.compile(r"[!-~]{1,100}")
_MAX_TEXT = 255


class OrderForm(StrEnum):
    """Who signs an order (§B.3)."""

    UNIT = "unit"
    """We do, with accessKey and serviceCode."""
    LGSP = "lgsp"
    """The province's LGSP does, for the account that a fixed label names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who we are at PayGov. `secret_key` and `access_key` are "" where the LGSP signs."""

    partner_code: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    service_code: str
    account_label: str
    unit_code: str
    """Thirteen characters that begin the order's code; "" for the agency's own."""
    order_form: OrderForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What a voucher is to show. One voucher may cover several transactions."""

    transactions: tuple[str, ...]
    payer: Payer
    dossier_code: str
    procedure_name: str
    decided_on: date
    unit_code: str
    unit_name: str


def make_reference(random_bytes: bytes) -> str:
    """Give a requestCode."""
    return digit_reference(random_bytes, REQUEST_CODE_LENGTH)


def create_checksum(party: Party, *, order_id: str, request_code: str, amount_vnd: int) -> str:
    """Give the checksum of an order (§B.4)."""
    return _sha256(
        party.secret_key, party.access_key, party.partner_code, order_id, request_code, write_amount(amount_vnd)
    )


def receipt_checksum(party: Party, fields: Mapping[str, str]) -> str:
    """Give the checksum of a question for a voucher (§B.6): partner and access key stand the other way round than in
    an order's, and the date comes last."""
    names = ("payerId", "payerName", "payerAddress", "payerDistrict", "payerProvince", "docCode", "procedureName")
    values = [fields[name] for name in (*names, "paids", "otherInfo", "decisionDate")]
    return _sha256(party.secret_key, party.partner_code, party.access_key, *values)


def order_document(party: Party, order: PaymentOrder, *, allows_loopback: bool = False) -> dict[str, Any]:
    """Give an order as it is sent. The amount is a number and every identifier a text, whatever it looks like.

    Raises InvalidInput for values without their pattern, and for a network address that no payer's browser has.
    """
    address = ""
    address_faults: list[Fault] = []
    try:
        address = payer_address(order.payer_address, allows_loopback=allows_loopback)
    except ValueError as error:
        address_faults.append(Fault("payer_address", str(error)))
    unit = party.unit_code or order.agency_code
    order_id = f"{unit}-{order.dossier_code}{_SUFFIX}"
    checks = {
        "agency_code": len(unit) == _UNIT_LENGTH and _UNIT.fullmatch(unit) is not None,
        "dossier_code": _DOSSIER.fullmatch(order.dossier_code) is not None,
        "reference": _REQUEST_CODE.fullmatch(order.reference) is not None,
        "amount_vnd": order.amount_vnd > 0,
        "return_url": re.fullmatch(r"https?://[!-~]{1,500}", order.return_url) is not None,
    }
    form = "does not have the form that PayGov takes"
    faults = [*(Fault(name, form) for name, is_well in checks.items() if not is_well), *address_faults]
    if faults:
        raise InvalidInput("the order cannot be sent to PayGov", faults)
    document: dict[str, Any] = {
        "partnerCode": party.partner_code,
        "returnUrl": order.return_url,
        "orderId": order_id,
        "amount": order.amount_vnd,
        "orderInfo": plain(f"{order.procedure_name} {order.dossier_code}", _MAX_TEXT),
        "requestCode": order.reference,
        "ipAddress": address,
    }
    if party.order_form is OrderForm.LGSP:
        return {**document, "beneficiaryCode": "", "accountPay": party.account_label}
    return {
        **document,
        "accessKey": party.access_key,
        "serviceCode": party.service_code,
        "checksum": create_checksum(
            party, order_id=order_id, request_code=order.reference, amount_vnd=order.amount_vnd
        ),
    }


def dossier_of(order_id: str) -> str:
    """Give the dossier's number inside an order's code, by position; "" where there is none."""
    unit, dossier, suffix = order_id[: _UNIT_LENGTH + 1], order_id[_UNIT_LENGTH + 1 : -3], order_id[-3:]
    is_well = unit.endswith("-") and suffix == _SUFFIX and _DOSSIER.fullmatch(dossier) is not None
    return dossier if is_well else ""


def read_callback(
    partner_code: str,
    members: Mapping[str, Any],
    *,
    may_lack: frozenset[str],
    pending_codes: frozenset[str] = frozenset(),
    pay_date_form: MomentForm = MomentForm.COMPACT,
) -> PaymentFact:
    """Read a callback: what it claims, never decisive.

    Identifiers may come as texts or whole numbers. Raises NotificationRefused (malformed).
    """
    texts = {name: _word(members.get(name)) for name in CALLBACK_FIELDS}
    lacking = {name for name in CALLBACK_FIELDS if name not in members or texts[name] is None}
    words = {name: text or "" for name, text in texts.items()}
    try:
        amount = read_amount(members.get("amount"))
    except ValueError:
        raise _malformed() from None
    is_well = (
        not lacking - may_lack
        and _REQUEST_CODE.fullmatch(words["requestCode"]) is not None
        and _WORD.fullmatch(words["checksum"]) is not None
        and _WORD.fullmatch(words["errorCode"]) is not None
    )
    if not is_well:
        raise _malformed()
    # No list of codes is known; whatever is not 00 is not paid (U24).
    is_paid = words["errorCode"] == PAID_CODE
    is_pending = words["errorCode"] in pending_codes
    transaction = label(words["transactionCode"]) or label(words["transactionNo"])
    if is_paid and not _TRANSACTION.fullmatch(transaction):
        raise _malformed()
    written = label(words["payDate"])
    time = read_wire_time(written, form=pay_date_form) if written else None
    return PaymentFact(
        answer=Answer.PAID if is_paid else Answer.PENDING if is_pending else Answer.FAILED,
        reference=words["requestCode"],
        partner_code=partner_code,
        amount_vnd=amount,
        # No message of PayGov names a currency: there is only one.
        currency=CURRENCY,
        transaction=transaction,
        bank_code=label(words["paygate"]),
        dossier_code=dossier_of(words["orderId"]),
        paid_at=time.at if time is not None else None,
        paid_at_text=written,
        result_code=words["errorCode"],
        is_decisive=False,
        notices=(
            *(time.notices if time is not None else ()),
            *(() if is_paid or is_pending else (Notice.UNKNOWN_RESULT,)),
        ),
    )


def verification_document(members: Mapping[str, Any]) -> dict[str, Any]:
    """Give what PayGov is asked to verify: its own fields just as they came."""
    return {name: members[name] for name in CALLBACK_FIELDS if name in members}


def voucher_document(party: Party, voucher: Voucher) -> dict[str, str]:
    """Give the question for a voucher; names and addresses without marks. Raises InvalidInput."""
    is_well = (
        bool(voucher.transactions)
        and all(_TRANSACTION.fullmatch(transaction) for transaction in voucher.transactions)
        and _DOSSIER.fullmatch(voucher.dossier_code)
    )
    if not is_well:
        raise InvalidInput("the voucher cannot be asked for", [Fault("transactions", "must be known to PayGov")])
    fields = {
        "payerId": plain(voucher.payer.number, 50),
        "payerName": plain(voucher.payer.full_name, _MAX_TEXT),
        "payerAddress": plain(voucher.payer.address, _MAX_TEXT),
        # Since July 2025 there are no districts.
        "payerDistrict": "",
        "payerProvince": plain(voucher.payer.province, _MAX_TEXT),
        "docCode": voucher.dossier_code,
        "decisionDate": voucher.decided_on.strftime("%d-%m-%Y"),
        "procedureName": plain(voucher.procedure_name, _MAX_TEXT),
        "paids": _base64_json(list(voucher.transactions)),
        "otherInfo": _base64_json({"beneficiaryUnitCode": voucher.unit_code, "beneficiaryUnitName": voucher.unit_name}),
    }
    return {
        "partnerCode": party.partner_code,
        "accessKey": party.access_key,
        **fields,
        "checksum": receipt_checksum(party, fields),
    }


def lgsp_header(*, access_key: str, secret_key: str, app_name: str, partner_code: str, extra: Mapping[str, str]) -> str:
    """Give the value of the header lgspaccesstoken."""
    document = {"AccessKey": access_key, "SecretKey": secret_key, "AppName": app_name, "PartnerCode": partner_code}
    return _base64_json({**document, **extra})


def _base64_json(value: object) -> str:
    return base64.b64encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def _sha256(*values: str) -> str:
    return sha256("".join(values).encode()).hexdigest()


def _word(value: object) -> str | None:
    """Give a text or whole number as text; None for anything else, also for null, which is no empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def _malformed() -> NotificationRefused:
    return NotificationRefused("the callback of PayGov is refused: malformed", code="malformed")
