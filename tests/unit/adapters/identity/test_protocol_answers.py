"""Token, userinfo and logout requests, and the reading of what is answered."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from adapters.identity.protocol import (
    keys_request,
    logout_form,
    par_request,
    read_json,
    read_userinfo,
    token_request,
    tokens_of,
    userinfo_request,
)
from adapters.transport.messages import CallOutcome, HttpAnswer, HttpRequest
from gateway.errors import ContractBroken, CredentialsRefused
from gateway.model.identity import EidCode, SignInRefused
from gateway.ports.identity import FlightSecrets
from tests.unit.adapters.identity.identity_profiles import CLIENT_SECRET, flat, national, sealed
from tests.unit.adapters.identity.signed_tokens import rsa_token

SECRETS = FlightSecrets(state="st", nonce="no", verifier="ve")
GOOD: dict[str, Any] = {"access_token": "at", "token_type": "Bearer", "id_token": "a.b.c", "expires_in": 3600}


def answer(body: Any, status: int = 200, content_type: str = "application/json") -> HttpAnswer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status=status, content_type=content_type, body=content)


def form(request: HttpRequest) -> dict[str, str]:
    """Read a request's form; a body that is anything else fails."""
    assert "application/x-www-form-urlencoded" == dict(request.headers)["Content-Type"]
    assert request.body is not None
    pairs = parse_qsl(request.body.decode("ascii"), strict_parsing=True, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_code_is_exchanged_once_as_a_form() -> None:
    """The exchange is a write, so it is never repeated; it is a form, never JSON (which draws 415)."""
    settings = national()
    request = token_request(settings, "c+/=", "", SECRETS, secret="s&p =ü")
    assert ("POST", settings.token_url, True) == (request.method, request.url, request.is_write)
    assert {
        "grant_type": "authorization_code",
        "code": "c+/=",
        "redirect_uri": settings.redirect_uri,
        "code_verifier": "ve",
        "client_id": "lien-thong",
        "client_secret": "s&p =ü",
    } == form(request)
    assert "Authorization" not in dict(request.headers)


def test_the_sealed_profile_sends_its_key_back() -> None:
    """`encrypt_key` goes along when it was given, with its plus signs encoded."""
    request = token_request(sealed(), "guid", "k+/=", SECRETS, secret=CLIENT_SECRET)
    assert "k+/=" == form(request)["encrypt_key"]
    assert b"k%2B" in (request.body or b"")
    assert "encrypt_key" not in form(token_request(sealed(), "guid", "", SECRETS, secret=CLIENT_SECRET))


def test_a_client_that_proves_itself_by_header_sends_no_secret_in_the_form() -> None:
    """client_secret_basic form-encodes both parts before they are joined (RFC 6749 §2.3.1)."""
    settings = national(client_authentication="client_secret_basic", client_id="a:b", sends_pkce=False)
    request = token_request(settings, "c", "", SECRETS, secret="p%:ü")
    scheme, _, pair = dict(request.headers)["Authorization"].partition(" ")
    assert ("Basic", b"a%3Ab:p%25%3A%C3%BC") == (scheme, base64.b64decode(pair))
    assert {"grant_type", "code", "redirect_uri"} == form(request).keys()


def test_the_other_requests_are_what_the_profiles_show() -> None:
    """Userinfo is a GET with a bearer token, or a POST where the provider wants it; keys are a plain GET."""
    got, posted = userinfo_request(national(), "at"), userinfo_request(national(posts_userinfo=True), "at")
    assert ("GET", None, False, "Bearer at") == (got.method, got.body, got.is_write, dict(got.headers)["Authorization"])
    assert ("POST", b"", False) == (posted.method, posted.body, posted.is_write)
    assert "at" not in got.url
    keys = keys_request(national())
    assert ("GET", "https://sso.example/oauth2/jwks", False) == (keys.method, keys.url, keys.is_write)
    pushed = par_request(national(par_url="https://sso.example/par"), {"state": "st"}, secret=CLIENT_SECRET)
    assert {"state": "st", "client_id": "lien-thong", "client_secret": CLIENT_SECRET} == form(pushed)


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("lifetime", [{}, {"expires_in": None}, {"expires_in": "3600"}, {"expires_in": 1}])
def test_n30_a_good_answer_gives_its_tokens(token_type: str, lifetime: dict[str, Any]) -> None:
    """The type is read without regard to capitals; a life written as text, or left out, is accepted."""
    document = {**GOOD, "token_type": token_type, "refresh_token": "never read", **lifetime}
    tokens = tokens_of(national(), document)
    assert ("at", "a.b.c") == (tokens.access_token, tokens.id_token)
    assert "" == tokens_of(sealed(), document).id_token
    assert "at" not in repr(tokens)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token_type": "mac"}, "token_type"),
        ({"token_type": "DPoP"}, "token_type"),
        ({"token_type": None}, "token_type"),
        ({"token_type": ["bearer"]}, "token_type"),
        ({"access_token": None}, "no_access_token"),
        ({"access_token": ""}, "no_access_token"),
        ({"access_token": 5}, "no_access_token"),
        ({"access_token": "a\r\nHost: x"}, "no_access_token"),
        ({"access_token": "mã"}, "no_access_token"),
        ({"access_token": "x" * 16_385}, "no_access_token"),
        ({"expires_in": "abc"}, "expires_in"),
        ({"expires_in": -1}, "expires_in"),
        ({"expires_in": "-1"}, "expires_in"),
        ({"expires_in": 0}, "expires_in"),
        ({"expires_in": ""}, "expires_in"),
        ({"expires_in": "٣٦٠٠"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": 3600.5}, "expires_in"),
        ({"expires_in": 10**12}, "expires_in"),
        ({"expires_in": "9" * 5000}, "expires_in"),
        ({"id_token": None}, "no_id_token"),
        ({"id_token": ""}, "no_id_token"),
        ({"id_token": {"a": 1}}, "no_id_token"),
    ],
)
def test_n28_n29_n30_a_token_answer_that_breaks_a_rule_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Another type, no access token, an impossible life, and no ID token where it is promised are refused."""
    with pytest.raises(SignInRefused) as caught:
        tokens_of(flat(), {**GOOD, **changes})
    assert (EidCode.TOKEN_INVALID, reason) == (caught.value.eid, caught.value.reason)


@pytest.mark.parametrize("error", ["invalid_grant", "", None, {"a": 1}])
def test_n111_an_error_counts_before_any_token(error: Any) -> None:
    """A sealed answer may hold an error although its status says success."""
    with pytest.raises(SignInRefused) as caught:
        tokens_of(sealed(), {**GOOD, "error": error})
    assert (EidCode.PROVIDER_ERROR, "error_in_answer") == (caught.value.eid, caught.value.reason)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": "invalid_grant", "error_description": "<b>mã</b>"}, "invalid_grant"),
        ({"error": "invalid_request"}, "invalid_request"),
        ({"error": "invalid_scope"}, "invalid_scope"),
        ({"error": "<script>"}, "request_refused"),
        ({"error": ["invalid_grant"]}, "request_refused"),
        ({}, "request_refused"),
    ],
)
def test_n20_a_refused_code_ends_the_sign_in(body: dict[str, Any], reason: str) -> None:
    """400 is told by known words only; nothing of the provider's text goes on."""
    with pytest.raises(SignInRefused) as caught:
        read_json(national(), "token", answer(body, 400))
    assert (EidCode.PROVIDER_ERROR, reason) == (caught.value.eid, caught.value.reason)


@pytest.mark.parametrize(
    "refused", [answer({"error": "invalid_client"}, 400), answer(b"<html>", 401, "text/html"), answer({}, 401)]
)
def test_n21_a_refused_client_is_the_operators_matter(refused: HttpAnswer) -> None:
    """401, of whatever content, and `invalid_client` mean our secret or address."""
    with pytest.raises(CredentialsRefused) as caught:
        read_json(national(), "token", refused)
    assert ("identity.dvcqg", "client_refused") == (caught.value.system, caught.value.code)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"<html>", "text/html", "not_json_type"),
        (b"{}", "", "not_json_type"),
        (b"{}", "application/jwt", "not_json_type"),
        (b"<html>", "application/json", "not_a_json_object"),
        (b"\xff", "application/json", "not_a_json_object"),
        (b'{"a":NaN}', "application/json", "not_a_json_object"),
        (b"[" * 100_000, "application/json", "not_a_json_object"),
        (b"[]", "application/json", "not_a_json_object"),
        (b"null", "application/json", "not_a_json_object"),
    ],
)
def test_n24_pages_instead_of_answers_break_the_contract(
    status: int, body: bytes, content_type: str, code: str
) -> None:
    """A page of a firewall, whatever its status, is told as such, and nothing of it is repeated."""
    with pytest.raises(ContractBroken) as caught:
        read_json(national(), "token", answer(body, status, content_type))
    assert (code, True) == (caught.value.code, caught.value.effect_possible)
    assert "html" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_userinfo_is_read_or_refused() -> None:
    """A token that is not accepted ends the sign-in; a page breaks the contract; anything else is the document."""
    assert ({"sub": "u"}, CallOutcome.OK) == read_userinfo(national(), answer({"sub": "u"}))
    for status in (401, 403):
        with pytest.raises(SignInRefused, match="userinfo_refused"):
            read_userinfo(national(), answer(b"<html>", status, "text/html"))


@pytest.mark.parametrize(
    ("content_type", "code"), [("application/jwt", "not_json_type"), ("application/json", "not_a_json_object")]
)
def test_n92_userinfo_as_a_token_is_refused_whoever_signed_it(content_type: str, code: str) -> None:
    """A token is never read for claims, not even one of the provider's own, with whatever type it comes."""
    about = {"sub": "u", "SoDinhDanh": "999199000001"}
    for signed in (rsa_token(about), jwt.encode(about, "", "none"), jwt.encode(about, "s" * 32, "HS256")):
        for body in (signed.encode(), json.dumps(signed).encode()):
            with pytest.raises(ContractBroken) as caught:
                read_userinfo(national(), answer(body, content_type=content_type))
            assert (code, False) == (caught.value.code, caught.value.effect_possible)


END = {"end_session_url": "https://sso.example/logout", "return_url": "https://gateway.example/out"}
WITH_RETURN = {"client_id": "lien-thong", "post_logout_redirect_uri": "https://gateway.example/out", "state": "st"}


@pytest.mark.parametrize(
    ("logout", "is_post", "expected"),
    [
        (END, True, {**WITH_RETURN, "id_token_hint": "a.b.c"}),
        ({**END, "method": "redirect"}, False, {**WITH_RETURN, "id_token_hint": "a.b.c"}),
        ({**END, "method": "redirect_without_token"}, False, WITH_RETURN),
        ({"end_session_url": END["end_session_url"]}, True, {"client_id": "lien-thong", "id_token_hint": "a.b.c"}),
    ],
)
def test_a_browser_ends_the_session_at_the_provider(
    logout: dict[str, str], is_post: bool, expected: dict[str, str]
) -> None:
    """A form keeps the ID token out of addresses; a redirect carries the same fields; `state` needs a way back."""
    made = logout_form(national(logout=logout), "a.b.c", "st")
    assert made is not None
    assert (is_post, expected) == (made.is_post, dict(made.fields))
    parts = urlsplit(made.url)
    assert (END["end_session_url"], {} if is_post else expected) == (
        f"{parts.scheme}://{parts.netloc}{parts.path}",
        dict(parse_qsl(parts.query)),
    )
    assert "a.b.c" not in repr(made) if is_post else True


def test_without_an_address_or_a_token_there_is_less_to_send() -> None:
    """No end-session address means no form; no ID token means no hint."""
    assert logout_form(national(), "a.b.c", "st") is None
    made = logout_form(national(logout=END), "", "st")
    assert made is not None
    assert WITH_RETURN == dict(made.fields)
