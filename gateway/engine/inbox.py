"""What a national portal tells the province: taken in exactly once, in one transaction with what follows from it.

A message is known by its content: the same one again changes nothing and is answered as before, except that a second
application is told to be there already, which is what the portal expects (portal wire notes §9). A message about a
dossier that has not come yet is kept and applied when it comes. The body is sealed and kept in every case, since it
says more than a dossier has room for.
"""

from collections.abc import Sequence
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
    message_id: str
    path: str
    statement: Statement
    files: Sequence[InboundFile]


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
            message = _Message(
                self._key_ring.digest(path.encode() + b"\n" + body).hex()[:32],
                path,
                statement,
                self._translator.files(statement.kind, body),
            )
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
        outcome = _Applying(judge, self._system, self._file_base_url, now).apply(message)
        if outcome is InboundOutcome.DUPLICATE:
            return outcome
        batch = InboxBatch()
        codes = _codes_of(message.statement)
        if isinstance(message.statement, InboundApplication):
            for row in await transaction.kept(self._system, codes[0]):
                batch.handled.append((row.line, self._apply_kept(judge, row, codes[0], now).value))
        batch.new.append(self._row(message, outcome, now))
        await transaction.write_inbox(batch, now)
        await transaction.write(judge.finish(), now)
        return outcome

    def _apply_kept(self, judge: BatchJudge, row: InboxRow, code: str, now: datetime) -> InboundOutcome:
        """Apply a message that waited for its dossier. One that cannot be read any more must not keep that away."""
        try:
            message = self._reopen(row)
        except (Malformed, InvalidInput, Unmapped, IntegrityFailed):
            data = {"message_id": row.message_id, "kind": row.kind, "fields": []}
            judge.tell(code, "application.conflict", msgspec.json.encode(data).decode())
            return InboundOutcome.UNREADABLE
        return _Applying(judge, self._system, self._file_base_url, now).apply(message)

    def _row(self, message: _Message, outcome: InboundOutcome, now: datetime) -> tuple[Any, ...]:
        key = self._key_ring.new_record_key()
        content = msgspec.msgpack.encode(SealedMessage(message.path, message.statement.body))
        return (
            self._system,
            message.message_id,
            now,
            message.statement.kind.value,
            _codes_of(message.statement)[0],
            key.wrapped,
            key.seal(content, context=message_context(self._system, message.message_id)),
            None if outcome is InboundOutcome.KEPT else now,
            outcome.value,
        )

    def _reopen(self, row: InboxRow) -> _Message:
        sealed = open_message(self._key_ring, self._system, row.message_id, row.wrapped_key, row.sealed)
        statement = self._translator.read(sealed.path, sealed.body, at=self._clock.now())
        assert not isinstance(statement, InboundLookUp), "a look-up is never kept"
        files = self._translator.files(statement.kind, sealed.body)
        return _Message(row.message_id, sealed.path, statement, files)


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
        merged = merge_portal_statement(self._judge.document(code), change.stated, current.origin)
        # The step that moved the dossier last is not in its document.
        known = replace(merged.dossier, status=current.status)
        conflicts = merged.conflicts
        files = self._attachments(code, message)
        if files and current.origin is Origin.NATIONAL_PORTAL:
            known = replace(known, attachments=(*known.attachments, *files))
        if change.is_withdrawal:
            withdrawn = withdraw(known, current)
            known, conflicts = withdrawn.dossier, (*conflicts, *withdrawn.conflicts)
        event = "application.withdrawn" if known.status is not current.status else "application.changed"
        is_changed = self._store(code, known, event)
        if not is_changed and change.kind is InboundKind.AMENDMENT:
            self._tell(code, "application.changed", message, {})
        self._tell_payment(code, change, message)
        if not conflicts:
            return InboundOutcome.APPLIED if is_changed else InboundOutcome.UNCHANGED
        self._judge.note_conflicts(code, conflicts)
        self._tell(code, "application.conflict", message, {"fields": sorted(conflicts)})
        return InboundOutcome.CONFLICT

    def _notice(self, notice: InboundNotice, message: _Message) -> InboundOutcome:
        known = [code for code in notice.national_codes if self._judge.current(code) is not None]
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
        data = {"message_id": message.message_id, "kind": message.statement.kind.value, **facts}
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
