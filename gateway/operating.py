"""What an operator does with the queue from the command line."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gateway.clocks import SystemClock
from gateway.errors import GatewayError
from gateway.model.delivery import Lane
from gateway.store.ledger import queue_facts
from gateway.store.parked import ParkedDelivery, decide_parked, list_parked
from gateway.store.pool import open_pool
from gateway.sync.lanes import retry_parked, skip_parked


async def status(dsn: str) -> dict[str, Any]:
    """Give the equation of every system and the parked deliveries, as plain JSON values."""
    pool = await open_pool(dsn, max_size=4)
    try:
        facts = await queue_facts(pool)
        parked = await list_parked(pool)
    finally:
        await pool.close()
    return {
        "systems": {
            system: {**asdict(fact.balance), "difference": fact.balance.difference} for system, fact in facts.items()
        },
        "parked": [{**asdict(item), "changed_at": item.changed_at.isoformat()} for item in parked],
    }


async def select(dsn: str, delivery_ids: Sequence[int], reason: str | None) -> Sequence[ParkedDelivery]:
    """Give the parked deliveries that are meant: the numbered ones, or all whose reason begins so."""
    pool = await open_pool(dsn, max_size=4)
    try:
        parked = await list_parked(pool, reason=reason, limit=100_000)
    finally:
        await pool.close()
    return [item for item in parked if not delivery_ids or item.delivery_id in delivery_ids]


async def decide(dsn: str, parked: Sequence[ParkedDelivery], skip_reason: str | None) -> list[tuple[int, str]]:
    """Retry deliveries, or skip them with a reason; give those that could not be decided, with why."""
    now = SystemClock().now()
    failed: list[tuple[int, str]] = []
    pool = await open_pool(dsn, max_size=4)
    try:
        for item in parked:

            def change(lane: Lane, delivery_id: int = item.delivery_id) -> Lane:
                if skip_reason is None:
                    return retry_parked(lane, delivery_id, now)
                return skip_parked(lane, delivery_id, skip_reason, now)

            try:
                await decide_parked(pool, item.delivery_id, change, now)
            except GatewayError as error:
                failed.append((item.delivery_id, error.message))
    finally:
        await pool.close()
    return failed
