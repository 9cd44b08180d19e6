"""The sandbox spoils its own memory as ordered, tells exactly what it did, and does nothing more."""

from typing import Any

from tests.unit.adapters.portal.sandbox.portal_helpers import PortalLine, code, dossier_record, portal_line

ORDER = {"seed": 7, "lose": 3, "corrupt": 4, "revert": 2, "mispay": 1, "scramble": 1, "invent": 2, "duplicate": 3}


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
    """Each kind stands at exactly the codes named, and in no other field than the one named."""
    async with portal_line() as line:
        await filled(line)
        before = await held(line)
        _, answer = await ask(line, "POST", "damage", ORDER)
        done: dict[str, dict[str, str]] = {}
        for one in answer["damage"]:
            done.setdefault(one["kind"], {})[one["code"]] = one["field"]
        counts = {
            "lost": 3,
            "corrupted": 4,
            "reverted": 2,
            "mispaid": 1,
            "scrambled": 1,
            "invented": 2,
            "duplicated": 3,
        }
        assert counts == {kind: len(codes) for kind, codes in done.items()}
        assert 16 == len({one["code"] for one in answer["damage"]}), "no dossier is damaged twice"
        after = await held(line)
        assert set(done["lost"]) == set(before) - set(after)
        assert set(done["invented"]) == set(after) - set(before)
        differing = {
            known: [name for name in record if record[name] != after[known][name]]
            for known, record in before.items()
            if known in after and record != after[known]
        }
        fields = {
            known: [field] for kind in ("corrupted", "mispaid", "scrambled") for known, field in done[kind].items()
        }
        assert {**fields, **{known: ["TrangThaiHoSo"] for known in done["reverted"]}} == differing
        codes = (await ask(line, "GET", "codes"))[1]["codes"]
        assert set(done["duplicated"]) == {known for known in codes if codes.count(known) == 2}
        assert set(after) == set(codes)


async def test_a_lost_dossier_may_come_again_at_the_end() -> None:
    """It is absent until then; places in the order are never given twice, so pages lose and repeat nothing."""
    async with portal_line() as line:
        await filled(line)
        _, answer = await ask(line, "POST", "damage", {"seed": 3, "lose": 4, "invent": 1})
        lost = [one["code"] for one in answer["damage"] if one["kind"] == "lost"]
        assert [] == (await line.look_up(lost[0]))["result"]
        assert 0 == (await line.create(*(dossier_record(known) for known in lost)))["error_code"]
        orders = [dossier.order for dossier in line.sandbox.dossiers()]
        assert (sorted(set(orders)), 21) == (orders, len(orders))
        paged: list[str] = []
        after = 0
        while page := line.sandbox.dossiers(after=after, limit=5):
            paged += [dossier.code for dossier in page]
            after = page[-1].order
        assert line.sandbox.state.listed_codes() == paged


async def test_the_same_seed_does_the_same() -> None:
    """And another seed something else."""
    done = []
    for seed in (7, 7, 8):
        async with portal_line() as line:
            await filled(line)
            done.append((await ask(line, "POST", "damage", {**ORDER, "seed": seed}))[1])
    assert done[0] == done[1] != done[2]
