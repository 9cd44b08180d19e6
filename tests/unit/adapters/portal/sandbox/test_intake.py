"""Batches are judged as a whole, effects are applied once, and the record tells how everything came to be."""

from typing import Any

import pytest

from adapters.portal.sandbox.intake import Intake
from adapters.portal.sandbox.profile import PortalProfile
from adapters.portal.sandbox.replies import ABSENT, Reply
from adapters.portal.sandbox.sandbox import PortalSandbox
from tests.unit.adapters.portal.sandbox.portal_helpers import (
    CODE,
    code,
    dossier_record,
    make_portal,
    step_record,
    without,
)

EXISTS = "Hồ sơ {} đã tồn tại"
MISSING = "Hồ sơ {} không tồn tại"


class Counter:
    """A sandbox and the intake under its profile."""

    def __init__(self, **settings: Any) -> None:
        self.sandbox: PortalSandbox = make_portal(**settings)
        self._intake = Intake(self.sandbox.state, PortalProfile.parse(settings))

    def create(self, *records: Any) -> Reply:
        return self._intake.push_dossiers(records, is_updating=False)

    def update(self, *records: Any) -> Reply:
        return self._intake.push_dossiers(records, is_updating=True)

    def progress(self, *steps: Any) -> Reply:
        return self._intake.push_steps(steps)

    def tally(self, name: str) -> int:
        return int(self.sandbox.counters()[name])

    def dossier(self, dossier_code: str = CODE) -> dict[str, Any]:
        found = self.sandbox.dossier(dossier_code)
        assert found is not None
        return found.as_dict(with_bodies=True)


def test_a_create_makes_a_dossier_once() -> None:
    """The second create is refused with code 3 and its wording, and changes nothing (§13-8)."""
    desk = Counter()
    assert Reply(0, "Đồng bộ hồ sơ thành công") == desk.create(dossier_record())
    assert Reply(3, EXISTS.format(CODE)) == desk.create(dossier_record(TrangThaiHoSo="9"))
    assert ("2", 1, 1) == tuple(desk.dossier()[name] for name in ("status", "push_count", "create_count"))


def test_a_create_repeated_word_for_word_is_told_from_another_one() -> None:
    """Only the former is the mark of a sender that lost an answer and did not look."""
    desk = Counter()
    desk.create(dossier_record())
    desk.create(dossier_record(GhiChu="khác"))
    desk.create(dict(reversed(dossier_record().items())))
    assert 2 == desk.dossier()["rejected_create_count"]
    assert 1 == desk.dossier()["rejected_identical_create_count"]
    assert (2, 1) == (desk.tally("creates_rejected_existing"), desk.tally("creates_rejected_identical"))


def test_an_update_needs_a_dossier() -> None:
    """§13-9."""
    desk = Counter()
    assert Reply(-1, MISSING.format(CODE)) == desk.update(dossier_record())
    assert 0 == desk.tally("dossiers")


def test_updates_with_and_without_change_are_told_apart() -> None:
    """Identical content is taken and counted as such; the order of keys is no change."""
    desk = Counter()
    desk.create(dossier_record())
    desk.update(dossier_record(TrangThaiHoSo="4"))
    desk.update(dict(reversed(dossier_record(TrangThaiHoSo="4").items())))
    desk.update(dossier_record(TrangThaiHoSo="9"))
    dossier = desk.dossier()
    assert (1, 2, 1, 4) == tuple(
        dossier[name] for name in ("create_count", "changed_count", "identical_count", "push_count")
    )
    assert [False, False, True, False] == [revision["is_identical"] for revision in dossier["revisions"]]
    assert (2, 1) == (desk.tally("updates_changed"), desk.tally("updates_identical"))


def test_revisions_keep_the_order_of_arrival_with_their_content() -> None:
    """A verifier can see which status came when, and equal digests mean equal content."""
    desk = Counter()
    desk.create(dossier_record())
    for status in ("9", "4", "9"):
        desk.update(dossier_record(TrangThaiHoSo=status))
    revisions = desk.dossier()["revisions"]
    assert ["2", "9", "4", "9"] == [revision["status"] for revision in revisions]
    assert ["2", "9", "4", "9"] == [revision["record"]["TrangThaiHoSo"] for revision in revisions]
    assert [1, 2, 3, 4] == [revision["sequence"] for revision in revisions]
    assert revisions[1]["digest"] == revisions[3]["digest"] != revisions[2]["digest"]
    assert [False, True, True, True] == [revision["is_updating"] for revision in revisions]
    assert {"status_moved_backward": 1} == desk.sandbox.counters()["notes"]


def test_history_can_be_kept_small() -> None:
    """Without bodies and with few revisions the counts are still right."""
    desk = Counter(are_revision_bodies_kept=False, max_revisions_per_dossier=2, is_backward_status_noted=False)
    desk.create(dossier_record())
    for status in ("9", "4", "10"):
        desk.update(dossier_record(TrangThaiHoSo=status))
    dossier = desk.dossier()
    assert (4, ["4", "10"]) == (
        dossier["push_count"],
        [revision["status"] for revision in dossier["revisions"]],
    )
    assert all("record" not in revision for revision in dossier["revisions"])
    assert {} == desk.sandbox.counters()["notes"]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([without(dossier_record(), "TenTTHC")], Reply(-1, f"Hồ sơ {CODE}: thiếu trường TenTTHC")),
        (
            [dossier_record(MaTTHC="9.999999")],
            Reply(-1, f"Hồ sơ {CODE}: mã thủ tục 9.999999 không có trong danh mục"),
        ),
        (
            [dossier_record(), "x", {}],
            Reply(-1, "Hồ sơ thứ 2: bản ghi phải là đối tượng; Hồ sơ thứ 3: thiếu trường MaHoSo"),
        ),
        ([dossier_record(MaHoSo=7)], Reply(-1, "Hồ sơ thứ 1: trường MaHoSo không được để trống")),
        ([dossier_record(), dossier_record()], Reply(3, EXISTS.format(CODE))),
        ([], Reply(-1, "Danh sách data không có bản ghi nào")),
        (
            [dossier_record(code(number)) for number in range(51)],
            Reply(-1, "Số lượng bản ghi vượt quá giới hạn 50"),
        ),
    ],
)
def test_a_bad_batch_leaves_nothing_behind(records: list[Any], expected: Reply) -> None:
    """All or nothing, with one code and a message that lists the offenders (§13-10)."""
    desk = Counter()
    assert expected == desk.create(*records)
    assert 0 == desk.tally("dossiers")


def test_a_full_batch_is_taken() -> None:
    """50 dossiers, 100 steps (§13-11)."""
    desk = Counter()
    assert 0 == desk.create(*(dossier_record(code(number)) for number in range(50))).code
    assert 0 == desk.progress(*(step_record(code(number % 50), ChucDanh=str(number)) for number in range(100))).code
    assert 101 == len(steps := [step_record(ChucDanh=str(number)) for number in range(101)])
    assert Reply(-1, "Số lượng bản ghi vượt quá giới hạn 100") == desk.progress(*steps)
    assert (50, 100, 1) == (desk.tally("dossiers"), desk.tally("steps_stored"), desk.tally("batches_too_large"))


def test_a_batch_of_existing_ones_lists_them_all_under_code_3() -> None:
    """Mixed troubles are an ordinary error that says each."""
    desk = Counter()
    desk.create(dossier_record(code(1)), dossier_record(code(2)))
    both = desk.create(dossier_record(code(1)), dossier_record(code(3)), dossier_record(code(2)))
    assert Reply(3, EXISTS.format(f"{code(1)}, {code(2)}")) == both
    mixed = desk.create(dossier_record(code(1)), dossier_record(code(4), NgayTra="x"))
    assert (
        Reply(
            -1,
            f"Hồ sơ {code(1)} đã tồn tại; Hồ sơ {code(4)}: trường NgayTra không đúng định dạng yyyyMMddHHmmss",
        )
        == mixed
    )
    assert 2 == desk.tally("dossiers")


def test_good_records_can_be_accepted_beside_bad_ones() -> None:
    """The other batch policy: the verdict is the same, the good ones are in."""
    desk = Counter(batch_policy="accept_good_ones")
    reply = desk.create(dossier_record(code(1)), dossier_record(code(2), MaTTHC="x"), dossier_record(code(3)))
    assert Reply(-1, f"Hồ sơ {code(2)}: mã thủ tục x không có trong danh mục") == reply
    assert (2, 1) == (desk.tally("dossiers"), desk.tally("records_rejected"))
    steps = desk.progress(step_record(code(1)), step_record(code(2)), step_record(code(3)))
    assert Reply(-1, MISSING.format(code(2))) == steps
    assert (2, 1) == (desk.tally("steps_stored"), desk.tally("steps_rejected"))


@pytest.mark.parametrize(
    ("settings", "records", "expected"),
    [
        ({"already_exists_code": -3}, [dossier_record(), dossier_record()], Reply(-3, EXISTS.format(CODE))),
        ({"push_result": "empty_list"}, [dossier_record()], Reply(0, "Đồng bộ hồ sơ thành công", [])),
        ({"push_result": "absent"}, [dossier_record()], Reply(0, "Đồng bộ hồ sơ thành công", ABSENT)),
        ({"is_empty_batch_accepted": True}, [], Reply(0, "Đồng bộ hồ sơ thành công")),
        (
            {"is_unknown_procedure_accepted": True},
            [dossier_record(MaTTHC="x")],
            Reply(0, "Đồng bộ hồ sơ thành công"),
        ),
        (
            {"max_dossiers_per_call": 1},
            [dossier_record(), dossier_record(code(2))],
            Reply(-1, "Số lượng bản ghi vượt quá giới hạn 1"),
        ),
        (
            {"required_code_prefix": "H98"},
            [dossier_record()],
            Reply(-1, f"Hồ sơ {CODE}: trường MaHoSo không mang mã của đơn vị"),
        ),
        ({"required_code_prefix": "H99"}, [dossier_record()], Reply(0, "Đồng bộ hồ sơ thành công")),
        (
            {"wording": {"failure_prefix": "Đồng bộ không thành công: "}},
            [dossier_record(), dossier_record()],
            Reply(3, f"Đồng bộ không thành công: Hồ sơ {CODE} đã tồn tại"),
        ),
        ({"error_code": -9}, [{}], Reply(-9, "Hồ sơ thứ 1: thiếu trường MaHoSo")),
    ],
)
def test_assumptions_about_pushes_are_settings(settings: dict[str, Any], records: list[Any], expected: Reply) -> None:
    """§13-7, -10 to -12, -16 and the wording, each switched."""
    assert expected == Counter(**settings).create(*records)


def test_a_step_for_an_unknown_dossier_is_refused() -> None:
    """§13-19; nothing of its batch is stored."""
    desk = Counter()
    desk.create(dossier_record())
    reply = desk.progress(step_record(), step_record(code(9)), step_record(code(8)))
    assert Reply(-1, MISSING.format(f"{code(9)}, {code(8)}")) == reply
    assert 0 == desk.tally("steps_stored")


def test_an_equal_step_is_stored_once() -> None:
    """All nine fields equal; one different field makes another step (§13-20)."""
    desk = Counter()
    desk.create(dossier_record())
    assert "thành công" in desk.progress(step_record(), step_record()).message
    desk.progress(step_record())
    desk.progress(step_record(ChucDanh="Chuyên viên"))
    assert (2, 2) == (desk.tally("steps_stored"), desk.tally("steps_repeated"))
    assert ["", "Chuyên viên"] == [step["ChucDanh"] for step in desk.dossier()["steps"]]


def test_equal_steps_can_be_stored_twice() -> None:
    """The setting makes a careless repeat visible as a double effect; it is counted in both modes."""
    desk = Counter(is_repeated_step_stored=True)
    desk.create(dossier_record())
    desk.progress(step_record())
    desk.progress(step_record())
    assert (2, 1) == (desk.tally("steps_stored"), desk.tally("steps_repeated"))
    assert 1 == desk.dossier()["repeated_step_count"]


def test_the_latest_step_sets_the_status_and_an_older_one_does_not() -> None:
    """§13-18; a step that arrives after a later one is counted as out of order."""
    desk = Counter()
    desk.create(dossier_record())
    desk.progress(step_record(CODE, "20260107080000", TrangThai="9"))
    assert "9" == desk.dossier()["status"]
    desk.progress(step_record(CODE, "20260106080000", TrangThai="4"))
    assert ("9", 1) == (desk.dossier()["status"], desk.dossier()["late_step_count"])
    assert 1 == desk.tally("steps_out_of_order")
    desk.progress(step_record(CODE, "20260107080000", TrangThai="10"))
    dossier = desk.dossier()
    assert ("10", "10") == (dossier["status"], dossier["record"]["TrangThaiHoSo"])
    assert ["9", "4", "10"] == [step["TrangThai"] for step in dossier["steps"]]
    assert [2, 3, 4] == [step["sequence"] for step in dossier["steps"]]


def test_steps_can_leave_the_status_alone() -> None:
    """The setting off: only a push of the dossier changes it."""
    desk = Counter(does_step_change_status=False)
    desk.create(dossier_record())
    desk.progress(step_record(TrangThai="9"))
    assert "2" == desk.dossier()["status"]


def test_dossiers_come_in_pages_in_order_of_creation() -> None:
    """A verifier walks through all of them."""
    desk = Counter()
    for number in (5, 3, 9):
        desk.create(dossier_record(code(number)))
    first = desk.sandbox.dossiers(limit=2)
    second = desk.sandbox.dossiers(after=first[-1].order, limit=2)
    assert [code(5), code(3), code(9)] == [dossier.code for dossier in (*first, *second)]
