"""The daily settlement file of a provider, read strictly and written (payment notes §10.3). Pure.

The form is assumed, since no source shows one: `<MaDoiTac>_<yyyyMMdd>.csv` in UTF-8 with a header, a trailer
`TOTAL,<count>,<sum of SoTien>`, and beside it a side file with the SHA-256 of the whole.

A file is taken whole or not at all: one fault anywhere and nothing of it counts (F27). Faults name kind, line and
column, never a value. The file is read line by line; size, lines and rows are bounded.
"""

import csv
import hashlib
import hmac
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.errors import IntegrityFailed
from gateway.model.payment import CURRENCY
from gateway.model.settlement import FileDay, FileRow, MoneyKind, RowState
from gateway.model.vocabulary import VIETNAM
from mappings.payment.settlement_rows import COLUMNS, STATES, RowFault, read_row

TRAILER = "TOTAL"
_NAME = re.compile(r"(?P<partner>[A-Za-z0-9_.-]{1,50})_(?P<day>[0-9]{8})\.csv", re.ASCII)
_DIGEST = re.compile(r"(?P<digest>[0-9a-fA-F]{64})(?: [ *](?P<name>\S+))?\s*", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_KINDS = {MoneyKind.PAY: "PAY", MoneyKind.REFUND: "REFUND"}
_STATES = {RowState.DONE: "1", RowState.PENDING: "3", RowState.FAILED: "4"}


class FaultKind(StrEnum):
    """What can be wrong with a file; a closed list, fit for labels."""

    DUPLICATED = "duplicated"
    """The file of this day was taken already, with the same content."""
    REPLACED = "replaced"
    """The file of this day was taken already, with other content."""
    NO_CHECKSUM = "no_checksum"
    BAD_CHECKSUM = "bad_checksum"
    WRONG_NAME = "wrong_name"
    WRONG_PARTNER = "wrong_partner"
    WRONG_DAY = "wrong_day"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    FOREIGN_COLUMNS = "foreign_columns"
    """The header is not the one that was agreed, or a row has another width."""
    BAD_CSV = "bad_csv"
    BAD_VALUE = "bad_value"
    DUPLICATE_ROW = "duplicate_row"
    NO_TOTAL = "no_total"
    """The trailer is missing: the file may be cut off."""
    AFTER_TOTAL = "after_total"
    WRONG_COUNT = "wrong_count"
    WRONG_TOTAL = "wrong_total"


@dataclass(frozen=True, slots=True)
class FileFault:
    """One thing that is wrong. `line` None when it concerns the file as a whole."""

    kind: FaultKind
    line: int | None = None
    column: str = ""

    def __str__(self) -> str:
        where = "" if self.line is None else f", line {self.line}"
        return f"{self.kind}{where}{f', {self.column}' if self.column else ''}"


class SettlementRefused(IntegrityFailed):
    """A file that is not taken; what was taken before stays. `faults` are the first fifty."""

    code = "settlement_refused"

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(faults)[:MAX_FAULTS_COUNT]
        super().__init__("; ".join(str(fault) for fault in self.faults))


MAX_FAULTS_COUNT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBounds:
    """How much of a file is read at most."""

    max_size_bytes: int = 64 * 1024 * 1024
    max_line_bytes: int = 4_096
    max_rows_count: int = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Which file is read. `taken_sha256` is that of the file taken for this day before, "" for none."""

    partner_code: str
    day: date
    taken_sha256: str = ""
    states: Mapping[str, RowState] = field(default_factory=lambda: STATES)
    """TrangThaiGD (U5). A row in a state that is not listed refuses the file: no meaning is guessed for money."""


def file_name(partner_code: str, day: date) -> str:
    """Give the name of the file of a day."""
    return f"{partner_code}_{day:%Y%m%d}.csv"


def told_digest(side_file: str, name: str) -> str | None:
    """Give the digest, in small letters, that a side file tells for a file; None when it tells none, or another's."""
    found = _DIGEST.fullmatch(side_file)
    return found["digest"].lower() if found is not None and found["name"] in (None, name) else None


def read_settlement(
    name: str,
    chunks: Iterable[bytes],
    side_file: str,
    expected: Expected,
    bounds: FileBounds = FileBounds(),
) -> FileDay:
    """Read a file from its bytes in chunks of any size, and `side_file` from its text (a digest, perhaps with a name).

    Raises SettlementRefused with every fault that was found; nothing of such a file counts.
    """
    faults = [*_name_faults(name, expected), *_side_faults(name, side_file)]
    if faults:
        raise SettlementRefused(faults)
    reader = _Reader(chunks, expected, bounds)
    reader.read()
    digest = reader.sha256
    told = told_digest(side_file, name)
    # A file that is not what was sent has no faults of its own worth telling.
    if reader.is_whole and (told is None or not hmac.compare_digest(digest, told)):
        raise SettlementRefused([FileFault(FaultKind.BAD_CHECKSUM)])
    if reader.is_whole and expected.taken_sha256:
        is_same = hmac.compare_digest(digest, expected.taken_sha256.lower())
        raise SettlementRefused([FileFault(FaultKind.DUPLICATED if is_same else FaultKind.REPLACED)])
    if reader.faults:
        raise SettlementRefused(reader.faults)
    return FileDay(partner_code=expected.partner_code, day=expected.day, sha256=digest, rows=tuple(reader.rows))


def write_settlement(file: FileDay) -> tuple[bytes, str]:
    """Write the file of a day and the text of its side file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in file.rows:
        writer.writerow(
            (
                *(row.reference, row.transaction, _KINDS[row.kind], row.amount_vnd, CURRENCY, row.bank_code),
                *(_wire_time(row), _STATES[row.state], row.account_number, row.dossier_code, row.service_fee_vnd),
            )
        )
    writer.writerow((TRAILER, len(file.rows), sum(row.amount_vnd for row in file.rows)))
    content = text.getvalue().encode()
    name = file_name(file.partner_code, file.day)
    return content, f"{hashlib.sha256(content).hexdigest()}  {name}\n"


def _wire_time(row: FileRow) -> str:
    return row.at_text or row.at.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S")


def _name_faults(name: str, expected: Expected) -> Iterator[FileFault]:
    found = _NAME.fullmatch(name)
    if found is None:
        yield FileFault(FaultKind.WRONG_NAME)
        return
    if found["partner"] != expected.partner_code:
        yield FileFault(FaultKind.WRONG_PARTNER)
    if found["day"] != f"{expected.day:%Y%m%d}":
        yield FileFault(FaultKind.WRONG_DAY)


def _side_faults(name: str, side_file: str) -> Iterator[FileFault]:
    if _DIGEST.fullmatch(side_file) is None:
        yield FileFault(FaultKind.NO_CHECKSUM)
    elif told_digest(side_file, name) is None:
        yield FileFault(FaultKind.BAD_CHECKSUM)


class _Reader:
    """Reads one file, once."""

    def __init__(self, chunks: Iterable[bytes], expected: Expected, bounds: FileBounds) -> None:
        self._chunks, self._expected, self._bounds = chunks, expected, bounds
        self._sha256 = hashlib.sha256()
        self._seen: set[tuple[str, str, str]] = set()
        self._total: tuple[int, list[str]] | None = None
        self.rows: list[FileRow] = []
        self.faults: list[FileFault] = []
        self.is_whole = False
        """Whether all bytes were read, so that the digest is the file's."""

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def read(self) -> None:
        """Read to the end, or to where a bound is passed."""
        for number, raw in enumerate(self._lines(), 1):
            # The digest needs every line; the fiftieth fault says enough of what stands in them.
            if len(self.faults) < MAX_FAULTS_COUNT:
                self._line(number, raw)
        if any(fault.kind is FaultKind.TOO_LARGE for fault in self.faults):
            return
        self.is_whole = True
        self._check_total()

    def _lines(self) -> Iterator[bytes]:
        """Split chunks into lines without their ends; stop where a bound is passed."""
        rest, size = b"", 0
        for chunk in self._chunks:
            size += len(chunk)
            self._sha256.update(chunk)
            if size > self._bounds.max_size_bytes:
                self._fault(FaultKind.TOO_LARGE)
                return
            *lines, rest = (rest + chunk).split(b"\n")
            if any(len(line) > self._bounds.max_line_bytes for line in (*lines, rest)):
                self._fault(FaultKind.TOO_LARGE)
                return
            yield from (line.removesuffix(b"\r") for line in lines)
        if rest:
            yield rest.removesuffix(b"\r")

    def _line(self, number: int, raw: bytes) -> None:
        try:
            cells = next(csv.reader([raw.decode("utf-8")], strict=True), [])
        except UnicodeDecodeError:
            self._fault(FaultKind.NOT_UTF8, number)
            return
        except csv.Error:
            self._fault(FaultKind.BAD_CSV, number)
            return
        if number == 1:
            if tuple(cells) != COLUMNS:
                self._fault(FaultKind.FOREIGN_COLUMNS, number)
            return
        if self._total is not None:
            self._fault(FaultKind.AFTER_TOTAL, number)
        elif cells[:1] == [TRAILER] and len(cells) != len(COLUMNS):
            self._total = (number, cells)
        elif len(self.rows) >= self._bounds.max_rows_count:
            self._fault(FaultKind.TOO_LARGE, number)
        else:
            self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> None:
        if len(cells) != len(COLUMNS):
            self._fault(FaultKind.FOREIGN_COLUMNS, number)
            return
        try:
            row = read_row(number, cells, self._expected.states)
        except RowFault as fault:
            self._fault(FaultKind.BAD_VALUE, number, fault.column)
            return
        # A payment at 23:59 may be told a day late (F26), nothing later than that.
        if abs((row.at.astimezone(VIETNAM).date() - self._expected.day).days) > 1:
            self._fault(FaultKind.WRONG_DAY, number)
        name = (row.kind, row.reference, row.transaction)
        if name in self._seen:
            self._fault(FaultKind.DUPLICATE_ROW, number)
        self._seen.add(name)
        self.rows.append(row)

    def _check_total(self) -> None:
        if self._total is None:
            self._fault(FaultKind.NO_TOTAL)
            return
        number, cells = self._total
        if len(cells) != 3 or not all(_NUMBER.fullmatch(cell) for cell in cells[1:]):
            self._fault(FaultKind.NO_TOTAL, number)
            return
        # Rows that could not be read are told already, and leave nothing to compare with.
        if self.faults:
            return
        if int(cells[1]) != len(self.rows):
            self._fault(FaultKind.WRONG_COUNT, number)
        if int(cells[2]) != sum(row.amount_vnd for row in self.rows):
            self._fault(FaultKind.WRONG_TOTAL, number)

    def _fault(self, kind: FaultKind, line: int | None = None, column: str = "") -> None:
        self.faults.append(FileFault(kind, line, column))
