"""The statement of a beneficiary's account, as a bank or the treasury exports it. Pure.

Every bank has columns and dates of its own, so they are configured; what is configured is read strictly. A statement is
taken whole or not at all. Its texts may name payers: faults say line and column, never what stood there.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date

from gateway.errors import ConfigurationError, Fault, IntegrityFailed
from gateway.model.settlement import Statement, StatementLine
from gateway.model.vocabulary import VIETNAM
from mappings.payment.times import MomentForm, read_moment

_PLAIN = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_GROUPED = {
    ".": re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3}){0,5}|-?[0-9]{1,16}", re.ASCII),
    ",": re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3}){0,5}|-?[0-9]{1,16}", re.ASCII),
}
_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,34}", re.ASCII)
_MAX_FAULTS_COUNT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementForm:
    """How one bank's statements look. Columns are named as in the header; other columns are passed over.

    Either `amount` names a signed column, or `credit` (and `debit`) name columns of amounts without sign. `account` ""
    means that every line is of `account_number`. Raises ConfigurationError when it is made and cannot be used.
    """

    moment: str
    text: str
    bank_reference: str
    amount: str = ""
    credit: str = ""
    debit: str = ""
    account: str = ""
    account_number: str = ""
    moment_form: MomentForm = MomentForm.FULL
    thousands: str = ""
    """"" (digits only), "." or ","."""
    delimiter: str = ","

    def __post_init__(self) -> None:
        faults = []
        if bool(self.amount) == bool(self.credit):
            faults.append(Fault("amount", "either amount or credit must name a column"))
        if self.amount and self.debit:
            faults.append(Fault("debit", "must be empty beside amount"))
        if bool(self.account) == bool(self.account_number):
            faults.append(Fault("account", "either account must name a column or account_number an account"))
        if self.account_number and not _ACCOUNT.fullmatch(self.account_number):
            faults.append(Fault("account_number", "must be letters and digits"))
        if self.thousands not in ("", *_GROUPED):
            faults.append(Fault("thousands", 'must be "", "." or ","'))
        if self.delimiter not in (",", ";", "\t"):
            faults.append(Fault("delimiter", "must be a comma, a semicolon or a tabulator"))
        if not (self.moment and self.text and self.bank_reference):
            faults.append(Fault("moment", "moment, text and bank_reference must name columns"))
        if len(set(self.columns)) != len(self.columns):
            faults.append(Fault("columns", "must differ"))
        if faults:
            raise ConfigurationError(faults)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there."""
        names = (self.moment, self.text, self.bank_reference, self.amount, self.credit, self.debit, self.account)
        return tuple(name for name in names if name)


class StatementRefused(IntegrityFailed):
    """A statement that is not taken. `faults` name line and column, the first fifty."""

    code = "statement_refused"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults[:_MAX_FAULTS_COUNT])
        super().__init__("; ".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementBounds:
    """How much is read at most."""

    max_size_bytes: int = 64 * 1024 * 1024
    max_line_bytes: int = 64 * 1024
    """Also keeps a file without any line break from being searched anew with every chunk."""
    max_lines_count: int = 500_000


def read_statement(
    chunks: Iterable[bytes],
    form: StatementForm,
    until: date,
    bounds: StatementBounds = StatementBounds(),
) -> Statement:
    """Read a statement in UTF-8 (a byte-order mark is passed over) that is complete up to and with the day `until`.

    Raises StatementRefused: bounds passed, no UTF-8, columns missing or standing twice, a line of another width, a cell
    that cannot be read, a day after `until`, a bank's reference that stands twice in an account.
    """
    reader = _Reader(form, until, bounds)
    lines = reader.read(chunks)
    if reader.faults:
        raise StatementRefused(reader.faults)
    return Statement(until=until, lines=tuple(lines))


class _Reader:
    def __init__(self, form: StatementForm, until: date, bounds: StatementBounds) -> None:
        self._form, self._until, self._bounds = form, until, bounds
        self._seen: set[tuple[str, str]] = set()
        self.faults: list[Fault] = []

    def read(self, chunks: Iterable[bytes]) -> list[StatementLine]:
        rows = csv.reader(self._text(chunks), delimiter=self._form.delimiter, strict=True)
        lines: list[StatementLine] = []
        try:
            header = next(rows, [])
            if any(header.count(name) != 1 for name in self._form.columns):
                self._fault(1, "must name every configured column once")
                return lines
            for cells in rows:
                # A cell may hold line breaks, so the line is where the row ended.
                if len(self.faults) >= _MAX_FAULTS_COUNT or len(lines) >= self._bounds.max_lines_count:
                    self._fault(rows.line_num, "must not be followed by more")
                    return lines
                if len(cells) != len(header):
                    self._fault(rows.line_num, "must have as many cells as the header")
                    continue
                line = self._line(rows.line_num, dict(zip(header, cells, strict=True)))
                if line is not None:
                    lines.append(line)
        except UnicodeDecodeError:
            self._fault(rows.line_num + 1, "must be UTF-8")
        except csv.Error:
            self._fault(rows.line_num, "must be separated values with paired quotes")
        except _TooLarge:
            self._fault(rows.line_num, "must not pass the bound of size")
        return lines

    def _text(self, chunks: Iterable[bytes]) -> Iterator[str]:
        rest, size, is_first = b"", 0, True
        for chunk in chunks:
            size += len(chunk)
            if size > self._bounds.max_size_bytes:
                raise _TooLarge
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._check_length(line)
                yield (line + b"\n").decode("utf-8-sig" if is_first else "utf-8")
                is_first = False
            self._check_length(rest)
        if rest:
            yield rest.decode("utf-8-sig" if is_first else "utf-8")

    def _check_length(self, line: bytes) -> None:
        if len(line) > self._bounds.max_line_bytes:
            raise _TooLarge

    def _line(self, number: int, cells: dict[str, str]) -> StatementLine | None:
        form = self._form
        moment = read_moment(cells[form.moment].strip(), form.moment_form)
        amount = self._amount(cells)
        account = cells[form.account].strip() if form.account else form.account_number
        reference = cells[form.bank_reference].strip()
        if moment is None or amount is None or not _ACCOUNT.fullmatch(account) or not reference:
            for is_wrong, column in (
                (moment is None, form.moment),
                (amount is None, form.amount or form.credit),
                (not _ACCOUNT.fullmatch(account), form.account),
                (not reference, form.bank_reference),
            ):
                if is_wrong:
                    self._fault(number, f"{column} cannot be read")
            return None
        day = moment.date()
        if day > self._until:
            self._fault(number, "must not lie after the day up to which the statement is complete")
        if (account, reference) in self._seen:
            self._fault(number, f"{form.bank_reference} stands twice")
        self._seen.add((account, reference))
        has_time = form.moment_form not in (MomentForm.DAY, MomentForm.ISO_DAY)
        return StatementLine(
            line=number,
            amount_vnd=amount,
            day=day,
            at=moment.replace(tzinfo=VIETNAM).astimezone(UTC) if has_time else None,
            text=cells[form.text],
            account_number=account,
            bank_reference=reference,
        )

    def _amount(self, cells: dict[str, str]) -> int | None:
        """Give the movement, credits above zero; None for what cannot be read, and for a movement of nothing."""
        form = self._form
        if form.amount:
            return self._number(cells[form.amount]) or None
        credit = self._number(cells[form.credit]) if cells[form.credit].strip() else 0
        debit = self._number(cells[form.debit]) if form.debit and cells[form.debit].strip() else 0
        if credit is None or debit is None or credit < 0 or debit < 0:
            return None
        # Both at once is no movement that could be understood; neither is none.
        return credit - debit if (credit == 0) != (debit == 0) else None

    def _number(self, cell: str) -> int | None:
        text = cell.strip()
        pattern = _GROUPED[self._form.thousands] if self._form.thousands else _PLAIN
        return int(text.replace(self._form.thousands or ",", "")) if pattern.fullmatch(text) else None

    def _fault(self, line: int, rule: str) -> None:
        self.faults.append(Fault(f"line {line}", rule))


class _TooLarge(Exception):
    """A bound of size, of the whole or of a line, was passed."""
