"""Which receipts are due, under which numbers, and how one is cancelled and issued anew (payment notes §D). Pure.

Numbers are given by a function of the last number given in a series: whoever calls it holds the series' row locked and
stores what it gives in the same transaction, so that no number is given twice and none is left out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.errors import GatewayError, InvalidInput
from gateway.model.dossier import FeeKind
from gateway.model.payment import PaymentItem, RequestState
from gateway.model.receipt import (
    MAX_NUMBER,
    Cancellation,
    Collector,
    PaymentMeans,
    Receipt,
    ReceiptDraft,
    ReceiptItem,
    ReceiptNumber,
    ReceiptPayer,
    ReceiptSeries,
    ReceiptState,
    Signature,
)
from gateway.model.vocabulary import VIETNAM

_KEY_WORDS = {FeeKind.CHARGE: "phi", FeeKind.LEVY: "lephi"}
ISSUABLE = frozenset({RequestState.PAID, RequestState.PARTIALLY_REFUNDED})
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that a reader could take for a digit."""
_CODE_LENGTH = 16
CODE_RANDOM_BYTES = 10
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CODE = re.compile(f"[{_ALPHABET}]{{{_CODE_LENGTH}}}")


class ReceiptRefused(GatewayError):
    """A receipt that must not be issued, cancelled or numbered now. `code` is a word from a closed list: not_paid,
    wrong_year, backdated, series_exhausted, other_series, already_cancelled, already_signed, no_reason."""

    code = "receipt_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRequest:
    """What receipts are issued for."""

    request_id: str
    request_code: str
    """The public code of the request; part of the idempotency keys."""
    state: RequestState
    items: tuple[PaymentItem, ...]
    collector: Collector
    payer: ReceiptPayer
    dossier_code: str
    procedure_name: str
    means: PaymentMeans
    payment_reference: str


def receipt_key(kind: FeeKind, request_code: str, generation: int = 1) -> str:
    """Give the idempotency key: kind and request, and from the second issue on which one it is."""
    key = f"{_KEY_WORDS[kind]}-{request_code}"
    return key if generation == 1 else f"{key}/{generation}"


def due_receipts(request: PaidRequest, issued: Sequence[Receipt]) -> list[ReceiptDraft]:
    """Give the receipts that are still to be issued: charges first, then levies, each in a receipt of its own.

    `issued` are all receipts of the request, cancelled ones too; those that adjust others are passed over. What has a
    live receipt is not due; what had only cancelled ones is due anew, in the last one's place. Of zero nothing is
    issued. Raises ReceiptRefused (not_paid) unless the request is paid, InvalidInput where something is missing.
    """
    if request.state not in ISSUABLE:
        raise ReceiptRefused("receipts are issued for what is paid", code="not_paid")
    drafts = []
    for kind in (FeeKind.CHARGE, FeeKind.LEVY):
        items = [item for item in request.items if item.kind is kind and item.amount_vnd]
        earlier = [receipt for receipt in issued if receipt.draft.kind is kind and not receipt.draft.adjusts]
        if not items or any(receipt.state is ReceiptState.ISSUED for receipt in earlier):
            continue
        keys = {receipt.draft.key for receipt in earlier}
        previous = receipt_key(kind, request.request_code, len(earlier)) if earlier else ""
        if previous and previous not in keys:
            raise InvalidInput("receipts of this request are missing")
        drafts.append(_draft(request, kind, items, receipt_key(kind, request.request_code, len(earlier) + 1), previous))
    return drafts


def _draft(request: PaidRequest, kind: FeeKind, items: Iterable[PaymentItem], key: str, replaces: str) -> ReceiptDraft:
    return ReceiptDraft(
        key=key,
        kind=kind,
        request_id=request.request_id,
        collector=request.collector,
        payer=request.payer,
        items=tuple(ReceiptItem(name=item.name, amount_vnd=item.amount_vnd, code=item.code) for item in items),
        dossier_code=request.dossier_code,
        procedure_name=request.procedure_name,
        means=request.means,
        payment_reference=request.payment_reference,
        replaces=replaces,
    )


def next_number(last: ReceiptNumber | None, series: ReceiptSeries, on: date) -> ReceiptNumber:
    """Give the number after the last one given in a series, 1 if none was.

    `on` is the day of issue in Viet Nam: numbers run from 1 January, or the first day of use, to 31 December of the
    series' year, and a later number never has an earlier day. Raises ReceiptRefused (other_series, wrong_year,
    backdated, series_exhausted).
    """
    if last is not None and last.series != series:
        raise ReceiptRefused("the last number is of another series", code="other_series")
    if on.year != series.year:
        raise ReceiptRefused("the series is of another year", code="wrong_year")
    if last is not None and on < last.given_on:
        raise ReceiptRefused("a later number was given on a later day", code="backdated")
    number = 1 if last is None else last.number + 1
    if number > MAX_NUMBER:
        raise ReceiptRefused("the series has no numbers left", code="series_exhausted")
    return ReceiptNumber(series=series, number=number, given_on=on)


def issue(
    draft: ReceiptDraft, last: ReceiptNumber | None, series: ReceiptSeries, now: datetime, random_bytes: bytes
) -> Receipt:
    """Give a draft its number and code. `random_bytes` are ten from the system's source of chance.

    Raises ReceiptRefused as `next_number` does; ValueError for other than ten bytes or an instant without zone.
    """
    if now.tzinfo is None:
        raise ValueError("the instant must be aware")
    number = next_number(last, series, now.astimezone(VIETNAM).date())
    return Receipt(draft=draft, number=number, issued_at=now, verification_code=verification_code(random_bytes))


def sign(receipt: Receipt, signature: Signature) -> Receipt:
    """Put the collector's signature to a receipt; who calls has verified it against `canonical_text`.

    Raises ReceiptRefused (already_signed, already_cancelled).
    """
    if receipt.signature is not None:
        raise ReceiptRefused("the receipt is signed", code="already_signed")
    if receipt.state is ReceiptState.CANCELLED:
        raise ReceiptRefused("the receipt is cancelled", code="already_cancelled")
    return replace(receipt, signature=signature)


def cancel(receipt: Receipt, *, reason: str, cancelled_by: str, now: datetime) -> Receipt:
    """Cancel a receipt: it keeps number, content and signature, and counts no more.

    Raises ReceiptRefused (already_cancelled, no_reason).
    """
    if receipt.state is ReceiptState.CANCELLED:
        raise ReceiptRefused("the receipt is cancelled already", code="already_cancelled")
    if not reason.strip() or not cancelled_by.strip():
        raise ReceiptRefused("a reason and a person must be named", code="no_reason")
    return replace(
        receipt, cancellation=Cancellation(reason=reason.strip(), cancelled_by=cancelled_by, cancelled_at=now)
    )


def canonical_text(receipt: Receipt) -> str:
    """Write all that a receipt says in one fixed form: what is signed. A changed word changes it.

    One field a line, name and value; line breaks within values are escaped, so that no value can pass for two fields.
    """
    draft, number = receipt.draft, receipt.number
    fields = [
        ("type", draft.type_name),
        ("form_symbol", number.series.form_symbol),
        ("receipt_symbol", number.series.receipt_symbol),
        ("number", number.text),
        ("unit", number.series.unit_code),
        ("issued_at", receipt.issued_at.astimezone(VIETNAM).isoformat()),
        ("verification_code", receipt.verification_code),
        ("key", draft.key),
        ("replaces", draft.replaces),
        ("collector", draft.collector.name),
        ("collector_tax_code", draft.collector.tax_code),
        ("collector_address", draft.collector.address),
        ("collector_agency", draft.collector.agency_code),
        ("payer", draft.payer.full_name),
        ("payer_number", draft.payer.number),
        ("payer_address", draft.payer.address),
        ("dossier", draft.dossier_code),
        ("procedure", draft.procedure_name),
        ("means", draft.means.value),
        ("payment_reference", draft.payment_reference),
        ("currency", "VND"),
    ]
    for position, item in enumerate(draft.items, 1):
        fields += [
            (f"item_{position}_name", item.name),
            (f"item_{position}_code", item.code),
            (f"item_{position}_amount", str(item.amount_vnd)),
        ]
    fields.append(("amount", str(draft.amount_vnd)))
    if draft.adjusts:
        fields.append(("adjusts", draft.adjusts))
    return "".join(f"{name}={_on_one_line(value)}\n" for name, value in fields)


def _on_one_line(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def verification_code(random_bytes: bytes) -> str:
    """Write ten random bytes as a code that a person can type: four groups of four, 80 bits in all."""
    if len(random_bytes) != CODE_RANDOM_BYTES:
        raise ValueError(f"must be {CODE_RANDOM_BYTES} bytes")
    number = int.from_bytes(random_bytes)
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_CODE_LENGTH)))
    return "-".join(letters[start : start + 4] for start in range(0, _CODE_LENGTH, 4))


def read_verification_code(text: str) -> str | None:
    """Read a code as a person typed it, in any case, with or without hyphens, with letters for look-alike digits.

    None for what cannot be one.
    """
    if len(text) > 64 or not text.isascii():
        return None
    plain = text.upper().translate(_LOOKALIKES)
    if not _CODE.fullmatch(plain):
        return None
    return "-".join(plain[start : start + 4] for start in range(0, _CODE_LENGTH, 4))
