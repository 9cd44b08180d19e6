"""Reading and writing of key material: what is read is bounded, what is written is whole and private."""

import os
import secrets
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

# A bundle with every public root is about 230 KB; anything above this is not a certificate file.
MAX_FILE_BYTES = 1_048_576

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644
DIRECTORY_MODE = 0o700

# Others may do nothing with a key and the group may at most read it (a service account that is not the owner).
EXPOSED_BITS = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


@dataclass(frozen=True, slots=True)
class FileState:
    """One file as it was read: content and permission bits, or the problem that prevented it."""

    path: Path
    content: bytes
    mode: int
    problem: str = ""

    @property
    def is_exposed(self) -> bool:
        """Tell whether accounts other than owner and group (read only) can get at the file."""
        return bool(self.mode & EXPOSED_BITS)

    def digest(self) -> bytes:
        """Give a digest that changes when content, permissions or readability change."""
        return sha256(f"{self.path}\0{self.mode:o}\0{self.problem}\0".encode() + self.content).digest()


def read_file(path: Path) -> FileState:
    """Read a whole file, following symbolic links. Never raises for the file's state: `problem` tells it."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return FileState(path, b"", 0, "not a regular file")
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return FileState(path, b"", 0, (error.strerror or "cannot be read").lower())
    if len(content) > MAX_FILE_BYTES:
        return FileState(path, b"", mode, f"more than {MAX_FILE_BYTES} bytes")
    if not content:
        return FileState(path, b"", mode, "an empty file")
    return FileState(path, content, mode)


def write_private(path: Path, content: bytes) -> None:
    """Write a secret with mode 0600, whole or not at all; a reader never sees a part of it."""
    _write(path, content, PRIVATE_MODE)


def write_public(path: Path, content: bytes) -> None:
    """Write a certificate or other public file with mode 0644, whole or not at all."""
    _write(path, content, PUBLIC_MODE)


def make_private_directory(path: Path) -> None:
    """Create the directory and its parents when missing; a new one is open to its owner only."""
    path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)


def _write(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # The draft is born private, so that no moment exists in which a key could be read by others.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
