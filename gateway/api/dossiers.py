"""Endpoints for one dossier and for pages of them."""

from dataclasses import dataclass, replace
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.changes import make_change, prove_changes, refusal_of, status_of, view_of
from gateway.api.cursors import DeliveryCursor, DossierCursor, read_number_cursor, write_number_cursor
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look, open_dossier
from gateway.api.preconditions import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_NONE_MATCH_ANY,
    NEEDED_IDEMPOTENCY_KEY,
    REPLAYED,
    expectation_of,
    idempotency_key_of,
    is_current,
)
from gateway.api.problems import Problem
from gateway.api.representations import DeliveryPage, DeliveryView, DossierPage, DossierSummary, ReceiptView, Timeline
from gateway.api.timeline import make_timeline
from gateway.engine.acceptor import Receipt
from gateway.engine.parties import applicant_digest
from gateway.model.audit import AuditAction
from gateway.model.dossier import Channel, Dossier, ProgressStep
from gateway.model.party import CLOSED
from gateway.model.status import DossierStatus
from gateway.model.subtrees import is_within
from gateway.model.vocabulary import AgencyCode, DossierCode, Instant, ProcedureCode
from gateway.store.clients import Client, Scope
from gateway.store.dossiers import (
    DossierFilter,
    DossierLine,
    find_dossier,
    find_standing,
    list_deliveries,
    list_dossiers,
    read_history,
)

CODE = {"code": DossierCode}
PageCount = Annotated[int, Field(ge=1, le=500, description="How many at most.")]
# What the audit names of a dossier that is read: all of it, whoever's data it holds; found by the applicant's number.
_DOCUMENT = ("document",)
SystemName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierQuery:
    """Which dossiers are wanted."""

    __pydantic_config__ = CLOSED

    status: Annotated[
        tuple[DossierStatus, ...] | None, Field(min_length=1, max_length=10, description="One of several.")
    ] = None
    agency: Annotated[AgencyCode | None, Field(description="Received or handled by this agency or one below it.")] = (
        None
    )
    procedure_code: ProcedureCode | None = None
    channel: Channel | None = None
    changed_after: Annotated[Instant | None, Field(description="Accepted or changed later than this.")] = None
    cursor: DossierCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """Which deliveries are wanted."""

    __pydantic_config__ = CLOSED

    system: SystemName | None = None
    cursor: DeliveryCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineQuery:
    """How much of the past is wanted."""

    __pydantic_config__ = CLOSED

    limit: Annotated[int, Field(ge=1, le=2000, description="The newest changes, and the newest events.")] = 500


def page_count(call: Call) -> int:
    """Give the size of the wanted page."""
    limits = call.services.limits
    return min(call.query.limit or limits.default_page_count, limits.max_page_count)


def require_agency(client: Client, *agency_codes: str) -> None:
    """Raise Problem other-agency unless one of the dossier's agencies is the client's."""
    if not any(is_within(code, client.agency_prefixes) for code in agency_codes):
        raise Problem("other-agency")


def _receipt_answer(call: Call, receipt: Receipt) -> web.Response:
    call.services.observer.change_judged(receipt.outcome.value, is_import=False)
    refusal = refusal_of(receipt)
    if refusal is not None:
        raise refusal
    headers = {"ETag": f'"{receipt.revision}"'}
    if receipt.is_replayed:
        headers["Idempotency-Replayed"] = "true"
    return call.answer(status_of(receipt), view_of(receipt), headers)


async def _change(call: Call, *, is_key_needed: bool) -> web.StreamResponse:
    headers = call.request.headers
    try:
        change = make_change(
            call.services,
            call.caller,
            call.path["code"],
            call.body,
            idempotency_key=idempotency_key_of(headers, is_needed=is_key_needed),
            expected=expectation_of(headers),
        )
        (judged,) = await prove_changes(call.services, [change])
        if isinstance(judged, Problem):
            raise judged
    except Problem:
        call.services.observer.change_judged("refused", is_import=False)
        raise
    return _receipt_answer(call, await call.services.acceptor.submit(judged))


async def put_dossier(call: Call) -> web.StreamResponse:
    """Create or replace."""
    return await _change(call, is_key_needed=False)


async def post_progress(call: Call) -> web.StreamResponse:
    """Add a step."""
    return await _change(call, is_key_needed=True)


async def get_dossier(call: Call) -> web.StreamResponse:
    """Open the sealed document and give it with the present status."""
    found = await find_dossier(call.services.pool, call.path["code"])
    if found is None:
        raise Problem("dossier-not-found")
    require_agency(call.caller, found.receiving_agency_code, found.handling_agency_code)
    headers = {"ETag": f'"{found.revision}"'}
    if is_current(call.request.headers.get("If-None-Match"), headers["ETag"]):
        return call.answer_raw(304, None, "", headers)
    if not found.wrapped_key:
        raise Problem("dossier-erased")
    dossier = open_dossier(call, found)
    if dossier.status is not found.status:
        dossier = replace(dossier, status=found.status)
    await note_look(
        call,
        Shown(
            action=AuditAction.DOSSIER_READ,
            fields=_DOCUMENT,
            purpose="dossier",
            agency_code=found.handling_agency_code,
            procedure_code=dossier.procedure_code,
            dossier_code=found.code,
        ),
        digests=_known(applicant_digest(call.services.key_ring, dossier)),
    )
    return call.answer(200, dossier, headers)


def _known(digest: bytes | None) -> tuple[bytes, ...]:
    return () if digest is None else (digest,)


def _summary(line: DossierLine) -> DossierSummary:
    return DossierSummary(
        code=line.code,
        procedure_code=line.procedure_code,
        receiving_agency_code=line.receiving_agency_code,
        handling_agency_code=line.handling_agency_code,
        channel=line.channel,
        origin=line.origin,
        status=line.status,
        status_at=line.status_at,
        submitted_at=line.submitted_at,
        received_at=line.received_at,
        due_at=line.due_at,
        finished_at=line.finished_at,
        returned_at=line.returned_at,
        fees_total_vnd=line.fees_total_vnd,
        revision=line.revision,
        accepted_at=line.created_at,
        changed_at=line.updated_at,
    )


async def get_dossiers(call: Call) -> web.StreamResponse:
    """Give a page of the dossiers of the client's agencies."""
    query: DossierQuery = call.query
    limit = page_count(call)
    wanted = DossierFilter(
        prefixes=call.caller.agency_prefixes,
        statuses=query.status,
        agency=query.agency,
        procedure_code=query.procedure_code,
        channel=query.channel,
        changed_after=query.changed_after,
    )
    after = read_number_cursor(query.cursor)
    # One more than asked for tells whether there is another page.
    lines = await list_dossiers(call.services.pool, wanted, after=after, limit=limit + 1)
    shown = lines[:limit]
    cursor = write_number_cursor("d", shown[-1].dossier_id) if len(lines) > limit else None
    return call.answer(200, DossierPage(dossiers=tuple(_summary(line) for line in shown), next_cursor=cursor))


async def get_timeline(call: Call) -> web.StreamResponse:
    """Tell all that happened to a dossier and what is next."""
    history = await read_history(call.services.pool, call.path["code"], limit=call.query.limit)
    if history is None:
        raise Problem("dossier-not-found")
    dossier = history.dossier
    require_agency(call.caller, dossier.receiving_agency_code, dossier.handling_agency_code)
    return call.answer(200, make_timeline(history, limit=call.query.limit))


async def get_deliveries(call: Call) -> web.StreamResponse:
    """Give a page of what the dossier owed to national systems, and what became of it."""
    dossier = await find_standing(call.services.pool, call.path["code"])
    if dossier is None:
        raise Problem("dossier-not-found")
    require_agency(call.caller, dossier.receiving_agency_code, dossier.handling_agency_code)
    query: DeliveryQuery = call.query
    limit = page_count(call)
    after = read_number_cursor(query.cursor)
    lines = await list_deliveries(
        call.services.pool, dossier.dossier_id, system=query.system, after=after, limit=limit + 1
    )
    shown = lines[:limit]
    views = tuple(
        DeliveryView(
            delivery_id=line.delivery_id,
            system=line.system,
            revision=line.revision,
            ordinal=line.ordinal,
            kind=line.kind,
            state=line.state,
            attempts_count=line.attempts_count,
            reason=line.reason,
            mapping_version=line.mapping_version,
            created_at=line.created_at,
            changed_at=line.changed_at,
        )
        for line in shown
    )
    cursor = write_number_cursor("v", shown[-1].delivery_id) if len(lines) > limit else None
    return call.answer(200, DeliveryPage(deliveries=views, next_cursor=cursor))


_RECEIPT = "The change is stored for good."
_CHANGE_PROBLEMS = ("other-agency", "dossier-erased", "stale-revision", "idempotency-key-reused", "impossible-dates")

ENDPOINTS = (
    Endpoint(
        method="PUT",
        path="/v1/dossiers/{code}",
        operation_id="putDossier",
        tag="dossiers",
        summary="Create or replace a dossier",
        description=(
            "States the dossier as a whole; every field is replaced. Sending what is stored already changes nothing. "
            "Dates that contradict each other and codes outside the catalogue are refused."
        ),
        scope=Scope.DOSSIERS_WRITE,
        handler=put_dossier,
        path_parameters=CODE,
        body=Dossier,
        headers=(IF_MATCH, IF_NONE_MATCH_ANY, IDEMPOTENCY_KEY),
        answers={
            200: Answer(description=f"Replaced or unchanged. {_RECEIPT}", model=ReceiptView, headers=(ETAG, REPLAYED)),
            201: Answer(description=f"Created. {_RECEIPT}", model=ReceiptView, headers=(ETAG, REPLAYED)),
        },
        problems=(*_CHANGE_PROBLEMS, "already-exists", "unknown-code", "unproven-statement"),
    ),
    Endpoint(
        method="GET",
        path="/v1/dossiers/{code}",
        operation_id="getDossier",
        tag="dossiers",
        summary="Read a dossier",
        description="Gives exactly what PUT takes, with the present status. That it was read is written down first.",
        scope=Scope.DOSSIERS_READ,
        handler=get_dossier,
        path_parameters=CODE,
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer(description="The dossier.", model=Dossier, headers=(ETAG,)),
            304: Answer(description="The caller's copy is still right.", headers=(ETAG,)),
        },
        problems=("dossier-not-found", "other-agency", "dossier-erased"),
    ),
    Endpoint(
        method="GET",
        path="/v1/dossiers",
        operation_id="listDossiers",
        tag="dossiers",
        summary="List dossiers",
        description=(
            "Dossiers of the client's agencies in the order of acceptance, without personal data. "
            "To follow changes as they happen use the events feed."
        ),
        scope=Scope.DOSSIERS_READ,
        handler=get_dossiers,
        query=DossierQuery,
        answers={200: Answer(description="A page.", model=DossierPage)},
    ),
    Endpoint(
        method="POST",
        path="/v1/dossiers/{code}/progress",
        operation_id="postProgress",
        tag="dossiers",
        summary="Add a progress step",
        description=(
            "A step that happened before the instant from which the present status holds is kept as late and leaves "
            "the status as it is."
        ),
        scope=Scope.DOSSIERS_WRITE,
        handler=post_progress,
        path_parameters=CODE,
        body=ProgressStep,
        headers=(NEEDED_IDEMPOTENCY_KEY, IF_MATCH),
        answers={200: Answer(description=_RECEIPT, model=ReceiptView, headers=(ETAG, REPLAYED))},
        problems=(*_CHANGE_PROBLEMS, "idempotency-key-missing", "dossier-not-found"),
    ),
    Endpoint(
        method="GET",
        path="/v1/dossiers/{code}/timeline",
        operation_id="getTimeline",
        tag="dossiers",
        summary="Tell a dossier's life",
        description="What came in, what went out, what each system answered, what is next and why.",
        scope=Scope.DOSSIERS_READ,
        handler=get_timeline,
        path_parameters=CODE,
        query=TimelineQuery,
        answers={200: Answer(description="The timeline.", model=Timeline)},
        problems=("dossier-not-found", "other-agency"),
    ),
    Endpoint(
        method="GET",
        path="/v1/dossiers/{code}/deliveries",
        operation_id="listDeliveries",
        tag="dossiers",
        summary="List a dossier's deliveries",
        scope=Scope.DOSSIERS_READ,
        handler=get_deliveries,
        path_parameters=CODE,
        query=DeliveryQuery,
        answers={200: Answer(description="A page, in the order of acceptance.", model=DeliveryPage)},
        problems=("dossier-not-found", "other-agency"),
    ),
)
