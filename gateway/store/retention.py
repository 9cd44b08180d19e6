"""Destroying the keys of what has been kept long enough, a page at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from gateway.ports.retention import RecordKind
from gateway.store.locks import Lock
from gateway.store.pool import Pool, session_lock, transaction
from gateway.store.queries import queries


class PostgresRetention:
    """Implements RetentionStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        async with session_lock(self._pool, Lock.KEYS, "retention") as is_mine:
            yield is_mine

    async def shred(self, kind: RecordKind, before: datetime, limit: int) -> int:
        sql = queries("retention")
        query = {
            RecordKind.STATEMENTS: sql.shred_statements,
            RecordKind.FINDINGS: sql.shred_findings,
            RecordKind.MESSAGES: sql.shred_messages,
            RecordKind.PAYMENT_MESSAGES: sql.purge_payment_messages,
            RecordKind.MONITORING_PULLS: sql.purge_monitoring_pulls,
            RecordKind.ACCOUNT_STATEMENTS: sql.purge_account_statements,
        }[kind]
        async with transaction(self._pool) as borrowed:
            count: int = await query(borrowed, before=before, wanted=limit)
        return count
