"""The script that pgbench runs, and what is read from its output."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.children import ChildFailed
from bench.pgbench import literal, make_script, read_report

AT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
ROW: dict[str, Any] = {
    "procedure_code": "1.999001",
    "receiving_agency_code": "H99.01",
    "handling_agency_code": "H99.01",
    "channel": "online",
    "origin": "province",
    "status": "received",
    "status_at": AT,
    "submitted_at": AT,
    "received_at": AT,
    "due_at": None,
    "finished_at": None,
    "returned_at": None,
    "fees_total_vnd": 10_000,
    "revision": 1,
    "document_revision": 1,
    "digest": b"\x01" * 32,
    "wrapped_key": b"\x02" * 64,
    "kind": "replacement",
    "client_id": "bench",
    "sealed": b"\x03" * 900,
    "request_digest": b"\x04" * 32,
    "response": '{"code": "H99.01-260105-00000001", "note": "it\'s"}',
    "event_type": "dossier.created",
    "event_data": '{"status": "received"}',
    "agency_code": "H99.01",
    "system": "portal",
    "delivery_kind": "snapshot",
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "true"),
        (17, "17"),
        ("it's", "'it''s'"),
        (b"\x00\xff", "'\\x00ff'::bytea"),
        (AT, "'2026-01-05T08:30:00+00:00'::timestamptz"),
    ],
)
def test_values_become_literals(value: Any, expected: str) -> None:
    """Every kind of column is written so that PostgreSQL reads the same value."""
    assert expected == literal(value)


@pytest.mark.parametrize(
    "table",
    ["dossiers", "dossier_revisions", "deliveries", "lanes", "idempotency_records", "events", "delivery_ledger"],
)
def test_the_script_writes_what_the_gateway_writes(table: str) -> None:
    """Each of the seven tables gets exactly one row per run."""
    assert 1 == len(re.findall(rf"INSERT INTO {table}\b", make_script(ROW)))


def test_one_run_is_one_commit() -> None:
    """Look-ups, the id and the writes stand in one transaction, with a code that counts on."""
    lines = make_script(ROW).splitlines()
    assert [1, 1] == [lines.count("BEGIN;"), lines.count("COMMIT;")]
    assert lines.index("BEGIN;") < lines.index("COMMIT;") == len(lines) - 1
    assert r"\set n :n + 1" == lines[0]


def test_only_our_own_variables_are_named() -> None:
    """A colon of a time or of JSON would be read as a variable of pgbench, so none is left in a literal."""
    named = set(re.findall(r"(?<!:):([A-Za-z0-9_]+)", make_script(ROW)))
    assert {"n", "client_id", "number", "id"} == named


def test_the_sealed_bytes_keep_their_size() -> None:
    """The rival stores as many bytes as the gateway does."""
    sealed = re.search(r"'(?:\\\\|\\)x((?:03){900})'", make_script(ROW))
    assert sealed is not None


@pytest.mark.parametrize(("with_notify", "count"), [(True, 1), (False, 0)])
def test_telling_the_feed_can_be_left_out(with_notify: bool, count: int) -> None:
    """The rival that tells nobody differs in nothing else."""
    script = make_script(ROW, with_notify=with_notify)
    assert count == script.count("pg_notify")
    assert make_script(ROW).replace("pg_notify('gateway_events', '')", "1") == make_script(ROW, with_notify=False)


OUTPUT = """
number of transactions actually processed: 4124
number of failed transactions: 3 (0.073%)
tps = 696.2 (without initial connection time)
"""
PROGRESS = """pgbench (18.4)
progress: 1.0 s, 650.0 tps, lat 12.3 ms stddev 4.0, 0 failed
progress: 2.0 s, 710.5 tps, lat 11.2 ms stddev 4.0, 0 failed
"""


def test_the_report_is_read() -> None:
    """Counts come from the end, rates from every second."""
    report = read_report(OUTPUT, PROGRESS)
    assert (4124, 3, (650.0, 710.5)) == (report.processed_count, report.failed_count, report.rates)


def test_a_failed_run_is_no_report() -> None:
    """What pgbench complained of is shown."""
    with pytest.raises(ChildFailed, match="syntax error"):
        read_report("", "pgbench: error: syntax error")
