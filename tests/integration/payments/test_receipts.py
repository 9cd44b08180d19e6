"""Receipts that payments ask for: issued once by kind, without a gap, and left alone without a series."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.engine.receipts import ReceiptContents, ReceiptRule
from gateway.model.dossier import FeeKind
from gateway.model.receipt import Collector, ReceiptSeries
from gateway.ports.basics import KeyRing
from gateway.store.receipts import PostgresReceiptNumbers
from tests.support.clocks import RunningClock
from tests.support.payments import Payments, payments

_OUTCOMES = "SELECT outcome FROM payment_effects WHERE effect_key LIKE 'issue_receipt|%' ORDER BY effect_key"


def rules(year: int) -> Sequence[ReceiptRule]:
    """Give a series for charges and one for levies."""
    collector = Collector(name="Sở Thử", tax_code="0100000000", address="1 Phố Mẫu", agency_code="")
    return [
        ReceiptRule(
            agency_code="",
            kind=kind,
            collector=collector,
            series=ReceiptSeries(
                unit_code="H99.01", form_symbol=form, receipt_symbol=f"AB-{year % 100:02}E", year=year
            ),
        )
        for kind, form in ((FeeKind.CHARGE, "01BLP"), (FeeKind.LEVY, "02BLP"))
    ]


async def paid(town: Payments) -> str:
    payment_id, reference = await town.opened()
    await town.tell(reference)
    await town.work_through()
    return payment_id


async def test_each_kind_gets_one_receipt_however_often_it_is_asked_for(pool: Any, key_ring: KeyRing) -> None:
    """A charge and a levy have a receipt each, with the payer; the same effects again give no further number."""
    async with payments(pool, key_ring, receipts=rules(RunningClock().now().year)) as town:
        payment_id = await paid(town)
        assert ["issued", "issued"] == [row["outcome"] for row in await pool.fetch(_OUTCOMES)]
        await pool.execute("UPDATE payment_effects SET done_at = NULL, due_at = now() - interval '50 years'")
        await town.work_through()
        assert ["issued_already"] * 2 == [row["outcome"] for row in await pool.fetch(_OUTCOMES)]

    book = PostgresReceiptNumbers(pool)
    numbered = await book.of_request(payment_id)
    receipts = [await ReceiptContents(book.content, key_ring).find(one.key) for one in numbered]
    assert {(FeeKind.CHARGE, 100_000, 1), (FeeKind.LEVY, 50_000, 1)} == {
        (one.draft.kind, one.draft.amount_vnd, one.number.number) for one in receipts if one is not None
    }
    assert len(numbered) == 2


@pytest.mark.parametrize(("years", "outcome"), [(None, "not_offered"), (1, "wrong_year")])
async def test_without_a_series_of_the_year_nothing_is_numbered(
    pool: Any, key_ring: KeyRing, years: int | None, outcome: str
) -> None:
    """Without any series the effect ends; with one of another year it is kept and tried again. The payment stands."""
    given = () if years is None else rules(RunningClock().now().year + years)
    async with payments(pool, key_ring, receipts=given) as town:
        payment_id = await paid(town)
        assert [outcome] * 2 == [row["outcome"] for row in await pool.fetch(_OUTCOMES)]
        assert "paid" == (await town.seen(payment_id))["state"]
    assert 0 == await pool.fetchval("SELECT count(*) FROM receipt_numbers")


@pytest.mark.parametrize(
    ("amount_vnd", "live", "outcomes"),
    [(150_000, 0, {"cancelled"}), (10_000, 2, {"not_offered"})],
)
async def test_money_given_back_whole_cancels_and_in_part_does_not(
    pool: Any, key_ring: KeyRing, amount_vnd: int, live: int, outcomes: set[str]
) -> None:
    """Cancelled receipts keep their numbers; adjusting after a part is not offered yet, and says so."""
    async with payments(pool, key_ring, can_refund=True, receipts=rules(RunningClock().now().year)) as town:
        payment_id = await paid(town)
        [attempt] = (await town.seen(payment_id))["attempts"]
        wish = {
            "attempt_id": attempt["attempt_id"],
            "transaction": attempt["transactions"][0],
            "amount_vnd": amount_vnd,
            "why": "dossier_refused",
            "document_number": "5/QD",
            "officer": "canbo.a",
        }
        path = f"/v1/payments/{payment_id}/refunds"
        asked = await town.api.call("POST", path, body=wish, headers={"Idempotency-Key": "k1"})
        refund_id = asked.json["refund_id"]
        approved = await town.api.call("POST", f"{path}/{refund_id}:approve", body={"officer": "canbo.b"})
        assert approved.status == 200, approved.body
        await town.work_through()
        await town.work_through()

    numbered = await PostgresReceiptNumbers(pool).of_request(payment_id)
    assert (2, live) == (len(numbered), sum(one.cancellation is None for one in numbered))
    rows = await pool.fetch(
        "SELECT DISTINCT outcome FROM payment_effects WHERE split_part(effect_key, '|', 1) IN "
        "('cancel_receipt', 'adjust_receipt')"
    )
    assert outcomes == {row["outcome"] for row in rows}


async def test_a_receipt_is_fetched_checked_and_cancelled(pool: Any, key_ring: KeyRing) -> None:
    """As PDF with a line of the audit; anybody may check its code and hears of nobody; cancelled by an officer, once,
    and another comes in its place."""
    async with payments(pool, key_ring, receipts=rules(RunningClock().now().year)) as town:
        payment_id = await paid(town)
        path = f"/v1/payments/{payment_id}/receipts"
        first, second = (await town.api.get(path)).json["receipts"]
        pdf = await town.api.get(f"{path}/{first['code']}/pdf")
        anybody = town.api.with_token("")
        checked = await anybody.get(f"/v1/receipts:verify?code={first['code']}")
        unknown = await anybody.get("/v1/receipts:verify?code=AAAA-BBBB-CCCC-DDDD")
        word = {"officer": "canbo.b", "document_number": "3/QD", "replaces": True}
        cancel = f"{path}/{first['code']}:cancel"
        replaced = await town.api.call("POST", cancel, body=word)
        again = await town.api.call("POST", cancel, body=word)
        after = await anybody.get(f"/v1/receipts:verify?code={first['code']}")

        assert (b"%PDF-", "application/pdf") == (pdf.body[:5], pdf.headers["Content-Type"])
        assert ("issued", True, first["number"]) == (
            checked.json["state"],
            checked.json["is_known"],
            checked.json["number"],
        )
        assert {"is_known", "state", "form_symbol", "receipt_symbol", "number", "issued_on"} == checked.json.keys()
        assert (False, None) == (unknown.json["is_known"], unknown.json["state"])
        assert (200, 409) == (replaced.status, again.status)
        states = {(one["code"], one["state"]) for one in replaced.json["receipts"]}
        assert 3 == len(states)
        assert {(first["code"], "cancelled"), (second["code"], "issued")} < states
        assert "cancelled" == after.json["state"]
        lines = await pool.fetch("SELECT action, officer FROM audit_lines ORDER BY position")
        assert [("receipt.read", ""), ("payment.decided", "canbo.b")] == [
            tuple(one) for one in lines if one["action"] in ("receipt.read", "payment.decided")
        ]
        assert "paid" == (await town.seen(payment_id))["state"]


async def test_a_receipt_of_another_payment_is_not_found(pool: Any, key_ring: KeyRing) -> None:
    """Nor one that is made up; and whoever may not see the payment sees no receipt."""
    async with payments(pool, key_ring, receipts=rules(RunningClock().now().year)) as town:
        payment_id = await paid(town)
        code = (await town.api.get(f"/v1/payments/{payment_id}/receipts")).json["receipts"][0]["code"]
        other = "00000000-0000-4000-8000-000000000000"
        stranger = town.api.with_token(await town.api.register("elsewhere", prefixes=("H98",)))

        made_up = await town.api.get(f"/v1/payments/{payment_id}/receipts/AAAA-BBBB-CCCC-DDDD/pdf")
        elsewhere = await town.api.get(f"/v1/payments/{other}/receipts/{code}/pdf")
        hidden = await stranger.get(f"/v1/payments/{payment_id}/receipts/{code}/pdf")

        assert ("receipt-not-found", "payment-not-found", "other-agency") == (
            made_up.problem,
            elsewhere.problem,
            hidden.problem,
        )
