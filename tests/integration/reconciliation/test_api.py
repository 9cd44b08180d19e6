"""Beginning, watching and settling comparisons over the API."""

from typing import Any

from adapters.portal.sandbox.damage import DamageOrder, damage
from gateway.model.audit import AuditAction
from gateway.model.reconciliation import RunMode
from gateway.ports.basics import KeyRing
from gateway.reconciling import begin, findings, plan
from gateway.store.clients import Scope
from tests.integration.reconciliation.test_reconciliation import code_of, deliver, finish, reconciler_of
from tests.support.api import running_api
from tests.support.audit import looks
from tests.support.town import portal_town


async def test_a_run_is_begun_watched_and_its_differences_are_settled(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """From 202 to both values of a difference, and a person's word that ends it."""
    async with portal_town(dsn, pool, key_ring) as town, running_api(pool, key_ring) as api:
        await deliver(town, 3)
        damage(town.sandbox.state, DamageOrder(mispay=1, lose=1))
        began = await api.call("POST", "/v1/reconciliations", body={"mode": "full"})
        assert (began.status, began.json["state"], began.json["requested_by"]) == (202, "running", "one-stop")
        again = await api.call("POST", "/v1/reconciliations", body={})
        assert again.problem == "run-under-way"
        await finish(town, reconciler_of(town))
        run = (await api.get(began.headers["Location"])).json
        assert (run["state"], run["counts"]["compared"], run["counts"]["repaired"]) == ("finished", 3, 1)
        assert [line["run_id"] for line in (await api.get("/v1/reconciliations")).json["runs"]] == [run["run_id"]]

        parked = (await api.get("/v1/findings?state=parked")).json["findings"]
        assert [(line["kind"], line["fields"]) for line in parked] == [("conflict", ["online_payment"])]
        address = f"/v1/findings/{parked[0]['finding_id']}"
        assert (await api.get(address)).json["values"] == [{"field": "online_payment", "ours": "0", "theirs": "2"}]
        written = await looks(pool, AuditAction.FINDING_READ)
        assert written == [("answered", "one-stop", parked[0]["dossier_code"], True, ("online_payment",), "read")]
        assert (await api.call("POST", address + ":dismiss")).json["state"] == "settled"
        assert (await api.call("POST", address + ":dismiss")).problem == "finding-not-found"


async def test_differences_belong_to_agencies_and_verbs_to_operators(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Another agency sees nothing; a reader may not begin; a finished run is not cancelled."""
    async with portal_town(dsn, pool, key_ring) as town, running_api(pool, key_ring) as api:
        await deliver(town, 1)
        damage(town.sandbox.state, DamageOrder(mispay=1))
        run_id = (await api.call("POST", "/v1/reconciliations", body={"mode": "full", "is_dry": True})).json["run_id"]
        await finish(town, reconciler_of(town))
        stranger = api.with_token(await api.register("stranger", prefixes=("H98",)))
        assert (await stranger.get("/v1/findings")).json["findings"] == []
        finding_id = (await api.get("/v1/findings")).json["findings"][0]["finding_id"]
        assert (await stranger.get(f"/v1/findings/{finding_id}")).problem == "finding-not-found"
        reader = api.with_token(await api.register("reader", scopes=frozenset({Scope.OPERATIONS_READ})))
        assert (await reader.call("POST", "/v1/reconciliations", body={})).problem == "insufficient-scope"
        assert (await reader.get(f"/v1/findings/{finding_id}")).problem == "insufficient-scope"
        assert (await api.call("POST", f"/v1/reconciliations/{run_id}:cancel")).problem == "run-not-found"
        assert (await api.get("/v1/reconciliations/999")).problem == "run-not-found"


async def test_the_command_line_shows_before_it_does(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """How many dossiers at which rate; then the run, and what was found, as plain values."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 2)
        planned = await plan(dsn, RunMode.INCREMENTAL, 4.0)
        assert (planned.dossiers_count, planned.seconds, planned.is_under_way) == (2, 0.5, False)
        assert await begin(dsn, RunMode.FULL, is_dry=False) is not None
        assert (await plan(dsn, RunMode.FULL, 4.0)).is_under_way
        damage(town.sandbox.state, DamageOrder(scramble=1))
        await finish(town, reconciler_of(town))
        facts = await findings(dsn)
        assert [run["requested_by"] for run in facts["runs"]] == ["operator"]
        [line] = facts["parked"]
        assert (line["kind"], line["fields"]) == ("unmapped", ("owner_kind 77",))
        assert line["dossier_code"] in (code_of(0), code_of(1))
