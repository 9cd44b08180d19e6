"""How a share consent is kept: what an event makes of its record, what is sealed of it, and when it is due again.

`next_at` is when somebody must come, `work_at` when the hub is to be asked. Whoever comes claims the record by moving
`next_at` away; no event that brings no new work moves it back, so that nobody asks beside whoever has the claim.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from gateway.engine.consent_seals import ConsentContent, ConsentSeals
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError, IntegrityFailed
from gateway.model.consent import ConsentCode, ConsentState, ConsentTransaction, DataState, HubResult
from gateway.ports.basics import Clock
from gateway.ports.consent import HubNotice, NoticeKind
from gateway.ports.consents import ConsentChange, ConsentStore, StoredConsent
from gateway.ports.observing import AlertRaised, ConsentMoved, Happening, Observer
from gateway.sync.consent_events import (
    ConsentEffect,
    ConsentEvent,
    ConsentLives,
    ConsentRuling,
    ContentLost,
    DataFetched,
    InitFailed,
    ResultTold,
    TimePassed,
    TranscodeTold,
    Woken,
)
from gateway.sync.consents import apply, due_at

EVENT_TYPE = "consent.changed"
UNANSWERED = timedelta(seconds=30)
"""A first call whose answer is not stored by then never will be: its process died."""
_LONGEST_WAIT_SECONDS = 60.0
_LONGEST_PATIENCE_SECONDS = 300.0


class ConsentRecords:
    """Applies events to stored consents."""

    def __init__(
        self,
        store: ConsentStore,
        *,
        seals: ConsentSeals,
        clock: Clock,
        observer: Observer,
        lives: ConsentLives,
        poll_seconds: float,
    ) -> None:
        self.store = store
        self.seals = seals
        self.lives = lives
        self.clock = clock
        self.observe = observer
        self._poll = timedelta(seconds=poll_seconds)

    async def change(
        self, consent_id: UUID, event: ConsentEvent, *, facts: dict[str, Any] | None = None
    ) -> StoredConsent | None:
        """Apply an event; give the record afterwards. Raises CodeTaken, and then nothing was applied."""
        async with self.store.changing(consent_id) as change:
            if change is None:
                return None
            await self.apply(change, event, facts=facts)
            return change.stored

    async def pass_time(self, consent_id: UUID) -> StoredConsent | None:
        """Apply what time has done to a record, and nothing while it has done nothing."""
        async with self.store.changing(consent_id) as change:
            if change is None:
                return None
            record, now = change.stored.transaction, self.clock.now()
            due = due_at(record)
            if due is not None and due <= now:
                await self.apply(change, TimePassed())
            elif record.state is ConsentState.CREATED and record.created_at + UNANSWERED <= now:
                await self.apply(change, InitFailed(code=ConsentCode.PROVIDER_UNAVAILABLE))
            return change.stored

    async def put_off(self, asked: StoredConsent, *, patience_seconds: float | None = None) -> None:
        """Ask later, each time twice as much later; at once nevertheless when new work has come meanwhile."""
        async with self.store.changing(asked.transaction.transaction_id) as change:
            if change is None or change.stored.work_at is None or change.stored.work_at != asked.work_at:
                return
            stored, now = change.stored, self.clock.now()
            wait = min(2.0 ** min(stored.failures_count, 10), _LONGEST_WAIT_SECONDS)
            wait = max(wait, min(patience_seconds or 0.0, _LONGEST_PATIENCE_SECONDS))
            work_at = now + timedelta(seconds=wait)
            due = due_at(stored.transaction)
            await change.save(
                replace(
                    stored,
                    work_at=work_at,
                    next_at=work_at if due is None or due <= now else min(due, work_at),
                    failures_count=stored.failures_count + 1,
                )
            )

    async def apply(self, change: ConsentChange, event: ConsentEvent, *, facts: dict[str, Any] | None = None) -> None:
        """Apply an event to a locked consent, and the webhooks that waited for a code which is known from now on.

        A consent that cannot be opened is ended instead, and somebody is told. Raises CodeTaken.
        """
        had_code = change.stored.code_digest is not None
        seen: list[Happening] = []
        effects = await self._apply_one(change, event, facts, seen)
        code_digest = change.stored.code_digest
        if not had_code and code_digest is not None:
            for kept in await change.take_notices(code_digest):
                try:
                    notice = self.seals.open_notice(code_digest, kept)
                except IntegrityFailed:
                    # The hub is asked for what it would have told.
                    seen.append(_alert(change.stored.hub, "consent_unreadable"))
                else:
                    effects |= await self._apply_one(change, event_of(notice), None, seen)
        if ConsentEffect.TELL_SUBSCRIBER in effects:
            await change.tell(EVENT_TYPE, _told(change.stored.transaction), self.clock.now())
        # Not before: a code that is taken undoes all of it.
        for happening in seen:
            self.observe(happening)

    async def _apply_one(
        self, change: ConsentChange, event: ConsentEvent, facts: dict[str, Any] | None, seen: list[Happening]
    ) -> set[ConsentEffect]:
        before, now = change.stored, self.clock.now()
        content: ConsentContent | None = None
        if before.sealed is not None:
            try:
                content = self.seals.open(before)
            except IntegrityFailed:
                event = ContentLost()
        record = before.transaction
        if content is not None:
            record = replace(record, transaction_code=content.transaction_code, txn_id=content.txn_id)
        ruling = apply(record, event, now, self.lives)
        after = ruling.transaction
        await change.save(self._stored_after(before, content, event, ruling, facts, now))
        if ConsentEffect.ALERT in ruling.effects:
            is_lost = isinstance(event, ContentLost)
            seen.append(_alert(before.hub, "consent_unreadable" if is_lost else "consent_contradicted"))
        if after.standing is not before.transaction.standing:
            code = "" if after.code is None else after.code.value
            seen.append(ConsentMoved(hub=before.hub, standing=after.standing.value, code=code))
        return set(ruling.effects)

    def _stored_after(
        self,
        before: StoredConsent,
        content: ConsentContent | None,
        event: ConsentEvent,
        ruling: ConsentRuling,
        facts: dict[str, Any] | None,
        now: datetime,
    ) -> StoredConsent:
        after = ruling.transaction
        wrapped_key, sealed = before.wrapped_key, before.sealed
        if ConsentEffect.PURGE in ruling.effects:
            wrapped_key, sealed = None, None
        elif content is not None:
            is_fetched = before.transaction.data is DataState.WANTED and after.data is DataState.HELD
            learned = msgspec.structs.replace(
                content,
                transaction_code=after.transaction_code,
                txn_id=after.txn_id,
                facts=facts if facts is not None and is_fetched else content.facts,
            )
            if learned != content:
                sealed = self.seals.sealed_anew(before, learned)
        work_at = self._work_at(before, event, ruling, now)
        is_good_answer = isinstance(event, DataFetched) or _is_own_answer(event)
        begins_anew = is_good_answer or after.data is not before.transaction.data
        return replace(
            before,
            transaction=replace(after, transaction_code="", txn_id=""),
            wrapped_key=wrapped_key,
            sealed=sealed,
            work_at=work_at,
            next_at=_next_at(before, after, work_at),
            failures_count=0 if begins_anew else before.failures_count,
            code_digest=self.seals.digest("code", before.hub, after.transaction_code) or before.code_digest,
            txn_digest=self.seals.digest("txn", before.hub, after.txn_id) or before.txn_digest,
        )

    def _work_at(
        self, before: StoredConsent, event: ConsentEvent, ruling: ConsentRuling, now: datetime
    ) -> datetime | None:
        after = ruling.transaction
        if ConsentEffect.FETCH_DATA in ruling.effects or ConsentEffect.QUERY_HUB in ruling.effects:
            return now
        if after.data is DataState.WANTED:
            return before.work_at
        if after.is_decided or not after.transaction_code:
            return None
        # Webhooks get lost: an undecided consent is asked about now and then.
        return before.work_at if before.work_at is not None and not _is_own_answer(event) else now + self._poll

    # Telling.

    def alert(self, hub: str, name: str) -> None:
        self.observe(_alert(hub, name))

    def alert_of(self, hub: str, error: GatewayError | TimeoutError) -> None:
        """Tell somebody of a failure of the hub that does not pass by itself."""
        if isinstance(error, CredentialsRefused):
            self.alert(hub, "consent_credentials_refused")
        elif isinstance(error, ContractBroken):
            self.alert(hub, "consent_contract_broken")


def _alert(hub: str, name: str) -> AlertRaised:
    return AlertRaised(system=f"consent.{hub}", name=name)


def event_of(notice: HubNotice) -> ConsentEvent:
    """Give what a webhook tells."""
    match notice.kind:
        case NoticeKind.TRANSCODE:
            return TranscodeTold(
                transaction_code=notice.transaction_code, txn_id=notice.txn_id, event_id=notice.event_id
            )
        case NoticeKind.RESULT:
            return ResultTold(
                transaction_code=notice.transaction_code,
                txn_id=notice.txn_id,
                result=notice.result or HubResult.PENDING,
                event_id=notice.event_id,
            )
        case NoticeKind.OTHER:
            return Woken(event_id=notice.event_id)


def _is_own_answer(event: ConsentEvent) -> bool:
    return isinstance(event, ResultTold) and not event.event_id


def _next_at(before: StoredConsent, after: ConsentTransaction, work_at: datetime | None) -> datetime | None:
    due = due_at(after)
    if after.state is ConsentState.CREATED:
        due = _earliest(due, after.created_at + UNANSWERED)
    if work_at is not None and work_at == before.work_at:
        # Whoever has claimed this work keeps it.
        return _earliest(due, before.next_at)
    return _earliest(due, work_at)


def _told(record: ConsentTransaction) -> str:
    told = {
        "consent_id": str(record.transaction_id),
        "standing": record.standing.value,
        "code": None if record.code is None else record.code.value,
    }
    return msgspec.json.encode(told).decode()


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
