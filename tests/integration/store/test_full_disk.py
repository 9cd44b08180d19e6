"""A database that cannot write: nothing half-stored, everybody told, and it goes on by itself afterwards."""

from typing import Any

import pytest

from gateway.clocks import SystemClock
from gateway.engine.acceptor import accept_batch
from gateway.errors import StoreUnavailable
from gateway.ports.basics import KeyRing
from gateway.store.acceptance import PostgresAcceptance
from tests.support.changes import replacement

CLOCK = SystemClock()

# The server's own errors, raised where the write happens: no space left, read-only standby, too many connections.
_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@pytest.mark.parametrize(
    "table", ["dossiers", "dossier_revisions", "deliveries", "lanes", "idempotency_records", "events"]
)
@pytest.mark.parametrize("code", ["53100", "25006", "57P01"])
async def test_a_refused_write_stores_nothing(pool: Any, key_ring: KeyRing, table: str, code: str) -> None:
    """Wherever the database stops writing, the whole batch is refused with StoreUnavailable and leaves no trace."""
    await pool.execute(_REFUSE.format(table=table, code=code))
    changes = [replacement("H99.01-1", key="k1"), replacement("H99.01-2", key="k2")]
    store = PostgresAcceptance(pool)
    with pytest.raises(StoreUnavailable):
        await accept_batch(store, changes, systems=["portal"], key_ring=key_ring, clock=CLOCK)

    for name in (
        "dossiers",
        "dossier_revisions",
        "deliveries",
        "lanes",
        "idempotency_records",
        "events",
        "delivery_ledger",
    ):
        assert 0 == await pool.fetchval(f"SELECT count(*) FROM {name}")
    await pool.execute(f"DROP TRIGGER refuse ON {table}")
    receipts = await accept_batch(store, changes, systems=["portal"], key_ring=key_ring, clock=CLOCK)
    assert [1, 1] == [receipt.revision for receipt in receipts]
