"""Compares a day's money: gateway, provider's file, account statement (payment notes §10.3). Pure.

Every row of the day's file and every attempt or refund that the gateway counts on that day goes into exactly one
finding, with what it adds to either side. So gateway less file is the sum of the findings' differences by
construction, to the đồng, whatever the sides say.

The files of the day before and after are looked at, since a payment at 23:59 may stand in either (F26). Such a
payment is counted by the gateway on its own day and by the file on the other: a difference on both, and none over both.

Whether a class still waits depends on what was read (the next day's file, the statement's last day), never on a clock:
a file that does not come must not turn into a dispute.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from gateway.model.settlement import (
    Action,
    DayMatch,
    FileDay,
    Finding,
    FindingClass,
    GatewayEntry,
    MoneyKind,
    OpenRequest,
    Standing,
    Statement,
    Sums,
)
from gateway.sync.settlement_account import Ledger, settle
from gateway.sync.settlement_classes import Judge, signed
from gateway.sync.settlement_links import Link, Links, Window

AddWorkingDays = Callable[[date, int], date]
"""Gives the working day that lies so many working days behind a day."""
SETTLEMENT_WORKING_DAYS = 2
"""T+2, as the notes assume (§10.3); no source says when money arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayInput:
    """All that is compared. Entries may be more than the day's. Among them must be all that count on the day, all whose
    reference a row of the files names, and the other attempts of their requests."""

    provider: str
    file: FileDay
    entries: Sequence[GatewayEntry]
    before: FileDay | None = None
    after: FileDay | None = None
    open_requests: Sequence[OpenRequest] = ()
    statement: Statement | None = None
    bulk_marks: frozenset[str] = frozenset()
    """Words by which a transfer of many payments at once is known in the statement; the partner code is one of them."""
    settlement_working_days: int = SETTLEMENT_WORKING_DAYS
    """How many working days after the file's day its money is due in the account."""
    used_bank_references: frozenset[str] = frozenset()
    """Credits that other days have taken."""
    decisions: Mapping[str, str] = field(default_factory=dict)


def match_day(sides: DayInput, add_working_days: AddWorkingDays) -> DayMatch:
    """Compare the sides of one day. The order of rows, entries and lines makes no difference.

    Raises ValueError for neighbours that are of another partner or day, entries that stand twice, and counted entries
    without a day.
    """
    _check(sides)
    window = Window(sides.file, sides.before, sides.after)
    links = Links.between(window, sides.entries)
    judge = Judge(window, links, sides.entries, sides.open_requests)
    findings = [judge.row(row, links.of_row(row)) for row in sides.file.rows]
    findings += [
        judge.without_row(entry, links.of_entry(entry))
        for entry in sides.entries
        if entry.counted_on == sides.file.day and not _stands_in_file(links.of_entry(entry), sides.file)
    ]
    ledger = None
    if sides.statement is not None:
        due_on = add_working_days(sides.file.day, sides.settlement_working_days)
        ledger = Ledger(sides.statement, sides.file.day - timedelta(days=1), sides.used_bank_references)
        marks = sides.bulk_marks | {sides.file.partner_code}
        findings = settle(findings, ledger, marks, due_on=due_on)
    return DayMatch(
        provider=sides.provider,
        partner_code=sides.file.partner_code,
        day=sides.file.day,
        file_sha256=sides.file.sha256,
        is_next_file_read=sides.after is not None,
        is_account_checked=sides.statement is not None,
        findings=tuple(sorted(findings, key=_order)),
        # Lines of several files have no numbers that a person could look up.
        unmatched_lines=() if ledger is None or ledger.statement.accounts is not None else ledger.left(),
        used_bank_references=frozenset() if ledger is None else ledger.used(),
        decisions=dict(sides.decisions),
    )


def total(matches: Iterable[DayMatch]) -> Sums:
    """Add up everything."""
    return sums_by(matches, lambda _match, _finding: "").get("", Sums())


def sums_by(matches: Iterable[DayMatch], name: Callable[[DayMatch, Finding], str]) -> dict[str, Sums]:
    """Add up the findings of one or many days and providers under the names that `name` gives them, in their order."""
    sums: dict[str, Sums] = {}
    for match in matches:
        for finding in match.findings:
            under = name(match, finding)
            sums[under] = sums.get(under, Sums()).plus(finding)
    return dict(sorted(sums.items()))


def by_provider(match: DayMatch, _finding: Finding) -> str:
    """Name the provider."""
    return match.provider


def by_agency(_match: DayMatch, finding: Finding) -> str:
    """Name the agency; "" where nobody knows whose the money is."""
    return finding.agency_code


def by_account(_match: DayMatch, finding: Finding) -> str:
    """Name the beneficiary's account."""
    return finding.account_number


def differences_by_class(match: DayMatch) -> dict[FindingClass, int]:
    """Give what each class adds to gateway less file, without those that add nothing. They sum to the difference."""
    sums = sums_by([match], lambda _match, finding: finding.finding_class)
    return {FindingClass(name): one.difference_vnd for name, one in sums.items() if one.difference_vnd}


def counted_vnd(entries: Iterable[GatewayEntry], day: date) -> int:
    """Give what the gateway counts on a day, refunds taken off."""
    return sum(signed(entry.kind, entry.amount_vnd) for entry in entries if entry.counted_on == day)


def actions(match: DayMatch) -> dict[Action, tuple[Finding, ...]]:
    """Group what is left to be done by what is proposed."""
    grouped: dict[Action, list[Finding]] = {}
    for finding in match.unexplained:
        grouped.setdefault(finding.action, []).append(finding)
    return {action: tuple(findings) for action, findings in sorted(grouped.items())}


def _stands_in_file(link: Link | None, file: FileDay) -> bool:
    return link is not None and link.day == file.day


def _check(sides: DayInput) -> None:
    for neighbour, days in ((sides.before, -1), (sides.after, 1)):
        if neighbour is None:
            continue
        if neighbour.partner_code != sides.file.partner_code or (neighbour.day - sides.file.day).days != days:
            raise ValueError("neighbouring files must be of the same partner, and of the day before and after")
    names = {(entry.kind, entry.entry_id) for entry in sides.entries}
    if len(names) != len(sides.entries):
        raise ValueError("an entry must not stand twice")
    references = [entry.reference for entry in sides.entries if entry.kind is MoneyKind.PAY]
    if len(set(references)) != len(references):
        raise ValueError("a reference must name one attempt")
    if any((entry.counted_on is not None) != (entry.standing is Standing.COUNTED) for entry in sides.entries):
        raise ValueError("exactly the entries that count must have a day")


def _order(finding: Finding) -> tuple[str, ...]:
    return (finding.kind, finding.reference, finding.transaction, finding.entry_id, finding.finding_class)
