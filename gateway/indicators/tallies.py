"""Indicators from sums: the same formulas, their dossiers counted beforehand instead of gone through.

`wanted` says what has to be fetched for an indicator, `tally` gives its parts from what was fetched. A part made so has
no keys; everything else of it equals what `measure` gives over the facts, which a property test holds.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

from gateway.indicators import dossier_rules as d
from gateway.indicators.facts import DossierFact, FactSet
from gateway.indicators.formulas import (
    Deducted,
    Formula,
    Lag,
    Mean,
    Part,
    Parts,
    Share,
    Unit,
    null,
    quotient,
)
from gateway.indicators.known import Known
from gateway.indicators.measures import (
    INDEX,
    TIME_SCALE,
    Measure,
    Membership,
    measure_of,
    measures_of,
)
from gateway.indicators.periods import Period
from gateway.indicators.procedure_rules import QUESTION_OF
from gateway.indicators.readings import Readings
from gateway.indicators.registry import formula_of
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.indicators.selection import Selection
from gateway.indicators.syncing import COUNTED_BY_SYNC, StrictOnline, SyncRatio, expected_count
from gateway.indicators.words import Membership as ReadMembership
from gateway.indicators.words import NullReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What must be fetched: sums over all procedures, sums over those offered online, whether each procedure has one,
    and percentiles of lags."""

    sums: frozenset[int] = frozenset()
    online_sums: frozenset[int] = frozenset()
    sets: frozenset[int] = frozenset()
    ranks: tuple[int, ...] = ()

    def __or__(self, other: "Wanted") -> "Wanted":
        """Give what both need."""
        return Wanted(
            sums=self.sums | other.sums,
            online_sums=self.online_sums | other.online_sums,
            sets=self.sets | other.sets,
            ranks=tuple(sorted({*self.ranks, *other.ranks})),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was fetched, by place of the measure. What is not there is 0, or has no such dossier."""

    sums: Mapping[int, int] = field(default_factory=dict)
    online_sums: Mapping[int, int] = field(default_factory=dict)
    sets: Mapping[int, frozenset[str]] = field(default_factory=dict)
    lags: Mapping[int, int] = field(default_factory=dict)
    """Seconds by percentile; empty when no dossier was synced."""


class CellSelection(Selection):
    """A selection whose dossiers are known as sums and sets only. Facts about everything else are there.

    What is fetched has to be there before the first question about procedures with dossiers.
    """

    def __init__(
        self,
        facts: FactSet,
        period: Period,
        scope: Scope = PROVINCE,
        readings: Readings | None = None,
        fetched: Fetched | None = None,
        *,
        known: Known | None = None,
    ) -> None:
        super().__init__(facts, period, scope, readings, known=known)
        self.fetched = fetched or Fetched()

    def codes_with(self, holds: Callable[[DossierFact], bool]) -> frozenset[str]:
        """Give the procedures, by their present codes, that have such a dossier."""
        if holds not in self._codes_with:
            places = _places_of_question(self.readings, holds)
            found = (code for place in places for code in self.fetched.sets.get(place, ()))
            self._codes_with[holds] = frozenset(self.current_code(code) for code in found)
        return self._codes_with[holds]

    def count(self, measure: Measure, *, is_online_only: bool = False) -> int:
        """Give the number of dossiers of a measure, or the sum of their times."""
        sums = self.fetched.online_sums if is_online_only else self.fetched.sums
        return sums.get(INDEX[measure], 0)


def wanted(code: str, readings: Readings) -> Wanted:
    """Say what has to be fetched for an indicator. Raises InvalidInput (`indicator_unknown`)."""
    return _wanted(formula_of(code, readings), readings)


def tally(code: str, selection: CellSelection) -> tuple[Part, ...]:
    """Give all parts of an indicator. Raises InvalidInput (`indicator_unknown`)."""
    return _tally(formula_of(code, selection.readings), selection)


def _wanted(formula: Formula, readings: Readings) -> Wanted:
    match formula:
        case Parts():
            found = Wanted()
            for one in formula.shares:
                found |= _wanted(one, readings)
            return found
        case Lag():
            return Wanted(sums=frozenset({lag_place(readings)}), ranks=formula.ranks)
        case Share(base=d.DOS) | Share(base=d.SUBMISSIONS) | Deducted() | Mean() | SyncRatio() | StrictOnline():
            places = frozenset(INDEX[one] for one in measures_of(formula, readings.view))
            if isinstance(formula, Share) and d.OF_ONLINE_SERVICE in formula.inside:
                return Wanted(online_sums=places)
            return Wanted(sums=places)
        case Share():
            asked = [QUESTION_OF[one] for one in (*formula.inside, *formula.counts) if one in QUESTION_OF]
            return Wanted(sets=frozenset(place for holds in asked for place in _places_of_question(readings, holds)))
        case _:
            return Wanted()


def _tally(formula: Formula, selection: CellSelection) -> tuple[Part, ...]:
    match formula:
        case Parts():
            return tuple(part for one in formula.shares for part in _tally(one, selection))
        case Share(base=d.DOS) | Share(base=d.SUBMISSIONS):
            return (_share(formula, selection),)
        case Deducted():
            return _deducted(formula, selection)
        case Mean():
            return (_mean(formula, selection),)
        case Lag():
            return _lags(formula, selection)
        case SyncRatio():
            expected, flags = expected_count(selection)
            synced = selection.count(_counted(COUNTED_BY_SYNC[0], selection))
            return (quotient(Fraction(synced), expected, flags=flags),)
        case StrictOnline():
            return (_strict(selection),)
        case _:
            return formula.measure(selection)


def _share(formula: Share[DossierFact], selection: CellSelection) -> Part:
    is_online_only = d.OF_ONLINE_SERVICE in formula.inside
    among = selection.count(_among(formula, selection), is_online_only=is_online_only)
    counted = selection.count(_counted(formula, selection), is_online_only=is_online_only)
    return quotient(Fraction(counted), Fraction(among), name=formula.name)


def _deducted(formula: Deducted[DossierFact], selection: CellSelection) -> tuple[Part, ...]:
    union = _share(Share(base=formula.base, counts=formula.counts, name="union"), selection)
    among = union.denominator or Fraction()
    view = selection.readings.view
    kept = [selection.count(measure_of(formula.base, view, (condition,))) for condition in formula.counts]
    deducted = sum((among - one for one in kept), Fraction())
    return quotient(among - deducted, among), union


def _mean(formula: Mean[DossierFact], selection: CellSelection) -> Part:
    if selection.scope.kind is not ScopeKind.PROCEDURE:
        return null(NullReason.ONE_PROCEDURE_ONLY, unit=Unit.PROCESSING_TIME)
    view = selection.readings.view
    total = selection.count(measure_of(formula.base, view, formula.inside, is_time=True))
    count = selection.count(measure_of(formula.base, view, formula.inside))
    return quotient(Fraction(total, TIME_SCALE), Fraction(count), unit=Unit.PROCESSING_TIME)


def _lags(formula: Lag[DossierFact], selection: CellSelection) -> tuple[Part, ...]:
    return tuple(_lag_part(rank, selection) for rank in formula.ranks)


def percentiles(counts: Mapping[int, int], ranks: Sequence[int]) -> dict[int, int]:
    """Give percentiles by nearest rank: the least value that so many in a hundred do not exceed. Counts by value."""
    values = sorted(value for value, count in counts.items() if count)
    upto = list(accumulate(counts[value] for value in values))
    return {rank: values[bisect_left(upto, -(-rank * upto[-1] // 100))] for rank in ranks} if upto else {}


def _lag_part(rank: int, selection: CellSelection) -> Part:
    name = f"p{rank}"
    seconds = selection.fetched.lags.get(rank)
    if seconds is None:
        return null(NullReason.ZERO_DENOMINATOR, name=name, unit=Unit.SECONDS)
    value = Fraction(seconds)
    return Part(name=name, numerator=value, denominator=Fraction(1), ratio=value, unit=Unit.SECONDS)


def _strict(selection: CellSelection) -> Part:
    own = _share(COUNTED_BY_SYNC[1], selection)
    (synced,) = _tally(SyncRatio(), selection)
    if own.ratio is None:
        return own
    if synced.ratio is None:
        return null(NullReason.SYNC_RATIO_UNKNOWN)
    return Part(
        numerator=own.numerator,
        denominator=own.denominator,
        ratio=own.ratio * min(Fraction(1), synced.ratio),
        unit=Unit.PERCENT,
        flags=("scaled_by_sync_ratio", *synced.flags),
    )


def _among(formula: Share[DossierFact], selection: Selection) -> Measure:
    return measure_of(formula.base, selection.readings.view, formula.inside)


def _counted(formula: Share[DossierFact], selection: Selection) -> Measure:
    return measure_of(formula.base, selection.readings.view, (*formula.inside, *formula.counts))


def lag_place(readings: Readings) -> int:
    """Give the place of the dossiers whose lag is taken."""
    return INDEX[lag_measure(readings)]


def lag_measure(readings: Readings) -> Measure:
    """Give the measure of the dossiers whose lag is taken."""
    return measure_of(d.DOS, readings.view, (d.SYNCED,))


def _places_of_question(readings: Readings, holds: Callable[[DossierFact], bool]) -> Sequence[int]:
    memberships = [Membership.ARISEN]
    if readings.membership is not ReadMembership.RECEIVED_AT:
        memberships.append(Membership.PENDING)
    return [INDEX[Measure(one, readings.view, question=holds)] for one in memberships]
