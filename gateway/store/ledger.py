"""The nothing-lost equation, counted from two sides: the ledger of what was promised, the rows as they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.equation import Balance


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One system's queue at one instant. `oldest_at` is the acceptance of the oldest open delivery, by state."""

    balance: Balance
    oldest_at: dict[str, datetime]


async def queue_facts(pool: Pool) -> dict[str, QueueFacts]:
    """Count both sides in one snapshot. Costs as much as there are open deliveries, not as there is history."""
    async with connection(pool) as borrowed, borrowed.transaction(isolation="repeatable_read", readonly=True):
        ledger = [row async for row in queries("outbox").ledger_facts(borrowed)]
        open_rows = [row async for row in queries("outbox").queue_facts(borrowed)]
    counts: dict[str, dict[str, int]] = {}
    oldest: dict[str, dict[str, datetime]] = {}
    for row in open_rows:
        counts.setdefault(row["system"], {})[row["state"]] = row["deliveries_count"]
        oldest.setdefault(row["system"], {})[row["state"]] = row["oldest_at"]
    facts = {}
    for row in ledger:
        system = row["system"]
        balance = Balance(
            accepted=row["accepted"], delivered=row["delivered"], skipped=row["skipped"], **counts.get(system, {})
        )
        facts[system] = QueueFacts(balance, oldest.get(system, {}))
    return facts


async def compact_ledger(pool: Pool) -> None:
    """Fold the ledger's lines; the sums stay."""
    async with transaction(pool) as borrowed:
        await queries("outbox").compact_ledger(borrowed)


async def forget_old_records(pool: Pool, kept: timedelta) -> None:
    """Drop idempotency records older than `kept` by the database's clock; their keys may be used anew."""
    async with connection(pool) as borrowed:
        await queries("outbox").forget_old_records(borrowed, days=kept.total_seconds() / 86_400)
