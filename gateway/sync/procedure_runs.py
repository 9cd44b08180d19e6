"""What is known of a reading of the procedure catalogue."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from gateway.sync.listings import ListFinding


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RunOrigin(StrEnum):
    """Who wanted a run."""

    SCHEDULE = "schedule"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """What was done since the last time that it was noted; counts of records."""

    read_count: int = 0
    created_count: int = 0
    changed_count: int = 0
    restored_count: int = 0
    unchanged_count: int = 0
    retired_count: int = 0
    absent_count: int = 0
    failed_count: int = 0

    def __add__(self, other: "RunCounts") -> "RunCounts":
        return RunCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(RunCounts)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureRun:
    """One run. `codes` None is the whole catalogue. `skipped_count` are records that the list says are unchanged,
    `absent_count` those of which the portal says that it has none. `failure` is a stable code."""

    run_id: int
    origin: RunOrigin
    codes: tuple[str, ...] | None
    accepts_short_list: bool
    state: RunState
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    listed_count: int
    to_read_count: int
    skipped_count: int
    counts: RunCounts
    is_held: bool
    findings_count: int
    findings: tuple[ListFinding, ...]
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRun:
    """A run that this process does. `is_resumed` when another had begun it and did not end it."""

    run: ProcedureRun
    is_resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedProcedures:
    """What became of records that were stored; `restored` ones had left the catalogue and came back the same."""

    created_count: int = 0
    changed_count: int = 0
    restored_count: int = 0
    unchanged_count: int = 0
