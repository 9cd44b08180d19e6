"""KeyPay v3 behind the port: orders, callbacks, details, refunds, pay-later."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.payment.keypay_v3 import KeyPayV3Adapter
from adapters.payment.keypay_v3_settings import KeyPayV3Settings
from adapters.payment.peer_checks import check_keypay_v3
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    InvalidInput,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.payment import Answer
from gateway.ports.payments import (
    Capability,
    NotificationRefused,
    PaymentProvider,
    RawNotification,
    RefundOrder,
    Verdict,
)
from mappings.payment import keypay_v3
from mappings.payment.notices import Notice
from tests.support.scripted_http import Reply, ScriptedHttp, json_reply, scripted_http
from tests.unit.adapters.payment.peer_samples import (
    DOSSIER,
    OPENED_AT,
    PAYER,
    RANDOM,
    keypay_v3_settings,
    make_attempt,
    make_order,
    make_parts,
)

REFERENCE = keypay_v3.make_reference(RANDOM)
ATTEMPT = make_attempt(REFERENCE)
PAGE = json_reply({"error": "0", "msg": "", "payment_url": "https://keypay3.example/pay/1"})
PNG = b"\x89PNG\r\n\x1a\n...."
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
LATER: dict[str, Any] = {"pay_later": {"create_url": "https://keypay3.example/later"}, "create_url": None}


def make(peer: ScriptedHttp, **changes: Any) -> KeyPayV3Adapter:
    return KeyPayV3Adapter(keypay_v3_settings(peer.url, **changes), make_parts())


def later(peer: ScriptedHttp, **changes: Any) -> KeyPayV3Adapter:
    return make(peer, create_url=None, pay_later={"create_url": f"{peer.url}/later", **changes})


def offline(**changes: Any) -> KeyPayV3Adapter:
    return KeyPayV3Adapter(keypay_v3_settings(**changes), make_parts())


def callback(**changes: Any) -> RawNotification:
    document: dict[str, Any] = {
        "client_id": "SIM_CLIENT",
        "transaction_id": REFERENCE,
        "transaction_code": "KP3-1",
        "trans_amount": "150000",
        "payment_fee": "1100",
        "addition_fee": "0",
        "command": "PAY",
        "version": "3.0",
        "currency_code": "VND",
        "status": "0",
        "bill_info": json.dumps({"MaHoSo": DOSSIER}),
        **changes,
    }
    document.setdefault("check_sum", keypay_v3.checksum("SIMKEY2", keypay_v3.order_values(document)))
    return RawNotification(method="POST", content_type="application/json", body=json.dumps(document).encode())


def detail(status: object = "0", *, key: str = "SIMKEY2", **changes: Any) -> Reply:
    check_sum = keypay_v3.checksum(key, ("SIM_CLIENT", "PAYDETAIL", REFERENCE))
    document = {
        "error": "0",
        "client_id": "SIM_CLIENT",
        "transaction_id": REFERENCE,
        "transaction_code": "KP3-1",
        "trans_amount": "150000",
        "status": status,
        "check_sum": check_sum,
        **changes,
    }
    return json_reply(document)


async def test_it_offers_what_keypay_offers() -> None:
    """Refunds where their addresses are known."""
    async with offline() as adapter:
        provider: PaymentProvider = adapter
        expected = {Capability.OPEN, Capability.NOTIFY, Capability.QUERY, Capability.REFUND}
        assert expected == provider.capabilities
        assert ("keypay-v3", "keypay_v3", "SIM_CLIENT") == (provider.name, provider.kind, provider.partner_code)
    async with offline(refund_url=None, refund_detail_url=None) as adapter:
        assert Capability.REFUND not in adapter.capabilities
        order = RefundOrder(refund_id="r", attempt=ATTEMPT, amount_vnd=1, reason="x")
        for call in (adapter.refund(order), adapter.query_refund(order, "R1"), adapter.bill(ATTEMPT)):
            with pytest.raises(InvalidInput):
                await call


async def test_an_order_is_opened() -> None:
    """The fields of §C.4 and of §A.4; signed with the first key; nothing on top of the amount."""
    async with scripted_http([PAGE]) as peer, make(peer) as adapter:
        opened = await adapter.open(make_order(REFERENCE))
        sent = peer.seen[0].document
    assert "https://keypay3.example/pay/1" == opened.pay_url
    assert 900 == (opened.expires_at or OPENED_AT).timestamp() - OPENED_AT.timestamp()
    assert keypay_v3.checksum("SIMKEY1", keypay_v3.order_values(sent)) == sent["check_sum"]
    assert ("150000", "0", "PAY", "3.0", "vn", "vi", "VND", "1") == tuple(
        sent[name]
        for name in (
            "trans_amount",
            "addition_fee",
            "command",
            "version",
            "locale",
            "country_code",
            "currency_code",
            "environment",
        )
    )
    bill = sent["bill_info"]
    assert (DOSSIER, "000.00.25.H01", "0011001234567", "") == (
        bill["MaHoSo"],
        bill["MaDonVi"],
        bill["TKThuHuong"],
        bill["HuyenNguoiNop"],
    )
    assert [("1", "100000", "1.000001"), ("2", "50000", "L01")] == [
        (item["LoaiPhiLePhi"], item["SoTien"], item["MaPhiLePhi"]) for item in bill["PhiLePhi"]
    ]
    assert ["100000", "50000"] == [line["SoTien"] for line in bill["DSKhoanNop"]]


async def test_items_must_add_up() -> None:
    """What is shown as paid for is what is paid; otherwise nothing is sent."""
    async with offline() as adapter:
        order = make_order(REFERENCE)
        for broken in (replace(order, amount_vnd=150_001), replace(order, items=()), make_order(REFERENCE, 40_000)):
            with pytest.raises(InvalidInput):
                await adapter.open(broken)


OPEN_FAULTS: dict[str, tuple[Reply, type[RemoteError]]] = {
    "no answer": (Reply(resets=True), OutcomeUnknown),
    "stall": (Reply(stalls=True), OutcomeUnknown),
    "500": (Reply(b"<html>", 500), OutcomeUnknown),
    "refused": (json_reply({"error": "5", "msg": "NGUYEN VAN A"}), Rejected),
    "number": (json_reply({"error": 7}), Rejected),
    "neither": (json_reply({"payment_url": "https://keypay3.example/1"}), ContractBroken),
    "no page": (json_reply({"error": "0"}), ContractBroken),
    "foreign": (json_reply({"error": "0", "payment_url": "https://evil.example/1"}), ContractBroken),
    "script": (json_reply({"error": "0", "payment_url": "javascript:alert(1)"}), ContractBroken),
    "torn": (Reply(b'{"error":"0"'), ContractBroken),
    "twice": (Reply(b'{"error":"5","error":"0","payment_url":"https://keypay3.example/1"}'), ContractBroken),
    "403": (Reply(status=403), CredentialsRefused),
}


@pytest.mark.parametrize(("reply", "expected"), OPEN_FAULTS.values(), ids=OPEN_FAULTS)
async def test_faults_while_an_order_is_opened(reply: Reply, expected: type[RemoteError]) -> None:
    """Sent once, told as what may have happened, and nothing of the answer is in the error."""
    async with scripted_http([reply]) as peer, make(peer, call_seconds=0.3) as adapter:
        with pytest.raises(expected) as caught:
            await adapter.open(make_order(REFERENCE))
        if isinstance(caught.value, ContractBroken):
            assert caught.value.effect_possible
    assert "NGUYEN" not in str(caught.value)
    assert PAYER.number not in str(caught.value)


async def test_pitfall_08_paid_counts_only_after_the_detail() -> None:
    """The callback is a hint; the detail decides, whatever the callback says."""
    async with scripted_http([detail("0")]) as peer, make(peer) as adapter:
        raw = callback()
        claimed = adapter.read_notification(raw)
        assert (Answer.PAID, False) == (claimed.answer, claimed.is_decisive)
        fact = await adapter.verify(raw, claimed, ATTEMPT)
        assert (Answer.PAID, True, 150_000, "KP3-1") == (
            fact.answer,
            fact.is_decisive,
            fact.amount_vnd,
            fact.transaction,
        )
        asked = peer.seen[0].document
        assert keypay_v3.checksum("SIMKEY1", ("SIM_CLIENT", "PAYDETAIL", REFERENCE)) == asked["check_sum"]


async def test_pitfall_08_a_captured_unpaid_callback_turned_into_paid() -> None:
    """Its checksum still fits, and the detail says that nothing is paid."""
    async with scripted_http([detail("1")]) as peer, make(peer) as adapter:
        unpaid = json.loads(callback(status="1").body)
        turned = RawNotification(method="POST", content_type="", body=json.dumps({**unpaid, "status": "0"}).encode())
        fact = await adapter.verify(turned, adapter.read_notification(turned), ATTEMPT)
        assert (Answer.NOT_FOUND, True) == (fact.answer, fact.is_decisive)


async def test_pitfall_08_an_unsigned_detail_decides_only_what_a_callback_says_too() -> None:
    """Where no checksum of details is known: a detail alone is a hint, and with a callback that is verified it is two
    ways that agree about the same money."""
    bare: dict[str, Any] = {"check_sum": None}
    replies = [detail("0", **bare), detail("0", **bare), detail("0", trans_amount="15000", **bare)]
    async with scripted_http(replies) as peer, make(peer, detail_cover="none") as adapter:
        polled = await adapter.query(ATTEMPT)
        assert (Answer.PAID, False, (Notice.NO_CHECKSUM,)) == (polled.answer, polled.is_decisive, polled.notices)
        raw = callback()
        claimed = adapter.read_notification(raw)
        assert (await adapter.verify(raw, claimed, ATTEMPT)).is_decisive
        assert not (await adapter.verify(raw, claimed, ATTEMPT)).is_decisive


async def test_pitfall_09_the_detail_tells_its_own_amount() -> None:
    """So a wrong one is seen by whoever compares it with the order."""
    async with scripted_http([detail("0", trans_amount=15_000)]) as peer, make(peer) as adapter:
        raw = callback()
        assert 15_000 == (await adapter.verify(raw, adapter.read_notification(raw), ATTEMPT)).amount_vnd


async def test_a_callback_that_keypay_disowns() -> None:
    """It knows no such transaction."""
    async with scripted_http([json_reply({"error": "9"})]) as peer, make(peer, not_found_errors=["9"]) as adapter:
        raw = callback()
        fact = adapter.read_notification(raw)
        with pytest.raises(NotificationRefused) as caught:
            await adapter.verify(raw, fact, ATTEMPT)
        assert "disowned" == caught.value.code
        with pytest.raises(NotificationRefused):
            await adapter.verify(raw, fact, make_attempt(keypay_v3.make_reference(bytes(16))))


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([detail(key="SIMKEY1")], ContractBroken),
        ([detail(check_sum=None)], ContractBroken),
        ([detail(transaction_id="OTHER")], ContractBroken),
        ([detail(client_id="OTHER")], ContractBroken),
        ([detail(trans_amount="1.5")], ContractBroken),
        ([Reply(b"<html>")], ContractBroken),
        ([Reply(status=502)] * 3, TransientFailure),
        ([Reply(resets=True)] * 3, TransientFailure),
    ],
)
async def test_faults_while_asking(replies: Sequence[Reply], expected: type[RemoteError]) -> None:
    """Nothing changes, and no effect is possible."""
    async with scripted_http(replies) as peer, make(peer) as adapter:
        with pytest.raises(expected) as caught:
            await adapter.query(ATTEMPT)
        assert not getattr(caught.value, "effect_possible", False)


@pytest.mark.parametrize(
    ("change", "reply"),
    [
        ({"detail_cover": "none"}, detail(check_sum="x")),
        (
            {"detail_cover": "order"},
            detail(
                command="PAY",
                version="3.0",
                addition_fee="0",
                check_sum=keypay_v3.checksum("SIMKEY2", ("0", "SIM_CLIENT", "PAY", "150000", REFERENCE, "3.0")),
            ),
        ),
        ({"receiving_key": [{"value": "new"}, {"value": "SIMKEY2"}]}, detail()),
    ],
)
async def test_ways_to_verify_a_detail(change: Mapping[str, Any], reply: Reply) -> None:
    """What its checksum covers is not known, so it is a setting; old keys verify while they are exchanged."""
    async with scripted_http([reply]) as peer, make(peer, **change) as adapter:
        assert Answer.PAID is (await adapter.query(ATTEMPT)).answer


async def test_a_detail_that_was_not_given_ends_nothing() -> None:
    """An unknown error is no failure of the payment."""
    async with scripted_http([json_reply({"error": "77"})]) as peer, make(peer) as adapter:
        fact = await adapter.query(ATTEMPT)
    assert (Answer.PENDING, (Notice.UNKNOWN_RESULT,), "error 77") == (fact.answer, fact.notices, fact.result_code)


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [
        (Verdict.APPLIED, 200, 0),
        (Verdict.REFUSED, 200, -1),
        (Verdict.FORGED, 200, -1),
        (Verdict.UNAVAILABLE, 200, -1),
    ],
)
async def test_acknowledgements(verdict: Verdict, status: int, code: int) -> None:
    """Never an empty object, as one source answers."""
    async with offline() as adapter:
        given = adapter.acknowledge(callback(), verdict)
        assert (status, code) == (given.status, json.loads(given.body)["return_code"])


REFUND = RefundOrder(refund_id="r1", attempt=ATTEMPT, amount_vnd=50_000, reason="Nộp thừa | 2 lần")
REFUND_VALUES = ("50000", "SIM_CLIENT", "REFUND", "NOP THUA / 2 LAN", REFERENCE)


def refunded(**changes: Any) -> Reply:
    document = {
        "error": "0",
        "transaction_refund_code": "RF1",
        "transaction_refund_id": "17",
        "amount_refund": "50000",
        "qrcode_refund": PNG_URI,
        "check_sum": keypay_v3.checksum("SIMKEY2", REFUND_VALUES),
        **changes,
    }
    return json_reply(document)


async def test_a_refund() -> None:
    """Not done before the payer has scanned its code; the reason is signed without marks and pipes."""
    async with scripted_http([refunded()]) as peer, make(peer) as adapter:
        fact = await adapter.refund(REFUND)
        sent = peer.seen[0].document
    assert (None, "RF1", 50_000, PNG, "") == (
        fact.is_done,
        fact.transaction,
        fact.amount_vnd,
        fact.qr_image,
        fact.qr_content,
    )
    assert keypay_v3.checksum("SIMKEY1", REFUND_VALUES) == sent["check_sum"]
    assert "NOP THUA / 2 LAN" == sent["reason"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refunded(check_sum="x"), ContractBroken),
        (refunded(amount_refund="5000"), ContractBroken),
        (refunded(transaction_refund_code=None), ContractBroken),
        (json_reply({"error": "3"}), Rejected),
        (json_reply({}), ContractBroken),
        (Reply(resets=True), OutcomeUnknown),
        (Reply(stalls=True), OutcomeUnknown),
        (Reply(status=503), OutcomeUnknown),
    ],
)
async def test_faults_of_a_refund(reply: Reply, expected: type[RemoteError]) -> None:
    """Sent once; whatever cannot be understood may have had its effect."""
    async with scripted_http([reply]) as peer, make(peer, call_seconds=0.3) as adapter:
        with pytest.raises(expected) as caught:
            await adapter.refund(REFUND)
        assert getattr(caught.value, "effect_possible", True)


async def test_pitfall_no_more_is_given_back_than_was_paid() -> None:
    """F29; nothing is sent."""
    async with offline() as adapter:
        for amount in (0, -1, 150_001):
            with pytest.raises(InvalidInput):
                await adapter.refund(replace(REFUND, amount_vnd=amount))


@pytest.mark.parametrize(("status", "is_done"), [("0", True), (0, True), ("1", None), ("8", None), ("2", False)])
async def test_what_became_of_a_refund(status: object, is_done: bool | None) -> None:
    """By its number; a lost answer leaves no number, and then nobody can be asked."""
    check_sum = keypay_v3.checksum("SIMKEY2", ("SIM_CLIENT", "REFUNDDETAIL", "RF1"))
    reply = refunded(status=status, check_sum=check_sum)
    settings = {"refund_answers": {"0": True, "2": False}}
    async with scripted_http([reply]) as peer, make(peer, **settings) as adapter:
        assert is_done is (await adapter.query_refund(REFUND, "RF1")).is_done
        assert (await adapter.query_refund(REFUND, "")).is_done is None
        peer.plan(refunded(transaction_refund_code="RF2", check_sum=check_sum))
        with pytest.raises(ContractBroken):
            await adapter.query_refund(REFUND, "RF1")


def opened_later(**changes: Any) -> Reply:
    data = {
        "transaction_code": "KPL-1",
        "expired_in": 3600,
        "qrcode_pay": PNG_URI,
        "qrcode_static": "00020101021238",
        "url_pay": "https://keypay3.example/later/1",
        "status": "1",
        "total_amount": 150_000,
        **changes,
    }
    return json_reply({"error": "0", "data": {name: value for name, value in data.items() if value is not None}})


async def test_an_order_that_is_paid_later() -> None:
    """Page, code and picture; its own life; no day in the reference, so that two attempts of a day differ."""
    async with scripted_http([opened_later()]) as peer, later(peer) as adapter:
        opened = await adapter.open(make_order(REFERENCE))
        sent = peer.seen[0].document
        assert "PAYLATER" == sent["command"]
        assert DOSSIER == sent["bill_id"]
        assert keypay_v3.checksum("SIMKEY1", keypay_v3.order_values(sent)) == sent["check_sum"]
        assert ("https://keypay3.example/later/1", "00020101021238", PNG, "KPL-1") == (
            opened.pay_url,
            opened.qr_content,
            opened.qr_image,
            opened.transaction,
        )
        assert 3600 == (opened.expires_at or OPENED_AT).timestamp() - OPENED_AT.timestamp()
        assert adapter.make_reference(RANDOM, DOSSIER) != adapter.make_reference(bytes(16), DOSSIER)
        peer.plan(opened_later(qrcode_static="https://x.example", url_pay=None, expired_in=None, total_amount=None))
        opened = await adapter.open(make_order(REFERENCE))
        assert ("", "", PNG, None) == (opened.pay_url, opened.qr_content, opened.qr_image, opened.expires_at)


async def test_the_unit_and_checksum_of_pay_later_are_settings() -> None:
    """U27, and sources that disagree about what is covered."""
    async with (
        scripted_http([opened_later(expired_in="60")]) as peer,
        later(peer, expires_unit_seconds=60, cover="question") as adapter,
    ):
        opened = await adapter.open(make_order(REFERENCE))
        expected = keypay_v3.checksum("SIMKEY1", ("SIM_CLIENT", "PAYLATER", REFERENCE))
        assert expected == peer.seen[0].document["check_sum"]
    assert 3600 == (opened.expires_at or OPENED_AT).timestamp() - OPENED_AT.timestamp()


@pytest.mark.parametrize(
    "changes",
    [
        {"total_amount": 15_000},
        {"url_pay": None, "qrcode_pay": None, "qrcode_static": None},
        {"url_pay": "https://evil.example"},
        {"expired_in": -5},
        {"expired_in": 1.5},
    ],
)
async def test_faults_of_pay_later(changes: Mapping[str, Any]) -> None:
    """Another amount, nothing to pay by, another host, a life that is none."""
    async with scripted_http([opened_later(**changes)]) as peer, later(peer) as adapter:
        with pytest.raises(ContractBroken):
            await adapter.open(make_order(REFERENCE))


async def test_a_callback_of_pay_later() -> None:
    """Its own command is no oddity there."""
    async with scripted_http() as peer, later(peer) as adapter:
        fact = adapter.read_notification(callback(command="PAYLATER"))
        assert (Answer.PAID, False, (Notice.UNSIGNED_DOSSIER,)) == (fact.answer, fact.is_decisive, fact.notices)


async def test_the_check_asks_about_an_order_that_nobody_opened() -> None:
    """Whatever error is named is well; paid is not."""
    async with scripted_http([json_reply({"error": "9"})]) as peer, make(peer) as adapter:
        assert [True] * 3 == [finding.is_ok for finding in await check_keypay_v3(adapter)]
        peer.plan(Reply(b"x"))
        finding = (await check_keypay_v3(adapter))[-1]
        assert (False, True) == (finding.is_ok, "addresses" in finding.detail)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"detail_url": "http://keypay3.example/d"}, "detail_url must be https"),
        ({"create_url": None}, "one of create_url and pay_later"),
        ({"refund_url": None}, "belong together"),
        ({"page_hosts": []}, "page_hosts"),
        ({"answers": {"0": "failed"}}, "what means paid"),
        ({"command": "P|Y"}, "pipe"),
        ({"refund_detail_command": "R|D"}, "pipe"),
        ({"create_url": None, "pay_later": {"create_url": "https://k.example/l", "command": "L|R"}}, "pipe"),
        ({"create_url": None, "pay_later": {"create_url": "https://k.example/l", "detail_command": "|"}}, "pipe"),
        ({"fee_kinds": {"charge": "1"}}, "fee_kinds"),
        ({"bank_pattern": "("}, "pattern"),
    ],
)
def test_settings_that_do_not_fit_together(change: dict[str, Any], fault: str) -> None:
    """Each is named."""
    with pytest.raises(ValueError, match=fault) as caught:
        keypay_v3_settings(**change)
    assert "SIMKEY1" not in str(caught.value)


def test_the_recommended_defaults() -> None:
    """U9, U27, and the values of §C.4."""
    settings: KeyPayV3Settings = keypay_v3_settings(**LATER)
    assert settings.pay_later is not None
    assert 1.0 == settings.pay_later.expires_unit_seconds
    assert {"charge": "1", "levy": "2"} == dict(settings.fee_kinds)
    assert {"0": Answer.PAID, "1": Answer.NOT_FOUND} == dict(settings.answers)


async def test_u13_the_limits_of_the_receipt_may_be_others() -> None:
    """And so may the type of its service class, about which the sources disagree."""
    changes = {"limits": {"name": 50}, "is_service_class_number": True}
    answer = json_reply({"error": "0", "payment_url": "https://keypay3.example/p"})
    async with scripted_http([answer]) as peer, make(peer, **changes) as adapter:
        await adapter.open(replace(make_order(REFERENCE), procedure_name="x" * 60))
        info = json.loads(peer.seen[0].body)["bill_info"]
    assert (50, 2) == (len(info["TenTTHC"]), info["MaDichVu"])
