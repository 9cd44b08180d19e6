"""The ramp after an opening, and the bucket that keeps a rate."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.sync.release import Bucket, ReleasePolicy, filled, rate_at, share_at, take

OPENED = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
RAMP = ReleasePolicy(ramp_minutes=10, ramp_first_share=0.1, ramp_calls_per_second=20)


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "share", "rate"),
    [(-5, 0.1, 2.0), (0, 0.1, 2.0), (300, 0.55, 11.0), (599, 0.9985, 19.97), (600, 1.0, None), (10_000, 1.0, None)],
)
def test_the_ramp_grows_in_a_straight_line(seconds: float, share: float, rate: float | None) -> None:
    """From the first share to all of it; afterwards nothing limits the rate unless a limit is set."""
    assert share_at(RAMP, OPENED, after(seconds)) == pytest.approx(share)
    assert (rate is None) == (rate_at(RAMP, OPENED, after(seconds)) is None)
    if rate is not None:
        assert rate_at(RAMP, OPENED, after(seconds)) == pytest.approx(rate)


def test_a_limit_stays_after_the_ramp() -> None:
    """A set rate is what the ramp grows towards, and holds in ordinary life too."""
    limited = ReleasePolicy(calls_per_second=4.0, ramp_minutes=1, ramp_first_share=0.5)
    assert [2.0, 4.0, 4.0] == [
        rate_at(limited, opened, now) for opened, now in ((OPENED, OPENED), (OPENED, after(60)), (None, after(60)))
    ]


def test_without_limit_and_ramp_nothing_is_counted() -> None:
    """An ordinary system costs no bucket at all."""
    assert rate_at(RAMP, None, OPENED) is None
    assert 0.0 == take(Bucket(), RAMP, None, OPENED).wait_seconds


def test_what_was_saved_before_an_opening_does_not_count() -> None:
    """A bucket that was full before the outage gives one call at the opening, and no rush."""
    full = Bucket(20.0, after(-3_600))
    first = take(full, RAMP, OPENED, OPENED)
    assert 0.0 == first.wait_seconds
    second = take(first.bucket, RAMP, OPENED, OPENED)
    assert second.wait_seconds == pytest.approx(0.5)


def test_no_more_is_saved_than_a_burst() -> None:
    """However long nothing was called, at most one burst is there."""
    limited = ReleasePolicy(calls_per_second=4.0, ramp_minutes=0, burst_seconds=2.0)
    assert 8.0 == filled(Bucket(0.0, OPENED), limited, None, after(1_000)).tokens


@pytest.mark.parametrize(
    ("seconds", "at"), [(-3, 0), (-3_600, -3_600)], ids=["a little behind another process", "a clock set back"]
)
def test_a_clock_that_lies_behind_earns_nothing_and_blocks_nothing(seconds: float, at: float) -> None:
    """The bucket's instant never moves back for a small difference, and is taken anew after a large one."""
    limited = ReleasePolicy(calls_per_second=4.0, ramp_minutes=0)
    assert Bucket(2.0, after(at)) == filled(Bucket(2.0, OPENED), limited, None, after(seconds))


def test_bad_policies_name_everything() -> None:
    """All faults of a policy are told at once."""
    with pytest.raises(ValueError, match=r"calls_per_second.*ramp_minutes.*ramp_first_share"):
        ReleasePolicy(calls_per_second=0, ramp_minutes=-1, ramp_first_share=0)
