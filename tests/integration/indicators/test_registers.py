"""Registers and targets as the province puts them in: whole lists, refused by every fault."""

import asyncio
from typing import Any

import pytest

from gateway.ports.basics import KeyRing
from gateway.store.clients import Scope
from tests.integration.indicators.pulling import AUGUST, PATH, pulled_town
from tests.integration.indicators.test_publishing import august

TARGETS = """
version = "2026"
[[unit_group]]
level = "province"
number = "1"
members = ["H99.01"]
valid_from = 2026-01-01
[[target]]
id = "P-01"
indicator = "U2"
scope = "province"
valid_from = 2026-01-01
checkpoint = "year_end"
value_percent = "99"
document = "Kế hoạch 1/KH-UBND"
"""
SECOND_GROUP = """
[[unit_group]]
level = "province"
number = "2"
members = ["H99.01", "H99.99"]
valid_from = 2026-02-01
"""


async def test_targets_are_put_in_checked_and_held_against_numbers(pool: Any, key_ring: KeyRing) -> None:
    """A plan with unknown units or overlapping groups is refused by every fault; a good one says what is missing."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        overlapping = TARGETS.replace("[[target]]", f"{SECOND_GROUP}[[target]]")
        refused = await api.call("PUT", f"{PATH}/targets", body={"content": overlapping})
        assert ("invalid-content", 2) == (refused.problem, len(refused.json["errors"]))
        assert 422 == (await api.call("PUT", f"{PATH}/targets", body={"content": "= no"})).status

        assert 200 == (await api.call("PUT", f"{PATH}/targets", body={"content": TARGETS})).status
        [told] = (await api.get(f"{PATH}/target-results?{AUGUST}")).json["evaluations"]
        assert ("not_met", "P-01") == (told["result"], told["target"]["target_id"])
        assert "online dossiers reach 99 %" in told["sentence"]["en"]
        [observation] = (await api.get(f"{PATH}/indicators?{AUGUST}&indicator=U2")).json["observations"]
        assert {"id": "P-01", "comparator": ">=", "value": "99.00", "result": "not_met"} == observation["target"]


async def test_registers_are_put_in_as_a_whole_or_refused(pool: Any, key_ring: KeyRing) -> None:
    """Two versions of an agency on one day, an unknown field, a period that does not exist: each fault is named."""
    async with pulled_town(pool, key_ring) as (_, api):
        twice = [
            {"code": "H99.01", "level": "province"},
            {"code": "H99.01", "level": "commune", "valid_from": "2026-01-01"},
        ]
        refused = await api.call("PUT", f"{PATH}/registers/agencies", body={"items": twice})
        assert ("invalid-content", ["/items"]) == (refused.problem, refused.fields)
        faulty = [{"code": "h99", "level": "province", "colour": "red"}]
        assert ["/items/0/code", "/items/0/colour"] == sorted(
            (await api.call("PUT", f"{PATH}/registers/agencies", body={"items": faulty})).fields
        )
        counts = [{"period_type": "month", "period": "2026-13", "portal_count": 3}]
        assert 422 == (await api.call("PUT", f"{PATH}/registers/counts", body={"items": counts})).status
        good = [{"period_type": "month", "period": "2026-08", "portal_count": 3, "national_report_count": 5}]
        assert 200 == (await api.call("PUT", f"{PATH}/registers/counts", body={"items": good})).status
        assert 1 == len((await api.get(f"{PATH}/registers/counts")).json["items"])
        assert 400 == (await api.get(f"{PATH}/registers/colours")).status


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("services", {"service_key": "DVC\0", "procedure_code": "1.999001", "service_level": "full"}),
        ("eligibility", {"procedure_code": "1.999001", "source": "QĐ\0"}),
        ("counts", {"scope": "agency:\0", "period_type": "month", "period": "2026-08"}),
        ("confirmed_bulk", {"dossier_code": "H99.01-260727-00001", "confirmed_by": "CB\0"}),
        ("eligibility", {"procedure_code": "1.999001", "source": "QĐ", "valid_to": "9999-12-31"}),
        (
            "services",
            {
                "service_key": "DVC",
                "procedure_code": "1.999001",
                "service_level": "full",
                "test_noticed_on": "9999-12-31",
                "live_on": "2026-08-03",
            },
        ),
    ],
)
async def test_registers_refuse_what_nobody_means(
    pool: Any, key_ring: KeyRing, kind: str, item: dict[str, Any]
) -> None:
    """Signs that cannot be stored, days from which nothing can be counted: 422, and every number is told as before."""
    async with pulled_town(pool, key_ring) as (town, api):
        await august(town)
        assert 422 == (await api.call("PUT", f"{PATH}/registers/{kind}", body={"items": [item]})).status
        assert 200 == (await api.get(f"{PATH}/indicators?{AUGUST}")).status
        assert 200 == (await api.get(f"{PATH}/milestones?on=2026-08-31")).status


async def test_two_people_may_put_one_register_in_place_at_once(pool: Any, key_ring: KeyRing) -> None:
    """Both are answered, and one of the lists stands whole."""
    async with pulled_town(pool, key_ring) as (_, api):
        lists = [[{"code": f"H99.{number:02}", "level": "province"} for number in range(60)] for _ in range(8)]
        put = (api.call("PUT", f"{PATH}/registers/agencies", body={"items": items}) for items in lists)
        assert {200} == {one.status for one in await asyncio.gather(*put)}
        assert 60 == len((await api.get(f"{PATH}/registers/agencies")).json["items"])


async def test_an_agency_does_not_speak_for_the_province(pool: Any, key_ring: KeyRing) -> None:
    """Registers, targets and restatements are the province's; who pulls numbers is not told codes of dossiers."""
    async with pulled_town(pool, key_ring) as (_, api):
        confirmed = {"items": [{"dossier_code": "H99.02-260727-00001", "confirmed_by": "CB.07"}]}
        approval = {"period_type": "month", "period": "2026-08", "approver": "CB.07", "reasons": ["late_sync"]}
        assert 200 == (await api.call("PUT", f"{PATH}/registers/confirmed_bulk", body=confirmed)).status
        one = api.with_token(await api.register("one", prefixes=("H99.01",)))
        reader = api.with_token(await api.register("national", scopes=frozenset({Scope.MONITORING_READ})))

        for method, path, body in (
            ("PUT", "registers/confirmed_bulk", {"items": []}),
            ("PUT", "targets", {"content": "version = '1'"}),
            ("POST", "restatements:approve", approval),
        ):
            assert "other-agency" == (await one.call(method, f"{PATH}/{path}", body=body)).problem
        assert "other-agency" == (await one.get(f"{PATH}/registers/confirmed_bulk")).problem
        assert "insufficient-scope" == (await reader.get(f"{PATH}/registers/confirmed_bulk")).problem
        assert 200 == (await reader.get(f"{PATH}/registers/agencies")).status
        assert confirmed["items"] == (await api.get(f"{PATH}/registers/confirmed_bulk")).json["items"]
