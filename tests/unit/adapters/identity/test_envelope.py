"""Sealed answers: what opens them, and that nothing else does (electronic identity notes §6.2, N100-N112)."""

import base64
import json
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.identity.envelope import sealed_parts, unseal_code, unseal_object
from gateway.model.identity import EidCode, SignInRefused

FACTS = {"citizenPid": "999199000001", "fullName": "NGUYỄN THỊ THỬ"}
GUID = "0b6f2f3c-6d0e-4b8e-9a53-0f2f9a6c1d10"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sealed(content: bytes, name: str = "new", *, pads: bool = True, secret: bytes = b"k" * 32) -> tuple[bytes, bytes]:
    """Seal by hand: data and wrapped key."""
    missing = 16 - len(content) % 16
    padded = content + bytes([missing]) * missing if pads else content + b"\0" * (-len(content) % 16)
    encryptor = Cipher(algorithms.AES(secret), modes.ECB()).encryptor()
    data = encryptor.update(padded) + encryptor.finalize()
    return data, key(name).public_key().encrypt(secret, padding.PKCS1v15())


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def refused(data: str, wrapped: str) -> None:
    """Every failure is the same, to the letter."""
    with pytest.raises(SignInRefused) as caught:
        unseal_object(data, wrapped, [key("new")])
    assert (EidCode.ENVELOPE_INVALID, "envelope") == (caught.value.eid, caught.value.reason)


@pytest.mark.parametrize("length", [16, 24, 32])
def test_opening(length: int) -> None:
    """Every length of AES key opens."""
    data, wrapped = sealed(json.dumps(FACTS).encode(), secret=b"s" * length)

    assert (FACTS, 0) == unseal_object(text(data), text(wrapped), [key("new")])


def test_n109_old_key_beside_the_new_one() -> None:
    """While a key is changed, both open; which one it was is told."""
    data, wrapped = sealed(json.dumps(FACTS).encode(), "old")

    assert (FACTS, 1) == unseal_object(text(data), text(wrapped), [key("new"), key("old")])
    refused(text(data), text(wrapped))


def test_n100_to_n105_n112_one_refusal() -> None:
    """Another key, odd lengths, bad padding, no JSON, no object: one refusal for all."""
    data, wrapped = sealed(json.dumps(FACTS).encode())
    for content in (b"no json", b"[1]", b'{"a":1,"a":2}', b"\xff\xfe", b""):
        refused(*map(text, sealed(content)))
    refused(text(data[:-1]), text(wrapped))
    refused(text(data), text(wrapped[:-1]))
    refused(text(data), "not base64!")
    refused("", text(wrapped))
    refused(*map(text, sealed(json.dumps(FACTS).encode(), pads=False)))
    refused("A" * 500_000, text(wrapped))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 255), st.integers(0, 7))
def test_n101_flipped_bits_of_the_key(place: int, bit: int) -> None:
    """A damaged key opens nothing, whether RSA notices or not."""
    data, wrapped = sealed(json.dumps(FACTS).encode())
    damaged = bytearray(wrapped)
    damaged[place] ^= 1 << bit
    refused(text(data), text(bytes(damaged)))


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(4)))
def test_n106_reordered_blocks(order: list[int]) -> None:
    """Blocks may be put in another order by anybody: what comes out is refused, or is another object for the claims'
    rules to refuse."""
    data, wrapped = sealed(json.dumps(FACTS).encode())
    moved = b"".join(data[16 * place : 16 * place + 16] for place in order) + data[64:]
    try:
        opened, _ = unseal_object(text(moved), text(wrapped), [key("new")])
    except SignInRefused:
        return
    assert isinstance(opened, dict)


def test_n108_members_elsewhere() -> None:
    """An answer is sealed when it is an object of exactly the two members, as texts."""
    assert ("d", "k") == sealed_parts({"data": "d", "key": "k"})
    for document in ({"data": "d"}, {"data": "d", "key": "k", "error": "e"}, {"data": 1, "key": "k"}, {}):
        assert sealed_parts(document) is None


@pytest.mark.parametrize("code", [GUID, f"{GUID}.{GUID}"])
def test_codes(code: str) -> None:
    """A sealed code is made of what GUIDs joined by dots are made of; anything else that opens is none."""
    data, wrapped = sealed(code.encode())

    assert code == unseal_code(text(data), text(wrapped), [key("new")])
    for other in (b"", b"-", b"a b", b"<a>", b"\xff"):
        wrong_data, wrong_key = sealed(other)
        with pytest.raises(SignInRefused):
            unseal_code(text(wrong_data), text(wrong_key), [key("new")])
