"""Values of a record: what is absent, what is wrong and left out (population notes §5, §11, §13.2)."""

import pytest
from lxml import etree

from gateway.model.citizen import CitizenAddress, CitizenRecord, VitalStatus
from gateway.model.identity import PartialDate, Precision
from mappings.population.records import RecordReader


def read(content: str) -> tuple[CitizenRecord, list[str]]:
    reader = RecordReader()
    person = etree.fromstring(f'<CongDan xmlns="http://www.mic.gov.vn/dancu/1.0">{content}</CongDan>')
    return reader.record(person), reader.notices


def born(content: str) -> tuple[PartialDate | None, list[str]]:
    record, notices = read(f"<NgayThangNamSinh>{content}</NgayThangNamSinh>")
    return record.birth_date, notices


def test_three_spellings_of_no_data() -> None:
    """Absent, empty and zero are one thing."""
    zero = "<GioiTinh>0</GioiTinh><DanToc>00</DanToc><TinhTrangHonNhan>0</TinhTrangHonNhan><NhomMau>00</NhomMau>"
    empty = "<GioiTinh/><DanToc/><TinhTrangHonNhan/><NhomMau/><HoVaTen/><ThuongTru/><Cha/><NgayThangNamSinh/>"

    assert (CitizenRecord(), []) == read("") == read(zero) == read(empty)


@pytest.mark.parametrize(
    ("content", "expected", "noticed"),
    [
        ("<Nam>1950</Nam>", "1950", []),
        ("<NgayThangNam>19500000</NgayThangNam>", "1950", []),
        ("<NgayThangNam>1950-00-00</NgayThangNam>", "1950", []),
        ("<NgayThangNam>1950</NgayThangNam>", "1950", []),
        ("<Nam>1950</Nam><NgayThangNam/>", "1950", []),
        ("<Nam>1950</Nam><NgayThangNam>19500607</NgayThangNam>", "1950-06-07", []),
        ("<Nam>0000</Nam><NgayThangNam>19500607</NgayThangNam>", "1950-06-07", []),
        ("<Nam>1951</Nam><NgayThangNam>19500607</NgayThangNam>", None, ["birth_date:contradicts_itself"]),
        ("<NgayThangNam>19501332</NgayThangNam>", None, ["birth_date:malformed"]),
        ("<Nam>50</Nam>", None, ["birth_date:malformed"]),
        ("<Nam>0000</Nam>", None, []),
    ],
)
def test_birth_dates(content: str, expected: str | None, noticed: list[str]) -> None:
    """A year is a year, zeros are not known, and what contradicts itself is not chosen from."""
    precision = Precision.YEAR if expected is not None and len(expected) == 4 else Precision.DAY

    assert (None if expected is None else PartialDate(expected, precision), noticed) == born(content)


def test_wrong_values_are_left_out_and_noticed_by_field() -> None:
    """One bad value does not hide the record, and no notice holds a value."""
    record, notices = read(
        "<SoDinhDanh>12</SoDinhDanh><HoVaTen><Ten>MẪU</Ten></HoVaTen><GioiTinh>7</GioiTinh><DanToc>a b</DanToc>"
        "<QuocTich>V1</QuocTich><ThuongTru><MaTinhThanh>1</MaTinhThanh><ChiTiet>x</ChiTiet></ThuongTru>"
        f"<SoSoHoKhau>{'9' * 600}</SoSoHoKhau><TinhTrang>5</TinhTrang>"
    )

    assert CitizenRecord(full_name="MẪU", permanent_residence=CitizenAddress(detail="x")) == record
    assert {
        "personal_number:malformed",
        "sex:unknown_code",
        "ethnicity:malformed",
        "nationality:malformed",
        "permanent_residence:malformed",
        "household_book:too_long",
        "vital_status:unknown_code",
    } == set(notices)


@pytest.mark.parametrize(
    ("code", "field"), [("01", "province_code"), ("001", "district_code"), ("00004", "commune_code")]
)
def test_one_code_for_all_levels(code: str, field: str) -> None:
    """The length of a unit's code tells its level (§6, form B)."""
    record, _ = read(f"<QueQuan><MaDonViHanhChinh>{code}</MaDonViHanhChinh></QueQuan>")

    assert record.native_place is not None
    assert (code, code) == (getattr(record.native_place, field), record.native_place.unit_code)


def test_vital_status_says_nothing_and_none() -> None:
    """Here zero is an answer, and absence is none (§8)."""
    read_all = [read(f"<TinhTrang>{code}</TinhTrang>")[0].vital_status for code in ("0", "1", "2", "")]

    assert [VitalStatus.NONE, VitalStatus.DEAD, VitalStatus.MISSING, None] == read_all


def test_nothing_personal_shows() -> None:
    """The text that Python shows of a record holds no value."""
    record, _ = read("<SoDinhDanh>999190000001</SoDinhDanh><HoVaTen><Ten>MẪU</Ten></HoVaTen>")

    assert "999190000001" not in repr(record)
    assert "MẪU" not in repr(record)
