"""The pull interface as the national system uses it, and as people who feed and question it do."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from adapters.monitoring.sandbox import Habit
from gateway.engine.indicator_numbers import Numbers
from gateway.indicators.registry import CODES
from gateway.model.vocabulary import VIETNAM
from gateway.ports.basics import KeyRing
from gateway.ports.monitoring import PushReceipt
from gateway.store.clients import Scope
from gateway.store.pushes import PostgresPushes
from tests.integration.indicators.pulling import AUGUST, PATH, pulled_town, puller_of
from tests.integration.indicators.test_publishing import august, file_a_late_one, publish
from tests.support.api import running_api


async def test_the_national_system_finds_nothing_wrong(pool: Any, key_ring: KeyRing) -> None:
    """Snapshots, files, signatures, chain, sums, periods, restatements: pulled, verified and pulled again."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        puller = await puller_of(api, personal_samples=[f"99919900000{number}" for number in range(1, 7)])
        first = await puller.pull()
        await file_a_late_one(town)
        town.clock.move(86_400)
        await publish(town)
        second = await puller.pull()

        assert [] == [(one.kind, one.snapshot_id, one.message) for one in puller.findings]
        assert ("H99-2026M08-v1",) == tuple(first.snapshot_ids)
        assert ("H99-2026M08-v2",) == tuple(second.snapshot_ids)
        assert first.is_complete
        assert second.is_complete


@pytest.mark.parametrize("habit", [one for one in Habit if one is not Habit.HAMMERS])
async def test_bad_pullers_are_answered_well(pool: Any, key_ring: KeyRing, habit: Habit) -> None:
    """Whatever a puller does wrong, the answers are in order."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        puller = await puller_of(api, habits=[habit])
        await puller.pull()

        assert [] == [(one.kind, one.message) for one in puller.findings]


async def test_a_client_that_hammers_is_told_when_to_come_again(pool: Any, key_ring: KeyRing) -> None:
    """429 with Retry-After, for this client only."""
    async with pulled_town(pool, key_ring, per_minute=3) as (_, api):
        answers = [await api.get(f"{PATH}/definitions") for _ in range(4)]
        other = api.with_token(await api.register("another"))

        assert [200, 200, 200, 429] == [one.status for one in answers]
        assert "pulls-too-fast" == answers[-1].problem
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert 200 == (await other.get(f"{PATH}/definitions")).status


async def test_live_figures_are_told_with_their_head(pool: Any, key_ring: KeyRing) -> None:
    """Whole numbers, percentages as text, status live, version 0; pages follow the cursor."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        told = (await api.get(f"{PATH}/indicators?{AUGUST}&indicator=U2&indicator=T2")).json
        paged = (await api.get(f"{PATH}/indicators?{AUGUST}&limit=5")).json
        rest = (await api.get(f"{PATH}/indicators?{AUGUST}&limit=500&cursor={paged['next_cursor']}")).json
        whole = (await api.get(f"{PATH}/indicators?{AUGUST}")).json

        assert ["T2.early", "T2.late", "T2.on_time", "U2"] == [one["indicator"] for one in told["observations"]]
        assert ("live", 0, None) == tuple(told["snapshot"][name] for name in ("status", "version", "supersedes"))
        u2 = told["observations"][-1]
        assert f"{100 * u2['numerator'] / u2['denominator']:.2f}" == u2["percent"]
        assert len(paged["observations"]) + len(rest["observations"]) == len(whole["observations"])


async def test_published_versions_stay_as_they_were(pool: Any, key_ring: KeyRing) -> None:
    """Version 1 is answered with version 1's numbers after version 2 has come."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        query = f"{PATH}/indicators?{AUGUST}&indicator=U2&version=1"
        before = await api.get(query)
        await file_a_late_one(town)
        town.clock.move(86_400)
        await publish(town)

        assert before.json == (await api.get(query)).json
        assert before.json != (await api.get(query.replace("version=1", "version=2"))).json
        assert "snapshot-not-found" == (await api.get(query.replace("version=1", "version=9"))).problem


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("view=national", "view"),
        ("roll_up=current", "roll_up"),
        ("scope=procedure&procedure=1.999001", "scope"),
        ("scope=agency&agency=H99&descend=true", "descend"),
    ],
)
async def test_what_no_version_holds_is_refused(pool: Any, key_ring: KeyRing, more: str, field: str) -> None:
    """An empty list would say that nothing was counted."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        refused = await api.get(f"{PATH}/indicators?{AUGUST}&version=1&{more}")

        assert (400, "invalid-parameter") == (refused.status, refused.problem)
        assert [f"/query/{field}"] == [one["field"] for one in refused.json["errors"]]


async def test_what_the_caller_has_is_not_sent_again(pool: Any, key_ring: KeyRing) -> None:
    """The tag is the body's SHA-256; 304 for it; each pull leaves a line."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        path = f"{PATH}/snapshots/H99-2026M08-v1/data.csv"
        first = await api.get(path)
        again = await api.call("GET", path, headers={"If-None-Match": first.headers["ETag"]})
        marked = await api.get(f"{path}?bom=1")

        assert (200, 304, b"") == (first.status, again.status, again.body)
        assert b"\xef\xbb\xbf" + first.body == marked.body
        lines = await pool.fetch("SELECT client_id, status, size_bytes FROM monitoring_pulls ORDER BY pull_id")
        assert [("one-stop", 200, len(first.body)), ("one-stop", 304, 0)] == [tuple(line) for line in lines][:2]


BAD = [
    ("indicators?period_type=month&period=2026-13", "/query/period"),
    ("indicators?period_type=week&period=2026-W54", "/query/period"),
    ("indicators?period_type=week&period=2026-W10&calendar=nd09", "/query/period"),
    ("indicators?period_type=quarter&period=2026-08", "/query/period"),
    (f"indicators?{AUGUST}&indicator=X9", "/query/indicator"),
    (f"indicators?{AUGUST}&scope=agency", "/query/agency"),
    (f"indicators?{AUGUST}&agency=H99.01", "/query/agency"),
    (f"indicators?{AUGUST}&scope=level", "/query/level"),
    (f"indicators?{AUGUST}&descend=true", "/query/descend"),
    ("calendar?year=2099", "/query/year"),
    (f"explanations?{AUGUST}&indicator=X9&dossier=H99.01-260727-00001", "/query/indicator"),
]


@pytest.mark.parametrize(("path", "field"), BAD)
async def test_what_does_not_exist_is_named(pool: Any, key_ring: KeyRing, path: str, field: str) -> None:
    """A period, a scope or an indicator that there is not: 400 naming the parameter, no value repeated."""
    async with pulled_town(pool, key_ring) as (_, api):
        answered = await api.get(f"{PATH}/{path}")

        assert (400, "invalid-parameter", [field]) == (answered.status, answered.problem, answered.fields)


async def test_numbers_are_traced_to_dossiers_and_reasons(pool: Any, key_ring: KeyRing) -> None:
    """Those that count and those that do not make the denominator; each says why."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        everybody = api.with_token(await api.register("all", prefixes=("*",)))
        [u2] = (await api.get(f"{PATH}/indicators?{AUGUST}&indicator=U2")).json["observations"]
        counted = (await everybody.get(f"{PATH}/drilldown/U2?{AUGUST}")).json["dossiers"]
        others = (await everybody.get(f"{PATH}/drilldown/U2?{AUGUST}&counts=false")).json["dossiers"]
        masked = (await api.get(f"{PATH}/drilldown/U2?{AUGUST}")).json["dossiers"]

        assert (u2["numerator"], u2["denominator"]) == (len(counted), len(counted) + len(others))
        assert {None} == {one["code"] for one in masked}
        assert {one["key"] for one in counted} == {one["key"] for one in masked}
        for dossier, standing in ((counted[0], "counted"), (others[0], "not_counted")):
            told = (await everybody.get(f"{PATH}/explanations?{AUGUST}&indicator=U2&dossier={dossier['code']}")).json
            assert standing == told["standing"]
            assert [] == told["reasons"] if standing == "counted" else "not_online" == told["reasons"][0]["reason"]
        outside = await everybody.get(
            f"{PATH}/explanations?period_type=month&period=2025-01&indicator=U2&dossier={counted[0]['code']}"
        )
        assert ("outside", "other_period") == (outside.json["standing"], outside.json["reasons"][0]["reason"])
        assert (
            "dossier-not-found"
            == (await api.get(f"{PATH}/explanations?{AUGUST}&indicator=U2&dossier=H99.01-000000-0")).problem
        )
        refused = await api.get(f"{PATH}/drilldown/C1?{AUGUST}")
        assert 422 == refused.status


async def test_ratings_and_petitions_reach_the_numbers(pool: Any, key_ring: KeyRing) -> None:
    """Q1 and Q2 change with what citizens said; an agency may not speak for another."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        everybody = api.with_token(await api.register("all", prefixes=("*",)))
        code = (await everybody.get(f"{PATH}/drilldown/T1?{AUGUST}")).json["dossiers"][0]["code"]
        rated = {"rating": "satisfied", "rated_at": "2026-08-30T10:00:00+07:00"}
        assert 204 == (await api.call("PUT", f"/v1/dossiers/{code}/rating", body=rated)).status
        petition = {"agency_code": "H99.01", "received_at": "2026-08-30T10:00:00+07:00", "dossier_code": code}
        assert 201 == (await api.call("PUT", "/v1/petitions/PAKN-1", body=petition)).status
        assert 200 == (await api.call("PUT", "/v1/petitions/PAKN-1", body=petition)).status
        other = api.with_token(await api.register("other", prefixes=("H98",)))
        assert "other-agency" == (await other.call("PUT", f"/v1/dossiers/{code}/rating", body=rated)).problem
        assert "other-agency" == (await other.call("PUT", "/v1/petitions/PAKN-1", body=petition)).problem
        abroad = petition | {"agency_code": "H98"}
        assert "other-agency" == (await other.call("PUT", "/v1/petitions/PAKN-3", body=abroad)).problem
        unpaired = petition | {"reply": "answered"}
        assert ["/replied_at"] == (await api.call("PUT", "/v1/petitions/PAKN-2", body=unpaired)).fields
        town.clock.move(3600)
        await town.keeper().run()
        read = await api.get(f"{PATH}/indicators?{AUGUST}&indicator=Q1&indicator=Q3")
        told = {one["indicator"]: one for one in read.json["observations"]}

        assert (1, 1) == (told["Q1"]["numerator"], told["Q1"]["denominator"])
        assert (1, 1) == (told["Q3"]["numerator"], told["Q3"]["denominator"])
        compared = await town.checker().check()
        assert compared is not None
        assert compared.is_equal


async def test_a_restatement_needs_its_scope_and_a_word(pool: Any, key_ring: KeyRing) -> None:
    """Final figures: owed, approved by a person over the API, published; without the scope refused."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        town.clock.set(datetime(2026, 10, 2, 1, tzinfo=VIETNAM))
        await publish(town)
        await file_a_late_one(town)
        town.clock.move(timedelta(days=1).total_seconds())
        await publish(town)
        await town.keeper().run()
        body = {"period_type": "month", "period": "2026-08", "approver": "CB.07", "reasons": ["late_sync"]}
        reader = api.with_token(await api.register("reader", scopes=frozenset({Scope.MONITORING_READ})))

        assert "insufficient-scope" == (await reader.call("POST", f"{PATH}/restatements:approve", body=body)).problem
        assert ["2026-08"] == [one["label"] for one in (await api.get(f"{PATH}/restatements/owed")).json["items"]]
        done = await api.call("POST", f"{PATH}/restatements:approve", body=body)
        assert (201, "restated") == (done.status, done.json["status"])
        assert 422 == (await api.call("POST", f"{PATH}/restatements:approve", body=body)).status
        assert [] == list((await (await puller_of(api)).pull()).findings)


async def test_what_receivers_have_and_said_is_told(pool: Any, key_ring: KeyRing) -> None:
    """Beside a publication its receipts; beside a receiver what it waits for and why."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        api = api.with_token(await api.register("reader", scopes=frozenset({Scope.MONITORING_READ})))
        store, now = PostgresPushes(pool), town.clock.now()
        await store.note_failed("emc", "http_503", now)
        [waiting] = (await api.get(f"{PATH}/receivers")).json["receivers"]
        assert ("emc", 0, 1, 1, "http_503") == tuple(
            waiting[name] for name in ("receiver", "position", "waiting_count", "failures_count", "reason")
        )
        receipt = PushReceipt(status=201, sha256="ab" * 32, text='{"receipt":"1"}')
        await store.note_taken("emc", 1, receipt, now)
        await store.note_taken("emc", 1, replace(receipt, status=200), now)
        [served] = (await api.get(f"{PATH}/receivers")).json["receivers"]
        assert (1, 0, None, "") == tuple(
            served[name] for name in ("position", "waiting_count", "waiting_since", "reason")
        )
        [told] = (await api.get(f"{PATH}/snapshots/H99-2026M08-v1/receipts")).json["receipts"]
        assert ("emc", 201, '{"receipt":"1"}') == (told["receiver"], told["status"], told["answer"])
        missing = await api.get(f"{PATH}/snapshots/H99-2026M07-v1/receipts")
        assert (404, "snapshot-not-found") == (missing.status, missing.problem)


async def test_counts_of_others_are_held_against_ours(pool: Any, key_ring: KeyRing) -> None:
    """What the portal counted differently is explained by what never reached it; silence is no difference."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        [u2] = (await api.get(f"{PATH}/indicators?{AUGUST}&indicator=U2")).json["observations"]
        silent = (await api.get(f"{PATH}/count-comparison?{AUGUST}")).json
        counts = [{"period_type": "month", "period": "2026-08", "portal_count": u2["denominator"] - 2}]
        await api.call("PUT", f"{PATH}/registers/counts", body={"items": counts})
        told = (await api.get(f"{PATH}/count-comparison?{AUGUST}")).json

        assert (None, None) == (silent["portal"], silent["national_report"])
        assert u2["denominator"] == told["local"]
        assert 2 == told["portal"]["delta"]
        assert [{"cause": "unsynced", "dossiers": 2}] == told["portal"]["explained_by"]


async def test_the_index_is_scored_line_by_line(pool: Any, key_ring: KeyRing) -> None:
    """The lines of each group add up to it, groups to the total; what has no verdict is named and adds nothing."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        told = (await api.get(f"{PATH}/score?{AUGUST}")).json
        points = [float(line["points"]) for line in told["lines"] if line["points"] is not None]

        assert float(told["total"]) == pytest.approx(sum(points), abs=0.1)
        assert float(told["total"]) == pytest.approx(sum(map(float, told["groups"].values())), abs=0.05)
        assert {line["number"] for line in told["lines"] if line["points"] is None} == set(told["without_verdict"])
        assert float(told["reachable"]) <= 100


async def test_services_are_tracked_until_they_are_live(pool: Any, key_ring: KeyRing) -> None:
    """A registered service shows both milestones as they stand on a day."""
    async with pulled_town(pool, key_ring) as (_, api):
        service = {
            "service_key": "DVC-1",
            "procedure_code": "1.999001",
            "service_level": "full",
            "approved_on": "2026-01-01",
            "test_noticed_on": "2026-02-10",
        }
        await api.call("PUT", f"{PATH}/registers/services", body={"items": [service]})
        told = (await api.get(f"{PATH}/milestones?on=2026-03-01")).json["milestones"]

        assert [("set_up", "done", "2026-02-15"), ("live", "overdue", "2026-02-25")] == [
            (one["milestone"], one["state"], one["due_on"]) for one in told
        ]


async def test_prometheus_may_scrape_the_numbers(pool: Any, key_ring: KeyRing) -> None:
    """OpenMetrics with numerators and denominators of province, levels and agencies; procedures are no labels."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        answered = await api.get(f"{PATH}/openmetrics?{AUGUST}")
        [u2] = (await api.get(f"{PATH}/indicators?{AUGUST}&indicator=U2")).json["observations"]
        read = text_string_to_metric_families(answered.body.decode())  # type: ignore[no-untyped-call]
        families = {one.name: one for one in read}
        samples = families["dvc_indicator_denominator"].samples

        assert answered.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert answered.body.endswith(b"# EOF\n")
        [province] = [one for one in samples if (one.labels["indicator"], one.labels["level"]) == ("U2", "ALL")]
        assert u2["denominator"] == province.value
        assert {"indicator", "agency", "level", "unit_group", "period"} == set(province.labels)


async def test_scrapes_do_not_multiply(pool: Any, key_ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes every agency's numbers: however many ask at once, they are taken once in half a minute."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        taken, look = [], Numbers.look

        async def counted(*given: Any, **more: Any) -> Any:
            taken.append(given)
            return await look(*given, **more)

        monkeypatch.setattr(Numbers, "look", counted)
        bodies = {
            one.body for one in await asyncio.gather(*(api.get(f"{PATH}/openmetrics?{AUGUST}") for _ in range(5)))
        }
        scopes = len(taken)
        assert 1 == len(bodies)
        assert len({one[3] for one in taken}) == scopes
        monkeypatch.setattr("gateway.api.monitoring_desk._SCRAPE_KEPT_SECONDS", 0.0)
        await api.get(f"{PATH}/openmetrics?{AUGUST}")
        assert 2 * scopes == len(taken)


async def test_an_installation_that_counts_nothing_says_so(pool: Any, key_ring: KeyRing) -> None:
    """404 with the reason, and no number."""
    async with running_api(pool, key_ring) as api:
        assert "no-indicators" == (await api.get(f"{PATH}/definitions")).problem


async def test_odd_questions_are_answered(pool: Any, key_ring: KeyRing) -> None:
    """The first month of all has no other calendar; a registry of targets that nests without end is refused."""
    async with pulled_town(pool, key_ring) as (_, api):
        assert 200 == (await api.get(f"{PATH}/count-comparison?period_type=month&period=1990-01")).status
        nested = {"content": "x = " + "[" * 5000 + "]" * 5000}
        assert 422 == (await api.call("PUT", f"{PATH}/targets", body=nested)).status


async def test_the_dossiers_behind_a_number_are_as_many(pool: Any, key_ring: KeyRing) -> None:
    """Of each share of dossiers, in each scope and view: those that count make the numerator, both the denominator."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        compared = 0
        for scope in ("", "&scope=agency&agency=H99.01", "&scope=field&field=LV0&view=national"):
            for code in sorted(CODES):
                lists = [await api.get(f"{PATH}/drilldown/{code}?{AUGUST}{scope}&counts={one}") for one in (1, 0)]
                if 422 == lists[0].status:
                    continue
                counting, others = (len(one.json["dossiers"]) for one in lists)
                told = (await api.get(f"{PATH}/indicators?{AUGUST}{scope}&indicator={code}")).json["observations"][0]
                assert (counting, counting + others) == (told["numerator"], told["denominator"]), (code, scope)
                compared += told["denominator"] > 0

        assert compared > 20
