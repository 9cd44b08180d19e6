"""Endpoints for comparing the two sides: begin, watch, cancel, and what was found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import FindingCursor, RunCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, about_dossier, field_names, note_look
from gateway.api.problems import Problem
from gateway.engine.reconciliation import open_values
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED
from gateway.model.reconciliation import DifferenceKind, FindingState, RunMode, RunPhase, RunState
from gateway.store.clients import Scope
from gateway.store.reconciliation import (
    FindingLine,
    PostgresRuns,
    RunLine,
    cancel_run,
    dismiss_finding,
    list_findings,
    list_runs,
)

_NEWEST = 2**62
RunId = Annotated[int, Field(ge=1, le=10**15)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What to compare. A dry run classifies, leaves every difference to a person, and sends nothing."""

    __pydantic_config__ = CLOSED

    mode: RunMode = RunMode.INCREMENTAL
    is_dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run. `counts` has the dossiers compared and equal, those passed over by reason, differences by kind, and what
    became of repairs."""

    run_id: int
    system: str
    mode: RunMode
    state: RunState
    phase: RunPhase
    is_dry: bool
    since: datetime | None
    requested_by: str
    started_at: datetime
    progressed_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """A page of runs, newest first."""

    runs: tuple[RunView, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A difference, by the names of its fields."""

    finding_id: int
    system: str
    dossier_code: str
    kind: DifferenceKind
    fields: tuple[str, ...]
    state: FindingState
    run_id: int
    found_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesView:
    """Both values of a field, as the wire writes them. May be personal data."""

    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDetail(FindingView):
    """A difference with both values of each field."""

    values: tuple[ValuesView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """A page of differences."""

    findings: tuple[FindingView, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs are wanted."""

    __pydantic_config__ = CLOSED

    cursor: RunCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingQuery:
    """Which differences are wanted."""

    __pydantic_config__ = CLOSED

    state: FindingState | None = None
    kind: DifferenceKind | None = None
    run_id: RunId | None = None
    cursor: FindingCursor | None = None
    limit: PageCount | None = None


def _run_view(line: RunLine) -> RunView:
    return RunView(**{name: getattr(line, name) for name in RunView.__dataclass_fields__})


def _finding_view(line: FindingLine) -> FindingView:
    return FindingView(**{name: getattr(line, name) for name in FindingView.__dataclass_fields__})


async def post_run(call: Call) -> web.StreamResponse:
    """Begin a run; a worker takes it up within seconds."""
    services, request = call.services, call.body
    if services.reconciled_system is None:
        raise Problem("no-portal")
    run_id = await PostgresRuns(services.pool).begin(
        services.reconciled_system,
        request.mode,
        phase=RunPhase.LISTING,
        is_dry=request.is_dry,
        requested_by=call.caller.client_id,
        now=services.clock.now(),
    )
    if run_id is None:
        raise Problem("run-under-way")
    [line] = await list_runs(services.pool, before=_NEWEST, run_id=run_id, limit=1)
    return call.answer(202, _run_view(line), {"Location": f"/v1/reconciliations/{run_id}"})


async def get_runs(call: Call) -> web.StreamResponse:
    """Give a page of runs, newest first."""
    limit = page_count(call)
    before = read_number_cursor(call.query.cursor) or _NEWEST
    lines = await list_runs(call.services.pool, before=before, limit=limit + 1)
    shown = lines[:limit]
    cursor = write_number_cursor("r", shown[-1].run_id) if len(lines) > limit else None
    return call.answer(200, RunPage(runs=tuple(_run_view(line) for line in shown), next_cursor=cursor))


async def get_run(call: Call) -> web.StreamResponse:
    """Give one run with its counts."""
    lines = await list_runs(call.services.pool, before=_NEWEST, run_id=call.path["run_id"], limit=1)
    if not lines:
        raise Problem("run-not-found")
    return call.answer(200, _run_view(lines[0]))


async def post_cancel(call: Call) -> web.StreamResponse:
    """Cancel a run; what it repaired and found stays."""
    run_id, now = call.path["run_id"], call.services.clock.now()
    is_cancelled = await cancel_run(call.services.pool, run_id, now)
    lines = await list_runs(call.services.pool, before=_NEWEST, run_id=run_id, limit=1)
    if not lines or not (is_cancelled or lines[0].state is RunState.CANCELLED):
        raise Problem("run-not-found")
    return call.answer(200, _run_view(lines[0]))


async def get_findings(call: Call) -> web.StreamResponse:
    """Give a page of differences of the caller's agencies, without values."""
    query: FindingQuery = call.query
    limit = page_count(call)
    lines = await list_findings(
        call.services.pool,
        prefixes=call.caller.agency_prefixes,
        state=query.state,
        kind=query.kind,
        run_id=query.run_id,
        after=read_number_cursor(query.cursor),
        limit=limit + 1,
    )
    shown = lines[:limit]
    cursor = write_number_cursor("f", shown[-1].finding_id) if len(lines) > limit else None
    return call.answer(200, FindingPage(findings=tuple(_finding_view(line) for line in shown), next_cursor=cursor))


async def get_finding(call: Call) -> web.StreamResponse:
    """Give one difference with both values."""
    line = await _finding(call)
    values: tuple[ValuesView, ...] = ()
    if line.wrapped_key is not None and line.sealed is not None:
        opened = open_values(call.services.key_ring, line.system, line.dossier_code, line.wrapped_key, line.sealed)
        values = tuple(ValuesView(field=value.name, ours=value.ours, theirs=value.theirs) for value in opened)
        about = await about_dossier(call, line.dossier_code)
        seen = Shown(
            action=AuditAction.FINDING_READ,
            fields=field_names(value.field for value in values),
            purpose="reconciliation",
            agency_code=about.agency_code,
            procedure_code=about.procedure_code,
            dossier_code=line.dossier_code,
        )
        await note_look(call, seen, digests=about.digests)
    shown = {name: getattr(line, name) for name in FindingView.__dataclass_fields__}
    return call.answer(200, FindingDetail(**shown, values=values))


async def post_dismiss(call: Call) -> web.StreamResponse:
    """Settle a parked difference as a person decided."""
    line = await _finding(call)
    if not await dismiss_finding(call.services.pool, line.finding_id, call.services.clock.now()):
        raise Problem("finding-not-found")
    return call.answer(200, _finding_view(await _finding(call)))


async def _finding(call: Call) -> FindingLine:
    finding_id: int = call.path["finding_id"]
    lines = await list_findings(
        call.services.pool,
        prefixes=call.caller.agency_prefixes,
        state=None,
        kind=None,
        run_id=None,
        after=finding_id - 1,
        limit=1,
    )
    if not lines or lines[0].finding_id != finding_id:
        raise Problem("finding-not-found")
    return lines[0]


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/reconciliations",
        operation_id="beginReconciliation",
        tag="reconciliation",
        summary="Compare both sides",
        description=(
            "Compares what the province stated with what the portal holds, record by record. What the province owns is "
            "sent again through the ordinary queue; everything else is left to a person with both values."
        ),
        scope=Scope.OPERATIONS_WRITE,
        handler=post_run,
        body=RunRequest,
        answers={202: Answer(description="The run, to be taken up by a worker.", model=RunView)},
        problems=("no-portal", "run-under-way"),
    ),
    Endpoint(
        method="GET",
        path="/v1/reconciliations",
        operation_id="listReconciliations",
        tag="reconciliation",
        summary="List runs",
        scope=Scope.OPERATIONS_READ,
        handler=get_runs,
        query=RunQuery,
        answers={200: Answer(description="A page, newest first.", model=RunPage)},
    ),
    Endpoint(
        method="GET",
        path="/v1/reconciliations/{run_id}",
        operation_id="getReconciliation",
        tag="reconciliation",
        summary="Read a run",
        scope=Scope.OPERATIONS_READ,
        handler=get_run,
        path_parameters={"run_id": RunId},
        answers={200: Answer(description="The run.", model=RunView)},
        problems=("run-not-found",),
    ),
    Endpoint(
        method="POST",
        path="/v1/reconciliations/{run_id}:cancel",
        operation_id="cancelReconciliation",
        tag="reconciliation",
        summary="Cancel a run",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_cancel,
        path_parameters={"run_id": RunId},
        answers={200: Answer(description="The run as it stands.", model=RunView)},
        problems=("run-not-found",),
    ),
    Endpoint(
        method="GET",
        path="/v1/findings",
        operation_id="listFindings",
        tag="reconciliation",
        summary="List differences",
        description="Differences of dossiers of the client's agencies; what is not here is shown to clients of all.",
        scope=Scope.OPERATIONS_READ,
        handler=get_findings,
        query=FindingQuery,
        answers={200: Answer(description="A page, by number.", model=FindingPage)},
    ),
    Endpoint(
        method="GET",
        path="/v1/findings/{finding_id}",
        operation_id="getFinding",
        tag="reconciliation",
        summary="Read a difference with both values",
        scope=Scope.DOSSIERS_READ,
        handler=get_finding,
        path_parameters={"finding_id": RunId},
        answers={200: Answer(description="The difference.", model=FindingDetail)},
        problems=("finding-not-found",),
    ),
    Endpoint(
        method="POST",
        path="/v1/findings/{finding_id}:dismiss",
        operation_id="dismissFinding",
        tag="reconciliation",
        summary="Settle a difference as a person decided",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_dismiss,
        path_parameters={"finding_id": RunId},
        answers={200: Answer(description="The difference as it stands.", model=FindingView)},
        problems=("finding-not-found",),
    ),
)
