"""Words of reconciliation: how a dossier may differ on the two sides, and what becomes of a difference."""

from enum import StrEnum


class DifferenceKind(StrEnum):
    """How the two sides differ in one dossier."""

    MISSING_THERE = "missing_there"
    """We delivered it, and the system does not have it."""
    MISSING_HERE = "missing_here"
    """The system lists a dossier that was never accepted here."""
    STALE_THERE = "stale_there"
    """Fields that the province owns have another value over there."""
    STALE_HERE = "stale_here"
    """Fields that the portal owns have another value here."""
    CONFLICT = "conflict"
    """Fields that neither of the two owns differ."""
    UNMAPPED = "unmapped"
    """The record over there holds codes that no table covers."""
    DUPLICATED = "duplicated"
    """The system lists the dossier more than once."""


class FindingState(StrEnum):
    """What became of a difference."""

    PARKED = "parked"
    """A person decides; both values are kept."""
    REPAIRING = "repairing"
    """What repairs it was put into the queue; it is looked at again once that is delivered."""
    REPAIRED = "repaired"
    """Looked at again, and gone."""
    SETTLED = "settled"
    """A person settled it, or a later run did not find it any more."""


class RunMode(StrEnum):
    """What a run looks at."""

    FULL = "full"
    INCREMENTAL = "incremental"
    """Dossiers that changed here since the last completed run began."""


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    """Under way, or interrupted: whoever is free goes on from where it stood."""
    FINISHED = "finished"
    CANCELLED = "cancelled"


class RunPhase(StrEnum):
    """What a run does next."""

    LISTING = "listing"
    """Reads the codes that the system lists, where it lists any."""
    COMPARING = "comparing"
    """Looks at our dossiers one by one."""
    VERIFYING = "verifying"
    """Looks again at what was repaired."""
    DONE = "done"


def finding_context(system: str, dossier_code: str) -> bytes:
    """Name the place of a finding's sealed values."""
    return f"finding:{system}:{dossier_code}".encode()
