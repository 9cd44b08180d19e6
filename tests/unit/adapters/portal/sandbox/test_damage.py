"""The sandbox spoils its own memory as ordered, tells exactly what it did, and does nothing more."""

from typing import Any

import pytest

from tests.unit.adapters.portal.sandbox.portal_helpers import PortalLine, code, dossier_record, portal_line

ORDER = {"seed": 7, "lose": 3, "alter": 4, "age": 2, "invent": 2, "repeat": 3}


async def ask(line: PortalLine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with line.client.request(method, f"/_sandbox/{path}", json=body) as response:
        return response.status, await response.json()


async def filled(line: PortalLine) -> None:
    await line.create(*(dossier_record(code(number)) for number in range(20)))
    await line.update(*(dossier_record(code(number), TrangThaiHoSo="4") for number in range(10)))


async def held(line: PortalLine) -> dict[str, Any]:
    _, page = await ask(line, "GET", "dossiers?limit=2000")
    return {dossier["code"]: dossier["record"] for dossier in page["dossiers"]}


async def test_what_was_done_is_what_is_told() -> None:
    """Lost, altered, stale, foreign and doubled records are exactly those named, with the field named."""
    async with portal_line() as line:
        await filled(line)
        before = await held(line)
        status, answer = await ask(line, "POST", "dossiers:damage", ORDER)
        assert 200 == status
        done: dict[str, dict[str, str]] = {}
        for one in answer["done"]:
            done.setdefault(one["kind"], {})[one["code"]] = one["field"]
        assert {"lost": 3, "altered": 4, "stale": 2, "foreign": 2, "doubled": 3} == {
            kind: len(codes) for kind, codes in done.items()
        }
        assert 14 == len({one["code"] for one in answer["done"]}), "no dossier is damaged twice"
        after = await held(line)
        assert set(done["lost"]) == set(before) - set(after)
        assert set(done["foreign"]) == set(after) - set(before)
        differing = {
            known: [name for name in record if record[name] != after[known][name]]
            for known, record in before.items()
            if known in after and record != after[known]
        }
        assert {known: [field] for known, field in (done["altered"] | done["stale"]).items()} == differing
        assert all(after[known]["TrangThaiHoSo"] < before[known]["TrangThaiHoSo"] for known in done["stale"])
        assert all(record["ChuHoSo"].startswith("Người Lạ") for known, record in after.items() if known not in before)
        codes = (await ask(line, "GET", "codes"))[1]["codes"]
        assert set(done["doubled"]) == {known for known in codes if codes.count(known) == 2}
        assert set(after) == set(codes)


async def test_the_look_up_shows_the_damage() -> None:
    """What is lost is absent for every caller, and what is stale is told as it stands."""
    async with portal_line() as line:
        await filled(line)
        _, answer = await ask(line, "POST", "dossiers:damage", {"seed": 3, "lose": 1, "age": 1})
        places = {one["kind"]: one["code"] for one in answer["done"]}
        assert [] == (await line.look_up(places["lost"]))["result"]
        [record] = (await line.look_up(places["stale"]))["result"]
        assert record["TrangThaiHoSo"] in ("1", "2")
        assert 0 == (await line.create(dossier_record(places["lost"])))["error_code"], "it may be sent again"
        orders = [dossier.order for dossier in line.sandbox.dossiers()]
        assert sorted(set(orders)) == orders, "places in the order are never given twice"


async def test_the_same_seed_does_the_same() -> None:
    """And another seed something else."""
    done = []
    for seed in (7, 7, 8):
        async with portal_line() as line:
            await filled(line)
            done.append((await ask(line, "POST", "dossiers:damage", {**ORDER, "seed": seed}))[1])
    assert done[0] == done[1] != done[2]


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({"lose": 21}, "lose"),
        ({"age": 21}, "age"),
        ({"lose": 15, "repeat": 6}, "repeat"),
        ({"lose": -1}, "counts"),
        ({"lose": "1"}, "int"),
    ],
)
async def test_an_order_that_cannot_be_obeyed_does_nothing(order: dict[str, Any], named: str) -> None:
    """It is refused with the reason, and every record stays."""
    async with portal_line() as line:
        await filled(line)
        before = await held(line)
        status, answer = await ask(line, "POST", "dossiers:damage", order)
        assert (400, True) == (status, named in answer["error"])
        assert (before, list(before)) == (await held(line), line.sandbox.state.listed_codes())


async def test_an_empty_portal_invents_nothing() -> None:
    """There is no record to take after."""
    async with portal_line() as line:
        assert 400 == (await ask(line, "POST", "dossiers:damage", {"invent": 1}))[0]
