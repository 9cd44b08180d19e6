"""Key rings for tests, made of nothing secret."""

from hashlib import sha256

from gateway.vault.keyring import FileKeyRing


def make_key_ring(name: str = "test") -> FileKeyRing:
    """Give a ring in memory; the same name gives the same ring."""
    return FileKeyRing({"k1": sha256(name.encode()).digest()}, "k1")
