"""Things done again and again beside the queue: a small table of jobs, each with its interval and its own failures."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.errors import AuditBroken, RemoteError, StoreUnavailable
from gateway.ports.observing import DefectFound, JobFailed, Observer


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often, also at once at the start. `name` is a word for logs."""

    name: str
    interval_seconds: float
    run: Callable[[], Awaitable[object]]


async def run_jobs(jobs: Sequence[Job], stopping: asyncio.Event, observer: Observer) -> None:
    """Run all jobs until told to stop. A failing job is tried again at its next turn and never stops another."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, stopping, observer))


async def _repeat(job: Job, stopping: asyncio.Event, observer: Observer) -> None:
    while not stopping.is_set():
        try:
            await job.run()
        except (StoreUnavailable, RemoteError, AuditBroken) as error:
            observer(JobFailed(job=job.name, code=error.code))
        except Exception as error:  # noqa: BLE001 - a defect in one job must not end the process
            observer(DefectFound(system="gateway", operation=job.name, error=error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), job.interval_seconds)
