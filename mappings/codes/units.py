"""Administrative units resolved for a day, and carried from one day to another.

    standing on a day    one look-up in the version of that day
    move to another day  the links of the steps between the two versions, followed one after another

Where a move crosses several steps its candidates are all units that the links reach. They may be more than truly share
ground, never fewer, so what is decided stays right and what is not is held. Nothing is decided by a name or a guess: a
unit that went into several others is settled by a written rule for the place, or not at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache

from gateway.errors import Fault, InvalidInput
from gateway.ports.codes import (
    AdministrativeUnit,
    SourceAgreement,
    UnitCandidate,
    UnitChange,
    UnitLevel,
    UnitMove,
    UnitResolution,
    UnitStanding,
    UnitVersion,
)
from mappings.codes.split_rules import SplitRules
from mappings.codes.text import tone_fold
from mappings.codes.unit_tables import LEVEL_OF_LENGTH, DatedName, Edition, Link, UnitRow, UnitTables, load_unit_tables

_NO_RULES = SplitRules()
_ORDER = tuple(SourceAgreement)


class Units:
    """Asks the tables. Immutable; every answer holds codes of the tables only."""

    def __init__(self, tables: UnitTables) -> None:
        self.tables = tables
        self._communes = {
            index: _communes_of_districts(edition) for index, edition in enumerate(tables.editions) if edition.partial
        }

    def resolve(
        self,
        code: str,
        on: date,
        *,
        to: date | None = None,
        level: UnitLevel | None = None,
        place: str = "",
        rules: SplitRules = _NO_RULES,
    ) -> UnitResolution:
        """Tell what a code means on a day, and with `to` what the unit is on that other day, earlier or later.

        `place` is a street or hamlet for which `rules` may decide a split. Raises InvalidInput when the code is not
        2, 3 or 5 digits.
        """
        own_level = level_of(code)
        index = self._index_on(on)
        holders = [edition for edition in self.tables.editions if code in edition.units]
        valid_in = tuple(edition.version.version_id for edition in holders)
        is_complete = not any(own_level in edition.partial for edition in self.tables.editions)
        if index is None:
            standing, edition = UnitStanding.NO_LIST, None
        else:
            edition = self.tables.editions[index]
            standing = _standing(code, own_level, edition, bool(valid_in))
        if level is not None and level is not own_level:
            standing, valid_in = UnitStanding.UNKNOWN, ()
        is_valid = standing is UnitStanding.VALID and edition is not None and index is not None
        return UnitResolution(
            code=code,
            on=on,
            level=own_level if level is None else level,
            standing=standing,
            version=None if edition is None else edition.version,
            unit=self.unit(code, on) if is_valid else None,
            valid_in_versions=valid_in,
            is_list_complete=is_complete,
            move=self._move(code, index, on, to, place, rules)
            if is_valid and index is not None and to is not None
            else None,
        )

    def unit(self, code: str, on: date) -> AdministrativeUnit | None:
        """Give the unit that a code names on a day, None when it names none."""
        index = self._index_on(on)
        return None if index is None else self._unit(code, self.tables.editions[index], on)

    def version_on(self, day: date) -> UnitVersion | None:
        """Give the version of the list that is in force on a day."""
        index = self._index_on(day)
        return None if index is None else self.tables.editions[index].version

    def codes_on(self, day: date, level: UnitLevel) -> Iterator[str]:
        """Give the codes of a level that name a unit on a day, ascending; a partial list gives what it has."""
        index = self._index_on(day)
        if index is not None:
            units = self.tables.editions[index].units
            yield from sorted(code for code in units if LEVEL_OF_LENGTH[len(code)] is level)

    def _index_on(self, day: date) -> int | None:
        for index, edition in enumerate(self.tables.editions):
            version = edition.version
            if version.valid_from <= day and (version.valid_to is None or day < version.valid_to):
                return index
        return None

    def _unit(self, code: str, edition: Edition, day: date) -> AdministrativeUnit | None:
        row = edition.units.get(code)
        if row is None:
            return None
        name = name_on(row, day)
        provinces = row.province_codes
        province = edition.units.get(provinces[0]) if len(provinces) == 1 else None
        province_name = None if province is None else name_on(province, day)
        district = edition.units.get(row.district_code) if row.district_code else None
        district_name = None if district is None else name_on(district, day)
        return AdministrativeUnit(
            version_id=edition.version.version_id,
            level=LEVEL_OF_LENGTH[len(code)],
            code=code,
            name=None if name is None else name.name,
            name_note="" if name is None else name.note,
            province_code=None if province is None else province.code,
            province_name=None if province_name is None else province_name.name,
            possible_province_codes=provinces if len(provinces) > 1 else (),
            district_code=row.district_code or None,
            district_name=None if district_name is None else district_name.name,
        )

    def _move(self, code: str, index: int, on: date, to: date, place: str, rules: SplitRules) -> UnitMove:
        other = self._index_on(to)
        if other is None:
            return UnitMove(on=to, version=None, change=UnitChange.NOT_RECORDED)
        edition = self.tables.editions[other]
        unit = self.unit(code, on)
        assert unit is not None, "only a valid code is moved"
        if other == index:
            target = self._unit(code, edition, to)
            change = UnitChange.SAME if _is_same_name(unit, target) else UnitChange.RENAMED
            return UnitMove(on=to, version=edition.version, change=change, target=target, cardinality="1:1")
        reached = self._reach((code,), index, other)
        if not reached:
            return self._ending(code, index, other, to)
        candidates = self._candidates(code, reached, index, other, to)
        backward = other < index
        is_shared = any(len(self._reach((found,), other, index)) > 1 for found in reached)
        cardinality = ("n" if is_shared else "1") + ":" + ("n" if len(reached) > 1 else "1")
        target, change, source = None, UnitChange.FORMED if backward else UnitChange.SPLIT, ""
        if len(candidates) == 1:
            target = candidates[0].unit
            change = _change_into_one(unit, target, is_shared=is_shared, backward=backward)
        elif not backward and place:
            rule = rules.find(code, place, to)
            decided = [one.unit for one in candidates if rule is not None and one.unit.code == rule.new_code]
            if rule is not None and decided:
                target, source = decided[0], rule.source
        return UnitMove(
            on=to,
            version=edition.version,
            change=change,
            target=target,
            candidates=candidates,
            cardinality=cardinality,
            rule_source=source,
        )

    def _ending(self, code: str, index: int, other: int, to: date) -> UnitMove:
        version = self.tables.editions[other].version
        level_lives = LEVEL_OF_LENGTH[len(code)] in self.tables.editions[other].levels
        if level_lives or other < index:
            return UnitMove(on=to, version=version, change=UnitChange.NOT_RECORDED)
        communes = self._communes.get(index, {}).get(code, ())
        reached = self._reach(communes, index, other)
        return UnitMove(
            on=to,
            version=version,
            change=UnitChange.ABOLISHED,
            candidates=self._candidates(code, reached, index, other, to),
        )

    def _candidates(
        self, code: str, reached: Mapping[str, tuple[SourceAgreement, bool]], index: int, other: int, to: date
    ) -> tuple[UnitCandidate, ...]:
        edition = self.tables.editions[other]
        found = []
        for candidate, (agreement, is_guess) in sorted(reached.items()):
            unit = self._unit(candidate, edition, to)
            assert unit is not None, "links lead to units of their version, which the load has checked"
            back = self._reach((candidate,), other, index)
            is_whole = len(reached) == 1 if other > index else list(back) == [code]
            found.append(
                UnitCandidate(unit=unit, is_whole=is_whole, source_agreement=agreement, is_display_guess=is_guess)
            )
        return tuple(found)

    def _reach(self, codes: Iterable[str], index: int, other: int) -> dict[str, tuple[SourceAgreement, bool]]:
        """Follow the links; give for each unit reached the worst agreement on the way, and whether it is the guess."""
        frontier: dict[str, tuple[SourceAgreement, bool]] = dict.fromkeys(codes, (SourceAgreement.ALL, True))
        forward = other > index
        steps = self.tables.steps[index:other] if forward else reversed(self.tables.steps[other:index])
        for step in steps:
            reached: dict[str, tuple[SourceAgreement, bool]] = {}
            for code, (agreement, is_guess) in frontier.items():
                for link in (step.after if forward else step.before).get(code, ()):
                    end = link.after if forward else link.before
                    worst = max(agreement, link.agreement, key=_ORDER.index)
                    shown = is_guess and forward and link.is_display_guess
                    known = reached.get(end)
                    if known is not None:
                        # Of two ways to one unit the better proven one counts.
                        worst, shown = min(worst, known[0], key=_ORDER.index), shown or known[1]
                    reached[end] = (worst, shown)
            frontier = reached
        return frontier


def level_of(code: str) -> UnitLevel:
    """Tell the level of a code by its length. Raises InvalidInput when it is not 2, 3 or 5 digits."""
    level = LEVEL_OF_LENGTH.get(len(code)) if code.isascii() and code.isdigit() else None
    if level is None:
        fault = Fault("code", "must be 2, 3 or 5 digits, zeros included", f"string of {len(code)} characters")
        raise InvalidInput("this is no code of an administrative unit", [fault])
    return level


def name_on(row: UnitRow, day: date) -> DatedName | None:
    """Give the name that a unit has on a day, None when no source names it."""
    names = [name for name in row.names if name.since <= day]
    return names[-1] if names else None


def links_of(tables: UnitTables) -> Iterator[Link]:
    """Give every link of every step: for coverage reports and checks."""
    for step in tables.steps:
        for links in step.after.values():
            yield from links


@cache
def load_units() -> Units:
    """Give the shipped units, read once per process and only when somebody asks."""
    return Units(load_unit_tables())


def _standing(code: str, level: UnitLevel, edition: Edition, is_known: bool) -> UnitStanding:
    if code in edition.units:
        return UnitStanding.VALID
    return UnitStanding.NOT_VALID_ON_DATE if is_known or level not in edition.levels else UnitStanding.UNKNOWN


def _communes_of_districts(edition: Edition) -> Mapping[str, tuple[str, ...]]:
    communes: dict[str, list[str]] = {}
    for row in edition.units.values():
        if row.district_code:
            communes.setdefault(row.district_code, []).append(row.code)
    return {district: tuple(codes) for district, codes in communes.items()}


def _is_same_name(one: AdministrativeUnit, other: AdministrativeUnit | None) -> bool:
    if one.name is None or other is None or other.name is None:
        return True
    return tone_fold(one.name) == tone_fold(other.name)


def _change_into_one(
    unit: AdministrativeUnit, target: AdministrativeUnit, *, is_shared: bool, backward: bool
) -> UnitChange:
    if target.level is not unit.level:
        return UnitChange.REPLACED
    if is_shared:
        return UnitChange.PART if backward else UnitChange.MERGED
    is_same = target.code == unit.code and _is_same_name(unit, target)
    return UnitChange.SAME if is_same else UnitChange.RENAMED
