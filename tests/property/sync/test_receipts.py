"""Receipts over any history: numbers without a gap or a double, one live receipt each, codes that differ."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.receipt import Receipt, ReceiptNumber, ReceiptSeries, ReceiptState
from gateway.model.vocabulary import VIETNAM
from gateway.sync.receipts import (
    ReceiptRefused,
    cancel,
    due_receipts,
    issue,
    read_verification_code,
    verification_code,
)
from tests.support.receipts import CHARGE, LEVY, RANDOM, SERIES, request

START = datetime(2026, 12, 28, tzinfo=UTC)
UNITS = ("unit-1", "unit-2")
STEPS = st.lists(
    st.tuples(st.sampled_from(["issue", "cancel", "clock back"]), st.integers(0, 1), st.integers(0, 40)), max_size=60
)


def series_of(unit: str, year: int) -> ReceiptSeries:
    return replace(SERIES, unit_code=unit, receipt_symbol=f"AB-{year % 100:02d}E", year=year)


@given(steps=STEPS)
def test_numbers_run_from_one_without_a_gap_or_a_double(steps: list[tuple[str, int, int]]) -> None:
    """In every series, over the turn of the year, whatever is cancelled and however clocks jump."""
    now = START
    counter: dict[ReceiptSeries, ReceiptNumber] = {}
    issued: list[Receipt] = []
    for what, unit_index, hours in steps:
        series = series_of(UNITS[unit_index], now.astimezone(VIETNAM).year)
        last = counter.get(series)
        if what == "cancel" and issued:
            one = issued[hours % len(issued)]
            if one.state is ReceiptState.ISSUED:
                issued[hours % len(issued)] = cancel(one, reason="x", cancelled_by="y", now=now)
        elif what == "clock back":
            now -= timedelta(hours=hours)
        else:
            (draft,) = due_receipts(request((CHARGE, 1)), [])
            if last is not None and now.astimezone(VIETNAM).date() < last.given_on:
                with pytest.raises(ReceiptRefused, match="later day"):
                    issue(draft, last, series, now, RANDOM)
            else:
                one = issue(draft, last, series, now, RANDOM)
                issued.append(one)
                counter[series] = one.number
            now += timedelta(hours=hours)
    for series in counter:
        numbers = [one.number for one in issued if one.number.series == series]
        assert [one.number for one in numbers] == list(range(1, len(numbers) + 1))
        days = [one.given_on for one in numbers]
        assert days == sorted(days)
        assert {day.year for day in days} == {series.year}
        assert all(len(one.text) == 7 for one in numbers)


@given(rounds=st.lists(st.booleans(), max_size=8), amounts=st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_each_kind_has_at_most_one_live_receipt(rounds: list[bool], amounts: tuple[int, int]) -> None:
    """However often it is asked for and cancelled; keys are never used twice, and amounts add up to the request's."""
    wanted = request((CHARGE, amounts[0]), (LEVY, amounts[1]))
    issued: list[Receipt] = []
    for is_cancelled in rounds:
        for draft in due_receipts(wanted, issued):
            issued.append(issue(draft, issued[-1].number if issued else None, SERIES, START, RANDOM))
        if is_cancelled:
            issued = [
                one if one.cancellation else cancel(one, reason="x", cancelled_by="y", now=START) for one in issued
            ]
        live = [one for one in issued if one.state is ReceiptState.ISSUED]
        assert len({one.draft.kind for one in live}) == len(live)
        if not is_cancelled:
            assert sum(one.draft.amount_vnd for one in live) == sum(amounts)
    assert len({one.draft.key for one in issued}) == len(issued)
    assert all(one.draft.amount_vnd > 0 for one in issued)


@given(one=st.binary(min_size=10, max_size=10), other=st.binary(min_size=10, max_size=10))
def test_a_code_tells_all_its_chance(one: bytes, other: bytes) -> None:
    """Different bytes, different codes; each is read as itself."""
    assert (verification_code(one) == verification_code(other)) == (one == other)
    assert read_verification_code(verification_code(one)) == verification_code(one)
