"""What the gateway needs to serve a dossier's files: where they come from, and where their sealed document is."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class FileSource(Protocol):
    """The province's own file server."""

    def open(self, url: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file and give its chunks. Raises TransientFailure or Rejected when it cannot be had (missing, not
        among the allowed hosts, the server is away), also in the middle of the chunks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDocument:
    """A document revision as stored, with what events need."""

    dossier_id: int
    code: str
    agency_code: str
    wrapped_key: bytes
    sealed: bytes


class DocumentStore(Protocol):
    """Finds documents by id and revision, and keeps what became of a file."""

    async def find_document(self, dossier_id: int, revision: int) -> SealedDocument | None: ...

    async def note_file(self, document: SealedDocument, event_type: str, data: str) -> None:
        """Append an event about a file of the dossier; `data` is JSON text without personal data."""
        ...
