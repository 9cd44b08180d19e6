"""What is due for a dossier, told to a national portal at which it may be paid (payment notes §A.8).

A look-up opens nothing: the order that it gives is the same at every look-up, under a reference that follows from the
request. A deadline is looked at here, and never when money comes.
"""

from collections.abc import Awaitable, Callable, Sequence

from gateway.engine.payment_records import ConfiguredProvider, PaymentRecords
from gateway.engine.payment_strays import PaymentStrays
from gateway.engine.payments import BeneficiaryRule, rule_of
from gateway.errors import IntegrityFailed
from gateway.model.payment import PaymentOrder, RequestState
from gateway.ports.payments import Acknowledgement, Capability, DueAnswer, RawNotification
from gateway.sync.payment_storing import StoredPayment

IsKnown = Callable[[str], Awaitable[bool]]
"""Tells whether a dossier is known."""


class PaymentLookups:
    """Answers look-ups."""

    def __init__(
        self,
        records: PaymentRecords,
        strays: PaymentStrays,
        *,
        accounts: Sequence[BeneficiaryRule],
        is_known: IsKnown,
    ) -> None:
        self._records = records
        self._strays = strays
        self._accounts = tuple(accounts)
        self._is_known = is_known

    def offered_by(self, provider: str) -> ConfiguredProvider | None:
        """Give the provider; None for one that does not look up."""
        known = self._records.providers.get(provider)
        return known if known is not None and Capability.LOOKUP in known.provider.capabilities else None

    async def answer(self, known: ConfiguredProvider, raw: RawNotification) -> Acknowledgement:
        """Answer one look-up. Raises NotificationRefused (not_authorised, or its form is wrong), StoreUnavailable."""
        dossier_code = known.provider.read_lookup(raw)
        payments = await self._records.store.of_dossier(dossier_code)
        if not payments and not await self._is_known(dossier_code):
            return known.provider.answer_lookup(DueAnswer(order=None, is_known=False))
        order = next((made for one in payments if (made := self._order(known, one)) is not None), None)
        return known.provider.answer_lookup(DueAnswer(order=order))

    def _order(self, known: ConfiguredProvider, payment: StoredPayment) -> PaymentOrder | None:
        """Give the order under which a request may be paid there; None where it may not."""
        view, now = payment.view, self._records.clock.now()
        is_open = view.state is RequestState.DUE and not view.is_disputed
        # With a page open elsewhere, or an attempt that nobody knows the end of, it would be paid twice.
        is_free = not any(one.view.is_live for one in payment.attempts)
        is_in_time = view.deadline_at is None or now < view.deadline_at
        rule = rule_of(self._accounts, payment.agency_code, payment.procedure_code)
        if not (is_open and is_free and is_in_time) or rule is None:
            return None
        try:
            content = self._records.open(payment)
        except IntegrityFailed as error:
            if error.code != "payment_erased":
                raise
            return None
        return PaymentOrder(
            reference=self._strays.reference_of(known, payment),
            amount_vnd=view.amount_vnd,
            items=view.items,
            dossier_code=view.dossier_code,
            procedure_code=content.procedure_code,
            procedure_name=content.procedure_name,
            service_code=content.service_code,
            service_name=content.service_name,
            agency_code=rule.unit_code or payment.agency_code,
            agency_name=rule.unit_name or content.agency_name,
            beneficiary=rule.beneficiary,
            payer=content.payer,
            payer_address="",
            return_url="",
            opened_at=payment.created_at,
        )
