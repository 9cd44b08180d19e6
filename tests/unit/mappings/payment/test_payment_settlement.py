"""The daily settlement file: what is read, and every fault of F27 by its name and line."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.errors import IntegrityFailed
from gateway.model.settlement import FileDay, MoneyKind, RowState
from mappings.payment.settlement import (
    Expected,
    FaultKind,
    FileBounds,
    FileFault,
    SettlementRefused,
    file_name,
    read_settlement,
    write_settlement,
)
from mappings.payment.settlement_rows import COLUMNS, STATES

K = FaultKind
DAY = date(2026, 3, 4)
EXPECTED = Expected(partner_code="PPSIM01", day=DAY)
NAME = "PPSIM01_20260304.csv"
HEADER = ",".join(COLUMNS)
PAID = "REF001,TX001,PAY,150000,VND,VCB,20260304093412,1,0011001234567,H01.25-260304-0001,1100"
BACK = "REF002,RF001,REFUND,50000,VND,VCB,20260304101500,1,0011001234567,H01.25-260304-0002,0"
NOBODY = ",TX003,PAY,1000,VND,,20260304235959,4,0011001234567,,0"


def content(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()


GOOD = content(HEADER, PAID, BACK, NOBODY, "TOTAL,3,201000")


def read(
    raw: bytes, *, name: str = NAME, side: str | None = None, expected: Expected = EXPECTED, size: int = 7
) -> FileDay:
    """Read a file in small chunks, by default with a right side file."""
    chunks = (raw[start : start + size] for start in range(0, len(raw), size))
    return read_settlement(
        name, chunks, f"{hashlib.sha256(raw).hexdigest()}  {NAME}\n" if side is None else side, expected
    )


def faults(raw: bytes, *, name: str = NAME, side: str | None = None, expected: Expected = EXPECTED) -> list[FileFault]:
    with pytest.raises(SettlementRefused) as refused:
        read(raw, name=name, side=side, expected=expected)
    return list(refused.value.faults)


def test_a_file_is_read_as_it_stands() -> None:
    """Payments, refunds, failures; the service's fee apart; instants in UTC beside what was written."""
    paid, back, nobody = read(GOOD).rows
    assert (paid.kind, paid.state, paid.amount_vnd, paid.service_fee_vnd) == (
        MoneyKind.PAY,
        RowState.DONE,
        150_000,
        1_100,
    )
    assert (paid.at, paid.at_text) == (datetime(2026, 3, 4, 2, 34, 12, tzinfo=UTC), "20260304093412")
    assert (back.kind, back.line) == (MoneyKind.REFUND, 3)
    assert (nobody.reference, nobody.state, nobody.dossier_code) == ("", RowState.FAILED, "")


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_chunks_make_no_difference(size: int) -> None:
    """Lines and characters may be cut anywhere."""
    assert read(GOOD, size=size) == read(GOOD)


def test_line_feeds_alone_and_a_missing_last_one_will_do() -> None:
    """Only the content counts; the digest is that of the bytes."""
    raw = GOOD.replace(b"\r\n", b"\n").removesuffix(b"\n")
    assert read(raw).rows == read(GOOD).rows
    assert read(raw).sha256 == hashlib.sha256(raw).hexdigest()


def test_an_empty_day_has_a_file_too() -> None:
    """Header and zeros."""
    assert read(content(HEADER, "TOTAL,0,0")).rows == ()


@pytest.mark.parametrize("side", ["{}", "{}\n", "{}  PPSIM01_20260304.csv\n", "{} *PPSIM01_20260304.csv"])
def test_the_side_file_may_name_the_file(side: str) -> None:
    """As sha256sum writes it, or the bare digest, in any case."""
    digest = hashlib.sha256(GOOD).hexdigest()
    assert read(GOOD, side=side.format(digest)) == read(GOOD, side=side.format(digest.upper()))


def test_what_is_written_is_read_again() -> None:
    """With the name and the side file that belong to it."""
    file = read(GOOD)
    raw, side = write_settlement(file)
    assert raw == GOOD
    assert read(raw, name=file_name("PPSIM01", DAY), side=side) == file
    unwritten = replace(file, rows=tuple(replace(row, at_text="") for row in file.rows))
    assert write_settlement(unwritten)[0] == GOOD


def test_u05_the_states_of_rows_may_be_others() -> None:
    """A state that is not listed refuses the file; once somebody knows what it means, it is listed."""
    odd = GOOD.replace(b"20260304235959,4,", b"20260304235959,5,")
    assert faults(odd) == [FileFault(K.BAD_VALUE, 4, "TrangThaiGD")]
    known = replace(EXPECTED, states={**STATES, "5": RowState.FAILED})
    assert RowState.FAILED is read(odd, expected=known).rows[-1].state


def test_f27_duplicated_file() -> None:
    """The same again, and another one for a day that was taken: what was taken stays."""
    taken = replace(EXPECTED, taken_sha256=hashlib.sha256(GOOD).hexdigest())
    assert faults(GOOD, expected=taken) == [FileFault(K.DUPLICATED)]
    assert faults(content(HEADER, "TOTAL,0,0"), expected=taken) == [FileFault(K.REPLACED)]


def test_f27_duplicated_rows() -> None:
    """A row that stands twice, in whatever form; payment and refund of one reference are two."""
    assert faults(content(HEADER, PAID, PAID, "TOTAL,2,300000")) == [FileFault(K.DUPLICATE_ROW, 3)]
    other = PAID.replace("150000", "150001")
    assert faults(content(HEADER, PAID, BACK, other, "TOTAL,3,350001")) == [FileFault(K.DUPLICATE_ROW, 4)]
    both = BACK.replace("REF002,RF001", "REF001,TX001")
    assert len(read(content(HEADER, PAID, both, "TOTAL,2,200000")).rows) == 2


def test_f27_bad_checksum() -> None:
    """Nothing else is told of a file that is not what was sent."""
    broken = content(HEADER, "nonsense")
    digest = hashlib.sha256(GOOD).hexdigest()
    assert faults(broken, side=digest) == [FileFault(K.BAD_CHECKSUM)]
    assert faults(GOOD, side=f"{digest}  PPSIM01_20260305.csv") == [FileFault(K.BAD_CHECKSUM)]


@pytest.mark.parametrize("side", ["", "abc", "g" * 64, "a" * 63, "a" * 65])
def test_f27_no_checksum(side: str) -> None:
    """A file without its side file is not taken."""
    assert faults(GOOD, side=side) == [FileFault(K.NO_CHECKSUM)]


def test_f27_wrong_total_and_count() -> None:
    """Told at the trailer's line; the service's fees are no part of the sum."""
    assert faults(content(HEADER, PAID, "TOTAL,1,151100")) == [FileFault(K.WRONG_TOTAL, 3)]
    assert faults(content(HEADER, PAID, "TOTAL,2,150000")) == [FileFault(K.WRONG_COUNT, 3)]


@pytest.mark.parametrize("trailer", ["TOTAL,1", "TOTAL,1,+150000", "TOTAL,1,150000.0", "TOTAL,01,150000", "TOTAL"])
def test_f27_unreadable_total(trailer: str) -> None:
    """A trailer that says nothing is none."""
    assert faults(content(HEADER, PAID, trailer)) == [FileFault(K.NO_TOTAL, 3)]


def test_f27_cut_off_and_continued() -> None:
    """Without a trailer the rest may be missing; behind it nothing may stand."""
    assert faults(content(HEADER, PAID)) == [FileFault(K.NO_TOTAL)]
    assert faults(b"") == [FileFault(K.NO_TOTAL)]
    assert faults(content(HEADER, "TOTAL,0,0", PAID)) == [FileFault(K.AFTER_TOTAL, 3)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("OTHER_20260304.csv", K.WRONG_PARTNER),
        ("PPSIM01_20260305.csv", K.WRONG_DAY),
        ("PPSIM01_20260304.txt", K.WRONG_NAME),
        ("../PPSIM01_20260304.csv", K.WRONG_NAME),
    ],
)
def test_f27_wrong_partner_or_day(name: str, kind: FaultKind) -> None:
    """By the name, before anything is read."""
    assert faults(GOOD, name=name, side="a" * 64) == [FileFault(kind)]


@pytest.mark.parametrize(
    ("at", "is_well"),
    [
        ("20260302235959", False),
        ("20260303000000", True),
        ("20260303093412", True),
        ("20260305235959", True),
        ("20260306000000", False),
    ],
)
def test_f27_rows_of_another_day(at: str, is_well: bool) -> None:
    """F26: a payment may be told a day late or early, no more, by the days of Viet Nam."""
    raw = content(HEADER, PAID.replace("20260304093412", at), "TOTAL,1,150000")
    if is_well:
        assert len(read(raw).rows) == 1
    else:
        assert faults(raw) == [FileFault(K.WRONG_DAY, 2)]


def test_f27_foreign_columns() -> None:
    """Another header, another order, a row of another width."""
    swapped = HEADER.replace("MaThamChieu,MaGiaoDich", "MaGiaoDich,MaThamChieu")
    for header in (HEADER + ",HoTen", swapped, HEADER.lower()):
        assert faults(content(header, "TOTAL,0,0")) == [FileFault(K.FOREIGN_COLUMNS, 1)]
    assert faults(content(HEADER, PAID + ",x", "TOTAL,1,150000")) == [FileFault(K.FOREIGN_COLUMNS, 2)]
    assert faults(content(HEADER, "", PAID, "TOTAL,1,150000")) == [FileFault(K.FOREIGN_COLUMNS, 2)]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        (",PAY,", ",pay,", "LoaiGD"),
        (",150000,", ",0,", "SoTien"),
        (",150000,", ",-1,", "SoTien"),
        (",150000,", ",0150000,", "SoTien"),
        (",150000,", ",150000.0,", "SoTien"),
        (",150000,", ",1e5,", "SoTien"),
        (",150000,", ",٣,", "SoTien"),
        (",150000,", ",9999999999999999,", "SoTien"),
        (",VND,", ",USD,", "MaTienTe"),
        (",1,0011", ",9,0011", "TrangThaiGD"),
        ("20260304093412", "20260304253412", "ThoiGianGD"),
        ("20260304093412", "2026-03-04", "ThoiGianGD"),
        ("20260304093412", "00010101000000", "ThoiGianGD"),
        ("REF001", "=1+1", "MaThamChieu"),
        ("REF001", " REF001", "MaThamChieu"),
        ("TX001", "", "MaGiaoDich"),
        ("0011001234567", "", "TKThuHuong"),
        (",1100", ",", "PhiDichVu"),
        ("H01.25-260304-0001", "H01 25", "MaHoSo"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_named_by_line_and_column(old: str, new: str, column: str) -> None:
    """And never shown."""
    assert old in PAID
    found = faults(content(HEADER, NOBODY, PAID.replace(old, new), "TOTAL,2,151000"))
    assert found == [FileFault(K.BAD_VALUE, 3, column)]


def test_a_refund_names_its_payment() -> None:
    """Only payments may begin without the gateway."""
    assert faults(content(HEADER, BACK.replace("REF002", ""), "TOTAL,1,50000")) == [
        FileFault(K.BAD_VALUE, 2, "MaThamChieu")
    ]


def test_text_that_cannot_be_read_is_named_by_its_line() -> None:
    """Bytes that are no UTF-8, quotes that are not closed, a byte-order mark."""
    assert faults(content(HEADER, PAID).replace(b"VCB", b"\xff")) == [FileFault(K.NOT_UTF8, 2), FileFault(K.NO_TOTAL)]
    assert FileFault(K.BAD_CSV, 2) in faults(content(HEADER, '"' + PAID, "TOTAL,1,150000"))
    assert faults(b"\xef\xbb\xbf" + GOOD) == [FileFault(K.FOREIGN_COLUMNS, 1)]


@pytest.mark.parametrize(
    "bounds", [FileBounds(max_size_bytes=300), FileBounds(max_line_bytes=50), FileBounds(max_rows_count=2)]
)
def test_more_than_the_bounds_is_refused(bounds: FileBounds) -> None:
    """Whatever the digest says."""
    with pytest.raises(SettlementRefused) as refused:
        read_settlement(NAME, [GOOD[:200], GOOD[200:]], hashlib.sha256(GOOD).hexdigest(), EXPECTED, bounds)
    assert {fault.kind for fault in refused.value.faults} == {K.TOO_LARGE}


def test_a_file_beyond_the_bounds_is_not_read_to_its_end() -> None:
    """A sender who never stops is left."""
    taken: list[int] = []

    def endless() -> object:
        while True:
            taken.append(1)
            yield b"x" * 1_000

    with pytest.raises(SettlementRefused):
        read_settlement(NAME, endless(), "a" * 64, EXPECTED)  # type: ignore[arg-type]
    assert len(taken) < 10


def test_at_most_fifty_faults_are_told_and_none_shows_a_value() -> None:
    """The refusal is an integrity failure, which refuses and alerts."""
    bad = "NGUYENVANA,TX{0},PAY,bad,VND,VCB,20260304093412,1,0011001234567,999099000001,0"
    found = faults(content(HEADER, *(bad.format(number) for number in range(80)), "TOTAL,80,0"))
    assert len(found) == 50
    error = SettlementRefused(found)
    assert isinstance(error, IntegrityFailed)
    assert not [word for word in ("NGUYEN", "999099", "bad") if word in str(error).replace("bad_value", "")]
    assert "bad_value, line 2, SoTien" in str(error)
