"""What the composition root gives the payment endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from gateway.engine.payment_lookups import PaymentLookups
from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payment_people import PaymentPeople
from gateway.engine.payment_refunds import Refunds
from gateway.engine.payments import PaymentDesk
from gateway.engine.settlement import Settlements
from gateway.store.payment_cases import PostgresPaymentCases
from gateway.sync.fees import FeeCheck


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
    lookup_rate: AsyncLimiter
    """How often national portals may look up what is due."""
    returns: Mapping[str, frozenset[str]]
    fee_check: FeeCheck = FeeCheck.WARN
    max_notification_bytes: int = 64 * 1024
