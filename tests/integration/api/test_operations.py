"""For operators: alive, able, metrics, the document and its page."""

import re
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from gateway.api.operations import database_readiness
from gateway.api.services import MetricsAccess, SystemCondition, SystemReadiness
from gateway.errors import StoreUnavailable
from gateway.store.clients import Scope
from gateway.vault.keyring import FileKeyRing
from tests.support.api import ApiUnderTest, running_api


def systems(*conditions: SystemCondition) -> Any:
    async def readiness() -> list[SystemReadiness]:
        return [
            SystemReadiness(system=f"system-{number}", condition=condition, reasons=(f"is {condition}",))
            for number, condition in enumerate(conditions)
        ]

    return readiness


async def test_alive(api: ApiUnderTest) -> None:
    """A process that answers is alive, whoever asks."""
    answered = await api.with_token("").get("/healthz")

    assert (200, {"status": "alive", "version": "0.0.0"}) == (answered.status, answered.json)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((), "ready"),
        ((SystemCondition.READY,), "ready"),
        ((SystemCondition.READY, SystemCondition.DEGRADED), "degraded"),
        ((SystemCondition.DOWN, SystemCondition.READY), "degraded"),
    ],
)
async def test_readiness(
    pool: Any, key_ring: FileKeyRing, conditions: tuple[SystemCondition, ...], expected: str
) -> None:
    """A national system that is down makes the gateway degraded, with its reason, and still able."""
    async with running_api(pool, key_ring, readiness=systems(*conditions)) as api:
        answered = await api.with_token("").get("/readyz")

    assert (200, expected) == (answered.status, answered.json["status"])
    shown = answered.json["systems"]
    assert ["database", *(f"system-{n}" for n in range(len(conditions)))] == [one["system"] for one in shown]
    assert [["is " + condition] for condition in conditions] == [one["reasons"] for one in shown[1:]]


async def test_an_old_schema_is_not_ready(api: ApiUnderTest) -> None:
    """A schema of another version is said so, with 503."""
    await api.services.pool.execute("UPDATE alembic_version SET version_num = '0000'")

    answered = await api.get("/readyz")

    assert (503, "unavailable") == (answered.status, answered.json["status"])
    assert "0000" in answered.json["systems"][0]["reasons"][0]
    assert "Retry-After" in answered.headers


async def test_a_database_that_takes_no_writes_is_not_ready(api: ApiUnderTest) -> None:
    """A read-only database cannot accept anything."""
    pool = api.services.pool
    name = await pool.fetchval("SELECT current_database()")
    await pool.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await pool.expire_connections()

    answered = await api.get("/readyz")

    assert (503, ["the database takes no writes"]) == (answered.status, answered.json["systems"][0]["reasons"])


async def test_a_database_without_a_schema_is_not_ready(api: ApiUnderTest) -> None:
    """A database that was never migrated is not ready, and the question does not fail."""
    await api.services.pool.execute("DROP TABLE alembic_version")

    assert SystemCondition.DOWN is (await database_readiness(api.services.pool)).condition


async def test_a_database_that_is_away_is_not_ready(pool: Any, key_ring: FileKeyRing) -> None:
    """Without its database the gateway is alive and not ready."""

    async def nothing_known() -> list[SystemReadiness]:
        raise StoreUnavailable("the database is not available")

    async with running_api(pool, key_ring, readiness=nothing_known) as api:
        await api.services.signal.close()
        await pool.close()
        ready, alive = await api.get("/readyz"), await api.get("/healthz")

    assert (503, 200) == (ready.status, alive.status)
    assert "down" == ready.json["systems"][0]["condition"]


async def test_a_stopping_gateway_is_not_ready(api: ApiUnderTest) -> None:
    """A gateway that stops takes itself out of the balancer."""
    api.runtime.stopping.set()

    assert 503 == (await api.get("/readyz")).status


@pytest.mark.parametrize(
    ("access", "scopes", "status"),
    [
        (MetricsAccess.OPEN, None, 200),
        (MetricsAccess.LOOPBACK, None, 200),
        (MetricsAccess.SCOPE, None, 401),
        (MetricsAccess.SCOPE, {Scope.DOSSIERS_READ}, 403),
        (MetricsAccess.SCOPE, {Scope.OPERATIONS_READ}, 200),
        (MetricsAccess.SCOPE, {Scope.ADMIN}, 200),
    ],
)
async def test_metrics(
    pool: Any, key_ring: FileKeyRing, access: MetricsAccess, scopes: set[Scope] | None, status: int
) -> None:
    """Metrics are for whom the operator says."""
    registry = CollectorRegistry()
    Counter("seen", "Things seen", registry=registry).inc()

    async def render() -> bytes:
        return generate_latest(registry)

    async with running_api(pool, key_ring, render_metrics=render, metrics_access=access) as api:
        token = "" if scopes is None else await api.register("machine", scopes=frozenset(scopes))
        answered = await api.with_token(token).get("/metrics")

    assert status == answered.status
    if status == 200:
        assert b"seen_total 1.0" in answered.body
        assert answered.headers["Content-Type"].startswith("text/plain; version=0.0.4")


ADDRESS = re.compile(rb"""(?:https?:)?//[a-z0-9.-]+|@import|url\(""")


async def test_the_page_needs_no_other_host(api: ApiUnderTest) -> None:
    """Page, script and style name no other host, hold no inline script, and a strict policy says so."""
    anybody = api.with_token("")
    for path, media_type in (
        ("/docs", "text/html"),
        ("/docs/docs.js", "text/javascript"),
        ("/docs/docs.css", "text/css"),
    ):
        answered = await anybody.get(path)
        assert (200, True) == (answered.status, answered.headers["Content-Type"].startswith(media_type))
        assert [] == ADDRESS.findall(answered.body)
        policy = answered.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "nosniff" == answered.headers["X-Content-Type-Options"]
        again = await anybody.call("GET", path, headers={"If-None-Match": answered.headers["ETag"]})
        assert (304, b"") == (again.status, again.body)
    page = (await anybody.get("/docs")).body
    assert [] == re.findall(rb"<script(?![^>]*\bsrc=)", page)
    assert [] == re.findall(rb"\son[a-z]+=|style=", page)


async def test_the_document_is_served(api: ApiUnderTest) -> None:
    """The document is open to anybody and names every problem."""
    answered = await api.with_token("").get("/openapi.json")

    assert (200, "3.1.0") == (answered.status, answered.json["openapi"])
    assert "application/json" == answered.headers["Content-Type"]
