"""Requests to the character, and the reading of whatever comes back (notes §2.3, §5.3, §11, §12)."""

import base64
import contextlib
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity import protocol
from adapters.transport import HttpAnswer
from gateway.errors import ContractBroken, CredentialsRefused, GatewayError
from gateway.model.identity import EidCode, ReturnRefused, SignInRefused
from gateway.ports.identity import FlightSecrets, Returned, Wanted
from tests.unit.adapters.identity.identity_settings import SEALED, make_settings

SECRETS = FlightSecrets(state="st/ate+1", nonce="no=nce", verifier="v" * 43)


def answer(body: Any, status: int = 200, content_type: str = "application/json") -> HttpAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status=status, content_type=content_type, body=raw)


def test_authorization_request() -> None:
    """State, nonce and challenge go out, percent-encoded, and the verifier does not."""
    fields = protocol.authorization_fields(make_settings(acr_values=["LoA1"]), SECRETS, Wanted())
    url = protocol.with_query("https://sso.test/oauth2/authorize?tenant=1", fields)

    assert {
        "tenant": "1",
        "response_type": "code",
        "client_id": "gateway",
        "redirect_uri": "https://gw.example/callbacks/identity/national",
        "scope": "openid",
        "acr_values": "LoA1",
        "state": "st/ate+1",
        "nonce": "no=nce",
        "code_challenge": protocol.code_challenge("v" * 43),
        "code_challenge_method": "S256",
    } == dict(parse_qsl(urlsplit(url).query))
    assert "st%2Fate%2B1" in url
    assert "v" * 43 not in url


def test_authorization_request_of_the_other_profiles() -> None:
    """The sealed profile has no nonce; wishes replace the default levels; what is switched off is not sent."""
    sealed = protocol.authorization_fields(make_settings(**SEALED), SECRETS, Wanted())
    wished = protocol.authorization_fields(
        make_settings(acr_values=["LoA1"], sends_pkce=False, uses_form_post=True),
        SECRETS,
        Wanted(acr_values=("LoA3", "LoA2"), prompt="login", max_age_seconds=0),
    )

    assert "nonce" not in sealed
    assert ("LoA3 LoA2", "login", "0", "form_post") == (
        wished["acr_values"],
        wished["prompt"],
        wished["max_age"],
        wished["response_mode"],
    )
    assert "code_challenge" not in wished


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
def test_token_request(way: str) -> None:
    """Form-encoded, never JSON, with the secret where it belongs, and never to be repeated."""
    given = make_settings(client_authentication=way, client_id="g:w", client_secret="s&é")
    request = protocol.token_request(given, "c+de", "", SECRETS, secret="s&é")
    fields = parse_qs((request.body or b"").decode())
    headers = dict(request.headers)

    assert "application/x-www-form-urlencoded" == headers["Content-Type"]
    assert request.is_write
    assert (["c+de"], ["v" * 43]) == (fields["code"], fields["code_verifier"])
    if way == "client_secret_basic":
        pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        assert "g%3Aw:s%26%C3%A9" == pair
        assert "client_secret" not in fields
    else:
        assert (["g:w"], ["s&é"]) == (fields["client_id"], fields["client_secret"])
        assert "Authorization" not in headers


@pytest.mark.parametrize("escapes", [True, False])
def test_n110_plus_signs(*, escapes: bool) -> None:
    """Base64 in the callback comes back as it was, whether its signs were escaped or not."""
    code, key = "a+b/c==", "k+/="
    written = [quote(text, safe="") if escapes else text for text in (code, key)]
    returned = protocol.read_return(f"code={written[0]}&encrypt_key={written[1]}&state=s+1")

    assert (code, key, "s 1") == (returned.code, returned.envelope_key, returned.state)


@pytest.mark.parametrize(("written", "read"), [("a%20b", "a b"), ("a-b_c", "a-b_c"), ("a%2Bb", "a+b"), ("a+b", "a+b")])
def test_n110_nothing_is_made_of_other_signs(written: str, read: str) -> None:
    """A space stays a space and the signs for addresses stay what they are: nobody guesses what was meant."""
    returned = protocol.read_return(f"code={written}&encrypt_key={written}&state=s")

    assert (read, read) == (returned.code, returned.envelope_key)


@pytest.mark.parametrize(
    ("raw", "reason", "state"),
    [
        ("", "neither_code_nor_error", ""),
        ("code=a", "no_state", ""),
        ("code=&state=s", "neither_code_nor_error", "s"),
        ("code=a&error=b&state=s", "code_and_error", "s"),
        ("code=a&code=a&state=s", "doubled_parameter", "s"),
        ("code=a&c%6fde=a&state=s", "doubled_parameter", "s"),
        ("code=a&state=s&state=t", "doubled_parameter", ""),
        ("code=%ff&state=s", "return_not_text", "s"),
        ("code=" + "a" * 17_000, "return_too_large", ""),
    ],
)
def test_n09_n10_n12_returns(raw: str, reason: str, state: str) -> None:
    """What contradicts itself is refused, and the one state that it holds is told."""
    with pytest.raises(ReturnRefused) as caught:
        protocol.read_return(raw)

    assert (reason, state) == (caught.value.reason, caught.value.state)


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["code=a", "state=s", "error=e", "iss=%", "&", "%zz", "+"])).map("&".join)
)
def test_any_return_is_read_or_refused(raw: str) -> None:
    """Nothing that a browser can send ends in another way."""
    with contextlib.suppress(ReturnRefused):
        assert isinstance(protocol.read_return(raw), Returned)


@pytest.mark.parametrize(
    ("error", "eid"),
    [
        ("access_denied", EidCode.CANCELLED),
        ("login_required", EidCode.LOGIN_REQUIRED),
        ("interaction_required", EidCode.LOGIN_REQUIRED),
        ("unmet_authentication_requirements", EidCode.LEVEL_TOO_LOW),
        ("temporarily_unavailable", EidCode.PROVIDER_UNAVAILABLE),
        ("invalid_scope", EidCode.CONFIGURATION),
        ("<script>", EidCode.PROVIDER_ERROR),
    ],
)
def test_n11_n18_n19_errors(error: str, eid: EidCode) -> None:
    """An error is mapped to a code of ours; a word that is not known is not repeated."""
    with pytest.raises(SignInRefused) as caught:
        protocol.check_return(make_settings(), Returned(state="s", error=error))

    assert eid is caught.value.eid
    assert "script" not in caught.value.reason


@pytest.mark.parametrize("issuer", ["https://another.example", "https://sso.test/oauth2/token/", ""])
def test_n07_n08_issuer(issuer: str) -> None:
    """The issuer of the callback is ours or the callback is refused; where it is promised it must be there."""
    promised = make_settings(requires_issuer_parameter=True)
    for settings, returned in (
        (make_settings(), Returned(state="s", code="c", issuer=issuer)),
        (promised, Returned(state="s", code="c")),
    ):
        with pytest.raises(SignInRefused) as caught:
            protocol.check_return(settings, returned)
        assert EidCode.ISSUER_MISMATCH is caught.value.eid
    protocol.check_return(promised, Returned(state="s", code="c", issuer="https://sso.test/oauth2/token"))


@pytest.mark.parametrize(
    "document",
    [
        {"access_token": "a", "token_type": "Bearer", "id_token": "i"},
        {"access_token": "a", "token_type": "bearer", "id_token": "i", "expires_in": "3600"},
        {"access_token": "a", "token_type": "BEARER", "id_token": "i", "expires_in": 60, "refresh_token": "r"},
    ],
)
def test_n30_tokens_that_are_taken(document: dict[str, Any]) -> None:
    """Clients have seen the life as text; the refresh token is not even read."""
    tokens = protocol.tokens_of(make_settings(), document)

    assert ("a", "i") == (tokens.access_token, tokens.id_token)
    assert "a'" not in repr(tokens)


@pytest.mark.parametrize(
    "change",
    [
        {"token_type": "mac"},
        {"token_type": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "a b"},
        {"id_token": None},
        {"id_token": 5},
        {"expires_in": "abc"},
        {"expires_in": -1},
        {"expires_in": True},
        {"expires_in": 10**12},
        {"error": "invalid_grant"},
    ],
)
def test_n28_n29_n30_tokens_that_are_none(change: dict[str, Any]) -> None:
    """What is not exactly a token answer is a broken contract or a refusal, and shows nothing of it."""
    document = {"access_token": "a", "token_type": "Bearer", "id_token": "i", "expires_in": 3600} | change
    with pytest.raises(GatewayError):
        protocol.tokens_of(make_settings(), document)


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (answer({"error": "invalid_grant"}, 400), SignInRefused),
        (answer({"error": "invalid_client"}, 400), CredentialsRefused),
        (answer({}, 401), CredentialsRefused),
        (answer(b"<html>", 200, "text/html"), ContractBroken),
        (answer(b"<html>", 400, "text/html"), ContractBroken),
        (answer(b"{", 200), ContractBroken),
        (answer([1], 200), ContractBroken),
        (answer(b'{"a":NaN}', 200), ContractBroken),
        (answer(b'{"a":1,"a":2}', 200), ContractBroken),
        (answer(b"[" * 100_000, 200), ContractBroken),
        (answer(b"\xff\xfe", 200), ContractBroken),
    ],
)
def test_n20_n21_n24_answers(got: HttpAnswer, kind: type[Exception]) -> None:
    """Each failing answer is the failure that it is."""
    with pytest.raises(kind):
        protocol.read_json(make_settings(), "token", got)


@pytest.mark.parametrize("status", [401, 403])
def test_n82_userinfo_refused(status: int) -> None:
    """A token that the provider itself does not know signs nobody in."""
    with pytest.raises(SignInRefused):
        protocol.read_userinfo(make_settings(), answer({}, status))


@pytest.mark.parametrize("method", ["post", "redirect", "redirect_without_token"])
def test_logout_forms(method: str) -> None:
    """The ID token goes by form; only where a provider takes none does it stand in an address."""
    logout = {"end_session_url": "https://sso.test/oidc/logout", "return_url": "https://gw.example/x", "method": method}
    form = protocol.logout_form(make_settings(logout=logout), "eyJ.token", "st")
    assert form is not None

    assert (method == "redirect") == ("eyJ" in form.url)
    assert (method == "post") == form.is_post
    assert protocol.logout_form(make_settings(), "eyJ.token", "st") is None
