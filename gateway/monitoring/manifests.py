"""The manifest of a snapshot: which files it has, and which manifest came before it. Pure.

Manifests make a chain over everything that was ever published: who holds the newest one can tell whether an earlier
snapshot was changed, removed, added or moved. The manifest is signed as canonical JSON, its signature kept beside it
(RFC 7515 appendix F). Source: monitoring notes §4.5.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gateway.errors import IntegrityFailed
from gateway.monitoring.documents import canonical_json, head_fields
from gateway.monitoring.observations import SnapshotHead

FIRST = "0" * 64
"""Stands where a predecessor's digest would, in the first manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedManifest:
    """A manifest as it was signed."""

    body: bytes
    signature: str
    """Compact JWS without its payload."""

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal digits, over the body."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file of a snapshot."""

    name: str
    body: bytes
    rows_count: int


def manifest_body(
    head: SnapshotHead, files: Sequence[FileEntry], *, position: int, previous_digest: str, reasons: Sequence[str] = ()
) -> bytes:
    """Give what is signed. `position` counts the publications of the province from 1; `reasons` are a restatement's."""
    return canonical_json(
        {
            "snapshot": head_fields(head),
            "position": position,
            "previous_sha256": previous_digest,
            "reasons": list(reasons),
            "files": [
                {
                    "name": one.name,
                    "size_bytes": len(one.body),
                    "rows_count": one.rows_count,
                    "sha256": sha256(one.body).hexdigest(),
                }
                for one in sorted(files, key=lambda one: one.name)
            ],
        }
    )


def check_chain(manifests: Sequence[tuple[SignedManifest, Mapping[str, Any]]], *, after: str = FIRST) -> str:
    """Hold manifests, in order with what their bodies say, against each other; give the digest of the last.

    `after` is the digest of the manifest before the first one given. Raises IntegrityFailed naming the first snapshot
    that does not follow.
    """
    digest, position = after, None
    for signed, told in manifests:
        name = str(told.get("snapshot", {}).get("id", ""))
        if told.get("previous_sha256") != digest:
            raise IntegrityFailed(f"the manifest of {name} does not follow the one before it", code="chain_broken")
        if position is not None and told.get("position") != position + 1:
            raise IntegrityFailed(f"the manifest of {name} is out of order", code="chain_broken")
        digest, position = signed.digest, int(told.get("position", 0))
    return digest


def check_files(told: Mapping[str, Any], read: Callable[[str], bytes]) -> None:
    """Hold the files of a snapshot against its manifest. Raises IntegrityFailed naming the first that differs."""
    for entry in told["files"]:
        body = read(str(entry["name"]))
        if (len(body), sha256(body).hexdigest()) != (entry["size_bytes"], entry["sha256"]):
            raise IntegrityFailed(f"the file {entry['name']} is not what the manifest states", code="file_differs")
