"""What reconciliation asks of a system and of the store."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.model.dossier import Origin
from gateway.model.reconciliation import DifferenceKind, FindingState, RunMode, RunPhase
from gateway.ports.portal import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """A canonical field whose value over there is not what we would push, with both values as the wire writes them."""

    name: str
    ours: str = field(repr=False)
    theirs: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a system holds of a dossier, held against what we would push."""

    is_present: bool
    differences: tuple[FieldDifference, ...] = ()
    unmapped: tuple[tuple[str, str], ...] = ()
    """Codes over there that no row of our tables covers, as (table, code)."""


class Inspector(Protocol):
    """Looks at single dossiers over there."""

    async def inspect(self, item: Prepared) -> Inspection:
        """Read a dossier and compare. Raises the RemoteError groups when it could not ask."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands. `cursor` is the last dossier looked at, `list_cursor` where listing goes on."""

    run_id: int
    system: str
    mode: RunMode
    phase: RunPhase
    is_dry: bool
    since: datetime | None
    cursor: int
    list_cursor: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A dossier to look at, as it stands here. `content_revision` names the sealed document."""

    dossier_id: int
    code: str
    origin: Origin
    revision: int
    content_revision: int
    status: str
    procedure_code: str
    is_settled: bool
    """False while something is owed to the system, or waits for a person: then there is nothing to compare yet."""
    is_expected: bool
    """Whether something of it was ever delivered there."""
    wrapped_key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFinding:
    """A difference to be written down. `dossier_id` is None for what is not here; `sealed` holds both values."""

    dossier_code: str
    dossier_id: int | None
    kind: DifferenceKind
    fields: tuple[str, ...]
    state: FindingState
    wrapped_key: bytes | None = None
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What a page of a run came to. Stored together, so that an interrupted run neither repeats nor leaves out."""

    run: Run
    next_phase: RunPhase
    cursor: int
    list_cursor: str
    findings: Sequence[NewFinding] = ()
    looked_at: Sequence[str] = ()
    """Codes that were compared: open findings about them that were not found again are settled."""
    repairs_whole: Sequence[int] = ()
    """Dossiers to be sent anew with all their steps."""
    repairs_newest: Sequence[int] = ()
    """Dossiers whose newest state is to be sent again."""
    counts: tuple[tuple[str, int], ...] = ()
    has_listed_all: bool = False
    """Whether the list was read to its end: findings of the list that were not found again are settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairing:
    """A repair that was delivered, to be looked at again."""

    finding_id: int
    kind: DifferenceKind
    candidate: Candidate


class RunTransactions(Protocol):
    """Reads and writes of one run, held by one process at a time."""

    async def run(self) -> Run | None:
        """Give the oldest run that is under way."""
        ...

    async def candidates(self, run: Run, limit: int) -> Sequence[Candidate]:
        """Give the next dossiers to look at, by their ids above the cursor."""
        ...

    async def unknown_codes(self, codes: Sequence[str]) -> Sequence[str]:
        """Give those codes that no dossier here has."""
        ...

    async def delivered_repairs(self, run: Run, after: int, limit: int) -> Sequence[Repairing]:
        """Give repairs with nothing owed any more, by their ids above `after`."""
        ...

    async def has_open_repairs(self, run: Run) -> bool: ...

    async def store(self, result: PageResult, now: datetime) -> bool:
        """Store a page; False when the run was cancelled meanwhile, and nothing was stored."""
        ...

    async def settle(self, run: Run, states: Sequence[tuple[int, FindingState]], now: datetime) -> None: ...


class RunStore(Protocol):
    """Where runs and findings are kept."""

    def alone(self, system: str) -> AbstractAsyncContextManager[RunTransactions | None]:
        """Hold the system's reconciliation against other processes; None when another one has it."""
        ...
