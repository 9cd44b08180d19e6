"""Requests as the notes show them, and the meaning of every kind of answer."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.consent import protocol
from adapters.consent.failures import RULES, Operation, call_error, call_status
from adapters.consent.protocol import Secrets, Stamp, Writer
from adapters.consent.signing import canonicaliser_of
from adapters.transport import HttpAnswer, HttpRequest
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.consent import HubResult
from gateway.ports.consent import NOT_RELEASED, ShareStarted, ShareStatus
from tests.unit.adapters.consent.consent_settings import (
    CLIENT_SECRET,
    CODE,
    HMAC,
    HMAC_KEY,
    PARTNER,
    PASSWORD,
    PID,
    TXN,
    make_settings,
)

SETTINGS = make_settings()
STAMP = Stamp(request_id="r-1", nonce="n-1", at=datetime(2026, 1, 5, 17, 4, 9, tzinfo=UTC))
SECRETS = Secrets(client_secret=CLIENT_SECRET)


def answer(document: Any, status: int = 200) -> HttpAnswer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return HttpAnswer(status=status, content_type="application/json", body=body)


def sent(request: HttpRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "query": dict(request.query),
        "headers": dict(request.headers),
        "document": json.loads(request.body) if request.body is not None else None,
    }


def test_the_first_call_is_as_it_was_seen() -> None:
    """Address, query, headers and body of §7.2; the time is Vietnam's, past midnight there."""
    request = Writer(SETTINGS, None).start(PID, STAMP, SECRETS)
    assert {
        "method": "POST",
        "url": "https://hub.example/gw/api/tcdn/biometric-share-info/api/agent/init",
        "query": {"code": "H99"},
        "headers": {
            "request_id": "r-1",
            "request_time": "06012026000409",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "client-id": "tinh-thu-nghiem",
            "client-secret": CLIENT_SECRET,
        },
        "document": {"citizenPid": PID},
    } == sent(request)
    assert request.is_write


def test_the_other_body_form_and_other_names() -> None:
    """The wrapped form, and the names of another partner's facade."""
    wrapped = Writer(make_settings(body_form="wrapped", pid_member="cccd"), None).start(PID, STAMP, SECRETS)
    assert {"serviceCode": "biometric-share-info", "data": {"cccd": PID}} == sent(wrapped)["document"]
    asked = Writer(make_settings(code_member="tnx"), None).ask(Operation.STATUS, CODE, STAMP, SECRETS)
    assert ({"tnx": CODE}, False) == (sent(asked)["document"], asked.is_write)


def test_questions_by_get_carry_the_code_in_the_path() -> None:
    """Escaped, without a body; the data is asked for where the settings say."""
    writer = Writer(make_settings(ask_form="get", status_path="/st", data_path="/da"), None)
    status = sent(writer.ask(Operation.STATUS, "a/b", STAMP, SECRETS))
    assert ("GET", "https://hub.example/st/a%2Fb", None) == (status["method"], status["url"], status["document"])
    assert "https://hub.example/da/c" == sent(writer.ask(Operation.DATA, "c", STAMP, SECRETS))["url"]
    inside = {"ask_form": "get", "status_path": "/st"}
    settings = make_settings(**inside).model_copy(update={"data_path": None})
    assert "https://hub.example/st/c" == sent(Writer(settings, None).ask(Operation.DATA, "c", STAMP, SECRETS))["url"]


def test_login_refresh_and_the_token() -> None:
    """The calls of §7.5; what follows carries the token."""
    settings = make_settings(client=None, partner=PARTNER)
    writer = Writer(settings, None)
    login = sent(writer.login(PASSWORD, STAMP, Secrets()))
    assert ("https://hub.example/api/v1/auth/token", {"username": "doi-tac", "password": PASSWORD}) == (
        login["url"],
        login["document"],
    )
    refresh = sent(writer.refresh("r", STAMP, Secrets()))
    assert ("https://hub.example/api/v1/auth/refresh", {"refreshToken": "r"}) == (refresh["url"], refresh["document"])
    started = sent(writer.start(PID, STAMP, Secrets(token="t")))
    assert "Bearer t" == started["headers"]["Authorization"]
    assert "client-id" not in started["headers"]


def test_a_signed_request() -> None:
    """The default string is `partner:timestamp:nonce:body`; the vector was made with OpenSSL 3.

    printf 'TINH-TN:1767632649:n-1:{"citizenPid":"999199000001"}' | openssl dgst -sha256 -hmac khoa-ky-thu-nghiem
    """
    settings = make_settings(client=None, hmac=HMAC)
    assert settings.hmac is not None
    writer = Writer(settings, canonicaliser_of(settings.hmac))
    headers = sent(writer.start(PID, STAMP, Secrets(hmac_key=HMAC_KEY)))["headers"]
    assert {
        "X-Partner-Code": "TINH-TN",
        "X-Timestamp": "1767632649",
        "X-Nonce": "n-1",
        "X-Signature": "09d40b90ae76e481007ade5abc7ae449601e042dbb7f0d1fecd0704fba3f7e9f",
    } == {name: value for name, value in headers.items() if name.startswith("X-")}


def test_the_string_to_sign_can_be_made_otherwise() -> None:
    """By parts, separator and encoding in the settings, or by a function of one's own."""
    hmac = {**HMAC, "parts": ["method", "path", "body_sha256"], "separator": "\n", "encoding": "base64"}
    settings = make_settings(client=None, hmac=hmac)
    assert settings.hmac is not None
    seen = []

    def own(given: Any) -> bytes:
        seen.append(given)
        return b"x"

    by_settings = sent(Writer(settings, canonicaliser_of(settings.hmac)).start(PID, STAMP, Secrets(hmac_key=HMAC_KEY)))
    by_function = sent(Writer(settings, own).start(PID, STAMP, Secrets(hmac_key=HMAC_KEY)))
    assert by_settings["headers"]["X-Signature"].endswith("=")
    assert by_settings["headers"]["X-Signature"] != by_function["headers"]["X-Signature"]
    canonical = canonicaliser_of(settings.hmac)(seen[0])
    assert canonical.startswith(b"POST\n/gw/api/tcdn/biometric-share-info/api/agent/init\n")
    assert 64 == len(canonical.rpartition(b"\n")[2])


def test_reprs_of_requests_and_secrets_hide_everything() -> None:
    """Neither number nor secret is shown by what holds them."""
    settings = make_settings(partner=PARTNER, hmac=HMAC)
    assert settings.hmac is not None
    secrets = Secrets(client_secret=CLIENT_SECRET, hmac_key=HMAC_KEY, token="t0ken-value")
    request = Writer(settings, canonicaliser_of(settings.hmac)).start(PID, STAMP, secrets)
    tokens = protocol.read_tokens(settings, Operation.LOGIN, answer({"accessToken": "t0ken-value"}))
    shown = repr((settings, secrets, request, STAMP, tokens))
    hidden = (PID, CLIENT_SECRET, HMAC_KEY, PASSWORD, "t0ken-value", "n-1")
    assert [] == [text for text in hidden if text in shown]


@pytest.mark.parametrize(
    "document",
    [
        {"transactionCode": CODE, "txnId": TXN},
        {"status": "01", "message": "ok", "data": {"transactionCode": CODE, "txnId": TXN}},
        {"responseCode": 200, "description": "ok", "data": {"transactionCode": CODE, "txnId": TXN}},
        {"status": 0, "transactionCode": CODE, "data": {"txnId": TXN}},
        {"status": "01", "transactionCode": CODE, "txnId": TXN, "more": [1]},
    ],
)
def test_the_first_answer_in_every_form(document: Any) -> None:
    """Bare, enveloped, or mixed."""
    assert ShareStarted(transaction_code=CODE, txn_id=TXN) == protocol.read_started(SETTINGS, answer(document))


def test_a_first_answer_without_an_id() -> None:
    """The id comes later by webhook."""
    assert ShareStarted(transaction_code="7") == protocol.read_started(SETTINGS, answer({"transactionCode": 7}))


@pytest.mark.parametrize(
    ("document", "status", "kind", "code"),
    [
        ({}, 200, ContractBroken, "no_transaction_code"),
        ({"status": "01", "data": {}}, 200, ContractBroken, "no_transaction_code"),
        ({"transactionCode": None}, 200, ContractBroken, "no_transaction_code"),
        ({"transactionCode": "a b"}, 200, ContractBroken, "no_transaction_code"),
        ([], 200, ContractBroken, "not_json"),
        (b"<html>", 200, ContractBroken, "not_json"),
        (b"\xff", 200, ContractBroken, "not_json"),
        ({"status": 1}, 200, Rejected, "start_refused"),
        ({"status": "01", "transactionCode": CODE}, 500, ContractBroken, "contradiction"),
        ({"transactionCode": CODE}, 500, OutcomeUnknown, "http_5xx"),
        (b"<html>", 403, CredentialsRefused, "http_403"),
        (b"", 401, CredentialsRefused, "http_401"),
        ({"error": "bad"}, 400, Rejected, "rejected"),
        ({"status": "02"}, 400, Rejected, "invalid_data"),
        ({"status": "77"}, 200, Rejected, "unknown_status"),
        ({"responseCode": 500}, 200, OutcomeUnknown, "internal_error"),
        ({"responseCode": "401"}, 200, CredentialsRefused, "token_refused"),
        ({"responseCode": 429}, 200, RateLimited, "rate_limited"),
        ({"responseCode": 403}, 200, CredentialsRefused, "forbidden"),
        ({"responseCode": 503}, 200, OutcomeUnknown, "internal_error"),
        ({"responseCode": 302}, 200, Rejected, "unknown_status"),
        ({"responseCode": "no"}, 200, Rejected, "invalid_data"),
        ({"responseCode": 201}, 200, ContractBroken, "no_transaction_code"),
    ],
)
def test_a_first_answer_that_starts_nothing(document: Any, status: int, kind: type[RemoteError], code: str) -> None:
    """Each has its group; what leaves the effect open says so."""
    with pytest.raises(kind) as caught:
        protocol.read_started(SETTINGS, answer(document, status))
    assert code == caught.value.code
    if isinstance(caught.value, ContractBroken):
        assert caught.value.effect_possible


@pytest.mark.parametrize(
    ("status", "for_start", "for_status", "for_login"),
    [
        ("00", CredentialsRefused, CredentialsRefused, CredentialsRefused),
        ("02", Rejected, Rejected, CredentialsRefused),
        ("03", Rejected, Rejected, CredentialsRefused),
        ("20", CredentialsRefused, CredentialsRefused, CredentialsRefused),
        ("21", RateLimited, RateLimited, RateLimited),
        ("22", CredentialsRefused, CredentialsRefused, CredentialsRefused),
        ("23", CredentialsRefused, CredentialsRefused, CredentialsRefused),
        ("24", TransientFailure, TransientFailure, TransientFailure),
        ("25", CredentialsRefused, CredentialsRefused, CredentialsRefused),
        ("26", CredentialsRefused, CredentialsRefused, CredentialsRefused),
        ("27", TransientFailure, TransientFailure, TransientFailure),
        ("99", OutcomeUnknown, TransientFailure, TransientFailure),
    ],
)
def test_every_status_of_a_call(
    status: str, for_start: type[RemoteError], for_status: type[RemoteError], for_login: type[RemoteError]
) -> None:
    """The whole table of §7.5, as text and, where that is unambiguous, as number."""
    assert set(RULES) == {"01", "00", "02", "03", *(str(number) for number in range(20, 28)), "99"}
    expected = {Operation.START: for_start, Operation.STATUS: for_status, Operation.LOGIN: for_login}
    for operation, kind in expected.items():
        assert kind is type(call_error(status, system="consent.vneid", operation=operation))
    assert status == call_status({"status": status})
    if int(status) >= 20:
        assert status == call_status({"status": int(status)})


@pytest.mark.parametrize(
    ("document", "status"), [({"status": "21"}, 200), ({"status": "99"}, 500), ({"responseCode": 429}, 400), ({}, 404)]
)
def test_a_wish_for_patience_is_kept(document: Any, status: int) -> None:
    """Retry-After counts beside whatever the body says of a call that may pass later."""
    given = HttpAnswer(
        status=status, content_type="application/json", retry_after_seconds=42.0, body=json.dumps(document).encode()
    )
    with pytest.raises(RateLimited) as caught:
        protocol.read_status(SETTINGS, given)
    assert 42.0 == caught.value.retry_after_seconds


@pytest.mark.parametrize("document", [{"status": "03"}, {"responseCode": 404}, {"status": 2, "txnId": TXN}])
def test_data_that_is_not_there_yet_may_come(document: Any) -> None:
    """However the hub says that it has nothing to release, it is told by the one code of the port."""
    with pytest.raises(Rejected) as caught:
        protocol.read_data(SETTINGS, answer(document))
    assert NOT_RELEASED == caught.value.code


def test_one_digit_is_never_about_the_call() -> None:
    """The same word has two uses; a single digit, or a number below 20, tells the state of a transaction."""
    for status in (0, 1, 2, 3, "0", "3", None, True, 1.0, "x", "١٢"):
        assert call_status({"status": status}) is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"txnId": TXN, "status": 0, "message": "ok"}, ShareStatus(result=HubResult.AGREED, txn_id=TXN)),
        ({"status": "3"}, ShareStatus(result=HubResult.DECLINED)),
        ({"status": "01", "data": {"status": 2, "txnId": TXN}}, ShareStatus(result=HubResult.PENDING, txn_id=TXN)),
        ({"responseCode": 200, "data": {"status": "1"}}, ShareStatus(result=HubResult.FAILED)),
        ({"status": 0, "txnId": TXN, "data": {"a": 1}}, ShareStatus(result=HubResult.AGREED, txn_id=TXN)),
        ({"status": 1, "message": "errorcode4005"}, ShareStatus(result=HubResult.EXPIRED)),
        ({"status": "02", "message": "lỗi ErrorCode4005"}, ShareStatus(result=HubResult.EXPIRED)),
        ({"status": "01", "data": {"errorCode": "errorcode4005"}}, ShareStatus(result=HubResult.EXPIRED)),
    ],
)
def test_how_a_transaction_stands(document: Any, expected: ShareStatus) -> None:
    """In every form that is seen."""
    assert expected == protocol.read_status(SETTINGS, answer(document))


@pytest.mark.parametrize("document", [{}, {"status": 9}, {"status": "01"}, {"status": "01", "data": {"status": "01"}}])
def test_a_state_that_is_not_known_is_no_state(document: Any) -> None:
    """It is neither pending nor refused: the contract is broken."""
    with pytest.raises(ContractBroken, match="unknown state") as caught:
        protocol.read_status(SETTINGS, answer(document))
    assert not caught.value.effect_possible


def test_data_is_cut_to_what_was_agreed() -> None:
    """The personal number is set apart, agreed fields are kept, others are counted and dropped."""
    agreed = {"fullName": "Nguyễn Thị Mẫu", "birthDate": "01/02/1999"}
    document = {"citizenPid": PID, **agreed, "religion": "x", "photo": "y"}
    data = protocol.read_data(SETTINGS, answer({"status": "01", "message": "ok", "data": document}))
    assert (PID, agreed, 2) == (
        data.citizen_pid,
        data.facts,
        data.left_out_count,
    )
    assert "Mẫu" not in repr(data)
    assert PID not in repr(data)


def test_data_in_a_member_of_the_answer_about_the_status() -> None:
    """Where both come together, the state must say agreed."""
    settings = make_settings(data_member="shareInfo").model_copy(update={"data_path": None})
    document = {"txnId": TXN, "status": 0, "shareInfo": {"citizenPid": PID, "gender": "2"}}
    assert {"gender": "2"} == protocol.read_data(settings, answer(document)).facts
    for status in (1, 2, 3, 9, None):
        with pytest.raises(Rejected, match="nothing is released"):
            protocol.read_data(settings, answer({**document, "status": status}))


@pytest.mark.parametrize(
    "subject", [None, "", 999199000001, "99919900000", "9991990000011", "٩٩٩١٩٩٠٠٠٠٠١", " 999199000001"]
)
def test_data_about_nobody_in_particular_is_refused(subject: object) -> None:
    """Whose data it is must be beyond doubt: twelve ASCII digits in a text."""
    with pytest.raises(ContractBroken, match="no subject") as caught:
        protocol.read_data(SETTINGS, answer({"citizenPid": subject, "fullName": "Mẫu"}))
    assert "Mẫu" not in str(caught.value)


def test_data_of_a_consent_that_was_not_given() -> None:
    """A state beside the data that is not agreed outweighs the data."""
    with pytest.raises(Rejected):
        protocol.read_data(SETTINGS, answer({"status": 3, "citizenPid": PID}))


@pytest.mark.parametrize(
    ("life", "seconds"), [(60, 60.0), ("60", 60.0), (None, 1800.0), ("abc", 1800.0), (-1, 1800.0), (0, 1800.0)]
)
def test_the_life_of_a_token(life: object, seconds: float) -> None:
    """What is no positive number counts as not stated."""
    settings = make_settings(partner=PARTNER)
    document = {"accessToken": "a", "refreshToken": "r", "expireInSeconds": life, "message": "ok"}
    tokens = protocol.read_tokens(settings, Operation.LOGIN, answer({"status": "01", "data": document}))
    assert ("a", "r", seconds, 604_800.0) == (
        tokens.access,
        tokens.refresh,
        tokens.life_seconds,
        tokens.refresh_life_seconds,
    )


@pytest.mark.parametrize("token", [None, "", 5, "a\nb", "é", "a" * 20_000])
def test_a_token_that_cannot_stand_in_a_header_is_refused(token: object) -> None:
    """It would break or split the request."""
    with pytest.raises(ContractBroken, match="no token"):
        protocol.read_tokens(make_settings(partner=PARTNER), Operation.LOGIN, answer({"accessToken": token}))
