"""Three years of an invented province's dossiers, as what the gateway remembers of them. Always the same for a seed.

A story is one course of a dossier; it is judged once, and told of several dossiers that differ in code, applicant,
agency and procedure within one kind of procedures, on which no judgement depends. Days, hours, limits, channels,
fees, results and everything else are of the story.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random

from bench.province import AFTER_ON, FIRST_ON, MERGED_ON, Kind, Province, Ranked, ranked
from gateway.indicators.words import Rating
from gateway.model.dossier import Channel, OnlinePayment
from gateway.model.procedure import ExecutingLevel
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import WorkingCalendar
from gateway.monitoring.deadlines import first_deadline
from gateway.monitoring.judging import limits_of
from gateway.monitoring.records import DossierRecord, Pause, Step

MEASURED_AT = datetime(2027, 1, 4, 1, tzinfo=UTC)
"""The instant of counting, after the last dossier."""
SHARED = 5
"""So many dossiers share a story."""
_AFTER_TET_DAYS = 14
_ONE_DAY = timedelta(days=1)
_SYNCS = (30, 90, 400, 3_600, 40_000, 400_000)
_CHANNELS = ranked({Channel.ONLINE.value: 60, Channel.IN_PERSON.value: 36, Channel.POSTAL.value: 4})


@dataclass(frozen=True, slots=True)
class Told:
    """A dossier: its record, the number of its story, and whether it is a copy of one handed in minutes before."""

    dossier_id: int
    record: DossierRecord
    story: int
    is_copy: bool = False

    @property
    def counts(self) -> bool:
        """Tell whether it was accepted and is no copy: whether it belongs to every indicator's first set."""
        return self.record.received_at is not None and not self.is_copy


class Years:
    """All dossiers, by the day on which they were submitted."""

    def __init__(self, province: Province, calendar: WorkingCalendar, *, count: int, seed: int) -> None:
        self._province = province
        self._calendar = calendar
        self._count = count
        self._seed = seed
        shares = {kind: procedures.bounds[-1] for kind, procedures in province.kinds.items()}
        self._kinds = (list(shares), list(accumulate(shares.values())))

    @cached_property
    def counts(self) -> dict[date, int]:
        """How many dossiers are submitted on each day; all of them together are as many as were asked for."""
        days = [FIRST_ON + timedelta(days=number) for number in range((AFTER_ON - FIRST_ON).days)]
        bounds = list(accumulate(map(self._weight, days)))
        shares = [int(self._count * bound / bounds[-1]) for bound in bounds]
        return {day: after - before for day, before, after in zip(days, [0, *shares], shares, strict=False)}

    @cached_property
    def first_ids(self) -> dict[date, int]:
        """The number of the first dossier of each day."""
        starts = accumulate(self.counts.values(), initial=1)
        return dict(zip(self.counts, starts, strict=False))

    def on(self, day: date) -> Iterator[Told]:
        """Give the dossiers that are submitted on a day."""
        chance = Random(f"{self._seed} {day}")
        number, after = self.first_ids[day], self.first_ids[day] + self.counts[day]
        story = 0
        while number < after:
            kind = chance.choices(self._kinds[0], cum_weights=self._kinds[1])[0]
            record = self._story(chance, day, kind)
            shared = min(SHARED, after - number)
            is_copied = chance.random() < 0.01 and record.finished_at is not None and 2 * shared <= after - number
            told = list(self._told(chance, number, shared, kind, record))
            yield from (replace(one, story=story) for one in told)
            story, number = story + 1, number + shared
            if is_copied:
                yield from (_copied(one, story, one.dossier_id + shared) for one in told)
                story, number = story + 1, number + shared

    def _told(self, chance: Random, first: int, count: int, kind: Kind, record: DossierRecord) -> Iterator[Told]:
        procedures = self._province.kinds[kind].choose(chance, count)
        agencies = self._agencies[kind.level].choose(chance, count)
        is_merged = record.submitted_at.astimezone(VIETNAM).date() >= MERGED_ON
        for place, (procedure, agency) in enumerate(zip(procedures, agencies, strict=True)):
            owner = self._province.successors.get(agency, agency) if is_merged else agency
            yield Told(
                first + place,
                replace(
                    record,
                    code=code_of(first + place),
                    procedure_code=procedure,
                    receiving_agency=owner,
                    handling_agency=owner,
                    applicant_key=chance.randbytes(32).hex(),
                ),
                story=0,
            )

    @cached_property
    def _agencies(self) -> dict[ExecutingLevel, Ranked]:
        return {
            ExecutingLevel.PROVINCE: ranked(self._province.departments),
            ExecutingLevel.COMMUNE: ranked(self._province.communes),
        }

    # Days

    def _weight(self, day: date) -> float:
        growth = 1 + 0.15 * (day.year - FIRST_ON.year)
        if not self._calendar.is_working_day(day):
            return 0.06 * growth
        if day.month == 12:
            return 1.6 * growth
        return (1.8 if self._is_after_tet(day) else 1.0) * growth

    def _is_after_tet(self, day: date) -> bool:
        before = (day - timedelta(days=number) for number in range(1, _AFTER_TET_DAYS))
        known = (self._calendar.days.get(one) for one in before)
        return any(one is not None and "Nguyên đán" in one.label for one in known)

    # Stories

    def _story(self, chance: Random, day: date, kind: Kind) -> DossierRecord:
        is_working_day = self._calendar.is_working_day(day)
        channel = Channel(_CHANNELS.choose(chance, 1)[0]) if is_working_day else Channel.ONLINE
        is_online = channel is Channel.ONLINE
        submitted_at = _at(chance, day, 6, 22) if is_online else _at(chance, day, 8, 16)
        registered = Step(DossierStatus.REGISTERED, submitted_at, submitted_at)
        fee = (50_000,) if kind.has_fee else chance.choice(((), (0,)))
        record = DossierRecord(
            code="",
            revision=1,
            known_at=submitted_at,
            procedure_code="",
            receiving_agency="",
            handling_agency="",
            channel=channel,
            status=DossierStatus.REGISTERED,
            submitted_at=submitted_at,
            steps=(registered,),
            fee_lines_vnd=fee,
            payment=OnlinePayment.NATIONAL_PLATFORM if is_online and chance.random() < 0.7 else OnlinePayment.NONE,
            files_count=chance.choice((0, 1, 2, 3)),
            claims_digitised=chance.random() < 0.6,
            is_reused=chance.random() < 0.2,
            uses_personal_store=chance.random() < 0.1,
            uses_population_data=chance.random() < 0.4,
            is_fully_online=is_online and chance.random() < 0.5,
        )
        if is_online and chance.random() < 0.03:
            refused_at = submitted_at + timedelta(hours=chance.randint(1, 60))
            return _grown(record, DossierStatus.REFUSED, refused_at, refused_at=refused_at)
        return self._received(chance, record, kind)

    def _received(self, chance: Random, record: DossierRecord, kind: Kind) -> DossierRecord:
        received_at = record.submitted_at
        if record.channel is Channel.ONLINE:
            waits_days = chance.choices((0, 1, 3), weights=(70, 28, 2))[0]
            day = self._calendar.on_or_after(received_at.astimezone(VIETNAM).date() + waits_days * _ONE_DAY)
            received_at = max(received_at + timedelta(minutes=5), _at(chance, day, 8, 16))
        if received_at > MEASURED_AT:
            return record
        limit = limits_of(self._province.example[kind], record.channel)[0]
        due_at = first_deadline(received_at, limit, self._calendar).current
        has_due = chance.random() > 0.02
        record = _grown(
            record,
            DossierStatus.RECEIVED,
            received_at,
            received_at=received_at,
            due_at=due_at if has_due else None,
            first_due_at=due_at if has_due else None,
            synced_at=_synced_at(chance, received_at),
        )
        return self._worked_on(chance, record, due_at, kind)

    def _worked_on(self, chance: Random, record: DossierRecord, due_at: datetime, kind: Kind) -> DossierRecord:
        begun_at = record.received_at or record.submitted_at
        asked_at = begun_at + (due_at - begun_at) * chance.random()
        if chance.random() < 0.04 and asked_at < MEASURED_AT:
            begun_at = asked_at + timedelta(days=chance.randint(1, 20))
            record = replace(record, pauses=(Pause(asked_at, begun_at if begun_at <= MEASURED_AT else None),))
            if begun_at > MEASURED_AT:
                return _grown(record, DossierStatus.SUPPLEMENT_REQUESTED, asked_at)
        return self._ended(chance, record, begun_at, due_at, kind)

    def _ended(
        self, chance: Random, record: DossierRecord, begun_at: datetime, due_at: datetime, kind: Kind
    ) -> DossierRecord:
        share = chance.choices((chance.random(), 1.0, 1 + 4 * chance.random()), weights=(84, 9, 7))[0]
        day = (begun_at + max(due_at - begun_at, _ONE_DAY) * share).astimezone(VIETNAM).date()
        finished_at = max(begun_at + timedelta(minutes=10), _at(chance, self._calendar.on_or_after(day), 8, 17))
        if finished_at > MEASURED_AT:
            return record
        if chance.random() < 0.03:
            return _grown(record, DossierStatus.WITHDRAWN, finished_at, finished_at=finished_at)
        has_result = kind.has_result and chance.random() < 0.85
        record = _grown(
            record, DossierStatus.COMPLETED, finished_at, finished_at=finished_at, results_count=int(has_result)
        )
        returned_at = finished_at + timedelta(hours=chance.randint(1, 100))
        if chance.random() < 0.1 or returned_at > MEASURED_AT:
            return record
        rating = chance.choices((None, *Rating), weights=(75, 15, 8, 2))[0]
        return _grown(record, DossierStatus.RETURNED, returned_at, returned_at=returned_at, rating=rating)


def code_of(number: int) -> str:
    """Give the code of the dossier with a number."""
    return f"H99.00-240101-{number:07}"


def _at(chance: Random, day: date, first_hour: int, last_hour: int) -> datetime:
    seconds = chance.randrange(first_hour * 3600, last_hour * 3600)
    return (datetime.combine(day, time(), VIETNAM) + timedelta(seconds=seconds)).astimezone(UTC)


def _synced_at(chance: Random, received_at: datetime) -> datetime | None:
    if chance.random() < 0.03:
        return None
    scale = chance.choices(_SYNCS, weights=(50, 25, 15, 6, 3, 1))[0]
    synced_at = received_at + timedelta(seconds=int(chance.expovariate(1 / scale)))
    return synced_at if synced_at <= MEASURED_AT else None


def _grown(record: DossierRecord, status: DossierStatus, at: datetime, **stated: object) -> DossierRecord:
    steps = (*record.steps, Step(status, at, at))
    return replace(record, status=status, revision=record.revision + 1, steps=steps, **stated)  # type: ignore[arg-type]


def _copied(told: Told, story: int, dossier_id: int) -> Told:
    """Tell of a finished dossier's submission again, minutes later; nobody went on working on it."""
    record, later = told.record, timedelta(minutes=4)
    submitted_at, received_at = record.submitted_at + later, (record.received_at or record.submitted_at) + later
    return Told(
        dossier_id,
        replace(
            record,
            code=code_of(dossier_id),
            revision=1,
            known_at=submitted_at,
            submitted_at=submitted_at,
            received_at=received_at,
            status=DossierStatus.RECEIVED,
            steps=(
                Step(DossierStatus.REGISTERED, submitted_at, submitted_at),
                Step(DossierStatus.RECEIVED, received_at, received_at),
            ),
            pauses=(),
            finished_at=None,
            returned_at=None,
            results_count=0,
            rating=None,
        ),
        story,
        is_copy=True,
    )
