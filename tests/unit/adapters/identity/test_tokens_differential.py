"""Two verifiers, one verdict: PyJWT, told the same algorithms, audience, issuer and leeway, agrees with ours.

PyJWT looks at the machine's clock, so both do here, and no case comes nearer than five seconds to a bound; the bounds
themselves are in the tests of the claims. Where ours is stricter, the last test says in what.
"""

import json
from datetime import datetime
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity.tokens import UnknownKey
from gateway.clocks import SystemClock
from gateway.model.identity import SignInRefused
from tests.unit.adapters.identity.signed_tokens import CLIENT, ISSUER, NONCE, RULES, b64, key_set, rsa_key, verify

LEEWAY = 30
KEYS = key_set()
_OFFSETS = st.integers(-600, 3600).filter(lambda offset: abs(abs(offset) - LEEWAY) > 5)
_PAST = st.integers(-590, 3600).filter(lambda offset: abs(offset - LEEWAY) > 5)
_AUDIENCES = st.sampled_from([CLIENT, [CLIENT], "other", [], ["other"], CLIENT + " ", None, 5])
_ISSUERS = st.sampled_from([ISSUER, ISSUER + "/", ISSUER.upper(), "", None])


def is_taken_by_pyjwt(token: str) -> bool:
    try:
        jwt.decode(
            token,
            rsa_key().public_key(),
            algorithms=["RS256"],
            audience=CLIENT,
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
    except jwt.InvalidTokenError:
        return False
    return True


def is_taken_by_us(token: str, now: datetime) -> bool:
    try:
        verify(token, KEYS, RULES, now=now)
    except (SignInRefused, UnknownKey):
        return False
    return True


def payload(now: datetime, **changes: Any) -> dict[str, Any]:
    at = int(now.timestamp())
    good = {"iss": ISSUER, "aud": CLIENT, "sub": "u", "exp": at + 600, "iat": at, "nonce": NONCE}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(claims: dict[str, Any]) -> str:
    """Sign bytes, so that PyJWT's own checks when it makes a token do not stand in the way."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), rsa_key(), "RS256", headers={"kid": "k1"})


@given(_OFFSETS, _PAST, st.none() | _OFFSETS, _AUDIENCES, _ISSUERS)
def test_times_audience_and_issuer_are_judged_alike(
    exp: int, iat: int, nbf: int | None, audience: Any, issuer: str | None
) -> None:
    """Whatever combination comes, both take it or both refuse it."""
    now = SystemClock().now()
    at = int(now.timestamp())
    changes = {"exp": at + exp, "iat": at + iat, "nbf": None if nbf is None else at + nbf}
    token = signed(payload(now, **changes, aud=audience, iss=issuer))
    assert is_taken_by_pyjwt(token) == is_taken_by_us(token, now)


@pytest.mark.parametrize("missing", ["exp", "iat", "iss", "aud"])
def test_missing_claims_are_judged_alike(missing: str) -> None:
    """What is required here, PyJWT refuses to do without as well."""
    now = SystemClock().now()
    token = signed(payload(now, **{missing: None}))
    assert (False, False) == (is_taken_by_pyjwt(token), is_taken_by_us(token, now))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_damaged_tokens_are_judged_alike(place: int, change: int) -> None:
    """No changed byte of header, payload or signature gets past either."""
    now = SystemClock().now()
    parts = [bytearray(jwt.utils.base64url_decode(part)) for part in signed(payload(now)).split(".")]
    lengths = [len(part) for part in parts]
    place %= sum(lengths)
    for part in parts:
        if place < len(part):
            part[place] ^= change
            break
        place -= len(part)
    token = ".".join(b64(bytes(part)) for part in parts)
    assert (False, False) == (is_taken_by_pyjwt(token), is_taken_by_us(token, now))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_are_judged_alike(algorithm: str) -> None:
    """The list of algorithms binds both."""
    now = SystemClock().now()
    token = jwt.encode(payload(now), rsa_key(), algorithm, headers={"kid": "k1"})
    assert (False, False) == (is_taken_by_pyjwt(token), is_taken_by_us(token, now))


def test_a_good_token_passes_both() -> None:
    """The agreement above is not one of refusing everything."""
    now = SystemClock().now()
    token = signed(payload(now))
    assert (True, True) == (is_taken_by_pyjwt(token), is_taken_by_us(token, now))


@pytest.mark.parametrize(
    "stricter",
    [
        pytest.param(lambda at: {"iat": at - 1200}, id="made long ago"),
        pytest.param(lambda at: {"aud": [CLIENT, "stranger"]}, id="a stranger in the audience"),
        pytest.param(lambda at: {"azp": "stranger"}, id="another authorised party"),
        pytest.param(lambda at: {"exp": at + 600.5}, id="fractions of a second"),
        pytest.param(lambda at: {"exp": str(at + 600)}, id="a time as text"),
        pytest.param(lambda at: {"nonce": "of another"}, id="another nonce"),
        pytest.param(lambda at: {"sub": "x" * 256}, id="a long subject"),
    ],
)
def test_what_ours_refuses_beyond_pyjwt(stricter: Any) -> None:
    """PyJWT takes these, and an OpenID client must not (OIDC Core §3.1.3.7)."""
    now = SystemClock().now()
    token = signed(payload(now, **stricter(int(now.timestamp()))))
    assert (True, False) == (is_taken_by_pyjwt(token), is_taken_by_us(token, now))
