"""What is done about payments by schedule: providers are asked, and what decisions owe is carried out, once each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import cast
from uuid import UUID

from gateway.engine.payment_records import SYSTEM, PaymentRecords, asked_attempt
from gateway.errors import GatewayError, RemoteError, StoreUnavailable, TransientFailure
from gateway.model.payment import AttemptState, Source
from gateway.ports.observing import DefectFound
from gateway.ports.payments import Capability, ConfirmsResults
from gateway.sync.payment_opening import OpenFailure, open_failed
from gateway.sync.payment_polls import expire
from gateway.sync.payment_records import Effect, PaymentPolicy
from gateway.sync.payment_storing import DueEffect, Share, StoredPayment
from gateway.sync.payment_words import RECEIPTS_SHARE, EffectKind

_PER_TURN = 50
_CALLS_AT_ONCE = 8
"""To one provider; as many are claimed, so that none waits while its claim runs out."""
_RECEIPTS_AT_ONCE, _RECEIPT_ROUNDS = 4, 12
"""Most receipts are numbered here, one after another in their series, and hold connections while they wait for it."""
_CLAIMED = timedelta(seconds=90)
"""Longer than most calls take. One that takes longer may be made twice, which questions and second legs bear."""
_FIRST_DELAY = timedelta(seconds=10)
_LONGEST_DELAY = timedelta(hours=1)

Turn = Callable[[], Awaitable[None]]
Handler = Callable[[StoredPayment, Effect], Awaitable[str]]
"""Carries out one effect and says in a word what came of it; raises to have it tried again."""


class Asked(StrEnum):
    """What came of asking."""

    ANSWERED = "asked"
    NOT_ANSWERED = "not_answered"
    NOT_ASKABLE = "not_offered"


class PaymentWork:
    """One process's share of it."""

    def __init__(self, records: PaymentRecords, handlers: Mapping[EffectKind, Handler]) -> None:
        self._records = records
        self._handlers = {
            EffectKind.ALERT: self._alert,
            EffectKind.ASK_PROVIDER: self._ask_provider,
            EffectKind.CONFIRM_TO_PROVIDER: self._confirm,
            **handlers,
        }

    def turns(self) -> Mapping[str, Turn]:
        """Give what is done again and again, by name: each provider's calls, receipts, and what calls nobody.

        A provider that is slow keeps its own turn waiting and no other. Turns raise StoreUnavailable.
        """
        names = tuple(self._records.providers)
        calls = {f"payment_calls.{name}": partial(self._call, Share((name,))) for name in names}
        return {
            **calls,
            "payment_receipts": partial(
                self._call, Share((RECEIPTS_SHARE,)), rounds_count=_RECEIPT_ROUNDS, at_once=_RECEIPTS_AT_ONCE
            ),
            "payment_effects": partial(self._work, Share((*names, RECEIPTS_SHARE), is_among=False)),
        }

    async def _call(self, share: Share, *, rounds_count: int = 1, at_once: int = _CALLS_AT_ONCE) -> None:
        """Call a provider about everything that is due, at once; in several rounds where one does not take it all."""
        for _ in range(rounds_count):
            due = await self._due(share, at_once)
            for error in await asyncio.gather(*(do() for do in due), return_exceptions=True):
                if error is not None:
                    raise error
            if len(due) < at_once:
                return

    async def _work(self, share: Share) -> None:
        """Do what calls nobody, one after another: one connection is enough for it."""
        for do in await self._due(share, _PER_TURN):
            await do()

    async def _due(self, share: Share, limit: int) -> list[Turn]:
        store, now = self._records.store, self._records.clock.now()
        until = now + _CLAIMED
        polls = await store.claim_polls(share, now, until, limit)
        effects = await store.claim_effects(share, now, until, limit)
        return [
            *(partial(self._guarded, "poll", partial(self.ask_about, *ids)) for ids in polls),
            *(partial(self._guarded, "effect", partial(self._do, one)) for one in effects),
        ]

    async def ask_about(self, request_id: UUID, attempt_id: UUID) -> Asked:
        """Ask the provider about one attempt, unless time alone decides."""
        records = self._records
        payment = await records.store.find(request_id)
        found = None if payment is None else payment.attempt(attempt_id)
        if payment is None or found is None:
            return Asked.NOT_ASKABLE
        known = records.providers.get(found.view.provider)
        if found.view.state is AttemptState.CREATED or known is None or not known.policy.can_query:
            await self._pass_time(request_id, attempt_id)
            return Asked.NOT_ASKABLE
        if not known.circuit.is_available():
            await self._pass_time(request_id, attempt_id)
            return Asked.NOT_ANSWERED
        if found.view.state is AttemptState.INIT_SENT:
            # Whoever sent it is gone, or takes longer than any call may.
            await self._pass_time(request_id, attempt_id, is_unanswered=True)
        asked_at = records.clock.now()
        asked, query = asked_attempt(found.view, payment.view.dossier_code), known.provider.query
        try:
            fact = await known.ask(asked, lambda: query(asked))
        except GatewayError as error:
            if not isinstance(error, RemoteError):
                # A secret or an attempt that cannot be asked with: somebody must hear, and the schedule goes on.
                records.observe(DefectFound(system="payments", operation="poll", error=error))
            await self._pass_time(request_id, attempt_id)
            return Asked.NOT_ANSWERED
        await records.take(request_id, attempt_id, fact, Source.QUERY, asked_at=asked_at)
        return Asked.ANSWERED

    async def _pass_time(self, request_id: UUID, attempt_id: UUID, *, is_unanswered: bool = False) -> None:
        """Let time do what it may: lead to the next question, and in the end to a person."""
        records, now = self._records, self._records.clock.now()
        async with records.store.changing(request_id) as change:
            found = None if change is None else change.payment.attempt(attempt_id)
            if change is None or found is None:
                return
            view, others = change.payment.view, change.payment.others(attempt_id)
            known = records.providers.get(found.view.provider)
            policy = PaymentPolicy() if known is None else known.policy
            if is_unanswered:
                failed = open_failed(view, found.view, others, OpenFailure.MAY_HAVE_HAPPENED, now, policy)
                await change.apply(failed, None, now)
                return
            await change.apply(expire(view, found.view, others, now, policy), None, now)

    async def _do(self, due: DueEffect) -> None:
        records = self._records
        handler = self._handlers.get(due.effect.kind)
        payment = await records.store.find(due.request_id)
        if handler is None or payment is None:
            await records.store.end_effect(due.effect_id, "not_offered", records.clock.now())
            return
        try:
            outcome = await handler(payment, due.effect)
        except StoreUnavailable:
            raise
        except GatewayError as error:
            await records.store.put_off_effect(due.effect_id, error.code, self._later(due.tries_count))
            return
        await records.store.end_effect(due.effect_id, outcome, records.clock.now())

    def _later(self, tries_count: int) -> datetime:
        delay: timedelta = min(_FIRST_DELAY * (1 << min(tries_count, 10)), _LONGEST_DELAY)
        return self._records.clock.now() + delay

    async def _alert(self, payment: StoredPayment, effect: Effect) -> str:
        assert effect.alert is not None, "an alert has a word"
        found = None if effect.attempt_id is None else payment.attempt(effect.attempt_id)
        provider = "" if found is None else found.view.provider
        self._records.alert(f"payment_{effect.alert}", payment.view.dossier_code, provider=provider)
        return "told"

    async def _ask_provider(self, payment: StoredPayment, effect: Effect) -> str:
        if effect.attempt_id is None:
            return "nothing_to_ask"
        asked = await self.ask_about(payment.view.request_id, effect.attempt_id)
        if asked is Asked.NOT_ANSWERED:
            # The schedule may be over for this attempt, so the question stays owed.
            raise TransientFailure("no answer", system=SYSTEM, operation="ask", code=asked.value)
        return asked.value

    async def _confirm(self, payment: StoredPayment, effect: Effect) -> str:
        """Tell a provider that wants to hear it that its payment was committed; telling it again does no harm."""
        found = None if effect.attempt_id is None else payment.attempt(effect.attempt_id)
        known = None if found is None else self._records.providers.get(found.view.provider)
        if found is None or known is None or Capability.CONFIRM not in known.provider.capabilities:
            return "not_offered"
        confirming = cast(ConfirmsResults, known.provider)
        asked = asked_attempt(found.view, payment.view.dossier_code)
        await known.call(lambda: confirming.confirm(asked, is_delivered=True))
        return "confirmed"

    async def _guarded(self, operation: str, do: Callable[[], Awaitable[object]]) -> None:
        """Do one thing; a defect is told, and the claim keeps it away for a while."""
        try:
            await do()
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one bad row must not keep the others waiting
            self._records.observe(DefectFound(system="payments", operation=operation, error=error))
