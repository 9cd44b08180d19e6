"""From what is remembered of a dossier to what is counted: due dates, classes, times, and until when they hold.

A fact holds for a measuring instant. Time alone changes it: a due date passes. So each fact says at which instant it
has to be made again. Source: monitoring notes §2.3, §3.4 to §3.6, §5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from gateway.errors import InvalidInput
from gateway.indicators.facts import DossierFact
from gateway.indicators.findings import Finding, Treatment, treated
from gateway.indicators.quality import find
from gateway.indicators.raw import Limits, RawSet
from gateway.indicators.words import Acceptance, Timeliness
from gateway.model.calendars import Calendars
from gateway.model.dossier import Channel
from gateway.model.procedure import Procedure, TimeUnit
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import WorkingCalendar
from gateway.monitoring.cleaning import days_between, raw_of
from gateway.monitoring.cutting import latest_at
from gateway.monitoring.deadlines import Deadline, Limit, LimitUnit, Precision, Step, effective_finish
from gateway.monitoring.records import DossierRecord
from gateway.monitoring.terms import Policy, counted_until, deadline_of
from gateway.monitoring.timeliness import Course, timeliness

JUDGED_AS = 3
"""Raised with every change of this module, of deadlines, or of the rules of data quality, that makes other facts of the
same records: facts are then made anew after the upgrade."""
_UNITS = {
    TimeUnit.WORKING_DAY: LimitUnit.WORKING_DAY,
    TimeUnit.DAY: LimitUnit.CALENDAR_DAY,
    TimeUnit.HOUR: LimitUnit.HOUR,
    TimeUnit.MONTH: LimitUnit.MONTH,
}
_LENGTH_DAYS = {TimeUnit.HOUR: 0.125, TimeUnit.WORKING_DAY: 1.4, TimeUnit.DAY: 1.0, TimeUnit.MONTH: 30.0}
"""About how many days of the calendar a unit is: only to find the longest of several limits."""
_MINUTES_AN_HOUR = 60
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A fact, what the rules of data quality found, and between which instants time alone does not change it.

    From `holds_from` on, of the same records, it is this one; from `turns_at` on it may be another (None: never).
    """

    fact: DossierFact
    findings: tuple[Finding, ...]
    holds_from: datetime
    turns_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Makes facts at one measuring instant."""

    calendars: Calendars
    measured_at: datetime
    limits: Limits = field(default_factory=Limits)
    published_at: datetime | None = None

    def judge(
        self,
        record: DossierRecord,
        procedure: Procedure | None,
        policy: Policy,
        neighbours: Sequence[DossierRecord] = (),
        *,
        concerned_since: datetime | None = None,
        is_confirmed_artificial: bool = False,
    ) -> Judged:
        """Give a dossier's fact. `neighbours` are the dossiers that it is judged beside, in which nothing that concerns
        it happened after `concerned_since` (None: anything that happened to them does).
        """
        beside = [latest_at(one) for one in neighbours] if concerned_since is None else [concerned_since]
        case = self._case(record, limits_of(procedure, record.channel), policy)
        own = self._findings(case, neighbours, is_confirmed_artificial=is_confirmed_artificial)
        turns = case.turns(self.limits)
        passed = [one for one in turns if one <= self.measured_at]
        return Judged(
            fact=treated(case.fact(), own),
            findings=tuple(own),
            holds_from=max([*passed, latest_at(record), *beside]),
            turns_at=min((one for one in turns if one > self.measured_at), default=None),
        )

    def deadline(self, record: DossierRecord, procedure: Procedure | None, policy: Policy) -> Deadline | None:
        """Give a dossier's deadline with the steps that led to it; None where no limit is known but a stated date."""
        return self._case(record, limits_of(procedure, record.channel), policy).deadline

    def _case(self, record: DossierRecord, limits: Sequence[Limit], policy: Policy) -> "_Case":
        until = counted_until(record, self.measured_at)
        return _Case(
            record=record,
            limits=limits,
            policy=policy,
            deadline=deadline_of(record, limits, policy, self.calendars, self.measured_at),
            calendar=self.calendars.of(record.handling_agency, until),
            calendars=self.calendars,
            measured_at=self.measured_at,
        )

    def _findings(
        self, case: "_Case", neighbours: Sequence[DossierRecord], *, is_confirmed_artificial: bool
    ) -> list[Finding]:
        record, calendar = case.record, case.calendar
        raw = RawSet(
            as_of=self.measured_at,
            working_days=partial(days_between, calendar),
            dossiers=[
                raw_of(record, case.deadline, len(case.limits), calendar, counted_by=case.counted_by),
                *(raw_of(one, None, 1, calendar) for one in neighbours),
            ],
            calendar_version=calendar.version,
            published_at=self.published_at,
            confirmed=(record.code,) if is_confirmed_artificial else (),
            limits=self.limits,
        )
        own = list(dict.fromkeys((*(one for one in find(raw) if one.key == record.code), *record.kept_findings)))
        if is_confirmed_artificial and not any(one.rule == "DQ-15" for one in own):
            own.append(Finding("DQ-15", record.code, Treatment.EXCLUDE, "confirmed"))
        return own


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One dossier at the measuring instant, with its deadline and the calendar that it is judged by."""

    record: DossierRecord
    limits: Sequence[Limit]
    policy: Policy
    deadline: Deadline | None
    calendar: WorkingCalendar
    calendars: Calendars
    measured_at: datetime

    @property
    def counted_by(self) -> str:
        """The version of the calendar by which the date was promised, where a later one moved it."""
        received_at, deadline = self.record.received_at, self.deadline
        if received_at is None or deadline is None or all(one.step is not Step.RECOMPUTED for one in deadline.changes):
            return self.calendar.version
        return self.calendars.of(self.record.handling_agency, received_at).version

    def fact(self) -> DossierFact:
        """Give what is counted."""
        record, deadline = self.record, self.deadline
        finished_at = record.first_finished_at
        due = deadline.current if deadline is not None else record.due_at
        promised = record.first_due_at or (deadline.original if deadline is not None else None)
        precision = Precision.DATE if deadline is None else deadline.precision
        course = self._course(finished_at)
        return DossierFact(
            key=record.code,
            procedure_code=record.procedure_code,
            resolving_agency=record.handling_agency,
            receiving_agency=record.receiving_agency,
            known_at=record.known_at,
            channel=record.channel,
            submitted_at=record.submitted_at,
            accepted_at=record.received_at,
            finished_at=finished_at,
            synced_at=record.synced_at,
            due_at=due,
            due_promised_at=promised,
            timeliness=timeliness(course, due, precision, self.measured_at),
            timeliness_promised=timeliness(course, promised, Precision.DATE, self.measured_at),
            timeliness_national=self._national(course),
            timeliness_reopened=self._reopened(due, precision),
            processing_time=self._processing_time(finished_at),
            acceptance=self._acceptance(),
            is_fully_online=record.is_fully_online,
            has_component_file=record.files_count > 0,
            has_result_file=record.results_count > 0,
            is_reused=record.is_reused,
            uses_personal_store=record.uses_personal_store,
            uses_population_data=record.uses_population_data,
            fee=record.fee,
            payment=record.payment,
            rating=record.rating,
        )

    def _course(self, finished_at: datetime | None) -> Course:
        record = self.record
        asked = [pause for pause in record.pauses if record.received_at and pause.asked_at >= record.received_at]
        is_waiting = record.status is DossierStatus.SUPPLEMENT_REQUESTED
        return Course(
            finished_at=finished_at,
            is_withdrawn=record.is_ended and record.reopened_at is None and not _was_done(record),
            first_asked_at=asked[0].asked_at if asked else None,
            is_waiting=is_waiting,
            supplements_count=len(asked) if is_waiting else 0,
        )

    def _national(self, course: Course) -> Timeliness:
        """Hold the finish less the supplements' time against the stated date (SUBTRACT)."""
        record = self.record
        if course.finished_at is not None and record.received_at is not None:
            given = [
                (pause.asked_at, pause.given_at)
                for pause in record.pauses
                if pause.given_at is not None and record.received_at <= pause.asked_at <= pause.given_at
            ]
            course = replace(course, finished_at=effective_finish(course.finished_at, given))
        asked_count = len(record.pauses) if course.finished_at is None else 0
        return timeliness(
            replace(course, supplements_count=asked_count), record.due_at, Precision.DATE, self.measured_at
        )

    def _reopened(self, due: datetime | None, precision: Precision) -> Timeliness | None:
        record = self.record
        reopened_at = record.reopened_at
        if reopened_at is None:
            return None
        again = next(
            (
                step.at
                for step in record.steps
                if step.at >= reopened_at and step.status in (DossierStatus.COMPLETED, DossierStatus.RETURNED)
            ),
            None,
        )
        return timeliness(Course(finished_at=again), due, precision, self.measured_at)

    def _processing_time(self, finished_at: datetime | None) -> Decimal | None:
        """Give the net time in the unit of the procedure's limit, working days where it has none."""
        record = self.record
        accepted_at = record.received_at
        if accepted_at is None or finished_at is None or finished_at < accepted_at or record.is_ended:
            return None
        unit = self.limits[0].unit if self.limits else LimitUnit.WORKING_DAY
        spans = [(accepted_at, finished_at, 1)]
        spans += [
            (pause.asked_at, min(pause.given_at, finished_at), -1)
            for pause in record.pauses
            if pause.given_at is not None and accepted_at <= pause.asked_at <= min(pause.given_at, finished_at)
        ]
        try:
            return max(Decimal(), sum((sign * self._span(unit, one, two) for one, two, sign in spans), Decimal()))
        except InvalidInput:
            return None

    def _span(self, unit: LimitUnit, first: datetime, last: datetime) -> Decimal:
        if unit is LimitUnit.HOUR:
            return (Decimal(self.calendar.minutes_between(first, last)) / _MINUTES_AN_HOUR).quantize(Decimal("0.0001"))
        if unit in (LimitUnit.CALENDAR_DAY, LimitUnit.MONTH):
            return Decimal((_day(last) - _day(first)).days)
        return Decimal(self.calendar.working_days_between(_day(first), _day(last)))

    def _acceptance(self) -> Acceptance | None:
        if self.record.channel is not Channel.ONLINE:
            return None
        limit, answered_at = self._acceptance_due(), self._answered_at()
        if limit is None:
            return None
        if answered_at is None:
            return Acceptance.WAITING_OVERDUE if self.measured_at > limit else Acceptance.WAITING_IN_TERM
        return Acceptance.LATE if answered_at > limit else Acceptance.IN_TIME

    def _answered_at(self) -> datetime | None:
        record = self.record
        answers = [record.received_at, record.refused_at, *(pause.asked_at for pause in record.pauses[:1])]
        return min((instant for instant in answers if instant is not None), default=None)

    def _acceptance_due(self) -> datetime | None:
        """Give until when who received the submission has to answer it, by the calendar as it was known until then."""
        record = self.record
        known_at = min(self._answered_at() or self.measured_at, self.measured_at)
        calendar = self.calendars.of(record.receiving_agency, known_at)
        try:
            return calendar.add_minutes(record.submitted_at, self.policy.acceptance_hours * _MINUTES_AN_HOUR)
        except InvalidInput:
            return None

    def turns(self, limits: Limits) -> list[datetime]:
        """Give the instants at which time alone may change the fact: a date passes, a stated instant comes, or days
        become known."""
        record, deadline = self.record, self.deadline
        dates = [deadline.current, deadline.original] if deadline is not None else []
        dates += [one for one in (record.due_at, record.first_due_at) if one is not None]
        turns: list[datetime] = []
        if record.first_finished_at is None or record.reopened_at is not None:
            for due in dates:
                turns += [due + timedelta(microseconds=1), _midnight_after(due)]
        if record.channel is Channel.ONLINE and record.received_at is None and record.refused_at is None:
            limit = self._acceptance_due()
            turns += [] if limit is None else [limit + timedelta(microseconds=1)]
        turns += [one for one in (record.submitted_at, record.received_at, record.finished_at) if one is not None]
        turns += [step.at for step in record.steps]
        done_at = min((step.at for step in record.steps if step.status is DossierStatus.COMPLETED), default=None)
        if done_at is not None:
            turns += self._unreturned(done_at, limits.unreturned_working_days + 1)
        turns += self._told()
        return turns

    def _told(self) -> list[datetime]:
        """Give the instants at which days became known while the dossier was open or its submission unanswered."""
        record = self.record
        is_over = record.first_finished_at is not None and record.reopened_at is None
        ended_at = record.first_finished_at if is_over else None
        told = [one for one in self.calendars.told_at(record.handling_agency) if ended_at is None or one <= ended_at]
        answered_at = self._answered_at()
        received = self.calendars.told_at(record.receiving_agency)
        return told + [one for one in received if answered_at is None or one <= answered_at]

    def _unreturned(self, finished_at: datetime, days: int) -> list[datetime]:
        try:
            day = self.calendar.add_working_days(_day(finished_at), days)
        except InvalidInput:
            return []
        return [datetime.combine(day, time(), VIETNAM)]


def limits_of(procedure: Procedure | None, channel: Channel) -> list[Limit]:
    """Give a channel's limits as the catalogue states them, the longest first (DQ-19); none that only words state."""
    if procedure is None:
        return []
    stated = [
        (limit.amount, limit.unit)
        for one in procedure.channels
        if one.channel is channel
        for limit in one.time_limits
        if limit.amount and limit.unit in _UNITS
    ]
    ordered = sorted(set(stated), key=lambda one: one[0] * _LENGTH_DAYS[one[1]], reverse=True)
    return [Limit(unit=_UNITS[unit], value=amount) for amount, unit in ordered]


def _was_done(record: DossierRecord) -> bool:
    return any(step.status in (DossierStatus.COMPLETED, DossierStatus.RETURNED) for step in record.steps)


def _midnight_after(instant: datetime) -> datetime:
    return datetime.combine(_day(instant) + _ONE_DAY, time(), VIETNAM)


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()
