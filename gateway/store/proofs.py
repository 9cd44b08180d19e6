"""Evidence of sign-ins and technical ids in PostgreSQL, as dossiers need them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from gateway.model.identity import SignInProof
from gateway.ports.proofs import KeptTechnicalId
from gateway.store.pool import Pool, connection
from gateway.store.queries import queries

_SIGNED_IN = "signed_in"


class PostgresProofs:
    """Implements ProofStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("sign_ins")

    async def find_proofs(self, evidence_ids: Sequence[UUID]) -> dict[UUID, SignInProof]:
        async with connection(self._pool) as borrowed:
            rows = [row async for row in self._sql.find_proofs(borrowed, evidence_ids=list(evidence_ids))]
        return {
            row["evidence_id"]: SignInProof(
                evidence_id=row["evidence_id"],
                is_signed_in=row["outcome"] == _SIGNED_IN,
                is_vneid=row["is_vneid"],
                number_digests=frozenset(row["number_digests"]),
                occurred_at=row["occurred_at"],
            )
            for row in rows
        }

    async def known_technical_ids(self, number_digests: Sequence[bytes]) -> dict[bytes, KeptTechnicalId]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.known_technical_ids(borrowed, number_digests=list(number_digests))
            return {row["number_digest"]: KeptTechnicalId(**row) async for row in rows}

    async def due_technical_ids(self, now: datetime, limit: int) -> Sequence[KeptTechnicalId]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.due_technical_ids(borrowed, now=now, wanted=limit)
            return [KeptTechnicalId(**row) async for row in rows]

    async def settle_technical_id(
        self, kept: KeptTechnicalId, *, is_known: bool, now: datetime, due_at: datetime | None
    ) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.settle_technical_id(
                borrowed,
                number_digest=kept.number_digest,
                wrapped_key=kept.wrapped_key,
                sealed=kept.sealed,
                is_known=is_known,
                now=now,
                due_at=due_at,
            )
