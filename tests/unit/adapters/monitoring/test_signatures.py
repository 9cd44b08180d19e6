"""Detached signatures are verified by what was agreed, and by nothing that they say of themselves."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from adapters.monitoring.sandbox.findings import FindingKind, Refused
from adapters.monitoring.sandbox.signatures import read_key_set, read_signature, verify

PRIVATE = ec.generate_private_key(ec.SECP256R1())
BODY = b'{"position":1}'


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key(**more: Any) -> dict[str, Any]:
    numbers = PRIVATE.public_key().public_numbers()
    x, y = (encoded(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256", "x": x, "y": y, **more}


def sign(**header: Any) -> str:
    """Sign well with ES256, whatever the header says."""
    head = encoded(json.dumps({"alg": "ES256", "kid": "k1", **header}).encode())
    r, s = decode_dss_signature(PRIVATE.sign(f"{head}.{encoded(BODY)}".encode(), ec.ECDSA(hashes.SHA256())))
    return f"{head}..{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def test_a_good_signature_is_verified() -> None:
    """The keys beside it may be of kinds that are not understood."""
    verify(read_signature(sign()), BODY, read_key_set({"keys": [key(), key(kid="k2", alg="RS256", kty="RSA")]}))


@pytest.mark.parametrize(
    "text",
    [
        sign(alg="EdDSA"),
        sign(alg="ES384"),
        sign(alg=["ES256"]),
        sign(kid=None),
        sign(kid="k9"),
        sign(crit=["b64"], b64=False),
        sign(b64=False),
        sign() + "A",
        sign()[:-4],
        sign().replace("..", ".e30."),
        sign() + "=",
        "..",
        None,
        "A" * 5000,
    ],
)
def test_anything_else_is_refused(text: object) -> None:
    """Another algorithm than the key's, headers that ask for more, other lengths and forms."""
    with pytest.raises(Refused) as caught:
        verify(read_signature(text), BODY, read_key_set({"keys": [key()]}))
    assert FindingKind.SIGNATURE_FAILED is caught.value.kind


@pytest.mark.parametrize(
    "keys",
    [
        [],
        None,
        [key(), key()],
        [key(d="AA")],
        [key(alg=None)],
        [key(kid="")],
        [key(x="AA")],
        [key(kty="OKP")],
        [key(y="!")],
        ["k1"],
    ],
)
def test_a_key_set_that_breaks_the_agreement_is_refused(keys: object) -> None:
    """No key is guessed, none is private, none is off its curve."""
    with pytest.raises(Refused) as caught:
        read_key_set({"keys": keys})
    assert FindingKind.CONTRACT_BROKEN is caught.value.kind
