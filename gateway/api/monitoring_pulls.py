"""What all endpoints of the pull interface do alike: entity tags, and writing down who pulled what."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from aiohttp import web

from gateway.api.bodies import JSON
from gateway.api.endpoint import Call
from gateway.api.monitoring_desk import MonitoringDesk
from gateway.api.preconditions import is_current
from gateway.api.problems import Problem
from gateway.engine.indicator_numbers import Numbers
from gateway.indicators.periods import Period
from gateway.model.subtrees import is_within
from gateway.monitoring.documents import canonical_json
from gateway.monitoring.observations import StateAt

ResultT = TypeVar("ResultT")


def desk_of(call: Call) -> MonitoringDesk:
    """Give the desk. Raises Problem where nothing is counted, and for a caller that pulls too fast."""
    desk = call.services.monitoring
    if desk is None:
        raise Problem("no-indicators")
    if call.client is not None:
        wait = desk.rate.wait_seconds(call.client.client_id, call.services.clock.monotonic())
        if wait:
            raise Problem("pulls-too-fast", headers={"Retry-After": str(wait)})
    return desk


def check_province(call: Call, desk: MonitoringDesk) -> None:
    """Raise Problem other-agency for a client of some agencies only: what is meant is the whole province's."""
    if desk.province and not is_within(desk.province, call.caller.agency_prefixes):
        raise Problem("other-agency", "only a client of the whole province may do this")


async def ask_numbers(
    desk: MonitoringDesk, period: Period, state_at: StateAt, ask: Callable[[Numbers], Awaitable[ResultT]]
) -> ResultT:
    """Give what `ask` makes of the numbers. Raises Problem (`counting-under-way`) where they do not hold still."""
    if state_at is StateAt.AS_OF:
        return await ask(desk.numbers)
    found = await desk.period_ends.ask(desk.numbers, period, ask)
    if found is None:
        raise Problem("counting-under-way")
    return found


async def answer_pull(call: Call, content: Any, headers: Mapping[str, str] | None = None) -> web.StreamResponse:
    """Answer with canonical JSON; the pull is written down."""
    return await answer_bytes(call, canonical_json(content), JSON, headers)


async def answer_bytes(
    call: Call, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Answer with bytes and their tag, or with 304; the pull is written down: who, what, how much, which digest."""
    desk = call.services.monitoring
    assert desk is not None
    digest = sha256(body).hexdigest()
    tag = f'"{digest}"'
    is_known = is_current(call.request.headers.get("If-None-Match"), tag)
    await desk.publications.note_pull(
        call.caller.client_id,
        call.request.path_qs[:500],
        304 if is_known else 200,
        0 if is_known else len(body),
        digest,
        call.services.clock.now(),
    )
    all_headers = {**(headers or {}), "ETag": tag, "Cache-Control": "private"}
    if is_known:
        return call.answer_raw(304, None, media_type, all_headers)
    return call.answer_raw(200, body, media_type, all_headers)
