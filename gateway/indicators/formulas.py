"""The shapes of formulas: shares of a set, shares in parts, means and lags. A number and its dossiers are one thing.

A share is a base set, conditions that let an element into the denominator, and conditions under which it counts. The
same conditions give the number (`measure`) and the reason for one element (`explain`), so they cannot differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

from gateway.indicators.numbers import percent, shown
from gateway.indicators.selection import Selection
from gateway.indicators.words import NullReason, Reason

ElementT = TypeVar("ElementT")


class Unit(StrEnum):
    """What a value is in."""

    PERCENT = "percent"
    PROCESSING_TIME = "processing_time"
    SECONDS = "seconds"


class Standing(StrEnum):
    """Where one element stands in an indicator."""

    COUNTED = "counted"
    NOT_COUNTED = "not_counted"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where one element stands, and why. `rule` names the rule of data quality that leaves it out."""

    standing: Standing
    reasons: tuple[Reason, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A value with its dossiers (or procedures, services, petitions) by key.

    `numerator` and `denominator` are what is divided: the sizes of `counted` and `among`, unless the formula says
    otherwise. `ratio` is None exactly when `null_reason` is not. A percentage's ratio is 1 for 100 %.
    """

    name: str = ""
    numerator: Fraction | None
    denominator: Fraction | None
    ratio: Fraction | None
    null_reason: NullReason | None = None
    unit: Unit = Unit.PERCENT
    counted: frozenset[str] = frozenset()
    among: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()

    @property
    def shown(self) -> str | None:
        """Write the value as a decimal string, half up; None when it has none."""
        if self.ratio is None:
            return None
        return percent(self.ratio) if self.unit is Unit.PERCENT else shown(self.ratio)


class Formula(Protocol):
    """One indicator's formula under one reading."""

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give its value; the first part is the indicator's own, further ones are named."""
        ...

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say where an element stands in the first part, and why."""
        ...


@dataclass(frozen=True)
class Condition(Generic[ElementT]):
    """What an element must fulfil, and the reason that is given when it does not."""

    holds: Callable[[Selection, ElementT], bool]
    reason: Reason


@dataclass(frozen=True)
class Base(Generic[ElementT]):
    """A base set of a selection: its members, their keys, any element by its key, and why one is outside."""

    members: Callable[[Selection], Sequence[ElementT]]
    key: Callable[[ElementT], str]
    outside: Callable[[Selection, str], tuple[Reason, str]]


@dataclass(frozen=True, kw_only=True)
class Share(Generic[ElementT]):
    """#counted / #among."""

    base: Base[ElementT]
    inside: tuple[Condition[ElementT], ...] = ()
    counts: tuple[Condition[ElementT], ...] = ()
    name: str = ""

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give the one share."""
        members, key = self.members(selection), self.base.key
        counted = frozenset(key(element) for element in _holding(selection, members, self.counts))
        return (share(counted, frozenset(key(element) for element in members), name=self.name),)

    def members(self, selection: Selection) -> list[ElementT]:
        """Give the elements of the denominator."""
        return _holding(selection, self.base.members(selection), self.inside)

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say where an element stands."""
        element = next((one for one in self.base.members(selection) if self.base.key(one) == key), None)
        if element is None:
            reason, rule = self.base.outside(selection, key)
            return Verdict(Standing.OUTSIDE, (reason,), rule)
        broken = _broken(selection, element, self.inside)
        if broken:
            return Verdict(Standing.OUTSIDE, broken)
        broken = _broken(selection, element, self.counts)
        return Verdict(Standing.NOT_COUNTED, broken) if broken else Verdict(Standing.COUNTED)


@dataclass(frozen=True, kw_only=True)
class Deducted(Generic[ElementT]):
    """1 − Σ shares: what breaks two conditions is subtracted twice. The part `union`, a diagnostic, does it once."""

    base: Base[ElementT]
    counts: tuple[Condition[ElementT], ...]

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give the published value, which may fall below 0, and the union."""
        (union,) = Share(base=self.base, counts=self.counts, name="union").measure(selection)
        members = self.base.members(selection)
        deducted = sum(len(_broken(selection, element, self.counts)) for element in members)
        own = quotient(
            Fraction(len(members) - deducted), Fraction(len(members)), counted=union.counted, among=union.among
        )
        return own, union

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say where an element stands: each reason is one subtraction."""
        return Share(base=self.base, counts=self.counts).explain(selection, key)


@dataclass(frozen=True, slots=True)
class Parts:
    """Several named shares under one code."""

    shares: tuple[Formula, ...]

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give the shares in their order."""
        return tuple(part for one in self.shares for part in one.measure(selection))

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say where an element stands in the first share."""
        return self.shares[0].explain(selection, key)


@dataclass(frozen=True, kw_only=True)
class Mean(Generic[ElementT]):
    """Σ amounts / number of elements, where all elements are measured in one unit."""

    base: Base[ElementT]
    inside: tuple[Condition[ElementT], ...]
    amount: Callable[[ElementT], Decimal]
    is_one_unit: Callable[[Selection], bool]

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give the mean."""
        members = Share(base=self.base, inside=self.inside).members(selection)
        keys = frozenset(self.base.key(element) for element in members)
        total = sum((Fraction(self.amount(element)) for element in members), Fraction())
        if not self.is_one_unit(selection):
            return (null(NullReason.ONE_PROCEDURE_ONLY, unit=Unit.PROCESSING_TIME, among=keys),)
        count = Fraction(len(members))
        return (quotient(total, count, unit=Unit.PROCESSING_TIME, counted=keys, among=keys),)

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say whether an element enters the mean."""
        return Share(base=self.base, inside=self.inside).explain(selection, key)


@dataclass(frozen=True, kw_only=True)
class Lag(Generic[ElementT]):
    """Percentiles of a span in seconds, by nearest rank: each is a span that one element really had."""

    base: Base[ElementT]
    inside: tuple[Condition[ElementT], ...]
    seconds: Callable[[ElementT], int]
    ranks: tuple[int, ...] = (50, 95)

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give one part per percentile."""
        members = Share(base=self.base, inside=self.inside).members(selection)
        keys = frozenset(self.base.key(element) for element in members)
        spans = sorted(self.seconds(element) for element in members)
        return tuple(self._part(rank, spans, keys) for rank in self.ranks)

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say whether an element's span is taken."""
        return Share(base=self.base, inside=self.inside).explain(selection, key)

    @staticmethod
    def _part(rank: int, spans: Sequence[int], keys: frozenset[str]) -> Part:
        name = f"p{rank}"
        if not spans:
            return null(NullReason.ZERO_DENOMINATOR, name=name, unit=Unit.SECONDS)
        value = Fraction(spans[max(0, -(-rank * len(spans) // 100) - 1)])
        one = Fraction(1)
        return Part(
            name=name, numerator=value, denominator=one, ratio=value, unit=Unit.SECONDS, counted=keys, among=keys
        )


@dataclass(frozen=True, slots=True)
class NotComputable:
    """An indicator that facts about dossiers cannot give; the catalogue says why."""

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give null with its reason."""
        return (null(NullReason.NOT_COMPUTABLE),)

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say that nothing stands in it."""
        return Verdict(Standing.OUTSIDE, (Reason.UNKNOWN,))


def share(counted: frozenset[str], among: frozenset[str], *, name: str = "") -> Part:
    """Divide the sizes of two sets."""
    return quotient(Fraction(len(counted)), Fraction(len(among)), name=name, counted=counted, among=among)


def quotient(
    numerator: Fraction,
    denominator: Fraction,
    *,
    name: str = "",
    unit: Unit = Unit.PERCENT,
    counted: frozenset[str] = frozenset(),
    among: frozenset[str] = frozenset(),
    flags: tuple[str, ...] = (),
) -> Part:
    """Divide; nothing by nothing is null, with its reason."""
    return Part(
        name=name,
        numerator=numerator,
        denominator=denominator,
        ratio=numerator / denominator if denominator else None,
        null_reason=None if denominator else NullReason.ZERO_DENOMINATOR,
        unit=unit,
        counted=counted,
        among=among,
        flags=flags,
    )


def null(reason: NullReason, *, name: str = "", unit: Unit = Unit.PERCENT, among: frozenset[str] = frozenset()) -> Part:
    """Give no value, with its reason."""
    return Part(name=name, numerator=None, denominator=None, ratio=None, null_reason=reason, unit=unit, among=among)


def _holding(
    selection: Selection, elements: Sequence[ElementT], conditions: tuple[Condition[ElementT], ...]
) -> list[ElementT]:
    """Give the elements that fulfil all conditions."""
    found = list(elements)
    for one in conditions:
        holds = one.holds
        found = [element for element in found if holds(selection, element)]
    return found


def _broken(selection: Selection, element: ElementT, conditions: tuple[Condition[ElementT], ...]) -> tuple[Reason, ...]:
    return tuple(one.reason for one in conditions if not one.holds(selection, element))
