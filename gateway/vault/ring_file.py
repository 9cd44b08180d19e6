"""The file of the key ring: reading, checking, and replacing it in one step.

TOML, readable by its owner only:

    active = "k2"                # wraps new records
    next = "k3"                  # only while a rotation is under way: known to the ring, not yet used
    digest_key = "<base64>"      # keyed digests and blind indexes hang on it; it is never rotated with the others
    [keys]
    k1 = "<base64 of 32 random bytes>"
    k2 = "<base64 of 32 random bytes>"

Files from before have no `digest_key`: theirs is derived from the key whose id sorts first, as it always was, and is
written down with the first change that the gateway makes to the file.
"""

import base64
import binascii
import contextlib
import hmac
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.errors import ConfigurationError, Fault

KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RingDocument:
    """What a ring file holds. `digest_key` is always there: stated, or derived as in older files."""

    keys: Mapping[str, bytes]
    active: str
    next: str | None
    digest_key: bytes

    def __repr__(self) -> str:
        # The keys themselves must never stand in a traceback or a log.
        return f"RingDocument(keys={sorted(self.keys)}, active={self.active!r}, next={self.next!r})"


def derive_digest_key(keys: Mapping[str, bytes]) -> bytes:
    """Give the digest key of a ring that states none: it hangs on the key whose id sorts first."""
    return hmac.digest(keys[min(keys)], b"lien-thong content digest", sha256)


def mark_of(key: bytes) -> str:
    """Give a sign by which processes compare keys without showing them: 12 hexadecimal digits."""
    return hmac.digest(key, b"lien-thong key mark", sha256).hex()[:12]


def ring_faults(keys: Mapping[str, bytes], active: str, next_id: str | None, digest_key: bytes | None) -> list[Fault]:
    """Name all that is wrong with a ring. No key is shown."""
    faults = [Fault(f"keys.{key_id}", "must be 32 bytes") for key_id, key in keys.items() if len(key) != KEY_BYTES]
    faults += [
        Fault(f"keys.{key_id}", "id must be 1 to 40 letters, digits, _ or -")
        for key_id in keys
        if not _KEY_ID.fullmatch(key_id)
    ]
    if active not in keys:
        faults.append(Fault("active", "must name one of the keys"))
    if next_id is not None and (next_id not in keys or next_id == active):
        faults.append(Fault("next", "must name another of the keys"))
    if digest_key is not None and len(digest_key) != KEY_BYTES:
        faults.append(Fault("digest_key", "must be 32 bytes"))
    return faults


def read_ring(path: Path) -> RingDocument:
    """Read a ring file. Raises ConfigurationError listing every fault (missing, readable by others, not base64)."""
    faults: list[Fault] = []
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            faults.append(Fault(str(path), "must be readable by its owner only", f"mode {mode & 0o777:o}"))
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError([Fault(str(path), "must be a readable file", type(error).__name__)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([Fault(str(path), "must be TOML")]) from error
    entries, active = document.get("keys"), document.get("active")
    if not isinstance(entries, dict) or not entries or not isinstance(active, str):
        raise ConfigurationError([*faults, Fault(str(path), 'must hold "active" and a [keys] table')])
    keys: dict[str, bytes] = {}
    for key_id, text in entries.items():
        keys[key_id] = _decoded(str(text), f"keys.{key_id}", faults)
    stated = document.get("digest_key")
    digest_key = None if stated is None else _decoded(str(stated), "digest_key", faults)
    next_id = document.get("next")
    if not faults:
        faults = ring_faults(keys, active, None if next_id is None else str(next_id), digest_key)
    if faults:
        raise ConfigurationError(faults)
    return RingDocument(keys=keys, active=active, next=next_id, digest_key=digest_key or derive_digest_key(keys))


def _decoded(text: str, field: str, faults: list[Fault]) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        faults.append(Fault(field, "must be base64"))
        return b""


def ring_text(document: RingDocument) -> bytes:
    """Write a ring as its file holds it."""
    lines = [f'active = "{document.active}"']
    if document.next is not None:
        lines.append(f'next = "{document.next}"')
    lines += [
        "# Digests and blind indexes hang on it. Never change it: see docs/decisions/0022.",
        f'digest_key = "{_encoded(document.digest_key)}"',
        "",
        "[keys]",
        *(f'{key_id} = "{_encoded(key)}"' for key_id, key in document.keys.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def replace_ring(path: Path, document: RingDocument) -> None:
    """Put a ring in the place of the one that is there: a reader sees the old one or the new one, whole.

    Raises ConfigurationError when it cannot be written; the old one is then still in place.
    """
    faults = ring_faults(document.keys, document.active, document.next, document.digest_key)
    if faults:
        raise ConfigurationError(faults)
    try:
        draft = _draft(path, ring_text(document))
        try:
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        rule = "must be writable here; where it comes from elsewhere, change it there"
        raise ConfigurationError([Fault(str(path), rule, type(error).__name__)]) from error


def write_once(path: Path, content: bytes) -> None:
    """Write a secret file (mode 0600) unless it is there already.

    Written aside and linked into place: two processes starting at once end up with one file, and never half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
