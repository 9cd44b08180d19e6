"""What operators do through the API: pauses, outages, retries, skips, replays. Each shows first."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.ports.basics import KeyRing
from gateway.store.clients import Scope
from gateway.store.systems import PostgresSystems
from tests.support.api import ApiUnderTest, running_api
from tests.support.samples import make_dossier

CODE = "H99.01-260105-00017"
PAUSE = {"reason": "portal_migration"}


@pytest.fixture
async def api(pool: Any, key_ring: KeyRing) -> AsyncIterator[ApiUnderTest]:
    await PostgresSystems(pool).ensure("portal")
    async with running_api(pool, key_ring) as opened:
        yield opened


async def events(api: ApiUnderTest, beginning: str) -> list[tuple[str, str]]:
    rows = await api.services.pool.fetch(
        "SELECT type, data->>'by' AS who FROM events WHERE starts_with(type, $1) ORDER BY event_id", beginning
    )
    return [(row["type"], row["who"]) for row in rows]


async def park(api: ApiUnderTest, code: str = CODE, reason: str = "unmapped: procedure 1.999001") -> int:
    """Accept a dossier and park its snapshot, as the worker would; give the delivery's number."""
    assert (await api.put(code, make_dossier(), Idempotency_Key=f"key-{code}")).status == 201
    pool = api.services.pool
    await pool.execute("UPDATE lanes SET due_at = NULL")
    number: int = await pool.fetchval(
        "UPDATE deliveries SET state = 'parked', reason = $2, attempts_count = 3 FROM dossiers d "
        "WHERE d.dossier_id = deliveries.dossier_id AND d.code = $1 RETURNING delivery_id",
        code,
        reason,
    )
    return number


async def state_of(api: ApiUnderTest, delivery_id: int) -> tuple[str, str, int]:
    row = await api.services.pool.fetchrow(
        "SELECT state, reason, attempts_count FROM deliveries WHERE delivery_id = $1", delivery_id
    )
    return row["state"], row["reason"], row["attempts_count"]


async def test_a_pause_is_shown_before_it_is_made(api: ApiUnderTest) -> None:
    """Nothing changes without dry_run=false; then standing, author and reason show, and an event is left."""
    shown = (await api.call("POST", "/v1/systems/portal:pause", body=PAUSE)).json
    assert (True, True, True) == (shown["is_dry_run"], shown["is_changed"], shown["standing"]["is_open"])
    assert [] == await events(api, "system.")

    made = (await api.call("POST", "/v1/systems/portal:pause", body={**PAUSE, "dry_run": False})).json
    assert (False, True, "paused") == (made["is_dry_run"], made["is_changed"], made["standing"]["hold"])
    again = (await api.call("POST", "/v1/systems/portal:pause", body={**PAUSE, "dry_run": False})).json
    assert again["is_changed"] is False
    standing = (await api.get("/v1/systems/portal/standing")).json
    assert ("one-stop", "portal_migration", 0.0) == (
        standing["paused_by"],
        standing["pause_reason"],
        standing["released_share"],
    )

    resumed = (await api.call("POST", "/v1/systems/portal:resume", body={"dry_run": False})).json
    assert (True, True) == (resumed["is_changed"], resumed["standing"]["is_open"])
    assert resumed["standing"]["released_share"] == pytest.approx(0.05)
    assert [("system.paused", "one-stop"), ("system.resumed", "one-stop")] == await events(api, "system.")


async def test_outages_are_announced_listed_and_taken_back(api: ApiUnderTest) -> None:
    """The same stretch is one outage; while it lasts the system is closed; taken back it ends."""
    now = api.services.clock.now()
    body = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat(), "note": "Bảo trì"}
    first = await api.call("POST", "/v1/systems/portal/outages", body=body)
    second = await api.call("POST", "/v1/systems/portal/outages", body=body)
    assert (201, 200) == (first.status, second.status)
    assert first.json == second.json
    assert [first.json] == (await api.get("/v1/systems/portal/outages")).json["outages"]
    standing = (await api.get("/v1/systems/portal/standing")).json
    assert ("outage", first.json["ends_at"]) == (standing["hold"], standing["opens_at"])

    address = f"/v1/systems/portal/outages/{first.json['outage_id']}"
    assert 200 == (await api.call("DELETE", address)).status
    assert "outage-not-found" == (await api.call("DELETE", address)).problem
    assert [] == (await api.get("/v1/systems/portal/outages")).json["outages"]
    assert (await api.get("/v1/systems/portal/standing")).json["is_open"]


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", "/v1/systems/nowhere/standing", None, "system-not-found"),
        ("GET", "/v1/systems/Portal/standing", None, "invalid-parameter"),
        ("POST", "/v1/systems/nowhere:pause", PAUSE, "system-not-found"),
        ("POST", "/v1/systems/portal:pause", {"reason": "Ông A bảo thế"}, "invalid-content"),
        ("POST", "/v1/systems/portal:pause", {**PAUSE, "dry_run": 0}, "invalid-content"),
        (
            "POST",
            "/v1/systems/portal/outages",
            {"starts_at": "2026-01-06T02:00:00Z", "ends_at": "2026-01-06T01:00:00Z"},
            "impossible-dates",
        ),
        ("POST", "/v1/deliveries:retry", {}, "unclear-selection"),
        ("POST", "/v1/deliveries:retry", {"delivery_ids": [1], "reason": "unmapped"}, "unclear-selection"),
        ("POST", "/v1/deliveries:replay", {"because": "drill"}, "unclear-selection"),
        ("POST", "/v1/deliveries:replay", {"because": "drill", "since": "2026-01-05T00:00:00Z"}, "unclear-selection"),
        (
            "POST",
            "/v1/deliveries:replay",
            {"because": "drill", "since": "2026-01-05T00:00:00Z", "until": "2026-01-05T00:00:00Z"},
            "impossible-dates",
        ),
        (
            "POST",
            "/v1/deliveries:replay",
            {"because": "drill", "system": "nowhere", "dossier_codes": [CODE]},
            "system-not-found",
        ),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    api: ApiUnderTest, method: str, path: str, body: Any, problem: str
) -> None:
    """Unknown systems, impossible stretches and unclear selections are refused as what they are."""
    assert problem == (await api.call(method, path, body=body)).problem


async def test_a_retry_is_shown_before_it_is_made(api: ApiUnderTest) -> None:
    """By reason or number: first a list, then the act with an event; what is not parked is named."""
    number = await park(api)
    shown = (await api.call("POST", "/v1/deliveries:retry", body={"reason": "unmapped"})).json
    assert (True, 1, [number]) == (
        shown["is_dry_run"],
        shown["done_count"],
        [one["delivery_id"] for one in shown["deliveries"]],
    )
    assert "parked" == (await state_of(api, number))[0]

    body = {"delivery_ids": [number, 999_999], "dry_run": False}
    made = (await api.call("POST", "/v1/deliveries:retry", body=body)).json
    assert [(number, "done"), (999_999, "not_parked")] == [
        (one["delivery_id"], one["outcome"]) for one in made["deliveries"]
    ]
    assert ("waiting", "", 0) == await state_of(api, number)
    assert [("delivery.retried", "one-stop")] == await events(api, "delivery.")


async def test_a_skip_leaves_its_reason(api: ApiUnderTest) -> None:
    """A skipped delivery ends with the code that was given, and the ledger says so."""
    number = await park(api)
    body = {"delivery_ids": [number], "because": "entered_by_mistake"}
    await api.call("POST", "/v1/deliveries:skip", body=body)
    assert "parked" == (await state_of(api, number))[0]
    await api.call("POST", "/v1/deliveries:skip", body={**body, "dry_run": False})
    assert ("skipped", "entered_by_mistake", 3) == await state_of(api, number)
    assert [("delivery.skipped", "one-stop")] == await events(api, "delivery.")


async def test_a_delivery_that_a_worker_holds_is_left_alone(api: ApiUnderTest) -> None:
    """While a worker is at the dossier the act says busy and changes nothing."""
    number = await park(api)
    await api.services.pool.execute(
        "UPDATE lanes SET lease_token = 1, lease_holder = 1, lease_until = now() + interval '1 minute'"
    )
    made = (await api.call("POST", "/v1/deliveries:retry", body={"delivery_ids": [number], "dry_run": False})).json
    assert (0, "busy") == (made["done_count"], made["deliveries"][0]["outcome"])
    assert "parked" == (await state_of(api, number))[0]


async def test_a_replay_owes_each_dossier_once(api: ApiUnderTest) -> None:
    """What is on its way is not added; what is unknown is named; what was delivered is owed again, and counted."""
    pool = api.services.pool
    assert (await api.put(CODE, make_dossier())).status == 201
    body = {"dossier_codes": [CODE, "H99.01-260105-99999"], "because": "portal_restored"}
    shown = (await api.call("POST", "/v1/deliveries:replay", body=body)).json
    assert ["under_way", "not_found"] == [one["outcome"] for one in shown["dossiers"]]

    await pool.execute("UPDATE deliveries SET state = 'delivered', changed_at = '2026-01-05T08:30:00Z'")
    await pool.execute("UPDATE lanes SET due_at = NULL, presence = 'present'")
    shown = (await api.call("POST", "/v1/deliveries:replay", body=body)).json
    assert (True, 1) == (shown["is_dry_run"], shown["done_count"])
    assert 1 == await pool.fetchval("SELECT count(*) FROM deliveries")

    interval = {"since": "2026-01-05T08:30:00Z", "until": "2026-01-05T08:31:00Z", "because": "portal_restored"}
    for expected in (1, 0):
        made = (await api.call("POST", "/v1/deliveries:replay", body={**interval, "dry_run": False})).json
        assert expected == made["done_count"]
    rows = await pool.fetch("SELECT revision, ordinal, state FROM deliveries ORDER BY ordinal")
    assert [(1, 0, "delivered"), (1, 1, "waiting")] == [tuple(row) for row in rows]
    assert 2 == await pool.fetchval("SELECT sum(accepted) FROM delivery_ledger")
    assert await pool.fetchval("SELECT due_at FROM lanes") is not None
    assert [("delivery.replayed", "one-stop")] == await events(api, "delivery.")


async def test_another_agencys_deliveries_are_not_touched(api: ApiUnderTest) -> None:
    """A caller sees and decides only what belongs to its agencies."""
    number = await park(api)
    other = api.with_token(await api.register("other", prefixes=("H99.02",)))
    for path, body in (
        ("/v1/deliveries:retry", {"delivery_ids": [number], "dry_run": False}),
        ("/v1/deliveries:skip", {"delivery_ids": [number], "because": "drill", "dry_run": False}),
        ("/v1/deliveries:replay", {"dossier_codes": [CODE], "because": "drill", "dry_run": False}),
    ):
        assert 0 == (await other.call("POST", path, body=body)).json["done_count"]
    assert "parked" == (await state_of(api, number))[0]


async def test_looking_is_not_acting(api: ApiUnderTest) -> None:
    """The scope to read operations does not open the verbs."""
    reader = api.with_token(await api.register("reader", scopes=frozenset({Scope.OPERATIONS_READ})))
    assert 200 == (await reader.get("/v1/systems/portal/standing")).status
    assert "insufficient-scope" == (await reader.call("POST", "/v1/systems/portal:pause", body=PAUSE)).problem
