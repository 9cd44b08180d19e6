"""Reads the shipped tables strictly: what a spreadsheet may have done to a file is refused, never repaired.

A fault names file, row (the header is row 1) and rule. Codes are text and keep their zeros.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from unicodedata import normalize

from gateway.errors import ConfigurationError, Fault

ReadFile = Callable[[str], bytes]
"""Gives the bytes of a table by its file name."""

_MAX_FAULTS_COUNT = 50


def shipped_file(name: str) -> bytes:
    """Give the bytes of a table of mappings/codes/data."""
    return (resources.files("mappings.codes.data") / name).read_bytes()


@dataclass(slots=True)
class Faults:
    """What is wrong with a set of files, collected so that one look shows all of it (at most fifty)."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, row: int | None, rule: str, found: str = "") -> None:
        self.found.append(Fault(file if row is None else f"{file}, row {row}", rule, found))

    def raise_if_any(self) -> None:
        """Raise ConfigurationError when something was found."""
        if self.found:
            raise ConfigurationError(self.found[:_MAX_FAULTS_COUNT])


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file, in its order; cells by the position of their column."""

    file: str
    rows: tuple[tuple[str, ...], ...]

    def numbered(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Give the rows with the numbers that an editor shows."""
        return enumerate(self.rows, start=2)


def read_table(
    file: str,
    raw: bytes,
    columns: Sequence[str],
    faults: Faults,
    *,
    required: Iterable[str] = (),
    key: int = 1,
    may_be_empty: Iterable[str] = (),
) -> Table:
    """Read a file with exactly these columns; the first `key` cells of a row identify it and grow down the file.

    Cells of the key must not be empty, those of columns in `may_be_empty` excepted.

    Adds to `faults`: a byte-order mark, bytes that are not UTF-8, carriage returns, text that is not NFC, another
    header, a row of another width, an empty required cell, spaces around a value, rows out of order or repeated.
    """
    text = _text_of(file, raw, faults)
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True)) if text else []
    except csv.Error:
        faults.add(file, None, "must be comma-separated values with paired quotes")
        return Table(file, ())
    if not lines or tuple(lines[0]) != tuple(columns):
        faults.add(file, 1, "must name the columns " + ", ".join(columns))
        return Table(file, ())
    needed = (frozenset(required) | frozenset(columns[:key])) - frozenset(may_be_empty)
    wanted = [index for index, name in enumerate(columns) if name in needed]
    rows: list[tuple[str, ...]] = []
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(columns):
            faults.add(file, number, f"must have {len(columns)} cells", str(len(line)))
            continue
        for index in wanted:
            if not line[index]:
                faults.add(file, number, f"{columns[index]} must not be empty")
        if any(cell != cell.strip() for cell in line):
            faults.add(file, number, "must have no spaces around a value")
        row = tuple(line)
        if rows and row[:key] <= rows[-1][:key]:
            rule = "stands twice" if row[:key] == rows[-1][:key] else "is out of order"
            faults.add(file, number, rule, " ".join(row[:key]))
        rows.append(row)
    return Table(file, tuple(rows))


def _text_of(file: str, raw: bytes, faults: Faults) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        faults.add(file, 1, "must not begin with a byte-order mark")
        return ""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.add(file, raw[: error.start].count(b"\n") + 1, "must be UTF-8")
        return ""
    for rule, is_broken in (
        ("must end its lines with a line feed only", "\r" in text),
        ("must end with a line feed", not text.endswith("\n")),
        ("must be in Unicode form NFC", normalize("NFC", text) != text),
        ("must not hold quotes across lines", text.count('"') % 2 == 1),
    ):
        if is_broken:
            faults.add(file, None, rule)
            return ""
    return text


def day_of(text: str, file: str, row: int, faults: Faults) -> date | None:
    """Read a day written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.add(file, row, "must be a day YYYY-MM-DD")
        return None


def is_member(text: str, allowed: Iterable[str], file: str, row: int, faults: Faults) -> bool:
    """Tell whether a cell is one of the allowed words."""
    words = tuple(allowed)
    if text in words:
        return True
    faults.add(file, row, "must be one of " + ", ".join(words))
    return False
