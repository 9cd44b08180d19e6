"""What the composition root gives the payment endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.api.callers import CallerRule
from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payments import PaymentDesk
from gateway.sync.fees import FeeCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentService:
    """Desk and notices. `returns` are, per client, the whole addresses to which payers' browsers may be sent back."""

    desk: PaymentDesk
    notices: PaymentNotices
    returns: Mapping[str, frozenset[str]]
    fee_check: FeeCheck = FeeCheck.WARN
    callers: CallerRule = field(default_factory=CallerRule)
    max_notification_bytes: int = 64 * 1024
