"""Questions about citizens: the population database's adapter, and the desk of one process."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from ssl import SSLContext

from pydantic import ValidationError

from adapters.population import PopulationAdapter, PopulationSettings, build, run_checks
from certs.contexts import ClientTls
from certs.policy import default_policy
from certs.reloading import ReloadingClientContext
from gateway.bootstrap.ground import Ground
from gateway.clocks import SystemClock
from gateway.config import PurposeSettings, Settings, faults_of
from gateway.engine.audit import Auditor
from gateway.engine.citizens import SYSTEM, CitizenDesk, CitizenRules
from gateway.engine.local_circuit import LocalCircuit
from gateway.engine.scheduler import Job
from gateway.errors import ConfigurationError, Fault
from gateway.model.citizen import SENSITIVE_FIELDS, CitizenField
from gateway.ports.basics import Chance, Clock
from gateway.ports.portal import Finding
from gateway.store.citizens import PostgresCitizens
from gateway.sync.citizens import Purpose

_SWEEP_SECONDS = 30.0


def population_settings(settings: Settings) -> PopulationSettings | None:
    """Read the database's own section. Raises ConfigurationError listing every fault."""
    if settings.population is None:
        if settings.citizens is not None:
            raise ConfigurationError([Fault("citizens", "needs the section [population]")])
        return None
    faults = [Fault("population", "needs the section [citizens]")] if settings.citizens is None else []
    try:
        made = PopulationSettings.model_validate(settings.population)
    except ValidationError as error:
        raise ConfigurationError([*faults, *faults_of(error, "population")]) from error
    if faults:
        raise ConfigurationError(faults)
    return made


def population_tls(settings: Settings, clock: SystemClock) -> ReloadingClientContext | None:
    """Load the certificates towards the database's edge. Raises ConfigurationError listing every fault."""
    tls = settings.population_tls
    if tls is None:
        return None
    return ReloadingClientContext(
        ClientTls(tls.ca, tls.certificate, tls.key, tls.key_passphrase_file, setting="population_tls"),
        default_policy(),
        clock,
    )


def make_purposes(settings: Settings) -> dict[str, Purpose]:
    """Read the purposes. Raises ConfigurationError listing every fault."""
    if settings.citizens is None:
        return {}
    sections = settings.citizens.purposes
    faults = [fault for place, section in enumerate(sections) for fault in _faults(place, section)]
    codes = [section.code for section in sections]
    if len(set(codes)) != len(codes):
        faults.append(Fault("citizens.purposes", "must have codes that differ"))
    if faults:
        raise ConfigurationError(faults)
    return {
        section.code: Purpose(
            code=section.code,
            legal_basis=section.legal_basis,
            fields=frozenset(CitizenField(name) for name in section.fields),
            allows_sensitive=section.allows_sensitive,
            needs_consent=section.needs_consent,
            clients=frozenset(section.clients),
            procedure_codes=frozenset(section.procedure_codes),
            may_verify=section.may_verify,
            may_look_up=bool(section.fields),
        )
        for section in sections
    }


def _faults(place: int, section: PurposeSettings) -> list[Fault]:
    setting = f"citizens.purposes.{place}.fields"
    known = {field.value for field in CitizenField}
    faults = [Fault(setting, f"{name} is no field") for name in section.fields if name not in known]
    sensitive = sorted(set(section.fields) & {field.value for field in SENSITIVE_FIELDS})
    if sensitive and not section.allows_sensitive:
        faults.append(Fault(setting, f"{', '.join(sensitive)} need allows_sensitive"))
    return faults


async def check_population(
    settings: PopulationSettings | None,
    *,
    ssl_supplier: Callable[[], SSLContext | None],
    clock: Clock,
    chance: Chance,
) -> Sequence[Finding]:
    """Have the adapter check itself."""
    if settings is None:
        return []
    async with build(settings, ssl_supplier=ssl_supplier, clock=clock, chance=chance) as adapter:
        return await run_checks(adapter)


def make_citizens(
    ground: Ground,
    settings: PopulationSettings | None,
    purposes: dict[str, Purpose],
    auditor: Auditor,
    ssl_supplier: Callable[[], SSLContext | None],
) -> tuple[CitizenDesk, Job] | None:
    """Give the desk and what erases what is over; None when no population database is configured."""
    rules = ground.settings.citizens
    if settings is None or rules is None:
        return None
    adapter: PopulationAdapter = build(
        settings,
        ssl_supplier=ssl_supplier,
        clock=ground.clock,
        chance=ground.chance,
        observe=lambda call: ground.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
    )
    ground.closers.append(adapter.aclose)
    desk = CitizenDesk(
        adapter,
        CitizenRules(
            purposes=purposes,
            officer_per_hour=rules.officer_per_hour,
            officer_per_day=rules.officer_per_day,
            client_per_hour=rules.client_per_hour,
            kept=timedelta(minutes=rules.kept_minutes),
        ),
        PostgresCitizens(ground.pool),
        edge=settings.edge.profile,
        audit=auditor,
        officer_sign=auditor.officer_sign,
        circuit=LocalCircuit(SYSTEM, clock=ground.clock, chance=ground.chance, observer=ground.telemetry),
        key_ring=ground.key_ring,
        clock=ground.clock,
        observer=ground.telemetry,
    )
    return desk, Job("citizens", _SWEEP_SECONDS, desk.sweep)
