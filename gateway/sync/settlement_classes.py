"""Names what each row and each counted attempt of a day is, and what is proposed about it. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gateway.model.settlement import (
    Action,
    FileRow,
    Finding,
    FindingClass,
    GatewayEntry,
    MoneyKind,
    OpenRequest,
    RowState,
    Standing,
)
from gateway.sync.settlement_links import Link, Links, Window

ACTIONS = {
    FindingClass.OK: Action.CLOSE,
    FindingClass.LOST_NOTIFICATION: Action.APPLY_SUCCESS,
    FindingClass.AMOUNT: Action.DISPUTE,
    FindingClass.DUPLICATE: Action.REFUND_DUPLICATE,
    FindingClass.UNKNOWN_REFERENCE: Action.SUSPENSE,
    FindingClass.CONTRADICTORY: Action.DISPUTE,
    FindingClass.DAY_BOUNDARY: Action.CLOSE,
    FindingClass.NOT_SETTLED: Action.ESCALATE,
    FindingClass.NO_MONEY: Action.CLOSE,
    FindingClass.TWO_DEBITS: Action.DISPUTE,
    FindingClass.ACCOUNT: Action.DISPUTE,
    FindingClass.DAY: Action.DISPUTE,
    FindingClass.REPEATED: Action.ESCALATE,
    FindingClass.IN_DISPUTE: Action.DECIDE,
    # Until the file of the day after is read, it may still come; then it is disputed.
    FindingClass.PHANTOM: Action.DISPUTE,
}


def signed(kind: MoneyKind, amount_vnd: int) -> int:
    """Give an amount as it counts in sums: refunds below zero."""
    return amount_vnd if kind is MoneyKind.PAY else -amount_vnd


class Judge:
    """Names rows and entries of one day."""

    def __init__(
        self, window: Window, links: Links, entries: Sequence[GatewayEntry], requests: Sequence[OpenRequest]
    ) -> None:
        self._window, self._links = window, links
        self._day = window.file.day
        self._paid = {entry.request_id for entry in entries if _counts(entry)}
        self._winners = self._first_successes(entries)
        self._proposals = self._by_dossier(requests)

    def row(self, row: FileRow, link: Link | None) -> Finding:
        """Name a row of the day's file, with the entry that it speaks for."""
        if link is None:
            return self._unlinked(row)
        entry = link.entry
        found = self._class_of(row, entry)
        file_vnd = signed(row.kind, row.amount_vnd) if row.state is RowState.DONE else 0
        gateway_vnd = signed(entry.kind, entry.amount_vnd) if entry.counted_on == self._day else 0
        return self._finding(found, row, entry, gateway_vnd, file_vnd)

    def without_row(self, entry: GatewayEntry, link: Link | None) -> Finding:
        """Name an entry that counts on the day and for which no row of the day's file speaks."""
        found = FindingClass.PHANTOM
        if link is not None and link.row.state is not RowState.PENDING:
            is_done = link.row.state is RowState.DONE
            found = FindingClass.DAY_BOUNDARY if is_done else FindingClass.CONTRADICTORY
        return Finding(
            finding_class=found,
            action=self._action(found),
            kind=entry.kind,
            gateway_vnd=signed(entry.kind, entry.amount_vnd),
            file_vnd=0,
            entry_id=entry.entry_id,
            reference=entry.reference,
            transaction=entry.transaction,
            request_id=entry.request_id,
            dossier_code=entry.dossier_code,
            agency_code=entry.agency_code,
            account_number=entry.account_number,
        )

    def _class_of(self, row: FileRow, entry: GatewayEntry) -> FindingClass:
        if entry.standing is Standing.DISPUTED:
            return FindingClass.IN_DISPUTE
        if row.state is not RowState.DONE:
            if entry.standing is not Standing.COUNTED:
                return FindingClass.NO_MONEY
            return FindingClass.CONTRADICTORY if row.state is RowState.FAILED else FindingClass.PHANTOM
        if row.amount_vnd != entry.amount_vnd:
            return FindingClass.AMOUNT
        if entry.account_number and row.account_number != entry.account_number:
            return FindingClass.ACCOUNT
        if entry.counted_on is None:
            return self._class_of_lost(entry)
        if entry.transaction and row.transaction != entry.transaction:
            return FindingClass.TWO_DEBITS
        apart = abs((entry.counted_on - self._day).days)
        return (FindingClass.OK, FindingClass.DAY_BOUNDARY, FindingClass.DAY)[min(apart, 2)]

    def _class_of_lost(self, entry: GatewayEntry) -> FindingClass:
        """Money for an attempt that counts none: lost news, or a second payment of what is paid."""
        if entry.kind is MoneyKind.REFUND:
            return FindingClass.LOST_NOTIFICATION
        is_first = self._winners.get(entry.request_id) == entry.entry_id
        is_free = entry.request_id not in self._paid and is_first
        return FindingClass.LOST_NOTIFICATION if is_free else FindingClass.DUPLICATE

    def _unlinked(self, row: FileRow) -> Finding:
        """Name a row that speaks for nothing of ours, or not as the first."""
        known = self._links.attempt_named_by(row) if row.kind is MoneyKind.PAY else None
        if self._window.is_repeated(row):
            found = FindingClass.REPEATED if row.state is RowState.DONE else FindingClass.NO_MONEY
        elif row.state is not RowState.DONE:
            found = FindingClass.NO_MONEY
        else:
            found = FindingClass.UNKNOWN_REFERENCE if known is None else FindingClass.TWO_DEBITS
        file_vnd = signed(row.kind, row.amount_vnd) if row.state is RowState.DONE else 0
        finding = self._finding(found, row, known, 0, file_vnd)
        request = self._proposals.get((row.reference, row.transaction))
        if found is FindingClass.UNKNOWN_REFERENCE and row.kind is MoneyKind.PAY and request is not None:
            return replace(
                finding,
                action=Action.MATCH_BY_DOSSIER,
                request_id=request.request_id,
                agency_code=request.agency_code,
            )
        return finding

    def _finding(
        self, found: FindingClass, row: FileRow, entry: GatewayEntry | None, gateway_vnd: int, file_vnd: int
    ) -> Finding:
        return Finding(
            finding_class=found,
            action=self._action(found),
            kind=row.kind,
            gateway_vnd=gateway_vnd,
            file_vnd=file_vnd,
            service_fee_vnd=row.service_fee_vnd if row.state is RowState.DONE else 0,
            line=row.line,
            entry_id="" if entry is None else entry.entry_id,
            reference=row.reference,
            transaction=row.transaction,
            request_id="" if entry is None else entry.request_id,
            dossier_code=row.dossier_code if entry is None else entry.dossier_code,
            agency_code="" if entry is None else entry.agency_code,
            account_number=row.account_number,
        )

    def _action(self, found: FindingClass) -> Action:
        if found is FindingClass.PHANTOM and self._window.after is None:
            return Action.WAIT
        return ACTIONS[found]

    def _first_successes(self, entries: Sequence[GatewayEntry]) -> dict[str, str]:
        """Give the attempt of each request whose money came first, by this file and the one before."""
        links = [link for entry in entries if (link := self._links.of_entry(entry)) is not None]
        came = [
            (link.row.at, link.row.transaction, link.entry)
            for link in links
            if link.entry.kind is MoneyKind.PAY and link.row.state is RowState.DONE and link.day <= self._day
        ]
        winners: dict[str, str] = {}
        for _, _, entry in sorted(came, key=lambda one: (one[0], one[1], one[2].entry_id)):
            winners.setdefault(entry.request_id, entry.entry_id)
        return winners

    def _by_dossier(self, requests: Sequence[OpenRequest]) -> dict[tuple[str, str], OpenRequest]:
        """Propose requests for rows of unknown reference: one row and one open request of a dossier and an amount.

        Two rows that could pay one request, or two requests that one row could pay, are left to a person.
        """
        free = [one for one in requests if one.request_id not in self._paid and one.request_id not in self._winners]
        wanted = Counter((one.dossier_code, one.amount_vnd) for one in free)
        by_debt = {(one.dossier_code, one.amount_vnd): one for one in free}
        rows = [row for row in self._window.file.rows if self._is_unknown_payment(row)]
        offered = Counter((row.dossier_code, row.amount_vnd) for row in rows)
        return {
            (row.reference, row.transaction): by_debt[debt]
            for row in rows
            if (debt := (row.dossier_code, row.amount_vnd)) in by_debt
            and row.dossier_code
            and wanted[debt] == 1
            and offered[debt] == 1
        }

    def _is_unknown_payment(self, row: FileRow) -> bool:
        return (
            row.kind is MoneyKind.PAY
            and row.state is RowState.DONE
            and self._links.of_row(row) is None
            and self._links.attempt_named_by(row) is None
            and not self._window.is_repeated(row)
        )


def _counts(entry: GatewayEntry) -> bool:
    return entry.kind is MoneyKind.PAY and entry.standing is Standing.COUNTED
