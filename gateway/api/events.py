"""The events feed: read by cursor, with a long poll that wakes when something happens."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint, is_gone
from gateway.api.problems import Problem
from gateway.api.representations import EventPage
from gateway.model.party import CLOSED
from gateway.ports.events import EventPage as StoredPage
from gateway.store import events as store
from gateway.store.clients import Scope

EventType = Annotated[str, Field(pattern=r"^[a-z][a-z_]*(\.[a-z][a-z_]*)+$", max_length=100)]

_POLL_SECONDS = 5.0
"""How long a wait trusts the database's notification before it looks for itself."""
_BLIND_POLL_SECONDS = 0.5
"""The same while nobody listens."""
_MIN_PAUSE_SECONDS = 0.05
"""Shortest time between two looks of one caller: a flood of foreign events must not become a flood of queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events are wanted."""

    __pydantic_config__ = CLOSED

    after: Annotated[int, Field(ge=0, le=2**63 - 1, description="`next_after` of the answer before; 0 begins.")] = 0
    wait: Annotated[
        float, Field(ge=0, le=60, allow_inf_nan=False, description="Seconds to wait when there is nothing yet.")
    ] = 0
    types: Annotated[
        tuple[EventType, ...] | None, Field(min_length=1, max_length=50, description="Only these; all when left out.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class Waiters:
    """Counts the long polls of this process."""

    def __init__(self) -> None:
        self.count = 0


WAITERS: web.AppKey[Waiters] = web.AppKey("waiters", Waiters)


async def _page(call: Call, after: int) -> StoredPage:
    query: EventQuery = call.query
    return await store.read_events(
        call.services.pool,
        after=after,
        types=query.types,
        prefixes=call.caller.agency_prefixes,
        limit=query.limit,
    )


async def _wait(call: Call, page: StoredPage) -> StoredPage:
    services = call.services
    clock, signal, stopping = services.clock, services.signal, call.runtime.stopping
    until = clock.monotonic() + min(call.query.wait, services.limits.max_wait_seconds)
    while not page.events and not stopping.is_set():
        # The moment is taken before the look, so that nothing can happen unseen between look and wait.
        grown = signal.moment()
        page = await _page(call, page.next_after)
        rest_seconds = until - clock.monotonic()
        if page.events or rest_seconds <= 0 or is_gone(call.request):
            break
        look_again_seconds = _POLL_SECONDS if signal.is_listening else _BLIND_POLL_SECONDS
        await _first_of(grown, stopping, min(rest_seconds, look_again_seconds))
        await asyncio.sleep(min(_MIN_PAUSE_SECONDS, max(until - clock.monotonic(), 0)))
    return page


async def _first_of(grown: asyncio.Event, stopping: asyncio.Event, seconds: float) -> None:
    tasks = [asyncio.ensure_future(grown.wait()), asyncio.ensure_future(stopping.wait())]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def get_events(call: Call) -> web.StreamResponse:
    """Give the events after a cursor, waiting for some if asked to."""
    query: EventQuery = call.query
    page = await _page(call, query.after)
    if not page.events and query.wait > 0:
        waiters = call.request.app[WAITERS]
        if waiters.count >= call.services.limits.max_waiters_count:
            raise Problem("unavailable", "Too many callers are waiting for events.")
        waiters.count += 1
        call.services.observer.waiters_changed(waiters.count)
        try:
            page = await _wait(call, page)
        finally:
            waiters.count -= 1
            call.services.observer.waiters_changed(waiters.count)
    content = {
        "events": [
            {
                "event_id": event.event_id,
                "occurred_at": event.occurred_at,
                "type": event.type,
                "subject": event.subject,
                "agency_code": event.agency_code,
                "revision": event.revision,
                "data": msgspec.Raw(event.data.encode()),
            }
            for event in page.events
        ],
        "next_after": page.next_after,
    }
    return call.answer(200, content)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/events",
        operation_id="listEvents",
        tag="events",
        summary="Read the events feed",
        description=(
            "Events about dossiers of the client's agencies, and events that belong to no agency, in the order in "
            "which they became visible. With `wait` the answer comes as soon as there is something, or empty when the "
            "time is over. An event is never inserted before one that was already given."
        ),
        scope=Scope.EVENTS_READ,
        handler=get_events,
        query=EventQuery,
        answers={200: Answer(description="Events, possibly none.", model=EventPage)},
    ),
)
