"""A notice about days comes while dossiers are counted: what is open moves, what has ended stays; all is explained."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from gateway.engine.indicator_judging import CountingRules
from gateway.engine.indicator_reasons import Explainer
from gateway.indicators.periods import PeriodType, period_of
from gateway.indicators.readings import Readings
from gateway.indicators.scope import PROVINCE
from gateway.model.calendars import Calendars
from gateway.model.dossier import AgencyRef
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import CalendarDay, DayKind
from gateway.ports.basics import KeyRing
from mappings.calendars import open_calendars
from tests.integration.indicators.pulling import AUGUST, PATH, pulled_town
from tests.support.counting import RULES, Town, counting_town, notices
from tests.support.samples import make_dossier

ENDED, OPEN, ELSEWHERE = (f"H99.01-260727-0000{number}" for number in (1, 2, 3))
TOLD_ON = date(2026, 8, 6)


def told(calendars: Calendars) -> CountingRules:
    return replace(RULES, name=f"{RULES.name} {calendars.version}", calendars=calendars)


def storm(day: date) -> CalendarDay:
    return CalendarDay(
        day=day,
        kind=DayKind.AGENCY_CLOSED,
        label="Bão số 2",
        source="12/QĐ-UBND",
        agency="H99.01",
        told_on=TOLD_ON,
    )


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=VIETNAM)


async def file(town: Town, code: str, agency: str, finished_at: datetime | None = None) -> None:
    own = AgencyRef(code=agency, name="Cơ quan")
    await town.accept(
        code,
        make_dossier(
            procedure_code="1.999001",
            receiving_agency=own,
            handling_agency=own,
            status=DossierStatus.PROCESSING if finished_at is None else DossierStatus.COMPLETED,
            submitted_at=at(3),
            received_at=at(3),
            finished_at=finished_at,
            due_at=None,
        ),
    )


async def dues(town: Town, rules: CountingRules = RULES) -> dict[str, datetime | None]:
    """Give what is due when, as an explanation tells it."""
    explainer, period = Explainer(town.store, town.numbers(), rules=rules), period_of(PeriodType.MONTH, "2026-08")
    told = {code: await explainer.explain(code, "T1", period, PROVINCE, Readings()) for code in town.documents}
    return {code: None if one is None else one.fact.due_at for code, one in told.items()}


async def test_a_notice_moves_what_is_open_only(pool: Any, key_ring: KeyRing) -> None:
    """With the line in the table, facts are made anew in passing: one due date moves, two stay."""
    async with counting_town(pool, key_ring) as town:
        await file(town, ENDED, "H99.01", at(5))
        await file(town, OPEN, "H99.01")
        await file(town, ELSEWHERE, "H99.02")
        town.clock.move((at(6, 10) - town.clock.now()).total_seconds())
        await town.keeper().run()
        before = await dues(town)
        rules = told(open_calendars([storm(date(2026, 8, 7))]))
        await town.keeper(rules).run()
        after = await dues(town, rules)

        assert {OPEN} == {code for code in before if before[code] != after[code]}
        compared = await town.checker(rules).check()
        assert compared is not None
        assert compared.is_equal


async def test_a_notice_of_tomorrow_is_followed_tomorrow(pool: Any, key_ring: KeyRing) -> None:
    """It may be put in before its day: until then, dates are those of the calendar that is known."""
    async with counting_town(pool, key_ring) as town:
        rules = told(open_calendars([storm(date(2026, 8, 7))]))
        await file(town, OPEN, "H99.01")
        town.clock.move((at(5) - town.clock.now()).total_seconds())
        await town.keeper(rules).run()
        early = await dues(town, rules)
        town.clock.move((at(6) - town.clock.now()).total_seconds())
        await town.keeper(rules).run()

        late = await dues(town, rules)

        assert [True, True] == [one is not None and one.weekday() < 5 for one in (early[OPEN], late[OPEN])]
        assert early[OPEN] != late[OPEN]
        compared = await town.checker(rules).check()
        assert compared is not None
        assert compared.is_equal


@pytest.mark.parametrize("seed", [3, 11])
async def test_counting_along_is_counting_from_scratch(pool: Any, key_ring: KeyRing, seed: int) -> None:
    """Random histories under notices that come in their midst, some told in advance."""
    async with counting_town(pool, key_ring, seed=seed) as town:
        rules = told(notices(town.clock.now().astimezone(VIETNAM).date()))
        for _ in range(6):
            await town.live(15)
            await town.keeper(rules).run()
            compared = await town.checker(rules).check()
            assert compared is not None
            assert compared.is_equal


async def test_a_due_date_is_explained_step_by_step(pool: Any, key_ring: KeyRing) -> None:
    """In both languages; a stated date needs no steps. The calendar of an agency and of a year is there to read."""
    async with pulled_town(pool, key_ring) as (town, api):
        await file(town, OPEN, "H99.01")
        town.clock.move((at(20) - town.clock.now()).total_seconds())
        await town.keeper().run()
        everybody = api.with_token(await api.register("all", prefixes=("*",)))
        asked = f"{PATH}/explanations?{AUGUST}&indicator=T1&dossier={OPEN}"
        explained = (await everybody.get(asked)).json

        assert ["accepted"] == [one["step"] for one in explained["due_steps"]]
        assert explained["due_at"][:10] == explained["due_steps"][-1]["due_at"][:10]
        assert explained["due_steps"][0]["vi"].startswith("Tiếp nhận lúc 09:00 03/08/2026")
        assert explained["due_steps"][0]["en"].startswith("Accepted at 09:00 03/08/2026")

        calendar = (await everybody.get(f"{PATH}/calendar?year=2026&agency=H99.01")).json
        swap = next(one for one in calendar["days"] if one["date"] == "2026-01-02")
        assert ("swap_off", "2025-12-25", False, False) == (
            swap["kind"],
            swap["told_on"],
            swap["counts_for_deadlines"],
            swap["open_for_reception"],
        )
        assert [{"begins_on": None, "stretches": ["08:00-12:00", "13:00-17:00"]}] == calendar["hours"]
        assert "H99.01" == calendar["agency"]
