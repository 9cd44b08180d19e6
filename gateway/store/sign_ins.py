"""Sign-ins in PostgreSQL: on their way, made, ended, and the evidence of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.model.identity import Assurance, Binding, IdentityLevel, SignInLevels
from gateway.ports.sign_ins import Evidence, NewSignIn, StoredFlight, StoredSignIn
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries


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

    async def start(self, flight_id: UUID, state_digest: bytes, browser_digest: bytes, now: datetime) -> bool:
        async with connection(self._pool) as borrowed:
            row = await self._sql.start(
                borrowed, flight_id=flight_id, state_digest=state_digest, browser_digest=browser_digest, now=now
            )
        return row is not None

    async def find_by_state(self, state_digest: bytes) -> StoredFlight | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_by_state(borrowed, state_digest=state_digest)
        return None if row is None else StoredFlight(**row)

    async def consume(self, flight_id: UUID, now: datetime) -> bool:
        async with connection(self._pool) as borrowed:
            return await self._sql.consume(borrowed, flight_id=flight_id, now=now) is not None

    async def conclude(self, evidence: Evidence, sign_in: NewSignIn | None) -> None:
        async with transaction(self._pool) as borrowed:
            await self._sql.add_evidence(borrowed, **_evidence_row(evidence))
            if evidence.flight_id is not None:
                await self._sql.conclude_flight(borrowed, flight_id=evidence.flight_id, outcome=evidence.outcome)
            if sign_in is not None:
                await self._add_sign_in(borrowed, sign_in, evidence)
                note = sign_in.technical_id
                if note is not None:
                    await self._sql.note_technical_id(
                        borrowed,
                        number_digest=note.number_digest,
                        wrapped_key=note.wrapped_key,
                        sealed=note.sealed,
                        is_known=note.is_known,
                        now=evidence.occurred_at,
                    )

    async def _add_sign_in(self, borrowed: Connection, sign_in: NewSignIn, evidence: Evidence) -> None:
        await self._sql.add_sign_in(
            borrowed,
            sign_in_id=sign_in.sign_in_id,
            client_id=sign_in.client_id,
            provider=sign_in.provider,
            evidence_id=evidence.evidence_id,
            subject_digest=sign_in.subject_digest,
            session_digest=sign_in.session_digest,
            account_kind=sign_in.account_kind,
            identity_level=sign_in.levels.identity.value,
            authentication_level=sign_in.levels.authentication,
            assurance=int(sign_in.levels.assurance),
            binding=sign_in.levels.binding.value,
            authenticated_at=sign_in.authenticated_at,
            code_digest=sign_in.code_digest,
            code_expires_at=sign_in.code_expires_at,
            wrapped_key=sign_in.wrapped_key,
            sealed=sign_in.sealed,
            now=evidence.occurred_at,
            expires_at=sign_in.expires_at,
        )

    async def find_by_code(self, code_digest: bytes, client_id: str) -> StoredSignIn | None:
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_by_code(borrowed, code_digest=code_digest, client_id=client_id)
        return None if row is None else _sign_in(row)

    async def use_code(self, sign_in_id: UUID, now: datetime) -> bool:
        async with connection(self._pool) as borrowed:
            return await self._sql.use_code(borrowed, sign_in_id=sign_in_id, now=now) is not None

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

    async def sweep(self, *, now: datetime, idle_before: datetime, flights_before: datetime) -> int:
        async with transaction(self._pool) as borrowed:
            ended = [row async for row in self._sql.sweep_sign_ins(borrowed, now=now, idle_before=idle_before)]
            await self._sql.sweep_logouts(borrowed, idle_before=idle_before)
            await self._sql.sweep_flights(borrowed, flights_before=flights_before)
            await self._sql.sweep_tokens(borrowed, flights_before=flights_before)
        return len(ended)


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
        "occurred_at": evidence.occurred_at,
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
