"""Amounts of đồng in Vietnamese words, as receipts must show them beside the figures (payment notes §D.2). Pure.

The rules that a reader expects: a one behind two or more tens is "mốt", a five behind any tens is "lăm", ten itself is
"mười" and more tens are "mươi"; tens that are missing inside a number are said "linh"; a group of three figures that
stands behind another is said whole, so 1 005 000 is "một triệu không trăm linh năm nghìn". Groups of nothing but zeros
are left out. Beyond nine figures "tỷ" is repeated: 10**12 is "một nghìn tỷ", and 10**15 "một triệu tỷ".
"""

MAX_AMOUNT_VND = 10**15
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 10**9


def number_in_words(number: int, *, missing_tens: str = "linh") -> str:
    """Say a whole number from 0 to 10**15 in small letters.

    `missing_tens` is "linh" or "lẻ", which the South prefers. Raises ValueError for numbers beyond the bounds.
    """
    if isinstance(number, bool) or not 0 <= number <= MAX_AMOUNT_VND:
        raise ValueError("must lie between 0 and 10**15")
    return " ".join(_below_any(number, missing_tens, is_first=True)) if number else _DIGITS[0]


def amount_in_words(amount_vnd: int, *, missing_tens: str = "linh") -> str:
    """Say an amount as a document shows it: a capital in front, "đồng" behind it ("Một trăm nghìn đồng")."""
    words = number_in_words(amount_vnd, missing_tens=missing_tens)
    return f"{words[0].upper()}{words[1:]} đồng"


def _below_any(number: int, missing_tens: str, *, is_first: bool) -> list[str]:
    """Say a number above zero: what exceeds nine figures first, with "tỷ" behind it."""
    billions, rest = divmod(number, _BILLION)
    said = []
    if billions:
        said = [*_below_any(billions, missing_tens, is_first=is_first), "tỷ"]
    return said + _below_billion(rest, missing_tens, is_first=is_first and not billions)


def _below_billion(number: int, missing_tens: str, *, is_first: bool) -> list[str]:
    said: list[str] = []
    for unit, name in ((10**6, ["triệu"]), (10**3, ["nghìn"]), (1, [])):
        group = number // unit % 1000
        if group:
            said += [*_group(group, missing_tens, is_first=is_first and not said), *name]
    return said


def _group(group: int, missing_tens: str, *, is_first: bool) -> list[str]:
    """Say three figures above zero; behind another group the hundreds are said even when there are none."""
    hundreds, rest = divmod(group, 100)
    tens, ones = divmod(rest, 10)
    said = [] if is_first and not hundreds else [_DIGITS[hundreds], "trăm"]
    if tens == 0:
        if ones:
            said += [missing_tens, _DIGITS[ones]] if said else [_DIGITS[ones]]
        return said
    said += ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if ones == 1 and tens > 1:
        said.append("mốt")
    elif ones == 5:
        said.append("lăm")
    elif ones:
        said.append(_DIGITS[ones])
    return said
