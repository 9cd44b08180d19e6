"""Endpoints for dossiers that citizens filed on the national portal, beside those that serve every dossier."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import ApplicationCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import CODE, PageCount, page_count, require_agency
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, about_dossier, asked_look, note_look
from gateway.api.national_desk import NationalDesk
from gateway.api.problems import Problem
from gateway.engine.inbox import SealedMessage, open_message
from gateway.errors import InvalidInput, RemoteError, Unmapped
from gateway.model.audit import AuditAction
from gateway.model.dossier import Origin
from gateway.model.file_kinds import media_type_of
from gateway.model.party import CLOSED
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import DossierCode
from gateway.ports.inbound import InboundKind, InboundNotice, InboundOutcome, Malformed
from gateway.store.applications import SealedMessageLine, find_message, list_applications, list_messages
from gateway.store.clients import Scope
from gateway.store.dossiers import EVERY_AGENCY, find_standing

_MAX_MESSAGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSummary:
    """A nationally filed dossier. `waiting_since` is null once the province has answered what the citizen said last."""

    code: str
    procedure_code: str
    receiving_agency_code: str
    handling_agency_code: str
    status: DossierStatus
    submitted_at: datetime
    revision: int
    waiting_since: datetime | None
    filed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPage:
    """A page of applications."""

    applications: tuple[ApplicationSummary, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationQuery:
    """Which applications are wanted."""

    __pydantic_config__ = CLOSED

    is_waiting: Annotated[bool | None, Field(description="Only those that wait for the province, or that do not.")] = (
        None
    )
    cursor: ApplicationCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMessage:
    """A message of the portal about a dossier."""

    message_id: str
    received_at: datetime
    kind: InboundKind
    outcome: InboundOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFile:
    """A file that came with a message, or that it names by path; its size is known of the former only."""

    file_id: str
    name: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMessageDetail(ApplicationMessage):
    """A message with its content. `original` is its body as it came, in the portal's own words: personal data.
    It is empty where the message speaks of further dossiers and the client is not one of all agencies."""

    files: tuple[ApplicationFile, ...]
    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMessages:
    """Everything that the portal said about a dossier, oldest first."""

    messages: tuple[ApplicationMessage, ...]


async def get_applications(call: Call) -> web.StreamResponse:
    """Give a page of nationally filed dossiers."""
    query: ApplicationQuery = call.query
    limit = page_count(call)
    lines = await list_applications(
        call.services.pool,
        prefixes=call.caller.agency_prefixes,
        is_waiting=query.is_waiting,
        after=read_number_cursor(query.cursor),
        limit=limit + 1,
    )
    shown = lines[:limit]
    cursor = write_number_cursor("a", shown[-1].dossier_id) if len(lines) > limit else None
    summaries = tuple(
        ApplicationSummary(
            code=line.code,
            procedure_code=line.procedure_code,
            receiving_agency_code=line.receiving_agency_code,
            handling_agency_code=line.handling_agency_code,
            status=line.status,
            submitted_at=line.submitted_at,
            revision=line.revision,
            waiting_since=line.waiting_since,
            filed_at=line.created_at,
        )
        for line in shown
    )
    return call.answer(200, ApplicationPage(applications=summaries, next_cursor=cursor))


async def get_messages(call: Call) -> web.StreamResponse:
    """Give the messages about a dossier, without their content."""
    kinds = await _shown_kinds(call)
    lines = await list_messages(call.services.pool, call.path["code"], limit=_MAX_MESSAGES)
    messages = tuple(
        ApplicationMessage(
            message_id=line.message_id,
            received_at=line.received_at,
            kind=InboundKind(line.kind),
            outcome=InboundOutcome(line.outcome),
        )
        for line in lines
        if line.kind in kinds
    )
    return call.answer(200, ApplicationMessages(messages=messages))


async def get_message(call: Call) -> web.StreamResponse:
    """Give one message, opened."""
    line = await _find_message(call, call.path["message_id"], "message-not-found")
    sealed, kind, desk = _opened(call, line), InboundKind(line.kind), call.services.national
    body = sealed.body
    files = [] if desk is None else desk.translator.files(kind, body)
    detail = ApplicationMessageDetail(
        message_id=line.message_id,
        received_at=line.received_at,
        kind=kind,
        outcome=InboundOutcome(line.outcome),
        files=tuple(
            ApplicationFile(
                file_id=f"{line.message_id}-{place}",
                name=file.name,
                size_bytes=None if file.content is None else len(file.content),
            )
            for place, file in enumerate(files)
        ),
        original=body.decode("utf-8", "replace") if _may_read_whole(call, sealed) else "",
    )
    await _note(call, AuditAction.MESSAGE_READ, ("message",))
    return call.answer(200, detail)


async def get_file(call: Call) -> web.StreamResponse:
    """Give a file that came with a message, or that the portal gives out by path."""
    services = call.services
    message_id, _, place = call.path["file_id"].rpartition("-")
    line = await _find_message(call, message_id, "file-not-found")
    if services.national is None:
        raise Problem("file-not-found")
    files = services.national.translator.files(InboundKind(line.kind), _opened(call, line).body)
    if int(place) >= len(files):
        raise Problem("file-not-found")
    file = files[int(place)]
    content = file.content
    if content is None:
        content = await _fetched(call, services.national, file.path)
    else:
        await _note(call, AuditAction.FILE_READ, ("file",))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return call.answer_raw(200, content, media_type_of(file.name), headers)


async def _fetched(call: Call, desk: NationalDesk, path: str) -> bytes:
    """Have the portal give a file out, between two lines. Raises Problem, StoreUnavailable and AuditBroken."""
    fetch = desk.fetch_file
    if fetch is None:
        raise Problem("file-source-unavailable", "No portal is configured that gives the file out.")
    shown, digests = await _look_of(call, AuditAction.FILE_READ, ("file",))
    try:
        return await asked_look(
            call,
            shown,
            lambda: fetch(path),
            outcome_of=lambda _: "read",
            digest=next(iter(digests), None),
        )
    except RemoteError as error:
        raise Problem("file-source-unavailable", "The portal does not give the file.") from error


async def _note(call: Call, action: AuditAction, fields: tuple[str, ...]) -> None:
    shown, digests = await _look_of(call, action, fields)
    await note_look(call, shown, digests=digests)


async def _look_of(call: Call, action: AuditAction, fields: tuple[str, ...]) -> tuple[Shown, tuple[bytes, ...]]:
    code = call.path["code"]
    about = await about_dossier(call, code)
    shown = Shown(
        action=action,
        fields=fields,
        purpose="application",
        agency_code=about.agency_code,
        procedure_code=about.procedure_code,
        dossier_code=code,
    )
    return shown, about.digests


def _opened(call: Call, line: SealedMessageLine) -> SealedMessage:
    return open_message(call.services.key_ring, line.system, line.message_id, line.wrapped_key, line.sealed)


_NOTICES = frozenset({InboundKind.RECEIPT, InboundKind.TAX_NOTICE})


async def _shown_kinds(call: Call) -> frozenset[InboundKind]:
    """Give the kinds of messages that may be shown with a dossier.

    Of a dossier of the province's own only notices: whatever else came under its code is about a citizen's application,
    and whoever takes that code must not read it. Raises Problem.
    """
    found = await find_standing(call.services.pool, call.path["code"])
    if found is None:
        raise Problem("dossier-not-found")
    require_agency(call.caller, found.receiving_agency_code, found.handling_agency_code)
    return frozenset(InboundKind) if found.origin is Origin.NATIONAL_PORTAL else _NOTICES


async def _find_message(call: Call, message_id: str, problem: str) -> SealedMessageLine:
    kinds = await _shown_kinds(call)
    line = await find_message(call.services.pool, call.path["code"], message_id)
    if line is None or line.kind not in kinds:
        raise Problem(problem)
    return line


def _may_read_whole(call: Call, sealed: SealedMessage) -> bool:
    """Tell whether the caller may read a message: one that names several dossiers speaks of other people as well."""
    desk = call.services.national
    if desk is None or EVERY_AGENCY in call.caller.agency_prefixes:
        return desk is not None
    try:
        statement = desk.translator.read(sealed.path, sealed.body, at=call.services.clock.now())
    except (Malformed, InvalidInput, Unmapped):
        return False  # It may speak of others.
    return not isinstance(statement, InboundNotice) or len(statement.national_codes) == 1


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/applications",
        operation_id="listApplications",
        tag="applications",
        summary="List dossiers filed on the national portal",
        description="The dossiers themselves are read and answered like all others, at /v1/dossiers/{code}.",
        scope=Scope.DOSSIERS_READ,
        handler=get_applications,
        query=ApplicationQuery,
        answers={200: Answer(description="A page, in the order of arrival.", model=ApplicationPage)},
    ),
    Endpoint(
        method="GET",
        path="/v1/applications/{code}/messages",
        operation_id="listApplicationMessages",
        tag="applications",
        summary="List what the portal said about a dossier",
        scope=Scope.DOSSIERS_READ,
        handler=get_messages,
        path_parameters=CODE,
        answers={200: Answer(description="The messages.", model=ApplicationMessages)},
        problems=("dossier-not-found", "other-agency"),
    ),
    Endpoint(
        method="GET",
        path="/v1/applications/{code}/messages/{message_id}",
        operation_id="getApplicationMessage",
        tag="applications",
        summary="Read a message of the portal as it came",
        scope=Scope.DOSSIERS_READ,
        handler=get_message,
        path_parameters={"code": DossierCode, "message_id": Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]},
        answers={200: Answer(description="The message.", model=ApplicationMessageDetail)},
        problems=("message-not-found", "dossier-not-found", "other-agency"),
    ),
    Endpoint(
        method="GET",
        path="/v1/applications/{code}/files/{file_id}",
        operation_id="getApplicationFile",
        tag="applications",
        summary="Fetch a file that came with a message of the portal",
        scope=Scope.DOSSIERS_READ,
        handler=get_file,
        path_parameters={
            "code": DossierCode,
            "file_id": Annotated[str, Field(pattern=r"^[0-9a-f]{32}-[0-9]{1,3}$")],
        },
        answers={
            200: Answer(
                description="The file.",
                media_type="application/octet-stream",
                schema={"type": "string", "format": "binary"},
            )
        },
        problems=("file-not-found", "dossier-not-found", "other-agency", "file-source-unavailable"),
    ),
)
