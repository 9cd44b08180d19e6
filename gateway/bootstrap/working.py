"""The parts of a process that talks to systems and subscribers."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from adapters.portal import PortalAdapter
from gateway.bootstrap.ground import PORTAL, Ground
from gateway.engine.circuits import CircuitBreaker
from gateway.engine.codes import CodeTranslator
from gateway.engine.drift import DriftBuffer
from gateway.engine.gates import SystemGate
from gateway.engine.reconciliation import Reconciler, ReconciliationSettings
from gateway.engine.scheduler import Job
from gateway.engine.statements import StatementSender, StatementSettings, read_questions
from gateway.engine.webhooks import AiohttpPost, WebhookSender, WebhookSettings
from gateway.engine.worker import Worker, WorkerSettings
from gateway.errors import StoreUnavailable
from gateway.store.drift import PostgresDrift, open_drift_counts
from gateway.store.gates import PostgresGates
from gateway.store.outbox import PostgresOutbox, WorkerPresence
from gateway.store.procedures import PostgresProcedures
from gateway.store.reconciliation import PostgresRuns
from gateway.store.statements import PostgresStatements
from gateway.store.subscriptions import PostgresWebhooks
from gateway.sync.calendar import read_hours
from gateway.sync.circuit import CircuitPolicy
from gateway.sync.release import ReleasePolicy
from gateway.sync.retry import RetryPolicy

Run = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Works until the event is set."""


def make_outbox(ground: Ground, presence: WorkerPresence) -> PostgresOutbox:
    engine = ground.settings.engine
    return PostgresOutbox(
        ground.pool,
        presence,
        lease_seconds=engine.lease_seconds,
        grace_seconds=engine.query_grace_seconds,
        clock=ground.clock,
    )


def make_worker(
    ground: Ground,
    portal: PortalAdapter,
    outbox: PostgresOutbox,
    procedures: PostgresProcedures,
    codes: CodeTranslator,
) -> Worker:
    engine = ground.settings.engine
    return Worker(
        outbox,
        portal,
        make_breaker(ground),
        procedures,
        key_ring=ground.key_ring,
        clock=ground.clock,
        chance=ground.chance,
        observer=ground.telemetry,
        settings=WorkerSettings(
            lanes_per_cycle=engine.lanes_per_cycle,
            loops_count=engine.loops_count,
            max_concurrent_calls=engine.max_concurrent_calls,
            retry=retry_policy(ground),
        ),
        waker=ground.signal,
        links=ground.links(),
        codes=codes,
        statuses=portal.national,
    )


def make_webhooks(ground: Ground) -> Run:
    return WebhookSender(
        PostgresWebhooks(ground.pool),
        key_ring=ground.key_ring,
        clock=ground.clock,
        chance=ground.chance,
        post=AiohttpPost(ground.new_session()),
        signal=ground.signal,
        observer=ground.telemetry,
        settings=WebhookSettings(allowed_hosts=ground.settings.api.webhook_hosts),
    ).run


def make_statements(ground: Ground, portal: PortalAdapter) -> tuple[Run, Job]:
    """Give what sends statements, and what reads the portal's questions."""
    engine = ground.settings.engine
    store = PostgresStatements(ground.pool, key_ring=ground.key_ring)
    sender = StatementSender(
        PORTAL,
        store,
        portal.statements,
        make_breaker(ground),
        key_ring=ground.key_ring,
        clock=ground.clock,
        chance=ground.chance,
        observer=ground.telemetry,
        settings=StatementSettings(lease_seconds=engine.lease_seconds, retry=retry_policy(ground)),
    )
    interval = timedelta(seconds=engine.questions_interval_seconds)
    is_open = make_opening(ground)

    async def read() -> None:
        if not await is_open():
            return
        await read_questions(PORTAL, portal.statements, store, clock=ground.clock, interval=interval)

    return sender.run, Job("questions", min(60.0, interval.total_seconds()), read)


def make_reconciler(
    ground: Ground, portal: PortalAdapter, procedures: PostgresProcedures, codes: CodeTranslator
) -> Run:
    rules = ground.settings.reconciliation
    return Reconciler(
        PORTAL,
        PostgresRuns(ground.pool),
        portal,
        portal.national,
        procedures,
        make_breaker(ground),
        key_ring=ground.key_ring,
        clock=ground.clock,
        observer=ground.telemetry,
        settings=ReconciliationSettings(
            calls_per_second=rules.calls_per_second,
            concurrency=rules.concurrency,
            page_size=rules.page_size,
            list_window=timedelta(days=rules.list_window_days),
            list_from=rules.list_from,
            interval=timedelta(hours=rules.interval_hours) if rules.interval_hours else None,
            full_interval=timedelta(hours=rules.full_interval_hours) if rules.full_interval_hours else None,
        ),
        links=ground.links(),
        codes=codes,
    ).run


def make_breaker(ground: Ground) -> CircuitBreaker:
    engine = ground.settings.engine
    return CircuitBreaker(
        ground.systems,
        PORTAL,
        policy=CircuitPolicy(
            failures_to_open=engine.circuit_failures_to_open,
            open_seconds=engine.circuit_open_seconds,
            open_ceiling_seconds=engine.circuit_open_ceiling_seconds,
        ),
        clock=ground.clock,
        chance=ground.chance,
        observer=ground.telemetry,
        gate=make_gate(ground),
    )


def make_gate(ground: Ground, *, refresh_seconds: float = 1.0) -> SystemGate:
    calendar = ground.settings.calendar.portal
    return SystemGate(
        PostgresGates(ground.pool),
        PORTAL,
        hours=read_hours(calendar.hours),
        policy=ReleasePolicy(
            calls_per_second=calendar.calls_per_second,
            ramp_minutes=calendar.ramp_minutes,
            ramp_first_share=calendar.ramp_first_share,
            ramp_calls_per_second=calendar.ramp_calls_per_second,
        ),
        clock=ground.clock,
        refresh_seconds=refresh_seconds,
    )


def make_opening(ground: Ground) -> Callable[[], Awaitable[bool]]:
    """Give what tells whether the portal is open, for what reads it beside the queue."""
    gate = make_gate(ground)

    async def is_open() -> bool:
        return (await gate.standing()).is_open

    return is_open


def watch_gate(ground: Ground) -> Job:
    """Give what keeps the gate's metrics up to date."""
    gate = make_gate(ground)

    async def measure() -> None:
        standing = await gate.standing()
        ground.telemetry.note_gate(PORTAL, standing.hold, await gate.released_share())

    return Job("gate", 2.0, measure)


def make_drift(ground: Ground) -> tuple[DriftBuffer, Job]:
    """Give what hears of contract drift, and what writes it down. What is left at the end is written then."""
    buffer = DriftBuffer(PostgresDrift(ground.pool), clock=ground.clock, observer=ground.telemetry)

    async def write() -> None:
        await buffer.flush()
        counts = await open_drift_counts(ground.pool)
        ground.telemetry.note_drift(PORTAL, {kind: n for (system, kind), n in counts.items() if system == PORTAL})

    async def write_the_rest() -> None:
        # Without a database the sightings are lost with the process; they will be seen again.
        with contextlib.suppress(StoreUnavailable):
            await buffer.flush()

    ground.closers.append(write_the_rest)
    return buffer, Job("drift", 5.0, write)


def retry_policy(ground: Ground) -> RetryPolicy:
    engine = ground.settings.engine
    return RetryPolicy(
        first_delay_seconds=engine.retry_first_delay_seconds,
        ceiling_seconds=engine.retry_ceiling_seconds,
        query_grace_seconds=engine.query_grace_seconds,
    )
