"""Whatever comes from outside, the readers of the consent adapter give a value or one of their own errors."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.consent import links, protocol, webhook
from adapters.consent.failures import Operation
from adapters.transport import HttpAnswer
from gateway.errors import IntegrityFailed, InvalidInput, RemoteError
from gateway.model.consent import HubResult
from gateway.ports.consent import NoticeKind
from tests.unit.adapters.consent.consent_settings import PARTNER, PID, TXN, make_settings

SETTINGS = make_settings(partner=PARTNER)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
WORDS = st.sampled_from(["00", "01", "03", "22", "99", "0", "1", "2", "3", "9", 0, 1, 2, 3, 24, 200, PID, TXN])
MEMBERS = st.sampled_from(
    ["status", "responseCode", "data", "transactionCode", "txnId", "citizenPid", "id", "type", "attempt", "accessToken"]
)
DOCUMENTS = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | st.text(max_size=5), inner, max_size=6),
    max_leaves=15,
)
BODIES = st.binary(max_size=200) | DOCUMENTS.map(lambda document: json.dumps(document).encode())


@given(body=BODIES, status=st.sampled_from([200, 201, 400, 401, 403, 404, 422, 500]))
@settings(max_examples=500, deadline=None)
def test_answers_of_the_hub(body: bytes, status: int) -> None:
    """A value that keeps its promise, or a RemoteError; never anything else, and never a number in a message."""
    answer = HttpAnswer(status=status, content_type="", body=body)

    def started() -> None:
        assert protocol.read_started(SETTINGS, answer).transaction_code

    def stood() -> None:
        assert protocol.read_status(SETTINGS, answer).result in HubResult

    def given_data() -> None:
        data = protocol.read_data(SETTINGS, answer)
        assert (12, True) == (len(data.citizen_pid), set(data.facts) <= SETTINGS.kept)

    def logged_in() -> None:
        assert protocol.read_tokens(SETTINGS, Operation.LOGIN, answer).life_seconds > 0

    messages = []
    for read in (started, stood, given_data, logged_in):
        try:
            read()
        except RemoteError as error:
            messages.append(error.message)
    assert [] == [message for message in messages if PID in message]


@given(body=BODIES)
@settings(max_examples=500, deadline=None)
def test_bodies_of_webhooks(body: bytes) -> None:
    """A notice with its ids, or InvalidInput; a result exactly when it is one."""
    try:
        notice = webhook.read(SETTINGS, body)
    except InvalidInput:
        return
    assert notice.event_id
    assert notice.transaction_code
    assert (notice.kind is NoticeKind.RESULT) == (notice.result is not None)


@given(body=st.binary(max_size=50), signature=st.text(max_size=100) | st.binary(max_size=40).map(bytes.hex))
@settings(max_examples=300, deadline=None)
def test_signatures_of_strangers(body: bytes, signature: str) -> None:
    """Nothing that was made without the key verifies."""
    with pytest.raises(IntegrityFailed):
        webhook.verify(SETTINGS.webhook, ["key"], {"X-Webhook-Signature": "sha256=" + signature}, body)


@given(target=st.text(max_size=200) | st.text(max_size=60).map(lambda text: "?transitionCode=" + text))
@settings(max_examples=500, deadline=None)
def test_returns_that_anybody_may_write(target: str) -> None:
    """An id that can stand in a universal link, or InvalidInput."""
    try:
        found = links.read_return(SETTINGS, target)
    except InvalidInput:
        return
    assert links.universal_link(SETTINGS, found.txn_id).endswith("/share/" + found.txn_id)


@given(
    txn_id=st.uuids().map(str) | st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,40}", fullmatch=True),
    result=st.sampled_from(["", "|", "|1", "|2", "|3"]),
    encodings=st.integers(0, 2),
    form=st.sampled_from(["/x/{}", "?transitionCode={}", "?a=1&transition_code={}", "?transactionCode={}&b=%25"]),
)
@settings(max_examples=300, deadline=None)
def test_returns_come_back(txn_id: str, result: str, encodings: int, form: str) -> None:
    """Every id in every spelling is read as it was written."""
    text = txn_id + result
    for _ in range(encodings):
        text = quote(text, safe="")
    assert txn_id == links.read_return(SETTINGS, form.format(text)).txn_id
