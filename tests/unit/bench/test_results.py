"""What follows from measured rounds: medians, ratios, and when a run means nothing."""

import pytest

from bench.results import (
    Aim,
    Contender,
    Measurement,
    Round,
    Sample,
    Spread,
    middle_window,
    paired_ratio,
    percentile,
    spread,
    summary,
)


def a_round(rate: float, *, sent: int = 100, stored: int = 100, p99: float | None = None) -> Round:
    return Round(
        operations_count=round(rate * 2),
        seconds=2.0,
        sent_count=sent,
        stored_count=stored,
        cpu_seconds={"gateway": rate * 2 * 50e-6},
        p99_seconds=p99,
    )


def a_contender(name: str, *rounds: Round) -> Contender:
    return Contender(name=name, unit="dossier", rounds=rounds)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0], Spread(3.0, 3.0, 3.0)), ([5.0, 1.0, 3.0], Spread(3.0, 1.0, 5.0)), ([4.0, 1.0], Spread(2.5, 1.0, 4.0))],
)
def test_a_spread_is_median_least_and_most(values: list[float], expected: Spread) -> None:
    """The order of the values does not matter."""
    assert expected == spread(values)


def test_nothing_has_no_spread() -> None:
    """A measurement without rounds is an error, not a zero."""
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_a_round_gives_its_rate_and_its_cpu_time_per_operation() -> None:
    """Rates are per second of the window; CPU time is per operation of the window."""
    done = a_round(1000.0)
    assert 1000.0 == done.rate
    assert {"gateway": pytest.approx(50.0)} == done.cpu_microseconds()
    assert 0.0 == Round(operations_count=5, seconds=0.0, sent_count=5, stored_count=5).rate


def test_ratios_are_taken_round_by_round() -> None:
    """A drift that meets both contenders alike leaves the ratio as it is; a round without partner is left out."""
    ours = a_contender("ours", a_round(2000), a_round(200), a_round(1000), a_round(1))
    theirs = a_contender("theirs", a_round(1000), a_round(100), a_round(400))
    assert Spread(2.0, 2.0, 2.5) == paired_ratio(ours, theirs)


@pytest.mark.parametrize(("stored", "share"), [(99, "0.990"), (101, "1.010")])
def test_a_run_is_void_unless_what_went_in_came_out(stored: int, share: str) -> None:
    """One lost or doubled operation in one round makes the whole run void, and the reason names it."""
    good, bad = a_contender("good", a_round(1)), a_contender("bad", a_round(1), a_round(1, stored=stored))
    facts = summary([Measurement(name="accept", contenders=[good, bad])], {"cores": 2})
    assert facts["is_void"] is True
    assert [f"accept: bad, round 2: 100 went in and {stored} came out (ratio {share})"] == facts["void_reasons"]
    contenders = facts["measurements"]["accept"]["contenders"]
    assert (True, False) == (contenders["good"]["in_equals_out"], contenders["bad"]["in_equals_out"])


def test_a_round_in_which_nothing_was_done_is_void() -> None:
    """Nothing in and nothing out is equal, and still no measurement."""
    idle = Round(operations_count=0, seconds=2.0, sent_count=0, stored_count=0)
    assert ["idle, round 1: nothing was done in the measured window"] == a_contender("idle", idle).void_reasons()


@pytest.mark.parametrize(
    ("median", "is_upper_bound", "is_met"),
    [(1.0, False, True), (0.99, False, False), (1.0, True, False), (0.99, True, True)],
)
def test_an_aim_is_met_by_its_median(median: float, is_upper_bound: bool, is_met: bool) -> None:
    """A least is met by itself; a most is not."""
    aim = Aim(name="x", value=Spread(median, 0.0, 9.0), bound=1.0, is_upper_bound=is_upper_bound)
    assert is_met == aim.is_met
    assert is_met == aim.as_dict()["is_met"]


def test_a_summary_holds_ratios_rates_and_latencies() -> None:
    """The JSON has the aims under `ratios` and every contender's figures under `measurements`."""
    ours = a_contender("ours", a_round(1000, p99=0.02), a_round(3000, p99=0.04))
    measurement = Measurement(
        name="accept",
        contenders=[ours],
        aims=[Aim(name="accept / pgbench", value=Spread(1.5, 1.0, 2.0), bound=1.0)],
        prices={"TLS": 12.34},
    )
    facts = summary([measurement], {"cores": 2})
    assert facts["is_void"] is False
    assert 1.5 == facts["ratios"]["accept / pgbench"]["median"]
    assert {"TLS": 12.3} == facts["measurements"]["accept"]["prices_microseconds"]
    figures = facts["measurements"]["accept"]["contenders"]["ours"]
    assert {"median": 2000.0, "min": 1000.0, "max": 3000.0} == figures["per_second"]
    assert {"median": 30.0, "min": 20.0, "max": 40.0} == figures["p99_milliseconds"]
    assert "p50_milliseconds" not in figures


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    """Of the numbers 1 to 100, in any order."""
    assert expected == percentile([float(number) for number in range(100, 0, -1)], share)


def samples(*counts: int) -> list[Sample]:
    return [Sample(float(at), count, {"sender": at / 10}) for at, count in enumerate(counts)]


def test_the_window_leaves_warm_up_and_drain_out() -> None:
    """It reaches from the first sample past a tenth of the work to the last one before its last tenth."""
    first, last = middle_window(samples(0, 5, 15, 40, 60, 85, 95, 100), 100, 0.1)
    assert (15, 85) == (first.count, last.count)
    assert (2.0, 5.0) == (first.at_seconds, last.at_seconds)


@pytest.mark.parametrize("counts", [(0, 100), (0, 50, 100), (0, 50, 50, 100)])
def test_work_that_was_over_at_once_has_no_window(counts: tuple[int, ...]) -> None:
    """Too few samples are an error, not a made-up rate."""
    with pytest.raises(ValueError, match="more of it is needed"):
        middle_window(samples(*counts), 100, 0.1)
