"""Sealing: what is sealed opens only unchanged, in its own place, with its own ring."""

import os
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, IntegrityFailed
from gateway.vault.keyring import FileKeyRing, create_key_ring, load_key_ring

RING = FileKeyRing({"k1": b"1" * 32, "k2": b"2" * 32}, "k2")


def test_sealed_content_comes_back() -> None:
    """A record key made from its wrapped form opens what the first one sealed."""
    key = RING.new_record_key()
    sealed = key.seal(b"content", context=b"place")

    assert b"content" == RING.open_record_key(key.wrapped).unseal(sealed, context=b"place")
    assert b"content" not in sealed


def test_equal_content_seals_differently_each_time() -> None:
    """Nobody can tell from two blobs that they hold the same."""
    key = RING.new_record_key()

    assert key.seal(b"content", context=b"") != key.seal(b"content", context=b"")


@pytest.mark.parametrize("place", [0, 5, 12, -1])
def test_any_changed_byte_is_found(place: int) -> None:
    """Verification raises for a change anywhere in nonce, content or tag."""
    key = RING.new_record_key()
    sealed = bytearray(key.seal(b"content", context=b"place"))
    sealed[place] ^= 1

    with pytest.raises(IntegrityFailed):
        key.unseal(bytes(sealed), context=b"place")


@pytest.mark.parametrize("sealed", [b"", b"short", b"0" * 27])
def test_what_is_too_short_is_refused(sealed: bytes) -> None:
    """A truncated blob is an integrity failure like any other."""
    with pytest.raises(IntegrityFailed):
        RING.new_record_key().unseal(sealed, context=b"")


def test_a_blob_cannot_be_moved_to_another_place() -> None:
    """The context is bound in."""
    key = RING.new_record_key()

    with pytest.raises(IntegrityFailed):
        key.unseal(key.seal(b"content", context=b"dossier:1:1"), context=b"dossier:1:2")


@pytest.mark.parametrize("place", [0, 1, 3, 10, -1])
def test_a_changed_wrapped_key_is_refused(place: int) -> None:
    """Every byte of a wrapped key counts, its version and key id included."""
    wrapped = bytearray(RING.new_record_key().wrapped)
    wrapped[place] ^= 1

    with pytest.raises(IntegrityFailed):
        RING.open_record_key(bytes(wrapped))


def test_another_ring_opens_nothing() -> None:
    """A key wrapped by an unknown ring key, or by another key of the same id, is refused."""
    wrapped = RING.new_record_key().wrapped

    for other in (FileKeyRing({"k1": b"1" * 32}, "k1"), FileKeyRing({"k2": b"3" * 32}, "k2")):
        with pytest.raises(IntegrityFailed):
            other.open_record_key(wrapped)


def test_digests_survive_a_rotation_of_the_active_key() -> None:
    """Content digests stay comparable when a newer key becomes active."""
    before = FileKeyRing({"k1": b"1" * 32}, "k1")

    assert before.digest(b"content") == RING.digest(b"content")
    assert RING.digest(b"content") != RING.digest(b"other")


def test_a_ring_is_made_once_and_kept(tmp_path: Path) -> None:
    """Making a ring where one is gives that one; its file is readable by its owner only."""
    path = tmp_path / "keys" / "ring.toml"
    wrapped = create_key_ring(path).new_record_key().wrapped

    create_key_ring(path).open_record_key(wrapped)

    assert 0o600 == os.stat(path).st_mode & 0o777
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize(
    ("text", "mode", "fields"),
    [
        ('active = "k1"\n[keys]\nk1 = "###"\nk2 = "AAAA"\n', 0o600, {"keys.k1"}),
        ('active = "k9"\n[keys]\nk1 = "AAAA"\n', 0o600, {"keys.k1", "active"}),
        ("active = 1", 0o600, {"ring.toml"}),
        ("not toml", 0o600, {"ring.toml"}),
        ('active = "k1"\n[keys]\nk1 = "AAAA"\n', 0o644, {"ring.toml"}),
    ],
)
def test_a_bad_ring_stops_the_start_and_names_every_fault(
    tmp_path: Path, text: str, mode: int, fields: set[str]
) -> None:
    """Faults name the place and the rule, never key material."""
    path = tmp_path / "ring.toml"
    path.write_text(text)
    path.chmod(mode)

    with pytest.raises(ConfigurationError) as caught:
        load_key_ring(path)

    assert fields == {fault.field.rpartition("/")[2] for fault in caught.value.faults}
    assert "AAAA" not in str(caught.value)
