"""What a publication says of itself: its head, its place in the list, its manifest. Pure.

Source: monitoring notes §4.3 to §4.5.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.monitoring.sandbox.canonical import canonical
from adapters.monitoring.sandbox.findings import broken
from adapters.monitoring.sandbox.periods import CALENDARS, PERIOD_TYPES

FIRST_PREVIOUS = "0" * 64
"""Stands where the digest of a predecessor would, in the first manifest."""
STATUSES = ("live", "preliminary", "revised", "final", "restated")
STATES_AT = ("period_end", "as_of")
_TEXTS = ("id", "period_type", "calendar", "status", "state_at", "definitions_version", "calendar_version")
_CLOSED: Mapping[str, tuple[str, ...]] = {
    "period_type": PERIOD_TYPES,
    "calendar": CALENDARS,
    "status": STATUSES,
    "state_at": STATES_AT,
}
_INSTANTS = ("start", "end", "as_of")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_PLACE = ("position", "manifest_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The `snapshot` of §4.4; instants are aware, with the offset that was written."""

    id: str
    period_type: str
    calendar: str
    start: datetime
    end: datetime
    version: int
    status: str
    state_at: str
    as_of: datetime
    supersedes: str | None
    definitions_version: str
    calendar_version: str

    @property
    def period(self) -> tuple[str, str, datetime, datetime]:
        """What all versions of a period have in common."""
        return self.period_type, self.calendar, self.start, self.end


@dataclass(frozen=True, slots=True)
class Entry:
    """A publication as the list has it."""

    raw_head: Mapping[str, Any] = field(repr=False)
    head: Head
    position: int
    digest: str
    """Of the manifest, SHA-256 in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file that a manifest names."""

    name: str
    size_bytes: int
    digest: str
    rows_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed."""

    body: bytes = field(repr=False)
    """The canonical bytes."""
    raw_head: Mapping[str, Any] = field(repr=False)
    position: int
    previous_digest: str
    reasons: tuple[str, ...]
    files: tuple[FileEntry, ...]


def read_head(value: object, what: str) -> Head:
    """Read a head; members that are not known are left alone. Raises Refused (contract_broken)."""
    if not isinstance(value, dict):
        raise broken(f"{what}: has no snapshot")
    for name in _TEXTS:
        if not isinstance(value.get(name), str) or not value[name]:
            raise broken(f"{what}: {name} is missing or no text")
    for name, allowed in _CLOSED.items():
        if value[name] not in allowed:
            raise broken(f"{what}: {name} is none of {', '.join(allowed)}")
    supersedes = value.get("supersedes")
    if supersedes is not None and not isinstance(supersedes, str):
        raise broken(f"{what}: supersedes is no text")
    texts = {name: value[name] for name in _TEXTS}
    start, end, as_of = (_instant(value.get(name), f"{what}: {name}") for name in _INSTANTS)
    version = count(value.get("version"), f"{what}: version")
    return Head(start=start, end=end, as_of=as_of, version=version, supersedes=supersedes, **texts)


def read_entry(value: object) -> Entry:
    """Read a line of the list of publications. Raises Refused (contract_broken)."""
    head = read_head(value, "snapshots")
    assert isinstance(value, dict)
    digest = value.get("manifest_sha256")
    position = count(value.get("position"), f"{head.id}: position")
    if head.status == "live" or head.version < 1 or position < 1:
        raise broken(f"{head.id}: what is published has a version and a position from 1 and is not live")
    raw_head = {name: held for name, held in value.items() if name not in _PLACE}
    return Entry(raw_head, head, position, _digest(digest, f"{head.id}: manifest_sha256"))


def read_manifest(value: object) -> Manifest:
    """Read a manifest. Raises Refused (contract_broken), also for one that has no signed form."""
    if not isinstance(value, dict) or not isinstance(value.get("snapshot"), dict):
        raise broken("manifest: is no object with a snapshot")
    reasons, files = value.get("reasons"), value.get("files")
    if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
        raise broken("manifest: reasons is no list of texts")
    if not isinstance(files, list) or not files:
        raise broken("manifest: names no files")
    entries = tuple(_file(entry) for entry in files)
    if len({entry.name for entry in entries}) < len(entries):
        raise broken("manifest: names a file twice")
    return Manifest(
        body=canonical(value),
        raw_head=value["snapshot"],
        position=count(value.get("position"), "manifest: position"),
        previous_digest=_digest(value.get("previous_sha256"), "manifest: previous_sha256"),
        reasons=tuple(reasons),
        files=entries,
    )


def count(value: object, what: str) -> int:
    """Read a whole number that is not negative. Raises Refused (contract_broken), naming `what`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise broken(f"{what}: is no whole number from 0")
    return value


def _file(value: object) -> FileEntry:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise broken("manifest: a file has no name")
    name = value["name"]
    if not _FILE_NAME.fullmatch(name):
        raise broken("manifest: the name of a file is no plain name")
    rows = value["rows_count"] if "rows_count" in value else value.get("rows")
    return FileEntry(
        name,
        count(value.get("size_bytes"), f"manifest: size_bytes of {name}"),
        _digest(value.get("sha256"), f"manifest: sha256 of {name}"),
        count(rows, f"manifest: rows_count of {name}"),
    )


def _digest(value: object, what: str) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise broken(f"{what}: is no SHA-256 in small hexadecimal digits")
    return value


def _instant(value: object, what: str) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not isinstance(value, str) or "T" not in value:
        raise broken(f"{what}: is no instant with an offset")
    return found
