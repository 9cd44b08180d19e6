"""Messages of the receipt supplier with JSON (payment notes §D.3, one source). Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gateway.errors import InvalidInput
from gateway.model.receipt import Receipt
from gateway.ports.receipts import SuppliedReceipt, SupplierOrder
from mappings.payment.amounts import read_amount
from mappings.payment.plain_text import label
from mappings.payment.receipt_rules import ViettelRules, tax_code_of

_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_]{1,60}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MILLISECONDS = 4_102_444_800_000
"""The year 2100."""


class Unreadable(ValueError):
    """An answer that is none of the forms that are known; the message tells no content."""


def make_key(key: str) -> str:
    """Give a receipt's key as the supplier takes it: 32 hexadecimal digits that follow from it.

    Our keys of levies are longer than the 36 characters that other users' programs know of.
    """
    return sha256(b"receipt " + key.encode()).hexdigest()[:32]


def create_document(rules: ViettelRules, order: SupplierOrder) -> dict[str, Any]:
    """Write createInvoice of one receipt."""
    draft, series = order.draft, order.series
    return {
        "generalInvoiceInfo": {
            **rules.general_extra,
            "templateCode": series.form_symbol,
            "invoiceSeries": series.receipt_symbol,
            "currencyCode": rules.currency,
            "paymentStatus": True,
            rules.key_member: order.key,
        },
        "buyerInfo": {
            "buyerName": draft.payer.full_name,
            "buyerCode": draft.dossier_code,
            "buyerAddressLine": draft.payer.address,
            "buyerTaxCode": tax_code_of(draft.payer),
        },
        "payments": [{"paymentMethod": rules.means[draft.means]}],
        "itemInfo": [
            {
                "lineNumber": place,
                "itemCode": item.code,
                "itemName": item.name,
                "unitName": rules.unit,
                "quantity": 1,
                "unitPrice": item.amount_vnd,
                "itemTotalAmountWithoutTax": item.amount_vnd,
                "taxPercentage": rules.tax_percentage,
                "taxAmount": 0,
            }
            for place, item in enumerate(draft.items, 1)
        ],
    }


def find_members(rules: ViettelRules, tax_code: str, key: str) -> dict[str, str]:
    """Write the question about a key."""
    return {"supplierTaxCode": tax_code, rules.key_member: key}


def cancel_members(rules: ViettelRules, tax_code: str, receipt: Receipt, reason: str) -> dict[str, str]:
    """Write the cancelling of a receipt: form, number, the instant of issue as it was told, and why.

    Raises InvalidInput for a receipt of no supplier, or one whose instant of issue was never told.
    """
    supplied = receipt.supplied
    if supplied is None or not supplied.issued_stamp:
        raise InvalidInput("the supplier's instant of issue is not known", code="issued_stamp_missing")
    return {
        "supplierTaxCode": tax_code,
        "templateCode": receipt.number.series.form_symbol,
        "invoiceNo": number_text(receipt),
        "strIssueDate": supplied.issued_stamp,
        rules.reason_member: reason,
    }


def document_members(tax_code: str, receipt: Receipt) -> dict[str, str]:
    """Write the question for a receipt's PDF."""
    return {
        "supplierTaxCode": tax_code,
        "templateCode": receipt.number.series.form_symbol,
        "invoiceNo": number_text(receipt),
        "fileType": "PDF",
    }


def number_text(receipt: Receipt) -> str:
    """Give series and number in one word, as the supplier names receipts."""
    return f"{receipt.number.series.receipt_symbol}{receipt.number.text}"


def refusal_of(rules: ViettelRules, answer: Mapping[str, Any]) -> str | None:
    """Give the supplier's word for a refusal, "" for one that may not be shown; None for an answer that is none."""
    code = answer.get("errorCode")
    if code is None and answer.get("code") not in (None, 200, "200"):
        # Refusals before the work have `code` and, as a word, `message`; so other users' programs read them.
        code = answer.get("message") or answer.get("code")
    if code is None or str(code) in rules.well_codes:
        return None
    return str(code) if _CODE.fullmatch(str(code)) else ""


def read_issued(rules: ViettelRules, order: SupplierOrder, answer: Mapping[str, Any]) -> SuppliedReceipt:
    """Read the answer to createInvoice. Raises Unreadable."""
    return _receipt(rules, answer.get("result"), order.series.receipt_symbol)


def read_found(rules: ViettelRules, answer: Mapping[str, Any], symbols: str) -> SuppliedReceipt | None:
    """Read the answer to a question about a key; None for an empty list.

    `symbols` is the series that was ordered. Raises Unreadable, also where one key has several receipts.
    """
    result = answer.get("result")
    if isinstance(result, list):
        if not result:
            return None
        if len(result) > 1:
            raise Unreadable("tells several receipts of one key")
        result = result[0]
    return _receipt(rules, result, symbols)


def _receipt(rules: ViettelRules, result: object, symbols: str) -> SuppliedReceipt:
    if not isinstance(result, Mapping):
        raise Unreadable("holds no result")
    whole = result.get("invoiceNo")
    number = whole.removeprefix(symbols) if isinstance(whole, str) and symbols and whole.startswith(symbols) else ""
    if _NUMBER.fullmatch(number) is None or int(number) == 0:
        raise Unreadable("names no number of the series")
    issued_at, stamp = _instant(result.get("issueDate"))
    amount = None if rules.amount_member is None else result.get(rules.amount_member)
    state = None if rules.state_member is None else result.get(rules.state_member)
    try:
        amount_vnd = None if amount is None else read_amount(amount)
    except ValueError:
        raise Unreadable("tells an amount that is none") from None
    return SuppliedReceipt(
        number=int(number),
        receipt_symbol=symbols,
        amount_vnd=amount_vnd,
        issued_at=issued_at,
        issued_stamp=stamp,
        is_cancelled=None if state is None else str(state) in rules.cancelled_states,
        lookup_code=_text(result.get("reservationCode")),
        tax_office_code=_text(result.get("codeOfTax")),
    )


def _instant(given: object) -> tuple[datetime | None, str]:
    """Read milliseconds since 1970 as number or digits; what is none is no instant, and no stamp."""
    text = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    if not (text.isascii() and text.isdigit()) or len(text) > 13 or int(text) > _MOST_MILLISECONDS:
        return None, ""
    return _EPOCH + timedelta(milliseconds=int(text)), text


def _text(given: object) -> str:
    return label(given) if isinstance(given, str) else ""


def read_document(answer: Mapping[str, Any]) -> bytes:
    """Give the PDF. Raises Unreadable for what is none."""
    content = answer.get("fileToBytes")
    if not isinstance(content, str):
        raise Unreadable("holds no file")
    try:
        document = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("holds a file that is no base64") from None
    if not document.startswith(b"%PDF-"):
        raise Unreadable("holds a file that is no PDF")
    return document
