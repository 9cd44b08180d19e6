"""What the composition root gives the payment endpoints."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payments import PaymentDesk
from gateway.engine.transfers import TransferReading
from gateway.model.settlement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDesk:
    """How a statement is read, and who takes what it tells.

    `read` takes the file's bytes and the day up to which it is complete. Raises InvalidInput naming lines and rules.
    """

    read: Callable[[bytes, date], Statement]
    reading: TransferReading


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentService:
    """Desk and notices. `returns` are, per client, the whole addresses to which payers' browsers may be sent back.

    `pictures` draw the content of a QR code, by media type; the first is given to who prefers none.
    """

    desk: PaymentDesk
    notices: PaymentNotices
    returns: Mapping[str, frozenset[str]]
    pictures: Mapping[str, Callable[[str], bytes]]
    statements: StatementDesk | None = None
    """Reads account statements; None when their form is not configured."""
    max_notification_bytes: int = 64 * 1024
