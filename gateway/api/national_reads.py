"""Endpoints that ask the portal at once on behalf of a caller: technical ids, and the national store of results.

Nothing of a question or an answer is kept here, and none of it stands in an address: questions travel in the body, and
logs, metrics and traces know the endpoint alone. Nothing found is an answer; not being able to ask is a problem.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, asked_look
from gateway.api.national_sources import NationalReads
from gateway.api.problems import RETRY_AFTER_SECONDS, Problem
from gateway.errors import OutcomeUnknown, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED
from gateway.model.vocabulary import Code, Name, ProcedureCode, ShortText
from gateway.ports.portal_services import ResultQuery, ResultStore, WantedResult
from gateway.store.clients import Scope

ResultT = TypeVar("ResultT")
MAX_WANTED = 50
_PORTAL = "portal"
PersonNumber = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{7,14}$"),
    Field(description="Identity number, passport or tax code.", examples=["999199000001"]),
]
StorePath = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,2000}$"),
    Field(description="As `/v1/results:find` gave it.", examples=["/kho/2026/gxn.pdf"]),
]
_PROBLEMS = ("no-portal", "portal-unavailable", "portal-answer-unusable")


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicalIdQuery:
    """Whose id is wanted."""

    __pydantic_config__ = CLOSED

    number: PersonNumber = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicalIdAnswer:
    """The portal's id of whoever registered with the number; null when nobody did."""

    technical_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedResultView:
    """A kind of result; `notation` narrows it to one document."""

    __pydantic_config__ = CLOSED

    result_code: Code
    notation: ShortText = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultQueryView:
    """Who asks for whose results, and for which procedure: the store wants to know all of it."""

    __pydantic_config__ = CLOSED

    owner_number: PersonNumber = field(repr=False)
    requester_name: Name = field(repr=False)
    requester_number: PersonNumber = field(repr=False)
    is_asked_by_officer: bool
    procedure_code: ProcedureCode
    wanted: Annotated[tuple[WantedResultView, ...], Field(min_length=1, max_length=MAX_WANTED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFileView:
    """A file of the store; `path` is what `/v1/results:download` takes."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundResultView:
    """A digitised result."""

    result_code: str
    name: str
    notation: str
    owning_agency_code: str
    files: tuple[StoredFileView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundResults:
    """What the store holds; empty when it holds nothing of that kind."""

    results: tuple[FoundResultView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDownload:
    """Which file."""

    __pydantic_config__ = CLOSED

    owning_agency_code: Code
    path: StorePath = field(repr=False)


async def find_technical_id(call: Call) -> web.StreamResponse:
    """Ask for a technical id."""
    query: TechnicalIdQuery = call.body
    reads = await _open_reads(call)
    shown = Shown(action=AuditAction.TECHNICAL_ID_FIND, fields=("technical_id",), purpose="technical-id", edge=_PORTAL)
    found = await _asked(call, shown, lambda: reads.technical_ids.find_technical_id(query.number), number=query.number)
    return call.answer(200, TechnicalIdAnswer(technical_id=found))


async def find_results(call: Call) -> web.StreamResponse:
    """Ask for somebody's results."""
    body: ResultQueryView = call.body
    query = ResultQuery(
        owner_number=body.owner_number,
        requester_name=body.requester_name,
        requester_number=body.requester_number,
        is_asked_by_officer=body.is_asked_by_officer,
        procedure_code=body.procedure_code,
        wanted=tuple(WantedResult(result_code=one.result_code, notation=one.notation) for one in body.wanted),
    )
    store = _store(await _open_reads(call))
    shown = Shown(
        action=AuditAction.RESULT_FIND,
        fields=("results",),
        purpose="result",
        procedure_code=body.procedure_code,
        # Taken down as a digest, since it is a citizen's number.
        officer=body.requester_number if body.is_asked_by_officer else "",
        edge=_PORTAL,
    )
    found = await _asked(call, shown, lambda: store.find_results(query), number=body.owner_number)
    return call.answer(200, {"results": [asdict(one) for one in found]})


async def download_result(call: Call) -> web.StreamResponse:
    """Give a file of the store."""
    body: ResultDownload = call.body
    store = _store(await _open_reads(call))
    # Whose result it is, the path does not tell.
    shown = Shown(action=AuditAction.RESULT_READ, fields=("file",), purpose="result", edge=_PORTAL)
    content = await _asked(call, shown, lambda: store.download_result(body.owning_agency_code, body.path))
    # Neither name nor type is repeated: the caller has both, and a browser must not open what nobody looked into.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return call.answer_raw(200, content, "application/octet-stream", headers)


def _whether_found(answer: object) -> str:
    return "found" if answer else "not_found"


async def _open_reads(call: Call) -> NationalReads:
    reads = call.services.national_reads
    if reads is None:
        raise Problem("no-portal")
    if not await reads.is_open():
        raise Problem("portal-unavailable", "Calls to the portal are held at present.")
    return reads


def _store(reads: NationalReads) -> ResultStore:
    if reads.results is None:
        raise Problem("no-portal", "No service is configured that asks the store of results.")
    return reads.results


async def _asked(call: Call, shown: Shown, ask: Callable[[], Awaitable[ResultT]], *, number: str = "") -> ResultT:
    """Ask between two audit lines, and turn what went wrong into a problem that shows nothing of the question."""
    try:
        return await asked_look(call, shown, ask, outcome_of=_whether_found, number=number)
    except RateLimited as error:
        seconds = max(RETRY_AFTER_SECONDS, round(error.retry_after_seconds or 0))
        raise Problem("portal-unavailable", headers={"Retry-After": str(seconds)}) from error
    except (TransientFailure, OutcomeUnknown) as error:
        raise Problem("portal-unavailable") from error
    except Rejected as error:
        if error.code == "no_such_service":
            raise Problem("no-portal", "The portal does not offer this service.") from error
        raise Problem("portal-answer-unusable", "The portal refused the question.") from error
    except RemoteError as error:
        raise Problem("portal-answer-unusable") from error


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/technical-ids:find",
        operation_id="findTechnicalId",
        tag="national",
        summary="Find the portal's technical id of a citizen or business",
        description="Asks the portal at once; nothing is kept. Nobody registered is an answer with null.",
        scope=Scope.TECHNICAL_IDS_READ,
        handler=find_technical_id,
        body=TechnicalIdQuery,
        answers={200: Answer(description="The id, or null.", model=TechnicalIdAnswer)},
        problems=_PROBLEMS,
    ),
    Endpoint(
        method="POST",
        path="/v1/results:find",
        operation_id="findResults",
        tag="national",
        summary="Find digitised results of a citizen or business in the national store",
        description="Asks the store at once; nothing is kept. Nothing found is an answer with an empty list.",
        scope=Scope.RESULTS_READ,
        handler=find_results,
        body=ResultQueryView,
        answers={200: Answer(description="What the store holds.", model=FoundResults)},
        problems=_PROBLEMS,
    ),
    Endpoint(
        method="POST",
        path="/v1/results:download",
        operation_id="downloadResult",
        tag="national",
        summary="Fetch a file of the national store of results",
        description="Only a file that is of the kind that its name announces, and not too large, is given on.",
        scope=Scope.RESULTS_READ,
        handler=download_result,
        body=ResultDownload,
        answers={
            200: Answer(
                description="The file.",
                media_type="application/octet-stream",
                schema={"type": "string", "format": "binary"},
            )
        },
        problems=_PROBLEMS,
    ),
)
