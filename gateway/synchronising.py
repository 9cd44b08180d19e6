"""What an operator does with the procedure catalogue from the command line: ask for a reading and watch it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from gateway.clocks import SystemClock
from gateway.errors import InvalidInput
from gateway.store.pool import open_pool
from gateway.store.procedure_runs import MAX_WAITING_RUNS, ProcedureRuns, TooManyWaitingRuns
from gateway.sync.procedure_runs import ProcedureRun, RunState

SYSTEM = "portal"
_ENDED = (RunState.DONE, RunState.FAILED)

Show = Callable[[ProcedureRun], None]


async def read_procedures(
    dsn: str,
    codes: Sequence[str],
    *,
    accepts_short_list: bool,
    wait_seconds: float,
    show: Show,
    pause_seconds: float = 0.5,
) -> ProcedureRun:
    """Ask the workers for a reading, and show how far it has come until it ends or the time is over.

    Whoever stops watching stops nothing: the reading is the workers'. Raises InvalidInput when too many wait already.
    """
    pool = await open_pool(dsn, max_size=2)
    try:
        runs = ProcedureRuns(pool)
        try:
            run = await runs.request(
                SYSTEM, codes or None, accepts_short_list=accepts_short_list, now=SystemClock().now()
            )
        except TooManyWaitingRuns:
            raise InvalidInput(f"{MAX_WAITING_RUNS} readings wait already; is a worker running?") from None
        show(run)
        end = asyncio.get_running_loop().time() + wait_seconds
        while run.state not in _ENDED and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(pause_seconds)
            found = await runs.find(SYSTEM, run.run_id)
            assert found is not None  # Runs are never deleted.
            run = found
            show(run)
    finally:
        await pool.close()
    return run


def summary(run: ProcedureRun) -> dict[str, Any]:
    """Give a run as plain JSON values."""
    values = asdict(run)
    values |= values.pop("counts")
    values["findings"] = [{**finding, "rule": finding["rule"].value} for finding in values["findings"]]
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
