"""Keeping a process's mapping sets current, releasing what waited for their rows, writing down which codes were seen.

Each process looks for a newer load every few seconds and takes it over as a whole; a load that cannot be read leaves
the former one in force. What waited for a row is released by whichever worker process first finds that the sets in
force say something about it now, be it an answer or a refusal: then its reason is the right one again.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from gateway.engine.codes import SeenCodes
from gateway.errors import StoreUnavailable
from gateway.ports.basics import Clock
from gateway.ports.mapping import CodeMapper, CurrentMapper, HeldDelivery, MappingStore, StoredSets, Treatment

LOOK_SECONDS = 2.0
_RELEASE_AGAIN_SECONDS = 30.0
_RELEASED_PER_TURN = 2000
_WRITE_SECONDS = 10.0
_MAX_RELEASES = 3
"""How often one delivery is released under one load. More would be a circle: its worker and this one disagree."""


class MappingKeeper:
    """Works for one process. `seen` is None where nothing is translated, and then nothing is released either."""

    def __init__(
        self,
        store: MappingStore,
        current: CurrentMapper,
        read: Callable[[StoredSets], CodeMapper],
        *,
        seen: SeenCodes | None,
        clock: Clock,
        say: Callable[..., Any],
    ) -> None:
        self._store = store
        self._current = current
        self._read = read
        self._seen = seen
        self._clock = clock
        self._say = say
        self._release_at = clock.monotonic()
        self._write_at = clock.monotonic() + _WRITE_SECONDS
        self._releases: Counter[int] = Counter()

    async def turn(self) -> None:
        """Do whatever is due. Raises StoreUnavailable, and ConfigurationError for a load that cannot be read."""
        try:
            await self.refresh()
        finally:
            if self._seen is not None:
                if self._clock.monotonic() >= self._release_at:
                    await self.release()
                if self._clock.monotonic() >= self._write_at:
                    await self.write_seen()

    async def refresh(self) -> None:
        """Take over a newer load, if there is one. Call it once before anything is translated."""
        version = await self._store.current_version()
        in_force = self._current.mapper
        if version is None or (in_force is not None and in_force.version == version):
            return
        stored = await self._store.current()
        if stored is None:
            return
        # Thousands of rows take a while to read, and calls under way must not wait for it.
        self._current.mapper = await asyncio.to_thread(self._read, stored)
        self._releases.clear()
        self._release_at = self._clock.monotonic()
        self._say("mappings.loaded", version=stored.version, files_count=len(stored.files))

    async def release(self) -> None:
        """Release what the sets in force no longer hold."""
        mapper = self._current.mapper
        is_complete = True
        released_count = 0
        if mapper is not None:
            for held in await self._store.held():
                if is_held(mapper, held) or self._releases[held.delivery_id] >= _MAX_RELEASES:
                    continue
                if released_count == _RELEASED_PER_TURN:
                    is_complete = False  # Newer loads are looked for between the turns.
                    break
                if await self._store.release(held.delivery_id):
                    self._releases[held.delivery_id] += 1
                    released_count += 1
                else:
                    is_complete = False
        # Looked at again also when all is done: a process that had the former load may have parked one since.
        self._release_at = self._clock.monotonic() + (_RELEASE_AGAIN_SECONDS if is_complete else 0.0)
        if released_count:
            self._say("mappings.released", deliveries_count=released_count)

    async def write_seen(self) -> None:
        """Write down the counts; what cannot be written is counted further."""
        if self._seen is None:
            return
        self._write_at = self._clock.monotonic() + _WRITE_SECONDS
        taken = self._seen.take()
        try:
            await self._store.note_seen(taken)
        except StoreUnavailable:
            self._seen.put_back(taken)
            raise


def is_held(mapper: CodeMapper, held: HeldDelivery) -> bool:
    """Tell whether a delivery must go on waiting: a row that it names is still missing, or it names none we know."""
    if not held.rows:
        return True
    for kind, code in held.rows:
        translation = mapper.translate(kind, code, held.day)
        if translation is not None and translation.treatment is Treatment.HELD:
            return True
    return False
