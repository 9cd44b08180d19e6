"""Daily files of providers: taken whole or not at all, compared with the payments, and corrected where that is certain.

A file is kept sealed as it came. Each taking compares its day and the days beside it, since a payment at midnight may
stand in either. What a verified file proves is put through the same judgement as a notification: lost news become
payments, contradictions become disputes, a second payment becomes one that goes back, money without a payment is held.
Each correction leaves a line of the audit first. Everything may be repeated: a run that died goes on where it stood
(payment notes §10.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from gateway.engine.payment_records import PaymentRecords
from gateway.engine.payment_strays import PaymentStrays
from gateway.engine.settlement_accounts import SEARCHED, AccountStatements
from gateway.errors import GatewayError
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.model.payment import Source
from gateway.model.settlement import DayMatch, FileDay, Finding
from gateway.model.vocabulary import VIETNAM
from gateway.ports.audit import Audit
from gateway.ports.basics import KeyRing
from gateway.sync.settlement import SETTLEMENT_WORKING_DAYS, AddWorkingDays, DayInput, match_day
from gateway.sync.settlement_sides import (
    Correction,
    absent_fact,
    correction_of,
    dossiers_of,
    entries_of,
    fact_of,
    open_requests_of,
    references_of,
    refund_entries,
    row_of,
)
from gateway.sync.settlement_storing import FindingDecision, SettlementStore, StoredDay, StoredFile

CLIENT = "settlement"
"""Stands for the client in lines of the audit, where nobody called."""
_ONE_DAY = timedelta(days=1)
_MAX_PASSES = 3
"""A correction changes what is compared; more passes than this would mean that corrections do not settle."""


class SettlementNotPossible(GatewayError):
    """What was asked for is not done; `refusal` says why, in a word of a closed list."""

    code = "settlement_refused"

    def __init__(self, refusal: str) -> None:
        super().__init__(f"the settlement is not possible: {refusal}")
        self.refusal = refusal


class ReadFile(Protocol):
    """Reads a provider's file. Raises IntegrityFailed naming every fault by line and rule."""

    def __call__(self, name: str, content: bytes, digest: str, *, partner_code: str, day: date) -> FileDay: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A file as somebody brings it; `digest` is the text of the side file, or the digest alone."""

    provider: str
    day: date
    name: str
    content: bytes = field(repr=False)
    digest: str
    officer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCheck:
    """By what money is looked for in account statements: for each provider the words of a transfer of many payments."""

    statements: AccountStatements
    marks: Mapping[str, frozenset[str]]
    add_working_days: AddWorkingDays
    working_days: int = SETTLEMENT_WORKING_DAYS


class Settlements:
    """Takes files, compares days, corrects and closes. `accounts` None: no account statement is compared."""

    def __init__(
        self,
        store: SettlementStore,
        records: PaymentRecords,
        strays: PaymentStrays,
        *,
        read_file: ReadFile,
        key_ring: KeyRing,
        audit: Audit,
        accounts: AccountCheck | None = None,
    ) -> None:
        self.accounts = accounts
        self.store = store
        self.records = records
        self._strays = strays
        self._read_file = read_file
        self._key_ring = key_ring
        self._audit = audit

    async def take(self, told: Told) -> StoredDay:
        """Take a file, and compare its day; the same file again compares anew.

        Raises SettlementNotPossible (no_such_provider, day_to_come, day_closed, under_way), IntegrityFailed for a file
        that is not whole and right, of which nothing counts, StoreUnavailable, AuditBroken.
        """
        known = self.records.providers.get(told.provider)
        if known is None:
            raise SettlementNotPossible("no_such_provider")
        if told.day > self.records.clock.now().astimezone(VIETNAM).date():
            raise SettlementNotPossible("day_to_come")
        file = self._read(told.provider, told.day, told.name, told.content, told.digest)
        async with self.store.turn(told.provider) as is_mine:
            if not is_mine:
                raise SettlementNotPossible("under_way")
            stored = await self.store.day(told.provider, told.day)
            if stored is not None and stored.closed_at is not None:
                raise SettlementNotPossible("day_closed")
            key = self._key_ring.new_record_key()
            await self.store.add_file(
                StoredFile(
                    provider=told.provider,
                    day=told.day,
                    sha256=file.sha256,
                    name=told.name,
                    imported_by=told.officer,
                    rows_count=len(file.rows),
                    wrapped_key=key.wrapped,
                    sealed=key.seal(told.content, context=_context(told.provider, told.day)),
                ),
                self.records.clock.now(),
            )
            for day in (told.day, told.day - _ONE_DAY, told.day + _ONE_DAY):
                await self._run(told.provider, day)
        made = await self.store.day(told.provider, told.day)
        assert made is not None, "it was compared a moment ago"
        return made

    async def explain(self, provider: str, day: date, decision: FindingDecision) -> StoredDay:
        """Take a person's explanation of a finding that no correction settles, and compare anew.

        Raises SettlementNotPossible (no_such_day, no_such_finding, day_closed, under_way).
        """
        stored = await self._opened(provider, day)
        finding = next((one for one in stored.match.findings if one.key == decision.finding_key), None)
        if finding is None:
            raise SettlementNotPossible("no_such_finding")
        await self._note(provider, day, finding, f"explained: {decision.document_number}", decision.decided_by)
        await self.store.decide(provider, day, decision, self.records.clock.now())
        return await self.compare(provider, day)

    async def compare(self, provider: str, day: date) -> StoredDay:
        """Compare a day anew, with everything that is known by now. Raises SettlementNotPossible."""
        await self._opened(provider, day)
        async with self.store.turn(provider) as is_mine:
            if not is_mine:
                raise SettlementNotPossible("under_way")
            await self._run(provider, day)
        made = await self.store.day(provider, day)
        assert made is not None, "it was there a moment ago, and is never deleted"
        return made

    async def look_again(self) -> int:
        """Compare the open days anew that were compared before the newest account statement came; give how many.

        Raises StoreUnavailable, AuditBroken.
        """
        if self.accounts is None:
            return 0
        first = self.records.clock.now().astimezone(VIETNAM).date() - SEARCHED
        count = 0
        for provider, day in await self.store.days_before_statements(sorted(self.accounts.marks), first):
            async with self.store.turn(provider) as is_mine:
                if is_mine:
                    await self._run(provider, day)
                    count += 1
        return count

    async def close(self, provider: str, day: date, officer: str, document_number: str) -> StoredDay:
        """Close a day in which everything is explained. Raises SettlementNotPossible (no_such_day, day_closed,
        unexplained, under_way)."""
        async with self.store.turn(provider) as is_mine:
            if not is_mine:
                raise SettlementNotPossible("under_way")
            return await self._close(provider, day, officer, document_number)

    async def _close(self, provider: str, day: date, officer: str, document_number: str) -> StoredDay:
        stored = await self._opened(provider, day)
        if not stored.match.can_close:
            raise SettlementNotPossible("unexplained")
        purpose = f"settlement {provider} {day.isoformat()} closed: {document_number}"
        access = Access(action=AuditAction.PAYMENT_DECIDED, client_id=CLIENT, officer=officer, purpose=purpose)
        await self._audit.note(access, Outcome(outcome="closed"))
        if not await self.store.close_day(provider, day, officer, self.records.clock.now()):
            raise SettlementNotPossible("unexplained")
        closed = await self.store.day(provider, day)
        assert closed is not None, "it was closed a moment ago"
        return closed

    async def _opened(self, provider: str, day: date) -> StoredDay:
        stored = await self.store.day(provider, day)
        if stored is None:
            raise SettlementNotPossible("no_such_day")
        if stored.closed_at is not None:
            raise SettlementNotPossible("day_closed")
        return stored

    async def _run(self, provider: str, day: date) -> None:
        """Compare and correct until nothing more is corrected; a day without a file, or closed, is left."""
        stored = await self.store.day(provider, day)
        file = await self._file(provider, day)
        if file is None or (stored is not None and stored.closed_at is not None):
            return
        for _ in range(_MAX_PASSES):
            match = await self._match(provider, file)
            await self.store.save_day(match, self.records.clock.now())
            if not await self._correct(provider, file, match):
                return
        await self.store.save_day(await self._match(provider, file), self.records.clock.now())

    async def _match(self, provider: str, file: FileDay) -> DayMatch:
        before = await self._file(provider, file.day - _ONE_DAY)
        after = await self._file(provider, file.day + _ONE_DAY)
        store, files = self.store, (file, before, after)
        payments = await store.payments_of(provider, file.day - _ONE_DAY, file.day + _ONE_DAY, references_of(files))
        refunds = await store.refunds_of([one.view.request_id for one in payments])
        owed = await store.payments_of_dossiers(dossiers_of(file))
        decisions = await store.decisions(provider, file.day)
        check = self.accounts
        marks = None if check is None else check.marks.get(provider)
        statement, used = None, frozenset[str]()
        if check is not None and marks is not None:
            statement = await check.statements.around(file.day)
            used = await store.used_bank_references(provider, file.day, file.day - SEARCHED, file.day + SEARCHED)
        sides = DayInput(
            provider=provider,
            file=file,
            entries=[*entries_of(payments, provider), *refund_entries(payments, refunds, provider)],
            before=before,
            after=after,
            open_requests=open_requests_of(owed),
            statement=statement,
            bulk_marks=marks or frozenset(),
            settlement_working_days=SETTLEMENT_WORKING_DAYS if check is None else check.working_days,
            used_bank_references=used,
            decisions={key: one.decided_by for key, one in decisions.items()},
        )
        # Without a statement no working day is counted.
        return match_day(sides, (lambda day, _: day) if check is None else check.add_working_days)

    async def _correct(self, provider: str, file: FileDay, match: DayMatch) -> bool:
        """Correct what a verified file proves; tell whether anything was done that was not done before."""
        is_changed = False
        for finding in match.unexplained:
            correction = correction_of(finding)
            if correction is None:
                continue
            now = self.records.clock.now()
            key, word = finding.key, finding.finding_class.value
            if not await self.store.begin_correction(provider, file.day, key, word, now):
                continue
            await self._note(provider, file.day, finding, correction.value, "")
            outcome = await self._do(provider, file, finding, correction)
            await self.store.end_correction(provider, file.day, key, outcome, self.records.clock.now())
            is_changed = True
        return is_changed

    async def _do(self, provider: str, file: FileDay, finding: Finding, correction: Correction) -> str:
        known = self.records.providers[provider]
        row = row_of(file, finding)
        if correction is Correction.STRAY and row is not None:
            fact = fact_of(row, file.partner_code)
            return (await self._strays.take(known, fact, Source.SETTLEMENT)).reason.value
        fact = absent_fact(finding, file.partner_code) if row is None else fact_of(row, file.partner_code)
        decision = await self.records.take(*_ids(finding), fact, Source.SETTLEMENT, asked_at=self.records.clock.now())
        return "attempt_gone" if decision is None else decision.reason.value

    async def _note(self, provider: str, day: date, finding: Finding, what: str, officer: str) -> None:
        """Write down what is done about a finding, before it is done."""
        access = Access(
            action=AuditAction.PAYMENT_DECIDED,
            client_id=CLIENT,
            officer=officer,
            agency_code=finding.agency_code,
            dossier_code=finding.dossier_code,
            purpose=f"settlement {provider} {day.isoformat()} {finding.finding_class.value}: {what}",
        )
        await self._audit.note(access, Outcome(outcome=finding.action.value))

    async def _file(self, provider: str, day: date) -> FileDay | None:
        """Give the file of a day that holds, read anew from what is sealed. Raises IntegrityFailed."""
        stored = await self.store.file(provider, day)
        if stored is None:
            return None
        key = self._key_ring.open_record_key(stored.wrapped_key)
        content = key.unseal(stored.sealed, context=_context(provider, day))
        return self._read(provider, day, stored.name, content, stored.sha256)

    def _read(self, provider: str, day: date, name: str, content: bytes, digest: str) -> FileDay:
        partner_code = self.records.providers[provider].provider.partner_code
        return self._read_file(name, content, digest, partner_code=partner_code, day=day)


def _ids(finding: Finding) -> tuple[UUID, UUID]:
    """Give request and attempt of a finding that is about one."""
    return UUID(finding.request_id), UUID(finding.entry_id)


def _context(provider: str, day: date) -> bytes:
    return f"settlement {provider} {day.isoformat()}".encode()
