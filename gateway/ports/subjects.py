"""What the gateway holds about a person, as the store finds it by digests of the person's numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol
from uuid import UUID


class PartyRole(IntEnum):
    """Which of the three parties of a dossier a person is."""

    APPLICANT = 1
    SUBMITTER = 2
    DELEGATE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDigests:
    """The digests by which a person is found: one of each kind for every number."""

    party: tuple[bytes, ...]
    """In dossiers, evidence of sign-ins, technical ids and audit lines."""
    account: tuple[bytes, ...]
    """In accounts of portals."""
    consent: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDossier:
    """A dossier in which the person is a party."""

    dossier_id: int
    code: str
    roles: tuple[PartyRole, ...]
    procedure_code: str
    handling_agency_code: str
    status: str
    accepted_at: datetime
    updated_at: datetime
    has_open_deliveries: bool
    erased_at: datetime | None
    wrapped_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRevision:
    """One sealed revision of a dossier."""

    dossier_id: int
    revision: int
    kind: str
    accepted_at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """A message of the portal about a dossier."""

    system: str
    message_id: str
    received_at: datetime
    kind: str
    is_handled: bool
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table that holds codes, instants and digests about the person, and perhaps sealed content."""

    values: Mapping[str, Any]
    wrapped_key: bytes | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All that is found of a person."""

    dossiers: Sequence[HeldDossier]
    sign_ins: Sequence[Row]
    evidence: Sequence[Row]
    accounts: Sequence[Row]
    links: Sequence[Row]
    consents: Sequence[Row]
    technical_ids: Sequence[Row]
    audit: Sequence[Row]
    unindexed_count: int
    """Dossiers from before there was an index: the person may be in them unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unindexed:
    """A dossier's documents, to be opened for the index."""

    dossier_id: int
    wrapped_key: bytes = field(repr=False)
    revisions: Sequence[HeldRevision]


class SubjectStore(Protocol):
    """Finds and erases. Every method that changes something does so in one transaction."""

    async def find(self, digests: SubjectDigests) -> Holdings: ...

    async def revisions(self, dossier_id: int) -> Sequence[HeldRevision]:
        """Give all sealed revisions of a dossier, the oldest first."""
        ...

    async def messages(self, code: str) -> Sequence[HeldMessage]:
        """Give the portal's messages about a dossier that can still be opened."""
        ...

    async def erase_dossier(self, dossier_id: int, party_digests: Sequence[bytes], now: datetime) -> bool:
        """Erase a dossier's content and what hangs on it, unless it is under way; tell whether it was."""
        ...

    async def erase_person(
        self, digests: SubjectDigests, evidence_ids: Sequence[UUID], now: datetime
    ) -> dict[str, int]:
        """Erase what is not a dossier; give the rows by table."""
        ...

    async def unindexed(self, limit: int, *, after: int | None = None) -> Sequence[Unindexed]:
        """Give the next dossiers that the index lacks, in the order of their ids."""
        ...

    async def index(self, lines: Sequence[tuple[bytes, int, int]], through: int) -> None:
        """Store lines of the index, and that all dossiers up to an id have theirs."""
        ...

    async def ended_dossiers(self, before: datetime, limit: int) -> Sequence[HeldDossier]:
        """Give dossiers that ended before an instant, with nothing owed, the oldest first."""
        ...
