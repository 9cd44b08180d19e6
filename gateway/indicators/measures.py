"""What is kept counted of dossiers, so that any scope and period is a sum: a measure for each set that is divided.

A measure is a membership (which dossiers, by which instant), a view, and the conditions that let a dossier in. They
are read off the formulas, whose conditions are asked here once per dossier instead of once per question. Whether a
dossier's procedure is offered online is no part of a measure: it depends on the period, so its sums are taken over the
procedures that are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from gateway.indicators import dossier_rules as d
from gateway.indicators.facts import DossierFact
from gateway.indicators.formulas import Deducted, Formula, Lag, Mean, Parts, Share
from gateway.indicators.procedure_rules import QUESTIONS
from gateway.indicators.readings import OnlineDossiers, Readings
from gateway.indicators.registry import CODES, formula_of
from gateway.indicators.selection import Selection
from gateway.indicators.syncing import COUNTED_BY_SYNC, StrictOnline, SyncRatio
from gateway.indicators.words import View
from gateway.model.dossier import Channel
from gateway.model.vocabulary import VIETNAM

TIME_SCALE = 10_000
"""A time of processing is summed in ten-thousandths of its unit, as whole numbers."""
Conditions = frozenset[d.Rule]


class Membership(StrEnum):
    """By which instant, and among which dossiers, a measure counts."""

    RECEIVED = "received"
    """Dos: accepted, by the day of acceptance."""
    SUBMITTED = "submitted"
    """Submitted online, by the day of submission."""
    ARISEN = "arisen"
    """Accepted, groups too: what makes a service used."""
    PENDING = "pending"
    """Not accepted, by the day of submission."""
    FLAGGED = "flagged"
    """Accepted, left out or not: what a rule of data quality found."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one number of a cell counts. `question` is one of QUESTIONS (arisen, pending), `rule` an id (flagged)."""

    membership: Membership
    view: View
    conditions: Conditions = frozenset()
    question: Callable[[DossierFact], bool] | None = None
    rule: str = ""
    is_time: bool = False
    """Sums times of processing instead of counting."""


FLAG_RULES = tuple(f"DQ-{number:02}" for number in range(1, 25) if number not in (21, 23))
"""The rules of data quality that speak of single dossiers."""


def _of_formulas(view: View) -> Iterator[Measure]:
    for code in sorted(CODES):
        readings = [Readings(view=view)]
        if code == "U2":
            readings = [Readings(view=view, u2=reading) for reading in OnlineDossiers]
        for reading in readings:
            yield from measures_of(formula_of(code, reading), view)


def measures_of(formula: Formula, view: View) -> Iterator[Measure]:
    """Give the measures that a formula divides, in a fixed order; none for one that counts no dossiers."""
    match formula:
        case Parts():
            for one in formula.shares:
                yield from measures_of(one, view)
        case Share(base=d.DOS) | Share(base=d.SUBMISSIONS):
            yield measure_of(formula.base, view, formula.inside)
            yield measure_of(formula.base, view, (*formula.inside, *formula.counts))
        case Deducted():
            yield measure_of(formula.base, view, ())
            for condition in formula.counts:
                yield measure_of(formula.base, view, (condition,))
            yield measure_of(formula.base, view, formula.counts)
        case Mean():
            yield measure_of(formula.base, view, formula.inside)
            yield measure_of(formula.base, view, formula.inside, is_time=True)
        case Lag():
            yield measure_of(formula.base, view, formula.inside)
        case SyncRatio() | StrictOnline():
            for share in COUNTED_BY_SYNC:
                yield from measures_of(share, view)
        case _:
            return


def measure_of(base: object, view: View, conditions: Sequence[d.Rule], *, is_time: bool = False) -> Measure:
    """Name the measure of a base under conditions; what is asked of the procedure's service is left out."""
    membership = Membership.SUBMITTED if base is d.SUBMISSIONS else Membership.RECEIVED
    return Measure(membership, view, frozenset(conditions) - {d.OF_ONLINE_SERVICE}, is_time=is_time)


def _by_procedure() -> Iterator[Measure]:
    """Give what is asked of each procedure for itself: whether it has such dossiers, and shares of those online."""
    for view in View:
        for membership in (Membership.ARISEN, Membership.PENDING):
            yield from (Measure(membership, view, question=question) for question in QUESTIONS)
        for code in sorted(CODES):
            for reading in OnlineDossiers:
                formula = formula_of(code, Readings(view=view, u2=reading))
                if isinstance(formula, Share) and d.OF_ONLINE_SERVICE in formula.inside:
                    yield from measures_of(formula, view)


def _all() -> tuple[Measure, ...]:
    found = dict.fromkeys(_BY_PROCEDURE)
    for view in View:
        found |= dict.fromkeys(_of_formulas(view))
    found |= {Measure(Membership.FLAGGED, View.GATEWAY, rule=rule): None for rule in FLAG_RULES}
    return tuple(found)


_BY_PROCEDURE = tuple(dict.fromkeys(_by_procedure()))
MEASURES = _all()
"""All measures; a number's place in a cell is its measure's place here. Those of single procedures come first."""
BY_PROCEDURE_COUNT = len(_BY_PROCEDURE)
"""So many places, the first ones, are kept in the cells of an agency's single procedures, which are most of all."""
INDEX = {measure: place for place, measure in enumerate(MEASURES)}


def _described(measure: Measure) -> str:
    reasons = ",".join(sorted(str(condition.reason) for condition in measure.conditions))
    question = "" if measure.question is None else measure.question.__name__
    return f"{measure.membership} {measure.view} {reasons} {question} {measure.rule} {measure.is_time}"


VERSION = sha256("\n".join(map(_described, MEASURES)).encode()).hexdigest()[:16]
"""Names the places: cells of another version are counted anew."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one dossier adds to the cells of one day: 1 to each of `places`, and its time to those that sum times."""

    day: date
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contributions:
    """What one dossier adds: on the day it was accepted, and on the day it was submitted. None: nothing."""

    received: Contribution | None = None
    submitted: Contribution | None = None


class Counter:
    """Tells what dossiers add. `selections` hold the facts about procedures and petitions, one for each view."""

    def __init__(self, selections: Sequence[Selection]) -> None:
        self._selections = {selection.readings.view: selection for selection in selections}

    def contributions(self, dossier: DossierFact) -> Contributions:
        """Give what a dossier adds to the cells of its agency and procedure."""
        fit = {view for view, selection in self._selections.items() if selection.unfit(dossier) is None}
        received = [] if dossier.accepted_at is None else self._places(dossier, fit, _ON_ACCEPTANCE)
        submitted = [] if dossier.submitted_at is None else self._places(dossier, fit, _ON_SUBMISSION)
        return Contributions(_on(dossier.accepted_at, received), _on(dossier.submitted_at, submitted))

    def _places(self, dossier: DossierFact, fit: set[View], places: Sequence[int]) -> list[int]:
        answers: dict[tuple[View, d.Rule], bool] = {}
        return [place for place in places if self._counts(MEASURES[place], dossier, fit, answers)]

    def _counts(
        self, measure: Measure, dossier: DossierFact, fit: set[View], answers: dict[tuple[View, d.Rule], bool]
    ) -> bool:
        if measure.membership is Membership.FLAGGED:
            return measure.rule in dossier.flags
        if measure.view not in fit:
            return False
        if measure.membership is Membership.SUBMITTED and dossier.channel is not Channel.ONLINE:
            return False
        if measure.membership is Membership.PENDING and dossier.accepted_at is not None:
            return False
        if measure.question is not None:
            return measure.question(dossier)
        selection = self._selections[measure.view]
        for condition in measure.conditions:
            answer = answers.get((measure.view, condition))
            if answer is None:
                answer = answers[measure.view, condition] = condition.holds(selection, dossier)
            if not answer:
                return False
        return True


_ON_ACCEPTANCE = tuple(
    place
    for place, measure in enumerate(MEASURES)
    if measure.membership in (Membership.RECEIVED, Membership.ARISEN, Membership.FLAGGED)
)
_ON_SUBMISSION = tuple(
    place for place, measure in enumerate(MEASURES) if measure.membership in (Membership.SUBMITTED, Membership.PENDING)
)
TIMES = frozenset(place for place, measure in enumerate(MEASURES) if measure.is_time)
"""Places that sum times of processing."""


def time_amount(processing_time: Decimal | None) -> int:
    """Give a time of processing as the whole number that cells sum."""
    return int((processing_time or Decimal()) * TIME_SCALE)


def _on(instant: datetime | None, places: list[int]) -> Contribution | None:
    if instant is None or not places:
        return None
    return Contribution(instant.astimezone(VIETNAM).date(), tuple(places))
