"""Who we are, edge by edge: the reference's check vectors, headers, tokens, secrets that cannot be used (notes §2)."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from adapters.population.credentials import Credentials, Stamp, Token, c06_hash, lgsp_secret
from adapters.population.edges import Edge
from adapters.population.settings import LgspTokenEdge, Operation
from adapters.transport.messages import HttpRequest
from gateway.errors import ContractBroken, CredentialsRefused, RateLimited, Rejected, TransientFailure
from tests.unit.adapters.population.questions import PROFILES, answer, make_question, make_settings

AT = datetime(2025, 1, 1, tzinfo=UTC)
TOKEN = Token(value="the-token", life_seconds=60.0)
HASH = "1d492ea5f8f79122eb4145bfbfbc6e865969c745dba3a869d5d74a779d214e0d"
ACCESS = (
    "eyJBY2Nlc3NLZXkiOiJBSyIsIlNlY3JldEtleSI6IlNLIiwiQXBwTmFtZSI6IkFQUCIsIlBhcnRuZXJDb2RlIjoiUEMiLCJQYXJ0bmVyQ29kZUN1"
    "cyI6IlBDQyJ9"
)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def sent(edge: str, *, section: dict[str, Any] | None = None, at: datetime = AT, **changes: Any) -> HttpRequest:
    """Give what is sent for a look-up."""
    settings = make_settings(edge, section=section, **changes)
    stamp = Stamp(at=at, token=TOKEN)
    return Edge(settings, Credentials(settings)).request(Operation.LOOK_UP, make_question(), b"<envelope/>", stamp)


def test_vector_of_the_service_bus() -> None:
    """§2.1: hex SHA-256 over path, user, time and secret."""
    assert HASH == c06_hash("/dancu/037", "TINH_TEST", "1735689600000", "khoa-bi-mat")


def test_vector_of_the_long_lived_secret() -> None:
    """§2.2: base64 of JSON with its keys in their order."""
    edge = make_settings("lgsp").edge
    assert isinstance(edge, LgspTokenEdge)
    assert ACCESS == lgsp_secret(edge, "SK")


def test_service_bus() -> None:
    """The vector's values in the headers of a call; nothing that only single clients send."""
    headers = dict(sent("c06", section={"hashed_paths": {"TraCuuThongTinCongDan": "/dancu/037"}}).headers)

    assert {
        "Content-Type": "application/xml; charset=utf-8",
        "SOAPAction": '""',
        "Timestamp": "1735689600000",
        "Authorization": f"Basic {b64('TINH_TEST:' + HASH)}",
    } == headers


def test_n18_the_hash_is_over_the_service_path() -> None:
    """Without a path of its own, over the path that is called, never over the address."""
    request = sent("c06", default_path="/goi/037")
    expected = c06_hash("/goi/037", "TINH_TEST", "1735689600000", "khoa-bi-mat")

    assert "https://truc.example/goc/goi/037" == request.url
    assert f"Basic {b64('TINH_TEST:' + expected)}" == dict(request.headers)["Authorization"]


def test_service_bus_with_everything_that_single_clients_send() -> None:
    """Seconds, the small header, the bus's own headers, a key, a subsystem (§2.1, C1 to C3)."""
    section = {
        "timestamp_unit": "seconds",
        "timestamp_header": "timestamp",
        "sends_esb_headers": True,
        "api_key": {"value": "KEY"},
    }
    headers = dict(sent("c06", section=section, xroad_client="VN/GOV/H99/DVC", sends_soap_action=False).headers)

    assert "1735689600" == headers["timestamp"]
    assert ("TINH_TEST", "TINH_TEST") == (headers["ESB_SOURCE_TYPE"], headers["ESB_SOURCE_USERNAME"])
    assert ("KEY", "VN/GOV/H99/DVC") == (headers["ApiKey"], headers["X-Road-Client"])
    assert "SOAPAction" not in headers


_AUTHORIZED: dict[str, dict[str, str]] = {
    "plain": {},
    "lgsp": {
        "Authorization": "Bearer the-token",
        "lgspaccesstoken": ACCESS,
        "AuthHash": b64("khoa-a:mật khẩu"),
    },
    "rest": {"Authorization": "Bearer the-token"},
    "oauth2": {"Authorization": "Bearer the-token"},
    "wrap": {},
    "ngsp": {"Authorization": "Bearer 6f3c-999"},
}


@pytest.mark.parametrize("edge", sorted(_AUTHORIZED))
def test_headers_of_every_other_edge(edge: str) -> None:
    """Exactly these and those of the content."""
    headers = dict(sent(edge).headers)
    content = {"Content-Type": "application/xml; charset=utf-8", "SOAPAction": '""'}
    if edge in ("rest", "wrap", "ngsp"):
        content = {"Content-Type": "application/json; charset=utf-8"}

    assert content | _AUTHORIZED[edge] == headers


def test_a_bearer_for_the_wrapper() -> None:
    """Where one is set."""
    assert "Bearer B" == dict(sent("wrap", section={"bearer": {"value": "B"}}).headers)["Authorization"]


def test_another_scheme_is_used_as_it_was_given() -> None:
    """`Authorization: <token_type> <access_token>` (§2.4)."""
    settings = make_settings("oauth2")
    token = Credentials(settings).read_token(answer(b'{"access_token": "t", "token_type": "MAC"}'), AT)
    headers = Credentials(settings).headers(Operation.LOOK_UP, make_question(), Stamp(at=AT, token=token))

    assert [("Authorization", "MAC t")] == headers


_TOKEN_CALLS: dict[str, tuple[str, dict[str, str], bytes]] = {
    "lgsp": ("/getToken", {"lgspaccesstoken": ACCESS}, b"grant_type=client_credentials"),
    "oauth2": ("/token", {"Authorization": f"Basic {b64('tinh:khoa-bi-mat')}"}, b"grant_type=client_credentials"),
    "rest": (
        "/api/v1/Authentication/Token",
        {"Auth": b64(f"{b64('tinh')}:{b64('khoa-bi-mat')}")},
        b"",
    ),
}


@pytest.mark.parametrize("edge", sorted(PROFILES))
def test_token_calls(edge: str) -> None:
    """Three edges fetch tokens, each in its own way (§2.2, §2.3, §2.4)."""
    credentials = Credentials(make_settings(edge))
    assert (edge in _TOKEN_CALLS) is credentials.wants_token
    if edge not in _TOKEN_CALLS:
        return
    path, headers, body = _TOKEN_CALLS[edge]
    request = credentials.token_request()

    assert ("POST", f"https://truc.example/goc{path}", body) == (request.method, request.url, request.body)
    assert {"Content-Type": "application/x-www-form-urlencoded"} | headers == dict(request.headers)


def test_a_fixed_token_is_not_fetched() -> None:
    """Nor are client id and secret needed."""
    section = {"client_id": None, "client_secret": None, "fixed_token": {"value": "fixed"}}
    assert not Credentials(make_settings("oauth2", section=section)).wants_token
    assert "Bearer fixed" == dict(sent("oauth2", section=section).headers)["Authorization"]


_LIVES: dict[str, tuple[dict[str, object], float]] = {
    "a number": ({"expires_in": 120}, 120.0),
    "a text": ({"expires_in": "120"}, 120.0),
    "nothing": ({}, 3600.0),
    "a truth": ({"expires_in": True}, 3600.0),
    "negative": ({"expires_in": -1}, 3600.0),
    "absurd": ({"expires_in": 1e300}, 3600.0),
    "words": ({"expires_in": "1h"}, 3600.0),
    "an instant": ({"expiryDate": "2025-01-01T07:02:00+07:00"}, 120.0),
    "an instant without a zone": ({"expiryDate": "2025-01-01T07:02:00"}, 3600.0),
    "an instant that is over": ({"expiryDate": "2024-12-31T00:00:00+00:00"}, 3600.0),
    "no instant": ({"expiryDate": "soon"}, 3600.0),
}


@pytest.mark.parametrize("name", sorted(_LIVES))
@pytest.mark.parametrize("edge", ["rest", "oauth2"])
def test_life_of_a_token(edge: str, name: str) -> None:
    """As stated, in either way; else the setting's."""
    said, life = _LIVES[name]
    body = json.dumps({"token": "t", "access_token": "t"} | said).encode()

    assert life == Credentials(make_settings(edge)).read_token(answer(body), AT).life_seconds


def test_life_counts_from_the_instant_given() -> None:
    """Whatever zone it is written in."""
    at = AT.astimezone(timezone(timedelta(hours=7)))
    body = b'{"token": "t", "expiryDate": "2025-01-01T00:00:30Z"}'

    assert 30.0 == Credentials(make_settings("rest")).read_token(answer(body), at).life_seconds


_NO_TOKENS = (
    b"",
    b"{}",
    b"[]",
    b"<html/>",
    b'{"access_token": ""}',
    b'{"access_token": null}',
    b'{"access_token": 7}',
    b'{"access_token": "two words"}',
    b'{"access_token": "a\\r\\nX-Injected: 1"}',
    '{"access_token": "thẻ"}'.encode(),
    b'{"access_token": "t", "token_type": "Bearer\\r\\nX-Injected: 1"}',
    b'{"access_token": "t", "access_token": "u"}',
    b'{"access_token": "' + b"x" * 8193 + b'"}',
)


@pytest.mark.parametrize("body", _NO_TOKENS, ids=range(len(_NO_TOKENS)))
def test_answers_without_a_token(body: bytes) -> None:
    """What cannot stand in a header is none."""
    with pytest.raises(ContractBroken) as caught:
        Credentials(make_settings("oauth2")).read_token(answer(body), AT)

    assert "no_token" == caught.value.code


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, b'{"error": "invalid_client"}', CredentialsRefused, "token_denied"),
        (401, b"", CredentialsRefused, "token_denied"),
        (403, b"<html/>", CredentialsRefused, "token_denied"),
        (401, b'{"fault": {"code": 900901}}', CredentialsRefused, "token_refused"),
        (404, b"", TransientFailure, "http_404"),
        (429, b"", RateLimited, "rate_limited"),
        (502, b"<html/>", TransientFailure, "http_5xx"),
    ],
)
def test_tokens_that_are_refused(status: int, body: bytes, kind: type[Exception], code: str) -> None:
    """A refusal is told from a service that is away."""
    with pytest.raises(kind) as caught:
        Credentials(make_settings("oauth2")).read_token(answer(body, status), AT)

    assert code == getattr(caught.value, "code", None)


_SECRETS: dict[str, tuple[str, dict[str, Any]]] = {
    "edge.secret": ("c06", {"secret": None}),
    "edge.api_key": ("c06", {"api_key": None}),
    "edge.secret_key": ("lgsp", {"secret_key": None}),
    "edge.fixed_token": ("ngsp", {"fixed_token": None}),
    "edge.bearer": ("wrap", {"bearer": None}),
}
_CONTENTS: dict[str, bytes | None] = {"missing": None, "empty": b"\n", "no text": b"\xff\xfe\x00khoa"}


@pytest.mark.parametrize("content", sorted(_CONTENTS))
@pytest.mark.parametrize("setting", sorted(_SECRETS))
def test_secrets_that_cannot_be_read(setting: str, content: str, tmp_path: Path) -> None:
    """The setting is named; neither the file's name nor anything of its content is."""
    edge, section = _SECRETS[setting]
    file = tmp_path / "khoa-rieng"
    written = _CONTENTS[content]
    if written is not None:
        file.write_bytes(written)
    with pytest.raises(CredentialsRefused) as caught:
        sent(edge, section={name: {"file": str(file)} for name in section})

    assert "secret_unreadable" == caught.value.code
    assert setting in str(caught.value)
    assert "khoa" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_of_token_calls_that_cannot_be_read(tmp_path: Path) -> None:
    """So is it where a token is fetched, and for the account of an officer."""
    away = {"file": str(tmp_path / "none")}
    for edge, section in (
        ("lgsp", {"secret_key": away}),
        ("oauth2", {"client_secret": away}),
        ("rest", {"password": away}),
    ):
        with pytest.raises(CredentialsRefused):
            Credentials(make_settings(edge, section=section)).token_request()
    with pytest.raises(CredentialsRefused):
        sent("lgsp", section={"officers": {"canbo.a": {"name": "khoa-a", "password": away}}})


@pytest.mark.parametrize(("edge", "name"), [("ngsp", "fixed_token"), ("wrap", "bearer"), ("c06", "api_key")])
@pytest.mark.parametrize("text", ["two\nlines", "with blank", "thẻ", "a\r\nX-Injected: 1"])
def test_secrets_that_cannot_stand_in_a_header(edge: str, name: str, text: str) -> None:
    """They are refused as unreadable; no other header comes of them."""
    with pytest.raises(CredentialsRefused) as caught:
        sent(edge, section={name: {"value": text}})

    assert "secret_unreadable" == caught.value.code


def test_changed_secrets_need_no_restart(tmp_path: Path) -> None:
    """They are read at every use."""
    file = tmp_path / "bearer"
    file.write_text("old\n", encoding="utf-8")
    settings = make_settings("wrap", section={"bearer": {"file": str(file)}})
    credentials, stamp = Credentials(settings), Stamp(at=AT)
    before = credentials.headers(Operation.LOOK_UP, make_question(), stamp)
    file.write_text("new\n", encoding="utf-8")

    assert [[("Authorization", "Bearer old")], [("Authorization", "Bearer new")]] == [
        before,
        credentials.headers(Operation.LOOK_UP, make_question(), stamp),
    ]


def test_an_officer_without_an_account() -> None:
    """Is refused before anything is sent (§2.2, §10.3 code 005)."""
    settings = make_settings("lgsp")
    with pytest.raises(Rejected) as caught:
        Credentials(settings).headers(Operation.VERIFY, make_question(officer_code="canbo.z"), Stamp(at=AT))

    assert "officer_not_authorised" == caught.value.code


def test_nothing_secret_is_shown() -> None:
    """Requests, tokens and stamps hide what they carry."""
    shown = repr([sent("lgsp"), TOKEN, Stamp(at=AT, token=TOKEN), make_settings("lgsp"), make_settings("c06")])

    assert not any(word in shown for word in ("the-token", "mật khẩu", "khoa-bi-mat", ACCESS, "SK"))
