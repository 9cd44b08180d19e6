"""What an operator does with the key ring from the command line."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gateway import __version__
from gateway.bootstrap import open_key_ring
from gateway.bootstrap.vault import LOOK_SECONDS, READER_LIVES_SECONDS, hold_against_database
from gateway.clocks import SystemClock
from gateway.config import load_settings
from gateway.engine.audit import Auditor
from gateway.engine.rewrapping import Rewrapped, rewrap_all, stale_counts
from gateway.errors import InvalidInput
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.operating import operator
from gateway.store.audit import PostgresAudit
from gateway.store.locks import Lock
from gateway.store.pool import Pool, open_pool, session_lock
from gateway.store.vault import PostgresWrappedKeys, RingReader, key_usage, living_readers
from gateway.vault.keyring import ReloadingKeyRing
from gateway.vault.ring_file import KEY_BYTES, RingDocument, mark_of, read_ring, replace_ring

Tell = Callable[[str, int, int], None]
"""Hears which part of the work is under way, how much of it is done and how much there is (0: not known)."""
_NUMBERED = re.compile(r"k([0-9]{1,9})")


@dataclass(slots=True)
class RotationPlan:
    """What a rotation would do. `fresh` is the id of the key that would be made, "" when one is under way already."""

    active: str
    fresh: str
    stale: dict[str, int]
    is_waiting: bool
    """A further key is in the file and not yet in use."""
    readers: list[RingReader]


@dataclass(slots=True)
class Rotated:
    """What a rotation came to."""

    before: str
    active: str
    rewrapped: Rewrapped = field(default_factory=Rewrapped)


@dataclass(slots=True)
class RingStatus:
    """The ring, what hangs on each of its keys, and who holds it."""

    active: str
    next: str | None
    keys: list[str]
    usage: dict[str, dict[str, int]]
    unknown: list[str]
    """Keys that rows need and the ring does not have."""
    retirable: list[str]
    readers: list[RingReader]
    lagging: list[RingReader]
    """Processes that do not hold the ring as it is in the file here."""


async def ring_status(dsn: str) -> RingStatus:
    """Say how the ring stands. Reads every sealed table once; changes nothing."""
    settings = load_settings()
    document = read_ring(open_key_ring(settings).path)
    async with _pool(dsn) as pool:
        usage = {str(column): counts for column, counts in (await key_usage(pool)).items()}
        readers = await living_readers(pool, READER_LIVES_SECONDS)
    needed = {key_id for counts in usage.values() for key_id in counts}
    return RingStatus(
        active=document.active,
        next=document.next,
        keys=sorted(document.keys),
        usage=usage,
        unknown=sorted(needed - set(document.keys)),
        retirable=sorted(set(document.keys) - needed - {document.active, document.next}),
        readers=readers,
        lagging=[one for one in readers if not _holds(one, document, document.active)],
    )


async def plan_rotation(dsn: str) -> RotationPlan:
    """Say what a rotation would do; changes nothing."""
    document = read_ring(open_key_ring(load_settings()).path)
    async with _pool(dsn) as pool:
        usage = {str(column): counts for column, counts in (await key_usage(pool)).items()}
        readers = await living_readers(pool, READER_LIVES_SECONDS)
    stale = stale_counts(usage, document.active)
    is_waiting = document.next is not None
    fresh = "" if is_waiting or stale else _fresh_id(document, usage)
    return RotationPlan(document.active, fresh, stale, is_waiting, readers)


async def rotate(dsn: str, tell: Tell, *, wait_seconds: float) -> Rotated:
    """Rotate the ring, or go on with a rotation that was broken off: in both cases nothing is lost.

    A new key is added to the file; when every living process holds it, it becomes the active one; then every wrapped
    key of every table is wrapped by it. Raises InvalidInput when another rotation runs, or when processes do not
    take the key in time (the rotation then waits for the next call), and IntegrityFailed for a row that the ring cannot
    open.
    """
    settings = load_settings()
    ring = open_key_ring(settings)
    async with _pool(dsn) as pool, session_lock(pool, Lock.KEYS, "rotation") as is_mine:
        if not is_mine:
            raise InvalidInput("another rotation is under way")
        await hold_against_database(pool, ring)
        document = read_ring(ring.path)
        before = document.active
        stale = stale_counts(await PostgresWrappedKeys(pool, ring.rewrap).usage(), document.active)
        async with _auditing(pool, ring) as auditor:
            if document.next is None and not stale:
                document = await _add_key(pool, ring, document)
            if document.next is not None:
                await _wait_for_readers(pool, document, document.next, tell, wait_seconds)
                document = replace(document, active=document.next, next=None)
                replace_ring(ring.path, document)
                ring.refresh()
            look = await auditor.ask(_access(f"rotate to {document.active}"))
            rewrapped = await _rewrap(pool, ring, tell)
            await auditor.answer(look, Outcome(outcome="rotated", upstream_code=str(rewrapped.rows_count)))
    return Rotated(before=before, active=document.active, rewrapped=rewrapped)


async def _add_key(pool: Pool, ring: ReloadingKeyRing, document: RingDocument) -> RingDocument:
    usage = {str(column): counts for column, counts in (await key_usage(pool)).items()}
    fresh = _fresh_id(document, usage)
    document = replace(document, keys={**document.keys, fresh: secrets.token_bytes(KEY_BYTES)}, next=fresh)
    replace_ring(ring.path, document)
    ring.refresh()
    return document


async def _rewrap(pool: Pool, ring: ReloadingKeyRing, tell: Tell) -> Rewrapped:
    async def pause() -> None:
        await asyncio.sleep(LOOK_SECONDS / 3)  # Until then, another process may still wrap by the old key.

    return await rewrap_all(
        PostgresWrappedKeys(pool, ring.rewrap),
        ring.current.active_id,
        tell=lambda done, total: tell("wrapping anew", done, total),
        pause=pause,
    )


async def retire(dsn: str, key_id: str, tell: Tell, *, settle_seconds: float) -> None:
    """Take a key out of the ring's file, once no row needs it: what only it wraps, in old backups, is lost with it.

    Raises InvalidInput when it is in use or not there, and leaves everything as it is.
    """
    settings = load_settings()
    ring = open_key_ring(settings)
    async with _pool(dsn) as pool, session_lock(pool, Lock.KEYS, "rotation") as is_mine:
        if not is_mine:
            raise InvalidInput("a rotation is under way")
        await hold_against_database(pool, ring)
        document = read_ring(ring.path)
        if key_id not in document.keys:
            raise InvalidInput(f"the ring has no key {key_id}")
        if key_id in (document.active, document.next):
            raise InvalidInput(f"{key_id} wraps new records: rotate first")
        await _refuse_needed(pool, key_id)
        # Every process must use the active key by now, and whoever read a row before it was wrapped anew may still
        # write the old wrapping back; so the rows are counted again after a while.
        await _wait_for_readers(pool, document, document.active, tell, settle_seconds, is_active=True)
        tell("waiting for what is under way", 0, 0)
        await asyncio.sleep(settle_seconds)
        await _refuse_needed(pool, key_id)
        async with _auditing(pool, ring) as auditor:
            look = await auditor.ask(_access(f"retire {key_id}"))
            kept = {name: key for name, key in document.keys.items() if name != key_id}
            replace_ring(ring.path, replace(document, keys=kept))
            await auditor.answer(look, Outcome(outcome="retired"))


async def _refuse_needed(pool: Pool, key_id: str) -> None:
    counts = sum(counts.get(key_id, 0) for counts in (await key_usage(pool)).values())
    if counts:
        raise InvalidInput(f"{counts} rows need {key_id}: run `gateway keys rotate`")


async def _wait_for_readers(
    pool: Pool, document: RingDocument, key_id: str, tell: Tell, wait_seconds: float, *, is_active: bool = False
) -> None:
    """Wait until every living process holds a key, or uses it. Raises InvalidInput naming those that do not."""
    clock = SystemClock()
    end = clock.monotonic() + wait_seconds
    while True:
        readers = await living_readers(pool, READER_LIVES_SECONDS)
        late = [one for one in readers if not _holds(one, document, key_id) or (is_active and one.active != key_id)]
        if not late:
            return
        if clock.monotonic() >= end:
            names = ", ".join(sorted({f"{one.host} process {one.process_id}" for one in late}))
            raise InvalidInput(
                f"these do not hold {key_id} as it is in the file here: {names}; put the file there, then repeat"
            )
        tell("waiting for processes to take the key", len(readers) - len(late), len(readers))
        await asyncio.sleep(min(1.0, LOOK_SECONDS / 3))


def _holds(reader: RingReader, document: RingDocument, key_id: str) -> bool:
    return f"{key_id}:{mark_of(document.keys[key_id])}" in reader.key_marks and reader.digest_mark == mark_of(
        document.digest_key
    )


def _fresh_id(document: RingDocument, usage: dict[str, dict[str, int]]) -> str:
    """Give an id that no key has or had, as far as rows tell."""
    known = {*document.keys, *(key_id for counts in usage.values() for key_id in counts)}
    numbers = [int(found[1]) for key_id in known if (found := _NUMBERED.fullmatch(key_id))]
    return f"k{max(numbers, default=0) + 1}"


def _access(what: str) -> Access:
    return Access(action=AuditAction.KEYS_ROTATED, client_id="cli", officer=operator(), purpose=what)


@asynccontextmanager
async def _auditing(pool: Pool, ring: ReloadingKeyRing) -> AsyncIterator[Auditor]:
    auditor = Auditor(
        PostgresAudit(pool), key_ring=ring, clock=SystemClock(), random_bytes=os.urandom, version=__version__
    )
    auditor.start()
    try:
        yield auditor
    finally:
        await auditor.close()


@asynccontextmanager
async def _pool(dsn: str) -> AsyncIterator[Any]:
    pool = await open_pool(dsn, max_size=4)
    try:
        yield pool
    finally:
        await pool.close()


def status_facts(status: RingStatus) -> dict[str, Any]:
    """Give a status as plain JSON values."""
    return {
        "active": status.active,
        "next": status.next,
        "keys": status.keys,
        "tables": status.usage,
        "unknown": status.unknown,
        "retirable": status.retirable,
        "processes": [
            {
                "host": one.host,
                "process_id": one.process_id,
                "role": one.role,
                "active": one.active,
                "keys": [mark.partition(":")[0] for mark in one.key_marks],
                "is_current": one not in status.lagging,
            }
            for one in status.readers
        ],
    }
