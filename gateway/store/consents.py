"""Share consents in PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from gateway.model.consent import ConsentCode, ConsentState, ConsentTransaction, DataState
from gateway.ports.consents import CodeTaken, KeptNotice, StoredConsent
from gateway.store.acceptance import append_events
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries

_CODE_INDEXES = ("share_consents_by_code", "share_consents_by_txn")


class PostgresConsents:
    """Implements ConsentStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("consents")

    async def add(self, consent: StoredConsent) -> UUID:
        record = consent.transaction
        async with connection(self._pool) as borrowed:
            kept: UUID = await self._sql.add_consent(
                borrowed,
                transaction_id=record.transaction_id,
                client_id=record.client_id,
                hub=consent.hub,
                agreement_id=consent.agreement_id,
                purpose=consent.purpose,
                agency_code=consent.agency_code,
                dossier_code=consent.dossier_code,
                evidence_id=consent.evidence_id,
                return_to=consent.return_to,
                return_state=consent.return_state,
                state=record.state.value,
                data=record.data.value,
                subject_digest=record.subject_digest,
                session_digest=record.session_digest,
                created_at=record.created_at,
                deadline_at=record.deadline_at,
                next_at=consent.next_at,
                wrapped_key=consent.wrapped_key,
                sealed=consent.sealed,
                wish_digest=consent.wish_digest,
            )
        return kept

    async def find(self, transaction_id: UUID) -> StoredConsent | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_consent(borrowed, transaction_id=transaction_id)
        return None if row is None else _stored(row)

    async def find_by_txn(self, hub: str, txn_digest: bytes) -> tuple[UUID, str, str] | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_by_txn(borrowed, hub=hub, txn_digest=txn_digest)
        return None if row is None else (row["transaction_id"], row["return_to"], row["return_state"])

    @asynccontextmanager
    async def changing(self, transaction_id: UUID) -> AsyncIterator["_Change | None"]:
        async with transaction(self._pool) as borrowed:
            row = await self._sql.lock_consent(borrowed, transaction_id=transaction_id)
            yield None if row is None else _Change(borrowed, _stored(row))

    @asynccontextmanager
    async def changing_by_code(self, hub: str, code_digest: bytes) -> AsyncIterator["_Change | None"]:
        async with transaction(self._pool) as borrowed:
            row = await self._sql.lock_by_code(borrowed, hub=hub, code_digest=code_digest)
            yield None if row is None else _Change(borrowed, _stored(row))

    async def claim_due(
        self, now: datetime, until: datetime, limit: int, *, hubs: Sequence[str], is_of_them: bool
    ) -> Sequence[UUID]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.claim_due(
                borrowed, now=now, until=until, wanted=limit, hubs=list(hubs), is_of_them=is_of_them
            )
            return [row["transaction_id"] async for row in rows]

    async def keep_notice(self, hub: str, code_digest: bytes, now: datetime, wrapped_key: bytes, sealed: bytes) -> bool:
        async with transaction(self._pool) as borrowed:
            # Without it, one that is just learning the code would not see what is kept here, nor be seen.
            await self._sql.lock_code(borrowed, lock_class=Lock.CONSENT_CODES, code_digest=code_digest)
            is_kept = await self._sql.keep_notice(
                borrowed, hub=hub, code_digest=code_digest, now=now, wrapped_key=wrapped_key, sealed=sealed
            )
        return bool(is_kept)

    async def forget_notices(self, before: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.forget_notices(borrowed, before=before)

    async def agencies_of(self, dossier_code: str) -> tuple[str, str] | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.agency_of_dossier(borrowed, code=dossier_code)
        return None if row is None else (row["receiving_agency_code"], row["handling_agency_code"])


class _Change:
    def __init__(self, borrowed: Connection, stored: StoredConsent) -> None:
        self.stored = stored
        self._connection = borrowed
        self._sql = queries("consents")

    async def save(self, changed: StoredConsent) -> None:
        record = changed.transaction
        try:
            await self._sql.save_consent(
                self._connection,
                transaction_id=record.transaction_id,
                state=record.state.value,
                data=record.data.value,
                code=None if record.code is None else record.code.value,
                code_digest=changed.code_digest,
                txn_digest=changed.txn_digest,
                event_ids=list(record.event_ids),
                decided_at=record.decided_at,
                data_due_at=record.data_due_at,
                work_at=changed.work_at,
                next_at=changed.next_at,
                failures_count=changed.failures_count,
                wrapped_key=changed.wrapped_key,
                sealed=changed.sealed,
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name not in _CODE_INDEXES:
                raise
            raise CodeTaken from error
        self.stored = changed

    async def tell(self, event_type: str, data: str, now: datetime) -> None:
        subject, agency_code = str(self.stored.transaction.transaction_id), self.stored.agency_code
        await append_events(self._connection, [(event_type, subject, agency_code, None, None, data)], [], now)

    async def take_notices(self, code_digest: bytes) -> Sequence[KeptNotice]:
        await self._sql.lock_code(self._connection, lock_class=Lock.CONSENT_CODES, code_digest=code_digest)
        rows = self._sql.take_notices(self._connection, hub=self.stored.hub, code_digest=code_digest)
        notices = [KeptNotice(row["notice_id"], row["wrapped_key"], row["sealed"]) async for row in rows]
        return sorted(notices, key=lambda notice: notice.notice_id)


def _stored(row: Any) -> StoredConsent:
    return StoredConsent(
        transaction=ConsentTransaction(
            transaction_id=row["transaction_id"],
            client_id=row["client_id"],
            subject_digest=row["subject_digest"],
            session_digest=row["session_digest"],
            created_at=row["created_at"],
            deadline_at=row["deadline_at"],
            state=ConsentState(row["state"]),
            data=DataState(row["data"]),
            code=None if row["code"] is None else ConsentCode(row["code"]),
            decided_at=row["decided_at"],
            data_due_at=row["data_due_at"],
            event_ids=tuple(row["event_ids"]),
        ),
        **{
            name: row[name]
            for name in (
                *("hub", "agreement_id", "purpose", "agency_code", "dossier_code", "evidence_id", "return_to"),
                *("return_state", "wish_digest", "code_digest", "txn_digest", "work_at", "next_at", "failures_count"),
                *("wrapped_key", "sealed"),
            )
        },
    )
