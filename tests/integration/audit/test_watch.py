"""Somebody who looks at unusually many citizens within an hour is told of, once, and named in the log alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest

from gateway.engine.audit_watch import AuditWatch, WatchRules
from gateway.model.audit import Access, AuditAction
from gateway.ports.observing import ManySubjectsSeen, MostSubjects
from gateway.store.audit import PostgresAudit
from gateway.telemetry import Telemetry
from gateway.vault.keyring import FileKeyRing
from tests.support.audit import FOUND, LOOK, Heard, checkpointer, running_auditor
from tests.support.clocks import StillClock


async def look(pool: Any, key_ring: FileKeyRing, clock: StillClock, subjects: Sequence[int], **changes: Any) -> None:
    """Write down a look at each of some citizens."""
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        for number in subjects:
            access: Access = replace(LOOK, subject_digest=number.to_bytes(32, "big"), **changes)
            await auditor.note(access, FOUND)


def watch(pool: Any, clock: StillClock, heard: Any, officer: int = 3, client: int = 0) -> AuditWatch:
    rules = WatchRules(officer_subjects_per_hour=officer, client_subjects_per_hour=client)
    return AuditWatch(PostgresAudit(pool), rules=rules, clock=clock, observer=heard)


def told(heard: Heard) -> list[tuple[str, str, int]]:
    return [(one.kind, one.who, one.subjects_count) for one in heard.happenings if isinstance(one, ManySubjectsSeen)]


async def test_told_once_for_each_officer_and_hour(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """More than what is usual, of different citizens; by whichever process, and again in another hour only."""
    heard = Heard()
    first, second = (watch(pool, clock, heard) for _ in range(2))
    counts = []
    for subjects in ([1, 2, 3], [1, 1, 2], [4], [5]):
        await look(pool, key_ring, clock, subjects)
        await first()
        await second()
        counts.append(len(told(heard)))
    clock.move(3600)
    await look(pool, key_ring, clock, [1, 2, 3])
    await first()
    await look(pool, key_ring, clock, [4])
    await first()

    assert [0, 0, 1, 1] == counts
    assert [("officer", "H99.01.007", 4)] * 2 == told(heard)


async def test_the_last_lines_of_an_hour_are_not_missed(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """What came in the hour's last moments is counted after it is over."""
    heard = Heard()
    await look(pool, key_ring, clock, [1, 2, 3, 4])
    clock.move(3600)
    await watch(pool, clock, heard)()

    assert [("officer", "H99.01.007", 4)] == told(heard)
    assert [0, 0] == [one.count for one in heard.happenings if isinstance(one, MostSubjects)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"officer": 3, "client": 5}, [("client", "one-stop", 6)]),
        ({"officer": 2, "client": 0}, [("officer", "a", 3), ("officer", "b", 3)]),
        ({"officer": 0, "client": 0}, []),
    ],
)
async def test_officers_and_clients_are_counted_apart(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, rules: dict[str, int], expected: list[tuple[str, str, int]]
) -> None:
    """A client whose officers each did the usual may stand out itself; 0 tells of nobody."""
    heard = Heard()
    await look(pool, key_ring, clock, [1, 2, 3], officer="a")
    await look(pool, key_ring, clock, [4, 5, 6], officer="b")
    await watch(pool, clock, heard, **rules)()

    assert expected == sorted(told(heard))
    assert {("officer", 3), ("client", 6)} == {
        (one.kind, one.count) for one in heard.happenings if isinstance(one, MostSubjects)
    }


@pytest.mark.parametrize("action", [AuditAction.SIGN_IN_ASSERT, AuditAction.CONSENT_COLLECT, AuditAction.AUDIT_READ])
async def test_what_citizens_do_themselves_counts_for_nobody(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, action: AuditAction
) -> None:
    """A portal at which many sign in has looked at nobody."""
    heard = Heard()
    await look(pool, key_ring, clock, range(10), action=action)
    await watch(pool, clock, heard, client=3)()

    assert [] == told(heard)


async def test_the_name_is_in_the_log_and_in_no_label(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """The log line has the officer's code, or a digest for one who is known by a number only; labels have neither."""
    number, registry = "999199000001", CollectorRegistry()
    with structlog.testing.capture_logs() as lines:
        telemetry = Telemetry(registry, monotonic=lambda: 0.0)
        await look(pool, key_ring, clock, [1, 2, 3, 4])
        await look(pool, key_ring, clock, [1, 2, 3, 4], officer=number)
        await watch(pool, clock, telemetry)()
    exposed = generate_latest(registry).decode()

    assert {"audit_many_subjects"} == {line["alert"] for line in lines}
    assert {"H99.01.007", "digest"} == {line["who"].partition(":")[0] for line in lines}
    assert number not in str(lines)
    assert 'gateway_alerts_total{alert="audit_many_subjects",system="gateway"} 2.0' in exposed
    assert 'gateway_audit_most_subjects{kind="officer"} 4.0' in exposed
    assert "H99.01.007" not in exposed


async def test_the_job_of_checkpoints_watches(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Once for each checkpoint that is made; where none is due nobody counts."""
    turns: list[int] = []

    async def note() -> None:
        turns.append(1)

    maker = checkpointer(pool, key_ring, clock, watch=note)
    await maker.turn()
    await look(pool, key_ring, clock, [1])
    await maker.turn()
    await maker.turn()

    assert [1] == turns


async def test_old_warnings_are_forgotten(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """A month later nothing is kept of who was told of."""
    heard = Heard()
    await look(pool, key_ring, clock, [1, 2, 3, 4])
    await watch(pool, clock, heard)()
    clock.move(timedelta(days=31).total_seconds())
    await look(pool, key_ring, clock, [1, 2, 3, 4], officer="other")
    await watch(pool, clock, heard)()

    assert ["other"] == [row["who"] for row in await pool.fetch("SELECT who FROM audit_warnings")]
