"""From numbers to dossiers: which make a number, and why one counts or does not."""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Call, Endpoint
from gateway.api.monitoring import COUNTED, PATH, answers_of
from gateway.api.monitoring_pulls import answer_pull, ask_numbers, desk_of
from gateway.api.monitoring_questions import IndicatorCode, StateQuery, period_in, readings_in, scope_in
from gateway.api.monitoring_views import Drilldown, Explanation
from gateway.api.preconditions import IF_NONE_MATCH
from gateway.api.problems import Problem
from gateway.errors import Fault
from gateway.indicators.registry import CODES
from gateway.indicators.words import REASONS
from gateway.model.party import CLOSED
from gateway.model.subtrees import is_within
from gateway.model.vocabulary import VIETNAM, DossierCode
from gateway.monitoring.deadlines import Deadline
from gateway.monitoring.timeliness import WORDS, explain
from gateway.store.clients import Scope as ClientScope


@dataclass(frozen=True, slots=True, kw_only=True)
class DrilldownQuery(StateQuery):
    """Whose dossiers: those that count, or those that stand in the denominator and do not."""

    __pydantic_config__ = CLOSED

    counts: bool = True
    cursor: Annotated[str | None, Field(pattern=r"^n[0-9]{1,18}$")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationQuery(StateQuery):
    """Which number, and which dossier."""

    __pydantic_config__ = CLOSED

    indicator: IndicatorCode
    dossier: DossierCode


async def get_drilldown(call: Call) -> web.StreamResponse:
    """Name the dossiers behind a number: by code where the caller may read them, by a keyed digest elsewhere."""
    desk, query = desk_of(call), call.query
    period, scope = period_in(query), scope_in(query)
    found = await ask_numbers(
        desk,
        period,
        query.state_at,
        lambda numbers: numbers.dossiers(
            call.path["indicator"],
            period,
            scope,
            readings_in(query),
            counts=query.counts,
            after=int(query.cursor[1:]) if query.cursor else 0,
            limit=query.limit,
        ),
    )
    may_read = call.caller.may(ClientScope.DOSSIERS_READ) and "*" in call.caller.agency_prefixes
    dossiers = [
        {
            "key": call.services.key_ring.digest(b"indicator drill-down " + code.encode()).hex()[:32],
            "code": code if may_read else None,
        }
        for _, code in found
    ]
    more = f"n{found[-1][0]}" if len(found) == query.limit else None
    return await answer_pull(call, {"indicator": call.path["indicator"], "dossiers": dossiers, "next_cursor": more})


async def get_explanation(call: Call) -> web.StreamResponse:
    """Say why a dossier counts, does not count, or stands outside."""
    desk, query = desk_of(call), call.query
    period, scope = period_in(query), scope_in(query)
    if query.indicator not in CODES:
        raise Problem("invalid-parameter", faults=[Fault("/query/indicator", "must be known", "text")])
    found = await desk.explainer.explain(
        query.dossier, query.indicator, period, scope, readings_in(query), query.state_at
    )
    if found is None or not is_within(found.fact.resolving_agency, call.caller.agency_prefixes):
        raise Problem("dossier-not-found")
    verdict, fact = found.verdict, found.fact
    words = WORDS[fact.timeliness]
    return await answer_pull(
        call,
        {
            "indicator": query.indicator,
            "dossier": query.dossier,
            "standing": verdict.standing.value,
            "reasons": [
                {"reason": reason.value, "vi": REASONS[reason][0], "en": REASONS[reason][1]}
                for reason in verdict.reasons
            ],
            "rule": verdict.rule or None,
            "timeliness": {"class": fact.timeliness.value, "vi": words[0], "en": words[1]},
            "due_at": None if fact.due_at is None else fact.due_at.isoformat(),
            "due_steps": _due_steps(found.deadline),
            "flags": sorted(fact.flags),
        },
    )


def _due_steps(deadline: Deadline | None) -> list[dict[str, str]]:
    if deadline is None:
        return []
    return [
        {
            "step": change.step.value,
            "at": change.at.astimezone(VIETNAM).isoformat(),
            "due_at": change.due.isoformat(),
            "vi": vi,
            "en": en,
        }
        for change, (vi, en) in zip(deadline.changes, explain(deadline), strict=True)
    ]


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{PATH}/drilldown/{{indicator}}",
        operation_id="getDrilldown",
        tag="monitoring",
        summary="Name the dossiers behind a number",
        scope=ClientScope.MONITORING_DRILLDOWN,
        handler=get_drilldown,
        path_parameters={"indicator": IndicatorCode},
        query=DrilldownQuery,
        answers=answers_of("Keys of dossiers; codes for who may read all dossiers.", Drilldown),
        **COUNTED,
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/explanations",
        operation_id="explainIndicator",
        tag="monitoring",
        summary="See why a dossier counts or not",
        scope=ClientScope.MONITORING_DRILLDOWN,
        handler=get_explanation,
        query=ExplanationQuery,
        headers=(IF_NONE_MATCH,),
        answers=answers_of("Where it stands, and why.", Explanation),
        problems=("no-indicators", "pulls-too-fast", "dossier-not-found"),
    ),
)
