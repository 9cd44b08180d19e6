"""What is owed is paid once, by a provider's verified word, whatever comes twice, late, forged or not at all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.engine.proofs import number_digest
from gateway.errors import OutcomeUnknown, Rejected, TransientFailure
from gateway.model.payment import Answer
from gateway.ports.observing import AlertRaised
from gateway.vault.keyring import FileKeyRing
from tests.support.payments import ACCOUNT, DOSSIER, PAGE, RETURN_TO, Payments, fact, payments

_LOST = OutcomeUnknown("no answer", system="payments", operation="open", code="no_answer")
_DOWN = TransientFailure("refused", system="payments", operation="open", code="refused_connection")
_NO = Rejected("no", system="payments", operation="open", code="remote")


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        yield made


async def test_paid_once_and_told_on(town: Payments) -> None:
    """Created, opened, notified: paid; the dossier says so, and the feed does, once."""
    payment_id, reference = await town.opened()

    told = await town.tell(reference)
    await town.work_through()
    seen, dossier = await town.seen(payment_id), (await town.api.get(f"/v1/dossiers/{DOSSIER}")).json

    assert (200, b"applied") == (told.status, told.body)
    assert ("paid", 150_000, False) == (seen["state"], seen["amount_vnd"], seen["is_disputed"])
    assert "national_platform" == dossier["online_payment"]
    assert ["payment.opened", "payment.paid"] == await town.events()
    assert seen["attempts"][0]["pay_url"] is None


async def test_the_order_carries_what_the_dossier_owes(town: Payments) -> None:
    """Both fees by their kinds, the account of the server, the payer's own address, who pays."""
    await town.opened()

    (order,) = town.provider.orders

    assert [("charge", 100_000), ("levy", 50_000)] == [(one.kind.value, one.amount_vnd) for one in order.items]
    assert (150_000, ACCOUNT, "203.0.113.7") == (order.amount_vnd, order.beneficiary, order.payer_address)
    assert ("999199000001", DOSSIER) == (order.payer.number, order.dossier_code)


async def test_who_pays_sees_that_it_was_handed_on(town: Payments, key_ring: FileKeyRing) -> None:
    """The look is written down about the payer, whose number goes to the provider."""
    await town.opened()

    (order,) = town.provider.orders
    rows = await town.api.services.pool.fetch(
        "SELECT subject_digest, fields_released FROM audit_lines WHERE action = 'payment.opened'"
    )

    assert [(number_digest(key_ring, order.payer.number), ["payer"])] == [tuple(row) for row in rows]


async def test_f02_ten_notifications_at_once(town: Payments) -> None:
    """One change of state, the same acknowledgement for all, one event."""
    payment_id, reference = await town.opened()

    told = await asyncio.gather(*(town.tell(reference) for _ in range(10)))

    assert {b"applied"} == {one.body for one in told}
    assert "paid" == (await town.seen(payment_id))["state"]
    assert 1 == (await town.events()).count("payment.paid")


async def test_f03_the_notification_overtakes_the_answer(town: Payments) -> None:
    """It finds the reference, which was committed before the call."""

    def pay_before_answering(order: Any) -> Any:
        told.append(asyncio.ensure_future(town.tell(order.reference)))
        return _LOST

    told: list[Any] = []
    town.provider.opening = pay_before_answering
    payment_id = (await town.create()).json["payment_id"]

    assert "payment-provider-unavailable" == (await town.attempt(payment_id)).problem
    assert b"applied" == (await told[0]).body
    assert "paid" == (await town.seen(payment_id))["state"]


async def test_f04_failed_after_paid_is_a_dispute(town: Payments) -> None:
    """Paid is never taken back by a message."""
    payment_id, reference = await town.opened()
    await town.tell(reference)

    await town.tell(reference, answer="failed")
    await town.work_through()
    seen = await town.seen(payment_id)

    assert ("paid", True) == (seen["state"], seen["is_disputed"])
    assert "payment_contradiction" in town.alerts


async def test_f05_success_after_failure_counts(town: Payments) -> None:
    payment_id, reference = await town.opened()
    await town.tell(reference, answer="failed")
    assert "due" == (await town.seen(payment_id))["state"]

    told = await town.tell(reference)

    assert b"applied" == told.body
    assert "paid" == (await town.seen(payment_id))["state"]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_vnd": 15_000},
        {"amount_vnd": 10**40},
        {"currency": "USD"},
        {"partner_code": "OTHER"},
        {"dossier_code": "H99.01-x"},
    ],
)
async def test_f07_f08_what_differs_never_pays(town: Payments, changes: dict[str, Any]) -> None:
    payment_id, reference = await town.opened()

    told = await town.tell(reference, **changes)
    await town.work_through()

    assert b"refused" == told.body
    assert "paid" != (await town.seen(payment_id))["state"]
    assert [name for name in town.alerts if name.startswith("payment_")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b'{"reference": "R1"}'])
async def test_f09_f11_what_is_not_signed_changes_nothing(town: Payments, body: bytes) -> None:
    payment_id, reference = await town.opened()

    heard = await town.hear(body or b" ")
    forged = await town.hear({"answer": "paid", "reference": reference, "sign": "0" * 64})

    assert (200, b"refused") == (heard.status, heard.body)
    assert b"forged" == forged.body
    alerts = [one for one in town.heard.happenings if isinstance(one, AlertRaised)]
    assert {"payment.platform"} == {one.system for one in alerts}, "a person must know whose message it was"
    assert "pending" == (await town.seen(payment_id))["state"]
    assert "payment_forged" in town.alerts
    kept = await town.pool.fetch("SELECT verdict, reason, sealed FROM payment_messages ORDER BY message_id")
    assert [("refused", "malformed"), ("forged", "bad_checksum")] == [(row[0], row[1]) for row in kept]
    assert not any(reference.encode() in row["sealed"] for row in kept)


async def test_f13_an_unknown_reference_is_kept_for_a_person(town: Payments) -> None:
    await town.opened()

    failed = await town.tell("RNOBODYKNOWS", answer="failed")
    before = town.alerts
    told = await town.tell("RNOBODYKNOWS")

    assert [b"refused", b"refused"] == [failed.body, told.body]
    assert ([], ["payment_suspense"]) == (before, town.alerts)
    assert 2 == await town.pool.fetchval("SELECT count(*) FROM payment_messages WHERE reason = 'unknown_reference'")


async def test_f14_a_lost_answer_is_found_out_by_asking(town: Payments) -> None:
    """The reference is never sent again; the provider's word on a question pays it."""
    town.provider.opening = lambda _: _LOST
    payment_id = (await town.create()).json["payment_id"]
    assert "payment-provider-unavailable" == (await town.attempt(payment_id)).problem
    assert ["unknown"] == [one["state"] for one in (await town.seen(payment_id))["attempts"]]

    assert "payment-not-possible" == (await town.attempt(payment_id)).problem
    town.provider.standing = lambda asked: fact(asked.reference)
    town.clock.move(150)
    await town.work_through()

    assert "paid" == (await town.seen(payment_id))["state"]
    assert 1 == len(town.provider.orders)


@pytest.mark.parametrize("failure", [_DOWN, _NO])
async def test_f17_what_certainly_did_not_happen_may_be_tried_again(town: Payments, failure: Any) -> None:
    payment_id = (await town.create()).json["payment_id"]
    good, town.provider.opening = town.provider.opening, lambda _: failure
    assert "payment-provider-unavailable" == (await town.attempt(payment_id)).problem

    town.provider.opening = good
    opened = await town.attempt(payment_id)

    assert 201 == opened.status
    assert ["failed", "pending"] == [one["state"] for one in opened.json["attempts"]]
    assert 2 == len({order.reference for order in town.provider.orders})


async def test_f21_two_references_paid_is_one_payment_and_a_case(town: Payments) -> None:
    payment_id, first = await town.opened()
    town.clock.move(PAGE.total_seconds() + 60)
    town.provider.standing = lambda asked: fact(asked.reference, answer=Answer.NOT_FOUND)
    await town.work_through()
    second = (await town.attempt(payment_id)).json["attempts"][-1]["reference"]

    assert [b"applied", b"applied"] == [(await town.tell(one)).body for one in (second, first)]
    await town.work_through()
    seen = await town.seen(payment_id)

    assert "paid" == seen["state"]
    states = {one["reference"]: one["state"] for one in seen["attempts"]}
    assert "paid" == states[second]
    assert states[first] in ("duplicate_paid", "refund_pending")
    assert 1 == await town.pool.fetchval("SELECT count(*) FROM payment_attempts WHERE state = 'paid'")


async def test_f23_a_forged_return_proves_nothing(town: Payments) -> None:
    """The browser goes on to the portal; the provider is asked, and its word alone counts."""
    payment_id, reference = await town.opened()
    claim = f"?ref={reference}&responseCode=00&data=PARTNER_{reference}_{DOSSIER}&secureCode=00"

    back = await town.api.with_token("").get(f"/callbacks/payments/platform/return{claim}")
    await town.work_through()

    assert (303, f"{RETURN_TO}?payment_id={payment_id}") == (back.status, back.headers["Location"])
    assert "pending" == (await town.seen(payment_id))["state"]
    assert [reference] == [asked.reference for asked in town.provider.questions]


async def test_f28_an_old_message_changes_nothing(town: Payments) -> None:
    """Whoever stored a message can send it for ever: a failure from before does not undo the payment after it."""
    payment_id, reference = await town.opened()
    await town.tell(reference, answer="failed")
    await town.tell(reference)

    told = await town.tell(reference, answer="failed")
    seen = await town.seen(payment_id)

    assert b"applied" == told.body
    assert ("paid", False) == (seen["state"], seen["is_disputed"])


async def test_a_hint_is_asked_about_first(pool: Any, key_ring: FileKeyRing) -> None:
    """Where the protocol leaves unsigned what decides, the provider's second way does."""
    async with payments(pool, key_ring) as town:
        town.provider.is_decisive = False
        payment_id, reference = await town.opened()

        unpaid = await town.tell(reference)
        assert b"applied" != unpaid.body
        assert "pending" == (await town.seen(payment_id))["state"]
        town.provider.standing = lambda asked: fact(asked.reference)
        paid = await town.tell(reference)

        assert b"applied" == paid.body
        assert "paid" == (await town.seen(payment_id))["state"]


async def test_the_open_page_is_given_again(town: Payments) -> None:
    """A second press, a second tab: the same reference, the same page."""
    payment_id, reference = await town.opened()

    again = await asyncio.gather(*(town.attempt(payment_id) for _ in range(5)))

    assert {reference} == {one.json["attempts"][-1]["reference"] for one in again}
    assert 1 == len(town.provider.orders)


async def test_a_page_that_is_over_is_asked_about_before_another(town: Payments) -> None:
    """The payer need not wait for the schedule: asked at once, the next wish opens a new page."""
    payment_id, _ = await town.opened()
    town.clock.move(PAGE.total_seconds() + 1)
    town.provider.standing = lambda asked: fact(asked.reference, answer=Answer.NOT_FOUND)
    await town.pool.execute("UPDATE payment_attempts SET next_poll_at = next_poll_at + interval '1 day'")

    refused = await town.attempt(payment_id)
    await town.work_through()
    opened = await town.attempt(payment_id)

    assert ("payment-not-possible", "ask_first") == (refused.problem, refused.json["detail"])
    assert ["expired", "pending"] == [one["state"] for one in opened.json["attempts"]]


async def test_time_alone_never_expires_a_payment(town: Payments) -> None:
    """The window is over, and the provider does not know the end either: still open."""
    payment_id, _ = await town.opened()
    town.clock.move(PAGE.total_seconds() + 60)
    await town.work_through()
    assert "pending" == (await town.seen(payment_id))["state"]

    town.provider.standing = lambda asked: fact(asked.reference, answer=Answer.NOT_FOUND)
    town.clock.move(600)
    await town.work_through()
    seen = await town.seen(payment_id)

    assert ("due", ["expired"]) == (seen["state"], [one["state"] for one in seen["attempts"]])


async def test_a_payment_is_created_once(town: Payments) -> None:
    """The same key and wish gives the same payment, another wish under the key is refused."""
    first, second = await town.create(), await town.create()
    other = await town.create(deadline_at="2026-03-01T00:00:00+07:00")

    assert (201, 200) == (first.status, second.status)
    assert first.json["payment_id"] == second.json["payment_id"]
    assert "idempotency-key-reused" == other.problem


async def test_only_fees_of_the_dossier(town: Payments) -> None:
    item = {"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}
    wrong = await town.create("key-2", items=[item, {**item, "amount_vnd": 1}])
    right = await town.create("key-3", items=[item])

    assert ("invalid-content", ["/items/1"]) == (wrong.problem, wrong.fields)
    assert 50_000 == right.json["amount_vnd"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"return_to": "https://evil.example/"}, "/return_to"),
        ({"provider": "unknown"}, "/provider"),
        ({"payer_address": "not an address"}, "/payer_address"),
    ],
)
async def test_bad_wishes_to_pay(town: Payments, changes: dict[str, Any], field: str) -> None:
    payment_id = (await town.create()).json["payment_id"]

    refused = await town.attempt(payment_id, **changes)

    assert [field] == refused.fields
    assert [] == town.provider.orders


async def test_cancelled_is_not_payable(town: Payments) -> None:
    payment_id = (await town.create()).json["payment_id"]

    cancelled = await town.api.call("POST", f"/v1/payments/{payment_id}:cancel")
    refused = await town.attempt(payment_id)

    assert "cancelled" == cancelled.json["state"]
    assert ("payment-not-possible", "not_due") == (refused.problem, refused.json["detail"])


async def test_history_tells_every_state(town: Payments) -> None:
    payment_id, reference = await town.opened()
    await town.tell(reference)

    history = (await town.api.get(f"/v1/payments/{payment_id}/history")).json["entries"]

    assert [("init_sent", ""), ("pending", ""), ("paid", "notification")] == [
        (one["state"], one["source"]) for one in history
    ]


async def test_other_agencies_see_nothing(town: Payments) -> None:
    payment_id = (await town.create()).json["payment_id"]
    other = town.api.with_token(await town.api.register("other", prefixes=("H98",)))

    assert "other-agency" == (await other.get(f"/v1/payments/{payment_id}")).problem
    assert "other-agency" == (await other.get(f"/v1/payments?dossier_code={DOSSIER}")).problem


async def test_unknown_addresses(town: Payments) -> None:
    api = town.api.with_token("")

    assert "no-such-address" == (await api.call("POST", "/callbacks/payments/nobody", body={})).problem
    assert 404 == (await api.get("/callbacks/payments/platform/return?ref=unknown")).status


async def test_what_is_not_settled_is_counted(town: Payments) -> None:
    """By provider and state, with the instant of the oldest; nothing once it is paid."""
    _, reference = await town.opened()
    before = await town.store.count_unsettled()
    await town.tell(reference)

    assert {("platform", "pending"): (1, town.clock.now())} == before
    assert {} == await town.store.count_unsettled()


async def test_no_fee_is_asked_for_twice(town: Payments) -> None:
    """Two windows with a key each, at once and later: one payment; the fee is free again once it was cancelled."""
    item = {"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}
    both = await asyncio.gather(*(town.create(f"key-{number}", items=[item]) for number in range(5)))
    whole, again = await town.create("key-whole"), await town.create("key-later", items=[item])
    (made,) = [one.json["payment_id"] for one in both if one.status == 201]
    await town.api.call("POST", f"/v1/payments/{made}:cancel")
    freed = await town.create("key-whole")

    refused = [one for one in (*both, whole, again) if one.status != 201]
    assert [("payment-not-possible", "owed_already")] * 6 == [(one.problem, one.json["detail"]) for one in refused]
    assert (201, 150_000) == (freed.status, freed.json["amount_vnd"])
