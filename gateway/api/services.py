"""What the API is given by the composition root: capabilities, limits, and who wants to know what happened."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from gateway.api.consent_desk import ConsentService
from gateway.api.identity_desk import IdentityDesk
from gateway.api.monitoring_desk import MonitoringDesk
from gateway.api.national_desk import NationalDesk
from gateway.api.national_sources import NationalReads
from gateway.api.payment_desk import PaymentService
from gateway.engine.acceptor import Acceptor
from gateway.engine.citizens import CitizenDesk
from gateway.engine.files import FileServer
from gateway.engine.gates import SystemGate
from gateway.engine.proofs import Proofs
from gateway.ports.audit import Audit
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.codes import CodeDirectory
from gateway.ports.mapping import CurrentMapper
from gateway.store.events import EventSignal
from gateway.store.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one caller may ask for. Sizes in bytes after decompression, times in seconds."""

    max_body_bytes: int = 4 * 1024 * 1024
    body_seconds: float = 20.0
    """Total time for a body to arrive, however steadily it trickles."""
    headers_seconds: float = 30.0
    """How long a connection may stay idle, or take for the headers of its next request."""
    max_line_bytes: int = 1024 * 1024
    max_chunk_lines: int = 500
    max_chunk_bytes: int = 4 * 1024 * 1024
    import_idle_seconds: float = 30.0
    """How long an import may send nothing, or read none of its results, before it is ended."""
    default_page_count: int = 50
    max_page_count: int = 500
    max_wait_seconds: float = 60.0
    max_waiters_count: int = 1000
    max_subscriptions_count: int = 20
    """Open subscriptions of one client."""
    webhook_hosts: tuple[str, ...] = ()
    """Hosts that webhooks may go to, ".suffix" for a domain and all below it; empty allows every host."""
    client_cache_seconds: float = 5.0
    """How long a registered client is remembered, hence how long a revoked token may still work."""


class MetricsAccess(StrEnum):
    """Who may read /metrics."""

    OPEN = "open"
    LOOPBACK = "loopback"
    """The machine itself, or a client with the scope operations:read."""
    SCOPE = "scope"


class CatalogueKnowledge(Protocol):
    """Knows which procedures exist."""

    def knows(self, procedure_code: str) -> bool | None:
        """Tell whether the code is in the catalogue; None when no catalogue was ever loaded."""
        ...


class SystemCondition(StrEnum):
    """How a system that the gateway depends on is doing."""

    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReadiness:
    """One system's condition with its reasons, in words that may be shown to anybody."""

    system: str
    condition: SystemCondition
    reasons: tuple[str, ...] = ()


class RequestFinished(NamedTuple):
    """A request was answered. `route` is the template of its address; 499 stands for a caller that went away."""

    method: str
    route: str
    status: int
    duration_seconds: float
    client_id: str
    trace_id: str
    request_id: str


class InternalFailure(NamedTuple):
    """Something failed that should not have. `places` are "file:line function", no values; `kinds` are type names."""

    route: str
    kinds: tuple[str, ...]
    places: tuple[str, ...]
    trace_id: str
    request_id: str


class Observer(Protocol):
    """Is told what happened; makes metrics and log lines of it. Must not raise and must be quick."""

    def request_finished(self, event: RequestFinished) -> None: ...

    def change_judged(self, outcome: str, *, is_import: bool) -> None:
        """A change got its outcome (word of `Outcome`), or "refused" for one that broke a rule."""
        ...

    def waiters_changed(self, waiters_count: int) -> None:
        """The number of long polls under way changed."""
        ...

    def internal_failure(self, event: InternalFailure) -> None: ...


class SilentObserver:
    """Implements Observer and keeps nothing."""

    def request_finished(self, event: RequestFinished) -> None: ...

    def change_judged(self, outcome: str, *, is_import: bool) -> None: ...

    def waiters_changed(self, waiters_count: int) -> None: ...

    def internal_failure(self, event: InternalFailure) -> None: ...


async def no_systems() -> Sequence[SystemReadiness]:
    """Give no system: for an installation that speaks to none yet."""
    return ()


async def no_metrics() -> bytes:
    """Give an empty exposition."""
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the API works with. `acceptor`, `auditor` and `signal` are started and closed by whoever made them.

    `render_metrics` gives the Prometheus text of whatever registry the installation uses. `random_bytes` makes
    identifiers and webhook secrets, so it must be fit for secrets.
    """

    acceptor: Acceptor
    pool: Pool
    key_ring: KeyRing
    clock: Clock
    signal: EventSignal
    catalogue: CatalogueKnowledge
    random_bytes: Callable[[int], bytes]
    auditor: Audit
    """Writes down every look at personal data, before anything of it is handed out."""
    shows_officers: bool = False
    """Whether citizens are told the officer's code of looks at their data."""
    readiness: Callable[[], Awaitable[Sequence[SystemReadiness]]] = no_systems
    render_metrics: Callable[[], Awaitable[bytes]] = no_metrics
    observer: Observer = field(default_factory=SilentObserver)
    limits: Limits = field(default_factory=Limits)
    metrics_access: MetricsAccess = MetricsAccess.LOOPBACK
    statement_system: str | None = "portal"
    """The system that statements and questions belong to; None when no portal is configured."""
    synced_system: str | None = "portal"
    """The system whose procedures and catalogues are kept; None when no portal is configured."""
    files: FileServer | None = None
    """None when the province's file addresses travel as they are."""
    gates: Mapping[str, SystemGate] = field(default_factory=dict)
    """Whether each configured system is called; a system without one is always open."""
    reconciled_system: str | None = "portal"
    """The system that can be compared with; None when none is configured that can be asked."""
    national: NationalDesk | None = None
    """Takes the national portal's own calls; None when the installation does not let it call."""
    national_reads: NationalReads | None = None
    """Asks the portal on behalf of callers; None when no portal is configured."""
    identity: IdentityDesk | None = None
    """Signs citizens in; None when no identity provider is configured."""
    consents: ConsentService | None = None
    """Asks citizens for data; None when no share-consent hub is configured."""
    monitoring: MonitoringDesk | None = None
    """Numbers for the monitoring systems; None in a process that counts none."""
    payments: PaymentService | None = None
    """Leads payers to providers; None when no payment provider is configured."""
    citizens: CitizenDesk | None = None
    """Asks the population database; None when none is configured."""
    proofs: Proofs | None = None
    """Derives what sign-ins prove of dossiers; None in a process that was given none."""
    version: str = "0"
    codes: CodeDirectory | None = None
    """Tables of units and agencies; None in a process that was given none."""
    mapper: CurrentMapper = field(default_factory=CurrentMapper)
    """The mapping sets in force."""
