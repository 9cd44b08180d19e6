"""What was measured, what follows from it, and when it means nothing.

A *contender* (the gateway, or what it is compared with) is measured in several rounds, interleaved with the rounds of
the others: whatever drifts on the machine meanwhile drifts for all. A comparison is therefore made round by round, and
the median of those ratios is what counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round. `operations_count` and `seconds` are those of the measured window, warm-up and drain cut away.

    `sent_count` and `stored_count` are of the whole round: what went in, and what is found at the other end.
    `cpu_seconds` are those that each process (group) used in the window; latencies are of the window, if taken.
    """

    operations_count: int
    seconds: float
    sent_count: int
    stored_count: int
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    p50_seconds: float | None = None
    p99_seconds: float | None = None

    @property
    def rate(self) -> float:
        """Operations per second; 0 when nothing was done."""
        return self.operations_count / self.seconds if self.seconds > 0 else 0.0

    def cpu_microseconds(self) -> dict[str, float]:
        """Give CPU time per operation by process."""
        return {name: 1e6 * spent / max(1, self.operations_count) for name, spent in self.cpu_seconds.items()}


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of several values."""

    median: float
    least: float
    most: float

    def as_dict(self, digits: int) -> dict[str, float]:
        return {
            "median": round(self.median, digits),
            "min": round(self.least, digits),
            "max": round(self.most, digits),
        }


def spread(values: Sequence[float]) -> Spread:
    """Give the spread of at least one value. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """All rounds of one contender in one measurement. `unit` is what one operation is."""

    name: str
    unit: str
    rounds: Sequence[Round]
    note: str = ""

    @property
    def rate(self) -> Spread:
        return spread([one.rate for one in self.rounds])

    def cpu_microseconds(self) -> dict[str, float]:
        """Give the median CPU time per operation by process."""
        each = [one.cpu_microseconds() for one in self.rounds]
        return {name: median([one[name] for one in each if name in one]) for name in each[0]}

    def latency_milliseconds(self, name: str) -> Spread | None:
        """Give the spread of a percentile ("p50" or "p99") over the rounds, None when it was not taken."""
        values = [one.p50_seconds if name == "p50" else one.p99_seconds for one in self.rounds]
        taken = [1e3 * value for value in values if value is not None]
        return spread(taken) if taken else None

    def void_reasons(self) -> list[str]:
        """Say for every round why it means nothing; empty when what went in equals what came out."""
        reasons = []
        for number, one in enumerate(self.rounds, start=1):
            if one.sent_count != one.stored_count:
                reasons.append(
                    f"{self.name}, round {number}: {one.sent_count} went in and {one.stored_count} came out"
                    f" (ratio {one.stored_count / max(1, one.sent_count):.3f})"
                )
            elif one.operations_count <= 0:
                reasons.append(f"{self.name}, round {number}: nothing was done in the measured window")
        return reasons

    def as_dict(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "unit": self.unit,
            "rounds": len(self.rounds),
            "per_second": self.rate.as_dict(1),
            "cpu_microseconds": {name: round(value, 1) for name, value in self.cpu_microseconds().items()},
            "in_equals_out": not self.void_reasons(),
        }
        for name in ("p50", "p99"):
            latency = self.latency_milliseconds(name)
            if latency is not None:
                result[f"{name}_milliseconds"] = latency.as_dict(2)
        if self.note:
            result["note"] = self.note
        return result


def paired_ratio(ours: Contender, theirs: Contender) -> Spread:
    """Compare round by round; rounds that have no partner are left out."""
    pairs = zip(ours.rounds, theirs.rounds, strict=False)
    return spread([one.rate / other.rate for one, other in pairs if other.rate > 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Something that was wanted, and what came of it. `bound` is the least that is good enough, or the most."""

    name: str
    value: Spread
    bound: float
    is_upper_bound: bool = False
    unit: str = "×"

    @property
    def is_met(self) -> bool:
        return self.value.median < self.bound if self.is_upper_bound else self.value.median >= self.bound

    def as_dict(self) -> dict[str, Any]:
        relation = "<" if self.is_upper_bound else ">="
        return {**self.value.as_dict(3), "unit": self.unit, "aim": f"{relation} {self.bound:g}", "is_met": self.is_met}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One part of a run: contenders, aims, and anything else worth saying (prices of layers, what was left out)."""

    name: str
    contenders: Sequence[Contender]
    aims: Sequence[Aim] = ()
    prices: Mapping[str, float] = field(default_factory=dict)
    """Prices of layers in microseconds of CPU time per operation."""
    remarks: Sequence[str] = ()

    def void_reasons(self) -> list[str]:
        return [f"{self.name}: {reason}" for contender in self.contenders for reason in contender.void_reasons()]

    def as_dict(self) -> dict[str, Any]:
        return {
            "contenders": {contender.name: contender.as_dict() for contender in self.contenders},
            "prices_microseconds": {name: round(value, 1) for name, value in self.prices.items()},
            "remarks": list(self.remarks),
        }


def summary(measurements: Sequence[Measurement], machine: Mapping[str, Any]) -> dict[str, Any]:
    """Give the whole run as plain values. `is_void` means that no figure in it may be used."""
    reasons = [reason for measurement in measurements for reason in measurement.void_reasons()]
    return {
        "is_void": bool(reasons),
        "void_reasons": reasons,
        "machine": dict(machine),
        "ratios": {aim.name: aim.as_dict() for measurement in measurements for aim in measurement.aims},
        "measurements": {measurement.name: measurement.as_dict() for measurement in measurements},
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which `share` of the values lie (nearest rank). Raises ValueError for no values."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


@dataclass(frozen=True, slots=True)
class Sample:
    """How much had been done at an instant, and the CPU seconds of each process until then."""

    at_seconds: float
    count: int
    cpu_seconds: Mapping[str, float]


def middle_window(samples: Sequence[Sample], total_count: int, share: float) -> tuple[Sample, Sample]:
    """Cut warm-up and drain away: give the first sample past `share` of the work and the last before the same share
    of it is left. Raises ValueError when the samples are too few to have a middle."""
    low, high = share * total_count, (1.0 - share) * total_count
    inside = [sample for sample in samples if low <= sample.count <= high]
    if len(inside) < 2 or inside[-1].count == inside[0].count:
        raise ValueError("the work was over before it could be measured; more of it is needed")
    return inside[0], inside[-1]
