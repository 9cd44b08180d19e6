"""Y1 and what depends on it: how many of the dossiers that others counted reached the national portal.

The denominator of 1.4 of the 766 index is the larger of the national report's count and the portal's. Where both are
silent, last year's total stands in, by the length of the period; where that is silent too, there is none.
"""

from dataclasses import dataclass
from fractions import Fraction

from gateway.indicators.dossier_rules import DOS, ONLINE, RESULT_FILE_OR_NONE_REQUIRED, SYNCED
from gateway.indicators.formulas import Part, Share, Unit, Verdict, null, quotient
from gateway.indicators.periods import PeriodType
from gateway.indicators.selection import Selection
from gateway.indicators.words import NullReason

NO_NATIONAL_REPORT = "NO_NATIONAL_REPORT_DATA"
LAST_YEAR = "TEMP_NATIONAL_REPORT_DENOMINATOR"
_PER_YEAR = {PeriodType.MONTH: 12, PeriodType.QUARTER: 4, PeriodType.YEAR: 1}
_SYNCED = Share(base=DOS, counts=(SYNCED,))
_STRICT_ONLINE = Share(base=DOS, counts=(ONLINE, RESULT_FILE_OR_NONE_REQUIRED))
COUNTED_BY_SYNC = (_SYNCED, _STRICT_ONLINE)
"""What is counted of dossiers here."""


@dataclass(frozen=True, slots=True)
class SyncRatio:
    """Synced dossiers / max(national report, portal). `among` are the dossiers known here, not the divisor."""

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give the ratio, which may exceed 1 where the two calendars differ."""
        (synced,) = _SYNCED.measure(selection)
        expected, flags = expected_count(selection)
        return (
            quotient(Fraction(len(synced.counted)), expected, counted=synced.counted, among=synced.among, flags=flags),
        )

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say whether a dossier reached the portal."""
        return _SYNCED.explain(selection, key)


@dataclass(frozen=True, slots=True)
class StrictOnline:
    """#{online, with its electronic result where one is required} / #Dos × Y1, in the reading of 2026; Y1 at most 1."""

    def measure(self, selection: Selection) -> tuple[Part, ...]:
        """Give the scaled share; null when Y1 is."""
        (own,) = _STRICT_ONLINE.measure(selection)
        (synced,) = SyncRatio().measure(selection)
        if own.ratio is None:
            return (own,)
        if synced.ratio is None:
            return (null(NullReason.SYNC_RATIO_UNKNOWN, among=own.among),)
        return (
            Part(
                numerator=own.numerator,
                denominator=own.denominator,
                ratio=own.ratio * min(Fraction(1), synced.ratio),
                unit=Unit.PERCENT,
                counted=own.counted,
                among=own.among,
                flags=("scaled_by_sync_ratio", *synced.flags),
            ),
        )

    def explain(self, selection: Selection, key: str) -> Verdict:
        """Say where a dossier stands before the scaling."""
        return _STRICT_ONLINE.explain(selection, key)


def expected_count(selection: Selection) -> tuple[Fraction, tuple[str, ...]]:
    """Give the count that Y1 divides by, 0 when nobody gives one, and the flags of how it came about."""
    scope, period = selection.scope.label, selection.period
    found = next((one for one in selection.facts.external if (one.scope, one.period) == (scope, period.key)), None)
    if found is None:
        return Fraction(), (NO_NATIONAL_REPORT,)
    flags = () if found.national_report_count else (NO_NATIONAL_REPORT,)
    largest = max(found.national_report_count or 0, found.portal_count or 0)
    if largest:
        return Fraction(largest), flags
    parts = _PER_YEAR.get(period.type)
    if not found.last_year_count or parts is None:
        return Fraction(), flags
    return Fraction(found.last_year_count, parts), (*flags, LAST_YEAR)
