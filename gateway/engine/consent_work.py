"""What is done about share consents by schedule: time passes, the hub is asked, what it releases is fetched.

Each hub has turns of its own, so that one that does not answer keeps no other waiting. A turn claims what is due. Time
and purge come first, for all of it; then the hub is asked about the rest, side by side, and never so long that the
claim could end meanwhile. A row that cannot be tended is put off and told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from gateway.engine.consent_records import ConsentRecords
from gateway.errors import IntegrityFailed, RateLimited, Rejected, RemoteError, StoreUnavailable
from gateway.model.consent import DataState
from gateway.ports.consent import NOT_RELEASED, ConsentHub, SharedData, ShareStatus
from gateway.ports.consents import CodeTaken, StoredConsent
from gateway.ports.observing import DefectFound
from gateway.sync.consent_events import ContentLost, DataFetched, DataUnavailable, ResultTold

_PER_TURN = 50
_CLAIMED = timedelta(seconds=60)
_ASK_SECONDS = 25.0
"""Well below the claim, waiting for one's turn at the hub included."""
_AT_ONCE = 10
_EARLY_KEPT = timedelta(minutes=10)
ResultT = TypeVar("ResultT")


class ConsentWork:
    """Tends what is due. To the consents of a hub that is not configured (any more) only time is applied."""

    def __init__(
        self, hubs: Mapping[str, ConsentHub], records: ConsentRecords, *, ask_seconds: float = _ASK_SECONDS
    ) -> None:
        self._hubs = dict(hubs)
        self._records = records
        self._store = records.store
        self._clock = records.clock
        self._ask_seconds = ask_seconds
        self._gates = {name: asyncio.Semaphore(_AT_ONCE) for name in hubs}

    @property
    def hub_names(self) -> Sequence[str]:
        """The hubs that need turns of their own."""
        return list(self._hubs)

    async def tend(self, hub: str) -> None:
        """Do a turn for one hub. Raises StoreUnavailable, and nothing else."""
        await self._turn([hub], is_of_them=True)

    async def tend_rest(self) -> None:
        """Do a turn for what belongs to none of the hubs, and forget webhooks that nobody came for.

        Raises StoreUnavailable, and nothing else.
        """
        await self._store.forget_notices(self._clock.now() - _EARLY_KEPT)
        await self._turn(self.hub_names, is_of_them=False)

    async def _turn(self, hubs: Sequence[str], *, is_of_them: bool) -> None:
        now = self._clock.now()
        claimed = await self._store.claim_due(now, now + _CLAIMED, _PER_TURN, hubs=hubs, is_of_them=is_of_them)
        asked: list[StoredConsent] = []
        for consent_id in claimed:
            stored = await self._guarded("time", partial(self._records.pass_time, consent_id))
            if stored is not None and stored.work_at is not None and stored.work_at <= now:
                asked.append(stored)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._tend(stored)) for stored in asked]
        away = next((failure for failure in (task.result() for task in tasks) if failure is not None), None)
        if away is not None:
            raise away

    async def _tend(self, stored: StoredConsent) -> StoreUnavailable | None:
        """Ask about one consent; give the failure that ends the turn, after the others had theirs."""
        try:
            if not await self._guarded("ask", partial(self._ask, stored)):
                await self._guarded("put_off", partial(self._records.put_off, stored))
        except StoreUnavailable as error:
            return error
        return None

    async def _guarded(self, operation: str, do: Callable[[], Awaitable[ResultT]]) -> ResultT | None:
        """Do something about one row. A defect is told; the claim keeps the row away for a while."""
        try:
            return await do()
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one bad row must not keep the others waiting
            self._records.observe(DefectFound(system="consents", operation=operation, error=error))
            return None

    async def _ask(self, stored: StoredConsent) -> bool:
        """Ask the hub how it stands, or for the data when it is wanted; False to ask later."""
        consent_id, hub = stored.transaction.transaction_id, self._hubs.get(stored.hub)
        try:
            code = self._records.seals.open(stored).transaction_code
        except IntegrityFailed:
            await self._records.change(consent_id, ContentLost())
            return True
        if hub is None:
            return False  # The registration was taken out of the settings: time ends it.
        is_wanted = stored.transaction.data is DataState.WANTED
        try:
            async with asyncio.timeout(self._ask_seconds), self._gates[stored.hub]:
                answer = await (hub.fetch(code) if is_wanted else hub.status(code))
        except TimeoutError:
            return False
        except RateLimited as error:
            await self._records.put_off(stored, patience_seconds=error.retry_after_seconds)
            return True
        except RemoteError as error:
            self._records.alert_of(stored.hub, error)
            if not (is_wanted and _is_final(error)):
                return False
            await self._records.change(consent_id, DataUnavailable())
            return True
        await self._take(consent_id, stored.hub, code, answer)
        return True

    async def _take(self, consent_id: UUID, hub: str, code: str, answer: ShareStatus | SharedData) -> None:
        records = self._records
        if isinstance(answer, SharedData):
            fetched = DataFetched(subject_digest=records.seals.subject(answer.citizen_pid))
            await records.change(consent_id, fetched, facts=dict(answer.facts))
            return
        told = ResultTold(transaction_code=code, result=answer.result, txn_id=answer.txn_id)
        try:
            await records.change(consent_id, told)
        except CodeTaken:
            # The code was ours and so is the result; only the id cannot be.
            records.alert(hub, "consent_contradicted")
            await records.change(consent_id, replace(told, txn_id=""))


def _is_final(error: RemoteError) -> bool:
    """Tell whether the hub decided that the data is not to be had.

    Everything else passes, or somebody mends it; the data's own time ends the waiting.
    """
    return isinstance(error, Rejected) and error.code != NOT_RELEASED
