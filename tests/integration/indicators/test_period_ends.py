"""Numbers as they stood at a period's end are what was counted then, whatever happened since."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.engine.indicator_judging import CountingRules
from gateway.engine.indicator_numbers import Numbers
from gateway.engine.period_ends import PeriodEnds
from gateway.indicators.periods import Period, PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.registry import CODES
from gateway.indicators.scope import PROVINCE
from gateway.indicators.words import View
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.changed_facts import share_places
from gateway.monitoring.cut_cells import CutCells
from gateway.monitoring.petitions import Petition, Reply
from gateway.monitoring.registers import RegisterKind, read_items
from gateway.monitoring.storing import CellReader
from gateway.ports.basics import KeyRing
from tests.support.counting import AGENCY_ITEMS, BEGIN, KINDS, RULES, SCOPES, TIMED_KINDS, Town, counting_town, notices

PERIOD = period_of(PeriodType.CUSTOM, "2026-07-27/2026-08-03")
END = datetime(2026, 8, 4, tzinfo=VIETNAM)
NOTICED = replace(RULES, name=f"{RULES.name} with notices", calendars=notices(BEGIN.date()))
Told = Mapping[tuple[str, View, str], Any]


async def _all(numbers: Numbers, period: Period = PERIOD) -> Told:
    told: dict[tuple[str, View, str], Any] = {}
    for scope in SCOPES:
        for view in View:
            found = await numbers.look(sorted(CODES), period, scope, Readings(view=view), counts_flags=True)
            told[scope.label, view, "flags"] = dict(found.flags)
            for code, parts in found.parts.items():
                told[scope.label, view, code] = [(one.name, one.numerator, one.denominator, one.ratio) for one in parts]
    return told


async def _dossiers(numbers: Numbers, limit: int = 3) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code in sorted(CODES):
        if share_places(code, Readings()) is None:
            continue
        for counts in (True, False):
            after, listed = 0, list[str]()
            while page := await numbers.dossiers(
                code, PERIOD, PROVINCE, Readings(), counts=counts, after=after, limit=limit
            ):
                listed += [dossier for _, dossier in page]
                after = page[-1][0]
            found[f"{code} {counts}"] = listed
    return found


def _ends(town: Town, rules: CountingRules = RULES) -> PeriodEnds:
    return PeriodEnds(town.store, rules=rules)


async def _until(town: Town, end: datetime) -> None:
    while town.clock.now() < end - timedelta(hours=21):
        await town.live(1)
    town.clock.set(end)


async def _at_the_end(town: Town, rules: CountingRules = RULES) -> tuple[Told, Mapping[str, list[str]]]:
    """Live until the period's end, and give what is counted then."""
    items = read_items(RegisterKind.AGENCIES, AGENCY_ITEMS)
    await town.registers.replace_register(RegisterKind.AGENCIES, items, town.clock.now())
    await _until(town, END)
    await town.keeper(rules).run()
    return await _all(town.numbers()), await _dossiers(town.numbers())


@pytest.mark.parametrize(("seed", "rules"), [(0, RULES), (18, RULES), (28, NOTICED), (57, NOTICED)])
async def test_later_is_taken_away(pool: Any, key_ring: KeyRing, seed: int, rules: CountingRules) -> None:
    """Random histories go on after the end, and notices about days come: every number stays what it was."""
    async with counting_town(pool, key_ring, seed) as town:
        then, dossiers = await _at_the_end(town, rules)
        # Nothing that is told from now on was already there at the end.
        town.clock.move(31 * 3600)
        await town.live(45, TIMED_KINDS)
        code = min(town.documents)
        assert await town.registers.save_rating(code, "unsatisfied", town.clock.now(), town.clock.now())
        petition = Petition(
            petition_id="K9",
            agency_code="H99.01",
            received_at=END + timedelta(hours=2),
            known_at=town.clock.now(),
            dossier_code=code,
        )
        assert await town.registers.save_petition(petition, town.clock.now())
        town.clock.move(20 * 24 * 3600)
        await town.keeper(rules).run()

        now = await _all(town.numbers())
        assert now != then
        ends = _ends(town, rules)
        assert await ends.ask(town.numbers(), PERIOD, _all) == then
        assert await ends.ask(town.numbers(), PERIOD, _dossiers) == dossiers


async def test_what_was_learnt_late_counts(pool: Any, key_ring: KeyRing) -> None:
    """Accepted in the period and told after it: it belongs to the period as it stood at its end (late sync)."""
    async with counting_town(pool, key_ring, 2) as town:
        then, _ = await _at_the_end(town)
        town.clock.move(3 * 24 * 3600)
        filed = replace(town._filed(), submitted_at=END - timedelta(days=2), received_at=END - timedelta(days=1))
        await town.accept("H99.01-260727-09999", filed)
        await town.keeper().run()

        told = await _ends(town).ask(town.numbers(), PERIOD, _all)

        assert told is not None
        received = told["province", View.GATEWAY, "U2"][0][2]
        assert received == then["province", View.GATEWAY, "U2"][0][2] + 1


async def test_petitions_stand_as_they_stood(pool: Any, key_ring: KeyRing) -> None:
    """An answer that came after the end had not come; a petition that came after it was none."""
    async with counting_town(pool, key_ring) as town:
        early = Petition(petition_id="K1", agency_code="H99.01", received_at=BEGIN, known_at=BEGIN)
        assert await town.registers.save_petition(early, BEGIN)
        town.clock.set(END)
        await town.keeper().run()
        then = await _all(town.numbers())
        late = replace(early, reply=Reply.ANSWERED, replied_at=END + timedelta(days=40), likes_count=0)
        assert not await town.registers.save_petition(late, END + timedelta(days=40))
        town.clock.move(60 * 24 * 3600)
        await town.keeper().run()

        assert await _all(town.numbers()) != then
        assert await _ends(town).ask(town.numbers(), PERIOD, _all) == then


async def test_a_running_period_stands_as_it_is_now(pool: Any, key_ring: KeyRing) -> None:
    """Its end has not come: nothing is taken away."""
    async with counting_town(pool, key_ring, 5) as town:
        await town.live(20)
        await town.keeper().run()
        running = period_of(PeriodType.YEAR, "2026")

        async def ask(numbers: Numbers) -> Told:
            return await _all(numbers, running)

        assert await _ends(town).ask(town.numbers(), running, ask) == await ask(town.numbers())


async def test_what_is_counted_meanwhile_is_asked_again(pool: Any, key_ring: KeyRing) -> None:
    """An answer whose sums were read before and after a counting is no answer; the next one is."""
    async with counting_town(pool, key_ring, 6) as town:
        await _at_the_end(town)
        town.clock.move(31 * 3600)
        asked: list[Told] = []

        async def ask(numbers: Numbers) -> Told:
            if not asked:
                await town.live(6, TIMED_KINDS)
                await town.keeper().run()
            asked.append(await _all(numbers))
            return asked[-1]

        told = await _ends(town).ask(town.numbers(), PERIOD, ask)

        assert len(asked) == 2
        assert told == asked[1] == await _ends(town).ask(town.numbers(), PERIOD, _all)


async def test_nothing_is_told_before_everything_is_counted(pool: Any, key_ring: KeyRing) -> None:
    """Facts of other rules do not say since when they hold."""
    async with counting_town(pool, key_ring, 6) as town:
        await _at_the_end(town)
        ends = PeriodEnds(town.store, rules=replace(RULES, name=f"{RULES.name} of another day"), tries_count=2)

        assert await ends.ask(town.numbers(), PERIOD, _all) is None


async def test_dossiers_are_judged_once_while_nothing_is_counted(pool: Any, key_ring: KeyRing) -> None:
    """The second question finds the same cells, also after a counting that changed nothing."""
    async with counting_town(pool, key_ring, 7) as town:
        await _at_the_end(town)
        town.clock.move(31 * 3600)
        await town.live(20, TIMED_KINDS)
        await town.keeper().run()
        ends, cells = _ends(town), list[CellReader]()

        async def ask(numbers: Numbers) -> None:
            cells.append(numbers.cells)

        for _ in range(2):
            await ends.ask(town.numbers(), PERIOD, ask)
            await town.keeper().run()

        assert cells[0] is cells[1]
        assert isinstance(cells[0], CutCells)
        assert cells[0].turned


async def _asked_once(town: Town) -> PeriodEnds:
    """Live until some time after the period's end, and ask about it."""
    await _at_the_end(town)
    town.clock.move(31 * 3600)
    ends = _ends(town)
    await ends.ask(town.numbers(), PERIOD, _all)
    return ends


@pytest.mark.parametrize("seed", [2, 9, 31])
async def test_judging_what_changed_is_judging_everything(pool: Any, key_ring: KeyRing, seed: int) -> None:
    """Whatever happens to dossiers and to those beside them: asked all along or for the first time is the same."""
    async with counting_town(pool, key_ring, seed) as town:
        await _at_the_end(town)
        along, cells = _ends(town), set[int]()

        async def turned(numbers: Numbers) -> Any:
            assert isinstance(numbers.cells, CutCells)
            return id(numbers.cells), dict(numbers.cells.turned)

        for number in range(8):
            await town.live(12, KINDS)
            code = town.chance.choice(sorted(town.documents))
            await town.registers.save_rating(code, "unsatisfied", town.clock.now(), town.clock.now())
            petition = Petition(
                petition_id=f"K{number}",
                agency_code="H99.01",
                received_at=END - timedelta(hours=number),
                known_at=town.clock.now(),
                dossier_code=code,
            )
            await town.registers.save_petition(petition, town.clock.now())
            await town.keeper().run()
            kept, known = await along.ask(town.numbers(), PERIOD, turned) or (0, None)
            _, fresh = await _ends(town).ask(town.numbers(), PERIOD, turned) or (0, None)
            cells.add(kept)

            assert known == fresh
            assert await along.ask(town.numbers(), PERIOD, _all) == await _ends(town).ask(town.numbers(), PERIOD, _all)
        assert await along.ask(town.numbers(), PERIOD, _dossiers) == await _ends(town).ask(
            town.numbers(), PERIOD, _dossiers
        )
        assert len(cells) == 1


async def test_what_breaks_off_is_judged_anew(pool: Any, key_ring: KeyRing) -> None:
    """A caller that goes away in the midst of judging leaves nothing half done."""
    async with counting_town(pool, key_ring, 4) as town:
        ends = await _asked_once(town)
        for seconds in (0.0, 0.001, 0.002, 0.004, 0.008, 0.016):
            await town.live(10, TIMED_KINDS)
            await town.keeper().run()
            asking = asyncio.ensure_future(ends.ask(town.numbers(), PERIOD, _all))
            await asyncio.sleep(seconds)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            assert await ends.ask(town.numbers(), PERIOD, _all) == await _ends(town).ask(town.numbers(), PERIOD, _all)


async def test_after_many_changes_everything_is_judged(pool: Any, key_ring: KeyRing) -> None:
    """Further back than is known whose facts were made, nothing is taken for granted."""
    async with counting_town(pool, key_ring, 4) as town:
        ends = await _asked_once(town)
        await town.live(20, TIMED_KINDS)
        await town.keeper().run()
        await pool.execute("UPDATE indicator_state SET changes_count = changes_count + 30000")
        await pool.execute("DELETE FROM indicator_judged")

        assert await ends.ask(town.numbers(), PERIOD, _all) == await _ends(town).ask(town.numbers(), PERIOD, _all)
