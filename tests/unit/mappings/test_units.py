"""Administrative units: the shipped tables as they are, and how codes are carried from day to day."""

import csv
import io
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.errors import ConfigurationError, InvalidInput
from gateway.ports.codes import SourceAgreement, UnitChange, UnitLevel, UnitMove, UnitStanding, UnitVersion
from mappings.codes.csv_files import shipped_file
from mappings.codes.split_rules import read_split_rules
from mappings.codes.unit_tables import (
    COMMUNES,
    CROSSWALK,
    ISLANDS,
    PROVINCES_34,
    SEED,
    DatedName,
    Edition,
    Link,
    Step,
    UnitRow,
    UnitTables,
    load_unit_tables,
    read_unit_tables,
)
from mappings.codes.units import Units, load_units

LAST_OLD_DAY = date(2025, 6, 30)
FIRST_NEW_DAY = date(2025, 7, 1)
UNITS = load_units()


def rows_of(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shipped_file(file).decode())))


def moved(code: str, on: date = LAST_OLD_DAY, to: date = FIRST_NEW_DAY, **more: Any) -> UnitMove:
    move = UNITS.resolve(code, on, to=to, **more).move
    assert move is not None
    return move


def codes_of(move: UnitMove) -> list[str]:
    return [candidate.unit.code for candidate in move.candidates]


def test_every_old_commune_is_resolved_on_each_side_of_the_change() -> None:
    """All 10,035 codes lead to exactly the units of the table; a split has no target; the code alone means nothing."""
    targets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(CROSSWALK):
        targets[row["old_commune_code"]].append(row)
    new_names = {row["commune_code"]: row["name"] for row in rows_of(COMMUNES)}
    seen: dict[UnitChange, int] = defaultdict(int)
    for code, rows in targets.items():
        before = UNITS.resolve(code, LAST_OLD_DAY, to=FIRST_NEW_DAY)
        after = UNITS.resolve(code, FIRST_NEW_DAY)
        assert before.standing is UnitStanding.VALID
        assert before.unit is not None
        assert "2004" == before.unit.version_id
        move = before.move
        assert move is not None
        seen[move.change] += 1
        assert [row["new_commune_code"] for row in rows] == codes_of(move)
        assert {row["source_agreement"] for row in rows} == {one.source_agreement.value for one in move.candidates}
        if len(rows) > 1:
            assert move.change is UnitChange.SPLIT
            assert move.target is None
            assert 1 == sum(candidate.is_display_guess for candidate in move.candidates)
            assert not any(candidate.is_whole for candidate in move.candidates)
        else:
            assert move.target is not None
            assert rows[0]["new_commune_code"] == move.target.code
            assert rows[0]["cardinality_old_new"] == move.cardinality
        if code in new_names:
            assert after.standing is UnitStanding.VALID
            assert after.unit is not None
            assert new_names[code] == after.unit.name
            assert ("2004", "2025") == after.valid_in_versions
        else:
            assert after.standing is UnitStanding.NOT_VALID_ON_DATE
            assert after.unit is None
    assert 10_035 == len(targets)
    assert 440 == seen[UnitChange.SPLIT]
    assert 9_463 == seen[UnitChange.MERGED]
    assert 132 == seen[UnitChange.SAME] + seen[UnitChange.RENAMED]


def test_every_new_commune_leads_back_to_what_it_was_made_of() -> None:
    """All 3,321 codes give back the old units of the table, each marked as whole or part; zones give a district."""
    sources: dict[str, list[str]] = defaultdict(list)
    targets: dict[str, int] = defaultdict(int)
    for row in rows_of(CROSSWALK):
        sources[row["new_commune_code"]].append(row["old_commune_code"])
        targets[row["old_commune_code"]] += 1
    zones = {row["new_commune_code"]: row["old_district_code"] for row in rows_of(ISLANDS)}
    for code in UNITS.codes_on(FIRST_NEW_DAY, UnitLevel.COMMUNE):
        move = moved(code, FIRST_NEW_DAY, LAST_OLD_DAY)
        if code in zones:
            assert move.change is UnitChange.REPLACED
            assert [zones[code]] == codes_of(move)
            continue
        assert sorted(sources[code]) == codes_of(move)
        for candidate in move.candidates:
            assert candidate.is_whole == (targets[candidate.unit.code] == 1)
        assert (move.change is UnitChange.FORMED) == (len(sources[code]) > 1) == (move.target is None)


@pytest.mark.parametrize(
    ("code", "name", "change", "target", "new_name", "province"),
    [
        ("01840", "Phường Đức Xuân", UnitChange.MERGED, "01840", "Phường Đức Xuân", "19"),
        ("18859", "Phường Bắc Lý", UnitChange.MERGED, "18859", "Phường Đồng Thuận", "44"),
        ("31342", "Thị trấn Một Ngàn", UnitChange.MERGED, "31342", "Xã Tân Hòa", "92"),
        ("01288", "Phường Duyệt Trung", UnitChange.MERGED, "01288", "Phường Tân Giang", "04"),
        ("536", "Huyện Lý Sơn", UnitChange.REPLACED, "21548", "Đặc khu Lý Sơn", "51"),
        ("44", "Tỉnh Quảng Bình", UnitChange.MERGED, "44", "Tỉnh Quảng Trị", "44"),
        ("06", "Tỉnh Bắc Kạn", UnitChange.MERGED, "19", "Tỉnh Thái Nguyên", "19"),
        ("20", "Tỉnh Lạng Sơn", UnitChange.SAME, "20", "Tỉnh Lạng Sơn", "20"),
    ],
)
def test_known_units_move_as_the_notes_say(
    code: str, name: str, change: UnitChange, target: str, new_name: str, province: str
) -> None:
    """The experiment of the codes and units notes §2.5, decided cases."""
    found = UNITS.resolve(code, LAST_OLD_DAY, to=FIRST_NEW_DAY)
    assert found.unit is not None
    assert found.move is not None
    assert found.move.target is not None
    assert name == found.unit.name
    assert change is found.move.change
    assert (target, new_name, province) == (
        found.move.target.code,
        found.move.target.name,
        found.move.target.province_code,
    )


@pytest.mark.parametrize(
    ("code", "candidates"),
    [
        ("06622", ["06613", "06625"]),
        ("06625", ["06625", "06637"]),
        ("00028", ["00004", "00008", "00025"]),
        ("00019", ["00004", "00070", "00190", "00226"]),
    ],
)
def test_split_units_are_held_with_their_candidates(code: str, candidates: list[str]) -> None:
    """The experiment of the codes and units notes §2.5, undecided cases: no target, whatever is guessed for display."""
    move = moved(code)

    assert candidates == codes_of(move)
    assert move.target is None


def test_disputed_links_say_so() -> None:
    """The four disputed communes of the notes §2.3 carry the dispute with every candidate."""
    for code in ("00553", "00556", "09013", "10798"):
        assert {SourceAgreement.DISPUTED} == {one.source_agreement for one in moved(code).candidates}


@pytest.mark.parametrize(
    ("code", "on", "standing"),
    [
        ("00001", LAST_OLD_DAY, UnitStanding.VALID),
        ("00001", FIRST_NEW_DAY, UnitStanding.NOT_VALID_ON_DATE),
        ("11948", LAST_OLD_DAY, UnitStanding.NOT_VALID_ON_DATE),
        ("11948", FIRST_NEW_DAY, UnitStanding.VALID),
        ("040", FIRST_NEW_DAY, UnitStanding.NOT_VALID_ON_DATE),
        ("999", FIRST_NEW_DAY, UnitStanding.NOT_VALID_ON_DATE),
        ("999", LAST_OLD_DAY, UnitStanding.UNKNOWN),
        ("99999", LAST_OLD_DAY, UnitStanding.UNKNOWN),
        ("00004", date(2004, 7, 7), UnitStanding.NO_LIST),
        ("06", FIRST_NEW_DAY, UnitStanding.NOT_VALID_ON_DATE),
    ],
)
def test_a_code_stands_for_something_on_some_days_only(code: str, on: date, standing: UnitStanding) -> None:
    """What is unknown, of another version, or before any list is told apart, and none of them gives a unit."""
    found = UNITS.resolve(code, on)

    assert standing is found.standing
    assert (found.unit is not None) == (standing is UnitStanding.VALID)
    assert found.move is None


def test_partial_lists_are_called_so() -> None:
    """An unknown district is no proof that there was none; an unknown commune is."""
    assert not UNITS.resolve("999", LAST_OLD_DAY).is_list_complete
    assert UNITS.resolve("99999", LAST_OLD_DAY).is_list_complete


def test_names_are_never_invented() -> None:
    """Old communes outside the five seed provinces have no name, and a province only where nothing else is possible."""
    named = {row["commune_code"]: row["name"] for row in rows_of(SEED)}
    for code in UNITS.codes_on(LAST_OLD_DAY, UnitLevel.COMMUNE):
        unit = UNITS.unit(code, LAST_OLD_DAY)
        assert unit is not None
        assert named.get(code) == unit.name
        assert (unit.province_code is None) == (len(unit.possible_province_codes) > 1)
    hanoi, merged = UNITS.unit("00001", LAST_OLD_DAY), UNITS.unit("10798", LAST_OLD_DAY)
    assert hanoi is not None
    assert merged is not None
    assert ("01", "Thành phố Hà Nội") == (hanoi.province_code, hanoi.province_name)
    assert ("30", "31") == merged.possible_province_codes


def test_three_provinces_got_another_name_in_the_list_of_2026() -> None:
    """Names are dated: the same code is a province one day and a city the next, and the note says what is unknown."""
    for code in ("22", "24", "75"):
        day = date(2026, 9, 20)
        before, after = UNITS.unit(code, day - timedelta(days=1)), UNITS.unit(code, day)
        assert before is not None
        assert after is not None
        assert before.name is not None
        assert before.name.replace("Tỉnh", "Thành phố") == after.name
        assert "not known" in after.name_note
        assert moved(code, FIRST_NEW_DAY, day).change is UnitChange.RENAMED
        assert moved(code, FIRST_NEW_DAY, day - timedelta(days=1)).change is UnitChange.SAME


def test_a_district_ends_with_its_level() -> None:
    """A district of a seed province is abolished; its candidates are the communes that its communes went into."""
    move = moved("040")

    assert move.change is UnitChange.ABOLISHED
    assert move.target is None
    assert ["01273", "01279", "01288"] == codes_of(move)


def test_a_level_that_does_not_fit_finds_nothing() -> None:
    """Asked for a province, a commune's code is unknown: nothing found is a value."""
    found = UNITS.resolve("01840", LAST_OLD_DAY, level=UnitLevel.PROVINCE)

    assert (UnitStanding.UNKNOWN, UnitLevel.PROVINCE, None) == (found.standing, found.level, found.unit)


@pytest.mark.parametrize("code", ["", "1", "1840", "018400", "0184O", "٠١٨٤٠", " 01840", "01840\n"])
def test_what_is_no_code_is_refused(code: str) -> None:
    """The form is checked before anything is looked up, and the message does not repeat the value."""
    with pytest.raises(InvalidInput) as caught:
        UNITS.resolve(code, LAST_OLD_DAY)
    assert "code" == caught.value.faults[0].field


RULE: dict[str, Any] = {
    "old_code": "06622",
    "place": "Thôn Thuận Hòa",
    "new_code": "06613",
    "valid_from": FIRST_NEW_DAY,
    "source": "an annex",
    "reviewed_by": "an office",
}


@pytest.mark.parametrize(
    ("place", "to", "expected"),
    [
        ("Thôn Thuận Hòa", FIRST_NEW_DAY, "06613"),
        ("thôn  Thuận Hoà", FIRST_NEW_DAY, "06613"),
        ("Thôn Thuận Hóa", FIRST_NEW_DAY, None),
        ("", FIRST_NEW_DAY, None),
        ("Thôn Thuận Hòa", date(2027, 1, 1), None),
    ],
)
def test_a_split_is_decided_by_a_written_rule_only(place: str, to: date, expected: str | None) -> None:
    """The rule holds for its place, whatever the spelling of the tone, and for its days; the kind stays split."""
    rules = read_split_rules({"rules": [{**RULE, "valid_to": date(2027, 1, 1)}]}, load_unit_tables())
    move = moved("06622", to=to, place=place, rules=rules)

    assert move.change is UnitChange.SPLIT
    assert expected == (None if move.target is None else move.target.code)
    assert ("an annex" if expected else "") == move.rule_source


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"new_code": "00004"}, "shares no ground with old_code"),
        ({"old_code": "01840"}, "is not a unit that was split"),
        ({"source": " "}, "must be text that says something"),
        ({"reviewed_by": None}, "must be text that says something"),
        ({"valid_from": "2025-07-01"}, "must be dates"),
        ({"valid_to": FIRST_NEW_DAY}, "valid_to must lie after valid_from"),
        ({"guess": True}, "is not a known key"),
    ],
)
def test_rules_without_ground_are_refused(changes: Mapping[str, Any], rule: str) -> None:
    """A rule needs its provenance and may only choose among the candidates."""
    with pytest.raises(ConfigurationError, match=rule):
        read_split_rules({"rules": [{**RULE, **changes}]}, load_unit_tables())


def test_two_rules_for_one_place_and_day_are_refused() -> None:
    """Rules are read from TOML, and no two of them may decide the same thing."""
    text = "\n".join(
        f'[[rules]]\nold_code="06622"\nplace="{place}"\nnew_code="{new}"\nvalid_from=2025-07-01\n'
        'source="an annex"\nreviewed_by="an office"\n'
        for place, new in (("Hòa", "06613"), ("Hoà", "06625"))
    )
    with pytest.raises(ConfigurationError, match="another rule decides this place on the same day"):
        read_split_rules(tomllib.loads(text), load_unit_tables())


def changed(file: str, old: bytes, new: bytes) -> Any:
    def read(name: str) -> bytes:
        raw = shipped_file(name)
        if name != file:
            return raw
        assert old in raw, "the test must change something"
        return raw.replace(old, new, 1)

    return read


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "rule"),
    [
        (CROSSWALK, b"old_commune", b"\xef\xbb\xbfold_commune", "row 1", "byte-order mark"),
        (CROSSWALK, b"old_commune_code,", b"old,", "row 1", "must name the columns"),
        (CROSSWALK, b"00001,00097", b"00001,00097,n:1,1,agree3\n00001,00097", "row 3", "stands twice"),
        (CROSSWALK, b"00001,00097", b"00009,00097", "row 3", "is out of order"),
        (CROSSWALK, b"00001,00097", b"00001,99999", "row 2", "new_commune_code must stand in communes-3321.csv"),
        (CROSSWALK, b"00001,00097", b"0000,00097", "row 2", "must be a code of 5 digits"),
        (CROSSWALK, b"00001,00097,n:1", b"00001,00097,1:1", "row 2", "cardinality must be n:1"),
        (CROSSWALK, b"n:1,1,agree3", b"n:1,0,agree3", "row 2", "default_guess must be 1 in exactly one row"),
        (CROSSWALK, b"n:1,1,agree3", b"n:1,1,guess", "row 2", "must be one of agree3"),
        (CROSSWALK, b"n:1,1,agree3", b"n:1,1", "row 2", "must have 5 cells"),
        (CROSSWALK, b"00001,00097", b"00001, 00097", "row 2", "must have no spaces around a value"),
        (CROSSWALK, b"agree3\n", b"agree3\r\n", CROSSWALK, "line feed only"),
        (COMMUNES, "Phường Ba Đình".encode(), "Phường Ba Đình".encode(), COMMUNES, "NFC"),
        (COMMUNES, "Phường Ba Đình".encode(), b"Ph\xffng", "row 2", "must be UTF-8"),
        (COMMUNES, "Phường Ba Đình".encode(), "Ba Đình".encode(), "row 2", "begin with the kind of the unit"),
        (
            COMMUNES,
            "Phường Ba Đình,01,10".encode(),
            "Phường Ba Đình,01,11".encode(),
            "row 2",
            "must agree with commune",
        ),
        (
            COMMUNES,
            "Phường Ba Đình,01".encode(),
            "Phường Ba Đình,02".encode(),
            "row 2",
            "must stand in provinces-34.csv",
        ),
        (COMMUNES, "00004,Phường Ba Đình".encode(), b"00004,", "row 2", "name must not be empty"),
        (PROVINCES_34, "08,Tỉnh".encode(), "05,Tỉnh".encode(), "row 4", "merged_from_gso_codes"),
        (PROVINCES_34, b"02;08", b"08", "row 4", "merged_from_gso_codes must agree"),
        (SEED, "Sông Hiến,040".encode(), "Sông Hiến,40".encode(), "row 2", "must be a code of 3 digits"),
        (SEED, "Cao Bằng,04".encode(), "Cao Bằng,93".encode(), "row 2", "province_code must be one that its ground"),
        (ISLANDS, b"31,11948", b"31,00004", "row 2", "must be a special zone"),
        (ISLANDS, b"31,11948", b"01,11948", "row 2", "must lie in the successor"),
    ],
)
def test_a_damaged_table_is_refused(file: str, old: bytes, new: bytes, place: str, rule: str) -> None:
    """What a spreadsheet or a careless hand does to a file is named by file, row and rule, and nothing is loaded."""
    if rule == "NFC":
        new = b"Phu\xcc\x9bo\xcc\x9b\xcc\x80ng Ba \xc4\x90i\xcc\x80nh"
    with pytest.raises(ConfigurationError) as caught:
        read_unit_tables(changed(file, old, new))
    found = [str(fault) for fault in caught.value.faults]
    assert [line for line in found if file in line and place in line and rule in line], found


def small_world() -> Units:
    """Three versions: A and B become M; M is cut into X and Y, while C only gets another code."""
    days = (date(2000, 1, 1), date(2010, 1, 1), date(2020, 1, 1), None)
    versions = [
        UnitVersion(version_id=str(index), valid_from=since, valid_to=days[index + 1], as_of=since, legal_basis="law")
        for index, since in enumerate(days[:3])
        if since is not None
    ]

    def edition(index: int, *codes: str) -> Edition:
        rows = {code: UnitRow(code, (DatedName(versions[index].valid_from, "Xã " + code),), ("01",)) for code in codes}
        province = UnitRow("01", (DatedName(versions[index].valid_from, "Tỉnh"),), ("01",))
        return Edition(versions[index], {"01": province, **rows})

    def step(*pairs: tuple[str, str, SourceAgreement]) -> Step:
        return Step.of(Link(*pair) for pair in (*pairs, ("01", "01", SourceAgreement.ALL)))

    sure, unsure = SourceAgreement.ALL, SourceAgreement.DISPUTED
    return Units(
        UnitTables(
            (
                edition(0, "00001", "00002", "00003"),
                edition(1, "00010", "00003"),
                edition(2, "00021", "00022", "00030"),
            ),
            (
                step(("00001", "00010", sure), ("00002", "00010", unsure), ("00003", "00003", sure)),
                step(("00010", "00021", sure), ("00010", "00022", sure), ("00003", "00030", sure)),
            ),
        )
    )


@pytest.mark.parametrize(
    ("code", "on", "to", "change", "codes"),
    [
        ("00001", 2005, 2015, UnitChange.MERGED, ["00010"]),
        ("00001", 2005, 2025, UnitChange.SPLIT, ["00021", "00022"]),
        ("00003", 2005, 2015, UnitChange.SAME, ["00003"]),
        ("00003", 2005, 2025, UnitChange.RENAMED, ["00030"]),
        ("00030", 2025, 2005, UnitChange.RENAMED, ["00003"]),
        ("00021", 2025, 2015, UnitChange.PART, ["00010"]),
        ("00021", 2025, 2005, UnitChange.FORMED, ["00001", "00002"]),
        ("00001", 2005, 1995, UnitChange.NOT_RECORDED, []),
    ],
)
def test_a_third_version_is_one_more_interval(
    code: str, on: int, to: int, change: UnitChange, codes: list[str]
) -> None:
    """Moves cross any number of versions, both ways, and are decided only where every step is."""
    found = small_world().resolve(code, date(on, 6, 1), to=date(to, 6, 1)).move

    assert found is not None
    assert change is found.change
    assert codes == codes_of(found)
    assert (len(codes) == 1) == (found.target is not None)


def test_the_worst_agreement_on_the_way_counts() -> None:
    """A disputed link makes everything behind it disputed."""
    found = small_world().resolve("00002", date(2005, 1, 1), to=date(2025, 1, 1)).move

    assert found is not None
    assert {SourceAgreement.DISPUTED} == {candidate.source_agreement for candidate in found.candidates}
