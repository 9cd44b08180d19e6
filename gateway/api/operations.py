"""Endpoints for operators and their machines: alive, able, metrics."""

from typing import Any

from aiohttp import web

from gateway.api.authentication import require_scope
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.representations import Ability, Aliveness, Readiness, SystemView
from gateway.api.services import MetricsAccess, SystemCondition, SystemReadiness
from gateway.errors import StoreUnavailable
from gateway.store.clients import Scope
from gateway.store.pool import Pool, connection
from gateway.store.schema import NEWEST

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_ASK_SECONDS = 2.0
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


async def get_health(call: Call) -> web.StreamResponse:
    """Tell that the process answers; asks nothing of anybody."""
    return call.answer(200, Aliveness(status="alive", version=call.services.version))


async def database_readiness(pool: Pool) -> SystemReadiness:
    """Tell whether changes can be stored: the database answers, has this code's schema, and takes writes."""
    try:
        async with connection(pool, timeout_seconds=_ASK_SECONDS) as borrowed:
            row: Any = await borrowed.fetchrow(
                "SELECT (SELECT version_num FROM alembic_version) AS version, "
                "pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS is_read_only",
                timeout=_ASK_SECONDS,
            )
    except StoreUnavailable as error:
        return SystemReadiness(system="database", condition=SystemCondition.DOWN, reasons=(error.message,))
    except Exception as error:  # noqa: BLE001 - whatever the database answers, the question is whether it is able
        reason = f"the database does not answer as it should ({type(error).__name__})"
        return SystemReadiness(system="database", condition=SystemCondition.DOWN, reasons=(reason,))
    reasons = []
    if row["version"] != NEWEST:
        reasons.append(f"the schema is at {row['version'] or 'nothing'}, this program needs {NEWEST}")
    if row["is_read_only"]:
        reasons.append("the database takes no writes")
    condition = SystemCondition.DOWN if reasons else SystemCondition.READY
    return SystemReadiness(system="database", condition=condition, reasons=tuple(reasons))


async def get_readiness(call: Call) -> web.StreamResponse:
    """Tell whether the gateway can work, and how each system is doing."""
    database = await database_readiness(call.services.pool)
    try:
        others = () if database.condition is SystemCondition.DOWN else await call.services.readiness()
    except StoreUnavailable:
        # What is known of the others stands in the database.
        others = ()
    if call.runtime.stopping.is_set() or database.condition is SystemCondition.DOWN:
        status = Ability.UNAVAILABLE
    elif any(system.condition is not SystemCondition.READY for system in (database, *others)):
        # A national system that is down delays deliveries; changes are accepted all the same.
        status = Ability.DEGRADED
    else:
        status = Ability.READY
    views = tuple(
        SystemView(system=system.system, condition=system.condition, reasons=system.reasons)
        for system in (database, *others)
    )
    content = Readiness(status=status, systems=views)
    if status is Ability.UNAVAILABLE:
        return call.answer(503, content, {"Retry-After": "2"})
    return call.answer(200, content)


async def get_metrics(call: Call) -> web.StreamResponse:
    """Give the metrics to whoever may read them."""
    services = call.services
    is_local = services.metrics_access is MetricsAccess.LOOPBACK and _is_from_here(call.request)
    if services.metrics_access is not MetricsAccess.OPEN and not is_local:
        call.client = await call.runtime.authenticator.authenticate(call.request)
        require_scope(call.client, Scope.OPERATIONS_READ)
    return call.answer_raw(200, await services.render_metrics(), PROMETHEUS_TEXT)


def _is_from_here(request: web.Request) -> bool:
    # Only the connection counts: a header that names another origin can be written by anybody. A proxy on this machine
    # makes everybody look local; where there is one, metrics_access is to be "scope".
    transport = request.transport
    peer = transport.get_extra_info("peername") if transport is not None else None
    return isinstance(peer, tuple) and peer[0] in _LOOPBACK


_UNABLE = "The database is unusable, its schema is not this program's, or the gateway is stopping."

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/healthz",
        operation_id="getHealth",
        tag="operations",
        summary="Is the process alive?",
        scope=None,
        handler=get_health,
        answers={200: Answer(description="It is.", model=Aliveness)},
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        operation_id="getReadiness",
        tag="operations",
        summary="Can the gateway do its work?",
        description="A national system that is down makes the gateway degraded, not unavailable.",
        scope=None,
        handler=get_readiness,
        answers={
            200: Answer(description="Changes are accepted.", model=Readiness),
            503: Answer(description=_UNABLE, model=Readiness),
        },
    ),
    Endpoint(
        method="GET",
        path="/metrics",
        operation_id="getMetrics",
        tag="operations",
        summary="Metrics for Prometheus",
        description="From this machine, or with the scope operations:read, as the operator has set it.",
        scope=None,
        handler=get_metrics,
        answers={
            200: Answer(description="Prometheus text.", media_type="text/plain", schema={"type": "string"}),
        },
        problems=("unauthenticated", "insufficient-scope"),
    ),
)
