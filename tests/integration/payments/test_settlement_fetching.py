"""Daily files are asked for from the morning after on, until they are there; a person hears when they do not come."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.engine.settlement_fetching import FetchingHours, SettlementFetcher
from gateway.errors import IntegrityFailed, TransientFailure
from gateway.ports.payments import SettlementFile
from gateway.vault.keyring import FileKeyRing
from tests.integration.payments.test_settlements import DAY, body, row
from tests.support.payments import Payments, ScriptedProvider, payments


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring, provider=ScriptedProvider(files={})) as made:
        yield made


def fetcher(town: Payments) -> SettlementFetcher:
    return SettlementFetcher(town.settlements, town.settlements.records)


def until(town: Payments, at: datetime) -> None:
    """Let time pass."""
    town.clock.move((at - town.clock.now()).total_seconds())


def morning(hour: int, day: date = DAY + timedelta(days=1)) -> datetime:
    """Give an hour in Vietnam."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 7)


async def test_nothing_is_asked_for_before_it_can_be_there(town: Payments) -> None:
    """Not before anything was paid, and not before 08:00 of the day after."""
    fetching = fetcher(town)
    await fetching.turn()
    await town.opened()
    until(town, morning(7))
    await fetching.turn()

    assert [] == town.provider.asked_days


async def test_a_file_is_taken_once(town: Payments) -> None:
    """It corrects what was lost; a day that was taken is not asked for again."""
    payment_id, reference = await town.opened()
    stated = body(row(reference))
    assert town.provider.files is not None
    town.provider.files[DAY] = SettlementFile(
        name=stated["name"], content=stated["content"].encode(), sha256=stated["digest"].split()[0]
    )
    until(town, morning(8))
    fetching = fetcher(town)

    await fetching.turn()
    await fetching.turn()

    assert [DAY] == town.provider.asked_days
    assert "paid" == (await town.seen(payment_id))["state"]
    assert [] == [name for name in town.alerts if "settlement" in name]


async def test_a_missing_file_is_told_once_a_day(town: Payments) -> None:
    """From noon on, and again on the next day; the asking goes on."""
    await town.opened()
    fetching = fetcher(town)
    told = []
    for at in (morning(9), morning(12), morning(13), morning(9, DAY + timedelta(days=2))):
        until(town, at)
        await fetching.turn()
        told.append(town.alerts.count("payment_settlement_missing"))

    assert [0, 1, 1, 2] == told
    assert town.provider.asked_days.count(DAY) == 4


@pytest.mark.parametrize("is_digest", [True, False])
async def test_a_broken_file_counts_for_nothing(town: Payments, is_digest: bool) -> None:
    """One that does not verify over there, or that cannot be read: told, and asked for again."""
    payment_id, reference = await town.opened()
    stated = body(row(reference))
    assert town.provider.files is not None
    broken = SettlementFile(name=stated["name"], content=b"no such file", sha256="0" * 64)
    town.provider.files[DAY] = IntegrityFailed("not what its side file says") if is_digest else broken
    until(town, morning(8))
    fetching = fetcher(town)

    await fetching.turn()
    await fetching.turn()

    assert 1 == town.alerts.count("payment_settlement_broken")
    assert [DAY, DAY] == town.provider.asked_days
    assert "pending" == (await town.seen(payment_id))["state"]


async def test_old_days_are_left(town: Payments) -> None:
    """After a long stop the last ten days are asked for, the oldest first."""
    await town.opened()
    until(town, morning(9, DAY + timedelta(days=40)))

    await fetcher(town).turn()

    assert [DAY + timedelta(days=number) for number in range(30, 40)] == town.provider.asked_days


async def test_one_that_is_down_keeps_nothing_else_waiting(pool: Any, key_ring: FileKeyRing) -> None:
    """What cannot be fetched is told like what is not there; other providers' files are taken."""
    down = TransientFailure("refused", system="payments", operation="settlement", code="no_connection")
    ill = ScriptedProvider(name="paygov", files={DAY: down})
    async with payments(pool, key_ring, provider=ScriptedProvider(files={}), others=[ill]) as town:
        await town.opened()
        await town.pool.execute(
            "INSERT INTO payment_attempts (attempt_id, request_id, provider, reference, state, amount_vnd, record,"
            " return_to, return_state, opened_at) SELECT gen_random_uuid(), request_id, 'paygov', 'P1', state,"
            " amount_vnd, record, '', '', opened_at FROM payment_attempts"
        )
        until(town, morning(12))

        await fetcher(town).turn()

        assert ([DAY], [DAY]) == (ill.asked_days, town.provider.asked_days)
        assert 2 == town.alerts.count("payment_settlement_missing")


async def test_hours_and_days_are_what_is_configured(town: Payments) -> None:
    """U18: no source shows the hour, nor for how long a file may still come."""
    hours = FetchingHours(available_hour=10, missed_hour=11, days_back=1)
    fetching = SettlementFetcher(town.settlements, town.settlements.records, hours)
    await town.opened()

    until(town, morning(9))
    await fetching.turn()
    early = list(town.provider.asked_days)
    until(town, morning(10))
    await fetching.turn()
    quiet = list(town.alerts)
    until(town, morning(11, DAY + timedelta(days=2)))
    await fetching.turn()

    assert [] == early
    assert [DAY, DAY + timedelta(days=1)] == town.provider.asked_days, "the older day is no longer asked for"
    assert ([], ["payment_settlement_missing"]) == (quiet, town.alerts)
