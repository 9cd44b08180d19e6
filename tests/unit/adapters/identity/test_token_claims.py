"""Claims of ID tokens: who made it, for whom, when, for which sign-in, and by which authentication."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.model.identity import EidCode, SignInRefused
from tests.unit.adapters.identity.signed_tokens import (
    AT,
    BACKCHANNEL,
    CLIENT,
    GONE,
    ISSUER,
    NONCE,
    RULES,
    at_hash,
    b64,
    claims,
    raw_token,
    verify,
)

OF_ACR = dataclasses.replace(RULES, accepted_acr=frozenset({"LoA2", "LoA3"}))
TRUSTING = dataclasses.replace(RULES, trusted_audiences=frozenset({"account"}))
WITHOUT_LEEWAY = dataclasses.replace(RULES, leeway_seconds=0)
INVALID = EidCode.TOKEN_INVALID


def refusal(token: str, **how: Any) -> tuple[EidCode, str]:
    with pytest.raises(SignInRefused) as caught:
        verify(token, **how)
    return caught.value.eid, caught.value.reason


@pytest.mark.parametrize(
    "issuer",
    [
        GONE,
        None,
        "",
        5,
        [ISSUER],
        ISSUER + "/",
        ISSUER.upper(),
        ISSUER.replace("https", "http"),
        ISSUER + " ",
        "https://other.example",
    ],
)
def test_n55_the_issuer_is_equal_sign_for_sign(issuer: Any) -> None:
    """Neither a slash nor a capital letter nor another scheme is overlooked."""
    assert (EidCode.ISSUER_MISMATCH, "issuer") == refusal(signed(iss=issuer))


def signed(**changes: Any) -> str:
    """Sign by hand: PyJWT itself refuses to make some of what is wrong here."""
    return raw_token(json.dumps(claims(**changes)).encode())


@pytest.mark.parametrize(
    ("audience", "reason"),
    [
        (GONE, "audience"),
        (None, "audience"),
        ("", "audience"),
        ([], "audience"),
        ({CLIENT: 1}, "audience"),
        (5, "audience"),
        ("another-client", "audience"),
        ([["lien-thong"]], "audience"),
        (CLIENT.upper(), "audience"),
        ("lien-thong-tablets", "audience"),
        ([CLIENT, "stranger"], "stranger_in_audience"),
        ([CLIENT, 5], "stranger_in_audience"),
        ([CLIENT, CLIENT], "authorised_party"),
    ],
)
def test_n56_n57_n75_the_token_is_for_us_alone(audience: Any, reason: str) -> None:
    """Another audience, another of our own clients, and a stranger beside us are refused."""
    assert (INVALID, reason) == refusal(signed(aud=audience))


@pytest.mark.parametrize("party", ["stranger", "", None, 5, CLIENT + " "])
def test_n58_the_authorised_party_is_us(party: Any) -> None:
    """`azp` is us whenever it is there, and must be there with several audiences."""
    assert (INVALID, "authorised_party") == refusal(signed(azp=party))
    assert (INVALID, "authorised_party") == refusal(signed(aud=[CLIENT, "account"], azp=party), rules=TRUSTING)


def test_trusted_audiences_may_stand_beside_us() -> None:
    """A listed audience passes with `azp`, and is refused without it."""
    assert verify(signed(aud=[CLIENT, "account"], azp=CLIENT), rules=TRUSTING).has_nonce
    assert verify(signed(aud=[CLIENT])).has_nonce
    assert (INVALID, "authorised_party") == refusal(signed(aud=[CLIENT, "account"]), rules=TRUSTING)
    assert (INVALID, "audience") == refusal(signed(aud="account", azp=CLIENT), rules=TRUSTING)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": AT - 29}, ""),
        ({"exp": AT - 30}, "expired"),
        ({"exp": AT - 31}, "expired"),
        ({"iat": AT + 30}, ""),
        ({"iat": AT + 31}, "issued_in_future"),
        ({"iat": AT - 630}, ""),
        ({"iat": AT - 631}, "issued_long_ago"),
        ({"iat": AT - 1200}, "issued_long_ago"),
        ({"nbf": AT + 30}, ""),
        ({"nbf": AT + 31}, "not_yet_valid"),
    ],
)
def test_n59_n60_n61_n62_times_count_with_thirty_seconds_of_leeway(changes: dict[str, int], reason: str) -> None:
    """Each bound holds to the second: 29 s after expiry passes, 30 s does not; 10 minutes old passes, more does not."""
    if reason:
        assert (INVALID, reason) == refusal(signed(**changes))
    else:
        assert verify(signed(**changes)).has_nonce


def test_leeway_is_what_the_settings_say() -> None:
    """Without leeway a token ends at its `exp`."""
    assert verify(signed(exp=AT + 1), rules=WITHOUT_LEEWAY).has_nonce
    assert (INVALID, "expired") == refusal(signed(exp=AT), rules=WITHOUT_LEEWAY)
    assert (INVALID, "issued_in_future") == refusal(signed(iat=AT + 1), rules=WITHOUT_LEEWAY)


@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "auth_time"])
@pytest.mark.parametrize(
    "written", [f'"{AT}"', f"{AT}.5", "1e400", "1e10", "-1", "0", "253402300800", "9" * 400, "true", "[]", "{}"]
)
def test_n64_times_are_whole_numbers_of_a_possible_size(name: str, written: str) -> None:
    """Text, fractions, infinity and years after 9999 are no instants, though a JSON parser takes them."""
    payload = json.dumps(claims(**{name: "@"})).replace('"@"', written)
    assert (INVALID, f"{name}_form") == refusal(raw_token(payload.encode()))


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_a_token_without_times_is_refused(name: str) -> None:
    """`exp` and `iat` are always there."""
    assert (INVALID, f"{name}_form") == refusal(signed(**{name: GONE}))
    assert (INVALID, f"{name}_form") == refusal(signed(**{name: None}))


@pytest.mark.parametrize(
    "nonce", [GONE, None, "", 5, [NONCE], NONCE.upper(), NONCE + " ", "n-of-another-transaction", "\ud800", "é"]
)
def test_n63_the_nonce_is_that_of_this_sign_in(nonce: Any) -> None:
    """A missing, wrong or foreign nonce is refused with its own code."""
    assert (EidCode.NONCE_MISMATCH, "nonce") == refusal(signed(nonce=nonce))


def test_a_nonce_may_be_missing_only_where_the_provider_is_known_for_it() -> None:
    """Where its absence is tolerated it is told, and a wrong one is refused all the same."""
    assert not verify(signed(nonce=GONE), is_nonce_optional=True).has_nonce
    assert verify(signed(), is_nonce_optional=True).has_nonce
    for wrong in ("other", None, ""):
        assert (EidCode.NONCE_MISMATCH, "nonce") == refusal(signed(nonce=wrong), is_nonce_optional=True)


@pytest.mark.parametrize(
    "subject", [GONE, None, "", 5, True, ["x"], "x" * 256, "x" * 300, "Nguyễn", "a\x00b", "a\nb", "\x7f"]
)
def test_n65_the_subject_is_short_printable_ascii(subject: Any) -> None:
    """Missing, empty, numeric, long and non-ASCII subjects are refused; 255 characters are the longest."""
    assert (INVALID, "subject_form") == refusal(signed(sub=subject))


def test_the_longest_subject_passes() -> None:
    """255 characters are taken whole."""
    assert "x" * 255 == verify(signed(sub="x" * 255)).subject


@pytest.mark.parametrize("value", [None, "", 5, [], at_hash("another token"), at_hash("opaque-access-token") + "="])
def test_n66_the_hash_of_the_access_token_is_right_when_it_is_there(value: Any) -> None:
    """An ID token that was made with another access token is refused."""
    assert (INVALID, "access_token_hash") == refusal(signed(at_hash=value))


def test_the_right_hash_passes() -> None:
    """`at_hash` is the left half of the digest (OIDC Core §3.1.3.6)."""
    assert verify(signed(at_hash=at_hash("opaque-access-token"))).has_nonce


@pytest.mark.parametrize("acr", [GONE, None, "", "LoA1", "loa2", "9", 2, ["LoA2"], {"LoA2": 1}])
def test_n67_an_acr_that_is_not_accepted_is_too_low(acr: Any) -> None:
    """Where the settings name what is accepted, anything else fails closed, whatever its form."""
    assert (EidCode.LEVEL_TOO_LOW, "acr") == refusal(signed(acr=acr), rules=OF_ACR)


def test_an_accepted_acr_passes() -> None:
    """What is on the list passes."""
    assert "LoA3" == verify(signed(acr="LoA3"), rules=OF_ACR).tokens.acr


@pytest.mark.parametrize(
    ("moment", "max_age", "expected"),
    [
        (GONE, None, None),
        (None, None, None),
        (GONE, 300, (EidCode.LEVEL_TOO_LOW, "authentication_too_old")),
        (None, 300, (EidCode.LEVEL_TOO_LOW, "authentication_too_old")),
        (AT - 330, 300, None),
        (AT - 331, 300, (EidCode.LEVEL_TOO_LOW, "authentication_too_old")),
        (AT - 86_400, None, None),
        (AT - 31, 0, (EidCode.LEVEL_TOO_LOW, "authentication_too_old")),
        (AT + 30, None, None),
        (AT + 31, None, (INVALID, "authenticated_in_future")),
    ],
)
def test_n68_the_authentication_is_as_fresh_as_was_asked(
    moment: Any, max_age: int | None, expected: tuple[EidCode, str] | None
) -> None:
    """With `max_age` sent, `auth_time` must be there and young enough; it is never in the future."""
    if expected is not None:
        assert expected == refusal(signed(auth_time=moment), max_age_seconds=max_age)
        return
    told = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else None
    assert told == verify(signed(auth_time=moment), max_age_seconds=max_age).tokens.authenticated_at


GOOD = json.dumps(claims())[1:-1]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(f'{{{GOOD},"sub":"other"}}'.encode(), "not_a_json_object", id="N71 a member twice"),
        pytest.param(
            f'{{{GOOD},"more":{{"a":1,"a":1}}}}'.encode(), "not_a_json_object", id="N71 a member twice, deep inside"
        ),
        pytest.param(f'{{{GOOD},"x":"\xff"}}'.encode("latin-1"), "not_a_json_object", id="N72 no UTF-8"),
        pytest.param(f"{{{GOOD}}}".encode("utf-16"), "not_a_json_object", id="N72 UTF-16"),
        pytest.param(f'{{{GOOD},"x":{"[" * 4000}{"]" * 4000}}}'.encode(), "not_a_json_object", id="N73 deep nesting"),
        pytest.param(f'{{{GOOD},"x":NaN}}'.encode(), "not_a_json_object", id="N64 NaN"),
        pytest.param(f'{{{GOOD},"x":-Infinity}}'.encode(), "not_a_json_object", id="N64 infinity"),
        pytest.param(f'{{{GOOD},"x":{"9" * 5000}}}'.encode(), "not_a_json_object", id="N64 a number of 5000 digits"),
        pytest.param(b"", "not_a_json_object", id="nothing"),
        pytest.param(b"\xef\xbb\xbf{}", "not_a_json_object", id="a byte order mark"),
        pytest.param(f"[{{{GOOD}}}]".encode(), "not_a_json_object", id="a list"),
        pytest.param(b"null", "not_a_json_object", id="null"),
    ],
)
def test_n71_n72_n73_what_is_no_clear_json_object_is_refused(payload: bytes, reason: str) -> None:
    """A well signed payload that two parsers could read differently is refused."""
    assert (INVALID, reason) == refusal(raw_token(payload))


@pytest.mark.parametrize(
    "header", [b"", b"[]", b"null", b'{"alg":"none","alg":"RS256","kid":"k1"}', b'{"alg":"RS256","kid":NaN}', b"\xff"]
)
def test_a_header_that_is_no_clear_json_object_is_refused(header: bytes) -> None:
    """The same holds for the header, before any key is looked for."""
    eid, reason = refusal(raw_token(json.dumps(claims()).encode(), header))
    assert (INVALID, True) == (eid, reason in ("not_a_json_object", "not_a_json_object"))


def test_n74_a_logout_token_without_a_type_is_no_id_token() -> None:
    """`events` gives a logout token away, even with a nonce and a subject."""
    assert (INVALID, "logout_token") == refusal(signed(events={BACKCHANNEL: {}}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amr": "pwd"}, ("", ())),
        ({"amr": [5, "pwd", "x" * 41]}, ("", ("", "pwd", ""))),
        ({"amr": ["a"] * 12, "sid": "x" * 256}, ("", ("a",) * 10)),
        ({"sid": "a\nb"}, ("", ())),
        ({"sid": 5}, ("", ())),
        ({"sid": "s" * 255}, ("s" * 255, ())),
    ],
)
def test_what_is_kept_beside_the_subject_has_a_form(
    changes: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    """Session and methods are kept when they are short printable text, and are otherwise empty: they prove nothing."""
    facts = verify(signed(**changes)).tokens
    assert expected == (facts.session_id, facts.amr)


@pytest.mark.parametrize("segment", ["!", b64(b"{}") + "=", "a", "e3\n0", "é"])
def test_segments_are_base64url_or_refused(segment: str) -> None:
    """What is no base64url is refused at whichever place it stands."""
    parts = signed().split(".")
    for place in range(3):
        changed = [segment if place == at else part for at, part in enumerate(parts)]
        assert refusal(".".join(changed))[0] is INVALID
