"""ID tokens and logout tokens against the rules of the notes §14, row by row of §17, with PyJWT as the other judge.

Tokens are made by PyJWT or by hand, never by the library that verifies them.
"""

import base64
import json
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.identity.tokens import (
    IdToken,
    PublicKeys,
    TokenRules,
    UnknownKey,
    read_key_set,
    verify_id_token,
    verify_logout_token,
)
from gateway.model.identity import SignInRefused

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
RULES = TokenRules(issuer="https://idp.example/oauth2/token", client_id="gateway")
NONCE, ACCESS = "n" * 22, "access-token"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
DIGEST = base64.urlsafe_b64encode(sha256(ACCESS.encode()).digest()[:16]).decode().rstrip("=")
CLAIMS: dict[str, Any] = {
    "iss": RULES.issuer,
    "aud": ["gateway"],
    "azp": "gateway",
    "sub": "1b1c0de0",
    "iat": AT - 1,
    "exp": AT + 3600,
    "nonce": NONCE,
    "at_hash": DIGEST,
}
LOGOUT: dict[str, Any] = {
    "iss": RULES.issuer,
    "aud": "gateway",
    "iat": AT,
    "exp": AT + 120,
    "jti": "j1",
    "sid": "s1",
    "events": {LOGOUT_EVENT: {}},
}


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Give a key of this run by its name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(name: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key()))
    return {**made, "kid": name, "use": "sig", "alg": "RS256", **more}


def key_set(*entries: dict[str, Any]) -> PublicKeys:
    return read_key_set(json.dumps({"keys": list(entries) or [jwk("k1")]}).encode())


def token(claims: dict[str, Any], *, kid: str | None = "k1", **header: Any) -> str:
    made = {name: value for name, value in {"kid": kid, **header}.items() if value is not None}
    return jwt.encode(claims, key("k1"), algorithm="RS256", headers=made)


def verified(text: str, keys: PublicKeys | None = None, rules: TokenRules = RULES, **changes: Any) -> IdToken:
    given: dict[str, Any] = {
        "now": NOW,
        "nonce": NONCE,
        "is_nonce_optional": False,
        "access_token": ACCESS,
        "max_age_seconds": None,
        **changes,
    }
    return verify_id_token(text, keys or key_set(), rules, **given)


def reason(text: str, **changes: Any) -> str:
    """Give the reason of the refusal."""
    with pytest.raises(SignInRefused) as caught:
        verified(text, **changes)
    assert "1b1c0de0" not in str(caught.value)
    return caught.value.reason


def test_a_right_token() -> None:
    """What a right token says is kept; the token itself only as a digest."""
    text = token(CLAIMS | {"acr": "LoA2", "amr": ["pwd", "otp"], "sid": "s1", "auth_time": AT - 5})
    found = verified(text)

    assert ("1b1c0de0", True) == (found.subject, found.has_nonce)
    assert (("pwd", "otp"), "LoA2", "s1") == (found.tokens.amr, found.tokens.acr, found.tokens.session_id)
    assert sha256(text.encode()).digest() == found.tokens.id_token_sha256


@pytest.mark.parametrize(
    ("row", "change", "expected"),
    [
        ("N55", {"iss": RULES.issuer + "/"}, "issuer"),
        ("N55", {"iss": RULES.issuer.upper()}, "issuer"),
        ("N55", {"iss": RULES.issuer.replace("https", "http")}, "issuer"),
        ("N55", {"iss": None}, "issuer"),
        ("N56", {"aud": "somebody"}, "audience"),
        ("N56", {"aud": []}, "audience"),
        ("N56", {"aud": {"gateway": 1}}, "audience"),
        ("N57", {"aud": ["gateway", "stranger"]}, "stranger_in_audience"),
        ("N57", {"aud": ["gateway", 7]}, "stranger_in_audience"),
        ("N58", {"azp": "stranger"}, "authorised_party"),
        ("N58", {"azp": None}, "authorised_party"),
        ("N59", {"exp": AT - 30}, "expired"),
        ("N60", {"iat": AT + 31}, "issued_in_future"),
        ("N61", {"iat": AT - 631}, "issued_long_ago"),
        ("N62", {"nbf": AT + 31}, "not_yet_valid"),
        ("N63", {"nonce": "another"}, "nonce"),
        ("N63", {"nonce": None}, "nonce"),
        ("N63", {"nonce": 5}, "nonce"),
        ("N64", {"exp": str(AT + 3600)}, "exp_form"),
        ("N64", {"exp": AT + 3600.5}, "exp_form"),
        ("N64", {"exp": 10**400}, "exp_form"),
        ("N64", {"exp": True}, "exp_form"),
        ("N65", {"sub": ""}, "subject_form"),
        ("N65", {"sub": 42}, "subject_form"),
        ("N65", {"sub": "s" * 256}, "subject_form"),
        ("N65", {"sub": "chủ-thể"}, "subject_form"),
        ("N66", {"at_hash": "wrong"}, "access_token_hash"),
        ("N74", {"events": {LOGOUT_EVENT: {}}}, "logout_token"),
        ("N75", {"aud": ["another-client"], "azp": "another-client"}, "audience"),
    ],
)
def test_n55_to_n75_claims(row: str, change: dict[str, Any], expected: str) -> None:
    """Each claim that is not right is refused by its own rule."""
    # PyJWT itself refuses to write some of these; by hand nothing is refused.
    assert expected == reason(by_hand(CLAIMS | change)), row


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "nonce", "sub"])
def test_missing_claims(claim: str) -> None:
    """What a token must say it must say."""
    assert reason(token({name: value for name, value in CLAIMS.items() if name != claim}))


@pytest.mark.parametrize(
    "change",
    [{"exp": AT - 29}, {"iat": AT + 30}, {"iat": AT - 630, "exp": AT + 1}, {"nbf": AT + 30}, {"aud": "gateway"}],
)
def test_n59_to_n62_edges(change: dict[str, Any]) -> None:
    """Up to the leeway clocks may differ."""
    assert verified(token(CLAIMS | change)).subject


def by_hand(claims: Any, header: dict[str, Any] | None = None, *, signed: bool = True) -> str:
    def part(value: Any) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    head = part({"alg": "RS256", "kid": "k1", **(header or {})})
    text = f"{head}.{part(claims)}"
    signature = key("k1").sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()) if signed else b""
    return f"{text}.{part(signature)}"


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "None"}, {"alg": "RS512"}, {"alg": "PS256"}, {"crit": ["x"], "x": 1}, {"typ": "at+jwt"}],
)
def test_n40_to_n46_n74_headers(header: dict[str, Any]) -> None:
    """Algorithms that were not agreed, demands that are not known and other kinds of tokens are refused."""
    assert reason(by_hand(CLAIMS, header, signed=header.get("alg", "").lower() != "none"))


def test_n41_public_key_as_secret() -> None:
    """A token signed with the public key as a shared secret is no token of ours."""
    pem = jwk("k1")["n"].encode()
    text = jwt.encode(CLAIMS, pem, algorithm="HS256", headers={"kid": "k1"})

    assert reason(text)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_n43_n44_anything_changed(place: int) -> None:
    """Whatever is changed in one of its parts, the signature holds no more."""
    parts = token(CLAIMS).split(".")
    other = token(CLAIMS | {"sub": "another"}).split(".")
    parts[place] = other[place] if place else by_hand(CLAIMS, {"x": 1}).split(".")[0]

    assert reason(".".join(parts))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u"])
def test_n45_keys_in_the_header(name: str) -> None:
    """Whatever a token says of keys is not looked at: the key is chosen from the provider's own set."""
    value = jwk("stranger") if name == "jwk" else "https://stranger.example/keys"
    text = jwt.encode(CLAIMS, key("stranger"), algorithm="RS256", headers={"kid": "k1", name: value})

    assert reason(text)


def test_n47_n48_key_ids() -> None:
    """Without an id the only key is meant, and among two none; an id that is not known is a reason to look anew."""
    two = key_set(jwk("k1"), jwk("k2"))

    assert verified(token(CLAIMS, kid=None)).subject
    assert "key_not_named" == reason(token(CLAIMS, kid=None), keys=two)
    with pytest.raises(UnknownKey):
        verified(token(CLAIMS, kid="k9"))


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "AAAA", "kid": "k1"},
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"d": "AAAA"},
        {"n": "AQAB"},
        {"n": "####"},
        {"kty": "EC", "crv": "P-521"},
        "no object",
    ],
)
def test_n52_n53_keys_that_verify_nothing(entry: Any) -> None:
    """Weak, private, symmetric and encryption keys are left out, and counted."""
    made = jwk("k1") | entry if isinstance(entry, dict) and "kty" not in entry else entry
    keys = read_key_set(json.dumps({"keys": [made]}).encode())

    assert ((), 1) == (keys.keys, keys.skipped_count)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":{}}', b"\xff", b'{"keys":[' + b"{}," * 20 + b"{}]}"])
def test_key_sets_that_are_none(body: bytes) -> None:
    """What is no key set, or too large, says so."""
    with pytest.raises(ValueError, match="key set"):
        read_key_set(body)
    with pytest.raises(ValueError, match="too large"):
        read_key_set(b" " * 70_000)


def test_weak_rsa_and_p256() -> None:
    """1024 bits are too few; P-256 is taken where it was agreed."""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(weak.public_key())) | {"kid": "w"}
    curve = ec.generate_private_key(ec.SECP256R1())
    p256 = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(curve.public_key())) | {"kid": "e"}
    text = jwt.encode(CLAIMS, curve, algorithm="ES256", headers={"kid": "e"})
    es256 = TokenRules(issuer=RULES.issuer, client_id="gateway", algorithms=("ES256",))

    assert 1 == key_set(entry).skipped_count
    assert verified(text, key_set(p256), es256).subject
    assert reason(text, keys=key_set(p256))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d.e",
        "....",
        "é.é.é",
        "a" * 17_000,
        by_hand(b'{"sub":"a","sub":"b"}'),
        by_hand(b"\xff\xfe"),
        by_hand(b'{"exp":NaN}'),
        by_hand(b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"),
        by_hand([1]),
    ],
    ids=lambda text: text[:12],
)
def test_n69_to_n73_no_tokens(text: str) -> None:
    """Sizes, shapes and texts that no token has are refused before anything else."""
    assert reason(text)


@pytest.mark.parametrize(
    ("claims", "changes", "expected"),
    [
        ({}, {"max_age_seconds": 60}, "authentication_too_old"),
        ({"auth_time": AT - 91}, {"max_age_seconds": 60}, "authentication_too_old"),
        ({"auth_time": AT + 31}, {}, "authenticated_in_future"),
        (
            {"acr": "LoA1"},
            {"rules": TokenRules(issuer=RULES.issuer, client_id="gateway", accepted_acr=("LoA2",))},
            "acr",
        ),
        ({}, {"rules": TokenRules(issuer=RULES.issuer, client_id="gateway", accepted_acr=("LoA2",))}, "acr"),
    ],
)
def test_n67_n68_authentication(claims: dict[str, Any], changes: dict[str, Any], expected: str) -> None:
    """How and when somebody was authenticated is asked of the token, not of what was wished."""
    assert expected == reason(token(CLAIMS | claims), **changes)
    assert verified(token(CLAIMS | {"auth_time": AT - 90}), max_age_seconds=60).subject


def test_nonce_may_be_missing_only_where_it_is_known_to_be() -> None:
    """A provider that returns no nonce is configured so; a wrong one is refused there as well."""
    without = {name: value for name, value in CLAIMS.items() if name != "nonce"}

    assert not verified(token(without), is_nonce_optional=True).has_nonce
    assert "nonce" == reason(token(CLAIMS | {"nonce": "another"}), is_nonce_optional=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"aud": "another"}, "audience"),
        ({"iss": "https://another.example"}, "issuer"),
        ({"nonce": NONCE}, "nonce_in_logout_token"),
        ({"events": {}}, "no_logout_event"),
        ({"events": None}, "no_logout_event"),
        ({"events": {LOGOUT_EVENT: True}}, "no_logout_event"),
        ({"exp": AT - 30}, "expired"),
        ({"iat": AT - 700}, "issued_long_ago"),
        ({"jti": None}, None),
        ({"sid": None}, None),
    ],
)
def test_n140_logout_tokens(change: dict[str, Any], expected: str | None) -> None:
    """A logout token is all that it must be, and nothing that it must not."""
    claims = {name: value for name, value in (LOGOUT | change).items() if value is not None}
    with pytest.raises(SignInRefused) as caught:
        verify_logout_token(token(claims), key_set(), RULES, now=NOW)

    assert expected in (None, caught.value.reason)
    right = verify_logout_token(token(LOGOUT, typ="logout+jwt"), key_set(), RULES, now=NOW)
    assert ("s1", "j1") == (right.session_id, right.token_id)


@settings(max_examples=150, deadline=None)
@given(
    exp=st.integers(AT - 100, AT + 100),
    iat=st.integers(AT - 400, AT + 100),
    nbf=st.none() | st.integers(AT - 100, AT + 100),
    issuer=st.sampled_from([RULES.issuer, "https://another.example"]),
    audience=st.sampled_from(["gateway", ["gateway"], "another", ["another"]]),
    signer=st.sampled_from(["k1", "stranger"]),
)
def test_two_judges(exp: int, iat: int, nbf: int | None, issuer: str, audience: Any, signer: str) -> None:
    """On signature, issuer and audience another library and ours say the same; times are compared by their rules."""
    claims = CLAIMS | {"exp": exp, "iat": iat, "iss": issuer, "aud": audience}
    if nbf is not None:
        claims["nbf"] = nbf
    text = jwt.encode(claims, key(signer), algorithm="RS256", headers={"kid": "k1"})

    try:
        jwt.decode(
            text,
            key("k1").public_key(),
            algorithms=["RS256"],
            audience="gateway",
            issuer=RULES.issuer,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        theirs = exp > AT - 30 and iat <= AT + 30 and (nbf is None or nbf <= AT + 30)
    except jwt.InvalidTokenError:
        theirs = False
    try:
        verified(text)
        ours = True
    except SignInRefused:
        ours = False
    assert theirs == ours


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: by_hand(raw)))
def test_anything_is_refused_in_order(text: str) -> None:
    """Whatever comes, it is refused as a sign-in, and never by another error."""
    with pytest.raises((SignInRefused, UnknownKey)):
        verified(text)
