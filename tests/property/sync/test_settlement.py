"""Over random days: what was planted is found exactly, sums are identities, and no order matters."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.settlement import (
    FileRow,
    FindingClass,
    GatewayEntry,
    MoneyKind,
    RowState,
    Standing,
    Statement,
    StatementLine,
)
from gateway.sync.settlement import (
    DayInput,
    by_account,
    by_agency,
    counted_vnd,
    differences_by_class,
    match_day,
    sums_by,
    total,
)
from tests.support.settlements import (
    AFTER,
    BEFORE,
    DAY,
    FAILED,
    OPEN,
    add_working_days,
    credit,
    entry,
    file,
    match,
    row,
)

C = FindingClass
AMOUNTS = st.integers(1, 10**12)
SEEDS = st.lists(
    st.tuples(st.sampled_from(["ok", "r1", "r2", "r3", "r4", "r5", "r6", "r7+", "r7-", "r8"]), AMOUNTS), max_size=14
)


@dataclass(slots=True)
class Seeded:
    """A day with differences planted in it."""

    rows: list[FileRow]
    after: list[FileRow]
    entries: list[GatewayEntry]
    credits: list[StatementLine]
    expected: Counter[FindingClass]


def plant(seeds: list[tuple[str, int]]) -> Seeded:
    """Build the sides of a day by a list of what is to be found."""
    day = Seeded([], [], [], [], Counter())
    for number, (kind, amount) in enumerate(seeds):
        name, second = f"REFA{number:04}", f"REFB{number:04}"
        paid, there = entry(name, amount), row(name, amount, line=number + 2)
        match kind:
            case "ok" | "r8":
                sides = ([there], [paid], [C.OK if kind == "ok" else C.NOT_SETTLED])
            case "r1":
                sides = ([there], [entry(name, amount, standing=OPEN)], [C.LOST_NOTIFICATION])
            case "r2":
                sides = ([], [paid], [C.PHANTOM])
            case "r3":
                sides = ([replace(there, amount_vnd=amount + 1)], [paid], [C.AMOUNT])
            case "r4":
                other = entry(second, amount, standing=OPEN, request=f"req-{name}")
                sides = ([there, row(second, amount)], [paid, other], [C.OK, C.DUPLICATE])
            case "r5":
                sides = ([there], [], [C.UNKNOWN_REFERENCE])
            case "r6":
                sides = ([replace(there, state=FAILED)], [paid], [C.CONTRADICTORY])
            case "r7+":
                day.after.append(there)
                sides = ([], [paid], [C.DAY_BOUNDARY])
            case _:
                sides = ([there], [replace(paid, counted_on=BEFORE)], [C.DAY_BOUNDARY])
        day.rows += sides[0]
        day.entries += sides[1]
        day.expected.update(sides[2])
        if kind != "r8":
            done = [one for one in sides[0] if one.state is RowState.DONE]
            day.credits += [credit(one.reference, one.amount_vnd, bank=f"FT-{one.reference}") for one in done]
    return day


@given(seeds=SEEDS, chance=st.randoms(use_true_random=False))
def test_planted_differences_are_found_exactly(seeds: list[tuple[str, int]], chance: object) -> None:
    """No more, no fewer, in whatever order the sides tell them; and everything in the account but R8's money."""
    day = plant(seeds)
    statement = Statement(until=DAY + timedelta(days=2), lines=tuple(day.credits))
    found = match(day.rows, day.entries, after=day.after, statement=statement)
    assert day.expected == Counter(one.finding_class for one in found.findings)
    for side in (day.rows, day.entries, day.after, day.credits):
        chance.shuffle(side)  # type: ignore[attr-defined]
    shuffled = Statement(until=statement.until, lines=tuple(day.credits))
    assert found == match(day.rows, day.entries, after=day.after, statement=shuffled)
    absent = sum(one.file_vnd - one.account_vnd for one in found.findings)
    assert absent == sum(amount for kind, amount in seeds if kind == "r8")


# Anything at all: references, transactions and days that meet and clash.
NAMES = st.sampled_from(["", "REF001", "REF002", "REF003"])
ROWS = st.lists(
    st.builds(
        lambda name, tx, amount, state, kind, minutes: row(
            name, amount, transaction=tx, state=state, kind=kind, minutes=minutes
        ),
        NAMES,
        st.sampled_from(["TX-1", "TX-2", "TX-3", "TX-4"]),
        st.integers(1, 5),
        st.sampled_from(RowState),
        st.sampled_from(MoneyKind),
        st.integers(0, 3),
    ),
    max_size=8,
    unique_by=lambda one: (one.kind, one.reference, one.transaction),
)
ENTRIES = st.lists(
    st.builds(
        lambda name, number, amount, standing, kind, days, tx, request: entry(
            f"REF00{name}" if kind is MoneyKind.PAY else f"REF00{name % 3}",
            amount,
            standing=standing,
            on=DAY + timedelta(days=days),
            kind=kind,
            entry_id=f"{kind}{name if kind is MoneyKind.PAY else number}",
            transaction=tx,
            request=f"req{request}",
        ),
        st.integers(1, 5),
        st.integers(0, 9),
        st.integers(1, 5),
        st.sampled_from(Standing),
        st.sampled_from(MoneyKind),
        st.integers(-3, 3),
        st.sampled_from(["", "", "TX-1", "TX-2", "TX-3"]),
        st.integers(0, 2),
    ),
    max_size=8,
    unique_by=lambda one: (one.kind, one.entry_id),
)


def signed_sum(rows: list[FileRow]) -> int:
    done = [one for one in rows if one.state is RowState.DONE]
    return sum(one.amount_vnd if one.kind is MoneyKind.PAY else -one.amount_vnd for one in done)


@settings(max_examples=500, deadline=None)
@given(rows=ROWS, before=ROWS, after=ROWS, entries=ENTRIES, chance=st.randoms(use_true_random=False))
def test_the_differences_add_up_to_the_dong(
    rows: list[FileRow], before: list[FileRow], after: list[FileRow], entries: list[GatewayEntry], chance: object
) -> None:
    """Gateway less file is the sum of the named differences, whole and in every grouping, for any sides whatever."""
    found = match(rows, entries, before=before, after=after)
    sums = total([found])
    assert sums.gateway_vnd == counted_vnd(entries, DAY)
    assert sums.file_vnd == signed_sum(rows)
    assert sums.gateway_vnd - sums.file_vnd == sum(differences_by_class(found).values())
    for name in (by_agency, by_account):
        assert sums.difference_vnd == sum(one.difference_vnd for one in sums_by([found], name).values())
    # Every row stands in one finding, and so does everything that counts on the day.
    assert sorted(one.line or 0 for one in found.findings if one.line) == sorted(one.line for one in rows)
    counted = [one.entry_id for one in entries if one.counted_on == DAY]
    told = [one.entry_id for one in found.findings if one.gateway_vnd]
    assert sorted(counted) == sorted(told)
    sides = (rows, before, after, entries)
    for side in sides:
        chance.shuffle(side)  # type: ignore[attr-defined]
    assert found == match(rows, entries, before=before, after=after)


@given(rows=ROWS, after=ROWS, entries=ENTRIES)
def test_what_can_be_closed_differs_by_the_day_boundary_alone(
    rows: list[FileRow], after: list[FileRow], entries: list[GatewayEntry]
) -> None:
    """A day that closes without a person's word hides no difference."""
    found = match(rows, entries, after=after)
    if found.can_close:
        assert set(differences_by_class(found)) <= {C.DAY_BOUNDARY}


@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=6), late=st.integers(0, 63))
def test_over_two_days_the_day_boundary_leaves_no_difference(amounts: list[int], late: int) -> None:
    """What one day lacks the other has."""
    entries = [entry(f"REF{number:03}", amount) for number, amount in enumerate(amounts)]
    rows = [row(f"REF{number:03}", amount) for number, amount in enumerate(amounts)]
    now = file(*(one for number, one in enumerate(rows) if not late >> number & 1))
    then = file(*(one for number, one in enumerate(rows) if late >> number & 1), day=AFTER)
    today = match_day(DayInput(provider="p", file=now, after=then, entries=entries), add_working_days)
    tomorrow = match_day(DayInput(provider="p", file=then, before=now, entries=entries), add_working_days)
    assert total([today, tomorrow]).difference_vnd == 0
    assert today.can_close
    assert tomorrow.can_close
