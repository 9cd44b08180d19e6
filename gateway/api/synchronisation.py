"""Endpoints for reading the procedure catalogue on demand, and for watching it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.model.party import CLOSED
from gateway.model.vocabulary import ProcedureCode
from gateway.store.clients import Scope
from gateway.store.procedure_runs import MAX_WAITING_RUNS, ProcedureRuns, TooManyWaitingRuns
from gateway.sync.listings import ListFinding, ListRule
from gateway.sync.procedure_runs import ProcedureRun, RunOrigin, RunState

RunId = Annotated[int, Field(ge=1, le=2**62)]
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchroniseBody:
    """What is to be read: the procedures that are named, or the whole catalogue when `codes` is left out."""

    __pydantic_config__ = CLOSED

    codes: Annotated[tuple[ProcedureCode, ...] | None, Field(min_length=1, max_length=500)] = None
    accepts_short_list: Annotated[
        bool,
        Field(
            strict=True, description="Believe the list however much of what is known it lacks; for the whole catalogue."
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFindingView:
    """Something that is wrong with a list. `row` counts from 1 in the order of the answer; 0 is the list itself."""

    rule: ListRule
    row: _Count
    code: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A reading of the catalogue: what there is to do and what was done, in counts of procedures.

    `skipped_count` are those that the list marks as unchanged, `absent_count` those that the portal says it does not
    have. `is_held`: the list was too short to be believed, so nothing was retired. At most 200 findings are shown.
    """

    run_id: RunId
    origin: RunOrigin
    state: RunState
    codes: tuple[str, ...] | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    listed_count: _Count
    to_read_count: _Count
    read_count: _Count
    created_count: _Count
    changed_count: _Count
    restored_count: _Count
    unchanged_count: _Count
    skipped_count: _Count
    retired_count: _Count
    absent_count: _Count
    failed_count: _Count
    is_held: bool
    findings_count: _Count
    findings: tuple[ListFindingView, ...]
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which run is wanted."""

    __pydantic_config__ = CLOSED

    run_id: Annotated[
        RunId | None, Field(description="When left out: the one under way, else the first that waits, else the last.")
    ] = None


def finding_views(findings: tuple[ListFinding, ...]) -> tuple[ListFindingView, ...]:
    """Show findings as they are kept."""
    return tuple(ListFindingView(**asdict(finding)) for finding in findings)


def synced_system(call: Call) -> str:
    """Give the system whose catalogues are kept. Raises Problem no-portal."""
    system = call.services.synced_system
    if system is None:
        raise Problem("no-portal")
    return system


def _view(run: ProcedureRun) -> RunView:
    return RunView(
        run_id=run.run_id,
        origin=run.origin,
        state=run.state,
        codes=run.codes,
        requested_at=run.requested_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        listed_count=run.listed_count,
        to_read_count=run.to_read_count,
        skipped_count=run.skipped_count,
        is_held=run.is_held,
        findings_count=run.findings_count,
        findings=finding_views(run.findings),
        failure=run.failure,
        **asdict(run.counts),
    )


async def post_synchronise(call: Call) -> web.StreamResponse:
    """Ask a worker to read the catalogue."""
    body: SynchroniseBody = call.body
    services, system = call.services, synced_system(call)
    try:
        run = await ProcedureRuns(services.pool).request(
            system, body.codes, accepts_short_list=body.accepts_short_list, now=services.clock.now()
        )
    except TooManyWaitingRuns:
        raise Problem("too-many-readings") from None
    return call.answer(202, _view(run))


async def get_synchronisation(call: Call) -> web.StreamResponse:
    """Tell how far a reading has come."""
    run = await ProcedureRuns(call.services.pool).find(synced_system(call), call.query.run_id)
    if run is None:
        raise Problem("reading-not-found")
    return call.answer(200, _view(run))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/procedures:synchronise",
        operation_id="synchroniseProcedures",
        tag="procedures",
        summary="Read procedures from the portal now",
        description="A worker does it next. What is asked for and waits already is not asked for twice; at most "
        f"{MAX_WAITING_RUNS} readings wait.",
        scope=Scope.CATALOGUES_SYNC,
        handler=post_synchronise,
        body=SynchroniseBody,
        answers={202: Answer(description="It waits for a worker.", model=RunView)},
        problems=("no-portal", "too-many-readings"),
    ),
    Endpoint(
        method="GET",
        path="/v1/procedures/synchronisation",
        operation_id="getSynchronisation",
        tag="procedures",
        summary="Tell how far the reading of procedures has come",
        scope=Scope.PROCEDURES_READ,
        handler=get_synchronisation,
        query=RunQuery,
        answers={200: Answer(description="The run.", model=RunView)},
        problems=("no-portal", "reading-not-found"),
    ),
)
