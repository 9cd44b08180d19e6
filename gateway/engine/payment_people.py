"""What is done because of decisions about payments, where a person is needed or a dossier has to hear of it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.engine.payment_records import PaymentRecords
from gateway.engine.payments import PaymentNotPossible
from gateway.model.payment import Source
from gateway.sync.payment_people import resolve_dispute
from gateway.sync.payment_records import Effect, PaymentPolicy, Refused
from gateway.sync.payment_storing import HeldMoney, StoredPayment
from gateway.sync.payment_words import Reason, Resolution


class OpenCase(Protocol):
    """Opens the case of an effect, once; `reason` is a word that its kind does not say."""

    async def __call__(self, request_id: UUID, effect: Effect, now: datetime, *, reason: str = "") -> None: ...


class PaymentPeople:
    """Carries out effects that lead to persons, and takes what they decide about disputes."""

    def __init__(self, records: PaymentRecords, open_case: OpenCase) -> None:
        self._records = records
        self._open_case = open_case

    async def open_case(self, payment: StoredPayment, effect: Effect) -> str:
        """Put it on the list of cases, once."""
        await self._open_case(payment.view.request_id, effect, self._records.clock.now())
        return "case"

    async def told_by_event(self, payment: StoredPayment, effect: Effect) -> str:
        """The events of the feed tell it: the province's own system holds the dossier, or writes to the payer."""
        return "told_by_event"

    async def hold_money(self, payment: StoredPayment, effect: Effect) -> str:
        """Hold money of which a person decided that it belongs to something else."""
        attempt = None if effect.attempt_id is None else payment.attempt(effect.attempt_id)
        money = HeldMoney(
            provider="" if attempt is None else attempt.view.provider,
            key=f"decided|{payment.view.request_id}|{effect.key}",
            transaction=effect.transaction,
            amount_vnd=effect.amount_vnd,
            reference="" if attempt is None else attempt.view.reference,
            dossier_code=payment.view.dossier_code,
            source=Source.OFFICER,
            reason=Reason.BY_PERSON,
        )
        async with self._records.store.changing_dossier("") as change:
            await change.hold(money, self._records.clock.now())
        return "held"

    async def resolve(
        self,
        request_id: UUID,
        attempt_id: UUID,
        *,
        transaction: str,
        resolution: Resolution,
        officer: str,
        reason: str,
    ) -> StoredPayment:
        """Take an officer's decision about one debit. Raises PaymentNotPossible."""
        now = self._records.clock.now()
        async with self._records.store.changing(request_id) as change:
            found = None if change is None else change.payment.attempt(attempt_id)
            if change is None or found is None:
                raise PaymentNotPossible("no_such_debit")
            known = self._records.providers.get(found.view.provider)
            judged = resolve_dispute(
                change.payment.view,
                found.view,
                change.payment.others(attempt_id),
                resolution,
                now,
                PaymentPolicy() if known is None else known.policy,
                transaction=transaction,
                person=officer,
                reason=reason,
            )
            if isinstance(judged, Refused):
                raise PaymentNotPossible(judged.refusal)
            await change.apply(judged, Source.OFFICER, now)
            return change.payment
