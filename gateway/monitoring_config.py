"""Settings of what is counted and published for the monitoring systems."""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from gateway.indicators.periods import Calendar, PeriodType
from gateway.monitoring.observations import StateAt
from gateway.sections import Seconds, Section

_ENDING = frozenset(PeriodType) - {PeriodType.YTD, PeriodType.CUSTOM}


class DeadlinePolicySettings(Section):
    """How deadlines of a procedure are counted; "" for all that have no line of their own."""

    procedure_code: Annotated[str, Field(max_length=50)] = ""
    cut_off: time | None = None
    """What is accepted later counts from the next working day (15:00 by some decrees)."""
    pauses: bool = True
    """Whether the time of a supplement is added to the due date."""
    restarts_within_days: Annotated[int, Field(ge=0, le=60)] | None = None
    """A supplement asked for within so many working days begins the limit anew; none does when left out."""
    acceptance_hours: Annotated[int, Field(ge=1, le=240)] = 8
    """Working hours within which an online submission is to be accepted, refused or answered."""


class OfficeHoursSettings(Section):
    """The hours of a working day, of an agency and all below it; "" for all that have none of their own."""

    agency: Annotated[str, Field(pattern=r"^([0-9A-Z]+(\.[0-9A-Z]+)*)?$", max_length=35)] = ""
    begins_on: date = date.min
    """The first day on which they are kept."""
    stretches: Annotated[
        tuple[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")], ...],
        Field(min_length=1, max_length=4),
    ]
    """Such as `["07:30-11:30", "13:30-17:00"]`."""


class WorkingCalendarSettings(Section):
    """What the province and its agencies say of their days beside the calendar of the country."""

    file: Path | None = None
    """Comma-separated values: day, kind, label, source, and of agency, confirmed, told_on, counts and open any."""
    hours: Annotated[tuple[OfficeHoursSettings, ...], Field(max_length=5000)] = ()


class QualitySettings(Section):
    """From where on a dossier is conspicuous to the rules of data quality. None of it is law.

    What is counted among neighbours is bounded by how many of them are looked at.
    """

    duplicate_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    """DQ-01: one applicant's dossiers of one procedure that were submitted so near each other are one."""
    applicants_per_account: Annotated[int, Field(ge=2, le=20)] = 5
    """DQ-02: who submits for so many applicants is an officer."""
    late_working_days: Annotated[int, Field(ge=0, le=30)] = 1
    near_due_working_days: Annotated[int, Field(ge=0, le=30)] = 1
    long_pause_days: Annotated[int, Field(ge=1, le=365)] = 10
    resubmitted_days: Annotated[int, Field(ge=1, le=365)] = 30
    unreturned_working_days: Annotated[int, Field(ge=1, le=60)] = 5
    burst_count: Annotated[int, Field(ge=2, le=20)] = 20
    """DQ-15: so many submissions of one account within `burst_minutes`."""
    burst_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    identical_count: Annotated[int, Field(ge=2, le=4)] = 3
    """DQ-15: so many dossiers of a procedure with the same files."""
    too_fast_seconds: Annotated[int, Field(ge=1, le=3600)] = 60


class PublicationSettings(Section):
    """What is published, signed, in a chain."""

    signing_key_files: Annotated[tuple[Path, ...], Field(min_length=1, max_length=5)]
    """PEM files of P-256 keys; the first signs, the others verify what was signed before."""
    begins_on: date
    """Periods that ended before are not published."""
    period_types: Annotated[tuple[PeriodType, ...], Field(min_length=1)] = (
        PeriodType.MONTH,
        PeriodType.QUARTER,
        PeriodType.YEAR,
    )
    calendars: Annotated[tuple[Calendar, ...], Field(min_length=1)] = (Calendar.GREGORIAN,)
    states_at: Annotated[tuple[StateAt, ...], Field(min_length=1)] = (StateAt.AS_OF, StateAt.PERIOD_END)
    """As of when dossiers are looked at: now, and as they stood at the period's end. Each has versions of its own."""
    night_minutes: Annotated[int, Field(ge=0, le=1439)] = 30
    """Minutes after midnight, in Viet Nam, from which figures are published."""
    final_after_days: Annotated[int, Field(ge=1, le=365)] = 30
    interval_seconds: Seconds = 60.0
    """How often is looked whether something is due."""
    receivers: Annotated[tuple[dict[str, Any], ...], Field(max_length=10, repr=False, exclude=True)] = ()
    """Receivers that do not pull; their adapter reads these sections."""
    push_seconds: Seconds = 10.0
    """How often is looked whether a receiver is owed something."""

    @model_validator(mode="after")
    def _must_end(self) -> "PublicationSettings":
        if not set(self.period_types) <= _ENDING:
            raise ValueError("period_types must be of periods that end by themselves: not ytd, not custom")
        return self


class MonitoringSettings(Section):
    """What is counted of dossiers, and for whom."""

    is_counted: bool = True
    interval_seconds: Seconds = 5.0
    """How often is counted what was accepted since."""
    province: Annotated[str, Field(pattern=r"^[0-9A-Z.]{0,20}$")] = ""
    """The province's own agency code ("H99"), under which its numbers stand."""
    population_codes: Annotated[tuple[str, ...], Field(max_length=20)] = ("1",)
    """Codes by which dossiers name the population database among the consulted ones (MaCSDL)."""
    pulls_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 600
    calendar: WorkingCalendarSettings = WorkingCalendarSettings()
    policies: Annotated[tuple[DeadlinePolicySettings, ...], Field(max_length=5000)] = ()
    quality: QualitySettings = QualitySettings()
    publication: PublicationSettings | None = None

    @model_validator(mode="after")
    def _must_be_whole(self) -> "MonitoringSettings":
        codes = [one.procedure_code for one in self.policies]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ValueError(f"policies must name each procedure once: {', '.join(twice)}")
        if self.publication is not None and not self.province:
            raise ValueError("province must be set where something is published")
        if self.publication is not None and not self.is_counted:
            raise ValueError("is_counted must be true where something is published")
        return self
