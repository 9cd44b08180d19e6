"""Endpoints that ask the population database about a citizen: does this person match, what may be read for a purpose.

Who asks, for which agency, dossier and purpose must be stated; every question leaves audit lines. Numbers and names
travel in bodies only. Found, in part, not found and ambiguous are answers; refused and "could not ask" are problems,
and never look like one of them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.citizen_views import CitizenView, PartyView, citizen_view, party_view
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import RETRY_AFTER_SECONDS, Problem
from gateway.engine.citizens import Asked, CitizenDesk, CitizenOrder, LookedUp
from gateway.errors import Fault, InvalidInput, OutcomeUnknown, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.model.audit import AuditAction
from gateway.model.citizen import CitizenField, CitizenOutcome, Subject
from gateway.model.identity import PartialDate, Precision
from gateway.model.party import CLOSED
from gateway.model.vocabulary import VIETNAM, AgencyCode, DossierCode, Name, ProcedureCode
from gateway.store.clients import Scope
from gateway.sync.citizens import CitizenRefused, Denial, QuotaExceeded

ResultT = TypeVar("ResultT")
_PROBLEMS = (
    "no-population-database",
    "unclear-selection",
    "impossible-dates",
    "purpose-refused",
    "quota-exceeded",
    "population-refused",
    "population-unavailable",
    "population-answer-unusable",
)
_PRECISIONS = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}


BirthDate = Annotated[
    str,
    StringConstraints(pattern=r"^(18[5-9]|19[0-9]|20[0-9])[0-9](-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"),
    Field(description="As far as it is known: YYYY-MM-DD, YYYY-MM or YYYY.", examples=["1985-03-12"]),
]
OfficerCode = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f]{1,100}$"),
    Field(description="The officer as the population database knows them (MaCanBo).", examples=["canbo.a"]),
]
PurposeCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,49}$"), Field(examples=["dossier-intake"])]
ConsentRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenQuery:
    """Whom the question is about, who asks, and why."""

    __pydantic_config__ = CLOSED

    purpose: Annotated[PurposeCode, Field(description="One of the installation's purposes.")]
    officer_code: OfficerCode
    officer_login: Annotated[str, StringConstraints(pattern=r"^[!-~]{0,100}$")] = ""
    agency_code: Annotated[AgencyCode, Field(description="The agency that asks; one of the client's.")]
    dossier_code: Annotated[DossierCode, Field(description="The dossier that it is for, also one not yet stated here.")]
    procedure_code: Annotated[ProcedureCode | None, Field(description="The dossier's procedure.")] = None
    consent_ref: Annotated[
        ConsentRef | None, Field(description="The citizen's consent, where the purpose needs one.")
    ] = None
    personal_number: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None, Field(examples=["999085000001"])
    ] = field(default=None, repr=False)
    old_card_number: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")] | None,
        Field(description="Instead of personal_number: the number of an old card."),
    ] = field(default=None, repr=False)
    full_name: Annotated[Name, Field(examples=["Nguyễn Văn An"])] = field(repr=False)
    birth_date: BirthDate | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpQuery(CitizenQuery):
    """A question for a record. What is not covered by the purpose is refused, not left out silently."""

    __pydantic_config__ = CLOSED

    fields: Annotated[
        tuple[CitizenField, ...],
        Field(max_length=30, description="Wanted fields; empty for all that the purpose covers."),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where and when the answer comes from. `correlation_id` is that of the audit lines."""

    correlation_id: UUID
    request_id: Annotated[str, Field(description="Under which the database knows the call (MaYeuCau).")]
    service_code: str
    answered_at: datetime
    is_kept: Annotated[bool, Field(description="Asked for a moment ago, and kept.")]
    data_time: Annotated[datetime | None, Field(description="The database's own time of its data.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """`found`: a record of that number, name and birth date exists. `not_found`: none does, or one of them differs;
    the database does not tell which, so nobody may be told "wrong name"."""

    outcome: Annotated[str, Field(pattern="^(found|not_found)$")]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`partial`: found, and the fields of `missing` are not stated. `ambiguous`: several people; nobody is shown."""

    outcome: CitizenOutcome
    citizen: CitizenView | None
    missing: tuple[CitizenField, ...]
    notices: Annotated[
        tuple[str, ...], Field(description="What was left out or odd in the reply: field and word, never a value.")
    ]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """A look-up as the applicant of a dossier, to be put into a form and checked by a person."""

    outcome: CitizenOutcome
    applicant: PartyView | None
    source: Source


async def verify_citizen(call: Call) -> web.StreamResponse:
    """Ask whether the person exists as described."""
    query: CitizenQuery = call.body
    desk = _desk(call)
    verified = await _asked(lambda: desk.verify(_order(call, query)))
    return call.answer(200, Verification(outcome=verified.outcome.value, source=_source(verified.asked)))


async def look_up_citizen(call: Call) -> web.StreamResponse:
    """Ask for a record."""
    query: LookUpQuery = call.body
    looked = await _looked_up(call, query, frozenset(query.fields), AuditAction.CITIZEN_LOOKUP)
    found = looked.found
    view = None if found.record is None else citizen_view(found.record, call.services.codes, _today(call))
    return call.answer(
        200,
        Record(
            outcome=found.outcome,
            citizen=view,
            missing=found.missing,
            notices=looked.notices,
            source=_source(looked.asked, looked.data_time),
        ),
    )


async def prefill_applicant(call: Call) -> web.StreamResponse:
    """Ask for a record, and give it as an applicant."""
    query: CitizenQuery = call.body
    looked = await _looked_up(call, query, frozenset(), AuditAction.CITIZEN_PREFILL)
    record = looked.found.record
    applicant = None if record is None else party_view(record, call.services.codes, _today(call))
    source = _source(looked.asked, looked.data_time)
    return call.answer(200, Prefill(outcome=looked.found.outcome, applicant=applicant, source=source))


async def _looked_up(call: Call, query: CitizenQuery, fields: frozenset[CitizenField], action: AuditAction) -> LookedUp:
    desk = _desk(call)
    return await _asked(lambda: desk.look_up(_order(call, query, fields), action))


def _today(call: Call) -> date:
    return call.services.clock.now().astimezone(VIETNAM).date()


def _desk(call: Call) -> CitizenDesk:
    desk = call.services.citizens
    if desk is None:
        raise Problem("no-population-database")
    return desk


def _order(call: Call, query: CitizenQuery, fields: frozenset[CitizenField] = frozenset()) -> CitizenOrder:
    if (query.personal_number is None) == (query.old_card_number is None):
        rule = "exactly one of personal_number and old_card_number must be stated"
        raise Problem("unclear-selection", faults=[Fault("/personal_number", rule)])
    born = query.birth_date
    if born is not None and len(born) == len("1985-03-12") and not _exists(born):
        raise Problem("impossible-dates", faults=[Fault("/birth_date", "must be a day of the calendar")])
    return CitizenOrder(
        client_id=call.caller.client_id,
        agency_prefixes=call.caller.agency_prefixes,
        client_address=call.request.remote or "",
        purpose=query.purpose,
        officer_code=query.officer_code,
        officer_login=query.officer_login,
        agency_code=query.agency_code,
        dossier_code=query.dossier_code,
        procedure_code=query.procedure_code or "",
        consent_ref=query.consent_ref or "",
        subject=Subject(
            personal_number=query.personal_number or "",
            old_card_number=query.old_card_number or "",
            full_name=query.full_name,
            birth_date=None if born is None else PartialDate(born, _PRECISIONS[len(born)]),
        ),
        fields=fields,
    )


def _exists(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _source(asked: Asked, data_time: datetime | None = None) -> Source:
    return Source(
        correlation_id=asked.correlation_id,
        request_id=asked.request_id,
        service_code=asked.service_code,
        answered_at=asked.answered_at,
        is_kept=asked.is_kept,
        data_time=data_time,
    )


async def _asked(ask: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Ask, and turn what went wrong into a problem that shows nothing of the question."""
    try:
        return await ask()
    except CitizenRefused as refusal:
        raise _denied(refusal) from refusal
    except QuotaExceeded as error:
        headers = {"Retry-After": str(round(error.retry_after_seconds))}
        raise Problem("quota-exceeded", f"The quota {error.quota} is used up.", headers=headers) from error
    except InvalidInput as error:
        faults = [Fault("/" + fault.field.lstrip("/"), fault.rule, fault.found) for fault in error.faults]
        raise Problem("invalid-content", error.message, faults=faults) from error
    except RateLimited as error:
        seconds = max(RETRY_AFTER_SECONDS, round(error.retry_after_seconds or 0))
        raise Problem("population-unavailable", headers={"Retry-After": str(seconds)}) from error
    except (TransientFailure, OutcomeUnknown) as error:
        raise Problem("population-unavailable", f"It could not be asked ({error.code}).") from error
    except Rejected as error:
        raise Problem("population-refused", f"The database refused ({error.code}).") from error
    except RemoteError as error:
        raise Problem("population-answer-unusable", f"No answer can be relied on ({error.code}).") from error


_DENIED_FIELDS = {
    Denial.PURPOSE_UNKNOWN: "/purpose",
    Denial.PURPOSE_NOT_FOR_THIS: "/purpose",
    Denial.PROCEDURE_NOT_COVERED: "/procedure_code",
    Denial.FIELD_NOT_COVERED: "/fields",
    Denial.CONSENT_MISSING: "/consent_ref",
    Denial.AGENCY_NOT_OWN: "/agency_code",
    Denial.DOSSIER_NOT_OWN: "/dossier_code",
}
_DENIED_RULES = {
    Denial.PURPOSE_UNKNOWN: "must be a purpose that is open to the client",
    Denial.PURPOSE_NOT_FOR_THIS: "must be a purpose that allows this kind of question",
    Denial.PROCEDURE_NOT_COVERED: "must be a procedure that the purpose covers",
    Denial.FIELD_NOT_COVERED: "must be covered by the purpose",
    Denial.CONSENT_MISSING: "must name the citizen's consent for this purpose",
    Denial.AGENCY_NOT_OWN: "must be an agency of the client",
    Denial.DOSSIER_NOT_OWN: "must be a dossier of the client's agencies",
}


def _denied(refusal: CitizenRefused) -> Problem:
    denial = refusal.denial
    fault = Fault(_DENIED_FIELDS[denial], _DENIED_RULES[denial], ", ".join(refusal.fields))
    return Problem("purpose-refused", faults=[fault])


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/citizens:verify",
        operation_id="verifyCitizen",
        tag="citizens",
        summary="Ask whether a person exists as described",
        description="Asks the population database at once. The least that can be asked: nothing of the record is read.",
        scope=Scope.CITIZENS_VERIFY,
        handler=verify_citizen,
        body=CitizenQuery,
        answers={200: Answer(description="Whether such a record exists.", model=Verification)},
        problems=_PROBLEMS,
    ),
    Endpoint(
        method="POST",
        path="/v1/citizens:lookup",
        operation_id="lookUpCitizen",
        tag="citizens",
        summary="Read what a purpose allows of a citizen's record",
        description="Asks the population database at once. Only the fields that the purpose covers are given.",
        scope=Scope.CITIZENS_LOOKUP,
        handler=look_up_citizen,
        body=LookUpQuery,
        answers={200: Answer(description="The record, or why there is none.", model=Record)},
        problems=_PROBLEMS,
    ),
    Endpoint(
        method="POST",
        path="/v1/citizens:prefill",
        operation_id="prefillApplicant",
        tag="citizens",
        summary="Read a citizen's record as the applicant of a dossier",
        description="As lookUpCitizen, in the form in which a dossier states its applicant.",
        scope=Scope.CITIZENS_LOOKUP,
        handler=prefill_applicant,
        body=CitizenQuery,
        answers={200: Answer(description="The applicant, or why there is none.", model=Prefill)},
        problems=_PROBLEMS,
    ),
)
