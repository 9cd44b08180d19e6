"""How long and how often things are measured, and the means that every measurement shares."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.database import Server
from bench.results import Round
from bench.traffic import Day

MeasureRound = Callable[[int], Awaitable[Round]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run. Counts are dossiers; `rounds` are of each contender, `side_rounds` of what is only looked at.

    Of indicators, `asked_count` questions are asked at most, and `history_count` of them with and without history.
    """

    rounds: int
    side_rounds: int
    warm_up_seconds: int
    measured_seconds: int
    import_count: int
    drain_count: int
    relay_count: int
    jobs_count: int
    reconcile_count: int
    sign_in_count: int
    look_up_count: int
    translate_seconds: float
    counted_count: int
    changed_count: int
    asked_count: int
    history_count: int


FULL = Plan(
    rounds=5,
    side_rounds=2,
    warm_up_seconds=2,
    measured_seconds=6,
    import_count=20_000,
    drain_count=12_000,
    relay_count=6_000,
    jobs_count=1_500,
    reconcile_count=100_000,
    sign_in_count=2_000,
    look_up_count=20_000,
    translate_seconds=2.0,
    counted_count=1_000_000,
    changed_count=2_000,
    asked_count=10_000,
    history_count=300,
)
QUICK = Plan(
    rounds=1,
    side_rounds=1,
    warm_up_seconds=1,
    measured_seconds=2,
    import_count=2_000,
    drain_count=3_000,
    relay_count=1_000,
    jobs_count=200,
    reconcile_count=2_000,
    sign_in_count=300,
    look_up_count=2_000,
    translate_seconds=0.3,
    counted_count=20_000,
    changed_count=500,
    asked_count=200,
    history_count=50,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The means: sizes, the run's own folder, the database server, the material, and whom to tell how far it is."""

    plan: Plan
    folder: Path
    server: Server
    day: Day
    tell: Callable[[str], None]

    async def interleave(self, count: int, contenders: Mapping[str, MeasureRound]) -> dict[str, Sequence[Round]]:
        """Measure all contenders in turn, `count` times over (A B A B), so that drift meets all of them alike."""
        rounds: dict[str, list[Round]] = {name: [] for name in contenders}
        for number in range(count):
            for name, measure in contenders.items():
                done = await measure(number)
                rounds[name].append(done)
                self.tell(f"{name}, round {number + 1} of {count}: {done.rate:,.0f}/s")
        return {name: tuple(measured) for name, measured in rounds.items()}
