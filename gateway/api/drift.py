"""Endpoints about contract drift: how live replies of a system differ from what is known, and who has seen it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.api.systems import SystemName, require_system
from gateway.model.party import CLOSED
from gateway.ports.portal_services import DriftKind
from gateway.store.clients import Scope
from gateway.store.drift import MAX_KEPT, DriftLine, acknowledge_drift, list_drift


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftQuery:
    """Which differences are wanted."""

    __pydantic_config__ = CLOSED

    is_acknowledged: Annotated[bool | None, Field(description="Whether a person has seen it; both when left out.")] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftView:
    """One difference. `place` is a path of wire names; `example` tells form, not content."""

    drift_id: Annotated[int, Field(ge=1)]
    system: str
    operation: str
    kind: DriftKind
    place: str
    detail: str
    example: str
    sightings_count: Annotated[int, Field(ge=1, description="Replies in which it was seen.")]
    first_seen_at: datetime
    last_seen_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftList:
    """Differences, those that nobody has seen first, newest first."""

    drift: tuple[DriftView, ...]


def _view(line: DriftLine) -> DriftView:
    return DriftView(**asdict(line))


async def get_drift(call: Call) -> web.StreamResponse:
    """List differences."""
    system, query = await require_system(call), call.query
    lines = await list_drift(call.services.pool, system, is_acknowledged=query.is_acknowledged)
    return call.answer(200, DriftList(drift=tuple(_view(line) for line in lines)))


async def post_acknowledge(call: Call) -> web.StreamResponse:
    """Note that a person has seen a difference."""
    system, services = await require_system(call), call.services
    line = await acknowledge_drift(
        services.pool, system, call.path["drift_id"], who=call.caller.client_id, now=services.clock.now()
    )
    if line is None:
        raise Problem("drift-not-found")
    return call.answer(200, _view(line))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/systems/{system}/drift",
        operation_id="listDrift",
        tag="systems",
        summary="List how replies of a system differ from what is known of them",
        description=f"At most {MAX_KEPT}, each kind and place once. Examples are redacted.",
        scope=Scope.OPERATIONS_READ,
        handler=get_drift,
        path_parameters={"system": SystemName},
        query=DriftQuery,
        answers={200: Answer(description="Unseen ones first, newest first.", model=DriftList)},
        problems=("system-not-found",),
    ),
    Endpoint(
        method="POST",
        path="/v1/systems/{system}/drift/{drift_id}:acknowledge",
        operation_id="acknowledgeDrift",
        tag="systems",
        summary="Note that a difference was seen by a person",
        description="It is counted on. Who came first stays.",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_acknowledge,
        path_parameters={"system": SystemName, "drift_id": Annotated[int, Field(ge=1, le=2**62)]},
        answers={200: Answer(description="As it stands.", model=DriftView)},
        problems=("system-not-found", "drift-not-found"),
    ),
)
