"""An operator goes on behind a wrong end: nothing is hidden by it, and nobody else can pretend to have done so."""

import os
from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.audit_check import verify_stored
from gateway.engine.audit_reseal import Decision, Resealed, Resealer
from gateway.errors import AuditBroken, InvalidInput
from gateway.model.audit import Checkpoint
from gateway.store.audit import PostgresAudit
from gateway.vault.keyring import FileKeyRing
from tests.support.audit import FOUND, LOOK, checkpointer, found, running_auditor, tamper, write_lines
from tests.support.clocks import StillClock
from tests.support.keys import make_key_ring

FORGED = "UPDATE audit_head SET mac = sha256('made')"
GONE = "DELETE FROM audit_head"
DECISION = Decision(officer="op-1", because="the disk was restored")


def resealer(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> Resealer:
    return Resealer(PostgresAudit(pool), key_ring=key_ring, clock=clock, random_bytes=os.urandom, version="0.0.0")


async def reseal(pool: Any, key_ring: FileKeyRing, clock: StillClock, *anchors: Checkpoint) -> Resealed:
    return await resealer(pool, key_ring, clock).reseal(DECISION, anchors)


@pytest.fixture
async def lines(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Write five lines, a checkpoint, and four lines."""
    await write_lines(pool, key_ring, clock, 5)
    await checkpointer(pool, key_ring, clock).make()
    await write_lines(pool, key_ring, clock, 4)


@pytest.mark.parametrize(
    ("done", "fault", "place", "later"),
    [
        ((FORGED,), "audit_head_forged", 10, []),
        ((GONE,), "audit_head_missing", 10, []),
        ((FORGED, "DELETE FROM audit_lines WHERE position > 7"), "audit_head_forged", 8, []),
        ((GONE, "DELETE FROM audit_lines WHERE position > 3"), "audit_head_missing", 6, [("cut_tail", 4, 5)]),
        ((GONE, "DELETE FROM audit_lines WHERE position = 7"), "audit_head_missing", 10, [("missing", 7, 7)]),
        (
            (FORGED, "UPDATE audit_lines SET officer = 'x' WHERE position = 2"),
            "audit_head_forged",
            10,
            [("changed", 2, 2)],
        ),
        ((FORGED, "UPDATE audit_head SET chain_id = gen_random_uuid(), position = 4000"), "audit_head_forged", 10, []),
        ((FORGED, "DELETE FROM audit_checkpoints"), "audit_head_forged", 10, []),
        (
            (
                FORGED,
                "INSERT INTO audit_checkpoints"
                " SELECT 10, chain_id, digest, at, kind, '', '', mac FROM audit_checkpoints",
            ),
            "audit_head_forged",
            11,
            [("checkpoint_forged", 10, 10), ("missing", 10, 10)],
        ),
    ],
)
async def test_going_on(
    pool: Any,
    key_ring: FileKeyRing,
    clock: StillClock,
    lines: None,
    done: tuple[str, ...],
    fault: str,
    place: int,
    later: list[tuple[str, int, int]],
) -> None:
    """Lines are written again; what was broken stays named, and so does that somebody went on, and where."""
    await tamper(pool, *done)
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        with pytest.raises(AuditBroken):
            await auditor.note(LOOK, FOUND)
        resealed = await reseal(pool, key_ring, clock)
        for _ in range(3):
            await auditor.note(LOOK, FOUND)

    assert (fault, place) == (resealed.fault, resealed.checkpoint.head.position)
    named = await found(pool, key_ring)
    assert sorted([*later, ("resealed", place, place)], key=lambda one: one[1:]) == named
    # From the checkpoint of the reseal on, all is whole.
    assert [] == await found(pool, key_ring, since=resealed.checkpoint)


async def test_an_older_end_that_was_put_back(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """Lines behind a genuine end are kept, and nothing says any more that they are proven."""
    await pool.execute("CREATE TABLE kept AS SELECT * FROM audit_head")
    await write_lines(pool, key_ring, clock, 3)
    await tamper(pool, "UPDATE audit_head h SET (position, digest, mac) = (SELECT position, digest, mac FROM kept)")
    resealed = await reseal(pool, key_ring, clock)

    assert ("audit_beyond_head", 13) == (resealed.fault, resealed.checkpoint.head.position)
    report = await verify_stored(PostgresAudit(pool), key_ring=key_ring, verifier=None)
    [finding] = report.findings
    assert ("resealed", 13) == (finding.kind, finding.first)
    assert "between 5 and here" in finding.detail
    assert (13, 13) == (report.lines_count, report.last)


async def test_what_was_found_is_written_down(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """The first line says who, why, after what, and what a verification had found."""
    await tamper(pool, FORGED, "DELETE FROM audit_lines WHERE position = 3")
    await reseal(pool, key_ring, clock)

    row = await pool.fetchrow("SELECT * FROM audit_lines WHERE position = 10")
    assert ("audit.resealed", "op-1", "the disk was restored", "audit_head_forged", "resealed") == (
        *(row["action"], row["officer"], row["purpose"], row["upstream_code"], row["outcome"]),
    )
    assert ["missing.3-3", "head_forged.9-9"] == row["fields_released"]


async def test_checkpoints_from_elsewhere_keep_their_places(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None
) -> None:
    """What the log knows and the database lost is not overwritten by new lines at the same places."""
    outside = await checkpointer(pool, key_ring, clock).make()
    assert outside is not None
    await tamper(
        pool, GONE, "DELETE FROM audit_lines WHERE position > 6", "DELETE FROM audit_checkpoints WHERE position > 5"
    )
    resealed = await reseal(pool, key_ring, clock, outside)

    assert 10 == resealed.checkpoint.head.position
    assert [("cut_tail", 7, 9), ("resealed", 10, 10)] == await found(pool, key_ring, anchors=[outside])


@pytest.mark.parametrize(
    ("done", "named"),
    [
        ("position IN (8, 9)", [("missing", 8, 9)]),
        ("position = 9", [("missing", 9, 9)]),
        ("position BETWEEN 4 AND 9", [("cut_tail", 4, 5), ("missing", 6, 9)]),
        ("position < 10", [("cut_tail", 1, 5), ("missing", 6, 9)]),
    ],
)
async def test_lines_before_a_new_stretch_are_not_taken_away_later(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None, done: str, named: list[tuple[str, int, int]]
) -> None:
    """Nobody hides behind a break that was named before: the stretch begins where the lines had ended."""
    await tamper(pool, FORGED)
    await reseal(pool, key_ring, clock)
    assert [("resealed", 10, 10)] == await found(pool, key_ring)
    await tamper(pool, f"DELETE FROM audit_lines WHERE {done}")

    assert [*named, ("resealed", 10, 10)] == await found(pool, key_ring)


@pytest.mark.parametrize(
    ("done", "named"),
    [
        ("UPDATE audit_lines SET purpose = 'x' WHERE position = 10", ("changed", 10, 10)),
        ("DELETE FROM audit_lines WHERE position = 10", ("missing", 10, 10)),
        ("UPDATE audit_lines SET purpose = 'x' WHERE position = 11", ("changed", 11, 11)),
        ("DELETE FROM audit_lines WHERE position > 11", ("cut_tail", 12, 13)),
    ],
)
async def test_a_new_stretch_is_watched_like_the_old(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None, done: str, named: tuple[str, int, int]
) -> None:
    """The line that begins it, too."""
    await tamper(pool, FORGED)
    await reseal(pool, key_ring, clock)
    await write_lines(pool, key_ring, clock, 3)
    await tamper(pool, done)

    assert named in await found(pool, key_ring)


async def test_nobody_else_begins_a_stretch(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """A line that says so, made by somebody who knows the format and not the key ring, is no excuse for a break."""
    await tamper(pool, FORGED, "DELETE FROM audit_lines WHERE position > 6")
    other = make_key_ring("another")
    await resealer(pool, other, clock).reseal(DECISION)
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        with pytest.raises(AuditBroken):
            await auditor.note(LOOK, FOUND)

    kinds = {kind for kind, *_ in await found(pool, key_ring)}
    assert {"head_forged", "checkpoint_forged"} <= kinds
    assert "resealed" not in kinds


async def test_a_sound_end_is_left_alone(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """There is nothing to go on from; neither is there where nothing was ever written."""
    before = await PostgresAudit(pool).end()
    with pytest.raises(InvalidInput, match="nothing is resealed"):
        await reseal(pool, key_ring, clock)

    assert before == await PostgresAudit(pool).end()


async def test_a_reason_is_kept_as_it_may_be(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """A citizen's number is not written down as a reason; nothing was changed then."""
    await tamper(pool, FORGED)
    with pytest.raises(InvalidInput):
        await resealer(pool, key_ring, clock).reseal(replace(DECISION, because="asked by 999199000001"))

    assert 9 == (await PostgresAudit(pool).end()).last_position
    await reseal(pool, key_ring, clock)


async def test_breaking_twice(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """Every break is named, and every going on."""
    for _ in range(2):
        await tamper(pool, FORGED)
        await reseal(pool, key_ring, clock)
        await write_lines(pool, key_ring, clock, 2)

    assert [("resealed", 10, 10), ("resealed", 13, 13)] == await found(pool, key_ring)
