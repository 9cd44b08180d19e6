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
_MAX_FAILURES_IN_A_ROW = 10


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
    since lists have been seen to come short. Raises RemoteError when the list cannot be read, or when ten records in a
    row cannot; what was read until then is kept.
    """
    async with store.alone(catalogue.system) as is_mine:
        synced_at = await store.synced_at(catalogue.system)
        if not is_mine or (interval is not None and synced_at is not None and clock.now() - synced_at < interval):
            return None
        started = clock.monotonic()
        listed = list(dict.fromkeys(reference.code for reference in await catalogue.list_procedures()))
        vanished = sorted(await store.live_codes() - set(listed))
        changed_count, failed_count, failures_in_a_row = 0, 0, 0
        gone: list[str] = []
        batch: list[Procedure] = []
        missing: set[tuple[str, str]] = set()
        async for code, procedure, failure in _read(catalogue, [*listed, *vanished], concurrency):
            failures_in_a_row = failures_in_a_row + 1 if isinstance(failure, RemoteError) else 0
            if isinstance(failure, RemoteError) and failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                raise failure  # The system is ill: the rest is read another time.
            if isinstance(failure, Unmapped):
                missing.update(failure.missing)
            if procedure is not None:
                batch.append(procedure)
            elif code in vanished and failure is None:
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
        missing=tuple(sorted(missing)),
        duration_seconds=clock.monotonic() - started,
    )
    observer(result)
    return result


async def _read(
    catalogue: ProcedureCatalogue, codes: Sequence[str], concurrency: int
) -> AsyncIterator[tuple[str, Procedure | None, RemoteError | Unmapped | None]]:
    """Read records, a few at a time; yields (code, record or None, why it could not be read)."""

    async def one(code: str) -> tuple[str, Procedure | None, RemoteError | Unmapped | None]:
        try:
            return code, await catalogue.get_procedure(code), None
        except (RemoteError, Unmapped) as error:
            return code, None, error

    for start in range(0, len(codes), concurrency):
        for result in await asyncio.gather(*(one(code) for code in codes[start : start + concurrency])):
            yield result
