"""What providers tell by themselves: verified, stored and judged in one short transaction, then acknowledged.

An acknowledgement says what was committed and nothing else (payment notes §11 no. 25). A message that cannot be
verified changes nothing and is kept all the same.
"""

import asyncio
from uuid import UUID

from gateway.engine.payment_records import ConfiguredProvider, PaymentRecords, asked_attempt
from gateway.engine.payment_strays import PaymentStrays
from gateway.errors import ConfigurationError, InvalidInput, RemoteError, StoreUnavailable
from gateway.model.payment import Answer, PaymentFact, Source
from gateway.ports.observing import PaymentMessageRefused
from gateway.ports.payments import Acknowledgement, AskedAttempt, NotificationRefused, RawNotification, Verdict
from gateway.sync.payment_records import Decision
from gateway.sync.payment_strays import Stray
from gateway.sync.payment_words import Alert, Ruling

_FORGED = "bad_checksum"
_ANSWER_SECONDS = 4.0
"""How long a provider's second way is waited for; an acknowledgement is due within five (payment notes §10.0)."""


class PaymentNotices:
    """Takes notifications."""

    def __init__(
        self, records: PaymentRecords, strays: PaymentStrays, *, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self._records = records
        self._strays = strays
        self._answer_seconds = answer_seconds

    async def receive(self, provider: str, raw: RawNotification) -> Acknowledgement | None:
        """Take one; None for a provider that is not configured. Never raises for anything that came."""
        known = self._records.providers.get(provider)
        if known is None:
            return None
        try:
            verdict = await self._take(known, raw)
        except (StoreUnavailable, ConfigurationError):
            # Nothing was stored, or no secret can be read to verify by: it may come again.
            verdict = Verdict.UNAVAILABLE
        return known.provider.acknowledge(raw, verdict)

    def turn_away(self, provider: str) -> None:
        """Tell that somebody called from where the provider does not; nothing of it is kept."""
        self._records.observe(PaymentMessageRefused(provider=provider, reason="network"))
        self._records.alert("payment_message_refused", provider=provider)

    async def _take(self, known: ConfiguredProvider, raw: RawNotification) -> Verdict:
        records, name = self._records, known.provider.name
        try:
            fact = known.provider.read_notification(raw)
        except NotificationRefused as error:
            is_forged = error.code == _FORGED
            verdict = Verdict.FORGED if is_forged else Verdict.REFUSED
            await records.store.keep_message(records.kept(name, raw, verdict.value, error.code), records.clock.now())
            records.observe(PaymentMessageRefused(provider=name, reason=error.code))
            records.alert(f"payment_{Alert.FORGED if is_forged else 'message_refused'}", provider=name)
            return verdict
        found = await self._find(name, fact)
        if found is None:
            return await self._take_stray(known, raw, fact)
        return await self._judge(known, raw, fact, *found)

    async def _take_stray(self, known: ConfiguredProvider, raw: RawNotification, fact: PaymentFact) -> Verdict:
        """Take what no attempt has a reference for. Money that is only held is refused, though it is written down: to
        acknowledge it would tell its payer that something is paid (pitfall 25)."""
        judged = await self._strays.take(known, fact, Source.NOTIFICATION, raw=raw)
        if isinstance(judged, Stray) and judged.ruling is Ruling.REFUSED:
            told = PaymentMessageRefused(provider=known.provider.name, reason=judged.reason.value)
            self._records.observe(told)
        if judged.ruling is not Ruling.ASK_FIRST or isinstance(judged, Decision):
            return _verdict(judged.ruling)
        asked = AskedAttempt(
            reference=fact.reference,
            amount_vnd=fact.amount_vnd or 0,
            dossier_code=fact.dossier_code,
            opened_at=self._records.clock.now(),
            paid_at_text=fact.paid_at_text,
            transaction=fact.transaction,
        )
        try:
            async with asyncio.timeout(self._answer_seconds):
                confirmed = await known.ask(asked, lambda: known.provider.verify(raw, fact, asked))
        except NotificationRefused:
            self._records.alert(f"payment_{Alert.FORGED}", provider=known.provider.name)
            return Verdict.FORGED
        except (RemoteError, InvalidInput, TimeoutError):
            return Verdict.UNAVAILABLE
        # The dossier is what the provider says when it is asked: that of the hint need not be covered by its signature.
        second = await self._strays.take(known, confirmed, Source.QUERY)
        return _verdict(second.ruling)

    async def _judge(
        self, known: ConfiguredProvider, raw: RawNotification, fact: PaymentFact, request_id: UUID, attempt_id: UUID
    ) -> Verdict:
        records = self._records
        decision = await records.take(request_id, attempt_id, fact, Source.NOTIFICATION, raw=raw)
        if decision is None:
            return Verdict.REFUSED
        if decision.ruling is not Ruling.ASK_FIRST:
            return _verdict(decision.ruling)
        asked_at = records.clock.now()
        asked = asked_attempt(decision.attempt, decision.request.dossier_code)
        try:
            async with asyncio.timeout(self._answer_seconds):
                confirmed = await known.ask(asked, lambda: known.provider.verify(raw, fact, asked))
        except NotificationRefused as error:
            records.observe(PaymentMessageRefused(provider=known.provider.name, reason=error.code))
            records.alert(f"payment_{Alert.FORGED}", decision.request.dossier_code, provider=known.provider.name)
            return Verdict.FORGED
        except (RemoteError, InvalidInput, TimeoutError):
            # The question stays owed, and is asked by schedule; the provider may send its message again.
            return Verdict.UNAVAILABLE
        second = await records.take(request_id, attempt_id, confirmed, Source.QUERY, asked_at=asked_at)
        if second is None:
            return Verdict.REFUSED
        if fact.answer is Answer.PAID and not second.attempt.debits:
            # No money is written down: whoever says that it was paid should say it again.
            return Verdict.UNAVAILABLE
        return _verdict(second.ruling)

    async def _find(self, provider: str, fact: PaymentFact) -> tuple[UUID, UUID] | None:
        store = self._records.store
        request_id = await store.request_of(provider, fact.reference) if fact.reference else None
        payment = None if request_id is None else await store.find(request_id)
        if payment is None:
            return None
        for attempt in payment.attempts:
            if attempt.view.provider == provider and attempt.view.reference == fact.reference:
                return payment.view.request_id, attempt.view.attempt_id
        return None


def _verdict(ruling: Ruling) -> Verdict:
    return {
        Ruling.APPLIED: Verdict.APPLIED,
        Ruling.REFUSED: Verdict.REFUSED,
        Ruling.ASK_FIRST: Verdict.UNAVAILABLE,
    }[ruling]
