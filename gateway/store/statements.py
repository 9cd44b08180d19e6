"""Statements and questions in PostgreSQL. Contents are sealed under a key of each record's own."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec

from gateway.model.statement import StatementKind, StatementState, question_context, statement_context
from gateway.model.subtrees import is_within
from gateway.ports.basics import KeyRing
from gateway.ports.portal_services import Question, QuestionSource
from gateway.ports.statements import LeasedStatement, ReadQuestion
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.events import EVERY_AGENCY
from gateway.store.locks import Lock
from gateway.store.pool import Pool, connection, session_lock, transaction
from gateway.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A statement without its content."""

    statement_id: int
    kind: StatementKind
    subject: str
    agency_code: str
    state: StatementState
    attempts_count: int
    reason: str
    due_at: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLine:
    """A question without asker and texts."""

    source: QuestionSource
    question_id: str
    sector_code: str
    procedure_code: str
    agency_code: str
    is_answered: bool | None
    first_seen_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStatement:
    """A statement as it was made; `content` is JSON."""

    system: str
    kind: StatementKind
    subject: str
    agency_code: str
    client_id: str
    content: bytes


class OtherAgency(Exception):
    """The latest statement about this subject belongs to an agency that is not the caller's."""


def _statement_line(row: Any) -> StatementLine:
    values = dict(row)
    return StatementLine(**{**values, "kind": StatementKind(values["kind"]), "state": StatementState(values["state"])})


def _known_prefixes(prefixes: Sequence[str]) -> list[str] | None:
    return None if EVERY_AGENCY in prefixes else list(prefixes)


async def add_statement(
    pool: Pool, new: NewStatement, *, prefixes: Sequence[str], key_ring: KeyRing, now: datetime
) -> tuple[StatementLine, bool]:
    """Store a statement in place of one that waits; give it, and whether it is new.

    When the latest about this subject said the same, that one is given as it stands. Raises OtherAgency.
    """
    sql, place = queries("statements"), {"system": new.system, "kind": new.kind, "subject": new.subject}
    digest = key_ring.digest(new.content)
    key = key_ring.new_record_key()
    async with transaction(pool) as borrowed:
        await sql.lock_subject(borrowed, lock=Lock.SUBJECTS, **place)
        latest = await sql.latest(borrowed, **place)
        if latest is not None:
            values = dict(latest)
            former_digest, former = values.pop("digest"), _statement_line(values)
            if not is_within(former.agency_code, prefixes):
                raise OtherAgency
            if digest == former_digest:
                return former, False
        superseded = [row["statement_id"] async for row in sql.supersede(borrowed, **place, now=now)]
        row = await sql.add_statement(
            borrowed,
            **place,
            agency_code=new.agency_code,
            client_id=new.client_id,
            digest=digest,
            wrapped_key=key.wrapped,
            sealed=key.seal(new.content, context=statement_context(new.kind, new.subject)),
            now=now,
        )
        line = _statement_line(row)
        events = [_event("statement.accepted", line.agency_code, line.statement_id, line.kind, "")]
        events += [
            _event("statement.skipped", line.agency_code, number, line.kind, "superseded") for number in superseded
        ]
        ledger = [(f"{new.system}.statements", 1, 0, len(superseded))]
        await append_events(borrowed, events, ledger, now)
    return line, True


def _event(event_type: str, agency_code: str, statement_id: int, kind: str, reason: str) -> tuple[object, ...]:
    data = {"kind": kind, **({"reason": reason} if reason else {})}
    encoded = msgspec.json.encode(data).decode()
    return (event_type, f"statement:{statement_id}", agency_code, None, None, encoded)


async def list_statements(
    pool: Pool,
    *,
    prefixes: Sequence[str],
    kinds: Sequence[str] | None,
    states: Sequence[str] | None,
    after: int,
    limit: int,
) -> Sequence[StatementLine]:
    """Give a page of statements of a caller's agencies, in the order of acceptance."""
    async with connection(pool) as borrowed:
        rows = queries("statements").list_statements(
            borrowed, after=after, kinds=kinds, states=states, prefixes=_known_prefixes(prefixes), wanted=limit
        )
        return [_statement_line(row) async for row in rows]


async def retry_statement(
    pool: Pool, statement_id: int, prefixes: Sequence[str], now: datetime
) -> StatementLine | None:
    """Send a parked statement again; None when the caller has no parked one with this number."""
    async with transaction(pool) as borrowed:
        row = await queries("statements").retry_statement(
            borrowed, statement_id=statement_id, prefixes=_known_prefixes(prefixes), now=now
        )
        if row is None:
            return None
        line = _statement_line(row)
        event = _event("statement.retried", line.agency_code, line.statement_id, line.kind, "")
        await append_events(borrowed, [event], [], now)
    return line


async def list_questions(
    pool: Pool,
    *,
    prefixes: Sequence[str],
    source: str | None,
    is_answered: bool | None,
    after: tuple[str, str],
    limit: int,
) -> Sequence[QuestionLine]:
    """Give a page of questions of a caller's agencies, by list and id."""
    async with connection(pool) as borrowed:
        rows = queries("statements").list_questions(
            borrowed,
            after_source=after[0],
            after_id=after[1],
            source=source,
            is_answered=is_answered,
            prefixes=_known_prefixes(prefixes),
            wanted=limit,
        )
        return [QuestionLine(**{**dict(row), "source": QuestionSource(row["source"])}) async for row in rows]


async def find_question(
    pool: Pool, system: str, source: str, question_id: str, key_ring: KeyRing
) -> tuple[QuestionLine, Question] | None:
    """Find a question with its content; None when it was never read. Raises IntegrityFailed."""
    async with connection(pool) as borrowed:
        row = await queries("statements").find_question(borrowed, system=system, source=source, question_id=question_id)
    if row is None:
        return None
    values = dict(row)
    key = key_ring.open_record_key(values.pop("wrapped_key"))
    plain = key.unseal(values.pop("sealed"), context=question_context(source, question_id))
    line = QuestionLine(**{**values, "source": QuestionSource(values["source"])})
    return line, msgspec.json.decode(plain, type=Question)


class PostgresStatements:
    """Implements StatementStore and QuestionStore."""

    def __init__(self, pool: Pool, *, key_ring: KeyRing) -> None:
        self._pool = pool
        self._key_ring = key_ring
        self._sql = queries("statements")

    async def has_due(self, system: str) -> bool:
        async with connection(self._pool) as borrowed:
            return bool(await self._sql.has_due(borrowed, system=system))

    async def lease(self, system: str, kind: StatementKind, *, limit: int, seconds: float) -> list[LeasedStatement]:
        async with transaction(self._pool) as borrowed:
            rows = self._sql.lease_statements(borrowed, system=system, kind=kind, wanted=limit, seconds=seconds)
            return [LeasedStatement(**{**dict(row), "kind": StatementKind(row["kind"])}) async for row in rows]

    async def settle(
        self,
        leased: LeasedStatement,
        *,
        state: str,
        reason: str,
        delay_seconds: float,
        now: datetime,
        is_attempt_counted: bool = True,
    ) -> str | None:
        async with transaction(self._pool) as borrowed:
            # Whether a newer statement takes the place of this one must not change while it is decided.
            await self._sql.lock_subject(
                borrowed, lock=Lock.SUBJECTS, system=leased.system, kind=leased.kind, subject=leased.subject
            )
            row = await self._sql.settle_statement(
                borrowed,
                statement_id=leased.statement_id,
                lease_until=leased.lease_until,
                state=state,
                reason=reason,
                delay=delay_seconds,
                taken_back=int(not is_attempt_counted),
                now=now,
            )
            if row is None:
                return None
            stored = str(row["state"])
            if stored != StatementState.WAITING:
                event_type = f"statement.{stored}"
                event = _event(event_type, leased.agency_code, leased.statement_id, leased.kind, row["reason"])
                delivered, skipped = stored == StatementState.DELIVERED, stored == StatementState.SKIPPED
                ledger = (
                    [(f"{leased.system}.statements", 0, int(delivered), int(skipped))] if delivered or skipped else []
                )
                await append_events(borrowed, [event], ledger, now)
        return stored

    async def read_at(self, system: str) -> datetime | None:
        async with connection(self._pool) as borrowed:
            at: datetime | None = await self._sql.questions_read_at(borrowed, system=system)
        return at

    def alone(self, system: str) -> AbstractAsyncContextManager[bool]:
        return session_lock(self._pool, Lock.QUESTIONS, system)

    async def known(self, system: str, source: QuestionSource) -> Mapping[str, bool | None]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.known_questions(borrowed, system=system, source=source)
            return {row["question_id"]: row["is_answered"] async for row in rows}

    async def save(self, system: str, questions: Sequence[ReadQuestion], now: datetime) -> int:
        by_source: dict[QuestionSource, list[ReadQuestion]] = {}
        for read in questions:
            by_source.setdefault(read.question.source, []).append(read)
        changed_count = 0
        for source, found in by_source.items():
            changed_count += await self._save(system, source, found, now)
        return changed_count

    async def _save(self, system: str, source: QuestionSource, questions: Sequence[ReadQuestion], now: datetime) -> int:
        async with transaction(self._pool) as borrowed:
            rows = self._sql.known_questions(borrowed, system=system, source=source)
            known = {row["question_id"]: row["digest"] async for row in rows}
            changed: dict[str, tuple[object, ...]] = {}
            for read in questions:
                content = msgspec.json.encode(asdict(read.question))
                digest = self._key_ring.digest(content + str(read.is_answered).encode())
                if known.get(read.question.question_id) != digest:
                    changed[read.question.question_id] = self._row(read, content, digest)
            agencies = {read.question.question_id: read.question.agency_code for read in questions}
            saved = self._sql.save_questions(
                borrowed, system=system, source=source, now=now, **columns("s", list(changed.values()), 8)
            )
            events = [
                (
                    "question.received" if row["is_new"] else "question.changed",
                    f"question:{source}:{row['question_id']}",
                    agencies[row["question_id"]],
                    None,
                    None,
                    "{}",
                )
                async for row in saved
            ]
            if events:
                await append_events(borrowed, events, [], now)
        return len(events)

    def _row(self, read: ReadQuestion, content: bytes, digest: bytes) -> tuple[object, ...]:
        question = read.question
        key = self._key_ring.new_record_key()
        sealed = key.seal(content, context=question_context(question.source, question.question_id))
        codes = (question.sector_code, question.procedure_code, question.agency_code)
        return (question.question_id, *codes, read.is_answered, digest, key.wrapped, sealed)

    async def note_read(self, system: str, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.note_questions_read(borrowed, system=system, now=now)
