"""Where a share will stand at the end of its period if dossiers go on as they came, and how sure that is. Pure.

The rest of the period is taken to bring as many dossiers a day as the part behind us, each counting as often. What may
come otherwise is told as a range that holds nine times in ten, if nothing but chance moves it: a burst after Tết, a
campaign or an outage is no chance. From few dossiers, or early in a period, only that is told: it is too early.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from gateway.indicators.periods import Period

FEWEST_DOSSIERS = 30
EARLIEST_SHARE = Fraction(1, 10)
"""Before so much of a period is over, and before so many dossiers, nothing is foretold."""
_NINE_IN_TEN = Decimal("1.6449")
"""How many standard deviations on each side hold nine tenths of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The share at the period's end: what is expected, and the range; all None while `is_too_early`. 1 is 100 %."""

    is_too_early: bool
    expected: Fraction | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    more_dossiers: int = 0
    """So many dossiers are taken to come."""


def outlook(numerator: int, denominator: int, period: Period, as_of: datetime) -> Outlook | None:
    """Look ahead from an instant within the period; None before it begins and after it has ended.

    The range adds the chance of what is still to come to the doubt about the rate, which few dossiers tell badly.
    """
    if not period.start < as_of < period.end:
        return None
    whole, behind = (period.end - period.start).total_seconds(), (as_of - period.start).total_seconds()
    if denominator < FEWEST_DOSSIERS or Fraction(int(behind), int(whole)) < EARLIEST_SHARE:
        return Outlook(is_too_early=True)
    more = round(Fraction(denominator) * Fraction(int(whole - behind), int(behind)))
    rate = Fraction(numerator, denominator)
    # Two successes and two failures more keep a rate of 0 or 1 from seeming certain (Agresti and Coull 1998).
    careful = Fraction(numerator + 2, denominator + 4)
    variance = careful * (1 - careful) * more * (1 + Fraction(more, denominator))
    spread = _NINE_IN_TEN * (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
    expected = rate * more
    total = denominator + more

    def share(coming: Fraction) -> Fraction:
        return (numerator + min(Fraction(more), max(Fraction(), coming))) / total

    reach = Fraction(spread)
    return Outlook(False, share(expected), share(expected - reach), share(expected + reach), more)
