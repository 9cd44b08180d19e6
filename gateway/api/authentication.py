"""Who is calling: bearer tokens of registered clients, remembered for a few seconds.

A token is looked up by its SHA-256, so the time that a look-up takes tells nothing about any token: to steer the digest
one would have to know the token already. A revoked client is refused by every process once its memory of it is older
than `client_cache_seconds`. When the database cannot be asked, a client that is no longer remembered is answered
"unavailable", never "unknown".
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import hdrs, web

from gateway.api.problems import Problem
from gateway.ports.basics import Clock
from gateway.store.clients import Client, Scope, find_client, token_digest
from gateway.store.pool import Pool

_CHALLENGE = 'Bearer realm="lien-thong"'
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Remembered:
    client: Client | None
    until_seconds: float


def _unauthenticated(detail: str, *, is_token_wrong: bool) -> Problem:
    # RFC 6750 section 3.1: a request without any credentials gets no error code.
    challenge = _CHALLENGE + (', error="invalid_token"' if is_token_wrong else "")
    return Problem("unauthenticated", detail, headers={hdrs.WWW_AUTHENTICATE: challenge})


class Authenticator:
    """Finds the client of a request."""

    def __init__(self, pool: Pool, clock: Clock, cache_seconds: float) -> None:
        self._pool = pool
        self._clock = clock
        self._cache_seconds = cache_seconds
        self._remembered: dict[bytes, _Remembered] = {}
        self._under_way: dict[bytes, asyncio.Task[Client | None]] = {}

    async def authenticate(self, request: web.Request) -> Client:
        """Give the caller. Raises Problem unauthenticated, or StoreUnavailable when nobody can tell."""
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is None:
            raise _unauthenticated("The header Authorization is missing.", is_token_wrong=False)
        scheme, _, token = header.partition(" ")
        digest = token_digest(token.strip()) if scheme.lower() == "bearer" else None
        if digest is None:
            raise _unauthenticated("The header Authorization must be Bearer and a token.", is_token_wrong=True)
        remembered = self._remembered.get(digest)
        if remembered is not None and self._clock.monotonic() < remembered.until_seconds:
            client = remembered.client
        else:
            client = await self._look_up(digest)
        if client is None:
            raise _unauthenticated("The token is not that of a client in force.", is_token_wrong=True)
        if client.certificate_sha256 is not None and certificate_sha256(request) != client.certificate_sha256:
            raise _unauthenticated("The token is bound to another client certificate.", is_token_wrong=True)
        return client

    async def _look_up(self, digest: bytes) -> Client | None:
        # One question for all requests that need the answer now. The task is its own, so that a caller who goes away
        # does not take the answer from the others.
        task = self._under_way.get(digest)
        if task is None:
            task = asyncio.ensure_future(self._ask(digest))
            self._under_way[digest] = task
            task.add_done_callback(lambda _: self._under_way.pop(digest, None))
        return await asyncio.shield(task)

    async def _ask(self, digest: bytes) -> Client | None:
        client = await find_client(self._pool, digest)
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = _Remembered(client, self._clock.monotonic() + self._cache_seconds)
        return client


def require_scope(client: Client, scope: Scope) -> None:
    """Raise Problem insufficient-scope unless the client has the scope."""
    if not client.may(scope):
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        detail = f"The client needs the scope {scope}."
        raise Problem("insufficient-scope", detail, headers={hdrs.WWW_AUTHENTICATE: challenge})


def certificate_sha256(request: web.Request) -> bytes | None:
    """Give the digest of the caller's certificate in DER form; None without one."""
    transport = request.transport
    tls = transport.get_extra_info("ssl_object") if transport is not None else None
    certificate: bytes | None = tls.getpeercert(binary_form=True) if tls is not None else None
    return sha256(certificate).digest() if certificate else None
