"""Questions, answers, ratings and statistics between the canonical model and the portal's records. Pure.

Source: portal wire notes §8.1 to §8.6. Key case follows the wire, mixed as it is there.
"""

from collections.abc import Mapping
from typing import Any

from gateway.errors import Fault, InvalidInput
from gateway.ports.portal_services import (
    AnswerToPush,
    LocalQuestionToPush,
    Question,
    QuestionAnswer,
    QuestionSource,
    RatingToPush,
    StatisticsToPush,
)

_MAX_ID_DIGITS = 18


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return str(value).strip()


def _is_positive(text: str) -> bool:
    # Longer digits are no id of any system, and reading thousands of them is refused by the language itself.
    return len(text) <= _MAX_ID_DIGITS and text.isascii() and text.isdigit() and int(text) > 0


def read_question(record: Any, source: QuestionSource) -> Question | None:
    """Read one question; None for a record without a positive id, which clients skip (§8.1).

    Raises InvalidInput when the record is no object.
    """
    if not isinstance(record, dict):
        raise InvalidInput("a question is no object", [Fault("record", "must be an object")])
    question_id = _text(record, "HOIDAPID")
    if not _is_positive(question_id):
        return None
    answer, answer_id = _text(record, "NOIDUNGTRALOI"), _text(record, "TRALOIID")
    is_answered = bool(answer) and _is_positive(answer_id)
    return Question(
        question_id=str(int(question_id)),
        source=source,
        sector_code=_text(record, "MALINHVUC"),
        procedure_code=_text(record, "MATTHCDP"),
        agency_code=_text(record, "MADONVI"),
        agency_name=_text(record, "TENDONVI"),
        content=_text(record, "NOIDUNG"),
        answers=(QuestionAnswer(answer_id=answer_id, content=answer),) if is_answered else (),
        asker_name=_text(record, "HOVATEN"),
        asker_address=_text(record, "DIACHI"),
        asker_email=_text(record, "THUDIENTU"),
        asker_phone=_text(record, "SODIENTHOAI"),
        is_importable=_text(record, "TRANGTHAI") != "0",
    )


def read_answer(record: Any) -> QuestionAnswer | None:
    """Read one answer; None when it has no text. Raises InvalidInput when the record is no object."""
    if not isinstance(record, dict):
        raise InvalidInput("an answer is no object", [Fault("record", "must be an object")])
    content = _text(record, "NOIDUNGTRALOI")
    return QuestionAnswer(answer_id=_text(record, "TRALOIID"), content=content) if content else None


def answer_record(answer: AnswerToPush) -> dict[str, Any]:
    """Write an answer (§8.4): the id as text, the day as dd/MM/yyyy."""
    return {
        "HOIDAPID": answer.question_id,
        "MADONVI": answer.agency_code,
        "NGUOITRALOI": answer.answered_by,
        "CHUCVUNGUOITRALOI": answer.answerer_position,
        "NGAYTRALOI": f"{answer.answered_on:%d/%m/%Y}",
        "NOIDUNGTRALOI": answer.content,
    }


def local_question_record(question: LocalQuestionToPush) -> dict[str, Any]:
    """Write a question of the province's own collection (§8.3), whose keys mix upper case and Pascal case."""
    return {
        "HOIDAPID": question.local_question_id,
        "MaLinhVuc": question.sector_code,
        "NOIDUNG": question.content,
        "MADONVI": question.agency_code,
        "TENDONVI": question.agency_name,
    }


def rating_record(rating: RatingToPush) -> dict[str, Any]:
    """Write ratings of one survey question (§8.5): period M-yyyy without padding, shares as "NN%"."""
    officer, service = rating.officer_shares, rating.service_shares
    return {
        "NgayTongHop": f"{rating.month}-{rating.year}",
        "TongSoNguoiDanhGia": rating.raters_count,
        "PhanTramDanhGiaRatHaiLong": f"{officer.very_satisfied}%",
        "PhanTramDanhGiaHaiLong": f"{officer.satisfied}%",
        "PhanTramDanhGiaChuaHaiLong": f"{officer.not_satisfied}%",
        "DanhSachNoiDungYKien": rating.comments,
        "MaThuTuc": rating.procedure_code,
        "NoiDung": rating.question,
        "PhanTramDanhGiaDichVuRatHaiLong": f"{service.very_satisfied}%",
        "PhanTramDanhGiaDichVuHaiLong": f"{service.satisfied}%",
        "PhanTramDanhGiaDichVuChuaHaiLong": f"{service.not_satisfied}%",
        "Madonvi": rating.agency_code,
        "TenDonVi": rating.agency_name,
    }


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "0.00"


def statistics_record(counts: StatisticsToPush) -> dict[str, str]:
    """Write the counts of a month (§8.6): every value is text, shares have two decimals and are never "NaN"."""
    processed = counts.processed_on_time_count + counts.processed_late_count
    pending = counts.pending_in_time_count + counts.pending_late_count
    return {
        "Thang": str(counts.month),
        "Nam": str(counts.year),
        "SoNhanTrongKy": str(counts.received_count),
        "SoTonKyTruoc": str(counts.carried_over_count),
        "TongSoXuLy": str(counts.received_count + counts.carried_over_count),
        "TongDaXuLy": str(processed),
        "TongXuLyDungHan": str(counts.processed_on_time_count),
        "PhanTramXuLyDungHan": _share(counts.processed_on_time_count, processed),
        "TongXuLyTreHan": str(counts.processed_late_count),
        "PhanTramXuLyTreHan": _share(counts.processed_late_count, processed),
        "TongChuaXuLy": str(pending),
        "TongChuaXuLyTrongHan": str(counts.pending_in_time_count),
        "PhanTramChuaXuLyTrongHan": _share(counts.pending_in_time_count, pending),
        "TongChuaXuLyTreHan": str(counts.pending_late_count),
        "PhanTramChuaXuLyTreHan": _share(counts.pending_late_count, pending),
        "GhiChu": counts.note,
        "Madonvi": counts.agency_code,
        "TenDonVi": counts.agency_name,
        "LoaiThongKe": counts.kind,
    }
