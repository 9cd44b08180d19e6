"""Receipts that a supplier writes: once, found out when an answer is lost, and a person's case when it refuses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.proofs import number_digest
from gateway.engine.receipts import ReceiptContents, ReceiptRule
from gateway.model.dossier import FeeKind
from gateway.model.receipt import Receipt
from gateway.ports.basics import KeyRing
from gateway.ports.receipts import Offer
from gateway.store.receipts import PostgresReceiptNumbers
from tests.integration.payments.test_receipts import paid, rules
from tests.support.clocks import RunningClock
from tests.support.payments import Payments, payments
from tests.support.suppliers import EVERYTHING, ScriptedSupplier, busy, lost, refused

_HANDED = "receipt.handed_on"
WHOLE, PART = 150_000, 10_000


def supplied_rules(**changes: Any) -> Sequence[ReceiptRule]:
    """Give series of charges and levies that the scripted supplier numbers."""
    return [replace(rule, supplier="scripted", **changes) for rule in rules(RunningClock().now().year)]


def charges_only() -> Sequence[ReceiptRule]:
    """Give the supplier charges, and leave levies to be numbered here."""
    return [
        replace(rule, supplier="scripted" if rule.kind is FeeKind.CHARGE else "")
        for rule in rules(RunningClock().now().year)
    ]


async def again(town: Payments) -> None:
    """Let everything that was put off be due, and what was sent be old enough to be asked about."""
    await town.pool.execute(
        "UPDATE payment_effects SET due_at = now() - interval '50 years' WHERE done_at IS NULL AND due_at IS NOT NULL"
    )
    await town.pool.execute("UPDATE receipt_orders SET sent_at = sent_at - interval '1 hour'")
    await town.work_through()


async def effects(town: Payments, kind: str) -> list[str]:
    rows = await town.pool.fetch(
        "SELECT outcome FROM payment_effects WHERE split_part(effect_key, '|', 1) = $1 ORDER BY effect_id", kind
    )
    return [row["outcome"] for row in rows]


async def orders(town: Payments) -> list[tuple[str, str, str]]:
    rows = await town.pool.fetch("SELECT kind, state, reason FROM receipt_orders ORDER BY kind DESC, key")
    return [tuple(row) for row in rows]


async def listed(town: Payments, payment_id: str) -> dict[str, Any]:
    content: dict[str, Any] = (await town.api.get(f"/v1/payments/{payment_id}/receipts")).json
    return content


async def given_back(town: Payments, payment_id: str, amount_vnd: int) -> None:
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
    asked = await town.api.call("POST", path, body=wish, headers={"Idempotency-Key": f"k{amount_vnd}"})
    approved = await town.api.call("POST", f"{path}/{asked.json['refund_id']}:approve", body={"officer": "canbo.b"})
    assert approved.status == 200, approved.body
    await town.work_through()
    await town.work_through()


async def cases(town: Payments) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await town.api.get("/v1/payment-cases")).json["items"]
    return found


async def contents(town: Payments, key_ring: KeyRing, payment_id: str) -> list[Receipt]:
    book = PostgresReceiptNumbers(town.pool)
    found = [await ReceiptContents(book.content, key_ring).find(one.key) for one in await book.of_request(payment_id)]
    return [one for one in found if one is not None]


async def test_a_supplier_numbers_what_its_series_are_about(pool: Any, key_ring: KeyRing) -> None:
    """Once, by our key; the other kind is numbered here; nothing of the payer is left with an order that is done."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        await pool.execute("UPDATE payment_effects SET done_at = NULL, due_at = now() - interval '50 years'")
        await town.work_through()

        assert ["issue"] == supplier.calls
        [made] = [one for one in await contents(town, key_ring, payment_id) if one.supplied is not None]
        assert (100_000, 1, "scripted", "TRA-CUU") == (
            made.draft.amount_vnd,
            made.number.number,
            made.supplied and made.supplied.supplier,
            made.supplied and made.supplied.lookup_code,
        )
        assert ["issued_already", "issued_already"] == await effects(town, "issue_receipt")
        assert [("issue", "done", "")] == await orders(town)
        assert 0 == await pool.fetchval("SELECT count(*) FROM receipt_orders WHERE sealed IS NOT NULL")
        shown = await listed(town, payment_id)
        assert {None, "scripted"} == {one["supplier"] for one in shown["receipts"]}
        assert [] == shown["orders"]
        assert "Thử" not in str(supplier.book)


async def test_handing_on_the_payer_leaves_a_line_first(pool: Any, key_ring: KeyRing) -> None:
    """One for an order, however often it is sent, found by the payer's number; where no line can be written, nothing is
    sent."""
    supplier = ScriptedSupplier(before=[busy()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        await paid(town)
        await again(town)
        lines = await pool.fetch(
            "SELECT client_id, purpose, subject_digest FROM audit_lines WHERE action = $1", _HANDED
        )
        assert [("gateway", "receipt by scripted", number_digest(key_ring, "999199000001"))] == [
            tuple(line) for line in lines
        ]
        assert ["issue", "issue"] == supplier.calls


async def test_without_the_audit_nobody_is_handed_on(pool: Any, key_ring: KeyRing) -> None:
    """The receipt waits until lines can be written again."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id, reference = await town.opened()
        await town.tell(reference)
        await pool.execute("UPDATE audit_head SET mac = 'forged'")
        await town.work_through()
        assert ([], "audit_head_forged") == (supplier.calls, (await effects(town, "issue_receipt"))[0])
        assert "paid" == (await town.seen(payment_id))["state"]


async def test_nothing_happened_is_tried_again_later(pool: Any, key_ring: KeyRing) -> None:
    """A supplier that is busy keeps the receipt waiting; the payment stands, and the order is shown."""
    supplier = ScriptedSupplier(before=[busy(), busy()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        assert "transient" in await effects(town, "issue_receipt")
        [waiting] = (await listed(town, payment_id))["orders"]
        assert ("issue", "charge", "owed", "transient", 1) == tuple(
            waiting[name] for name in ("kind", "fee_kind", "state", "reason", "tries_count")
        )
        assert "paid" == (await town.seen(payment_id))["state"]
        await again(town)
        await again(town)
        assert (["issue"] * 3, 1) == (supplier.calls, len(supplier.book))
        assert [("issue", "done", "")] == await orders(town)


async def test_a_lost_answer_is_asked_about_before_anything_is_sent(pool: Any, key_ring: KeyRing) -> None:
    """It was written: it is found, and written into the book with the supplier's number."""
    supplier = ScriptedSupplier(after=[lost()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        assert [("issue", "sent", "timeout")] == await orders(town)
        await again(town)
        assert (["issue", "find"], 1) == (supplier.calls, len(supplier.book))
        assert [1, 1] == [one.number.number for one in await contents(town, key_ring, payment_id)]


async def test_what_never_arrived_is_sent_again_under_the_same_key(pool: Any, key_ring: KeyRing) -> None:
    """And for the same day: only once the supplier, asked late enough, knows nothing of it."""
    supplier = ScriptedSupplier(before=[lost()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        await paid(town)
        await pool.execute("UPDATE payment_effects SET due_at = now() - interval '50 years' WHERE done_at IS NULL")
        await town.work_through()
        assert ["issue", "find"] == supplier.calls, "too early to send again"
        await again(town)
        assert ["issue", "find", "find", "issue"] == supplier.calls
        first, second = supplier.orders
        assert first == second
        assert 1 == len(supplier.book)


async def test_a_worker_that_died_in_the_call_is_followed_by_a_question(pool: Any, key_ring: KeyRing) -> None:
    """Nobody knows whether it sent anything: until it must be over, others wait."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        supplier.before = [busy()]
        await paid(town)
        await pool.execute("UPDATE receipt_orders SET state = 'sent', sent_at = made_at, reason = ''")
        await pool.execute("UPDATE payment_effects SET due_at = now() - interval '50 years' WHERE done_at IS NULL")
        await town.work_through()
        assert "receipt_under_way" in await effects(town, "issue_receipt")
        assert ["issue"] == supplier.calls
        await again(town)
        assert ["issue", "find", "issue"] == supplier.calls
        assert 1 == len(supplier.book)


async def test_f30_a_used_key_is_taken_as_issued(pool: Any, key_ring: KeyRing) -> None:
    """The supplier calls the key used: what is there is asked for, and counts when it is what was ordered."""
    supplier = ScriptedSupplier(after=[lost("duplicate_key")])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        assert ["issue", "find"] == supplier.calls
        assert [("issue", "done", "")] == await orders(town)
        assert 1 == sum(one["supplier"] == "scripted" for one in (await listed(town, payment_id))["receipts"])
        assert [] == await cases(town)


@pytest.mark.parametrize(
    ("told", "reason"),
    [({"amount_vnd": 1}, "amount_differs"), ({"is_cancelled": True}, "cancelled_there")],
)
async def test_f30_a_used_key_of_something_else_is_a_persons_case(
    pool: Any, key_ring: KeyRing, told: dict[str, Any], reason: str
) -> None:
    """Nothing is sent or booked; once it is put right, the person has it asked about again."""
    supplier = ScriptedSupplier(after=[lost("duplicate_key")], told=told)
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        assert [("issue", "refused", reason)] == await orders(town)
        [case] = await cases(town)
        assert ("issue_receipt", reason, 100_000) == (case["kind"], case["reason"], case["amount_vnd"])
        assert "payment_receipt_refused" in town.alerts
        assert reason == (await listed(town, payment_id))["orders"][0]["reason"]

        supplier.told = {}
        path = f"/v1/payment-cases/{case['case_id']}:close"
        word = {"outcome": "again", "document_number": "7/QD", "officer": "canbo.a"}
        assert 200 == (await town.api.call("POST", path, body=word)).status
        assert 409 == (await town.api.call("POST", path, body=word)).status
        await town.work_through()
        assert (["issue", "find", "find"], 1) == (supplier.calls, len(supplier.book))
        assert [("issue", "done", "")] == await orders(town)
        assert [] == await cases(town)


async def test_a_used_key_with_nothing_under_it_waits(pool: Any, key_ring: KeyRing) -> None:
    """The supplier contradicts itself: nothing is sent at once, and nobody takes it for issued."""
    supplier = ScriptedSupplier(before=[lost("duplicate_key")])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        await paid(town)
        assert ["issue", "find"] == supplier.calls
        assert "duplicate_but_absent" in await effects(town, "issue_receipt")
        assert [("issue", "sent", "duplicate_key")] == await orders(town)


async def test_a_refusal_is_a_persons_case_once(pool: Any, key_ring: KeyRing) -> None:
    """With the supplier's own word; tried again when the person wants it, and a case anew when it is refused anew."""
    supplier = ScriptedSupplier(before=[refused(), refused("err_3")])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        await paid(town)
        await pool.execute("UPDATE payment_effects SET done_at = NULL, due_at = now() - interval '50 years'")
        await town.work_through()
        [case] = await cases(town)
        assert [("issue", "refused", "rejected:err_20")] == await orders(town)
        for outcome in ("paid_back", "not_paid_back"):
            word = {"outcome": outcome, "document_number": "7/QD", "officer": "canbo.a"}
            assert 409 == (await town.api.call("POST", f"/v1/payment-cases/{case['case_id']}:close", body=word)).status
        word = {"outcome": "again", "document_number": "7/QD", "officer": "canbo.a"}
        await town.api.call("POST", f"/v1/payment-cases/{case['case_id']}:close", body=word)
        await again(town)
        [another] = await cases(town)
        assert another["case_id"] != case["case_id"]
        assert [("issue", "refused", "rejected:err_3")] == await orders(town)
        await town.api.call("POST", f"/v1/payment-cases/{another['case_id']}:close", body=word)
        await again(town)
        assert [("issue", "done", "")] == await orders(town)
        assert 1 == len(supplier.book)


async def test_where_nobody_can_be_asked_a_lost_answer_is_a_persons_case(pool: Any, key_ring: KeyRing) -> None:
    """It is not sent again by itself."""
    supplier = ScriptedSupplier(after=[lost()], offers=frozenset())
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        await paid(town)
        await again(town)
        assert ["issue"] == supplier.calls
        assert [("issue", "refused", "cannot_be_asked")] == await orders(town)


async def test_a_number_that_another_receipt_has_is_a_persons_case(pool: Any, key_ring: KeyRing) -> None:
    """Two receipts never share one in the book."""
    supplier = ScriptedSupplier(before=[busy()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        await paid(town)
        series = charges_only()[0].series
        await pool.execute(
            "INSERT INTO receipt_series (unit_code, form_symbol, receipt_symbol, year) VALUES ($1, $2, $3, $4)",
            *(series.unit_code, series.form_symbol, series.receipt_symbol, series.year),
        )
        await pool.execute(
            "INSERT INTO receipt_numbers (series_id, number, key, request_id, given_on, issued_at, verification_code) "
            "SELECT series_id, 1, 'another', '', now(), now(), 'AAAA' FROM receipt_series WHERE form_symbol = $1",
            series.form_symbol,
        )
        await again(town)
        assert [("issue", "refused", "number_taken")] == await orders(town)
        assert ["issue_receipt"] == [one["kind"] for one in await cases(town)]


async def test_money_given_back_whole_has_the_receipt_cancelled_there_and_here(pool: Any, key_ring: KeyRing) -> None:
    """There first: a lost answer is asked about, and what is cancelled there is cancelled in the book."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=supplied_rules(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await paid(town)
        supplier.after = [lost()]
        await given_back(town, payment_id, WHOLE)
        states = [one["state"] for one in (await listed(town, payment_id))["receipts"]]
        assert ["cancelled", "issued"] == sorted(states)
        await again(town)
        assert ["cancelled"] * 2 == [one["state"] for one in (await listed(town, payment_id))["receipts"]]
        assert all(one["is_cancelled"] for one in supplier.book.values())
        assert 2 == supplier.calls.count("cancel")
        assert [] == await cases(town)


async def test_what_is_under_way_when_the_payment_is_undone_is_cancelled_afterwards(
    pool: Any, key_ring: KeyRing
) -> None:
    """The receipt was written and nobody heard of it: it is found out first, then cancelled."""
    supplier = ScriptedSupplier(after=[lost()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await paid(town)
        await given_back(town, payment_id, WHOLE)
        assert "receipt_under_way" in await effects(town, "cancel_receipt")
        await again(town)
        await again(town)
        assert all(one["is_cancelled"] for one in supplier.book.values())
        assert {"cancelled"} == {one["state"] for one in (await listed(town, payment_id))["receipts"]}
        assert [("issue", "done", ""), ("cancel", "done", "")] == await orders(town)


async def test_what_was_not_sent_when_the_payment_is_undone_never_is(pool: Any, key_ring: KeyRing) -> None:
    """The order is dropped, with what it says of the payer."""
    supplier = ScriptedSupplier(before=[busy()])
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await paid(town)
        await given_back(town, payment_id, WHOLE)
        await again(town)
        assert (["issue"], {}) == (supplier.calls, supplier.book)
        assert [("issue", "dropped", "not_wanted")] == await orders(town)
        assert 0 == await pool.fetchval("SELECT count(*) FROM receipt_orders WHERE sealed IS NOT NULL")
        assert "not_paid_any_more" in await effects(town, "issue_receipt")


async def test_a_part_given_back_of_several_kinds_is_a_persons_case(pool: Any, key_ring: KeyRing) -> None:
    """Nobody says of which kind the money was; there is no order, so that nothing can be tried again."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=supplied_rules(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await paid(town)
        await given_back(town, payment_id, PART)
        assert ["case", "case"] == await effects(town, "adjust_receipt")
        found = await cases(town)
        assert [("adjust_receipt", "kind_unknown")] * 2 == [(one["kind"], one["reason"]) for one in found]
        path = f"/v1/payment-cases/{found[0]['case_id']}:close"
        word = {"outcome": "again", "document_number": "7/QD", "officer": "canbo.a"}
        assert 409 == (await town.api.call("POST", path, body=word)).status
        assert 200 == (await town.api.call("POST", path, body={**word, "outcome": "done"})).status
        assert {"adjust"}.isdisjoint(supplier.calls)


async def test_an_officer_has_a_receipt_replaced(pool: Any, key_ring: KeyRing) -> None:
    """It is cancelled there with the officer's word; only then is another written in its place, under its own key."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        path = f"/v1/payments/{payment_id}/receipts"
        [code] = [one["code"] for one in (await listed(town, payment_id))["receipts"] if one["supplier"]]
        word = {"officer": "canbo.b", "document_number": "3/QD", "replaces": True}
        supplier.before = [busy()]
        wished = await town.api.call("POST", f"{path}/{code}:cancel", body=word)
        assert (202, ["owed"]) == (wished.status, [one["state"] for one in wished.json["orders"]])
        await town.work_through()
        assert "issued" == next(
            one["state"] for one in (await listed(town, payment_id))["receipts"] if one["code"] == code
        )
        await again(town)
        await town.work_through()
        assert ["issue", "cancel", "cancel", "issue"] == supplier.calls
        shown = {one["code"]: one for one in (await listed(town, payment_id))["receipts"] if one["supplier"]}
        assert ("cancelled", "by_officer", "canbo.b", "3/QD") == tuple(
            shown[code][name] for name in ("state", "cancel_reason", "cancelled_by", "document_number")
        )
        assert ["cancelled", "issued"] == sorted(one["state"] for one in shown.values())
        assert 2 == len(supplier.book)
        assert 409 == (await town.api.call("POST", f"{path}/{code}:cancel", body=word)).status


async def test_a_receipt_of_a_supplier_that_is_gone_is_not_cancelled_here_alone(pool: Any, key_ring: KeyRing) -> None:
    """Whoever is not configured any more cannot cancel it there."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        [code] = [one["code"] for one in (await listed(town, payment_id))["receipts"] if one["supplier"]]
        town.suppliers.clear()
        word = {"officer": "canbo.b", "document_number": "3/QD"}
        gone = await town.api.call("POST", f"/v1/payments/{payment_id}/receipts/{code}:cancel", body=word)
        assert (503, "receipt-supplier-unavailable") == (gone.status, gone.problem)
        assert ["issue"] == supplier.calls


async def test_a_receipt_is_handed_on_as_its_supplier_shows_it(pool: Any, key_ring: KeyRing) -> None:
    """As a file, with a line of the audit; no page of a supplier passes for a PDF or for ours."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=charges_only(), suppliers=[supplier]) as town:
        payment_id = await paid(town)
        path = f"/v1/payments/{payment_id}/receipts"
        shown = (await listed(town, payment_id))["receipts"]
        theirs = next(one["code"] for one in shown if one["supplier"])
        ours = next(one["code"] for one in shown if not one["supplier"])

        page = await town.api.get(f"{path}/{theirs}/document")
        assert (200, "text/html", "attachment", b"<html>bien lai</html>") == (
            page.status,
            page.headers["Content-Type"].partition(";")[0],
            page.headers["Content-Disposition"],
            page.body,
        )
        assert "sandbox" in page.headers["Content-Security-Policy"]
        assert "receipt-not-found" == (await town.api.get(f"{path}/{theirs}/pdf")).problem
        assert (await town.api.get(f"{path}/{ours}/document")).body.startswith(b"%PDF-")
        supplier.silent = [busy()]
        unheard = await town.api.get(f"{path}/{theirs}/document")
        assert (503, "receipt-supplier-unavailable") == (unheard.status, unheard.problem)
        lines = await pool.fetchval("SELECT count(*) FROM audit_lines WHERE action = 'receipt.read'")
        assert lines >= 4


def test_offers_are_all_played() -> None:
    """A new offer is played by the scripted supplier as well."""
    assert set(Offer) == EVERYTHING


CHARGE = {"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000}


async def one_kind_paid(town: Payments) -> str:
    """Have a payment of a single charge of 100,000 đồng paid."""
    payment_id: str = (await town.create(items=[CHARGE])).json["payment_id"]
    reference = (await town.attempt(payment_id)).json["attempts"][-1]["reference"]
    await town.tell(reference, amount_vnd=100_000)
    await town.work_through()
    assert "paid" == (await town.seen(payment_id))["state"]
    return payment_id


async def test_a_part_given_back_is_taken_back_from_the_receipt(pool: Any, key_ring: KeyRing) -> None:
    """By a receipt of its own that names the other, once for each refund; a lost answer is found out; when the rest
    goes back as well, both are cancelled."""
    supplier = ScriptedSupplier()
    async with payments(pool, key_ring, receipts=supplied_rules(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await one_kind_paid(town)
        supplier.after = [lost()]
        await given_back(town, payment_id, PART)
        assert ["issue", "adjust"] == supplier.calls
        await again(town)
        assert ["issue", "adjust", "find"] == supplier.calls
        first, adjusting = (await listed(town, payment_id))["receipts"]
        assert (None, first["code"]) == (first["adjusts"], adjusting["adjusts"])
        assert [("", 100_000), (f"K:phi-{payment_id.replace('-', '').upper()}", PART)] == [
            (one["adjusts"], one["amount_vnd"]) for one in supplier.book.values()
        ]
        assert ["adjusted"] == await effects(town, "adjust_receipt")

        await given_back(town, payment_id, 90_000)
        assert {"cancelled"} == {one["state"] for one in (await listed(town, payment_id))["receipts"]}
        assert all(one["is_cancelled"] for one in supplier.book.values())
        assert [] == await cases(town)


async def test_a_supplier_that_does_not_adjust_leaves_it_to_a_person(pool: Any, key_ring: KeyRing) -> None:
    """The receipt stands as it is."""
    supplier = ScriptedSupplier(offers=EVERYTHING - {Offer.ADJUST})
    async with payments(pool, key_ring, receipts=supplied_rules(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await one_kind_paid(town)
        await given_back(town, payment_id, PART)
        assert ["adjust_receipt"] == [one["kind"] for one in await cases(town)]
        assert ["issued"] == [one["state"] for one in (await listed(town, payment_id))["receipts"]]


async def test_adjusting_waits_for_the_receipt(pool: Any, key_ring: KeyRing) -> None:
    """Nothing is taken back from what is not written yet."""
    supplier = ScriptedSupplier(before=[busy()])
    async with payments(pool, key_ring, receipts=supplied_rules(), suppliers=[supplier], can_refund=True) as town:
        payment_id = await one_kind_paid(town)
        await given_back(town, payment_id, PART)
        assert ["not_issued"] == await effects(town, "adjust_receipt")
        await again(town)
        await again(town)
        assert ["issue", "issue", "adjust"] == supplier.calls
        assert ["adjusted"] == await effects(town, "adjust_receipt")
