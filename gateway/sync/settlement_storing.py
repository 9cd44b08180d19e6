"""What the comparison of daily files needs of the store."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from gateway.model.settlement import DayMatch
from gateway.sync.payment_records import RefundView
from gateway.sync.payment_storing import StoredPayment


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that was taken, sealed as it came; `imported_by` "" when the gateway fetched it."""

    provider: str
    day: date
    sha256: str
    name: str
    imported_by: str
    rows_count: int
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStatement:
    """Credits of an account statement, sealed: texts may name payers. `accounts` are complete up to `until_on`."""

    digest: str
    first_on: date
    until_on: date
    accounts: Sequence[str]
    credits_count: int
    wrapped_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDay:
    """The newest comparison of a day; `closed_at` None: it is open."""

    match: DayMatch
    matched_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDecision:
    """A person's explanation of one finding."""

    finding_key: str
    decided_by: str
    document_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCorrection:
    """What was done about a finding; `outcome` "" while it is not known to be done."""

    finding_key: str
    finding_class: str
    outcome: str
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDays:
    """What waits at one provider."""

    days_count: int
    oldest_day: date
    unexplained_count: int


class SettlementStore(Protocol):
    """Files, comparisons and what persons said of them. Everything raises StoreUnavailable."""

    def turn(self, provider: str) -> AbstractAsyncContextManager[bool]:
        """Compare alone; False when another process does."""
        ...

    async def file(self, provider: str, day: date) -> StoredFile | None:
        """Give the file of a day that holds: the one that was taken last."""
        ...

    async def add_file(self, file: StoredFile, now: datetime) -> None:
        """Take a file; one that is there already holds from now on."""
        ...

    async def taken_days(self, provider: str, first: date) -> Sequence[date]: ...

    async def first_day(self, provider: str) -> date | None:
        """Give the day on which the provider was used first; None: never."""
        ...

    async def payments_of(
        self, provider: str, first: date, last: date, references: Sequence[str]
    ) -> Sequence[StoredPayment]:
        """Give every request of which the provider took money on these days or gave some back, or which has an attempt
        of such a reference."""
        ...

    async def refunds_of(self, request_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RefundView]]:
        """Give the refunds of requests that have some."""
        ...

    async def payments_of_dossiers(self, codes: Sequence[str]) -> Sequence[StoredPayment]: ...

    async def day(self, provider: str, day: date) -> StoredDay | None: ...

    async def days(self, provider: str | None, first: date, last: date) -> Sequence[StoredDay]:
        """Give comparisons, the newest day first."""
        ...

    async def save_day(self, match: DayMatch, now: datetime) -> None:
        """Keep a comparison; that of a closed day is left as it is."""
        ...

    async def close_day(self, provider: str, day: date, closed_by: str, now: datetime) -> bool:
        """Close a day in which nothing is unexplained; False for any other."""
        ...

    async def decisions(self, provider: str, day: date) -> Mapping[str, FindingDecision]: ...

    async def decide(self, provider: str, day: date, decision: FindingDecision, now: datetime) -> None: ...

    async def corrections(self, provider: str, day: date) -> Mapping[str, StoredCorrection]: ...

    async def begin_correction(
        self, provider: str, day: date, finding_key: str, finding_class: str, now: datetime
    ) -> bool:
        """Note that a finding is being corrected; False when that was done already."""
        ...

    async def end_correction(self, provider: str, day: date, finding_key: str, outcome: str, now: datetime) -> None: ...

    async def open_days(self) -> Mapping[str, OpenDays]: ...

    async def add_statement(self, statement: StoredStatement, now: datetime) -> None:
        """Keep a statement; the same again is kept once."""
        ...

    async def statements(self, first: date, last: date) -> Sequence[StoredStatement]:
        """Give the statements with a day between these two, the oldest first."""
        ...

    async def used_bank_references(self, provider: str, day: date, first: date, last: date) -> frozenset[str]:
        """Give the credits that the other days between these two have taken, those of all providers."""
        ...

    async def days_before_statements(self, providers: Sequence[str], first: date) -> Sequence[tuple[str, date]]:
        """Give the open days from one on that were compared before the newest statement came."""
        ...
