"""Consents of citizens to share data: asked for in a live sign-in, decided in the citizen's application, fetched once.

What follows from what is decided in `gateway.sync.consents`, and kept by `consent_records`; here is the desk that
clients, hubs and browsers come to. The hub is asked for the first time at once, since the citizen waits; everything
after that is done by `consent_work`, so that a process that dies leaves nothing undone. A first call is never repeated:
the citizen's telephone would ring twice. What the hub releases is sealed, handed to the client that asked, in the
session in which it asked, and erased.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.engine.consent_records import UNANSWERED, ConsentRecords, event_of
from gateway.engine.sessions import Sessions, SignedInPerson
from gateway.errors import (
    ConfigurationError,
    GatewayError,
    IntegrityFailed,
    InvalidInput,
    RateLimited,
    TransientFailure,
)
from gateway.model.consent import ConsentCode, ConsentRefused, ConsentState, DataState
from gateway.model.identity import Requirement
from gateway.model.subtrees import is_within
from gateway.ports.consent import ConsentHub, HubNotice, ShareRequest
from gateway.ports.consents import CodeTaken, StoredConsent
from gateway.sync.consent_events import ConsentEvent, ContentLost, DataDelivered, InitFailed, Initiated, Woken
from gateway.sync.consents import as_of, judge_delivery, judge_reader, open_consent

_START_SECONDS = 25.0
"""Below the moment at which a first call without an answer is given up."""


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

    def words(self) -> tuple[str, ...]:
        """What makes two wishes the same; where the browser goes afterwards does not."""
        return self.client_id, str(self.sign_in_id), self.hub, self.agency_code, self.dossier_code or "", self.purpose


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
class Begun:
    """What came of a wish. `is_new` is False when the citizen is being asked already."""

    look: ConsentLook
    is_new: bool


@dataclass(frozen=True, slots=True)
class ConfiguredHub:
    """A hub with what its agreement says."""

    adapter: ConsentHub
    agreement_id: str


class ConsentDesk:
    """Asks, hears, shows, hands over."""

    def __init__(
        self,
        hubs: Mapping[str, ConfiguredHub],
        records: ConsentRecords,
        sessions: Sessions,
        *,
        new_id: Callable[[], UUID],
        start_seconds: float = _START_SECONDS,
    ) -> None:
        self.hubs = hubs
        self._records = records
        self._store = records.store
        self._clock = records.clock
        self._sessions = sessions
        self._new_id = new_id
        self._start_seconds = start_seconds

    async def begin(self, order: ConsentOrder) -> Begun:
        """Ask the citizen of a live sign-in; a wish that is made again while nothing has come of it rings no telephone.

        Raises ConsentRefused (no such sign-in, nobody with a number, an agency or dossier that is not the caller's) and
        StoreUnavailable; a hub that fails is a consent that failed.
        """
        person = await self._sessions.person_of(order.client_id, order.sign_in_id)
        if person is None or not person.personal_id:
            reason = "no_such_sign_in" if person is None else "no_personal_number"
            raise ConsentRefused(ConsentCode.NOT_FOUND, reason)
        await self._check_agency(order)
        stored = self._opened(order, person)
        consent_id = await self._added(stored)
        if consent_id == stored.transaction.transaction_id:
            return Begun(self._look(await self._start(stored, person.personal_id)), is_new=True)
        return Begun(await self._shown(order.client_id, consent_id, order.sign_in_id), is_new=False)

    async def _check_agency(self, order: ConsentOrder) -> None:
        if order.dossier_code is not None:
            found = await self._store.agencies_of(order.dossier_code)
            if found is None or not any(is_within(code, order.agency_prefixes) for code in found):
                raise ConsentRefused(ConsentCode.NOT_FOUND, "no_such_dossier")
        if not is_within(order.agency_code, order.agency_prefixes):
            raise ConsentRefused(ConsentCode.NOT_FOUND, "other_agency")

    def _opened(self, order: ConsentOrder, person: SignedInPerson) -> StoredConsent:
        seals, now = self._records.seals, self._clock.now()
        record = open_consent(
            transaction_id=self._new_id(),
            client_id=order.client_id,
            subject_digest=seals.subject(person.personal_id),
            session_digest=seals.session(order.sign_in_id),
            now=now,
            lives=self._records.lives,
        )
        wrapped_key, sealed = seals.sealed_new(record.transaction_id, person.personal_id)
        return StoredConsent(
            transaction=record,
            hub=order.hub,
            agreement_id=self.hubs[order.hub].agreement_id,
            purpose=order.purpose,
            agency_code=order.agency_code,
            dossier_code=order.dossier_code,
            evidence_id=person.evidence_id,
            return_to=order.return_to,
            return_state=order.state,
            wish_digest=seals.wish(*order.words()),
            next_at=now + UNANSWERED,
            wrapped_key=wrapped_key,
            sealed=sealed,
        )

    async def _added(self, stored: StoredConsent) -> UUID:
        """Store it, unless the same wish is open; give the id of the one that counts."""
        consent_id = await self._store.add(stored)
        if consent_id == stored.transaction.transaction_id:
            return consent_id
        # What time has ended stands in the way until that is written down.
        kept = await self._records.pass_time(consent_id)
        return consent_id if kept is not None and not kept.transaction.is_settled else await self._store.add(stored)

    async def _start(self, stored: StoredConsent, personal_id: str) -> StoredConsent:
        records, consent_id = self._records, stored.transaction.transaction_id
        try:
            async with asyncio.timeout(self._start_seconds):
                started = await self.hubs[stored.hub].adapter.start(ShareRequest(citizen_pid=personal_id))
        except (GatewayError, TimeoutError) as error:
            records.alert_of(stored.hub, error)
            event: ConsentEvent = InitFailed(code=_code_of(error))
        else:
            event = Initiated(transaction_code=started.transaction_code, txn_id=started.txn_id)
        try:
            changed = await records.change(consent_id, event)
        except CodeTaken:
            # Two consents under one code: nobody could say to which of them an answer belongs.
            records.alert(stored.hub, "consent_contradicted")
            changed = await records.change(consent_id, InitFailed(code=ConsentCode.PROVIDER_ERROR))
        assert changed is not None, "it was added a moment ago"
        return changed

    async def look(self, client_id: str, consent_id: UUID, sign_in_id: UUID) -> ConsentLook:
        """Tell how a consent stands. Raises ConsentRefused for all but who asked for it, in a sign-in that lives."""
        await self._judge_session(client_id, sign_in_id)
        return await self._shown(client_id, consent_id, sign_in_id)

    async def collect(self, client_id: str, consent_id: UUID, sign_in_id: UUID) -> Mapping[str, Any]:
        """Hand over what was released. Raises ConsentRefused when there is nothing, or for anybody else."""
        await self._judge_session(client_id, sign_in_id)
        facts: Mapping[str, Any] | None = None
        async with self._store.changing(consent_id) as change:
            self._judge_reader(None if change is None else change.stored, client_id, sign_in_id)
            assert change is not None, "the judge refuses what is not there"
            judge_delivery(change.stored.transaction, self._clock.now())
            try:
                facts = self._records.seals.open(change.stored).facts
            except IntegrityFailed:
                await self._records.apply(change, ContentLost())
            else:
                await self._records.apply(change, DataDelivered())
        if facts is None:
            raise ConsentRefused(ConsentCode.CONFIGURATION, "content_lost")
        return facts

    def read(self, hub: str, headers: Mapping[str, str], body: bytes) -> HubNotice:
        """Read a webhook. Raises IntegrityFailed or InvalidInput for one that must not be believed, ConfigurationError
        when there is nothing to judge it by."""
        try:
            return self.hubs[hub].adapter.read_webhook(headers, body)
        except ConfigurationError:
            self._records.alert(hub, "consent_keys_unreadable")
            raise

    async def hear(self, hub: str, notice: HubNotice) -> None:
        """Take what a webhook tells, whatever it is worth. Raises StoreUnavailable."""
        records = self._records
        code_digest = records.seals.digest("code", hub, notice.transaction_code)
        assert code_digest is not None, "no webhook is read without a code"
        wrapped_key, sealed = records.seals.sealed_notice(code_digest, notice)
        while True:
            try:
                async with self._store.changing_by_code(hub, code_digest) as change:
                    if change is not None:
                        await records.apply(change, event_of(notice))
                        return
            except CodeTaken:
                # Sent again it would say the same.
                records.alert(hub, "consent_contradicted")
                return
            # Its code may become known at this very moment, and then it is found by it.
            if await self._store.keep_notice(hub, code_digest, self._clock.now(), wrapped_key, sealed):
                return

    async def come_back(self, hub: str, target: str) -> tuple[str, str, UUID] | None:
        """Take the browser back from the application: give where it belongs, its state, and the consent.

        Anybody can write such an address: it is a reason to ask the hub, and nothing else. Raises InvalidInput.
        """
        returned = self.hubs[hub].adapter.read_return(target)
        txn_digest = self._records.seals.digest("txn", hub, returned.txn_id)
        found = None if txn_digest is None else await self._store.find_by_txn(hub, txn_digest)
        if found is None:
            return None
        consent_id, return_to, state = found
        await self._records.change(consent_id, Woken(txn_id=returned.txn_id))
        return return_to, state, consent_id

    async def _judge_session(self, client_id: str, sign_in_id: UUID) -> None:
        # Whoever waits for a citizen asks again and again; that must not keep the sign-in alive.
        looked = await self._sessions.look(client_id, sign_in_id, Requirement(), touches=False)
        if looked.sign_in is None:
            raise ConsentRefused(ConsentCode.NOT_FOUND, "no_such_transaction_of_this_session")

    def _judge_reader(self, stored: StoredConsent | None, client_id: str, sign_in_id: UUID) -> None:
        record = None if stored is None else stored.transaction
        judge_reader(record, client_id=client_id, session_digest=self._records.seals.session(sign_in_id))

    async def _shown(self, client_id: str, consent_id: UUID, sign_in_id: UUID) -> ConsentLook:
        stored = await self._store.find(consent_id)
        self._judge_reader(stored, client_id, sign_in_id)
        assert stored is not None, "the judge refuses what is not there"
        try:
            return self._look(stored)
        except IntegrityFailed:
            ended = await self._records.change(consent_id, ContentLost())
            assert ended is not None, "consents are not deleted"
            return self._look(ended)

    def _look(self, stored: StoredConsent) -> ConsentLook:
        record = as_of(stored.transaction, self._clock.now())
        return ConsentLook(
            consent_id=record.transaction_id,
            standing=record.standing,
            code=record.code,
            has_data=record.data in (DataState.HELD, DataState.DELIVERED),
            expires_at=record.data_due_at or record.deadline_at,
            link="" if record.is_decided else self._link(stored),
        )

    def _link(self, stored: StoredConsent) -> str:
        txn_id, hub = self._records.seals.open(stored).txn_id, self.hubs.get(stored.hub)
        if not txn_id or hub is None:
            return ""
        try:
            return hub.adapter.universal_link(txn_id)
        except InvalidInput:
            # An id that no link can hold; the application asks the citizen anyway.
            return ""


def _code_of(error: GatewayError | TimeoutError) -> ConsentCode:
    is_away = isinstance(error, TransientFailure | RateLimited | TimeoutError)
    return ConsentCode.PROVIDER_UNAVAILABLE if is_away else ConsentCode.PROVIDER_ERROR
