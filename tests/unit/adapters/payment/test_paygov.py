"""PayGov behind the port: the LGSP's token, orders, callbacks and vouchers, and what goes wrong on the way."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.payment.paygov import PayGovAdapter
from adapters.payment.paygov_settings import PayGovSettings
from adapters.payment.peer_checks import check_paygov
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    InvalidInput,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.payment import Answer, PaymentFact
from gateway.ports.payments import (
    Capability,
    NotificationRefused,
    PaymentProvider,
    RawNotification,
    RefundOrder,
    Verdict,
)
from tests.support.clocks import StillClock
from tests.support.scripted_http import Reply, ScriptedHttp, json_reply, scripted_http
from tests.unit.adapters.payment.peer_samples import (
    OPENED_AT,
    PAYER,
    RANDOM,
    make_attempt,
    make_order,
    make_parts,
    paygov_settings,
)

TOKEN = json_reply({"access_token": "token-1", "expires_in": 3600})
PAGE = json_reply({"error_code": "SUCCESSFUL", "data": {"url": "https://paygov.example/pay/1"}})
VERIFIED = json_reply({"error_code": "SUCCESSFUL"})


def make(peer: ScriptedHttp, clock: StillClock | None = None, **changes: Any) -> PayGovAdapter:
    return PayGovAdapter(paygov_settings(peer.url, **changes), make_parts(clock))


def reference_of(adapter: PayGovAdapter) -> str:
    return adapter.make_reference(RANDOM, "H01.25-250115-0001")


def callback(reference: str, **changes: Any) -> RawNotification:
    document = {
        "amount": 150_000,
        "orderId": "000.00.25.H01-H01.25-250115-0001-01",
        "orderInfo": "THU TUC",
        "requestCode": reference,
        "transactionNo": "VNP1",
        "transactionCode": "PGTX0001",
        "payDate": "20250115093412",
        "paygate": "VNPAY",
        "errorCode": "00",
        "type": "1",
        "checksum": "ab" * 32,
        "activeCheckSum": "false",
        **changes,
    }
    return RawNotification(method="POST", content_type="application/json", body=json.dumps(document).encode())


async def test_it_offers_what_paygov_offers() -> None:
    """No question, no refund; vouchers where their address is known."""
    async with PayGovAdapter(paygov_settings(), make_parts()) as adapter:
        provider: PaymentProvider = adapter
        assert {Capability.OPEN, Capability.NOTIFY, Capability.BILL} == provider.capabilities
        assert ("paygov", "paygov", "PAYGOV-SIM") == (provider.name, provider.kind, provider.partner_code)
        attempt = make_attempt("1" * 18)
        for call in (
            provider.query(attempt),
            provider.refund(RefundOrder(refund_id="r", attempt=attempt, amount_vnd=1, reason="x")),
            provider.settlement(OPENED_AT.date()),
        ):
            with pytest.raises(InvalidInput) as caught:
                await call
            assert "not_offered" == caught.value.code
        with pytest.raises(NotificationRefused):
            provider.read_lookup(callback("1" * 18))


async def test_it_is_off_until_it_is_switched_on() -> None:
    """U25. What comes in is read all the same: late money is never dropped."""
    settings = paygov_settings(is_enabled=False)
    assert not PayGovSettings.model_fields["is_enabled"].default
    async with PayGovAdapter(settings, make_parts()) as adapter:
        reference = reference_of(adapter)
        assert {Capability.NOTIFY, Capability.BILL} == adapter.capabilities
        with pytest.raises(InvalidInput) as caught:
            await adapter.open(make_order(reference))
        assert "not_offered" == caught.value.code
        assert reference == adapter.read_notification(callback(reference)).reference


async def test_an_order_is_opened_with_token_and_header() -> None:
    """The login carries the header, the order both."""
    async with scripted_http([TOKEN, PAGE]) as peer, make(peer) as adapter:
        opened = await adapter.open(make_order(reference_of(adapter)))
        assert "https://paygov.example/pay/1" == opened.pay_url
        assert 900 == (opened.expires_at or OPENED_AT).timestamp() - OPENED_AT.timestamp()
        login, order = peer.seen
    assert b"grant_type=client_credentials" == login.body
    assert "Bearer token-1" == order.headers["authorization"]
    for request in (login, order):
        access = json.loads(base64.b64decode(request.headers["lgspaccesstoken"]))
        assert ("LGSPACCESS", "bi-mat-lgsp", "APP", "H01") == (
            access["AccessKey"],
            access["SecretKey"],
            access["AppName"],
            access["PartnerCode"],
        )
    assert isinstance(order.document["amount"], int)
    assert "203.0.113.7" == order.document["ipAddress"]


@pytest.mark.parametrize("layers", [1, 2])
async def test_f16_an_answer_handed_on_as_text_is_unwrapped(layers: int) -> None:
    """An intermediary may write `data` as JSON text, once or twice."""
    data: Any = {"url": "https://paygov.example/pay/1"}
    for _ in range(layers):
        data = json.dumps(data)
    async with scripted_http([TOKEN, json_reply({"data": data})]) as peer, make(peer) as adapter:
        assert "https://paygov.example/pay/1" == (await adapter.open(make_order(reference_of(adapter)))).pay_url


async def test_an_order_that_the_lgsp_signs_sends_no_key() -> None:
    """The other variant, with a token that was handed over, and the header with the login only."""
    changes: dict[str, Any] = {
        "order_form": "lgsp",
        "account_label": "TAI KHOAN",
        "bill_path": None,
        "login": None,
        "fixed_token": {"value": "fixed"},
        "access_key": None,
        "secret_key": None,
        "service_code": None,
    }
    async with scripted_http([PAGE]) as peer, make(peer, **changes) as adapter:
        await adapter.open(make_order(reference_of(adapter)))
        (order,) = peer.seen
    assert "TAI KHOAN" == order.document["accountPay"]
    assert "checksum" not in order.document
    assert "Bearer fixed" == order.headers["authorization"]


async def test_twenty_callers_share_one_token() -> None:
    """It is renewed once for all, when most of its life has passed."""
    clock = StillClock()
    async with scripted_http([TOKEN, *[VERIFIED] * 20]) as peer, make(peer, clock) as adapter:
        raw, attempt = callback(reference_of(adapter)), make_attempt(reference_of(adapter))
        fact = adapter.read_notification(raw)
        await asyncio.gather(*(adapter.verify(raw, fact, attempt) for _ in range(20)))
        assert 1 == peer.paths.count("/api/v1/Authentication/Token")
        clock.move(3600 * 0.8 + 1)
        peer.plan(json_reply({"data": {"token": "token-2", "expires_in": "60"}}), *[VERIFIED] * 5)
        await asyncio.gather(*(adapter.verify(raw, fact, attempt) for _ in range(5)))
        assert 2 == peer.paths.count("/api/v1/Authentication/Token")
        assert "Bearer token-2" == peer.seen[-1].headers["authorization"]


async def test_a_refused_token_is_renewed_and_the_order_sent_once_more() -> None:
    """The LGSP refuses it before handing anything on; a second refusal is told."""
    again = json_reply({"access_token": "token-2"})
    async with scripted_http([TOKEN, Reply(status=401), again, PAGE]) as peer, make(peer) as adapter:
        assert (await adapter.open(make_order(reference_of(adapter)))).pay_url
        peer.plan(Reply(status=401), TOKEN, Reply(status=401))
        with pytest.raises(CredentialsRefused):
            await adapter.open(make_order(reference_of(adapter)))


async def test_a_failing_login_is_tried_once_by_a_crowd() -> None:
    """Everybody is told of the same failure, and the next try waits."""
    clock = StillClock()
    async with scripted_http([Reply(status=403)]) as peer, make(peer, clock) as adapter:
        order = make_order(reference_of(adapter))
        results = await asyncio.gather(*(adapter.open(order) for _ in range(10)), return_exceptions=True)
        assert [CredentialsRefused] * 10 == [type(result) for result in results]
        clock.move(6)
        peer.plan(TOKEN, PAGE)
        assert (await adapter.open(order)).pay_url


OPEN_FAULTS: dict[str, tuple[Reply, type[RemoteError]]] = {
    "no answer": (Reply(resets=True), OutcomeUnknown),
    "stall": (Reply(stalls=True), OutcomeUnknown),
    "500": (Reply(b"<html>", 500), OutcomeUnknown),
    "502": (Reply(b"<html>", 502, "text/html"), OutcomeUnknown),
    "503": (Reply(b"", 503), OutcomeUnknown),
    "429": (Reply(b"", 429), RateLimited),
    "400": (Reply(b"{}", 400), Rejected),
    "empty": (Reply(b""), ContractBroken),
    "html": (Reply(b"<html>maintenance</html>", 200, "text/html"), ContractBroken),
    "torn": (Reply(b'{"data":{"url":"https'), ContractBroken),
    "twice": (Reply(b'{"data":{},"data":{"url":"https://paygov.example/1"}}'), ContractBroken),
    "list": (Reply(b"[]"), ContractBroken),
    "no url": (json_reply({"error_code": "FAILED"}), Rejected),
    "empty url": (json_reply({"data": {"url": ""}}), Rejected),
    "foreign": (json_reply({"data": {"url": "https://evil.example/1"}}), ContractBroken),
    "http": (json_reply({"data": {"url": "http://paygov.example/1"}}), ContractBroken),
    "at": (json_reply({"data": {"url": "https://paygov.example@evil.example/1"}}), ContractBroken),
}


@pytest.mark.parametrize(("reply", "expected"), OPEN_FAULTS.values(), ids=OPEN_FAULTS)
async def test_faults_while_an_order_is_opened(reply: Reply, expected: type[RemoteError]) -> None:
    """Sent once, and told as what may have happened; nothing of the answer is in the error."""
    async with scripted_http([TOKEN, reply]) as peer, make(peer, call_seconds=0.3) as adapter:
        with pytest.raises(expected) as caught:
            await adapter.open(make_order(reference_of(adapter)))
        if isinstance(caught.value, ContractBroken):
            assert caught.value.effect_possible
    assert "evil" not in str(caught.value)
    assert PAYER.full_name not in str(caught.value)


async def test_no_connection_had_no_effect() -> None:
    """Nothing was sent."""
    async with scripted_http() as peer:
        url = peer.url
    async with PayGovAdapter(paygov_settings(url), make_parts()) as adapter:
        with pytest.raises(TransientFailure):
            await adapter.open(make_order(reference_of(adapter)))


async def test_pitfall_02_a_callback_counts_once_paygov_confirms_it() -> None:
    """Before it is a hint; all eleven fields are sent back as they came."""
    async with scripted_http([TOKEN, VERIFIED]) as peer, make(peer) as adapter:
        raw = callback(reference_of(adapter))
        claimed = adapter.read_notification(raw)
        assert not claimed.is_decisive
        fact = await adapter.verify(raw, claimed, make_attempt(reference_of(adapter)))
        assert replace(claimed, is_decisive=True) == fact
        sent = peer.seen[-1].document
    expected = json.loads(raw.body)
    del expected["activeCheckSum"]
    assert expected == sent


@pytest.mark.parametrize("word", ["FAILED", "SIGNATURE_WRONG"])
async def test_pitfall_01_a_disowned_callback_is_refused(word: str) -> None:
    """Fail closed."""
    async with scripted_http([TOKEN, json_reply({"error_code": word})]) as peer, make(peer) as adapter:
        raw = callback(reference_of(adapter))
        fact = adapter.read_notification(raw)
        with pytest.raises(NotificationRefused) as caught:
            await adapter.verify(raw, fact, make_attempt(reference_of(adapter)))
        assert "bad_checksum" == caught.value.code


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([json_reply({})], ContractBroken),
        ([json_reply({"error_code": "successful"})], ContractBroken),
        ([json_reply({"error_code": ["SUCCESSFUL"]})], ContractBroken),
        ([Reply(b"SUCCESSFUL")], ContractBroken),
        ([Reply(status=500)] * 3, TransientFailure),
        ([Reply(resets=True)] * 3, TransientFailure),
    ],
)
async def test_without_a_verdict_nothing_is_verified(replies: Sequence[Reply], expected: type[RemoteError]) -> None:
    """Neither paid nor refused: it is asked again."""
    async with scripted_http([TOKEN, *replies]) as peer, make(peer) as adapter:
        raw = callback(reference_of(adapter))
        fact = adapter.read_notification(raw)
        with pytest.raises(expected):
            await adapter.verify(raw, fact, make_attempt(reference_of(adapter)))


async def test_a_callback_is_matched_by_its_request_code() -> None:
    """A genuine callback of another attempt confirms nothing; PayGov is not even asked."""
    async with scripted_http() as peer, make(peer) as adapter:
        raw = callback(reference_of(adapter))
        fact = adapter.read_notification(raw)
        other = adapter.make_reference(bytes(16), "")
        for attempt, given in (
            (make_attempt(other), fact),
            (make_attempt(fact.reference), replace(fact, reference=other)),
        ):
            with pytest.raises(NotificationRefused):
                await adapter.verify(raw, given, attempt)


async def test_the_return_of_the_browser_holds_the_same_fields() -> None:
    """As parameters; repeated ones are refused."""
    async with PayGovAdapter(paygov_settings(), make_parts()) as adapter:
        document = json.loads(callback(reference_of(adapter)).body)
        pairs = tuple((name, str(value)) for name, value in document.items())
        raw = RawNotification(method="GET", content_type="", body=b"", query=pairs)
        fact: PaymentFact = adapter.read_notification(raw)
        assert (Answer.PAID, 150_000, False) == (fact.answer, fact.amount_vnd, fact.is_decisive)
        with pytest.raises(NotificationRefused) as caught:
            adapter.read_notification(replace(raw, query=(*pairs, ("amount", "1"))))
        assert "duplicate_member" == caught.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"\xff", "malformed"),
        (b"[1]", "malformed"),
        (b'{"amount":1,"amount":2}', "duplicate_member"),
        (b"x" * 70_000, "too_large"),
    ],
)
async def test_bodies_that_are_no_callback(body: bytes, code: str) -> None:
    """Refused with a word, without stumbling."""
    async with PayGovAdapter(paygov_settings(), make_parts()) as adapter:
        with pytest.raises(NotificationRefused) as caught:
            adapter.read_notification(RawNotification(method="POST", content_type="", body=body))
        assert code == caught.value.code


@pytest.mark.parametrize(
    ("verdict", "status", "word"),
    [
        (Verdict.APPLIED, 200, "SUCCESSFUL"),
        (Verdict.REFUSED, 200, "FAILED"),
        (Verdict.FORGED, 200, "SIGNATURE_WRONG"),
        (Verdict.UNAVAILABLE, 200, "FAILED"),
    ],
)
async def test_acknowledgements(verdict: Verdict, status: int, word: str) -> None:
    """§B.5; for anything that came, readable or not."""
    async with PayGovAdapter(paygov_settings(), make_parts()) as adapter:
        raw = RawNotification(method="POST", content_type="", body=b"\xff")
        given = adapter.acknowledge(raw, verdict)
        assert (status, word) == (given.status, json.loads(given.body)["error_code"])


async def test_a_voucher() -> None:
    """§B.6; its address is told, and followed by nobody."""
    found = json_reply({"transactionReceipt": "https://paygov.example/receipt.pdf"})
    async with scripted_http([TOKEN, found]) as peer, make(peer) as adapter:
        attempt = make_attempt("1" * 18, transaction="PGTX0001", payer=PAYER, procedure_name="Cấp giấy")
        bill = await adapter.bill(attempt)
        assert bill is not None
        assert "https://paygov.example/receipt.pdf" == bill.url
        sent = peer.seen[-1].document
        assert ("NGUYEN VAN THU", "CAP GIAY", ["PGTX0001"]) == (
            sent["payerName"],
            sent["procedureName"],
            json.loads(base64.b64decode(sent["paids"])),
        )
        # The clock stands at 08:00 UTC on 5 January 2026.
        assert "05-01-2026" == sent["decisionDate"]
        peer.plan(json_reply({}))
        assert await adapter.bill(attempt) is None
        peer.plan(json_reply({"transactionReceipt": "http://169.254.169.254/latest"}))
        with pytest.raises(ContractBroken) as caught:
            await adapter.bill(attempt)
        assert "foreign_bill" == caught.value.code
        assert await adapter.bill(replace(attempt, transaction="")) is None
        with pytest.raises(InvalidInput):
            await adapter.bill(replace(attempt, payer=None))


async def test_the_check_logs_in_and_opens_nothing() -> None:
    """Secrets, login, and whether it is switched on."""
    async with scripted_http([TOKEN]) as peer, make(peer, is_enabled=False) as adapter:
        findings = await check_paygov(adapter)
        assert [True] * 4 == [finding.is_ok for finding in findings]
        peer.plan(json_reply({"nothing": 1}))
        findings = await check_paygov(adapter)
        assert "[no_token]" in next(finding.detail for finding in findings if not finding.is_ok)
        assert {"/api/v1/Authentication/Token"} == set(peer.paths)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"base_url": "http://lgsp.example"}, "base_url must be https"),
        ({"login": None}, "one of login and fixed_token"),
        ({"secret_key": None}, "where the unit signs"),
        ({"order_form": "lgsp"}, "account_label"),
        ({"page_hosts": []}, "page_hosts"),
        ({"may_lack": ["checksum"]}, "may_lack"),
        ({"verified_word": "FAILED"}, "verified_word"),
        ({"pending_codes": ["00"]}, "pending_codes"),
        ({"unit_code": "H01"}, "unit_code"),
    ],
)
def test_settings_that_do_not_fit_together(change: dict[str, Any], fault: str) -> None:
    """Each is named; pitfall 22 among them."""
    with pytest.raises(ValueError, match=fault) as caught:
        paygov_settings(**{"base_url": "https://lgsp.example", **change})
    assert "SIMSECRET" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    """Pitfall 12."""
    shown = repr(paygov_settings())
    assert "SIMSECRET" not in shown
    assert "bi-mat-lgsp" not in shown
