"""Key files are private from their first moment, whole or absent, and reading them never surprises."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from certs.files import MAX_FILE_BYTES, make_private_directory, read_file, write_private, write_public

Write = Callable[[str, bytes, int], Path]


def test_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """A secret has mode 0600 whatever the umask, also when it replaces an open file."""
    path = tmp_path / "some.key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        write_private(path, b"new")
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert b"new" == path.read_bytes()
    assert ["some.key"] == os.listdir(tmp_path)


def test_public_file_may_be_read_by_others(tmp_path: Path) -> None:
    """A certificate has mode 0644 whatever the umask."""
    before = os.umask(0o077)
    try:
        write_public(tmp_path / "some.pem", b"x")
    finally:
        os.umask(before)
    assert 0o644 == stat.S_IMODE((tmp_path / "some.pem").stat().st_mode)


def test_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    """When the target cannot be replaced, the draft with the secret is removed."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_private(tmp_path / "taken", b"secret")
    assert ["taken"] == os.listdir(tmp_path)


def test_new_directory_is_private(tmp_path: Path) -> None:
    """A directory for keys is open to its owner only."""
    make_private_directory(tmp_path / "made")
    assert 0o700 == stat.S_IMODE((tmp_path / "made").stat().st_mode)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(0o600, False), (0o400, False), (0o640, False), (0o440, False), (0o660, True), (0o604, True), (0o601, True)],
)
def test_exposure_by_mode(write_file: Write, mode: int, expected: bool) -> None:
    """The group may read a key and do no more; others may do nothing."""
    assert expected is read_file(write_file("some.key", b"x", mode)).is_exposed


def test_problems_are_values(write_file: Write, tmp_path: Path) -> None:
    """A missing, empty, oversized or special file is told as a problem and never raises or blocks."""
    os.mkfifo(tmp_path / "pipe")
    expected = {
        tmp_path / "missing": "no such file or directory",
        tmp_path: "not a regular file",
        tmp_path / "pipe": "not a regular file",
        write_file("empty", b"", 0o600): "an empty file",
        write_file("huge", b"x" * (MAX_FILE_BYTES + 1), 0o600): f"more than {MAX_FILE_BYTES} bytes",
        write_file("full", b"x" * MAX_FILE_BYTES, 0o600): "",
    }
    assert expected == {path: read_file(path).problem for path in expected}


def test_digest_follows_content_mode_and_readability(write_file: Write) -> None:
    """Whatever matters to a loader changes the digest; a touch with equal content does not."""
    path = write_file("some.pem", b"one", 0o600)
    first = read_file(path).digest()
    os.utime(path, (1, 1))
    assert first == read_file(path).digest()
    path.chmod(0o640)
    second = read_file(path).digest()
    path.write_bytes(b"two")
    third = read_file(path).digest()
    path.unlink()
    assert 4 == len({first, second, third, read_file(path).digest()})
