"""The only place that chooses implementations: settings in, a runnable process out."""

import asyncio
import os
import tomllib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import ValidationError

from adapters.files import HttpFileSource
from adapters.portal import PortalAdapter, PortalSettings
from adapters.portal import build as build_portal
from adapters.transport.session import InMemorySession
from certs.contexts import ClientCertificates, ClientTls, ServerTls
from certs.policy import default_policy
from certs.reloading import ReloadingClientContext, ReloadingServerContext
from gateway import __version__
from gateway.api.app import build_app
from gateway.api.server import make_runner
from gateway.api.services import Limits, MetricsAccess, Services
from gateway.clocks import SystemChance, SystemClock
from gateway.config import Settings, faults_of
from gateway.engine.acceptor import Acceptor
from gateway.engine.circuits import CircuitBreaker
from gateway.engine.files import FileRules, FileServer
from gateway.engine.scheduler import Job
from gateway.engine.statements import StatementSender, StatementSettings, read_questions
from gateway.engine.webhooks import AiohttpPost, WebhookSender, WebhookSettings
from gateway.engine.worker import Worker, WorkerSettings
from gateway.errors import ConfigurationError, Fault
from gateway.ports.basics import KeyRing
from gateway.ports.portal import Finding
from gateway.readiness import Readiness
from gateway.runtime import Parts, Runtime
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.embedded import start_embedded
from gateway.store.events import EventSignal
from gateway.store.files import PostgresDocuments
from gateway.store.outbox import PostgresOutbox, WorkerPresence
from gateway.store.pool import Pool, open_pool
from gateway.store.procedures import PostgresProcedures
from gateway.store.statements import PostgresStatements
from gateway.store.subscriptions import PostgresWebhooks
from gateway.store.systems import PostgresSharedSession, PostgresSystems
from gateway.sync.circuit import CircuitPolicy
from gateway.sync.file_links import FileLinks, LinkPolicy
from gateway.sync.retry import RetryPolicy
from gateway.telemetry import Telemetry
from gateway.vault.keyring import create_key_ring, load_key_ring
from mappings.codes.directory import load_code_directory

PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Role:
    """What a process does: answers the API, works on deliveries, or both."""

    is_api: bool
    is_worker: bool

    @classmethod
    def named(cls, name: str) -> "Role":
        return cls(is_api=name in ("api", "all"), is_worker=name in ("worker", "all"))


@dataclass(frozen=True, slots=True)
class Database:
    """An address and, when the database is embedded, how to let go of it."""

    dsn: str
    release: Callable[[], None]


def open_database(settings: Settings) -> Database:
    """Give the configured database, or start (or join) the embedded one."""
    if settings.store.dsn is not None:
        return Database(settings.store.dsn.get_secret_value(), lambda: None)
    dsn, server = start_embedded(settings.store.data_folder / "postgres")
    return Database(dsn, server.cleanup)


def open_key_ring(settings: Settings) -> KeyRing:
    """Read the configured ring, or make one in the data folder. Raises ConfigurationError."""
    if settings.keys.ring_file is not None:
        return load_key_ring(settings.keys.ring_file)
    if settings.store.dsn is not None:
        # A ring made beside each process would differ from the others', and be lost with its folder.
        rule = "must be set when store.dsn is; make one with `gateway keys init FILE`"
        raise ConfigurationError([Fault("keys.ring_file", rule, "nothing")])
    return create_key_ring(settings.store.data_folder / "keys" / "ring.toml")


def portal_settings(settings: Settings) -> PortalSettings | None:
    """Read the portal's own section. Raises ConfigurationError listing every fault."""
    if settings.portal is None:
        return None
    try:
        return PortalSettings.model_validate(settings.portal)
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, "portal")) from error


def portal_tls(settings: Settings, clock: SystemClock) -> ReloadingClientContext | None:
    """Load the certificates towards the portal. Raises ConfigurationError listing every fault."""
    tls = settings.portal_tls
    if tls is None:
        return None
    return ReloadingClientContext(
        ClientTls(tls.ca, tls.certificate, tls.key, tls.key_passphrase_file, setting="portal_tls"),
        default_policy(),
        clock,
    )


def file_tls(settings: Settings, clock: SystemClock) -> ReloadingClientContext | None:
    """Load the authorities of the province's file server. Raises ConfigurationError listing every fault."""
    ca = settings.files.source_ca
    if ca is None:
        return None
    return ReloadingClientContext(ClientTls(ca, None, None, None, setting="files"), default_policy(), clock)


def file_headers(settings: Settings) -> dict[str, str]:
    """Read the headers for the province's file server. Raises ConfigurationError; their values are never shown."""
    path = settings.files.source_headers_file
    if path is None:
        return {}
    try:
        headers = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError([Fault("files.source_headers_file", "must be a readable TOML file")]) from error
    if not all(isinstance(value, str) and value.isprintable() for value in headers.values()):
        raise ConfigurationError([Fault("files.source_headers_file", "must hold one line of text per header")])
    return headers


def server_tls(settings: Settings, clock: SystemClock) -> ReloadingServerContext | None:
    """Load the listener's own certificates. Raises ConfigurationError listing every fault."""
    tls = settings.api.tls
    if tls is None:
        return None
    mode = ClientCertificates.NONE
    if tls.client_ca is not None:
        mode = ClientCertificates.REQUIRED if tls.is_client_certificate_required else ClientCertificates.OPTIONAL
    return ReloadingServerContext(
        ServerTls(tls.certificate, tls.key, tls.key_passphrase_file, mode, tls.client_ca, setting="api.tls"),
        default_policy(),
        clock,
    )


class CatalogueMemory:
    """Implements CatalogueKnowledge: the live codes as of a few seconds ago; None while none was ever read."""

    def __init__(self, procedures: PostgresProcedures) -> None:
        self._procedures = procedures
        self._codes: frozenset[str] | None = None

    def knows(self, procedure_code: str) -> bool | None:
        return None if not self._codes else procedure_code in self._codes

    async def refresh(self) -> None:
        self._codes = frozenset(await self._procedures.live_codes())


class Assembly:
    """The parts of one process, made in order; what fails on the way is undone by `Runtime.stop` or `abandon`."""

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
        self._portal_settings = portal_settings(settings)
        self._portal_tls = portal_tls(settings, self.clock)
        self._file_tls = file_tls(settings, self.clock)
        self.server_tls = server_tls(settings, self.clock)
        self._key_ring = open_key_ring(settings)

    async def build(self) -> tuple[Runtime, web.AppRunner | None]:
        """Open the store and put everything together. Raises ConfigurationError or StoreUnavailable."""
        settings, role = self._settings, self._role
        pool = await open_pool(
            self._dsn,
            max_size=settings.store.pool_size,
            command_timeout_seconds=settings.store.command_timeout_seconds,
        )
        systems = PostgresSystems(pool)
        procedures = PostgresProcedures(pool, clock=self.clock)
        signal = EventSignal(pool)
        portal = await self._portal(pool, systems)
        catalogue = CatalogueMemory(procedures)
        acceptor = self._acceptor(pool) if role.is_api else None
        presence = WorkerPresence(self._dsn) if role.is_worker else None
        outbox = self._outbox(pool, presence) if presence is not None else None
        worker = None
        if portal is not None and outbox is not None:
            worker = self._worker(portal, outbox, systems, procedures, signal)
        closers: list[Callable[[], Awaitable[Any]]] = [portal.aclose] if portal is not None else []
        more_workers: list[Callable[[asyncio.Event], Coroutine[Any, Any, None]]] = []
        more_jobs: list[Job] = []
        if role.is_worker:
            more_workers.append(self._webhooks(pool, signal, closers))
            if portal is not None and self._takes_statements:
                store = PostgresStatements(pool, key_ring=self._key_ring)
                more_workers.append(self._statements(portal, store, systems))
                more_jobs.append(self._questions(portal, store))
        runner = None
        if acceptor is not None:
            readiness = Readiness(systems, [PORTAL] if portal is not None else [], self.certificates)
            services = self._services(pool, acceptor, signal, catalogue, readiness)
            services = replace(services, files=self._files(pool, closers))
            # A handler's time to finish is what the grace at the stop is for as well.
            runner = make_runner(
                build_app(services), services.limits, shutdown_seconds=settings.engine.stop_grace_seconds
            )
        parts = Parts(
            pool=pool,
            clock=self.clock,
            telemetry=self.telemetry,
            signal=signal,
            systems=systems,
            procedures=procedures,
            acceptor=acceptor,
            outbox=outbox,
            presence=presence,
            worker=worker,
            catalogue=portal if role.is_worker else None,
            refresh_catalogue=catalogue.refresh,
            more_workers=more_workers,
            more_jobs=more_jobs,
            certificates=self.certificates,
            refresh_certificates=self.refresh_certificates,
            procedures_interval=timedelta(seconds=settings.engine.procedures_interval_seconds),
            idempotency_kept=timedelta(days=settings.engine.idempotency_kept_days),
            stop_grace_seconds=settings.engine.stop_grace_seconds,
            closers=closers,
        )
        return Runtime(parts), runner

    async def check_systems(self) -> Sequence[Finding]:
        """Ask each configured system's adapter to check itself, with a session of its own: nothing is stored."""
        if self._portal_settings is None:
            return [Finding(subject=PORTAL, is_ok=True, detail="not configured")]
        tls = self._portal_tls
        portal = build_portal(
            self._portal_settings,
            session=InMemorySession(self.clock),
            ssl_supplier=tls.current if tls is not None else (lambda: None),
            clock=self.clock,
            chance=self.chance,
        )
        async with portal:
            return await portal.check()

    @property
    def _takes_statements(self) -> bool:
        # No public facade offers these services.
        return self._portal_settings is not None and self._portal_settings.facade is None

    def certificates(self) -> dict[str, float]:
        """Give days left of every certificate in use, by a word for its place."""
        days: dict[str, float] = {}
        for name, context in (("portal_client", self._portal_tls), ("api_server", self.server_tls)):
            certificate = context.status().certificate if context is not None else None
            if certificate is not None:
                days[name] = certificate.days_left
        return days

    def refresh_certificates(self) -> None:
        """Look at the files; a good change is in use from now on, a bad one is told and ignored."""
        for context in (self._portal_tls, self._file_tls, self.server_tls):
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

    async def _portal(self, pool: Pool, systems: PostgresSystems) -> PortalAdapter | None:
        if self._portal_settings is None:
            return None
        await systems.ensure(PORTAL)
        tls = self._portal_tls
        return build_portal(
            self._portal_settings,
            session=PostgresSharedSession(pool, PORTAL, key_ring=self._key_ring, clock=self.clock),
            ssl_supplier=tls.current if tls is not None else (lambda: None),
            clock=self.clock,
            chance=self.chance,
            observe=lambda call: self.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
            headers_supplier=self._trace_headers,
        )

    def _acceptor(self, pool: Pool) -> Acceptor:
        systems = [PORTAL] if self._portal_settings is not None else []
        return Acceptor(PostgresAcceptance(pool), systems=systems, key_ring=self._key_ring, clock=self.clock)

    def _services(
        self, pool: Pool, acceptor: Acceptor, signal: EventSignal, catalogue: CatalogueMemory, readiness: Readiness
    ) -> Services:
        api = self._settings.api
        return Services(
            acceptor=acceptor,
            pool=pool,
            key_ring=self._key_ring,
            clock=self.clock,
            signal=signal,
            catalogue=catalogue,
            random_bytes=os.urandom,
            statement_system=PORTAL if self._takes_statements else None,
            readiness=readiness,
            render_metrics=self._render_metrics,
            observer=self.telemetry,
            limits=Limits(
                max_body_bytes=api.max_body_bytes,
                body_seconds=api.body_timeout_seconds,
                webhook_hosts=api.webhook_hosts,
            ),
            metrics_access=MetricsAccess.OPEN if api.public_metrics else MetricsAccess.SCOPE,
            version=__version__,
            codes=load_code_directory(),
        )

    def _webhooks(
        self, pool: Pool, signal: EventSignal, closers: list[Callable[[], Awaitable[Any]]]
    ) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
        session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        closers.append(session.close)
        sender = WebhookSender(
            PostgresWebhooks(pool),
            key_ring=self._key_ring,
            clock=self.clock,
            chance=self.chance,
            post=AiohttpPost(session),
            signal=signal,
            observer=self.telemetry,
            settings=WebhookSettings(allowed_hosts=self._settings.api.webhook_hosts),
        )

        return sender.run

    def _files(self, pool: Pool, closers: list[Callable[[], Awaitable[Any]]]) -> FileServer | None:
        files = self._settings.files
        if files.public_base_url is None:
            return None
        session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        closers.append(session.close)
        tls = self._file_tls
        source = HttpFileSource(
            session,
            hosts=files.source_hosts,
            headers=file_headers(self._settings),
            ssl_supplier=tls.current if tls is not None else (lambda: None),
        )
        rules = FileRules(
            max_bytes=files.max_file_bytes,
            max_concurrent=files.max_concurrent,
            fetch_seconds=files.fetch_seconds,
            send_seconds=files.send_seconds,
        )
        documents = PostgresDocuments(pool, clock=self.clock)
        return FileServer(documents, source, key_ring=self._key_ring, clock=self.clock, rules=rules)

    def _links(self) -> FileLinks | None:
        files = self._settings.files
        if files.public_base_url is None:
            return None
        return FileLinks(LinkPolicy(files.public_base_url, files.link_life_days), self._key_ring.digest)

    def _statements(
        self, portal: PortalAdapter, store: PostgresStatements, systems: PostgresSystems
    ) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
        sender = StatementSender(
            PORTAL,
            store,
            portal.statements,
            self._breaker(systems),
            key_ring=self._key_ring,
            clock=self.clock,
            chance=self.chance,
            observer=self.telemetry,
            settings=StatementSettings(lease_seconds=self._settings.engine.lease_seconds, retry=self._retry()),
        )
        return sender.run

    def _questions(self, portal: PortalAdapter, store: PostgresStatements) -> Job:
        interval = timedelta(seconds=self._settings.engine.questions_interval_seconds)

        async def read() -> None:
            await read_questions(PORTAL, portal.statements, store, clock=self.clock, interval=interval)

        return Job("questions", min(60.0, interval.total_seconds()), read)

    def _outbox(self, pool: Pool, presence: WorkerPresence) -> PostgresOutbox:
        engine = self._settings.engine
        return PostgresOutbox(
            pool,
            presence,
            lease_seconds=engine.lease_seconds,
            grace_seconds=engine.query_grace_seconds,
            clock=self.clock,
        )

    def _worker(
        self,
        portal: PortalAdapter,
        outbox: PostgresOutbox,
        systems: PostgresSystems,
        procedures: PostgresProcedures,
        signal: EventSignal,
    ) -> Worker:
        engine = self._settings.engine
        return Worker(
            outbox,
            portal,
            self._breaker(systems),
            procedures,
            key_ring=self._key_ring,
            clock=self.clock,
            chance=self.chance,
            observer=self.telemetry,
            settings=WorkerSettings(
                lanes_per_cycle=engine.lanes_per_cycle,
                loops_count=engine.loops_count,
                max_concurrent_calls=engine.max_concurrent_calls,
                retry=self._retry(),
            ),
            waker=signal,
            links=self._links(),
        )

    def _breaker(self, systems: PostgresSystems) -> CircuitBreaker:
        engine = self._settings.engine
        return CircuitBreaker(
            systems,
            PORTAL,
            policy=CircuitPolicy(
                failures_to_open=engine.circuit_failures_to_open,
                open_seconds=engine.circuit_open_seconds,
                open_ceiling_seconds=engine.circuit_open_ceiling_seconds,
            ),
            clock=self.clock,
            chance=self.chance,
            observer=self.telemetry,
        )

    def _retry(self) -> RetryPolicy:
        engine = self._settings.engine
        return RetryPolicy(
            first_delay_seconds=engine.retry_first_delay_seconds,
            ceiling_seconds=engine.retry_ceiling_seconds,
            query_grace_seconds=engine.query_grace_seconds,
        )

    def _trace_headers(self) -> dict[str, str]:
        """Give every call a trace of its own: it carries dossiers of many requests, and belongs to none of them."""
        return {"traceparent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"}

    async def _render_metrics(self) -> bytes:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        gathered = CollectorRegistry()
        MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
        return generate_latest(gathered)
