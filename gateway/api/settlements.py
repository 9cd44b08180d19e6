"""Endpoints of the daily comparison with providers' files: take a file, see what differs, explain it, close the day."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.payment_suspense import DocumentNumber, Officer
from gateway.api.payment_views import ProviderName
from gateway.api.payments import service_of
from gateway.api.problems import Problem
from gateway.engine.settlement import SettlementNotPossible, Settlements, Told
from gateway.errors import Fault, IntegrityFailed
from gateway.model.party import CLOSED
from gateway.model.settlement import Finding
from gateway.store.clients import Scope
from gateway.sync.settlement import total
from gateway.sync.settlement_storing import FindingDecision, StoredDay
from gateway.sync.settlement_text import CLASS_WORDS, write_report

_MAX_FINDINGS = 1000
_SPAN = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysQuery:
    """Which days; the last two months when nothing is said."""

    __pydantic_config__ = CLOSED

    provider: ProviderName | None = None
    since: Annotated[date | None, Field(description="Day of Viet Nam.")] = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """A day of one provider. Sums are whole đồng, refunds taken off; `difference_vnd` is gateway less file."""

    provider: str
    day: date
    state: str
    """`open` or `closed`."""
    file_sha256: str
    gateway_vnd: int
    file_vnd: int
    difference_vnd: int
    service_fee_vnd: int
    findings_count: int
    unexplained_count: int
    by_class: dict[str, int]
    is_next_file_read: bool
    matched_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days, the newest first."""

    items: tuple[DayView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """What differs, or needs nothing; `key` names it in every comparison in which it says the same."""

    key: str
    finding_class: str
    words: str
    action: str
    kind: str
    gateway_vnd: int
    file_vnd: int
    line: int | None
    reference: str
    transaction: str
    payment_id: str
    dossier_code: str
    agency_code: str
    explained_by: str | None = None
    correction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDetails:
    """A day with everything that is not simply equal, the first thousand."""

    day: DayView
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBody:
    """A provider's file as text, and its digest: the side file's text or the digest alone."""

    __pydantic_config__ = CLOSED

    content: Annotated[str, StringConstraints(min_length=1, max_length=32_000_000)] = field(repr=False)
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}( [ *][!-~]{1,200})?\s*$")]
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
    officer: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A person's word on one finding."""

    __pydantic_config__ = CLOSED

    key: Annotated[str, StringConstraints(min_length=3, max_length=800)]
    officer: Officer
    document_number: DocumentNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A person's word that a day is done."""

    __pydantic_config__ = CLOSED

    officer: Officer
    document_number: DocumentNumber


async def get_days(call: Call) -> web.StreamResponse:
    """List compared days."""
    query: DaysQuery = call.query
    settlements = settlements_of(call)
    until = query.until or settlements.records.clock.now().date() + timedelta(days=1)
    since = query.since or until - _SPAN
    days = await settlements.store.days(query.provider, since, until)
    return call.answer(200, Days(items=tuple(_day_view(one) for one in days)))


async def get_day(call: Call) -> web.StreamResponse:
    """Tell what comparing a day gave."""
    return call.answer(200, await _details(call, await _found(call)))


async def get_report(call: Call) -> web.StreamResponse:
    """Give every finding of a day as CSV."""
    found = await _found(call)
    body = b"\xef\xbb\xbf" + write_report([found.match]).encode()
    return call.answer_raw(200, body, "text/csv; charset=utf-8")


async def post_file(call: Call) -> web.StreamResponse:
    """Take a file by hand."""
    stated = call.body
    assert isinstance(stated, FileBody)
    told = Told(
        provider=call.path["provider"],
        day=call.path["day"],
        name=stated.name,
        content=stated.content.encode("utf-8", "surrogatepass"),
        digest=stated.digest,
        officer=stated.officer,
    )
    return call.answer(200, await _details(call, await _done(settlements_of(call).take(told))))


async def post_comparison(call: Call) -> web.StreamResponse:
    """Compare a day anew, with what is known by now."""
    made = await _done(settlements_of(call).compare(call.path["provider"], call.path["day"]))
    return call.answer(200, await _details(call, made))


async def post_explanation(call: Call) -> web.StreamResponse:
    """Explain a finding."""
    stated = call.body
    assert isinstance(stated, Explanation)
    decision = FindingDecision(
        finding_key=stated.key, decided_by=stated.officer, document_number=stated.document_number
    )
    made = await _done(settlements_of(call).explain(call.path["provider"], call.path["day"], decision))
    return call.answer(200, await _details(call, made))


async def post_closing(call: Call) -> web.StreamResponse:
    """Close a day."""
    stated = call.body
    assert isinstance(stated, Closing)
    provider, day = call.path["provider"], call.path["day"]
    closed = await _done(settlements_of(call).close(provider, day, stated.officer, stated.document_number))
    return call.answer(200, _day_view(closed))


def settlements_of(call: Call) -> Settlements:
    return service_of(call).settlements


async def _done(doing: Awaitable[StoredDay]) -> StoredDay:
    try:
        return await doing
    except SettlementNotPossible as error:
        if error.refusal in ("no_such_day", "no_such_provider", "no_such_finding"):
            raise Problem("settlement-not-found", error.refusal) from error
        raise Problem("settlement-not-possible", error.refusal) from error
    except IntegrityFailed as error:
        faults = [Fault("/content", one) for one in str(error).split("; ")]
        raise Problem("invalid-content", faults=faults) from error


async def _found(call: Call) -> StoredDay:
    found = await settlements_of(call).store.day(call.path["provider"], call.path["day"])
    if found is None:
        raise Problem("settlement-not-found", "no_such_day")
    return found


async def _details(call: Call, stored: StoredDay) -> DayDetails:
    match, store = stored.match, settlements_of(call).store
    corrections = await store.corrections(match.provider, match.day)
    shown = [one for one in match.findings if not one.is_explained][:_MAX_FINDINGS]
    findings = tuple(
        _finding_view(
            one, match.decisions.get(one.key), corrections[one.key].outcome if one.key in corrections else None
        )
        for one in shown
    )
    return DayDetails(day=_day_view(stored), findings=findings)


def _finding_view(finding: Finding, explained_by: str | None, correction: str | None) -> FindingView:
    return FindingView(
        key=finding.key,
        finding_class=finding.finding_class.value,
        words=CLASS_WORDS[finding.finding_class][0],
        action=finding.action.value,
        kind=finding.kind.value,
        gateway_vnd=finding.gateway_vnd,
        file_vnd=finding.file_vnd,
        line=finding.line,
        reference=finding.reference,
        transaction=finding.transaction,
        payment_id=finding.request_id,
        dossier_code=finding.dossier_code,
        agency_code=finding.agency_code,
        explained_by=explained_by,
        correction=correction,
    )


def _day_view(stored: StoredDay) -> DayView:
    match, sums = stored.match, total([stored.match])
    by_class: dict[str, int] = {}
    for finding in match.findings:
        by_class[finding.finding_class.value] = by_class.get(finding.finding_class.value, 0) + 1
    return DayView(
        provider=match.provider,
        day=match.day,
        state="open" if stored.closed_at is None else "closed",
        file_sha256=match.file_sha256,
        gateway_vnd=sums.gateway_vnd,
        file_vnd=sums.file_vnd,
        difference_vnd=sums.difference_vnd,
        service_fee_vnd=sums.service_fee_vnd,
        findings_count=len(match.findings),
        unexplained_count=len(match.unexplained),
        by_class=dict(sorted(by_class.items())),
        is_next_file_read=match.is_next_file_read,
        matched_at=stored.matched_at,
        closed_at=stored.closed_at,
        closed_by=stored.closed_by or None,
    )


_ONE = {"provider": ProviderName, "day": date}
_PATH = "/v1/settlements/{provider}/{day}"
_WRITING = ("no-payment-provider", "settlement-not-found", "settlement-not-possible")
ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/settlements",
        operation_id="listSettlements",
        tag="settlements",
        summary="List compared days",
        scope=Scope.OPERATIONS_READ,
        handler=get_days,
        query=DaysQuery,
        answers={200: Answer(description="The days.", model=Days)},
        problems=("no-payment-provider",),
    ),
    Endpoint(
        method="GET",
        path=_PATH,
        operation_id="getSettlement",
        tag="settlements",
        summary="See what comparing a day gave",
        scope=Scope.OPERATIONS_READ,
        handler=get_day,
        path_parameters=_ONE,
        answers={200: Answer(description="The day.", model=DayDetails)},
        problems=("no-payment-provider", "settlement-not-found"),
    ),
    Endpoint(
        method="GET",
        path=_PATH + "/report",
        operation_id="getSettlementReport",
        tag="settlements",
        summary="Take every finding of a day as CSV",
        scope=Scope.OPERATIONS_READ,
        handler=get_report,
        path_parameters=_ONE,
        answers={200: Answer(description="The report, in UTF-8 with a byte order mark.", media_type="text/csv")},
        problems=("no-payment-provider", "settlement-not-found"),
    ),
    Endpoint(
        method="POST",
        path=_PATH + ":import",
        operation_id="importSettlement",
        tag="settlements",
        summary="Take a provider's file by hand",
        description="Whole or not at all. Its day and those beside it are compared, and what it proves is corrected; "
        "the same file again compares anew.",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_file,
        path_parameters=_ONE,
        body=FileBody,
        answers={200: Answer(description="The compared day.", model=DayDetails)},
        problems=_WRITING,
    ),
    Endpoint(
        method="POST",
        path=_PATH + ":compare",
        operation_id="compareSettlement",
        tag="settlements",
        summary="Compare a day anew",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_comparison,
        path_parameters=_ONE,
        answers={200: Answer(description="The compared day.", model=DayDetails)},
        problems=_WRITING,
    ),
    Endpoint(
        method="POST",
        path=_PATH + ":explain",
        operation_id="explainFinding",
        tag="settlements",
        summary="Explain what differs",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_explanation,
        path_parameters=_ONE,
        body=Explanation,
        answers={200: Answer(description="The compared day.", model=DayDetails)},
        problems=_WRITING,
    ),
    Endpoint(
        method="POST",
        path=_PATH + ":close",
        operation_id="closeSettlement",
        tag="settlements",
        summary="Close a day in which everything is explained",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_closing,
        path_parameters=_ONE,
        body=Closing,
        answers={200: Answer(description="The closed day.", model=DayView)},
        problems=_WRITING,
    ),
)
