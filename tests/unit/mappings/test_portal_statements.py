"""Questions are read from every form that the wire is known to have; records are written exactly as it wants them."""

from typing import Any

import pytest

from gateway.errors import InvalidInput
from gateway.ports.portal_services import QuestionSource, StatisticsToPush
from mappings.portal.statements import read_answer, read_question, statistics_record

FULL = {
    "HOIDAPID": 81001,
    "MALINHVUC": "G99-LV01",
    "MATTHCDP": "1.999001.H99",
    "MADONVI": "H99.01",
    "TENDONVI": "Sở Thử nghiệm",
    "NOIDUNG": "Bao lâu?",
    "NOIDUNGTRALOI": "Năm ngày.",
    "TRALOIID": 5,
    "HOVATEN": "Lê Văn Ví Dụ",
    "DIACHI": "a",
    "THUDIENTU": "vidu@example.vn",
    "SODIENTHOAI": "0900000000",
    "TRANGTHAI": 1,
}


def test_every_field_is_read() -> None:
    """No field of the record is lost, and codes are texts (portal wire notes §8.1)."""
    question = read_question(FULL, QuestionSource.CITIZENS)
    assert question is not None
    assert ("81001", "G99-LV01", "1.999001.H99", "H99.01") == (
        question.question_id,
        question.sector_code,
        question.procedure_code,
        question.agency_code,
    )
    assert ("Sở Thử nghiệm", "Bao lâu?", "Lê Văn Ví Dụ", "a", "vidu@example.vn", "0900000000") == (
        question.agency_name,
        question.content,
        question.asker_name,
        question.asker_address,
        question.asker_email,
        question.asker_phone,
    )
    assert [("5", "Năm ngày.")] == [(answer.answer_id, answer.content) for answer in question.answers]


@pytest.mark.parametrize(
    ("changes", "question_id", "answers_count", "is_importable"),
    [
        ({"HOIDAPID": "81001"}, "81001", 1, True),
        ({"HOIDAPID": " 081001 "}, "81001", 1, True),
        ({"TRALOIID": 0}, "81001", 0, True),
        ({"TRALOIID": "5"}, "81001", 1, True),
        ({"TRALOIID": None}, "81001", 0, True),
        ({"NOIDUNGTRALOI": ""}, "81001", 0, True),
        ({"NOIDUNGTRALOI": None}, "81001", 0, True),
        ({"TRANGTHAI": 0}, "81001", 1, False),
        ({"TRANGTHAI": "0"}, "81001", 1, False),
        ({"TRANGTHAI": None}, "81001", 1, True),
    ],
)
def test_forms_of_a_question(
    changes: dict[str, Any], question_id: str, answers_count: int, is_importable: bool
) -> None:
    """Numbers and texts of numbers read alike; no answer id or no text is no answer; only 0 forbids the import."""
    question = read_question({**FULL, **changes}, QuestionSource.CITIZENS)
    assert question is not None
    assert (question_id, answers_count, is_importable) == (
        question.question_id,
        len(question.answers),
        question.is_importable,
    )


@pytest.mark.parametrize("question_id", [0, "0", -5, "", None, "abc", True, [1], "８１", "9" * 5000])
def test_a_record_without_an_id_is_no_question(question_id: Any) -> None:
    """What has no positive number is skipped, as known clients do."""
    assert read_question({**FULL, "HOIDAPID": question_id}, QuestionSource.CITIZENS) is None


@pytest.mark.parametrize("record", [None, 1, "x", [FULL]])
def test_what_is_no_record_is_refused(record: Any) -> None:
    """A list with something else in it is not read in part; the error quotes nothing."""
    for read in (lambda: read_question(record, QuestionSource.AGENCIES), lambda: read_answer(record)):
        with pytest.raises(InvalidInput) as caught:
            read()
        assert "Lê" not in str(caught.value)


def test_nothing_personal_shows_in_a_repr() -> None:
    """Askers and texts do not reach logs by way of a repr."""
    shown = repr(read_question(FULL, QuestionSource.CITIZENS))
    for value in ("Lê Văn", "vidu@", "0900000000", "Bao lâu", "Năm ngày"):
        assert value not in shown


def test_statistics_add_up_as_text() -> None:
    """Totals follow from the counts, shares have two decimals, and every value is text (§8.6)."""
    record = statistics_record(
        StatisticsToPush(
            year=2026,
            month=1,
            received_count=1,
            carried_over_count=2,
            processed_on_time_count=1,
            processed_late_count=2,
            pending_in_time_count=0,
            pending_late_count=0,
            agency_code="H99",
            agency_name="UBND",
        )
    )
    assert all(isinstance(value, str) for value in record.values())
    assert ("3", "3", "33.33", "66.67", "0", "0.00") == (
        record["TongSoXuLy"],
        record["TongDaXuLy"],
        record["PhanTramXuLyDungHan"],
        record["PhanTramXuLyTreHan"],
        record["TongChuaXuLy"],
        record["PhanTramChuaXuLyTreHan"],
    )
