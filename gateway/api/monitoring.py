"""The pull interface of the national monitoring systems: definitions, targets, the calendar, numbers as counted now.

Source: monitoring notes §4. Numbers are whole, percentages decimal strings; no personal data leaves here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint, Header
from gateway.api.monitoring_desk import MonitoringDesk
from gateway.api.monitoring_fields import definition_fields, evaluation_fields, target_fields
from gateway.api.monitoring_pulls import answer_pull, ask_numbers, desk_of
from gateway.api.monitoring_questions import (
    NumbersQuery,
    StateQuery,
    period_in,
    readings_in,
    scope_in,
)
from gateway.api.monitoring_views import (
    CalendarDocument,
    Definitions,
    NumbersDocument,
    Quality,
    TargetResults,
    Targets,
)
from gateway.api.preconditions import IF_NONE_MATCH
from gateway.api.problems import Problem
from gateway.engine.indicator_numbers import Numbers
from gateway.errors import Fault
from gateway.indicators.periods import Period
from gateway.indicators.readings import Readings
from gateway.indicators.scope import RollUp, Scope, ScopeKind
from gateway.indicators.targets import judge, readings_of, scope_of
from gateway.indicators.words import View
from gateway.model.party import CLOSED
from gateway.model.vocabulary import AgencyCode
from gateway.monitoring.documents import document_of
from gateway.monitoring.observations import Observation, SnapshotHead, StateAt
from gateway.monitoring.snapshots import cut_of, observations_of, snapshot_id, target_result
from gateway.store.clients import Scope as ClientScope

PATH = "/monitoring/v1"
_LIVE = "live"
TAG = Header(name="ETag", description="SHA-256 of the body.", is_required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarQuery:
    """Which year, and whose days."""

    __pydantic_config__ = CLOSED

    year: Annotated[int, Field(ge=2000, le=2100)]
    agency: Annotated[
        AgencyCode | None, Field(description="With what the agency, those above it and the province say of their days.")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsQuery:
    """Whether targets are held against the numbers of a period that is running or over."""

    __pydantic_config__ = CLOSED

    on: Annotated[date | None, Field(description="Only those in force on this day.")] = None


async def get_definitions(call: Call) -> web.StreamResponse:
    """Say what is counted, and how."""
    desk = desk_of(call)
    return await answer_pull(
        call,
        {
            "version": desk.catalogue.version,
            "definitions": [
                told
                for one in desk.catalogue.definitions.values()
                for told in definition_fields(one, desk.catalogue.version)
            ],
        },
    )


async def get_targets(call: Call) -> web.StreamResponse:
    """List the targets."""
    desk, query = desk_of(call), call.query
    registry = await desk.numbers.targets()
    targets = () if registry is None else registry.targets
    return await answer_pull(
        call,
        {
            "version": None if registry is None else registry.version,
            "targets": [target_fields(one) for one in targets if query.on is None or one.holds_on(query.on)],
        },
    )


async def get_evaluations(call: Call) -> web.StreamResponse:
    """Hold the targets of a period against its numbers, with their distance in dossiers."""
    desk, query = desk_of(call), call.query
    period = period_in(query)
    registry = await desk.numbers.targets()
    targets = () if registry is None else registry.targets
    as_of = await desk.numbers.cells.counted_at()

    async def evaluate(numbers: Numbers) -> list[dict[str, Any]]:
        told = []
        for target in targets:
            readings = readings_of(target, readings_in(query))
            parts = await numbers.measure([target.indicator], period, scope_of(target), readings)
            told.append(evaluation_fields(judge(target, parts[target.indicator][0], period, as_of)))
        return told

    told = await ask_numbers(desk, period, query.state_at, evaluate)
    return await answer_pull(call, {"period": period.label, "as_of": as_of.isoformat(), "evaluations": told})


async def get_calendar(call: Call) -> web.StreamResponse:
    """Give the working calendar of a year as it is known now."""
    desk, year = desk_of(call), call.query.year
    agency = call.query.agency
    calendar = desk.calendars.of(agency or "", call.services.clock.now())
    if not calendar.first.year <= year <= calendar.last.year:
        rule = f"must lie from {calendar.first.year} to {calendar.last.year}, which the calendar covers"
        raise Problem("invalid-parameter", faults=[Fault("/query/year", rule, "number")])
    days = sorted((day for day in calendar.days.values() if day.day.year == year), key=lambda one: one.day)
    return await answer_pull(
        call,
        {
            "version": desk.calendars.version,
            "year": year,
            "agency": agency,
            "hours": [
                {
                    "begins_on": None if begins_on == date.min else begins_on.isoformat(),
                    "stretches": [f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in stretches],
                }
                for begins_on, stretches in calendar.hours
            ],
            "days": [
                {
                    "date": one.day.isoformat(),
                    "kind": one.kind.value,
                    "label": one.label,
                    "source": one.source,
                    "confirmed": one.is_confirmed,
                    "agency": one.agency or None,
                    "told_on": None if one.told_on is None else one.told_on.isoformat(),
                    "counts_for_deadlines": one.counts_for_deadlines,
                    "open_for_reception": one.is_open_for_reception,
                }
                for one in days
            ],
        },
    )


async def get_numbers(call: Call) -> web.StreamResponse:
    """Give numbers as counted now, or as a version published them."""
    desk, query = desk_of(call), call.query
    period, scope = period_in(query), scope_in(query)
    codes = _codes(desk, query)
    if query.version not in (None, "latest"):
        return await _published(call, desk, query, period, scope)
    start = int(query.cursor[1:]) if query.cursor else 0
    page = codes[start : start + query.limit]
    head, observations = await live(desk, page, period, scope, readings_in(query), query.state_at)
    more = f"i{start + query.limit}" if start + query.limit < len(codes) else None
    return await answer_pull(call, document_of(head, observations) | {"next_cursor": more})


async def live(
    desk: MonitoringDesk,
    codes: Sequence[str],
    period: Period,
    scope: Scope,
    readings: Readings,
    state_at: StateAt = StateAt.AS_OF,
) -> tuple[SnapshotHead, list[Observation]]:
    """Give numbers as counted now, with their head. Raises Problem (`counting-under-way`)."""
    as_of = await desk.numbers.cells.counted_at()
    measured = await ask_numbers(
        desk, period, state_at, lambda numbers: numbers.look(codes, period, scope, readings, counts_flags=True)
    )
    targets = await desk.numbers.targets()
    cut = cut_of(scope, desk.province)
    observations: list[Observation] = []
    for code in codes:
        parts = measured.parts[code]
        observations += observations_of(
            code,
            parts,
            cut,
            membership=desk.catalogue.definitions[code].membership,
            flags=measured.flags,
            target=target_result(targets, code, parts[0], scope, period, as_of),
        )
    head = SnapshotHead(
        snapshot_id=snapshot_id(desk.province, period, 0, state_at).replace("-v0", f"-{_LIVE}"),
        period_type=period.type.value,
        calendar=period.calendar.value,
        start=period.start,
        end=period.end,
        version=0,
        status=_LIVE,
        state_at=state_at,
        as_of=as_of,
        definitions_version=desk.catalogue.version,
        calendar_version=desk.calendars.version,
    )
    return head, observations


async def get_quality(call: Call) -> web.StreamResponse:
    """Count what the rules of data quality found among the dossiers received in a period."""
    desk, query = desk_of(call), call.query
    period, scope = period_in(query), scope_in(query)
    measured = await ask_numbers(
        desk,
        period,
        query.state_at,
        lambda numbers: numbers.look([], period, scope, readings_in(query), counts_flags=True),
    )
    return await answer_pull(
        call,
        {
            "period_type": period.type.value,
            "period": period.label,
            "calendar": period.calendar.value,
            "findings": [{"rule": rule, "dossiers": count} for rule, count in sorted(measured.flags.items())],
        },
    )


async def _published(
    call: Call, desk: MonitoringDesk, query: NumbersQuery, period: Period, scope: Scope
) -> web.StreamResponse:
    _check_published(query)
    document = await desk.publications.version(period, query.state_at, int(query.version or 0))
    if document is None:
        raise Problem("snapshot-not-found")
    key = cut_of(scope, desk.province).key("")
    wanted = None if query.indicator is None else set(query.indicator)
    fitting = [
        one
        for one in document["observations"]
        if _is_cut(one, key._asdict())
        and (wanted is None or one["indicator"] in wanted or one["indicator"].partition(".")[0] in wanted)
    ]
    start = int(query.cursor[1:]) if query.cursor else 0
    more = f"i{start + query.limit}" if start + query.limit < len(fitting) else None
    return await answer_pull(
        call,
        {
            "snapshot": document["snapshot"],
            "observations": fitting[start : start + query.limit],
            "next_cursor": more,
        },
    )


def _check_published(query: NumbersQuery) -> None:
    """Raise Problem (invalid-parameter) for what no version holds: an empty answer would be taken for nothing."""
    rule = "must be {} with a version: published is the gateway's view of the province, its levels, groups, agencies"
    faults = [
        Fault(f"/query/{name}", rule.format(only), "other")
        for name, only, is_published in (
            ("view", View.GATEWAY, query.view is View.GATEWAY),
            ("roll_up", RollUp.HISTORICAL, query.roll_up is RollUp.HISTORICAL),
            ("scope", "one of those", query.scope not in (ScopeKind.PROCEDURE, ScopeKind.FIELD)),
            ("descend", "false", not query.descend),
        )
        if not is_published
    ]
    if faults:
        raise Problem("invalid-parameter", faults=faults)


def _is_cut(observation: dict[str, Any], key: dict[str, Any]) -> bool:
    return all((observation[name] or "") == value for name, value in key.items() if name != "indicator")


def _codes(desk: MonitoringDesk, query: NumbersQuery) -> list[str]:
    known = [code for code, one in desk.catalogue.definitions.items() if one.is_computable]
    if query.indicator is None:
        return known
    unknown = [code for code in query.indicator if code not in desk.catalogue.definitions]
    if unknown:
        fault = Fault("/query/indicator", "must be defined in /monitoring/v1/definitions", "text")
        raise Problem("invalid-parameter", faults=[fault])
    return list(dict.fromkeys(query.indicator))


PULLED: dict[str, Any] = {"headers": (IF_NONE_MATCH,), "problems": ("no-indicators", "pulls-too-fast")}
COUNTED: dict[str, Any] = PULLED | {"problems": (*PULLED["problems"], "counting-under-way")}
_READ = ClientScope.MONITORING_READ


def answers_of(description: str, model: Any) -> dict[int, Answer]:
    """Give the answers of a resource that is pulled."""
    return {
        200: Answer(description=description, model=model, headers=(TAG,)),
        304: Answer(description="What the caller has is still right.", headers=(TAG,)),
    }


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{PATH}/definitions",
        operation_id="listDefinitions",
        tag="monitoring",
        summary="See what is counted, and how",
        scope=_READ,
        handler=get_definitions,
        answers=answers_of("The definitions.", Definitions),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/targets",
        operation_id="listTargets",
        tag="monitoring",
        summary="List the targets",
        scope=_READ,
        handler=get_targets,
        query=TargetsQuery,
        answers=answers_of("The targets.", Targets),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/target-results",
        operation_id="listTargetResults",
        tag="monitoring",
        summary="Hold targets against the numbers of a period",
        scope=_READ,
        handler=get_evaluations,
        query=StateQuery,
        answers=answers_of("Each target with its result and its distance.", TargetResults),
        **COUNTED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/calendar",
        operation_id="getCalendar",
        tag="monitoring",
        summary="Read the working calendar",
        scope=_READ,
        handler=get_calendar,
        query=CalendarQuery,
        answers=answers_of("The calendar's days that are not as their weekday says.", CalendarDocument),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/indicators",
        operation_id="listIndicators",
        tag="monitoring",
        summary="Read numbers",
        description="As counted now (status `live`, not signed), or as a version published them.",
        scope=_READ,
        handler=get_numbers,
        query=NumbersQuery,
        headers=(IF_NONE_MATCH,),
        answers=answers_of("The numbers.", NumbersDocument),
        problems=(*COUNTED["problems"], "snapshot-not-found"),
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/quality",
        operation_id="getDataQuality",
        tag="monitoring",
        summary="Count findings of data quality",
        scope=_READ,
        handler=get_quality,
        query=StateQuery,
        answers=answers_of("Dossiers by rule.", Quality),
        **COUNTED,
    ),
)
