"""The statutory receipt for charges and levies, biên lai thu phí, lệ phí (payment notes §D).

It is issued by the collecting agency and is not the payment voucher (chứng từ nộp tiền) of the provider or bank, which
proves that money moved: neither is ever shown as the other, and they share no type. A receipt that cannot be issued
takes nothing back from a payment.

Content by Decree 123/2020/NĐ-CP art. 32(2) as amended by Decree 70/2025/NĐ-CP, and form no. 06 of Circular
32/2025/TT-BTC, as payment notes §D.2 has them; the layout of the form itself was not at hand.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.errors import Fault, InvalidInput
from gateway.model.dossier import FeeKind

MAX_NUMBER = 9_999_999
"""Seven digits at most."""
MAX_AMOUNT_VND = 10**15
MAX_NAME_LENGTH = 500
MAX_ITEMS_COUNT = 1_000
TYPE_NAMES = {FeeKind.CHARGE: "BIÊN LAI THU PHÍ", FeeKind.LEVY: "BIÊN LAI THU LỆ PHÍ"}
# Letters of the Vietnamese alphabet, then the last two digits of the year, perhaps with a letter for the form's kind.
_SYMBOL = re.compile(r"[A-EGHIK-VXYĂÂĐÊÔƠƯ]{1,6}-?(?P<year>[0-9]{2})[A-EGHIK-VXY]?")
_FORM_SYMBOL = re.compile(r"[0-9A-ZĐ][0-9A-ZĐ/.-]{0,19}")
_TAX_CODE = re.compile(r"[0-9]{10}(?:-?[0-9]{3})?|[0-9]{12}", re.ASCII)


class PaymentMeans(StrEnum):
    """How the fee was paid."""

    TRANSFER = "transfer"
    CASH = "cash"


class ReceiptState(StrEnum):
    """What has become of a receipt. Its number is never used again, whatever became of it."""

    ISSUED = "issued"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSeries:
    """Receipts that are numbered together: of one unit, form symbol and receipt symbol, in one year.

    Raises InvalidInput when it is made with symbols that the rules do not allow.
    """

    unit_code: str
    form_symbol: str
    """Ký hiệu mẫu."""
    receipt_symbol: str
    """Ký hiệu biên lai: Vietnamese letters and the last two digits of the year."""
    year: int

    def __post_init__(self) -> None:
        faults = []
        found = _SYMBOL.fullmatch(self.receipt_symbol)
        if found is None:
            faults.append(Fault("receipt_symbol", "must be Vietnamese letters and two digits of the year"))
        elif int(found["year"]) != self.year % 100:
            faults.append(Fault("receipt_symbol", "must end with the last two digits of its year"))
        if not _FORM_SYMBOL.fullmatch(self.form_symbol):
            faults.append(Fault("form_symbol", "must be letters, digits, hyphens, dots and strokes"))
        if not self.unit_code:
            faults.append(Fault("unit_code", "must not be empty"))
        if faults:
            raise InvalidInput("the series cannot be used", faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """The agency that collects, under its present name."""

    name: str
    tax_code: str
    """"" only where the unit has none yet, which the relief of 2025 allows for a time."""
    address: str
    agency_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPayer:
    """Who paid, as the receipt names them."""

    full_name: str = field(repr=False)
    address: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    """Tax code or personal number, as the payer gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptItem:
    """One charge or levy."""

    name: str
    amount_vnd: int
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDraft:
    """A receipt before it has a number. Raises InvalidInput when it is made and lacks what a receipt must show.

    Its items are all charges or all levies: the two are never mixed in one receipt.
    """

    key: str
    """Idempotency key: one live receipt each."""
    kind: FeeKind
    request_id: str
    collector: Collector
    payer: ReceiptPayer
    items: tuple[ReceiptItem, ...]
    dossier_code: str
    procedure_name: str
    means: PaymentMeans
    payment_reference: str
    """The payment that it is issued for, by its reference; the voucher itself stays with the payment."""
    replaces: str = ""
    """Key of the cancelled receipt in whose place it comes."""
    adjusts: str = ""
    """Key of the receipt from which it takes its amount back, after a part of the payment was given back."""

    def __post_init__(self) -> None:
        faults = [
            Fault(name, "must not be empty")
            for name, text in (
                ("key", self.key),
                ("collector.name", self.collector.name),
                ("payer.full_name", self.payer.full_name),
                ("dossier_code", self.dossier_code),
                *((f"items[{number}].name", item.name) for number, item in enumerate(self.items)),
            )
            if not text.strip()
        ]
        if self.collector.tax_code and not _TAX_CODE.fullmatch(self.collector.tax_code):
            faults.append(Fault("collector.tax_code", "must be a tax code"))
        if not 0 < len(self.items) <= MAX_ITEMS_COUNT:
            faults.append(Fault("items", f"must be 1 to {MAX_ITEMS_COUNT}"))
        texts = (self.collector.name, self.collector.address, self.payer.full_name, self.payer.address)
        if any(
            len(text) > MAX_NAME_LENGTH for text in (*texts, self.procedure_name, *(one.name for one in self.items))
        ):
            faults.append(Fault("names", f"must have at most {MAX_NAME_LENGTH} characters"))
        if any(isinstance(item.amount_vnd, bool) or item.amount_vnd <= 0 for item in self.items):
            faults.append(Fault("items", "must have amounts above zero"))
        elif self.amount_vnd > MAX_AMOUNT_VND:
            faults.append(Fault("items", "must not sum to more than 10**15"))
        if faults:
            raise InvalidInput("the receipt lacks what it must show", faults)

    @property
    def amount_vnd(self) -> int:
        """The whole amount; above zero."""
        return sum(item.amount_vnd for item in self.items)

    @property
    def type_name(self) -> str:
        """Name of the receipt's type, in Vietnamese as the law demands."""
        return TYPE_NAMES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptNumber:
    """A number that was given, on a day of Viet Nam. `text` is how receipts show it."""

    series: ReceiptSeries
    number: int
    given_on: date

    @property
    def text(self) -> str:
        """Seven digits with leading zeros."""
        return f"{self.number:07d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The collector's digital signature over the receipt's canonical text."""

    signer_name: str
    signed_at: datetime
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Why a receipt counts no more, who said so, and when."""

    reason: str
    cancelled_by: str
    cancelled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """Where a receipt is that a supplier numbered and signed (payment notes §D.3)."""

    supplier: str
    """The name under which it is configured."""
    key: str
    """The receipt's key there."""
    issued_stamp: str = ""
    """The instant of issue as the supplier wrote it; some want it back, letter by letter."""
    lookup_code: str = field(default="", repr=False)
    """With it anybody sees the receipt at the supplier (reservationCode)."""
    tax_office_code: str = ""
    """Number that the tax office gave (codeOfTax)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """An issued receipt. Without the collector's signature it is no valid one yet; a supplier's is signed there."""

    draft: ReceiptDraft
    number: ReceiptNumber
    issued_at: datetime
    verification_code: str
    signature: Signature | None = None
    cancellation: Cancellation | None = None
    supplied: Supplied | None = None

    @property
    def state(self) -> ReceiptState:
        """Issued, or cancelled."""
        return ReceiptState.ISSUED if self.cancellation is None else ReceiptState.CANCELLED

    @property
    def is_valid(self) -> bool:
        """Whether it counts: signed, here or by its supplier, and not cancelled."""
        return (self.signature is not None or self.supplied is not None) and self.cancellation is None
