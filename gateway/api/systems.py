"""Endpoints about national systems: whether they are called, announced outages, an operator's pause."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.engine.gates import SystemGate
from gateway.errors import InvalidInput
from gateway.model.party import CLOSED
from gateway.model.vocabulary import Instant, ShortText
from gateway.store.clients import Scope
from gateway.store.gates import (
    OutageLine,
    PostgresGates,
    announce_outage,
    knows_system,
    list_outages,
    pause_system,
    read_pause,
    remove_outage,
    resume_system,
)
from gateway.sync.calendar import Hold
from gateway.sync.release import ReleasePolicy

SystemName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["portal"])]
ReasonCode = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{1,49}$", examples=["portal_restored"], description="A code, no free text.")
]
# Strict: a 0 that is read as false would act where somebody only wanted to look.
DryRun = Annotated[
    bool, Field(strict=True, description="Only tell what would be done; nothing is changed unless this is false.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseBody:
    """Why a system is to be left alone."""

    __pydantic_config__ = CLOSED

    reason: ReasonCode
    dry_run: DryRun = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeBody:
    """Whether a paused system is really to be called again."""

    __pydantic_config__ = CLOSED

    dry_run: DryRun = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageBody:
    """An announced outage, from `starts_at` until just before `ends_at`."""

    __pydantic_config__ = CLOSED

    starts_at: Instant
    ends_at: Instant
    note: Annotated[ShortText, Field(description="What was announced; never a person's data.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageView:
    """An announced outage."""

    outage_id: Annotated[int, Field(ge=1)]
    system: str
    starts_at: datetime
    ends_at: datetime
    note: str
    announced_by: str
    announced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageList:
    """Outages that are not over, in the order of their beginning."""

    outages: tuple[OutageView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """Whether a system is called, and what will change that."""

    system: str
    is_open: bool
    hold: Annotated[Hold | None, Field(description="Why it is not called.")]
    opens_at: Annotated[datetime | None, Field(description="The next opening; null when open, or when nobody knows.")]
    closes_at: Annotated[
        datetime | None, Field(description="The next closing; null when closed, or when there is none.")
    ]
    released_share: Annotated[float, Field(ge=0, le=1, description="Share of the full rate.")]
    paused_at: datetime | None
    paused_by: str
    pause_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAnswer:
    """What was done, or would be. `is_changed` is false when the system stood so already."""

    is_dry_run: bool
    is_changed: bool
    waiting_count: Annotated[int, Field(ge=0, description="Deliveries that wait for the system now.")]
    standing: StandingView


async def require_system(call: Call) -> str:
    """Give the system of the path. Raises Problem when this installation was never configured for it."""
    system: str = call.path["system"]
    if not await knows_system(call.services.pool, system):
        raise Problem("system-not-found")
    return system


async def _standing(call: Call, system: str) -> StandingView:
    services = call.services
    gate = services.gates.get(system) or SystemGate(
        PostgresGates(services.pool), system, policy=ReleasePolicy(), clock=services.clock
    )
    standing, pause = await gate.standing(), await read_pause(services.pool, system)
    return StandingView(
        system=system,
        is_open=standing.is_open,
        hold=standing.hold,
        opens_at=standing.opens_at,
        closes_at=standing.closes_at,
        released_share=round(await gate.released_share(), 4),
        paused_at=pause.paused_at,
        paused_by=pause.paused_by,
        pause_reason=pause.reason,
    )


async def get_standing(call: Call) -> web.StreamResponse:
    """Tell whether a system is called."""
    return call.answer(200, await _standing(call, await require_system(call)))


async def post_pause(call: Call) -> web.StreamResponse:
    """Hold a system."""
    system, body, services = await require_system(call), call.body, call.services
    before = await pause_system(
        services.pool,
        system,
        who=call.caller.client_id,
        reason=body.reason,
        now=services.clock.now(),
        is_dry_run=body.dry_run,
    )
    return await _paused(call, system, is_changed=before.paused_at is None)


async def post_resume(call: Call) -> web.StreamResponse:
    """Call a paused system again."""
    system, services = await require_system(call), call.services
    before = await resume_system(
        services.pool,
        system,
        who=call.caller.client_id,
        now=services.clock.now(),
        is_dry_run=call.body.dry_run,
    )
    return await _paused(call, system, is_changed=before.paused_at is not None)


async def _paused(call: Call, system: str, *, is_changed: bool) -> web.StreamResponse:
    answer = PauseAnswer(
        is_dry_run=call.body.dry_run,
        is_changed=is_changed,
        waiting_count=await PostgresGates(call.services.pool).waiting_count(system),
        standing=await _standing(call, system),
    )
    return call.answer(200, answer)


def _view(line: OutageLine) -> OutageView:
    return OutageView(**asdict(line))


async def get_outages(call: Call) -> web.StreamResponse:
    """List announced outages."""
    system, services = await require_system(call), call.services
    lines = await list_outages(services.pool, system, since=services.clock.now())
    return call.answer(200, OutageList(outages=tuple(_view(line) for line in lines)))


async def post_outage(call: Call) -> web.StreamResponse:
    """Announce an outage."""
    system, body, services = await require_system(call), call.body, call.services
    try:
        line, is_new = await announce_outage(
            services.pool,
            system,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            note=body.note,
            who=call.caller.client_id,
            now=services.clock.now(),
        )
    except InvalidInput as error:
        raise Problem("impossible-dates", faults=error.faults) from None
    return call.answer(201 if is_new else 200, _view(line))


async def delete_outage(call: Call) -> web.StreamResponse:
    """Take an outage back."""
    system, services = await require_system(call), call.services
    line = await remove_outage(
        services.pool, system, call.path["outage_id"], who=call.caller.client_id, now=services.clock.now()
    )
    if line is None:
        raise Problem("outage-not-found")
    return call.answer(200, _view(line))


_SYSTEM = {"system": SystemName}

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/systems/{system}/standing",
        operation_id="getStanding",
        tag="systems",
        summary="Is a national system called now?",
        description="By its calendar, announced outages and an operator's pause; how it answers is at /readyz.",
        scope=Scope.OPERATIONS_READ,
        handler=get_standing,
        path_parameters=_SYSTEM,
        answers={200: Answer(description="How it stands.", model=StandingView)},
        problems=("system-not-found",),
    ),
    Endpoint(
        method="POST",
        path="/v1/systems/{system}:pause",
        operation_id="pauseSystem",
        tag="systems",
        summary="Leave a system alone until somebody resumes it",
        description="Nothing is sent, no attempt is counted; changes are accepted and wait.",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_pause,
        path_parameters=_SYSTEM,
        body=PauseBody,
        answers={200: Answer(description="What was done, or would be.", model=PauseAnswer)},
        problems=("system-not-found",),
    ),
    Endpoint(
        method="POST",
        path="/v1/systems/{system}:resume",
        operation_id="resumeSystem",
        tag="systems",
        summary="Call a paused system again, gently at first",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_resume,
        path_parameters=_SYSTEM,
        body=ResumeBody,
        answers={200: Answer(description="What was done, or would be.", model=PauseAnswer)},
        problems=("system-not-found",),
    ),
    Endpoint(
        method="GET",
        path="/v1/systems/{system}/outages",
        operation_id="listOutages",
        tag="systems",
        summary="List announced outages that are not over",
        scope=Scope.OPERATIONS_READ,
        handler=get_outages,
        path_parameters=_SYSTEM,
        answers={200: Answer(description="In the order of their beginning.", model=OutageList)},
        problems=("system-not-found",),
    ),
    Endpoint(
        method="POST",
        path="/v1/systems/{system}/outages",
        operation_id="announceOutage",
        tag="systems",
        summary="Announce an outage: the system is not called while it lasts",
        description="The same stretch announced again is the same outage.",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_outage,
        path_parameters=_SYSTEM,
        body=OutageBody,
        answers={
            201: Answer(description="Announced.", model=OutageView),
            200: Answer(description="It was announced before.", model=OutageView),
        },
        problems=("system-not-found", "impossible-dates"),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/systems/{system}/outages/{outage_id}",
        operation_id="removeOutage",
        tag="systems",
        summary="Take an outage back; one that has begun ends now",
        scope=Scope.OPERATIONS_WRITE,
        handler=delete_outage,
        path_parameters={**_SYSTEM, "outage_id": Annotated[int, Field(ge=1, le=2**62)]},
        answers={200: Answer(description="As it was announced.", model=OutageView)},
        problems=("system-not-found", "outage-not-found"),
    ),
)
