"""Child processes that speak JSON lines, and how much CPU time processes use."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_ROOT = Path(__file__).parents[1]
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ChildFailed(Exception):
    """A child did not do what it was started for; carries the end of its log."""


class Child:
    """A child process that writes JSON lines. Use as an async context manager: it is ended by its id at the end."""

    def __init__(
        self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._log = log
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=self._environment,
                cwd=_ROOT,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def read(self, timeout_seconds: float = _START_SECONDS) -> dict[str, Any]:
        """Give its next line. Raises ChildFailed when none comes in time, or none that is JSON."""
        stream = self._running().stdout
        assert stream is not None
        try:
            facts = json.loads(await asyncio.wait_for(stream.readline(), timeout_seconds))
        except (TimeoutError, ValueError) as error:
            raise ChildFailed(f"{self.name} said nothing that can be read:\n{self._tail()}") from error
        if not isinstance(facts, dict):
            raise ChildFailed(f"{self.name} said something unexpected")
        return facts

    async def say(self, facts: Mapping[str, Any]) -> None:
        """Write one JSON line to it."""
        stream = self._running().stdin
        assert stream is not None
        stream.write(json.dumps(facts).encode() + b"\n")
        await stream.drain()

    async def finish(self, timeout_seconds: float = _START_SECONDS) -> None:
        """Wait until it ends by itself. Raises ChildFailed unless it ends well and in time."""
        try:
            status = await asyncio.wait_for(self._running().wait(), timeout_seconds)
        except TimeoutError as error:
            raise ChildFailed(f"{self.name} did not end:\n{self._tail()}") from error
        if status != 0:
            raise ChildFailed(f"{self.name} ended with {status}:\n{self._tail()}")

    async def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "enter the context first"
        return self._process

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]


def stat_cpu_seconds(text: str) -> float:
    """Read own and reaped children's CPU time from the text of /proc/<pid>/stat (proc(5), fields 14 to 17)."""
    # The command in parentheses may hold anything, so counting begins after the last one.
    fields = text.rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS_PER_SECOND


def cpu_seconds(pid: int) -> float:
    """Give the CPU time of a process, of all its living descendants and of the children that it has seen end.

    Gives 0 for a process that is gone, and where there is no /proc. Resolution is one clock tick (10 ms).
    """
    folder = Path("/proc") / str(pid)
    try:
        spent = stat_cpu_seconds((folder / "stat").read_text())
        children = (folder / "task" / str(pid) / "children").read_text().split()
    except OSError:
        return 0.0
    return spent + sum(cpu_seconds(int(child)) for child in children)


def resident_mebibytes(pid: int) -> float:
    """Give the resident memory of a process; 0 where there is no /proc."""
    try:
        text = (Path("/proc") / str(pid) / "statm").read_text()
    except OSError:
        return 0.0
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class CpuMeter:
    """Reads the CPU time of several processes, by name."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)

    def read(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._pids.items()}


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Give the difference of two readings."""
    return {name: after[name] - before[name] for name in before if name in after}
