"""Payers' vouchers: fetched once a payment is made, kept sealed, shown with a line of the audit."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import GatewayError, TransientFailure
from gateway.ports.basics import KeyRing
from gateway.ports.payments import Bill
from gateway.store.pool import connection
from gateway.store.queries import queries
from tests.integration.payments.test_receipts import paid
from tests.support.payments import DOSSIER, Payments, ScriptedProvider, payments

DOCUMENT = Bill(content=b"%PDF-1.4 voucher", media_type="application/pdf", url="https://pay.example/1.pdf")
PLACE = Bill(url="https://pay.example/2.pdf")
_OUTCOMES = "SELECT outcome FROM payment_effects WHERE effect_key LIKE 'fetch_bill|%'"


def busy() -> GatewayError:
    return TransientFailure("busy", system="payment.platform", operation="bill")


async def path_of(town: Payments, payment_id: str) -> str:
    [attempt] = (await town.seen(payment_id))["attempts"]
    return f"/v1/payments/{payment_id}/attempts/{attempt['attempt_id']}/bill"


async def again(town: Payments) -> None:
    await town.pool.execute("UPDATE payment_effects SET due_at = now() - interval '50 years' WHERE done_at IS NULL")
    await town.work_through()


async def test_a_voucher_is_fetched_once_and_kept(pool: Any, key_ring: KeyRing) -> None:
    """Asked for again until it is there, with who pays; nobody reads it without a line of the audit."""
    provider = ScriptedProvider(bills=[busy(), None, DOCUMENT])
    async with payments(pool, key_ring, provider=provider) as town:
        payment_id = await paid(town)
        assert "transient" == await pool.fetchval(_OUTCOMES)
        await again(town)
        assert "no_bill_yet" == await pool.fetchval(_OUTCOMES)
        await again(town)
        await pool.execute("UPDATE payment_effects SET done_at = NULL, due_at = now() - interval '50 years'")
        await town.work_through()
        assert "fetched_already" == await pool.fetchval(_OUTCOMES)

        path = await path_of(town, payment_id)
        first, second = await town.api.get(path), await town.api.get(path)
        assert (200, DOCUMENT.content, "application/pdf", "attachment") == (
            first.status,
            first.body,
            first.headers["Content-Type"],
            first.headers["Content-Disposition"],
        )
        assert first.body == second.body
        assert 3 == len(provider.asked_bills)
        assert "1 Phố Thử, tỉnh Mẫu" == provider.asked_bills[0].payer.address  # type: ignore[union-attr]
        assert 2 == await pool.fetchval("SELECT count(*) FROM audit_lines WHERE action = 'payment.bill_read'")
        sealed = await pool.fetchval("SELECT sealed FROM payment_bills")
        assert b"voucher" not in sealed


async def test_of_a_voucher_elsewhere_the_address_is_told(pool: Any, key_ring: KeyRing) -> None:
    """As a list of addresses, and followed by nobody here."""
    async with payments(pool, key_ring, provider=ScriptedProvider(bills=[PLACE])) as town:
        shown = await town.api.get(await path_of(town, await paid(town)))
        assert (b"https://pay.example/2.pdf\r\n", "text/uri-list") == (shown.body, shown.headers["Content-Type"])


@pytest.mark.parametrize(("bills", "outcome"), [(None, "not_offered"), ([None, None, None], "none_in_time")])
async def test_there_may_be_none(
    pool: Any, key_ring: KeyRing, bills: list[Bill | GatewayError | None] | None, outcome: str
) -> None:
    """A provider that gives none is not asked; one that has none is not asked for ever. The payment stands."""
    async with payments(pool, key_ring, provider=ScriptedProvider(bills=bills)) as town:
        payment_id = await paid(town)
        town.clock.move(timedelta(days=4).total_seconds())
        await again(town)
        assert outcome == await pool.fetchval(_OUTCOMES)
        missing = await town.api.get(await path_of(town, payment_id))
        assert (404, "voucher-not-found") == (missing.status, missing.problem)
        assert "paid" == (await town.seen(payment_id))["state"]


async def test_it_is_fetched_when_it_is_wanted(pool: Any, key_ring: KeyRing) -> None:
    """Where that was not done yet: of a provider that is away, that it is; then it is kept."""
    provider = ScriptedProvider(bills=[None, busy(), DOCUMENT])
    async with payments(pool, key_ring, provider=provider) as town:
        payment_id = await paid(town)
        path = await path_of(town, payment_id)
        away = await town.api.get(path)
        assert (503, "payment-provider-unavailable") == (away.status, away.problem)
        assert DOCUMENT.content == (await town.api.get(path)).body
        assert DOCUMENT.content == (await town.api.get(path)).body
        other = path.replace(path.split("/")[-2], "00000000-0000-4000-8000-000000000000")
        assert "payment-not-found" == (await town.api.get(other)).problem
        stranger = town.api.with_token(await town.api.register("elsewhere", prefixes=("H98",)))
        assert "other-agency" == (await stranger.get(path)).problem


async def test_nothing_is_fetched_for_what_is_not_paid(pool: Any, key_ring: KeyRing) -> None:
    """Nobody is asked."""
    provider = ScriptedProvider(bills=[DOCUMENT])
    async with payments(pool, key_ring, provider=provider) as town:
        payment_id, _ = await town.opened()
        assert "voucher-not-found" == (await town.api.get(await path_of(town, payment_id))).problem
        assert [] == provider.asked_bills


async def test_it_goes_with_the_dossier(pool: Any, key_ring: KeyRing) -> None:
    """What was kept is erased, nothing is fetched anew, and that there was one stays."""
    provider = ScriptedProvider(bills=[DOCUMENT])
    async with payments(pool, key_ring, provider=provider) as town:
        path = await path_of(town, await paid(town))
        async with connection(pool) as borrowed:
            await queries("subjects").shred_payments(borrowed, code=DOSSIER)
            await queries("payment_bills").shred_bills(borrowed, code=DOSSIER)
        await pool.execute("UPDATE payment_effects SET done_at = NULL, due_at = now() - interval '50 years'")
        await town.work_through()
        assert "payer_erased" == await pool.fetchval(_OUTCOMES)
        assert "voucher-not-found" == (await town.api.get(path)).problem
        assert [(None, None)] == [
            tuple(row) for row in await pool.fetch("SELECT wrapped_key, sealed FROM payment_bills")
        ]
        assert 1 == len(provider.asked_bills)
