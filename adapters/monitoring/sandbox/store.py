"""What the national system holds of a province: everything that it pulled, and what it found wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.monitoring.sandbox.findings import Finding
from adapters.monitoring.sandbox.heads import FIRST_PREVIOUS, Entry, Head, Manifest
from adapters.monitoring.sandbox.province import Reply
from adapters.monitoring.sandbox.restatements import Restatement
from adapters.monitoring.sandbox.rows import Key, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A publication as it was pulled."""

    entry: Entry
    manifest: Manifest | None
    """None when it could not be read."""
    signature: str = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    observations: Sequence[Observation] | None = field(repr=False)
    """None when the publication could not be relied on so far that its numbers mean something."""
    pulled_at: datetime

    @property
    def head(self) -> Head:
        return self.entry.head

    def figures(self) -> dict[Key, Observation]:
        """Give the numbers by what they are about."""
        return {one.key: one for one in self.observations or ()}

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values, without the bodies of its files."""
        return {
            **self.entry.raw_head,
            "position": self.entry.position,
            "manifest_sha256": self.entry.digest,
            "files": {name: len(body) for name, body in self.files.items()},
            "is_relied_on": self.observations is not None,
            "pulled_at": self.pulled_at.isoformat(),
        }


class PulledStore:
    """Keeps what was pulled, in the order of the province's chain, and each finding once."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Pulled] = {}
        """By id, in the order in which they were pulled."""
        self.restatements: dict[tuple[str, str, Key], Restatement] = {}
        """By the snapshots between which, and by the number."""
        self.units: dict[str, str] | None = None
        """The unit of each defined indicator; None while the catalogue could not be read."""
        self.target_ids: frozenset[str] | None = None
        """The targets that there are; None while they could not be read."""
        self.catalogue: dict[str, Reply] = {}
        """The newest answers about what may change, by path, to be asked for by entity tag."""
        self.findings: dict[Finding, int] = {}
        """Each with the round in which it was first made."""

    @property
    def last(self) -> Pulled | None:
        """The newest publication that was pulled."""
        return next(reversed(self.snapshots.values()), None)

    @property
    def last_position(self) -> int:
        """Position of the newest publication; 0 before the first."""
        return 0 if self.last is None else self.last.entry.position

    @property
    def last_digest(self) -> str:
        """What the next manifest must follow."""
        return FIRST_PREVIOUS if self.last is None else self.last.entry.digest

    def versions(self, head: Head) -> list[Pulled]:
        """Give what was pulled of the same period, oldest first."""
        return [held for held in self.snapshots.values() if held.head.period == head.period]

    def dump(self) -> dict[str, Any]:
        """Give everything as plain JSON values; numbers under the snapshot that they belong to."""
        return {
            "snapshots": [
                {**held.as_dict(), "observations": [one.raw for one in held.observations or ()]}
                for held in self.snapshots.values()
            ],
            "restatements": [held.raw for held in self.restatements.values()],
            "indicators": dict(self.units or {}),
            "findings": [{**finding.as_dict(), "round": number} for finding, number in self.findings.items()],
        }
