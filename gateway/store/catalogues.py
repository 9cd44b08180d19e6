"""The gateway's copy of the portal's lists: items with the time in which they were valid, versions, findings."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.ports.portal_services import OnlineService, PublicationDecision
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.pool import Pool, connection, session_lock, transaction
from gateway.store.procedure_runs import decode_findings, encode_findings, read_held, save_held
from gateway.store.queries import queries
from gateway.sync.catalogue_reading import ListDecision
from gateway.sync.listings import HeldList, ListFinding

_DECISIONS_TOGETHER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueLine:
    """How a list fares. `is_offered` None means that it was never asked for; `failure` is a stable code.

    `is_held`: its last reading was too short to be believed. `findings` are those of the last reading.
    """

    name: str
    is_offered: bool | None = None
    version_number: int = 0
    content_hash: str = ""
    items_count: int = 0
    requested_at: datetime | None = None
    attempted_at: datetime | None = None
    read_at: datetime | None = None
    failure: str = ""
    is_held: bool = False
    findings_count: int = 0
    findings: tuple[ListFinding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueVersion:
    """A state of a whole list."""

    version_number: int
    content_hash: str
    items_count: int
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedItem:
    """An item as it was valid from one reading to another; `valid_to` None while it is."""

    item_id: int
    code: str
    name: str
    content: Mapping[str, Any]
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A decision that published procedures; `is_known` false when the portal says that it has none with this id."""

    is_known: bool
    fields: Mapping[str, str]
    changed_at: datetime
    checked_at: datetime


class PostgresCatalogues:
    """Keeps lists and decisions. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool, system: str) -> None:
        self._pool = pool
        self._system = system
        self._sql = queries("catalogues")

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Tell whether this process may read lists now; no other may until the block ends."""
        return session_lock(self._pool, Lock.LISTS, self._system)

    async def due(
        self, names: Sequence[str], now: datetime, *, interval: timedelta, retry_after: timedelta
    ) -> Sequence[tuple[str, datetime | None, bool]]:
        """Give the lists to be read now: name, when it was asked for, and whether a short one is to be believed."""
        async with transaction(self._pool) as borrowed:
            await self._sql.ensure_catalogues(borrowed, system=self._system, names=names)
            rows = self._sql.due_catalogues(
                borrowed,
                system=self._system,
                names=names,
                read_before=now - interval,
                attempted_before=now - min(interval, retry_after),
            )
            return [(row["name"], row["requested_at"], row["accepts_short"]) async for row in rows]

    async def request(self, name: str, *, accepts_short: bool, now: datetime) -> None:
        """Ask for a reading; it is done next."""
        async with connection(self._pool) as borrowed:
            await self._sql.request_catalogue(
                borrowed, system=self._system, name=name, accepts_short=accepts_short, now=now
            )

    async def known(self, name: str) -> tuple[Mapping[str, str], HeldList | None]:
        """Give what is valid, as digests by code, and the list that is not believed at present."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.open_items(borrowed, system=self._system, name=name)
            digests = {row["code"]: row["digest"] async for row in rows}
            return digests, await read_held(borrowed, self._system, name)

    async def apply(self, name: str, decision: ListDecision, requested_at: datetime | None, now: datetime) -> bool:
        """Carry out a decision as a whole; tell whether it made a new version. A wish that came later stays."""
        sql, system = self._sql, self._system
        async with transaction(self._pool) as borrowed:
            before = await sql.lock_catalogue(borrowed, system=system, name=name)
            is_new: bool = before["content_hash"] != decision.content_hash
            number = before["version_number"] + is_new
            if decision.closed:
                await sql.close_items(borrowed, system=system, name=name, codes=decision.closed, now=now)
            if decision.opened:
                rows = [
                    (item.code, item.name, msgspec.json.encode(item.content).decode(), item.digest)
                    for item in decision.opened
                ]
                await sql.add_items(borrowed, system=system, name=name, now=now, **columns("i", rows, 4))
            version = {"number": number, "content_hash": decision.content_hash, "items_count": decision.items_count}
            if is_new:
                await sql.add_version(borrowed, system=system, name=name, now=now, **version)
            await save_held(borrowed, system, name, decision.held)
            await sql.note_read(
                borrowed,
                system=system,
                name=name,
                **version,
                findings_count=len(decision.findings),
                findings=encode_findings(decision.findings),
                requested_at=requested_at,
                now=now,
            )
            if is_new:
                data = {
                    "version_number": number,
                    "opened_count": len(decision.opened),
                    "closed_count": len(decision.closed),
                }
                event = ("catalogue.changed", name, "", None, None, msgspec.json.encode(data).decode())
                await append_events(borrowed, [event], [], now)
        return is_new

    async def note_failed(
        self, name: str, failure: str, requested_at: datetime | None, now: datetime, *, is_offered: bool | None = None
    ) -> None:
        """Keep why a reading failed; `is_offered` False when the portal does not have the list at all."""
        async with connection(self._pool) as borrowed:
            await self._sql.note_failed(
                borrowed,
                system=self._system,
                name=name,
                failure=failure,
                is_offered=is_offered,
                requested_at=requested_at,
                now=now,
            )

    async def lines(self, name: str | None = None) -> Sequence[CatalogueLine]:
        """Tell how the lists fare, in the order of their names; those that no worker looked at yet are not there."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.list_catalogues(borrowed, system=self._system, name=name)
            return [CatalogueLine(**{**dict(row), "findings": decode_findings(row["findings"])}) async for row in rows]

    async def version(self, name: str, before: datetime | None) -> CatalogueVersion | None:
        """Give the version that was the last one before an instant, or is now; None when there was none."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.version_at(borrowed, system=self._system, name=name, before=before)
        return None if row is None else CatalogueVersion(**dict(row))

    async def items(
        self, name: str, *, before: datetime | None, code: str | None, after: int, limit: int
    ) -> Sequence[DatedItem]:
        """Give up to `limit` items, valid just before an instant or now, in the order of their codes."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.list_items(
                borrowed, system=self._system, name=name, before=before, code=code, after=after, wanted=limit
            )
            return [DatedItem(**dict(row)) async for row in rows]

    async def services_of(self, procedure_code: str) -> Sequence[OnlineService]:
        """Give the online services that are built on a procedure."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.services_of(borrowed, system=self._system, procedure_code=procedure_code)
            return [
                msgspec.convert({**row["content"], "code": row["code"], "name": row["name"]}, OnlineService)
                async for row in rows
            ]

    async def due_decisions(self, before: datetime) -> Sequence[str]:
        """Give ids of decisions that live procedures name and that were not looked at since `before`; at most 200."""
        async with connection(self._pool) as borrowed:
            rows = self._sql.due_decisions(borrowed, system=self._system, before=before, wanted=_DECISIONS_TOGETHER)
            return [row["decision_id"] async for row in rows]

    async def save_decision(self, decision_id: str, decision: PublicationDecision | None, now: datetime) -> None:
        """Keep a decision, or that the portal has none with this id."""
        async with connection(self._pool) as borrowed:
            await self._sql.save_decision(
                borrowed,
                system=self._system,
                decision_id=decision_id,
                is_known=decision is not None,
                fields=dict(decision.fields) if decision is not None else {},
                now=now,
            )

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        """Find a decision; None when it was not asked for yet."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_decision(borrowed, system=self._system, decision_id=decision_id)
        return None if row is None else StoredDecision(**dict(row))
