"""Amounts on the wire: whole đồng, as a JSON integer or as digits (payment notes §8). Pure.

A 32-bit integer ends at 2 147 483 647 đồng, which a land obligation exceeds, so amounts have no ceiling here
(pitfall 24); Python itself reads no number of more than 4300 digits, and such a one is refused like any other nonsense.
"""

import re

_DIGITS = re.compile(r"[1-9][0-9]*")
_ANY_DIGITS = re.compile(r"0|[1-9][0-9]*")
_MAX_DIGITS = 4300


def read_amount(value: object) -> int:
    """Give the amount.

    Raises ValueError for everything but a positive JSON integer or a text of ASCII digits without a leading zero:
    floats (also whole ones), exponents, signs, separators, decimals, zero, truth values, nothing. The message holds
    nothing of the value.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be a whole number or a text of digits")
    if isinstance(value, str):
        if len(value) > _MAX_DIGITS or not _DIGITS.fullmatch(value):
            raise ValueError("must be digits without sign, separator, decimals or leading zero, and not zero")
        return int(value)
    if value <= 0:
        raise ValueError("must be above zero")
    return value


def write_amount(amount_vnd: int) -> str:
    """Give plain decimal digits. Raises ValueError for what is no positive whole number."""
    if isinstance(amount_vnd, bool) or not isinstance(amount_vnd, int) or amount_vnd <= 0:
        raise ValueError("must be a whole number above zero")
    return str(amount_vnd)


def digits_of(value: object) -> str:
    """Give the digits that a checksum covers: also of zero, which answers about unpaid orders hold; "" for nothing.

    Raises ValueError for what has no digits of its own, such as a float.
    """
    if value is None or value == "":
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _ANY_DIGITS.fullmatch(value):
        return value
    raise ValueError("must be a whole number or a text of digits")
