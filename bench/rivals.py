"""The rivals of the drain, each a process of its own: `python -m bench.rivals relay|procrastinate`, told on stdin.

Both make the calls that the gateway makes, one dossier per call, as their users would write it: *relay* claims a row
with SKIP LOCKED, posts it, marks it done; *procrastinate* runs one job per dossier. Their records are translated
beforehand, are not sealed and keep no history, all of which the gateway's worker does while it is measured.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import asyncpg
import msgspec
import uvloop

from adapters.portal import PortalSettings, protocol
from adapters.portal.failures import Meaning, Operation
from adapters.portal.replies import read_reply
from adapters.transport import HttpRequest
from bench.serving import DESTINATION, PASSWORD, UNIT, USERNAME
from bench.traffic import code_of, make_material

# Found by trying 4, 8, 16, 32 and 64 on two cores: more only wait for each other.
RELAY_CONCURRENCY = 16
JOBS_CONCURRENCY = 16
_CHUNK = 500

_TABLE = """
CREATE TABLE relay_jobs (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    record bytea NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    done_at timestamptz
);
CREATE INDEX relay_jobs_waiting ON relay_jobs (id) WHERE state = 'waiting';
"""
_CLAIM = """
UPDATE relay_jobs SET state = 'sending' WHERE id = (
    SELECT id FROM relay_jobs WHERE state = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, record
"""
_DONE = "UPDATE relay_jobs SET state = 'done', done_at = now() WHERE id = $1"


class CallRefused(Exception):
    """The portal did not take a dossier."""


class Portal:
    """Calls the portal as the adapter does, by its own protocol module, without anything around it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._settings = PortalSettings.model_validate(
            {
                "base_url": url,
                "unit_code": UNIT,
                "username": USERNAME,
                "password": PASSWORD,
                "destination_code": DESTINATION,
            }
        )
        self._session = session
        self._token = ""

    async def log_in(self) -> None:
        answer = await self._send(protocol.login_request(self._settings, PASSWORD))
        self._token = protocol.read_login(self._settings, read_reply(answer))

    async def push(self, record: bytes) -> None:
        """Send one dossier. Raises CallRefused unless the portal says that it took it."""
        request = protocol.dossiers_request(self._settings, self._token, [msgspec.Raw(record)], is_update=False)
        reply = read_reply(await self._send(request))
        if reply.meaning(Operation.CREATE, self._settings.dialect) is not Meaning.SUCCESS:
            raise CallRefused("the portal did not take a dossier")

    async def knows(self, code: str) -> bool:
        """Ask whether a dossier is answered about; an empty answer is one, too."""
        reply = read_reply(await self._send(protocol.look_up_request(self._settings, self._token, code)))
        return reply.meaning(Operation.LOOK_UP, self._settings.dialect) is Meaning.SUCCESS

    async def _send(self, request: HttpRequest) -> bytes:
        async with self._session.request(
            request.method, request.url, params=request.query, data=request.body, headers=request.headers
        ) as response:
            response.raise_for_status()
            return await response.read()


def make_records(count: int) -> list[bytes]:
    """Translate as many dossiers, each with a code of its own, ready to be sent."""
    day = make_material()
    return [msgspec.json.encode(day.record(number, code_of(number))) for number in range(count)]


async def relay(dsn: str, portal: Portal, records: Sequence[bytes], ready: Callable[[], Awaitable[None]]) -> int:
    """Claim, post, mark as done, until nothing waits; give the number of rows that are done."""
    async with asyncpg.create_pool(dsn, min_size=RELAY_CONCURRENCY, max_size=RELAY_CONCURRENCY) as pool:
        await pool.execute(_TABLE)
        await pool.copy_records_to_table("relay_jobs", records=[(record,) for record in records], columns=["record"])
        await pool.execute("ANALYZE relay_jobs")
        await ready()

        async def work() -> None:
            async with pool.acquire() as connection:
                claim, finish = await connection.prepare(_CLAIM), await connection.prepare(_DONE)
                while (row := await claim.fetchrow()) is not None:
                    await portal.push(row["record"])
                    await finish.fetchval(row["id"])

        async with asyncio.TaskGroup() as group:
            for _ in range(RELAY_CONCURRENCY):
                group.create_task(work())
        done_count: int = await pool.fetchval("SELECT count(*) FROM relay_jobs WHERE state = 'done'")
    return done_count


async def procrastinate(
    dsn: str, portal: Portal, records: Sequence[bytes], ready: Callable[[], Awaitable[None]]
) -> int:
    """Run one job per dossier until none is left; give the number of jobs that succeeded."""
    # Imported here: only the development environment has it, and the relay needs nothing of it.
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=4, max_size=JOBS_CONCURRENCY))

    @app.task(name="push_dossier")
    async def push_dossier(record: str) -> None:
        await portal.push(record.encode())

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for first in range(0, len(records), _CHUNK):
            chunk = records[first : first + _CHUNK]
            jobs: list[dict[str, Any]] = [{"record": record.decode()} for record in chunk]
            await push_dossier.batch_defer_async(*jobs)
        await ready()
        await app.run_worker_async(concurrency=JOBS_CONCURRENCY, wait=False, install_signal_handlers=False)
    connection = await asyncpg.connect(dsn)
    try:
        done_count: int = await connection.fetchval(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'"
        )
    finally:
        await connection.close()
    return done_count


async def look_ups(dsn: str, portal: Portal, records: Sequence[bytes], ready: Callable[[], Awaitable[None]]) -> int:
    """Ask about every dossier; give the number of answers. No database is used."""
    await ready()
    numbers = iter(range(len(records)))
    found_count = 0

    async def work() -> None:
        nonlocal found_count
        for number in numbers:
            is_there = await portal.knows(code_of(number))
            found_count += int(is_there)

    async with asyncio.TaskGroup() as group:
        for _ in range(RELAY_CONCURRENCY):
            group.create_task(work())
    return found_count


RIVALS: dict[str, Any] = {"relay": relay, "procrastinate": procrastinate, "look_ups": look_ups}


async def run(name: str, spec: dict[str, Any]) -> None:
    records = [b""] * spec["count"] if name == "look_ups" else make_records(spec["count"])

    async def ready() -> None:
        await portal.log_in()
        _tell({"event": "ready"})
        await asyncio.to_thread(sys.stdin.readline)

    connector = aiohttp.TCPConnector(limit=max(RELAY_CONCURRENCY, JOBS_CONCURRENCY))
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        portal = Portal(spec["url"], session)
        done_count = await RIVALS[name](spec["dsn"], portal, records, ready)
    _tell({"event": "ended", "done": done_count})


def _tell(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], json.loads(sys.stdin.readline())))
