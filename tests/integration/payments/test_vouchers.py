"""A citizen's voucher counts when two officers say so, with its file kept; never beside a payment that is there."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered
from tests.support.payments import DOSSIER, PAGE, Payments, payments

PDF = b"%PDF-1.7 voucher of somebody"


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        yield made


async def owed(town: Payments) -> str:
    payment_id: str = (await town.create()).json["payment_id"]
    return payment_id


async def record(town: Payments, payment_id: str, key: str = "k1", **changes: Any) -> Answered:
    body = {
        "provider": "platform",
        "transaction": "FT26005123",
        "amount_vnd": 150_000,
        "paid_at": "2026-01-05T08:00:00+07:00",
        "evidence_base64": base64.b64encode(PDF).decode(),
        "officer": "canbo.a",
        **changes,
    }
    path = f"/v1/payments/{payment_id}/vouchers"
    return await town.api.call("POST", path, body=body, headers={"Idempotency-Key": key})


async def decide(town: Payments, payment_id: str, voucher_id: str, verb: str, officer: str = "canbo.b") -> Answered:
    path = f"/v1/payments/{payment_id}/vouchers/{voucher_id}:{verb}"
    return await town.api.call("POST", path, body={"officer": officer})


async def listed(town: Payments, payment_id: str) -> list[tuple[str, str | None]]:
    found = (await town.api.get(f"/v1/payments/{payment_id}/vouchers")).json["vouchers"]
    return [(one["state"], one["decided_by"]) for one in found]


async def test_two_officers_make_it_count(town: Payments) -> None:
    """Paid, told on, a case for the next day's file; the file is sealed, and seen with a line."""
    payment_id = await owed(town)

    recorded = await record(town, payment_id)
    voucher_id = recorded.json["voucher_id"]
    before = (await town.seen(payment_id))["state"]
    accepted = await decide(town, payment_id, voucher_id, "accept")
    again = await decide(town, payment_id, voucher_id, "accept", "canbo.c")
    await town.work_through()
    evidence = await town.api.get(f"/v1/payments/{payment_id}/vouchers/{voucher_id}/evidence")

    assert (201, "recorded", "due") == (recorded.status, recorded.json["state"], before)
    assert (200, "paid", 409) == (accepted.status, accepted.json["state"], again.status)
    assert [("accepted", "canbo.b")] == await listed(town, payment_id)
    assert "national_platform" == (await town.api.get(f"/v1/dossiers/{DOSSIER}")).json["online_payment"]
    kinds = [one["kind"] for one in (await town.api.get("/v1/payment-cases")).json["items"]]
    assert ["reconcile_next_day"] == kinds
    assert (PDF, "application/pdf") == (evidence.body, evidence.headers["Content-Type"])
    sealed = await town.pool.fetchval("SELECT sealed FROM payment_vouchers")
    assert PDF not in sealed
    lines = await town.pool.fetch("SELECT action, outcome FROM audit_lines ORDER BY position")
    assert [("payment.decided", "recorded"), ("payment.decided", "accepted")] == [tuple(one) for one in lines[:2]]
    assert "payment.evidence_read" in {one["action"] for one in lines}


@pytest.mark.parametrize("officer", ["canbo.a", "CANBO.A"])
async def test_nobody_accepts_their_own(town: Payments, officer: str) -> None:
    payment_id = await owed(town)
    voucher_id = (await record(town, payment_id)).json["voucher_id"]

    refused = await decide(town, payment_id, voucher_id, "accept", officer)

    assert (409, "same_person") == (refused.status, refused.json["detail"])
    assert "due" == (await town.seen(payment_id))["state"]


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"amount_vnd": 149_999}, 409, "amount_differs"),
        ({"paid_at": "2099-01-01T00:00:00Z"}, 409, "no_evidence"),
    ],
)
async def test_what_does_not_agree_does_not_count(
    town: Payments, changes: dict[str, Any], status: int, detail: str
) -> None:
    payment_id = await owed(town)
    voucher_id = (await record(town, payment_id, **changes)).json["voucher_id"]

    refused = await decide(town, payment_id, voucher_id, "accept")

    assert (status, detail) == (refused.status, refused.json["detail"])
    assert [("recorded", None)] == await listed(town, payment_id)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"evidence_base64": "not base64!"}, 422),
        ({"evidence_base64": base64.b64encode(b"MZ a program").decode()}, 422),
        ({"evidence_base64": base64.b64encode(b"<html>").decode()}, 422),
        ({"provider": "nobody"}, 409),
        ({"transaction": ""}, 422),
        ({"amount_vnd": -1}, 422),
        ({"officer": "a b"}, 422),
    ],
)
async def test_vouchers_that_are_refused(town: Payments, changes: dict[str, Any], status: int) -> None:
    payment_id = await owed(town)

    refused = await record(town, payment_id, **changes)

    assert status == refused.status, refused.body
    assert [] == await listed(town, payment_id)


async def test_the_same_key_records_once(town: Payments) -> None:
    payment_id = await owed(town)

    first, again = await record(town, payment_id), await record(town, payment_id)
    other = await record(town, payment_id, amount_vnd=1_000)

    assert first.json == again.json
    assert (422, "idempotency-key-reused") == (other.status, other.problem)


async def test_accepted_by_two_at_once_it_counts_once(town: Payments) -> None:
    payment_id = await owed(town)
    voucher_id = (await record(town, payment_id)).json["voucher_id"]

    answers = await asyncio.gather(*(decide(town, payment_id, voucher_id, "accept", f"canbo.{one}") for one in "bcd"))

    assert [200, 409, 409] == sorted(one.status for one in answers)
    assert 1 == len((await town.seen(payment_id))["attempts"])


async def test_declined_counts_for_nothing(town: Payments) -> None:
    payment_id = await owed(town)
    voucher_id = (await record(town, payment_id)).json["voucher_id"]

    declined = await decide(town, payment_id, voucher_id, "decline")
    late = await decide(town, payment_id, voucher_id, "accept", "canbo.c")

    assert (200, "due", 409) == (declined.status, declined.json["state"], late.status)
    assert [("declined", "canbo.b")] == await listed(town, payment_id)


async def test_the_provider_tells_of_the_same_debit_afterwards(town: Payments) -> None:
    """Its own word takes the voucher's place: one payment, nothing taken twice."""
    payment_id, reference = await town.opened()
    town.clock.move(PAGE.total_seconds() + 60)
    voucher_id = (await record(town, payment_id)).json["voucher_id"]
    accepted = await decide(town, payment_id, voucher_id, "accept")

    told = await town.tell(reference, transaction="FT26005123")
    seen = await town.seen(payment_id)

    assert 200 == accepted.status, accepted.body
    assert b"applied" == told.body
    assert ("paid", False) == (seen["state"], seen["is_disputed"])
    assert 1 == await town.pool.fetchval("SELECT count(*) FROM payment_attempts WHERE state = 'paid'")
