"""Folders that a database server may live in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server_folder() -> Iterator[Path]:
    """Give a folder of its own below the system's temporary one, and remove it at the end.

    Not pytest's: every session of pytest closes the common root of its folders to other accounts, and PostgreSQL, which
    runs as another account when the tests run as root, would lose its files when two sessions run at once.
    """
    with tempfile.TemporaryDirectory(prefix="lien-thong-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
