"""The whole way to both simulated suppliers: what is paid has one receipt there, whatever happens to answers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.payment.suppliers import AnySupplier, build_supplier
from gateway.engine.receipts import ReceiptRule
from gateway.model.receipt import ReceiptSeries
from gateway.ports.basics import KeyRing
from tests.integration.payment_sandbox.other_helpers import Stage, stage
from tests.integration.payments.test_receipt_suppliers import again, cases, effects, given_back, listed, one_kind_paid
from tests.integration.payments.test_receipts import paid, rules
from tests.support.payments import payments
from tests.unit.adapters.payment.peer_samples import make_parts
from tests.unit.adapters.payment.supplier_samples import viettel_settings, vnpt_settings

CHARGES = ("01BLP0-001", "AA-26E")
LEVIES = ("01BLP0-002", "AB-26E")
TEMPLATES = (("01BLP", "BL26E"), ("02BLP", "BM26E"))
BOOKS = {"receipts": {"vnpt": [{"books": [CHARGES, LEVIES]}], "viettel": [{"templates": TEMPLATES}]}}
ISSUING = {"vnpt": "ImportAndPublishInv", "viettel": "createInvoice"}
EVERY = pytest.mark.parametrize("kind", ["vnpt", "viettel"])


def supplier_at(at: Stage, kind: str) -> AnySupplier:
    url = f"{at.running.url}/receipts/{kind}"
    return build_supplier(vnpt_settings(url) if kind == "vnpt" else viettel_settings(url), make_parts())


def series_of(kind: str) -> Sequence[ReceiptRule]:
    books = (CHARGES, LEVIES) if kind == "vnpt" else TEMPLATES
    return [
        replace(
            rule,
            supplier=kind,
            series=ReceiptSeries(unit_code="H99.01", form_symbol=form, receipt_symbol=symbol, year=2026),
        )
        for rule, (form, symbol) in zip(rules(2026), books, strict=True)
    ]


async def written(at: Stage, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await at.control("GET", "state"))["providers"]["receipts"][kind]
    return found


@EVERY
@pytest.mark.parametrize("fault", ["", "F14_init_answer_lost", "F15_init_answer_broken", "F30_duplicate_key"])
async def test_f30_each_fee_has_one_receipt_there(pool: Any, key_ring: KeyRing, kind: str, fault: str) -> None:
    """Answered, lost, broken, or called a duplicate: one of each kind, of the right amount, in both books."""
    async with stage(lambda _: BOOKS) as at:
        supplier = supplier_at(at, kind)
        async with payments(pool, key_ring, receipts=series_of(kind), suppliers=[supplier]) as town:
            if fault:
                variant = {"F14_init_answer_lost": "reset", "F15_init_answer_broken": "502_html"}.get(fault, "")
                at.arm(fault, operation=ISSUING[kind], calls=2, **({"variant": variant} if variant else {}))
            payment_id = await paid(town)
            await again(town)
            there = await written(at, kind)
            shown = (await listed(town, payment_id))["receipts"]
            assert [50_000, 100_000] == sorted(one["total_vnd"] for one in there)
            assert sorted((one["pattern"], one["serial"], f"{one['number']:07}") for one in there) == sorted(
                (one["form_symbol"], one["receipt_symbol"], one["number"]) for one in shown
            )
            assert [] == await cases(town)
            assert not fault or at.struck(fault) == 2
        await supplier.aclose()


@EVERY
async def test_money_given_back_cancels_there(pool: Any, key_ring: KeyRing, kind: str) -> None:
    """Every receipt of the payment, with its own form, number and instant."""
    async with stage(lambda _: BOOKS) as at:
        supplier = supplier_at(at, kind)
        async with payments(pool, key_ring, receipts=series_of(kind), suppliers=[supplier], can_refund=True) as town:
            payment_id = await paid(town)
            await given_back(town, payment_id, 150_000)
            assert ["cancelled"] * 2 == [one["state"] for one in await written(at, kind)]
            assert {"cancelled"} == {one["state"] for one in (await listed(town, payment_id))["receipts"]}
            assert ["cancelled"] * 2 == await effects(town, "cancel_receipt")
        await supplier.aclose()


async def test_a_part_given_back_is_adjusted_there(pool: Any, key_ring: KeyRing) -> None:
    """By a receipt with the next number that names the first; the simulated one takes the operation of the notes."""
    async with stage(lambda _: BOOKS) as at:
        supplier = supplier_at(at, "vnpt")
        async with payments(pool, key_ring, receipts=series_of("vnpt"), suppliers=[supplier], can_refund=True) as town:
            payment_id = await one_kind_paid(town)
            await given_back(town, payment_id, 30_000)
            first, second = await written(at, "vnpt")
            assert (100_000, "adjusted", 30_000, first["key"]) == (
                first["total_vnd"],
                first["state"],
                second["total_vnd"],
                second["adjusts"],
            )
            await given_back(town, payment_id, 20_000)
            [case] = await cases(town)
            assert ("adjust_receipt", "rejected:err_5", 20_000) == tuple(
                case[name] for name in ("kind", "reason", "amount_vnd")
            ), "the simulated supplier adjusts a receipt once"
            word = {"outcome": "done", "document_number": "7/QD", "officer": "canbo.a"}
            assert 200 == (await town.api.call("POST", f"/v1/payment-cases/{case['case_id']}:close", body=word)).status
            assert [] == (await listed(town, payment_id))["orders"]
            assert ["0000001", "0000002"] == [one["number"] for one in (await listed(town, payment_id))["receipts"]]
        await supplier.aclose()


async def test_an_error_of_the_supplier_by_its_number(pool: Any, key_ring: KeyRing) -> None:
    """20 (no such book) is a person's case; 5 (cannot publish now) and 1 (account) are tried again."""
    async with stage(lambda _: BOOKS) as at:
        supplier = supplier_at(at, "vnpt")
        async with payments(pool, key_ring, receipts=series_of("vnpt")[:1], suppliers=[supplier]) as town:
            at.arm("D3_error", variant="5", operation="ImportAndPublishInv", calls=1)
            payment_id = await paid(town)
            at.arm("D3_error", variant="1", operation="ImportAndPublishInv", calls=1)
            await again(town)
            at.arm("D3_error", variant="20", operation="ImportAndPublishInv", calls=1)
            await again(town)
            [order] = (await listed(town, payment_id))["orders"]
            assert ("refused", "rejected:err_20", 3) == (order["state"], order["reason"], order["tries_count"])
            [case] = await cases(town)
            word = {"outcome": "again", "document_number": "7/QD", "officer": "canbo.a"}
            await town.api.call("POST", f"/v1/payment-cases/{case['case_id']}:close", body=word)
            await again(town)
            assert ["issued"] == [one["state"] for one in (await listed(town, payment_id))["receipts"]]
        await supplier.aclose()


async def test_what_is_told_of_failures_names_nobody(pool: Any, key_ring: KeyRing) -> None:
    """Neither orders nor cases, events or alerts hold the payer."""
    async with stage(lambda _: BOOKS) as at:
        supplier = supplier_at(at, "vnpt")
        async with payments(pool, key_ring, receipts=series_of("vnpt"), suppliers=[supplier]) as town:
            at.arm("D3_error", variant="20", operation="ImportAndPublishInv", calls=2)
            payment_id = await paid(town)
            rows = await pool.fetch(
                "SELECT row_to_json(o)::text AS row FROM receipt_orders o UNION ALL "
                "SELECT row_to_json(c)::text FROM payment_cases c UNION ALL "
                "SELECT row_to_json(e)::text FROM payment_effects e"
            )
            told = " ".join(row["row"] for row in rows) + str(await listed(town, payment_id)) + str(town.heard)
            assert "err_20" in told
            assert not any(word in told for word in ("Nguyễn", "999199000001", "Phố Thử", "sandbox-"))
        await supplier.aclose()
