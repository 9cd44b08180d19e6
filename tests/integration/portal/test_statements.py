"""Questions, answers, ratings and statistics between the adapter and the sandbox, over real HTTP."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from adapters.sandboxing import FaultKind
from gateway.errors import ContractBroken, OutcomeUnknown, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.ports.basics import KeyRing
from gateway.ports.portal_services import (
    AnswerToPush,
    LocalQuestionToPush,
    QuestionSource,
    RatingToPush,
    Shares,
    StatisticsToPush,
)
from tests.support.town import PortalTown, portal_town

ANSWER = AnswerToPush(
    question_id="81001",
    agency_code="H99.01",
    answered_by="Trần Văn Thử",
    answerer_position="Chuyên viên",
    answered_on=date(2026, 1, 6),
    content="Năm ngày làm việc.",
)
LOCAL = LocalQuestionToPush(
    local_question_id=501, sector_code="LV01", content="Nộp ở đâu?", agency_code="H99.01", agency_name="Sở Thử nghiệm"
)
SHARES = Shares(very_satisfied=50, satisfied=40, not_satisfied=10)
RATING = RatingToPush(
    year=2026,
    month=1,
    raters_count=40,
    question="Thái độ phục vụ",
    officer_shares=SHARES,
    service_shares=SHARES,
    agency_code="H99",
    agency_name="UBND tỉnh Thử Nghiệm",
)
STATISTICS = StatisticsToPush(
    year=2026,
    month=1,
    received_count=100,
    carried_over_count=10,
    processed_on_time_count=90,
    processed_late_count=5,
    pending_in_time_count=14,
    pending_late_count=1,
    agency_code="H99",
    agency_name="UBND tỉnh Thử Nghiệm",
)


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    """Open a town whose portal answers quickly or not at all."""
    async with portal_town(dsn, pool, key_ring) as made:
        yield made


def asked(town: PortalTown) -> set[str]:
    """Name the services for questions and statements that were called."""
    others = {"login", "LayDanhSachTTHC", "LayThuTuc"}
    return {call.operation for call in town.sandbox.recorder.calls()} - others


async def test_questions_are_read_as_the_portal_holds_them(town: PortalTown) -> None:
    """Every question with an id comes with its fields, the answer that the list holds, and whether to import it."""
    for source in QuestionSource:
        theirs = [record for record in town.sandbox.state.questions[source] if record["HOIDAPID"]]
        assert len(theirs) < len(town.sandbox.state.questions[source]), "a record without an id is left out"
        ours = await town.portal.statements.list_questions(source)
        assert [str(record["HOIDAPID"]) for record in theirs] == [question.question_id for question in ours]
        for record, question in zip(theirs, ours, strict=True):
            assert record["NOIDUNG"] == question.content
            assert record["HOVATEN"] == question.asker_name
            assert record["MADONVI"] == question.agency_code
            assert [record.get("NOIDUNGTRALOI")] * ("TRALOIID" in record) == [a.content for a in question.answers]
            assert bool(record["TRANGTHAI"]) is question.is_importable
    assert {"LayDanhSachHoiDapGuiTuDVCQG", "LayDanhSachHoiDapBoCoQuan"} == asked(town)


async def test_several_answers_of_a_question_are_all_read(town: PortalTown) -> None:
    """Answers that the list leaves out come with the question's own call, all of them in order."""
    theirs = town.sandbox.state.answers["81006"]
    assert len(theirs) == 2
    ours = await town.portal.statements.answers_of("81006")
    assert [(str(one["TRALOIID"]), one["NOIDUNGTRALOI"]) for one in theirs] == [(a.answer_id, a.content) for a in ours]
    assert {"LayNoiDungTraLoiTheoCauHoi"} == asked(town)


async def test_an_answer_closes_its_question(town: PortalTown) -> None:
    """An answer arrives field by field, a repeat is harmless, and the question is answered from then on."""
    desk = town.portal.statements
    assert [] == await desk.answers_of("81001")
    await desk.push_answers([ANSWER])
    await desk.push_answers([ANSWER])
    assert town.sandbox.state.statements["answers"]["81001"] == {
        "HOIDAPID": "81001",
        "MADONVI": "H99.01",
        "NGUOITRALOI": "Trần Văn Thử",
        "CHUCVUNGUOITRALOI": "Chuyên viên",
        "NGAYTRALOI": "06/01/2026",
        "NOIDUNGTRALOI": "Năm ngày làm việc.",
    }
    assert ["Năm ngày làm việc."] == [answer.content for answer in await desk.answers_of("81001")]
    assert (1, 1) == (
        town.sandbox.state.tallies["statements_stored"],
        town.sandbox.state.tallies["statements_repeated"],
    )


async def test_ratings_and_statistics_arrive_as_the_wire_wants_them(town: PortalTown) -> None:
    """Periods, percents and texts have the forms of the portal's own clients."""
    desk = town.portal.statements
    await desk.push_local_questions([LOCAL])
    await desk.push_ratings([RATING])
    await desk.push_statistics([STATISTICS])
    assert {"DongBoHoiDap", "DongBoDanhGia", "DongBoThongKeHoSo"} == asked(town)
    taken = town.sandbox.state.statements
    assert taken["local_questions"]["501"]["HOIDAPID"] == 501
    [rating] = taken["ratings"].values()
    assert ("1-2026", 40, "50%", "10%") == (
        rating["NgayTongHop"],
        rating["TongSoNguoiDanhGia"],
        rating["PhanTramDanhGiaRatHaiLong"],
        rating["PhanTramDanhGiaDichVuChuaHaiLong"],
    )
    [counts] = taken["statistics"].values()
    assert ("110", "95", "94.74", "15", "6.67") == (
        counts["TongSoXuLy"],
        counts["TongDaXuLy"],
        counts["PhanTramXuLyDungHan"],
        counts["TongChuaXuLy"],
        counts["PhanTramChuaXuLyTreHan"],
    )


async def test_a_month_without_dossiers_has_shares_of_zero(town: PortalTown) -> None:
    """Division by zero never reaches the wire."""
    empty = StatisticsToPush(
        year=2026,
        month=2,
        received_count=0,
        carried_over_count=0,
        processed_on_time_count=0,
        processed_late_count=0,
        pending_in_time_count=0,
        pending_late_count=0,
        agency_code="H99",
        agency_name="UBND",
    )
    await town.portal.statements.push_statistics([empty])
    [counts] = town.sandbox.state.statements["statistics"].values()
    assert {"0.00"} == {value for name, value in counts.items() if name.startswith("PhanTram")}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.DROP_REPLY, OutcomeUnknown),
        (FaultKind.MALFORMED_JSON, ContractBroken),
        (FaultKind.BUSINESS_REJECTION, TransientFailure),
        (FaultKind.RATE_LIMITED, RateLimited),
    ],
)
async def test_a_push_that_fails_says_how(town: PortalTown, kind: FaultKind, error: type[RemoteError]) -> None:
    """A lost answer is an unknown outcome, a busy portal is busy; none shows a person."""
    town.fault(kind, calls=5, operation="DongBoKetQuaHoiDapGuiTuDVCQG")
    with pytest.raises(error) as caught:
        await town.portal.statements.push_answers([ANSWER])
    assert "Trần" not in f"{caught.value}{caught.value!r}"


async def test_a_record_that_the_portal_does_not_take_is_refused(town: PortalTown) -> None:
    """A refusal is Rejected with the code, and shows no content."""
    wrong = dataclasses.replace(LOCAL, content=None)  # type: ignore[arg-type]
    with pytest.raises(Rejected) as caught:
        await town.portal.statements.push_local_questions([wrong])
    assert caught.value.remote_code == "-1"
    assert town.sandbox.state.statements == {}


async def test_a_session_that_ends_is_renewed(town: PortalTown) -> None:
    """A push under an old session is made again under a new one, once."""
    await town.portal.statements.push_local_questions([LOCAL])
    town.sandbox.expire_sessions()
    await town.portal.statements.push_answers([ANSWER])
    assert "81001" in town.sandbox.state.statements["answers"]


async def test_a_list_with_something_else_in_it_is_refused_whole(town: PortalTown) -> None:
    """What is no question is never skipped unseen."""
    town.sandbox.state.questions["citizens"].append([1])  # type: ignore[arg-type]
    with pytest.raises(ContractBroken):
        await town.portal.statements.list_questions(QuestionSource.CITIZENS)
