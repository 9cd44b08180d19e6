"""A worker, the portal's adapter and the portal's sandbox in one process, on a database of the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.portal import PortalAdapter, PortalSettings, build
from adapters.portal.sandbox import PortalProfile, PortalSandbox, make_catalogue
from adapters.sandboxing import FaultKind, FaultSpec, serve_sandbox
from gateway.clocks import SystemChance, SystemClock
from gateway.engine.acceptor import Change, Receipt, accept_batch
from gateway.engine.circuits import CircuitBreaker
from gateway.engine.codes import CodeTranslator
from gateway.engine.gates import SystemGate
from gateway.engine.procedures import sync_procedures
from gateway.engine.worker import Worker, WorkerSettings
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import Happening
from gateway.ports.portal_services import DriftWatch
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.events import EventSignal
from gateway.store.gates import PostgresGates
from gateway.store.outbox import PostgresOutbox, WorkerPresence
from gateway.store.procedures import PostgresProcedures
from gateway.store.systems import PostgresSharedSession, PostgresSystems
from gateway.sync.calendar import ALWAYS_OPEN, OpeningHours
from gateway.sync.circuit import CircuitPolicy
from gateway.sync.file_links import FileLinks
from gateway.sync.release import ReleasePolicy
from gateway.sync.retry import RetryPolicy

CLOCK = SystemClock()
CHANCE = SystemChance()
IMPATIENT = RetryPolicy(first_delay_seconds=0.05, ceiling_seconds=0.4, query_grace_seconds=0.05)
OPEN_STATES = ("waiting", "in_flight", "unknown")


@dataclass(slots=True)
class PortalTown:
    """Everything that a test of the worker needs to hold in its hands."""

    pool: Any
    key_ring: KeyRing
    sandbox: PortalSandbox
    portal: PortalAdapter
    procedures: PostgresProcedures
    systems: PostgresSystems
    worker: Worker
    breaker: CircuitBreaker
    procedure_code: str = ""
    happenings: list[Happening] = field(default_factory=list)

    async def accept(self, *changes: Change) -> list[Receipt]:
        """Accept changes as the API would."""
        store = PostgresAcceptance(self.pool)
        return await accept_batch(store, changes, systems=["portal"], key_ring=self.key_ring, clock=CLOCK)

    def fault(self, kind: FaultKind, **options: Any) -> None:
        self.sandbox.add_fault(FaultSpec(kind=kind, **options))

    async def states(self) -> dict[str, int]:
        rows = await self.pool.fetch("SELECT state, count(*) AS n FROM deliveries GROUP BY 1")
        return {row["state"]: row["n"] for row in rows}

    async def reasons(self) -> list[str]:
        rows = await self.pool.fetch("SELECT reason FROM deliveries WHERE reason <> '' ORDER BY delivery_id")
        return [row["reason"] for row in rows]

    async def work_until(self, is_reached: Callable[[dict[str, int]], bool], seconds: float = 20.0) -> dict[str, int]:
        """Work cycle by cycle until the deliveries' states are as wanted; fails when time runs out."""
        async with asyncio.timeout(seconds):
            while not is_reached(states := await self.states()):
                if await self.worker.cycle() == 0:
                    await asyncio.sleep(0.02)
        return states

    async def work_until_settled(self, seconds: float = 20.0) -> dict[str, int]:
        """Work until nothing is open any more."""
        return await self.work_until(lambda states: not any(states.get(state) for state in OPEN_STATES), seconds)


@asynccontextmanager
async def portal_town(
    dsn: str,
    pool: Any,
    key_ring: KeyRing,
    *,
    profile: PortalProfile | None = None,
    settings: dict[str, Any] | None = None,
    circuit: CircuitPolicy | None = None,
    procedures_count: int = 10,
    links: FileLinks | None = None,
    worker_clock: Clock = CLOCK,
    hours: OpeningHours = ALWAYS_OPEN,
    release: ReleasePolicy | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    watch: DriftWatch | None = None,
    on_defect: Callable[[BaseException], None] = lambda _: None,
    codes: CodeTranslator | None = None,
) -> AsyncIterator[PortalTown]:
    """Open a town whose catalogue has been read."""
    sandbox = PortalSandbox(profile or PortalProfile(), catalogue=make_catalogue(procedures_count), seed=1)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(await serve_sandbox(sandbox))
        portal = build(
            PortalSettings.model_validate(
                {
                    "base_url": running.url,
                    "unit_code": "H99",
                    "username": "demo_province",
                    "password": "demo-secret",
                    "destination_code": "VN:GOV:000.00.00.G22:vpcpdvcprovider",
                    "timeouts": {"push_seconds": 0.6, "look_up_seconds": 0.6, "login_seconds": 0.6},
                    **(settings or {}),
                }
            ),
            session=PostgresSharedSession(pool, "portal", key_ring=key_ring, clock=CLOCK),
            ssl_supplier=lambda: None,
            clock=CLOCK,
            chance=CHANCE,
            watch=watch,
            on_defect=on_defect,
        )
        await stack.enter_async_context(portal)
        presence = WorkerPresence(dsn)
        stack.push_async_callback(presence.close)
        happenings: list[Happening] = []
        systems = PostgresSystems(pool)
        await systems.ensure("portal")
        procedures = PostgresProcedures(pool, clock=CLOCK)
        breaker = CircuitBreaker(
            systems,
            "portal",
            policy=circuit or CircuitPolicy(failures_to_open=3, open_seconds=0.1, open_ceiling_seconds=0.3),
            clock=CLOCK,
            chance=CHANCE,
            observer=happenings.append,
            gate=SystemGate(
                PostgresGates(pool),
                "portal",
                hours=hours,
                policy=release or ReleasePolicy(ramp_minutes=0),
                clock=worker_clock,
                refresh_seconds=0,
                sleep=sleep,
            ),
        )
        worker = Worker(
            PostgresOutbox(pool, presence, lease_seconds=30, clock=CLOCK),
            portal,
            breaker,
            procedures,
            key_ring=key_ring,
            clock=worker_clock,
            chance=CHANCE,
            observer=happenings.append,
            settings=WorkerSettings(retry=IMPATIENT, idle_poll_seconds=0.02),
            waker=EventSignal(pool),
            links=links,
            codes=codes,
            statuses=portal.national,
        )
        await sync_procedures(portal, procedures, clock=CLOCK, observer=happenings.append)
        town = PortalTown(pool, key_ring, sandbox, portal, procedures, systems, worker, breaker, happenings=happenings)
        town.procedure_code = next(record["MATTHC"] for record in sandbox.procedures() if record["LINHVUCTHUCHIEN"])
        yield town
