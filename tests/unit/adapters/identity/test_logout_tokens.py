"""Back-channel logout tokens (OIDC Back-Channel Logout 1.0 §2.6): anybody may send one, so only the token counts."""

import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from gateway.model.identity import EidCode, SignInRefused
from tests.unit.adapters.identity.signed_tokens import (
    AT,
    BACKCHANNEL,
    GONE,
    ISSUER,
    b64,
    claims,
    logout_claims,
    raw_token,
    rsa_key,
    rsa_token,
    verify_logout,
)


def signed(typ: Any = "logout+jwt", **changes: Any) -> str:
    header = {"alg": "RS256", "kid": "k1"} | ({} if typ is GONE else {"typ": typ})
    return raw_token(json.dumps(logout_claims(**changes)).encode(), header)


@pytest.mark.parametrize("typ", ["logout+jwt", "Logout+JWT", "JWT", GONE])
@pytest.mark.parametrize(
    ("sid", "sub", "expected"),
    [("s-1", GONE, ("s-1", "")), (GONE, "u-1", ("", "u-1")), ("s" * 255, "u" * 255, ("s" * 255, "u" * 255))],
)
def test_a_good_logout_token_names_who_has_left(typ: Any, sid: Any, sub: Any, expected: tuple[str, str]) -> None:
    """Session, subject or both are given, with the token's own id and end for the record of tokens seen."""
    notice = verify_logout(signed(typ, sid=sid, sub=sub))
    assert expected == (notice.session_id, notice.subject)
    assert (ISSUER, "one", datetime.fromtimestamp(AT + 120, UTC)) == (
        notice.issuer,
        notice.token_id,
        notice.expires_at,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "another"}, "audience"),
        ({"aud": GONE}, "audience"),
        ({"nonce": "n"}, "nonce_in_logout_token"),
        ({"nonce": None}, "nonce_in_logout_token"),
        ({"events": GONE}, "no_logout_event"),
        ({"events": None}, "no_logout_event"),
        ({"events": [BACKCHANNEL]}, "no_logout_event"),
        ({"events": {}}, "no_logout_event"),
        ({"events": {BACKCHANNEL: None}}, "no_logout_event"),
        ({"events": {BACKCHANNEL.upper(): {}}}, "no_logout_event"),
        ({"sid": GONE}, "nobody_named"),
        ({"sid": None}, "nobody_named"),
        ({"sid": ""}, "subject_form"),
        ({"sid": 5}, "subject_form"),
        ({"sid": "x" * 256}, "subject_form"),
        ({"sub": ""}, "subject_form"),
        ({"sub": ["x"]}, "subject_form"),
        ({"sub": "a\x00b"}, "subject_form"),
        ({"sid": "\ud800"}, "subject_form"),
        ({"jti": GONE}, "no_token_id"),
        ({"jti": ""}, "no_token_id"),
        ({"jti": 5}, "no_token_id"),
        ({"jti": "x" * 256}, "no_token_id"),
        ({"jti": "\ud800"}, "no_token_id"),
        ({"jti": "a\x00"}, "no_token_id"),
        ({"exp": GONE}, "exp_form"),
        ({"exp": AT - 30}, "expired"),
        ({"iat": GONE}, "iat_form"),
        ({"iat": AT - 631}, "issued_long_ago"),
        ({"iat": AT + 31}, "issued_in_future"),
    ],
)
def test_n140_a_logout_token_that_breaks_a_rule_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Each rule of §2.6 on its own is reason enough; names that no database could keep are none."""
    with pytest.raises(SignInRefused) as caught:
        verify_logout(signed(**changes))
    assert (EidCode.TOKEN_INVALID, reason) == (caught.value.eid, caught.value.reason)


def test_n140_the_issuer_must_be_ours() -> None:
    """A logout token of another issuer ends nothing here."""
    with pytest.raises(SignInRefused) as caught:
        verify_logout(signed(iss="https://other.example"))
    assert EidCode.ISSUER_MISMATCH == caught.value.eid


UNSIGNED = json.dumps(logout_claims()).encode()


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (f"{b64(b'{}')}.{b64(UNSIGNED)}.", "algorithm"),
        (".".join([jwt.encode({}, "", "none", headers={"kid": "k1"}).split(".")[0], b64(UNSIGNED), ""]), "algorithm"),
        (jwt.encode(logout_claims(), "s" * 32, "HS256", headers={"kid": "k1"}), "algorithm"),
        (jwt.encode(logout_claims(), rsa_key("thief"), "RS256", headers={"kid": "k1"}), "signature"),
        (signed("at+jwt"), "token_type"),
        (signed("id_token"), "token_type"),
        ("", "not_three_segments"),
        ("x" * 20_000, "token_too_large"),
    ],
)
def test_n140_unsigned_and_wrongly_signed_logout_tokens_are_refused(token: str, reason: str) -> None:
    """No algorithm, another's key and another type are refused before the claims are read."""
    with pytest.raises(SignInRefused) as caught:
        verify_logout(token)
    assert (EidCode.TOKEN_INVALID, reason) == (caught.value.eid, caught.value.reason)


def test_an_id_token_ends_no_session() -> None:
    """Whoever has an ID token cannot send it as a logout token."""
    with pytest.raises(SignInRefused, match="no_logout_event"):
        verify_logout(rsa_token(claims(sid="s-1", jti="one")))
