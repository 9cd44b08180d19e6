"""Finding and erasing what is held about a person, by digests; and the blind index of dossiers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.model.status import FINAL_STATUSES
from gateway.ports.subjects import (
    HeldDossier,
    HeldMessage,
    HeldRevision,
    Holdings,
    PartyRole,
    Row,
    SubjectDigests,
    Unindexed,
)
from gateway.store.acceptance import append_events
from gateway.store.columns import columns
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

_SEALED = ("wrapped_key", "sealed")


class PostgresSubjects:
    """Implements SubjectStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("subjects")

    async def find(self, digests: SubjectDigests) -> Holdings:
        sql = self._sql
        async with connection(self._pool) as borrowed, borrowed.transaction(isolation="repeatable_read", readonly=True):

            async def rows(query: Any, **values: Any) -> list[Row]:
                return [_row(found) async for found in query(borrowed, **values)]

            evidence = await rows(sql.evidence, digests=digests.party)
            return Holdings(
                dossiers=[_dossier(row) async for row in sql.dossiers(borrowed, digests=digests.party)],
                sign_ins=await rows(sql.sign_ins, digests=digests.party),
                evidence=evidence,
                accounts=await rows(sql.accounts, digests=digests.account),
                links=await rows(
                    sql.links,
                    accounts=digests.account,
                    evidence_ids=[row.values["evidence_id"] for row in evidence],
                ),
                consents=await rows(sql.consents, digests=digests.consent),
                technical_ids=await rows(sql.technical_ids, digests=digests.party),
                audit=await rows(sql.audit, digests=digests.party),
                unindexed_count=await sql.unindexed_count(borrowed),
            )

    async def revisions(self, dossier_id: int) -> Sequence[HeldRevision]:
        async with connection(self._pool) as borrowed:
            return [HeldRevision(**dict(row)) async for row in self._sql.revisions(borrowed, dossier_id=dossier_id)]

    async def messages(self, code: str) -> Sequence[HeldMessage]:
        async with connection(self._pool) as borrowed:
            return [HeldMessage(**dict(row)) async for row in self._sql.messages(borrowed, code=code)]

    async def erase_dossier(self, dossier_id: int, party_digests: Sequence[bytes], now: datetime) -> bool:
        sql = self._sql
        async with transaction(self._pool) as borrowed:
            final = [status.value for status in FINAL_STATUSES]
            code = await sql.lock_ended(borrowed, dossier_id=dossier_id, final=final)
            if code is None or await sql.owes_anything(borrowed, dossier_id=dossier_id):
                return False
            await sql.shred_dossier(borrowed, dossier_id=dossier_id, now=now)
            await sql.shred_revisions(borrowed, dossier_id=dossier_id)
            await sql.shred_messages(borrowed, code=code)
            await sql.shred_payment_messages(borrowed, code=code)
            await sql.shred_payments(borrowed, code=code)
            await queries("payment_vouchers").shred_vouchers(borrowed, code=code)
            await queries("payment_bills").shred_bills(borrowed, code=code)
            await sql.shred_findings(borrowed, dossier_id=dossier_id, code=code)
            await sql.forget_parties(borrowed, digests=list(party_digests), dossier_id=dossier_id)
            agency = await borrowed.fetchval(
                "SELECT handling_agency_code FROM dossiers WHERE dossier_id = $1", dossier_id
            )
            await append_events(borrowed, [("dossier.erased", code, agency, dossier_id, None, "{}")], [], now)
        return True

    async def erase_person(
        self, digests: SubjectDigests, evidence_ids: Sequence[UUID], now: datetime
    ) -> dict[str, int]:
        sql = self._sql
        async with transaction(self._pool) as borrowed:
            return {
                "sign_ins": await sql.end_sign_ins(borrowed, evidence_ids=list(evidence_ids), now=now),
                "share_consents": await sql.shred_consents(borrowed, digests=digests.consent),
                "technical_ids": await sql.delete_technical_ids(borrowed, digests=digests.party),
            }

    async def unindexed(self, limit: int, *, after: int | None = None) -> Sequence[Unindexed]:
        async with connection(self._pool) as borrowed:
            found = [row async for row in self._sql.unindexed(borrowed, after=after, wanted=limit)]
            documents: dict[int, list[HeldRevision]] = {row["dossier_id"]: [] for row in found}
            async for row in self._sql.documents(borrowed, dossier_ids=list(documents)):
                documents[row["dossier_id"]].append(HeldRevision(**dict(row)))
        return [
            Unindexed(
                dossier_id=row["dossier_id"], wrapped_key=row["wrapped_key"], revisions=documents[row["dossier_id"]]
            )
            for row in found
        ]

    async def index(self, lines: Sequence[tuple[bytes, int, int]], through: int) -> None:
        async with transaction(self._pool) as borrowed:
            if lines:
                await self._sql.add_parties(borrowed, **columns("d", lines, 3))
            await self._sql.note_indexed(borrowed, through=through)

    async def ended_dossiers(self, before: datetime, limit: int) -> Sequence[HeldDossier]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.ended_dossiers(borrowed, before=before, wanted=limit)
            return [_dossier(row) async for row in rows]


def _row(found: Any) -> Row:
    values = dict(found)
    return Row(
        {name: value for name, value in values.items() if name not in _SEALED},
        values.get("wrapped_key"),
        values.get("sealed"),
    )


def _dossier(found: Any) -> HeldDossier:
    values = dict(found)
    roles = tuple(PartyRole(role) for role in sorted(values.pop("roles")))
    return HeldDossier(roles=roles, **values)
