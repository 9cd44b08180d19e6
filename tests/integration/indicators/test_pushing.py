"""Publications that are pushed: in the order of the chain, each kept once over there, whatever happens on the way."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from adapters.monitoring.pushing import SnapshotPusher, payload
from adapters.monitoring.sandbox import MonitoringProfile, MonitoringSandbox
from adapters.monitoring.settings import ReceiverSettings
from adapters.sandboxing import FaultKind, FaultSpec, serve_sandbox
from gateway.engine.pushing import PUSH_POLICY, Pusher
from gateway.ports.basics import KeyRing
from gateway.ports.monitoring import ReceiverStanding
from gateway.store.publications import PostgresPublications
from gateway.store.pushes import PostgresPushes
from tests.integration.indicators.test_publishing import SIGNER, august, file_a_late_one, publish
from tests.support.clocks import FixedChance
from tests.support.counting import CATALOGUE, Town, counting_town

_UNITS = {one.code: one.unit.value for one in CATALOGUE.definitions.values()}
_LONG = PUSH_POLICY.ceiling_seconds


@dataclass(frozen=True, slots=True)
class Pushing:
    """A province with a publication, and a receiver to which it is owed."""

    town: Town
    sandbox: MonitoringSandbox
    pusher: Pusher
    store: PostgresPushes

    async def standing(self) -> ReceiverStanding:
        [found] = await self.store.standing(["emc"])
        return found

    @property
    def kept(self) -> list[str]:
        """Give the ids of what the receiver keeps, in the order of arrival."""
        return list(self.sandbox.receiver.received)


@asynccontextmanager
async def pushing(pool: Any, key_ring: KeyRing, token: str = "sandbox-push") -> AsyncIterator[Pushing]:
    profile = MonitoringProfile(push_key_set={"keys": list(SIGNER.public_keys())}, push_units=_UNITS)
    sandbox = MonitoringSandbox(profile)
    async with counting_town(pool, key_ring) as town, await serve_sandbox(sandbox) as running:
        await august(town)
        settings = ReceiverSettings.model_validate(
            {
                "name": "emc",
                "url": running.url + profile.push_path,
                "token": {"value": token},
                "call_seconds": 5.0,
                "transport": {"calls_per_second": None},
                "is_test": True,
            }
        )
        async with SnapshotPusher(settings, ssl_supplier=lambda: None, clock=town.clock) as receiver:
            store = PostgresPushes(pool)
            pusher = Pusher({"emc": receiver}, store, clock=town.clock, chance=FixedChance())
            yield Pushing(town, sandbox, pusher, store)


async def test_each_publication_is_taken_once_in_order_and_its_receipt_kept(pool: Any, key_ring: KeyRing) -> None:
    """The receiver verifies signature, digests, sums and finds nothing; what it said is kept as it was said."""
    async with pushing(pool, key_ring) as one:
        assert 1 == (await one.standing()).waiting_count
        assert 1 == await one.pusher.run()
        await file_a_late_one(one.town)
        one.town.clock.move(86_400)
        await publish(one.town)
        assert 1 == await one.pusher.run()
        assert 0 == await one.pusher.run()

        assert ["H99-2026M08-v1", "H99-2026M08-v2"] == one.kept
        assert () == one.sandbox.findings
        assert 0 == one.sandbox.receiver.repeats_count
        standing = await one.standing()
        assert (2, 0, None, 0, "", None) == (
            standing.position,
            standing.waiting_count,
            standing.waiting_since,
            standing.failures_count,
            standing.reason,
            standing.next_at,
        )
        [receipt] = await one.store.receipts("H99-2026M08-v2")
        told = one.sandbox.receiver.received["H99-2026M08-v2"].acknowledgement()
        assert ("emc", 201, told) == (receipt.receiver, receipt.status, json.loads(receipt.answer))
        assert told["sha256"] == receipt.sha256


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (FaultSpec(kind=FaultKind.SERVER_ERROR, calls=1, http_status=502), "http_5xx"),
        (FaultSpec(kind=FaultKind.REFUSE_CONNECTION, calls=1), "connection_lost"),
        (FaultSpec(kind=FaultKind.DROP_REPLY, calls=1), "connection_lost"),
    ],
    ids=lambda one: getattr(getattr(one, "kind", None), "value", None),
)
async def test_whatever_became_of_a_call_the_same_is_sent_again(
    pool: Any, key_ring: KeyRing, fault: FaultSpec, reason: str
) -> None:
    """A lost answer too: the key is the snapshot's id, so nothing is kept twice."""
    async with pushing(pool, key_ring) as one:
        one.sandbox.faults.add(fault)
        assert 0 == await one.pusher.run()
        standing = await one.standing()
        assert (1, 1, reason) == (standing.waiting_count, standing.failures_count, standing.reason)
        assert standing.next_at == one.town.clock.now() + timedelta(seconds=5)

        assert 0 == await one.pusher.run(), "the receiver is given time"
        one.town.clock.move(5)
        assert 1 == await one.pusher.run()
        assert ["H99-2026M08-v1"] == one.kept
        assert 0 == (await one.standing()).failures_count


async def test_patience_is_as_long_as_the_receiver_asks_for(pool: Any, key_ring: KeyRing) -> None:
    """Retry-After stands above our own schedule."""
    async with pushing(pool, key_ring) as one:
        one.sandbox.faults.add(FaultSpec(kind=FaultKind.RATE_LIMITED, calls=1, retry_after_seconds=700))
        await one.pusher.run()
        assert (await one.standing()).next_at == one.town.clock.now() + timedelta(seconds=700)


async def test_a_refused_token_waits_at_least_a_minute_and_is_named(pool: Any, key_ring: KeyRing) -> None:
    """Nothing is kept over there."""
    async with pushing(pool, key_ring, token="another") as one:
        await one.pusher.run()
        standing = await one.standing()
        assert ("http_401", one.town.clock.now() + timedelta(seconds=60)) == (standing.reason, standing.next_at)
        assert [] == one.kept


async def test_what_is_refused_is_never_passed_over(pool: Any, key_ring: KeyRing) -> None:
    """The next publication waits behind it, and the wait grows to an hour at most."""
    async with pushing(pool, key_ring) as one:
        snapshot = (await one.store.due("emc", one.town.clock.now())).snapshot  # type: ignore[union-attr]
        other = payload(snapshot).replace(b'{"data"', b'{ "data"', 1)
        await _take(one, snapshot.snapshot_id, other)
        await file_a_late_one(one.town)
        one.town.clock.move(86_400)
        await publish(one.town)
        for failures_count in range(1, 15):
            assert 0 == await one.pusher.run()
            standing = await one.standing()
            assert (failures_count, "taken_otherwise", 2) == (
                standing.failures_count,
                standing.reason,
                standing.waiting_count,
            )
            one.town.clock.move(_LONG)
        assert standing.next_at is not None
        assert timedelta(seconds=_LONG) == standing.next_at - (one.town.clock.now() - timedelta(seconds=_LONG))
        assert ["H99-2026M08-v1"] == one.kept


async def test_one_process_serves_a_receiver_at_a_time(pool: Any, key_ring: KeyRing) -> None:
    """Another one that comes meanwhile sends nothing."""
    async with pushing(pool, key_ring) as one, one.store.turn("emc") as is_mine:
        assert is_mine
        assert 0 == await one.pusher.run()
        assert [] == one.kept


async def test_the_payload_holds_what_was_signed_byte_for_byte(pool: Any, key_ring: KeyRing) -> None:
    """A puller and a receiver have the same document and the same manifest."""
    async with pushing(pool, key_ring) as one:
        due = await one.store.due("emc", one.town.clock.now())
        stored = await PostgresPublications(pool).file("H99-2026M08-v1", "data.json")
        assert due is not None
        assert stored is not None
        assert sha256(due.snapshot.data).hexdigest() == stored.sha256
        assert payload(due.snapshot).startswith(b'{"data":' + stored.body + b',"manifest":' + due.snapshot.manifest)


async def _take(one: Pushing, snapshot_id: str, body: bytes) -> None:
    """Let the receiver have something else under a snapshot's id."""
    headers = {"Authorization": "Bearer sandbox-push", "Idempotency-Key": snapshot_id}
    record = one.sandbox.recorder.begin("/push/v1/snapshots", lambda: False)
    assert 201 == one.sandbox.receiver.take(record, headers, body).http_status
