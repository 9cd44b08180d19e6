"""Local accounts and their links in PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.model.identity import AccountKind, IdentityLevel
from gateway.ports.accounts import AccountRow, LinkRow, LinkTransaction, NewAccount, NewLink
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, transaction
from gateway.store.queries import queries

_STAFF = "staff"


class PostgresAccounts:
    """Implements AccountStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self, client_id: str, locked: bytes | None) -> AsyncIterator[LinkTransaction]:
        async with transaction(self._pool) as borrowed:
            if locked is not None:
                await queries("accounts").lock_person(
                    borrowed, lock=int(Lock.PERSONS), digest=locked, client_id=client_id
                )
            yield _Transaction(borrowed, client_id)


class _Transaction:
    def __init__(self, borrowed: Connection, client_id: str) -> None:
        self._borrowed = borrowed
        self._client_id = client_id
        self._sql = queries("accounts")

    async def link_of(self, subject_digest: bytes) -> LinkRow | None:
        row = await self._sql.link_of(self._borrowed, client_id=self._client_id, subject_digest=subject_digest)
        return None if row is None else _link(row)

    async def accounts_with(self, number_digest: bytes) -> Sequence[AccountRow]:
        rows = self._sql.accounts_with(self._borrowed, client_id=self._client_id, number_digest=number_digest)
        return [_account(row, row["state"]) async for row in rows]

    async def account(self, account_ref: str) -> AccountRow | None:
        row = await self._sql.account(self._borrowed, client_id=self._client_id, account_ref=account_ref)
        return None if row is None else _account(row, row["state"])

    async def put_account(self, account: NewAccount, now: datetime) -> tuple[int, bool]:
        row = await self._sql.put_account(self._borrowed, **self._account_row(account, now))
        return row["account_id"], row["is_new"]

    async def make_account(self, account: NewAccount, now: datetime) -> bool:
        return await self._sql.make_account(self._borrowed, **self._account_row(account, now)) is not None

    def _account_row(self, account: NewAccount, now: datetime) -> dict[str, Any]:
        return {
            "client_id": self._client_id,
            "account_ref": account.account_ref,
            "kind": _STAFF if account.kind is None else account.kind.value,
            "origin": account.origin,
            "state": account.state,
            "number_digest": account.number_digest,
            "name_digest": account.name_digest,
            "birth_digest": account.birth_digest,
            "now": now,
        }

    async def living_levels(self, account_ref: str) -> Sequence[IdentityLevel]:
        rows = self._sql.living_levels(self._borrowed, client_id=self._client_id, account_ref=account_ref)
        return [IdentityLevel(row["identity_level"]) async for row in rows]

    async def add_link(self, link: NewLink, now: datetime) -> None:
        await self._sql.add_link(
            self._borrowed,
            link_id=link.link_id,
            client_id=self._client_id,
            account_id=link.account_id,
            provider=link.provider,
            subject_digest=link.subject_digest,
            number_digest=link.number_digest,
            technical_digest=link.technical_digest,
            source=link.source,
            evidence_id=link.evidence_id,
            created_by=link.created_by,
            now=now,
        )

    async def set_marks(self, link_id: UUID, number_digest: bytes | None, technical_digest: bytes | None) -> None:
        await self._sql.set_marks(
            self._borrowed,
            client_id=self._client_id,
            link_id=link_id,
            number_digest=number_digest,
            technical_digest=technical_digest,
        )

    async def set_state(
        self, link_id: UUID, state: str, now: datetime, *, reason: str | None = None, by: str | None = None
    ) -> None:
        await self._sql.set_state(
            self._borrowed,
            client_id=self._client_id,
            link_id=link_id,
            state=state,
            now=now,
            reason=reason,
            ended_by=by,
        )

    async def link(self, link_id: UUID) -> LinkRow | None:
        row = await self._sql.link(self._borrowed, client_id=self._client_id, link_id=link_id)
        return None if row is None else _link(row)

    async def links_of(self, account_ref: str) -> Sequence[LinkRow]:
        rows = self._sql.links_of(self._borrowed, client_id=self._client_id, account_ref=account_ref)
        return [_link(row) async for row in rows]


def _account(row: Any, state: str) -> AccountRow:
    return AccountRow(
        account_id=row["account_id"],
        account_ref=row["account_ref"],
        kind=None if row["kind"] == _STAFF else AccountKind(row["kind"]),
        origin=row["origin"],
        state=state,
        name_digest=row["name_digest"],
        birth_digest=row["birth_digest"],
    )


def _link(row: Any) -> LinkRow:
    return LinkRow(
        link_id=row["link_id"],
        state=row["state"],
        source=row["source"],
        provider=row["provider"],
        number_digest=row["number_digest"],
        technical_digest=row["technical_digest"],
        evidence_id=row["evidence_id"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        end_reason=row["end_reason"],
        ended_by=row["ended_by"],
        account=_account(row, row["account_state"]),
    )
