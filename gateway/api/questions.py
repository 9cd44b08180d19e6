"""Endpoints for questions that citizens and agencies put on the portal."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web

from gateway.api.cursors import QuestionCursor
from gateway.api.dossiers import PageCount, page_count, require_agency
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.api.problems import Problem
from gateway.api.statements import QuestionId, system_of
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED
from gateway.ports.portal_services import QuestionSource
from gateway.store.clients import Scope
from gateway.store.statements import find_question, list_questions

_PERSONAL = ("content", "answers", "asker_name", "asker_address", "asker_email", "asker_phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSummary:
    """A question without asker and texts. `is_answered` is null where the portal could not be asked yet."""

    source: QuestionSource
    question_id: str
    sector_code: str
    procedure_code: str
    agency_code: str
    is_answered: bool | None
    first_seen_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswerView:
    """An answer that the portal holds."""

    answer_id: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView(QuestionSummary):
    """A question as a whole. Asker and texts are personal data."""

    agency_name: str
    content: str
    answers: tuple[QuestionAnswerView, ...]
    asker_name: str
    asker_address: str
    asker_email: str
    asker_phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage:
    """A page of questions."""

    questions: tuple[QuestionSummary, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionQuery:
    """Which questions are wanted."""

    __pydantic_config__ = CLOSED

    source: QuestionSource | None = None
    is_answered: bool | None = None
    cursor: QuestionCursor | None = None
    limit: PageCount | None = None


async def get_questions(call: Call) -> web.StreamResponse:
    """Give a page of questions."""
    query: QuestionQuery = call.query
    limit = page_count(call)
    source, _, question_id = query.cursor[1:].partition(":") if query.cursor is not None else ("", "", "")
    lines = await list_questions(
        call.services.pool,
        prefixes=call.caller.agency_prefixes,
        source=query.source,
        is_answered=query.is_answered,
        after=(source, question_id),
        limit=limit + 1,
    )
    shown = lines[:limit]
    cursor = f"q{shown[-1].source}:{shown[-1].question_id}" if len(lines) > limit else None
    views = tuple(QuestionSummary(**asdict(line)) for line in shown)
    return call.answer(200, QuestionPage(questions=views, next_cursor=cursor))


async def get_question(call: Call) -> web.StreamResponse:
    """Give one question with its texts."""
    services = call.services
    found = await find_question(
        services.pool, system_of(call), call.path["source"], call.path["question_id"], services.key_ring
    )
    if found is None:
        raise Problem("question-not-found")
    line, question = found
    require_agency(call.caller, line.agency_code)
    view = QuestionView(
        **asdict(line),
        agency_name=question.agency_name,
        content=question.content,
        answers=tuple(QuestionAnswerView(answer_id=a.answer_id, content=a.content) for a in question.answers),
        asker_name=question.asker_name,
        asker_address=question.asker_address,
        asker_email=question.asker_email,
        asker_phone=question.asker_phone,
    )
    seen = Shown(
        action=AuditAction.QUESTION_READ,
        fields=_PERSONAL,
        purpose="question",
        agency_code=line.agency_code,
        procedure_code=line.procedure_code,
    )
    # A question states no number: it is written down about nobody in particular.
    await note_look(call, seen)
    return call.answer(200, view)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/questions",
        operation_id="listQuestions",
        tag="statements",
        summary="List questions of the portal",
        description="Questions addressed to the client's agencies, without asker and texts.",
        scope=Scope.QUESTIONS_READ,
        handler=get_questions,
        query=QuestionQuery,
        answers={200: Answer(description="A page, by list and id.", model=QuestionPage)},
    ),
    Endpoint(
        method="GET",
        path="/v1/questions/{source}/{question_id}",
        operation_id="getQuestion",
        tag="statements",
        summary="Read a question",
        scope=Scope.QUESTIONS_READ,
        handler=get_question,
        path_parameters={"source": Annotated[QuestionSource, "which list"], "question_id": QuestionId},
        answers={200: Answer(description="The question.", model=QuestionView)},
        problems=("question-not-found", "other-agency", "no-portal"),
    ),
)
