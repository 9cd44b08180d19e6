"""The control API: rounds on demand, and everything that is held."""

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.monitoring.sandbox import MonitoringProfile, MonitoringSandbox, PullerSettings, SettingsError
from adapters.sandboxing import serve_sandbox
from tests.support.monitoring_province import TOKEN, Province
from tests.support.monitoring_story import honest_province

ROOT = Path(__file__).parents[3]


class Control:
    """Calls the control API."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with self._session.request(method, self._url + path, json=body) as answer:
            assert status == answer.status
            return await answer.json()


@asynccontextmanager
async def controlled(province: Province) -> AsyncIterator[Control]:
    async with province.serving() as url:
        sandbox = MonitoringSandbox(MonitoringProfile(puller=PullerSettings(province_url=url, token=TOKEN)))
        async with await serve_sandbox(sandbox) as running, aiohttp.ClientSession() as session:
            yield Control(session, running.url)


@pytest.mark.parametrize("prefix", ["/control", "/_sandbox"])
async def test_a_round_is_done_on_demand_and_told(prefix: str) -> None:
    """Rounds, findings, what is held and the calls that were made can be asked for, at both addresses."""
    province = honest_province()
    del province.restatements[-1]
    async with controlled(province) as control:
        done = await control.call("POST", f"{prefix}/pulls")
        assert (1, True, 6) == (done["number"], done["is_complete"], len(done["snapshot_ids"]))
        assert [done] == (await control.call("GET", f"{prefix}/pulls"))["pulls"]
        [finding] = (await control.call("GET", f"{prefix}/findings"))["findings"]
        assert [finding] == done["findings"]
        assert ("restatement_missing", "H99-2026M08-v4") == (finding["kind"], finding["snapshot_id"])
        held = (await control.call("GET", f"{prefix}/snapshots?observations=1"))["snapshots"]
        assert [15] * 6 == [len(snapshot["observations"]) for snapshot in held]
        assert done["calls_count"] == len((await control.call("GET", f"{prefix}/province-calls"))["calls"])
        assert 1 == (await control.call("GET", f"{prefix}/counters"))["findings"]
        assert 6 == len((await control.call("GET", f"{prefix}/store"))["snapshots"])


async def test_questions_habits_and_settings_are_given_by_control() -> None:
    """What is secret is not shown; what does not exist is refused; a reset forgets."""
    async with controlled(honest_province()) as control:
        asked = {"period_type": "month", "period": "2026-08", "indicator": ["U2"]}
        answer = await control.call("POST", "/control/questions", asked)
        assert (True, "live", 1) == (answer["is_answered"], answer["status"], len(answer["observations"]))
        await control.call("POST", "/control/questions", {"period": "2026-08"}, 400)
        await control.call("POST", "/control/questions", {"period_type": 1, "period": "2026-08"}, 400)
        shown = await control.call("POST", "/control/habits", {"habits": ["hammers", "ignores_etags"]})
        assert {"hammers", "ignores_etags"} == set(shown["puller"]["habits"])
        assert TOKEN not in json.dumps(shown)
        await control.call("POST", "/control/habits", {"habits": ["sulks"]}, 400)
        await control.call("POST", "/control/profile", {"push_path": "/elsewhere"}, 400)
        await control.call("POST", "/control/profile", {"puller": {"hammer_calls": 5}})
        assert (await control.call("POST", "/control/pulls"))["is_complete"]
        await control.call("POST", "/control/reset")
        assert [] == (await control.call("GET", "/control/pulls"))["pulls"]
        assert [] == (await control.call("GET", "/control/pushes"))["pushes"]


async def test_a_province_that_is_not_set_is_a_finding() -> None:
    """Nothing is called when there is nobody to call."""
    async with await serve_sandbox(MonitoringSandbox()) as running, aiohttp.ClientSession() as session:
        done = await Control(session, running.url).call("POST", "/control/pulls")
        assert ({"unavailable"}, 0) == ({finding["kind"] for finding in done["findings"]}, done["calls_count"])


def test_settings_that_do_not_exist_are_refused() -> None:
    """A misspelt setting is never left at its default unseen."""
    wrong: list[dict[str, Any]] = [{"pullers": {}}, {"puller": {"tokn": "x"}}, {"puller": {"tries": 0}}]
    for values in wrong:
        with pytest.raises(SettingsError):
            MonitoringProfile.parse(values)


async def test_it_runs_as_a_process_of_its_own() -> None:
    """It prints where it is, and ends when it is told to."""
    program = await create_subprocess_exec(sys.executable, "-m", "adapters.monitoring.sandbox", stdout=PIPE, cwd=ROOT)
    try:
        assert program.stdout is not None
        facts = json.loads(await program.stdout.readline())
        async with aiohttp.ClientSession() as session:
            health = await Control(session, facts["control_url"]).call("GET", "/_sandbox/health")
        assert "monitoring" == health["system"]
        assert facts["push_url"].endswith("/push/v1/snapshots")
    finally:
        program.terminate()
        assert 0 == await program.wait()
