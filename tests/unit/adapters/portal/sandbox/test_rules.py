"""Records are taken or refused as §5, §6 and §13-13 to §13-17 of the portal wire notes say."""

from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.portal.sandbox.fields import DOSSIER_FIELDS, STEP_FIELDS
from adapters.portal.sandbox.rules import dossier_check, is_wire_time, oddities, step_check
from tests.unit.adapters.portal.sandbox.portal_helpers import dossier_record, step_record, without

CLASSIC_REQUIRED = [
    "MaHoSo",
    "MaTTHC",
    "TenTTHC",
    "MaLinhVuc",
    "TenLinhVuc",
    "LoaiDoiTuong",
    "Email",
    "SoDienThoai",
    "TrichYeuHoSo",
    "NgayTiepNhan",
    "NgayHenTra",
    "TrangThaiHoSo",
    "HinhThuc",
    "DonViXuLy",
]
NEWER_REQUIRED = [
    "SoGiayToChuHoSo",
    "NoiNopHoSo",
    "HoSoCoThanhPhanSoHoa",
    "TaiKhoanDuocXacThucVoiVNeID",
    "DuocThanhToanTrucTuyen",
    "DinhDanhCHS",
    "NgayNopHoSo",
    "DSKetNoiCSDL",
]
NEVER_EMPTY = ("MaHoSo", "MaTTHC", "NgayTiepNhan", "TrangThaiHoSo")
STEP_REQUIRED = ("MaHoSo", "NguoiXuLy", "ThoiDiemXuLy", "NoiDungXuLy", "TrangThai")


def judge(record: dict[str, Any], **settings: Any) -> str | None:
    return dossier_check(PortalProfile.parse(settings))(record)


def judge_step(step: dict[str, Any], **settings: Any) -> str | None:
    return step_check(PortalProfile.parse(settings))(step)


@pytest.mark.parametrize(
    "settings",
    [{}, {"field_profile": "2023"}, {"are_code_values_checked": True}, {"are_unknown_fields_refused": True}],
)
def test_a_whole_record_is_taken_by_every_profile(settings: dict[str, Any]) -> None:
    """All 38 fields, filled as §5.3 shows."""
    assert 38 == len(DOSSIER_FIELDS)
    assert list(DOSSIER_FIELDS) == list(dossier_record())
    assert judge(dossier_record(), **settings) is None


@pytest.mark.parametrize("value", [None, "left out"])
@pytest.mark.parametrize("name", DOSSIER_FIELDS)
def test_required_fields_must_be_there_and_not_null(name: str, value: Any) -> None:
    """Classic profile: the 14 bb fields. The 2023 profile: 8 more. All others may be missing or null."""
    record = without(dossier_record(), name) if value else dossier_record(**{name: None})
    expected = f"thiếu trường {name}" if name in CLASSIC_REQUIRED else None
    expected_2023 = expected or (f"thiếu trường {name}" if name in NEWER_REQUIRED else None)
    assert expected == judge(record)
    assert expected_2023 == judge(record, field_profile="2023")


@pytest.mark.parametrize("name", DOSSIER_FIELDS)
def test_empty_text_is_taken_except_in_four_fields(name: str) -> None:
    """The four of §13-13; lists cannot be text."""
    problem = judge(dossier_record(**{name: ""}), field_profile="2023")
    if isinstance(dossier_record()[name], list):
        assert f"trường {name} phải là danh sách" == problem
    else:
        assert (f"trường {name} không được để trống" if name in NEVER_EMPTY else None) == problem


def test_the_never_empty_fields_are_a_setting() -> None:
    """Another list takes the place of the default."""
    assert judge(dossier_record(TrangThaiHoSo=""), never_empty_fields=["Email"]) is None
    assert "trường Email không được để trống" == judge(dossier_record(Email=""), never_empty_fields=["Email"])


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("MaHoSo", 50),
        ("MaTTHC", 50),
        ("MaLinhVuc", 50),
        ("TrichYeuHoSo", 2000),
        ("GhiChu", 2000),
        ("LoaiDoiTuong", 2),
        ("HinhThuc", 2),
        ("KenhThucHien", 2),
        ("NoiNopHoSo", 2),
        ("HoSoCoThanhPhanSoHoa", 2),
        ("TaiKhoanDuocXacThucVoiVNeID", 2),
        ("DuocThanhToanTrucTuyen", 2),
    ],
)
def test_lengths_are_held(name: str, limit: int) -> None:
    """In characters, not bytes; the limit itself is taken; limits can be moved or lifted."""
    fits, too_long = dossier_record(**{name: "ế" * limit}), dossier_record(**{name: "ế" * (limit + 1)})
    assert judge(fits) is None
    assert f"trường {name} dài quá {limit} ký tự" == judge(too_long)
    assert judge(too_long, max_lengths={name: limit + 1}) is None
    assert judge(too_long, are_lengths_checked=False) is None


@pytest.mark.parametrize(
    ("list_name", "field", "limit"),
    [
        ("TaiLieuNop", "TenTepDinhKem", 4000),
        ("TaiLieuNop", "DuocSoHoa", 2),
        ("DanhSachTepDinhKemKhac", "TenGiayTo", 2000),
        ("DanhSachLePhi", "HinhThucThu", 2),
        ("DinhDanhCHS", "LoaiDinhDanh", 2),
    ],
)
def test_lengths_in_nested_lists_are_held(list_name: str, field: str, limit: int) -> None:
    """The problem says in which element of which list."""
    record = dossier_record()
    record[list_name] = [record[list_name][0], {**record[list_name][0], field: "x" * (limit + 1)}]
    assert f"{list_name} phần tử 2: trường {field} dài quá {limit} ký tự" == judge(record)


@pytest.mark.parametrize(
    ("list_name", "item", "problem", "problem_2023"),
    [
        ("TaiLieuNop", {"MaThanhPhanHoSo": "", "DuongDanTaiTepTin": ""}, "TenTepDinhKem", "TenTepDinhKem"),
        ("TaiLieuNop", {"TenTepDinhKem": "a", "DuongDanTaiTepTin": ""}, "MaThanhPhanHoSo", "MaThanhPhanHoSo"),
        ("TaiLieuNop", {"TenTepDinhKem": "a", "MaThanhPhanHoSo": ""}, "DuongDanTaiTepTin", "DuongDanTaiTepTin"),
        ("DanhSachGiayToKetQua", {"TenGiayTo": "a"}, "DuongDanTepTinKetQua", "DuongDanTepTinKetQua"),
        ("DanhSachGiayToKetQua", {"TenGiayTo": "a", "DuongDanTepTinKetQua": "b"}, None, None),
        ("DanhSachLePhi", {"TenPhiLePhi": "a"}, None, "MaPhiLePhi"),
        ("DinhDanhCHS", {"LoaiDinhDanh": "1"}, None, "SoDinhDanh"),
        ("DSKetNoiCSDL", {}, None, "MaCSDL"),
        ("DanhSachTepDinhKemKhac", {}, None, None),
        ("DanhSachHoSoBoSung", {}, None, None),
    ],
)
def test_nested_items_need_their_own_fields(
    list_name: str, item: dict[str, Any], problem: str | None, problem_2023: str | None
) -> None:
    """§5.2, in both profiles."""
    for settings, name in (({}, problem), ({"field_profile": "2023"}, problem_2023)):
        expected = None if name is None else f"{list_name} phần tử 1: thiếu trường {name}"
        assert expected == judge(dossier_record(**{list_name: [item]}), **settings)


def test_supplements_are_taken_as_types_and_comments_describe_them() -> None:
    """Dates, nested papers and fees, and the four texts (or a boolean) of the state; other values are refused."""
    paper, fee = dossier_record()["TaiLieuNop"][0], dossier_record()["DanhSachLePhi"][0]
    supplement = {
        "HoSoBoSungId": 7,
        "NguoiYeuCauBoSung": "Trần Văn Thử",
        "NoiDungBoSung": "Bổ sung bản sao",
        "NgayBoSung": "20260107080000",
        "TrangThaiBoSung": "0",
        "DanhSachGiayToBoSung": [paper],
        "DanhSachLePhiBoSung": [fee],
        "NgayHenTraTruoc": "20260112170000",
        "NgayHenTraMoi": "",
    }
    for state in ("0", "1", "True", "False", True):
        assert judge(dossier_record(DanhSachHoSoBoSung=[{**supplement, "TrangThaiBoSung": state}])) is None
    refused: list[tuple[dict[str, Any], str]] = [
        ({"TrangThaiBoSung": "2"}, "TrangThaiBoSung có giá trị ngoài danh mục"),
        ({"NgayBoSung": "2026-01-07"}, "NgayBoSung không đúng định dạng yyyyMMddHHmmss"),
        ({"HoSoBoSungId": "x"}, "HoSoBoSungId phải là số nguyên"),
        ({"DanhSachGiayToBoSung": [{}]}, "DanhSachGiayToBoSung phần tử 1: thiếu trường TenTepDinhKem"),
    ]
    for change, ending in refused:
        problem = judge(dossier_record(DanhSachHoSoBoSung=[{**supplement, **change}]))
        assert problem is not None
        assert problem.endswith(ending)


@pytest.mark.parametrize(
    ("text", "is_time"),
    [
        ("20260105093000", True),
        ("20240229235959", True),
        ("20260229000000", False),
        ("20261301000000", False),
        ("20260100000000", False),
        ("20260105240000", False),
        ("20260105096000", False),
        ("20260105093060", False),
        ("2026010509300", False),
        ("202601050930000", False),
        ("2026-01-05 09:3", False),
        ("2026010509300٠", False),
        ("00000105093000", False),
    ],
)
def test_dates_are_fourteen_digits_of_a_day_that_exists(text: str, is_time: bool) -> None:
    """§13-15."""
    assert is_time == is_wire_time(text)
    expected = None if is_time else "trường NgayHenTra không đúng định dạng yyyyMMddHHmmss"
    assert expected == judge(dossier_record(NgayHenTra=text))
    assert judge(dossier_record(NgayHenTra=text), are_dates_checked=False) is None


@pytest.mark.parametrize("status", [str(number) for number in range(1, 11)])
def test_the_ten_statuses_are_taken(status: str) -> None:
    """For dossiers and for steps."""
    assert judge(dossier_record(TrangThaiHoSo=status)) is None
    assert judge_step(step_record(TrangThai=status)) is None


@pytest.mark.parametrize("status", ["0", "11", "02", "x", "²"])
def test_other_statuses_are_refused(status: str) -> None:
    """§13-17."""
    assert "trường TrangThaiHoSo có giá trị ngoài danh mục" == judge(dossier_record(TrangThaiHoSo=status))
    assert "trường TrangThai có giá trị ngoài danh mục" == judge_step(step_record(TrangThai=status))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ChuHoSo": 7}, "trường ChuHoSo phải là chuỗi ký tự"),
        ({"NgayTiepNhan": 20260105093000}, "trường NgayTiepNhan không đúng định dạng yyyyMMddHHmmss"),
        ({"LoaiDoiTuong": True}, "trường LoaiDoiTuong phải là chuỗi ký tự"),
        ({"TaiLieuNop": {}}, "trường TaiLieuNop phải là danh sách"),
        ({"TaiLieuNop": ["x"]}, "trường TaiLieuNop phần tử 1 phải là đối tượng"),
        (
            {"DanhSachTepDinhKemKhac": [{"SoLuong": "hai"}]},
            "DanhSachTepDinhKemKhac phần tử 1: trường SoLuong phải là số nguyên",
        ),
    ],
)
def test_values_have_their_type(change: dict[str, Any], problem: str) -> None:
    """Everything is text but two counts (§1.9)."""
    assert problem == judge(dossier_record(**change))


def test_types_can_be_left_unchecked() -> None:
    """A portal that takes numbers where text belongs."""
    lenient: dict[str, Any] = {"is_type_checked": False, "are_dates_checked": False}
    assert judge(dossier_record(ChuHoSo=7, NgayTra=20260105093000, HinhThuc=0), **lenient) is None
    assert judge(dossier_record(DanhSachTepDinhKemKhac=[{"SoLuong": 1.5}]), **lenient) is None


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"LoaiDoiTuong": "9"}, "LoaiDoiTuong"),
        ({"HinhThuc": "5"}, "HinhThuc"),
        ({"KenhThucHien": "4"}, "KenhThucHien"),
        ({"NoiNopHoSo": "3"}, "NoiNopHoSo"),
        ({"DuocThanhToanTrucTuyen": "3"}, "DuocThanhToanTrucTuyen"),
        ({"DinhDanhCHS": [{"LoaiDinhDanh": "6", "SoDinhDanh": "x"}]}, "LoaiDinhDanh"),
    ],
)
def test_code_values_can_be_held_to_the_tables(change: dict[str, Any], name: str) -> None:
    """Off by default, since no source shows that the portal does so (§7)."""
    assert judge(dossier_record(**change)) is None
    problem = judge(dossier_record(**change), are_code_values_checked=True)
    assert problem is not None
    assert problem.endswith(f"trường {name} có giá trị ngoài danh mục")


def test_unknown_fields_can_be_refused() -> None:
    """Taken by default; the refusal names the first of them."""
    record = dossier_record(TruongLa="", KhongCo="")
    assert judge(record) is None
    assert "trường KhongCo không được định nghĩa" == judge(record, are_unknown_fields_refused=True)


@pytest.mark.parametrize("name", STEP_FIELDS)
def test_step_fields_are_required_as_the_table_says(name: str) -> None:
    """Five of nine; a null NoiDungXuLy breaks the step (§6.1)."""
    assert 9 == len(STEP_FIELDS)
    expected = f"thiếu trường {name}" if name in STEP_REQUIRED else None
    assert expected == judge_step(without(step_record(), name))
    assert expected == judge_step(step_record(**{name: None}))


def test_step_texts_may_be_empty_but_not_its_key_time_and_status() -> None:
    """An empty NoiDungXuLy is taken where a null one is not; names have at most 50 characters."""
    assert judge_step(step_record(NguoiXuLy="", NoiDungXuLy="")) is None
    for name in ("MaHoSo", "ThoiDiemXuLy", "TrangThai"):
        assert f"trường {name} không được để trống" == judge_step(step_record(**{name: ""}))
    assert judge_step(step_record(NguoiXuLy="x" * 50)) is None
    assert "trường NguoiXuLy dài quá 50 ký tự" == judge_step(step_record(NguoiXuLy="x" * 51))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"KenhThucHien": "1"}, ["technical_id_outside_online_channel"]),
        ({"HoSoCoThanhPhanSoHoa": "0"}, ["digitised_flag_does_not_match_papers"]),
        ({"TaiLieuNop": []}, ["digitised_flag_does_not_match_papers"]),
        ({"TaiLieuNop": None, "HoSoCoThanhPhanSoHoa": None}, []),
        (
            {"TaiLieuNop": [{"DuocSoHoa": "1", "DuocTaiSuDung": "2", "MaKetQuaThayThe": ""}]},
            ["reuse_without_replacing_result"],
        ),
        ({"DanhSachGiayToKetQua": [{"MaGiayToKetQua": ""}]}, ["result_without_code"]),
    ],
)
def test_relations_between_fields_are_noted(changes: dict[str, Any], expected: list[str]) -> None:
    """§5.4: the portal takes such records, the sandbox says what is odd about them."""
    assert expected == oddities(dossier_record(**changes))


def test_no_reason_contains_a_fragment_that_clients_search_for() -> None:
    """A refused record must not look like success, like an existing dossier or like a lost session (§1.6)."""
    reasons = [
        judge(without(dossier_record(), "MaTTHC")),
        judge(dossier_record(MaHoSo="")),
        judge(dossier_record(GhiChu="x" * 2001)),
        judge(dossier_record(NgayTra="x")),
        judge(dossier_record(TrangThaiHoSo="99")),
        judge(dossier_record(TaiLieuNop=7)),
        judge(dossier_record(Fax=7)),
        judge(dossier_record(La="x"), are_unknown_fields_refused=True),
    ]
    for reason in reasons:
        assert reason is not None
        for fragment in ("thành công", "đã tồn tại", "không tồn tại", "phiên", "session"):
            assert fragment not in reason.lower()
