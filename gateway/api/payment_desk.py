"""What the composition root gives the payment endpoints."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from aiolimiter import AsyncLimiter

from gateway.api.callers import CallerRule
from gateway.engine.payment_bills import PaymentBills
from gateway.engine.payment_lookups import PaymentLookups
from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payment_people import PaymentPeople
from gateway.engine.payment_refunds import Refunds
from gateway.engine.payment_vouchers import PaymentVouchers
from gateway.engine.payments import PaymentDesk
from gateway.engine.receipt_orders import ConfiguredSupplier
from gateway.engine.receipts import ReceiptContents, ReceiptIssuing
from gateway.engine.settlement import Settlements
from gateway.engine.transfers import TransferReading
from gateway.model.receipt import Receipt
from gateway.model.settlement import Statement
from gateway.store.payment_cases import PostgresPaymentCases
from gateway.store.receipt_orders import PostgresReceiptOrders
from gateway.store.receipts import PostgresReceiptNumbers
from gateway.sync.fees import FeeCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDesk:
    """How a statement is read, and who takes what it tells.

    `read` takes the file's bytes and the day up to which it is complete. Raises InvalidInput naming lines and rules.
    `keep` keeps it, so that daily files may be held against it; None where none are.
    """

    read: Callable[[bytes, date], Statement]
    reading: TransferReading
    keep: Callable[[Statement], Awaitable[None]] | None = None


_A_MINUTE = 60.0
CHECKS_PER_MINUTE = 120
"""Of one process; a code is too long to be guessed, and this keeps anybody from trying."""


class ReceiptDesk:
    """What the endpoints need. `pdf` draws a receipt; its second argument is where its code may be checked."""

    def __init__(
        self,
        numbers: PostgresReceiptNumbers,
        contents: ReceiptContents,
        issuing: ReceiptIssuing,
        *,
        orders: PostgresReceiptOrders,
        suppliers: Mapping[str, ConfiguredSupplier],
        pdf: Callable[[Receipt, str], bytes],
        checked_at: str,
    ) -> None:
        self.numbers = numbers
        self.contents = contents
        self.issuing = issuing
        self.orders = orders
        self.suppliers = suppliers
        self.pdf = pdf
        self.checked_at = checked_at
        self.rate = AsyncLimiter(CHECKS_PER_MINUTE, _A_MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentService:
    """What does the work. `returns` are, per client, the whole addresses to which payers' browsers may be sent back."""

    desk: PaymentDesk
    notices: PaymentNotices
    lookups: PaymentLookups
    settlements: Settlements
    refunds: Refunds
    people: PaymentPeople
    cases: PostgresPaymentCases
    vouchers: PaymentVouchers
    bills: PaymentBills
    receipts: ReceiptDesk
    lookup_rate: AsyncLimiter
    """How often national portals may look up what is due."""
    returns: Mapping[str, frozenset[str]]
    fee_check: FeeCheck = FeeCheck.WARN
    pictures: Mapping[str, Callable[[str], bytes]]
    statements: StatementDesk | None = None
    """Reads account statements; None when their form is not configured."""
    callers: CallerRule = field(default_factory=CallerRule)
    max_notification_bytes: int = 64 * 1024
