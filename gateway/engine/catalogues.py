"""Reading the portal's lists: its catalogues, its online services, and the decisions that published procedures."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway.errors import Rejected, RemoteError
from gateway.ports.basics import Clock
from gateway.ports.observing import AlertRaised, ListRead, Observer
from gateway.ports.portal_services import CatalogueName, CatalogueReader, PublicationDecision, ServiceReader
from gateway.sync.catalogue_reading import (
    ONLINE_SERVICES,
    ListDecision,
    ListItem,
    catalogue_items,
    decide_list,
    service_items,
)
from gateway.sync.listings import HeldList, ShortListPolicy

NOT_OFFERED = "no_such_service"
_MAX_FAILURES_IN_A_ROW = 3

ReadList = Callable[[], Awaitable[Sequence[ListItem]]]


class CatalogueStore(Protocol):
    """Where lists are kept and asked for."""

    def alone(self) -> AbstractAsyncContextManager[bool]: ...

    async def due(
        self, names: Sequence[str], now: datetime, *, interval: timedelta, retry_after: timedelta
    ) -> Sequence[tuple[str, datetime | None, bool]]: ...

    async def known(self, name: str) -> tuple[Mapping[str, str], HeldList | None]: ...

    async def apply(self, name: str, decision: ListDecision, requested_at: datetime | None, now: datetime) -> bool: ...

    async def note_failed(
        self, name: str, failure: str, requested_at: datetime | None, now: datetime, *, is_offered: bool | None = None
    ) -> None: ...


class DecisionStore(Protocol):
    """Where publication decisions are kept."""

    def alone(self) -> AbstractAsyncContextManager[bool]: ...

    async def due_decisions(self, before: datetime) -> Sequence[str]: ...

    async def save_decision(self, decision_id: str, decision: PublicationDecision | None, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPolicy:
    """When lists are read: every `interval`, after a failure again in `retry_after`, on request at once."""

    interval: timedelta = timedelta(days=1)
    retry_after: timedelta = timedelta(minutes=5)
    short_list: ShortListPolicy = field(default_factory=ShortListPolicy)


def lists_of(
    catalogues: CatalogueReader, services: ServiceReader, names: Sequence[CatalogueName]
) -> dict[str, ReadList]:
    """Give how each list is read: the catalogues that are wanted, and the online services."""

    def reading(name: CatalogueName) -> ReadList:
        async def read() -> Sequence[ListItem]:
            return catalogue_items(await catalogues.read_catalogue(name))

        return read

    async def read_services() -> Sequence[ListItem]:
        return service_items(await services.list_online_services())

    return {**{name.value: reading(name) for name in names}, ONLINE_SERVICES: read_services}


async def read_lists(
    system: str,
    lists: Mapping[str, ReadList],
    store: CatalogueStore,
    *,
    clock: Clock,
    observer: Observer,
    policy: ListPolicy,
) -> int | None:
    """Read the lists that are due or were asked for; give how many have a new version. None when another process does.

    A list that cannot be read keeps its last good version, with the failure beside it, and does not stop the others.
    One that the portal does not offer is noted as such. Raises RemoteError when three in a row cannot be read.
    """
    changed_count, failures_in_a_row = 0, 0
    async with store.alone() as is_mine:
        if not is_mine:
            return None
        due = await store.due(list(lists), clock.now(), interval=policy.interval, retry_after=policy.retry_after)
        for name, requested_at, is_confirmed in due:
            try:
                lines = await lists[name]()
            except RemoteError as error:
                is_absent = _is_not_offered(error)
                await store.note_failed(
                    name,
                    "" if is_absent else error.code,
                    requested_at,
                    clock.now(),
                    is_offered=False if is_absent else None,
                )
                observer(ListRead(system=system, name=name, outcome="not_offered" if is_absent else "failed"))
                failures_in_a_row = 0 if is_absent else failures_in_a_row + 1
                if failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                    raise  # The system is ill: the rest is read another time.
                continue
            failures_in_a_row = 0
            known, held = await store.known(name)
            now = clock.now()
            decision = decide_list(
                lines, known, held=held, policy=policy.short_list, is_confirmed=is_confirmed, now=now
            )
            is_changed = await store.apply(name, decision, requested_at, now)
            changed_count += is_changed
            outcome = "changed" if is_changed else "unchanged"
            if decision.held is not None:
                outcome = "held"
                observer(AlertRaised(system=system, name="short_list"))
            observer(ListRead(system=system, name=name, outcome=outcome))
    return changed_count


def _is_not_offered(error: RemoteError) -> bool:
    return isinstance(error, Rejected) and NOT_OFFERED in (error.code, error.remote_code)


async def read_decisions(
    reader: ServiceReader, store: DecisionStore, *, clock: Clock, recheck_after: timedelta
) -> int | None:
    """Ask for decisions that live procedures name and that were not looked at lately; give how many were answered.

    None when another process reads. A decision that the portal does not have is kept as absent, which is not the same
    as one that was not asked for yet. One that cannot be asked for stays due and does not stop the others. Raises
    RemoteError when three in a row cannot.
    """
    answered_count, failures_in_a_row = 0, 0
    async with store.alone() as is_mine:
        if not is_mine:
            return None
        for decision_id in await store.due_decisions(clock.now() - recheck_after):
            try:
                decision = await reader.get_decision(decision_id)
            except RemoteError as error:
                if _is_not_offered(error):
                    break  # No decision can be asked for here, which is no failure: all stay unknown.
                failures_in_a_row += 1
                if failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                    raise  # The system is ill: the rest is read another time.
                continue
            failures_in_a_row = 0
            await store.save_decision(decision_id, decision, clock.now())
            answered_count += 1
    return answered_count
