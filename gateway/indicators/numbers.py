"""Exact numbers inside, decimal strings outside: half up, two places, never floating point."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

HUNDRED = 100


def shown(value: Fraction, places: int = 2) -> str:
    """Write a number with so many places, half up (away from zero): 1/8 of a hundred is "12.50"."""
    scaled = abs(value) * 10**places
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    number = Decimal(rounded).scaleb(-places).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"-{number}" if value < 0 and rounded else str(number)


def percent(ratio: Fraction | None) -> str | None:
    """Write a ratio as percent with two places; None stays None."""
    return None if ratio is None else shown(ratio * HUNDRED)


def meets(numerator: Fraction | int, denominator: Fraction | int, target_percent: Decimal) -> bool:
    """Tell whether a share reaches a target, exactly: 100·n ≥ T·d. Equality reaches it.

    Raises ZeroDivisionError when the denominator is 0: nothing reaches nothing, the caller says so by a reason.
    """
    if not denominator:
        raise ZeroDivisionError("a share of nothing reaches no target")
    return HUNDRED * Fraction(numerator) >= Fraction(target_percent) * Fraction(denominator)


def missing_to_meet(numerator: int, denominator: int, target_percent: Decimal) -> int:
    """Count how many more of the same denominator must count so that the target is reached; 0 when it is."""
    wanted = Fraction(target_percent) * denominator / HUNDRED
    return max(0, -((-wanted.numerator) // wanted.denominator) - numerator)
