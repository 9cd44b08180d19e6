"""Everything about fees that the day does: paid here and at the portal, settled, given back, transferred, receipted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.demo.payment_files import PARTNER, PROVIDERS
from gateway.demo.payment_portal import AtPortal, pay_at_portal
from gateway.demo.payment_refunds import GivenBack, give_back
from gateway.demo.payments import Caller, Paid, pay_all_day, told_to_portal
from gateway.demo.receipts import Receipted, injure_supplier, look_at_receipts
from gateway.demo.settlement import Settled, settle_the_day
from gateway.demo.stack import Control
from gateway.demo.transfers import Transferred, transfer_fees


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDay:
    """What became of each part."""

    paid: Paid
    at_portal: AtPortal
    settled: Settled
    given: GivenBack
    transferred: Transferred
    receipted: Receipted

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        """The dossiers with fees that were filed."""
        return [document for part in self._filing for document in part.documents]

    @property
    def changes_count(self) -> int:
        """How many changes of dossiers the fees made: each that was filed, and what was told of each that was paid."""
        return sum(len(part.documents) + part.paid for part in self._filing)

    @property
    def unexpected(self) -> Sequence[str]:
        """What should not have happened."""
        return [one for part in self._filing for one in part.unexpected]

    @property
    def _filing(self) -> tuple[Paid | AtPortal | Settled | GivenBack | Transferred, ...]:
        return (self.paid, self.at_portal, self.settled, self.given, self.transferred)

    def counts(self) -> dict[str, Any]:
        """Give the figures of the summary by name."""
        return {
            **_paid(self.paid),
            **_at_portal(self.at_portal),
            **_settled(self.settled),
            **_given(self.given),
            **_transferred(self.transferred),
            **_receipted(self.receipted),
        }


async def live_with_fees(
    caller: Caller, operator: Caller, payments: Control, portal: Control, *, procedure_code: str
) -> PaymentDay:
    """Pay, settle, give back, transfer and look at the receipts, one after the other."""
    await injure_supplier(payments)
    paid = await pay_all_day(caller, payments, procedure_code=procedure_code)
    paid.told_to_portal = await told_to_portal(portal, paid)
    at_portal = await pay_at_portal(caller, operator, payments, partner=PARTNER, procedure_code=procedure_code)
    settled = await settle_the_day(
        caller, operator, payments, partner=PARTNER, procedure_code=procedure_code, strays_count=at_portal.held
    )
    given = await give_back(caller, operator, payments, procedure_code=procedure_code)
    return PaymentDay(
        paid=paid,
        at_portal=at_portal,
        settled=settled,
        given=given,
        transferred=await transfer_fees(caller, operator, payments, procedure_code=procedure_code),
        receipted=await look_at_receipts(caller, payments),
    )


def _paid(done: Paid) -> dict[str, Any]:
    return {
        "payments.requested": done.requested,
        "payments.paid": done.paid,
        **{f"payments.paid.{name}": done.by_provider.get(name, 0) for name in PROVIDERS},
        "payments.forged_returns_refused": done.forged_refused,
        "payments.double_charged": done.double_charged,
        "payments.paid_without_proof": done.paid_without_proof,
        "payments.difference_vnd": done.difference_vnd,
        "payments.told_to_portal": done.told_to_portal,
        "payments.faults": done.faults,
        "payments.unexpected": len(done.unexpected),
    }


def _at_portal(done: AtPortal) -> dict[str, Any]:
    return {
        "payments.portal_started": done.started,
        "payments.portal_paid": done.paid,
        "payments.portal_difference_vnd": done.difference_vnd,
        "payments.portal_unexpected": len(done.unexpected),
        "payments.suspense": done.held,
        "payments.suspense_settled": done.settled,
    }


def _settled(done: Settled) -> dict[str, Any]:
    return {
        "settlement.differences_seeded": done.differences_seeded,
        "settlement.differences_found": done.differences_found,
        "settlement.corrected": done.corrected,
        "settlement.explained": done.explained,
        "settlement.unexplained": done.unexplained,
        "settlement.difference_vnd_unexplained": done.difference_vnd_unexplained,
        "settlement.unexpected": len(done.unexpected),
    }


def _given(done: GivenBack) -> dict[str, Any]:
    return {
        "payments.refunds_asked": done.asked,
        "payments.refunded": done.refunded,
        "payments.own_approvals_refused": done.own_approvals_refused,
        "payments.refund_difference_vnd": done.refund_difference_vnd,
        "payments.refunds_unexpected": len(done.unexpected),
    }


def _transferred(done: Transferred) -> dict[str, Any]:
    return {
        "transfers.asked": done.asked,
        "transfers.pictures": done.pictures,
        "transfers.paid": done.paid,
        "transfers.unmatched_seeded": done.unmatched_seeded,
        "transfers.unmatched": done.unmatched,
        "transfers.taken_twice": done.taken_twice,
        "transfers.difference_vnd": done.difference_vnd,
        "transfers.unexpected": len(done.unexpected),
    }


def _receipted(done: Receipted) -> dict[str, Any]:
    return {
        "receipts.issued": done.issued,
        "receipts.missing": done.missing,
        "receipts.numbers_without_gap": done.without_gap,
        "receipts.looked_at": done.asked,
        "receipts.checked": done.checked,
        "receipts.drawn": done.drawn,
        "receipts.by_supplier": done.by_supplier,
        "receipts.at_supplier": done.at_supplier,
        "receipts.supplier_differs": done.differs,
        "receipts.supplier_faults": done.faults,
    }
