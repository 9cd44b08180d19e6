"""Sending statements: leases what is due, calls, stores what came of it; and reading the questions they answer."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from gateway.engine.circuits import CircuitBreaker
from gateway.errors import IntegrityFailed, Rejected, RemoteError, StoreUnavailable
from gateway.model.statement import StatementKind, StatementState, statement_context
from gateway.ports.basics import Chance, Clock, KeyRing
from gateway.ports.observing import CallEnded, DefectFound, DeliveryEnded, Observer
from gateway.ports.portal_services import (
    AnswerToPush,
    LocalQuestionToPush,
    QuestionDesk,
    QuestionSource,
    RatingsChannel,
    RatingToPush,
    StatisticsChannel,
    StatisticsToPush,
)
from gateway.ports.statements import LeasedStatement, QuestionStore, ReadQuestion, StatementStore
from gateway.sync.actions import call_failed
from gateway.sync.retry import RetryPolicy
from gateway.sync.statements import (
    DEFECT,
    REFUSED_TOGETHER,
    UNREADABLE,
    StatementMove,
    after_failure,
    after_hold,
    after_success,
)

_SAVED_TOGETHER = 50
_MAX_FAILURES_IN_A_ROW = 10

CONTENT_TYPES: Mapping[StatementKind, Any] = {
    StatementKind.ANSWER: tuple[AnswerToPush, ...],
    StatementKind.LOCAL_QUESTION: tuple[LocalQuestionToPush, ...],
    StatementKind.RATING: tuple[RatingToPush, ...],
    StatementKind.STATISTICS: tuple[StatisticsToPush, ...],
}
"""What a statement's content is: the records that it sends, in order."""


class StatementChannel(QuestionDesk, RatingsChannel, StatisticsChannel, Protocol):
    """Everything that takes statements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSettings:
    """How statements are sent. `lease_seconds` must outlast the longest call."""

    max_per_call: int = 50
    lease_seconds: float = 180.0
    idle_seconds: float = 2.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class StatementSender:
    """Sends the statements of one system in this process."""

    def __init__(
        self,
        system: str,
        store: StatementStore,
        channel: StatementChannel,
        breaker: CircuitBreaker,
        *,
        key_ring: KeyRing,
        clock: Clock,
        chance: Chance,
        observer: Observer,
        settings: StatementSettings,
    ) -> None:
        self._system = system
        self._store = store
        self._channel = channel
        self._breaker = breaker
        self._key_ring = key_ring
        self._clock = clock
        self._chance = chance
        self._observe = observer
        self._settings = settings

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop; what is under way is finished. Survives a database that goes away."""
        while not stopping.is_set():
            sent_count = 0
            try:
                sent_count = await self.cycle()
            except StoreUnavailable:
                pass  # What is under way has a lease that ends; sending it again is harmless.
            except Exception as error:  # noqa: BLE001 - one bad turn must not end the sender
                self._observe(DefectFound(system=self._system, operation="statements", error=error))
            if sent_count == 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), self._settings.idle_seconds)

    async def cycle(self) -> int:
        """Lease and send what is due, of every kind; give how many statements were sent. Raises StoreUnavailable.

        Obeys the circuit that all calls to the system share. It is asked only when something is due: a probe is too
        rare to be spent on nothing.
        """
        if not await self._store.has_due(self._system):
            return 0
        allowed = await self._breaker.allowance(self._settings.max_per_call)
        most, sent_count = self._settings.max_per_call, 0
        for kind in StatementKind:
            limit = most if allowed is None else min(allowed - sent_count, most)
            if limit <= 0 or self._breaker.is_open or self._breaker.is_shut:
                break
            leased = await self._store.lease(self._system, kind, limit=limit, seconds=self._settings.lease_seconds)
            alone = [one for one in leased if one.reason == REFUSED_TOGETHER]
            together = [one for one in leased if one.reason != REFUSED_TOGETHER]
            for batch in (*([one] for one in alone), together):
                if batch:
                    await self._send(kind, batch)
            sent_count += len(leased)
        if allowed and not sent_count:
            await self._breaker.nothing_to_probe()
        return sent_count

    async def _send(self, kind: StatementKind, batch: Sequence[LeasedStatement]) -> None:
        readable: list[LeasedStatement] = []
        records: list[Any] = []
        for leased in batch:
            try:
                records.extend(self._open(leased))
                readable.append(leased)
            except (IntegrityFailed, msgspec.MsgspecError):
                # One that was tampered with, or that this version cannot read, must not hold up its neighbours.
                await self._settle(leased, StatementMove(StatementState.PARKED, UNREADABLE))
        if not readable:
            return
        await self._breaker.turn()
        if self._breaker.is_shut:
            for leased in readable:
                await self._settle(leased, after_hold(leased.reason))
            return
        started = self._clock.monotonic()
        failure = await self._call(kind, records)
        self._observe(
            CallEnded(
                system=self._system,
                operation=f"push_{kind}",
                outcome="ok" if failure is None else failure.code,
                items_count=len(readable),
                duration_seconds=self._clock.monotonic() - started,
            )
        )
        for leased in readable:
            await self._settle(leased, self._move(leased, failure, is_alone=len(readable) == 1))

    async def _call(self, kind: StatementKind, records: Sequence[Any]) -> RemoteError | None:
        """Make the call and tell the circuit; give what went wrong. A defect of ours counts as a refusal: it is
        pinned on the one statement that causes it, and that one is a person's."""
        try:
            await self._push(kind, records)
        except RemoteError as error:
            with contextlib.suppress(StoreUnavailable):
                await self._breaker.failed(call_failed(error))
            return error
        except StoreUnavailable:
            raise  # The shared session could not be read: nothing was sent.
        except Exception as error:  # noqa: BLE001 - one statement that we cannot write must not hold up the others
            operation = f"push_{kind}"
            self._observe(DefectFound(system=self._system, operation=operation, error=error))
            return Rejected("the statement could not be written", system=self._system, operation=operation, code=DEFECT)
        with contextlib.suppress(StoreUnavailable):
            await self._breaker.answered()
        return None

    def _move(self, leased: LeasedStatement, failure: RemoteError | None, *, is_alone: bool) -> StatementMove:
        if failure is None:
            return after_success()
        move = after_failure(
            failure,
            attempts_count=leased.attempts_count,
            is_alone=is_alone,
            retry=self._settings.retry,
            chance=self._chance.random(),
        )
        if move.state is StatementState.WAITING and leased.reason == REFUSED_TOGETHER:
            return replace(move, reason=REFUSED_TOGETHER)  # It stays alone until it is taken or refused.
        return move

    def _open(self, leased: LeasedStatement) -> Sequence[Any]:
        key = self._key_ring.open_record_key(leased.wrapped_key)
        plain = key.unseal(leased.sealed, context=statement_context(leased.kind, leased.subject))
        records: Sequence[Any] = msgspec.json.decode(plain, type=CONTENT_TYPES[leased.kind])
        return records

    async def _push(self, kind: StatementKind, records: Sequence[Any]) -> None:
        match kind:
            case StatementKind.ANSWER:
                await self._channel.push_answers(records)
            case StatementKind.LOCAL_QUESTION:
                await self._channel.push_local_questions(records)
            case StatementKind.RATING:
                await self._channel.push_ratings(records)
            case StatementKind.STATISTICS:
                await self._channel.push_statistics(records)

    async def _settle(self, leased: LeasedStatement, move: StatementMove) -> None:
        stored = await self._store.settle(
            leased,
            state=move.state,
            reason=move.reason,
            delay_seconds=move.delay_seconds,
            now=self._clock.now(),
            is_attempt_counted=move.is_attempt_counted,
        )
        if stored is not None:
            self._observe(DeliveryEnded(system=self._system, kind=leased.kind, outcome=stored))


async def read_questions(
    system: str, desk: QuestionDesk, store: QuestionStore, *, clock: Clock, interval: timedelta | None = None
) -> int | None:
    """Bring the copy of the portal's questions up to date; give how many are new or changed.

    None when another process does it, or when the last reading lies within `interval`. A question without an answer
    costs one call of its own. One whose answers cannot be asked for is kept all the same, as not known to be answered,
    and asked about at the next reading. Of a question known with its answer nothing is stored while the list leaves
    the answer out. Raises RemoteError when a list cannot be read, or ten questions in a row cannot be asked about;
    what was read until then stays.
    """
    async with store.alone(system) as is_mine:
        read_at = await store.read_at(system)
        if not is_mine or (interval is not None and read_at is not None and clock.now() - read_at < interval):
            return None
        changed_count = 0
        for source in QuestionSource:
            changed_count += await _read_list(system, source, desk, store, clock)
        await store.note_read(system, clock.now())
    return changed_count


async def _read_list(
    system: str, source: QuestionSource, desk: QuestionDesk, store: QuestionStore, clock: Clock
) -> int:
    known = await store.known(system, source)
    changed_count, failures_in_a_row = 0, 0
    batch: list[ReadQuestion] = []
    for question in await desk.list_questions(source):
        if not question.is_importable or (not question.answers and known.get(question.question_id)):
            continue
        read = ReadQuestion(question=question, is_answered=True)
        if not question.answers:
            try:
                answers = tuple(await desk.answers_of(question.question_id))
                read = ReadQuestion(question=replace(question, answers=answers), is_answered=bool(answers))
                failures_in_a_row = 0
            except RemoteError:
                failures_in_a_row += 1
                if failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                    await store.save(system, batch, clock.now())
                    raise  # The system is ill: the rest is read another time.
                read = ReadQuestion(question=question, is_answered=None)
        batch.append(read)
        if len(batch) >= _SAVED_TOGETHER:
            changed_count += await store.save(system, batch, clock.now())
            batch = []
    return changed_count + await store.save(system, batch, clock.now())
