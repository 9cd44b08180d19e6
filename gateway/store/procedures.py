"""The gateway's copy of the procedure catalogue: every version that was seen, and the present one."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec

from gateway.model.procedure import Procedure
from gateway.ports.basics import Clock
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, session_lock, transaction
from gateway.store.procedure_runs import ProcedureRuns
from gateway.store.queries import queries
from gateway.sync.procedure_changes import procedure_changes
from gateway.sync.procedure_duties import missing_information
from gateway.sync.procedure_reading import KnownProcedure
from gateway.sync.procedure_runs import SavedProcedures

_KEPT_SECONDS = 10.0


class PostgresProcedures:
    """Keeps procedures and reads them back; a short memory spares the worker a query per cycle."""

    def __init__(self, pool: Pool, *, clock: Clock) -> None:
        self.runs = ProcedureRuns(pool)
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

    async def known(self) -> Mapping[str, KnownProcedure]:
        """Give the live procedures as far as choosing what to read needs it."""
        async with connection(self._pool) as borrowed:
            return {
                row["code"]: KnownProcedure(
                    list_digest=row["list_digest"], checked_at=row["checked_at"], is_judged=row["is_judged"]
                )
                async for row in queries("procedures").known_procedures(borrowed)
            }

    async def save(
        self, procedures: Sequence[Procedure], now: datetime, list_digests: Mapping[str, str] | None = None
    ) -> SavedProcedures:
        """Store what was read; differing content becomes a new version, and whatever happened becomes an event.

        `list_digests` tells by code what the list said when the record was read; a code that is left out counts as
        one of which the list said nothing.
        """
        by_code = {procedure.code: procedure for procedure in procedures}
        digests = list_digests or {}
        sql = queries("procedures")
        created_count = changed_count = 0
        async with transaction(self._pool) as borrowed:
            known = {row["code"]: row async for row in sql.lock_procedures(borrowed, codes=sorted(by_code))}
            hashes = {code: procedure.content_hash() for code, procedure in by_code.items()}
            differing = [code for code, row in known.items() if row["content_hash"] != hashes[code]]
            kinds = await _kinds_of_changes(borrowed, {code: by_code[code] for code in differing})
            rows, versions, events = [], [], []
            for code, procedure in by_code.items():
                before, content_hash = known.get(code), hashes[code]
                is_new = before is None or code in kinds
                number = 1 if before is None else before["version_number"] + is_new
                rows.append(_row(procedure, number, content_hash, digests.get(code, "")))
                if is_new:
                    versions.append((code, number, content_hash, msgspec.json.encode(procedure).decode()))
                if before is None:
                    created_count += 1
                    events.append(_event("procedure.created", code, number))
                elif before["retired_at"] is not None:
                    events.append(_event("procedure.restored", code, number))
                if before is not None and is_new:
                    changed_count += 1
                    events.append(_event("procedure.changed", code, number, kinds[code]))
            await sql.save_procedures(borrowed, now=now, **columns("s", rows, 8))
            await sql.save_versions(borrowed, now=now, **columns("v", versions, 4))
            if events:
                await append_events(borrowed, events, [], now)
        restored_count = sum(row["retired_at"] is not None and code not in kinds for code, row in known.items())
        return SavedProcedures(
            created_count=created_count,
            changed_count=changed_count,
            restored_count=restored_count,
            unchanged_count=len(by_code) - created_count - changed_count - restored_count,
        )

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

    def alone(self, system: str) -> AbstractAsyncContextManager[bool]:
        """Tell whether this process may read the catalogue now; no other may until the block ends."""
        return session_lock(self._pool, Lock.PROCEDURES, system)


async def _kinds_of_changes(borrowed: Connection, after: Mapping[str, Procedure]) -> dict[str, Sequence[str]]:
    """Tell what kinds of changes each procedure has against its present version, each kind once."""
    if not after:
        return {}
    rows = queries("procedures").present_documents(borrowed, codes=list(after))
    documents = {row["code"]: row["document"] async for row in rows}
    return {
        code: list(
            dict.fromkeys(
                change.kind.value
                for change in procedure_changes(msgspec.convert(documents[code], Procedure), procedure)
            )
        )
        for code, procedure in after.items()
    }


def _row(procedure: Procedure, number: int, content_hash: str, list_digest: str) -> tuple[object, ...]:
    missing = dict.fromkeys(gap.obligation.value for gap in missing_information(procedure))
    return (
        procedure.code,
        procedure.name,
        number,
        content_hash,
        procedure.is_public,
        list_digest,
        procedure.publication_decision_id,
        ",".join(missing),
    )


def _event(event_type: str, code: str, version_number: int, kinds: Sequence[str] | None = None) -> tuple[object, ...]:
    content: dict[str, object] = {"version_number": version_number}
    if kinds is not None:
        content["kinds"] = kinds
    return (event_type, code, "", None, None, msgspec.json.encode(content).decode())
