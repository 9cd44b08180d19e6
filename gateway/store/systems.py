"""What all processes share about a national system: its circuit, its session, its last success and failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.errors import CredentialsRefused, IntegrityFailed
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.portal import Login
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.circuit import Circuit, CircuitState

_LOGIN_AGAIN_SECONDS = 5.0


class PostgresSystems:
    """Reads and changes the shared row of a system. Every method raises StoreUnavailable."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ensure(self, system: str) -> None:
        async with connection(self._pool) as borrowed:
            await queries("systems").ensure_system(borrowed, system=system)

    async def circuit(self, system: str) -> Circuit:
        async with connection(self._pool) as borrowed:
            return _circuit(await queries("systems").read_system(borrowed, system=system))

    @asynccontextmanager
    async def changing_circuit(self, system: str) -> AsyncIterator["CircuitChange"]:
        """Lock the circuit, let the caller set a new one, and store it when it differs."""
        async with transaction(self._pool) as borrowed:
            before = _circuit(await queries("systems").lock_system(borrowed, system=system))
            change = CircuitChange(before)
            yield change
            if change.circuit != before:
                await queries("systems").save_circuit(
                    borrowed,
                    system=system,
                    state=change.circuit.state.value,
                    failures=change.circuit.failures_count,
                    opened=change.circuit.opened_count,
                    retry_at=change.circuit.retry_at,
                )

    async def note_success(self, system: str, now: datetime) -> None:
        async with connection(self._pool) as borrowed:
            await queries("systems").note_success(borrowed, system=system, now=now)

    async def note_failure(self, system: str, failure: str, now: datetime) -> None:
        """Keep the last failure; `failure` is a stable code and operation, never foreign text."""
        async with connection(self._pool) as borrowed:
            await queries("systems").note_failure(borrowed, system=system, failure=failure, now=now)

    async def all(self) -> list[dict[str, Any]]:
        """Give the rows of all systems without their sessions' secrets."""
        async with connection(self._pool) as borrowed:
            rows = [dict(row) async for row in queries("systems").read_systems(borrowed)]
        for row in rows:
            row.pop("session_wrapped_key")
            row.pop("session_sealed")
        return rows


class CircuitChange:
    """The circuit under change."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit


def _circuit(row: Any) -> Circuit:
    return Circuit(
        state=CircuitState(row["circuit_state"]),
        failures_count=row["circuit_failures"],
        opened_count=row["circuit_opened"],
        retry_at=row["circuit_retry_at"],
    )


class PostgresSharedSession:
    """Implements SharedSession: one login serves all processes, and only one of them renews it at a time.

    The token is sealed at rest. Each process also keeps it in memory, so that a call costs no query; a token refused
    by the system is compared with the stored one first, since another process may have renewed it already.
    """

    def __init__(self, pool: Pool, system: str, *, key_ring: KeyRing, clock: Clock) -> None:
        self._pool = pool
        self._system = system
        self._key_ring = key_ring
        self._clock = clock
        self._known: tuple[str, datetime] | None = None
        self._obtaining = asyncio.Lock()
        self._failed: tuple[float, CredentialsRefused] | None = None

    async def obtain(self, login: Login, *, refused: str | None = None) -> str:
        if (known := self._usable(refused)) is not None:
            return known
        # One waiter of this process at a time: the others would only hold connections that requests need.
        async with self._obtaining:
            if (known := self._usable(refused)) is not None:
                return known
            if self._failed is not None and self._clock.monotonic() - self._failed[0] < _LOGIN_AGAIN_SECONDS:
                raise self._failed[1]  # Asking with the same password many times a second locks accounts.
            async with transaction(self._pool) as borrowed:
                # The lock is held over the login call: the other processes wait here rather than log in as well.
                await borrowed.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", Lock.SESSIONS, self._system)
                stored = await self._read(borrowed)
                if stored is None or stored[0] == refused or self._clock.now() >= stored[1]:
                    stored = await self._renew(borrowed, login)
            self._known = stored
            return stored[0]

    def _usable(self, refused: str | None) -> str | None:
        known = self._known
        return known[0] if known is not None and known[0] != refused and self._clock.now() < known[1] else None

    async def _read(self, borrowed: Connection) -> tuple[str, datetime] | None:
        row = await queries("systems").read_system(borrowed, system=self._system)
        if row is None or row["session_sealed"] is None or row["session_expires_at"] is None:
            return None
        try:
            key = self._key_ring.open_record_key(row["session_wrapped_key"])
            token = msgspec.json.decode(key.unseal(row["session_sealed"], context=self._context), type=str)
        except IntegrityFailed:
            return None  # Sealed by a ring that is gone: a session is made anew at no loss.
        return token, row["session_expires_at"]

    async def _renew(self, borrowed: Connection, login: Login) -> tuple[str, datetime]:
        try:
            token, life_seconds = await login()
        except CredentialsRefused as error:
            self._failed = (self._clock.monotonic(), error)
            raise
        self._failed = None
        expires_at = self._clock.now() + timedelta(seconds=life_seconds)
        key = self._key_ring.new_record_key()
        await queries("systems").save_session(
            borrowed,
            system=self._system,
            wrapped_key=key.wrapped,
            sealed=key.seal(msgspec.json.encode(token), context=self._context),
            expires_at=expires_at,
        )
        return token, expires_at

    @property
    def _context(self) -> bytes:
        return b"session:" + self._system.encode()
