"""Webhook subscriptions: made, listed and deleted by clients, leased by whoever sends.

The signing secret is sealed under a data key of the subscription's own; deleting the subscription destroys that key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from gateway.ports.events import EventPage, LeasedSubscription
from gateway.store.events import read_events
from gateway.store.locks import Lock
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One open subscription. Empty `event_types` means all; everything up to `after_event_id` was delivered."""

    subscription_id: str
    url: str
    event_types: tuple[str, ...]
    wrapped_key: bytes
    sealed_secret: bytes
    after_event_id: int
    failures_count: int
    due_at: datetime
    last_failure: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """A subscription to be made. `after_event_id` None begins with whatever happens from now on."""

    subscription_id: str
    client_id: str
    url: str
    event_types: tuple[str, ...]
    wrapped_key: bytes
    sealed_secret: bytes
    after_event_id: int | None


class TooManySubscriptions(Exception):
    """The client has as many open subscriptions as it may have."""


class KeyUsedBefore(Exception):
    """The idempotency key belongs to an earlier request: `is_same` tells whether to the same one."""

    def __init__(self, *, is_same: bool, response: Mapping[str, Any]) -> None:
        super().__init__()
        self.is_same = is_same
        self.response = response


async def add_subscription(
    pool: Pool,
    new: NewSubscription,
    *,
    max_count: int,
    now: datetime,
    idempotency_key: str | None = None,
    request_digest: bytes = b"",
) -> Subscription:
    """Make a subscription. Raises TooManySubscriptions or KeyUsedBefore; then nothing was stored."""
    sql = queries("subscriptions")
    async with transaction(pool) as borrowed:
        await sql.lock_client(borrowed, lock=Lock.SUBSCRIPTIONS, client_id=new.client_id).__anext__()
        if idempotency_key is not None:
            record = await sql.find_record(borrowed, client_id=new.client_id, key=idempotency_key)
            if record is not None:
                raise KeyUsedBefore(is_same=record["request_digest"] == request_digest, response=record["response"])
        if await sql.count_subscriptions(borrowed, client_id=new.client_id) >= max_count:
            raise TooManySubscriptions
        row = await sql.add_subscription(
            borrowed,
            subscription_id=new.subscription_id,
            client_id=new.client_id,
            url=new.url,
            event_types=list(new.event_types),
            wrapped_key=new.wrapped_key,
            sealed_secret=new.sealed_secret,
            after=new.after_event_id,
            now=now,
        )
        if idempotency_key is not None:
            response = {"subscription_id": new.subscription_id}
            try:
                await sql.add_record(
                    borrowed,
                    client_id=new.client_id,
                    key=idempotency_key,
                    request_digest=request_digest,
                    response=response,
                    now=now,
                )
            except asyncpg.UniqueViolationError:
                # A change of a dossier used the key in this very moment; two different requests by definition.
                raise KeyUsedBefore(is_same=False, response={}) from None
    return _subscription(row)


async def list_subscriptions(pool: Pool, client_id: str) -> Sequence[Subscription]:
    """Give the open subscriptions of a client, oldest first."""
    async with connection(pool) as borrowed:
        return [
            _subscription(row)
            async for row in queries("subscriptions").list_subscriptions(borrowed, client_id=client_id)
        ]


async def find_subscription(pool: Pool, client_id: str, subscription_id: str) -> Subscription | None:
    """Find one open subscription of a client."""
    async with connection(pool) as borrowed:
        row = await queries("subscriptions").find_subscription(
            borrowed, client_id=client_id, subscription_id=subscription_id
        )
    return None if row is None else _subscription(row)


async def delete_subscription(pool: Pool, client_id: str, subscription_id: str, now: datetime) -> bool:
    """Delete one; False when there is no such open subscription. What is being sent now may still arrive."""
    async with connection(pool) as borrowed:
        row = await queries("subscriptions").delete_subscription(
            borrowed, client_id=client_id, subscription_id=subscription_id, now=now
        )
    return row is not None


class PostgresWebhooks:
    """Implements WebhookStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("subscriptions")

    async def lease(self, *, limit: int, lease_seconds: float) -> Sequence[LeasedSubscription]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.lease_subscriptions(borrowed, wanted=limit, lease_seconds=lease_seconds)
            return [
                LeasedSubscription(
                    subscription_id=row["subscription_id"],
                    url=row["url"],
                    event_types=tuple(row["event_types"]),
                    wrapped_key=row["wrapped_key"],
                    sealed_secret=row["sealed_secret"],
                    after_event_id=row["after_event_id"],
                    failures_count=row["failures_count"],
                    token=row["lease_token"],
                    agency_prefixes=tuple(row["agency_prefixes"]),
                )
                async for row in rows
            ]

    async def events_for(self, leased: LeasedSubscription, *, limit: int) -> EventPage:
        return await read_events(
            self._pool,
            after=leased.after_event_id,
            types=leased.event_types or None,
            prefixes=leased.agency_prefixes,
            limit=limit,
        )

    async def advance(self, leased: LeasedSubscription, *, after: int, lease_seconds: float) -> bool:
        async with connection(self._pool) as borrowed:
            row = await self._sql.advance_subscription(
                borrowed,
                subscription_id=leased.subscription_id,
                token=leased.token,
                after=after,
                lease_seconds=lease_seconds,
            )
        return row is not None

    async def release(
        self, leased: LeasedSubscription, *, delay_seconds: float, failures_count: int = 0, last_failure: str = ""
    ) -> bool:
        async with connection(self._pool) as borrowed:
            row = await self._sql.release_subscription(
                borrowed,
                subscription_id=leased.subscription_id,
                token=leased.token,
                delay_seconds=delay_seconds,
                failures_count=failures_count,
                last_failure=last_failure,
            )
        return row is not None


def _subscription(row: Any) -> Subscription:
    values = dict(row)
    values["event_types"] = tuple(values["event_types"])
    return Subscription(**values)
