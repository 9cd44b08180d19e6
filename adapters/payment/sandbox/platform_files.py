"""The file of a partner's day (payment notes §10.3, an assumed form): CSV with a trailer, and its digest beside it.

`<MaDoiTac>_<yyyyMMdd>.csv` and the same name with `.sha256` behind; there from D+1 on, 08:00, also for an empty day.
The trailer is `TOTAL,<count of rows>,<sum of SoTien of all rows>`.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from adapters.payment.sandbox.ledger import Entry, EntryKind
from adapters.payment.sandbox.vietnam import at_hour, local_day, wire_time

COLUMNS = (
    "MaThamChieu",
    "MaGiaoDich",
    "LoaiGD",
    "SoTien",
    "MaTienTe",
    "MaNganHang",
    "ThoiGianGD",
    "TrangThaiGD",
    "TKThuHuong",
    "MaHoSo",
    "PhiDichVu",
)
_NAME = re.compile(r"([A-Za-z0-9_.-]{1,50})_([0-9]{8})\.csv(\.sha256)?")
Row = dict[str, str]


@dataclass(slots=True)
class Edits:
    """What the file is made to say against the truth, and which payments are told a day late (F26)."""

    late: set[str] = field(default_factory=set)
    """Transactions that appear in the file of the next day."""
    changes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Members of a transaction's row that are written otherwise."""
    dropped: set[str] = field(default_factory=set)
    """Transactions that never appear."""


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of a file, read."""

    partner: str
    day: date
    is_digest: bool

    @property
    def data_name(self) -> str:
        """The name of the CSV file."""
        return f"{self.partner}_{self.day:%Y%m%d}.csv"


def read_name(name: str) -> FileName | None:
    """Read a file's name; None when it is none."""
    found = _NAME.fullmatch(name)
    if found is None or not name.isascii():
        return None
    try:
        day = datetime.strptime(found[2], "%Y%m%d").date()  # noqa: DTZ007 - a day of Viet Nam, no instant
    except ValueError:
        return None
    return FileName(found[1], day, found[3] is not None)


def is_there(day: date, now: datetime, hour: int) -> bool:
    """Tell whether the file of a day can be fetched yet."""
    return now >= at_hour(day + timedelta(days=1), hour)


def rows_of(entries: Iterable[Entry], partner: str, day: date, edits: Edits, fee_vnd: int) -> list[Row]:
    """Give the rows of a day, oldest first."""
    rows: list[Row] = []
    for entry in entries:
        told_on = local_day(entry.at) + timedelta(days=1 if entry.transaction in edits.late else 0)
        if entry.partner != partner or told_on != day or entry.transaction in edits.dropped:
            continue
        is_debit = entry.kind is EntryKind.DEBIT
        row = dict(
            zip(
                COLUMNS,
                (
                    entry.reference,
                    entry.transaction,
                    "PAY" if is_debit else "REFUND",
                    str(entry.amount_vnd),
                    "VND",
                    entry.bank,
                    wire_time(entry.at),
                    "1",
                    entry.account,
                    entry.order,
                    str(fee_vnd if is_debit else 0),
                ),
                strict=True,
            )
        )
        rows.append({**row, **edits.changes.get(entry.transaction, {})})
    return rows


def write_file(rows: Sequence[Row], fault: str = "") -> bytes:
    """Write a file; `fault` duplicated or wrong_total makes it wrong (F27)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = [*rows, *rows] if fault == "duplicated" else list(rows)
    writer.writerows([row[column] for column in COLUMNS] for row in written)
    total = sum(int(row["SoTien"]) for row in written) + (1000 if fault == "wrong_total" else 0)
    writer.writerow(["TOTAL", len(written), total])
    return text.getvalue().encode()


def write_digest(content: bytes, name: str, fault: str = "") -> bytes:
    """Write the side file, as `sha256sum` does; with `fault` bad_checksum it is that of another file."""
    told = content + b"\n" if fault == "bad_checksum" else content
    return f"{hashlib.sha256(told).hexdigest()}  {name}\n".encode()


def read_changes(values: Mapping[str, Any]) -> dict[str, str]:
    """Read changes of a row. Raises ValueError for what is no column or no text, and for an amount that is none."""
    for name, value in values.items():
        if name not in COLUMNS or not isinstance(value, str):
            raise ValueError(f"{name}: must be a column and its value a text")
    if not values.get("SoTien", "0").isdigit():
        raise ValueError("SoTien: must be digits")
    return dict(values)
