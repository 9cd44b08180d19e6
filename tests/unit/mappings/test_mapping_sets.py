"""Translation, proposals, coverage and comparison of mapping sets."""

from datetime import date

import pytest

from gateway.ports.mapping import CodeKind, SeenCode, Suggestion, Translation, Treatment
from mappings.codes.directory import load_code_directory
from mappings.sets.coverage import Change, coverage, diff
from mappings.sets.lint import read_collection
from mappings.sets.targets import KnownTargets
from mappings.sets.translate import MappingSets
from tests.support.mapping_sets import files, header, mapped, procedure_files, rows

P, S = CodeKind.PROCEDURE, CodeKind.SECTOR
TARGETS = KnownTargets(directory=load_code_directory())
BEFORE, FROM = date(2025, 6, 30), date(2025, 7, 1)
NAME = "test.procedure.out@1.0.0"


def sets(*collections: dict[str, bytes], version: int = 1) -> MappingSets:
    """Read collections together."""
    merged = {name: content for collection in collections for name, content in collection.items()}
    return MappingSets(read_collection(merged, TARGETS), version=version)


def seen(code: str, first: date, last: date, count: int = 1, kind: CodeKind = P) -> SeenCode:
    return SeenCode(kind=kind, code=code, first_seen=first, last_seen=last, seen_count=count, is_mapped=None)


DATED = files(
    table=rows(
        "a,1.999001,equivalent,2020-01-01,2025-07-01,manual",
        "a,1.999002,equivalent,2025-07-01,,manual",
        "b,,none,2020-01-01,,manual",
        "c,1.999003,not,2020-01-01,,manual",
        "d,1.999004,equivalent,2020-01-01,2025-07-01,manual",
    )
)


@pytest.mark.parametrize(
    ("code", "on", "expected"),
    [
        ("a", BEFORE, Translation(Treatment.MAPPED, "1.999001", NAME, 2)),
        ("a", FROM, Translation(Treatment.MAPPED, "1.999002", NAME, 3)),
        ("b", FROM, Translation(Treatment.DECLINED, "", NAME, 4)),
        ("c", FROM, Translation(Treatment.HELD, "", NAME)),
        ("d", BEFORE, Translation(Treatment.MAPPED, "1.999004", NAME, 6)),
        ("d", FROM, Translation(Treatment.HELD, "", NAME)),
        ("e", FROM, Translation(Treatment.HELD, "", NAME)),
        ("a", date(2019, 12, 31), Translation(Treatment.HELD, "", NAME)),
    ],
)
def test_a_code_means_what_it_meant_that_day(code: str, on: date, expected: Translation) -> None:
    """The first day of a row counts, its last one does not; what no row or set covers is held, never guessed."""
    assert expected == sets(DATED).translate(P, code, on)


@pytest.mark.parametrize(
    ("unmapped", "expected"),
    [
        ('mode = "hold"', (Treatment.HELD, "")),
        ('mode = "reject"', (Treatment.REJECTED, "")),
        ('mode = "drop"', (Treatment.DROPPED, "")),
        ('mode = "pass-through"', (Treatment.PASSED, "x1")),
    ],
)
def test_the_set_says_what_becomes_of_a_code_without_a_row(unmapped: str, expected: tuple[Treatment, str]) -> None:
    """Each policy gives its own treatment; only those that give a code have one."""
    treatment, code = expected
    sample = f'code = "x1"\non = 2020-01-01\ntreatment = "{treatment.value}"' + (f'\nout = "{code}"' if code else "")
    made = sets(files(toml=header("required_document", unmapped=unmapped, sample=sample)))
    found = made.translate(CodeKind.REQUIRED_DOCUMENT, "x1", FROM)

    assert found is not None
    assert expected == (found.treatment, found.code)


def test_one_code_for_all_others() -> None:
    """A fixed value answers for what no row names, where the kind allows it."""
    sample = 'code = "x1"\non = 2020-01-01\ntreatment = "fixed"\nout = "G00-KHAC"'
    made = sets(files(toml=header("sector", unmapped='mode = "fixed"\nvalue = "G00-KHAC"', sample=sample)))

    assert Translation(Treatment.FIXED, "G00-KHAC", NAME) == made.translate(S, "x1", FROM)


def test_another_set_is_asked_next() -> None:
    """What the first set lacks the next one answers under its own name, and the last one's policy decides."""
    made = sets(
        files(toml=header(unmapped='mode = "other-set"\nset_id = "test.more"')),
        files("more", toml=header(set_id="test.more"), table=mapped(("b", "1.999002"))),
    )

    assert Translation(Treatment.MAPPED, "1.999002", "test.more@1.0.0", 2) == made.translate(P, "b", FROM)
    assert Translation(Treatment.HELD, "", "test.more@1.0.0") == made.translate(P, "c", FROM)


def test_kinds_without_a_set_travel_as_they_are() -> None:
    """No set, a draft, and the other way: there is nothing to ask."""
    made = sets(DATED, files("drafts", toml=header("sector", set_id="test.draft", status="draft")))

    assert frozenset({P}) == made.kinds
    assert None is made.translate(S, "a", FROM)
    assert None is made.translate(P, "1.999001", FROM, inbound=True)


def test_a_one_to_one_set_is_read_both_ways() -> None:
    """The same row leads there and back."""
    made = sets(files(toml=header(direction="both"), table=mapped(("a", "1.999001"), ("b", "1.999002"))))

    assert Translation(Treatment.MAPPED, "1.999002", NAME, 3) == made.translate(P, "b", FROM)
    assert Translation(Treatment.MAPPED, "b", NAME, 3) == made.translate(P, "1.999002", FROM, inbound=True)


def test_sets_of_one_kind_may_follow_each_other() -> None:
    """A set ends where the next one begins."""
    made = sets(
        files(toml=header(valid_to="2025-07-01"), table=rows("a,1.999001,equivalent,2020-01-01,2025-07-01,manual")),
        files(
            "later",
            toml=header(
                set_id="test.later",
                valid_from="2025-07-01",
                sample='code = "a"\non = 2025-07-01\nout = "1.999002"',
            ),
            table=mapped(("a", "1.999002"), since="2025-07-01"),
        ),
    )

    answers = [made.translate(P, "a", day) for day in (BEFORE, FROM)]
    assert ["1.999001", "1.999002"] == [answer.code for answer in answers if answer is not None]


def test_proposals() -> None:
    """The national part comes first, then names that share words, best first; pairs known to be wrong never."""
    collection = {
        **files(
            table=rows(
                "1.999005.000.00.00.H99,1.999005,not,2020-01-01,,manual", "a,1.999001,equivalent,2020-01-01,,manual"
            )
        ),
        "procedures.names.csv": "code,name\n1.999002.000.00.00.H99,Cấp lại giấy phép xây dựng\n".encode(),
    }
    targets = {
        "1.999002": "Chứng thực chữ ký",
        "1.999003": "Cấp lại giấy phép xây dựng nhà",
        "1.999004": "Cấp giấy phép môi trường",
        "1.999005": "Khai sinh",
    }
    made = sets(collection)

    codes = ["1.999002.000.00.00.H99", "1.999005.000.00.00.H99", "zz"]
    found = made.suggest(P, codes, targets)

    assert {codes[0]: ["1.999002", "1.999003", "1.999004"], codes[1]: [], "zz": []} == {
        code: [entry.code for entry in entries] for code, entries in found.items()
    }
    first = Suggestion(code="1.999002", name="Chứng thực chữ ký", score=1.0, because="national_part")
    assert first == found[codes[0]][0]
    assert {"name"} == {entry.because for entry in found[codes[0]][1:]}


def test_coverage_counts_codes_and_messages() -> None:
    """Declared and carried codes are told apart, a dossier counts as often as it came, ended targets are stale."""
    collection = {
        **files(
            "agencies",
            toml=header("agency", set_id="test.agency.out"),
            table=rows(
                "A,H01,equivalent,2020-01-01,,manual",
                "B,,none,2020-01-01,,manual",
                "E,H46,equivalent,2020-01-01,,manual",
            ),
        ),
        "agencies.names.csv": "code,name\nA,Sở A\nC,Sở C\n".encode(),
    }
    made = sets(collection)
    traffic = [seen(code, FROM, FROM, count, CodeKind.AGENCY) for code, count in (("A", 7), ("B", 1), ("D", 2))]
    (found,) = coverage(made.sets, traffic, TARGETS, date(2026, 1, 5))

    assert (2, ("C",), 3, ("D",)) == (
        found.declared_count,
        found.declared_missing,
        found.traffic_count,
        found.traffic_missing,
    )
    assert (("B",), ("E",), 1, 8, 10) == (
        found.declined,
        found.stale,
        found.unused_count,
        found.messages_covered_count,
        found.messages_count,
    )
    assert not found.is_complete


def test_what_a_candidate_would_change() -> None:
    """Recorded codes are replayed on their own days: only those whose answer differs are shown, from that day on."""
    old = sets(procedure_files([("a", "1.999001"), ("b", "1.999002")]))
    candidate = sets(DATED)
    traffic = [
        seen("a", date(2025, 1, 1), date(2025, 12, 31), 5),
        seen("b", date(2025, 1, 1), date(2025, 1, 1), 3),
        seen("e", date(2025, 1, 1), date(2025, 1, 1), 1),
    ]
    names, changes = diff(old, candidate, traffic, date(2026, 1, 5))

    assert ["~ test.procedure.out 1.0.0 -> 1.0.0"] == names
    assert [
        Change(kind=P, code="a", since=FROM, before="1.999001", after="1.999002", seen_count=5),
        Change(kind=P, code="b", since=date(2025, 1, 1), before="1.999002", after="(declined)", seen_count=3),
    ] == changes


def test_the_first_sets_change_what_travelled_as_it_was() -> None:
    """Before any load codes travel as they are, and the comparison says so."""
    names, changes = diff(None, sets(DATED), [seen("e", FROM, FROM)], FROM)

    assert ["+ test.procedure.out (none) -> 1.0.0"] == names
    assert [("(as it is)", "(held)")] == [(change.before, change.after) for change in changes]
