"""Constrained scalars shared by the whole model, so that the API document, the validation and the types agree."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

# Instants outside these years are typing errors in every system that we know (dates of 0001, 9999, 1900).
FIRST_YEAR = 1990
LAST_YEAR = 2100


def _to_utc(value: datetime) -> datetime:
    # Compared after the conversion: 1990-01-01T00:00+07:00 is still 1989 in UTC, and storing it would surprise.
    if value.tzinfo is None:
        raise ValueError("instant must carry its offset from UTC")
    try:
        in_utc = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("instant lies beyond the calendar") from None
    if not FIRST_YEAR <= in_utc.year <= LAST_YEAR:
        raise ValueError(f"instant must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return in_utc


def _only_calendar_text(value: object) -> object:
    # A number, or a text of digits, would be read as Unix time: a guess that has moved dossiers by years.
    if not isinstance(value, str) or value[4:5] != "-":
        raise ValueError("must be an instant in ISO 8601 with its offset from UTC")
    return value


def _no_control_characters(value: str) -> str:
    # PostgreSQL text cannot hold NUL, and no name or note of a dossier needs any other control character but
    # line breaks and tabs; a lone surrogate cannot be encoded at all.
    if value.isprintable():
        return value  # Nearly always, and told without looking at each character here.
    for character in value:
        if (character < " " and character not in "\n\r\t") or "\ud800" <= character <= "\udfff":
            raise ValueError("text must not contain control characters")
    return value


_SafeText = AfterValidator(_no_control_characters)

Instant = Annotated[
    datetime,
    BeforeValidator(_only_calendar_text, json_schema_input_type=datetime),
    Field(description="ISO 8601 with offset; kept in UTC"),
    AfterValidator(_to_utc),
]
AmountVnd = Annotated[int, Field(ge=0, le=10**15, strict=True, description="whole đồng")]
Count = Annotated[int, Field(ge=0, le=10**6, strict=True)]

# Circular 01/2018/TT-VPCP art. 19 prints {agency}-{yymmdd}-{4 digits}; eight-digit dates and counters of four to seven
# digits are in use, and free local numbers exist: the code is an opaque key here, safe for a URL path segment.
DossierCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,49}$"), Field(examples=["H99.01-260105-00017"])
]
# Decision 20/2020/QĐ-TTg: at most 35 characters of digits, capital letters and full stops (both generations fit).
AgencyCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9A-Z]+(\.[0-9A-Z]+)*$", max_length=35), Field(examples=["H99.01"])
]
# d.dddddd, local copies with a suffix in the old or the new form.
ProcedureCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]\.[0-9]{6}(\.[0-9A-Z]{2,3}){0,5}$", max_length=50),
    Field(examples=["1.999001"]),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=50)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500), _SafeText]
ShortText = Annotated[str, StringConstraints(max_length=500), _SafeText]
LongText = Annotated[str, StringConstraints(max_length=2000), _SafeText]
BodyText = Annotated[str, StringConstraints(min_length=1, max_length=20_000), _SafeText]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=4000), _SafeText]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000), _SafeText]
Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
