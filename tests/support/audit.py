"""An audit chain for tests: an auditor on a database, lines in it, and hands to tamper with it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.engine.audit import Auditor, Checkpointer, CheckpointPolicy
from gateway.engine.audit_check import Report, verify_stored
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import Happening
from gateway.store.audit import PostgresAudit

LOOK = Access(
    action=AuditAction.CITIZEN_LOOKUP,
    client_id="one-stop",
    officer="H99.01.007",
    agency_code="H99.01",
    procedure_code="1.999001",
    dossier_code="H99.01-260105-00017",
    purpose="residence",
    legal_basis="Luật 68/2020/QH14",
    consent_ref="C-17",
    subject_digest=b"s" * 32,
    fields_requested=("HoVaTen", "NgaySinh"),
    edge="direct",
    client_address="127.0.0.1",
)
FOUND = Outcome(outcome="found", fields_released=("HoVaTen",), upstream_code="0", request_id="M-1")


class Heard:
    """Implements Observer and keeps everything."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def __call__(self, happening: Happening, /) -> None:
        self.happenings.append(happening)


@asynccontextmanager
async def running_auditor(store: Any, key_ring: KeyRing, clock: Clock, **changes: Any) -> AsyncIterator[Auditor]:
    """Run an auditor; what it holds is stored at the end."""
    auditor = Auditor(store, key_ring=key_ring, clock=clock, random_bytes=os.urandom, version="0.0.0", **changes)
    auditor.start()
    try:
        yield auditor
    finally:
        await auditor.close()


async def write_lines(pool: Any, key_ring: KeyRing, clock: Clock, count: int) -> None:
    """Write lines one after the other, each with an address of its own."""
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        for _ in range(count):
            await auditor.note(LOOK, FOUND)


def checkpointer(pool: Any, key_ring: KeyRing, clock: Clock, **changes: Any) -> Checkpointer:
    """Give what makes checkpoints whenever there are new lines."""
    changes.setdefault("observer", Heard())
    return Checkpointer(
        PostgresAudit(pool), key_ring=key_ring, clock=clock, policy=CheckpointPolicy(lines_count=1), **changes
    )


async def tamper(pool: Any, *statements: str) -> None:
    """Change the record as somebody could who rules the database: the fence is taken down first."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)


async def looks(pool: Any, action: AuditAction) -> list[tuple[Any, ...]]:
    """Give what lines of an action say, in order: stage, client, dossier, whether about somebody, fields, outcome."""
    rows = await pool.fetch("SELECT * FROM audit_lines WHERE action = $1 ORDER BY position", action.value)
    return [
        (
            *(row["stage"], row["client_id"], row["dossier_code"], row["subject_digest"] is not None),
            *(tuple(row["fields_released"]), row["outcome"]),
        )
        for row in rows
    ]


async def found(pool: Any, key_ring: KeyRing, **changes: Any) -> list[tuple[str, int, int]]:
    """Verify, and give kind and place of what is wrong."""
    report: Report = await verify_stored(
        PostgresAudit(pool), key_ring=key_ring, verifier=changes.pop("verifier", None), **changes
    )
    return [(finding.kind.value, finding.first, finding.last) for finding in report.findings]
