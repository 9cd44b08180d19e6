"""Response codes of KeyPay (payment notes §C.3), and what a payment comes to under each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

SUCCESS, CANCELLED, UNSAID, REFUSED, NOT_FOUND, CONFIRMED, TOO_LATE = "00", "18", "08", "98", "04", "06", "19"


class CodeClass(StrEnum):
    """What a code says of the payment."""

    PAID = "P"
    FAILED = "F"
    UNKNOWN = "U"
    CALLER = "C"
    """The caller's configuration or programming is wrong; there was no payment."""


_PAID = ("00", "06")
_UNKNOWN = ("08", "97", "99")
_CALLER = (
    *("01", "02", "03", "05", "07", "09", "10", "11", "12", "13", "14", "15", "16"),
    *("30", "31", "32", "33", "34", "35", "36", "37", "38", "39"),
)
_FAILED = (
    *("04", "17", "18", "19", "20", "21", "25", "26", "27"),
    *("40", "41", "54", "57", "61", "62", "65", "98"),
)
CODES: Mapping[str, CodeClass] = MappingProxyType(
    {
        **dict.fromkeys(_PAID, CodeClass.PAID),
        **dict.fromkeys(_UNKNOWN, CodeClass.UNKNOWN),
        **dict.fromkeys(_CALLER, CodeClass.CALLER),
        **dict.fromkeys(_FAILED, CodeClass.FAILED),
    }
)
