"""The tables of administrative units as checked, immutable data: versions of the list, and links between neighbours.

A version is an interval with its units, a step the links between one version and the next. Nothing here knows of "old"
and "new": a third version is one more element of both sequences. Units are keyed by their code alone within a version,
because its length tells the level. Source: codes and units notes §2; files and licences: data/README.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from gateway.errors import ConfigurationError, Fault
from gateway.ports.codes import SourceAgreement, UnitLevel, UnitVersion
from mappings.codes.csv_files import Faults, ReadFile, Table, day_of, is_member, read_table, shipped_file

LEVEL_OF_LENGTH = {2: UnitLevel.PROVINCE, 3: UnitLevel.DISTRICT, 5: UnitLevel.COMMUNE}


class DatedName(NamedTuple):
    """A name from a day on. `note` says what is not known about it."""

    since: date
    name: str
    note: str = ""


class UnitRow(NamedTuple):
    """A unit of one version. No names: no source names it. No provinces: nothing tells where it lay."""

    code: str
    names: tuple[DatedName, ...] = ()
    province_codes: tuple[str, ...] = ()
    district_code: str = ""


class Link(NamedTuple):
    """Ground that a unit of one version and a unit of the next one share."""

    before: str
    after: str
    agreement: SourceAgreement
    is_display_guess: bool = False


@dataclass(frozen=True, slots=True)
class Edition:
    """A version with its units by code. For the `partial` levels it has fewer units than really existed."""

    version: UnitVersion
    units: Mapping[str, UnitRow]
    partial: frozenset[UnitLevel] = frozenset()
    levels: frozenset[UnitLevel] = frozenset(UnitLevel)
    """Levels that existed."""


@dataclass(frozen=True, slots=True)
class Step:
    """The links between two neighbouring versions, found from either side."""

    after: Mapping[str, tuple[Link, ...]]
    """By the code of the earlier unit."""
    before: Mapping[str, tuple[Link, ...]]
    """By the code of the later unit."""

    @classmethod
    def of(cls, links: Iterable[Link]) -> "Step":
        after: dict[str, list[Link]] = defaultdict(list)
        before: dict[str, list[Link]] = defaultdict(list)
        for link in links:
            after[link.before].append(link)
            before[link.after].append(link)
        return cls(
            {code: tuple(found) for code, found in after.items()},
            {code: tuple(found) for code, found in before.items()},
        )


@dataclass(frozen=True, slots=True)
class UnitTables:
    """Editions in the order of time, each ending where the next begins, and one step between each two of them."""

    editions: tuple[Edition, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        faults = [
            Fault("versions", "must follow one another without gap or overlap", later.version.version_id)
            for earlier, later in pairwise(self.editions)
            if earlier.version.valid_to != later.version.valid_from
        ]
        if len(self.steps) != len(self.editions) - 1:
            faults.append(Fault("versions", "must have one step between each two"))
        for step, (earlier, later) in zip(self.steps, pairwise(self.editions), strict=False):
            faults += [
                Fault("links", "names an unknown unit", code) for code in step.after if code not in earlier.units
            ]
            faults += [Fault("links", "names an unknown unit", code) for code in step.before if code not in later.units]
        if faults:
            raise ConfigurationError(faults)


VERSIONS = "unit-versions.csv"
PROVINCES_63 = "provinces-63-to-34.csv"
PROVINCES_34 = "provinces-34.csv"
COMMUNES = "communes-3321.csv"
CROSSWALK = "commune-crosswalk-2025.csv"
SEED = "communes-before-2025-seed-provinces.csv"
ISLANDS = "island-districts-to-special-zones-2025.csv"
PROVINCES_63_COLUMNS = (
    "old_gso_code", "citizen_id_prefix", "old_name", "h_code", "k_code_by_pattern", "new_gso_code", "new_h_code",
    "h_code_after_merger", "h_evidence", "h_evidence_source",
)  # fmt: skip
PROVINCES_34_COLUMNS = (
    "gso_code", "name_2025_07_01", "name_in_nso_list_2026_09_20", "h_code", "merged_from_gso_codes", "h_codes_closed",
)  # fmt: skip
_NSO_LIST_ON = date(2026, 9, 20)
_NSO_NOTE = "as in the statistics office's list of 2026-09-20; the act and its date are not known"
_KINDS_OF_COMMUNE = ("Xã ", "Phường ", "Đặc khu ")


def read_unit_tables(read: ReadFile = shipped_file) -> UnitTables:
    """Read and check all tables together. Raises ConfigurationError naming file, row and rule of what is wrong."""
    return _Reading(read).tables()


@cache
def load_unit_tables() -> UnitTables:
    """Give the shipped tables, read once per process and only when somebody asks."""
    return read_unit_tables()


class _Reading:
    """One reading of the files: tables first, then what they say of one another."""

    def __init__(self, read: ReadFile) -> None:
        faults = self.faults = Faults()

        def table(file: str, columns: Sequence[str], *, key: int = 1, optional: Sequence[str] = ()) -> Table:
            required = [name for name in columns if name not in optional]
            return read_table(file, read(file), columns, faults, required=required, key=key)

        versions = ("version_id", "valid_from", "valid_to", "as_of", "legal_basis")
        self.versions = table(VERSIONS, versions, optional=("valid_to",))
        self.provinces_63 = table(PROVINCES_63, PROVINCES_63_COLUMNS)
        self.provinces_34 = table(PROVINCES_34, PROVINCES_34_COLUMNS, optional=("h_codes_closed",))
        self.communes = table(COMMUNES, ("commune_code", "name", "province_code", "formed_from_old_count"))
        links = ("old_commune_code", "new_commune_code", "cardinality_old_new", "default_guess", "source_agreement")
        self.crosswalk = table(CROSSWALK, links, key=2)
        self.seed = table(SEED, ("commune_code", "name", "district_code", "district_name", "province_code"))
        self.islands = table(
            ISLANDS, ("old_district_code", "old_district", "old_province_code", "new_commune_code"), key=1
        )
        faults.raise_if_any()

    def tables(self) -> UnitTables:
        versions = self._versions()
        self.faults.raise_if_any()
        earlier, later = versions
        merged = {row[0]: row[5] for row in self.provinces_63.rows}
        new_provinces = {row[0] for row in self.provinces_34.rows}
        came_from: dict[str, list[str]] = defaultdict(list)
        for number, row in self.provinces_63.numbered():
            self._code(PROVINCES_63, number, row[0], 2)
            if row[5] not in new_provinces:
                self.faults.add(PROVINCES_63, number, "must lead to a province of " + PROVINCES_34, row[5])
            came_from[row[5]].append(row[0])
        self._check_provinces(came_from)
        new_units = self._new_units(later)
        links = self._commune_links(new_units)
        old_units = self._old_units(earlier, links, new_units, merged, came_from)
        links += self._island_links(new_units, merged)
        links += [Link(old, new, SourceAgreement.ALL) for old, new in merged.items()]
        self.faults.raise_if_any()
        return UnitTables(
            (
                Edition(earlier, old_units, partial=frozenset({UnitLevel.DISTRICT})),
                Edition(later, new_units, levels=frozenset({UnitLevel.PROVINCE, UnitLevel.COMMUNE})),
            ),
            (Step.of(links),),
        )

    def _versions(self) -> list[UnitVersion]:
        faults, found = self.faults, []
        for number, (version_id, *days, legal_basis) in self.versions.numbered():
            valid_from = day_of(days[0], VERSIONS, number, faults)
            valid_to = day_of(days[1], VERSIONS, number, faults) if days[1] else None
            as_of = day_of(days[2], VERSIONS, number, faults)
            if valid_from is not None and as_of is not None:
                found.append(
                    UnitVersion(
                        version_id=version_id,
                        valid_from=valid_from,
                        valid_to=valid_to,
                        as_of=as_of,
                        legal_basis=legal_basis,
                    )
                )
        if len(found) != 2:
            faults.add(VERSIONS, None, "must hold exactly the versions that the other tables describe", str(len(found)))
        return found

    def _code(self, file: str, row: int, code: str, length: int) -> None:
        if len(code) != length or not (code.isascii() and code.isdigit()):
            self.faults.add(file, row, f"must be a code of {length} digits", code)

    def _check_provinces(self, came_from: Mapping[str, Sequence[str]]) -> None:
        for number, row in self.provinces_34.numbered():
            self._code(PROVINCES_34, number, row[0], 2)
            if row[4].split(";") != sorted(came_from.get(row[0], ())):
                self.faults.add(PROVINCES_34, number, "merged_from_gso_codes must agree with " + PROVINCES_63, row[0])

    def _new_units(self, version: UnitVersion) -> dict[str, UnitRow]:
        units: dict[str, UnitRow] = {}
        for row in self.provinces_34.rows:
            names = [DatedName(version.valid_from, row[1])]
            if row[2] != row[1]:
                names.append(DatedName(_NSO_LIST_ON, row[2], _NSO_NOTE))
            units[row[0]] = UnitRow(row[0], tuple(names), (row[0],))
        provinces = frozenset(units)
        for number, (code, name, province, _) in self.communes.numbered():
            self._code(COMMUNES, number, code, 5)
            if province not in provinces:
                self.faults.add(COMMUNES, number, "province_code must stand in " + PROVINCES_34, province)
            if not name.startswith(_KINDS_OF_COMMUNE):
                self.faults.add(COMMUNES, number, "name must begin with the kind of the unit", code)
            units[code] = UnitRow(code, (DatedName(version.valid_from, name),), (province,))
        return units

    def _commune_links(self, new_units: Mapping[str, UnitRow]) -> list[Link]:
        faults, rows = self.faults, self.crosswalk.rows
        targets: dict[str, int] = defaultdict(int)
        sources: dict[str, int] = defaultdict(int)
        guesses: dict[str, int] = defaultdict(int)
        for old, new, _, guess, _ in rows:
            targets[old] += 1
            sources[new] += 1
            guesses[old] += guess == "1"
        links = []
        agreements = tuple(member for member in SourceAgreement if member is not SourceAgreement.SINGLE)
        for number, (old, new, cardinality, guess, agreement) in self.crosswalk.numbered():
            self._code(CROSSWALK, number, old, 5)
            if len(new) != 5 or new not in new_units:
                faults.add(CROSSWALK, number, "new_commune_code must stand in " + COMMUNES, new)
            true = ("1" if sources[new] == 1 else "n") + ":" + ("1" if targets[old] == 1 else "n")
            if cardinality != true:
                faults.add(CROSSWALK, number, f"cardinality must be {true}, as the rows themselves say", cardinality)
            if guess not in ("0", "1") or guesses[old] != 1:
                faults.add(CROSSWALK, number, "default_guess must be 1 in exactly one row of an old commune", old)
            if is_member(agreement, agreements, CROSSWALK, number, faults):
                is_guess = guess == "1" and targets[old] > 1
                links.append(Link(old, new, SourceAgreement(agreement), is_guess))
        for number, (code, _, _, count) in self.communes.numbered():
            if count != str(sources.get(code, 0)):
                faults.add(COMMUNES, number, "formed_from_old_count must agree with " + CROSSWALK, code)
        return links

    def _old_units(
        self,
        version: UnitVersion,
        links: Iterable[Link],
        new_units: Mapping[str, UnitRow],
        merged: Mapping[str, str],
        came_from: Mapping[str, Sequence[str]],
    ) -> dict[str, UnitRow]:
        since = version.valid_from
        units = {row[0]: UnitRow(row[0], (DatedName(since, row[2]),), (row[0],)) for row in self.provinces_63.rows}
        for link in links:
            if link.after in new_units:
                # The commune lay in one of the provinces that went into the one where its ground lies now.
                possible = came_from.get(new_units[link.after].province_codes[0], ())
                units[link.before] = UnitRow(link.before, province_codes=tuple(possible))
        for number, (code, name, district, district_name, province) in self.seed.numbered():
            if code not in units or len(code) != 5:
                self.faults.add(SEED, number, "commune_code must stand in " + CROSSWALK, code)
            elif province not in units[code].province_codes:
                self.faults.add(SEED, number, "province_code must be one that its ground can come from", province)
            self._code(SEED, number, district, 3)
            known = UnitRow(district, (DatedName(since, district_name),), (province,))
            if units.setdefault(district, known) != known:
                self.faults.add(SEED, number, "one district must have one name and one province", district)
            units[code] = UnitRow(code, (DatedName(since, name),), (province,), district)
        for number, (code, name, province, _) in self.islands.numbered():
            self._code(ISLANDS, number, code, 3)
            if province not in merged:
                self.faults.add(ISLANDS, number, "old_province_code must stand in " + PROVINCES_63, province)
            if code in units:
                self.faults.add(ISLANDS, number, "must be a district without communes", code)
            units[code] = UnitRow(code, (DatedName(since, name),), (province,))
        return units

    def _island_links(self, new_units: Mapping[str, UnitRow], merged: Mapping[str, str]) -> list[Link]:
        for number, row in self.islands.numbered():
            zone = new_units.get(row[3])
            if zone is None or not zone.names[0].name.startswith("Đặc khu "):
                self.faults.add(ISLANDS, number, "new_commune_code must be a special zone of " + COMMUNES, row[3])
            elif zone.province_codes != (merged.get(row[2]),):
                self.faults.add(ISLANDS, number, "the zone must lie in the successor of old_province_code", row[3])
        return [Link(row[0], row[3], SourceAgreement.SINGLE) for row in self.islands.rows]
