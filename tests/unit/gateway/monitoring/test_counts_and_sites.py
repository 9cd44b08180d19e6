"""Differences of counts by cause; whether a portal's page is measured; milestones of services."""

from datetime import date

import pytest

from gateway.indicators.facts import ServiceFact
from gateway.indicators.set_up import MilestoneState, live_due_on, milestones_of
from gateway.model.procedure import ExecutingLevel, ServiceLevel
from gateway.monitoring.count_comparison import Cause, Explained, LocalCounts, compare_counts
from gateway.monitoring.sites import Site, SiteFault, judge_site

SITE = Site(url="https://dichvucong.province.example", site_id=271)
SCRIPT = (
    '<script>var _govaq = _govaq || []; _govaq.push(["setSiteId", "271"]);</script>'
    '<script src="https://f-emc.ngsp.gov.vn/embed/gov-tracking.min.js"></script>'
)


def local(**changes: int | None) -> LocalCounts:
    """Give August of the worked example: 13 known, 12 acknowledged."""
    return LocalCounts(**({"received": 13, "acknowledged": 12, "duplicates": 1, "late_synced": 1} | changes))  # type: ignore[arg-type]


COUNTS = [
    (12, {}, 1, (Explained(Cause.UNSYNCED, 1),), 0),
    (13, {}, 0, (), 0),
    (15, {"other_calendar": 15}, -2, (Explained(Cause.CALENDAR, 2),), 0),
    (15, {"other_calendar": 14}, -2, (Explained(Cause.DUPLICATES, 1),), 1),
    (10, {}, 3, (Explained(Cause.UNSYNCED, 1), Explained(Cause.LATE_SYNC, 1)), 1),
]


@pytest.mark.parametrize(("theirs", "changes", "delta", "explained", "unexplained"), COUNTS)
def test_differences_are_explained_by_class(
    theirs: int, changes: dict[str, int], delta: int, explained: tuple[Explained, ...], unexplained: int
) -> None:
    """Each cause explains at most what it holds; the rest is for a person."""
    found = compare_counts(local(**changes), theirs, may_use_other_calendar=True)

    assert found is not None
    assert (delta, explained, unexplained) == (found.delta, found.explained_by, found.unexplained)


def test_who_told_nothing_does_not_differ() -> None:
    """No count is not 0."""
    assert compare_counts(local(), None, may_use_other_calendar=True) is None


def test_the_calendar_explains_only_who_may_use_it() -> None:
    """The portal counts by months of the calendar: an equal number there is chance."""
    found = compare_counts(local(other_calendar=15), 15, may_use_other_calendar=False)

    assert found is not None
    assert Cause.CALENDAR not in {one.cause for one in found.explained_by}


SITES = [
    (SCRIPT, "", []),
    (SCRIPT, "default-src 'self'; script-src 'self' https://f-emc.ngsp.gov.vn; connect-src *.ngsp.gov.vn", []),
    (SCRIPT, "script-src 'self'", [SiteFault.SCRIPT_BLOCKED]),
    (SCRIPT, "default-src 'self' https://f-emc.ngsp.gov.vn; connect-src 'self'", [SiteFault.REPORT_BLOCKED]),
    (SCRIPT.replace("271", "33"), "", [SiteFault.OTHER_SITE_ID]),
    ("<html></html>", "", [SiteFault.NO_SCRIPT, SiteFault.NO_SITE_ID]),
]


@pytest.mark.parametrize(("page", "policy", "faults"), SITES)
def test_a_page_is_measured_or_says_why_not(page: str, policy: str, faults: list[SiteFault]) -> None:
    """Script, number and policy are looked at."""
    assert faults == judge_site(SITE, {"Content-Security-Policy": policy} if policy else {}, page)


MILESTONES = [
    (ExecutingLevel.PROVINCE, "2022-01-31", "2022-02-15"),
    (ExecutingLevel.DISTRICT, "2022-01-31", "2022-03-02"),
    (ExecutingLevel.COMMUNE, "2021-12-31", "2022-02-28"),
    (ExecutingLevel.COMMUNE, "2022-10-15", "2022-12-15"),
]


@pytest.mark.parametrize(("level", "noticed", "due"), MILESTONES)
def test_going_live_is_due_by_level(level: ExecutingLevel, noticed: str, due: str) -> None:
    """M-04 to M-06: 15 days, 30 days, two months of the calendar."""
    assert date.fromisoformat(due) == live_due_on(level, date.fromisoformat(noticed))


def test_milestones_are_tracked_from_day_to_day() -> None:
    """Open until due, overdue behind it, done late when it came later; what has not begun is not overdue."""
    service = ServiceFact(key="s", procedure_code="P1", service_level=ServiceLevel.FULL, approved_on=date(2022, 1, 1))
    set_up, live = milestones_of(service, date(2022, 2, 15))
    assert (MilestoneState.OPEN, date(2022, 2, 15)) == (set_up.state, set_up.due_on)
    assert live.state is MilestoneState.NOT_BEGUN
    assert milestones_of(service, date(2022, 2, 16))[0].state is MilestoneState.OVERDUE
    late = ServiceFact(
        key="s",
        procedure_code="P1",
        service_level=ServiceLevel.FULL,
        approved_on=date(2022, 1, 1),
        test_noticed_on=date(2022, 2, 20),
        live_on=date(2022, 3, 7),
    )
    assert [MilestoneState.DONE_LATE, MilestoneState.DONE] == [
        one.state for one in milestones_of(late, date(2023, 1, 1))
    ]
