"""Documents by id and revision, for serving their files, and the events that it leaves."""

from gateway.ports.basics import Clock
from gateway.ports.files import SealedDocument
from gateway.store.acceptance import append_events
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries


class PostgresDocuments:
    """Implements DocumentStore."""

    def __init__(self, pool: Pool, *, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def find_document(self, dossier_id: int, revision: int) -> SealedDocument | None:
        """Find a replacement's document; None when there is none under this number. Raises StoreUnavailable."""
        async with connection(self._pool) as borrowed:
            row = await queries("dossiers").find_document(borrowed, dossier_id=dossier_id, revision=revision)
        return None if row is None else SealedDocument(**dict(row))

    async def note_file(self, document: SealedDocument, event_type: str, data: str) -> None:
        """Append an event about a file. Raises StoreUnavailable."""
        event = (event_type, document.code, document.agency_code, document.dossier_id, None, data)
        async with transaction(self._pool) as borrowed:
            await append_events(borrowed, [event], [], self._clock.now())
