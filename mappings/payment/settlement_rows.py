"""One row of a settlement file, read strictly (payment notes §10.3). Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from gateway.model.payment import CURRENCY
from gateway.model.settlement import FileRow, MoneyKind, RowState
from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR, VIETNAM

COLUMNS = (
    *("MaThamChieu", "MaGiaoDich", "LoaiGD", "SoTien", "MaTienTe", "MaNganHang", "ThoiGianGD", "TrangThaiGD"),
    *("TKThuHuong", "MaHoSo", "PhiDichVu"),
)
STATES: Mapping[str, RowState] = {
    "1": RowState.DONE,
    "3": RowState.PENDING,
    "4": RowState.FAILED,
    # Not known what 2 means; it is taken for "in progress" (U5).
    "2": RowState.PENDING,
}
_KINDS = {"PAY": MoneyKind.PAY, "REFUND": MoneyKind.REFUND}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,49}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,34}", re.ASCII)
_DOSSIER = re.compile(r"[\w.\-]{1,100}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_FEE = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_TIME = re.compile(r"[0-9]{14}", re.ASCII)


class RowFault(ValueError):
    """A cell that is not what its column must hold."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def read_row(line: int, cells: Sequence[str], states: Mapping[str, RowState] = STATES) -> FileRow:
    """Read the cells of a row, in the order of COLUMNS.

    Amounts are digits without sign, separator or leading zero; a payment that began at the national portal may lack its
    reference, a refund may not. Raises RowFault that names the first column that is wrong.
    """
    by = dict(zip(COLUMNS, cells, strict=True))
    kind = _KINDS.get(by["LoaiGD"])
    state = states.get(by["TrangThaiGD"])
    if kind is None:
        raise RowFault("LoaiGD")
    if state is None:
        raise RowFault("TrangThaiGD")
    if by["MaTienTe"] != CURRENCY:
        raise RowFault("MaTienTe")
    may_lack_reference = kind is MoneyKind.PAY
    for column, pattern, may_be_empty in (
        ("MaThamChieu", _CODE, may_lack_reference),
        ("MaGiaoDich", _CODE, False),
        ("SoTien", _AMOUNT, False),
        ("MaNganHang", _CODE, True),
        ("TKThuHuong", _ACCOUNT, False),
        ("MaHoSo", _DOSSIER, True),
        ("PhiDichVu", _FEE, False),
    ):
        if not pattern.fullmatch(by[column]) and not (may_be_empty and not by[column]):
            raise RowFault(column)
    return FileRow(
        line=line,
        kind=kind,
        state=state,
        reference=by["MaThamChieu"],
        transaction=by["MaGiaoDich"],
        amount_vnd=int(by["SoTien"]),
        service_fee_vnd=int(by["PhiDichVu"]),
        bank_code=by["MaNganHang"],
        at=_time_of(by["ThoiGianGD"]),
        at_text=by["ThoiGianGD"],
        account_number=by["TKThuHuong"],
        dossier_code=by["MaHoSo"],
    )


def _time_of(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise RowFault("ThoiGianGD")
    try:
        local = datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
    except ValueError:
        raise RowFault("ThoiGianGD") from None
    if not FIRST_YEAR < local.year < LAST_YEAR:
        raise RowFault("ThoiGianGD")
    return local.replace(tzinfo=VIETNAM).astimezone(UTC)
