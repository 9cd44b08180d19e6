"""Money goes back once, by two officers; what a person decides is written down, carried out, and told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from gateway.errors import OutcomeUnknown, Rejected, TransientFailure
from gateway.ports.payments import RefundFact
from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered
from tests.support.payments import DOSSIER, Payments, fact, payments

_LOST = OutcomeUnknown("no answer", system="payments", operation="refund", code="no_answer")
_DOWN = TransientFailure("refused", system="payments", operation="refund", code="refused_connection")
_NO = Rejected("no", system="payments", operation="refund", code="remote")
ACCOUNT = {"bank_code": "VCB", "account_number": "9990001112223", "holder": "NGUYEN VAN AN"}


class _Killed(BaseException):
    """Ends what is under way as a kill does: nothing catches it."""


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring, can_refund=True) as made:
        yield made


@pytest.fixture
async def counter(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    """Where the provider gives nothing back by itself."""
    async with payments(pool, key_ring) as made:
        yield made


async def paid(town: Payments) -> tuple[str, dict[str, Any]]:
    """Pay; give the payment's id and what a refund of it states."""
    payment_id, reference = await town.opened()
    await town.tell(reference)
    await town.work_through()
    [attempt] = (await town.seen(payment_id))["attempts"]
    wish = {
        "attempt_id": attempt["attempt_id"],
        "transaction": attempt["transactions"][0],
        "amount_vnd": 150_000,
        "why": "dossier_refused",
        "document_number": "5/QD",
        "officer": "canbo.a",
    }
    return payment_id, wish


async def ask(town: Payments, payment_id: str, wish: dict[str, Any], key: str = "k1") -> Answered:
    headers = {"Idempotency-Key": key}
    return await town.api.call("POST", f"/v1/payments/{payment_id}/refunds", body=wish, headers=headers)


async def act(town: Payments, payment_id: str, refund_id: str, verb: str, **body: Any) -> Answered:
    path = f"/v1/payments/{payment_id}/refunds/{refund_id}:{verb}"
    return await town.api.call("POST", path, body={"officer": "canbo.b", **body})


async def refunds(town: Payments, payment_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await town.api.get(f"/v1/payments/{payment_id}/refunds")).json["refunds"]
    return found


async def cases(town: Payments) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await town.api.get("/v1/payment-cases")).json["items"]
    return found


async def test_two_officers_give_money_back_once(town: Payments) -> None:
    """Asked by one, approved by another, sent once, booked, told; the request stays paid and refunded."""
    payment_id, wish = await paid(town)

    asked = await ask(town, payment_id, wish)
    refund_id = asked.json["refund_id"]
    before = list(town.provider.refunds)
    approved = await act(town, payment_id, refund_id, "approve")
    await town.work_through()
    await town.work_through()
    seen, [refund] = await town.seen(payment_id), await refunds(town, payment_id)

    assert (201, "asked") == (asked.status, asked.json["state"])
    assert ([], "approved", ["canbo.b"]) == (before, approved.json["state"], approved.json["approved_by"])
    assert [(refund_id, 150_000)] == [(one.refund_id, one.amount_vnd) for one in town.provider.refunds]
    assert ("done", 150_000, "RF1") == (refund["state"], refund["paid_back_vnd"], refund["refund_transaction"])
    assert ("refunded", 150_000, "refunded") == (seen["state"], seen["refunded_vnd"], seen["attempts"][0]["state"])
    assert 1 == (await town.events()).count("payment.refunded")
    rows = await town.pool.fetch(
        "SELECT officer, outcome FROM audit_lines WHERE action = 'payment.decided' ORDER BY position"
    )
    assert [("canbo.a", "asked"), ("canbo.b", "approved")] == [tuple(row) for row in rows]


@pytest.mark.parametrize("officer", ["canbo.a", "CANBO.A"])
async def test_nobody_approves_their_own(town: Payments, officer: str) -> None:
    payment_id, wish = await paid(town)
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]

    refused = await act(town, payment_id, refund_id, "approve", officer=officer)
    await town.work_through()

    assert (409, "same_person") == (refused.status, refused.json["detail"])
    assert [] == town.provider.refunds


async def test_two_approvals_at_once_send_once(town: Payments) -> None:
    payment_id, wish = await paid(town)
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]

    answers = await asyncio.gather(
        *(act(town, payment_id, refund_id, "approve", officer=f"canbo.{one}") for one in "bcd")
    )
    await asyncio.gather(town.work_through(), town.work_through())

    assert [200, 409, 409] == sorted(one.status for one in answers)
    assert 1 == len(town.provider.refunds)


async def test_partial_refunds_never_exceed_what_was_paid(town: Payments) -> None:
    """Two parts go back; a third that would be too much is refused when it is approved at the latest."""
    payment_id, wish = await paid(town)
    ids = [(await ask(town, payment_id, wish | {"amount_vnd": 60_000}, f"k{one}")).json["refund_id"] for one in "123"]

    answers = [await act(town, payment_id, one, "approve") for one in ids]
    await town.work_through()
    too_much = await ask(town, payment_id, wish | {"amount_vnd": 40_000}, "k4")
    seen = await town.seen(payment_id)

    assert [200, 200, 409] == [one.status for one in answers]
    assert (409, "more_than_paid") == (too_much.status, too_much.json["detail"])
    assert ("partially_refunded", 120_000) == (seen["state"], seen["refunded_vnd"])


async def test_the_same_key_asks_once(town: Payments) -> None:
    payment_id, wish = await paid(town)

    first, again = await ask(town, payment_id, wish), await ask(town, payment_id, wish)
    other = await ask(town, payment_id, wish | {"amount_vnd": 1_000})
    none = await town.api.call("POST", f"/v1/payments/{payment_id}/refunds", body=wish)

    assert first.json == again.json
    assert (422, "idempotency-key-reused") == (other.status, other.problem)
    assert (400, "idempotency-key-missing") == (none.status, none.problem)
    assert 1 == len(await refunds(town, payment_id))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"transaction": "NOBODY"}, 409),
        ({"amount_vnd": 150_001}, 409),
        ({"amount_vnd": 0}, 422),
        ({"officer": ""}, 422),
        ({"document_number": "a b"}, 422),
        ({"document_number": "17/999085000"}, 422),
        ({"why": "because"}, 422),
        ({"attempt_id": "00000000-0000-4000-8000-000000000000"}, 409),
    ],
)
async def test_wishes_that_are_refused(town: Payments, changes: dict[str, Any], status: int) -> None:
    payment_id, wish = await paid(town)

    assert status == (await ask(town, payment_id, wish | changes)).status
    assert [] == await refunds(town, payment_id)


async def test_a_lost_answer_is_asked_about_and_never_sent_again(town: Payments) -> None:
    """The provider did it and its answer was lost after its number was known: asked until it says so."""
    payment_id, wish = await paid(town)
    town.provider.refunding = lambda order: RefundFact(is_done=None, transaction="RF9", amount_vnd=0)
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status

    await town.work_through()
    await town.work_through()
    unknown = (await refunds(town, payment_id))[0]["state"]
    town.clock.move(60)
    town.provider.refund_standing = lambda order: RefundFact(
        is_done=True, transaction="RF9", amount_vnd=order.amount_vnd
    )
    await town.work_through()

    assert "unknown" == unknown
    assert "done" == (await refunds(town, payment_id))[0]["state"]
    assert 1 == len(town.provider.refunds)
    assert {"RF9"} == set(town.provider.refund_questions)
    assert "refunded" == (await town.seen(payment_id))["state"]


async def test_a_lost_answer_without_a_number_is_a_persons(town: Payments) -> None:
    """Nothing to ask by: it stays unknown, and an officer books what the bank says."""
    payment_id, wish = await paid(town)
    town.provider.refunding = lambda order: _LOST
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status
    for _ in range(3):
        await town.work_through()
        town.clock.move(3600)

    [refund] = await refunds(town, payment_id)
    assert ["ask_refund"] == [one["kind"] for one in await cases(town) if one["refund_id"] == refund_id]
    assert 1 == town.alerts.count("payment_refund_unknown")
    resolved = await act(town, payment_id, refund_id, "resolve", paid_back_vnd=150_000, document_number="9/BB")

    assert ("unknown", 1, []) == (refund["state"], len(town.provider.refunds), town.provider.refund_questions)
    assert (200, "done") == (resolved.status, resolved.json["state"])
    assert "refunded" == (await town.seen(payment_id))["state"]


async def test_what_certainly_did_not_happen_is_sent_again(town: Payments) -> None:
    payment_id, wish = await paid(town)
    answers: list[RefundFact | BaseException] = [
        _DOWN,
        RefundFact(is_done=True, transaction="RF1", amount_vnd=150_000),
    ]
    town.provider.refunding = lambda order: answers.pop(0)
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status
    for _ in range(3):
        await town.work_through()
        town.clock.move(60)

    assert "done" == (await refunds(town, payment_id))[0]["state"]
    assert 2 == len(town.provider.refunds)


async def test_a_provider_that_is_down_is_not_pestered(town: Payments) -> None:
    """One effect is put off with growing delays, whatever the circuit says; nothing is sent that is not marked."""
    payment_id, wish = await paid(town)
    town.provider.refunding = lambda order: _DOWN
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status
    for _ in range(300):
        await town.work_through()
        town.clock.move(1)

    assert "approved" == (await refunds(town, payment_id))[0]["state"]
    assert 1 <= len(town.provider.refunds) <= 8
    assert 1 == await town.pool.fetchval("SELECT count(*) FROM payment_effects WHERE effect_key LIKE 'send_refund%'")


async def test_a_refusal_frees_the_money(town: Payments) -> None:
    """Refused by the provider: failed, with an alert; the amount may be asked for anew."""
    payment_id, wish = await paid(town)
    town.provider.refunding = lambda order: _NO
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status
    await town.work_through()
    await town.work_through()

    assert "failed" == (await refunds(town, payment_id))[0]["state"]
    assert "payment_refund_failed" in town.alerts
    assert "paid" == (await town.seen(payment_id))["state"]
    assert 201 == (await ask(town, payment_id, wish, "k2")).status


async def test_an_account_that_nobody_would_use_is_refused(town: Payments) -> None:
    """Money goes back the way it came: an officer must not believe that it goes elsewhere."""
    payment_id, wish = await paid(town)

    refused = await ask(town, payment_id, wish | {"account": ACCOUNT})

    assert (409, "account_not_used") == (refused.status, refused.json["detail"])


async def test_a_process_that_dies_while_it_sends_leaves_it_unknown(town: Payments) -> None:
    """Committed as sent, killed before the answer: the next one asks a person, and sends nothing."""
    payment_id, wish = await paid(town)
    town.provider.refunding = lambda order: _Killed()
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status
    with pytest.raises(_Killed):
        await town.work_through()
    town.clock.move(3600)

    await town.work_through()
    await town.work_through()

    assert "unknown" == (await refunds(town, payment_id))[0]["state"]
    assert 1 == len(town.provider.refunds)


async def test_another_amount_than_ordered_is_a_dispute(town: Payments) -> None:
    payment_id, wish = await paid(town)
    town.provider.refunding = lambda order: RefundFact(is_done=True, transaction="RF1", amount_vnd=1_000)
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]
    assert 200 == (await act(town, payment_id, refund_id, "approve")).status
    await town.work_through()
    await town.work_through()

    assert "disputed" == (await refunds(town, payment_id))[0]["state"]
    assert "payment_refund_differs" in town.alerts
    resolved = await act(town, payment_id, refund_id, "resolve", paid_back_vnd=1_000, document_number="9/BB")
    assert ("done", 1_000) == (resolved.json["state"], resolved.json["paid_back_vnd"])
    assert ("partially_refunded", 1_000) == (lambda seen: (seen["state"], seen["refunded_vnd"]))(
        await town.seen(payment_id)
    )


async def test_declined_is_over(town: Payments) -> None:
    payment_id, wish = await paid(town)
    refund_id = (await ask(town, payment_id, wish)).json["refund_id"]

    declined = await act(town, payment_id, refund_id, "decline")
    late = await act(town, payment_id, refund_id, "approve", officer="canbo.c")

    assert ("declined", 409) == (declined.json["state"], late.status)


async def test_by_hand_where_the_provider_gives_nothing_back(counter: Payments) -> None:
    """The payer's account is needed, sealed, and shown with a line; the case ends with what the bank says."""
    payment_id, wish = await paid(counter)
    without = await ask(counter, payment_id, wish, "k0")
    refund_id = (await ask(counter, payment_id, wish | {"account": ACCOUNT})).json["refund_id"]
    assert 200 == (await act(counter, payment_id, refund_id, "approve")).status
    await counter.work_through()

    [case] = [one for one in await cases(counter) if one["kind"] == "pay_back_by_hand"]
    account = await counter.api.get(f"/v1/payments/{payment_id}/refunds/{refund_id}/account")
    sealed = await counter.pool.fetchval("SELECT sealed FROM payment_refunds WHERE refund_id = $1", UUID(refund_id))
    path = f"/v1/payment-cases/{case['case_id']}:close"
    end = {"outcome": "paid_back", "document_number": "UNC-7", "officer": "canbo.c"}
    wrong = await counter.api.call("POST", path, body=end | {"outcome": "done"})
    closed = await counter.api.call("POST", path, body=end)
    again = await counter.api.call("POST", path, body=end)
    [refund] = await refunds(counter, payment_id)
    left = await counter.pool.fetchval("SELECT sealed FROM payment_refunds WHERE refund_id = $1", UUID(refund_id))

    assert (409, "no_account") == (without.status, without.json["detail"])
    assert ACCOUNT == account.json
    assert (409, 200, 409) == (wrong.status, closed.status, again.status)
    assert ("done", "UNC-7") == (refund["state"], refund["refund_transaction"])
    assert "refunded" == (await counter.seen(payment_id))["state"]
    assert [] == [one for one in await cases(counter) if one["kind"] == "pay_back_by_hand"]
    assert ACCOUNT["account_number"].encode() not in sealed
    assert left is None, "gone when the refund is over"
    assert 1 == await counter.pool.fetchval(
        "SELECT count(*) FROM audit_lines WHERE action = 'payment.account_read' AND subject_digest IS NOT NULL"
    )


async def test_money_that_is_to_go_back_is_a_case_of_its_agency(counter: Payments) -> None:
    """An officer decides that a wrong amount goes back: listed for that agency alone, until somebody ends it."""
    payment_id, reference = await counter.opened()
    await counter.tell(reference, amount_vnd=15_000)
    [attempt] = (await counter.seen(payment_id))["attempts"]
    body = {
        "transaction": attempt["transactions"][0],
        "resolution": "refund",
        "document_number": "3/BB",
        "officer": "canbo.b",
    }
    path = f"/v1/payments/{payment_id}/attempts/{attempt['attempt_id']}:resolve"
    assert 200 == (await counter.api.call("POST", path, body=body)).status
    await counter.work_through()
    stranger = counter.api.with_token(await counter.api.register("elsewhere", prefixes=("H98",)))

    [case] = await cases(counter)
    close = f"/v1/payment-cases/{case['case_id']}:close"
    end = {"outcome": "done", "document_number": "7/BB", "officer": "canbo.c"}
    hidden = (await stranger.get("/v1/payment-cases")).json["items"]
    refused = await stranger.call("POST", close, body=end)
    closed = await counter.api.call("POST", close, body=end)

    assert ("open_refund_case", 15_000, None) == (case["kind"], case["amount_vnd"], case["closed_at"])
    assert ([], 403, "other-agency") == (hidden, refused.status, refused.problem)
    assert (200, "done") == (closed.status, closed.json["outcome"])
    assert [] == await cases(counter)


async def test_the_same_key_with_another_account_is_another_wish(counter: Payments) -> None:
    payment_id, wish = await paid(counter)
    first = await ask(counter, payment_id, wish | {"account": ACCOUNT})

    again = await ask(counter, payment_id, wish | {"account": ACCOUNT})
    other = await ask(counter, payment_id, wish | {"account": ACCOUNT | {"account_number": "9990009998887"}})

    assert first.json == again.json
    assert (422, "idempotency-key-reused") == (other.status, other.problem)


async def test_a_dispute_is_decided(counter: Payments) -> None:
    """Failed after paid is a dispute; an officer accepts the payment, and it counts on, undisputed, with a line."""
    payment_id, reference = await counter.opened()
    await counter.tell(reference)
    await counter.tell(reference, answer="failed")
    [attempt] = (await counter.seen(payment_id))["attempts"]
    path = f"/v1/payments/{payment_id}/attempts/{attempt['attempt_id']}:resolve"
    body = {
        "transaction": attempt["transactions"][0],
        "resolution": "accept",
        "document_number": "3/BB",
        "officer": "canbo.b",
    }

    wrong = await counter.api.call("POST", path, body=body | {"transaction": "NOBODY"})
    decided = await counter.api.call("POST", path, body=body)
    again = await counter.api.call("POST", path, body=body)

    assert (409, "no_such_debit") == (wrong.status, wrong.json["detail"])
    assert (200, "paid", False) == (decided.status, decided.json["state"], decided.json["is_disputed"])
    assert 409 == again.status
    await counter.work_through()
    assert "payment.resolved" in await counter.events()


async def test_a_payment_that_was_none_is_taken_back_from_its_dossier(counter: Payments) -> None:
    """An officer finds that no money moved: due again, and the dossier says that nothing was paid."""
    payment_id, reference = await counter.opened()
    await counter.tell(reference)
    await counter.work_through()
    before = (await counter.api.get(f"/v1/dossiers/{DOSSIER}")).json["online_payment"]
    await counter.tell(reference, answer="failed")
    [attempt] = (await counter.seen(payment_id))["attempts"]
    body = {
        "transaction": attempt["transactions"][0],
        "resolution": "no_money",
        "document_number": "3/BB",
        "officer": "canbo.b",
    }

    decided = await counter.api.call(
        "POST", f"/v1/payments/{payment_id}/attempts/{attempt['attempt_id']}:resolve", body=body
    )
    await counter.work_through()
    after = (await counter.api.get(f"/v1/dossiers/{DOSSIER}")).json["online_payment"]

    assert ("national_platform", 200, "none") == (before, decided.status, after)
    assert "due" == decided.json["state"]


async def test_money_of_something_else_goes_to_the_suspense_account(counter: Payments) -> None:
    payment_id, reference = await counter.opened()
    await counter.tell(reference, amount_vnd=15_000)
    [attempt] = (await counter.seen(payment_id))["attempts"]
    body = {
        "transaction": attempt["transactions"][0],
        "resolution": "suspend",
        "document_number": "3/BB",
        "officer": "canbo.b",
    }

    decided = await counter.api.call(
        "POST", f"/v1/payments/{payment_id}/attempts/{attempt['attempt_id']}:resolve", body=body
    )
    await counter.work_through()
    [held] = (await counter.api.get("/v1/payments/suspense")).json["items"]

    assert 200 == decided.status
    assert (15_000, "officer") == (held["amount_vnd"], held["source"])
    assert fact(reference).transaction == held["transaction"]
    assert not (await counter.seen(payment_id))["is_disputed"]
