"""Counting as things happen gives what counting from scratch gives, to the dossier, whatever breaks off in between."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from gateway.engine.indicator_facts import FactMaker
from gateway.engine.indicator_judging import FactJudge
from gateway.engine.indicators import IndicatorKeeper
from gateway.errors import StoreUnavailable
from gateway.indicators.periods import Calendar, PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.registry import CODES, measure_parts
from gateway.indicators.scope import PROVINCE
from gateway.indicators.selection import Selection
from gateway.indicators.words import View
from gateway.monitoring.petitions import Petition, Reply
from gateway.monitoring.registers import RegisterKind, read_items
from gateway.monitoring.storing import CountingTurn
from gateway.monitoring.terms import Policy
from gateway.ports.basics import KeyRing
from gateway.ports.observing import AlertRaised
from gateway.store.indicators import PostgresIndicators
from tests.support.counting import AGENCY_ITEMS, BEGIN, RULES, SCOPES, Town, counting_town

PERIODS = (
    period_of(PeriodType.MONTH, "2026-08"),
    period_of(PeriodType.MONTH, "2026-08", Calendar.ND09),
    period_of(PeriodType.CUSTOM, "2026-07-29/2026-09-03"),
    period_of(PeriodType.QUARTER, "2026-Q3"),
)


class _Broken(PostgresIndicators):
    """Ends a turn before it is committed, as a killed process does."""

    def turn(self) -> Any:
        return _Breaking(super().turn())


class _Breaking:
    def __init__(self, turn: Any) -> None:
        self._turn = turn

    async def __aenter__(self) -> Any:
        return await self._turn.__aenter__()

    async def __aexit__(self, *_: object) -> None:
        error = ConnectionResetError("the process was killed")
        await self._turn.__aexit__(type(error), error, None)
        raise error


async def _count(town: Town, *, is_killed: bool = False) -> None:
    keeper = town.keeper()
    if is_killed:
        keeper._store = _Broken(town.pool)
        with pytest.raises(StoreUnavailable):
            await keeper.run()
    await town.keeper().run()


@pytest.mark.parametrize("seed", [0, 1, 12, 35])
async def test_counting_along_is_counting_from_scratch(pool: Any, key_ring: KeyRing, seed: int) -> None:
    """Random histories, counted now and then and killed at times: the same facts, the same cells, the same numbers."""
    async with counting_town(pool, key_ring, seed) as town:
        await town.registers.replace_register(
            RegisterKind.AGENCIES, read_items(RegisterKind.AGENCIES, AGENCY_ITEMS), town.clock.now()
        )
        for number in range(6):
            await town.live(town.chance.randint(1, 14))
            if number == 3:
                code = min(town.documents)
                petition = Petition(
                    petition_id="K1", agency_code="H99.01", received_at=BEGIN, known_at=BEGIN, dossier_code=code
                )
                assert await town.registers.save_petition(petition, town.clock.now())
                assert await town.registers.save_rating(code, "unsatisfied", BEGIN, town.clock.now())
            if town.chance.random() < 0.7:
                await _count(town, is_killed=town.chance.random() < 0.5)
        await _count(town)

        compared = await town.checker().check()
        assert compared is not None
        assert compared.codes == ()
        assert compared.is_equal
        assert compared.dossiers_count == len(town.documents)
        assert compared.cells_count > 0
        await _equal_numbers(town)


async def _equal_numbers(town: Town) -> None:
    numbers = town.numbers()
    facts = replace(await numbers.facts(), dossiers=await town.judged(), as_of=town.clock.now())
    for period in PERIODS:
        for scope in SCOPES:
            for view in View:
                readings = Readings(view=view)
                selection = Selection(facts, period, scope, readings)
                told = await numbers.measure(sorted(CODES), period, scope, readings)
                for code in sorted(CODES):
                    expected = [(one.numerator, one.denominator, one.ratio) for one in measure_parts(code, selection)]
                    given = [(one.numerator, one.denominator, one.ratio) for one in told[code]]
                    assert expected == given, (code, period.key, scope.label, view)


async def test_time_alone_makes_a_dossier_overdue(pool: Any, key_ring: KeyRing) -> None:
    """Nothing is accepted any more, and still T3 changes when the due date has passed."""
    async with counting_town(pool, key_ring) as town:
        await town.live(25)
        await _count(town)
        before = await town.numbers().measure(["T3"], PERIODS[3], PROVINCE, Readings())
        town.clock.move(timedelta(days=60).total_seconds())
        await _count(town)
        after = await town.numbers().measure(["T3"], PERIODS[3], PROVINCE, Readings())

        assert before["T3"][0].numerator is not None
        assert after["T3"][0].numerator is not None
        assert before["T3"][0].numerator < after["T3"][0].numerator
        assert after["T3"][0].denominator == before["T3"][0].denominator
        compared = await town.checker().check()
        assert compared is not None
        assert compared.is_equal


async def test_other_rules_make_every_fact_anew(pool: Any, key_ring: KeyRing) -> None:
    """Another policy changes classes; other measures empty the cells and fill them again."""
    async with counting_town(pool, key_ring) as town:
        await town.live(40)
        await _count(town)
        policy = replace(RULES, name=f"{RULES.name} without pauses", policy_of=lambda _: Policy(pauses=False))
        await town.keeper(policy).run()
        compared = await town.checker(policy).check()
        assert compared is not None
        assert compared.is_equal

        measures = replace(RULES, name="other-measures tests")
        await town.keeper(measures).run()
        compared = await town.checker(measures).check()
        assert compared is not None
        assert compared.is_equal
        assert compared.cells_count > 0


async def test_damaged_cells_are_found_and_added_up_again(pool: Any, key_ring: KeyRing) -> None:
    """A cell and a fact that were changed behind the gateway's back are named; cells are put right from facts."""
    async with counting_town(pool, key_ring) as town:
        await town.live(20)
        await _count(town)
        await pool.execute(
            "UPDATE indicator_cells SET counts[1] = counts[1] + 1 WHERE agency_code = '' AND grain = 'month'"
        )
        found = await town.checker().check()
        assert found is not None
        assert found.differing_cells_count > 0
        assert not found.differing_facts_count
        assert await town.checker().add_up()
        compared = await town.checker().check()
        assert compared is not None
        assert compared.is_equal

        code = min(town.documents)
        await pool.execute("UPDATE indicator_facts SET time_amount = 77 WHERE code = $1", code)
        found = await town.checker().check()
        assert found is not None
        assert found.codes == (code,)


async def test_what_was_published_is_kept_when_it_changes(pool: Any, key_ring: KeyRing) -> None:
    """Facts that stood in a publication are kept beside their successors; those that nobody was told of are not."""
    async with counting_town(pool, key_ring) as town:
        await town.live(10)
        await _count(town)
        await pool.execute("UPDATE indicator_state SET published_at = $1", town.clock.now())
        published = await pool.fetchval("SELECT count(*) FROM indicator_facts")
        await town.live(60)
        await _count(town)
        await town.live(30)
        await _count(town)
        former = await pool.fetchval("SELECT count(*) FROM indicator_former_facts")
        twice = await pool.fetchval(
            "SELECT count(*) FROM (SELECT dossier_id FROM indicator_former_facts GROUP BY 1 HAVING count(*) > 1) d"
        )

        assert 0 < former <= published
        assert twice == 0


async def test_an_erased_dossier_counts_as_before_and_leads_to_nobody(pool: Any, key_ring: KeyRing) -> None:
    """Its applicant's digest goes, its numbers stay, also when facts are made by other rules later."""
    async with counting_town(pool, key_ring) as town:
        await town.live(30)
        await _count(town)
        before = await pool.fetch("SELECT * FROM indicator_cells ORDER BY 1, 2, 3, 4, 5")
        code = min(town.documents)
        await pool.execute("UPDATE dossiers SET wrapped_key = '', erased_at = updated_at WHERE code = $1", code)
        await pool.execute("INSERT INTO indicator_wishes SELECT dossier_id FROM dossiers WHERE code = $1", code)
        await _count(town)

        assert before == await pool.fetch("SELECT * FROM indicator_cells ORDER BY 1, 2, 3, 4, 5")
        assert await pool.fetchval("SELECT applicant_key FROM indicator_facts WHERE code = $1", code) is None
        await town.keeper(replace(RULES, name="other-measures again")).run()
        assert before == await pool.fetch("SELECT * FROM indicator_cells ORDER BY 1, 2, 3, 4, 5")


async def test_a_dossier_that_does_not_open_stops_nobody(pool: Any, key_ring: KeyRing) -> None:
    """Its content was changed behind the gateway's back: it is named to a person, counts as it was last read, and all
    others go on."""
    async with counting_town(pool, key_ring) as town:
        await town.live(20)
        await _count(town)
        code = min(town.documents)
        await town.accept(code, replace(town.documents[code], note="neu"))
        await town.live(20)
        await pool.execute(
            "UPDATE dossier_revisions r SET sealed = sealed || 'x' FROM dossiers d WHERE d.dossier_id = r.dossier_id "
            "AND d.code = $1 AND r.revision = d.revision",
            code,
        )
        told: list[object] = []
        keeper = IndicatorKeeper(town.store, key_ring=key_ring, rules=RULES, clock=town.clock, observer=told.append)
        await keeper.run()

        assert {AlertRaised(system="indicators", name="dossier_unreadable", dossier_code=code)} == set(told)
        counted = await pool.fetchval("SELECT count(*) FROM indicator_facts")
        assert len(town.documents) == counted
        compared = await town.checker().check()
        assert compared is not None
        assert (code,) == compared.codes


async def test_two_processes_count_once(pool: Any, key_ring: KeyRing) -> None:
    """While one counts, another does nothing."""
    async with counting_town(pool, key_ring) as town:
        await town.live(10)
        async with town.store.turn() as turn:
            assert turn is not None
            assert 0 == await town.keeper().run()
        assert 0 < await town.keeper().run()


async def test_a_late_answer_to_a_petition_counts_against_it(pool: Any, key_ring: KeyRing) -> None:
    """Q3: answered after 15 working days is late; rejected within two is in time."""
    async with counting_town(pool, key_ring) as town:
        received = BEGIN + timedelta(days=5)
        for name, reply, days in (("K1", Reply.ANSWERED, 40), ("K2", Reply.REJECTED, 2), ("K3", Reply.NONE, 0)):
            petition = Petition(
                petition_id=name,
                agency_code="H99.01",
                received_at=received,
                known_at=received,
                reply=reply,
                replied_at=received + timedelta(days=days) if days else None,
            )
            await town.registers.save_petition(petition, received)
        town.clock.set(BEGIN + timedelta(days=8))
        (part,) = (await town.numbers().measure(["Q3"], PERIODS[0], PROVINCE, Readings()))["Q3"]

        assert (2, 3) == (int(part.numerator or 0), int(part.denominator or 0))


async def test_time_alone_makes_a_petition_late(pool: Any, key_ring: KeyRing) -> None:
    """Nothing is told any more, and still Q3 changes in a process that was asked before."""
    async with counting_town(pool, key_ring) as town:
        received = BEGIN + timedelta(days=5)
        petition = Petition(petition_id="K1", agency_code="H99.01", received_at=received, known_at=received)
        await town.registers.save_petition(petition, received)
        numbers = town.numbers()
        told = []
        for days in (8, 60):
            town.clock.move(timedelta(days=days).total_seconds())
            (part,) = (await numbers.measure(["Q3"], PERIODS[0], PROVINCE, Readings()))["Q3"]
            told.append((int(part.numerator or 0), int(part.denominator or 0)))

        assert [(1, 1), (0, 1)] == told


async def test_counting_leaves_others_their_turn(pool: Any, key_ring: KeyRing) -> None:
    """A turn of many dossiers does not hold the process up."""
    async with counting_town(pool, key_ring) as town:
        await town.live(300)
        turns, is_done = 0, False

        async def others() -> None:
            nonlocal turns
            while not is_done:
                turns += 1
                await asyncio.sleep(0)

        async with town.store.turn() as turn:
            assert turn is not None
            ids = await turn.dossiers_after(0, 1000)
            maker = FactMaker(key_ring, RULES)
            accepted = await turn.accepted(dict.fromkeys(ids, 0))
            records = {one.dossier_id: maker._record(one, None) for one in accepted}
            running = asyncio.create_task(others())
            await asyncio.sleep(0)
            before = turns
            await FactJudge(RULES).judge(cast(CountingTurn, _Still()), records, {}, town.clock.now())
            is_done = True
            await running

        assert len(records) > 60
        assert turns - before >= len(records) // 20


class _Still:
    """Answers at once, so that only what is left voluntarily is counted."""

    async def procedures(self, codes: Any) -> Any:
        return {}

    async def petitioned(self, codes: Any) -> Any:
        return {}

    async def confirmed(self, codes: Any) -> Any:
        return frozenset()
