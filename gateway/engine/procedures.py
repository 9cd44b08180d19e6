"""Reading the procedure catalogue: the whole list, each record, and what changed since the last time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from gateway.errors import RemoteError, Unmapped
from gateway.model.procedure import Procedure
from gateway.ports.basics import Clock
from gateway.ports.observing import Observer, ProceduresSynced
from gateway.ports.portal import ProcedureCatalogue

_SAVED_TOGETHER = 50


class ProcedureStore(Protocol):
    """Where the catalogue's copy is kept."""

    async def live_codes(self) -> set[str]: ...

    async def save(self, procedures: Sequence[Procedure], now: datetime) -> int: ...

    async def retire(self, codes: Sequence[str], now: datetime) -> int: ...

    async def synced_at(self, system: str) -> datetime | None: ...

    async def note_synced(self, system: str, now: datetime) -> None: ...

    def alone(self, system: str) -> AbstractAsyncContextManager[bool]: ...


async def sync_procedures(
    catalogue: ProcedureCatalogue,
    store: ProcedureStore,
    *,
    clock: Clock,
    observer: Observer,
    interval: timedelta | None = None,
    concurrency: int = 4,
) -> ProceduresSynced | None:
    """Bring the copy up to date; None when another process does it, or when the last time is within `interval`.

    One record that cannot be read or understood does not stop the others: it is counted as failed and the known
    version stays. A code that left the list is retired only when the portal also says that it has no such record,
    since lists have been seen to come short. Raises RemoteError when the list itself cannot be read.
    """
    async with store.alone(catalogue.system) as is_mine:
        synced_at = await store.synced_at(catalogue.system)
        if not is_mine or (interval is not None and synced_at is not None and clock.now() - synced_at < interval):
            return None
        started = clock.monotonic()
        listed = list(dict.fromkeys(reference.code for reference in await catalogue.list_procedures()))
        vanished = sorted(await store.live_codes() - set(listed))
        changed_count, failed_count = 0, 0
        gone: list[str] = []
        batch: list[Procedure] = []
        async for code, procedure, failed in _read(catalogue, [*listed, *vanished], concurrency):
            if procedure is not None:
                batch.append(procedure)
            elif code in vanished and not failed:
                gone.append(code)
            else:
                failed_count += 1
            if len(batch) >= _SAVED_TOGETHER:
                changed_count += await store.save(batch, clock.now())
                batch = []
        if batch:
            changed_count += await store.save(batch, clock.now())
        retired_count = await store.retire(gone, clock.now()) if gone else 0
        await store.note_synced(catalogue.system, clock.now())
    result = ProceduresSynced(
        system=catalogue.system,
        listed_count=len(listed),
        changed_count=changed_count,
        retired_count=retired_count,
        failed_count=failed_count,
        duration_seconds=clock.monotonic() - started,
    )
    observer(result)
    return result


async def _read(
    catalogue: ProcedureCatalogue, codes: Sequence[str], concurrency: int
) -> AsyncIterator[tuple[str, Procedure | None, bool]]:
    """Read records, a few at a time; yields (code, record or None, whether reading failed)."""

    async def one(code: str) -> tuple[str, Procedure | None, bool]:
        try:
            return code, await catalogue.get_procedure(code), False
        except (RemoteError, Unmapped):
            return code, None, True

    for start in range(0, len(codes), concurrency):
        for result in await asyncio.gather(*(one(code) for code in codes[start : start + concurrency])):
            yield result
