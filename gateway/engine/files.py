"""Serving a dossier's files: fetched from the province, held against what the dossier states, then handed out.

A file is read in full before its first byte leaves: only then are size, digest and kind known, and half a wrong file
cannot be taken back. What is read goes to memory up to a few mebibytes and to an unnamed temporary file beyond.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

import msgspec

from gateway.engine.acceptor import revision_context
from gateway.engine.parties import applicant_digest
from gateway.errors import GatewayError, RemoteError
from gateway.model.dossier import Attachment, Dossier, ResultDocument
from gateway.model.file_kinds import HEAD_BYTES, is_as_named, media_type_of
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.files import DocumentStore, FileSource, SealedDocument
from gateway.sync.file_links import LinkState, file_at, judge_link, read_reference

_IN_MEMORY_BYTES = 4 * 1024 * 1024
_dossiers = msgspec.json.Decoder(Dossier)


class FileRefused(GatewayError):
    """The file is not served. The code says why: forged, expired, missing, busy, unavailable, too_large, wrong_size,
    wrong_digest, wrong_kind."""

    code = "file_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRules:
    """Largest file that is served, how many are on their way at once, and how long fetching and sending may take.

    A receiver that reads slowly, or not at all, must not hold a place for ever.
    """

    max_bytes: int
    max_concurrent: int = 8
    fetch_seconds: float = 60.0
    send_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """A file that was checked; `content` stands at its beginning. `name` is personal data, for the receiver only."""

    name: str
    media_type: str
    size_bytes: int
    dossier_code: str
    agency_code: str
    procedure_code: str
    subject_digest: bytes | None
    """The applicant's, by which the look is written down."""
    content: IO[bytes]


class FileServer:
    """Hands out the files of dossiers to whoever presents a valid link."""

    def __init__(
        self, documents: DocumentStore, source: FileSource, *, key_ring: KeyRing, clock: Clock, rules: FileRules
    ) -> None:
        self._documents = documents
        self._source = source
        self._key_ring = key_ring
        self._clock = clock
        self._rules = rules
        self._turns = asyncio.Semaphore(rules.max_concurrent)

    @property
    def send_seconds(self) -> float:
        """How long sending a file may take."""
        return self._rules.send_seconds

    @asynccontextmanager
    async def open(self, reference: str, expires: int, signature: str) -> AsyncIterator[ServedFile]:
        """Give the checked file, leaving an event. Raises FileRefused, StoreUnavailable or IntegrityFailed."""
        digest = self._key_ring.digest
        state = judge_link(reference, expires, signature, digest=digest, now=self._clock.now())
        if state is not LinkState.VALID:
            raise FileRefused("the link is not valid any more" if state is LinkState.EXPIRED else "", code=state.value)
        parsed = read_reference(reference)
        document = None
        if parsed is not None:
            document = await self._documents.find_document(parsed.dossier_id, parsed.revision)
        if parsed is None or document is None:
            raise FileRefused("there is no such file", code="missing")
        key = self._key_ring.open_record_key(document.wrapped_key)
        context = revision_context(parsed.dossier_id, parsed.revision)
        dossier = _dossiers.decode(key.unseal(document.sealed, context=context))
        stated = file_at(dossier, parsed)
        if stated is None:
            raise FileRefused("there is no such file", code="missing")
        if self._turns.locked():
            raise FileRefused("too many files are being fetched", code="busy")
        async with self._turns:
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
                try:
                    size_bytes = await self._fetch(stated, spool)
                except FileRefused as refusal:
                    await self._note(document, "file.refused", str(parsed), {"reason": refusal.code})
                    raise
                spool.seek(0)
                await self._note(document, "file.served", str(parsed), {"size_bytes": size_bytes})
                yield ServedFile(
                    name=stated.name,
                    media_type=media_type_of(stated.name),
                    size_bytes=size_bytes,
                    dossier_code=document.code,
                    agency_code=document.agency_code,
                    procedure_code=dossier.procedure_code,
                    subject_digest=applicant_digest(self._key_ring, dossier),
                    content=spool,
                )

    async def _fetch(self, stated: Attachment | ResultDocument, spool: IO[bytes]) -> int:
        found, size_bytes, head = sha256(), 0, b""
        try:
            async with asyncio.timeout(self._rules.fetch_seconds), self._source.open(stated.url) as chunks:
                async for chunk in chunks:
                    size_bytes += len(chunk)
                    if size_bytes > self._rules.max_bytes:
                        raise FileRefused("the file is larger than may be served", code="too_large")
                    if len(head) < HEAD_BYTES:
                        head += chunk[: HEAD_BYTES - len(head)]
                    found.update(chunk)
                    spool.write(chunk)
        except (RemoteError, TimeoutError) as error:
            raise FileRefused("the province's file server does not give the file", code="unavailable") from error
        stated_size = stated.size_bytes if isinstance(stated, Attachment) else None
        if stated_size is not None and stated_size != size_bytes:
            raise FileRefused("the file has another size than the dossier states", code="wrong_size")
        if stated.sha256 is not None and stated.sha256 != found.hexdigest():
            raise FileRefused("the file has another digest than the dossier states", code="wrong_digest")
        if not is_as_named(stated.name, head):
            raise FileRefused("the file is of another kind than its name says", code="wrong_kind")
        return size_bytes

    async def _note(self, document: SealedDocument, event: str, place: str, facts: dict[str, object]) -> None:
        data = msgspec.json.encode({"file": place.rpartition("-")[2], **facts}).decode()
        await self._documents.note_file(document, event, data)
