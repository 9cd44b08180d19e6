"""`gateway audit` as an operator and as an auditor elsewhere meet it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.clocks import SystemClock
from gateway.store.pool import open_pool
from gateway.vault.assertions import create_signing_key
from gateway.vault.keyring import load_key_ring
from tests.integration.process.test_commands import run, store_of
from tests.support.audit import tamper, write_lines


@pytest.fixture
async def settings(tmp_path: Path, dsn: str) -> Path:
    """Write settings with a signing key, and five lines."""
    path, key = tmp_path / "gateway.toml", tmp_path / "assertions.pem"
    create_signing_key(key)
    path.write_text(store_of(tmp_path, dsn) + f'[audit]\nsigning_key_files = ["{key}"]\n')
    pool = await open_pool(dsn, max_size=2)
    await write_lines(pool, load_key_ring(tmp_path / "ring.toml"), SystemClock(), 5)
    await pool.close()
    return path


async def verify(settings: Path, *arguments: str) -> tuple[int, Any]:
    """Run the verification and read what it says."""
    status, output, errors = await run("audit", "verify", "--json", *arguments, GATEWAY_CONFIG=str(settings))
    assert "Traceback" not in errors, errors
    return status, json.loads(output)


async def test_an_export_is_verified_without_a_database(settings: Path, tmp_path: Path, dsn: str) -> None:
    """The file proves itself; a line of it that is changed, or its end cut off, is named."""
    out = tmp_path / "export.ndjson"
    wanted = ("--from", "2000-01-01", "--to", "2100-01-01", "--out", str(out), "--because", "yearly inspection")
    status, output, errors = await run("audit", "export", *wanted, GATEWAY_CONFIG=str(settings))
    assert (0, f"6 lines in {out}\n") == (status, output), errors
    assert 0o600 == out.stat().st_mode & 0o777

    missing = tmp_path / "nothing.toml"
    missing.write_text("")
    status, report = await verify(missing, "--file", str(out))
    assert (0, True, 6, 1) == (status, report["is_whole"], report["lines_count"], report["signatures_count"])
    [key_id] = report["keys_of_the_file"]

    lines = out.read_text().splitlines()
    exported = json.loads(lines[-1])
    assert ("audit.exported", "yearly inspection") == (exported["action"], exported["purpose"])
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": json.loads(lines[0])["keys"]}))
    status, report = await verify(missing, "--file", str(out), "--keys", str(keys))
    assert (0, [], key_id) == (status, report["keys_of_the_file"], json.loads(keys.read_text())["keys"][0]["kid"])

    out.write_text("\n".join([*lines[:3], lines[3].replace("H99.01.007", "H99.01.008"), *lines[4:]]) + "\n")
    status, report = await verify(missing, "--file", str(out))
    assert (1, [("changed", 3)]) == (status, [(one["kind"], one["first"]) for one in report["findings"]])

    out.write_text("\n".join(lines[:-2]) + "\n")
    status, report = await verify(missing, "--file", str(out))
    assert (1, [("cut_tail", 5)]) == (status, [(one["kind"], one["first"]) for one in report["findings"]])


async def test_the_database_is_verified_from_a_kept_checkpoint(settings: Path, tmp_path: Path, dsn: str) -> None:
    """What came before the checkpoint is believed, what follows is read; damage before it is found by a whole run."""
    out = tmp_path / "export.ndjson"
    wanted = ("--from", "2000-01-01", "--to", "2100-01-01", "--out", str(out))
    assert 0 == (await run("audit", "export", *wanted, GATEWAY_CONFIG=str(settings)))[0]
    checkpoint = json.loads(out.read_text().splitlines()[0])["checkpoints"][-1]
    kept = tmp_path / "gateway.log"
    kept.write_text(
        '{"event": "request.finished"}\nno json\n' + json.dumps({"event": "audit.checkpoint", **checkpoint})
    )
    status, report = await verify(settings)
    assert (0, 6, 1) == (status, report["lines_count"], report["signatures_count"])

    pool = await open_pool(dsn, max_size=2)
    await tamper(pool, "UPDATE audit_lines SET officer = 'x' WHERE position = 2")
    await pool.close()

    status, report = await verify(settings, "--since", str(kept))
    assert (0, 0) == (status, report["lines_count"])
    status, report = await verify(settings, "--anchors", str(kept))
    assert (1, [("changed", 2)]) == (status, [(one["kind"], one["first"]) for one in report["findings"]])
    status, output, _ = await run("audit", "verify", GATEWAY_CONFIG=str(settings))
    assert 1 == status
    assert "changed at line 2" in output
    assert "NOT WHOLE" in output


async def test_an_operator_goes_on_after_damage(settings: Path, tmp_path: Path, dsn: str) -> None:
    """Refused while nothing is wrong; then the break and the going on are named for ever, in exports too, and what
    follows the checkpoint that was printed is whole."""
    status, _, errors = await run("audit", "reseal", "--because", "too early", GATEWAY_CONFIG=str(settings))
    assert (2, True) == (status, "nothing is resealed" in errors), errors
    pool = await open_pool(dsn, max_size=2)
    await tamper(pool, "UPDATE audit_head SET mac = sha256('made')", "DELETE FROM audit_lines WHERE position = 2")
    await pool.close()

    status, output, errors = await run("audit", "reseal", "--because", "disk restored", GATEWAY_CONFIG=str(settings))
    assert 0 == status, errors
    assert "went on at line 6 after audit_head_forged" in output
    kept = tmp_path / "kept.ndjson"
    kept.write_text(output.splitlines()[-1] + "\n")

    named = [("missing", 2), ("resealed", 6)]
    status, report = await verify(settings)
    assert (1, named) == (status, [(one["kind"], one["first"]) for one in report["findings"]])
    status, report = await verify(settings, "--since", str(kept))
    assert (0, True) == (status, report["is_whole"])
    out = tmp_path / "export.ndjson"
    wanted = ("--from", "2000-01-01", "--to", "2100-01-01", "--out", str(out))
    assert 0 == (await run("audit", "export", *wanted, GATEWAY_CONFIG=str(settings)))[0]
    missing = tmp_path / "nothing.toml"
    missing.write_text("")
    status, report = await verify(missing, "--file", str(out))
    assert (1, named) == (status, [(one["kind"], one["first"]) for one in report["findings"]])


async def test_a_draft_of_a_notification(settings: Path, tmp_path: Path) -> None:
    """Counted from the record, with a table of looks beside it, and a line that it was made."""
    looks = tmp_path / "looks.csv"
    interval = ("--from", "2000-01-01", "--to", "2100-01-01")
    asked = (*interval, "--looks", str(looks), "--detected-at", "2026-01-05T08:00", "--format", "json")
    status, output, errors = await run("audit", "report", *asked, "--client", "one-stop", GATEWAY_CONFIG=str(settings))
    assert 0 == status, errors
    told = json.loads(output)
    assert (1, 5, 5, ["HoVaTen"]) == (
        *(told["people_count"], told["looks_count"], told["lines_count"]),
        list(told["fields"]),
    )
    assert ("2026-01-08T08:00:00+07:00", "") == (told["deadline_after_detection"], told["record_fault"])
    rows = looks.read_text().splitlines()
    assert 6 == len(rows)
    assert rows[0].startswith("correlation_id,")
    assert 0o600 == looks.stat().st_mode & 0o777

    for chosen, count in (("--officer", 5), ("--agency", 5), ("--dossier", 0)):
        value = {"--officer": "H99.01.007", "--agency": "H99"}.get(chosen, "H99.01-260105-09999")
        _, output, _ = await run(
            "audit", "report", *interval, "--format", "json", chosen, value, GATEWAY_CONFIG=str(settings)
        )
        assert count == json.loads(output)["looks_count"], chosen
    _, output, _ = await run("audit", "report", *interval, GATEWAY_CONFIG=str(settings))
    assert output.startswith("# DỰ THẢO thông báo vi phạm")
    status, _, errors = await run("audit", "report", *asked, GATEWAY_CONFIG=str(settings))
    assert (2, True) == (status, "must be a new file" in errors), errors

    status, report = await verify(settings)
    assert (0, 11) == (status, report["lines_count"]), "every draft, also the one without a table, left a line"


async def test_a_draft_from_a_broken_record(settings: Path, dsn: str) -> None:
    """A record that cannot be continued is when a draft is needed most: it is made, and says so."""
    pool = await open_pool(dsn, max_size=2)
    await tamper(pool, "UPDATE audit_head SET mac = sha256('made')")
    await pool.close()
    interval = ("--from", "2000-01-01", "--to", "2100-01-01")
    status, output, errors = await run("audit", "report", *interval, GATEWAY_CONFIG=str(settings))

    assert 0 == status, errors
    assert "KHÔNG ghi tiếp được (audit_head_forged)" in output
