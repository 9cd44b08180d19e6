"""Which row of a provider's files speaks of which attempt or refund. Pure.

An attempt is known by its reference, which is never used again; a refund by that reference and the provider's
transaction, else by the reference and the amount. An attempt or refund is linked to one row at most, in one file at
most: the row that speaks for it best. What is left over is judged as such.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from gateway.model.settlement import FileDay, FileRow, GatewayEntry, MoneyKind, RowState

_BY_STATE = {RowState.DONE: 0, RowState.PENDING: 1, RowState.FAILED: 2}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry and the row that speaks for it, in the file of `day`."""

    entry: GatewayEntry
    row: FileRow
    day: date


class Window:
    """The file of a day with its neighbours; a row that stood in the file before counts there alone."""

    def __init__(self, file: FileDay, before: FileDay | None, after: FileDay | None) -> None:
        self.file, self.before, self.after = file, before, after
        self._before_it = {_name(row) for row in before.rows} if before is not None else set()
        in_file = {_name(row) for row in file.rows}
        self.rows: list[tuple[date, FileRow]] = []
        """Rows that may speak for an entry, each with its file's day."""
        if before is not None:
            self.rows += [(before.day, row) for row in before.rows]
        self.rows += [(file.day, row) for row in file.rows if not self.is_repeated(row)]
        if after is not None:
            self.rows += [(after.day, row) for row in after.rows if _name(row) not in in_file]

    def is_repeated(self, row: FileRow) -> bool:
        """Tell whether a row of the file stood in the one before."""
        return _name(row) in self._before_it


class Links:
    """Pairs of entries and rows."""

    def __init__(self, links: Iterable[Link], file_day: date, known: dict[str, GatewayEntry]) -> None:
        self._by_entry = {(link.entry.kind, link.entry.entry_id): link for link in links}
        self._by_row = {_name(link.row): link for link in self._by_entry.values() if link.day == file_day}
        self._attempts = known

    @classmethod
    def between(cls, window: Window, entries: Sequence[GatewayEntry]) -> Self:
        """Link what belongs together."""
        attempts = {entry.reference: entry for entry in entries if entry.kind is MoneyKind.PAY}
        rows = [(day, row) for day, row in window.rows if row.kind is MoneyKind.PAY]
        links = _attempt_links(rows, attempts)
        refund_rows = [(day, row) for day, row in window.rows if row.kind is MoneyKind.REFUND]
        links += _refund_links(refund_rows, [entry for entry in entries if entry.kind is MoneyKind.REFUND])
        return cls(links, window.file.day, attempts)

    def of_row(self, row: FileRow) -> Link | None:
        """Give the link of a row of the day's file."""
        return self._by_row.get(_name(row))

    def of_entry(self, entry: GatewayEntry) -> Link | None:
        """Give the link of an entry, in whichever file."""
        return self._by_entry.get((entry.kind, entry.entry_id))

    def attempt_named_by(self, row: FileRow) -> GatewayEntry | None:
        """Give the attempt whose reference a row bears, linked to it or not."""
        return self._attempts.get(row.reference)


def _attempt_links(rows: list[tuple[date, FileRow]], attempts: dict[str, GatewayEntry]) -> list[Link]:
    """Link by reference; rows without one by the provider's transaction, where that names one attempt alone."""
    by_transaction: dict[str, list[GatewayEntry]] = {}
    for entry in attempts.values():
        if entry.transaction:
            by_transaction.setdefault(entry.transaction, []).append(entry)
    speaking: dict[str, list[tuple[date, FileRow]]] = {}
    for day, row in rows:
        entry_of_row = attempts.get(row.reference)
        if not row.reference:
            named = by_transaction.get(row.transaction, [])
            entry_of_row = named[0] if len(named) == 1 else None
        if entry_of_row is not None:
            speaking.setdefault(entry_of_row.entry_id, []).append((day, row))
    by_id = {entry.entry_id: entry for entry in attempts.values()}
    return [_best(by_id[entry_id], candidates) for entry_id, candidates in speaking.items()]


def _refund_links(rows: list[tuple[date, FileRow]], refunds: list[GatewayEntry]) -> list[Link]:
    """Link by the transaction first; then one by one by reference and amount, in an order of their own."""
    by_transaction: dict[str, list[tuple[date, FileRow]]] = {}
    for day, row in rows:
        by_transaction.setdefault(row.transaction, []).append((day, row))
    links = []
    taken: set[tuple[str, ...]] = set()
    unnamed = []
    for entry in sorted(refunds, key=lambda one: one.entry_id):
        # The same transaction under another payment's reference is another's refund, or a fault that a person sees.
        same = [
            (day, row)
            for day, row in by_transaction.get(entry.transaction, [])
            if row.reference == entry.reference and _name(row) not in taken
        ]
        if not entry.transaction or not same:
            unnamed.append(entry)
            continue
        links.append(_best(entry, same))
        taken.add(_name(links[-1].row))
    # A refund whose transaction is known is never linked to another one.
    for entry in (one for one in unnamed if not one.transaction):
        alike = [
            (day, row)
            for day, row in rows
            if row.reference == entry.reference and row.amount_vnd == entry.amount_vnd and _name(row) not in taken
        ]
        if alike:
            links.append(_best(entry, alike))
            taken.add(_name(links[-1].row))
    return links


def _best(entry: GatewayEntry, candidates: list[tuple[date, FileRow]]) -> Link:
    """Choose the row that speaks for an entry: a movement before a failure, its own transaction, its own day."""

    def rank(one: tuple[date, FileRow]) -> tuple[object, ...]:
        day, row = one
        is_other = bool(entry.transaction) and row.transaction != entry.transaction
        apart = 0 if entry.counted_on is None else abs((day - entry.counted_on).days)
        return (_BY_STATE[row.state], is_other, apart, day, row.at, row.transaction, row.reference)

    day, row = min(candidates, key=rank)
    return Link(entry, row, day)


def _name(row: FileRow) -> tuple[str, ...]:
    return (row.kind, row.reference, row.transaction)
