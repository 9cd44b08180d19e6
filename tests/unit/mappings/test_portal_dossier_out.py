"""A canonical dossier becomes exactly the record that the portal's notes show, or is held with every reason."""

import json
from dataclasses import fields, replace
from datetime import date
from importlib import resources
from typing import Any

import msgspec
import pytest

from gateway.errors import ConfigurationError
from gateway.model.dossier import Attachment, Channel, Dossier, Reuse
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.model.status import DossierStatus
from mappings.portal import wire
from mappings.portal.limits import trim
from mappings.portal.outbound import NOT_CARRIED, Held, Writer
from mappings.portal.rules import (
    EmptyReceipt,
    Overlong,
    Profile,
    ReceptionFallback,
    SupplementId,
    TechnicalId,
    WireRules,
)
from mappings.portal.tables import load_tables
from mappings.portal.translate import PortalTranslator
from tests.unit.mappings.portal_samples import (
    DOSSIER_CODE,
    EXAMPLE_DOSSIER,
    EXAMPLE_RECORD,
    FULL_DOSSIER,
    NOW,
    PROCEDURE,
    codes,
)

# The 38 rows of portal wire notes §5.1 and the nested lists of §5.2.
MAIN_FIELD_NAMES = (
    "MaHoSo MaTTHC TenTTHC MaLinhVuc TenLinhVuc SoBienNhan ChuHoSo LoaiDoiTuong MaDoiTuong ThongTinKhac Email Fax "
    "SoDienThoai TrichYeuHoSo NgayTiepNhan NgayHenTra TrangThaiHoSo NgayTra ThongTinTra HinhThuc NgayKetThucXuLy "
    "DonViXuLy GhiChu TaiLieuNop DanhSachLePhi DanhSachTepDinhKemKhac DanhSachHoSoBoSung DanhSachGiayToKetQua "
    "KenhThucHien SoGiayToChuHoSo NoiNopHoSo HoSoCoThanhPhanSoHoa TaiKhoanDuocXacThucVoiVNeID "
    "DuocThanhToanTrucTuyen NgayTuChoi DinhDanhCHS NgayNopHoSo DSKetNoiCSDL"
)
MAIN_FIELDS = MAIN_FIELD_NAMES.split()
NESTED_FIELDS = {
    "TaiLieuNop": "TepDinhKemId TenTepDinhKem IsDeleted MaThanhPhanHoSo DuongDanTaiTepTin DuocSoHoa DuocTaiSuDung "
    "DuocLayTuKhoDMQG MaKetQuaThayThe",
    "DanhSachLePhi": "TenPhiLePhi MaPhiLePhi HinhThucThu Gia LoaiPhiLePhi",
    "DanhSachTepDinhKemKhac": "TenGiayTo SoLuong LoaiGiayTo",
    "DanhSachHoSoBoSung": "HoSoBoSungId NguoiYeuCauBoSung NoiDungBoSung NgayBoSung NguoiTiepNhanBoSung "
    "ThongTinTiepNhan NgayTiepNhanBoSung TrangThaiBoSung DanhSachGiayToBoSung DanhSachLePhiBoSung NgayHenTraTruoc "
    "NgayHenTraMoi",
    "DanhSachGiayToKetQua": "TenGiayTo MaThanhPhanHoSo GiayToId DuongDanTepTinKetQua MaGiayToKetQua",
    "DinhDanhCHS": "LoaiDinhDanh SoDinhDanh",
    "DSKetNoiCSDL": "MaCSDL",
}


def write(dossier: Dossier, rules: WireRules | None = None) -> wire.DossierRecord | Held:
    writer = Writer(load_tables(), rules or WireRules())
    return writer.dossier(DOSSIER_CODE, dossier, PROCEDURE, codes())


def record(dossier: Dossier, rules: WireRules | None = None) -> dict[str, Any]:
    written = write(dossier, rules)
    assert isinstance(written, wire.DossierRecord), written
    plain: dict[str, Any] = json.loads(msgspec.json.encode(written))
    return plain


def held(dossier: Dossier, rules: WireRules | None = None) -> Held:
    written = write(dossier, rules)
    assert isinstance(written, Held)
    return written


def test_the_example_of_the_notes_byte_for_byte() -> None:
    """The dossier behind the example becomes the example, keys in its order (portal wire notes §5.3)."""
    written = write(EXAMPLE_DOSSIER, WireRules(empty_receipt=EmptyReceipt.OMIT))
    expected = json.dumps(EXAMPLE_RECORD, ensure_ascii=False, separators=(",", ":")).encode()
    assert expected == msgspec.json.encode(written)


def test_by_default_all_fields_are_sent_even_empty() -> None:
    """Replacing a dossier replaces every field, so an empty receipt number is stated rather than left out."""
    assert {**EXAMPLE_RECORD, "SoBienNhan": ""} == record(EXAMPLE_DOSSIER)


def test_every_field_of_the_wire_is_there() -> None:
    """All 38 fields and every field of every nested list are written, and nothing else."""
    plain = record(FULL_DOSSIER)
    assert set(MAIN_FIELDS) == set(plain)
    assert len(MAIN_FIELDS) == 38
    for name, names in NESTED_FIELDS.items():
        assert plain[name], name
        assert [names.split()] * len(plain[name]) == [list(item) for item in plain[name]]


def test_a_full_dossier_is_written_field_by_field() -> None:
    """Every value lands in its own field with its own code."""
    plain = record(FULL_DOSSIER)
    assert {
        "MaHoSo": DOSSIER_CODE,
        "SoBienNhan": "BN-17",
        "KenhThucHien": "3",
        "ChuHoSo": "Công ty Ví Dụ",
        "SoGiayToChuHoSo": "P9990001",
        "LoaiDoiTuong": "2",
        "MaDoiTuong": "",
        "ThongTinKhac": "thông tin khác",
        "Email": "congty@example.vn",
        "Fax": "0900000002",
        "SoDienThoai": "0900000001",
        "TrichYeuHoSo": "Đề nghị cấp lại",
        "TrangThaiHoSo": "10",
        "NgayTra": "20260112090000",
        "ThongTinTra": "trả tại quầy 3",
        "HinhThuc": "1",
        "NgayKetThucXuLy": "20260111160000",
        "GhiChu": "ghi chú",
        "NoiNopHoSo": "1",
        "HoSoCoThanhPhanSoHoa": "0",
        "TaiKhoanDuocXacThucVoiVNeID": "0",
        "DuocThanhToanTrucTuyen": "2",
        "NgayTuChoi": "20260106080000",
        "DinhDanhCHS": [
            {"LoaiDinhDanh": "4", "SoDinhDanh": "9990000017"},
            {"LoaiDinhDanh": "3", "SoDinhDanh": "P9990001"},
        ],
        "DSKetNoiCSDL": [{"MaCSDL": "1"}, {"MaCSDL": "7"}],
        "DanhSachLePhi": [
            {
                "TenPhiLePhi": "Phí thẩm định",
                "MaPhiLePhi": "2",
                "HinhThucThu": "4",
                "Gia": "0",
                "LoaiPhiLePhi": "2",
            }
        ],
        "DanhSachTepDinhKemKhac": [{"TenGiayTo": "Ảnh thẻ", "SoLuong": 2, "LoaiGiayTo": 1}],
        "DanhSachGiayToKetQua": [
            {
                "TenGiayTo": "Giấy xác nhận",
                "MaThanhPhanHoSo": "000.00.00.G99-KQ900001",
                "GiayToId": "77",
                "DuongDanTepTinKetQua": "https://files.province.example/r/77",
                "MaGiayToKetQua": "KQ.G99.900001",
            }
        ],
    }.items() <= plain.items()
    documents = [
        (item["IsDeleted"], item["DuocTaiSuDung"], item["DuocLayTuKhoDMQG"], item["MaKetQuaThayThe"])
        for item in plain["TaiLieuNop"]
    ]
    assert [("True", "2", "1", "KQ.G99.900002"), ("False", "1", "0", "")] == documents
    first, second = plain["DanhSachHoSoBoSung"]
    assert (1, "1", "20260108080000", "20260113170000") == (
        first["HoSoBoSungId"],
        first["TrangThaiBoSung"],
        first["NgayTiepNhanBoSung"],
        first["NgayHenTraMoi"],
    )
    assert ("0", "", "", [], []) == (
        second["TrangThaiBoSung"],
        second["NgayTiepNhanBoSung"],
        second["NgayHenTraMoi"],
        second["DanhSachGiayToBoSung"],
        second["DanhSachLePhiBoSung"],
    )


def test_every_canonical_field_is_carried_or_named_as_not_carried() -> None:
    """A field added to the dossier must be mapped, or be listed with the reason why it is not."""
    carried = {name.partition(".")[0] for name in wire.DOSSIER_CANONICAL.values()}
    assert {field.name for field in fields(Dossier)} == (carried & {f.name for f in fields(Dossier)}) | set(NOT_CARRIED)
    assert not carried & set(NOT_CARRIED)


@pytest.mark.parametrize("status", list(DossierStatus))
def test_every_status_reaches_the_portal(status: DossierStatus) -> None:
    """Each of the ten statuses is written, also for a dossier that was never received."""
    dossier = replace(EXAMPLE_DOSSIER, status=status, received_at=None)
    plain = record(dossier)
    assert codes().status.outbound[status] == plain["TrangThaiHoSo"]
    assert plain["NgayNopHoSo"] == plain["NgayTiepNhan"]


def test_without_the_fallback_a_dossier_that_was_not_received_is_held() -> None:
    """Where the province wants no stand-in, the missing reception time is named."""
    rules = WireRules(reception_fallback=ReceptionFallback.NONE)
    assert (("received_at", "required by the portal"),) == held(
        replace(EXAMPLE_DOSSIER, received_at=None), rules
    ).problems


@pytest.mark.parametrize(
    ("channel", "rule", "expected"),
    [
        (Channel.ONLINE, TechnicalId.ONLINE, "TECH-0001"),
        (Channel.IN_PERSON, TechnicalId.ONLINE, ""),
        (Channel.POSTAL, TechnicalId.ONLINE, ""),
        (Channel.IN_PERSON, TechnicalId.ALWAYS, "TECH-0001"),
    ],
)
def test_the_technical_id_goes_with_the_online_channel(channel: Channel, rule: TechnicalId, expected: str) -> None:
    """MaDoiTuong is sent for online dossiers only (portal wire notes §5.4), unless the setting says otherwise."""
    plain = record(replace(EXAMPLE_DOSSIER, channel=channel), WireRules(technical_id=rule))
    assert expected == plain["MaDoiTuong"]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((), ""),
        ((IdentifierType.OTHER,), "999-0"),
        ((IdentifierType.TAX_CODE, IdentifierType.OLD_ID_CARD), "999-1"),
        ((IdentifierType.PASSPORT, IdentifierType.PERSONAL_ID), "999-1"),
    ],
)
def test_the_paper_number_is_the_best_real_one(types: tuple[IdentifierType, ...], expected: str) -> None:
    """The owner's paper number is the strongest number there is, and never a dummy when there is none."""
    identifiers = tuple(Identifier(type=kind, number=f"999-{index}") for index, kind in enumerate(types))
    plain = record(replace(EXAMPLE_DOSSIER, applicant=Party(name="Lê Thị Mẫu", identifiers=identifiers)))
    assert expected == plain["SoGiayToChuHoSo"]
    assert len(types) == len(plain["DinhDanhCHS"])


@pytest.mark.parametrize(("marks", "expected"), [((), "0"), ((False, False), "0"), ((False, True), "1")])
def test_the_digitised_mark_is_derived(marks: tuple[bool, ...], expected: str) -> None:
    """HoSoCoThanhPhanSoHoa follows from the documents and is never stated against them."""
    attachments = tuple(
        Attachment(name=f"{index}.pdf", url="https://files.province.example/x", is_digitised=mark)
        for index, mark in enumerate(marks)
    )
    assert expected == record(replace(EXAMPLE_DOSSIER, attachments=attachments))["HoSoCoThanhPhanSoHoa"]


def test_reuse_of_a_result_needs_its_code() -> None:
    """A paper replaced by a result without the result's code is held, also inside a supplement."""
    paper = Attachment(name="x.pdf", url="https://files.province.example/x", reuse=Reuse.RESULT)
    supplement = replace(FULL_DOSSIER.supplements[0], attachments=(paper,))
    dossier = replace(EXAMPLE_DOSSIER, attachments=(paper,), supplements=(supplement,))
    rule = "required when reuse is result"
    assert (
        ("attachments/0/replacing_result_code", rule),
        ("supplements/0/attachments/0/replacing_result_code", rule),
    ) == held(dossier).problems


def test_a_procedure_that_the_catalogue_lacks_holds_the_dossier() -> None:
    """Without its catalogue entry nothing is sent, and the local code never stands in for the name."""
    written = Writer(load_tables(), WireRules()).dossier(DOSSIER_CODE, EXAMPLE_DOSSIER, None, codes())
    assert Held(missing=(("procedure", "1.999001"),)) == written


def test_a_procedure_without_sector_holds_the_dossier() -> None:
    """An empty LINHVUCTHUCHIEN names the missing row instead of failing."""
    procedure = replace(PROCEDURE, sectors=())
    written = Writer(load_tables(), WireRules()).dossier(DOSSIER_CODE, EXAMPLE_DOSSIER, procedure, codes())
    assert Held(missing=(("procedure.sector", "1.999001"),)) == written


def test_codes_without_a_row_on_the_day_are_all_named() -> None:
    """Outside the tables' dates every row that the dossier needs is listed once; no code is ever empty."""
    tables = load_tables()
    written = Writer(tables, WireRules()).dossier(DOSSIER_CODE, FULL_DOSSIER, PROCEDURE, tables.on(date(2019, 1, 1)))
    assert isinstance(written, Held)
    assert ("status", "returned") in written.missing
    assert ("mark", "no") in written.missing
    assert ("fee_kind", "levy") in written.missing
    assert ("supplement_state", "yes") in written.missing
    assert len(written.missing) == len(set(written.missing))


def test_a_row_that_expires_without_a_successor_is_refused_at_load() -> None:
    """A packaged table stays total on every day, so that a look-up cannot fail by the calendar alone."""
    text = resources.files("mappings.portal").joinpath("codes.toml").read_text(encoding="utf-8")
    text = text.replace('foreign = "8", name = "Dừng xử lý"', 'foreign = "8", valid_to = 2026-01-01')
    with pytest.raises(ConfigurationError, match=r"no code on 2026-01-01 \(found stopped\)"):
        load_tables(text)


@pytest.mark.parametrize(
    ("overlong", "expected"),
    [
        (Overlong.HOLD, Held(problems=(("summary", "longer than 20 characters"),))),
        (Overlong.TRIM, "Đề nghị cấp giấy xác"),
    ],
)
def test_an_overlong_text_is_held_or_trimmed_as_set(overlong: Overlong, expected: object) -> None:
    """By default nothing is cut from a record unseen; trimming is a decision."""
    written = write(EXAMPLE_DOSSIER, WireRules(limits={"TrichYeuHoSo": 20}, overlong=overlong))
    assert expected == (written if isinstance(written, Held) else written.summary)


def test_overlong_texts_in_lists_are_named_with_their_place() -> None:
    """Each nested text that does not fit is named; the texts that may be trimmed are trimmed."""
    rules = WireRules(
        limits={"TenTepDinhKem": 8, "TenGiayTo": 5, "TenPhiLePhi": 3, "NoiDungBoSung": 4},
        overlong_by_field={"TenPhiLePhi": Overlong.TRIM},
    )
    assert {
        ("attachments/0/name", "longer than 8 characters"),
        ("attachments/1/name", "longer than 8 characters"),
        ("other_attachments/0/name", "longer than 5 characters"),
        ("results/0/name", "longer than 5 characters"),
        ("supplements/0/content", "longer than 4 characters"),
        ("supplements/1/content", "longer than 4 characters"),
        ("supplements/0/attachments/0/name", "longer than 8 characters"),
    } == set(held(FULL_DOSSIER, rules).problems)
    trimmed = record(FULL_DOSSIER, WireRules(limits={"TenPhiLePhi": 3}, overlong=Overlong.TRIM))
    assert ("Phí", "Phí") == (
        trimmed["DanhSachLePhi"][0]["TenPhiLePhi"],
        trimmed["DanhSachHoSoBoSung"][0]["DanhSachLePhiBoSung"][0]["TenPhiLePhi"],
    )


def test_a_trimmed_text_keeps_its_accents() -> None:
    """A cut never leaves a letter without the accent that follows it."""
    assert ("ab", "a", "abc") == (trim("abe\u0323", 3), trim("a b", 2), trim("abc", 3))


def test_the_limits_given_are_added_to_the_defaults() -> None:
    """Correcting one limit does not switch the others off."""
    assert (1000, 50) == (
        WireRules(limits={"TrichYeuHoSo": 1000}).limits["TrichYeuHoSo"],
        WireRules(limits={"TrichYeuHoSo": 1000}).limits["NguoiXuLy"],
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (WireRules(limits={"KhongCo": 3}), "limits.KhongCo"),
        (WireRules(limits={"TaiLieuNop": 3}), "limits.TaiLieuNop"),
        (WireRules(limits={"SoLuong": 3}), "limits.SoLuong"),
        (WireRules(overlong_by_field={"Email": Overlong.TRIM}), "overlong_by_field.Email"),
        (WireRules(non_empty=("KhongCo",)), "non_empty"),
        (WireRules(max_code_length=1), "tables.status"),
    ],
)
def test_rules_that_do_not_fit_are_refused_at_the_start(rules: WireRules, expected: str) -> None:
    """A misspelt field name or a too narrow code column stops the start and is named."""
    with pytest.raises(ConfigurationError, match=expected):
        Writer(load_tables(), rules)


def test_supplement_numbers_may_be_text() -> None:
    """The form of HoSoBoSungId is a setting, as its type is known from one description only."""
    plain = record(FULL_DOSSIER, WireRules(supplement_id=SupplementId.TEXT))
    assert ["1", "2"] == [item["HoSoBoSungId"] for item in plain["DanhSachHoSoBoSung"]]


def test_an_older_portal_gets_only_the_fields_it_knows() -> None:
    """The classic profile sends rows 1 to 28 and the nested fields of their time."""
    translator = PortalTranslator(load_tables(), WireRules(profile=Profile.CLASSIC))
    written = translator.dossier(DOSSIER_CODE, FULL_DOSSIER, PROCEDURE, at=NOW)
    assert isinstance(written, wire.DossierRecord)
    (plain,) = json.loads(msgspec.json.encode(translator.wire_records([written])))
    assert set(MAIN_FIELDS[:28]) == set(plain)
    assert NESTED_FIELDS["TaiLieuNop"].split()[:5] == list(plain["TaiLieuNop"][0])
    assert NESTED_FIELDS["TaiLieuNop"].split()[:5] == list(plain["DanhSachHoSoBoSung"][0]["DanhSachGiayToBoSung"][0])
    assert NESTED_FIELDS["DanhSachGiayToKetQua"].split()[:4] == list(plain["DanhSachGiayToKetQua"][0])


def test_nothing_that_is_held_names_a_person() -> None:
    """Reasons hold field names and codes, never a value of the dossier."""
    rules = WireRules(limits=dict.fromkeys(("ChuHoSo", "TrichYeuHoSo", "SoDienThoai", "Email"), 1))
    told = str(held(EXAMPLE_DOSSIER, rules))
    assert not any(secret in told for secret in ("Mẫu", "mau@", "0900000000", "999199000001"))
    assert "applicant.name" in told
