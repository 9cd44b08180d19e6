"""Money that began elsewhere: it pays what its dossier owes where that is certain, and is held for a person else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.errors import TransientFailure
from gateway.vault.keyring import FileKeyRing
from tests.support.payments import DOSSIER, FEES, Payments, ScriptedProvider, fact, payments


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring, provider=ScriptedProvider(looks_up=True)) as made:
        yield made


async def held(town: Payments) -> list[dict[str, Any]]:
    answered = await town.api.get("/v1/payments/suspense")
    assert answered.status == 200, answered.body
    items: list[dict[str, Any]] = answered.json["items"]
    return items


@pytest.mark.parametrize("reference", ["", "DVCQG260105000001"])
async def test_a_payment_that_began_at_the_portal_pays_its_dossier(town: Payments, reference: str) -> None:
    """By the dossier that the message names: one open request of the very amount; acknowledged, told on, and once."""
    payment_id = (await town.create()).json["payment_id"]

    told = [await town.tell(reference, dossier_code=DOSSIER, transaction="T1") for _ in range(2)]
    await town.work_through()
    seen = await town.seen(payment_id)

    assert [b"applied", b"applied"] == [one.body for one in told]
    assert ("paid", False) == (seen["state"], seen["is_disputed"])
    assert [("paid", reference, ["T1"])] == [
        (one["state"], one["reference"], one["transactions"]) for one in seen["attempts"]
    ]
    assert "national_platform" == (await town.api.get(f"/v1/dossiers/{DOSSIER}")).json["online_payment"]
    assert 1 == (await town.events()).count("payment.paid")
    assert [] == await held(town)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dossier_code": DOSSIER, "amount_vnd": 140_000}, "unknown_reference"),
        ({"dossier_code": DOSSIER, "currency": "USD"}, "unknown_reference"),
        ({"dossier_code": "H99.01-260105-99999"}, "unknown_reference"),
        ({"dossier_code": ""}, "unknown_reference"),
        ({"dossier_code": "H99\u0000\u202e"}, "unknown_reference"),
        ({"dossier_code": DOSSIER, "partner_code": "OTHER"}, "wrong_partner"),
    ],
    ids=["amount", "currency", "dossier", "none", "garbage", "partner"],
)
async def test_what_is_not_certain_is_held(town: Payments, changes: dict[str, Any], reason: str) -> None:
    """Held once however often it is told, with an alert once; refused, since it pays nothing."""
    payment_id = (await town.create()).json["payment_id"]

    told = [await town.tell("STRAY1", transaction="T9", **changes) for _ in range(3)]
    [item] = await held(town)

    assert {b"refused"} == {one.body for one in told}
    assert ("T9", "STRAY1", reason, None) == (
        *(item[name] for name in ("transaction", "reference", "reason")),
        item["settled_at"],
    )
    assert changes.get("amount_vnd", 150_000) == item["amount_vnd"]
    assert ["payment_suspense"] == town.alerts
    assert "due" == (await town.seen(payment_id))["state"]
    assert 3 == await town.pool.fetchval("SELECT count(*) FROM payment_messages")


async def test_two_open_requests_are_not_guessed_between(town: Payments) -> None:
    """Two requests of the dossier are open: money that could be for either is for a person."""
    for place, fee in enumerate(FEES):
        item = {"name": fee.name, "kind": fee.kind.value, "amount_vnd": fee.amount_vnd}
        assert 201 == (await town.create(key=f"k{place}", items=[item])).status

    told = await town.tell("", dossier_code=DOSSIER, amount_vnd=100_000, transaction="T1")

    assert b"refused" == told.body
    assert ["T1"] == [one["transaction"] for one in await held(town)]


async def test_ten_at_once_are_one_debit(town: Payments) -> None:
    payment_id = (await town.create()).json["payment_id"]

    told = await asyncio.gather(*(town.tell("DVCQG1", dossier_code=DOSSIER, transaction="T1") for _ in range(10)))
    seen = await town.seen(payment_id)

    assert {b"applied"} == {one.body for one in told}
    assert ("paid", False, 1) == (seen["state"], seen["is_disputed"], len(seen["attempts"]))
    assert 1 == (await town.events()).count("payment.paid")


async def test_ten_strays_at_once_are_held_once(town: Payments) -> None:
    told = await asyncio.gather(*(town.tell("DVCQG1", transaction="T1") for _ in range(10)))

    assert {b"refused"} == {one.body for one in told}
    assert 1 == len(await held(town))
    assert ["payment_suspense"] == town.alerts


async def test_a_second_debit_under_the_portals_reference_is_surplus(town: Payments) -> None:
    """The same reference, another transaction: the request stays paid once, and the second is somebody's case."""
    payment_id = (await town.create()).json["payment_id"]
    await town.tell("DVCQG1", dossier_code=DOSSIER, transaction="T1")

    await town.tell("DVCQG1", dossier_code=DOSSIER, transaction="T2")
    await town.work_through()

    assert "paid" == (await town.seen(payment_id))["state"]
    assert "payment_second_debit" in town.alerts


async def test_a_failure_of_a_stranger_says_nothing(town: Payments) -> None:
    told = await town.tell("DVCQG1", answer="failed", dossier_code=DOSSIER)

    assert b"refused" == told.body
    assert ([], []) == (await held(town), town.alerts)


@pytest.mark.parametrize(
    ("standing", "acknowledged", "state"),
    [
        (fact("DVCQG1", dossier_code=DOSSIER, transaction="T1"), b"applied", "paid"),
        (fact("DVCQG1", transaction="T1"), b"refused", "due"),
        (TransientFailure("down", system="payments", operation="query", code="no_connection"), b"unavailable", "due"),
    ],
    ids=["confirmed", "without its dossier", "not answered"],
)
async def test_a_hint_of_a_stray_is_asked_about(
    pool: Any, key_ring: FileKeyRing, standing: Any, acknowledged: bytes, state: str
) -> None:
    """A dossier that no signature covers leads nowhere: only what the provider says when asked does."""
    provider = ScriptedProvider(is_decisive=False, standing=lambda _: standing)
    async with payments(pool, key_ring, provider=provider) as town:
        payment_id = (await town.create()).json["payment_id"]

        told = await town.tell("DVCQG1", dossier_code=DOSSIER, transaction="T1")

        assert acknowledged == told.body
        assert state == (await town.seen(payment_id))["state"]
        assert ["DVCQG1"] == [one.reference for one in provider.questions]


async def test_a_sum_is_settled_once_by_a_person(town: Payments) -> None:
    """With who, what and which document; a line of the audit stands before it; a second word is refused."""
    await town.tell("STRAY1", transaction="T1")
    [item] = await held(town)
    path = f"/v1/payments/suspense/{item['suspense_id']}:settle"
    word = {"officer": "canbo.a", "settlement": "given_back", "document_number": "17/BB-TC"}

    settled = await town.api.call("POST", path, body=word)
    again = await town.api.call("POST", path, body=word | {"settlement": "booked_elsewhere"})

    assert (200, "given_back", "canbo.a", "17/BB-TC") == (
        settled.status,
        *(settled.json[name] for name in ("settlement", "settled_by", "document_number")),
    )
    assert (409, "payment-not-possible") == (again.status, again.problem)
    assert [] == await held(town)
    everything = await town.api.get("/v1/payments/suspense?with_settled=true")
    assert ["given_back"] == [one["settlement"] for one in everything.json["items"]]
    rows = await town.pool.fetch("SELECT officer, outcome FROM audit_lines WHERE action = 'payment.decided'")
    assert [("canbo.a", "given_back")] == [tuple(row) for row in rows]
    await town.tell("STRAY1", transaction="T1")
    assert [] == await held(town), "told again, it stays settled"


@pytest.mark.parametrize(
    "changes", [{"officer": ""}, {"officer": "a b"}, {"settlement": "kept"}, {"document_number": "a\nb"}, {"more": 1}]
)
async def test_a_word_that_breaks_a_rule_settles_nothing(town: Payments, changes: dict[str, Any]) -> None:
    await town.tell("STRAY1", transaction="T1")
    [item] = await held(town)
    word = {"officer": "canbo.a", "settlement": "given_back", "document_number": "17/BB-TC"} | changes

    refused = await town.api.call("POST", f"/v1/payments/suspense/{item['suspense_id']}:settle", body=word)

    assert (422, "invalid-content") == (refused.status, refused.problem)
    assert 1 == len(await held(town))
    unknown = await town.api.call("POST", "/v1/payments/suspense/99999:settle", body=word | changes)
    assert (422, "invalid-content") == (unknown.status, unknown.problem)


async def test_pages_of_sums(town: Payments) -> None:
    for number in range(3):
        await town.tell(f"STRAY{number}", transaction=f"T{number}")

    first = (await town.api.get("/v1/payments/suspense?limit=2")).json
    second = (await town.api.get(f"/v1/payments/suspense?limit=2&cursor={first['next_cursor']}")).json

    assert ["T0", "T1"] == [one["transaction"] for one in first["items"]]
    assert (["T2"], None) == ([one["transaction"] for one in second["items"]], second["next_cursor"])


async def test_a_look_up_tells_the_same_order_every_time(town: Payments) -> None:
    """It opens nothing, and the reference that it gives leads the money to its request."""
    payment_id = (await town.create()).json["payment_id"]

    told = [await town.look_up() for _ in range(2)]
    orders = [one.order for one in town.provider.told_due]
    assert all(order is not None for order in orders)
    paid = await town.tell(orders[0].reference, dossier_code=DOSSIER, transaction="T1")  # type: ignore[union-attr]
    after = await town.look_up()

    assert [b"1", b"1"] == [one.body for one in told]
    assert orders[0] == orders[1]
    assert b"applied" == paid.body
    assert ("paid", 1) == (lambda seen: (seen["state"], len(seen["attempts"])))(await town.seen(payment_id))
    assert b"0" == after.body


async def test_the_reference_of_a_look_up_decides_between_requests(town: Payments) -> None:
    """Two requests are open; money under the reference of one of them is for that one."""
    ids = []
    for place, fee in enumerate(FEES):
        item = {"name": fee.name, "kind": fee.kind.value, "amount_vnd": fee.amount_vnd}
        ids.append((await town.create(key=f"k{place}", items=[item])).json["payment_id"])
    await town.look_up()
    [due] = town.provider.told_due
    assert due.order is not None

    told = await town.tell(due.order.reference, dossier_code=DOSSIER, amount_vnd=due.order.amount_vnd, transaction="T1")

    assert b"applied" == told.body
    assert ["due", "paid"] == sorted([(await town.seen(one))["state"] for one in ids])


async def test_what_is_not_due_is_not_told(town: Payments) -> None:
    """Nothing owed, a page open elsewhere, a deadline that passed: nothing is due. An unknown dossier is unknown."""
    nothing, unknown = await town.look_up(), await town.look_up("H99.01-260105-99999")
    payment_id = (await town.create()).json["payment_id"]
    await town.attempt(payment_id)
    opened = await town.look_up()

    assert [b"0", b"-1", b"0"] == [one.body for one in (nothing, unknown, opened)]


async def test_a_deadline_is_looked_at_when_looked_up_and_never_when_money_comes(town: Payments) -> None:
    payment_id = (await town.create(deadline_at="2020-01-01T00:00:00Z")).json["payment_id"]

    told = await town.look_up()
    paid = await town.tell("DVCQG1", dossier_code=DOSSIER, transaction="T1")

    assert (b"0", b"applied") == (told.body, paid.body)
    assert "paid" == (await town.seen(payment_id))["state"]


async def test_who_may_look_up(town: Payments) -> None:
    """A wrong token, a body of another form, a provider that does not look up."""
    wrong, odd = await town.look_up(token="guess"), await town.look_up({"a": 1})
    broken = await town.api.with_token("portal").call("POST", "/callbacks/payments/platform/lookup", body=[])
    other = await town.look_up(provider="paygov")

    assert (401, "unauthenticated") == (wrong.status, wrong.problem)
    assert b"-1" == odd.body, "no such dossier"
    assert (400, "malformed-json") == (broken.status, broken.problem)
    assert 404 == other.status


async def test_look_ups_are_counted(pool: Any, key_ring: FileKeyRing) -> None:
    """Beyond the rate nothing is told, so that nobody goes through all numbers."""
    provider = ScriptedProvider(looks_up=True)
    async with payments(pool, key_ring, provider=provider, lookups_per_minute=3) as town:
        answers = [await town.look_up() for _ in range(5)]

        assert [200, 200, 200, 429, 429] == [one.status for one in answers]
        assert "10" == answers[-1].headers["Retry-After"]
        assert 3 == len(provider.told_due)
