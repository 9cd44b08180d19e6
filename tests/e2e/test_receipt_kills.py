"""A gateway that dies while a supplier writes a receipt: the supplier is asked, and there is one receipt."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from gateway.model.vocabulary import VIETNAM
from tests.e2e.test_payment_kills import Stack, created, running, wish

pytestmark = [pytest.mark.e2e]


async def until(stack: Stack, path: str, is_well: Any) -> Any:
    """Ask the simulators' control again and again until something is so."""
    async with asyncio.timeout(60):
        while True:
            seen = await stack.control.get(path)
            if is_well(seen):
                return seen
            await asyncio.sleep(0.1)


async def test_killed_while_a_receipt_is_written() -> None:
    """It was written, and nobody heard: after the restart the supplier is asked, and nothing is sent again."""
    year = datetime.now(VIETNAM).year
    async with running(year=year) as stack:
        payment_id = await created(stack)
        lost = {"name": "F14", "provider": "receipts", "operation": "createInvoice", "calls": 1}
        await stack.control.post("switches", {**lost, "variant": "stall", "delay_seconds": 30.0})
        _, opened = await stack.call("POST", f"/v1/payments/{payment_id}/attempts", wish())
        reference = opened["attempts"][-1]["reference"]
        await stack.control.post("decide", {"provider": "pp", "reference": reference, "choice": "pay"})
        await until(stack, "state", lambda seen: seen["providers"]["receipts"]["viettel"])
        await stack.revive()
        connection = await asyncpg.connect(stack.dsn)
        before = await connection.fetchrow("SELECT state, reason, tries_count FROM receipt_orders")
        await connection.execute("UPDATE receipt_orders SET sent_at = sent_at - interval '1 hour'")
        await connection.execute(
            "UPDATE payment_effects SET due_at = now() WHERE done_at IS NULL AND due_at IS NOT NULL"
        )
        async with asyncio.timeout(60):
            while await connection.fetchval("SELECT state FROM receipt_orders") != "done":  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        after = await connection.fetchrow("SELECT reason, tries_count FROM receipt_orders")
        await connection.close()
        _, listed = await stack.call("GET", f"/v1/payments/{payment_id}/receipts")
        [there] = (await stack.control.get("state"))["providers"]["receipts"]["viettel"]

    assert before is not None
    assert after is not None
    assert (("sent", "", 1), ("", 1)) == (tuple(before), tuple(after)), "it was not sent again"
    assert [(50_000, there["number"])] == [
        (there["total_vnd"], int(one["number"])) for one in listed["receipts"] if one["supplier"]
    ]
    assert [] == listed["orders"]
