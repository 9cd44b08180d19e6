"""Payments that were there before a step: what the step makes of them is what the program itself would have written."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from gateway.model.payment import AttemptState
from gateway.store.schema import NEWEST, current_version, migrate
from gateway.sync.payment_records import AttemptView
from gateway.sync.payment_words import RECEIPTS_SHARE, EffectKind, Standing
from gateway.sync.settlement_sides import paid_on
from tests.support.databases import TestServer
from tests.unit.gateway.sync.payment_builders import NOW, attempt, debit

LATE = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)
"""Half past midnight of the day after, in Viet Nam."""
PAID = attempt(AttemptState.PAID)
ATTEMPTS = [
    attempt(),
    PAID,
    replace(PAID, decided_at=LATE),
    replace(PAID, debits=(replace(PAID.debits[0], paid_at=LATE),)),
    replace(
        PAID,
        debits=(
            debit("T1", Standing.SURPLUS, paid_at=NOW),
            debit("T2", Standing.COUNTS, paid_at=NOW + timedelta(days=3)),
        ),
    ),
    replace(PAID, debits=(debit("T1", Standing.OPEN, paid_at=NOW), debit("T2", Standing.DOUBTED, paid_at=LATE))),
]


async def insert(connection: Any, view: AttemptView) -> UUID:
    """Write an attempt as version 0015 knew it, with a request of its own."""
    request_id, attempt_id = uuid4(), uuid4()
    await connection.execute(
        "INSERT INTO payment_requests (request_id, client_id, key_digest, wish_digest, dossier_code, agency_code,"
        " procedure_code, state, is_disputed, amount_vnd, record, created_at, changed_at)"
        " VALUES ($1, 'c', $2, '', 'H1', 'H', 'P', 'pending', false, 1, '{}', now(), now())",
        request_id,
        request_id.bytes,
    )
    await connection.execute(
        "INSERT INTO payment_attempts (attempt_id, request_id, provider, reference, state, amount_vnd, record,"
        " return_to, return_state, opened_at) VALUES ($1, $2, 'platform', $3, $4, 1, $5, '', '', now())",
        attempt_id,
        request_id,
        attempt_id.hex,
        view.state.value,
        msgspec.json.encode(view).decode(),
    )
    return attempt_id


async def owe(connection: Any, kind: str, outcome: str) -> None:
    await connection.execute(
        "INSERT INTO payment_effects (request_id, effect_key, record, provider, made_at, done_at, outcome)"
        " SELECT request_id, $1, '{}', '', now(), now(), $2 FROM payment_requests LIMIT 1",
        f"{kind}|1",
        outcome,
    )


@pytest.fixture
async def connection(database_server: TestServer) -> AsyncIterator[Any]:
    """Give a connection to a database at version 0015."""
    async with database_server.empty_database() as dsn:
        assert await migrate(dsn, "0015") is None
        made = await asyncpg.connect(dsn)
        try:
            yield made, dsn
        finally:
            await made.close()


async def test_the_day_of_money_is_written_for_what_was_paid_before(connection: Any) -> None:
    made, dsn = connection
    expected = {await insert(made, view): paid_on(view) for view in ATTEMPTS}

    await migrate(dsn)

    rows = await made.fetch("SELECT attempt_id, paid_on FROM payment_attempts")
    assert expected == {row["attempt_id"]: row["paid_on"] for row in rows}
    assert 4 == len(set(expected.values())), "no day, and three"
    assert NEWEST == await current_version(dsn)


async def test_what_nobody_could_do_before_is_owed_again(connection: Any) -> None:
    """Only what was left out for want of somebody to do it, and only kinds that somebody does now.

    Receipts are not among them: they are issued for what is paid from then on.
    """
    made, dsn = connection
    await insert(made, attempt())
    for kind in EffectKind:
        await owe(made, kind.value, "not_offered")
    await owe(made, f"{EffectKind.OPEN_REFUND_CASE.value}|2", "done")

    await migrate(dsn)

    rows = await made.fetch("SELECT effect_key FROM payment_effects WHERE due_at IS NOT NULL AND done_at IS NULL")
    assert {row["effect_key"].partition("|")[0] for row in rows} == {
        "open_refund_case",
        "pay_back_by_hand",
        "reconcile_next_day",
        "tell_dossier_unpaid",
        "hold_dossier",
        "release_dossier",
        "notify_payer",
        "record_suspense",
    }
    assert 1 == await made.fetchval("SELECT count(*) FROM payment_effects WHERE outcome = 'done'")


async def test_receipts_that_wait_get_their_own_turn(connection: Any) -> None:
    """What is done stays as it was, and so does everything else."""
    made, dsn = connection
    await insert(made, attempt())
    for kind in ("issue_receipt", "adjust_receipt", "cancel_receipt", "alert"):
        await owe(made, kind, "")
        await made.execute(
            "UPDATE payment_effects SET done_at = NULL, due_at = now() WHERE effect_key = $1", f"{kind}|1"
        )
    await owe(made, "issue_receipt|2", "issued")

    await migrate(dsn)

    rows = await made.fetch("SELECT effect_key FROM payment_effects WHERE provider = $1", RECEIPTS_SHARE)
    assert {"issue_receipt|1", "adjust_receipt|1", "cancel_receipt|1"} == {row["effect_key"] for row in rows}
