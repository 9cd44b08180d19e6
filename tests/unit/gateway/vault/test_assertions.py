"""Assertions of the gateway, verified with another library than the one that signs them."""

import base64
import json
from hashlib import sha256
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.errors import ConfigurationError
from gateway.vault.assertions import Es256Signer, create_signing_key, load_signer


def test_signed_and_verified() -> None:
    """The first key signs; all are published, without their private part, under their thumbprints."""
    signer = Es256Signer([ec.generate_private_key(ec.SECP256R1()) for _ in range(2)])
    token = signer.sign({"iss": "https://gw.example", "aud": "portal", "sub": "x"})
    keys = [dict(key) for key in signer.public_keys()]
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, jwt.PyJWK(keys[0]), algorithms=["ES256"], audience="portal")

    assert "x" == claims["sub"]
    assert ("ES256", "identity-assertion+jwt", keys[0]["kid"]) == (header["alg"], header["typ"], header["kid"])
    assert 2 == len(keys)
    assert not any("d" in key for key in keys)
    for key in keys:  # RFC 7638
        members = {name: key[name] for name in ("crv", "kty", "x", "y")}
        digest = sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == key["kid"]


def test_other_keys_verify_nothing() -> None:
    """A key that is not published verifies no assertion."""
    signer, stranger = (Es256Signer([ec.generate_private_key(ec.SECP256R1())]) for _ in range(2))
    token = signer.sign({"aud": "portal"})
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, jwt.PyJWK(dict(stranger.public_keys()[0])), algorithms=["ES256"], audience="portal")


def test_files(tmp_path: Path) -> None:
    """Made once, readable by its owner only; every fault of every file is told."""
    good, weak, open_file = tmp_path / "good.pem", tmp_path / "rsa.pem", tmp_path / "open.pem"
    create_signing_key(good)
    made = good.read_bytes()
    create_signing_key(good)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    weak.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    weak.chmod(0o600)
    open_file.write_bytes(made)
    open_file.chmod(0o644)

    assert made == good.read_bytes()
    assert 0o600 == good.stat().st_mode & 0o777
    assert 1 == len(load_signer([good]).public_keys())
    with pytest.raises(ConfigurationError) as caught:
        load_signer([good, weak, open_file, tmp_path / "none.pem"])
    assert [1, 2, 3] == [int(fault.field.rpartition(".")[2]) for fault in caught.value.faults]
