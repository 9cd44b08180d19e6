"""Content that was kept long enough is destroyed, what is still needed stays, and nothing else goes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.config import RetentionSettings
from gateway.engine.acceptor import accept_batch
from gateway.engine.retention import Sweeper
from gateway.engine.subjects import Subjects
from gateway.ports.observing import Happening, RecordsShredded
from gateway.ports.retention import RecordKind
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.audit import PostgresAudit
from gateway.store.locks import Lock
from gateway.store.pool import session_lock
from gateway.store.retention import PostgresRetention
from gateway.store.subjects import PostgresSubjects
from gateway.vault.keyring import FileKeyRing
from tests.support.audit import running_auditor
from tests.support.changes import replacement
from tests.support.clocks import StillClock

NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def sweep(
    pool: Any, ring: FileKeyRing, kept: dict[RecordKind, timedelta]
) -> tuple[dict[RecordKind, int], list[Any]]:
    told: list[Happening] = []
    clock = StillClock(NOW)
    async with running_auditor(PostgresAudit(pool), ring, clock) as audit:
        subjects = Subjects(PostgresSubjects(pool), key_ring=ring, audit=audit, clock=clock)
        sweeper = Sweeper(PostgresRetention(pool), subjects.retire, kept=kept, clock=clock, observer=told.append)
        return await sweeper.sweep(), told


async def accept(
    pool: Any, ring: FileKeyRing, at: datetime, *names: tuple[str, str], systems: tuple[str, ...] = ()
) -> None:
    changes = [replacement(f"H99.01-{name}", status=status) for name, status in names]
    await accept_batch(PostgresAcceptance(pool), changes, systems=systems, key_ring=ring, clock=StillClock(at))


async def test_dossiers_that_ended_long_ago(pool: Any, key_ring: FileKeyRing) -> None:
    """Final, long untouched and with nothing owed: all of 450 go in one sweep, with lines in the audit."""
    long_ago, lately = NOW - timedelta(days=400), NOW - timedelta(days=10)
    await accept(pool, key_ring, long_ago, *((f"old-{n}", "refused") for n in range(450)), ("open", "received"))
    await accept(pool, key_ring, long_ago, ("owed", "refused"), systems=("portal",))
    await accept(pool, key_ring, lately, ("new", "refused"))

    swept, told = await sweep(pool, key_ring, {RecordKind.DOSSIERS: timedelta(days=365)})

    assert {RecordKind.DOSSIERS: 450} == swept
    assert 450 == sum(one.count for one in told if isinstance(one, RecordsShredded) and one.kind == "dossiers")
    kept = await pool.fetch("SELECT code FROM dossiers WHERE erased_at IS NULL ORDER BY code")
    assert ["H99.01-new", "H99.01-open", "H99.01-owed"] == [row["code"] for row in kept]
    lines = await pool.fetch("SELECT action, client_id, upstream_code FROM audit_lines ORDER BY position")
    assert [("dossiers.retired", "gateway", count) for count in ("200", "200", "50")] == [tuple(line) for line in lines]


async def test_nothing_goes_by_default_but_what_is_over_for_good(pool: Any, key_ring: FileKeyRing) -> None:
    """Dossiers and messages stay until the province says how long; what was delivered or settled goes after 90 days."""
    settings = RetentionSettings()
    assert (0, 0, 90, 90, 400) == (
        *(settings.dossiers_days, settings.messages_days, settings.statements_days, settings.findings_days),
        settings.payment_messages_days,
    )
    for days, state, name in (
        (91, "delivered", "a"),
        (89, "delivered", "b"),
        (91, "waiting", "c"),
        (91, "skipped", "d"),
    ):
        key = key_ring.new_record_key()
        await pool.execute(
            "INSERT INTO statements (system, kind, subject, agency_code, client_id, digest, wrapped_key, sealed, "
            "state, reason, due_at, created_at, changed_at) "
            "VALUES ('portal', 'answer', $1, 'H99', 'c', '', $2, $3, $4, 'r', $5, $6, $6)",
            *(name, key.wrapped, key.seal(b"x", context=b""), state),
            *(NOW if state == "waiting" else None, NOW - timedelta(days=days)),
        )
    kept = {RecordKind.STATEMENTS: timedelta(days=90), RecordKind.FINDINGS: timedelta(days=90)}

    assert {RecordKind.STATEMENTS: 2, RecordKind.FINDINGS: 0} == (await sweep(pool, key_ring, kept))[0]
    assert {RecordKind.STATEMENTS: 0, RecordKind.FINDINGS: 0} == (await sweep(pool, key_ring, kept))[0]
    left = await pool.fetch("SELECT subject FROM statements WHERE sealed <> '' ORDER BY subject")
    assert ["b", "c"] == [row["subject"] for row in left]


async def test_messages_lose_their_content_when_they_were_handled(pool: Any, key_ring: FileKeyRing) -> None:
    """A message that waits for its dossier keeps its content however old it is."""
    for name, handled_at in (("old", NOW - timedelta(days=31)), ("new", NOW - timedelta(days=29)), ("waits", None)):
        key = key_ring.new_record_key()
        await pool.execute(
            "INSERT INTO inbox (system, message_id, received_at, kind, wrapped_key, sealed, handled_at) "
            "VALUES ('portal', $1, $2, 'application', $3, 'sealed', $4)",
            *(name, NOW - timedelta(days=99), key.wrapped, handled_at),
        )
    swept, _ = await sweep(pool, key_ring, {RecordKind.MESSAGES: timedelta(days=30)})

    assert {RecordKind.MESSAGES: 1} == swept
    assert "old" == await pool.fetchval("SELECT message_id FROM inbox WHERE wrapped_key = ''")


async def test_payment_messages_that_belong_to_no_payment_go_whole(pool: Any, key_ring: FileKeyRing) -> None:
    """What strangers sent goes with its time; what was said of a payment stays as long as the payment."""
    request_id = UUID(int=1)
    await pool.execute(
        "INSERT INTO payment_requests (request_id, client_id, key_digest, wish_digest, dossier_code, agency_code, "
        "procedure_code, state, is_disputed, amount_vnd, record, created_at, changed_at) "
        "VALUES ($1, 'c', '', '', 'H99.01-1', 'H99', '1.999001', 'paid', false, 1, '', $2, $2)",
        *(request_id, NOW - timedelta(days=999)),
    )
    for name, days, belongs_to in (("old", 401, None), ("new", 399, None), ("paid", 999, request_id)):
        key = key_ring.new_record_key()
        await pool.execute(
            "INSERT INTO payment_messages (provider, received_at, request_id, verdict, reason, wrapped_key, sealed) "
            "VALUES ($1, $2, $3, 'forged', 'bad_checksum', $4, 'sealed')",
            *(name, NOW - timedelta(days=days), belongs_to, key.wrapped),
        )
    kept = {RecordKind.PAYMENT_MESSAGES: timedelta(days=400)}

    assert {RecordKind.PAYMENT_MESSAGES: 1} == (await sweep(pool, key_ring, kept))[0]
    left = await pool.fetch("SELECT provider, sealed FROM payment_messages ORDER BY message_id")
    assert [("new", b"sealed"), ("paid", b"sealed")] == [tuple(row) for row in left]


async def test_one_process_sweeps_at_a_time(pool: Any, key_ring: FileKeyRing) -> None:
    """Whoever comes second leaves it to the first."""
    async with session_lock(pool, Lock.KEYS, "retention"):
        assert {} == (await sweep(pool, key_ring, {RecordKind.FINDINGS: timedelta(days=1)}))[0]
