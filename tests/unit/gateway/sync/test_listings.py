"""What a whole list brought, and whether it is long enough to be believed."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sync.listings import HeldList, ListRule, ShortListPolicy, judge_length, judge_lines
from tests.support.clocks import START

POLICY = ShortListPolicy()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list."""

    code: str
    name: str


def judged(*lines: tuple[str, str]) -> tuple[dict[str, str], set[str], list[tuple[ListRule, int, str]]]:
    """Give taken names by code, unusable codes, and findings as (rule, row, code)."""
    result = judge_lines(
        [Line(*line) for line in lines],
        code=lambda line: line.code,
        name=lambda line: line.name,
        content=lambda line: line,
    )
    return (
        {code: line.name for code, line in result.items.items()},
        set(result.unusable),
        [(finding.rule, finding.row, finding.code) for finding in result.findings],
    )


@pytest.mark.parametrize(
    ("lines", "taken", "unusable", "findings"),
    [
        ([], {}, set(), []),
        ([("1", "A"), ("2", "B")], {"1": "A", "2": "B"}, set(), []),
        ([("1", "A"), ("1", "A")], {"1": "A"}, set(), [(ListRule.DUPLICATE, 2, "1")]),
        (
            [("1", "A"), ("2", "B"), ("1", "C")],
            {"2": "B"},
            {"1"},
            [(ListRule.CONTRADICTION, 1, "1"), (ListRule.CONTRADICTION, 3, "1")],
        ),
        ([("", "A"), ("2", "B")], {"2": "B"}, set(), [(ListRule.NO_CODE, 1, "")]),
        ([(" ", "A")], {}, set(), [(ListRule.NO_CODE, 1, "")]),
        ([("1", " ")], {}, {"1"}, [(ListRule.NO_NAME, 1, "1")]),
        (
            [("1", ""), ("1", "A")],
            {},
            {"1"},
            [(ListRule.NO_NAME, 1, "1"), (ListRule.CONTRADICTION, 2, "1")],
        ),
    ],
)
def test_lines(
    lines: list[tuple[str, str]],
    taken: dict[str, str],
    unusable: set[str],
    findings: list[tuple[ListRule, int, str]],
) -> None:
    """A line is taken when nothing speaks against it; of every other one row, code and rule are told."""
    assert (taken, unusable, findings) == judged(*lines)


@given(st.lists(st.tuples(st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "A", "B"])), max_size=12))
def test_every_line_is_taken_or_told(lines: list[tuple[str, str]]) -> None:
    """Each line is either the one that was taken for its code, or a finding of its own; no code is both."""
    taken, unusable, findings = judged(*lines)
    assert len(lines) == len(taken) + len(findings)
    assert not taken.keys() & unusable
    assert {code.strip() for code, _ in lines if code.strip()} == taken.keys() | unusable


def codes(count: int) -> list[str]:
    return [f"{number:06}" for number in range(count)]


@pytest.mark.parametrize(
    ("known", "listed", "is_confirmed", "rule", "removed_count"),
    [
        (5000, 5000, False, None, 0),
        (5000, 4999, False, ListRule.SHORTER, 1),
        (5000, 4500, False, ListRule.SHORTER, 500),
        (5000, 4499, False, ListRule.TOO_SHORT, 0),
        (5000, 4499, True, ListRule.SHORTER, 501),
        (5000, 0, False, ListRule.TOO_SHORT, 0),
        (5000, 0, True, ListRule.SHORTER, 5000),
        (3, 2, False, ListRule.SHORTER, 1),
        (3, 1, False, ListRule.TOO_SHORT, 0),
        (1, 0, False, ListRule.TOO_SHORT, 0),
        (0, 0, False, None, 0),
        (0, 10, False, None, 0),
    ],
)
def test_length(known: int, listed: int, is_confirmed: bool, rule: ListRule | None, removed_count: int) -> None:
    """A few missing are believed and told; too many, or all, are held until a person confirms."""
    verdict = judge_length(
        known=codes(known),
        listed=codes(listed),
        held=None,
        policy=POLICY,
        is_confirmed=is_confirmed,
        now=START,
    )
    assert rule == (verdict.finding.rule if verdict.finding is not None else None)
    assert removed_count == len(verdict.removed)
    assert (rule is ListRule.TOO_SHORT) == (verdict.held is not None)


@pytest.mark.parametrize(
    ("readings", "held_times"),
    [
        ([(0, 40), (60, 40), (120, 40)], [1, 2, None]),
        ([(0, 40), (1, 40), (2, 40), (3, 40)], [1, 1, 1, 1]),
        ([(0, 40), (60, 39), (120, 39), (180, 39)], [1, 1, 2, None]),
        ([(0, 40), (60, 100), (120, 40)], [1, None, 1]),
        ([(0, 0), (60, 0), (120, 0), (180, 0)], [1, 2, 3, 4]),
    ],
)
def test_repeats(readings: list[tuple[int, int]], held_times: list[int | None]) -> None:
    """The same gap is believed the third time an hour apart; soon again, otherwise, or with nothing left it is not."""
    held: HeldList | None = None
    seen = []
    for minutes, listed in readings:
        verdict = judge_length(
            known=codes(100),
            listed=codes(listed),
            held=held,
            policy=POLICY,
            is_confirmed=False,
            now=START + timedelta(minutes=minutes),
        )
        held = verdict.held
        seen.append(None if held is None else held.seen_count)
        assert bool(verdict.removed) == (held is None and listed < 100)
    assert held_times == seen


@given(
    st.sets(st.integers(0, 30)),
    st.sets(st.integers(0, 40)),
    st.floats(0, 1),
    st.booleans(),
)
def test_nothing_is_removed_that_is_listed_or_unknown(
    known: set[int], listed: set[int], share: float, is_confirmed: bool
) -> None:
    """Either everything that is missing is removed or nothing, and an unconfirmed empty list removes nothing."""
    verdict = judge_length(
        known={str(code) for code in known},
        listed={str(code) for code in listed},
        held=None,
        policy=ShortListPolicy(min_kept_share=share),
        is_confirmed=is_confirmed,
        now=START,
    )
    missing = {str(code) for code in known - listed}
    assert verdict.removed in (frozenset(), missing)
    assert (verdict.held is not None) == (bool(missing) and not verdict.removed)
    if not listed and not is_confirmed:
        assert not verdict.removed
