"""Which version of a period's figures is published when."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidInput
from gateway.indicators.restating import RestatementReason
from gateway.indicators.scope import ScopeKind
from gateway.monitoring.observations import Figures, ObservationKey
from gateway.monitoring.publications import (
    DEFAULT_RULES,
    Approval,
    Publication,
    Published,
    RestatementOwed,
    Standing,
    changes_between,
    decide_publication,
    next_publication_at,
)

U2 = ObservationKey("U2", ScopeKind.PROVINCE)
END = datetime(2026, 8, 31, 17, tzinfo=UTC)
"""The end of August 2026 in Vietnam."""
FIRST_NIGHT = datetime(2026, 8, 31, 17, 30, tzinfo=UTC)
ONLINE = frozenset({"D01", "D02", "D04", "D05", "D07", "D10", "D12"})
V1 = {U2: Figures(7, 12, (ONLINE, ONLINE | {"D03", "D06", "D08", "D11", "D14"}))}
V2 = {U2: Figures(7, 13, (ONLINE, ONLINE | {"D03", "D06", "D08", "D11", "D14", "D13"}))}
APPROVAL = Approval(approver="truong-phong.c", reasons=(RestatementReason.LATE_SYNC,))


def published(
    version: int, standing: Standing, as_of: datetime, figures: Mapping[ObservationKey, Figures] = V1
) -> Published:
    return Published(version=version, standing=standing, as_of=as_of, figures=figures)


def test_the_first_figures_come_at_half_past_midnight() -> None:
    """Version 1 is preliminary, published at 00:30 in Vietnam on the day after the period, and not before."""
    early = decide_publication([], V1, period_end=END, now=FIRST_NIGHT - timedelta(seconds=1))
    due = decide_publication([], V1, period_end=END, now=FIRST_NIGHT)

    assert early is None
    assert Publication(version=1, standing=Standing.PRELIMINARY, changes=()) == due


def test_a_late_dossier_makes_a_revision_that_names_it() -> None:
    """The worked example: D13 became known after the end; U2 goes from 7/12 to 7/13."""
    first = published(1, Standing.PRELIMINARY, FIRST_NIGHT)
    night = FIRST_NIGHT + timedelta(days=1)

    assert decide_publication([first], V2, period_end=END, now=night - timedelta(seconds=1)) is None
    assert decide_publication([first], V1, period_end=END, now=night) is None, "nothing changed"
    revised = decide_publication([first], V2, period_end=END, now=night)
    assert isinstance(revised, Publication)
    assert (2, Standing.REVISED) == (revised.version, revised.standing)
    [change] = revised.changes
    assert ((7, 12), (7, 13)) == tuple(one and one.counts for one in (change.old, change.new))
    assert (frozenset({"D13"}), frozenset(), frozenset()) == (change.added, change.removed, change.moved)


def test_thirty_days_later_figures_are_final_even_unchanged() -> None:
    first = published(1, Standing.PRELIMINARY, FIRST_NIGHT)
    final = decide_publication([first], V1, period_end=END, now=END + timedelta(days=30, minutes=30))

    assert Publication(version=2, standing=Standing.FINAL, changes=()) == final


def test_final_figures_change_by_a_person_only() -> None:
    """A change after the final figures is owed and shown; published when somebody approves it, with reasons."""
    history = [published(1, Standing.PRELIMINARY, FIRST_NIGHT), published(2, Standing.FINAL, END + timedelta(days=30))]
    later = END + timedelta(days=40)

    owed = decide_publication(history, V2, period_end=END, now=later)
    assert isinstance(owed, RestatementOwed)
    assert 1 == len(owed.changes)
    restated = decide_publication(history, V2, period_end=END, now=later, approval=APPROVAL)
    assert isinstance(restated, Publication)
    assert (3, Standing.RESTATED, APPROVAL) == (restated.version, restated.standing, restated.approval)
    assert decide_publication(history, V1, period_end=END, now=later, approval=APPROVAL) is None, "nothing to restate"


@pytest.mark.parametrize(
    ("approval", "fields"),
    [
        (Approval(approver=" ", reasons=(RestatementReason.DEDUP,)), ["approver"]),
        (Approval(approver="c", reasons=()), ["reasons"]),
        (Approval(approver="", reasons=(RestatementReason.DEDUP,) * 2), ["approver", "reasons"]),
    ],
)
def test_an_approval_says_who_and_why(approval: Approval, fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        decide_publication([], V1, period_end=END, now=FIRST_NIGHT, approval=approval)

    assert fields == [fault.field for fault in refused.value.faults]


def test_who_entered_the_numerator_is_told_apart_from_who_is_new() -> None:
    key = ObservationKey("G1", ScopeKind.AGENCY, agency="H99.01")
    before = {key: Figures(1, 2, (frozenset({"a"}), frozenset({"a", "b"})))}
    after = {key: Figures(2, 3, (frozenset({"b", "c"}), frozenset({"a", "b", "c"})))}

    [change] = changes_between(before, after)
    assert (frozenset("c"), frozenset(), frozenset("ab")) == (change.added, change.removed, change.moved)


def test_equal_counts_of_other_dossiers_are_a_change() -> None:
    """One out and one in leaves the number and changes what it counts."""
    before = {U2: Figures(1, 1, (frozenset({"a"}), frozenset({"a"})))}
    after = {U2: Figures(1, 1, (frozenset({"b"}), frozenset({"b"})))}

    assert [(U2, frozenset("b"), frozenset("a"))] == [
        (one.key, one.added, one.removed) for one in changes_between(before, after)
    ]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=60),
)
def test_versions_count_up_and_standing_never_goes_back(nights: list[tuple[bool, int]]) -> None:
    """Over any history: versions without a gap, preliminary once and first, nothing but restatements after final."""
    history: list[Published] = []
    now, figures = END, dict(V1)
    for is_changed, hours in nights:
        now += timedelta(hours=hours)
        if is_changed:
            old = figures[U2]
            figures = {U2: Figures(old.numerator, old.denominator + 1)}
        made = decide_publication(history, figures, period_end=END, now=now)
        if isinstance(made, RestatementOwed):
            made = decide_publication(history, figures, period_end=END, now=now, approval=APPROVAL)
        if isinstance(made, Publication):
            history.append(published(made.version, made.standing, now, figures))

    assert list(range(1, len(history) + 1)) == [one.version for one in history]
    order = list(Standing)
    ranks = [order.index(one.standing) for one in history]
    assert sorted(ranks) == ranks
    assert sum(one.standing is Standing.PRELIMINARY for one in history) <= 1
    assert sum(one.standing is Standing.FINAL for one in history) <= 1


@given(st.timedeltas(timedelta(), timedelta(days=365)))
def test_the_next_night_is_after_what_was_published(since: timedelta) -> None:
    """At 00:30 in Vietnam, later than the last publication, by a day at most."""
    as_of = datetime(2026, 1, 1, tzinfo=UTC) + since
    last = published(1, Standing.PRELIMINARY, as_of)
    due = next_publication_at(last, datetime(2025, 12, 31, 17, tzinfo=UTC), DEFAULT_RULES)

    assert timedelta() < due - as_of <= timedelta(days=1)
    assert (17, 30) == (due.hour, due.minute)
