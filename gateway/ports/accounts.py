"""What linking needs of the store."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.model.identity import AccountKind, IdentityLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A local account as it is kept."""

    account_id: int
    account_ref: str
    kind: AccountKind | None
    origin: str
    state: str
    name_digest: bytes | None
    birth_digest: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link as it is kept, with its account."""

    link_id: UUID
    state: str
    source: str
    provider: str
    number_digest: bytes | None
    technical_digest: bytes | None
    evidence_id: UUID
    created_at: datetime
    created_by: str
    end_reason: str | None
    ended_by: str | None
    account: AccountRow


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A local account to be stored, new or in the place of what is known of it."""

    account_ref: str
    kind: AccountKind | None
    origin: str
    state: str
    number_digest: bytes | None = field(repr=False)
    name_digest: bytes | None = field(repr=False)
    birth_digest: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link to be stored."""

    link_id: UUID
    account_id: int
    provider: str
    subject_digest: bytes
    number_digest: bytes | None
    technical_digest: bytes | None
    source: str
    evidence_id: UUID
    created_by: str


class LinkTransaction(Protocol):
    """Reads and writes about one person, held against others who link the same one."""

    async def link_of(self, subject_digest: bytes) -> LinkRow | None:
        """Give the link that has not ended."""
        ...

    async def accounts_with(self, number_digest: bytes) -> Sequence[AccountRow]: ...

    async def account(self, account_ref: str) -> AccountRow | None: ...

    async def put_account(self, account: NewAccount, now: datetime) -> tuple[int, bool]:
        """Store it; give its id, and whether it is new."""
        ...

    async def make_account(self, account: NewAccount, now: datetime) -> bool:
        """Store a new one; False, and nothing is changed, when its name is taken."""
        ...

    async def living_levels(self, account_ref: str) -> Sequence[IdentityLevel]:
        """Give the levels of the sign-ins that an account's living links rest on."""
        ...

    async def add_link(self, link: NewLink, now: datetime) -> None: ...

    async def set_marks(self, link_id: UUID, number_digest: bytes | None, technical_digest: bytes | None) -> None:
        """Note by what the person of a link is known again."""
        ...

    async def set_state(
        self, link_id: UUID, state: str, now: datetime, *, reason: str | None = None, by: str | None = None
    ) -> None: ...

    async def link(self, link_id: UUID) -> LinkRow | None: ...

    async def links_of(self, account_ref: str) -> Sequence[LinkRow]: ...


class AccountStore(Protocol):
    """Keeps local accounts and links."""

    def transaction(self, client_id: str, locked: bytes | None) -> AbstractAsyncContextManager[LinkTransaction]:
        """Begin; with `locked`, nobody else works on that digest meanwhile. Raises StoreUnavailable."""
        ...
