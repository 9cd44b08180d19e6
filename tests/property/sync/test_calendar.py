"""Over a year and any hours: the calendar agrees with a look at every minute, and the bucket with its rate."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.sync.calendar import DAYS, VIETNAM, Calendar, Outage, read_hours, standing_at
from gateway.sync.release import Bucket, ReleasePolicy, rate_at, take

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 366 * 24 * 60 * 60).map(lambda seconds: YEAR + timedelta(seconds=seconds))
TIMES = st.tuples(st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
LINES = st.lists(st.tuples(st.integers(0, 6), TIMES, TIMES), max_size=5)
OUTAGES = st.lists(
    st.tuples(INSTANTS, st.integers(1, 3 * 24 * 60)).map(
        lambda pair: Outage(pair[0], pair[0] + timedelta(minutes=pair[1]))
    ),
    max_size=4,
).map(tuple)
Line = tuple[int, tuple[int, int], tuple[int, int]]


def written(lines: list[Line]) -> list[str]:
    return [f"{DAYS[d]} {f[0]:02}:{f[1]:02}-{t[0]:02}:{t[1]:02}" for d, f, t in lines]


def is_open_by_the_lines(lines: list[Line], at: datetime) -> bool:
    """Read the lines as a person would: today's lines, and yesterday's that run over midnight."""
    wall = at.astimezone(VIETNAM)
    now = (wall.hour, wall.minute)
    for day, opens, closes in lines:
        is_overnight = closes <= opens
        if wall.weekday() == day and now >= opens and (is_overnight or now < closes):
            return True
        if is_overnight and wall.weekday() == (day + 1) % 7 and now < closes:
            return True
    return not lines


@given(lines=LINES, outages=OUTAGES, now=INSTANTS)
def test_open_is_what_the_lines_say(lines: list[Line], outages: tuple[Outage, ...], now: datetime) -> None:
    """At any second of a year the system is open exactly when a line covers it and no outage does."""
    calendar = Calendar(hours=read_hours(written(lines)), outages=outages)
    expected = is_open_by_the_lines(lines, now) and not any(o.starts_at <= now < o.ends_at for o in outages)
    assert expected == standing_at(calendar, now).is_open


@given(lines=LINES, outages=OUTAGES, now=INSTANTS, share=st.floats(0, 0.999))
def test_nothing_changes_before_the_next_change(
    lines: list[Line], outages: tuple[Outage, ...], now: datetime, share: float
) -> None:
    """Until the told instant the standing stays, at that instant it is the other one, and the opening is consistent."""
    calendar = Calendar(hours=read_hours(written(lines)), outages=outages)
    standing = standing_at(calendar, now)
    change = standing.closes_at if standing.is_open else standing.opens_at
    if change is None:
        assert standing.is_open
        return
    assert change > now
    assert standing.is_open == standing_at(calendar, now + (change - now) * share).is_open
    after = standing_at(calendar, change)
    assert standing.is_open is not after.is_open
    if after.is_open:
        assert change == after.opened_at
    elif standing.opened_at is not None:
        assert standing.is_open
        assert standing.opened_at <= now


@given(
    now=INSTANTS,
    first=st.floats(0.01, 1),
    minutes=st.floats(0.1, 30),
    limit=st.none() | st.floats(0.1, 50),
)
def test_calls_never_exceed_the_rate(now: datetime, first: float, minutes: float, limit: float | None) -> None:
    """Whoever takes as fast as is told makes no more calls than the rate and one burst allow, and is never stuck."""
    policy = ReleasePolicy(
        calls_per_second=limit, ramp_minutes=minutes, ramp_first_share=first, ramp_calls_per_second=20
    )
    bucket, at, made_count = Bucket(500.0, now - timedelta(days=1)), now, 0
    for _ in range(60):
        rate = rate_at(policy, now, at)
        if rate is None:
            return  # The ramp is over, or began at the full rate: nothing limits any more.
        taken = take(bucket, policy, now, at)
        bucket = taken.bucket
        if taken.wait_seconds == 0:
            made_count += 1
        else:
            at += timedelta(seconds=taken.wait_seconds)
        # The rate only grows, so the present one bounds everything earned since the opening.
        assert made_count <= 1 + rate * (at - now).total_seconds() + 1e-6
    assert made_count >= 1
