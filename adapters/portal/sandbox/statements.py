"""Questions, answers, ratings and statistics as the portal serves them (§8.1 to §8.6).

Everything received is kept in order of arrival, so that a test can ask what the portal saw. Pushes are idempotent in
what they leave behind: the latest record about a subject counts (§8.4).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from adapters.portal.sandbox.profile import PortalProfile
from adapters.portal.sandbox.replies import Reply, failure
from adapters.portal.sandbox.state import PortalState

Record = dict[str, Any]

_ANSWER = ("HOIDAPID", "MADONVI", "NGUOITRALOI", "CHUCVUNGUOITRALOI", "NGAYTRALOI", "NOIDUNGTRALOI")
_LOCAL_QUESTION = ("HOIDAPID", "MaLinhVuc", "NOIDUNG", "MADONVI", "TENDONVI")
_RATING = (
    *("NgayTongHop", "TongSoNguoiDanhGia", "PhanTramDanhGiaRatHaiLong", "PhanTramDanhGiaHaiLong"),
    *("PhanTramDanhGiaChuaHaiLong", "DanhSachNoiDungYKien", "MaThuTuc", "NoiDung"),
    *("PhanTramDanhGiaDichVuRatHaiLong", "PhanTramDanhGiaDichVuHaiLong", "PhanTramDanhGiaDichVuChuaHaiLong"),
    *("Madonvi", "TenDonVi"),
)
_STATISTICS = (
    *("Thang", "Nam", "SoNhanTrongKy", "SoTonKyTruoc", "TongSoXuLy", "TongDaXuLy", "TongXuLyDungHan"),
    *("PhanTramXuLyDungHan", "TongXuLyTreHan", "PhanTramXuLyTreHan", "TongChuaXuLy", "TongChuaXuLyTrongHan"),
    *("PhanTramChuaXuLyTrongHan", "TongChuaXuLyTreHan", "PhanTramChuaXuLyTreHan", "GhiChu", "Madonvi", "TenDonVi"),
    "LoaiThongKe",
)
KINDS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "DongBoKetQuaHoiDapGuiTuDVCQG": ("answers", _ANSWER, ("HOIDAPID",)),
        "DongBoHoiDap": ("local_questions", _LOCAL_QUESTION, ("HOIDAPID",)),
        "DongBoDanhGia": ("ratings", _RATING, ("NgayTongHop", "Madonvi", "NoiDung")),
        "DongBoThongKeHoSo": ("statistics", _STATISTICS, ("Thang", "Nam", "Madonvi", "LoaiThongKe")),
    }
)
"""Per service: the name of what it carries, the fields of a record, and those that name its subject."""
_NUMBERS = frozenset({"TongSoNguoiDanhGia"})


def take(service: str, state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Take a push; all or nothing. An empty list is taken too: a real client sends it (§8.4)."""
    name, fields, subject = KINDS[service]
    records = envelope.get("data")
    wording = profile.wording
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return failure(profile, wording.failure_prefix + wording.bad_parameter.format(name="data"))
    for record in records:
        problem = _problem(service, record, fields)
        if problem:
            state.tallies["statements_rejected"] += 1
            return failure(profile, wording.failure_prefix + wording.bad_parameter.format(name=problem))
    known = state.statements.setdefault(name, {})
    for record in records:
        key = "/".join(str(record[field]) for field in subject)
        state.tallies["statements_repeated" if known.get(key) == record else "statements_stored"] += 1
        known[key] = dict(record)
        if service == "DongBoKetQuaHoiDapGuiTuDVCQG":
            _note_answer(state, record)
    return Reply(0, wording.success)


def _problem(service: str, record: Record, fields: tuple[str, ...]) -> str:
    """Name the first field that is missing or null, or whose type is not the wire's; "" when all is well."""
    for field in fields:
        value = record.get(field)
        # The id of a local question is a number, that of an answered question text (§8.3, §8.4).
        is_number = field in _NUMBERS or (field == "HOIDAPID" and service == "DongBoHoiDap")
        if isinstance(value, bool) or not isinstance(value, int if is_number else str):
            return field
        if service == "DongBoThongKeHoSo" and value == "NaN":
            return field
    return ""


def _note_answer(state: PortalState, record: Record) -> None:
    for question in state.questions["citizens"]:
        if str(question["HOIDAPID"]) == record["HOIDAPID"]:
            question["NOIDUNGTRALOI"] = record["NOIDUNGTRALOI"]
            question["TRALOIID"] = question["TRALOIID"] or 900_000 + int(question["HOIDAPID"])


def give_questions(source: str) -> Callable[[PortalState, PortalProfile, Record], Reply]:
    """Make the service that gives a list of questions (§8.1)."""

    def give(state: PortalState, profile: PortalProfile, _: Record) -> Reply:
        return Reply(0, profile.wording.success, list(state.questions[source]))

    return give


def give_answers(state: PortalState, profile: PortalProfile, envelope: Record) -> Reply:
    """Give the answers of a question (§8.2); the id comes as a number."""
    asked = envelope.get("cauhoiid")
    if isinstance(asked, bool) or not isinstance(asked, int | str) or asked == "":
        return failure(profile, profile.wording.bad_parameter.format(name="cauhoiid"))
    answers = [
        {"TRALOIID": question["TRALOIID"], "NOIDUNGTRALOI": question["NOIDUNGTRALOI"]}
        for questions in state.questions.values()
        for question in questions
        if str(question["HOIDAPID"]) == str(asked) and question["NOIDUNGTRALOI"]
    ]
    return Reply(0, profile.wording.success, answers)


def make_questions(agencies: list[Record], sectors: list[Record], count: int = 6) -> dict[str, list[Record]]:
    """Invent questions to the province's agencies in both lists; every third is answered, the last of each list is not
    to be imported."""
    agencies = [agency for agency in agencies if agency["MADONVI"].startswith("H")] or agencies
    made: dict[str, list[Record]] = {}
    for source, first in (("citizens", 81_000), ("agencies", 82_000)):
        made[source] = [
            {
                "HOIDAPID": first + number,
                "MALINHVUC": sectors[number % len(sectors)]["MALINHVUC"] if sectors else "",
                "MATTHCDP": "",
                "MADONVI": agencies[number % len(agencies)]["MADONVI"] if agencies else "",
                "TENDONVI": agencies[number % len(agencies)]["TENDONVI"] if agencies else "",
                "NOIDUNG": f"Thời hạn giải quyết của thủ tục số {number} là bao lâu?",
                "NOIDUNGTRALOI": "Năm ngày làm việc." if number % 3 == 0 else "",
                "TRALOIID": first + 500 + number if number % 3 == 0 else 0,
                "HOVATEN": "Lê Văn Ví Dụ" if source == "citizens" else "",
                "DIACHI": "",
                "THUDIENTU": "vidu@example.vn" if source == "citizens" else "",
                "SODIENTHOAI": "",
                "TRANGTHAI": 0 if number == count else 1,
            }
            for number in range(1, count + 1)
        ]
    return made
