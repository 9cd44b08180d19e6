"""The parts of a process that answers the API."""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ssl import SSLContext

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from adapters.files import HttpFileSource
from adapters.portal import PortalAdapter, portal_tables
from gateway import __version__
from gateway.api.consent_desk import ConsentService
from gateway.api.identity_desk import IdentityDesk
from gateway.api.monitoring_desk import MonitoringDesk
from gateway.api.national_desk import CallerRule, NationalDesk
from gateway.api.national_sources import NationalReads
from gateway.api.payment_desk import PaymentService
from gateway.api.services import Limits, MetricsAccess, Services
from gateway.bootstrap.ground import PORTAL, Ground
from gateway.bootstrap.identity import make_proofs
from gateway.bootstrap.opening import read_secret
from gateway.bootstrap.working import make_gate, make_opening
from gateway.config import PortalInboundSettings
from gateway.engine.acceptor import Acceptor
from gateway.engine.audit import Auditor
from gateway.engine.audit_lines import find_end_fault
from gateway.engine.citizens import CitizenDesk
from gateway.engine.files import FileRules, FileServer
from gateway.engine.gates import SystemGate
from gateway.engine.inbox import Inbox
from gateway.errors import ConfigurationError, Fault
from gateway.model.dossier import AgencyRef
from gateway.ports.mapping import CurrentMapper
from gateway.readiness import Readiness
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.audit import PostgresAudit
from gateway.store.files import PostgresDocuments
from gateway.store.procedures import PostgresProcedures
from mappings.codes.directory import load_code_directory
from mappings.portal.national import NationalCalls, NationalRules


class CatalogueMemory:
    """Implements CatalogueKnowledge: the live codes as of a few seconds ago; None while none was ever read."""

    def __init__(self, procedures: PostgresProcedures) -> None:
        self._procedures = procedures
        self._codes: frozenset[str] | None = None

    def knows(self, procedure_code: str) -> bool | None:
        return None if not self._codes else procedure_code in self._codes

    async def refresh(self) -> None:
        self._codes = frozenset(await self._procedures.live_codes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """What answers beside the dossiers themselves; None where it is not configured."""

    national: NationalDesk | None
    identity: IdentityDesk | None
    consents: ConsentService | None
    citizens: CitizenDesk | None
    payments: PaymentService | None
    monitoring: MonitoringDesk | None


def make_acceptor(ground: Ground) -> Acceptor:
    store = PostgresAcceptance(ground.pool)
    return Acceptor(store, systems=ground.portals, key_ring=ground.key_ring, clock=ground.clock)


def make_services(
    ground: Ground,
    registry: CollectorRegistry,
    *,
    acceptor: Acceptor,
    auditor: Auditor,
    catalogue: CatalogueMemory,
    certificates: Callable[[], dict[str, float]],
    files: FileServer | None,
    mapper: CurrentMapper,
    desks: Desks,
    national_reads: NationalReads | None,
) -> Services:
    api = ground.settings.api

    async def render_metrics() -> bytes:
        return _render(registry)

    # Whoever pauses a system wants to see it paused at once.
    gates = {system: make_gate(ground, refresh_seconds=0) for system in ground.portals}
    return Services(
        acceptor=acceptor,
        auditor=auditor,
        shows_officers=ground.settings.audit.shows_officers,
        pool=ground.pool,
        key_ring=ground.key_ring,
        clock=ground.clock,
        signal=ground.signal,
        catalogue=catalogue,
        random_bytes=os.urandom,
        reconciled_system=PORTAL if ground.has_look_up else None,
        statement_system=PORTAL if ground.takes_statements else None,
        synced_system=PORTAL if ground.portals else None,
        readiness=_readiness(ground, gates, desks, certificates),
        render_metrics=render_metrics,
        observer=ground.telemetry,
        limits=Limits(
            max_body_bytes=api.max_body_bytes,
            body_seconds=api.body_timeout_seconds,
            webhook_hosts=api.webhook_hosts,
        ),
        metrics_access=MetricsAccess.OPEN if api.public_metrics else MetricsAccess.SCOPE,
        version=__version__,
        codes=load_code_directory(ground.settings.codes.split_rules_file),
        files=files,
        gates=gates,
        mapper=mapper,
        national=desks.national,
        identity=desks.identity,
        consents=desks.consents,
        citizens=desks.citizens,
        payments=desks.payments,
        monitoring=desks.monitoring,
        proofs=make_proofs(ground),
        national_reads=national_reads,
    )


def _readiness(
    ground: Ground, gates: Mapping[str, SystemGate], desks: Desks, certificates: Callable[[], dict[str, float]]
) -> Readiness:
    return Readiness(
        ground.systems,
        ground.portals,
        certificates,
        standings={system: gate.standing for system, gate in gates.items()},
        asked=_asked(desks),
        audit_fault=lambda: find_end_fault(PostgresAudit(ground.pool), ground.key_ring),
    )


def _asked(desks: Desks) -> dict[str, Callable[[], bool]]:
    """Give the systems that are called while a person waits."""
    asked: dict[str, Callable[[], bool]] = {}
    if desks.identity is not None:
        desk = desks.identity.sign_ins
        asked = {f"identity.{name}": partial(desk.is_available, name) for name in desk.providers}
    if desks.citizens is not None:
        asked["population"] = desks.citizens.is_available
    if desks.payments is not None:
        known = desks.payments.desk.records.providers
        asked |= {f"payment.{name}": one.circuit.is_available for name, one in known.items()}
        suppliers = desks.payments.receipts.suppliers
        asked |= {f"receipts.{name}": one.circuit.is_available for name, one in suppliers.items()}
    return asked


def make_national_reads(ground: Ground, portal: PortalAdapter | None) -> NationalReads | None:
    """Give what asks the portal on behalf of callers; it obeys the gate like every reading."""
    if portal is None or ground.portal_settings is None:
        return None
    store = portal.results if ground.portal_settings.warehouse is not None else None
    return NationalReads(technical_ids=portal.catalogues, results=store, is_open=make_opening(ground))


def make_national_desk(ground: Ground, fetch_file: Callable[[str], Awaitable[bytes]] | None) -> NationalDesk | None:
    """Give what takes the portal's calls. Raises ConfigurationError when its secret or certificates cannot be read."""
    rules, portal = ground.settings.portal_inbound, ground.portal_settings
    if rules is None:
        return None
    if portal is None:
        raise ConfigurationError([Fault("portal_inbound", "needs the section [portal]")])
    translator = NationalCalls(
        portal_tables(portal),
        NationalRules(
            application_service=rules.application_service,
            unit_code=portal.unit_code,
            default_agency=AgencyRef(code=rules.default_agency_code, name=rules.default_agency_name),
        ),
    )
    inbox = Inbox(
        PORTAL,
        PostgresAcceptance(ground.pool),
        translator,
        systems=ground.portals,
        key_ring=ground.key_ring,
        clock=ground.clock,
        file_base_url=rules.public_base_url,
    )
    return NationalDesk(
        inbox=inbox,
        translator=translator,
        caller_rule=_caller_rule(rules),
        max_body_bytes=rules.max_body_bytes,
        fetch_file=fetch_file,
    )


def _caller_rule(rules: PortalInboundSettings) -> CallerRule:
    match rules.authentication:
        case "shared_header":
            assert rules.secret_file is not None, "the settings were checked"
            path = rules.secret_file
            read_secret(path, "portal_inbound.secret_file")
            # Read again for every call, so that a changed secret needs no restart.
            return CallerRule(
                header_name=rules.header_name, secret=lambda: read_secret(path, "portal_inbound.secret_file")
            )
        case "client_certificate":
            try:
                digests = frozenset(bytes.fromhex(text) for text in rules.certificates_sha256)
            except ValueError:
                fault = Fault("portal_inbound.certificates_sha256", "must be hexadecimal")
                raise ConfigurationError([fault]) from None
            return CallerRule(certificates_sha256=digests)
        case _:
            return CallerRule()


def make_file_server(
    ground: Ground, *, headers: dict[str, str], ssl_supplier: Callable[[], SSLContext | None]
) -> FileServer | None:
    files = ground.settings.files
    if files.public_base_url is None:
        return None
    source = HttpFileSource(ground.new_session(), hosts=files.source_hosts, headers=headers, ssl_supplier=ssl_supplier)
    rules = FileRules(
        max_bytes=files.max_file_bytes,
        max_concurrent=files.max_concurrent,
        fetch_seconds=files.fetch_seconds,
        send_seconds=files.send_seconds,
    )
    documents = PostgresDocuments(ground.pool, clock=ground.clock)
    return FileServer(documents, source, key_ring=ground.key_ring, clock=ground.clock, rules=rules)


def _render(registry: CollectorRegistry) -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(registry)
    gathered = CollectorRegistry()
    MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    return generate_latest(gathered)
