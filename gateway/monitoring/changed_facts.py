"""Which dossiers made a published number change, and for which reasons. Pure.

A publication keeps what facts were at its instant where they changed since. Comparing both sides over the slices of a
scope gives the dossiers that came, went, or turned. Source: monitoring notes §4.3.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.indicators.cells import Counted
from gateway.indicators.dossier_rules import OF_ONLINE_SERVICE
from gateway.indicators.formulas import Share
from gateway.indicators.measures import INDEX, MEASURES, Membership, measures_of
from gateway.indicators.readings import Readings
from gateway.indicators.registry import formula_of
from gateway.indicators.restating import RestatementReason
from gateway.indicators.slices import ALL, Slice

_BY_RULE = {
    "DQ-01": RestatementReason.DEDUP,
    "DQ-03": RestatementReason.TEST_REMOVED,
    "DQ-05": RestatementReason.REOPENED,
    "DQ-15": RestatementReason.CORRECTION_BY_OWNER,
}
_RULES = {
    place: _BY_RULE[measure.rule]
    for place, measure in enumerate(MEASURES)
    if measure.membership is Membership.FLAGGED and measure.rule in _BY_RULE
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFact:
    """A dossier's fact at the last publication and now; None: it was not there."""

    code: str
    old: Counted | None
    new: Counted | None

    @property
    def reasons(self) -> frozenset[RestatementReason]:
        """Say why it changed, as far as the facts tell: what nothing else explains was learnt late."""
        if self.old is None or self.new is None:
            return frozenset({RestatementReason.LATE_SYNC})
        places = _places(self.old) ^ _places(self.new)
        found = {reason for place, reason in _RULES.items() if place in places}
        if self.old.agency != self.new.agency:
            found.add(RestatementReason.AGENCY_MERGE)
        return frozenset(found or {RestatementReason.LATE_SYNC})


def at_period_end(
    turned: Mapping[str, tuple[Counted, Counted | None]],
    published: Sequence[ChangedFact],
    changed: Sequence[ChangedFact],
) -> list[ChangedFact]:
    """Give the facts at a period's end that are not what the last publication of it held.

    `turned` are those that are not what facts hold now; `published` those that were not what facts held then, beside
    the facts of now; `changed` the facts that changed since.
    """
    facts = {one.code: one for one in (*changed, *published)}
    for code, (held, _) in turned.items():
        # A fact that did not change since was held then as it is now.
        facts.setdefault(code, ChangedFact(code=code, old=held, new=held))
    found = [replace(one, new=turned[code][1]) if code in turned else one for code, one in facts.items()]
    return [one for one in found if one.old != one.new]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The dossiers behind a change, by code, and its reasons."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    reasons: frozenset[RestatementReason] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a number stands: its slices, whether groups count there, and which procedures are offered online."""

    slices: Sequence[Slice]
    takes_groups: bool
    online_codes: Container[str]


def delta_of(indicator: str, facts: Iterable[ChangedFact], place: Place, readings: Readings) -> Delta:
    """Give the dossiers of an indicator that came to its denominator, left it, or turned within it.

    Of indicators that count no dossiers nothing is given.
    """
    share, places = _share(indicator, readings), share_places(indicator, readings)
    if share is None or places is None:
        return Delta()
    among, counts = places
    codes = place.online_codes if OF_ONLINE_SERVICE in share.inside else None
    added, removed, changed, reasons = set[str](), set[str](), set[str](), set[RestatementReason]()
    for fact in facts:
        was, stands = _stands(fact.old, among, place, codes), _stands(fact.new, among, place, codes)
        if was != stands:
            (added if stands else removed).add(fact.code)
        elif was and _has(fact.old, counts) != _has(fact.new, counts):
            changed.add(fact.code)
        else:
            continue
        reasons |= fact.reasons
    return Delta(
        added=frozenset(added), removed=frozenset(removed), changed=frozenset(changed), reasons=frozenset(reasons)
    )


def share_places(indicator: str, readings: Readings) -> tuple[int, int] | None:
    """Give the places of a share's denominator and numerator; None for what is no share of dossiers.

    `indicator` may name a part ("T2.late"). Raises InvalidInput (`indicator_unknown`).
    """
    share = _share(indicator, readings)
    if share is None:
        return None
    places = [INDEX[measure] for measure in measures_of(share, readings.view)]
    return (places[0], places[1]) if places else None


def is_of_online(indicator: str, readings: Readings) -> bool:
    """Tell whether only dossiers of procedures that are offered online count in a share."""
    share = _share(indicator, readings)
    return share is not None and OF_ONLINE_SERVICE in share.inside


def _share(indicator: str, readings: Readings) -> "Share[Any] | None":
    code, _, name = indicator.partition(".")
    formula = formula_of(code, readings)
    shares = [one for one in getattr(formula, "shares", (formula,)) if isinstance(one, Share)]
    return next((one for one in shares if one.name == name), None)


def _stands(counted: Counted | None, measure: int, place: Place, codes: Container[str] | None) -> bool:
    if counted is None or (counted.is_group and not place.takes_groups):
        return False
    if codes is not None and counted.procedure not in codes:
        return False
    return any(
        measure in contribution.places
        and any(
            one.first_on <= contribution.day < one.after_on
            and one.agency in (ALL, counted.agency)
            and one.procedure in (ALL, counted.procedure)
            for one in place.slices
        )
        for contribution in counted.contributions
    )


def _has(counted: Counted | None, place: int) -> bool:
    return counted is not None and place in _places(counted)


def _places(counted: Counted) -> frozenset[int]:
    return frozenset(place for one in counted.contributions for place in one.places)
