"""One running process of the gateway: its parts, in the order in which they start and stop."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gateway.engine.acceptor import Acceptor
from gateway.engine.audit import Auditor
from gateway.engine.procedures import sync_procedures
from gateway.engine.scheduler import Job, run_jobs
from gateway.engine.worker import Worker
from gateway.ports.basics import Clock
from gateway.ports.portal import ProcedureCatalogue
from gateway.store.applications import kept_facts
from gateway.store.events import EventSignal
from gateway.store.ledger import compact_ledger, forget_old_records, queue_facts
from gateway.store.outbox import PostgresOutbox, WorkerPresence
from gateway.store.pool import Pool
from gateway.store.procedures import PostgresProcedures
from gateway.store.reconciliation import parked_counts
from gateway.store.systems import PostgresSystems
from gateway.sync.procedure_reading import ReadingPolicy
from gateway.telemetry import Telemetry


@dataclass(slots=True)
class Parts:
    """What bootstrap made. Parts of a role that this process does not play are None or empty."""

    pool: Pool
    clock: Clock
    telemetry: Telemetry
    signal: EventSignal
    systems: PostgresSystems
    procedures: PostgresProcedures
    acceptor: Acceptor | None
    auditor: Auditor | None
    outbox: PostgresOutbox | None
    presence: WorkerPresence | None
    worker: Worker | None
    catalogue: ProcedureCatalogue | None
    refresh_catalogue: Callable[[], Awaitable[None]]
    more_workers: Sequence[Callable[[asyncio.Event], Coroutine[Any, Any, None]]]
    more_jobs: Sequence[Job]
    may_read: Callable[[], Awaitable[bool]]
    """Whether the catalogue's system is open: outside its hours it is not read either."""
    certificates: Callable[[], dict[str, float]]
    refresh_certificates: Callable[[], None]
    procedures_interval: timedelta
    reading_policy: ReadingPolicy
    idempotency_kept: timedelta
    stop_grace_seconds: float
    closers: list[Callable[[], Awaitable[Any]]] = field(default_factory=list)


class Runtime:
    """Starts the parts, and stops them gracefully: no new work, then what is under way, then the connections."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        parts = self._parts
        parts.signal.start()
        if parts.acceptor is not None:
            parts.acceptor.start()
        if parts.auditor is not None:
            parts.auditor.start()
        if parts.worker is not None:
            self._tasks.append(asyncio.create_task(parts.worker.run(self._stopping)))
        self._tasks.extend(asyncio.create_task(run(self._stopping)) for run in parts.more_workers)
        self._tasks.append(asyncio.create_task(run_jobs(self._jobs(), self._stopping, parts.telemetry)))

    async def failed(self) -> None:
        """Wait until a part ends that should not have ended, and raise what ended it."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def begin_stop(self) -> None:
        """Let workers begin nothing new, while the API still answers what it has taken."""
        self._stopping.set()
        self._parts.signal.wake()

    async def stop(self) -> bool:
        """Stop within the grace time; tell whether everything under way was finished.

        What is not finished then is broken off. Its deliveries stay `in_flight` under leases that end with this
        process's connection, so another worker asks about them before it sends anything.
        """
        parts = self._parts
        self.begin_stop()
        tasks = list(self._tasks)
        if parts.acceptor is not None:
            tasks.append(asyncio.create_task(parts.acceptor.close()))
        if parts.auditor is not None:
            tasks.append(asyncio.create_task(parts.auditor.close()))
        _, late = await asyncio.wait(tasks, timeout=parts.stop_grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if parts.presence is not None:
            await parts.presence.close()
        for close in reversed(parts.closers):
            await close()
        await parts.signal.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(parts.pool.close(), 5)
        return not late

    def _jobs(self) -> list[Job]:
        parts = self._parts
        jobs = [
            *parts.more_jobs,
            Job("measure", 2.0, self._measure),
            Job("measure_findings", 15.0, self._measure_findings),
            Job("certificates", 5.0, self._look_at_certificates),
        ]
        if parts.acceptor is not None:
            jobs.append(Job("catalogue_codes", 2.0, parts.refresh_catalogue))
        if parts.outbox is not None:
            jobs.append(Job("free_leases", 1.0, parts.outbox.release_leases_of_dead_workers))
            jobs.append(Job("compact_ledger", 60.0, lambda: compact_ledger(parts.pool)))
            jobs.append(Job("forget_records", 3600.0, self._forget_records))
        if parts.catalogue is not None:
            # Often, since somebody may have asked for a reading; when nobody has and it is not time, it costs a query.
            jobs.append(Job("procedures", min(2.0, parts.procedures_interval.total_seconds()), self._sync_procedures))
        return jobs

    async def _measure(self) -> None:
        parts = self._parts
        now = parts.clock.now()
        for system, facts in (await queue_facts(parts.pool)).items():
            balance = facts.balance
            states = {
                "waiting": balance.waiting,
                "in_flight": balance.in_flight,
                "unknown": balance.unknown,
                "parked": balance.parked,
            }
            parts.telemetry.note_queue(system, states, facts.oldest_at, now)
            parts.telemetry.note_balance(system, balance.accepted, balance.difference)
        for row in await parts.systems.all():
            parts.telemetry.note_system(
                row["system"], is_open=row["circuit_state"] != "closed", session_renewals=row["session_renewals"]
            )
        parts.telemetry.note_pool(size=parts.pool.get_size(), idle=parts.pool.get_idle_size())

    async def _measure_findings(self) -> None:
        parts = self._parts
        parts.telemetry.note_findings(await parked_counts(parts.pool))
        parts.telemetry.note_kept((await kept_facts(parts.pool))[0])

    async def _look_at_certificates(self) -> None:
        self._parts.refresh_certificates()
        for name, days_left in self._parts.certificates().items():
            self._parts.telemetry.note_certificate(name, days_left)

    async def _forget_records(self) -> None:
        await forget_old_records(self._parts.pool, self._parts.idempotency_kept)

    async def _sync_procedures(self) -> None:
        assert self._parts.catalogue is not None
        if not await self._parts.may_read():
            return
        await sync_procedures(
            self._parts.catalogue,
            self._parts.procedures,
            clock=self._parts.clock,
            observer=self._parts.telemetry,
            interval=self._parts.procedures_interval,
            policy=self._parts.reading_policy,
        )
