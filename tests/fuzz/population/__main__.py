"""`python -m tests.fuzz.population [--seconds 30] [--seed 1] [--plain]`: fuzz what reads the database's replies.

With atheris (an optional tool for developers: `pip install atheris`) the search is guided by coverage and begins with
the corpus; what it finds stays in `var/fuzz/population`. Without it, or with --plain, replies of the corpus are mutated
by chance, the same for the same seed. Ends with 1 when something that must hold does not; the input is written out.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from math import inf
from pathlib import Path
from random import Random

from tests.fuzz.population.mutations import mutate, mutate_structure

CORPUS = Path(__file__).with_name("corpus")
FOUND = Path(__file__).parents[3] / "var" / "fuzz" / "population"


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")


def corpus() -> list[bytes]:
    """Give the replies to begin with."""
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def run_plain(seconds: float, seed: int, limit: int | None = None, *, is_timed: bool = True) -> int:
    """Mutate by chance until the time is over, or so many inputs were judged; give 0, or 1 when something was found."""
    from tests.fuzz.population.target import Judge, judge_once

    random, known, count = Random(seed), corpus(), 0
    judge, ends_at = Judge() if is_timed else Judge(inf), time.monotonic() + seconds
    with asyncio.Runner() as runner:
        for body in known:
            judge_once(judge, runner, body)
        while time.monotonic() < ends_at and (limit is None or count < limit):
            # Bytes reach the parsers; structure reaches what is behind them.
            change = mutate_structure if count % 2 else mutate
            body = change(random, random.choice(known), known)
            count += 1
            try:
                judge_once(judge, runner, body)
            except Exception as error:
                FOUND.mkdir(parents=True, exist_ok=True)
                path = FOUND / f"crash-{sha256(body).hexdigest()[:16]}"
                path.write_bytes(body)
                _tell(f"after {count} inputs: {type(error).__name__}: {error}; the input is {path}")
                return 1
    ends = ", ".join(f"{end} {times}" for end, times in sorted(judge.seen.items()))
    _tell(f"{count} inputs by chance, seed {seed}: {ends}")
    return 0


def run_guided(seconds: float) -> None:
    """Search guided by coverage. atheris ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["adapters.population", "mappings.population"]):
        from tests.fuzz.population.target import Judge, judge_once

    judge, runner = Judge(), asyncio.Runner()
    FOUND.mkdir(parents=True, exist_ok=True)
    arguments = [
        *(sys.argv[0], str(FOUND), str(CORPUS)),
        *(f"-max_total_time={int(seconds)}", "-max_len=20000", "-timeout=5", f"-artifact_prefix={FOUND}/crash-"),
    ]
    atheris.Setup(arguments, lambda data: judge_once(judge, runner, data))
    atheris.Fuzz()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.population")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1, help="of the mutations by chance")
    parser.add_argument("--plain", action="store_true", help="by chance, also where atheris is installed")
    options = parser.parse_args(arguments)
    if not options.plain:
        try:
            run_guided(options.seconds)
        except ImportError:
            _tell("atheris is not installed: mutating by chance")
    return run_plain(options.seconds, options.seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
