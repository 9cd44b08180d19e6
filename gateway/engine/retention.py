"""The sweep: what has been kept as long as the installation wants loses its content for good."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from gateway.ports.basics import Clock
from gateway.ports.observing import Observer, RecordsShredded
from gateway.ports.retention import RecordKind, RetentionStore

_PAGE = 200
_MAX_PAGES = 100


class Sweeper:
    """Sweeps every kind whose time is set; the others are kept."""

    def __init__(
        self,
        store: RetentionStore,
        retire_dossiers: Callable[[datetime, int], Awaitable[int]],
        *,
        kept: Mapping[RecordKind, timedelta],
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._store = store
        self._retire_dossiers = retire_dossiers
        self._kept = kept
        self._clock = clock
        self._observer = observer

    async def sweep(self) -> dict[RecordKind, int]:
        """Sweep once, a page after the other; give how many records by kind. Raises StoreUnavailable.

        One process sweeps at a time. What is left after many pages waits for the next turn.
        """
        swept: dict[RecordKind, int] = {}
        async with self._store.turn() as is_mine:
            for kind, kept in self._kept.items() if is_mine else ():
                swept[kind] = await self._sweep(kind, self._clock.now() - kept)
        return swept

    async def _sweep(self, kind: RecordKind, before: datetime) -> int:
        total = 0
        for _ in range(_MAX_PAGES):
            if kind is RecordKind.DOSSIERS:
                count = await self._retire_dossiers(before, _PAGE)
            else:
                count = await self._store.shred(kind, before, _PAGE)
            if count:
                self._observer(RecordsShredded(kind=kind.value, count=count))
            total += count
            if count < _PAGE:
                break
        return total
