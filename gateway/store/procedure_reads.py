"""Reading the procedure catalogue that was taken over from the portal: the list, one procedure, its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.pool import Pool, connection
from gateway.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureLine:
    """A line of the catalogue. `checked_at` is when the portal last confirmed it, `retired_at` when it left.

    `missing_obligations` are kinds of what it must show and does not; None while it was not judged.
    """

    code: str
    name: str
    version_number: int
    content_hash: str
    is_public: bool
    missing_obligations: Sequence[str] | None
    checked_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProcedure:
    """One version of a procedure; `document` is the JSON text of `gateway.model.procedure.Procedure`."""

    code: str
    version_number: int
    content_hash: str
    seen_at: datetime
    checked_at: datetime
    retired_at: datetime | None
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version that was seen."""

    version_number: int
    content_hash: str
    seen_at: datetime


async def list_procedures(
    pool: Pool,
    *,
    after: str,
    is_public: bool | None,
    with_retired: bool,
    limit: int,
    missing: Sequence[str] | None = None,
) -> Sequence[ProcedureLine]:
    """Give up to `limit` procedures with a code above `after`, in the order of their codes.

    `missing` gives only those that lack at least one of these obligations.
    """
    async with connection(pool) as borrowed:
        rows = queries("procedure_reads").list_procedures(
            borrowed, after=after, is_public=is_public, with_retired=with_retired, missing=missing, wanted=limit
        )
        return [ProcedureLine(**dict(row)) async for row in rows]


async def find_procedure(pool: Pool, code: str, version: int | None = None) -> StoredProcedure | None:
    """Find a version of a procedure, the present one unless told otherwise; None when it was never seen."""
    async with connection(pool) as borrowed:
        row = await queries("procedure_reads").find_procedure(borrowed, code=code, version=version)
    if row is None:
        return None
    values = dict(row)
    del values["name"]
    return StoredProcedure(**values)


async def list_versions(pool: Pool, code: str) -> Sequence[VersionLine]:
    """Give all versions of a procedure that were seen, oldest first; empty when there is no such procedure."""
    async with connection(pool) as borrowed:
        rows = queries("procedure_reads").list_versions(borrowed, code=code)
        return [VersionLine(**dict(row)) async for row in rows]
