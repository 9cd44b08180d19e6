"""For those who watch: counts beside those of others, the 766 index, milestones of services, numbers for Prometheus."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.monitoring import PATH, PULLED, TAG, answers_of
from gateway.api.monitoring_desk import MonitoringDesk
from gateway.api.monitoring_pulls import answer_bytes, answer_pull, desk_of
from gateway.api.monitoring_questions import ScopeQuery, period_in, scope_in
from gateway.api.monitoring_views import CountComparison, Milestones, ScoreView
from gateway.engine.indicator_numbers import Numbers
from gateway.errors import InvalidInput
from gateway.indicators.facts import ExternalCounts
from gateway.indicators.formulas import Part as FormulaPart
from gateway.indicators.numbers import percent, shown
from gateway.indicators.periods import Calendar, Period, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.scope import Agencies
from gateway.indicators.scope import Scope as Part
from gateway.indicators.scoring import asked, level_of, score_measured
from gateway.indicators.set_up import milestones_of
from gateway.model.party import CLOSED
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.count_comparison import Difference, LocalCounts, compare_counts
from gateway.monitoring.snapshots import cuts_of, observations_of, published_codes
from gateway.store.clients import Scope

_OF_DAYS = ("day", "week")


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestonesQuery:
    """How milestones stood on a day; today when none is given."""

    __pydantic_config__ = CLOSED

    on: Annotated[date | None, Field(description="Day of Viet Nam.")] = None


async def get_comparison(call: Call) -> web.StreamResponse:
    """Hold our counts of received dossiers against those of others, with what explains the difference."""
    desk, query = desk_of(call), call.query
    period, scope = period_in(query), scope_in(query)
    local = await _local(desk.numbers, period, scope)
    theirs = _external(list((await desk.numbers.facts()).external), scope, period)
    by_report = None if theirs is None else theirs.national_report_count
    by_portal = None if theirs is None else theirs.portal_count
    return await answer_pull(
        call,
        {
            "scope": scope.label,
            "period_type": period.type.value,
            "period": period.label,
            "calendar": period.calendar.value,
            "local": local.received,
            "acknowledged": local.acknowledged,
            "portal": _told(compare_counts(local, by_portal, may_use_other_calendar=False)),
            "national_report": _told(compare_counts(local, by_report, may_use_other_calendar=True)),
        },
    )


async def get_score(call: Call) -> web.StreamResponse:
    """Score the 766 index line by line, as the profile in force has it."""
    desk, query = desk_of(call), call.query
    period, scope = period_in(query), scope_in(query)
    parts: dict[tuple[Readings, str], FormulaPart] = {}
    for readings, codes in asked(desk.profile):
        measured = await desk.numbers.measure(codes, period, scope, readings)
        parts |= {(readings, code): measured[code][0] for code in codes}
    level = level_of(Agencies((await desk.numbers.facts()).agencies), period, scope)
    found = score_measured(desk.profile, parts, level)
    return await answer_pull(
        call,
        {
            "profile": desk.profile.version,
            "source": desk.profile.source,
            "scope": scope.label,
            "period": period.label,
            "total": shown(found.total),
            "reachable": shown(found.reachable),
            "without_verdict": list(found.without_verdict),
            "groups": {group.code: shown(found.group(group.code)) for group in desk.profile.groups},
            "lines": [
                {
                    "number": line.component.number,
                    "group": line.component.group,
                    "name_vi": line.component.name_vi,
                    "indicator": line.component.indicator or None,
                    "percent": percent(line.ratio),
                    "points": None if line.points is None else shown(line.points),
                    "max_points": shown(line.component.max_points),
                    "null_reason": None if line.null_reason is None else line.null_reason.value,
                }
                for line in found.lines
            ],
        },
    )


async def get_milestones(call: Call) -> web.StreamResponse:
    """Say by when each service has to be set up and live, and how it stands."""
    desk = desk_of(call)
    today = call.query.on or call.services.clock.now().astimezone(VIETNAM).date()
    services = (await desk.numbers.facts()).services
    found = [
        milestone
        for service in services
        if service.approved_on is not None or service.test_noticed_on is not None
        for milestone in milestones_of(service, today)
    ]
    return await answer_pull(
        call,
        {
            "on": today.isoformat(),
            "milestones": [
                {
                    "service": one.service_key,
                    "procedure": one.procedure_code,
                    "milestone": one.name,
                    "due_on": None if one.due_on is None else one.due_on.isoformat(),
                    "done_on": None if one.done_on is None else one.done_on.isoformat(),
                    "state": one.state.value,
                }
                for one in found
            ],
        },
    )


async def get_metrics(call: Call) -> web.StreamResponse:
    """Give numerators and denominators of the province, its levels and agencies as OpenMetrics; dashboards divide."""
    desk, query = desk_of(call), call.query
    period = period_in(query)
    text = await desk.scrapes.get(period.key, call.services.clock, partial(_exposition, desk, period))
    return await answer_bytes(call, text, CONTENT_TYPE_LATEST)


async def _exposition(desk: MonitoringDesk, period: Period) -> bytes:
    labels = ("indicator", "agency", "level", "unit_group", "period")
    numerators = GaugeMetricFamily("dvc_indicator_numerator", "Numerator of an indicator", labels=labels)
    denominators = GaugeMetricFamily("dvc_indicator_denominator", "Denominator of an indicator", labels=labels)
    for observation in await _observations(desk, period):
        key = observation.key
        values = (key.indicator, key.agency, key.level, key.unit_group, period.label)
        numerators.add_metric(values, observation.figures.numerator)
        denominators.add_metric(values, observation.figures.denominator)
    counted = GaugeMetricFamily("dvc_indicators_counted_timestamp_seconds", "When was counted last")
    counted.add_metric((), (await desk.numbers.cells.counted_at()).timestamp())
    registry = CollectorRegistry()
    registry.register(_Families([numerators, denominators, counted]))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text


class _Families:
    """Implements prometheus_client's Collector."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> list[GaugeMetricFamily]:
        return self._families


async def _observations(desk: MonitoringDesk, period: Period) -> list[Any]:
    facts = await desk.numbers.facts()
    codes = published_codes(desk.catalogue)
    found = []
    for cut in cuts_of(facts.agencies, await desk.numbers.cells.agency_codes(), desk.province, period):
        parts = await desk.numbers.measure(codes, period, cut.scope, Readings())
        for code in codes:
            membership = desk.catalogue.definitions[code].membership
            found += observations_of(code, parts[code], cut, membership=membership, flags={})
    return found


async def _local(numbers: Numbers, period: Period, scope: Part) -> LocalCounts:
    measured = await numbers.look(["U2", "Y1"], period, scope, Readings(), counts_flags=True)
    other = None
    if period.calendar is Calendar.GREGORIAN and period.type.value not in (*_OF_DAYS, "custom", "ytd"):
        with suppress(InvalidInput):  # The first month of all has none.
            shifted = period_of(period.type, period.label, Calendar.ND09)
            other = int((await numbers.measure(["U2"], shifted, scope, Readings()))["U2"][0].denominator or 0)
    return LocalCounts(
        received=int(measured.parts["U2"][0].denominator or 0),
        acknowledged=int(measured.parts["Y1"][0].numerator or 0),
        duplicates=measured.flags["DQ-01"],
        late_synced=measured.flags["DQ-04"],
        other_calendar=other,
    )


def _external(known: list[ExternalCounts], scope: Part, period: Period) -> ExternalCounts | None:
    return next((one for one in known if (one.scope, one.period) == (scope.label, period.key)), None)


def _told(found: Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "count": found.theirs,
        "delta": found.delta,
        "explained_by": [{"cause": one.cause.value, "dossiers": one.dossiers} for one in found.explained_by],
        "unexplained": found.unexplained,
    }


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{PATH}/count-comparison",
        operation_id="compareCounts",
        tag="monitoring",
        summary="Hold our counts against those of others",
        description="Others' counts come from the register `counts`. What explains a difference is told by class.",
        scope=Scope.MONITORING_READ,
        handler=get_comparison,
        query=ScopeQuery,
        answers=answers_of("The counts, and what explains their difference.", CountComparison),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/score",
        operation_id="getIndexScore",
        tag="monitoring",
        summary="Score the 766 index",
        description="An explanation line by line; the national portal's own score is the authoritative one.",
        scope=Scope.MONITORING_READ,
        handler=get_score,
        query=ScopeQuery,
        answers=answers_of("The score.", ScoreView),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/milestones",
        operation_id="listMilestones",
        tag="monitoring",
        summary="See by when services have to be set up",
        scope=Scope.MONITORING_READ,
        handler=get_milestones,
        query=MilestonesQuery,
        answers=answers_of("Both milestones of each service whose setting up was begun.", Milestones),
        **PULLED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/openmetrics",
        operation_id="getIndicatorMetrics",
        tag="monitoring",
        summary="Scrape the numbers of a period",
        scope=Scope.MONITORING_READ,
        handler=get_metrics,
        query=ScopeQuery,
        answers={
            200: Answer(description="OpenMetrics text.", media_type="application/openmetrics-text", headers=(TAG,)),
            304: Answer(description="What the caller has is still right.", headers=(TAG,)),
        },
        **PULLED,
    ),
)
