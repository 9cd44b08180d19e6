"""What three sides say of a day's money: gateway, provider's file, beneficiary's account (payment notes §10.3).

Amounts are whole đồng, refunds stand as positive amounts of their own kind. Days are days of Viet Nam; instants are
aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.model.payment import AttemptState


class MoneyKind(StrEnum):
    """Which way the money went."""

    PAY = "pay"
    REFUND = "refund"


class RowState(StrEnum):
    """What a row of a provider's file says became of it."""

    DONE = "done"
    FAILED = "failed"
    PENDING = "pending"
    """The provider does not know the end either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One row of a provider's daily file."""

    line: int
    """Number in the file; the header is line 1."""
    kind: MoneyKind
    state: RowState
    reference: str
    """"" for payments that began at the national portal."""
    transaction: str
    amount_vnd: int
    service_fee_vnd: int
    """Fee of the service (PhiDichVu); never part of `amount_vnd`."""
    bank_code: str
    at: datetime
    at_text: str
    account_number: str
    dossier_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDay:
    """A provider's file of one day, read and found whole. Rows in the file's order."""

    partner_code: str
    day: date
    sha256: str
    rows: tuple[FileRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement of a beneficiary's account; credits above zero, debits below."""

    line: int
    amount_vnd: int
    day: date
    at: datetime | None
    """None where the statement tells the day only."""
    text: str = field(repr=False)
    """May name the payer: stands in no report."""
    account_number: str
    bank_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Movements of the accounts, complete up to and with the day `until`."""

    until: date
    lines: tuple[StatementLine, ...]
    accounts: Mapping[str, date] | None = None
    """The accounts that it is of, each with the last day on which it is complete; None: any, until `until`."""

    def complete_until(self, account_number: str) -> date | None:
        """Give the last day on which an account's movements are known; None when nothing is known of it."""
        return self.until if self.accounts is None else self.accounts.get(account_number)


class Standing(StrEnum):
    """How the gateway counts an attempt or a refund."""

    COUNTED = "counted"
    """The money moved, as far as the gateway knows."""
    OPEN = "open"
    """Not known, or not moved so far; later success is still accepted."""
    DISPUTED = "disputed"
    """A person decides."""


_MONEY_CAME = frozenset(
    {
        AttemptState.PAID,
        AttemptState.LATE_PAID,
        AttemptState.DUPLICATE_PAID,
        AttemptState.REFUND_PENDING,
        AttemptState.PARTIALLY_REFUNDED,
        AttemptState.REFUNDED,
    }
)


def standing_of(state: AttemptState) -> Standing:
    """Tell how an attempt counts: a refund is a movement of its own and takes nothing from it."""
    if state in _MONEY_CAME:
        return Standing.COUNTED
    return Standing.DISPUTED if state in {AttemptState.MISMATCH, AttemptState.DISPUTED} else Standing.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEntry:
    """One attempt, or one refund of an attempt, as the gateway has it."""

    kind: MoneyKind
    standing: Standing
    entry_id: str
    """Opaque; the attempt's reference, or the refund's own id."""
    reference: str
    request_id: str
    amount_vnd: int
    counted_on: date | None
    """Day of Viet Nam on which the money moved; None exactly for what is not counted."""
    transaction: str = ""
    account_number: str = ""
    agency_code: str = ""
    dossier_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """What is still owed, for rows whose reference nobody knows."""

    request_id: str
    dossier_code: str
    amount_vnd: int
    agency_code: str = ""


class FindingClass(StrEnum):
    """What a comparison of the sides gave. R1 to R8 are the classes of §10.3; those below are told apart besides."""

    OK = "ok"
    LOST_NOTIFICATION = "r1"
    PHANTOM = "r2"
    AMOUNT = "r3"
    DUPLICATE = "r4"
    UNKNOWN_REFERENCE = "r5"
    CONTRADICTORY = "r6"
    DAY_BOUNDARY = "r7"
    NOT_SETTLED = "r8"
    NO_MONEY = "no_money"
    """The row tells of no money, and the gateway counts none for it."""
    TWO_DEBITS = "two_debits"
    """One reference with two transactions of the provider (§9.3 no. 4)."""
    ACCOUNT = "account"
    """Paid to another account than the attempt named (§9.3 no. 12)."""
    DAY = "day"
    """Equal, but further than a day apart."""
    REPEATED = "repeated"
    """The row stood in the file of the day before."""
    IN_DISPUTE = "in_dispute"
    """A person decides on it already."""


class Action(StrEnum):
    """What is proposed; nothing of it is done by the comparison."""

    CLOSE = "close"
    APPLY_SUCCESS = "apply_success"
    """Transition 6 or 10, with the settlement as the source."""
    WAIT = "wait"
    DISPUTE = "dispute"
    REFUND_DUPLICATE = "refund_duplicate"
    MATCH_BY_DOSSIER = "match_by_dossier"
    SUSPENSE = "suspense"
    """Book to the suspense account until a person knows whose it is."""
    ESCALATE = "escalate"
    """Ask the provider."""
    DECIDE = "decide"
    """The open dispute is decided first."""


class AccountStanding(StrEnum):
    """Whether a row's money reached the beneficiary's account."""

    NOT_CHECKED = "not_checked"
    """No statement was given, or the row brings no money to the account."""
    ARRIVED = "arrived"
    AWAITED = "awaited"
    """Not there, and the statement ends before the money is due."""
    ABSENT = "absent"
    """Not there (or another amount), though the statement covers the day on which it was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One attempt, refund or row, explained or not. What counts on the day stands signed: refunds below zero."""

    finding_class: FindingClass
    action: Action
    kind: MoneyKind
    gateway_vnd: int
    """What the gateway counts on this day for it."""
    file_vnd: int
    """What the file of this day counts for it."""
    account_vnd: int = 0
    """What of `file_vnd` was found in the account."""
    account: AccountStanding = AccountStanding.NOT_CHECKED
    service_fee_vnd: int = 0
    line: int | None = None
    """Line of the day's file; None for what stands in another file or in none."""
    entry_id: str = ""
    reference: str = ""
    transaction: str = ""
    request_id: str = ""
    """The request concerned, or the one that is proposed for an unknown reference."""
    dossier_code: str = ""
    agency_code: str = ""
    account_number: str = ""

    @property
    def difference_vnd(self) -> int:
        """What this finding adds to gateway less file."""
        return self.gateway_vnd - self.file_vnd

    @property
    def key(self) -> str:
        """Name the finding for a person's explanation: the same in every run, as long as it says the same."""
        names = (self.finding_class, self.kind, self.entry_id, self.reference, self.transaction)
        return ":".join((*names, str(self.gateway_vnd), str(self.file_vnd), str(self.account_vnd)))

    @property
    def is_explained(self) -> bool:
        """Whether nobody has to do anything about it any more."""
        return self.action is Action.CLOSE


@dataclass(frozen=True, slots=True)
class Sums:
    """Signed sums of some findings."""

    gateway_vnd: int = 0
    file_vnd: int = 0
    account_vnd: int = 0
    service_fee_vnd: int = 0
    count: int = 0

    @property
    def difference_vnd(self) -> int:
        """Gateway less file."""
        return self.gateway_vnd - self.file_vnd

    def plus(self, finding: Finding) -> "Sums":
        """Add one finding."""
        return Sums(
            self.gateway_vnd + finding.gateway_vnd,
            self.file_vnd + finding.file_vnd,
            self.account_vnd + finding.account_vnd,
            self.service_fee_vnd + finding.service_fee_vnd,
            self.count + 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMatch:
    """What came of comparing a day of one provider. Findings are in an order that does not depend on the files'."""

    provider: str
    partner_code: str
    day: date
    file_sha256: str
    is_next_file_read: bool
    """The day boundary is only settled with the file of the day after."""
    is_account_checked: bool
    findings: tuple[Finding, ...]
    unmatched_lines: tuple[int, ...] = ()
    """Lines of the statement with credits that belong to no row of this day; other money arrives there too."""
    used_bank_references: frozenset[str] = frozenset()
    """Credits that were taken for this day: another day must not take them again."""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """Keys of findings that persons have explained, with who did."""

    @property
    def unexplained(self) -> tuple[Finding, ...]:
        """What stands against closing the day."""
        return tuple(one for one in self.findings if not one.is_explained and one.key not in self.decisions)

    @property
    def can_close(self) -> bool:
        """Whether every attempt, refund and row of the day is explained, by the sides or by a person."""
        return not self.unexplained
