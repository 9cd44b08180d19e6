"""ID tokens and logout tokens against the rules of the notes §14, row by row of §17, with PyJWT as the other judge.

Tokens are made by PyJWT or by hand, never by the library that verifies them.
"""

import base64
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
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
    ("change", "expected"),
    [
        pytest.param({"iss": RULES.issuer + "/"}, "issuer", id="N55"),
        pytest.param({"iss": RULES.issuer.upper()}, "issuer", id="N55"),
        pytest.param({"iss": RULES.issuer.replace("https", "http")}, "issuer", id="N55"),
        pytest.param({"iss": None}, "issuer", id="N55"),
        pytest.param({"aud": "somebody"}, "audience", id="N56"),
        pytest.param({"aud": []}, "audience", id="N56"),
        pytest.param({"aud": {"gateway": 1}}, "audience", id="N56"),
        pytest.param({"aud": ["gateway", "stranger"]}, "stranger_in_audience", id="N57"),
        pytest.param({"aud": ["gateway", 7]}, "stranger_in_audience", id="N57"),
        pytest.param({"azp": "stranger"}, "authorised_party", id="N58"),
        pytest.param({"azp": None}, "authorised_party", id="N58"),
        pytest.param({"aud": ["another-client"], "azp": "another-client"}, "audience", id="N75"),
    ],
)
def test_n55_n56_n57_n58_n75_parties(change: dict[str, Any], expected: str) -> None:
    """Who made a token, and for whom, is compared sign for sign."""
    assert expected == reason(by_hand(CLAIMS | change))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"exp": AT - 30}, "expired", id="N59"),
        pytest.param({"iat": AT + 31}, "issued_in_future", id="N60"),
        pytest.param({"iat": AT - 631}, "issued_long_ago", id="N61"),
        pytest.param({"nbf": AT + 31}, "not_yet_valid", id="N62"),
        pytest.param({"exp": str(AT + 3600)}, "exp_form", id="N64"),
        pytest.param({"exp": AT + 3600.5}, "exp_form", id="N64"),
        pytest.param({"exp": 10**400}, "exp_form", id="N64"),
        pytest.param({"exp": True}, "exp_form", id="N64"),
    ],
)
def test_n59_n60_n61_n62_n64_times(change: dict[str, Any], expected: str) -> None:
    """Each instant is a whole number and within its bounds."""
    # PyJWT itself refuses to write some of these; by hand nothing is refused.
    assert expected == reason(by_hand(CLAIMS | change))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"nonce": "another"}, "nonce", id="N63"),
        pytest.param({"nonce": None}, "nonce", id="N63"),
        pytest.param({"nonce": 5}, "nonce", id="N63"),
        pytest.param({"sub": ""}, "subject_form", id="N65"),
        pytest.param({"sub": 42}, "subject_form", id="N65"),
        pytest.param({"sub": "s" * 256}, "subject_form", id="N65"),
        pytest.param({"sub": "chủ-thể"}, "subject_form", id="N65"),
        pytest.param({"at_hash": "wrong"}, "access_token_hash", id="N66"),
        pytest.param({"events": {LOGOUT_EVENT: {}}}, "logout_token", id="N74"),
    ],
)
def test_n63_n65_n66_n74_claims(change: dict[str, Any], expected: str) -> None:
    """Each claim that is not right is refused by its own rule."""
    assert expected == reason(by_hand(CLAIMS | change))


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "nonce", "sub"])
def test_missing_claims(claim: str) -> None:
    """What a token must say it must say."""
    assert reason(token({name: value for name, value in CLAIMS.items() if name != claim}))


@pytest.mark.parametrize(
    "change",
    [{"exp": AT - 29}, {"iat": AT + 30}, {"iat": AT - 630, "exp": AT + 1}, {"nbf": AT + 30}, {"aud": "gateway"}],
)
def test_n59_n60_n61_n62_edges(change: dict[str, Any]) -> None:
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
    ("header", "expected"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "None"}, "algorithm"),
        ({"alg": "RS512"}, "algorithm"),
        ({"alg": "PS256"}, "algorithm"),
        ({"crit": ["x"], "x": 1}, "critical_header"),
        ({"typ": "at+jwt"}, "token_type"),
        ({"typ": "logout+jwt"}, "token_type"),
    ],
)
def test_n40_n42_n46_n74_headers(header: dict[str, Any], expected: str) -> None:
    """Algorithms that were not agreed, demands that are not known and other kinds of tokens are refused."""
    assert expected == reason(by_hand(CLAIMS, header, signed=header.get("alg", "").lower() != "none"))


@pytest.mark.parametrize("algorithms", [("RS256",), ("RS256", "HS256")])
@pytest.mark.parametrize("form", ["pem", "der", "modulus"])
def test_n41_public_key_as_secret(form: str, algorithms: tuple[str, ...]) -> None:
    """A token signed with the public key as a shared secret is no token of ours, whatever the settings were to say."""
    public = key("k1").public_key()
    secret = {
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "modulus": jwk("k1")["n"].encode(),
    }[form]
    # By hand: PyJWT does not take a PEM for a secret.
    head, payload, _ = by_hand(CLAIMS, {"alg": "HS256"}, signed=False).split(".")
    digest = hmac.digest(secret, f"{head}.{payload}".encode(), "sha256")
    text = f"{head}.{payload}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
    rules = TokenRules(issuer=RULES.issuer, client_id="gateway", algorithms=algorithms)

    assert "algorithm" == reason(text, rules=rules)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_n43_n44_anything_changed(place: int) -> None:
    """Whatever is changed in one of its parts, the signature holds no more."""
    parts = token(CLAIMS).split(".")
    other = token(CLAIMS | {"sub": "another"}).split(".")
    parts[place] = other[place] if place else by_hand(CLAIMS, {"x": 1}).split(".")[0]

    assert "signature" == reason(".".join(parts))


@pytest.mark.parametrize("place", [0, 1, 100, 254, 255])
@pytest.mark.parametrize("bit", [0, 7])
def test_n43_flipped_bits_of_the_signature(place: int, bit: int) -> None:
    """One bit of the signature is enough, wherever it stands."""
    head, payload, signature = token(CLAIMS).split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[place] ^= 1 << bit

    assert "signature" == reason(f"{head}.{payload}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}")


def test_n43_no_signature() -> None:
    """An algorithm is named, and the signature is left out or another key's."""
    assert "signature" == reason(by_hand(CLAIMS, signed=False))
    assert "signature" == reason(jwt.encode(CLAIMS, key("stranger"), algorithm="RS256", headers={"kid": "k1"}))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5c", "x5u"])
def test_n45_keys_in_the_header(name: str) -> None:
    """Whatever a token says of keys is not looked at: the key is chosen from the provider's own set."""
    stranger = key("stranger")
    der = stranger.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    values: dict[str, Any] = {"jwk": jwk("stranger"), "x5c": [base64.b64encode(der).decode()]}
    header = {name: values.get(name, "https://stranger.example/keys")}

    assert "signature" == reason(jwt.encode(CLAIMS, stranger, algorithm="RS256", headers={"kid": "k1", **header}))
    with pytest.raises(UnknownKey):
        verified(jwt.encode(CLAIMS, stranger, algorithm="RS256", headers={"kid": "stranger", **header}))
    assert "key_not_named" == reason(
        jwt.encode(CLAIMS, stranger, algorithm="RS256", headers=header), keys=key_set(jwk("k1"), jwk("k2"))
    )


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


@pytest.mark.parametrize("length", [16 * 1024 + 1, 17 * 1024, 200 * 1024, 5 * 1024 * 1024])
def test_n69_tokens_that_are_too_long(length: int) -> None:
    """A token of more than 16 KiB is not even taken apart, well signed or not; up to there it is read."""
    empty = len(by_hand(CLAIMS | {"padding": ""}))
    # Three bytes are four characters: what is left over is cut off, since nobody gets as far as the signature.
    longest = by_hand(CLAIMS | {"padding": "x" * ((length - empty) * 3 // 4 + 8)})
    within = by_hand(CLAIMS | {"padding": "x" * ((16 * 1024 - empty) * 3 // 4 - 8)})

    assert "token_too_large" == reason(longest)
    assert "token_too_large" == reason("a" * length)
    assert 16_000 < len(within) <= 16 * 1024
    assert verified(within).subject


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "not_three_segments", id="nothing"),
        pytest.param("a.b", "not_three_segments", id="two"),
        pytest.param("a.b.c.d.e", "not_three_segments", id="N70 five"),
        pytest.param(token(CLAIMS) + ".AAAA.BBBB", "not_three_segments", id="N70 two more behind a right one"),
        pytest.param("....", "not_three_segments", id="N70 five empty ones"),
        pytest.param("é.é.é", "not_three_segments", id="not ASCII"),
        pytest.param(by_hand(b'{"sub":"a","sub":"b"}'), "not_a_json_object", id="N71 a member twice"),
        pytest.param(by_hand(b"\xff\xfe"), "not_a_json_object", id="N72 no UTF-8"),
        pytest.param(by_hand(b'{"exp":NaN}'), "not_a_json_object", id="NaN"),
        pytest.param(by_hand(b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"), "not_a_json_object", id="N73 nested deeply"),
        pytest.param(by_hand([1]), "not_a_json_object", id="a list"),
    ],
)
def test_n70_n71_n72_n73_no_tokens(text: str, expected: str) -> None:
    """Shapes and texts that no token has are refused."""
    assert expected == reason(text)


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
        ({"jti": None}, "no_token_id"),
        ({"sid": None}, "nobody_named"),
    ],
)
def test_n140_logout_tokens(change: dict[str, Any], expected: str) -> None:
    """A logout token is all that it must be, and nothing that it must not."""
    claims = {name: value for name, value in (LOGOUT | change).items() if value is not None}
    with pytest.raises(SignInRefused) as caught:
        verify_logout_token(token(claims), key_set(), RULES, now=NOW)

    assert expected == caught.value.reason
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
