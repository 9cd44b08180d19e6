"""Folders that a database server may live in."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NEEDED_BYTES = 2 * 1024**3


def _memory() -> Path | None:
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free > _NEEDED_BYTES else None


@contextmanager
def server_folder(*, prefers_memory: bool = False) -> Iterator[Path]:
    """Give a folder of its own below the system's temporary one, and remove it at the end.

    With `prefers_memory` it lies in memory where the system has such a place with room: copying databases is then five
    times as quick.

    Not pytest's: every session of pytest closes the common root of its folders to other accounts, and PostgreSQL, which
    runs as another account when the tests run as root, would lose its files when two sessions run at once.
    """
    with tempfile.TemporaryDirectory(
        prefix="lien-thong-test-", dir=_memory() if prefers_memory else None, ignore_cleanup_errors=True
    ) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
