"""What a mapping set is: a header with its policies, and dated rows. Nothing here can be changed once it is read.

Validity is half-open, [valid_from, valid_to), in Vietnamese dates. Codes are text, always. Source: codes and units
notes §6.2 to §6.4.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from gateway.ports.mapping import CodeKind


class SetStatus(StrEnum):
    """Only active sets translate."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class Direction(StrEnum):
    """Which way a set is used; both ways only when it is one to one."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    BOTH = "both"


class Relation(StrEnum):
    """How the source stands to the target."""

    EQUIVALENT = "equivalent"
    NARROWER = "narrower"
    BROADER = "broader"
    RELATED = "related"
    NONE = "none"
    """Deliberately unmapped: the code must not travel, and nobody needs to ask why."""
    NOT = "not"
    """A pair that is known to be wrong, kept so that it is not proposed again. Never translates."""


class UnmappedMode(StrEnum):
    """What happens to a code without a row. There is no default: it decides whether a dossier travels."""

    REJECT = "reject"
    HOLD = "hold"
    PASS_THROUGH = "pass-through"  # noqa: S105 - no password
    FIXED = "fixed"
    DROP = "drop"
    OTHER_SET = "other-set"


class Justification(StrEnum):
    """Why a row is believed."""

    OFFICIAL_TABLE = "official-table"
    REGULATION = "regulation"
    MANUAL = "manual"
    LEXICAL_SUGGESTION = "lexical-suggestion"


_CAREFUL = frozenset({UnmappedMode.HOLD, UnmappedMode.REJECT, UnmappedMode.OTHER_SET})
_CATALOGUE = _CAREFUL | {UnmappedMode.DROP, UnmappedMode.PASS_THROUGH}
POLICIES: Mapping[CodeKind, frozenset[UnmappedMode]] = MappingProxyType(
    {
        # Never passed through: a local procedure, agency or status code means nothing, or another thing, over there.
        CodeKind.PROCEDURE: _CAREFUL,
        CodeKind.AGENCY: _CAREFUL,
        CodeKind.UNIT: _CAREFUL,
        CodeKind.STATUS: _CAREFUL,
        CodeKind.SECTOR: _CAREFUL | {UnmappedMode.FIXED},
        # Optional fields over there: what has no counterpart may be left out.
        CodeKind.REQUIRED_DOCUMENT: _CATALOGUE,
        CodeKind.RESULT: _CATALOGUE,
        CodeKind.DATABASE: _CATALOGUE,
    }
)
"""Which policy each kind may choose (codes and units notes §6.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSystem:
    """A code system, always with its version: a code without it is meaningless."""

    system: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """The policy for codes without a row. `value` belongs to fixed, `set_id` to other-set."""

    mode: UnmappedMode
    value: str = ""
    set_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; `line` is its number in the file (the header is line 1)."""

    line: int
    source: str
    target: str
    relation: Relation
    valid_from: date
    valid_to: date | None
    justification: Justification = Justification.MANUAL
    reviewed_by: str = ""
    reviewed_on: date | None = None
    note: str = ""

    def holds_on(self, day: date) -> bool:
        return holds(self.valid_from, self.valid_to, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An expected result, tried at every load: a target, or the name of another treatment."""

    code: str
    on: date
    out: str = ""
    treatment: str = "mapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSet:
    """One set. `by_source` holds the rows that may translate, `not` rows left out; `names` are the province's own."""

    set_id: str
    version: str
    status: SetStatus
    kind: CodeKind
    source: CodeSystem
    target: CodeSystem
    direction: Direction
    valid_from: date
    valid_to: date | None
    unmapped: Unmapped
    owner: str
    reviewers: tuple[str, ...]
    legal_basis: str
    licence: str
    sources: tuple[str, ...]
    samples: tuple[Sample, ...]
    rows: tuple[Row, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    stem: str = ""
    """Name of its files without their endings."""
    by_source: Mapping[str, tuple[Row, ...]] = field(default_factory=dict, compare=False, repr=False)

    def holds_on(self, day: date) -> bool:
        return holds(self.valid_from, self.valid_to, day)

    @property
    def is_active(self) -> bool:
        return self.status is SetStatus.ACTIVE

    @property
    def name(self) -> str:
        """The set and its version, as they are written beside what was translated."""
        return f"{self.set_id}@{self.version}"


def holds(valid_from: date, valid_to: date | None, day: date) -> bool:
    """Tell whether a day lies in a half-open interval."""
    return valid_from <= day and (valid_to is None or day < valid_to)


def overlap(a_from: date, a_to: date | None, b_from: date, b_to: date | None) -> bool:
    """Tell whether two half-open intervals share a day."""
    return (b_to is None or a_from < b_to) and (a_to is None or b_from < a_to)


def indexed(mapping_set: MappingSet) -> MappingSet:
    """Give the set with its rows by source code."""
    by_source: dict[str, list[Row]] = {}
    for row in mapping_set.rows:
        if row.relation is not Relation.NOT:
            by_source.setdefault(row.source, []).append(row)
    return replace(mapping_set, by_source=MappingProxyType({code: tuple(rows) for code, rows in by_source.items()}))


def turned(mapping_set: MappingSet) -> MappingSet:
    """Give a one-to-one set read backwards."""
    rows = tuple(
        replace(row, source=row.target, target=row.source)
        for row in mapping_set.rows
        if row.relation is Relation.EQUIVALENT
    )
    source, target = mapping_set.target, mapping_set.source
    return indexed(replace(mapping_set, rows=rows, source=source, target=target))


def entries(sets: Iterable[MappingSet]) -> list[MappingSet]:
    """Give the active sets that no other active set falls back to, by id."""
    active = [item for item in sets if item.is_active]
    fallbacks = {item.unmapped.set_id for item in active}
    return sorted((item for item in active if item.set_id not in fallbacks), key=lambda item: item.set_id)
