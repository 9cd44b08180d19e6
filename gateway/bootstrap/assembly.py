"""One process, put together in order."""

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from ssl import SSLContext

from aiohttp import web
from prometheus_client import CollectorRegistry

from adapters.consent import build as build_hub
from adapters.consent import run_checks as check_hub
from adapters.identity import build as build_provider
from adapters.identity import run_checks as check_provider
from adapters.portal import PortalAdapter
from adapters.portal import build as build_portal
from adapters.transport.session import InMemorySession
from certs.reloading import ReloadingClientContext
from gateway.api.app import build_app
from gateway.api.server import make_runner
from gateway.bootstrap.answering import (
    CatalogueMemory,
    Desks,
    make_acceptor,
    make_file_server,
    make_national_desk,
    make_national_reads,
    make_services,
)
from gateway.bootstrap.audit import checkpoint_signer, make_auditor, make_checkpoints
from gateway.bootstrap.catalogues import make_lists, reading_policy
from gateway.bootstrap.citizens import (
    check_population,
    make_citizens,
    make_purposes,
    population_settings,
    population_tls,
)
from gateway.bootstrap.consents import consent_settings, make_consents, make_hubs
from gateway.bootstrap.faults import FaultList
from gateway.bootstrap.ground import PORTAL, Ground
from gateway.bootstrap.identity import (
    make_identity_desk,
    make_providers,
    make_technical_id_reader,
    open_signer,
    provider_settings,
    provider_tls,
)
from gateway.bootstrap.indicators import (
    counting_rules,
    make_counting,
    make_monitoring_desk,
    open_publication_signer,
)
from gateway.bootstrap.mapping import Mappings, make_mappings
from gateway.bootstrap.opening import (
    Role,
    file_headers,
    file_tls,
    open_key_ring,
    portal_settings,
    portal_tls,
    server_tls,
)
from gateway.bootstrap.payments import check_payments, make_payments, payment_settings
from gateway.bootstrap.pushing import check_receivers, make_pushing, receiver_settings
from gateway.bootstrap.receipts import check_suppliers, supplier_settings
from gateway.bootstrap.transfers import statement_form
from gateway.bootstrap.vault import hold_against_database, make_ring_watch, make_sweeper
from gateway.bootstrap.working import (
    Run,
    make_drift,
    make_opening,
    make_outbox,
    make_reconciler,
    make_statements,
    make_webhooks,
    make_worker,
    watch_gate,
)
from gateway.clocks import SystemChance, SystemClock
from gateway.config import Settings
from gateway.engine.acceptor import Acceptor
from gateway.engine.audit import Auditor
from gateway.engine.drift import DriftBuffer
from gateway.engine.scheduler import Job
from gateway.ports.portal import Finding
from gateway.runtime import Parts, Runtime
from gateway.store.events import EventSignal
from gateway.store.outbox import WorkerPresence
from gateway.store.pool import open_pool
from gateway.store.procedures import PostgresProcedures
from gateway.store.systems import PostgresSharedSession, PostgresSystems
from gateway.telemetry import Telemetry


class Assembly:
    """The parts of one process, made in order. What the settings name is opened first, so that faults show at once."""

    def __init__(self, settings: Settings, role: Role, dsn: str) -> None:
        self._settings = settings
        self._role = role
        self._dsn = dsn
        self.clock = SystemClock()
        self.chance = SystemChance()
        self.registry = CollectorRegistry()
        self.telemetry = Telemetry(
            self.registry, monotonic=self.clock.monotonic, logs_requests=settings.log_level == "debug"
        )
        faults = FaultList()
        opened = faults.opened
        self._portal_settings = opened(lambda: portal_settings(settings), None)
        self._portal_tls = opened(lambda: portal_tls(settings, self.clock), None)
        self._file_tls = opened(lambda: file_tls(settings, self.clock), None)
        self._file_headers = opened(lambda: file_headers(settings), {})
        self.server_tls = opened(lambda: server_tls(settings, self.clock), None)
        self._providers = opened(lambda: provider_settings(settings), ())
        self._provider_tls = opened(lambda: provider_tls(self._providers, self.clock), {})
        self._signer = opened(lambda: open_signer(settings) if self._providers else None, None)
        self._checkpoint_signer = opened(lambda: checkpoint_signer(settings), None)
        self._registrations = opened(lambda: consent_settings(settings), ())
        self._payment_providers = opened(lambda: payment_settings(settings), ())
        self._suppliers = opened(lambda: supplier_settings(settings), ())
        opened(lambda: settings.payments and statement_form(settings.payments.statement), None)
        self._population = opened(lambda: population_settings(settings), None)
        self._population_tls = opened(lambda: population_tls(settings, self.clock), None)
        self._purposes = opened(lambda: make_purposes(settings), {})
        self._publication_signer = opened(lambda: open_publication_signer(settings), None)
        rules = opened(lambda: counting_rules(settings.monitoring), None)
        self._receivers = opened(lambda: receiver_settings(settings), ())
        key_ring = opened(lambda: open_key_ring(settings), None)
        faults.check()
        assert key_ring is not None
        assert rules is not None
        self._key_ring, self._rules = key_ring, rules

    async def build(self) -> tuple[Runtime, web.AppRunner | None]:
        """Open the store and put everything together. Raises ConfigurationError or StoreUnavailable."""
        settings, role = self._settings, self._role
        ground = await self._ground()
        await hold_against_database(ground.pool, self._key_ring)
        procedures = PostgresProcedures(ground.pool, clock=self.clock)
        catalogue = CatalogueMemory(procedures)
        mappings = await make_mappings(ground, is_worker=role.is_worker)
        drift, write_drift = make_drift(ground)
        portal = await self._portal(ground, drift)
        acceptor = make_acceptor(ground) if role.is_api else None
        presence = WorkerPresence(self._dsn) if role.is_worker else None
        outbox = make_outbox(ground, presence) if presence is not None else None
        worker = None
        if portal is not None and outbox is not None:
            worker = make_worker(ground, portal, outbox, procedures, mappings.translator)
        more_workers, more_jobs = self._more_work(ground, portal, procedures, mappings) if role.is_worker else ([], [])
        if portal is not None:
            more_jobs.append(write_drift)
        runner, auditor = None, None
        if acceptor is not None:
            auditor = make_auditor(ground)
            more_jobs.append(make_checkpoints(ground, self._checkpoint_signer))
            more_jobs.append(make_sweeper(ground, auditor))
            desks, desk_jobs = self._desks(ground, portal, acceptor, auditor)
            more_jobs.extend(desk_jobs)
            runner = self._runner(ground, portal, desks, acceptor, auditor, catalogue, mappings)
        parts = Parts(
            pool=ground.pool,
            clock=self.clock,
            telemetry=self.telemetry,
            signal=ground.signal,
            systems=ground.systems,
            procedures=procedures,
            acceptor=acceptor,
            auditor=auditor,
            outbox=outbox,
            presence=presence,
            worker=worker,
            catalogue=portal if role.is_worker else None,
            refresh_catalogue=catalogue.refresh,
            more_workers=more_workers,
            may_read=make_opening(ground),
            more_jobs=[*more_jobs, mappings.job(), make_ring_watch(ground, self._key_ring, role.name)],
            certificates=self.certificates,
            refresh_certificates=self.refresh_certificates,
            procedures_interval=timedelta(seconds=settings.engine.procedures_interval_seconds),
            reading_policy=reading_policy(ground),
            idempotency_kept=timedelta(days=settings.engine.idempotency_kept_days),
            stop_grace_seconds=settings.engine.stop_grace_seconds,
            closers=ground.closers,
        )
        return Runtime(parts), runner

    async def check_systems(self) -> Sequence[Finding]:
        """Ask each configured system's adapter to check itself, with a session of its own: nothing is stored."""
        findings: list[Finding] = []
        for provider in self._providers:
            adapter = build_provider(
                provider,
                ssl_supplier=_context_of(self._provider_tls.get(provider.name)),
                clock=self.clock,
                chance=self.chance,
                subject_digest=self._key_ring.digest,
            )
            async with adapter:
                findings.extend(await check_provider(adapter))
        for registration in self._registrations:
            hub = build_hub(registration, ssl_supplier=lambda: None, clock=self.clock, chance=self.chance)
            async with hub:
                findings.extend(await check_hub(hub))
        population = await check_population(
            self._population,
            ssl_supplier=_context_of(self._population_tls),
            clock=self.clock,
            chance=self.chance,
        )
        payments = await check_payments(self._payment_providers, clock=self.clock, chance=self.chance)
        suppliers = await check_suppliers(self._suppliers, clock=self.clock, chance=self.chance)
        receivers = await check_receivers(self._receivers, clock=self.clock)
        return [*await self._check_portal(), *findings, *population, *payments, *suppliers, *receivers]

    async def _check_portal(self) -> Sequence[Finding]:
        if self._portal_settings is None:
            return [Finding(subject=PORTAL, is_ok=True, detail="not configured")]
        portal = build_portal(
            self._portal_settings,
            session=InMemorySession(self.clock),
            ssl_supplier=_context_of(self._portal_tls),
            clock=self.clock,
            chance=self.chance,
        )
        async with portal:
            return await portal.check()

    def certificates(self) -> dict[str, float]:
        """Give days left of every certificate in use, by a word for its place."""
        days: dict[str, float] = {}
        clients = (("portal_client", self._portal_tls), ("population_client", self._population_tls))
        for name, context in (*clients, ("api_server", self.server_tls)):
            certificate = context.status().certificate if context is not None else None
            if certificate is not None:
                days[name] = certificate.days_left
        return days

    def refresh_certificates(self) -> None:
        """Look at the files; a good change is in use from now on, a bad one is told and ignored."""
        own = (self._portal_tls, self._file_tls, self._population_tls, self.server_tls)
        for context in (*own, *self._provider_tls.values()):
            if context is None:
                continue
            report = context.refresh()
            if report.is_news:
                self.telemetry.say(
                    "certificates.reloaded",
                    setting=report.setting,
                    result=report.result.value,
                    faults=[str(fault) for fault in report.faults],
                )

    async def _ground(self) -> Ground:
        store = self._settings.store
        pool = await open_pool(
            self._dsn, max_size=store.pool_size, command_timeout_seconds=store.command_timeout_seconds
        )
        return Ground(
            settings=self._settings,
            portal_settings=self._portal_settings,
            clock=self.clock,
            chance=self.chance,
            telemetry=self.telemetry,
            key_ring=self._key_ring,
            pool=pool,
            systems=PostgresSystems(pool),
            signal=EventSignal(pool),
        )

    async def _portal(self, ground: Ground, drift: DriftBuffer) -> PortalAdapter | None:
        if self._portal_settings is None:
            return None
        await ground.systems.ensure(PORTAL)
        portal = build_portal(
            self._portal_settings,
            session=PostgresSharedSession(ground.pool, PORTAL, key_ring=self._key_ring, clock=self.clock),
            ssl_supplier=_context_of(self._portal_tls),
            clock=self.clock,
            chance=self.chance,
            observe=lambda call: self.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
            headers_supplier=_trace_headers,
            watch=drift,
            on_defect=lambda error: self.telemetry.note_defect("portal.drift", error),
        )
        ground.closers.append(portal.aclose)
        return portal

    def _more_work(
        self, ground: Ground, portal: PortalAdapter | None, procedures: PostgresProcedures, mappings: Mappings
    ) -> tuple[list[Run], list[Job]]:
        runs: list[Run] = [make_webhooks(ground)]
        jobs: list[Job] = [watch_gate(ground)] if portal is not None else []
        if portal is not None and ground.has_look_up:
            runs.append(make_reconciler(ground, portal, procedures, mappings.uncounted))
        if portal is not None and ground.takes_statements:
            send, read_questions = make_statements(ground, portal)
            runs.append(send)
            jobs.append(read_questions)
        if portal is not None and ground.looks_up_technical_ids:
            jobs.append(make_technical_id_reader(ground, portal.catalogues.find_technical_id, make_opening(ground)))
        if portal is not None:
            jobs.extend(make_lists(ground, portal.catalogues, portal.catalogues))
        jobs.extend(make_counting(ground, self._rules, self._publication_signer))
        jobs.extend(make_pushing(ground, self._receivers))
        return runs, jobs

    def _desks(
        self, ground: Ground, portal: PortalAdapter | None, acceptor: Acceptor, auditor: Auditor
    ) -> tuple[Desks, list[Job]]:
        """Give what answers beside the dossiers, and what it has done again and again."""
        jobs: list[Job] = []
        national = make_national_desk(ground, portal.results.download_attachment if portal is not None else None)
        if national is not None:
            jobs.append(Job("kept_messages", 60.0, national.inbox.catch_up))
        providers = make_providers(ground, self._providers, self._provider_tls)
        identity, identity_jobs = make_identity_desk(ground, providers, self._signer) or (None, [])
        jobs.extend(identity_jobs)
        consents, consent_jobs = make_consents(ground, identity, make_hubs(ground, self._registrations))
        jobs.extend(consent_jobs)
        population_tls = _context_of(self._population_tls)
        citizens = make_citizens(ground, self._population, self._purposes, auditor, population_tls)
        if citizens is not None:
            jobs.append(citizens[1])
        payments, payment_jobs = make_payments(ground, self._payment_providers, acceptor, auditor) or (None, [])
        jobs.extend(payment_jobs)
        desks = Desks(
            monitoring=make_monitoring_desk(
                ground, self._rules, self._publication_signer, [one.name for one in self._receivers]
            ),
            national=national,
            identity=identity,
            consents=consents,
            citizens=None if citizens is None else citizens[0],
            payments=payments,
        )
        return desks, jobs

    def _runner(
        self,
        ground: Ground,
        portal: PortalAdapter | None,
        desks: Desks,
        acceptor: Acceptor,
        auditor: Auditor,
        catalogue: CatalogueMemory,
        mappings: Mappings,
    ) -> web.AppRunner:
        files = make_file_server(ground, headers=self._file_headers, ssl_supplier=_context_of(self._file_tls))
        services = make_services(
            ground,
            self.registry,
            acceptor=acceptor,
            auditor=auditor,
            catalogue=catalogue,
            certificates=self.certificates,
            files=files,
            mapper=mappings.current,
            desks=desks,
            national_reads=make_national_reads(ground, portal),
        )
        # A handler's time to finish is what the grace at the stop is for as well.
        grace_seconds = self._settings.engine.stop_grace_seconds
        return make_runner(build_app(services), services.limits, shutdown_seconds=grace_seconds)


def _context_of(tls: ReloadingClientContext | None) -> Callable[[], SSLContext | None]:
    return tls.current if tls is not None else (lambda: None)


def _trace_headers() -> dict[str, str]:
    """Give every call a trace of its own: it carries dossiers of many requests, and belongs to none of them."""
    return {"traceparent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"}
