"""What the composition root gives the payment endpoints."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payments import PaymentDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentService:
    """Desk and notices. `returns` are, per client, the whole addresses to which payers' browsers may be sent back.

    `pictures` draw the content of a QR code, by media type; the first is given to who prefers none.
    """

    desk: PaymentDesk
    notices: PaymentNotices
    returns: Mapping[str, frozenset[str]]
    pictures: Mapping[str, Callable[[str], bytes]]
    max_notification_bytes: int = 64 * 1024
