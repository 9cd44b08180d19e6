"""The auditor: looks at personal data, gathered for a moment and appended to the chain in one commit.

The chain has one end, so appending is serial anyway; what makes it fast is that all lines which wait share a commit, as
in the accept path. Gathering never waits for company. A caller goes on only after the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from gateway.engine.audit_lines import is_sealed, make_checkpoint, make_line, officer_sign
from gateway.errors import AuditBroken, GatewayError, StoreUnavailable
from gateway.model.audit import Access, AuditLine, AuditStage, ChainHead, Checkpoint, Outcome
from gateway.ports.audit import AskedLook, AuditStore, CheckpointSigner, StoredHead
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import AlertRaised, AuditCheckpointed, Observer
from gateway.sync.audit import beginning, encode_line, extend, seal_head

_Waiting = tuple[AuditLine, bytes, "asyncio.Future[None]"]


class Auditor:
    """Implements Audit. Start with `start`, end with `close`, which stores what it holds."""

    def __init__(
        self,
        store: AuditStore,
        *,
        key_ring: KeyRing,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        version: str,
        observer: Observer | None = None,
        max_batch_count: int = 1000,
        max_queued_count: int = 8192,
    ) -> None:
        self._store = store
        self._key_ring = key_ring
        self._clock = clock
        self._random_bytes = random_bytes
        self._version = version
        self._observer = observer
        self._max_batch_count = max_batch_count
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(max_queued_count)
        self._writer: asyncio.Task[None] | None = None
        self._is_closing = False
        self._last: ChainHead | None = None

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_forever())

    async def close(self) -> None:
        """Store what was taken in, and take nothing more. Cancelling it refuses what is still queued."""
        self._is_closing = True
        try:
            if self._writer is not None:
                await self._queue.put(None)
                await self._writer
        finally:
            while not self._queue.empty():
                item = self._queue.get_nowait()
                if item is not None and not item[2].done():
                    item[2].set_exception(StoreUnavailable("the gateway is stopping; nothing was written down"))

    @property
    def queued_count(self) -> int:
        return self._queue.qsize()

    @property
    def head(self) -> ChainHead | None:
        """The chain's end as this process saw it last."""
        return self._last

    async def ask(
        self, access: Access, *, request_id: str = "", correlation_id: UUID | None = None, edge: str | None = None
    ) -> AskedLook:
        if edge is not None:
            access = replace(access, edge=edge)
        line_id = self._new_id()
        look = AskedLook(access=access, correlation_id=correlation_id or line_id, began_seconds=self._clock.monotonic())
        # Its request id may be known before the call, and is worth most if the answer never comes.
        outcome = Outcome(outcome="asked", request_id=request_id)
        await self._append(line_id, look.correlation_id, access, AuditStage.ASKED, outcome, None)
        return replace(look, began_seconds=self._clock.monotonic())

    async def answer(self, look: AskedLook, outcome: Outcome) -> None:
        latency_ms = max(0, min(2**31 - 1, round((self._clock.monotonic() - look.began_seconds) * 1000)))
        await self._append(self._new_id(), look.correlation_id, look.access, AuditStage.ANSWERED, outcome, latency_ms)

    async def note(self, access: Access, outcome: Outcome) -> None:
        line_id = self._new_id()
        await self._append(line_id, line_id, access, AuditStage.ANSWERED, outcome, None)

    def officer_sign(self, stated: str) -> str:
        """Give how an officer stands in lines: the code as stated, or the digest of a citizen's number."""
        return officer_sign(self._key_ring, stated)

    def _new_id(self) -> UUID:
        return UUID(bytes=self._random_bytes(16), version=4)

    async def _append(
        self,
        line_id: UUID,
        correlation_id: UUID,
        access: Access,
        stage: AuditStage,
        outcome: Outcome,
        latency_ms: int | None,
    ) -> None:
        line = make_line(
            access,
            outcome,
            line_id=line_id,
            correlation_id=correlation_id,
            stage=stage,
            latency_ms=latency_ms,
            at=self._clock.now(),
            version=self._version,
            key_ring=self._key_ring,
        )
        if self._is_closing or self._queue.full():
            raise StoreUnavailable("the gateway is busy or stopping; nothing was written down")
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((line, encode_line(line), stored))
        # A caller that goes away does not take the line back: it may be committed already.
        await asyncio.shield(stored)

    async def _write_forever(self) -> None:
        while True:
            first = await self._queue.get()
            if first is None:
                return
            batch, is_last = [first], False
            while len(batch) < self._max_batch_count and not self._queue.empty():
                item = self._queue.get_nowait()
                if item is None:
                    is_last = True
                    break
                batch.append(item)
            await self._settle(batch)
            if is_last:
                return

    async def _settle(self, batch: list[_Waiting]) -> None:
        failure: GatewayError | None = None
        try:
            await self._store_lines(batch)
        except GatewayError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever it is, it must reach those who wait
            # The message of a database error may quote a value; only its type is safe to show.
            failure = GatewayError(f"the line could not be written down ({type(error).__name__})", code="internal")
            failure.__cause__ = error
        for _, _, stored in batch:
            if stored.done():
                continue
            if failure is None:
                stored.set_result(None)
            else:
                stored.set_exception(failure)

    async def _store_lines(self, batch: list[_Waiting]) -> None:
        async with self._store.appending() as appending:
            stored = await appending.head()
            if stored is None:
                new = beginning(UUID(bytes=self._random_bytes(16), version=4))
                await appending.begin(StoredHead(head=new, mac=seal_head(new, self._key_ring.digest)))
                # Somebody else may have begun one in the same moment.
                stored = await appending.head()
                assert stored is not None, "it was just begun"
            self._check(stored)
            lines, head = extend(stored.head, [(line, encoded) for line, encoded, _ in batch])
            await appending.write(lines, StoredHead(head=head, mac=seal_head(head, self._key_ring.digest)))
        self._last = head

    def _check(self, stored: StoredHead) -> None:
        """Refuse an end that the gateway did not write; tell of one that went back while this process lived."""
        if not is_sealed(stored, self._key_ring):
            self._alert("audit_head_forged")
            raise AuditBroken("the end of the audit chain does not verify", code="audit_head_forged")
        last = self._last
        if last is not None and (
            stored.head.chain_id != last.chain_id
            or stored.head.position < last.position
            or (stored.head.position == last.position and stored.head.digest != last.digest)
        ):
            # A standby that took over may lack the last moments; going on is right, and a person must know.
            self._alert("audit_head_moved_back")

    def _alert(self, name: str) -> None:
        if self._observer is not None:
            self._observer(AlertRaised(system="gateway", name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointPolicy:
    """When a checkpoint is due: so long after the last, or so many lines behind it, if there are new ones at all."""

    interval: timedelta = timedelta(seconds=60)
    lines_count: int = 10_000


class Checkpointer:
    """Makes checkpoints: kept in the database, and told to the observer, whose log is the anchor outside of it."""

    def __init__(
        self,
        store: AuditStore,
        *,
        key_ring: KeyRing,
        clock: Clock,
        observer: Observer,
        signer: CheckpointSigner | None = None,
        policy: CheckpointPolicy | None = None,
        watch: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`watch` is called after a checkpoint that was due: the lines before it are there to be looked at."""
        self._store = store
        self._key_ring = key_ring
        self._clock = clock
        self._observer = observer
        self._signer = signer
        self._policy = policy or CheckpointPolicy()
        self._watch = watch

    async def turn(self) -> int:
        """Make one if it is due; give the position of the chain's end. Raises StoreUnavailable or AuditBroken."""
        stored = await self._store.head()
        if stored is None or stored.head.position == 0:
            return 0
        last, now = await self._store.newest_checkpoint(), self._clock.now()
        new_count = stored.head.position - (0 if last is None else last.head.position)
        is_time = last is None or now - last.at >= self._policy.interval
        if new_count > 0 and (is_time or new_count >= self._policy.lines_count):
            await self._make(stored, now)
            if self._watch is not None:
                await self._watch()
        return stored.head.position

    async def make(self) -> Checkpoint | None:
        """Make one of where the chain ends now; None for a chain without lines."""
        stored = await self._store.head()
        return None if stored is None or stored.head.position == 0 else await self._make(stored, self._clock.now())

    async def _make(self, stored: StoredHead, now: datetime) -> Checkpoint:
        if not is_sealed(stored, self._key_ring):
            self._observer(AlertRaised(system="gateway", name="audit_head_forged"))
            raise AuditBroken("the end of the audit chain does not verify", code="audit_head_forged")
        checkpoint = make_checkpoint(stored.head, now, self._key_ring, self._signer)
        if await self._store.add_checkpoint(checkpoint):
            self._observer(AuditCheckpointed(checkpoint=checkpoint))
        return checkpoint
