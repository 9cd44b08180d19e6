"""Endpoints for what the province states to the portal beside dossiers: answers, own questions, ratings, statistics.

Each statement has an address, and PUT states it as a whole: sending the same again changes nothing, sending another
takes the place of what was not sent yet. So no key for repeats is needed.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from aiohttp import web
from pydantic import Field

from gateway.api.cursors import StatementCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count, require_agency
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.errors import Fault
from gateway.model.party import CLOSED
from gateway.model.statement import StatementKind, StatementState
from gateway.model.vocabulary import AgencyCode, BodyText, Code, Count, LongText, Name, ProcedureCode, ShortText
from gateway.ports.portal_services import (
    AnswerToPush,
    LocalQuestionToPush,
    QuestionSource,
    RatingToPush,
    Shares,
    StatisticsToPush,
)
from gateway.store.clients import Scope
from gateway.store.statements import (
    NewStatement,
    OtherAgency,
    StatementLine,
    add_statement,
    find_question,
    list_statements,
    retry_statement,
)
from gateway.sync.statements import shares_of

QuestionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,50}$", examples=["81001"])]
Period = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-01"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class VotesBody:
    """How many raters said what. The portal is told whole percents that add up to 100."""

    __pydantic_config__ = CLOSED

    very_satisfied_count: Count
    satisfied_count: Count
    not_satisfied_count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBody:
    """The province's answer to a question of the portal."""

    __pydantic_config__ = CLOSED

    agency_code: AgencyCode
    answered_by: Name
    answerer_position: ShortText = ""
    answered_on: date
    content: BodyText


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalQuestionBody:
    """A question of the province's own collection. The portal takes it without its answer."""

    __pydantic_config__ = CLOSED

    agency_code: AgencyCode
    agency_name: Name
    sector_code: Code
    content: Annotated[LongText, Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingBody:
    """Ratings of one survey question, added up over the month."""

    __pydantic_config__ = CLOSED

    question: Name
    officer_votes: VotesBody
    service_votes: VotesBody
    comments: LongText = ""
    procedure_code: ProcedureCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingsBody:
    """All ratings of an agency in a month."""

    __pydantic_config__ = CLOSED

    agency_name: Name
    ratings: Annotated[tuple[RatingBody, ...], Field(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsBody:
    """Counts of an agency's dossiers in a month. Totals and percentages follow from them."""

    __pydantic_config__ = CLOSED

    agency_name: Name
    received_count: Count
    carried_over_count: Count
    processed_on_time_count: Count
    processed_late_count: Count
    pending_in_time_count: Count
    pending_late_count: Count
    note: LongText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """A statement without its content."""

    statement_id: Annotated[int, Field(ge=1)]
    kind: StatementKind
    subject: str
    agency_code: str
    state: StatementState
    attempts_count: Annotated[int, Field(ge=0)]
    reason: str
    next_attempt_at: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """A page of statements."""

    statements: tuple[StatementView, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementQuery:
    """Which statements are wanted."""

    __pydantic_config__ = CLOSED

    kind: Annotated[tuple[StatementKind, ...] | None, Field(min_length=1, max_length=4)] = None
    state: Annotated[tuple[StatementState, ...] | None, Field(min_length=1, max_length=5)] = None
    cursor: StatementCursor | None = None
    limit: PageCount | None = None


def _view(line: StatementLine) -> StatementView:
    values = asdict(line)
    return StatementView(next_attempt_at=values.pop("due_at"), **values)


def system_of(call: Call) -> str:
    """Give the system that takes statements. Raises Problem no-portal: what nobody would send is not accepted."""
    system = call.services.statement_system
    if system is None:
        raise Problem("no-portal")
    return system


async def _state(call: Call, kind: StatementKind, subject: str, agency_code: str, records: Any) -> web.StreamResponse:
    require_agency(call.caller, agency_code)
    services = call.services
    new = NewStatement(
        system=system_of(call),
        kind=kind,
        subject=subject,
        agency_code=agency_code,
        client_id=call.caller.client_id,
        content=msgspec.json.encode(records),
    )
    prefixes = call.caller.agency_prefixes
    try:
        line, is_new = await add_statement(
            services.pool, new, prefixes=prefixes, key_ring=services.key_ring, now=services.clock.now()
        )
    except OtherAgency:
        raise Problem("other-agency") from None
    return call.answer(202 if is_new else 200, _view(line))


async def put_answer(call: Call) -> web.StreamResponse:
    """Answer a question."""
    services, body, question_id = call.services, call.body, call.path["question_id"]
    found = await find_question(services.pool, system_of(call), QuestionSource.CITIZENS, question_id, services.key_ring)
    if found is None:
        raise Problem("question-not-found")
    require_agency(call.caller, found[0].agency_code)
    answer = AnswerToPush(
        question_id=question_id,
        agency_code=body.agency_code,
        answered_by=body.answered_by,
        answerer_position=body.answerer_position,
        answered_on=body.answered_on,
        content=body.content,
    )
    return await _state(call, StatementKind.ANSWER, question_id, body.agency_code, (answer,))


async def put_local_question(call: Call) -> web.StreamResponse:
    """State a question of the province's own collection."""
    body, number = call.body, call.path["number"]
    question = LocalQuestionToPush(
        local_question_id=number,
        sector_code=body.sector_code,
        content=body.content,
        agency_code=body.agency_code,
        agency_name=body.agency_name,
    )
    return await _state(call, StatementKind.LOCAL_QUESTION, str(number), body.agency_code, (question,))


def _raters(votes: VotesBody) -> int:
    return votes.very_satisfied_count + votes.satisfied_count + votes.not_satisfied_count


def _shares(votes: VotesBody) -> Shares:
    return shares_of(votes.very_satisfied_count, votes.satisfied_count, votes.not_satisfied_count)


async def put_ratings(call: Call) -> web.StreamResponse:
    """State an agency's ratings of a month."""
    body, period, agency_code = call.body, call.path["period"], call.path["agency_code"]
    ratings = tuple(
        RatingToPush(
            year=int(period[:4]),
            month=int(period[5:]),
            raters_count=max(_raters(rating.officer_votes), _raters(rating.service_votes)),
            question=rating.question,
            officer_shares=_shares(rating.officer_votes),
            service_shares=_shares(rating.service_votes),
            comments=rating.comments,
            procedure_code=rating.procedure_code or "",
            agency_code=agency_code,
            agency_name=body.agency_name,
        )
        for rating in body.ratings
    )
    return await _state(call, StatementKind.RATING, f"{period}/{agency_code}", agency_code, ratings)


async def put_statistics(call: Call) -> web.StreamResponse:
    """State an agency's counts of a month. What came in must be what was processed or is pending."""
    body, period, agency_code = call.body, call.path["period"], call.path["agency_code"]
    came = body.received_count + body.carried_over_count
    processed = body.processed_on_time_count + body.processed_late_count
    if came != processed + body.pending_in_time_count + body.pending_late_count:
        rule = "received and carried over must equal processed and pending"
        raise Problem("contradictory-counts", faults=[Fault("", rule, "counts that do not add up")])
    statistics = StatisticsToPush(year=int(period[:4]), month=int(period[5:]), agency_code=agency_code, **asdict(body))
    return await _state(call, StatementKind.STATISTICS, f"{period}/{agency_code}", agency_code, (statistics,))


async def get_statements(call: Call) -> web.StreamResponse:
    """Give a page of statements."""
    query: StatementQuery = call.query
    limit = page_count(call)
    lines = await list_statements(
        call.services.pool,
        prefixes=call.caller.agency_prefixes,
        kinds=query.kind,
        states=query.state,
        after=read_number_cursor(query.cursor),
        limit=limit + 1,
    )
    shown = lines[:limit]
    cursor = write_number_cursor("t", shown[-1].statement_id) if len(lines) > limit else None
    return call.answer(200, StatementPage(statements=tuple(_view(line) for line in shown), next_cursor=cursor))


async def post_retry(call: Call) -> web.StreamResponse:
    """Send a parked statement again."""
    services = call.services
    line = await retry_statement(
        services.pool, call.path["statement_id"], call.caller.agency_prefixes, services.clock.now()
    )
    if line is None:
        raise Problem("statement-not-found")
    return call.answer(200, _view(line))


_ANSWERS = {
    202: Answer(description="Kept, and on its way to the portal.", model=StatementView),
    200: Answer(description="The latest statement said the same; this is how it fares.", model=StatementView),
}
_PERIOD = {"period": Period, "agency_code": AgencyCode}


def _put(
    path: str,
    operation_id: str,
    summary: str,
    handler: Any,
    body: Any,
    *,
    problems: tuple[str, ...] = (),
    path_parameters: Any,
) -> Endpoint:
    return Endpoint(
        method="PUT",
        path=path,
        operation_id=operation_id,
        tag="statements",
        summary=summary,
        scope=Scope.STATEMENTS_WRITE,
        handler=handler,
        body=body,
        answers=_ANSWERS,
        problems=("other-agency", "no-portal", *problems),
        path_parameters=path_parameters,
    )


ENDPOINTS = (
    _put(
        "/v1/questions/citizens/{question_id}/answer",
        "putAnswer",
        "Answer a question of the portal",
        put_answer,
        AnswerBody,
        path_parameters={"question_id": QuestionId},
        problems=("question-not-found",),
    ),
    _put(
        "/v1/local-questions/{number}",
        "putLocalQuestion",
        "State a question of the province's own collection",
        put_local_question,
        LocalQuestionBody,
        path_parameters={"number": Annotated[int, Field(ge=1, le=10**9)]},
    ),
    _put(
        "/v1/ratings/{period}/{agency_code}",
        "putRatings",
        "State an agency's ratings of a month",
        put_ratings,
        RatingsBody,
        path_parameters=_PERIOD,
    ),
    _put(
        "/v1/statistics/{period}/{agency_code}",
        "putStatistics",
        "State an agency's counts of a month",
        put_statistics,
        StatisticsBody,
        path_parameters=_PERIOD,
        problems=("contradictory-counts",),
    ),
    Endpoint(
        method="GET",
        path="/v1/statements",
        operation_id="listStatements",
        tag="statements",
        summary="List statements and what became of them",
        scope=Scope.STATEMENTS_READ,
        handler=get_statements,
        query=StatementQuery,
        answers={200: Answer(description="A page, in the order of acceptance.", model=StatementPage)},
    ),
    Endpoint(
        method="POST",
        path="/v1/statements/{statement_id}:retry",
        operation_id="retryStatement",
        tag="statements",
        summary="Send a parked statement again",
        scope=Scope.STATEMENTS_WRITE,
        handler=post_retry,
        path_parameters={"statement_id": Annotated[int, Field(ge=1, le=2**62)]},
        answers={200: Answer(description="It waits to be sent.", model=StatementView)},
        problems=("statement-not-found",),
    ),
)
