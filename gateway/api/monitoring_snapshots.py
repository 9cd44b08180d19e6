"""What was published: snapshots with their files and signed manifests, restatements, and the keys to verify with."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.monitoring import PATH, PULLED, TAG, answers_of
from gateway.api.monitoring_desk import MonitoringDesk
from gateway.api.monitoring_pulls import answer_bytes, answer_pull, check_province, desk_of
from gateway.api.monitoring_questions import PeriodLabel
from gateway.api.monitoring_views import Keys, ManifestView, Restatements, SnapshotLine, Snapshots
from gateway.api.payment_suspense import Officer
from gateway.api.preconditions import IF_NONE_MATCH
from gateway.api.problems import Problem
from gateway.errors import InvalidInput
from gateway.indicators.periods import Calendar, PeriodType, period_of
from gateway.indicators.restating import RestatementReason
from gateway.model.party import CLOSED
from gateway.monitoring.observations import StateAt
from gateway.monitoring.publications import Approval
from gateway.store.clients import Scope
from gateway.store.publications import StoredSnapshot

SNAPSHOT_ID = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{3,60}$", examples=["H99-2026M08-v2"])]
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotsQuery:
    """Which snapshots; `since` is the position of the last one that the caller has."""

    __pydantic_config__ = CLOSED

    period_type: PeriodType | None = None
    state_at: StateAt | None = None
    since: Annotated[int, Field(ge=0, le=10**15)] = 0
    cursor: Annotated[str | None, Field(pattern=r"^p[0-9]{1,15}$")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvQuery:
    """Whether a byte order mark goes before the file, for spreadsheets."""

    __pydantic_config__ = CLOSED

    bom: Annotated[int, Field(ge=0, le=1)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestatementsQuery:
    """Which restatements."""

    __pydantic_config__ = CLOSED

    since: Annotated[int, Field(ge=0, le=10**15, description="Only of publications after this position.")] = 0
    cursor: Annotated[str | None, Field(pattern=r"^e[0-9]{1,15}$")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalBody:
    """A person's word that final figures are published anew, and why."""

    __pydantic_config__ = CLOSED

    period_type: PeriodType
    period: PeriodLabel
    calendar: Calendar = Calendar.GREGORIAN
    state_at: StateAt = StateAt.AS_OF
    approver: Officer
    reasons: Annotated[tuple[RestatementReason, ...], Field(min_length=1, max_length=8)] = field()


async def get_snapshots(call: Call) -> web.StreamResponse:
    """List snapshots in the order of their publication."""
    desk, query = desk_of(call), call.query
    after = max(query.since, int(query.cursor[1:]) if query.cursor else 0)
    kind = None if query.period_type is None else query.period_type.value
    state_at = None if query.state_at is None else query.state_at.value
    found = await desk.publications.snapshots(period_type=kind, state_at=state_at, after=after, limit=query.limit)
    more = f"p{found[-1].position}" if len(found) == query.limit else None
    return await answer_pull(call, {"snapshots": [_line(one) for one in found], "next_cursor": more})


async def get_snapshot(call: Call) -> web.StreamResponse:
    """Give one snapshot's head."""
    return await answer_pull(call, _line(await found_snapshot(call, desk_of(call))))


async def get_manifest(call: Call) -> web.StreamResponse:
    """Give a snapshot's manifest with its signature."""
    found = await found_snapshot(call, desk_of(call))
    return await answer_pull(call, {"manifest": json.loads(found.manifest), "signature": found.signature})


async def get_file(call: Call) -> web.StreamResponse:
    """Give a file of a snapshot, byte for byte as it was signed."""
    desk = desk_of(call)
    name = call.request.path.rpartition("/")[2]
    found = await desk.publications.file(call.path["snapshot_id"], name)
    if found is None:
        raise Problem("snapshot-not-found")
    has_mark = isinstance(call.query, CsvQuery) and bool(call.query.bom)
    return await answer_bytes(call, _MARK + found.body if has_mark else found.body, found.media_type)


async def get_restatements(call: Call) -> web.StreamResponse:
    """List what changed between versions, with reasons and dossiers counted."""
    desk, query = desk_of(call), call.query
    after = int(query.cursor[1:]) if query.cursor else 0
    found = await desk.publications.restatements(since=query.since, after=after, limit=query.limit)
    more = f"e{found[-1][0]}" if len(found) == query.limit else None
    return await answer_pull(call, {"restatements": [dict(one) for _, one in found], "next_cursor": more})


async def get_keys(call: Call) -> web.StreamResponse:
    """Give the keys to verify manifests with."""
    desk = desk_of(call)
    return await answer_pull(call, {"keys": [dict(key) for key in _signer(desk).public_keys()]})


async def get_owed(call: Call) -> web.StreamResponse:
    """List periods whose final figures have changed and wait for a person."""
    owed = await desk_of(call).publications.owed()
    return call.answer(200, {"items": owed})


async def post_approval(call: Call) -> web.StreamResponse:
    """Publish final figures anew."""
    desk, body = desk_of(call), call.body
    if desk.publisher is None:
        raise Problem("nothing-published")
    check_province(call, desk)
    try:
        period = period_of(body.period_type, body.period, body.calendar)
    except InvalidInput as error:
        raise Problem("invalid-content", error.message, faults=error.faults) from None
    approval = Approval(approver=body.approver, reasons=body.reasons)
    published = await desk.publisher.restate(period, approval, body.state_at)
    found = await desk.publications.snapshot(published)
    assert found is not None
    return call.answer(201, _line(found))


async def found_snapshot(call: Call, desk: MonitoringDesk) -> StoredSnapshot:
    """Give the snapshot that the path names. Raises Problem (`snapshot-not-found`)."""
    found = await desk.publications.snapshot(call.path["snapshot_id"])
    if found is None:
        raise Problem("snapshot-not-found")
    return found


def _signer(desk: MonitoringDesk) -> Any:
    if desk.signer is None:
        raise Problem("nothing-published")
    return desk.signer


def _line(one: StoredSnapshot) -> dict[str, Any]:
    return {**one.head, "position": one.position, "manifest_sha256": one.manifest_sha256}


_ONE = {"snapshot_id": SNAPSHOT_ID}
_PROBLEMS = ("no-indicators", "pulls-too-fast", "snapshot-not-found")
_SNAPSHOT = f"{PATH}/snapshots/{{snapshot_id}}"


def _file(name: str, operation_id: str, summary: str, media_type: str, query: Any = None) -> Endpoint:
    return Endpoint(
        method="GET",
        path=f"{_SNAPSHOT}/{name}",
        operation_id=operation_id,
        tag="monitoring",
        summary=summary,
        scope=Scope.MONITORING_READ,
        handler=get_file,
        path_parameters=_ONE,
        query=query,
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer(description="The file, as it was signed.", media_type=media_type, headers=(TAG,)),
            304: Answer(description="What the caller has is still right.", headers=(TAG,)),
        },
        problems=_PROBLEMS,
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{PATH}/snapshots",
        operation_id="listSnapshots",
        tag="monitoring",
        summary="List what was published",
        scope=Scope.MONITORING_READ,
        handler=get_snapshots,
        query=SnapshotsQuery,
        answers=answers_of("The snapshots.", Snapshots),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=_SNAPSHOT,
        operation_id="getSnapshot",
        tag="monitoring",
        summary="See one snapshot",
        scope=Scope.MONITORING_READ,
        handler=get_snapshot,
        path_parameters=_ONE,
        headers=(IF_NONE_MATCH,),
        answers=answers_of("Its head.", SnapshotLine),
        problems=_PROBLEMS,
    ),
    Endpoint(
        method="GET",
        path=f"{_SNAPSHOT}/manifest",
        operation_id="getManifest",
        tag="monitoring",
        summary="Take a snapshot's manifest",
        scope=Scope.MONITORING_READ,
        handler=get_manifest,
        path_parameters=_ONE,
        headers=(IF_NONE_MATCH,),
        answers=answers_of("The manifest and its signature.", ManifestView),
        problems=_PROBLEMS,
    ),
    _file("data.json", "getSnapshotJson", "Take a snapshot as JSON", "application/json"),
    _file("data.jsonl", "getSnapshotLines", "Take a snapshot as JSON lines", "application/x-ndjson"),
    _file("data.csv", "getSnapshotCsv", "Take a snapshot as CSV", "text/csv", CsvQuery),
    Endpoint(
        method="GET",
        path=f"{PATH}/restatements",
        operation_id="listRestatements",
        tag="monitoring",
        summary="List what changed between versions",
        scope=Scope.MONITORING_READ,
        handler=get_restatements,
        query=RestatementsQuery,
        answers=answers_of("The restatements.", Restatements),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/restatements/owed",
        operation_id="listOwedRestatements",
        tag="monitoring",
        summary="List final figures that have changed and wait for a person",
        scope=Scope.MONITORING_RESTATE,
        handler=get_owed,
        answers={200: Answer(description="The periods.", model=dict[str, Any])},
        problems=("no-indicators", "pulls-too-fast"),
    ),
    Endpoint(
        method="POST",
        path=f"{PATH}/restatements:approve",
        operation_id="approveRestatement",
        tag="monitoring",
        summary="Publish final figures anew",
        scope=Scope.MONITORING_RESTATE,
        handler=post_approval,
        body=ApprovalBody,
        answers={201: Answer(description="The new snapshot.", model=SnapshotLine)},
        problems=("no-indicators", "pulls-too-fast", "other-agency", "nothing-published"),
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/jwks.json",
        operation_id="listMonitoringKeys",
        tag="monitoring",
        summary="Read the keys to verify manifests with",
        scope=Scope.MONITORING_READ,
        handler=get_keys,
        headers=(IF_NONE_MATCH,),
        answers=answers_of("The keys.", Keys),
        problems=("no-indicators", "pulls-too-fast", "nothing-published"),
    ),
)
