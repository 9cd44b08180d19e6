"""What a supplier of electronic receipts offers the gateway (payment notes §D.3).

Errors are the RemoteError groups, with these meanings for a receipt: `Rejected`: understood and refused, nothing was
written; `TransientFailure`, `RateLimited`, `CredentialsRefused`: certainly nothing was written; `OutcomeUnknown`,
`ContractBroken`: it may have been written, so the supplier is asked by the key before anything is sent again. A key
that the supplier calls used is `OutcomeUnknown` with the code `DUPLICATE_KEY`: a receipt is there, whoever wrote it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from gateway.model.receipt import Receipt, ReceiptDraft, ReceiptSeries

DUPLICATE_KEY = "duplicate_key"


class Offer(StrEnum):
    """What a supplier can do beside issuing and cancelling."""

    FIND = "find"
    """Tells what there is under a key."""
    DOCUMENT = "document"
    """Gives the receipt as it is shown to its payer."""
    ADJUST = "adjust"
    """Writes a receipt that takes back a part of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOrder:
    """A receipt that a supplier is asked to write. The same order is sent again, if at all, down to the day."""

    key: str
    """The key as the supplier takes it (`ReceiptSupplier.make_key`)."""
    draft: ReceiptDraft
    series: ReceiptSeries
    decided_on: date
    """Day in Viet Nam that the receipt shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppliedReceipt:
    """What a supplier says of a receipt. Symbols are "" where it does not tell them; None: not told."""

    number: int
    form_symbol: str = ""
    receipt_symbol: str = ""
    amount_vnd: int | None = None
    issued_at: datetime | None = None
    issued_stamp: str = ""
    """The instant as the supplier wrote it."""
    is_cancelled: bool | None = None
    lookup_code: str = field(default="", repr=False)
    """With it anybody sees the receipt at the supplier (reservationCode)."""
    tax_office_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDocument:
    """A receipt as its supplier shows it; PDF or a page. Never shown as a page of ours: somebody else wrote it."""

    content: bytes = field(repr=False)
    media_type: str


class ReceiptSupplier(Protocol):
    """One configured supplier."""

    @property
    def name(self) -> str:
        """The name under which it is configured; a label."""
        ...

    @property
    def offers(self) -> frozenset[Offer]: ...

    def make_key(self, key: str) -> str:
        """Give a receipt's idempotency key in the form that the supplier takes: always the same one. Pure."""
        ...

    async def issue(self, order: SupplierOrder) -> SuppliedReceipt:
        """Have a receipt written, numbered and signed. Raises InvalidInput for what cannot be sent."""
        ...

    async def adjust(self, order: SupplierOrder, adjusted: Receipt) -> SuppliedReceipt:
        """Have a receipt written that takes the order's amount back from another. Raises InvalidInput, with the code
        not_offered where there is no Offer.ADJUST."""
        ...

    async def find(self, key: str, series: ReceiptSeries) -> SuppliedReceipt | None:
        """Tell what there is under a supplier's key, in the series in which it was ordered; None: nothing.

        Raises InvalidInput (not_offered)."""
        ...

    async def cancel(self, receipt: Receipt, reason: str) -> None:
        """Have a receipt cancelled. It names one receipt, so that a repetition harms nothing."""
        ...

    async def document(self, receipt: Receipt) -> ReceiptDocument | None:
        """Fetch the receipt as it is shown; None when the supplier knows none. Raises InvalidInput (not_offered)."""
        ...
