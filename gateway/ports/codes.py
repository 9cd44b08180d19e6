"""What the core asks of the code tables: administrative units and agency identifiers, always as of a day.

A code without a day means nothing here: 3,316 commune codes stand for one unit before 1 July 2025 and for another one
after it. Nothing found is a value (a standing or a kind of change), never an error, and an answer never holds a code
that is not in the tables. Days are Vietnamese dates. Source: codes and units notes §1, §2.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class UnitLevel(StrEnum):
    """Level of an administrative unit; the length of a code tells it (2, 3 or 5 digits)."""

    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"


class UnitStanding(StrEnum):
    """What a code is on the day that was asked for."""

    VALID = "valid"
    NOT_VALID_ON_DATE = "not_valid_on_date"
    """Another version of the list has the code, or the level did not exist on that day."""
    UNKNOWN = "unknown"
    """No version has the code. Where the list of a level is not complete, this is no proof that it never existed."""
    NO_LIST = "no_list"
    """No list of that day is known."""


class UnitChange(StrEnum):
    """What became of a unit, or what it was before, on another day."""

    SAME = "same"
    """Exactly one unit on each side, same code, no other name known."""
    RENAMED = "renamed"
    """Exactly one unit on each side, with another name or code."""
    MERGED = "merged"
    """Went as a whole into one larger unit."""
    SPLIT = "split"
    """Went into several units; only a street or hamlet tells which. Held unless a written rule decides."""
    PART = "part"
    """Looking back: all of it was a part of one larger unit."""
    FORMED = "formed"
    """Looking back: it was made of several units, and which one depends on the place."""
    REPLACED = "replaced"
    """A unit of another level took its place."""
    ABOLISHED = "abolished"
    """Its level ceased to exist; the candidates are the communes that its communes went into."""
    NOT_RECORDED = "not_recorded"
    """No list of the other day, or no link to it, is known."""


class SourceAgreement(StrEnum):
    """How far the sources of a link agree, best first."""

    ALL = "agree3"
    TWO = "agree2"
    """Two agree; the third leaves the fragment out or lacks the name."""
    MAJORITY = "majority"
    SINGLE = "single"
    """Only one source states it."""
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVersion:
    """One edition of the list of units, half-open in Vietnamese dates.

    `as_of` is the day whose state the list shows: a change between `valid_from` and `as_of` is not recorded.
    """

    version_id: str
    valid_from: date
    valid_to: date | None
    as_of: date
    legal_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrativeUnit:
    """A unit as it stands on one day. `name` is null where no source names it; names are never guessed.

    `province_code` is null where the tables leave several possible; `possible_province_codes` lists them then.
    """

    version_id: str
    level: UnitLevel
    code: str
    name: str | None
    name_note: str = ""
    province_code: str | None = None
    province_name: str | None = None
    possible_province_codes: tuple[str, ...] = ()
    district_code: str | None = None
    district_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCandidate:
    """One unit that shares ground with the unit that was asked for.

    `is_whole`: looking forward, the unit went as a whole into this one; looking back, this one went as a whole into
    the unit. `is_display_guess` marks the guess of one source for a split: to be shown, never to route anything by.
    """

    unit: AdministrativeUnit
    is_whole: bool
    source_agreement: SourceAgreement
    is_display_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMove:
    """What the unit is on the other day. `target` is null whenever the code alone does not decide.

    `cardinality` counts both sides, the unit's own first: "1:1", "n:1", "1:n", "n:n"; empty when nothing is linked.
    `rule_source` names the written rule that decided a split.
    """

    on: date
    version: UnitVersion | None
    change: UnitChange
    target: AdministrativeUnit | None = None
    candidates: tuple[UnitCandidate, ...] = ()
    cardinality: str = ""
    rule_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResolution:
    """What a code means on a day, and what it is on another one when that was asked for too."""

    code: str
    on: date
    level: UnitLevel
    standing: UnitStanding
    version: UnitVersion | None
    unit: AdministrativeUnit | None
    valid_in_versions: tuple[str, ...]
    is_list_complete: bool
    move: UnitMove | None = None


class AgencyForm(StrEnum):
    """The three ways in which an agency identifier is written."""

    DECISION_20 = "decision-20"
    """Groups growing left to right, "H14.1.22" (Decision 20/2020/QĐ-TTg)."""
    QCVN_102 = "qcvn-102"
    """Four groups read right to left, "000.00.01.H14" (QCVN 102:2016/BTTTT)."""
    SCHEME_Z = "scheme-z"
    """An identification scheme Z01 to Z99 and, without a separator, its own code (Decision 20/2020, article 6)."""


class AgencyStanding(StrEnum):
    """What the level-1 code of an agency is on a day."""

    OPEN = "open"
    CLOSED = "closed"
    """Closed by a merger: no message of that day may be sent to it; inside a dossier code it is valid for ever."""
    NOT_LISTED = "not_listed"
    """Left out of the list in force on that day; what replaced it is not recorded."""
    UNKNOWN = "unknown"
    """Not in our table, whose part for the ministries is not complete; or an identifier without a level-1 code."""


class CodeEvidence(StrEnum):
    """How sure a level-1 code is."""

    DIRECT = "direct"
    """A public source names code and body together."""
    BRACKETED = "bracketed"
    """Follows from the alphabetical order between proven codes; to be checked against the annex."""
    BY_PATTERN = "by_pattern"
    """A people's council with the number of its province."""
    LISTED = "listed"
    """In a copy of a published list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencySuccessor:
    """Who took over from a closed code. `code` is null below level 1: no table of the new subtrees exists."""

    level1_code: str
    code: str | None
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyResolution:
    """An agency identifier taken apart, and the standing of its level-1 code on a day.

    `proposed_other_form` is made by the mechanical rule of the notes and is a proposal only: provinces re-issued their
    trees, so the two forms of one agency are known from a table or not at all.
    """

    code: str
    on: date
    form: AgencyForm
    level1_code: str | None
    unit_groups: tuple[str, ...]
    level1_name: str | None
    standing: AgencyStanding
    valid_from: date | None
    valid_to: date | None
    evidence: CodeEvidence | None
    successor: AgencySuccessor | None
    proposed_other_form: str | None


class CodeDirectory(Protocol):
    """Answers questions about codes from tables in memory: no waiting, no side effect."""

    def resolve_unit(
        self, code: str, on: date, *, to: date | None = None, level: UnitLevel | None = None, place: str = ""
    ) -> UnitResolution:
        """Tell what a unit's code means on a day. `place` is a street or hamlet for which the province may have written
        down the side of a split. A level that the code's length contradicts gives standing unknown.

        Raises InvalidInput when the code is not 2, 3 or 5 digits.
        """
        ...

    def resolve_agency(self, code: str, on: date) -> AgencyResolution:
        """Tell what an agency identifier means on a day. Raises InvalidInput naming the broken rule."""
        ...
