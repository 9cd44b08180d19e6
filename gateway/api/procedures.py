"""Endpoints for the procedure catalogue."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import Field

from gateway.api.cursors import ProcedureCursor, read_text_cursor, write_text_cursor
from gateway.api.dossiers import PageCount, page_count
from gateway.api.endpoint import Answer, Call, Endpoint, Header
from gateway.api.preconditions import IF_NONE_MATCH, is_current
from gateway.api.problems import Problem
from gateway.api.representations import (
    ProcedureChangeList,
    ProcedureChangeView,
    ProcedurePage,
    ProcedureSummary,
    ProcedureView,
    VersionList,
    VersionView,
)
from gateway.model.party import CLOSED
from gateway.model.procedure import Procedure
from gateway.model.vocabulary import ProcedureCode
from gateway.store.clients import Scope
from gateway.store.procedure_reads import find_procedure, list_procedures, list_versions
from gateway.sync.procedure_changes import procedure_changes
from gateway.sync.procedure_duties import Obligation
from gateway.sync.procedure_sentences import Language, sentence

CODE = {"code": ProcedureCode}

CONTENT_ETAG = Header(
    name="ETag",
    description="The hash of the content in quotes; it changes with every version.",
    schema={"type": "string", "pattern": '^"[0-9a-f]+"$'},
    is_required=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureListQuery:
    """Which procedures are wanted."""

    __pydantic_config__ = CLOSED

    is_public: bool | None = None
    missing_obligation: Annotated[
        tuple[Obligation, ...] | None,
        Field(min_length=1, max_length=len(Obligation), description="Only those that lack at least one of these."),
    ] = None
    with_retired: Annotated[bool, Field(description="Also those that have left the catalogue.")] = False
    cursor: ProcedureCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureQuery:
    """Which version is wanted."""

    __pydantic_config__ = CLOSED

    version: Annotated[int | None, Field(ge=1, le=10**6, description="The present one when left out.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesQuery:
    """Where the comparison begins."""

    __pydantic_config__ = CLOSED

    since: Annotated[int | None, Field(ge=1, le=10**6, description="The version before when left out.")] = None


_procedures = msgspec.json.Decoder(Procedure)


async def get_procedures(call: Call) -> web.StreamResponse:
    """Give a page of the catalogue."""
    query: ProcedureListQuery = call.query
    limit = page_count(call)
    lines = await list_procedures(
        call.services.pool,
        after=read_text_cursor(query.cursor),
        is_public=query.is_public,
        with_retired=query.with_retired,
        missing=query.missing_obligation,
        limit=limit + 1,
    )
    shown = lines[:limit]
    views = tuple(
        ProcedureSummary(
            code=line.code,
            name=line.name,
            version_number=line.version_number,
            content_hash=line.content_hash,
            is_public=line.is_public,
            missing_obligations=None
            if line.missing_obligations is None
            else tuple(Obligation(kind) for kind in line.missing_obligations),
            checked_at=line.checked_at,
            retired_at=line.retired_at,
        )
        for line in shown
    )
    cursor = write_text_cursor("p", shown[-1].code) if len(lines) > limit else None
    return call.answer(200, ProcedurePage(procedures=views, next_cursor=cursor))


async def get_procedure(call: Call) -> web.StreamResponse:
    """Give one version of a procedure."""
    found = await find_procedure(call.services.pool, call.path["code"], call.query.version)
    if found is None:
        raise Problem("procedure-not-found")
    headers = {"ETag": f'"{found.content_hash}"'}
    if is_current(call.request.headers.get("If-None-Match"), headers["ETag"]):
        return call.answer_raw(304, None, "", headers)
    content = {
        "code": found.code,
        "version_number": found.version_number,
        "content_hash": found.content_hash,
        "seen_at": found.seen_at,
        "checked_at": found.checked_at,
        "retired_at": found.retired_at,
        # Written through as it is stored: it was made from the same model that the document describes.
        "procedure": msgspec.Raw(found.document.encode()),
    }
    return call.answer(200, content, headers)


async def get_versions(call: Call) -> web.StreamResponse:
    """List the versions of a procedure."""
    code = call.path["code"]
    lines = await list_versions(call.services.pool, code)
    if not lines:
        raise Problem("procedure-not-found")
    views = tuple(
        VersionView(version_number=line.version_number, content_hash=line.content_hash, seen_at=line.seen_at)
        for line in lines
    )
    return call.answer(200, VersionList(code=code, versions=views))


async def get_changes(call: Call) -> web.StreamResponse:
    """Tell what changed up to a version, from the one before it or an earlier one."""
    code, number = call.path["code"], call.path["version_number"]
    since = call.query.since if call.query.since is not None else max(1, number - 1)
    pool = call.services.pool
    before, after = await find_procedure(pool, code, since), await find_procedure(pool, code, number)
    if before is None or after is None:
        raise Problem("procedure-not-found")
    changes = tuple(
        ProcedureChangeView(
            kind=change.kind,
            path=change.path,
            subject=change.subject,
            before=change.before,
            after=change.after,
            sentence_vi=sentence(change, Language.VIETNAMESE),
            sentence_en=sentence(change, Language.ENGLISH),
        )
        for change in procedure_changes(_procedures.decode(before.document), _procedures.decode(after.document))
    )
    return call.answer(200, ProcedureChangeList(code=code, since=since, version_number=number, changes=changes))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/procedures",
        operation_id="listProcedures",
        tag="procedures",
        summary="List the procedure catalogue",
        scope=Scope.PROCEDURES_READ,
        handler=get_procedures,
        query=ProcedureListQuery,
        answers={200: Answer(description="A page, in the order of the codes.", model=ProcedurePage)},
    ),
    Endpoint(
        method="GET",
        path="/v1/procedures/{code}",
        operation_id="getProcedure",
        tag="procedures",
        summary="Read a procedure",
        scope=Scope.PROCEDURES_READ,
        handler=get_procedure,
        path_parameters=CODE,
        query=ProcedureQuery,
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer(description="The procedure.", model=ProcedureView, headers=(CONTENT_ETAG,)),
            304: Answer(description="The caller's copy is still right.", headers=(CONTENT_ETAG,)),
        },
        problems=("procedure-not-found",),
    ),
    Endpoint(
        method="GET",
        path="/v1/procedures/{code}/versions",
        operation_id="listProcedureVersions",
        tag="procedures",
        summary="List the versions of a procedure",
        scope=Scope.PROCEDURES_READ,
        handler=get_versions,
        path_parameters=CODE,
        answers={200: Answer(description="All versions that were seen.", model=VersionList)},
        problems=("procedure-not-found",),
    ),
    Endpoint(
        method="GET",
        path="/v1/procedures/{code}/versions/{version_number}/changes",
        operation_id="listProcedureChanges",
        tag="procedures",
        summary="Tell what changed between two versions",
        description="Typed changes in the order of the fields, each also as a sentence in Vietnamese and English.",
        scope=Scope.PROCEDURES_READ,
        handler=get_changes,
        path_parameters={**CODE, "version_number": Annotated[int, Field(ge=1, le=10**6)]},
        query=ChangesQuery,
        answers={200: Answer(description="What changed; empty when nothing did.", model=ProcedureChangeList)},
        problems=("procedure-not-found",),
    ),
)
