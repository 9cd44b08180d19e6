"""The parts that count, answer with numbers, and publish them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from hashlib import sha256
from pathlib import Path

from gateway.api.monitoring_desk import MonitoringDesk, PullRate
from gateway.bootstrap.ground import PORTAL, Ground
from gateway.config import Settings
from gateway.engine.indicator_check import IndicatorChecker
from gateway.engine.indicator_judging import CountingRules
from gateway.engine.indicator_numbers import Numbers
from gateway.engine.indicator_reasons import Explainer
from gateway.engine.indicators import IndicatorKeeper, nobody
from gateway.engine.period_ends import PeriodEnds
from gateway.engine.publication_parts import PublishingSettings
from gateway.engine.publishing import Publisher
from gateway.engine.scheduler import Job
from gateway.errors import ConfigurationError, Fault, InvalidInput
from gateway.indicators.catalogue import Catalogue, read_catalogue
from gateway.indicators.measures import VERSION
from gateway.indicators.profiles import read_profile
from gateway.indicators.raw import Limits
from gateway.model.calendars import Calendars, HoursSince
from gateway.model.working_calendar import CalendarDay, OfficeHours
from gateway.monitoring.judging import JUDGED_AS
from gateway.monitoring.publications import PublicationRules
from gateway.monitoring.records import RECORD_FORM
from gateway.monitoring.terms import Policy
from gateway.monitoring_config import MonitoringSettings, QualitySettings, WorkingCalendarSettings
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import Observer
from gateway.store.indicator_cells import PostgresCells
from gateway.store.indicators import PostgresIndicators
from gateway.store.pool import Pool
from gateway.store.publications import PostgresPublications
from gateway.store.pushes import PostgresPushes
from gateway.store.registers import PostgresRegisters
from gateway.vault.assertions import Es256Signer, load_signer
from mappings.calendars import open_calendars, read_days
from mappings.indicators import CATALOGUE, SCORING_766, shipped_text


def counting_rules(settings: MonitoringSettings) -> CountingRules:
    """Give by what facts are made. Their name follows from everything that they hold.

    Raises ConfigurationError naming every fault of the province's calendar.
    """
    calendars = _calendars(settings.calendar)
    policies = {
        one.procedure_code: Policy(
            cut_off=one.cut_off,
            pauses=one.pauses,
            restarts_within_days=one.restarts_within_days,
            acceptance_hours=one.acceptance_hours,
        )
        for one in settings.policies
    }
    default = policies.get("", Policy())
    population = frozenset(settings.population_codes)
    limits = _limits(settings.quality)
    told = f"{JUDGED_AS} {RECORD_FORM} {calendars.version} {sorted(policies.items())} {sorted(population)} {limits}"
    return CountingRules(
        name=f"{VERSION} {sha256(told.encode()).hexdigest()[:16]}",
        calendars=calendars,
        policy_of=lambda code: policies.get(code, default),
        limits=limits,
        population_codes=population,
    )


def _calendars(section: WorkingCalendarSettings) -> Calendars:
    setting = "monitoring.calendar"
    hours = [
        HoursSince(agency=one.agency, begins_on=one.begins_on, stretches=tuple(map(_stretch, one.stretches)))
        for one in section.hours
    ]
    faults, days = list[Fault](), list[CalendarDay]()
    try:
        # Spreadsheets write a mark before their UTF-8.
        days = [] if section.file is None else read_days(section.file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        faults.append(Fault(f"{setting}.file", "must be a readable file of UTF-8"))
    except InvalidInput as error:
        faults += [replace(one, field=f"{setting}.file {one.field}".strip()) for one in error.faults]
    try:
        calendars = open_calendars(days, hours)
    except InvalidInput as error:
        faults += [replace(one, field=f"{setting}.{one.field}") for one in error.faults]
    if faults:
        raise ConfigurationError(faults)
    return calendars


def _stretch(text: str) -> OfficeHours:
    opens, closes = map(time.fromisoformat, text.split("-"))
    return OfficeHours(opens, closes)


def _limits(section: QualitySettings) -> Limits:
    return Limits(
        duplicate_within=timedelta(minutes=section.duplicate_minutes),
        applicants_per_account=section.applicants_per_account,
        late_working_days=section.late_working_days,
        near_due_working_days=section.near_due_working_days,
        long_pause_days=section.long_pause_days,
        resubmitted_within=timedelta(days=section.resubmitted_days),
        unreturned_working_days=section.unreturned_working_days,
        burst_count=section.burst_count,
        burst_within=timedelta(minutes=section.burst_minutes),
        identical_count=section.identical_count,
        too_fast=timedelta(seconds=section.too_fast_seconds),
    )


def open_catalogue() -> Catalogue:
    """Read the shipped definitions."""
    return read_catalogue(shipped_text(CATALOGUE))


def open_publication_signer(settings: Settings) -> Es256Signer | None:
    """Read the keys of publications. Raises ConfigurationError."""
    publication = settings.monitoring.publication
    if publication is None:
        return None
    return load_signer([Path(one) for one in publication.signing_key_files], "monitoring.publication.signing_key_files")


def make_numbers(pool: Pool, rules: CountingRules, clock: Clock) -> Numbers:
    """Give what answers with numbers."""
    return Numbers(
        PostgresCells(pool), PostgresRegisters(pool), open_catalogue(), calendars=rules.calendars, clock=clock
    )


def make_monitoring_desk(
    ground: Ground, rules: CountingRules, signer: Es256Signer | None, receivers: Sequence[str] = ()
) -> MonitoringDesk | None:
    """Give what the pull interface works with; None where nothing is counted. `receivers` are pushed to."""
    settings = ground.settings.monitoring
    if not settings.is_counted:
        return None
    numbers = make_numbers(ground.pool, rules, ground.clock)
    store = PostgresIndicators(ground.pool, system=PORTAL)
    publisher = None
    if signer is not None:
        publisher = make_publisher(ground.pool, settings, rules, numbers, signer, ground.clock)
    return MonitoringDesk(
        province=settings.province,
        numbers=numbers,
        explainer=Explainer(store, numbers, rules=rules),
        registers=PostgresRegisters(ground.pool),
        publications=PostgresPublications(ground.pool),
        pushes=PostgresPushes(ground.pool),
        catalogue=open_catalogue(),
        profile=read_profile(shipped_text(SCORING_766)),
        calendars=rules.calendars,
        period_ends=PeriodEnds(store, rules=rules),
        publisher=publisher,
        signer=signer,
        receivers=tuple(receivers),
        rate=PullRate(settings.pulls_per_minute),
    )


def make_publisher(
    pool: Pool,
    settings: MonitoringSettings,
    rules: CountingRules,
    numbers: Numbers,
    signer: Es256Signer,
    clock: Clock,
) -> Publisher:
    """Give what publishes."""
    publication = settings.publication
    assert publication is not None
    return Publisher(
        numbers,
        PostgresPublications(pool),
        signer,
        open_catalogue(),
        period_ends=PeriodEnds(PostgresIndicators(pool, system=PORTAL), rules=rules),
        settings=PublishingSettings(
            province=settings.province,
            counted_by=rules.name,
            begins_on=publication.begins_on,
            period_types=publication.period_types,
            calendars=publication.calendars,
            states_at=publication.states_at,
            rules=PublicationRules(
                night_minutes=publication.night_minutes, final_after=timedelta(days=publication.final_after_days)
            ),
            calendar_version=rules.calendars.version,
        ),
        clock=clock,
    )


def make_counting(ground: Ground, rules: CountingRules, signer: Es256Signer | None) -> list[Job]:
    """Give the jobs that count and publish."""
    settings = ground.settings.monitoring
    if not settings.is_counted:
        return []
    keeper = make_keeper(ground.pool, ground.key_ring, rules, ground.clock, ground.telemetry)
    store = PostgresIndicators(ground.pool, system=PORTAL)

    async def measure() -> None:
        ground.telemetry.note_counting(await store.standing(), ground.clock.now())

    jobs = [Job("indicators", settings.interval_seconds, keeper.run), Job("indicator_standing", 15.0, measure)]
    if settings.publication is not None and signer is not None:
        numbers = make_numbers(ground.pool, rules, ground.clock)
        publisher = make_publisher(ground.pool, settings, rules, numbers, signer, ground.clock)
        jobs.append(Job("publications", settings.publication.interval_seconds, publisher.run))
    return jobs


def make_keeper(
    pool: Pool, key_ring: KeyRing, rules: CountingRules, clock: Clock, observer: Observer = nobody
) -> IndicatorKeeper:
    """Give what counts."""
    store = PostgresIndicators(pool, system=PORTAL)
    return IndicatorKeeper(store, key_ring=key_ring, rules=rules, clock=clock, observer=observer)


def make_checker(pool: Pool, key_ring: KeyRing, rules: CountingRules) -> IndicatorChecker:
    """Give what counts from scratch."""
    return IndicatorChecker(PostgresIndicators(pool, system=PORTAL), key_ring=key_ring, rules=rules)
