"""What an operator does with the audit from the command line."""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.bootstrap import open_key_ring
from gateway.bootstrap.audit import checkpoint_signer
from gateway.clocks import SystemClock
from gateway.config import Settings, load_settings
from gateway.engine.audit import Auditor, Checkpointer
from gateway.engine.audit_check import Report, verify_exported, verify_stored
from gateway.engine.audit_reseal import Decision, Resealed, Resealer
from gateway.errors import ConfigurationError, Fault, InvalidInput
from gateway.model.audit import Access, AuditAction, ChainHead, Checkpoint, Outcome
from gateway.operating import operator
from gateway.ports.observing import Happening
from gateway.store.audit import PostgresAudit
from gateway.store.pool import open_pool
from gateway.sync.audit import beginning, write_instant
from gateway.sync.audit_records import checkpoint_fields, head_fields, line_fields, read_checkpoint
from gateway.vault.checkpoints import Es256CheckpointVerifier


class _Silent:
    """Implements Observer: checkpoints made for an export are in its file."""

    def __call__(self, happening: Happening, /) -> None: ...


def read_checkpoint_file(path: Path) -> list[Checkpoint]:
    """Read checkpoints from a file of JSON lines, the gateway's own log too; lines of anything else are passed over.

    Raises ConfigurationError when there are none.
    """
    found = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Fault(str(path), "must be a readable file")]) from error
    for line in text.splitlines():
        try:
            found.append(read_checkpoint(json.loads(line)))
        except (json.JSONDecodeError, InvalidInput, TypeError):
            continue
    if not found:
        raise ConfigurationError([Fault(str(path), "must hold a checkpoint as JSON in one line")])
    return found


def read_keys_file(path: Path) -> list[dict[str, Any]]:
    """Read public keys (JWK set). Raises ConfigurationError."""
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))["keys"]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ConfigurationError([Fault(str(path), "must be a readable JWK set")]) from error
    return list(keys)


async def verify(
    dsn: str, *, since: Path | None, anchors: Path | None, keys: Path | None, progress: Callable[[int, int], None]
) -> Report:
    """Verify the chain of a database. Raises ConfigurationError or StoreUnavailable."""
    settings = load_settings()
    signer = checkpoint_signer(settings)
    public = [*(signer.public_keys() if signer is not None else ()), *(read_keys_file(keys) if keys else ())]
    newest = max(read_checkpoint_file(since), key=lambda one: one.head.position) if since is not None else None
    async with auditing_store(dsn) as store:
        return await verify_stored(
            store,
            key_ring=open_key_ring(settings),
            verifier=Es256CheckpointVerifier(public),
            since=newest,
            anchors=() if anchors is None else read_checkpoint_file(anchors),
            progress=progress,
        )


async def reseal(dsn: str, because: str, anchors: Path | None) -> Resealed:
    """Go on behind a wrong end. Raises ConfigurationError, InvalidInput, AuditBroken or StoreUnavailable."""
    settings = load_settings()
    signer = checkpoint_signer(settings)
    async with auditing_store(dsn) as store:
        resealer = Resealer(
            store,
            key_ring=open_key_ring(settings),
            clock=SystemClock(),
            random_bytes=os.urandom,
            version=__version__,
            signer=signer,
            verifier=Es256CheckpointVerifier([] if signer is None else signer.public_keys()),
        )
        decision = Decision(officer=operator(), because=because)
        return await resealer.reseal(decision, () if anchors is None else read_checkpoint_file(anchors))


def resealed_facts(done: Resealed, limit: int) -> dict[str, Any]:
    """Give what was done as plain JSON values."""
    return {
        "fault": done.fault,
        "found": report_facts(done.found, limit),
        "checkpoint": checkpoint_fields(done.checkpoint),
    }


def verify_file(path: Path, keys: Path | None) -> tuple[Report, list[str]]:
    """Verify an export without a database; give the report, and the thumbprints of keys that only the file vouches for.

    Raises ConfigurationError or InvalidInput.
    """
    with path.open(encoding="utf-8") as file:
        records = _records(file)
        header = next(records, None)
        if header is None:
            raise InvalidInput("the file is empty")
        public = read_keys_file(keys) if keys is not None else header.get("keys", [])
        unvouched = [] if keys is not None else [str(key.get("kid", "")) for key in public]

        def all_records() -> Iterator[dict[str, Any]]:
            yield header
            yield from records

        return verify_exported(all_records(), verifier=Es256CheckpointVerifier(public)), unvouched


def _records(file: Any) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            record = None
        if not isinstance(record, dict):
            raise InvalidInput(f"the file's line {number} is no JSON object")
        yield record


async def export(dsn: str, since: datetime, until: datetime, out: Path, because: str) -> int:
    """Write the lines of an interval, with all that proves them, to a new file; give how many lines.

    The export itself leaves a line first. The stretch goes on to the next checkpoint, which proves its end. Raises
    InvalidInput when the interval holds no line or the file exists.
    """
    settings = load_settings()
    async with auditing_store(dsn) as store:
        access = Access(action=AuditAction.AUDIT_EXPORTED, client_id="cli", officer=operator(), purpose=because)
        await noted(settings, store, access, Outcome(outcome="exported"))
        signer = checkpoint_signer(settings)
        await _checkpointer(settings, store, signer).make()
        stretch = await store.stretch(since, until)
        if stretch is None:
            raise InvalidInput("no line was written in this interval")
        checkpoints = await store.checkpoints(stretch[0])
        end = next(one for one in checkpoints if one.head.position >= stretch[1])
        start = await _place_before(store, stretch[0], end.head)
        header = {
            "kind": "header",
            "format": 1,
            "from": write_instant(since),
            "to": write_instant(until),
            "exported_at": write_instant(SystemClock().now()),
            "gateway_version": __version__,
            "start": head_fields(start),
            "end": head_fields(end.head),
            "keys": [] if signer is None else list(signer.public_keys()),
            "checkpoints": [checkpoint_fields(one) for one in checkpoints if one.head.position <= end.head.position],
        }
        return await _write(out, header, store, start.position, end.head.position)


async def _place_before(store: PostgresAudit, first: int, end: ChainHead) -> ChainHead:
    if first == 1:
        return beginning(end.chain_id)
    digest = await store.digest_at(first - 1)
    return ChainHead(chain_id=end.chain_id, position=first - 1, digest=digest or b"")


async def _write(out: Path, header: dict[str, Any], store: PostgresAudit, after: int, until: int) -> int:
    count = 0
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fault = Fault("--out", "must be a new file in a folder that can be written to", type(error).__name__)
        raise InvalidInput("the export cannot be written", [fault]) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(header, ensure_ascii=False) + "\n")
        async for page in store.chain(after, until=until):
            file.writelines(json.dumps(line_fields(line), ensure_ascii=False) + "\n" for line in page)
            count += len(page)
    return count


async def noted(settings: Settings, store: PostgresAudit, access: Access, outcome: Outcome) -> None:
    """Write one line. Raises InvalidInput, AuditBroken or StoreUnavailable."""
    auditor = Auditor(
        store,
        key_ring=open_key_ring(settings),
        clock=SystemClock(),
        random_bytes=os.urandom,
        version=__version__,
    )
    auditor.start()
    try:
        await auditor.note(access, outcome)
    finally:
        await auditor.close()


def _checkpointer(settings: Settings, store: PostgresAudit, signer: Any) -> Checkpointer:
    return Checkpointer(store, key_ring=open_key_ring(settings), clock=SystemClock(), observer=_Silent(), signer=signer)


@asynccontextmanager
async def auditing_store(dsn: str) -> AsyncIterator[PostgresAudit]:
    """Open the record. Raises StoreUnavailable."""
    pool = await open_pool(dsn, max_size=4)
    try:
        yield PostgresAudit(pool)
    finally:
        await pool.close()


def report_facts(report: Report, limit: int) -> dict[str, Any]:
    """Give a report as plain JSON values; of the findings, the first `limit`."""
    findings: Sequence[Any] = report.findings
    return {
        "is_whole": report.is_whole,
        "lines_count": report.lines_count,
        "first": report.first,
        "last": report.last,
        "checkpoints_count": report.checkpoints_count,
        "signatures_count": report.signatures_count,
        "unknown_keys": sorted(report.unknown_keys),
        "findings_count": len(findings),
        "findings": [
            {"kind": one.kind.value, "first": one.first, "last": one.last, "detail": one.detail}
            for one in findings[:limit]
        ],
    }
