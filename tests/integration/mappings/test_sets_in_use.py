"""Mapping sets from file to delivery: loaded into the store, used by workers, holding and releasing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from adapters.sandboxing import FaultKind
from gateway.bootstrap.mapping import read_stored
from gateway.engine.acceptor import Change
from gateway.engine.codes import CodeTranslator, SeenCodes
from gateway.engine.mappings import MappingKeeper
from gateway.errors import ConfigurationError
from gateway.mapping_loading import Loaded, load, sets_in_force, try_out
from gateway.ports.basics import KeyRing
from gateway.ports.mapping import CodeKind, CurrentMapper, SeenCode
from gateway.store.mappings import (
    PostgresMappings,
    list_held_rows,
    list_seen,
    list_sets,
    list_versions,
    missing_rows,
)
from tests.support.changes import replacement, step
from tests.support.mapping_sets import files, header, procedure_files, rows
from tests.support.town import CLOCK, PortalTown, portal_town

LOCAL, OTHER = "1.999001.000.00.00.H99", "1.999002.000.00.00.H99"
TODAY = date(2026, 1, 5)
CODE = "H99.01-260105-00001"


@dataclass(slots=True)
class Mapped:
    """A town whose worker translates."""

    town: PortalTown
    keeper: MappingKeeper
    current: CurrentMapper
    pool: Any

    async def load(self, *pairs: tuple[str, str], version: str = "1.0.0") -> Loaded:
        return await self.load_files(procedure_files(pairs, version=version))

    async def load_files(self, collection: dict[str, bytes]) -> Loaded:
        return await load(self.pool, CLOCK, collection, TODAY, loaded_by="operator")

    async def accept(self, *changes: Change) -> None:
        await self.town.accept(*changes)

    def portal_procedure(self, code: str) -> str | None:
        """Give the procedure code that the portal holds for a dossier, None when it does not have the dossier."""
        found = self.town.sandbox.dossier(code)
        return None if found is None else str(found.record()["MaTTHC"])


@pytest.fixture
async def mapped(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[Mapped]:
    current, seen = CurrentMapper(), SeenCodes()
    keeper = MappingKeeper(
        PostgresMappings(pool, clock=CLOCK),
        current,
        read_stored,
        seen=seen,
        clock=CLOCK,
        say=lambda *_, **__: None,
    )
    async with portal_town(dsn, pool, key_ring, codes=CodeTranslator(current, seen)) as town:
        yield Mapped(town, keeper, current, pool)


async def test_held_loaded_delivered(mapped: Mapped) -> None:
    """A code without a row waits and names its row; the load that has the row lets it go, steps behind it too."""
    town = mapped.town
    await mapped.load((OTHER, town.procedure_code))
    await mapped.keeper.turn()
    await mapped.accept(replacement(CODE, procedure_code=LOCAL), step(CODE, minutes=30))
    states = await town.work_until(lambda states: states.get("parked") == 1)

    assert f"unmapped: mapping.procedure {LOCAL}" in await town.reasons()
    assert None is mapped.portal_procedure(CODE)
    assert [(CodeKind.PROCEDURE, LOCAL, 1)] == [
        (row.kind, row.code, row.deliveries_count) for row in await list_held_rows(mapped.pool)
    ]
    await mapped.keeper.turn()
    assert states == await town.states()

    loaded = await mapped.load((LOCAL, town.procedure_code), (OTHER, town.procedure_code), version="1.1.0")
    await mapped.keeper.turn()
    states = await town.work_until_settled()

    assert {"delivered", "skipped"} == set(states)
    assert town.procedure_code == mapped.portal_procedure(CODE)
    held = town.sandbox.dossier(CODE)
    assert held is not None
    assert (1, 1) == (held.create_count, len(held.steps))
    versions = await mapped.pool.fetch(
        "SELECT kind, mapping_version FROM deliveries WHERE state = 'delivered' ORDER BY delivery_id"
    )
    assert {("snapshot", loaded.version), ("step", None)} == {(row[0], row[1]) for row in versions}
    assert LOCAL == await mapped.pool.fetchval("SELECT procedure_code FROM dossiers")
    assert [] == await list_held_rows(mapped.pool)


async def test_without_sets_nothing_is_translated(mapped: Mapped) -> None:
    """Codes travel as they are, no version is noted, and what was seen is counted all the same."""
    await mapped.keeper.turn()
    await mapped.accept(replacement(CODE, procedure_code=mapped.town.procedure_code))
    await mapped.town.work_until_settled()
    await mapped.keeper.write_seen()

    assert mapped.town.procedure_code == mapped.portal_procedure(CODE)
    assert None is await mapped.pool.fetchval("SELECT mapping_version FROM deliveries")
    assert [
        SeenCode(kind=CodeKind.AGENCY, code="H99.01", first_seen=TODAY, last_seen=TODAY, seen_count=2, is_mapped=None),
        SeenCode(
            kind=CodeKind.PROCEDURE,
            code=mapped.town.procedure_code,
            first_seen=TODAY,
            last_seen=TODAY,
            seen_count=1,
            is_mapped=None,
        ),
    ] == list(await list_seen(mapped.pool))


async def test_the_dossiers_own_day_counts(mapped: Mapped) -> None:
    """The same code leads elsewhere from a day on; a dossier is sent under what held when it was submitted."""
    codes = [record["MATTHC"] for record in mapped.town.sandbox.procedures() if record["LINHVUCTHUCHIEN"]][:2]
    table = rows(
        *sorted(
            [
                f"{LOCAL},{codes[0]},equivalent,2020-01-01,2026-01-05,manual",
                f"{LOCAL},{codes[1]},equivalent,2026-01-05,,manual",
            ]
        )
    )
    await mapped.load_files(files(table=table))
    await mapped.keeper.turn()
    today = replacement(CODE, procedure_code=LOCAL)
    early = replacement("H99.01-260104-00002", procedure_code=LOCAL)
    submitted = date(2026, 1, 4)
    body: Any = early.body
    early = replace(early, body=replace(body, submitted_at=body.submitted_at.replace(day=submitted.day)))
    await mapped.accept(today, early)
    await mapped.town.work_until_settled()

    assert [codes[1], codes[0]] == [mapped.portal_procedure(CODE), mapped.portal_procedure("H99.01-260104-00002")]


async def test_an_unknown_outcome_is_asked_about_in_the_same_codes(mapped: Mapped) -> None:
    """After a lost answer the look-up compares the translated dossier, so nothing seems to differ."""
    await mapped.load((LOCAL, mapped.town.procedure_code))
    await mapped.keeper.turn()
    mapped.town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoHoSoMC")
    await mapped.accept(replacement(CODE, procedure_code=LOCAL))
    states = await mapped.town.work_until_settled()

    assert {"delivered": 1} == states
    found = mapped.town.sandbox.dossier(CODE)
    assert found is not None
    assert 1 == found.create_count
    assert 0 == await mapped.pool.fetchval("SELECT count(*) FROM conflicts")


async def test_a_refused_code_waits_for_a_person(mapped: Mapped) -> None:
    """What is deliberately without counterpart is no missing row, and no load releases it by itself."""
    await mapped.load_files(files(table=rows(f"{LOCAL},,none,2020-01-01,,manual")))
    await mapped.keeper.turn()
    await mapped.accept(replacement(CODE, procedure_code=LOCAL))
    await mapped.town.work_until(lambda states: states.get("parked") == 1)

    assert ["untranslatable: procedure_code deliberately without counterpart in test.procedure.out@1.0.0"] == (
        await mapped.town.reasons()
    )
    await mapped.keeper.release()
    assert {"parked": 1} == await mapped.town.states()


async def test_a_faulty_load_changes_nothing(mapped: Mapped) -> None:
    """The version in force stays, and nothing of the refused one is stored: one bad file refuses all."""
    good = await mapped.load((LOCAL, mapped.town.procedure_code))
    bad = {
        **procedure_files([(LOCAL, "1.000000")], version="1.1.0"),
        **files(
            "statuses",
            toml=header("status", set_id="test.status.out"),
            table=rows("a,received,equivalent,2020-01-01,,manual"),
        ),
    }
    with pytest.raises(ConfigurationError) as refused:
        await mapped.load_files(bad)

    assert ["procedures.csv, row 2: must lead to a known procedure"] == [str(fault) for fault in refused.value.faults]
    assert [good.version] == [line.version for line in await list_versions(mapped.pool, 9)]


async def test_the_same_files_are_one_version(mapped: Mapped) -> None:
    """Loading again what is in force makes no new version; changed content under an old version is refused."""
    first = await mapped.load((LOCAL, mapped.town.procedure_code))
    again = await mapped.load((LOCAL, mapped.town.procedure_code))

    assert (first.version, True, False) == (again.version, first.is_new, again.is_new)
    with pytest.raises(ConfigurationError):
        await mapped.load((OTHER, mapped.town.procedure_code))
    third = await mapped.load((OTHER, mapped.town.procedure_code), version="2.0.0")
    assert third.version is not None
    assert first.version is not None
    assert third.version > first.version


async def test_loads_at_the_same_moment_follow_each_other(mapped: Mapped) -> None:
    """Each load is whole or refused because another came in between; the newest number is the one in force."""
    code = mapped.town.procedure_code
    loads = await asyncio.gather(
        *(mapped.load((LOCAL, code), version=f"1.{n}.0") for n in range(6)), return_exceptions=True
    )
    versions = await list_versions(mapped.pool, 9)
    made = [loaded.version for loaded in loads if isinstance(loaded, Loaded)]

    assert {line.version for line in versions} == set(made)
    assert {"must not cross another load: look at the difference again"} >= {
        fault.rule for refused in loads if isinstance(refused, ConfigurationError) for fault in refused.faults
    }
    assert 6 == len(made) + sum(isinstance(refused, ConfigurationError) for refused in loads)
    for line in versions:
        assert 1 == len(await list_sets(mapped.pool, line.version))
    in_force = await sets_in_force(mapped.pool, CLOCK)
    assert in_force is not None
    assert versions[0].version == in_force.version


async def test_a_trial_shows_and_changes_nothing(mapped: Mapped) -> None:
    """The codes that dossiers carried are replayed against the candidate; nothing is loaded."""
    await mapped.accept(replacement(CODE, procedure_code=mapped.town.procedure_code))
    await mapped.town.work_until_settled()
    await mapped.keeper.write_seen()
    tried = await try_out(mapped.pool, CLOCK, procedure_files([(LOCAL, mapped.town.procedure_code)]), TODAY)

    assert [(mapped.town.procedure_code, "(as it is)", "(held)", 1)] == [
        (change.code, change.before, change.after, change.seen_count) for change in tried.changes
    ]
    assert (None, [], None) == (tried.version, await list_versions(mapped.pool, 9), mapped.current.mapper)


async def test_two_keepers_release_once(mapped: Mapped) -> None:
    """Several processes find the same news: each delivery is released by one of them."""
    await mapped.load((OTHER, mapped.town.procedure_code))
    await mapped.keeper.turn()
    changes = [replacement(f"H99.01-260105-{n:05}", procedure_code=LOCAL) for n in range(1, 6)]
    await mapped.accept(*changes)
    await mapped.town.work_until(lambda states: states.get("parked") == 5)
    await mapped.load((LOCAL, mapped.town.procedure_code), version="1.1.0")
    other = MappingKeeper(
        PostgresMappings(mapped.pool, clock=CLOCK),
        CurrentMapper(),
        read_stored,
        seen=SeenCodes(),
        clock=CLOCK,
        say=lambda *_, **__: None,
    )
    await asyncio.gather(mapped.keeper.turn(), other.turn())

    assert {"waiting": 5} == await mapped.town.states()
    assert {"delivered": 5} == await mapped.town.work_until_settled()


async def test_a_status_moved_on_by_a_step_is_not_held_against_the_former_code(mapped: Mapped) -> None:
    """The province's own status belongs to the document; after a step the dossier travels under the step's status."""
    await mapped.load_files(
        files(toml=header("status", set_id="test.status.out"), table=rows("TN,received,equivalent,2020-01-01,,manual"))
    )
    await mapped.keeper.turn()
    change = replacement(CODE, procedure_code=mapped.town.procedure_code)
    body: Any = change.body
    await mapped.accept(replace(change, body=replace(body, source_status="TN")), step(CODE, minutes=30))
    states = await mapped.town.work_until_settled()

    assert {"delivered", "skipped"} == set(states)
    found = mapped.town.sandbox.dossier(CODE)
    assert found is not None
    assert "4" == found.status


async def test_a_step_in_doubt_is_for_a_person(mapped: Mapped) -> None:
    """A step that was parked for a row of its dossier may have arrived before: no load sends it again by itself."""
    await mapped.load((OTHER, mapped.town.procedure_code))
    await mapped.keeper.turn()
    await mapped.accept(replacement(CODE, procedure_code=mapped.town.procedure_code), step(CODE, minutes=30))
    await mapped.pool.execute(
        "UPDATE deliveries SET state = 'parked', reason = $1 WHERE kind = 'step'",
        f"unmapped: mapping.procedure {LOCAL}",
    )
    await mapped.load((LOCAL, mapped.town.procedure_code), version="1.1.0")
    await mapped.keeper.turn()

    assert "parked" == await mapped.pool.fetchval("SELECT state FROM deliveries WHERE kind = 'step'")
    assert [] == await list_held_rows(mapped.pool)


async def test_counts_are_added_up(pool: Any) -> None:
    """Each writing adds its counts, widens the dates, and has the last word on whether a row was there."""
    store = PostgresMappings(pool, clock=CLOCK)
    day, earlier, later = TODAY, date(2025, 1, 1), date(2026, 6, 1)

    def seen(first: date, last: date, count: int, is_mapped: bool | None) -> SeenCode:
        return SeenCode(
            kind=CodeKind.STATUS, code="TN", first_seen=first, last_seen=last, seen_count=count, is_mapped=is_mapped
        )

    await store.note_seen([seen(day, day, 2, None)])
    await store.note_seen([seen(earlier, earlier, 3, True)])
    await store.note_seen([seen(later, later, 1, False)])
    await store.note_seen([])

    assert [seen(earlier, later, 6, False)] == list(await list_seen(pool))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("unmapped: mapping.procedure 1.999001", ((CodeKind.PROCEDURE, "1.999001"),)),
        (
            "unmapped: mapping.procedure 1.999001; mapping.agency H99.01; and 3 more; untranslatable: summary too long",
            ((CodeKind.PROCEDURE, "1.999001"), (CodeKind.AGENCY, "H99.01")),
        ),
        ("unmapped: procedure 1.999001", ()),
        (
            f"unmapped: mapping.procedure 1.999001; mapping.agency {'H' * 1000}"[:1000],
            ((CodeKind.PROCEDURE, "1.999001"),),
        ),
        ("unmapped: mapping.colour red", ()),
    ],
)
def test_rows_are_read_from_reasons(reason: str, expected: tuple[tuple[CodeKind, str], ...]) -> None:
    """Only rows of mapping sets are taken; what else stands in a reason is left to others."""
    assert expected == missing_rows(reason)
