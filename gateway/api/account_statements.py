"""Account statements of the beneficiary: transfers are found in them and nowhere else (payment notes §E).

A statement is taken whole or refused whole. Its texts may name payers: they are never repeated, and kept, sealed, only
where providers' daily files are held against them.
"""

from dataclasses import dataclass
from datetime import date

from aiohttp import web

from gateway.api.bodies import read_body
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.payments import service_of
from gateway.api.problems import Problem
from gateway.errors import Fault
from gateway.model.party import CLOSED
from gateway.model.vocabulary import VIETNAM
from gateway.store.clients import Scope
from gateway.sync.transfers import Unmatched

CSV = "text/csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementQuery:
    """The day of Viet Nam up to and with which the statement is complete."""

    __pydantic_config__ = CLOSED

    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftCredit:
    """A credit that pays nothing by itself: its line in the file, and why."""

    line: int
    amount_vnd: int
    reason: Unmatched


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReport:
    """What became of the credits; `known_count` were written down before."""

    credits_count: int
    taken_count: int
    known_count: int
    refused_count: int
    left: tuple[LeftCredit, ...]


async def post_statement(call: Call) -> web.StreamResponse:
    """Read a statement and take the transfers that it tells of."""
    desk = service_of(call).statements
    if desk is None:
        raise Problem("no-account-statements")
    query: StatementQuery = call.query
    if query.until > call.services.clock.now().astimezone(VIETNAM).date():
        # What is complete up to a day to come would make money that may still arrive absent.
        raise Problem("invalid-parameter", faults=[Fault("/query/until", "must not lie in the future", "date")])
    body = await read_body(call.request, call.services.limits)
    statement = desk.read(body, query.until)
    if desk.keep is not None:
        await desk.keep(statement)
    report = await desk.reading.take(statement)
    left = tuple(LeftCredit(line=one.line, amount_vnd=one.amount_vnd, reason=one.reason) for one in report.left)
    return call.answer(
        200,
        StatementReport(
            credits_count=report.credits_count,
            taken_count=report.taken_count,
            known_count=report.known_count,
            refused_count=report.refused_count,
            left=left,
        ),
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/account-statements",
        operation_id="importAccountStatement",
        tag="payments",
        summary="Read an account statement and take the transfers that it tells of",
        description="CSV in UTF-8 with the columns of `[payments.statement]`; refused whole, naming lines and rules. A "
        "statement may be sent again and may overlap others: each movement counts once, by the bank's reference.",
        scope=Scope.ACCOUNT_STATEMENTS_WRITE,
        handler=post_statement,
        query=StatementQuery,
        streamed_media_type=CSV,
        answers={200: Answer(description="What became of it.", model=StatementReport)},
        problems=(
            *("no-payment-provider", "no-account-statements"),
            *("body-too-slow", "body-too-large", "invalid-content"),
        ),
    ),
)
