"""Money under a reference that no attempt has: payments that began at the national portal, and everything stray.

What may be found by its dossier pays what is owed for it; all else is held in the suspense account until a person says
where it went. Judged and stored in one transaction, with everything that is owed for the dossier locked: the same money
told twice is one debit or one held sum, whoever tells of it (payment notes §A.8, §14 U30).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from gateway.engine.payment_records import ConfiguredProvider, PaymentRecords, storable
from gateway.model.payment import Beneficiary, PaymentFact, Source
from gateway.ports.payments import RawNotification
from gateway.sync.payment_facts import fact_key
from gateway.sync.payment_records import Decision
from gateway.sync.payment_storing import DossiersPayments, HeldMoney, PaymentChange, StoredAttempt, StoredPayment
from gateway.sync.payment_strays import Owed, Stray, judge_stray
from gateway.sync.payment_words import Alert, EffectKind, Ruling

BeneficiaryOf = Callable[[str, str], Beneficiary | None]
"""Gives the account by agency and procedure."""
_MAX_CODE_LENGTH = 100


class PaymentStrays:
    """Takes what belongs to no attempt."""

    def __init__(self, records: PaymentRecords, beneficiary_of: BeneficiaryOf) -> None:
        self._records = records
        self._beneficiary_of = beneficiary_of

    def reference_of(self, known: ConfiguredProvider, payment: StoredPayment) -> str:
        """Give the reference under which a request is paid at the national portal: always the same, until the amount
        is fixed anew."""
        view = payment.view
        digest = self._records.digest("look-up", view.request_id.bytes + view.version.to_bytes(4))
        return known.provider.make_reference(digest[:16], view.dossier_code)

    async def take(
        self, known: ConfiguredProvider, fact: PaymentFact, source: Source, *, raw: RawNotification | None = None
    ) -> Decision | Stray:
        """Judge a verified fact whose reference no attempt of the provider has, and store what follows.

        Of a Stray with Ruling ASK_FIRST nothing but the message is stored: the provider is to be asked. Raises
        StoreUnavailable.
        """
        records, name, now = self._records, known.provider.name, self._records.clock.now()
        fact = storable(fact)
        if not fact.dossier_code.isprintable() or len(fact.dossier_code) > _MAX_CODE_LENGTH:
            fact = replace(fact, dossier_code="")
        async with records.store.changing_dossier(fact.dossier_code) as change:
            known_by_now = _attempt_of(change.payments, name, fact.reference)
            if known_by_now is None:
                return await self._take(change, known, fact, source, raw, now)
        # Another message made it an attempt a moment ago.
        decision = await records.take(*known_by_now, fact, source, raw=raw)
        assert decision is not None, "attempts are never deleted"
        return decision

    async def _take(
        self,
        change: DossiersPayments,
        known: ConfiguredProvider,
        fact: PaymentFact,
        source: Source,
        raw: RawNotification | None,
        now: datetime,
    ) -> Decision | Stray:
        records, name = self._records, known.provider.name
        judged = self._judge(known, change.payments, fact, source, now)
        of = change.of(judged.request.request_id) if isinstance(judged, Decision) else None
        if raw is not None:
            message = records.kept(name, raw, judged.ruling.value, judged.reason.value)
            await (of or change).keep_message(message, now)
        if of is not None and isinstance(judged, Decision):
            await self._store(of, judged, fact, source, now)
        elif isinstance(judged, Stray) and await self._hold(change, name, fact, source, judged, now):
            # Told before it is committed: an alert too many is better than none.
            records.alert(f"payment_{Alert.SUSPENSE}", fact.dossier_code, provider=name)
        return judged

    def _judge(
        self,
        known: ConfiguredProvider,
        payments: Sequence[StoredPayment],
        fact: PaymentFact,
        source: Source,
        now: datetime,
    ) -> Decision | Stray:
        # A reference that we gave at a look-up says by itself which request is meant.
        meant = [one for one in payments if fact.reference and self.reference_of(known, one) == fact.reference]
        found = meant or payments
        account = None
        if found:
            account = self._beneficiary_of(found[0].agency_code, found[0].procedure_code)
        return judge_stray(
            [Owed(request=one.view, attempts=tuple(each.view for each in one.attempts)) for one in found],
            fact,
            source,
            now,
            known.policy,
            attempt_id=self._records.new_id(),
            provider=known.provider.name,
            partner_code=known.provider.partner_code,
            beneficiary=account or Beneficiary(account_number="", account_name="", bank_code=""),
        )

    async def _store(
        self, one: PaymentChange, decision: Decision, fact: PaymentFact, source: Source, now: datetime
    ) -> None:
        attempt = decision.attempt
        if one.payment.attempt(attempt.attempt_id) is None:
            # Nobody's browser waits for it.
            await one.add_attempt(StoredAttempt(view=attempt, return_to="", return_state=""))
        await one.apply(decision, source, now)
        if decision.ruling is not Ruling.ASK_FIRST:
            await one.rule(attempt.provider, fact_key(attempt.provider, fact), decision.ruling, now)

    async def _hold(
        self,
        change: DossiersPayments,
        provider: str,
        fact: PaymentFact,
        source: Source,
        stray: Stray,
        now: datetime,
    ) -> bool:
        held = next((one for one in stray.effects if one.kind is EffectKind.RECORD_SUSPENSE), None)
        if held is None:
            return False
        money = HeldMoney(
            provider=provider,
            # A message and a file tell of the same transaction in their own words: it is one sum.
            key=f"transaction|{held.transaction}" if held.transaction else held.moment,
            transaction=held.transaction,
            amount_vnd=held.amount_vnd,
            reference=fact.reference,
            dossier_code=fact.dossier_code,
            source=source,
            reason=stray.reason,
        )
        return await change.hold(money, now)


def _attempt_of(payments: Sequence[StoredPayment], provider: str, reference: str) -> tuple[UUID, UUID] | None:
    """Give request and attempt of a reference."""
    return next(
        (
            (payment.view.request_id, one.view.attempt_id)
            for payment in payments
            for one in payment.attempts
            if reference and (one.view.provider, one.view.reference) == (provider, reference)
        ),
        None,
    )
