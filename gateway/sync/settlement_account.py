"""Finds the money of a provider's file in the statement of the beneficiary's account (R8 of payment notes §10.3). Pure.

Money is known in a statement by a word of its text: the reference or the provider's transaction of one payment, or a
mark of the provider for a transfer of many at once. An equal amount alone proves nothing, since fees are the same for
everybody. Refunds are not looked for: whether they leave the beneficiary's account is not known.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from gateway.model.settlement import (
    AccountStanding,
    Action,
    Finding,
    FindingClass,
    MoneyKind,
    Statement,
    StatementLine,
)

_SETTLED = frozenset({FindingClass.OK, FindingClass.DAY_BOUNDARY})
_PIECE = re.compile(r"[0-9A-Z]+", re.ASCII)
_MIN_MARK_LENGTH = 6


def settle(findings: Sequence[Finding], ledger: "Ledger", bulk_marks: frozenset[str], *, due_on: date) -> list[Finding]:
    """Tell of every row with money whether it arrived; give the findings again.

    `due_on` is the day on which the money was due. Where the statement covers it, a row that is well otherwise and
    whose money is not there becomes R8. Money that arrives later is found later; of an account that the statement does
    not know, nothing is said.
    """
    known = ledger.statement.complete_until
    rows = [one for one in findings if one.file_vnd > 0 and one.kind is MoneyKind.PAY and _is_first(one)]
    looked_for = sorted(
        (one for one in rows if known(one.account_number) is not None), key=lambda one: (one.reference, one.transaction)
    )
    arrived = {_name(one): line.amount_vnd for one in looked_for if (line := ledger.take(one)) is not None}
    for account in sorted({one.account_number for one in looked_for}):
        rest = [one for one in looked_for if one.account_number == account and _name(one) not in arrived]
        if rest and ledger.take_bulk(account, sum(one.file_vnd for one in rest), bulk_marks):
            arrived.update((_name(one), one.file_vnd) for one in rest)
    names = {_name(one) for one in looked_for}
    return [
        _told(one, arrived.get(_name(one), 0), is_due=(known(one.account_number) or date.min) >= due_on)
        if _name(one) in names
        else one
        for one in findings
    ]


def _told(finding: Finding, account_vnd: int, *, is_due: bool) -> Finding:
    if account_vnd == finding.file_vnd:
        return replace(finding, account=AccountStanding.ARRIVED, account_vnd=account_vnd)
    if not is_due:
        action = Action.WAIT if finding.action is Action.CLOSE else finding.action
        return replace(finding, account=AccountStanding.AWAITED, account_vnd=account_vnd, action=action)
    absent = replace(finding, account=AccountStanding.ABSENT, account_vnd=account_vnd)
    if finding.finding_class not in _SETTLED:
        return absent
    return replace(absent, finding_class=FindingClass.NOT_SETTLED, action=Action.ESCALATE)


class Ledger:
    """Credits of a statement from a day on, each taken once, and none that another day has taken."""

    def __init__(self, statement: Statement, not_before: date, used: frozenset[str]) -> None:
        self.statement = statement
        credits = (
            one
            for one in statement.lines
            if one.amount_vnd > 0 and one.day >= not_before and one.bank_reference not in used
        )
        self._lines = sorted(credits, key=lambda one: (one.day, one.bank_reference, one.line))
        self._taken: set[int] = set()
        self._by_word: dict[tuple[str, str], list[int]] = {}
        for index, line in enumerate(self._lines):
            for word in _words(f"{line.text} {line.bank_reference}"):
                self._by_word.setdefault((line.account_number, word), []).append(index)

    def take(self, finding: Finding) -> StatementLine | None:
        """Take the line that names a payment; one of the same amount before another."""
        marks = {mark for one in (finding.reference, finding.transaction) for mark in _marks(one)}
        named = {index for mark in marks for index in self._by_word.get((finding.account_number, mark), [])}
        free = named - self._taken
        if not free:
            return None
        index = min(free, key=lambda one: (self._lines[one].amount_vnd != finding.file_vnd, one))
        self._taken.add(index)
        return self._lines[index]

    def take_bulk(self, account_number: str, amount_vnd: int, marks: frozenset[str]) -> bool:
        """Take a line of exactly this amount that bears a mark of the provider."""
        wanted = {form for mark in marks for form in (mark.upper(), _collapsed(mark.upper())) if form}
        for index, line in enumerate(self._lines):
            is_it = line.account_number == account_number and line.amount_vnd == amount_vnd
            if index not in self._taken and is_it and wanted & _words(line.text):
                self._taken.add(index)
                return True
        return False

    def left(self) -> tuple[int, ...]:
        """Give the numbers of the lines that nothing took, in order."""
        return tuple(sorted(line.line for index, line in enumerate(self._lines) if index not in self._taken))

    def used(self) -> frozenset[str]:
        """Give the bank's references of the lines that were taken."""
        return frozenset(self._lines[index].bank_reference for index in self._taken)


def _is_first(finding: Finding) -> bool:
    # A repeated row's money came with the file before.
    return finding.finding_class is not FindingClass.REPEATED


def _name(finding: Finding) -> tuple[str, ...]:
    return (finding.kind, finding.reference, finding.transaction, finding.entry_id)


def _marks(text: str) -> set[str]:
    """Give the forms in which a bank may print a reference; short ones could be anything."""
    upper = text.upper()
    return {form for form in (upper, _collapsed(upper)) if len(form) >= _MIN_MARK_LENGTH}


def _words(text: str) -> set[str]:
    """Split a text into its words, each also without punctuation and in its pieces."""
    words: set[str] = set()
    for word in text.upper().split():
        words.update((word, _collapsed(word)))
        words.update(_PIECE.findall(word))
    words.discard("")
    return words


def _collapsed(word: str) -> str:
    return "".join(_PIECE.findall(word))
