"""Codes on their way out, and the keeping of the sets in force, against fakes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.engine.codes import CodeTranslator, NotTranslatable, SeenCodes
from gateway.engine.mappings import MappingKeeper
from gateway.errors import ConfigurationError, StoreUnavailable
from gateway.model.dossier import Dossier, ResultDocument
from gateway.model.status import DossierStatus
from gateway.ports.mapping import (
    CodeKind,
    CodeMapper,
    CurrentMapper,
    HeldDelivery,
    SeenCode,
    StoredSets,
    Suggestion,
    Translation,
    Treatment,
)
from tests.support.clocks import StillClock
from tests.support.samples import make_dossier

DAY = date(2026, 1, 5)
T = Treatment


@dataclass
class FixedMapper:
    """Implements CodeMapper with a table of treatments; kinds without an entry have no set."""

    answers: Mapping[tuple[CodeKind, str], Translation] = field(default_factory=dict)
    version: int = 3
    asked_on: set[date] = field(default_factory=set)

    @property
    def kinds(self) -> frozenset[CodeKind]:
        return frozenset(kind for kind, _ in self.answers)

    def translate(self, kind: CodeKind, code: str, on: date, *, inbound: bool = False) -> Translation | None:
        self.asked_on.add(on)
        if kind not in self.kinds:
            return None
        return self.answers.get((kind, code), Translation(T.HELD, "", "set@1"))

    def name_of(self, kind: CodeKind, code: str) -> str:
        return ""

    def suggest(
        self, kind: CodeKind, codes: Sequence[str], targets: Mapping[str, str]
    ) -> Mapping[str, Sequence[Suggestion]]:
        return {}


def mapper(*answers: tuple[CodeKind, str, Treatment, str]) -> FixedMapper:
    return FixedMapper({(kind, code): Translation(treatment, to, "set@1") for kind, code, treatment, to in answers})


def outcome(dossier: Dossier, made: CodeMapper | None) -> tuple[Dossier | NotTranslatable, list[SeenCode]]:
    seen = SeenCodes()
    found = CodeTranslator(CurrentMapper(made), seen).pinned().translated(dossier)
    return found, seen.take()


def test_without_sets_the_dossier_is_the_very_same() -> None:
    """Nothing is copied or changed, and every code is counted once for each place."""
    dossier = make_dossier()
    found, seen = outcome(dossier, None)

    assert dossier is found
    assert {
        ("procedure", "1.999001", 1),
        ("agency", "H99.01", 2),
        ("required_document", "000.00.00.G99-KQ900001", 1),
    } == {(entry.kind.value, entry.code, entry.seen_count) for entry in seen}
    assert {None} == {entry.is_mapped for entry in seen}


def test_codes_are_translated_where_they_stand() -> None:
    """Procedure, agencies, documents, results and databases each by the set of their kind; names stay."""
    made = mapper(
        (CodeKind.PROCEDURE, "1.999001", T.MAPPED, "2.000001"),
        (CodeKind.AGENCY, "H99.01", T.MAPPED, "H14.1"),
        (CodeKind.REQUIRED_DOCUMENT, "000.00.00.G99-KQ900001", T.DROPPED, ""),
        (CodeKind.RESULT, "KQ.1", T.MAPPED, "KQ.G07.000122"),
        (CodeKind.DATABASE, "db1", T.FIXED, "01"),
        (CodeKind.DATABASE, "db2", T.DROPPED, ""),
        (CodeKind.DATABASE, "db3", T.PASSED, "db3"),
    )
    result = ResultDocument(name="giay.pdf", result_code="KQ.1", url="https://files.province.example/r/1")
    dossier = make_dossier(results=(result,), consulted_databases=("db1", "db2", "db3"))
    found, _ = outcome(dossier, made)

    assert isinstance(found, Dossier)
    assert ("2.000001", "H14.1", "Sở Thử nghiệm") == (
        found.procedure_code,
        found.handling_agency.code,
        found.receiving_agency.name,
    )
    assert (None, "KQ.G07.000122", ("01", "db3")) == (
        found.attachments[0].component_code,
        found.results[0].result_code,
        found.consulted_databases,
    )
    untouched = {
        "procedure_code",
        "receiving_agency",
        "handling_agency",
        "attachments",
        "results",
        "consulted_databases",
    }
    assert found == replace(dossier, **{name: getattr(found, name) for name in untouched})


def test_the_day_is_the_vietnamese_one_of_submission() -> None:
    """An evening in UTC is the next day in Vietnam."""
    made = mapper((CodeKind.PROCEDURE, "1.999001", T.MAPPED, "2.000001"))
    outcome(make_dossier(submitted_at=datetime(2025, 6, 30, 17, 0, tzinfo=UTC)), made)
    outcome(make_dossier(submitted_at=datetime(2025, 6, 30, 16, 59, tzinfo=UTC)), made)

    assert {date(2025, 7, 1), date(2025, 6, 30)} == made.asked_on


@pytest.mark.parametrize(
    ("treatment", "missing", "problems"),
    [
        (T.HELD, (("mapping.procedure", "1.999001"),), ()),
        (T.REJECTED, (), (("procedure_code", "refused by mapping set set@1"),)),
        (T.DECLINED, (), (("procedure_code", "deliberately without counterpart in set@1"),)),
    ],
)
def test_what_has_no_code_over_there_does_not_travel(treatment: Treatment, missing: Any, problems: Any) -> None:
    """A missing row is named by table and code; a refusal by field and set. Either is counted as not mapped."""
    found, seen = outcome(make_dossier(), mapper((CodeKind.PROCEDURE, "1.999001", treatment, "")))

    assert NotTranslatable(missing=missing, problems=problems) == found
    assert [False] == [entry.is_mapped for entry in seen if entry.kind is CodeKind.PROCEDURE]


def test_every_missing_row_is_named_at_once_and_once() -> None:
    """The operator writes all rows in one go."""
    made = mapper((CodeKind.PROCEDURE, "x", T.HELD, ""), (CodeKind.AGENCY, "x", T.HELD, ""))
    found, _ = outcome(make_dossier(), made)

    assert isinstance(found, NotTranslatable)
    assert (("mapping.procedure", "1.999001"), ("mapping.agency", "H99.01")) == found.missing


@pytest.mark.parametrize(
    ("source_status", "problems"),
    [
        ("TN", ()),
        ("XL", (("source_status", "contradicts status by its mapping set"),)),
        ("Nguyễn Thị Mẫu nộp", (("source_status", "must be a code to be translated"),)),
        ("", ()),
    ],
)
def test_the_provinces_own_status_must_agree(source_status: str, problems: Any) -> None:
    """A set of statuses is the province's word on its codes; text that is no code is never repeated nor counted."""
    made = mapper(
        (CodeKind.STATUS, "TN", T.MAPPED, "received"),
        (CodeKind.STATUS, "XL", T.MAPPED, "processing"),
    )
    dossier = make_dossier(source_status=source_status, status=DossierStatus.RECEIVED)
    found, seen = outcome(dossier, made)

    assert (dossier if not problems else NotTranslatable(problems=problems)) == found
    assert "Nguyễn" not in repr([entry.code for entry in seen])
    found, seen = outcome(dossier, None)
    assert "Nguyễn" not in repr([entry.code for entry in seen])


def test_counts_widen_and_survive_a_failed_writing() -> None:
    """Dates span all dossiers, and counts that could not be written are added to the later ones."""
    seen = SeenCodes()
    for day in (date(2026, 1, 5), date(2025, 1, 1), date(2026, 2, 1)):
        seen.note(CodeKind.PROCEDURE, "a", day, None)
    taken = seen.take()
    seen.note(CodeKind.PROCEDURE, "a", date(2026, 3, 1), True)
    seen.put_back(taken)

    (entry,) = seen.take()
    assert (date(2025, 1, 1), date(2026, 3, 1), 4, True) == (
        entry.first_seen,
        entry.last_seen,
        entry.seen_count,
        entry.is_mapped,
    )
    assert [] == seen.take()


@dataclass
class FakeMappingStore:
    """Implements MappingStore in memory. `busy` deliveries cannot be released; `is_down` fails every writing."""

    version: int | None = None
    waiting: list[HeldDelivery] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)
    is_down: bool = False
    is_circular: bool = False
    released: list[int] = field(default_factory=list)
    noted: list[SeenCode] = field(default_factory=list)

    async def current_version(self) -> int | None:
        return self.version

    async def current(self) -> StoredSets | None:
        return None if self.version is None else StoredSets(version=self.version, files={})

    async def held(self) -> Sequence[HeldDelivery]:
        return [held for held in self.waiting if self.is_circular or held.delivery_id not in self.released]

    async def release(self, delivery_id: int) -> bool:
        if delivery_id in self.busy:
            return False
        self.released.append(delivery_id)
        return True

    async def note_seen(self, codes: Iterable[SeenCode]) -> None:
        if self.is_down:
            raise StoreUnavailable("away")
        self.noted += codes


def held(number: int, *codes: str) -> HeldDelivery:
    return HeldDelivery(delivery_id=number, day=DAY, rows=tuple((CodeKind.PROCEDURE, code) for code in codes))


@dataclass
class Kept:
    """A keeper with what it stands on."""

    store: FakeMappingStore
    current: CurrentMapper
    seen: SeenCodes
    clock: StillClock
    keeper: MappingKeeper
    said: list[str]
    mappers: dict[int, CodeMapper]


@pytest.fixture
def kept() -> Kept:
    store, current, seen, clock = FakeMappingStore(), CurrentMapper(), SeenCodes(), StillClock()
    said: list[str] = []
    mappers: dict[int, CodeMapper] = {}

    def read(stored: StoredSets) -> CodeMapper:
        if stored.version not in mappers:
            raise ConfigurationError([])
        return mappers[stored.version]

    keeper = MappingKeeper(store, current, read, seen=seen, clock=clock, say=lambda event, **_: said.append(event))
    return Kept(store, current, seen, clock, keeper, said, mappers)


KNOWS_A = replace(mapper((CodeKind.PROCEDURE, "a", T.MAPPED, "x")), version=1)
KNOWS_AB = replace(
    mapper((CodeKind.PROCEDURE, "a", T.MAPPED, "x"), (CodeKind.PROCEDURE, "b", T.DECLINED, "")), version=2
)


async def test_a_newer_load_is_taken_over_and_releases_what_waited(kept: Kept) -> None:
    """Only deliveries whose every row now says something go on; the others wait for the next load."""
    kept.mappers |= {1: KNOWS_A, 2: KNOWS_AB}
    kept.store.waiting = [held(1, "a"), held(2, "a", "b"), held(3, "c"), held(4)]
    kept.store.version = 1
    await kept.keeper.turn()

    assert (1, [1]) == (kept.current.mapper.version if kept.current.mapper else None, kept.store.released)
    kept.store.version = 2
    await kept.keeper.turn()

    assert (KNOWS_AB, [1, 2]) == (kept.current.mapper, kept.store.released)
    assert ["mappings.loaded", "mappings.released", "mappings.loaded", "mappings.released"] == kept.said


async def test_a_load_that_cannot_be_read_leaves_the_former_in_force(kept: Kept) -> None:
    """The failure is told, and codes are translated as before."""
    kept.mappers[1] = KNOWS_A
    kept.store.version = 1
    await kept.keeper.turn()
    kept.store.version = 9
    with pytest.raises(ConfigurationError):
        await kept.keeper.turn()

    assert KNOWS_A is kept.current.mapper


async def test_a_delivery_under_a_workers_hands_is_released_a_moment_later(kept: Kept) -> None:
    """What could not be released now is tried at the next turn."""
    kept.mappers[1] = KNOWS_A
    kept.store.version, kept.store.waiting, kept.store.busy = 1, [held(1, "a")], {1}
    await kept.keeper.turn()
    kept.store.busy.clear()
    await kept.keeper.turn()

    assert [1] == kept.store.released


async def test_what_was_parked_late_is_found_later(kept: Kept) -> None:
    """A process that still had the former sets may park one after the release: half a minute later it is found."""
    kept.mappers[1] = KNOWS_A
    kept.store.version = 1
    await kept.keeper.turn()
    kept.store.waiting = [held(1, "a")]
    await kept.keeper.turn()
    assert [] == kept.store.released
    kept.clock.move(31)
    await kept.keeper.turn()

    assert [1] == kept.store.released


async def test_nothing_is_released_in_circles(kept: Kept) -> None:
    """A delivery that is parked again and again for the same rows is left to a person after a few times."""
    kept.mappers[1] = KNOWS_A
    kept.store.version, kept.store.waiting, kept.store.is_circular = 1, [held(1, "a")], True
    for _ in range(10):
        await kept.keeper.turn()
        kept.clock.move(31)

    assert [1, 1, 1] == kept.store.released


async def test_seen_codes_are_written_now_and_then(kept: Kept) -> None:
    """Not at every turn; and what a database that is away does not take is written later."""
    kept.seen.note(CodeKind.PROCEDURE, "a", DAY, None)
    await kept.keeper.turn()
    assert [] == kept.store.noted
    kept.clock.move(11)
    kept.store.is_down = True
    with pytest.raises(StoreUnavailable):
        await kept.keeper.turn()
    kept.store.is_down = False
    kept.clock.move(11)
    await kept.keeper.turn()

    assert [("a", 1)] == [(entry.code, entry.seen_count) for entry in kept.store.noted]
