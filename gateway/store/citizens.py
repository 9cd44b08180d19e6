"""Questions about citizens in PostgreSQL."""

from datetime import datetime, timedelta

from gateway.ports.citizens import KeptReply, Usage
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

_BUCKET = timedelta(minutes=5)


class PostgresCitizens:
    """Implements CitizenStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("citizens")

    async def count(self, client_id: str, officer: str, now: datetime, *, short: datetime, long: datetime) -> Usage:
        seconds = now.timestamp() // _BUCKET.total_seconds() * _BUCKET.total_seconds()
        async with connection(self._pool) as borrowed:
            row = await self._sql.count_question(
                borrowed,
                client_id=client_id,
                officer=officer,
                bucket=datetime.fromtimestamp(seconds, now.tzinfo),
                short=short,
                long=long,
            )
        return Usage(by_officer=row["by_officer"], by_officer_long=row["by_officer_long"], by_client=row["by_client"])

    async def agencies_of(self, dossier_code: str) -> tuple[str, ...] | None:
        async with connection(self._pool) as borrowed:
            row = await queries("consents").agency_of_dossier(borrowed, code=dossier_code)
        return None if row is None else tuple(row.values())

    async def find_reply(self, key_digest: bytes, now: datetime) -> KeptReply | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_citizen_reply(borrowed, key_digest=key_digest, now=now)
        return None if row is None else KeptReply(**dict(row))

    async def keep_reply(self, reply: KeptReply) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.keep_citizen_reply(
                borrowed,
                key_digest=reply.key_digest,
                correlation_id=reply.correlation_id,
                wrapped_key=reply.wrapped_key,
                sealed=reply.sealed,
                expires_at=reply.expires_at,
            )

    async def sweep(self, *, replies_before: datetime, usage_before: datetime) -> None:
        async with transaction(self._pool) as borrowed:
            await self._sql.sweep_citizen_replies(borrowed, replies_before=replies_before)
            await self._sql.sweep_citizen_usage(borrowed, usage_before=usage_before)
