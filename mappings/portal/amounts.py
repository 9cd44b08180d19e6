"""The catalogue's free-text amounts (SOTIEN with DONVI): a sum, explicitly nothing, or words for a person.

Seen: empty, "Không", "10.000" with dots between thousands, plain digits, numbers (portal wire notes §3.2, §11.4).
Only what can mean one sum in đồng is read as a sum; "1.5", a rate, a range or another currency stays text.
"""

import re

from gateway.model.procedure import AmountKind
from mappings.portal.scalars import clean_text_of
from mappings.portal.tables import folded
from mappings.portal.wire import Scalar

_DONG = frozenset({"", "đồng", "đ", "vnđ", "vnd", "vn đồng", "đồng việt nam", "việt nam đồng", "dong"})
_NOTHING = frozenset({"không", "khong", "không có", "không thu", "không thu phí", "miễn phí"})
_PLAIN = re.compile(r"[0-9]{1,15}")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+")
_LARGEST_VND = 10**15


def read_amount(amount: Scalar, unit: Scalar) -> tuple[AmountKind, int | None, str]:
    """Give kind, whole đồng (only for a sum) and the original wording."""
    text = clean_text_of(amount)
    word = folded(text)
    if word.rstrip(".") in _NOTHING:
        return AmountKind.NONE, None, text
    digits, _, tail = word.partition(" ") if not _THOUSANDS.fullmatch(word) else (word, "", "")
    if _THOUSANDS.fullmatch(digits):
        number = int(re.sub(r"[., ]", "", digits))
    elif _PLAIN.fullmatch(digits):
        number = int(digits)
    else:
        return AmountKind.TEXT, None, text
    currency = folded(clean_text_of(unit)).rstrip(".")
    if tail.rstrip(".") not in _DONG or currency not in _DONG or number > _LARGEST_VND:
        return AmountKind.TEXT, None, text
    return AmountKind.FIXED, number, text
