"""A ring that follows its file: what is good is taken, what is bad is told, and digests never change silently."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, IntegrityFailed
from gateway.vault.keyring import FileKeyRing, ReloadingKeyRing, create_key_ring, load_key_ring
from gateway.vault.ring_file import derive_digest_key, read_ring, replace_ring


class Seconds:
    """A monotonic clock in the hand of the test."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def add_key(path: Path, key_id: str, *, active: str | None = None) -> None:
    """Change the file as a rotation does."""
    document = read_ring(path)
    keys = {**document.keys, key_id: key_id.encode().ljust(32, b"x")}
    replace_ring(path, replace(document, keys=keys, active=active or document.active))


def test_a_record_of_a_key_that_was_just_added_opens_without_being_told(tmp_path: Path) -> None:
    """Another process may use the new key first; looking at the file is limited to once a second."""
    path, seconds = tmp_path / "ring.toml", Seconds()
    create_key_ring(path)
    ring = ReloadingKeyRing(path, monotonic=seconds)
    stranger = FileKeyRing({"k9": b"9" * 32}, "k9").new_record_key().wrapped
    with pytest.raises(IntegrityFailed):
        ring.open_record_key(stranger)

    add_key(path, "k2", active="k2")
    wrapped = load_key_ring(path).new_record_key().wrapped
    with pytest.raises(IntegrityFailed):
        ring.open_record_key(wrapped)
    seconds.now = 1.0

    assert wrapped == ring.open_record_key(wrapped).wrapped
    assert "k2" == ring.current.active_id


def test_a_bad_file_is_told_and_the_ring_goes_on(tmp_path: Path) -> None:
    """Half a file, or one that others may read, changes nothing until it is good again."""
    path = tmp_path / "ring.toml"
    create_key_ring(path)
    good = path.read_bytes()
    ring = ReloadingKeyRing(path, monotonic=Seconds())
    wrapped = ring.new_record_key().wrapped

    path.write_text("active = ")
    assert (True, True) == (ring.refresh(), ring.problem is not None)
    assert False is ring.refresh()
    ring.open_record_key(wrapped)

    path.write_bytes(good)
    assert (True, None) == (ring.refresh(), ring.problem)


def test_another_digest_key_is_never_taken(tmp_path: Path) -> None:
    """Digests would find nobody any more; a person must have meant it, and it is not done by a file."""
    path = tmp_path / "ring.toml"
    create_key_ring(path)
    ring = ReloadingKeyRing(path, monotonic=Seconds())
    before = ring.digest(b"content")

    replace_ring(path, replace(read_ring(path), digest_key=b"d" * 32))

    assert ring.refresh()
    assert isinstance(ring.problem, ConfigurationError)
    assert ["digest_key"] == [fault.field for fault in ring.problem.faults]
    assert before == ring.digest(b"content")


def test_an_older_file_keeps_its_digests_when_a_key_sorts_before_its_own(tmp_path: Path) -> None:
    """What was derived from its key is written down with the first change, so "k10" beside "k2" harms nothing."""
    path = tmp_path / "ring.toml"
    path.touch(mode=0o600)
    path.write_text('active = "k2"\n[keys]\nk2 = "' + "MTEx" * 10 + 'MTE="\n')
    before = load_key_ring(path).digest(b"content")

    add_key(path, "k10", active="k10")

    assert before == load_key_ring(path).digest(b"content")
    assert read_ring(path).digest_key != derive_digest_key(read_ring(path).keys)
    assert 0o600 == path.stat().st_mode & 0o777


def test_wrapping_anew_leaves_what_is_sealed_as_it_is() -> None:
    """Only the wrapping changes: the blob opens by the rewrapped key, and the old ring opens it no more."""
    old = FileKeyRing({"k1": b"1" * 32}, "k1")
    new = FileKeyRing({"k1": b"1" * 32, "k2": b"2" * 32}, "k2")
    key = old.new_record_key()
    sealed = key.seal(b"content", context=b"place")

    wrapped = new.rewrap(key.wrapped)

    assert b"content" == new.open_record_key(wrapped).unseal(sealed, context=b"place")
    with pytest.raises(IntegrityFailed):
        old.open_record_key(wrapped)


def test_a_ring_that_is_shown_shows_no_key(tmp_path: Path) -> None:
    """Tracebacks and logs name ids only."""
    path = tmp_path / "ring.toml"
    create_key_ring(path)
    document = read_ring(path)

    assert "RingDocument(keys=['k1'], active='k1', next=None)" == repr(document)
