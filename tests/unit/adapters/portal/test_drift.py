"""Watching replies: what each operation's envelope may hold, and that watching never harms a call."""

import msgspec
import pytest

from adapters.portal.drift import PortalDrift
from adapters.portal.failures import Operation
from adapters.portal.replies import read_reply
from gateway.ports.portal_services import DriftSighting
from mappings.portal.tables import load_tables
from tests.unit.adapters.portal.portal_settings import native

OK = {"error_code": 0, "message": "Thành công"}
SERVICE = {"MADVC": "1.999001.01", "TENDVC": "x", "MATTHC": "1.999001", "APDUNGDVC": [{"MUCDO": "4"}]}
SESSION = "6f0f6f0e-0b5a-4b1e-9a51-3c1f1d0e0001"


def look(operation: Operation, document: object, **settings: object) -> set[tuple[str, str, str]]:
    """Look at one reply; give kind, place and example of what was told."""
    sightings: list[DriftSighting] = []
    defects: list[BaseException] = []
    watcher = PortalDrift(native(**settings), load_tables().tables, sightings.append, defects.append)
    watcher.look(operation, read_reply(msgspec.json.encode(document), takes_plain_text=True))
    assert [] == defects
    assert {("portal", operation)} >= {(one.system, one.operation) for one in sightings}
    return {(one.kind.value, one.place, one.example) for one in sightings}


@pytest.mark.parametrize(
    ("operation", "document", "expected"),
    [
        (Operation.LOGIN, {**OK, "session": SESSION}, set()),
        (Operation.LOGIN, {**OK, "session": SESSION, "result": ""}, set()),
        (Operation.LOGIN, {**OK, "session": SESSION, "ttl": 1800}, {("new_field", "ttl", "number, 4 characters")}),
        (Operation.CREATE, OK, set()),
        (Operation.CREATE, {**OK, "result": []}, set()),
        (Operation.CREATE, {**OK, "result": {"id": 1}}, {("changed_type", "result", "object, 1 fields")}),
        (Operation.CREATE, {"error_code": "3", "message": "Hồ sơ đã tồn tại"}, set()),
        (Operation.CREATE, {"error_code": 17, "message": "Hồ sơ lỗi"}, {("new_code", "error_code", "17")}),
        (Operation.CREATE, {"message": "thành công"}, {("missing_field", "error_code", "")}),
        (Operation.CREATE, "thành công", set()),
        (Operation.CREATE, {"message": '{"error_code": "00", "message": "thành công"}'}, set()),
        (Operation.LIST_PROCEDURES, {**OK, "result": []}, set()),
        (Operation.LIST_PROCEDURES, OK, {("missing_field", "result", "")}),
        (Operation.LIST_PROCEDURES, {"error_code": -1, "message": "lỗi"}, set()),
        (Operation.LIST_PROCEDURES, {**OK, "result": {"data": []}}, {("changed_type", "result", "object, 1 fields")}),
        (Operation.LOOK_UP, {**OK, "result": {"MaHoSo": "H99.01-260105-00017", "Moi": 1}},
         {("changed_type", "result", "object, 2 fields"), ("new_field", "result.Moi", "number, 1 characters")}),
        (Operation.LIST_ONLINE_SERVICES, {**OK, "result": {"data": [SERVICE]}}, set()),
        (Operation.LIST_ONLINE_SERVICES, {**OK, "result": [SERVICE]}, {("changed_type", "result", "list, 1 items")}),
        (Operation.LIST_ONLINE_SERVICES, {**OK, "result": {"items": []}},
         {("new_field", "result.items", "list, 0 items"), ("missing_field", "result.data", "")}),
        (Operation.LIST_ONLINE_SERVICES,
         {**OK, "result": {"data": [{**SERVICE, "APDUNGDVC": [{"MACOQUANTHUCHIEN": "H99.01", "MUCDO": "7"}]}]}},
         {("new_code", "result.data.APDUNGDVC.MUCDO", "7")}),
        (Operation.FIND_TECHNICAL_ID, {**OK, "result": [{"TECHNICALID": "TECH-1"}]}, set()),
        (Operation.READ_AGENCIES, {**OK, "result": [{"MADONVI": "H99", "TENDONVI": "x", "CAP": 1}]},
         {("new_field", "result.CAP", "number, 1 characters")}),
        (Operation.READ_GENDERS, {**OK, "result": [{"whatever": 1}]}, set()),
        (Operation.GET_ANSWERS, {**OK, "result": [{"TRALOIID": 1, "NOIDUNGTRALOI": "Có"}]}, set()),
        (Operation.GET_ANSWERS, {**OK, "result": [{"TRALOIID": 1}]}, {("missing_field", "result.NOIDUNGTRALOI", "")}),
    ],
)  # fmt: skip
def test_envelopes(operation: Operation, document: object, expected: set[tuple[str, str, str]]) -> None:
    """Each operation's documented replies are no drift, in any dialect; others are told by place and form."""
    assert expected == look(operation, document)


def test_a_code_whose_meaning_is_set_is_known() -> None:
    """Once the operator has said what a code means it is no news any more."""
    document = {"error_code": 17, "message": "Hồ sơ lỗi"}
    assert set() == look(Operation.CREATE, document, dialect={"code_meanings": {"17": "rejected"}})


def test_a_failing_watch_harms_nothing() -> None:
    """What goes wrong in watching is told as a defect, and the call goes on."""
    defects: list[BaseException] = []

    def broken(_: DriftSighting) -> None:
        raise ZeroDivisionError

    watcher = PortalDrift(native(), load_tables().tables, broken, defects.append)
    watcher.look(Operation.LOGIN, read_reply(b'{"error_code": 0, "x": 1}'))
    assert [ZeroDivisionError] == [type(error) for error in defects]
