"""Daily files and their comparisons in PostgreSQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.model.settlement import DayMatch
from gateway.model.vocabulary import VIETNAM
from gateway.store.locks import Lock
from gateway.store.payment_rows import with_attempts
from gateway.store.pool import Pool, connection, session_lock
from gateway.store.queries import queries
from gateway.sync.payment_records import RefundView
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.settlement_storing import (
    FindingDecision,
    OpenDays,
    StoredCorrection,
    StoredDay,
    StoredFile,
    StoredStatement,
)

_matches = msgspec.json.Decoder(DayMatch)
_refunds = msgspec.json.Decoder(RefundView)
_encode = msgspec.json.Encoder(order="deterministic").encode


class PostgresSettlements:
    """Implements SettlementStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("settlement")

    @asynccontextmanager
    async def turn(self, provider: str) -> AsyncIterator[bool]:
        async with session_lock(self._pool, Lock.SETTLEMENT, provider) as is_mine:
            yield is_mine

    async def file(self, provider: str, day: date) -> StoredFile | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_settlement_file(borrowed, provider=provider, day=day)
        return None if row is None else StoredFile(**dict(row))

    async def add_file(self, file: StoredFile, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.add_settlement_file(
                borrowed,
                provider=file.provider,
                day=file.day,
                sha256=file.sha256,
                name=file.name,
                now=now,
                imported_by=file.imported_by,
                rows_count=file.rows_count,
                wrapped_key=file.wrapped_key,
                sealed=file.sealed,
            )

    async def taken_days(self, provider: str, first: date) -> Sequence[date]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.taken_settlement_days(borrowed, provider=provider, first=first)
            return [row["day"] async for row in rows]

    async def first_day(self, provider: str) -> date | None:
        async with connection(self._pool) as borrowed:
            at: datetime | None = await self._sql.first_payment_of(borrowed, provider=provider)
        return None if at is None else at.astimezone(VIETNAM).date()

    async def payments_of(
        self, provider: str, first: date, last: date, references: Sequence[str]
    ) -> Sequence[StoredPayment]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.payments_of_days(
                borrowed, provider=provider, first=first, last=last, references=list(references)
            )
            return [await with_attempts(borrowed, row) for row in [one async for one in rows]]

    async def refunds_of(self, request_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RefundView]]:
        found: dict[UUID, list[RefundView]] = {}
        async with connection(self._pool) as borrowed:
            rows = queries("payment_refunds").refunds_of_requests(borrowed, request_ids=list(request_ids))
            async for row in rows:
                found.setdefault(row["request_id"], []).append(_refunds.decode(row["record"]))
        return found

    async def payments_of_dossiers(self, codes: Sequence[str]) -> Sequence[StoredPayment]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.payments_of_dossiers(borrowed, codes=list(codes))
            return [await with_attempts(borrowed, row) for row in [one async for one in rows]]

    async def day(self, provider: str, day: date) -> StoredDay | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_settlement_day(borrowed, provider=provider, day=day)
        return None if row is None else _day(row)

    async def days(self, provider: str | None, first: date, last: date) -> Sequence[StoredDay]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.settlement_days(borrowed, provider=provider, first=first, last=last)
            return [_day(row) async for row in rows]

    async def save_day(self, match: DayMatch, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.save_settlement_day(
                borrowed,
                provider=match.provider,
                day=match.day,
                now=now,
                unexplained_count=len(match.unexplained),
                record=_encode(match).decode(),
            )

    async def close_day(self, provider: str, day: date, closed_by: str, now: datetime) -> bool:
        async with connection(self._pool) as borrowed:
            closed = await self._sql.close_settlement_day(
                borrowed, provider=provider, day=day, closed_by=closed_by, now=now
            )
        return closed is not None

    async def decisions(self, provider: str, day: date) -> Mapping[str, FindingDecision]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.settlement_decisions_of(borrowed, provider=provider, day=day)
            return {row["finding_key"]: FindingDecision(**dict(row)) async for row in rows}

    async def decide(self, provider: str, day: date, decision: FindingDecision, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.decide_finding(
                borrowed,
                provider=provider,
                day=day,
                finding_key=decision.finding_key,
                decided_by=decision.decided_by,
                document_number=decision.document_number,
                now=now,
            )

    async def corrections(self, provider: str, day: date) -> Mapping[str, StoredCorrection]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.settlement_corrections_of(borrowed, provider=provider, day=day)
            return {row["finding_key"]: StoredCorrection(**dict(row)) async for row in rows}

    async def begin_correction(
        self, provider: str, day: date, finding_key: str, finding_class: str, now: datetime
    ) -> bool:
        async with connection(self._pool) as borrowed:
            row = await self._sql.begin_correction(
                borrowed, provider=provider, day=day, finding_key=finding_key, finding_class=finding_class, now=now
            )
        return row is not None

    async def end_correction(self, provider: str, day: date, finding_key: str, outcome: str, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.end_correction(
                borrowed, provider=provider, day=day, finding_key=finding_key, outcome=outcome, now=now
            )

    async def add_statement(self, statement: StoredStatement, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.add_account_statement(
                borrowed,
                digest=statement.digest,
                first_on=statement.first_on,
                until_on=statement.until_on,
                accounts=list(statement.accounts),
                credits_count=statement.credits_count,
                now=now,
                wrapped_key=statement.wrapped_key,
                sealed=statement.sealed,
            )

    async def statements(self, first: date, last: date) -> Sequence[StoredStatement]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.account_statements_between(borrowed, first=first, last=last)
            return [StoredStatement(**dict(row)) async for row in rows]

    async def used_bank_references(self, provider: str, day: date, first: date, last: date) -> frozenset[str]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.used_bank_references(borrowed, provider=provider, day=day, first=first, last=last)
            return frozenset([row["reference"] async for row in rows])

    async def days_before_statements(self, providers: Sequence[str], first: date) -> Sequence[tuple[str, date]]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.days_before_statements(borrowed, providers=list(providers), first=first)
            return [(row["provider"], row["day"]) async for row in rows]

    async def open_days(self) -> Mapping[str, OpenDays]:
        async with connection(self._pool) as borrowed:
            rows = self._sql.open_settlement_days(borrowed)
            return {
                row["provider"]: OpenDays(
                    days_count=row["days_count"],
                    oldest_day=row["oldest_day"],
                    unexplained_count=row["unexplained_count"],
                )
                async for row in rows
            }


def _day(row: Any) -> StoredDay:
    return StoredDay(
        match=_matches.decode(row["record"]),
        matched_at=row["matched_at"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
    )
