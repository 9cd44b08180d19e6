"""The key ring of one process: held against the database at the start, kept current, shown to a rotation."""

import contextlib
import os
import socket
import uuid
from datetime import timedelta

from gateway.bootstrap.ground import Ground
from gateway.engine.audit import Auditor
from gateway.engine.retention import Sweeper
from gateway.engine.scheduler import Job
from gateway.engine.subjects import Subjects
from gateway.errors import ConfigurationError, Fault, StoreUnavailable
from gateway.ports.basics import KeyRing
from gateway.ports.observing import AlertRaised
from gateway.ports.retention import RecordKind
from gateway.store.pool import Pool
from gateway.store.retention import PostgresRetention
from gateway.store.subjects import PostgresSubjects
from gateway.store.vault import RingReader, forget_reader, note_reader, prove_digest
from gateway.vault.keyring import ReloadingKeyRing

LOOK_SECONDS = 3.0
SWEEP_SECONDS = 3600.0
READER_LIVES_SECONDS = 20.0
"""A process that was not seen for so long has ended, or cannot reach the database either."""


async def hold_against_database(pool: Pool, key_ring: KeyRing) -> None:
    """Refuse a ring whose digest key is not that of this database. Raises ConfigurationError or StoreUnavailable."""
    proof = key_ring.digest(b"the digest key of this database")
    if await prove_digest(pool, proof) != proof:
        rule = "must have the digest_key by which this database was written; digests would find nothing"
        raise ConfigurationError([Fault("keys.ring_file", rule, "another digest key")])


def make_ring_watch(ground: Ground, ring: ReloadingKeyRing, role: str) -> Job:
    """Give what follows the ring's file, and tells the database which keys this process holds."""
    reader_id = uuid.uuid4()

    async def look() -> None:
        if ring.refresh():
            problem = ring.problem
            faults = [str(fault) for fault in problem.faults] if isinstance(problem, ConfigurationError) else []
            ground.telemetry.say(
                "key_ring.reloaded", result="kept" if problem else "taken", active=ring.current.active_id, faults=faults
            )
        if ring.problem is not None:
            ground.telemetry(AlertRaised(system="gateway", name="key_ring_not_taken"))
        await note_reader(ground.pool, reader_of(ring, reader_id, role))

    async def leave() -> None:
        with contextlib.suppress(StoreUnavailable):
            await forget_reader(ground.pool, reader_id)

    ground.closers.append(leave)
    return Job("key_ring", LOOK_SECONDS, look)


def make_sweeper(ground: Ground, auditor: Auditor) -> Job:
    """Give what destroys content that was kept long enough."""
    settings = ground.settings.retention
    days = {
        RecordKind.DOSSIERS: settings.dossiers_days,
        RecordKind.MESSAGES: settings.messages_days,
        RecordKind.STATEMENTS: settings.statements_days,
        RecordKind.FINDINGS: settings.findings_days,
        RecordKind.PAYMENT_MESSAGES: settings.payment_messages_days,
        RecordKind.MONITORING_PULLS: settings.monitoring_pulls_days,
        RecordKind.ACCOUNT_STATEMENTS: settings.account_statements_days,
    }
    subjects = Subjects(PostgresSubjects(ground.pool), key_ring=ground.key_ring, audit=auditor, clock=ground.clock)
    sweeper = Sweeper(
        PostgresRetention(ground.pool),
        subjects.retire,
        kept={kind: timedelta(days=count) for kind, count in days.items() if count},
        clock=ground.clock,
        observer=ground.telemetry,
    )
    return Job("retention", SWEEP_SECONDS, sweeper.sweep)


def reader_of(ring: ReloadingKeyRing, reader_id: uuid.UUID, role: str) -> RingReader:
    """Say what a process holds."""
    current = ring.current
    return RingReader(
        reader_id=reader_id,
        host=socket.gethostname(),
        process_id=os.getpid(),
        role=role,
        key_marks=[f"{key_id}:{mark}" for key_id, mark in sorted(current.marks.items())],
        active=current.active_id,
        digest_mark=current.digest_mark,
    )
