"""Consents of citizens to share data: asked for in a live sign-in, decided in the citizen's application, fetched once.

What follows from what is decided in `gateway.sync.consents`; here it is stored, and done. The hub is asked for the
first time at once, since the citizen waits; everything after that is done by whoever claims the consent next, so that a
process that dies leaves nothing undone. A first call is never repeated: the citizen's telephone would ring twice. What
the hub releases is sealed, handed to the client that asked, in the session in which it asked, and erased.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from gateway.engine.sessions import Sessions
from gateway.errors import IntegrityFailed, RateLimited, RemoteError, TransientFailure
from gateway.model.consent import ConsentCode, ConsentRefused, ConsentState, ConsentTransaction, DataState, HubResult
from gateway.model.subtrees import is_within
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.consent import ConsentHub, HubNotice, NoticeKind, ShareRequest
from gateway.ports.consents import ConsentChange, ConsentStore, StoredConsent
from gateway.ports.observing import AlertRaised, ConsentMoved, Observer
from gateway.sync.consent_events import (
    ConsentEffect,
    ConsentEvent,
    ConsentLives,
    ConsentRuling,
    DataDelivered,
    DataFetched,
    DataUnavailable,
    InitFailed,
    Initiated,
    ResultTold,
    TimePassed,
    TranscodeTold,
    Woken,
)
from gateway.sync.consents import apply, due_at, judge_delivery, judge_reader, open_consent

EVENT_TYPE = "consent.changed"
_PER_TURN = 50
_CLAIMED = timedelta(seconds=30)
_UNANSWERED = timedelta(seconds=30)
"""A first call whose answer is not stored by then never will be: its process died."""
_EARLY_KEPT = timedelta(minutes=10)
_LONGEST_WAIT_SECONDS = 60.0


class ConsentContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a consent, and erased with it."""

    citizen_pid: str
    transaction_code: str = ""
    txn_id: str = ""
    facts: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOrder:
    """A wish for a consent. `agency_prefixes` are the caller's; the agency must lie below one of them."""

    client_id: str
    agency_prefixes: tuple[str, ...]
    hub: str
    sign_in_id: UUID
    agency_code: str
    dossier_code: str | None
    purpose: str
    return_to: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLook:
    """How a consent stands, for the client and session that asked. `link` opens the application; "" for none yet."""

    consent_id: UUID
    standing: ConsentState
    code: ConsentCode | None
    has_data: bool
    expires_at: datetime
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ConfiguredHub:
    """A hub with what its agreement says."""

    adapter: ConsentHub
    agreement_id: str
    purpose: str


class ConsentDesk:
    """Asks, hears, fetches, hands over."""

    def __init__(
        self,
        hubs: Mapping[str, ConfiguredHub],
        store: ConsentStore,
        sessions: Sessions,
        *,
        key_ring: KeyRing,
        clock: Clock,
        new_id: Callable[[], UUID],
        observer: Observer,
        lives: ConsentLives,
        poll_seconds: float,
    ) -> None:
        self.hubs = hubs
        self._store = store
        self._sessions = sessions
        self._key_ring = key_ring
        self._clock = clock
        self._new_id = new_id
        self._observe = observer
        self._lives = lives
        self._poll = timedelta(seconds=poll_seconds)

    async def begin(self, order: ConsentOrder) -> ConsentLook:
        """Ask the citizen of a live sign-in. Raises ConsentRefused (no such sign-in, nobody with a number, an agency or
        dossier that is not the caller's) and StoreUnavailable; a hub that fails is a consent that failed."""
        person = await self._sessions.person_of(order.client_id, order.sign_in_id)
        if person is None or not person.personal_id:
            reason = "no_such_sign_in" if person is None else "no_personal_number"
            raise ConsentRefused(ConsentCode.NOT_FOUND, reason)
        await self._check_agency(order)
        now, hub = self._clock.now(), self.hubs[order.hub]
        ruling = open_consent(
            transaction_id=self._new_id(),
            client_id=order.client_id,
            subject_digest=self._subject(person.personal_id),
            session_digest=self._session(order.sign_in_id),
            now=now,
            lives=self._lives,
        )
        key = self._key_ring.new_record_key()
        record = ruling.transaction
        content = ConsentContent(citizen_pid=person.personal_id)
        stored = StoredConsent(
            transaction=record,
            hub=order.hub,
            agreement_id=hub.agreement_id,
            purpose=order.purpose,
            agency_code=order.agency_code,
            dossier_code=order.dossier_code,
            evidence_id=person.evidence_id,
            return_to=order.return_to,
            return_state=order.state,
            next_at=now + _UNANSWERED,
            wrapped_key=key.wrapped,
            sealed=key.seal(msgspec.msgpack.encode(content), context=_context(record.transaction_id)),
        )
        await self._store.add(stored)
        try:
            started = await hub.adapter.start(ShareRequest(citizen_pid=person.personal_id))
        except RemoteError as error:
            event: ConsentEvent = InitFailed(code=_code_of(error))
        else:
            event = Initiated(transaction_code=started.transaction_code, txn_id=started.txn_id)
        changed = await self._change(record.transaction_id, event)
        assert changed is not None, "it was added a moment ago"
        return self._look(changed)

    async def _check_agency(self, order: ConsentOrder) -> None:
        agencies: tuple[str, ...] = (order.agency_code,)
        if order.dossier_code is not None:
            found = await self._store.agencies_of(order.dossier_code)
            if found is None or not any(is_within(code, order.agency_prefixes) for code in found):
                raise ConsentRefused(ConsentCode.NOT_FOUND, "no_such_dossier")
        if not all(is_within(code, order.agency_prefixes) for code in agencies):
            raise ConsentRefused(ConsentCode.NOT_FOUND, "other_agency")

    async def look(self, client_id: str, consent_id: UUID, sign_in_id: UUID) -> ConsentLook:
        """Tell how a consent stands. Raises ConsentRefused for anybody but who asked for it."""
        stored = await self._store.find(consent_id)
        self._judge_reader(stored, client_id, sign_in_id)
        assert stored is not None, "the judge refuses what is not there"
        return self._look(stored)

    async def collect(self, client_id: str, consent_id: UUID, sign_in_id: UUID) -> Mapping[str, Any]:
        """Hand over what was released. Raises ConsentRefused when there is nothing, or for anybody else."""
        async with self._store.changing(consent_id) as change:
            stored = None if change is None else change.stored
            self._judge_reader(stored, client_id, sign_in_id)
            assert change is not None, "the judge refuses what is not there"
            judge_delivery(change.stored.transaction, self._clock.now())
            facts = self._open(change.stored).facts
            await self._apply(change, DataDelivered())
        return facts

    async def hear(self, hub: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a webhook. Raises InvalidInput or IntegrityFailed for one that must not be believed."""
        notice = self.hubs[hub].adapter.read_webhook(headers, body)
        code_digest = self._digest("code", hub, notice.transaction_code)
        key = self._key_ring.new_record_key()
        sealed = key.seal(msgspec.msgpack.encode(notice), context=_notice_context(code_digest))
        while True:
            async with self._store.changing_by_code(hub, code_digest) as change:
                if change is not None:
                    await self._apply(change, _event_of(notice))
                    return
            # Its code may become known at this very moment, and then it is found by it.
            if await self._store.keep_notice(hub, code_digest, self._clock.now(), key.wrapped, sealed):
                return

    async def come_back(self, hub: str, target: str) -> tuple[str, str, UUID] | None:
        """Take the browser back from the application: give where it belongs, its state, and the consent.

        Anybody can write such an address: it is a reason to ask the hub, and nothing else. Raises InvalidInput.
        """
        returned = self.hubs[hub].adapter.read_return(target)
        found = await self._store.find_by_txn(hub, self._digest("txn", hub, returned.txn_id))
        if found is None:
            return None
        consent_id, return_to, state = found
        await self._change(consent_id, Woken(txn_id=returned.txn_id))
        return return_to, state, consent_id

    async def work(self) -> None:
        """Do what is due: let time pass, ask the hub, fetch what was released. Raises StoreUnavailable."""
        now = self._clock.now()
        await self._store.forget_notices(now - _EARLY_KEPT)
        for consent_id in await self._store.claim_due(now, now + _CLAIMED, _PER_TURN):
            try:
                await self._tend(consent_id)
            except IntegrityFailed:
                self._alert("consents", "consent_unreadable")

    async def _tend(self, consent_id: UUID) -> None:
        stored = await self._change(consent_id, TimePassed())
        if stored is None:
            return
        record, now = stored.transaction, self._clock.now()
        if record.state is ConsentState.CREATED and now >= record.created_at + _UNANSWERED:
            await self._change(consent_id, InitFailed(code=ConsentCode.PROVIDER_UNAVAILABLE))
        elif stored.work_at is not None and stored.work_at <= now and stored.sealed is not None:
            await self._ask(stored)

    async def _ask(self, stored: StoredConsent) -> None:
        """Ask the hub how it stands, or for the data when it is wanted."""
        hub, record, content = self.hubs.get(stored.hub), stored.transaction, self._open(stored)
        if hub is None:
            return  # The registration was taken out of the settings: time ends it.
        code = content.transaction_code
        event: ConsentEvent | None = None
        facts: dict[str, Any] | None = None
        try:
            if record.data is DataState.WANTED:
                shared = await hub.adapter.fetch(code)
                facts = dict(shared.facts)
                event = DataFetched(subject_digest=self._subject(shared.citizen_pid))
            else:
                status = await hub.adapter.status(code)
                event = ResultTold(transaction_code=code, result=status.result, txn_id=status.txn_id)
        except (TransientFailure, RateLimited):
            pass
        except RemoteError:
            # Asked again it would answer the same; an undecided consent is ended by its deadline.
            event = DataUnavailable() if record.data is DataState.WANTED else None
        if event is None:
            await self._try_later(record.transaction_id)
        else:
            await self._change(record.transaction_id, event, facts=facts)

    async def _try_later(self, consent_id: UUID) -> None:
        async with self._store.changing(consent_id) as change:
            if change is None or change.stored.work_at is None:
                return
            stored = change.stored
            wait = min(2.0 ** min(stored.failures_count, 10), _LONGEST_WAIT_SECONDS)
            work_at = self._clock.now() + timedelta(seconds=wait)
            await change.save(
                replace(
                    stored,
                    work_at=work_at,
                    next_at=_earliest(due_at(stored.transaction), work_at),
                    failures_count=stored.failures_count + 1,
                )
            )

    async def _change(
        self, consent_id: UUID, event: ConsentEvent, *, facts: dict[str, Any] | None = None
    ) -> StoredConsent | None:
        async with self._store.changing(consent_id) as change:
            if change is None:
                return None
            await self._apply(change, event, facts=facts)
            return change.stored

    async def _apply(self, change: ConsentChange, event: ConsentEvent, *, facts: dict[str, Any] | None = None) -> None:
        """Apply an event to a locked consent, and the webhooks that waited for a code which is known from now on."""
        had_code = change.stored.code_digest is not None
        effects = await self._apply_one(change, event, facts)
        if not had_code and change.stored.code_digest is not None:
            for kept in await change.take_notices(change.stored.code_digest):
                key = self._key_ring.open_record_key(kept.wrapped_key)
                plain = key.unseal(kept.sealed, context=_notice_context(change.stored.code_digest))
                effects |= await self._apply_one(change, _event_of(msgspec.msgpack.decode(plain, type=HubNotice)), None)
        if ConsentEffect.TELL_SUBSCRIBER in effects:
            await change.tell(EVENT_TYPE, _told(change.stored.transaction), self._clock.now())

    async def _apply_one(
        self, change: ConsentChange, event: ConsentEvent, facts: dict[str, Any] | None
    ) -> set[ConsentEffect]:
        before, now = change.stored, self._clock.now()
        content = None if before.sealed is None else self._open(before)
        record = before.transaction
        if content is not None:
            record = replace(record, transaction_code=content.transaction_code, txn_id=content.txn_id)
        ruling = apply(record, event, now, self._lives)
        await change.save(self._stored_after(before, content, event, ruling, facts, now))
        if ConsentEffect.ALERT in ruling.effects:
            self._alert(before.hub, "consent_contradicted")
        after = ruling.transaction
        if after.standing is not before.transaction.standing:
            code = "" if after.code is None else after.code.value
            self._observe(ConsentMoved(hub=before.hub, standing=after.standing.value, code=code))
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
        elif content is not None and before.wrapped_key is not None:
            learned = msgspec.structs.replace(
                content,
                transaction_code=after.transaction_code,
                txn_id=after.txn_id,
                facts=facts if facts is not None and after.data is DataState.HELD else content.facts,
            )
            if learned != content:
                key = self._key_ring.open_record_key(before.wrapped_key)
                sealed = key.seal(msgspec.msgpack.encode(learned), context=_context(after.transaction_id))
        work_at = self._work_at(before, event, ruling, now)
        made = replace(
            before,
            transaction=replace(after, transaction_code="", txn_id=""),
            wrapped_key=wrapped_key,
            sealed=sealed,
            work_at=work_at,
            next_at=_earliest(due_at(after), work_at),
            failures_count=before.failures_count if after.data is before.transaction.data else 0,
        )
        if after.transaction_code:
            made = replace(made, code_digest=self._digest("code", before.hub, after.transaction_code))
        if after.txn_id:
            made = replace(made, txn_digest=self._digest("txn", before.hub, after.txn_id))
        if after.state is ConsentState.CREATED:
            made = replace(made, next_at=_earliest(made.next_at, after.created_at + _UNANSWERED))
        return made

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
        has_answer = isinstance(event, ResultTold) and not event.event_id
        return before.work_at if before.work_at is not None and not has_answer else now + self._poll

    def _look(self, stored: StoredConsent) -> ConsentLook:
        record, link = stored.transaction, ""
        if not record.is_decided and stored.sealed is not None:
            txn_id = self._open(stored).txn_id
            link = self.hubs[stored.hub].adapter.universal_link(txn_id) if txn_id and stored.hub in self.hubs else ""
        return ConsentLook(
            consent_id=record.transaction_id,
            standing=record.standing,
            code=record.code,
            has_data=record.data in (DataState.HELD, DataState.DELIVERED),
            expires_at=record.data_due_at or record.deadline_at,
            link=link,
        )

    def _judge_reader(self, stored: StoredConsent | None, client_id: str, sign_in_id: UUID) -> None:
        record = None if stored is None else stored.transaction
        judge_reader(record, client_id=client_id, session_digest=self._session(sign_in_id))

    def _open(self, stored: StoredConsent) -> ConsentContent:
        if stored.wrapped_key is None or stored.sealed is None:
            raise IntegrityFailed("a consent that is not over has lost its content")
        key = self._key_ring.open_record_key(stored.wrapped_key)
        plain = key.unseal(stored.sealed, context=_context(stored.transaction.transaction_id))
        return msgspec.msgpack.decode(plain, type=ConsentContent)

    def _subject(self, personal_id: str) -> bytes:
        return self._key_ring.digest(b"consent subject\0" + personal_id.encode())

    def _session(self, sign_in_id: UUID) -> bytes:
        return self._key_ring.digest(b"consent session\0" + sign_in_id.bytes)

    def _digest(self, what: str, hub: str, code: str) -> bytes:
        return self._key_ring.digest(f"consent {what}\0{hub}\0{code}".encode())

    def _alert(self, hub: str, name: str) -> None:
        self._observe(AlertRaised(system=f"consent.{hub}", name=name))


def _event_of(notice: HubNotice) -> ConsentEvent:
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


def _code_of(error: RemoteError) -> ConsentCode:
    is_away = isinstance(error, TransientFailure | RateLimited)
    return ConsentCode.PROVIDER_UNAVAILABLE if is_away else ConsentCode.PROVIDER_ERROR


def _told(record: ConsentTransaction) -> str:
    told = {
        "consent_id": str(record.transaction_id),
        "standing": record.standing.value,
        "code": None if record.code is None else record.code.value,
    }
    return msgspec.json.encode(told).decode()


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _context(consent_id: UUID) -> bytes:
    return b"share consent " + consent_id.bytes


def _notice_context(code_digest: bytes) -> bytes:
    return b"early consent notice " + code_digest
