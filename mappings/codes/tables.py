"""Code tables: rows of (canonical value, foreign code) with direction, dates and source, checked as a whole at load.

A table file is TOML. Every table states `source`, `confidence`, `direction`, `unmapped` and `valid_from`; there are
no defaults for these, because each of them decides whether a dossier travels. Rows may narrow the table's interval.
Validity is half-open, [valid_from, valid_to), in Vietnamese dates.

What a load refuses, all faults at once: an unknown canonical value, an empty foreign code in a written row, a row
outside its table's dates, two rows for one value on one day, one foreign code for two values on one day, and a
written table that leaves a canonical value without a code on any day of its validity. So the direction `both` holds
only when the table is one to one, and a look-up at run time cannot be ambiguous.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from gateway.errors import ConfigurationError, Fault


class Direction(StrEnum):
    """Which way a table is used: written to the foreign system, read from it, or both."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    BOTH = "both"


class Unmapped(StrEnum):
    """What happens to a value that no row covers."""

    HOLD = "hold"
    """The item waits and the missing row is shown to the operator."""
    REJECT = "reject"
    """The item is refused at once: waiting for a row makes no sense for this table."""
    KEEP_WORDING = "keep_wording"
    """Read only: the foreign wording is kept as text and the value becomes the one named by `otherwise`."""


class Confidence(StrEnum):
    """How sure the rows are: several implementations, one running one, a description only, or an inference."""

    SEVERAL = "A"
    ONE = "B"
    DESCRIBED = "C"
    INFERRED = "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One pair. An alias is a further spelling that is read and never written."""

    canonical: str
    foreign: str
    name: str
    valid_from: date
    valid_to: date | None
    is_alias: bool

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One checked table."""

    table_id: str
    source: str
    confidence: Confidence
    direction: Direction
    unmapped: Unmapped
    otherwise: str
    valid_from: date
    valid_to: date | None
    rows: tuple[Row, ...]

    @property
    def is_written(self) -> bool:
        return self.direction is not Direction.INBOUND

    @property
    def is_read(self) -> bool:
        return self.direction is not Direction.OUTBOUND


CanonicalT = TypeVar("CanonicalT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Codes(Generic[CanonicalT]):
    """A table as it stands on one day: two plain dictionaries, made once, asked often."""

    table_id: str
    outbound: Mapping[CanonicalT, str]
    inbound: Mapping[str, CanonicalT]
    otherwise: CanonicalT | None = None


def read_tables(document: Mapping[str, Any], members: Mapping[str, Iterable[str]]) -> Mapping[str, Table]:
    """Give the checked tables of a parsed file by id. `members` names each expected table and its canonical values.

    Raises ConfigurationError that lists every fault of every table.
    """
    faults: list[Fault] = []
    tables: dict[str, Table] = {}
    raw_tables = document.get("tables")
    if not isinstance(raw_tables, dict):
        raise ConfigurationError([Fault("tables", "must be a table of tables")])
    faults += [Fault(f"tables.{name}", "is not a known table") for name in raw_tables if name not in members]
    for table_id, canonical_values in members.items():
        raw = raw_tables.get(table_id)
        if not isinstance(raw, dict):
            faults.append(Fault(f"tables.{table_id}", "is missing"))
            continue
        table = _read_table(table_id, raw, faults)
        if table is not None:
            faults += _table_faults(table, frozenset(canonical_values))
            tables[table_id] = table
    if faults:
        raise ConfigurationError(faults)
    return MappingProxyType(tables)


def codes_on(table: Table, values: Mapping[str, CanonicalT], day: date) -> Codes[CanonicalT]:
    """Give the dictionaries of a table for a day. `values` turns the canonical text of a row into the real value."""
    rows = [row for row in table.rows if row.holds_on(day)]
    outbound = {values[row.canonical]: row.foreign for row in rows if table.is_written and not row.is_alias}
    inbound = {row.foreign: values[row.canonical] for row in rows if table.is_read}
    return Codes(
        table.table_id,
        outbound,
        inbound,
        values[table.otherwise] if table.otherwise else None,
    )


_TABLE_KEYS = frozenset(
    {
        "wire_fields", "source", "confidence", "direction", "unmapped", "otherwise", "valid_from", "valid_to",
        "rows", "aliases", "note",
    }
)  # fmt: skip
_ROW_KEYS = frozenset({"canonical", "foreign", "name", "valid_from", "valid_to"})


def _read_table(table_id: str, raw: Mapping[str, Any], faults: list[Fault]) -> Table | None:
    where = f"tables.{table_id}"
    before = len(faults)
    faults += [Fault(f"{where}.{key}", "is not a known key") for key in raw if key not in _TABLE_KEYS]
    source = raw.get("source")
    if not isinstance(source, str) or not source:
        faults.append(Fault(f"{where}.source", "must name document and section"))
    confidence = _choice(Confidence, raw.get("confidence"), f"{where}.confidence", faults)
    direction = _choice(Direction, raw.get("direction"), f"{where}.direction", faults)
    unmapped = _choice(Unmapped, raw.get("unmapped"), f"{where}.unmapped", faults)
    valid_from = _day(raw.get("valid_from"), f"{where}.valid_from", faults)
    valid_to = None if "valid_to" not in raw else _day(raw["valid_to"], f"{where}.valid_to", faults)
    otherwise = raw.get("otherwise", "")
    if (unmapped is Unmapped.KEEP_WORDING) != bool(otherwise):
        faults.append(Fault(f"{where}.otherwise", "goes with unmapped = keep_wording, and only with it"))
    rows: list[Row] = []
    for key, is_alias in (("rows", False), ("aliases", True)):
        raw_rows = raw.get(key, [])
        if not isinstance(raw_rows, list) or (not raw_rows and not is_alias):
            faults.append(Fault(f"{where}.{key}", "must be a list of rows"))
            continue
        for index, raw_row in enumerate(raw_rows):
            row = _read_row(raw_row, f"{where}.{key}[{index}]", valid_from, valid_to, is_alias, faults)
            if row is not None:
                rows.append(row)
    if len(faults) > before or confidence is None or direction is None or unmapped is None or valid_from is None:
        return None
    return Table(
        table_id=table_id,
        source=str(source),
        confidence=confidence,
        direction=direction,
        unmapped=unmapped,
        otherwise=str(otherwise),
        valid_from=valid_from,
        valid_to=valid_to,
        rows=tuple(rows),
    )


def _read_row(
    raw: Any, where: str, table_from: date | None, table_to: date | None, is_alias: bool, faults: list[Fault]
) -> Row | None:
    if not isinstance(raw, dict):
        faults.append(Fault(where, "must be a row"))
        return None
    before = len(faults)
    faults += [Fault(f"{where}.{key}", "is not a known key") for key in raw if key not in _ROW_KEYS]
    canonical, foreign, name = raw.get("canonical"), raw.get("foreign"), raw.get("name", "")
    if not isinstance(canonical, str):
        faults.append(Fault(f"{where}.canonical", "must be text"))
    if not isinstance(foreign, str):
        faults.append(Fault(f"{where}.foreign", "must be text: codes keep their zeros"))
    elif not foreign and not is_alias:
        faults.append(Fault(f"{where}.foreign", "must not be empty: an empty code is never written"))
    row_from = table_from if "valid_from" not in raw else _day(raw["valid_from"], f"{where}.valid_from", faults)
    row_to = table_to if "valid_to" not in raw else _day(raw["valid_to"], f"{where}.valid_to", faults)
    if len(faults) > before or row_from is None:
        return None
    return Row(
        canonical=str(canonical),
        foreign=str(foreign),
        name=str(name),
        valid_from=row_from,
        valid_to=row_to,
        is_alias=is_alias,
    )


ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


def _choice(enum: type[ChoiceT], raw: Any, where: str, faults: list[Fault]) -> ChoiceT | None:
    try:
        return enum(raw)
    except ValueError:
        faults.append(Fault(where, "must be one of " + ", ".join(enum)))
        return None


def _day(raw: Any, where: str, faults: list[Fault]) -> date | None:
    # TOML gives datetime for an instant, and datetime is a date to isinstance.
    if type(raw) is date:
        return raw
    faults.append(Fault(where, "must be a date"))
    return None


def _table_faults(table: Table, members: frozenset[str]) -> list[Fault]:
    where = f"tables.{table.table_id}"
    faults = [
        Fault(where, "row names an unknown canonical value", row.canonical)
        for row in table.rows
        if row.canonical not in members
    ]
    if table.otherwise and table.otherwise not in members:
        faults.append(Fault(f"{where}.otherwise", "is not a canonical value", table.otherwise))
    if table.otherwise and not table.is_read:
        faults.append(Fault(f"{where}.otherwise", "makes sense for a table that is read"))
    for row in table.rows:
        begins_early = row.valid_from < table.valid_from
        ends_late = table.valid_to is not None and (row.valid_to is None or row.valid_to > table.valid_to)
        is_empty = row.valid_to is not None and row.valid_to <= row.valid_from
        if begins_early or ends_late or is_empty:
            faults.append(Fault(where, "row lies outside the dates of its table or is empty", row.foreign))
    # Nothing changes between two boundaries, so it is enough to look at the days on which a row begins or ends.
    for day in _boundaries(table):
        faults += _day_faults(table, members, day, where)
    return list(dict.fromkeys(faults))


def _boundaries(table: Table) -> list[date]:
    days = {table.valid_from}
    for row in table.rows:
        days.add(row.valid_from)
        if row.valid_to is not None:
            days.add(row.valid_to)
    return sorted(day for day in days if day >= table.valid_from and (table.valid_to is None or day < table.valid_to))


def _day_faults(table: Table, members: frozenset[str], day: date, where: str) -> list[Fault]:
    faults: list[Fault] = []
    rows = [row for row in table.rows if row.holds_on(day)]
    if table.is_written:
        written = [row.canonical for row in rows if not row.is_alias]
        faults += [
            Fault(where, f"value has several codes on {day}", value)
            for value in sorted(set(written))
            if written.count(value) > 1
        ]
        faults += [Fault(where, f"value has no code on {day}", value) for value in sorted(members - frozenset(written))]
    if table.is_read:
        read = [row.foreign for row in rows]
        faults += [
            Fault(where, f"code has several rows on {day}", code) for code in sorted(set(read)) if read.count(code) > 1
        ]
    return faults
