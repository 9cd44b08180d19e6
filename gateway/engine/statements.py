"""Sending statements: leases what is due, calls, stores what came of it; and reading the questions they answer."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from gateway.errors import IntegrityFailed, RemoteError, StoreUnavailable
from gateway.model.statement import StatementKind, StatementState, statement_context
from gateway.ports.basics import Chance, Clock, KeyRing
from gateway.ports.observing import CallEnded, DefectFound, DeliveryEnded, Observer
from gateway.ports.portal_services import (
    AnswerToPush,
    LocalQuestionToPush,
    Question,
    QuestionDesk,
    QuestionSource,
    RatingsChannel,
    RatingToPush,
    StatisticsChannel,
    StatisticsToPush,
)
from gateway.ports.statements import LeasedStatement, QuestionStore, StatementStore
from gateway.sync.retry import RetryPolicy
from gateway.sync.statements import REFUSED_TOGETHER, StatementMove, after_failure, after_success

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
        """Lease and send once for every kind; give how many statements were sent. Raises StoreUnavailable."""
        sent_count = 0
        for kind in StatementKind:
            leased = await self._store.lease(
                self._system, kind, limit=self._settings.max_per_call, seconds=self._settings.lease_seconds
            )
            alone = [one for one in leased if one.reason == REFUSED_TOGETHER]
            together = [one for one in leased if one.reason != REFUSED_TOGETHER]
            for batch in (*([one] for one in alone), together):
                if batch:
                    await self._send(kind, batch)
            sent_count += len(leased)
        return sent_count

    async def _send(self, kind: StatementKind, batch: Sequence[LeasedStatement]) -> None:
        readable: list[LeasedStatement] = []
        records: list[Any] = []
        for leased in batch:
            try:
                records.extend(self._open(leased))
                readable.append(leased)
            except IntegrityFailed:
                await self._settle(leased, StatementMove(StatementState.PARKED, IntegrityFailed.code))
        if not readable:
            return
        started, outcome, failure = self._clock.monotonic(), "ok", None
        try:
            await self._push(kind, records)
        except RemoteError as error:
            outcome, failure = error.code, error
        self._observe(
            CallEnded(
                system=self._system,
                operation=f"push_{kind}",
                outcome=outcome,
                items_count=len(readable),
                duration_seconds=self._clock.monotonic() - started,
            )
        )
        for leased in readable:
            await self._settle(leased, self._move(leased, failure, is_alone=len(readable) == 1))

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
            system=self._system,
            state=move.state,
            reason=move.reason,
            delay_seconds=move.delay_seconds,
            now=self._clock.now(),
        )
        if stored is not None:
            self._observe(DeliveryEnded(system=self._system, kind=leased.kind, outcome=stored))


async def read_questions(
    system: str, desk: QuestionDesk, store: QuestionStore, *, clock: Clock, interval: timedelta | None = None
) -> int | None:
    """Bring the copy of the portal's questions up to date; give how many are new or changed.

    None when the last reading lies within `interval`. A question without an answer costs one call of its own, unless
    it is known to be answered already. Raises RemoteError when a list cannot be read; what was read until then stays.
    """
    read_at = await store.read_at(system)
    if interval is not None and read_at is not None and clock.now() - read_at < interval:
        return None
    changed_count = 0
    for source in QuestionSource:
        known = await store.known(system, source)
        found: list[Question] = []
        for question in await desk.list_questions(source):
            if not question.is_importable:
                continue
            if not question.answers and not known.get(question.question_id, False):
                question = replace(question, answers=tuple(await desk.answers_of(question.question_id)))
            elif not question.answers:
                continue  # Known with its answer, which the list does not repeat.
            found.append(question)
        changed_count += await store.save(system, found, clock.now())
    await store.note_read(system, clock.now())
    return changed_count
