"""The rival of the accept path: pgbench storing one dossier per commit, with the same rows in the same tables.

The script holds what one request costs the database when every request commits by itself: look the dossier up and lock
it, look the key up, draw an id, insert into the same seven tables under the same constraints, tell the feed. Content is
taken from rows that the gateway wrote, sealed bytes of the same size included. Two things are left out in its favour:
everything that is not SQL (HTTP, validation, sealing), and the lock that keeps the feed's ids in order, which
serialises commits and can only be afforded by a batch.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.children import ChildFailed, CpuMeter, spent
from bench.database import fetch_value
from bench.results import Round

CLIENTS_COUNT = 8
_CODES_PER_CLIENT = 10_000_000
_PROGRESS = re.compile(r"progress: ([0-9.]+) s, ([0-9.]+) tps")
_PROCESSED = re.compile(r"number of transactions actually processed: ([0-9]+)")
_FAILED = re.compile(r"number of failed transactions: ([0-9]+)")

# The dossier that stands for all: the one whose sealed document has the median size.
_TYPICAL = """
SELECT d.*, r.kind, r.client_id, r.sealed, i.request_digest, i.response::text AS response, e.type AS event_type,
       e.data::text AS event_data, e.agency_code, l.system, o.kind AS delivery_kind
FROM dossiers d JOIN dossier_revisions r USING (dossier_id) JOIN deliveries o USING (dossier_id)
JOIN lanes l USING (dossier_id) JOIN events e ON e.dossier_id = d.dossier_id
JOIN idempotency_records i ON i.response ->> 'code' = d.code
ORDER BY abs(octet_length(r.sealed)
    - (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY octet_length(sealed)) FROM dossier_revisions)), d.dossier_id
LIMIT 1
"""


async def typical_row(dsn: str) -> Mapping[str, Any]:
    """Read the typical dossier that the gateway stored, with its rows in all tables. Raises ChildFailed for none."""
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(_TYPICAL)
    finally:
        await connection.close()
    if row is None:
        raise ChildFailed("the gateway stored nothing that pgbench could repeat")
    return dict(row)


def literal(value: Any) -> str:
    """Write a value as an SQL literal with its type."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return f"'{value.isoformat()}'::timestamptz"


_CODE = "('H99.01-260105-' || lpad(:number::text, 8, '0'))"
_KEY = "('key-' || :number::text)"
# pgbench would read ":43:07" in a timestamp as variables; a colon inside a literal is written as an escape.
_DOSSIER_COLUMNS = (
    "procedure_code", "receiving_agency_code", "handling_agency_code", "channel", "origin", "status", "status_at",
    "submitted_at", "received_at", "due_at", "finished_at", "returned_at", "fees_total_vnd", "revision",
    "document_revision", "digest", "wrapped_key",
)  # fmt: skip


def make_script(row: Mapping[str, Any], *, with_notify: bool = True) -> str:
    """Write the script: one dossier per run, each with its own code and key. `row` is what `typical_row` gives.

    The statements are the gateway's own, for one row: three to load, one to write, one to tell. (One statement per
    table would be slower: every statement is a round trip.)
    """
    value = {name: _without_colons(literal(content)) for name, content in row.items()}
    columns = ", ".join(_DOSSIER_COLUMNS)
    contents = ", ".join(value[name] for name in _DOSSIER_COLUMNS)
    telling = "pg_notify('gateway_events', '')" if with_notify else "1"
    return rf"""\set n :n + 1
\set number :client_id * {_CODES_PER_CLIENT} + :n
BEGIN;
SELECT dossier_id, code, revision, document_revision, status, status_at, digest, procedure_code,
       receiving_agency_code, handling_agency_code, wrapped_key
FROM dossiers WHERE code = {_CODE} FOR UPDATE;
SELECT client_id, key, request_digest, response FROM idempotency_records
WHERE client_id = {value["client_id"]} AND key = {_KEY};
SELECT nextval('dossier_ids') AS id \gset
WITH created AS (
    INSERT INTO dossiers (dossier_id, code, {columns}, created_at, updated_at)
    VALUES (:id, {_CODE}, {contents}, now(), now())
    ON CONFLICT (code) DO NOTHING RETURNING 1
), history AS (
    INSERT INTO dossier_revisions (dossier_id, revision, document_revision, kind, status, is_irregular, is_late,
        client_id, accepted_at, sealed)
    VALUES (:id, 1, 1, {value["kind"]}, {value["status"]}, false, false, {value["client_id"]}, now(), {value["sealed"]})
), outbox AS (
    INSERT INTO deliveries (system, dossier_id, revision, ordinal, kind, state, created_at, changed_at)
    VALUES ({value["system"]}, :id, 1, 0, {value["delivery_kind"]}, 'waiting', now(), now())
), laned AS (
    INSERT INTO lanes AS present (system, dossier_id, due_at) VALUES ({value["system"]}, :id, now())
    ON CONFLICT (system, dossier_id) DO UPDATE
    SET changes_count = present.changes_count + 1, due_at = COALESCE(present.due_at, EXCLUDED.due_at)
), remembered AS (
    INSERT INTO idempotency_records (client_id, key, request_digest, response, created_at)
    VALUES ({value["client_id"]}, {_KEY}, {value["request_digest"]}, {value["response"]}::jsonb, now())
    ON CONFLICT (client_id, key) DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM created), (SELECT count(*) FROM remembered);
WITH appended AS (
    INSERT INTO events (occurred_at, type, subject, agency_code, dossier_id, revision, data)
    VALUES (now(), {value["event_type"]}, {_CODE}, {value["agency_code"]}, :id, 1, {value["event_data"]}::jsonb)
), ledger AS (
    INSERT INTO delivery_ledger (system, accepted, delivered, skipped) VALUES ({value["system"]}, 1, 0, 0)
)
SELECT {telling};
COMMIT;
"""


def _without_colons(text: str) -> str:
    if not text.startswith("'") or ":" not in text:
        return text
    content, quote, suffix = text[1:].rpartition("'")
    return "E'" + content.replace("\\", "\\\\").replace(":", "\\x3a") + quote + suffix


@dataclass(frozen=True, slots=True)
class Report:
    """What pgbench said at its end, and its rate in every second."""

    processed_count: int
    failed_count: int
    rates: tuple[float, ...]


def read_report(output: str, progress: str) -> Report:
    """Read pgbench's output. Raises ChildFailed when it says no numbers."""
    processed, failed = _PROCESSED.search(output), _FAILED.search(output)
    if processed is None or failed is None:
        raise ChildFailed(f"pgbench failed:\n{progress[-2000:]}")
    rates = tuple(float(match[2]) for match in _PROGRESS.finditer(progress))
    return Report(int(processed[1]), int(failed[1]), rates)


async def run_pgbench(
    program: Path, dsn: str, script: Path, *, warm_up_seconds: int, measured_seconds: int, postgres_pid: int
) -> Round:
    """Run the script with 8 clients. Seconds are whole: pgbench tells its rate once a second.

    The last second is cut away with the warm-up: in it the clients end one by one.
    """
    total_seconds = warm_up_seconds + measured_seconds + 1
    arguments = [
        *("--no-vacuum", "--protocol=prepared", f"--client={CLIENTS_COUNT}", f"--jobs={min(2, CLIENTS_COUNT)}"),
        *(f"--time={total_seconds}", "--progress=1", "--define=n=0", f"--file={script}", dsn),
    ]
    process = await asyncio.create_subprocess_exec(
        str(program), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with _ended(process):
        assert process.stdout is not None
        assert process.stderr is not None
        meter = CpuMeter({"pgbench": process.pid, "postgres": postgres_pid})
        readings: list[dict[str, float]] = []
        progress: list[str] = []
        async with asyncio.timeout(total_seconds + 60):
            async for line in process.stderr:
                progress.append(line.decode(errors="replace"))
                if _PROGRESS.search(progress[-1]):
                    readings.append(meter.read())
            output = (await process.stdout.read()).decode(errors="replace")
            await process.wait()
    report = read_report(output, "".join(progress))
    rates = report.rates[warm_up_seconds : warm_up_seconds + measured_seconds]
    if len(rates) < measured_seconds or len(readings) <= warm_up_seconds + measured_seconds - 1:
        raise ChildFailed("pgbench ended early:\n" + "".join(progress)[-2000:])
    return Round(
        operations_count=round(sum(rates)),
        seconds=float(len(rates)),
        sent_count=report.processed_count + report.failed_count,
        stored_count=await fetch_value(dsn, "SELECT count(*) FROM dossiers JOIN deliveries USING (dossier_id)"),
        cpu_seconds=spent(readings[warm_up_seconds - 1], readings[warm_up_seconds + measured_seconds - 1]),
    )


@asynccontextmanager
async def _ended(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
