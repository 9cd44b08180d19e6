"""Questions about citizens: judged, counted, written down, asked, cut down to what may be released.

The order is fixed. What we refuse ourselves is written down and nobody is asked. A line is stored before the database
is asked and one after it has answered, whatever it answered; when that cannot be stored, nothing is handed out.
Nothing is ever asked again with less (a year for a date, say): that would widen the search (population notes §13.2).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar
from uuid import UUID

import msgspec

from gateway.engine.local_circuit import LocalCircuit
from gateway.engine.proofs import number_digest
from gateway.errors import GatewayError, IntegrityFailed, InvalidInput, RemoteError, TransientFailure
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.model.citizen import Asker, CitizenField, CitizenOutcome, CitizenReply, Subject
from gateway.model.subtrees import is_within
from gateway.ports.audit import AskedLook, Audit
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.citizens import CitizenStore, KeptReply
from gateway.ports.observing import AlertRaised, CitizenAsked, Observer
from gateway.ports.population import CitizenQuestion, PopulationDatabase
from gateway.sync.citizens import (
    CitizenRefused,
    Claim,
    Denial,
    LookUp,
    Purpose,
    Quota,
    is_alarming,
    judge_claim,
    judge_quotas,
    judge_reply,
    outcome_of_error,
    upstream_code_of,
)

SYSTEM = "population"
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenOrder:
    """A question as a client puts it."""

    client_id: str
    agency_prefixes: tuple[str, ...]
    client_address: str
    purpose: str
    officer_code: str
    officer_login: str = ""
    agency_code: str
    dossier_code: str
    procedure_code: str = ""
    consent_ref: str = ""
    subject: Subject
    fields: frozenset[CitizenField] = frozenset()
    """Wanted fields of a look-up; empty for all that the purpose covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where and when an answer comes from. `correlation_id` is that of its audit lines."""

    correlation_id: UUID
    request_id: str
    service_code: str
    answered_at: datetime
    is_kept: bool = False
    """It was asked for a moment ago, and kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification came to: FOUND or NOT_FOUND."""

    outcome: CitizenOutcome
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What a look-up came to."""

    found: LookUp = field(repr=False)
    asked: Asked
    data_time: datetime | None
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenRules:
    """What the province has set."""

    purposes: Mapping[str, Purpose]
    officer_per_hour: int
    officer_per_day: int
    client_per_hour: int
    kept: timedelta = timedelta(0)
    """How long a look-up's reply may be used again, for the same officer, dossier and question."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    reply: CitizenReply
    answered_at: datetime


class CitizenDesk:
    """Asks about citizens on behalf of clients."""

    def __init__(
        self,
        database: PopulationDatabase,
        rules: CitizenRules,
        store: CitizenStore,
        *,
        edge: str,
        audit: Audit,
        officer_sign: Callable[[str], str],
        circuit: LocalCircuit,
        key_ring: KeyRing,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._database = database
        self._rules = rules
        self._store = store
        self._edge = edge
        self._audit = audit
        self._officer_sign = officer_sign
        self._circuit = circuit
        self._key_ring = key_ring
        self._clock = clock
        self._observe = observer

    def is_available(self) -> bool:
        """Tell whether the database is asked at present. Looking spends no probe."""
        return self._circuit.is_available()

    async def verify(self, order: CitizenOrder) -> Verified:
        """Ask whether the person exists as described.

        Raises CitizenRefused, QuotaExceeded, InvalidInput, StoreUnavailable, IntegrityFailed, or a RemoteError: then it
        is not known whether the person exists.
        """
        action = AuditAction.CITIZEN_VERIFY
        access, _ = await self._admitted(order, action, is_look_up=False)
        look = await self._audit.ask(access)
        reply = await self._ask(look, lambda: self._database.verify(order.subject, _asker(order)))
        outcome = CitizenOutcome.FOUND if reply.exists else CitizenOutcome.NOT_FOUND
        await self._answered(look, outcome, released=("exists",), request_id=reply.request_id)
        return Verified(
            outcome=outcome,
            asked=Asked(
                correlation_id=look.correlation_id,
                request_id=reply.request_id,
                service_code=reply.service_code,
                answered_at=self._clock.now(),
            ),
        )

    async def look_up(self, order: CitizenOrder, action: AuditAction = AuditAction.CITIZEN_LOOKUP) -> LookedUp:
        """Ask for a record, and give what the purpose covers of it. Raises as `verify` does."""
        access, wanted = await self._admitted(order, action, is_look_up=True)
        key_digest = self._key_of(order)
        kept = await self._find_kept(key_digest)
        if kept is not None:
            return await self._again(access, kept, wanted)
        look = await self._audit.ask(access)
        reply = await self._ask(look, lambda: self._database.ask(CitizenQuestion.LOOK_UP, order.subject, _asker(order)))
        found, now = judge_reply(reply, wanted), self._clock.now()
        await self._answered(look, found.outcome, released=_names(found), request_id=reply.request_id)
        await self._keep(key_digest, look.correlation_id, reply, now)
        return self._looked_up(found, reply, look.correlation_id, now)

    async def sweep(self) -> None:
        """Erase replies and counts that are over."""
        now = self._clock.now()
        await self._store.sweep(replies_before=now, usage_before=now - timedelta(hours=25))

    async def _admitted(
        self, order: CitizenOrder, action: AuditAction, *, is_look_up: bool
    ) -> tuple[Access, frozenset[CitizenField]]:
        """Judge and count; give what is to be written down, and the fields that may be released."""
        purpose = self._rules.purposes.get(order.purpose)
        requested = sorted(order.fields) if is_look_up else ["exists"]
        access = Access(
            action=action,
            client_id=order.client_id,
            officer=order.officer_code,
            agency_code=order.agency_code,
            procedure_code=order.procedure_code,
            dossier_code=order.dossier_code,
            purpose=order.purpose,
            legal_basis="" if purpose is None else purpose.legal_basis,
            consent_ref=order.consent_ref,
            subject_digest=number_digest(
                self._key_ring, order.subject.personal_number or order.subject.old_card_number
            ),
            fields_requested=tuple(requested),
            edge=self._edge,
            client_address=order.client_address,
        )
        claim = Claim(
            client_id=order.client_id,
            purpose=order.purpose,
            procedure_code=order.procedure_code,
            consent_ref=order.consent_ref,
            is_look_up=is_look_up,
            fields=order.fields,
        )
        try:
            await self._check_agency(order)
            _, wanted = judge_claim(self._rules.purposes, claim)
            await self._count(order)
        except GatewayError as error:
            await self._refused(access, error)
        return access, wanted

    async def _check_agency(self, order: CitizenOrder) -> None:
        if not is_within(order.agency_code, order.agency_prefixes):
            raise CitizenRefused(Denial.AGENCY_NOT_OWN)
        agencies = await self._store.agencies_of(order.dossier_code)
        # A dossier that is being taken in has a code before it has been stated here.
        if agencies is not None and not any(is_within(code, order.agency_prefixes) for code in agencies):
            raise CitizenRefused(Denial.DOSSIER_NOT_OWN)

    async def _count(self, order: CitizenOrder) -> None:
        rules, now = self._rules, self._clock.now()
        hour, day = timedelta(hours=1), timedelta(days=1)
        usage = await self._store.count(
            order.client_id, self._officer_sign(order.officer_code), now, short=now - hour, long=now - day
        )
        judge_quotas(
            (
                Quota(name="officer_per_hour", window=hour, most=rules.officer_per_hour),
                Quota(name="officer_per_day", window=day, most=rules.officer_per_day),
                Quota(name="client_per_hour", window=hour, most=rules.client_per_hour),
            ),
            {
                "officer_per_hour": usage.by_officer,
                "officer_per_day": usage.by_officer_long,
                "client_per_hour": usage.by_client,
            },
        )

    async def _refused(self, access: Access, error: GatewayError) -> NoReturn:
        """Write down that we did not ask, and why."""
        outcome = outcome_of_error(error)
        await self._audit.note(access, Outcome(outcome=outcome.value, upstream_code=error.code))
        self._observe(CitizenAsked(action=access.action.value, outcome=outcome.value, code=error.code))
        raise error

    async def _ask(self, look: AskedLook, call: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Ask, unless the database is known to be ill; write down a failure before it is told."""
        try:
            if not self._circuit.take_turn():
                raise TransientFailure(
                    f"{SYSTEM}: left alone for a while", system=SYSTEM, operation="ask", code="circuit_open"
                )
            return await self._called(call)
        except GatewayError as error:
            # What cannot be asked is refused by the rules of the question; everything else was not answered.
            outcome = CitizenOutcome.REFUSED if isinstance(error, InvalidInput) else outcome_of_error(error)
            await self._answered(look, outcome, code=upstream_code_of(error), label=error.code)
            alert = is_alarming(error) if isinstance(error, RemoteError) else None
            if alert is not None:
                self._observe(AlertRaised(system=SYSTEM, name=alert, dossier_code=look.access.dossier_code))
            raise
        except BaseException as error:
            code = "cancelled" if isinstance(error, asyncio.CancelledError) else "internal"
            await asyncio.shield(self._answered(look, CitizenOutcome.UNAVAILABLE, code=code))
            raise

    async def _called(self, call: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        try:
            answer = await call()
        except RemoteError as error:
            self._circuit.note(error)
            raise
        self._circuit.note(None)
        return answer

    async def _answered(
        self,
        look: AskedLook,
        outcome: CitizenOutcome,
        *,
        released: Sequence[str] = (),
        request_id: str = "",
        code: str = "",
        label: str = "",
    ) -> None:
        """Write down how it ended. `code` may be the other side's, `label` is ours and fit for a metric."""
        told = Outcome(
            outcome=outcome.value, fields_released=tuple(released), upstream_code=code, request_id=request_id
        )
        await self._audit.answer(look, told)
        self._observe(CitizenAsked(action=look.access.action.value, outcome=outcome.value, code=label or code))

    # Replies that are kept for a moment.

    def _key_of(self, order: CitizenOrder) -> bytes:
        subject = order.subject
        born = "" if subject.birth_date is None else subject.birth_date.value
        words = (
            order.client_id,
            order.officer_code,
            order.dossier_code,
            order.purpose,
            subject.personal_number,
            subject.old_card_number,
            subject.full_name,
            born,
        )
        return self._key_ring.digest(b"citizen reply\0" + msgspec.json.encode(words))

    async def _find_kept(self, key_digest: bytes) -> KeptReply | None:
        if not self._rules.kept:
            return None
        return await self._store.find_reply(key_digest, self._clock.now())

    async def _again(self, access: Access, kept: KeptReply, wanted: frozenset[CitizenField]) -> LookedUp:
        key = self._key_ring.open_record_key(kept.wrapped_key)
        plain = key.unseal(kept.sealed, context=_context(kept.key_digest))
        try:
            content = msgspec.msgpack.decode(plain, type=_Kept)
        except msgspec.DecodeError as error:
            raise IntegrityFailed("a kept reply has an unknown form") from error
        found = judge_reply(content.reply, wanted)
        noted = Access(
            **{name: getattr(access, name) for name in access.__dataclass_fields__ if name != "action"},
            action=AuditAction.CITIZEN_CACHE_READ,
        )
        told = Outcome(outcome=found.outcome.value, fields_released=_names(found), request_id=content.reply.request_id)
        await self._audit.note(noted, told)
        self._observe(CitizenAsked(action=noted.action.value, outcome=found.outcome.value, code=""))
        return self._looked_up(found, content.reply, kept.correlation_id, content.answered_at, is_kept=True)

    async def _keep(self, key_digest: bytes, correlation_id: UUID, reply: CitizenReply, now: datetime) -> None:
        if not self._rules.kept:
            return
        key = self._key_ring.new_record_key()
        plain = msgspec.msgpack.encode(_Kept(reply=reply, answered_at=now))
        await self._store.keep_reply(
            KeptReply(
                key_digest=key_digest,
                correlation_id=correlation_id,
                wrapped_key=key.wrapped,
                sealed=key.seal(plain, context=_context(key_digest)),
                expires_at=now + self._rules.kept,
            )
        )

    def _looked_up(
        self, found: LookUp, reply: CitizenReply, correlation_id: UUID, at: datetime, *, is_kept: bool = False
    ) -> LookedUp:
        return LookedUp(
            found=found,
            asked=Asked(
                correlation_id=correlation_id,
                request_id=reply.request_id,
                service_code=reply.service_code,
                answered_at=at,
                is_kept=is_kept,
            ),
            data_time=reply.data_time,
            notices=reply.notices,
        )


def _names(found: LookUp) -> tuple[str, ...]:
    """Give the fields that were handed out: what the record states of what was wanted."""
    record = found.record
    if record is None:
        return ()
    return tuple(sorted(name.value for name in CitizenField if getattr(record, name.value) not in (None, "")))


def _asker(order: CitizenOrder) -> Asker:
    return Asker(
        officer_code=order.officer_code,
        agency_code=order.agency_code,
        login=order.officer_login,
        procedure_code=order.procedure_code,
    )


def _context(key_digest: bytes) -> bytes:
    return b"citizen reply " + key_digest
