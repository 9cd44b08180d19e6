"""The gateway's copy of the procedure catalogue: every version that was seen, and the present one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from gateway.model.procedure import Procedure
from gateway.ports.basics import Clock
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

_SYNC_LOCKS = 7_201_004
_KEPT_SECONDS = 10.0


class PostgresProcedures:
    """Keeps procedures and reads them back; a short memory spares the worker a query per cycle."""

    def __init__(self, pool: Pool, *, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._kept: dict[str, tuple[float, Procedure]] = {}

    async def get_many(self, codes: Sequence[str]) -> Mapping[str, Procedure]:
        """Give the present version of each live code; unknown and retired codes are left out. At most 10 s old."""
        oldest = self._clock.monotonic() - _KEPT_SECONDS
        found = {code: kept[1] for code in codes if (kept := self._kept.get(code)) is not None and kept[0] > oldest}
        missing = [code for code in codes if code not in found]
        if missing:
            now = self._clock.monotonic()
            async with connection(self._pool) as borrowed:
                async for row in queries("procedures").present_versions(borrowed, codes=missing):
                    procedure = msgspec.convert(row["document"], Procedure)
                    self._kept[row["code"]] = (now, procedure)
                    found[row["code"]] = procedure
        return found

    async def live_codes(self) -> set[str]:
        async with connection(self._pool) as borrowed:
            return {row["code"] async for row in queries("procedures").live_codes(borrowed)}

    async def save(self, procedures: Sequence[Procedure], now: datetime) -> int:
        """Store what was read; differing content becomes a new version and an event. Gives the number of versions."""
        by_code = {procedure.code: procedure for procedure in procedures}
        sql = queries("procedures")
        async with transaction(self._pool) as borrowed:
            known = {row["code"]: row async for row in sql.lock_procedures(borrowed, codes=sorted(by_code))}
            rows, versions, events = [], [], []
            for code, procedure in by_code.items():
                content_hash, before = procedure.content_hash(), known.get(code)
                is_new = before is None or before["content_hash"] != content_hash
                number = 1 if before is None else before["version_number"] + is_new
                rows.append((code, procedure.name, number, content_hash, procedure.is_public))
                if is_new:
                    versions.append((code, number, content_hash, msgspec.json.encode(procedure).decode()))
                    events.append(_event("procedure.created" if before is None else "procedure.changed", code, number))
                elif before is not None and before["retired_at"] is not None:
                    events.append(_event("procedure.restored", code, number))
            await sql.save_procedures(borrowed, now=now, **columns("s", rows, 5))
            await sql.save_versions(borrowed, now=now, **columns("v", versions, 4))
            if events:
                await append_events(borrowed, events, [], now)
        return len(versions)

    async def retire(self, codes: Sequence[str], now: datetime) -> int:
        """Mark procedures that left the catalogue; they and their versions stay."""
        async with transaction(self._pool) as borrowed:
            retired = [
                _event("procedure.retired", row["code"], row["version_number"])
                async for row in queries("procedures").retire_procedures(borrowed, codes=codes, now=now)
            ]
            if retired:
                await append_events(borrowed, retired, [], now)
        for code in codes:
            self._kept.pop(code, None)
        return len(retired)

    async def synced_at(self, system: str) -> datetime | None:
        async with connection(self._pool) as borrowed:
            at: datetime | None = await queries("procedures").synced_at(borrowed, system=system)
            return at

    async def note_synced(self, system: str, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await queries("systems").note_procedures_synced(borrowed, system=system, now=now)

    @asynccontextmanager
    async def alone(self, system: str) -> AsyncIterator[bool]:
        """Tell whether this process may read the catalogue now; no other may until the block ends."""
        sql = queries("procedures")
        async with connection(self._pool) as borrowed:
            is_mine = bool(await sql.try_sync_lock(borrowed, lock_class=_SYNC_LOCKS, system=system))
            try:
                yield is_mine
            finally:
                if is_mine:
                    await sql.release_sync_lock(borrowed, lock_class=_SYNC_LOCKS, system=system)


def _event(event_type: str, code: str, version_number: int) -> tuple[object, ...]:
    data = msgspec.json.encode({"version_number": version_number}).decode()
    return (event_type, code, "", None, None, data)
