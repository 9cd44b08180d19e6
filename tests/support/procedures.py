"""Procedures in the store, without the portal that they come from."""

from typing import Any

import msgspec

from gateway.model.procedure import Procedure
from tests.support.clocks import START


async def store_procedure(pool: Any, procedure: Procedure, version: int, *, is_retired: bool = False) -> None:
    """Store one version the way the catalogue's reader does."""
    document = msgspec.json.encode(procedure)
    await pool.execute(
        "INSERT INTO procedures (code, name, version_number, content_hash, is_public, checked_at, retired_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code) DO UPDATE "
        "SET version_number = EXCLUDED.version_number, content_hash = EXCLUDED.content_hash, name = EXCLUDED.name",
        procedure.code,
        procedure.name,
        version,
        procedure.content_hash(),
        procedure.is_public,
        START,
        START if is_retired else None,
    )
    await pool.execute(
        "INSERT INTO procedure_versions (code, version_number, content_hash, seen_at, document) "
        "VALUES ($1, $2, $3, $4, $5)",
        procedure.code,
        version,
        procedure.content_hash(),
        START,
        msgspec.json.decode(document),
    )
