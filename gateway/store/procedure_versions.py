"""Versions of procedures as rows give them."""

from typing import Any

import msgspec

from gateway.model.procedure import Procedure, ProcedureVersion
from gateway.model.vocabulary import VIETNAM


def version_of(row: Any) -> ProcedureVersion:
    """Read a version of a procedure."""
    is_newest = row["version_number"] == row["newest"]
    retired_at = row["retired_at"] if is_newest else None
    return ProcedureVersion(
        procedure=msgspec.convert(row["document"], Procedure),
        content_hash=row["content_hash"],
        version_number=row["version_number"],
        seen_on=row["seen_at"].astimezone(VIETNAM).date(),
        retired_on=None if retired_at is None else retired_at.astimezone(VIETNAM).date(),
    )
