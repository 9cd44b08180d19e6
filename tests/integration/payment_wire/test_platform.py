"""The payment platform behind the port, against the simulated one: order, money, voucher, daily file; its faults."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.payment.peer import Parts
from adapters.payment.platform import PlatformAdapter
from adapters.payment.platform_checks import check_platform
from adapters.payment.sandbox.platform_lookup import read_answer
from gateway.errors import ContractBroken, OutcomeUnknown, Rejected, TransientFailure
from gateway.model.payment import Answer
from gateway.ports.payments import AskedAttempt, DueAnswer, NotificationRefused, Verdict
from tests.integration.payment_sandbox.platform_helpers import Stage, good_ack, stage
from tests.support.clocks import FixedChance
from tests.unit.adapters.payment.platform_peer import settings_for
from tests.unit.mappings.payment import platform_samples as samples

_RULES = {
    "partner_code": "PPSIM01",
    "results": {"00": "success", "05": "not_found", "03": "configuration"},
}
_REFUSED = NotificationRefused


async def _at_once(_: float) -> None:
    """Let no time pass."""


def adapter_at(at: Stage, **changes: Any) -> PlatformAdapter:
    base, host = f"{at.running.url}/pp", urlsplit(at.running.url).netloc
    settings = settings_for(
        base,
        **{
            "page_hosts": [host],
            "bill_hosts": [host],
            "call_seconds": 0.5,
            "rules": _RULES,
            "settlement": {"address": base + "/files/{partner}_{date}.csv"},
            **changes,
        },
    )
    parts = Parts(ssl_supplier=lambda: None, clock=at.sandbox.world.clock, chance=FixedChance(), sleep=_at_once)
    return PlatformAdapter(settings, parts)


def asked(**changes: Any) -> AskedAttempt:
    values: dict[str, Any] = {
        "reference": samples.REFERENCE,
        "amount_vnd": 150_000,
        "dossier_code": samples.DOSSIER,
        "opened_at": samples.OPENED_AT,
    }
    return AskedAttempt(**{**values, **changes})


@pytest.mark.parametrize(
    ("partner", "changes"),
    [
        ({}, {}),
        ({"wrapped": ["INIT", "QUERY", "GET_BILL"]}, {}),
        ({"bill_form": "json"}, {}),
        ({"access_token": "T"}, {"access_token": {"value": "T"}}),
    ],
    ids=["bare", "wrapped", "voucher by address", "bearer token"],
)
async def test_from_order_to_voucher(partner: dict[str, Any], changes: dict[str, Any]) -> None:
    """Opened, pending, paid by both ways with one transaction, a voucher, the file of the day on the next one."""
    async with stage(partner) as at, adapter_at(at, **changes) as adapter:
        assert all(finding.is_ok for finding in await check_platform(adapter))
        opened = await adapter.open(samples.ORDER)
        pending = await adapter.query(asked())
        await at.advance(252)
        await at.decide()
        raw = samples.raw(at.province.raw[0])
        told = adapter.read_notification(raw)
        found = await adapter.query(asked())
        bill = await adapter.bill(asked(paid_at_text=told.paid_at_text))
        early = await adapter.settlement(date(2025, 1, 15))
        await at.advance(86_400)
        file = await adapter.settlement(date(2025, 1, 15))
        acknowledged = json.loads(adapter.acknowledge(raw, Verdict.APPLIED).body)

    assert opened.pay_url.startswith("http")
    assert (Answer.PENDING, Answer.PAID, Answer.PAID) == (pending.answer, told.answer, found.answer)
    assert (150_000, "VND", samples.REFERENCE) == (told.amount_vnd, told.currency, told.reference)
    assert told.transaction == found.transaction != ""
    assert told.is_decisive
    assert bill is not None
    assert bill.content.startswith(b"%PDF-")
    assert early is None
    assert file is not None
    assert samples.REFERENCE.encode() in file.content
    assert good_ack(json.loads(raw.body)) == acknowledged


@pytest.mark.parametrize(
    ("fault", "variant", "expected"),
    [
        ("F07_wrong_amount", "", 151_000),
        ("F08_wrong_value", "currency", "USD"),
        ("F08_wrong_value", "partner", _REFUSED),
        *(
            ("F09_tampered", name, _REFUSED)
            for name in ("SoTien", "MaLoi", "MaGiaoDich", "ThongTinGiaoDich", "MaThamChieu")
        ),
        ("F10_upper_case_checksum", "", _REFUSED),
        *(("F11_bad_checksum", form, _REFUSED) for form in ("missing", "short", "non_hex")),
        ("F12_amount_form", "text", 150_000),
        *(("F12_amount_form", form, _REFUSED) for form in ("decimals", "negative", "exponent")),
        ("F13_reference", "unknown", 150_000),
        ("F31_nfd_description", "", 150_000),
        ("F32_twelve_hour_time", "", 150_000),
    ],
)
async def test_notifications_with_faults(fault: str, variant: str, expected: object) -> None:
    """Forged ones are refused; sealed ones are read as they were sealed, whatever they say."""
    async with stage() as at, adapter_at(at) as adapter:
        await adapter.open(samples.ORDER)
        at.arm(fault, **({"variant": variant} if variant else {}))
        await at.advance(10)
        await at.decide()
        raw = samples.raw(at.province.raw[0])

        if expected is _REFUSED:
            with pytest.raises(NotificationRefused):
                adapter.read_notification(raw)
            return
        told = adapter.read_notification(raw)

    assert expected in (told.amount_vnd, told.currency)


@pytest.mark.parametrize(
    ("fault", "variant", "expected"),
    [
        *(("F14_init_answer_lost", form, OutcomeUnknown) for form in ("reset", "close", "stall")),
        *(("F15_init_answer_broken", form, OutcomeUnknown) for form in ("500", "502_html")),
        *(("F15_init_answer_broken", form, ContractBroken) for form in ("empty", "truncated", "charset")),
        ("F17_init_refused_inside", "", Rejected),
    ],
)
async def test_orders_with_faults(fault: str, variant: str, expected: type[Exception]) -> None:
    """What may have happened is never called refused; the platform can be asked about it."""
    async with stage() as at, adapter_at(at) as adapter:
        values: dict[str, Any] = {"variant": variant} if variant else {}
        at.arm(fault, **values, **({"delay_seconds": 2} if variant == "stall" else {}))

        with pytest.raises(expected) as caught:
            await adapter.open(samples.ORDER)
        found = await adapter.query(asked())

    assert expected is type(caught.value)
    assert found.answer in (Answer.PENDING, Answer.NOT_FOUND)


@pytest.mark.parametrize("variant", ["double", "object"])
async def test_f16_odd_wrappings(variant: str) -> None:
    async with stage() as at, adapter_at(at) as adapter:
        at.arm("F16_init_wrapped_oddly", variant=variant)

        assert (await adapter.open(samples.ORDER)).pay_url


@pytest.mark.parametrize(
    ("variant", "expected"), [("404", TransientFailure), ("foreign_host", ContractBroken), ("html", TransientFailure)]
)
async def test_f25_vouchers_with_faults(variant: str, expected: type[Exception]) -> None:
    """Nothing is fetched from a host that is not allowed, and no page passes for a voucher."""
    async with stage() as at, adapter_at(at) as adapter:
        await adapter.open(samples.ORDER)
        await at.decide()
        for _ in range(3):
            at.arm("F25_bill", variant=variant)

        with pytest.raises(expected):
            await adapter.bill(asked())


async def test_what_is_due_is_understood_by_the_portal() -> None:
    """The answer to a look-up, read by the simulated portal."""
    async with stage() as at, adapter_at(at) as adapter:
        answered = adapter.answer_lookup(DueAnswer(order=samples.ORDER))

    due = read_answer(200, answered.body, samples.DOSSIER)

    assert ("", 150_000) == (due.problem, due.amount_vnd)
