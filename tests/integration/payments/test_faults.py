"""What a whole gateway makes of faults that take time: silence, lateness, contradiction, a payer nobody knows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from gateway.api.callers import CallerRule
from gateway.model.payment import Answer, Source
from gateway.ports.observing import PaymentMessageRefused
from gateway.sync.payment_records import AttemptView
from gateway.vault.keyring import FileKeyRing
from tests.support.payments import PAGE, Payments, fact, notice, payments


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        yield made


async def states(town: Payments, payment_id: str) -> tuple[str, list[str]]:
    """Give the state of a payment and of its attempts."""
    seen = await town.seen(payment_id)
    return seen["state"], [one["state"] for one in seen["attempts"]]


async def attempts(town: Payments, payment_id: str) -> list[AttemptView]:
    """Give the attempts of a payment as they are stored."""
    payment = await town.store.find(UUID(payment_id))
    assert payment is not None
    return [one.view for one in payment.attempts]


def refusals(town: Payments) -> list[tuple[str, str]]:
    """Give what was counted as not taken."""
    told = [one for one in town.heard.happenings if isinstance(one, PaymentMessageRefused)]
    return [(one.provider, one.reason) for one in told]


_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


async def test_f01_paid_though_nobody_tells(town: Payments) -> None:
    """No notification ever comes: the provider is asked, and its word counts once."""
    payment_id, _ = await town.opened()
    town.provider.standing = lambda asked: fact(asked.reference)
    town.clock.move(150)

    await town.work_through()
    await town.work_through()

    assert ("paid", ["paid"]) == await states(town, payment_id)
    assert 0 == await town.pool.fetchval("SELECT count(*) FROM payment_messages WHERE verdict <> 'applied'")
    assert 1 == (await town.events()).count("payment.paid")


async def test_f06_success_after_expiry_counts(town: Payments) -> None:
    """The page ended and the provider knew of no money; an hour later it does, and nothing else has paid."""
    payment_id, reference = await town.opened()
    town.provider.standing = lambda asked: fact(asked.reference, answer=Answer.NOT_FOUND)
    town.clock.move(PAGE.total_seconds() + 60)
    await town.work_through()
    before = await states(town, payment_id)
    town.clock.move(3_600)

    told = await town.tell(reference)

    assert ("due", ["expired"]) == before
    assert b"applied" == told.body
    assert ("paid", ["paid"]) == await states(town, payment_id)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (Answer.PAID, ("paid", ["paid"])),
        (Answer.FAILED, ("due", ["failed"])),
    ],
)
async def test_f19_pitfall_21_pending_for_hours_is_asked_about_until_it_ends(
    town: Payments, end: Answer, expected: tuple[str, list[str]]
) -> None:
    """Asked again and again, not once; then the end counts."""
    payment_id, _ = await town.opened()
    for _ in range(6):
        town.clock.move(3_600)
        await town.work_through()
    questions_count, before = len(town.provider.questions), await states(town, payment_id)

    town.provider.standing = lambda asked: fact(asked.reference, answer=end)
    town.clock.move(3_600)
    await town.work_through()

    assert questions_count >= 6
    assert ("pending", ["pending"]) == before
    assert expected == await states(town, payment_id)


async def test_f19_pending_for_ever_ends_with_a_person(town: Payments) -> None:
    """After the last question of the schedule a person decides; the money was never guessed."""
    payment_id, _ = await town.opened()
    for _ in range(16):
        town.clock.move(timedelta(hours=5).total_seconds())
        await town.work_through()

    assert ["disputed"] == (await states(town, payment_id))[1]
    assert "payment_never_settled" in town.alerts
    assert "payment.paid" not in await town.events()


async def test_f20_a_question_that_contradicts_the_notification_is_a_dispute(town: Payments) -> None:
    """Asked after it was told paid, the provider says failed: it stays paid, and a person looks."""
    payment_id, reference = await town.opened()
    await town.tell(reference)
    service, (attempt,) = town.api.services.payments, await attempts(town, payment_id)
    assert service is not None
    town.clock.move(60)

    failed = fact(reference, answer=Answer.FAILED)
    await service.desk.records.take(
        UUID(payment_id), attempt.attempt_id, failed, Source.QUERY, asked_at=town.clock.now()
    )
    await town.work_through()
    seen = await town.seen(payment_id)

    assert ("paid", True) == (seen["state"], seen["is_disputed"])
    assert "payment_contradiction" in town.alerts


async def test_f22_two_transactions_of_one_reference_are_a_dispute(town: Payments) -> None:
    """Two debits are told apart by the provider's numbers; neither is called a duplicate by itself."""
    payment_id, reference = await town.opened()
    await town.tell(reference, transaction="T-ONE")

    await town.tell(reference, transaction="T-TWO")
    seen = await town.seen(payment_id)

    assert ("paid", True) == (seen["state"], seen["is_disputed"])
    assert 1 == (await town.events()).count("payment.paid")
    assert ["T-ONE", "T-TWO"] == [
        debit.transaction for attempt in await attempts(town, payment_id) for debit in attempt.debits
    ]


async def test_invariant_05_the_database_refuses_a_second_paid_attempt(town: Payments) -> None:
    """Whatever a process believes: the index holds without anybody reading first."""
    payment_id, reference = await town.opened()
    town.clock.move(PAGE.total_seconds() + 60)
    town.provider.standing = lambda asked: fact(asked.reference, answer=Answer.NOT_FOUND)
    await town.work_through()
    assert 201 == (await town.attempt(payment_id)).status
    await town.tell(reference)

    with pytest.raises(asyncpg.UniqueViolationError, match="payment_attempts_paid"):
        await town.pool.execute("UPDATE payment_attempts SET state = 'paid' WHERE reference <> $1", reference)


async def test_pitfall_16_nobody_pays_without_a_client(town: Payments) -> None:
    """Without a token nothing is opened, and the provider hears nothing."""
    payment_id = (await town.create()).json["payment_id"]
    town.api = town.api.with_token("")

    refused = await town.attempt(payment_id)

    assert 401 == refused.status
    assert [] == town.provider.orders


async def test_u28_a_caller_from_elsewhere_is_turned_away(pool: Any, key_ring: FileKeyRing) -> None:
    """Rightly sealed or not; nothing of it is kept, it is counted and told. The payer's browser comes from anywhere."""
    callers = CallerRule(networks={"platform": (ip_network("203.0.113.0/24"),)})
    async with payments(pool, key_ring, callers=callers) as town:
        payment_id, reference = await town.opened()

        told = await town.tell(reference)
        back = await town.api.with_token("").get(f"/callbacks/payments/platform/return?ref={reference}")

        assert ("no-such-address", 303) == (told.problem, back.status)
        assert "pending" == (await town.seen(payment_id))["state"]
        assert 0 == await town.pool.fetchval("SELECT count(*) FROM payment_messages")
        assert [("platform", "network")] == refusals(town)
        assert "payment_message_refused" in town.alerts


async def test_u28_a_provider_behind_a_trusted_proxy_is_heard(pool: Any, key_ring: FileKeyRing) -> None:
    """By the address that the proxy saw."""
    callers = CallerRule(networks={"platform": (ip_network("203.0.113.0/24"),)}, trusted_proxies=_LOOPBACK)
    async with payments(pool, key_ring, callers=callers) as town:
        _, reference = await town.opened()
        api, path = town.api.with_token(""), "/callbacks/payments/platform"

        seen = {"X-Forwarded-For": "203.0.113.7"}
        told = await api.call("POST", path, body=notice(reference), headers=seen)
        forged = await api.call("POST", path, body={"sign": "0"}, headers=seen)

        assert (b"applied", b"forged") == (told.body, forged.body)
        assert [("platform", "bad_checksum")] == refusals(town)
