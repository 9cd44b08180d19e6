"""What is asked of numbers: which period, which scope, which indicators, in whose view."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from gateway.api.problems import Problem
from gateway.errors import Fault, InvalidInput
from gateway.indicators.periods import Calendar, Period, PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.scope import RollUp, Scope, ScopeKind
from gateway.indicators.words import View
from gateway.model.party import CLOSED
from gateway.model.procedure import ExecutingLevel
from gateway.model.vocabulary import AgencyCode, ProcedureCode
from gateway.monitoring.observations import StateAt

PeriodLabel = Annotated[
    str,
    Field(
        pattern=r"^[0-9][0-9A-Z/-]{3,20}$",
        description="2026-08-17, 2026-W34, 2026-08, 2026-Q3, 2026-H1, 2026-9M, 2026, or first/last day for `custom`.",
        examples=["2026-08"],
    ),
]
IndicatorCode = Annotated[str, Field(pattern=r"^[A-Z][0-9][A-Za-z0-9_.]{0,20}$", examples=["U2"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeQuery:
    """A period and a part of the province. Without a scope the whole province is meant."""

    __pydantic_config__ = CLOSED

    period_type: PeriodType = PeriodType.MONTH
    period: PeriodLabel
    calendar: Annotated[Calendar, Field(description="`nd09`: months end on the 14th (Decree 09/2019).")] = (
        Calendar.GREGORIAN
    )
    scope: ScopeKind = ScopeKind.PROVINCE
    agency: AgencyCode | None = None
    descend: Annotated[bool, Field(description="Take in every agency below.")] = False
    level: ExecutingLevel | None = None
    unit_group: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")] = None
    procedure: ProcedureCode | None = None
    field: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z.-]{1,50}$", description="Code of a field.")] = None
    view: Annotated[View, Field(description="`national`: over what reached the national portal, as it judges.")] = (
        View.GATEWAY
    )
    roll_up: Annotated[RollUp, Field(description="Agencies as they were, or as their successors.")] = RollUp.HISTORICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class StateQuery(ScopeQuery):
    """The same, and as of when dossiers are looked at."""

    __pydantic_config__ = CLOSED

    state_at: Annotated[
        StateAt, Field(description="`period_end`: what happened after the period is left out, what was learnt is not.")
    ] = StateAt.AS_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersQuery(StateQuery):
    """Which numbers; all when no indicator is named."""

    __pydantic_config__ = CLOSED

    indicator: Annotated[tuple[IndicatorCode, ...] | None, Field(min_length=1, max_length=60)] = None
    version: Annotated[
        str | None,
        Field(
            pattern=r"^(latest|[1-9][0-9]{0,4})$", description="Left out or `latest`: as counted now; n: as published."
        ),
    ] = None
    cursor: Annotated[str | None, Field(pattern=r"^i[0-9]{1,4}$", description="`next_cursor` of the page before.")] = (
        None
    )
    limit: Annotated[int, Field(ge=1, le=500)] = 500


def period_in(query: ScopeQuery) -> Period:
    """Give the period. Raises Problem (invalid-parameter) for one that does not exist."""
    try:
        return period_of(query.period_type, query.period, query.calendar)
    except InvalidInput as error:
        raise _refused(error) from None


def scope_in(query: ScopeQuery) -> Scope:
    """Give the scope. Raises Problem (invalid-parameter) naming what is missing or does not belong to it."""
    refs = {
        ScopeKind.AGENCY: ("agency", query.agency),
        ScopeKind.UNIT_GROUP: ("unit_group", query.unit_group),
        ScopeKind.PROCEDURE: ("procedure", query.procedure),
        ScopeKind.FIELD: ("field", query.field),
    }
    own = refs.get(query.scope, ("", None))
    faults = [
        Fault(f"/query/{name}", f"belongs to the scope {kind}", "given")
        for kind, (name, value) in refs.items()
        if kind is not query.scope and value is not None
    ]
    if own[0] and own[1] is None:
        faults.append(Fault(f"/query/{own[0]}", f"must be given with the scope {query.scope}", "missing"))
    if faults:
        raise Problem("invalid-parameter", faults=faults)
    try:
        return Scope(query.scope, own[1] or "", query.level, query.descend)
    except InvalidInput as error:
        raise _refused(error) from None


def readings_in(query: ScopeQuery) -> Readings:
    """Give the reading."""
    return Readings(view=query.view, roll_up=query.roll_up)


def _refused(error: InvalidInput) -> Problem:
    faults = [Fault(f"/query{fault.field}", fault.rule, "text" if fault.found else "") for fault in error.faults]
    return Problem("invalid-parameter", error.message, faults=faults)
