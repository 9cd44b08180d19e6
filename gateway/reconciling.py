"""What an operator does with reconciliation from the command line."""

from dataclasses import asdict, dataclass
from typing import Any

from gateway.clocks import SystemClock
from gateway.model.reconciliation import FindingState, RunMode, RunPhase
from gateway.store.pool import open_pool
from gateway.store.reconciliation import PostgresRuns, list_findings, list_runs, plan_run

SYSTEM = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would look at."""

    mode: RunMode
    dossiers_count: int
    seconds: float
    is_under_way: bool


async def plan(dsn: str, mode: RunMode, calls_per_second: float) -> Plan:
    """Say what a run would look at, and how long that takes at the configured rate."""
    pool = await open_pool(dsn, max_size=4)
    try:
        dossiers_count, is_under_way = await plan_run(pool, SYSTEM, mode)
    finally:
        await pool.close()
    seconds = dossiers_count / calls_per_second
    return Plan(mode=mode, dossiers_count=dossiers_count, seconds=seconds, is_under_way=is_under_way)


async def begin(dsn: str, mode: RunMode, *, is_dry: bool) -> int | None:
    """Begin a run for the workers; None when one is under way."""
    pool = await open_pool(dsn, max_size=4)
    try:
        return await PostgresRuns(pool).begin(
            SYSTEM, mode, phase=RunPhase.LISTING, is_dry=is_dry, requested_by="operator", now=SystemClock().now()
        )
    finally:
        await pool.close()


async def findings(dsn: str) -> dict[str, Any]:
    """Give the newest runs and the parked differences as plain JSON values; no values of fields."""
    pool = await open_pool(dsn, max_size=4)
    try:
        runs = await list_runs(pool, before=2**62, limit=10)
        parked = await list_findings(
            pool, prefixes=("*",), state=FindingState.PARKED, kind=None, run_id=None, after=0, limit=1000
        )
    finally:
        await pool.close()
    return {
        "runs": [_plain(asdict(run)) for run in runs],
        "parked": [
            _plain({name: value for name, value in asdict(line).items() if name not in ("wrapped_key", "sealed")})
            for line in parked
        ],
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
