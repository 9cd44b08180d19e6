"""The worker: leases lanes, sends what they owe, stores what came of it.

One cycle has two transactions with the calls between them. The first leases lanes, writes down every attempt *before*
it is made, and settles at once what needs no call. The second stores the results, fenced by the lease. A process that
dies between the two leaves deliveries `in_flight` under a lease that nobody holds; the next worker to lease the lane
finds them there and asks the system before it sends anything again.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from gateway.engine.acceptor import revision_context
from gateway.engine.calls import Call, Item, deliveries_of, pack
from gateway.engine.circuits import CircuitBreaker
from gateway.engine.codes import CodeTranslator, NotTranslatable, PinnedCodes
from gateway.engine.national_statuses import prepare_status, push_status
from gateway.errors import IntegrityFailed, RemoteError, StoreUnavailable
from gateway.model.delivery import Delivery, DeliveryKind, DeliveryState, Lane
from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.procedure import Procedure
from gateway.model.status import DossierStatus
from gateway.ports.basics import Chance, Clock, KeyRing
from gateway.ports.observing import AlertRaised, CallEnded, DefectFound, DeliveryEnded, Observer
from gateway.ports.portal import DossierChannel, Prepared, SnapshotToPush, StepToPush, Untranslatable
from gateway.ports.portal_services import NationalStatusChannel
from gateway.ports.store import LaneResult, LeasedLane, LeaseTransaction, OutboxStore, RevisionContent
from gateway.sync.actions import (
    Action,
    CallFailed,
    CallHeld,
    Event,
    FailureKind,
    Judged,
    LookedUp,
    NotTranslated,
    PushSnapshot,
    PushStatus,
    Query,
    call_failed,
)
from gateway.sync.file_links import FileLinks
from gateway.sync.lanes import Reaction, begin, plan, react
from gateway.sync.retry import RetryPolicy


class Procedures(Protocol):
    """The gateway's own copy of the catalogue."""

    async def get_many(self, codes: Sequence[str]) -> Mapping[str, Procedure]:
        """Give the present version of each code that is known; unknown codes are left out."""
        ...


class Waker(Protocol):
    """Tells when something may have been accepted."""

    def moment(self) -> asyncio.Event:
        """Give an event that is set when something is accepted after this call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How hard one worker works. `lanes_per_cycle` bounds what is lost from sight when it dies."""

    lanes_per_cycle: int = 200
    loops_count: int = 2
    max_concurrent_calls: int = 8
    idle_poll_seconds: float = 0.5
    settle_seconds: float = 30.0
    """How long an answer waits for a database that is away; well below the lease."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)


_SETTLE_AGAIN_SECONDS = 0.2
_dossiers = msgspec.json.Decoder(Dossier)
_steps = msgspec.json.Decoder(ProgressStep)


class Worker:
    """Works on the lanes of one system in this process."""

    def __init__(
        self,
        outbox: OutboxStore,
        channel: DossierChannel,
        breaker: CircuitBreaker,
        procedures: Procedures,
        *,
        key_ring: KeyRing,
        clock: Clock,
        chance: Chance,
        observer: Observer,
        settings: WorkerSettings,
        waker: Waker,
        links: FileLinks | None = None,
        codes: CodeTranslator | None = None,
        statuses: NationalStatusChannel | None = None,
    ) -> None:
        self._outbox = outbox
        self._channel = channel
        self._breaker = breaker
        self._procedures = procedures
        self._key_ring = key_ring
        self._clock = clock
        self._chance = chance
        self._observe = observer
        self._settings = settings
        self._waker = waker
        self._links = links
        self._codes = codes
        self._statuses = statuses
        self._limits = replace(
            channel.limits,
            repeated_status_is_harmless=statuses is not None and statuses.repeated_status_is_harmless,
        )
        self._calls = asyncio.Semaphore(settings.max_concurrent_calls)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop; what is under way is finished. Survives a database that goes away."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.loops_count):
                group.create_task(self._loop(stopping))

    async def _loop(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            # Taken before looking, so that what is accepted while we look is not slept over.
            moment = self._waker.moment()
            worked_count = 0
            try:
                worked_count = await self.cycle()
            except* StoreUnavailable:
                pass  # Nothing was sent that is not written down; what is in flight under a lease is asked about.
            except* Exception as group:  # noqa: BLE001 - one bad turn must not end the worker
                for error in group.exceptions:
                    self._observe(DefectFound(system=self._channel.system, operation="cycle", error=error))
            if worked_count == 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(moment.wait(), self._settings.idle_poll_seconds)

    async def cycle(self) -> int:
        """Lease once and work on what was leased; give the number of lanes. Raises StoreUnavailable."""
        allowed = await self._breaker.allowance(self._limits.max_snapshots_per_call)
        if allowed == 0:
            return 0
        limit = self._settings.lanes_per_cycle if allowed is None else min(allowed, self._settings.lanes_per_cycle)
        async with self._outbox.transaction() as transaction:
            lanes = await transaction.lease(self._channel.system, limit)
            items, ended = await self._begin(transaction, lanes) if lanes else ([], [])
        if not lanes and allowed is not None:
            await self._breaker.nothing_to_probe()
        for result in ended:
            self._tell(result)
        # Calls end by themselves, whatever becomes of their neighbours: to break one off is to lose its answer.
        calls = pack(items, self._limits)
        ends = await asyncio.gather(*(self._perform(call) for call in calls), return_exceptions=True)
        failures = [end for end in ends if isinstance(end, BaseException)]
        if failures:
            raise BaseExceptionGroup("calls could not be settled", failures)
        return len(lanes)

    async def _begin(
        self, transaction: LeaseTransaction, lanes: Sequence[LeasedLane]
    ) -> tuple[list[Item], list[LaneResult]]:
        """Store the attempts that are about to be made; settle in the same transaction what needs no call."""
        planned = [(leased, plan(leased.lane, self._limits)) for leased in lanes]
        codes = None if self._codes is None else self._codes.pinned()
        prepared = await self._prepare(transaction, planned, codes)
        items: list[Item] = []
        ended: list[LaneResult] = []
        for leased, action in planned:
            begun = begin(leased.lane, action)
            translated = [prepared[delivery.delivery_id] for delivery in deliveries_of(action)]
            refused = next((item for item in translated if isinstance(item, Untranslatable)), None)
            if refused is not None:
                event = NotTranslated(refused.delivery_id, refused.missing, refused.problems)
                ended.append(self._result(leased, leased.lane, self._react(begun, action, event)))
            elif translated:
                items.append(Item(leased, begun, action, tuple(i for i in translated if isinstance(i, Prepared))))
            else:
                ended.append(self._result(leased, leased.lane, Reaction(begun)))
        begun_now = [moved for item in items for moved in _moved(item.leased.lane, item.lane)]
        await transaction.begin(begun_now, None if codes is None else codes.version)
        await transaction.settle(ended, self._clock.now())
        for item in items:
            for moved in _moved(item.leased.lane, item.lane):
                if moved.state is DeliveryState.SKIPPED:
                    self._observe(_ended(item.lane, moved))
        return items, ended

    async def _prepare(
        self, transaction: LeaseTransaction, planned: Sequence[tuple[LeasedLane, Action]], codes: PinnedCodes | None
    ) -> dict[int, Prepared | Untranslatable]:
        """Open and translate the content of every delivery that is about to be sent or asked about."""
        leased_by_id = {leased.lane.dossier_id: leased for leased, _ in planned}
        wanted: dict[tuple[int, int, DeliveryKind], int] = {}
        for leased, action in planned:
            for delivery in deliveries_of(action):
                # A query compares the dossier, also when a step is in doubt.
                kind = DeliveryKind.SNAPSHOT if isinstance(action, Query) else delivery.kind
                wanted[(leased.lane.dossier_id, delivery.revision, kind)] = delivery.delivery_id
        contents = await transaction.contents(list(wanted))
        opened: list[tuple[int, str, Dossier | ProgressStep]] = []
        prepared: dict[int, Prepared | Untranslatable] = {}
        for content in contents:
            leased = leased_by_id[content.dossier_id]
            delivery_id = wanted[(content.dossier_id, content.revision, content.kind)]
            try:
                if content.kind is DeliveryKind.NATIONAL_STATUS:
                    prepared[delivery_id] = self._answer(delivery_id, leased, content)
                    continue
                document = self._in_their_codes(self._open(leased, content), codes)
                if isinstance(document, NotTranslatable):
                    missing, problems = document.missing, document.problems
                    prepared[delivery_id] = Untranslatable(delivery_id=delivery_id, missing=missing, problems=problems)
                else:
                    opened.append((delivery_id, leased.dossier_code, document))
            except IntegrityFailed:
                # One record that was tampered with, or whose key is gone, must not hold up the others.
                prepared[delivery_id] = Untranslatable(delivery_id=delivery_id, problems=(("document", "must verify"),))
            except Exception as error:  # noqa: BLE001 - nor may one that meets a defect of ours
                prepared[delivery_id] = self._defective(delivery_id, "open", error)
        wanted_codes = {document.procedure_code for *_, document in opened if isinstance(document, Dossier)}
        procedures = await self._procedures.get_many(sorted(wanted_codes)) if wanted_codes else {}
        for delivery_id, code, document in opened:
            try:
                prepared[delivery_id] = self._translate(delivery_id, code, document, procedures)
            except Exception as error:  # noqa: BLE001 - as above
                prepared[delivery_id] = self._defective(delivery_id, "translate", error)
        return prepared

    def _defective(self, delivery_id: int, operation: str, error: Exception) -> Untranslatable:
        self._observe(DefectFound(system=self._channel.system, operation=operation, error=error))
        return Untranslatable(delivery_id=delivery_id, problems=(("document", "could not be translated"),))

    def _translate(
        self, delivery_id: int, code: str, document: Dossier | ProgressStep, procedures: Mapping[str, Procedure]
    ) -> Prepared | Untranslatable:
        if isinstance(document, ProgressStep):
            return self._channel.prepare_step(StepToPush(delivery_id=delivery_id, dossier_code=code, step=document))
        procedure = procedures.get(document.procedure_code)
        return self._channel.prepare_snapshot(
            SnapshotToPush(delivery_id=delivery_id, dossier_code=code, dossier=document, procedure=procedure)
        )

    @staticmethod
    def _in_their_codes(
        document: Dossier | ProgressStep, codes: PinnedCodes | None
    ) -> Dossier | ProgressStep | NotTranslatable:
        return codes.translated(document) if codes is not None and isinstance(document, Dossier) else document

    def _open(self, leased: LeasedLane, content: RevisionContent) -> Dossier | ProgressStep:
        key = self._key_ring.open_record_key(leased.wrapped_key)
        plain = key.unseal(content.sealed, context=revision_context(content.dossier_id, content.content_revision))
        if content.kind is DeliveryKind.STEP:
            return _steps.decode(plain)
        dossier = _dossiers.decode(plain)
        if content.status != dossier.status:
            # A step has moved it on since; the province's own code beside it was that of the former status.
            dossier = replace(dossier, status=DossierStatus(content.status), source_status="")
        if self._links is None:
            return dossier
        return self._links.rewritten(
            dossier, dossier_id=content.dossier_id, revision=content.content_revision, now=self._clock.now()
        )

    def _answer(self, delivery_id: int, leased: LeasedLane, content: RevisionContent) -> Prepared | Untranslatable:
        """Open what an answer to a nationally filed dossier is made of, and make it."""
        dossier, step = self._open(leased, content), None
        assert isinstance(dossier, Dossier)
        if content.step_sealed is not None:
            key = self._key_ring.open_record_key(leased.wrapped_key)
            context = revision_context(content.dossier_id, content.revision)
            step = _steps.decode(key.unseal(content.step_sealed, context=context))
        return prepare_status(
            delivery_id,
            leased.dossier_code,
            dossier,
            step,
            accepted_at=content.accepted_at or self._clock.now(),
            channel=self._statuses,
        )

    async def _perform(self, call: Call) -> None:
        """Make one call and store what came of it."""
        async with self._calls:
            await self._breaker.turn()
            # Waiting for a turn takes time: the lease must still hold, and the system must still be worth calling.
            held = await self._still_held(call)
            if held is None:
                return
            call = held
            if self._breaker.is_shut:
                events: Sequence[Event] = [CallHeld()] * len(call.items)
            elif self._breaker.is_open:
                events = [CallFailed(FailureKind.TRANSIENT)] * len(call.items)
            else:
                events = await self._call(call)
        results = [
            self._result(item.leased, item.lane, self._react(item.lane, item.action, event))
            for item, event in zip(call.items, events, strict=True)
        ]
        settled = await self._settle(results)
        for result in results:
            if result.lane.dossier_id in settled:
                self._tell(result)
            else:
                self._lost(result.leased)

    async def _still_held(self, call: Call) -> Call | None:
        """Renew the leases of a call that is about to be made; give what is still ours, None for nothing."""
        async with self._outbox.transaction() as transaction:
            held = set(await transaction.extend([item.leased for item in call.items]))
        for item in call.items:
            if item.lane.dossier_id not in held:
                self._lost(item.leased)
        items = tuple(item for item in call.items if item.lane.dossier_id in held)
        return replace(call, items=items) if items else None

    async def _call(self, call: Call) -> Sequence[Event]:
        """Make the call and note how it went; one event per item."""
        started = self._clock.monotonic()
        outcome = "ok"
        failure: CallFailed | None = None
        events: Sequence[Event] = ()
        try:
            events = await self._send(call)
        except RemoteError as error:
            outcome, failure = error.code, call_failed(error)
        except StoreUnavailable as error:
            # The shared session could not be read: nothing was sent.
            outcome, failure = error.code, CallFailed(FailureKind.TRANSIENT)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not stop the worker, nor hide an effect
            outcome, failure = "defect", CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True)
            self._observe(DefectFound(system=self._channel.system, operation=call.operation, error=error))
        self._observe(
            CallEnded(
                system=self._channel.system,
                operation=call.operation,
                outcome=outcome,
                items_count=sum(len(item.prepared) for item in call.items),
                duration_seconds=self._clock.monotonic() - started,
            )
        )
        # The answer counts also when it cannot be noted how the system fares.
        with contextlib.suppress(StoreUnavailable):
            if failure is None:
                await self._breaker.answered()
            elif outcome not in ("defect", StoreUnavailable.code):
                await self._breaker.failed(failure)
        return events if failure is None else [failure] * len(call.items)

    async def _settle(self, results: Sequence[LaneResult]) -> set[int]:
        """Store results; an answer is worth some patience with the database. Gives the lanes that were still held."""
        give_up_at = self._clock.monotonic() + self._settings.settle_seconds
        while True:
            try:
                async with self._outbox.transaction() as transaction:
                    return set(await transaction.settle(results, self._clock.now()))
            except StoreUnavailable:
                if self._clock.monotonic() >= give_up_at:
                    raise
                await asyncio.sleep(_SETTLE_AGAIN_SECONDS)

    def _lost(self, leased: LeasedLane) -> None:
        self._observe(AlertRaised(system=self._channel.system, name="lease_lost", dossier_code=leased.dossier_code))

    async def _send(self, call: Call) -> Sequence[Event]:
        """Make the call; one event per item. Raises RemoteError when nothing usable came back."""
        first = call.items[0]
        prepared = [record for item in call.items for record in item.prepared]
        match first.action:
            case Query():
                return [LookedUp(await self._channel.look_up(first.prepared[0]))]
            case PushStatus():
                assert self._statuses is not None, "an answer is prepared only where it can be carried"
                return [await push_status(self._statuses, first.prepared[0])]
            case PushSnapshot(is_update=is_update):
                verdicts = await self._channel.push_snapshots(prepared, is_update=is_update)
            case _:
                verdicts = await self._channel.push_steps(prepared)
        by_delivery = {verdict.delivery_id: verdict for verdict in verdicts}
        return [Judged(tuple(by_delivery[record.delivery_id] for record in item.prepared)) for item in call.items]

    def _react(self, lane: Lane, action: Action, event: Event) -> Reaction:
        return react(
            lane,
            action,
            event,
            now=self._clock.now(),
            chance=self._chance.random(),
            retry=self._settings.retry,
            limits=self._limits,
        )

    def _result(self, leased: LeasedLane, before: Lane, reaction: Reaction) -> LaneResult:
        """Give what is to be stored on top of `before`, the lane as the store has it already."""
        changed = _moved(before, reaction.lane)
        return LaneResult(
            leased=leased,
            lane=reaction.lane,
            changed=changed,
            events=[
                *(_delivery_event(reaction.lane, delivery) for delivery in changed),
                *(("system.alert", {"system": reaction.lane.system, "alert": alert}) for alert in reaction.alerts),
            ],
            conflict_fields=reaction.conflict_fields,
        )

    def _tell(self, result: LaneResult) -> None:
        for delivery in result.changed:
            self._observe(_ended(result.lane, delivery))
        for event_type, data in result.events:
            if event_type == "system.alert":
                name = str(data["alert"]).partition(":")[0]
                self._observe(
                    AlertRaised(system=result.lane.system, name=name, dossier_code=result.leased.dossier_code)
                )


_EVENT_TYPES = {
    DeliveryState.DELIVERED: "delivery.delivered",
    DeliveryState.PARKED: "delivery.parked",
    DeliveryState.SKIPPED: "delivery.skipped",
    DeliveryState.UNKNOWN: "delivery.unanswered",
    DeliveryState.WAITING: "delivery.deferred",
    DeliveryState.IN_FLIGHT: "delivery.begun",
}


def _ended(lane: Lane, delivery: Delivery) -> DeliveryEnded:
    return DeliveryEnded(system=lane.system, kind=delivery.kind.value, outcome=delivery.state.value)


def _delivery_event(lane: Lane, delivery: Delivery) -> tuple[str, Mapping[str, Any]]:
    data: dict[str, Any] = {
        "system": lane.system,
        "revision": delivery.revision,
        "kind": delivery.kind.value,
        "attempts_count": delivery.attempts_count,
    }
    if delivery.reason:
        data["reason"] = delivery.reason
    if delivery.state in (DeliveryState.WAITING, DeliveryState.UNKNOWN) and lane.due_at is not None:
        data["next_attempt_at"] = lane.due_at
    return _EVENT_TYPES[delivery.state], data


def _moved(before: Lane, after: Lane) -> list[Delivery]:
    """Give the deliveries that differ."""
    known = {delivery.delivery_id: delivery for delivery in before.deliveries}
    return [delivery for delivery in after.deliveries if known.get(delivery.delivery_id) != delivery]
