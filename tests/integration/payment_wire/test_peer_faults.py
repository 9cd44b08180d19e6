"""Faults of payment notes §12.2 in what PayGov and KeyPay send, and what the adapters make of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from adapters.payment.keypay_v1 import KeyPayV1Adapter
from adapters.payment.keypay_v3 import KeyPayV3Adapter
from adapters.payment.paygov import PayGovAdapter
from gateway.errors import ContractBroken, OutcomeUnknown, RemoteError
from gateway.model.payment import Answer, PaymentFact
from gateway.ports.payments import NotificationRefused, RawNotification
from tests.integration.payment_sandbox.other_helpers import Stage, keypay, paygov, stage
from tests.integration.payment_wire.test_peers import order_at, paygov_at, posted, queried, v1_at, v3_at
from tests.unit.adapters.payment.peer_samples import RANDOM, make_attempt

Adapter = PayGovAdapter | KeyPayV1Adapter | KeyPayV3Adapter
PROVIDERS = ("paygov", "keypay_v1", "keypay_v3")


@asynccontextmanager
async def ready(protocol: str) -> AsyncIterator[tuple[Stage, Adapter, str, str]]:
    """Give the stage, the adapter, a reference and the sandbox's name of the provider."""
    settings, provider = (paygov, "paygov") if protocol == "paygov" else (keypay, "keypay")
    usual = {"error_code": "SUCCESSFUL", "return_code": 0, "return_msg": ""}
    makers: dict[str, Callable[[Stage], Adapter]] = {"paygov": paygov_at, "keypay_v1": v1_at, "keypay_v3": v3_at}
    async with stage(settings, usual) as at, makers[protocol](at) as adapter:
        yield at, adapter, adapter.make_reference(RANDOM, ""), provider


async def paid(at: Stage, adapter: Adapter, reference: str, provider: str) -> RawNotification:
    """Have an order opened and paid; give the notification."""
    opened = await adapter.open(order_at(at, reference))
    if isinstance(adapter, KeyPayV1Adapter):
        await at.get(opened.pay_url)
    await at.decide(provider, reference)
    body = at.province.raw[0]
    return queried(body) if isinstance(adapter, KeyPayV1Adapter) else posted(body)


async def judged(adapter: Adapter, raw: RawNotification, reference: str) -> PaymentFact:
    """Read a notification, and confirm what it does not decide."""
    fact = adapter.read_notification(raw)
    return fact if fact.is_decisive else await adapter.verify(raw, fact, make_attempt(reference))


REFUSED = [
    ("F09_tampered", "amount"),
    ("F09_tampered", "reference"),
    ("F10_upper_case_checksum", ""),
    ("F11_bad_checksum", "missing"),
    ("F11_bad_checksum", "short"),
    ("F11_bad_checksum", "non_hex"),
    ("F12_amount_form", "decimals"),
    ("F12_amount_form", "negative"),
    ("F12_amount_form", "exponent"),
]


# Capitals are what v1 writes, so F10 is no fault there.
CASES = [
    (protocol, fault, variant)
    for protocol in PROVIDERS
    for fault, variant in REFUSED
    if (protocol, fault) != ("keypay_v1", "F10_upper_case_checksum")
]


@pytest.mark.parametrize(("protocol", "fault", "variant"), CASES)
async def test_what_is_not_genuine_is_refused(protocol: str, fault: str, variant: str) -> None:
    """Whatever was changed behind the seal, and amounts that are none."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm(fault, provider=provider, **({"variant": variant} if variant else {}))
        raw = await paid(at, adapter, reference, provider)
        assert at.struck(fault)
        with pytest.raises(NotificationRefused):
            await judged(adapter, raw, reference)


@pytest.mark.parametrize("protocol", PROVIDERS)
@pytest.mark.parametrize("variant", ["result", "transaction"])
async def test_an_unsigned_field_that_was_changed_decides_nothing(protocol: str, variant: str) -> None:
    """KeyPay v3 signs neither result nor transaction: there the provider's own detail is what counts."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm("F09_tampered", provider=provider, variant=variant)
        raw = await paid(at, adapter, reference, provider)
        if protocol != "keypay_v3":
            with pytest.raises(NotificationRefused):
                await judged(adapter, raw, reference)
            return
        fact = await judged(adapter, raw, reference)
        assert Answer.PAID is fact.answer
        assert at.sandbox.world.ledger.entries(reference=reference)[0].transaction == fact.transaction


@pytest.mark.parametrize("protocol", PROVIDERS)
async def test_a_wrong_amount_is_told_as_it_is(protocol: str) -> None:
    """F07: sealed over by a faulty peer, so it verifies; whoever compares it with the order sees the difference."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm("F07_wrong_amount", provider=provider)
        raw = await paid(at, adapter, reference, provider)
        claimed = adapter.read_notification(raw)
        assert 150_000 != claimed.amount_vnd
        if protocol != "keypay_v3":
            assert 150_000 != (await judged(adapter, raw, reference)).amount_vnd


@pytest.mark.parametrize("protocol", PROVIDERS)
async def test_an_amount_as_text_is_an_amount(protocol: str) -> None:
    """F12."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm("F12_amount_form", provider=provider, variant="text")
        raw = await paid(at, adapter, reference, provider)
        assert 150_000 == (await judged(adapter, raw, reference)).amount_vnd


@pytest.mark.parametrize("protocol", PROVIDERS)
async def test_a_huge_amount_makes_nobody_stumble(protocol: str) -> None:
    """F12: it is refused or differs from the order's."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm("F12_amount_form", provider=provider, variant="huge")
        raw = await paid(at, adapter, reference, provider)
        try:
            amount = adapter.read_notification(raw).amount_vnd
        except NotificationRefused:
            amount = None
        assert 150_000 != amount


@pytest.mark.parametrize("protocol", ["paygov", "keypay_v3"])
@pytest.mark.parametrize("variant", ["reset", "close", "stall"])
async def test_a_lost_answer_leaves_the_order_open(protocol: str, variant: str) -> None:
    """F14: it may have been opened; where one can ask, one asks."""
    async with ready(protocol) as (at, _, reference, provider):
        maker: Callable[..., Adapter] = paygov_at if protocol == "paygov" else v3_at
        at.arm("F14_init_answer_lost", provider=provider, variant=variant, operation="create")
        async with maker(at, call_seconds=0.5) as adapter:
            with pytest.raises(OutcomeUnknown):
                await adapter.open(order_at(at, reference))
            if isinstance(adapter, KeyPayV3Adapter):
                assert Answer.NOT_FOUND is (await adapter.query(make_attempt(reference))).answer


@pytest.mark.parametrize("protocol", ["paygov", "keypay_v3"])
@pytest.mark.parametrize("variant", ["500", "502_html", "empty", "truncated", "charset"])
async def test_a_broken_answer_leaves_the_order_open(protocol: str, variant: str) -> None:
    """F15: unknown, or outside the contract with an effect that is possible."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm("F15_init_answer_broken", provider=provider, variant=variant, operation="create")
        with pytest.raises(RemoteError) as caught:
            await adapter.open(order_at(at, reference))
        assert isinstance(caught.value, OutcomeUnknown | ContractBroken)
        assert getattr(caught.value, "effect_possible", True)


@pytest.mark.parametrize("protocol", ["paygov", "keypay_v3"])
async def test_a_byte_order_mark_is_read_over(protocol: str) -> None:
    """F15."""
    async with ready(protocol) as (at, adapter, reference, provider):
        at.arm("F15_init_answer_broken", provider=provider, variant="bom", operation="create")
        assert (await adapter.open(order_at(at, reference))).pay_url


async def test_a_forged_return_of_the_browser_is_refused() -> None:
    """F23, where the return is signed; PayGov is asked, and disowns it."""
    for protocol in ("paygov", "keypay_v1"):
        async with ready(protocol) as (at, adapter, reference, provider):
            opened = await adapter.open(order_at(at, reference))
            if protocol == "keypay_v1":
                await at.get(opened.pay_url)
            at.arm("F23_forged_return", provider=provider)
            returned = await at.decide(provider, reference, "leave")
            pairs = tuple((name, value) for name, value in returned.items() if name != "hs")
            raw = RawNotification(method="GET", content_type="", body=b"", query=pairs)
            with pytest.raises(NotificationRefused):
                await judged(adapter, raw, reference)
