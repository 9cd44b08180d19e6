"""What the engine needs of the store to tell what sign-ins prove, and which technical ids are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.model.identity import SignInProof


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTechnicalId:
    """A sealed technical id, or the sealed number to ask for it by."""

    number_digest: bytes
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    attempts_count: int = 0


class ProofStore(Protocol):
    """Every method raises StoreUnavailable."""

    async def find_proofs(self, evidence_ids: Sequence[UUID]) -> dict[UUID, SignInProof]: ...

    async def known_technical_ids(self, number_digests: Sequence[bytes]) -> dict[bytes, KeptTechnicalId]: ...

    async def due_technical_ids(self, now: datetime, limit: int) -> Sequence[KeptTechnicalId]: ...

    async def settle_technical_id(
        self, kept: KeptTechnicalId, *, is_known: bool, now: datetime, due_at: datetime | None
    ) -> None:
        """Keep what became of a look-up; an id that a sign-in told meanwhile stays."""
        ...
