"""Webhooks: what verifies, and what is read out of what verified (vectors N160, N161, N163)."""

import base64
import hmac
import json
from typing import Any

import pytest

from adapters.consent import webhook
from gateway.errors import IntegrityFailed, InvalidInput
from gateway.model.consent import HubResult
from gateway.ports.consent import HubNotice, NoticeKind
from tests.unit.adapters.consent.consent_settings import CODE, KEY, TXN, make_settings

SETTINGS = make_settings()
HEADER = "X-Webhook-Signature"
# The partner document's own sample, with its spaces: what counts are the bytes.
BODY = (
    '{"id":"264000000000000001","type":"SHARE_WEBHOOK_RESULT_EXAMPLE","attempt":1,\n "data":{"transactionCode":'
    f'"{CODE}","txnId":"{TXN}",\n         "status":0,"description":"Thành công"}}}}'
).encode()


def digest(body: bytes = BODY, key: str = KEY) -> bytes:
    return hmac.new(key.encode(), body, "sha256").digest()


def verify(headers: dict[str, str], body: bytes = BODY, keys: tuple[str, ...] = (KEY,)) -> None:
    webhook.verify(SETTINGS.webhook, keys, headers, body)


def event(**data: Any) -> dict[str, Any]:
    members = {"transactionCode": CODE, "txnId": TXN, "status": 0, **data}
    return {
        "id": "1",
        "type": "SHARE_WEBHOOK_RESULT",
        "attempt": 1,
        "data": {name: value for name, value in members.items() if value is not None},
    }


def read(document: Any) -> HubNotice:
    return webhook.read(SETTINGS, json.dumps(document).encode())


@pytest.mark.parametrize(
    "written",
    [
        "sha256=" + digest().hex(),
        "sha256=" + digest().hex().upper(),
        "SHA256=" + digest().hex(),
        "sha256=" + base64.b64encode(digest()).decode(),
        "sha256=" + base64.b64encode(digest()).decode().rstrip("="),
        " sha256=" + digest().hex() + " ",
    ],
)
def test_n160_hex_in_either_case_and_base64_verify(written: str) -> None:
    """Each way to write the digest of these very bytes is taken, under any case of the header's name."""
    verify({HEADER: written})
    verify({HEADER.lower(): written})


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "webhook_signature_missing"),
        ({"X-Signature": "sha256=" + digest().hex()}, "webhook_signature_missing"),
        ({HEADER: "sha256=" + digest().hex(), HEADER.lower(): "sha256=" + digest().hex()}, "webhook_signature_missing"),
        ({HEADER: ""}, "webhook_signature_form"),
        ({HEADER: digest().hex()}, "webhook_signature_form"),
        ({HEADER: "sha1=" + digest().hex()}, "webhook_signature_form"),
        ({HEADER: "sha256="}, "webhook_signature_form"),
        ({HEADER: "sha256=" + digest().hex()[:-2]}, "webhook_signature_form"),
        ({HEADER: "sha256=" + "zz" * 32}, "webhook_signature_form"),
        ({HEADER: "sha256=" + "é" * 64}, "webhook_signature_form"),
        ({HEADER: "sha256=" + "a" * 10_000}, "webhook_signature_form"),
        ({HEADER: "sha256=" + base64.b64encode(digest()[:31]).decode()}, "webhook_signature_form"),
        ({HEADER: "sha256=" + digest(key="another").hex()}, "webhook_signature"),
        ({HEADER: "sha256=" + bytes(32).hex()}, "webhook_signature"),
        ({HEADER: "sha256=" + base64.b64encode(bytes(32)).decode()}, "webhook_signature"),
    ],
)
def test_n160_a_bad_or_missing_signature_is_refused(headers: dict[str, str], code: str) -> None:
    """Nothing is read; the refusal says which of three things was wrong and repeats nothing of it."""
    with pytest.raises(IntegrityFailed) as caught:
        verify(headers)
    assert code == caught.value.code
    assert digest().hex() not in caught.value.message


def test_n160_a_body_that_was_written_anew_does_not_verify() -> None:
    """The same document in other bytes has another signature."""
    headers = {HEADER: "sha256=" + digest().hex()}
    rewritten = json.dumps(json.loads(BODY)).encode()
    verify(headers)
    for body in (rewritten, BODY + b"\n", BODY.replace(b'"status":0', b'"status":3')):
        with pytest.raises(IntegrityFailed):
            verify(headers, body)


def test_either_of_two_keys_verifies_while_the_key_is_changed() -> None:
    """The old key and the new one are both good; a third is not; without any key nothing verifies."""
    headers = {HEADER: "sha256=" + digest().hex()}
    verify(headers, keys=("new", KEY))
    verify(headers, keys=(KEY, "old"))
    for keys in (("new", "old"), ()):
        with pytest.raises(IntegrityFailed):
            verify(headers, keys=keys)


def test_a_body_above_the_ceiling_is_not_even_hashed() -> None:
    """It is refused for its size though its signature holds."""
    body = b" " * (SETTINGS.webhook.max_body_bytes + 1)
    with pytest.raises(InvalidInput, match="too large"):
        verify({HEADER: "sha256=" + digest(body).hex()}, body)
    verify({HEADER: "sha256=" + digest(body[1:]).hex()}, body[1:])


def test_the_sample_of_the_notes_is_read() -> None:
    """Every member has its place."""
    assert HubNotice(
        event_id="264000000000000001",
        kind=NoticeKind.RESULT,
        transaction_code=CODE,
        txn_id=TXN,
        result=HubResult.AGREED,
        attempt=1,
    ) == webhook.read(SETTINGS, BODY)


def test_n161_attempts_share_their_id() -> None:
    """The id stays; `attempt` begins at 0 or 1 and may be a text, or missing."""
    first = read({**event(), "attempt": 0})
    for attempt, expected in ((1, 1), ("2", 2), (None, 0), ("x", 0), (-1, 0), (True, 0)):
        again = read({**event(), "attempt": attempt})
        assert (first.event_id, expected) == (again.event_id, again.attempt)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (0, HubResult.AGREED),
        ("0", HubResult.AGREED),
        (1, HubResult.FAILED),
        ("1", HubResult.FAILED),
        (2, HubResult.PENDING),
        (3, HubResult.DECLINED),
        ("3", HubResult.DECLINED),
    ],
)
def test_n163_status_as_number_and_as_text(status: object, result: HubResult) -> None:
    """One table says string, the sample says number: both are read alike."""
    notice = read(event(status=status))
    assert (NoticeKind.RESULT, result) == (notice.kind, notice.result)


@pytest.mark.parametrize("status", [None, 9, "", "00", " 0", "agreed", 0.0, False, [], {"a": 1}, 10**400])
def test_a_status_that_means_nothing_known_is_no_result(status: object) -> None:
    """It is neither consent nor refusal: the hub is asked."""
    notice = read(event(status=status) if status is not None else event(status=None))
    assert (NoticeKind.OTHER, None, CODE) == (notice.kind, notice.result, notice.transaction_code)


@pytest.mark.parametrize(
    ("event_type", "changes", "kind"),
    [
        ("SIGNHASH_WEBHOOK_TRANSCODE", {}, NoticeKind.TRANSCODE),
        ("CERT_REGISTER_WEBHOOK_TRANSCODE", {"status": None}, NoticeKind.TRANSCODE),
        ("SHARE_WEBHOOK_TRANSCODE", {"txnId": None}, NoticeKind.OTHER),
        ("SHARE_WEBHOOK_TRANSCODE", {"status": 1}, NoticeKind.OTHER),
        ("SIGNHASH_WEBHOOK_RESULT", {}, NoticeKind.RESULT),
        ("SHARE_WEBHOOK_RESULT", {"txnId": None}, NoticeKind.RESULT),
        ("SHARE_SOMETHING_NEW", {}, NoticeKind.OTHER),
        ("", {}, NoticeKind.OTHER),
    ],
)
def test_types_are_told_apart_by_configured_patterns(
    event_type: str, changes: dict[str, Any], kind: NoticeKind
) -> None:
    """An unknown type is authentic all the same and leads to a question."""
    assert kind is read({**event(**changes), "type": event_type}).kind


def test_a_result_that_says_it_was_too_late_is_expired() -> None:
    """The word `errorcode4005` counts wherever it stands, before the status does."""
    notice = read(event(status=1, description="Hết thời gian (ErrorCode4005)"))
    assert (NoticeKind.RESULT, HubResult.EXPIRED) == (notice.kind, notice.result)


def test_numbers_are_taken_for_texts_and_unknown_members_are_let_be() -> None:
    """`id` and `txnId` may be numbers; new members at both levels change nothing."""
    document = event(txnId=9110, more={"a": [1]})
    notice = read({**document, "id": 264000000000000001, "version": 2})
    assert ("264000000000000001", "9110") == (notice.event_id, notice.txn_id)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"id":NaN,"data":{}}',
        b'{"id":"1"}',
        b'{"id":"1","data":[]}',
        b'{"id":"1","data":{"status":0}}',
        b'{"data":{"transactionCode":"c"}}',
        b'{"id":true,"data":{"transactionCode":"c"}}',
        b'{"id":"1","data":{"transactionCode":"a b"}}',
        b'{"id":"1","data":{"transactionCode":["c"]}}',
    ],
)
def test_a_body_of_another_shape_is_refused(body: bytes) -> None:
    """The refusal names the place and never the value."""
    with pytest.raises(InvalidInput):
        webhook.read(SETTINGS, body)


def test_reprs_of_notices_hide_the_codes() -> None:
    """A notice in a log names its event and nothing by which the transaction could be asked for."""
    shown = repr(webhook.read(SETTINGS, BODY))
    assert "264000000000000001" in shown
    assert CODE not in shown
    assert TXN not in shown
