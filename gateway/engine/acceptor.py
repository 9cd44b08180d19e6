"""The one accept path: requests gathered for a moment, judged one by one, stored together in one commit.

A commit costs the same for one change as for two hundred, so concurrent requests share it. Gathering never waits for
company: a request that comes while a batch is being stored joins the next one, and an idle acceptor starts at once.
Each change gets its own outcome; when the database refuses a row that should have been possible, the batch is halved
until the culprit stands alone, so that a neighbour never pays.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from gateway.engine.parties import party_digests
from gateway.errors import GatewayError, StoreUnavailable
from gateway.model.dossier import Dossier, Origin, ProgressStep
from gateway.model.standing import Current
from gateway.model.status import DossierStatus, is_ordinary
from gateway.model.subtrees import is_within
from gateway.ports.basics import Clock, KeyRing, RecordKey
from gateway.ports.store import AcceptanceStore, AcceptedBatch, ConcurrentCreation, IdempotencyRecord, Loaded
from gateway.sync.acceptance import (
    ACCEPTED,
    ANYTHING,
    Decision,
    Expectation,
    Outcome,
    decide_progress,
    decide_replacement,
)
from gateway.sync.applications import merge_province_statement

_MAX_ANEW = 20
_dossiers = msgspec.json.Decoder(Dossier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A validated request to change one dossier. `request_digest` is keyed (KeyRing.digest) over the whole request."""

    client_id: str
    agency_prefixes: tuple[str, ...]
    code: str
    body: Dossier | ProgressStep
    request_digest: bytes
    idempotency_key: str | None = None
    expected: Expectation = ANYTHING
    origin: Origin = Origin.PROVINCE
    """Which side states it."""
    event_type: str = ""
    """What the feed calls it, when the outcome alone does not say."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What became of a change. Kept as the answer to a repeated key; carries no personal data."""

    outcome: Outcome
    code: str
    revision: int
    status: DossierStatus | None
    is_irregular: bool = False
    is_late: bool = False
    accepted_at: datetime | None = None
    is_replayed: bool = False

    @property
    def is_accepted(self) -> bool:
        return self.outcome in ACCEPTED


def _is_either_within(codes: tuple[str, ...], prefixes: Sequence[str]) -> bool:
    return is_within(codes[0], prefixes) or is_within(codes[1], prefixes)


def _undoes_withdrawal(current: Current, stated: Dossier) -> bool:
    return current.status is DossierStatus.WITHDRAWN and not is_ordinary(current.status, stated.status)


class BatchJudge:
    """Judges the changes of one batch in order, so that a later one sees what an earlier one did."""

    def __init__(self, loaded: Loaded, systems: Sequence[str], key_ring: KeyRing, now: datetime) -> None:
        self._systems = systems
        self._key_ring = key_ring
        self._now = now
        self._current = {code: known.current for code, known in loaded.dossiers.items()}
        self._wrapped = {code: known.wrapped_key for code, known in loaded.dossiers.items()}
        self._erased = frozenset(code for code, wrapped in self._wrapped.items() if not wrapped)
        self._keys: dict[str, RecordKey] = {}
        self._records = dict(loaded.records)
        self._fresh_ids = iter(loaded.fresh_ids)
        self._created: dict[int, tuple[Any, ...]] = {}
        self._changed: dict[int, tuple[Any, ...]] = {}
        self._progressed: dict[int, tuple[Any, ...]] = {}
        self._lanes: dict[tuple[str, int], None] = {}
        self._documents: dict[str, Dossier] = {}
        self.batch = AcceptedBatch()

    def needed_documents(self, changes: Sequence[Change]) -> list[int]:
        """Name the nationally filed dossiers that are to be replaced: what the portal owns of them must stay."""
        national = {code for code, current in self._current.items() if current.origin is Origin.NATIONAL_PORTAL}
        if not national:
            return []
        stated = {change.code for change in changes if isinstance(change.body, Dossier)}
        return sorted(self._current[code].dossier_id for code in (national & stated) - self._erased)

    def open_documents(self, sealed_by_id: Mapping[int, tuple[int, bytes]]) -> None:
        """Open last documents. Raises IntegrityFailed."""
        for code, current in list(self._current.items()):
            found = sealed_by_id.get(current.dossier_id)
            if found is not None and code not in self._erased:
                context = revision_context(current.dossier_id, found[0])
                self._documents[code] = _dossiers.decode(self._record_key(code).unseal(found[1], context=context))

    def current(self, code: str) -> Current | None:
        """Give where a dossier stands, what this batch did to it included."""
        return self._current.get(code)

    def is_erased(self, code: str) -> bool:
        """Tell whether the content of a dossier was erased."""
        return code in self._erased

    def document(self, code: str) -> Dossier:
        """Give the document of a dossier that was opened or stored by this batch."""
        return self._documents[code]

    def store(self, change: Change, decision: Decision, content: bytes, digest: bytes) -> None:
        """Store a replacement that was decided elsewhere."""
        assert isinstance(change.body, Dossier)
        self._store_replacement(change, change.body, content, digest, decision, self._current.get(change.code))

    def note_conflicts(self, code: str, fields: Sequence[str]) -> None:
        """Write down fields in which a statement was not followed."""
        current = self._current[code]
        self.batch.conflicts.extend(
            (system, current.dossier_id, field, current.revision) for system in self._systems for field in fields
        )

    def note_waiting(self, code: str) -> None:
        """Note that the citizen said something which changed no field: the province's turn all the same."""
        dossier_id = self._current[code].dossier_id
        self.batch.answered.discard(dossier_id)
        self.batch.waiting.add(dossier_id)

    def digest(self, content: bytes) -> bytes:
        """Give the keyed digest of a document."""
        return self._key_ring.digest(content)

    def tell(self, code: str, event_type: str, data: str) -> None:
        """Add an event about a dossier that this batch knows."""
        current = self._current[code]
        self.batch.events.append((event_type, code, current.agency_codes[1], current.dossier_id, None, data))

    def judge(self, change: Change) -> Receipt:
        if change.idempotency_key is not None:
            record = self._records.get((change.client_id, change.idempotency_key))
            if record is not None:
                return self._replay(record, change)
        current = self._current.get(change.code)
        if not self._may_touch(change, current):
            return Receipt(outcome=Outcome.OTHER_AGENCY, code=change.code, revision=0, status=None)
        if change.code in self._erased:
            return Receipt(outcome=Outcome.ERASED, code=change.code, revision=0, status=None)
        if isinstance(change.body, Dossier):
            dossier, conflicts = change.body, tuple[str, ...]()
            if current is not None and current.origin is Origin.NATIONAL_PORTAL:
                merged = merge_province_statement(self._documents[change.code], change.body)
                dossier, conflicts = merged.dossier, merged.conflicts
                if _undoes_withdrawal(current, dossier) and change.expected.revision is None:
                    # Stated without having seen it, perhaps: the citizen's word stays until a person looks.
                    dossier = replace(dossier, status=DossierStatus.WITHDRAWN, source_status="")
                    conflicts = (*conflicts, "status")
            content = msgspec.json.encode(dossier)
            digest = self._key_ring.digest(content)
            decision = decide_replacement(current, dossier, digest, change.expected)
            if decision.is_change:
                self._store_replacement(change, dossier, content, digest, decision, current)
            if conflicts and decision.outcome in ACCEPTED:
                self.note_conflicts(change.code, conflicts)
        else:
            decision = decide_progress(current, change.body, change.expected)
            if decision.is_change and current is not None:
                self._store_progress(change, change.body, decision, current)
        receipt = Receipt(
            outcome=decision.outcome,
            code=change.code,
            revision=decision.revision,
            status=decision.status,
            is_irregular=decision.is_irregular,
            is_late=decision.is_late,
            accepted_at=self._now if decision.outcome in ACCEPTED else None,
        )
        if change.idempotency_key is not None and receipt.is_accepted:
            self._remember(change, receipt)
        return receipt

    def finish(self) -> AcceptedBatch:
        batch = self.batch
        batch.created = list(self._created.values())
        batch.changed = list(self._changed.values())
        batch.progressed = list(self._progressed.values())
        batch.lanes = list(self._lanes)
        return batch

    def _replay(self, record: IdempotencyRecord, change: Change) -> Receipt:
        if record.request_digest != change.request_digest:
            return Receipt(outcome=Outcome.KEY_REUSED, code=change.code, revision=0, status=None)
        return msgspec.structs.replace(msgspec.convert(record.response, Receipt), is_replayed=True)

    def _remember(self, change: Change, receipt: Receipt) -> None:
        assert change.idempotency_key is not None
        answer = msgspec.to_builtins(receipt)
        self._records[(change.client_id, change.idempotency_key)] = IdempotencyRecord(change.request_digest, answer)
        self.batch.records.append(
            (change.client_id, change.idempotency_key, change.request_digest, msgspec.json.encode(receipt).decode())
        )

    @staticmethod
    def _may_touch(change: Change, current: Current | None) -> bool:
        # Before the change and after it, one of the two agencies must be the caller's.
        prefixes, body = change.agency_prefixes, change.body
        if current is not None and not _is_either_within(current.agency_codes, prefixes):
            return False
        if isinstance(body, Dossier):
            return _is_either_within((body.receiving_agency.code, body.handling_agency.code), prefixes)
        return True

    def _record_key(self, code: str) -> RecordKey:
        key = self._keys.get(code)
        if key is None:
            wrapped = self._wrapped.get(code)
            key = self._key_ring.new_record_key() if wrapped is None else self._key_ring.open_record_key(wrapped)
            self._keys[code] = key
        return key

    def _store_replacement(
        self,
        change: Change,
        dossier: Dossier,
        content: bytes,
        digest: bytes,
        decision: Decision,
        current: Current | None,
    ) -> None:
        dossier_id = next(self._fresh_ids) if current is None else current.dossier_id
        key = self._record_key(change.code)
        row = (
            dossier_id,
            change.code,
            dossier.procedure_code,
            dossier.receiving_agency.code,
            dossier.handling_agency.code,
            dossier.channel.value,
            (change.origin if current is None else current.origin).value,
            dossier.status.value,
            decision.status_at,
            dossier.submitted_at,
            dossier.received_at,
            dossier.due_at,
            dossier.finished_at,
            dossier.returned_at,
            dossier.fees_total_vnd,
            decision.revision,
            decision.revision,
            digest,
            key.wrapped,
            self._now,
        )
        if current is None or dossier_id in self._created:
            self._created[dossier_id] = row
        else:
            self._changed[dossier_id] = row
            self._progressed.pop(dossier_id, None)
        assert decision.status is not None
        assert decision.status_at is not None
        standing = Current(
            dossier_id=dossier_id,
            revision=decision.revision,
            document_revision=decision.revision,
            status=decision.status,
            status_at=decision.status_at,
            digest=digest,
            procedure_code=dossier.procedure_code,
            agency_codes=(dossier.receiving_agency.code, dossier.handling_agency.code),
            origin=change.origin if current is None else current.origin,
        )
        if standing.origin is Origin.NATIONAL_PORTAL:
            self._documents[change.code] = dossier
        self.batch.parties.extend((digest, dossier_id, role) for digest, role in party_digests(self._key_ring, dossier))
        self._append(change, decision, standing, "replacement", key.seal(content, context=_context(standing)))

    def _store_progress(self, change: Change, step: ProgressStep, decision: Decision, current: Current) -> None:
        assert decision.status is not None
        assert decision.status_at is not None
        key = self._record_key(change.code)
        standing = replace(current, revision=decision.revision, status=decision.status, status_at=decision.status_at)
        moved = (current.dossier_id, decision.status.value, decision.status_at, decision.revision, self._now)
        for rows in (self._created, self._changed):
            row = rows.get(current.dossier_id)
            if row is not None:
                rows[current.dossier_id] = (*row[:7], moved[1], moved[2], *row[9:15], moved[3], *row[16:])
                break
        else:
            self._progressed[current.dossier_id] = moved
        content = msgspec.json.encode(step)
        self._append(change, decision, standing, "progress", key.seal(content, context=_context(standing)))

    def _append(self, change: Change, decision: Decision, standing: Current, kind: str, sealed: bytes) -> None:
        batch, dossier_id, revision = self.batch, standing.dossier_id, standing.revision
        self._current[change.code] = standing
        batch.revisions.append(
            (
                dossier_id,
                revision,
                standing.document_revision,
                kind,
                standing.status.value,
                decision.is_irregular,
                decision.is_late,
                change.client_id,
                self._now,
                sealed,
            )
        )
        if standing.origin is Origin.NATIONAL_PORTAL:
            self._note_turn(change, standing)
        for system in self._systems if decision.deliveries else ():
            self._lanes[(system, dossier_id)] = None
            batch.deliveries.extend(
                (system, dossier_id, revision, ordinal, delivery.value)
                for ordinal, delivery in enumerate(decision.deliveries)
            )
        data = {
            "outcome": decision.outcome.value,
            "status": standing.status.value,
            "procedure_code": standing.procedure_code,
            "is_irregular": decision.is_irregular,
            "is_late": decision.is_late,
            "deliveries": [delivery.value for delivery in decision.deliveries] if self._systems else [],
        }
        batch.events.append(
            (
                change.event_type or _EVENT_TYPES[decision.outcome],
                change.code,
                standing.agency_codes[1],
                dossier_id,
                revision,
                msgspec.json.encode(data).decode(),
            )
        )

    def _note_turn(self, change: Change, standing: Current) -> None:
        """Note whose turn it is: the province's after the citizen spoke, nobody's after the province did."""
        before, after = self.batch.answered, self.batch.waiting
        if change.origin is Origin.NATIONAL_PORTAL:
            before, after = after, before
        after.discard(standing.dossier_id)
        before.add(standing.dossier_id)


_EVENT_TYPES = {
    Outcome.CREATED: "dossier.created",
    Outcome.REPLACED: "dossier.replaced",
    Outcome.PROGRESSED: "dossier.progressed",
}


def _context(standing: Current) -> bytes:
    return revision_context(standing.dossier_id, standing.revision)


def revision_context(dossier_id: int, revision: int) -> bytes:
    """Name the place of a sealed revision; sealing binds it, so a blob cannot be moved to another revision."""
    return b"dossier:%d:%d" % (dossier_id, revision)


async def accept_batch(
    store: AcceptanceStore, changes: Sequence[Change], *, systems: Sequence[str], key_ring: KeyRing, clock: Clock
) -> list[Receipt]:
    """Judge and store changes in one transaction; one receipt per change, in order.

    Raises StoreUnavailable when nothing is known to be stored; a repeat with the same keys is then safe.
    """
    codes = sorted({change.code for change in changes})
    keys = sorted({(c.client_id, c.idempotency_key) for c in changes if c.idempotency_key is not None})
    for _ in range(_MAX_ANEW):
        now = clock.now()
        try:
            async with store.transaction() as transaction:
                loaded = await transaction.load(codes, keys, len(codes))
                judge = BatchJudge(loaded, systems, key_ring, now)
                needed = judge.needed_documents(changes)
                if needed:
                    judge.open_documents(await transaction.documents(needed))
                receipts = [judge.judge(change) for change in changes]
                await transaction.write(judge.finish(), now)
        except ConcurrentCreation:
            continue
        return receipts
    raise StoreUnavailable("the same dossiers are being created by too many processes at once")


class Acceptor:
    """Gathers concurrent changes into batches. Start with `start`, end with `close`, which finishes what it holds."""

    def __init__(
        self,
        store: AcceptanceStore,
        *,
        systems: Sequence[str],
        key_ring: KeyRing,
        clock: Clock,
        max_batch_count: int = 256,
        writers_count: int = 2,
        max_queued_count: int = 4096,
    ) -> None:
        self._store = store
        self._systems = tuple(systems)
        self._key_ring = key_ring
        self._clock = clock
        self._max_batch_count = max_batch_count
        self._writers_count = writers_count
        self._queue: asyncio.Queue[tuple[Change, asyncio.Future[Receipt]] | None] = asyncio.Queue(max_queued_count)
        self._writers: list[asyncio.Task[None]] = []
        self._is_closing = False

    def start(self) -> None:
        self._writers = [asyncio.create_task(self._write_forever()) for _ in range(self._writers_count)]

    async def close(self) -> None:
        """Store what was taken in, and take nothing more. Cancelling it refuses what is still queued."""
        self._is_closing = True
        for _ in self._writers:
            await self._queue.put(None)
        try:
            await asyncio.gather(*self._writers)
        finally:
            while not self._queue.empty():
                item = self._queue.get_nowait()
                if item is not None and not item[1].done():
                    item[1].set_exception(StoreUnavailable("the gateway is stopping; nothing was accepted"))

    @property
    def queued_count(self) -> int:
        return self._queue.qsize()

    async def submit(self, change: Change) -> Receipt:
        """Accept one change; the receipt is given only after the commit. Raises StoreUnavailable."""
        if self._is_closing or self._queue.full():
            raise StoreUnavailable("the gateway is busy or stopping; nothing was accepted")
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        await self._queue.put((change, future))
        # A caller that goes away does not take the change back: it may be committed already.
        return await asyncio.shield(future)

    async def submit_many(self, changes: Sequence[Change]) -> list[Receipt | GatewayError]:
        """Accept a chunk that is already a batch (an import), past the queue; failures stand in their places."""
        return await self._accept(list(changes))

    async def _write_forever(self) -> None:
        while True:
            first = await self._queue.get()
            if first is None:
                return
            batch = [first]
            while len(batch) < self._max_batch_count and not self._queue.empty():
                item = self._queue.get_nowait()
                if item is None:
                    await self._settle(batch)
                    return
                batch.append(item)
            await self._settle(batch)

    async def _settle(self, batch: list[tuple[Change, asyncio.Future[Receipt]]]) -> None:
        results = await self._accept([change for change, _ in batch])
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Receipt):
                future.set_result(result)
            else:
                future.set_exception(result)

    async def _accept(self, changes: list[Change]) -> list[Receipt | GatewayError]:
        try:
            receipts = await accept_batch(
                self._store, changes, systems=self._systems, key_ring=self._key_ring, clock=self._clock
            )
        except StoreUnavailable as error:
            return [error] * len(changes)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must reach its own caller only
            if len(changes) == 1:
                return [error if isinstance(error, GatewayError) else _unexpected(error)]
            middle = len(changes) // 2
            return [*await self._accept(changes[:middle]), *await self._accept(changes[middle:])]
        return list(receipts)


def _unexpected(error: Exception) -> GatewayError:
    # The message of a database error may quote a value; only its type is safe to show.
    failure = GatewayError(f"the change could not be stored ({type(error).__name__})", code="internal")
    failure.__cause__ = error
    return failure
