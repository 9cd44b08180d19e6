"""Mapping sets: whatever rows are written, a set that is let through has one answer per code and day."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.ports.mapping import CodeKind, Treatment
from mappings.sets.lint import read_collection
from mappings.sets.model import MappingSet
from mappings.sets.translate import MappingSets
from tests.support.mapping_sets import ROWS_HEADER, files

START = date(2020, 1, 1)
DAYS = 12
Spec = tuple[str, str, int, int | None]

spans = st.tuples(st.integers(0, DAYS), st.one_of(st.none(), st.integers(1, DAYS))).map(
    lambda span: (span[0], None if span[1] is None else span[0] + span[1])
)
row_specs = st.lists(
    st.builds(
        lambda source, target, span: (source, target, *span), st.sampled_from("ab"), st.sampled_from("xyz"), spans
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda spec: spec[:3],
)


def day(number: int) -> date:
    return START + timedelta(days=number)


def table_of(specs: list[Spec]) -> str:
    cells = sorted(
        (source, target, "equivalent", day(begins).isoformat(), "" if ends is None else day(ends).isoformat())
        for source, target, begins, ends in specs
    )
    return ROWS_HEADER + "".join(",".join(row) + ",manual,,,\n" for row in cells)


def read(specs: list[Spec]) -> MappingSet | None:
    try:
        return read_collection(files(table=table_of(specs)), None)["test.procedure.out"]
    except ConfigurationError:
        return None


def answers(specs: list[Spec], code: str, number: int) -> list[str]:
    """Give the targets of all rows that hold, straight from what was written."""
    return [
        target
        for source, target, begins, ends in specs
        if source == code and begins <= number and (ends is None or number < ends)
    ]


@given(row_specs)
def test_no_day_has_two_answers(specs: list[Spec]) -> None:
    """A set is let through exactly when no code has two rows on any day, and then it gives the one that there is."""
    days = range(2 * DAYS + 1)
    is_single = all(len(answers(specs, code, number)) <= 1 for code in "ab" for number in days)
    mapping_set = read(specs)

    assert is_single == (mapping_set is not None)
    if mapping_set is None:
        return
    sets = MappingSets({mapping_set.set_id: mapping_set})
    for code in "ab":
        for number in days:
            found = sets.translate(CodeKind.PROCEDURE, code, day(number))
            expected = answers(specs, code, number)
            assert found is not None
            assert (expected or [""])[0] == found.code
            assert (Treatment.MAPPED if expected else Treatment.HELD) is found.treatment


@given(st.lists(st.integers(1, 200), min_size=2, max_size=8, unique=True))
def test_rows_that_follow_each_other_leave_no_gap(edges: list[int]) -> None:
    """Where each row ends as the next begins, every day from the first on has an answer."""
    borders = sorted(edges)
    specs: list[Spec] = [
        ("a", f"t{index}", begins, ends) for index, (begins, ends) in enumerate(pairwise([*borders, 0]))
    ]
    specs[-1] = ("a", "last", borders[-1], None)
    mapping_set = read(specs)

    assert mapping_set is not None
    sets = MappingSets({mapping_set.set_id: mapping_set})
    for number in range(borders[0], borders[-1] + 2):
        found = sets.translate(CodeKind.PROCEDURE, "a", day(number))
        assert found is not None
        assert found.is_answer
