"""Deliveries that wait for a person, and what the person decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.errors import InvalidInput, StoreUnavailable
from gateway.model.delivery import DeliveryState, Lane
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.outbox import lane_of, moved_row, open_deliveries
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

LANE_LEASED = "lane_leased"
"""Code of the StoreUnavailable that says: not the database, but a worker at this dossier."""


class LaneBusy(StoreUnavailable):
    """A worker holds the lane just now; nothing was changed."""

    code = LANE_LEASED


_DECISIONS = {DeliveryState.WAITING: "delivery.retried", DeliveryState.SKIPPED: "delivery.skipped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedDelivery:
    """One delivery that waits for a person; `reason` says why, in codes."""

    delivery_id: int
    system: str
    dossier_code: str
    revision: int
    kind: str
    reason: str
    attempts_count: int
    changed_at: datetime


async def list_parked(
    pool: Pool,
    *,
    reason: str | None = None,
    delivery_ids: Sequence[int] | None = None,
    prefixes: Sequence[str] | None = None,
    limit: int = 1000,
) -> Sequence[ParkedDelivery]:
    """Give parked deliveries, oldest first; `reason` is the beginning of the wanted reasons.

    `delivery_ids` and `prefixes` (subtrees of agencies) narrow further; None means all.
    """
    async with connection(pool) as borrowed:
        rows = queries("outbox").parked_deliveries(
            borrowed,
            reason=reason,
            delivery_ids=None if delivery_ids is None else list(delivery_ids),
            prefixes=None if prefixes is None else list(prefixes),
            wanted=limit,
        )
        return [ParkedDelivery(**dict(row)) async for row in rows]


async def decide_parked(
    pool: Pool, delivery_id: int, decide: Callable[[Lane], Lane], now: datetime, *, who: str
) -> None:
    """Apply a decision of `gateway.sync.lanes` (retry or skip) to the delivery's lane, with an event that says who.

    Raises InvalidInput when it is not parked (any more), LaneBusy when a worker holds the lane just now.
    """
    sql = queries("outbox")
    async with transaction(pool) as borrowed:
        row = await sql.lane_of_delivery(borrowed, delivery_id=delivery_id)
        if row is None:
            raise InvalidInput("there is no such delivery", code="delivery_not_found")
        if row["lease_token"] is not None:
            raise LaneBusy("a worker is at this dossier just now; try again in a moment")
        system, dossier_id = row["system"], row["dossier_id"]
        opened = await open_deliveries(borrowed, system, [dossier_id])
        before = lane_of(system, row, opened.get(dossier_id, []))
        after = decide(before)
        known = {delivery.delivery_id: delivery for delivery in before.deliveries}
        changed = [delivery for delivery in after.deliveries if delivery != known[delivery.delivery_id]]
        moves = columns("d", [moved_row(delivery) for delivery in changed], 4)
        await sql.move_deliveries(borrowed, now=now, mapping_version=None, **moves)
        skipped_count = sum(delivery.state is DeliveryState.SKIPPED for delivery in changed)
        if skipped_count:
            await sql.add_to_ledger(borrowed, system=system, delivered=0, skipped=skipped_count)
        await sql.wake_lane(
            borrowed,
            system=system,
            dossier_id=dossier_id,
            now=now,
            due_at=after.due_at,
            failures_count=after.failures_count,
        )
        events = [
            (
                _DECISIONS[delivery.state],
                row["dossier_code"],
                row["handling_agency_code"],
                dossier_id,
                delivery.revision,
                msgspec.json.encode(
                    {
                        "system": system,
                        "revision": delivery.revision,
                        "kind": delivery.kind.value,
                        "by": who,
                        "reason": delivery.reason or known[delivery.delivery_id].reason,
                    }
                ).decode(),
            )
            for delivery in changed
        ]
        await append_events(borrowed, events, [], now)
