"""Registering callers from the command line."""

import os
from typing import Any

from gateway.clocks import SystemClock
from gateway.errors import ConfigurationError, Fault
from gateway.store.clients import Client, Scope, add_client, list_clients, new_token, revoke_client, token_digest
from gateway.store.pool import open_pool
from gateway.store.schema import migrate


async def register(
    dsn: str, client_id: str, name: str, scopes: list[str], agencies: list[str], certificate_sha256: str
) -> str:
    """Store a new client and give its token. Raises ConfigurationError or InvalidInput naming what is wrong."""
    unknown = sorted(set(scopes) - set(Scope))
    faults = [Fault("--scope", f"must be one of {', '.join(Scope)}", "another word") for _ in unknown]
    try:
        fingerprint = bytes.fromhex(certificate_sha256.replace(":", "")) if certificate_sha256 else None
    except ValueError:
        faults.append(Fault("--certificate-sha256", "must be hexadecimal"))
    if faults:
        raise ConfigurationError(faults)
    await migrate(dsn)
    token = new_token(os.urandom)
    digest = token_digest(token)
    assert digest is not None
    client = Client(
        client_id=client_id,
        name=name,
        scopes=frozenset(Scope(scope) for scope in scopes),
        agency_prefixes=tuple(agencies),
        certificate_sha256=fingerprint,
        created_at=SystemClock().now(),
    )
    pool = await open_pool(dsn, max_size=4)
    try:
        await add_client(pool, client, digest)
    finally:
        await pool.close()
    return token


async def listed(dsn: str) -> list[dict[str, Any]]:
    """Give all clients as plain JSON values, without their tokens."""
    await migrate(dsn)
    pool = await open_pool(dsn, max_size=4)
    try:
        return [
            {
                "client_id": client.client_id,
                "name": client.name,
                "scopes": sorted(client.scopes),
                "agency_prefixes": list(client.agency_prefixes),
                "created_at": client.created_at.isoformat(timespec="seconds"),
                "revoked_at": client.revoked_at.isoformat(timespec="seconds") if client.revoked_at else None,
            }
            for client in await list_clients(pool)
        ]
    finally:
        await pool.close()


async def revoke(dsn: str, client_id: str) -> bool:
    """Revoke a client; False when there is no active one with this id."""
    pool = await open_pool(dsn, max_size=4)
    try:
        return await revoke_client(pool, client_id, SystemClock().now())
    finally:
        await pool.close()
