"""An honest province's publications: August 2026 of the notes' worked example, and periods of other kinds."""

from typing import Any

from tests.support.monitoring_documents import Number, entry, head, number, target
from tests.support.monitoring_province import Province

_UNITS = {"A": ("H99.01", "P"), "B": ("H99.02", "P"), "M": ("H99.11", "C"), "N": ("H99.12", "C")}
V1 = {"A": (3, 4), "B": (1, 3), "M": (2, 3), "N": (1, 2)}
"""Online dossiers of all (U2), by agency; D13 is not yet known."""
V2 = {**V1, "A": (3, 5)}
V4 = {**V2, "B": (2, 4)}


def numbers(by_agency: dict[str, tuple[int, int]]) -> list[Number]:
    """Give a publication's numbers: the province, its levels, its agencies, and some of other kinds."""
    n, d = (sum(pair[place] for pair in by_agency.values()) for place in (0, 1))
    made = [number("U2", n, d, target=target("met"))]
    for level in ("P", "C"):
        pairs = [by_agency[name] for name, (_, its) in _UNITS.items() if its == level]
        made.append(number("U2", sum(a for a, _ in pairs), sum(b for _, b in pairs), "level", level=level))
    for name, (code, level) in _UNITS.items():
        made.append(number("U2", *by_agency[name], "agency", agency=code, level=level))
    made += [number("S1", 3, 4, "agency", agency=code, level=level) for code, level in _UNITS.values()]
    return [*made, number("S1", 5, 6), number("Q1", 0, 0), number("Y1", 12, 15), number("T4", 18, 4, "procedure")]


def changes(before: Number, after: Number, old: list[Number], new: list[Number], **more: Any) -> list[dict[str, Any]]:
    """Give the log between two publications."""
    pairs = zip(old, new, strict=True)
    return [entry(before, after, one, other, **more) for one, other in pairs if one != other]


def honest_province() -> Province:
    """Give a province of six publications that keeps every promise."""
    province = Province()
    heads = [
        head(1, "preliminary", as_of="2026-09-01T00:30:00+07:00", state_at="period_end"),
        head(2, "revised"),
        head(3, "final"),
        head(4, "restated"),
    ]
    told = [numbers(V1), numbers(V2), numbers(V2), numbers(V4)]
    province.publish(heads[0], told[0])
    province.publish(
        head(1, "preliminary", name="2026Q3-nd09", period_type="quarter", calendar="nd09")
        | {"start": "2026-06-15T00:00:00+07:00", "end": "2026-09-15T00:00:00+07:00"},
        told[0],
    )
    province.publish(heads[1], told[1])
    province.publish(
        head(1, "preliminary", name="2026W34", period_type="week", start="2026-08-17", end="2026-08-24"), told[0]
    )
    province.publish(heads[2], told[2])
    province.publish(heads[3], told[3], ["correction_by_owner"])
    province.restatements = [
        *changes(heads[0], heads[1], told[0], told[1]),
        *changes(heads[2], heads[3], told[2], told[3], reasons=["correction_by_owner"]),
    ]
    return province
