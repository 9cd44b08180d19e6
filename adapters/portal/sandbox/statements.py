"""Questions, answers, ratings and statistics as the portal serves them (§8.1 to §8.6).

Pushes are idempotent in what they leave behind (§8.4): of every subject the latest record is kept, and repeats are
counted. Every third question is answered: in the list or, as for every sixth, only in the reply to
`LayNoiDungTraLoiTheoCauHoi`, which may give several answers (§8.1, §8.2).
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
        problem = _problem(service, record, fields, profile)
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


def _problem(service: str, record: Record, fields: tuple[str, ...], profile: PortalProfile) -> str:
    """Name the first field that is missing or null, or whose type is not the wire's; "" when all is well."""
    for field in fields:
        value = record.get(field)
        # The id of a local question is a number, that of an answered question text (§8.3, §8.4).
        is_number = field in _NUMBERS or (field == "HOIDAPID" and service == "DongBoHoiDap")
        if isinstance(value, bool) or not isinstance(value, int if is_number else str):
            return field
        if value == "NaN" and not profile.is_nan_accepted:
            return field  # §8.6: a screen of a real client divides by zero.
    return ""


def _note_answer(state: PortalState, record: Record) -> None:
    for question in state.questions["citizens"]:
        if str(question["HOIDAPID"]) == record["HOIDAPID"]:
            answer_id = question.get("TRALOIID") or 900_000 + int(question["HOIDAPID"])
            question |= {"NOIDUNGTRALOI": record["NOIDUNGTRALOI"], "TRALOIID": answer_id}
            answer = {"TRALOIID": answer_id, "NOIDUNGTRALOI": record["NOIDUNGTRALOI"]}
            state.answers[record["HOIDAPID"]] = [answer]


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
    return Reply(0, profile.wording.success, list(state.answers.get(str(asked), ())))


Questions = dict[str, list[Record]]
Answers = dict[str, list[Record]]


def make_questions(agencies: list[Record], sectors: list[Record], count: int = 6) -> tuple[Questions, Answers]:
    """Invent both lists of questions to the province's agencies, and their answers by question.

    The last question of each list is not to be imported (TRANGTHAI 0), and each ends with a record that has no id.
    """
    agencies = [agency for agency in agencies if agency["MADONVI"].startswith("H")] or agencies
    made: Questions = {}
    answers: Answers = {}
    for source, first in (("citizens", 81_000), ("agencies", 82_000)):
        made[source] = [
            _question(source, first + number, number, agencies, sectors, is_last=number == count)
            for number in range(1, count + 1)
        ]
        for number in range(3, count + 1, 3):
            question = made[source][number - 1]
            texts = ("Năm ngày làm việc.", "Mười ngày với hồ sơ phức tạp.")[: 1 + (number % 6 == 0)]
            given = [
                {"TRALOIID": first + 500 + 10 * number + at, "NOIDUNGTRALOI": text} for at, text in enumerate(texts)
            ]
            answers[str(question["HOIDAPID"])] = given
            if number % 6:
                question |= given[0]
        made[source].append({"HOIDAPID": 0, "NOIDUNG": "", "TRANGTHAI": 1})
    return made, answers


def _question(
    source: str, question_id: int, number: int, agencies: list[Record], sectors: list[Record], *, is_last: bool
) -> Record:
    agency = agencies[number % len(agencies)] if agencies else {"MADONVI": "", "TENDONVI": ""}
    is_citizens = source == "citizens"
    return {
        "HOIDAPID": question_id,
        "MALINHVUC": sectors[number % len(sectors)]["MALINHVUC"] if sectors else "",
        "MATTHCDP": "",
        "MADONVI": agency["MADONVI"],
        "TENDONVI": agency["TENDONVI"],
        "NOIDUNG": f"Thời hạn giải quyết của thủ tục số {number} là bao lâu?",
        "HOVATEN": "Lê Văn Ví Dụ" if is_citizens else "",
        "DIACHI": "",
        "THUDIENTU": "vidu@example.vn" if is_citizens else "",
        "SODIENTHOAI": "",
        "TRANGTHAI": 0 if is_last else 1,
    }
