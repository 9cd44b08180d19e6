"""PayGov, KeyPay and VietQR behind the port, against the simulated ones: from order to money, voucher, refund."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from adapters.payment.keypay_v1 import KeyPayV1Adapter
from adapters.payment.keypay_v3 import KeyPayV3Adapter
from adapters.payment.paygov import PayGovAdapter
from adapters.payment.peer_checks import check_keypay_v1, check_keypay_v3, check_paygov
from adapters.payment.sandbox.qr_scans import scan
from adapters.payment.vietqr import VietQrAdapter
from adapters.payment.vietqr_settings import VietQrSettings
from gateway.errors import InvalidInput, Rejected
from gateway.model.payment import Answer, PaymentOrder
from gateway.ports.payments import NotificationRefused, RawNotification, RefundOrder, Verdict
from tests.integration.payment_sandbox.other_helpers import Stage, keypay, paygov, stage
from tests.unit.adapters.payment.peer_samples import (
    PAYER,
    RANDOM,
    keypay_v1_settings,
    keypay_v3_settings,
    make_attempt,
    make_order,
    make_parts,
    paygov_settings,
)


def host_of(at: Stage) -> str:
    return urlsplit(at.running.url).netloc


def order_at(at: Stage, reference: str) -> PaymentOrder:
    """Give an order that is opened now, by the sandbox's clock."""
    return replace(make_order(reference), opened_at=at.sandbox.world.clock.now())


def posted(body: bytes) -> RawNotification:
    return RawNotification(method="POST", content_type="application/json", body=body)


def queried(query: str | bytes) -> RawNotification:
    text = query.decode() if isinstance(query, bytes) else query
    return RawNotification(
        method="GET", content_type="", body=b"", query=tuple(parse_qsl(text, keep_blank_values=True))
    )


# PayGov.


def paygov_at(at: Stage, **changes: Any) -> PayGovAdapter:
    access = {
        "access_key": "SIMACCESS",
        "secret_key": {"value": "SIMSECRET"},
        "app_name": "SIMAPP",
        "partner_code": "PAYGOV-SIM",
    }
    settings = paygov_settings(
        f"{at.running.url}/paygov",
        access=access,
        service_code="SIMSERVICE",
        page_hosts=[host_of(at)],
        **changes,
    )
    return PayGovAdapter(settings, make_parts())


async def test_paygov_from_order_to_voucher() -> None:
    """The callback is confirmed by PayGov; a changed one is disowned; the voucher has its address."""
    async with stage(paygov, {"error_code": "SUCCESSFUL"}) as at, paygov_at(at) as adapter:
        reference = adapter.make_reference(RANDOM, "")
        opened = await adapter.open(order_at(at, reference))
        assert 200 == (await at.get(opened.pay_url)).status
        await at.decide("paygov", reference)
        attempt = make_attempt(reference)
        raw = posted(at.province.raw[0])
        claimed = adapter.read_notification(raw)
        fact = await adapter.verify(raw, claimed, attempt)
        assert (Answer.PAID, True, 150_000, attempt.dossier_code) == (
            fact.answer,
            fact.is_decisive,
            fact.amount_vnd,
            fact.dossier_code,
        )
        changed = posted(json.dumps({**json.loads(raw.body), "amount": 15_000}).encode())
        with pytest.raises(NotificationRefused):
            await adapter.verify(changed, adapter.read_notification(changed), attempt)
        bill = await adapter.bill(replace(attempt, transaction=fact.transaction, payer=PAYER, procedure_name="Cấp"))
        assert bill is not None
        assert (await at.get(bill.url)).body.startswith(b"%PDF-")
        with pytest.raises(Rejected):
            await adapter.open(order_at(at, reference))
        assert all(finding.is_ok for finding in await check_paygov(adapter))


async def test_paygov_renews_a_token_that_ended_early() -> None:
    """Nobody notices."""
    async with stage(paygov, {}) as at, paygov_at(at) as adapter:
        await adapter.open(order_at(at, adapter.make_reference(RANDOM, "")))
        await at.control("POST", "paygov/tokens:expire")
        assert (await adapter.open(order_at(at, adapter.make_reference(bytes(16), "")))).pay_url


@pytest.mark.parametrize("variant", ["text", "double"])
async def test_paygov_answers_wrapped_as_text(variant: str) -> None:
    """F16."""
    async with stage(paygov, {}) as at, paygov_at(at) as adapter:
        at.arm("F16_init_wrapped_oddly", provider="paygov", variant=variant)
        assert (await adapter.open(order_at(at, adapter.make_reference(RANDOM, "")))).pay_url
        assert 1 == at.struck("F16_init_wrapped_oddly")


async def test_paygov_where_the_lgsp_signs() -> None:
    """The other variant."""
    async with (
        stage(lambda url: paygov(url, is_signed=False), {}) as at,
        paygov_at(at, order_form="lgsp", account_label="TAI KHOAN") as adapter,
    ):
        assert (await adapter.open(order_at(at, adapter.make_reference(RANDOM, "")))).pay_url


# KeyPay v1 and v2.


def v1_at(at: Stage, **changes: Any) -> KeyPayV1Adapter:
    url = f"{at.running.url}/keypay/resources/generic"
    return KeyPayV1Adapter(keypay_v1_settings(url, pay_url=f"{at.running.url}/keypay/process", **changes), make_parts())


@pytest.mark.parametrize("query_form", ["v1", "v2"])
@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize("variant", ["prefix", "in_place"])
async def test_keypay_v1_from_redirect_to_second_leg(query_form: str, algorithm: str, variant: str) -> None:
    """Every form: redirect, return, notification, question, confirmation and its repetition."""

    def settings(url: str) -> dict[str, Any]:
        merchant = {"code": "SIMMC", "ipn_url": url, "algorithm": algorithm, "response_variant": variant}
        return {"keypay": {"merchants": [merchant]}}

    async with (
        stage(settings, {}) as at,
        v1_at(at, query_form=query_form, algorithm=algorithm, secret_place=variant) as adapter,
    ):
        reference = adapter.make_reference(RANDOM, "")
        attempt = replace(make_attempt(reference), opened_at=at.sandbox.world.clock.now())
        # The first form is about KeyPay's own number; without one a no proves nothing.
        unopened = Answer.NOT_FOUND if query_form == "v2" else Answer.PENDING
        assert unopened is (await adapter.query(attempt)).answer
        opened = await adapter.open(order_at(at, reference))
        page = (await at.get(opened.pay_url)).body.decode()
        assert 200 == (await at.get(page)).status
        assert Answer.PENDING is (await adapter.query(attempt)).answer
        await at.decide("keypay", reference)
        fact = adapter.read_notification(queried(at.province.raw[0]))
        assert (Answer.PAID, True, 150_000) == (fact.answer, fact.is_decisive, fact.amount_vnd)
        attempt = replace(attempt, transaction=fact.transaction)
        assert Answer.PAID is (await adapter.query(attempt)).answer
        await adapter.confirm(attempt, is_delivered=True)
        await adapter.confirm(attempt, is_delivered=True)
        with pytest.raises(Rejected):
            await adapter.confirm(replace(attempt, transaction="KP1"), is_delivered=True)
        assert all(finding.is_ok for finding in await check_keypay_v1(adapter))


async def test_keypay_v1_a_payer_who_cancels() -> None:
    """Failed, by notification and by question."""
    async with stage(keypay, {}) as at, v1_at(at) as adapter:
        reference = adapter.make_reference(RANDOM, "")
        await at.get((await adapter.open(order_at(at, reference))).pay_url)
        await at.decide("keypay", reference, "cancel")
        fact = adapter.read_notification(queried(at.province.raw[0]))
        assert (Answer.FAILED, "18") == (fact.answer, fact.result_code)
        assert Answer.FAILED is (await adapter.query(make_attempt(reference))).answer


# KeyPay v3.


def v3_at(at: Stage, **changes: Any) -> KeyPayV3Adapter:
    base = f"{at.running.url}/keypay/v3"
    settings = keypay_v3_settings(
        base,
        **{
            "refund_detail_url": f"{base}/refund/detail",
            "page_hosts": [host_of(at)],
            "not_found_errors": ["5"],
            **changes,
        },
    )
    return KeyPayV3Adapter(settings, make_parts())


async def test_keypay_v3_from_order_to_refund() -> None:
    """The callback is a hint, the detail decides; money goes back in part, and not beyond what was paid."""
    async with stage(keypay, {"return_code": 0, "return_msg": ""}) as at, v3_at(at) as adapter:
        reference = adapter.make_reference(RANDOM, "")
        attempt = make_attempt(reference)
        assert Answer.NOT_FOUND is (await adapter.query(attempt)).answer
        opened = await adapter.open(order_at(at, reference))
        assert 200 == (await at.get(opened.pay_url)).status
        assert Answer.NOT_FOUND is (await adapter.query(attempt)).answer
        await at.decide("keypay", reference)
        raw = posted(at.province.raw[0])
        claimed = adapter.read_notification(raw)
        fact = await adapter.verify(raw, claimed, attempt)
        assert (False, Answer.PAID, True, 150_000, attempt.dossier_code) == (
            claimed.is_decisive,
            fact.answer,
            fact.is_decisive,
            fact.amount_vnd,
            fact.dossier_code,
        )
        order = RefundOrder(refund_id="r", attempt=attempt, amount_vnd=50_000, reason="Nộp thừa")
        given = await adapter.refund(order)
        assert (None, True) == (given.is_done, given.qr_image.startswith(b"\x89PNG"))
        assert (await adapter.query_refund(order, given.transaction)).is_done
        with pytest.raises(Rejected):
            await adapter.refund(replace(order, amount_vnd=150_000))
        with pytest.raises(InvalidInput):
            await adapter.refund(replace(order, amount_vnd=150_001))
        assert all(finding.is_ok for finding in await check_keypay_v3(adapter))


async def test_keypay_v3_a_turned_status_is_found_out() -> None:
    """Pitfall 8, with a genuine "unpaid" callback turned into "paid"."""
    async with stage(keypay, {"return_code": 0, "return_msg": ""}) as at, v3_at(at) as adapter:
        reference = adapter.make_reference(RANDOM, "")
        await adapter.open(order_at(at, reference))
        await at.decide("keypay", reference, "fail")
        turned = posted(json.dumps({**json.loads(at.province.raw[0]), "status": 0}).encode())
        claimed = adapter.read_notification(turned)
        fact = await adapter.verify(turned, claimed, make_attempt(reference))
        assert (Answer.PAID, Answer.NOT_FOUND) == (claimed.answer, fact.answer)


@pytest.mark.parametrize("variant", ["", "text", "double"])
async def test_keypay_v3_paid_later(variant: str) -> None:
    """Page, code, picture and life; also where the answer was wrapped as text (F16)."""
    async with stage(keypay, {"return_code": 0, "return_msg": ""}) as at:
        base = f"{at.running.url}/keypay/v3/paylater"
        changes = {"create_url": None, "pay_later": {"create_url": f"{base}/create"}, "detail_url": f"{base}/detail"}
        async with v3_at(at, **changes) as adapter:
            if variant:
                at.arm("F16_init_wrapped_oddly", provider="keypay", variant=variant)
            reference = adapter.make_reference(RANDOM, "")
            opened = await adapter.open(order_at(at, reference))
            assert reference in scan(opened.qr_content).text
            assert opened.qr_image.startswith(b"\x89PNG")
            assert opened.expires_at is not None
            assert 86_400 == (opened.expires_at - at.sandbox.world.clock.now()).total_seconds()
            await at.decide("keypay", reference)
            raw = posted(at.province.raw[0])
            claimed = adapter.read_notification(raw)
            assert Answer.PAID is (await adapter.verify(raw, claimed, make_attempt(reference))).answer


@pytest.mark.parametrize("verdict", Verdict)
async def test_acknowledgements_are_understood(verdict: Verdict) -> None:
    """What is applied is not sent again, everything else is."""
    async with stage(keypay, {}) as at, v3_at(at) as adapter:
        reference = adapter.make_reference(RANDOM, "")
        given = adapter.acknowledge(posted(b""), verdict)
        at.province.usual = json.loads(given.body)
        await adapter.open(order_at(at, reference))
        await at.decide("keypay", reference)
        await at.advance(90)
        assert (1 if verdict is Verdict.APPLIED else 2) == len(at.province.raw)


# VietQR.


async def test_a_telephone_reads_our_code_and_a_statement_tells_its_reference() -> None:
    """By the sandbox's own reader."""
    adapter = VietQrAdapter(VietQrSettings())
    reference = adapter.make_reference(RANDOM, "")
    scanned = scan((await adapter.open(make_order(reference))).qr_content)
    assert ("970436", "0011001234567", 150_000, reference) == (
        scanned.bin,
        scanned.account,
        scanned.amount_vnd,
        scanned.bill_number,
    )
    assert (reference,) == adapter.references_in(scanned.text)
