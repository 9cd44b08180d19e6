"""Whatever is done to the record by somebody who rules the database is found and named."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.errors import IntegrityFailed
from gateway.store.audit import PostgresAudit
from gateway.vault.assertions import Es256Signer
from gateway.vault.checkpoints import Es256CheckpointSigner, Es256CheckpointVerifier
from gateway.vault.keyring import FileKeyRing
from tests.support.audit import FOUND, LOOK, checkpointer, found, running_auditor, tamper, write_lines
from tests.support.clocks import StillClock
from tests.support.keys import make_key_ring

CHANGES = {
    "format": "2",
    "line_id": "gen_random_uuid()",
    "at": "at + interval '1 microsecond'",
    "action": "'citizen.verify'",
    "stage": "'asked'",
    "correlation_id": "gen_random_uuid()",
    "client_id": "'other'",
    "officer": "'H99.01.008'",
    "agency_code": "''",
    "procedure_code": "'1.999002'",
    "dossier_code": "'H99.01-260105-00018'",
    "purpose": "'other'",
    "legal_basis": "''",
    "consent_ref": "'C-18'",
    "subject_digest": "NULL",
    "fields_requested": "'{HoVaTen,NgaySinh,DanToc}'",
    "fields_released": "'{}'",
    "outcome": "'not_found'",
    "upstream_code": "'1'",
    "request_id": "'M-2'",
    "edge": "''",
    "latency_ms": "7",
    "client_address": "'127.0.0.2'",
    "gateway_version": "'0.0.1'",
    "digest": "sha256('x')",
}


@pytest.fixture
async def lines(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Write nine lines."""
    await write_lines(pool, key_ring, clock, 9)


async def test_a_chain_that_nobody_touched_is_whole(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """Nothing is found where nothing was done."""
    assert [] == await found(pool, key_ring)


async def test_a_chain_that_was_never_begun_is_whole(pool: Any, key_ring: FileKeyRing) -> None:
    """No lines and no end: nothing was ever written."""
    assert [] == await found(pool, key_ring)


async def test_every_column_is_covered(pool: Any) -> None:
    """The table of changes below names every column but the position."""
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_lines'"
        )
    assert {row["column_name"] for row in rows} == {*CHANGES, "position"}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("place", [1, 5, 9])
async def test_a_changed_column(pool: Any, key_ring: FileKeyRing, lines: None, column: str, place: int) -> None:
    """A line with another value is named, whichever column it is, and no other line."""
    await tamper(pool, f"UPDATE audit_lines SET {column} = {CHANGES[column]} WHERE position = {place}")

    assert [("changed", place, place)] == await found(pool, key_ring)


async def test_a_changed_position(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """A line that was moved is missing from its place, and where it stands it is behind the end."""
    await tamper(pool, "UPDATE audit_lines SET position = 50 WHERE position = 5")

    kinds = await found(pool, key_ring)
    assert ("reordered", 5, 5) in kinds
    assert ("beyond_head", 10, 50) in kinds


@pytest.mark.parametrize(("place", "expected"), [(1, ("missing", 1, 1)), (5, ("missing", 5, 5))])
async def test_a_deleted_line(
    pool: Any, key_ring: FileKeyRing, lines: None, place: int, expected: tuple[str, int, int]
) -> None:
    """A line that is gone leaves its place empty."""
    await tamper(pool, f"DELETE FROM audit_lines WHERE position = {place}")

    assert [expected] == await found(pool, key_ring)


async def test_a_deleted_last_line(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """The head knows that there were more, before any checkpoint was made."""
    await tamper(pool, "DELETE FROM audit_lines WHERE position >= 8")

    assert [("cut_tail", 8, 9)] == await found(pool, key_ring)


async def test_all_lines_deleted(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """The head still knows of them."""
    await tamper(pool, "DELETE FROM audit_lines")

    assert [("cut_tail", 1, 9)] == await found(pool, key_ring)


async def test_deleted_lines_with_the_rest_renumbered(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """Closing the gap does not hide it."""
    await tamper(
        pool,
        "DELETE FROM audit_lines WHERE position IN (4, 5)",
        "UPDATE audit_lines SET position = position + 1000 WHERE position > 5",
        "UPDATE audit_lines SET position = position - 1002 WHERE position > 1000",
    )

    assert [("missing", 4, 5)] == await found(pool, key_ring)


@pytest.mark.parametrize(("one", "other"), [(3, 7), (4, 5), (1, 9), (8, 9)])
async def test_two_lines_exchanged(pool: Any, key_ring: FileKeyRing, lines: None, one: int, other: int) -> None:
    """Both places are named, near each other or far apart, and no neighbour."""
    await tamper(
        pool,
        f"UPDATE audit_lines SET position = 1000 WHERE position = {one}",
        f"UPDATE audit_lines SET position = {one} WHERE position = {other}",
        f"UPDATE audit_lines SET position = {other} WHERE position = 1000",
    )

    assert [("reordered", one, one), ("reordered", other, other)] == await found(pool, key_ring)


async def test_a_line_put_in(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """Making room for a line moves all that follow: that is seen, and the stranger is named."""
    await tamper(
        pool,
        "UPDATE audit_lines SET position = position + 1000 WHERE position > 5",
        "UPDATE audit_lines SET position = position - 999 WHERE position > 1000",
        "CREATE TEMP TABLE made AS SELECT * FROM audit_lines WHERE position = 5",
        "UPDATE made SET position = 6, line_id = gen_random_uuid(), digest = sha256('made')",
        "INSERT INTO audit_lines SELECT * FROM made",
    )

    assert [("inserted", 6, 6)] == await found(pool, key_ring)


async def test_a_line_put_in_at_the_end(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """It stands behind the head; and nothing is appended over it."""
    await tamper(
        pool,
        "CREATE TEMP TABLE made AS SELECT * FROM audit_lines WHERE position = 9",
        "UPDATE made SET position = 10",
        "INSERT INTO audit_lines SELECT * FROM made",
    )

    assert ("beyond_head", 10, 10) in await found(pool, key_ring)
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        with pytest.raises(IntegrityFailed):
            await auditor.note(LOOK, FOUND)


async def test_an_older_head_put_back(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """A genuine head of yesterday does not fit the lines of today."""
    async with pool.acquire() as connection:
        await connection.execute("CREATE TABLE kept_head AS SELECT * FROM audit_head")
    await write_lines(pool, key_ring, clock, 3)
    await tamper(pool, "UPDATE audit_head SET position = k.position, digest = k.digest, mac = k.mac FROM kept_head k")

    assert [("beyond_head", 10, 12)] == await found(pool, key_ring)


async def test_an_older_head_put_back_and_the_lines_cut(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None
) -> None:
    """A state of yesterday as a whole is found by a checkpoint: one that stayed, or one that is kept elsewhere."""
    async with pool.acquire() as connection:
        await connection.execute("CREATE TABLE kept_head AS SELECT * FROM audit_head")
    await write_lines(pool, key_ring, clock, 3)
    anchor = await checkpointer(pool, key_ring, clock).make()
    assert anchor is not None
    await tamper(
        pool,
        "DELETE FROM audit_lines WHERE position > 9",
        "UPDATE audit_head SET position = k.position, digest = k.digest, mac = k.mac FROM kept_head k",
    )

    assert [("cut_tail", 10, 12)] == await found(pool, key_ring)

    await tamper(pool, "DELETE FROM audit_checkpoints")

    assert [] == await found(pool, key_ring)
    assert [("cut_tail", 10, 12)] == await found(pool, key_ring, anchors=[anchor])
    assert ("rewritten", 12, 12) in await found(pool, key_ring, since=anchor)


async def test_a_forged_head(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """Without the key ring nobody can write an end; a process refuses to go on behind one."""
    await tamper(
        pool,
        "DELETE FROM audit_lines WHERE position = 9",
        "UPDATE audit_head SET position = 8, digest = (SELECT digest FROM audit_lines WHERE position = 8)",
    )

    assert [("head_forged", 8, 8)] == await found(pool, key_ring)
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        with pytest.raises(IntegrityFailed):
            await auditor.note(LOOK, FOUND)


async def test_a_removed_head(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """Lines without an end are found, and no second chain is begun beside them."""
    await tamper(pool, "DELETE FROM audit_head")

    assert [("head_missing", 1, 9)] == await found(pool, key_ring)
    async with running_auditor(PostgresAudit(pool), key_ring, clock) as auditor:
        with pytest.raises(IntegrityFailed):
            await auditor.note(LOOK, FOUND)


async def test_another_key_ring(pool: Any, lines: None) -> None:
    """What one installation wrote does not verify by the keys of another."""
    assert [("head_forged", 9, 9)] == await found(pool, make_key_ring("another"))


async def test_everything_removed_and_begun_anew(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None
) -> None:
    """A chain that was begun anew is not the chain that a kept checkpoint knows."""
    anchor = await checkpointer(pool, key_ring, clock).make()
    assert anchor is not None
    await tamper(pool, *(f"DELETE FROM audit_{table}" for table in ("lines", "head", "checkpoints")))
    await write_lines(pool, key_ring, clock, 12)

    assert [] == await found(pool, key_ring)
    assert ("other_chain", 0, 12) in await found(pool, key_ring, anchors=[anchor])


async def test_digests_made_anew(pool: Any, key_ring: FileKeyRing, clock: StillClock) -> None:
    """Whoever changes a line and makes all digests anew is found by the head and by the checkpoints between them."""
    await write_lines(pool, key_ring, clock, 3)
    await checkpointer(pool, key_ring, clock).make()
    await write_lines(pool, key_ring, clock, 6)
    await rewrite_from(pool, 5)

    assert [("rewritten", 4, 9)] == await found(pool, key_ring)


async def rewrite_from(pool: Any, place: int) -> None:
    """Change a line, and make every digest from there on anew, as somebody could who knows the format."""
    from dataclasses import replace

    from gateway.sync.audit import encode_line, link

    store = PostgresAudit(pool)
    [page] = [page async for page in store.chain(0)]
    before = page[place - 2].digest
    statements = [f"UPDATE audit_lines SET officer = 'nobody' WHERE position = {place}"]
    for line in page[place - 1 :]:
        content = replace(line.line, officer="nobody") if line.position == place else line.line
        before = link(before, line.position, encode_line(content))
        statements.append(f"UPDATE audit_lines SET digest = '\\x{before.hex()}' WHERE position = {line.position}")
    await tamper(pool, *statements)


def make_signer() -> Es256CheckpointSigner:
    """Give a signer with a fresh key."""
    return Es256CheckpointSigner(Es256Signer([ec.generate_private_key(ec.SECP256R1())]))


async def test_forged_checkpoints(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """A checkpoint by another key ring, by another signing key, or with another place in it is found."""
    signer = make_signer()
    verifier = Es256CheckpointVerifier(signer.public_keys())
    await checkpointer(pool, key_ring, clock, signer=signer).make()
    assert [] == await found(pool, key_ring, verifier=verifier)

    await tamper(pool, "UPDATE audit_checkpoints SET digest = sha256('x')")
    assert [("checkpoint_forged", 9, 9)] == await found(pool, key_ring, verifier=verifier)

    await tamper(pool, "DELETE FROM audit_checkpoints")
    forged = await _by(make_key_ring("another"), clock, signer, pool)
    await PostgresAudit(pool).add_checkpoint(forged)
    assert [("checkpoint_forged", 9, 9)] == await found(pool, key_ring, verifier=verifier)


@pytest.mark.parametrize(
    "change", ["kind = 'x'", "at = 'infinity'", "mac = sha256('x')", "chain_id = gen_random_uuid()"]
)
async def test_a_changed_checkpoint(
    pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None, change: str
) -> None:
    """Whatever is changed in a checkpoint, it is one that the gateway did not make."""
    await checkpointer(pool, key_ring, clock).make()
    await tamper(pool, f"UPDATE audit_checkpoints SET {change}")

    assert [("checkpoint_forged", 9, 9)] == await found(pool, key_ring)


async def _by(key_ring: FileKeyRing, clock: StillClock, signer: Es256CheckpointSigner, pool: Any) -> Any:
    from gateway.model.audit import Checkpoint, CheckpointKind
    from gateway.sync.audit import checkpoint_claims, seal_checkpoint

    stored = await PostgresAudit(pool).head()
    assert stored is not None
    return Checkpoint(
        head=stored.head,
        at=clock.now(),
        kind=CheckpointKind.ES256,
        key_id=signer.key_id,
        signature=signer.sign_checkpoint(checkpoint_claims(stored.head, clock.now())),
        mac=seal_checkpoint(stored.head, clock.now(), key_ring.digest),
    )


async def test_a_signature_by_another_key(pool: Any, key_ring: FileKeyRing, clock: StillClock, lines: None) -> None:
    """A signature that is not by the key that it names does not hold, whatever the seal says."""
    mine, other = make_signer(), make_signer()
    await checkpointer(pool, key_ring, clock, signer=mine).make()
    stored = (await PostgresAudit(pool).checkpoints(0))[0]
    from gateway.sync.audit import checkpoint_claims

    forged = other.sign_checkpoint(checkpoint_claims(stored.head, stored.at))
    await tamper(pool, f"UPDATE audit_checkpoints SET signature = '{forged}'")

    verifier = Es256CheckpointVerifier(mine.public_keys())
    assert [("checkpoint_forged", 9, 9)] == await found(pool, key_ring, verifier=verifier)


async def test_the_fence(pool: Any, key_ring: FileKeyRing, lines: None) -> None:
    """By mistake nobody changes, deletes or empties anything."""
    import asyncpg

    async with pool.acquire() as connection:
        for statement in (
            "UPDATE audit_lines SET officer = 'x'",
            "DELETE FROM audit_lines",
            "TRUNCATE audit_lines",
            "DELETE FROM audit_head",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)
