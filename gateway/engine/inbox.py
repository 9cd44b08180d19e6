"""What a national portal tells the province: taken in exactly once, in one transaction with what follows from it.

A message is known by its content: the same one again changes nothing and is answered as before, except that a second
application is told to be there already, which is what the portal expects (portal wire notes §9). A message about a
dossier that has not come yet is kept and applied when it comes. The body is sealed and kept in every case, since it
says more than a dossier has room for.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from gateway.engine.acceptor import BatchJudge, Change
from gateway.errors import Fault, IntegrityFailed, InvalidInput, StoreUnavailable, Unmapped
from gateway.model.dossier import Attachment, Dossier, Origin
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.inbound import (
    InboundApplication,
    InboundChange,
    InboundFile,
    InboundKind,
    InboundLookUp,
    InboundNotice,
    InboundOutcome,
    InboundReply,
    InboundTranslator,
    InboxBatch,
    InboxRow,
    InboxStore,
    InboxTransaction,
    Malformed,
    Statement,
)
from gateway.ports.store import ConcurrentCreation
from gateway.sync.acceptance import Outcome
from gateway.sync.applications import (
    decide_application,
    decide_portal_change,
    merge_portal_statement,
    withdraw,
)

_MAX_ANEW = 20


def message_context(system: str, message_id: str) -> bytes:
    """Name the place of a sealed message."""
    return f"inbox:{system}:{message_id}".encode()


class SealedMessage(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed of a message: where it came in and its body."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Message:
    """A message read. It is stored once for each dossier that it names, under an id each; `ids` gives them by code."""

    ids: Mapping[str, str]
    path: str
    statement: Statement
    files: Sequence[InboundFile]

    @property
    def message_id(self) -> str:
        """The id under which it is stored for the first dossier: the whole message is known by it."""
        return next(iter(self.ids.values()))


class Inbox:
    """Takes in what one national system tells."""

    def __init__(
        self,
        system: str,
        store: InboxStore,
        translator: InboundTranslator,
        *,
        systems: Sequence[str],
        key_ring: KeyRing,
        clock: Clock,
        file_base_url: str,
    ) -> None:
        """`file_base_url` is this gateway's address as the provincial system reaches it."""
        self._system = system
        self._store = store
        self._translator = translator
        self._systems = systems
        self._key_ring = key_ring
        self._clock = clock
        self._file_base_url = file_base_url.rstrip("/")

    async def receive(self, path: str, body: bytes) -> InboundReply | InboundLookUp:
        """Take in a message and give the answer, once it is stored; a look-up is handed back unanswered.

        Raises StoreUnavailable: nothing is known to be stored, and the portal may repeat.
        """
        try:
            statement = self._translator.read(path, body, at=self._clock.now())
            if isinstance(statement, InboundLookUp):
                return statement
            files = self._translator.files(statement.kind, body)
            message = _Message(self._ids(path, body, _codes_of(statement)), path, statement, files)
        except (Malformed, InvalidInput, Unmapped) as error:
            return self._translator.refusal(error, path)
        for _ in range(_MAX_ANEW):
            try:
                return self._translator.reply(await self._take(message))
            except ConcurrentCreation:
                continue
            except InvalidInput as error:
                return self._translator.refusal(error, path)
        raise StoreUnavailable("the same dossiers are being changed by too many processes at once")

    async def _take(self, message: _Message) -> InboundOutcome:
        now, codes = self._clock.now(), _codes_of(message.statement)
        async with self._store.inbox_transaction() as transaction:
            await transaction.lock_codes(codes)
            told = await transaction.find_outcome(self._system, message.message_id)
            if told is not None:
                is_application = isinstance(message.statement, InboundApplication)
                return InboundOutcome.DUPLICATE if is_application else InboundOutcome(told)
            loaded = await transaction.load(codes, [], len(codes))
            judge = BatchJudge(loaded, self._systems, self._key_ring, now)
            judge.open_documents(
                await transaction.documents([known.current.dossier_id for known in loaded.dossiers.values()])
            )
            return await self._settle(transaction, judge, message, now)

    async def _settle(
        self, transaction: InboxTransaction, judge: BatchJudge, message: _Message, now: datetime
    ) -> InboundOutcome:
        batch = InboxBatch()
        if not isinstance(message.statement, InboundApplication):
            # The province may have created the dossier meanwhile: what came before this message goes before it.
            await self._apply_kept(transaction, judge, _codes_of(message.statement), batch, now)
        outcome = _Applying(judge, self._system, self._file_base_url, now).apply(message)
        if outcome is InboundOutcome.DUPLICATE:
            return outcome
        if isinstance(message.statement, InboundApplication):
            await self._apply_kept(transaction, judge, _codes_of(message.statement), batch, now)
        batch.new.extend(self._rows(message, outcome, judge, now))
        await transaction.write_inbox(batch, now)
        await transaction.write(judge.finish(), now)
        return outcome

    async def _apply_kept(
        self,
        transaction: InboxTransaction,
        judge: BatchJudge,
        codes: Sequence[str],
        batch: InboxBatch,
        now: datetime,
    ) -> None:
        for code in codes:
            if judge.current(code) is None:
                continue
            for row in await transaction.kept(self._system, code):
                try:
                    after = _Applying(judge, self._system, self._file_base_url, now).apply(self._reopen(row, code))
                except Unmapped:
                    continue  # A row of a code table is missing now: it waits on, counted, and holds up no other.
                except (Malformed, InvalidInput, IntegrityFailed):
                    data = {"message_id": row.message_id, "kind": row.kind, "fields": []}
                    judge.tell(code, "application.conflict", msgspec.json.encode(data).decode())
                    after = InboundOutcome.UNREADABLE
                batch.handled.append((row.line, after.value))

    async def catch_up(self) -> int:
        """Apply kept messages whose dossiers the province has created itself; give how many codes had some."""
        count, after = 0, ""
        while codes := await self._store.kept_codes(self._system, after):
            for code in codes:
                # What another process is just changing comes at the next turn.
                with contextlib.suppress(ConcurrentCreation):
                    await self._catch_up_with(code)
            count, after = count + len(codes), codes[-1]
        return count

    async def _catch_up_with(self, code: str) -> None:
        now = self._clock.now()
        async with self._store.inbox_transaction() as transaction:
            await transaction.lock_codes([code])
            loaded = await transaction.load([code], [], 0)
            judge = BatchJudge(loaded, self._systems, self._key_ring, now)
            judge.open_documents(
                await transaction.documents([known.current.dossier_id for known in loaded.dossiers.values()])
            )
            batch = InboxBatch()
            await self._apply_kept(transaction, judge, [code], batch, now)
            await transaction.write_inbox(batch, now)
            await transaction.write(judge.finish(), now)

    def _ids(self, path: str, body: bytes, codes: Sequence[str]) -> dict[str, str]:
        whole = self._key_ring.digest(path.encode() + b"\n" + body)
        return {
            code: (self._key_ring.digest(whole + code.encode()) if place else whole).hex()[:32]
            for place, code in enumerate(codes)
        }

    def _rows(
        self, message: _Message, outcome: InboundOutcome, judge: BatchJudge, now: datetime
    ) -> list[tuple[Any, ...]]:
        content = msgspec.msgpack.encode(SealedMessage(message.path, message.statement.body))
        rows = []
        for code, message_id in message.ids.items():
            own_outcome = outcome
            if isinstance(message.statement, InboundNotice):
                own_outcome = InboundOutcome.KEPT if judge.current(code) is None else InboundOutcome.NOTED
            key = self._key_ring.new_record_key()
            rows.append(
                (
                    self._system,
                    message_id,
                    now,
                    message.statement.kind.value,
                    code,
                    key.wrapped,
                    key.seal(content, context=message_context(self._system, message_id)),
                    None if own_outcome is InboundOutcome.KEPT else now,
                    own_outcome.value,
                )
            )
        return rows

    def _reopen(self, row: InboxRow, code: str) -> _Message:
        """Read a kept message once more, for the dossier that it was kept for."""
        sealed = open_message(self._key_ring, self._system, row.message_id, row.wrapped_key, row.sealed)
        statement = self._translator.read(sealed.path, sealed.body, at=self._clock.now())
        assert not isinstance(statement, InboundLookUp), "a look-up is never kept"
        files = self._translator.files(statement.kind, sealed.body)
        return _Message({code: row.message_id}, sealed.path, statement, files)


class _Applying:
    """Applies one message to the dossiers that it speaks of."""

    def __init__(self, judge: BatchJudge, system: str, file_base_url: str, now: datetime) -> None:
        self._judge = judge
        self._system = system
        self._file_base_url = file_base_url
        self._now = now

    def apply(self, message: _Message) -> InboundOutcome:
        match message.statement:
            case InboundApplication() as application:
                return self._application(application, message)
            case InboundChange() as change:
                return self._change(change, message)
            case InboundNotice() as notice:
                return self._notice(notice, message)

    def _application(self, application: InboundApplication, message: _Message) -> InboundOutcome:
        code = application.national_code
        current = self._judge.current(code)
        if current is not None and current.origin is Origin.PROVINCE:
            # To say "here already" would lose the application: it is another dossier that has this code.
            fault = Fault("MaHoSo", "is the code of a dossier of the province")
            raise InvalidInput("the application cannot be taken", [fault])
        if current is not None:
            return InboundOutcome.DUPLICATE
        files = self._attachments(code, message)
        dossier = replace(application.dossier, attachments=(*application.dossier.attachments, *files))
        self._store(code, dossier, "application.filed")
        self._tell_payment(code, application, message)
        return InboundOutcome.RECEIVED

    def _change(self, change: InboundChange, message: _Message) -> InboundOutcome:
        code = change.national_code
        current = self._judge.current(code)
        if current is None:
            return InboundOutcome.KEPT
        if self._judge.is_erased(code):
            return InboundOutcome.NOTED
        merged = merge_portal_statement(self._judge.document(code), change.stated, current.origin)
        # The step that moved the dossier last is not in its document.
        known = merged.dossier
        if known.status is not current.status:
            known = replace(known, status=current.status, source_status="")
        conflicts = merged.conflicts
        files = self._attachments(code, message)
        if files and current.origin is Origin.NATIONAL_PORTAL:
            known = replace(known, attachments=(*known.attachments, *files))
        if change.is_withdrawal:
            withdrawn = withdraw(known, current)
            known, conflicts = withdrawn.dossier, (*conflicts, *withdrawn.conflicts)
        event = "application.withdrawn" if known.status is not current.status else "application.changed"
        is_changed = self._store(code, known, event)
        if current.origin is Origin.NATIONAL_PORTAL and (conflicts or change.kind is InboundKind.AMENDMENT):
            self._judge.note_waiting(code)
        if not is_changed and change.kind is InboundKind.AMENDMENT:
            self._tell(code, "application.changed", message, {})
        self._tell_payment(code, change, message)
        if not conflicts:
            return InboundOutcome.APPLIED if is_changed else InboundOutcome.UNCHANGED
        self._judge.note_conflicts(code, conflicts)
        self._tell(code, "application.conflict", message, {"fields": sorted(conflicts)})
        return InboundOutcome.CONFLICT

    def _notice(self, notice: InboundNotice, message: _Message) -> InboundOutcome:
        known = [code for code in message.ids if self._judge.current(code) is not None]
        for code in known:
            if notice.payment is None:
                self._tell(code, "application.noticed", message, {})
            else:
                self._tell_payment(code, notice, message)
        return InboundOutcome.NOTED if known else InboundOutcome.KEPT

    def _store(self, code: str, dossier: Dossier, event: str) -> bool:
        """Store a dossier as the portal leaves it; tell whether anything changed."""
        current = self._judge.current(code)
        content = msgspec.json.encode(dossier)
        digest = self._judge.digest(content)
        if current is None:
            decision = decide_application(dossier)
        else:
            decision = decide_portal_change(current, dossier, digest, self._now)
        if decision.outcome is Outcome.UNCHANGED:
            return False
        change = Change(
            client_id=self._system,
            agency_prefixes=(),
            code=code,
            body=dossier,
            request_digest=b"",
            origin=Origin.NATIONAL_PORTAL,
            event_type=event,
        )
        self._judge.store(change, decision, content, digest)
        return True

    def _attachments(self, code: str, message: _Message) -> tuple[Attachment, ...]:
        return tuple(
            Attachment(
                attachment_id=f"{message.message_id}-{place}",
                name=file.name,
                url=f"{self._file_base_url}/v1/applications/{code}/files/{message.message_id}-{place}",
                sha256=None if file.content is None else sha256(file.content).hexdigest(),
                size_bytes=None if file.content is None else len(file.content),
            )
            for place, file in enumerate(message.files)
        )

    def _tell_payment(
        self, code: str, statement: InboundApplication | InboundChange | InboundNotice, message: _Message
    ) -> None:
        payment = statement.payment
        if payment is not None:
            facts = {"is_paid": payment.is_paid, "amount_vnd": payment.amount_vnd, "paid_at": payment.paid_at}
            self._tell(code, "application.paid", message, facts)

    def _tell(self, code: str, event: str, message: _Message, facts: dict[str, Any]) -> None:
        data = {"message_id": message.ids[code], "kind": message.statement.kind.value, **facts}
        self._judge.tell(code, event, msgspec.json.encode(data).decode())


def open_message(key_ring: KeyRing, system: str, message_id: str, wrapped_key: bytes, sealed: bytes) -> SealedMessage:
    """Open a stored message. Raises IntegrityFailed."""
    key = key_ring.open_record_key(wrapped_key)
    plain = key.unseal(sealed, context=message_context(system, message_id))
    return msgspec.msgpack.decode(plain, type=SealedMessage)


def _codes_of(statement: Statement) -> list[str]:
    if isinstance(statement, InboundNotice):
        return list(statement.national_codes)
    return [statement.national_code]
