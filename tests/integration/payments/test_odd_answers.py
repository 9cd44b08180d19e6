"""What a provider's odd word, silence or slowness may do: never make money count, never make it be forgotten."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import InvalidInput, TransientFailure
from gateway.ports.observing import DefectFound
from gateway.sync.payment_storing import Share
from gateway.vault.keyring import FileKeyRing
from tests.support.payments import DOSSIER, PAGE, RETURN_TO, Payments, ScriptedProvider, fact, notice, payments

_DOWN = TransientFailure("refused", system="payments", operation="query", code="refused_connection")


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        yield made


def defects(town: Payments) -> list[DefectFound]:
    return [one for one in town.heard.happenings if isinstance(one, DefectFound)]


async def test_a_confirmation_of_another_reference_confirms_nothing(town: Payments) -> None:
    """A hint is not made money by the provider's word about somebody else's order."""
    town.provider.is_decisive = False
    payment_id, reference = await town.opened()
    town.provider.standing = lambda _: fact("SOMEBODYELSES")

    told = await town.tell(reference)

    assert b"unavailable" == told.body
    assert "pending" == (await town.seen(payment_id))["state"]


async def test_an_answer_about_another_reference_is_none(town: Payments) -> None:
    """It leads to the next question of the schedule, as silence does."""
    payment_id, _ = await town.opened()
    town.provider.standing = lambda _: fact("SOMEBODYELSES")
    town.clock.move(150)

    await town.work_through()
    (row,) = await town.pool.fetch("SELECT next_poll_at, claimed_until FROM payment_attempts")

    assert "pending" == (await town.seen(payment_id))["state"]
    assert row["next_poll_at"] > town.clock.now()
    assert row["claimed_until"] is None
    assert [] == defects(town)


async def test_a_question_that_cannot_be_put_is_told_and_goes_on(town: Payments) -> None:
    """An adapter that refuses to ask is a defect that somebody hears of, and not a question every minute for ever."""
    await town.opened()
    town.provider.standing = lambda _: InvalidInput("not a reference of ours", code="reference")
    town.clock.move(150)

    await town.work_through()

    assert 1 == len(defects(town))
    assert town.clock.now() < await town.pool.fetchval("SELECT next_poll_at FROM payment_attempts")


async def test_f24_who_cannot_be_asked_is_not_asked_and_ends_with_a_person(pool: Any, key_ring: FileKeyRing) -> None:
    """Of a provider without questions (PayGov) an attempt that nobody tells of is disputed at the end."""
    async with payments(pool, key_ring, can_query=False) as town:
        town.provider.standing = lambda _: InvalidInput("it does not offer query", code="not_offered")
        payment_id, _ = await town.opened()
        town.clock.move(PAGE.total_seconds() + 60)
        refused = await town.attempt(payment_id)
        await town.work_through()
        town.clock.move(timedelta(hours=73).total_seconds())
        await town.work_through()
        await town.work_through()

        assert "ask_first" == refused.json["detail"]
        assert ["disputed"] == [one["state"] for one in (await town.seen(payment_id))["attempts"]]
        assert "payment_never_settled" in town.alerts
        assert [] == town.provider.questions
        assert [] == defects(town)


async def test_paid_is_acknowledged_only_once_money_is_written_down(town: Payments) -> None:
    """A hint of late money that the second way does not know yet is to be said again; also after a failure."""
    payment_id, reference = await town.opened()
    await town.tell(reference, answer="failed")
    town.provider.is_decisive = False

    early = await town.tell(reference)
    town.provider.standing = lambda asked: fact(asked.reference)
    late = await town.tell(reference)

    assert [b"unavailable", b"applied"] == [early.body, late.body]
    assert "paid" == (await town.seen(payment_id))["state"]


async def test_a_question_stays_owed_until_it_is_answered(pool: Any, key_ring: FileKeyRing) -> None:
    """Late money was hinted at while its provider was down: it is found, though the attempt's schedule is over."""
    async with payments(pool, key_ring, late_days_count=0) as town:
        payment_id, reference = await town.opened()
        await town.tell(reference, answer="failed")
        town.provider.is_decisive = False
        town.provider.standing = lambda _: _DOWN
        told = await town.tell(reference)
        await town.work_through()

        town.provider.standing = lambda asked: fact(asked.reference)
        town.clock.move(3_600)
        await town.work_through()

        assert b"unavailable" == told.body
        assert "paid" == (await town.seen(payment_id))["state"]


async def test_f24_a_slow_second_way_delays_no_acknowledgement(pool: Any, key_ring: FileKeyRing) -> None:
    """It says that it should be told again; the question stays owed, and its answer counts."""
    async with payments(pool, key_ring, answer_seconds=0.05) as town:
        town.provider.is_decisive, town.provider.answers_after = False, asyncio.Event()
        payment_id, reference = await town.opened()

        async with asyncio.timeout(5):
            told = await town.tell(reference)
        town.provider.answers_after.set()
        town.provider.standing = lambda asked: fact(asked.reference)
        await town.work_through()

        assert b"unavailable" == told.body
        assert "paid" == (await town.seen(payment_id))["state"]


@pytest.mark.parametrize("odd", ["T\0X", "T\ud800", "T" * 5_000])
async def test_f12_odd_texts_are_stored(town: Payments, odd: str) -> None:
    """What PostgreSQL would not take is no reference of ours, and hides no money."""
    payment_id, reference = await town.opened()

    stray = await town.hear(json.dumps(notice(odd)).encode())
    told = await town.hear(json.dumps(notice(reference, transaction=odd, paid_at_text=odd)).encode())
    again = await town.hear(json.dumps(notice(reference, transaction=odd, paid_at_text=odd)).encode())

    assert [b"refused", b"applied", b"applied"] == [stray.body, told.body, again.body]
    assert "paid" == (await town.seen(payment_id))["state"]


@pytest.mark.parametrize("claim", ["ref=%00", "ref=a%00b_c", "ref=%ED%A0%80", "ref=%FF", "", "ref=" + "x" * 2_000])
async def test_odd_returns_find_nothing(town: Payments, claim: str) -> None:
    await town.opened()

    back = await town.api.with_token("").get(f"/callbacks/payments/platform/return?{claim}")

    assert 404 == back.status


async def test_a_return_belongs_to_its_reference(town: Payments) -> None:
    """Also where it names the dossier first, of which a later payment is open."""
    fees = [{"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000}]
    first = (await town.create("key-1", items=fees)).json["payment_id"]
    reference = (await town.attempt(first)).json["attempts"][-1]["reference"]
    others = [{"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}]
    await town.attempt((await town.create("key-2", items=others)).json["payment_id"])

    claim = f"good_code={DOSSIER}&merchant_trans_id={reference}"
    back = await town.api.with_token("").get(f"/callbacks/payments/platform/return?{claim}")

    assert f"{RETURN_TO}?payment_id={first}" == back.headers["Location"]


async def test_what_cannot_be_sent_is_not_written_down_as_sent(town: Payments) -> None:
    """Nobody is asked for days about an order of a payer who was erased."""
    payment_id = (await town.create()).json["payment_id"]
    await town.pool.execute("UPDATE payment_requests SET wrapped_key = NULL, sealed = NULL")

    refused = await town.attempt(payment_id)

    assert ("payment-not-possible", "payment_erased") == (refused.problem, refused.json["detail"])
    assert [] == (await town.seen(payment_id))["attempts"]
    assert "due" == (await town.seen(payment_id))["state"]


async def test_an_effect_that_is_done_is_not_put_off(town: Payments) -> None:
    """A worker that was slower than its claim does not undo what another one finished meanwhile."""
    _, reference = await town.opened()
    await town.tell(reference)
    now, everybodys = town.clock.now(), Share((), is_among=False)
    due = await town.store.claim_effects(everybodys, now, now + timedelta(seconds=90), 50)
    for one in due:
        await town.store.end_effect(one.effect_id, "done", now)

    await town.store.put_off_effect(due[0].effect_id, "no_answer", now)

    assert [] == await town.store.claim_effects(everybodys, now, now, 50)


async def test_answers_of_all_ways_at_once_are_one_payment(town: Payments) -> None:
    """Notifications, questions, a browser's return and the opening's own answer, all together: paid once, told once."""

    def everything(order: Any) -> Any:
        told.extend(asyncio.ensure_future(town.tell(order.reference)) for _ in range(3))
        back = f"/callbacks/payments/platform/return?ref={order.reference}"
        told.append(asyncio.ensure_future(town.api.with_token("").get(back)))
        told.extend(asyncio.ensure_future(town.work_through()) for _ in range(3))
        return opening(order)

    told: list[Any] = []
    opening, town.provider.opening = town.provider.opening, everything
    town.provider.standing = lambda asked: fact(asked.reference)
    payment_id = (await town.create()).json["payment_id"]
    await town.attempt(payment_id)
    await asyncio.gather(*told)
    await town.work_through()
    seen = await town.seen(payment_id)

    assert ("paid", False) == (seen["state"], seen["is_disputed"])
    assert [1] == [len(one["transactions"]) for one in seen["attempts"]]
    assert 1 == (await town.events()).count("payment.paid")
    assert 1 == len(town.provider.orders)
    assert [] == defects(town)


async def test_a_slow_provider_delays_nobody_else(pool: Any, key_ring: FileKeyRing) -> None:
    """While one does not answer, another one's payment is found out, and its dossier is told."""
    slow = ScriptedProvider(name="slow", answers_after=asyncio.Event())
    async with payments(pool, key_ring, others=[slow]) as town:
        fees = [{"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}]
        waiting = (await town.create("key-1", items=fees)).json["payment_id"]
        await town.attempt(waiting, provider="slow")
        quick = (
            await town.create("key-2", items=[{"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000}])
        ).json["payment_id"]
        await town.attempt(quick)
        town.provider.standing = lambda asked: fact(asked.reference, amount_vnd=100_000)
        town.clock.move(150)

        turns = {name: asyncio.ensure_future(turn()) for name, turn in town.work.turns().items()}
        others = [turn for name, turn in turns.items() if name != "payment_calls.slow"]
        async with asyncio.timeout(5):
            await asyncio.gather(*others)
            await town.work.turns()["payment_effects"]()
        seen = [(await town.seen(one))["state"] for one in (waiting, quick)]
        assert slow.answers_after is not None
        slow.answers_after.set()
        await turns["payment_calls.slow"]

    assert ["pending", "paid"] == seen
    assert 1 == len(slow.questions)


async def test_a_provider_is_asked_about_many_at_once(town: Payments) -> None:
    """One order that it is slow to tell of does not keep the next from being asked about."""
    town.provider.answers_after = asyncio.Event()
    items = [
        [{"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}],
        [{"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000}],
    ]
    for place, stated in enumerate(items):
        await town.attempt((await town.create(f"key-{place}", items=stated)).json["payment_id"])
    town.clock.move(150)

    turn = asyncio.ensure_future(town.work.turns()["payment_calls.platform"]())
    async with asyncio.timeout(5):
        while len(town.provider.questions) < len(items):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    town.provider.answers_after.set()
    await turn


async def test_attempts_of_a_provider_that_is_gone_end_with_a_person(town: Payments) -> None:
    """Whoever takes a provider out of the settings forgets none of its payments."""
    await town.opened()
    await town.pool.execute(
        "UPDATE payment_attempts SET provider = 'gone', record = replace(record, 'platform', 'gone')"
    )
    town.clock.move(timedelta(hours=73).total_seconds())

    await town.work_through()
    await town.work_through()

    assert "disputed" == await town.pool.fetchval("SELECT state FROM payment_attempts")
    assert "payment_never_settled" in town.alerts


_BREAKS_AT_COMMIT = """
CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'terminating' USING ERRCODE = '57P01'; END $$;
CREATE CONSTRAINT TRIGGER break_off AFTER INSERT ON payment_messages DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION break_off();
"""


@pytest.mark.parametrize("answer", ["paid", "failed"])
async def test_f18_what_was_not_committed_is_not_acknowledged(town: Payments, answer: str) -> None:
    """The database goes away as the change is committed: nothing of it stands, and telling it again does it once."""
    payment_id, reference = await town.opened()
    await town.pool.execute(_BREAKS_AT_COMMIT)
    lost = await town.tell(reference, answer=answer)
    unsigned = await town.hear({"answer": "paid", "reference": reference, "sign": "0"})
    stray = await town.tell("RNOBODYKNOWS")
    before = await town.seen(payment_id)
    await town.pool.execute("DROP TRIGGER break_off ON payment_messages")

    again = await town.tell(reference, answer=answer)

    assert [b"unavailable"] * 3 == [lost.body, unsigned.body, stray.body]
    assert "pending" == before["state"]
    assert b"applied" == again.body
    assert {"paid": "paid", "failed": "due"}[answer] == (await town.seen(payment_id))["state"]
    assert 1 == (await town.events()).count(f"payment.{answer}")


async def test_the_database_goes_away_while_an_order_is_opened(town: Payments) -> None:
    """The provider took it, nothing could be written down: it is not sent again, and what is paid under it counts."""
    payment_id = (await town.create()).json["payment_id"]
    await town.pool.execute(_BREAKS_AT_COMMIT.replace("payment_messages", "payment_effects"))
    failed = await town.attempt(payment_id)
    await town.pool.execute("DROP TRIGGER break_off ON payment_effects")
    refused = await town.attempt(payment_id)
    town.provider.standing = lambda asked: fact(asked.reference)
    town.clock.move(150)
    await town.work_through()

    assert 503 == failed.status
    assert "being_opened" == refused.json["detail"]
    assert "paid" == (await town.seen(payment_id))["state"]
    assert 1 == len(town.provider.orders)


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_a_provider_that_was_ill_is_tried_by_one_payer(town: Payments) -> None:
    """The others are told at once that it cannot be reached, and may press again."""
    levy = [{"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}]
    charge = [{"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000}]
    created = [await town.create(f"key-{place}", items=items) for place, items in enumerate((levy, charge))]
    first, second = (one.json["payment_id"] for one in created)
    good, town.provider.opening = town.provider.opening, lambda _: _DOWN
    while (await town.attempt(first)).problem != "payment-not-possible":
        pass
    tried_count = len(town.provider.orders)
    town.provider.opening, town.provider.opens_after = good, asyncio.Event()
    town.clock.move(300)

    async with asyncio.timeout(5), town.pool.acquire() as other:
        async with other.transaction():
            # Both have seen that it may be called, and wait for their payments.
            await other.execute("SELECT 1 FROM payment_requests FOR UPDATE")
            tries = [asyncio.ensure_future(town.attempt(one)) for one in (first, second)]
            while await town.pool.fetchval(_WAITING) < len(tries):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        refused, _ = await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
    town.provider.opens_after.set()
    tried = await asyncio.gather(*tries)

    assert ["payment-provider-unavailable"] == [one.result().problem for one in refused]
    assert 1 == len(town.provider.orders) - tried_count
    assert 1 == [one.status for one in tried].count(201)
