"""What the engine of sign-ins needs of the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.model.identity import SignInLevels, TokenFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFlight:
    """A flight as it is kept. `sealed` holds what only the gateway may know of it."""

    flight_id: UUID
    client_id: str
    provider: str
    created_at: datetime
    expires_at: datetime
    started_at: datetime | None
    consumed_at: datetime | None
    browser_digest: bytes | None
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One line about an attempt that reached the callback: no token, no name, no number (§9.4).

    `number_digests` are keyed digests of the numbers that the provider vouches for, to compare with a dossier's.
    """

    evidence_id: UUID
    flight_id: UUID | None
    client_id: str | None
    provider: str
    issuer: str
    agreement_id: str
    outcome: str
    reason: str = ""
    subject_digest: bytes | None = None
    account_kind: str | None = None
    upstream_idp: str = ""
    is_vneid: bool = False
    number_digests: tuple[bytes, ...] = ()
    levels: SignInLevels | None = None
    tokens: TokenFacts | None = None
    address_prefix: str = ""
    agent_digest: bytes | None = None
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicalIdNote:
    """What a sign-in tells of the portal's own id (TechID) of whoever has a number; sealed with the number itself while
    the id is not known."""

    number_digest: bytes
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignIn:
    """A sign-in to be stored with its evidence."""

    sign_in_id: UUID
    client_id: str
    provider: str
    subject_digest: bytes
    session_digest: bytes | None
    account_kind: str
    levels: SignInLevels
    authenticated_at: datetime | None
    code_digest: bytes
    code_expires_at: datetime
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    expires_at: datetime
    technical_id: TechnicalIdNote | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSignIn:
    """A sign-in as it is kept. `sealed` is None once it is over."""

    sign_in_id: UUID
    client_id: str
    provider: str
    evidence_id: UUID
    account_kind: str
    levels: SignInLevels
    authenticated_at: datetime | None
    code_expires_at: datetime
    code_used_at: datetime | None
    wrapped_key: bytes | None = field(repr=False)
    sealed: bytes | None = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    logout_return: str | None
    logout_state: str | None


class SignInStore(Protocol):
    """Keeps flights, sign-ins and evidence. Every method raises StoreUnavailable."""

    async def add_flight(self, flight: StoredFlight, ticket_digest: bytes) -> None: ...

    async def find_by_ticket(self, ticket_digest: bytes) -> StoredFlight | None: ...

    async def start(
        self, ticket_digest: bytes, providers: Sequence[str], state_digest: bytes, browser_digest: bytes, now: datetime
    ) -> StoredFlight | None:
        """Note that a browser started the flight of a ticket, if it is with one of these providers; None when there is
        none that may still be started."""
        ...

    async def find_by_state(self, state_digest: bytes) -> StoredFlight | None: ...

    async def consume(
        self, state_digest: bytes, provider: str, browser_digest: bytes, now: datetime
    ) -> StoredFlight | None:
        """Use up the flight of this state, provider and browser; None when there is none that may still be used."""
        ...

    async def conclude(self, evidence: Evidence, sign_in: NewSignIn | None) -> None:
        """Store how a flight ended, in one transaction."""
        ...

    async def find_by_code(self, code_digest: bytes, client_id: str) -> StoredSignIn | None: ...

    async def use_code(self, code_digest: bytes, client_id: str, now: datetime) -> StoredSignIn | None:
        """Use the code up and give its sign-in; None when there is none, or somebody was faster."""
        ...

    async def find(self, sign_in_id: UUID, client_id: str) -> StoredSignIn | None: ...

    async def touch(self, sign_in_id: UUID, now: datetime) -> None: ...

    async def end(self, sign_in_id: UUID, reason: str, now: datetime, *, keeps_secrets: bool = False) -> None:
        """End it and forget what was sealed; with `keeps_secrets` that stays until the browser's logout is over."""
        ...

    async def prepare_logout(
        self, sign_in_id: UUID, ticket_digest: bytes, return_to: str | None, state: str | None
    ) -> None: ...

    async def reseal(self, sign_in_id: UUID, sealed: bytes) -> None:
        """Put other content, under the same key, in the place of what is sealed."""
        ...

    async def find_logout(self, ticket_digest: bytes) -> StoredSignIn | None: ...

    async def take_logout(self, ticket_digest: bytes) -> StoredSignIn | None:
        """Give an ended sign-in by its ticket, and let the ticket never be found again."""
        ...

    async def end_at_provider(
        self,
        provider: str,
        *,
        token_digest: bytes,
        token_expires_at: datetime,
        session_digest: bytes | None,
        subject_digest: bytes | None,
        reason: str,
        now: datetime,
    ) -> Sequence[UUID] | None:
        """End every sign-in of a session, or of a subject; None when this very token was used before."""
        ...

    async def count_refusal(self, flight_id: UUID, limit: int) -> bool:
        """Count a callback that a flight refused; False when it has refused so many before."""
        ...

    async def sweep(
        self, *, now: datetime, idle_before: datetime, flights_before: datetime, technical_ids_before: datetime
    ) -> Mapping[str, int]:
        """End what time has ended, forget flights, tokens and technical ids that are over; give how many sign-ins
        ended, by reason."""
        ...
