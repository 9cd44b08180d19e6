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
from mappings.identity import P3_NAMES, ClaimRules, ReadClaims, read_claims

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


def test_n100_n102_n103_n104_n105_n112_one_refusal() -> None:
    """Another key, odd lengths, bad padding, no JSON, no object: one refusal for all."""
    data, wrapped = sealed(json.dumps(FACTS).encode())
    refused(*map(text, sealed(json.dumps(FACTS).encode(), "stranger")))
    refused(text(data), text(sealed(b"", "stranger")[1]))
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


WHOLE = FACTS | {"birthDate": "31/01/1999", "accountType": 1, "accountLevel": 2}
BLOCKS = len(json.dumps(WHOLE)) // 16 + 1


def read(data: bytes, wrapped: bytes) -> ReadClaims:
    opened, _ = unseal_object(text(data), text(wrapped), [key("new")])
    return read_claims(opened, ClaimRules(names=P3_NAMES, level_claim="accountLevel"), issuer="i", subject="s")


@settings(max_examples=300, deadline=None)
@given(st.permutations(range(BLOCKS)))
def test_n106_reordered_blocks(order: list[int]) -> None:
    """Blocks may be put in another order by anybody: what comes out is refused by the schema or the claims' rules, or
    names the same person."""
    data, wrapped = sealed(json.dumps(WHOLE).encode())
    assert len(data) == 16 * BLOCKS
    try:
        found = read(b"".join(data[16 * place : 16 * place + 16] for place in order), wrapped)
    except SignInRefused:
        return
    assert FACTS["citizenPid"] == found.facts.personal_id


def test_n106_moved_blocks_of_text() -> None:
    """Two blocks of a name change places and JSON does not notice; the number is whose it was, and a number that was
    put together from other blocks is none."""
    # Sixteen signs each, so that what is exchanged is whole.
    blocks = [b'{"accountType":1', b',"citizenPid":  ', b'"999199000001"  ', b',"fullName":"AAA', b"BBBBBBBBBBBBBBBB"]
    blocks += [b"CCCCCCCCCCCCCCCC", b'"              }']
    assert {16} == {len(block) for block in blocks}

    def opened(*order: int) -> ReadClaims:
        return read(*sealed(b"".join(blocks[place] for place in order)))

    right, moved = opened(0, 1, 2, 3, 4, 5, 6), opened(0, 1, 2, 3, 5, 4, 6)
    assert right.facts.full_name != moved.facts.full_name
    assert "999199000001" == right.facts.personal_id == moved.facts.personal_id
    for order in ((0, 1, 2, 2, 3, 4, 5, 6), (0, 1, 3, 2, 4, 5, 6), (0, 1, 2, 1, 2, 3, 4, 5, 6), (0, 3, 4, 5, 6)):
        with pytest.raises(SignInRefused):
            opened(*order)


def test_n108_members_elsewhere() -> None:
    """An answer is sealed when it is an object of exactly the two members, as texts."""
    assert ("d", "k") == sealed_parts({"data": "d", "key": "k"})
    for document in ({"data": "d"}, {"data": "d", "key": "k", "error": "e"}, {"data": 1, "key": "k"}, {}):
        assert sealed_parts(document) is None


@pytest.mark.parametrize("other", [str.maketrans("+", " "), str.maketrans("+/", "-_"), str.maketrans("=", " ")])
def test_n110_other_alphabets(other: dict[int, int]) -> None:
    """A code is standard base64: with spaces for its plus signs, or in the alphabet for addresses, it opens nothing."""
    data, wrapped = map(text, sealed(GUID.encode()))
    while not ("+" in wrapped and "/" in wrapped):
        data, wrapped = map(text, sealed(GUID.encode()))

    assert GUID == unseal_code(data, wrapped, [key("new")])
    with pytest.raises(SignInRefused) as caught:
        unseal_code(data.translate(other), wrapped.translate(other), [key("new")])
    assert (EidCode.ENVELOPE_INVALID, "envelope") == (caught.value.eid, caught.value.reason)


@pytest.mark.parametrize("code", [GUID, f"{GUID}.{GUID}"])
def test_codes(code: str) -> None:
    """A sealed code is made of what GUIDs joined by dots are made of; anything else that opens is none."""
    data, wrapped = sealed(code.encode())

    assert code == unseal_code(text(data), text(wrapped), [key("new")])
    for other in (b"", b"-", b"a b", b"<a>", b"\xff"):
        wrong_data, wrong_key = sealed(other)
        with pytest.raises(SignInRefused):
            unseal_code(text(wrong_data), text(wrong_key), [key("new")])
