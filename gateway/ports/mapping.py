"""What the core asks of the mapping sets: what a province's own code is called elsewhere, always as of a day.

A set says for one kind of code what each local code is called in the other system, with dates, and what becomes of a
code without a row. No set for a kind means that codes of the kind travel as they are. Asking costs no waiting: the
sets of the current version are in memory, and are replaced as a whole. Source: codes and units notes §6.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from gateway.model.dossier import Dossier

MISSING_PREFIX = "mapping."
"""Begins the table's name in reasons: "unmapped: mapping.procedure 1.999001" names a row that no set has."""
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,59}", re.ASCII)
"""What may stand as a code in files, reasons and records: never a sentence, never a person's name."""
_AHEAD = timedelta(hours=7)


class CodeKind(StrEnum):
    """What codes name. Catalogues are told apart: a code means nothing without its code system."""

    PROCEDURE = "procedure"
    SECTOR = "sector"
    AGENCY = "agency"
    UNIT = "unit"
    STATUS = "status"
    REQUIRED_DOCUMENT = "required_document"
    RESULT = "result"
    DATABASE = "database"


class Treatment(StrEnum):
    """What became of a code."""

    MAPPED = "mapped"
    """A row gives the other code."""
    PASSED = "passed"
    """No row, and the set lets such codes travel as they are."""
    FIXED = "fixed"
    """No row, and the set names one code for all such."""
    DROPPED = "dropped"
    """No row, and the set leaves such codes out: the field is optional over there."""
    HELD = "held"
    """No row: the item waits until a person writes it."""
    REJECTED = "rejected"
    """No row, and waiting for one makes no sense."""
    DECLINED = "declined"
    """A row says that the code has deliberately no counterpart."""


ANSWERS = frozenset({Treatment.MAPPED, Treatment.PASSED, Treatment.FIXED, Treatment.DROPPED})
"""Treatments after which an item may travel."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The answer for one code on one day. `code` is empty unless the treatment gives one.

    `set_name` is "set_id@version"; `line` is the row's line in its file, None when a policy decided.
    """

    treatment: Treatment
    code: str
    set_name: str
    line: int | None = None

    @property
    def is_answer(self) -> bool:
        return self.treatment in ANSWERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A proposal for a missing row, to be confirmed by a person; never applied. `score` lies in (0, 1]."""

    code: str
    name: str
    score: float
    because: str
    """"national_part" (the local code is that code with a suffix) or "name" (names share words)."""


class CodeMapper(Protocol):
    """The sets of one loaded version, in memory: no waiting, no side effect."""

    @property
    def version(self) -> int:
        """Number of the load that these sets came with."""
        ...

    @property
    def kinds(self) -> frozenset[CodeKind]:
        """The kinds that have an active set towards the national systems."""
        ...

    def translate(self, kind: CodeKind, code: str, on: date, *, inbound: bool = False) -> Translation | None:
        """Give what becomes of a code on a Vietnamese date; None when no set of the kind is loaded for this way."""
        ...

    def name_of(self, kind: CodeKind, code: str) -> str:
        """Give the province's own name of a local code; empty when its set brings none."""
        ...

    def suggest(
        self, kind: CodeKind, codes: Sequence[str], targets: Mapping[str, str]
    ) -> Mapping[str, Sequence[Suggestion]]:
        """Propose targets (code to name) for codes without a row, best first; pairs known to be wrong are left out.

        Comparing names takes a moment with large catalogues.
        """
        ...


@dataclass(slots=True)
class CurrentMapper:
    """Where a process keeps the sets in force; None while none was ever loaded. Replaced as a whole, never changed."""

    mapper: CodeMapper | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSets:
    """One loaded version: the files of its sets by name, as they were linted."""

    version: int
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One missing row and how many deliveries wait for it."""

    kind: CodeKind
    code: str
    deliveries_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDelivery:
    """One delivery that waits for rows. `day` is the date as of which its codes are translated."""

    delivery_id: int
    day: date
    rows: tuple[tuple[CodeKind, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCode:
    """A code that dossiers carried. The dates are those of the dossiers, the earliest and the latest.

    `is_mapped`: whether a set answered when it was last asked; None when no set of the kind was loaded.
    """

    kind: CodeKind
    code: str
    first_seen: date
    last_seen: date
    seen_count: int
    is_mapped: bool | None


class MappingStore(Protocol):
    """Where loaded sets, held deliveries and seen codes are kept. Every method raises StoreUnavailable."""

    async def current_version(self) -> int | None:
        """Give the number of the newest load; None while nothing was ever loaded."""
        ...

    async def current(self) -> StoredSets | None: ...

    async def held(self) -> Sequence[HeldDelivery]:
        """Give the snapshots that are parked for missing rows of sets, oldest first."""
        ...

    async def release(self, delivery_id: int) -> bool:
        """Let a parked delivery be sent again; False when it is parked no more or is being worked on just now."""
        ...

    async def note_seen(self, codes: Iterable[SeenCode]) -> None:
        """Add counts, widen dates, and keep the last word on whether each is mapped."""
        ...


def vietnam_day(instant: datetime) -> date:
    """Give the Vietnamese date of an instant in UTC: Vietnam is at UTC+7 in all years that the model admits."""
    return (instant + _AHEAD).date()


def day_of(dossier: Dossier) -> date:
    """Give the day as of which a dossier's codes are meant: that of its submission."""
    return vietnam_day(dossier.submitted_at)
