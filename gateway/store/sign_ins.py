"""Sign-ins in PostgreSQL: on their way, made, ended, and the evidence of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.model.identity import Assurance, Binding, IdentityLevel, SignInLevels
from gateway.ports.sign_ins import Evidence, NewSignIn, StoredFlight, StoredSignIn
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries

_SIGN_IN_COLUMNS = (
    *("sign_in_id", "session_digest", "code_digest", "code_expires_at", "wrapped_key", "sealed", "expires_at"),
)
"""Those that the evidence does not have."""


class PostgresSignIns:
    """Implements SignInStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("sign_ins")

    async def add_flight(self, flight: StoredFlight, ticket_digest: bytes) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.add_flight(
                borrowed,
                flight_id=flight.flight_id,
                client_id=flight.client_id,
                provider=flight.provider,
                ticket_digest=ticket_digest,
                wrapped_key=flight.wrapped_key,
                sealed=flight.sealed,
                created_at=flight.created_at,
                expires_at=flight.expires_at,
            )

    async def find_by_ticket(self, ticket_digest: bytes) -> StoredFlight | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_by_ticket(borrowed, ticket_digest=ticket_digest)
        return None if row is None else StoredFlight(**row)

    async def start(
        self, ticket_digest: bytes, providers: Sequence[str], state_digest: bytes, browser_digest: bytes, now: datetime
    ) -> StoredFlight | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.start(
                borrowed,
                ticket_digest=ticket_digest,
                providers=list(providers),
                state_digest=state_digest,
                browser_digest=browser_digest,
                now=now,
            )
        return None if row is None else StoredFlight(**row)

    async def find_by_state(self, state_digest: bytes) -> StoredFlight | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_by_state(borrowed, state_digest=state_digest)
        return None if row is None else StoredFlight(**row)

    async def consume(
        self, state_digest: bytes, provider: str, browser_digest: bytes, now: datetime
    ) -> StoredFlight | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.consume(
                borrowed, state_digest=state_digest, provider=provider, browser_digest=browser_digest, now=now
            )
        return None if row is None else StoredFlight(**row)

    async def conclude(self, evidence: Evidence, sign_in: NewSignIn | None) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.conclude(borrowed, **_evidence_row(evidence), **_sign_in_row(sign_in))

    async def find_by_code(self, code_digest: bytes, client_id: str) -> StoredSignIn | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_by_code(borrowed, code_digest=code_digest, client_id=client_id)
        return None if row is None else _sign_in(row)

    async def use_code(self, code_digest: bytes, client_id: str, now: datetime) -> StoredSignIn | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.use_code(borrowed, code_digest=code_digest, client_id=client_id, now=now)
        return None if row is None else _sign_in(row)

    async def count_refusal(self, flight_id: UUID, limit: int) -> bool:
        async with connection(self._pool) as borrowed:
            return await self._sql.count_refusal(borrowed, flight_id=flight_id, most=limit) is not None

    async def find(self, sign_in_id: UUID, client_id: str) -> StoredSignIn | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find(borrowed, sign_in_id=sign_in_id, client_id=client_id)
        return None if row is None else _sign_in(row)

    async def touch(self, sign_in_id: UUID, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.touch(borrowed, sign_in_id=sign_in_id, now=now)

    async def end(self, sign_in_id: UUID, reason: str, now: datetime, *, keeps_secrets: bool = False) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.end(borrowed, sign_in_id=sign_in_id, reason=reason, now=now, keeps_secrets=keeps_secrets)

    async def prepare_logout(
        self, sign_in_id: UUID, ticket_digest: bytes, return_to: str | None, state: str | None
    ) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.prepare_logout(
                borrowed, sign_in_id=sign_in_id, ticket_digest=ticket_digest, return_to=return_to, state=state
            )

    async def reseal(self, sign_in_id: UUID, sealed: bytes) -> None:
        async with connection(self._pool) as borrowed:
            await self._sql.reseal(borrowed, sign_in_id=sign_in_id, sealed=sealed)

    async def find_logout(self, ticket_digest: bytes) -> StoredSignIn | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_logout(borrowed, ticket_digest=ticket_digest)
        return None if row is None else _sign_in(row)

    async def take_logout(self, ticket_digest: bytes) -> StoredSignIn | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.take_logout(borrowed, ticket_digest=ticket_digest)
        return None if row is None else _sign_in(row)

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
        async with transaction(self._pool) as borrowed:
            noted = await self._sql.note_token(
                borrowed, provider=provider, token_digest=token_digest, expires_at=token_expires_at
            )
            if noted is None:
                return None
            rows = self._sql.end_at_provider(
                borrowed,
                provider=provider,
                session_digest=session_digest,
                subject_digest=subject_digest,
                reason=reason,
                now=now,
            )
            return [row["sign_in_id"] async for row in rows]

    async def sweep(
        self, *, now: datetime, idle_before: datetime, flights_before: datetime, technical_ids_before: datetime
    ) -> Mapping[str, int]:
        async with transaction(self._pool) as borrowed:
            rows = self._sql.sweep_sign_ins(borrowed, now=now, idle_before=idle_before)
            ended = Counter([row["end_reason"] async for row in rows])
            await self._sql.sweep_logouts(borrowed, idle_before=idle_before)
            await self._sql.sweep_flights(borrowed, flights_before=flights_before)
            await self._sql.sweep_tokens(borrowed, flights_before=flights_before)
            await self._sql.forget_technical_ids(borrowed, before=technical_ids_before)
        return ended


def _evidence_row(evidence: Evidence) -> dict[str, Any]:
    levels, tokens = evidence.levels, evidence.tokens
    return {
        "evidence_id": evidence.evidence_id,
        "flight_id": evidence.flight_id,
        "client_id": evidence.client_id,
        "provider": evidence.provider,
        "issuer": evidence.issuer,
        "agreement_id": evidence.agreement_id,
        "outcome": evidence.outcome,
        "reason": evidence.reason,
        "subject_digest": evidence.subject_digest,
        "account_kind": evidence.account_kind,
        "identity_level": None if levels is None else levels.identity.value,
        "level_source": None if levels is None else levels.level_source,
        "authentication_level": None if levels is None else levels.authentication,
        "assurance": None if levels is None else int(levels.assurance),
        "binding": None if levels is None else levels.binding.value,
        "acr": None if tokens is None else tokens.acr,
        "amr": None if tokens is None else list(tokens.amr),
        "authenticated_at": None if tokens is None else tokens.authenticated_at,
        "id_token_sha256": None if tokens is None else tokens.id_token_sha256,
        "access_token_sha256": None if tokens is None else tokens.access_token_sha256,
        "key_id": None if tokens is None else tokens.key_id,
        "upstream_idp": evidence.upstream_idp,
        "is_vneid": evidence.is_vneid,
        "number_digests": list(evidence.number_digests),
        "address_prefix": evidence.address_prefix,
        "agent_digest": evidence.agent_digest,
        "now": evidence.occurred_at,
    }


def _sign_in_row(sign_in: NewSignIn | None) -> dict[str, Any]:
    """Give what a sign-in adds to its evidence; all of it None for a refusal."""
    note = None if sign_in is None else sign_in.technical_id
    return {
        **{name: getattr(sign_in, name, None) for name in _SIGN_IN_COLUMNS},
        "signed_in_at": getattr(sign_in, "authenticated_at", None),
        "number_digest": getattr(note, "number_digest", None),
        "number_wrapped_key": getattr(note, "wrapped_key", None),
        "number_sealed": getattr(note, "sealed", None),
        "is_known": getattr(note, "is_known", None),
    }


def _sign_in(row: Any) -> StoredSignIn:
    return StoredSignIn(
        sign_in_id=row["sign_in_id"],
        client_id=row["client_id"],
        provider=row["provider"],
        evidence_id=row["evidence_id"],
        account_kind=row["account_kind"],
        levels=SignInLevels(
            identity=IdentityLevel(row["identity_level"]),
            authentication=row["authentication_level"],
            level_source=row["level_source"],
            assurance=Assurance(row["assurance"]),
            binding=Binding(row["binding"]),
        ),
        authenticated_at=row["authenticated_at"],
        code_expires_at=row["code_expires_at"],
        code_used_at=row["code_used_at"],
        wrapped_key=row["wrapped_key"],
        sealed=row["sealed"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        logout_return=row["logout_return"],
        logout_state=row["logout_state"],
    )
