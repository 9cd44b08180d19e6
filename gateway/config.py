"""Settings: one TOML file, `GATEWAY_…` environment variables above it, secrets from files.

Nested settings use two underscores in the environment: GATEWAY_STORE__DSN. Everything that is wrong is reported at
once, with the setting's name and the rule, never the value.
"""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from gateway.errors import ConfigurationError, Fault
from gateway.monitoring_config import MonitoringSettings
from gateway.payment_config import PaymentsSettings
from gateway.ports.portal_services import CatalogueName
from gateway.sections import Seconds, Section
from gateway.sync.calendar import read_hours
from gateway.sync.release import LONGEST_RAMP_MINUTES


class StoreSettings(Section):
    """Where the truth is kept. Without `dsn`, an embedded PostgreSQL is started in `data_folder`."""

    dsn: SecretStr | None = None
    data_folder: Path = Path("var")
    pool_size: Annotated[int, Field(ge=4, le=100)] = 12
    command_timeout_seconds: Seconds = 30.0


class KeySettings(Section):
    """The key ring. Required with a database address; beside an embedded database one is made in the data folder."""

    ring_file: Path | None = None


class RetentionSettings(Section):
    """How many days content is kept after its record is over; 0 keeps it. None of the numbers has a source: they are
    assumptions that the province confirms (docs/decisions/0022). Codes, instants and digests stay in every case."""

    dossiers_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """After the last change of a dossier whose status is final, with nothing owed. The province's own system keeps
    the dossier; what the gateway holds is the copy that it synchronises."""
    messages_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """After the portal's message was handled. Files that came embedded in it go with it."""
    statements_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """After an answer, question, rating or statistic was delivered or left out."""
    findings_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """After a difference was repaired or settled: the values of both sides."""
    payment_messages_days: Annotated[int, Field(ge=0, le=36_500)] = 400
    """After a message to the payment callbacks came that belongs to no payment: forged, unreadable, unknown. They are
    deleted. The default outlives the closing of a year's accounts."""
    monitoring_pulls_days: Annotated[int, Field(ge=0, le=36_500)] = 400
    """After numbers were pulled: who pulled which. The lines are deleted."""
    account_statements_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """After a statement was read, where daily files are held against them. They are deleted; money is looked for during
    forty days."""


class AuditSettings(Section):
    """The record of looks at personal data. Its checkpoints are signed by these keys, else by those of [identity],
    else sealed by the key ring only."""

    signing_key_files: Annotated[tuple[Path, ...], Field(max_length=10)] = ()
    """PEM files of P-256 keys; the first signs, further ones verify what was signed before."""
    shows_officers: bool = False
    """Tell citizens the officer's code with looks at their data. Off: the agency answers for its officers, and whoever
    did their duty is not to be looked for at home."""
    officer_subjects_per_hour: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    """Citizens at whom one officer may look in a clock hour before a person is told; 0 tells nobody. No source: the
    province sets what is usual at its counters."""
    client_subjects_per_hour: Annotated[int, Field(ge=0, le=1_000_000)] = 5_000
    """The same of one client."""


class ServerTlsSettings(Section):
    """Certificates of the gateway's own listener; without it, plain HTTP for a proxy in front."""

    certificate: Path
    key: Path
    key_passphrase_file: Path | None = None
    client_ca: Path | None = None
    is_client_certificate_required: bool = False


class ApiSettings(Section):
    """The unified API's listener and its limits."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    tls: ServerTlsSettings | None = None
    max_body_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 2 * 1024 * 1024
    body_timeout_seconds: Seconds = 20.0
    public_metrics: bool = True
    webhook_hosts: tuple[str, ...] = ()
    """Hosts that webhooks may go to, ".suffix" for a domain and all below it; empty allows every host."""


class FileSettings(Section):
    """Files by signed link. Without `public_base_url` the province's own file addresses travel as they are."""

    public_base_url: Annotated[str | None, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$", max_length=300)] = None
    """Address of this gateway as the national systems reach it, through the exchange or a proxy."""
    source_hosts: tuple[str, ...] = ()
    """Hosts that files may be fetched from: "host", "host:port", or ".suffix" for a domain and all below it."""
    source_headers_file: Path | None = None
    """TOML file of headers for the province's file server (a token, say)."""
    source_ca: Path | None = None
    """Trusted authorities of the file server, when they are not the system's."""
    link_life_days: Annotated[int, Field(ge=0, le=365)] = 3
    """Whole days that a link lives after the day of its making. When a portal fetches is not documented."""
    max_file_bytes: Annotated[int, Field(ge=1024, le=2 * 1024**3)] = 50 * 1024 * 1024
    max_concurrent: Annotated[int, Field(ge=1, le=256)] = 8
    fetch_seconds: Seconds = 60.0
    send_seconds: Seconds = 120.0

    @model_validator(mode="after")
    def _has_sources(self) -> Self:
        if self.public_base_url is not None and not self.source_hosts:
            raise ValueError("source_hosts must name the province's file servers when public_base_url is set")
        return self


class EngineSettings(Section):
    """How deliveries are worked on. The lease must outlast the longest call to a system."""

    lease_seconds: Annotated[float, Field(ge=10, le=3600)] = 180.0
    lanes_per_cycle: Annotated[int, Field(ge=1, le=2000)] = 200
    loops_count: Annotated[int, Field(ge=1, le=16)] = 2
    max_concurrent_calls: Annotated[int, Field(ge=1, le=64)] = 8
    retry_first_delay_seconds: Seconds = 1.0
    retry_ceiling_seconds: Seconds = 900.0
    query_grace_seconds: Annotated[float, Field(ge=0, le=600)] = 2.0
    """Wait between a call without an answer and the question what became of it. An assumption: how long a portal goes
    on with a call whose caller has left is not documented."""
    circuit_failures_to_open: Annotated[int, Field(ge=1, le=1000)] = 5
    circuit_open_seconds: Seconds = 5.0
    circuit_open_ceiling_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    stop_grace_seconds: Seconds = 20.0
    procedures_interval_seconds: Annotated[float, Field(ge=1, le=604_800)] = 21_600.0
    questions_interval_seconds: Annotated[float, Field(ge=60, le=2_592_000)] = 86_400.0
    """Time between readings of the portal's questions; known clients read daily or monthly."""
    idempotency_kept_days: Annotated[int, Field(ge=1, le=365)] = 7


class CalendarSettings(Section):
    """When one system is called, and how gently after it opens. How fast a portal may be called is not documented:
    without `calls_per_second` nothing limits the rate in ordinary life."""

    hours: tuple[str, ...] = ()
    """Weekly opening hours in Vietnamese time, "mon-fri 07:00-22:00"; none means always open."""
    calls_per_second: Annotated[float | None, Field(gt=0, le=10_000)] = None
    ramp_minutes: Annotated[float, Field(ge=0, le=LONGEST_RAMP_MINUTES)] = 10.0
    ramp_first_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    ramp_calls_per_second: Annotated[float, Field(gt=0, le=10_000)] = 20.0
    """What the ramp grows towards where no limit is set."""

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        read_hours(hours)
        return hours


class CalendarsSettings(Section):
    """A calendar for each system."""

    portal: CalendarSettings = CalendarSettings()


class CatalogueSettings(Section):
    """How lists of the portal are read. None of the thresholds has a source: no public client protects itself."""

    min_kept_share: Annotated[float, Field(ge=0, le=1)] = 0.9
    """A list that has less than this share of what was known is held: nothing is taken off."""
    repeats_count: Annotated[int, Field(ge=2, le=100)] = 3
    """A held list is believed when the same codes are missing at so many readings."""
    repeat_apart_seconds: Annotated[float, Field(ge=1, le=604_800)] = 3600.0
    """Readings that follow sooner are not counted."""
    interval_seconds: Annotated[float, Field(ge=60, le=2_592_000)] = 86_400.0
    """Time between readings of catalogues and online services; known clients read them when somebody asks."""
    names: tuple[CatalogueName, ...] = tuple(CatalogueName)
    """Catalogues that are read; what a portal does not offer is noted and costs one call per interval."""
    decisions_recheck_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days after which a publication decision is asked for again."""
    procedures_reread_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days after which a procedure is read again although the list marks it as unchanged."""


class CodeSettings(Section):
    """Tables of codes beside the shipped ones."""

    split_rules_file: Path | None = None
    """TOML file of the province's reviewed rules for units that were split; see mappings/codes/split_rules.py."""


class ReconciliationSettings(Section):
    """How the two sides are compared. An interval of 0 leaves runs of that kind to a person."""

    interval_hours: Annotated[float, Field(ge=0, le=8760)] = 24.0
    """Between runs over what changed."""
    full_interval_hours: Annotated[float, Field(ge=0, le=87_600)] = 720.0
    """Between runs over everything."""
    calls_per_second: Annotated[float, Field(ge=0.1, le=10_000)] = 20.0
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    page_size: Annotated[int, Field(ge=1, le=2000)] = 100
    list_window_days: Annotated[int, Field(ge=1, le=366)] = 7
    """Days of reception that are listed at once; a window is held in memory."""
    list_from: date = date(2020, 1, 1)
    """First day that a full run lists."""


class PortalInboundSettings(Section):
    """The national portal's own calls into the province, under /national/portal/. Without this section none is taken.

    How these calls are authenticated is not documented, so an installation must say it: a header that the exchange
    adds, the exchange's client certificate, or nothing, when the network lets nobody else reach the listener.
    """

    authentication: Annotated[str, Field(pattern="^(shared_header|client_certificate|none)$")]
    header_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = "X-Portal-Key"
    secret_file: Path | None = None
    certificates_sha256: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """SHA-256 of the DER form of each certificate that may call, in hexadecimal."""
    default_agency_code: Annotated[str, Field(pattern=r"^[0-9A-Z]+(\.[0-9A-Z]+)*$", max_length=35)]
    """Receives applications that name no agency of the province."""
    default_agency_name: Annotated[str, Field(min_length=1, max_length=500)]
    public_base_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$", max_length=300)]
    """Address of this gateway as the provincial system reaches it; files that come embedded are read there."""
    application_service: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,50}$")] = "NhanHoSoDVCQG"
    """Service word of ordinary applications. An assumption: no public code shows such a call."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 64 * 1024 * 1024

    @model_validator(mode="after")
    def _can_authenticate(self) -> Self:
        if self.authentication == "shared_header" and self.secret_file is None:
            raise ValueError("secret_file must be set for authentication by shared_header")
        if self.authentication == "client_certificate" and not self.certificates_sha256:
            raise ValueError("certificates_sha256 must be set for authentication by client_certificate")
        return self


class RequirementSettings(Section):
    """What a procedure needs of a sign-in."""

    procedure_code: Annotated[str, Field(pattern=r"^[0-9A-Z]+(\.[0-9A-Z]+)+$", max_length=50)]
    identity_level: Annotated[str, Field(pattern="^(0|1|2|org)$")] = "0"
    authentication_level: Annotated[int, Field(ge=0, le=4)] = 0
    assurance: Annotated[str, Field(pattern="^(none|low|substantial|high)$")] = "none"
    max_age_seconds: Annotated[int, Field(ge=10, le=86_400)] | None = None
    """Less than a few seconds is over before the browser is back."""
    account_kinds: Annotated[
        tuple[Annotated[str, Field(pattern="^(citizen|enterprise|organisation)$")], ...], Field(min_length=1)
    ] = ("citizen", "enterprise", "organisation")
    acr_values: tuple[Annotated[str, Field(pattern=r"^[!-~]{1,100}$")], ...] = ()
    """What the provider is asked for; a wish that proves nothing."""


_Return = Annotated[str, Field(pattern=r"^https?://[!-~]+$", max_length=500)]


class IdentityClientSettings(Section):
    """Where a client's citizens may be sent back to: whole addresses, compared exactly."""

    returns: Annotated[tuple[_Return, ...], Field(min_length=1, max_length=50)]
    logout_returns: Annotated[tuple[_Return, ...], Field(max_length=50)] = ()
    links_accounts: bool = False
    """Whether the gateway looks for the client's own account of whoever signs in, and keeps the links."""


class IdentitySettings(Section):
    """Sign-in with a national identity. Providers are read by the identity adapter's own settings model."""

    public_base_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$", max_length=300)]
    """Address of this gateway as browsers reach it; https, except on the loopback address."""
    providers: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=20, repr=False, exclude=True)]
    clients: dict[str, IdentityClientSettings] = Field(default_factory=dict)
    requirements: tuple[RequirementSettings, ...] = ()
    signing_key_files: Annotated[tuple[Path, ...], Field(max_length=5)] = ()
    """PEM files of P-256 keys, the signing one first. Beside an embedded database one is made in the data folder."""
    login_seconds: Annotated[float, Field(ge=60, le=3600)] = 600.0
    code_seconds: Annotated[float, Field(ge=5, le=600)] = 60.0
    assertion_seconds: Annotated[float, Field(ge=10, le=900)] = 120.0
    idle_minutes: Annotated[float, Field(ge=1, le=1440)] = 30.0
    absolute_hours: Annotated[float, Field(ge=0.1, le=24)] = 8.0
    verified_needs_sign_in: bool = False
    """Refuse dossiers that state "verified by VNeID" without naming the sign-in that proves it. Switch it on once every
    portal and one-stop system names it."""
    looks_up_technical_ids: bool = True
    """Ask the national portal for the technical id of those who signed in without telling one."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        returns = [one for client in self.clients.values() for one in (*client.returns, *client.logout_returns)]
        for address in (self.public_base_url, *returns):
            host = urlsplit(address).hostname
            if not address.startswith("https://") and host not in ("127.0.0.1", "::1", "localhost"):
                raise ValueError("addresses that browsers are sent to must be https, except on the loopback address")
        return self


class ConsentsSettings(Section):
    """Consents of signed-in citizens to share data. Registrations are read by the consent adapter's own settings model;
    the hub calls back at {identity.public_base_url}/callbacks/consent/{name}/webhook, and the application leads the
    browser to …/return."""

    registrations: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=5, repr=False, exclude=True)]
    poll_seconds: Annotated[float, Field(ge=2, le=120)] = 10.0
    """How often an undecided consent is asked about, should its webhooks be lost."""
    decision_seconds: Annotated[float, Field(ge=301, le=1800)] = 330.0
    """Above the hub's own 300 s, so that its word normally comes first."""
    held_minutes: Annotated[float, Field(ge=1, le=240)] = 30.0
    """How long released data waits to be collected."""
    delivered_minutes: Annotated[float, Field(ge=0, le=60)] = 5.0
    """How long it may be collected again, should the answer be lost."""


class PurposeSettings(Section):
    """A purpose for which the population database may be asked, as the province has written it down."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,49}$")]
    legal_basis: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,500}$")]
    """Law, decree or agreement, with its article; written into every audit line."""
    fields: Annotated[tuple[str, ...], Field(max_length=30)] = ()
    """What a look-up may read; none for a purpose that only verifies."""
    allows_sensitive: bool = False
    """Ethnicity, religion, marital status, blood group, relatives and vital status need this said in so many words."""
    needs_consent: bool = False
    clients: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """Empty: every client with the scope."""
    procedure_codes: Annotated[tuple[str, ...], Field(max_length=5000)] = ()
    """Empty: every procedure."""
    may_verify: bool = True


class CitizensSettings(Section):
    """Questions about citizens. `population` is read by the population adapter's own settings model."""

    purposes: Annotated[tuple[PurposeSettings, ...], Field(min_length=1, max_length=200)]
    officer_per_hour: Annotated[int, Field(ge=1, le=100_000)] = 120
    officer_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    client_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 3000
    kept_minutes: Annotated[float, Field(ge=0, le=15)] = 0.0
    """How long a reply may be used again for the same officer, dossier and question; 0 keeps none."""


class Settings(BaseSettings):
    """Everything that an installation can set. `portal` is read by the portal adapter's own settings model."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    store: StoreSettings = StoreSettings()
    keys: KeySettings = KeySettings()
    api: ApiSettings = ApiSettings()
    engine: EngineSettings = EngineSettings()
    catalogues: CatalogueSettings = CatalogueSettings()
    files: FileSettings = FileSettings()
    calendar: CalendarsSettings = CalendarsSettings()
    codes: CodeSettings = CodeSettings()
    audit: AuditSettings = AuditSettings()
    retention: RetentionSettings = RetentionSettings()
    reconciliation: ReconciliationSettings = ReconciliationSettings()
    # May hold a password until the adapter reads it: never shown.
    portal: Annotated[dict[str, Any] | None, Field(repr=False, exclude=True)] = None
    portal_tls: "PortalTlsSettings | None" = None
    portal_inbound: PortalInboundSettings | None = None
    identity: IdentitySettings | None = None
    consents: ConsentsSettings | None = None
    payments: PaymentsSettings | None = None
    citizens: CitizensSettings | None = None
    monitoring: MonitoringSettings = MonitoringSettings()
    population: Annotated[dict[str, Any] | None, Field(repr=False, exclude=True)] = None
    population_tls: "PortalTlsSettings | None" = None
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *args: Any, **kwargs: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        environment = kwargs.get("env_settings", args[0] if args else None)
        assert isinstance(environment, PydanticBaseSettingsSource)
        file = os.environ.get("GATEWAY_CONFIG")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, environment)
        if file:
            sources = (*sources, TomlConfigSettingsSource(settings_cls, Path(file)))
        return sources


class PortalTlsSettings(Section):
    """Trust and client certificate towards a national system's exchange."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None
    key_passphrase_file: Path | None = None


Settings.model_rebuild()


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises ConfigurationError listing every fault."""
    file = os.environ.get("GATEWAY_CONFIG")
    if file and not Path(file).is_file():
        raise ConfigurationError([Fault("GATEWAY_CONFIG", "must name a readable file")])
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError(faults_of(error)) from error
    except ValueError as error:
        raise ConfigurationError([Fault("GATEWAY_CONFIG", "must be TOML")]) from error


def faults_of(error: ValidationError, prefix: str = "") -> list[Fault]:
    """Turn pydantic's findings into faults without their values."""
    return [
        Fault(".".join([*([prefix] if prefix else []), *(str(part) for part in item["loc"])]), item["msg"])
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    ]
