"""INIT and QUERY over a connection: what every failure means for money."""

import json
from typing import Any

import pytest

from adapters.payment.platform_failures import INIT_ROWS, QUESTION_ROWS
from adapters.transport.messages import CallOutcome
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
from gateway.model.payment import Answer
from gateway.ports.payments import AskedAttempt, NotificationRefused, Opened
from mappings.payment.platform_rules import ResultClass
from tests.unit.adapters.payment.platform_peer import ACCEPTED, PAGE, Said, said, serving, wrapped
from tests.unit.mappings.payment.platform_samples import (
    CONFIRM,
    DOSSIER,
    OPENED_AT,
    ORDER,
    REFERENCE,
    SECRET,
    answered,
    order,
    raw,
    sealed,
)

ATTEMPT = AskedAttempt(reference=REFERENCE, amount_vnd=150_000, dossier_code=DOSSIER, opened_at=OPENED_AT)
HTML = b"<!DOCTYPE html><html><h1>502 Bad Gateway</h1></html>"


def assert_safe(error: Exception) -> None:
    """No secret, person or foreign text in what is shown."""
    for value in (SECRET, ORDER.payer.full_name, ORDER.payer.number, ORDER.payer_address, "Lỗi"):
        assert value not in f"{error} {error!r}"


@pytest.mark.parametrize(
    "answer",
    [
        said(ACCEPTED),
        wrapped(ACCEPTED),
        wrapped(json.dumps(ACCEPTED)),
        said({"error_code": "0", "message": ACCEPTED}),
        Said(b"\xef\xbb\xbf" + json.dumps(ACCEPTED).encode()),
    ],
    ids=["bare", "wrapped", "F16-double", "F16-object", "F15-bom"],
)
async def test_f16_an_order_is_opened(answer: Said) -> None:
    """In every envelope: the page, and when it ends."""
    async with serving(answer) as (peer, adapter):
        opened = await adapter.open(ORDER)
        assert Opened(pay_url=PAGE, expires_at=OPENED_AT.replace(minute=45)) == opened
        (asked,) = peer.asked
        assert ("POST", "/init", "150000") == (asked.method, asked.path, asked.document["SoTien"])
        assert "application/json; charset=utf-8" == asked.headers["Content-Type"]
        assert "Authorization" not in asked.headers
        assert [("payment.platform", "init", CallOutcome.OK)] == [
            (each.system, each.operation, each.outcome) for each in peer.observed
        ]


async def test_an_adapter_in_between_gets_its_token() -> None:
    """Only where one is configured."""
    async with serving(said(ACCEPTED), access_token={"value": "LGSP-TOKEN"}) as (peer, adapter):
        await adapter.open(ORDER)
        assert "Bearer LGSP-TOKEN" == peer.asked[0].headers["Authorization"]


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (Said(cut=True), OutcomeUnknown, "connection_lost"),
        (Said(stall=True), OutcomeUnknown, "timeout"),
        (Said(b"Internal Server Error", 500, "text/plain"), OutcomeUnknown, "http_5xx"),
        (Said(HTML, 502, "text/html"), OutcomeUnknown, "http_5xx"),
        (Said(b"", 503), OutcomeUnknown, "http_503"),
        (Said(b"", 504), OutcomeUnknown, "http_5xx"),
        (Said(b"", 200), ContractBroken, "malformed"),
        (Said(HTML, 200, "text/html"), ContractBroken, "malformed"),
        (Said(json.dumps(ACCEPTED)[:40].encode()), ContractBroken, "malformed"),
        (Said(json.dumps(ACCEPTED).encode("utf-16")), ContractBroken, "malformed"),
        (said({"MaLoi": "00"}), ContractBroken, "no_page"),
        (said(ACCEPTED | {"UrlThanhToan": "https://evil.example/"}), ContractBroken, "foreign_page"),
        (said(ACCEPTED | {"MaThamChieu": "OTHER"}), ContractBroken, "other_reference"),
        (said({"error_code": "1", "message": "Lỗi"}), OutcomeUnknown, "platform_unsure"),
        (said({"MaLoi": "08"}), OutcomeUnknown, "platform_unsure"),
        (Said(b"", 302, headers={"Location": "https://pay.example/"}), ContractBroken, "http_3xx"),
        (Said(b"", 429, headers={"Retry-After": "7"}), RateLimited, "rate_limited"),
        (Said(b"", 401), CredentialsRefused, "http_401"),
        (said({"MaLoi": "02"}), CredentialsRefused, "refused_configuration"),
        (Said(b"", 400), Rejected, "rejected"),
        (said({"MaLoi": "99", "MoTaLoi": "Lỗi"}), Rejected, "refused"),
        (wrapped({"MaLoi": "99", "MoTaLoi": "Lỗi"}), Rejected, "refused"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or (value if isinstance(value, str) else None),
)
async def test_f14_f15_f17_init_is_sent_once(answer: Said, expected: type[RemoteError], code: str) -> None:
    """Each failure is the group that the port promises; whatever it is, nothing is sent again."""
    table = {"00": "success", "08": "unknown", "02": "configuration"}
    rules = {"partner_code": "PPSIM01", "results": table}
    async with serving(answer, rules=rules, call_seconds=0.3) as (peer, adapter):
        with pytest.raises(RemoteError) as caught:
            await adapter.open(ORDER)
        assert (expected, code) == (type(caught.value), caught.value.code)
        assert getattr(caught.value, "effect_possible", True) is True
        assert (1, []) == (len(peer.asked), peer.waits)
        assert_safe(caught.value)


async def test_pitfall_11_12_the_secret_stays_here() -> None:
    """Neither what is sent, nor what is observed, nor the fact holds it."""
    async with serving(said(ACCEPTED), said(answered())) as (peer, adapter):
        opened = await adapter.open(ORDER)
        fact = await adapter.query(ATTEMPT)
        shown = f"{[(each.path, each.headers, each.body) for each in peer.asked]} {peer.observed} {opened} {fact}"
        assert SECRET not in shown


async def test_what_cannot_be_sent_never_leaves() -> None:
    """Every fault is named, no value is."""
    async with serving() as (_, adapter):
        with pytest.raises(InvalidInput) as caught:
            await adapter.open(order(reference="", payer_address="127.0.0.x"))
        assert ["reference", "payer_address"] == [fault.field for fault in caught.value.faults]


async def test_without_a_readable_secret_nothing_is_sent() -> None:
    """It is known that nothing happened."""
    async with serving(secrets=[{"secret": {"file": "/nowhere/secret"}}]) as (_, adapter):
        for call in (adapter.open(ORDER), adapter.query(ATTEMPT)):
            with pytest.raises(CredentialsRefused) as caught:
                await call
            assert "secret_unreadable" == caught.value.code
            assert "/nowhere" not in str(caught.value)


async def test_no_connection_is_certainly_nothing() -> None:
    """An order that never left may be opened again under a new reference."""
    async with serving(init_url="http://127.0.0.1:9/init") as (_, adapter):
        with pytest.raises(TransientFailure):
            await adapter.open(ORDER)


@pytest.mark.parametrize("answer", [said(answered()), wrapped(answered())], ids=["bare", "wrapped"])
async def test_a_payment_is_found(answer: Said) -> None:
    """The question holds the time of INIT."""
    async with serving(answer) as (peer, adapter):
        fact = await adapter.query(ATTEMPT)
        assert (Answer.PAID, 150_000, True) == (fact.answer, fact.amount_vnd, fact.is_decisive)
        document = peer.asked[0].document
        assert ("QUERY", "20250115093000", REFERENCE) == (
            document["LoaiBanTin"],
            document["ThoiGianGD"],
            document["MaThamChieu"],
        )


@pytest.mark.parametrize(
    "failures",
    [
        [Said(cut=True)],
        [Said(b"", 500), Said(HTML, 502, "text/html")],
        [Said(HTML, 200, "text/html"), Said(b"", 404)],
    ],
    ids=["cut", "5xx", "page"],
)
async def test_questions_are_asked_again_with_growing_waits(failures: list[Said]) -> None:
    """A question changes nothing, so it may be."""
    async with serving(*failures, said(answered())) as (peer, adapter):
        assert Answer.PAID == (await adapter.query(ATTEMPT)).answer
        assert [0.25, 0.5][: len(failures)] == peer.waits


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (said({"MaLoi": "99"}), OutcomeUnknown, "question_refused"),
        (said({"MaLoi": "08"}), OutcomeUnknown, "platform_unsure"),
        (said({"MaLoi": "02"}), CredentialsRefused, "refused_configuration"),
        (said({"error_code": "5", "message": ""}), OutcomeUnknown, "platform_unsure"),
        (Said(b"", 400), OutcomeUnknown, "question_refused"),
        (Said(b"", 401), CredentialsRefused, "http_401"),
        (said(answered() | {"SoTien": 1}), ContractBroken, "bad_checksum"),
        (said(answered() | {"MaXacThuc": None}), ContractBroken, "bad_checksum"),
        (said(answered(MaThamChieu="OTHER")), ContractBroken, "other_reference"),
        (said(answered(SoTien=0)), ContractBroken, "no_amount"),
        (Said(b"{"), ContractBroken, "malformed"),
        (Said(b"{" + b" " * (300 * 1024)), ContractBroken, "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_u6_a_refused_question_tells_nothing_of_the_payment(
    answer: Said, expected: type[RemoteError], code: str
) -> None:
    """It is never `Rejected`: money may have been taken under the reference."""
    rules = {"partner_code": "PPSIM01", "results": {"00": "success", "08": "unknown", "02": "configuration"}}
    async with serving(answer, rules=rules) as (_, adapter):
        with pytest.raises(RemoteError) as caught:
            await adapter.query(ATTEMPT)
        assert (expected, code) == (type(caught.value), caught.value.code)
        assert_safe(caught.value)


async def test_an_unknown_reference_is_a_value() -> None:
    """Where the platform's code for it is known."""
    rules = {"partner_code": "PPSIM01", "results": {"00": "success", "05": "not_found"}}
    async with serving(said({"MaLoi": "05"}), rules=rules) as (_, adapter):
        fact = await adapter.query(ATTEMPT)
        assert (Answer.NOT_FOUND, REFERENCE, "05") == (fact.answer, fact.reference, fact.result_code)


def test_every_result_has_a_row() -> None:
    """A class without a row would crash where money is."""
    assert set(ResultClass) - {ResultClass.SUCCESS} == set(INIT_ROWS) == set(QUESTION_ROWS)
    assert Rejected not in {row.error for row in QUESTION_ROWS.values()}


UNSIGNED = {**sealed(MaThamChieu="", ThongTinGiaoDich="Nop le phi"), "MaHoSo": DOSSIER}


async def test_pitfall_08_a_hint_is_confirmed_by_a_question() -> None:
    """The fact then names the attempt and the dossier that were asked about."""
    async with serving(said(answered(ThongTinGiaoDich="Nop le phi"))) as (_, adapter):
        fact = adapter.read_notification(raw(UNSIGNED))
        assert fact.is_decisive is False
        confirmed = await adapter.verify(raw(UNSIGNED), fact, ATTEMPT)
        assert (True, REFERENCE, DOSSIER) == (confirmed.is_decisive, confirmed.reference, confirmed.dossier_code)


@pytest.mark.parametrize(
    "change",
    [{"TrangThaiGD": "4"}, {"MaGiaoDich": "OTHER"}, {"SoTien": 1}, {"MaTienTe": "USD"}],
    ids=lambda change: "".join(change),
)
async def test_f20_a_hint_that_the_platform_disowns(change: dict[str, Any]) -> None:
    """Another end, transaction, amount or currency: not this money."""
    async with serving(said(answered(**change))) as (_, adapter):
        fact = adapter.read_notification(raw(UNSIGNED))
        with pytest.raises(NotificationRefused) as caught:
            await adapter.verify(raw(UNSIGNED), fact, ATTEMPT)
        assert "disowned" == caught.value.code


async def test_a_hint_stays_one_until_the_platform_decides() -> None:
    """And where there is nothing to ask about; what decides by itself is not asked about."""
    async with serving(said(answered(TrangThaiGD="3"))) as (_, adapter):
        fact = adapter.read_notification(raw(UNSIGNED))
        with pytest.raises(OutcomeUnknown):
            await adapter.verify(raw(UNSIGNED), fact, ATTEMPT)
        nowhere = AskedAttempt(reference="", amount_vnd=1, dossier_code=DOSSIER, opened_at=OPENED_AT)
        with pytest.raises(ContractBroken):
            await adapter.verify(raw(UNSIGNED), fact, nowhere)
        sure = adapter.read_notification(raw(CONFIRM))
        assert sure == await adapter.verify(raw(CONFIRM), sure, ATTEMPT)
