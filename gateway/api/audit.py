"""The endpoint that shows who looked at whose data. To see it is written down as well."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import AuditCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.model.audit import AuditAction, ChainedLine
from gateway.model.party import CLOSED
from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR, VIETNAM, DossierCode
from gateway.ports.audit import LineFilter
from gateway.store.audit import PostgresAudit
from gateway.store.clients import Scope
from gateway.store.dossiers import EVERY_AGENCY

# Anything but nine or twelve digits: a citizen's number must not stand in an address.
Officer = Annotated[
    str,
    Field(
        pattern=r"^([0-9]{1,8}|[0-9]{10,11}|[0-9]{13,40}|[0-9]{0,20}[A-Za-z_][0-9A-Za-z._:@-]{0,99})$",
        description="As lines name them: the code as stated, or `digest:…`.",
    ),
]
Day = Annotated[
    date,
    Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31), description="In Vietnam.", examples=["2026-01-05"]),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuery:
    """Which lines are wanted."""

    __pydantic_config__ = CLOSED

    dossier_code: DossierCode | None = None
    officer: Officer | None = None
    client_id: Annotated[str | None, Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,49}$")] = None
    action: AuditAction | None = None
    day: Day | None = None
    cursor: AuditCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One look at personal data. Fields are named, never given; the subject is not shown."""

    position: Annotated[int, Field(ge=1)]
    at: datetime
    action: str
    stage: str
    correlation_id: str
    client_id: str
    officer: str
    agency_code: str
    procedure_code: str
    dossier_code: str
    purpose: str
    legal_basis: str
    consent_ref: str
    has_subject: bool
    fields_requested: tuple[str, ...]
    fields_released: tuple[str, ...]
    outcome: str
    upstream_code: str
    request_id: str
    edge: str
    latency_ms: int | None
    client_address: str
    gateway_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePage:
    """A page of lines, newest first."""

    lines: tuple[LineView, ...]
    next_cursor: str | None = None


_OWN = ("position", "correlation_id", "has_subject")
_SHOWN = tuple(name for name in LineView.__dataclass_fields__ if name not in _OWN)


def _view(chained: ChainedLine) -> LineView:
    line = chained.line
    return LineView(
        position=chained.position,
        correlation_id=str(line.correlation_id),
        has_subject=line.subject_digest is not None,
        **{name: getattr(line, name) for name in _SHOWN},
    )


def _day(day: date | None) -> tuple[datetime | None, datetime | None]:
    if day is None:
        return None, None
    begins = datetime.combine(day, time(), VIETNAM)
    return begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)


async def get_lines(call: Call) -> web.StreamResponse:
    """Give a page of lines, newest first, once it is written down that they were shown."""
    query: LineQuery = call.query
    prefixes = call.caller.agency_prefixes
    since, until = _day(query.day)
    wanted = LineFilter(
        prefixes=None if EVERY_AGENCY in prefixes else prefixes,
        dossier_code=query.dossier_code,
        officer=query.officer,
        client_id=query.client_id,
        action=None if query.action is None else query.action.value,
        since=since,
        until=until,
    )
    limit = page_count(call)
    # A cursor of 0 can only mean that nothing is left.
    before = None if query.cursor is None else max(1, read_number_cursor(query.cursor))
    lines = await PostgresAudit(call.services.pool).lines(wanted, before=before, limit=limit + 1)
    shown = lines[:limit]
    seen = Shown(action=AuditAction.AUDIT_READ, fields=(), purpose="audit", dossier_code=query.dossier_code or "")
    await note_look(call, seen)
    cursor = write_number_cursor("l", shown[-1].position) if len(lines) > limit else None
    return call.answer(200, LinePage(lines=tuple(_view(line) for line in shown), next_cursor=cursor))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/audit/lines",
        operation_id="listAuditLines",
        tag="audit",
        summary="List who looked at whose data",
        description=(
            "Lines of the client's agencies; those of no agency are shown to clients of all. Reading them leaves a "
            "line. The whole chain is verified and exported at the command line."
        ),
        scope=Scope.AUDIT_READ,
        handler=get_lines,
        query=LineQuery,
        answers={200: Answer(description="A page, newest first.", model=LinePage)},
    ),
)
