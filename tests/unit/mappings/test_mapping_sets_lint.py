"""Lint: whatever could translate wrongly is refused, with file, row and rule; good sets are let through."""

from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigurationError
from mappings.codes.directory import load_code_directory
from mappings.sets.lint import read_collection, version_faults
from mappings.sets.targets import KnownTargets
from tests.support.mapping_sets import ROWS_HEADER, files, header, mapped, rows

ROOT = Path(__file__).parents[3]
TARGETS = KnownTargets(directory=load_code_directory(), procedures={"1.999001": "Cấp giấy", "1.999002": "Cấp lại giấy"})


def faults_of(collection: dict[str, bytes], targets: KnownTargets | None = TARGETS) -> list[str]:
    """Give the faults as people read them; empty for a collection that is let through."""
    try:
        read_collection(collection, targets)
    except ConfigurationError as error:
        return [str(fault) for fault in error.faults]
    return []


def table(*lines: str) -> dict[str, bytes]:
    return files(table=rows(*lines))


def raw(content: bytes) -> dict[str, bytes]:
    return {**files(), "procedures.csv": content}


GOOD = "a,1.999001,equivalent,2020-01-01,,manual"
BOTH = header(direction="both")
ONE_SYSTEM = header("agency", set_id="test.agency.out", source="agencies", target="agencies")

CASES: dict[str, tuple[dict[str, bytes], list[str]]] = {
    "nothing wrong": (table(GOOD), []),
    "answers that follow each other": (
        table("a,1.999001,equivalent,2020-01-01,2025-07-01,manual", "a,1.999002,equivalent,2025-07-01,,manual"),
        [],
    ),
    "several codes to one target": (table(GOOD, "b,1.999001,narrower,2020-01-01,,manual"), []),
    "a wrong pair beside the right one": (table(GOOD, "a,1.999002,not,2020-01-01,,manual"), []),
    "overlapping validity": (
        table("a,1.999001,equivalent,2020-01-01,2025-07-02,manual", "a,1.999002,equivalent,2025-07-01,,manual"),
        ["procedures.csv, row 3: must not overlap with row 2: two answers"],
    ),
    "ambiguity": (
        table("a,1.999001,related,2020-01-01,,manual", "a,1.999002,related,2020-01-01,,manual"),
        ["procedures.csv, row 3: must not overlap with row 2: two answers"],
    ),
    "deliberately none and yet something": (
        table("a,,none,2020-01-01,,manual", GOOD),
        ["procedures.csv, row 3: must not overlap with row 2: two answers"],
    ),
    "the same row twice": (
        table(GOOD, GOOD),
        [
            "procedures.csv, row 3: stands twice (found a 1.999001 equivalent 2020-01-01)",
            "procedures.csv, row 3: must not repeat row 2 on the same days",
        ],
    ),
    "one pair twice over": (
        table(GOOD, "a,1.999001,equivalent,2021-01-01,,manual"),
        ["procedures.csv, row 3: must not repeat row 2 on the same days"],
    ),
    "a pair right and wrong": (
        table(GOOD, "a,1.999001,not,2020-01-01,,manual"),
        ["procedures.csv, row 3: must not contradict row 2: known to be wrong"],
    ),
    "an unknown target": (
        table("a,1.999009,equivalent,2020-01-01,,manual"),
        ["procedures.csv, row 2: must lead to a known procedure"],
    ),
    "a status that is none": (
        files(toml=header("status", set_id="test.status.out"), table=mapped(("a", "done"))),
        ["procedures.csv, row 2: must lead to a known status"],
    ),
    "an agency that has ended": (
        files(toml=header("agency"), table=mapped(("a", "H46"), since="2025-08-01")),
        ["procedures.csv, row 2: must lead to an agency that is open on 2025-08-01"],
    ),
    "no agency at all": (
        files(toml=header("agency"), table=mapped(("a", "sở"))),
        ["procedures.csv, row 2: target_code must be a code"],
    ),
    "a unit of another time": (
        files(toml=header("unit"), table=mapped(("a", "00001"), since="2025-08-01")),
        ["procedures.csv, row 2: must lead to a unit that exists on 2025-08-01"],
    ),
    "a cycle of codes": (
        files("agencies", toml=ONE_SYSTEM, table=mapped(("H01", "H04"), ("H04", "H09"), ("H09", "H01"))),
        ["agencies.csv, row 4: must not close a cycle on 2020-01-01 (rows 2, 3, 4)"],
    ),
    "no cycle: a code that stays": (
        files("agencies", toml=ONE_SYSTEM, table=mapped(("H01", "H01"), ("H04", "H01"))),
        [],
    ),
    "a byte-order mark": (
        raw(b"\xef\xbb\xbf" + mapped(("a", "1.999001")).encode()),
        ["procedures.csv, row 1: must not begin with a byte-order mark"],
    ),
    "UTF-16": (
        raw(mapped(("a", "1.999001")).encode("utf-16")),
        ["procedures.csv, row 1: must not begin with a byte-order mark"],
    ),
    "bytes of TCVN3": (
        raw((ROWS_HEADER + GOOD + ",,,NguyÔn V¨n A\n").encode("latin-1")),
        ["procedures.csv, row 2: must be UTF-8 (found bytes of TCVN3)"],
    ),
    "TCVN3 saved as UTF-8": (
        raw((ROWS_HEADER + GOOD + ",,,NguyÔn V¨n A\n").encode()),
        ["procedures.csv, row 2: must not hold damaged text; convert it at its source (found tcvn3)"],
    ),
    "letters that are lost": (
        raw((ROWS_HEADER + GOOD + ",,,Nguy?n\n").encode()),
        ["procedures.csv, row 2: must not hold damaged text; convert it at its source (found lost-letters)"],
    ),
    "carriage returns": (
        raw(mapped(("a", "1.999001")).replace("\n", "\r\n").encode()),
        [
            "procedures.csv: must end its lines with a line feed only",
            "procedures.csv, row 1: must name the columns source_code, target_code, relation, valid_from, valid_to, "
            "justification, reviewed_by, reviewed_on, note",
        ],
    ),
    "rows out of order": (
        table("b,1.999001,equivalent,2020-01-01,,manual", GOOD),
        ["procedures.csv, row 3: is out of order (found a 1.999001 equivalent 2020-01-01)"],
    ),
    "no row": (table(), ["procedures.csv: must have at least one row"]),
    "a relation that is none": (
        table("a,1.999001,equals,2020-01-01,,manual"),
        [
            "procedures.csv relation, row 2: must be one of equivalent, narrower, broader, related, none, not",
        ],
    ),
    "a target where there is none": (
        table("a,1.999001,none,2020-01-01,,manual"),
        [
            "procedures.csv, row 2: target_code must be empty when the relation is none",
        ],
    ),
    "an end before the beginning": (
        table("a,1.999001,equivalent,2025-01-01,2025-01-01,manual"),
        ["procedures.csv, row 2: valid_to must be after valid_from"],
    ),
    "a day that is none": (
        table("a,1.999001,equivalent,2025-02-30,,manual"),
        ["procedures.csv, row 2: must be a day YYYY-MM-DD"],
    ),
    "rows beyond the set's dates": (
        files(toml=header(valid_to="2024-01-01")),
        ["procedures.csv, row 2: must lie within the dates of its set"],
    ),
    "a suggestion that nobody reviewed": (
        table("a,1.999001,equivalent,2020-01-01,,lexical-suggestion"),
        ["procedures.csv, row 2: must be reviewed: a suggestion is never active by itself"],
    ),
    "a sample that fails": (
        files(toml=header(sample='code = "a"\non = 2020-01-01\nout = "1.999002"')),
        ["procedures.toml samples.0: must give 1.999002 (found 1.999001)"],
    ),
    "two rows to one target, read both ways": (
        files(toml=BOTH, table=mapped(("a", "1.999001"), ("b", "1.999001"))),
        ["procedures.csv, row 3: must not share its target with row 2, because its set is read both ways"],
    ),
    "no equivalence, read both ways": (
        files(toml=BOTH, table=rows("a,1.999001,narrower,2020-01-01,,manual")),
        ["procedures.csv, row 2: must be equivalent, because its set is read both ways"],
    ),
    "no policy": (
        files(toml=header(unmapped="")),
        ["procedures.toml unmapped.mode: must not be absent"],
    ),
    "a policy that the kind may not choose": (
        files(toml=header(unmapped='mode = "pass-through"')),
        ["procedures.toml: must have an unmapped mode that its kind may choose: hold, other-set, reject"],
    ),
    "a fixed value without a value": (
        files(toml=header("sector", unmapped='mode = "fixed"')),
        ["procedures.toml unmapped: must have `value` exactly when the mode is fixed"],
    ),
    "an unknown key": (
        files(toml='defualt = "x"\n' + header()),
        ["procedures.toml defualt: Extra inputs are not permitted"],
    ),
    "a header alone": (
        {"procedures.toml": header().encode()},
        ["procedures.csv: must be there: a set is a header and its rows"],
    ),
    "another kind of file": (
        {**files(), "procedures.xlsx": b""},
        ["procedures.xlsx: must end in .toml or .csv"],
    ),
    "nothing": ({}, ["collection: must have at least one set"]),
    "two sets of one kind at a time": (
        {**files(), **files("more", toml=header(set_id="test.more"))},
        ["procedures.toml valid_from: must not overlap with test.more: one set per kind, way and day"],
    ),
    "two sets of one name": (
        {**files(), **files("more")},
        ["procedures.toml set_id: must not be that of more.toml"],
    ),
    "a fallback that is not there": (
        files(toml=header(unmapped='mode = "other-set"\nset_id = "test.more"')),
        ["procedures.toml unmapped.set_id: must lead to a set of this collection (found test.more)"],
    ),
    "fallbacks in a circle": (
        {
            **files(toml=header(unmapped='mode = "other-set"\nset_id = "test.more"')),
            **files(
                "more",
                toml=header(set_id="test.more", unmapped='mode = "other-set"\nset_id = "test.procedure.out"'),
            ),
        },
        [
            "more.toml unmapped.set_id: must not lead back in a cycle (found test.more)",
            "procedures.toml unmapped.set_id: must not lead back in a cycle (found test.procedure.out)",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_lint(name: str) -> None:
    """Each collection gives exactly these faults, each with its place and its rule."""
    collection, expected = CASES[name]

    assert expected == faults_of(collection)


def test_all_faults_come_at_once() -> None:
    """What is wrong with one set does not hide what is wrong with another."""
    collection = {
        **table("a,1.999009,equivalent,2020-01-01,,manual"),
        **files("statuses", toml=header("status", set_id="test.status.out"), table=mapped(("a", "done"))),
    }
    assert {"procedures.csv, row 2", "statuses.csv, row 2"} == {
        line.partition(":")[0] for line in faults_of(collection)
    }


def test_sets_that_were_let_through_stay_readable() -> None:
    """A target that has ended since is for lint and coverage, and no reason to stop translating."""
    collection = table("a,1.999009,equivalent,2020-01-01,,manual")

    assert [] == faults_of(collection, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"version": "1.0.1"}, []),
        ({"valid_from": "2019-01-01"}, ["test.procedure.out"]),
    ],
)
def test_content_has_one_version(changes: dict[str, Any], expected: list[str]) -> None:
    """What changed needs a new version: a delivery says for ever by which one it was translated."""
    old = read_collection(files(), TARGETS)
    new = read_collection(files(toml=header(**changes)), TARGETS)

    assert expected == [fault.field for fault in version_faults(old, new)]


def test_the_documented_example_is_good() -> None:
    """What the documentation shows passes its own checks."""
    folder = ROOT / "docs" / "mapping-sets-example"
    collection = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert [] == faults_of(collection, KnownTargets(directory=load_code_directory()))
