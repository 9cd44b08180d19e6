"""The retry schedule: growth, ceiling, jitter."""

import pytest

from gateway.sync.retry import RetryPolicy, delay_seconds, grown_seconds


@pytest.mark.parametrize(
    ("failures_count", "expected_seconds"),
    [(0, 1.0), (1, 1.0), (2, 2.0), (3, 4.0), (10, 512.0), (11, 900.0), (12, 900.0), (10_000, 900.0), (10**9, 900.0)],
)
def test_waits_double_up_to_the_ceiling(failures_count: int, expected_seconds: float) -> None:
    """Without jitter the wait doubles with each failure and stays at the ceiling, at any count."""
    assert expected_seconds == delay_seconds(RetryPolicy(), failures_count, chance=0.0)


@pytest.mark.parametrize(("chance", "expected_seconds"), [(0.0, 900.0), (0.5, 787.5), (1.0, 675.0)])
def test_jitter_spreads_lanes_that_wait_at_the_ceiling(chance: float, expected_seconds: float) -> None:
    """Jitter shortens, so waits at the ceiling differ instead of being cut to the same length."""
    assert expected_seconds == delay_seconds(RetryPolicy(), 10_000, chance)


def test_a_factor_of_one_keeps_the_first_delay() -> None:
    """A constant schedule is possible and never grows."""
    assert delay_seconds(RetryPolicy(factor=1.0, first_delay_seconds=3.0), 10_000, chance=0.0) == 3.0


def test_growth_stops_exactly_at_the_ceiling() -> None:
    """A power that meets the ceiling gives the ceiling, not a rounding error above it."""
    assert grown_seconds(1.0, 2.0, 1024.0, 10) == 1024.0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"first_delay_seconds": 0.0}, "first_delay_seconds"),
        ({"first_delay_seconds": float("nan")}, "first_delay_seconds"),
        ({"factor": 0.5}, "factor"),
        ({"factor": float("inf")}, "factor"),
        ({"ceiling_seconds": 0.5}, "ceiling_seconds"),
        ({"ceiling_seconds": 86_401.0}, "ceiling_seconds"),
        ({"ceiling_seconds": float("inf")}, "ceiling_seconds"),
        ({"jitter_fraction": 1.0}, "jitter_fraction"),
        ({"jitter_fraction": -0.1}, "jitter_fraction"),
        ({"credentials_delay_seconds": 0.0}, "credentials_delay_seconds"),
        ({"query_grace_seconds": -1.0}, "query_grace_seconds"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, float], named: str) -> None:
    """A policy that could wait zero, for ever or backwards cannot be made."""
    with pytest.raises(ValueError, match=named):
        RetryPolicy(**wrong)


def test_everything_wrong_is_listed_at_once() -> None:
    """One look at the message is enough to correct a whole policy."""
    with pytest.raises(ValueError) as caught:
        RetryPolicy(factor=0.0, jitter_fraction=2.0, query_grace_seconds=-1.0)
    assert ["factor", "jitter_fraction", "query_grace_seconds"] == [
        part.split()[0] for part in str(caught.value).split("; ")
    ]
