"""Requests are built as the portal's notes show them; answers of reads are found, absent or not answers."""

import json
from typing import Any

import msgspec
import pytest

from adapters.portal import protocol
from adapters.portal.failures import Operation
from adapters.portal.protocol import Found
from adapters.portal.replies import Reply, read_reply
from adapters.portal.settings import PortalSettings
from adapters.transport.messages import HttpRequest
from gateway.errors import ContractBroken, CredentialsRefused, Rejected, RemoteError, TransientFailure
from gateway.model.procedure import ProcedureRef
from mappings.portal.outbound import Writer
from mappings.portal.rules import EmptyReceipt, WireRules
from mappings.portal.tables import load_tables
from mappings.portal.wire import StepRecord
from tests.unit.adapters.portal.portal_settings import facade, native
from tests.unit.mappings.portal_samples import (
    DOSSIER_CODE,
    EXAMPLE_DOSSIER,
    EXAMPLE_RECORD,
    EXAMPLE_STEP,
    EXAMPLE_STEP_RECORD,
    PROCEDURE,
    codes,
)

WRITER = Writer(load_tables(), WireRules(empty_receipt=EmptyReceipt.OMIT))
RECORD = WRITER.dossier(DOSSIER_CODE, EXAMPLE_DOSSIER, PROCEDURE, codes())


def example_step() -> StepRecord:
    step = WRITER.step(DOSSIER_CODE, EXAMPLE_STEP, codes())
    assert isinstance(step, StepRecord)
    return step


STEP = example_step()
DESTINATION = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
G = "http://127.0.0.1:8080/XrdAdapter/RestService/forward/mapi/g"


def body(request: HttpRequest) -> Any:
    assert request.body is not None
    return json.loads(request.body)


def reply(**document: Any) -> Reply:
    return read_reply(json.dumps(document).encode())


def test_the_login_is_built() -> None:
    """The login posts name and password, with the destination as a header (portal wire notes §1.3)."""
    request = protocol.login_request(native(), "demo-secret")
    assert ("POST", "http://127.0.0.1:8080/XrdAdapter/RestService/forward/mapi/login", False) == (
        request.method,
        request.url,
        request.is_write,
    )
    assert {"username": "demo_province", "password": "demo-secret"} == body(request)
    assert DESTINATION == dict(request.headers)["dstcode"]
    assert {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Charset": "utf-8",
    }.items() <= dict(request.headers).items()


@pytest.mark.parametrize(
    ("changes", "url", "header", "query"),
    [
        ({}, G, DESTINATION, {}),
        ({"family": "VXPAdapter"}, G.replace("Xrd", "VXP"), DESTINATION, {}),
        ({"family": None, "base_url": "http://127.0.0.1:8080/x/"}, "http://127.0.0.1:8080/x/mapi/g", DESTINATION, {}),
        ({"destination_place": "query"}, G, None, {"dstcode": DESTINATION}),
        ({"destination_place": "none"}, G, None, {}),
        (
            {"destination_place": "query", "provider_url": "http://provider"},
            G,
            None,
            {"dstcode": DESTINATION, "providerurl": "http://provider"},
        ),
        ({"share_path": "mapi/share"}, G.replace("mapi/g", "mapi/share"), DESTINATION, {}),
    ],
)
def test_addresses_and_destinations(
    changes: dict[str, Any], url: str, header: str | None, query: dict[str, str]
) -> None:
    """Both families, a base of one's own, and the destination as header, query or not at all (§1.1)."""
    request = protocol.list_request(native(**changes), "s-1")
    assert (url, header, query) == (request.url, dict(request.headers).get("dstcode"), dict(request.query))
    assert {"session": "s-1", "madonvi": "H99", "service": "LayDanhSachTTHC"} == body(request)


def test_the_destination_may_be_left_out_of_the_login() -> None:
    """Test systems take a login without destination (§1.1)."""
    request = protocol.login_request(native(destination_on_login=False), "x")
    assert "dstcode" not in dict(request.headers)


def test_reads_name_their_key() -> None:
    """`maTTHC` for a procedure, lower-case `mahoso` for a dossier (§3.2, §6.4)."""
    detail = protocol.detail_request(native(integration_path="mapi/int"), "s", "1.999001")
    look_up = protocol.look_up_request(native(), "s", DOSSIER_CODE)
    assert {"session": "s", "madonvi": "H99", "service": "LayThuTuc", "maTTHC": "1.999001"} == body(detail)
    assert {"session": "s", "madonvi": "H99", "service": "TraCuuHoSo", "mahoso": DOSSIER_CODE} == body(look_up)
    assert (G.replace("mapi/g", "mapi/int"), False, False) == (detail.url, detail.is_write, look_up.is_write)


@pytest.mark.parametrize(
    ("is_update", "flag", "operation"), [(False, "False", Operation.CREATE), (True, "True", Operation.UPDATE)]
)
def test_the_push_of_the_notes_byte_for_byte(is_update: bool, flag: str, operation: Operation) -> None:
    """The whole envelope of the example is built byte for byte (§5.3), with `isUpdating` as text (§1.7)."""
    session = "6f0f6f0e-0b5a-4b1e-9a51-3c1f1d0e0001"
    request = protocol.dossiers_request(native(), session, [RECORD], is_update=is_update)
    envelope = {
        "session": session,
        "madonvi": "H99",
        "service": "DongBoHoSoMC",
        "isUpdating": flag,
        "data": [EXAMPLE_RECORD],
    }
    assert json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode() == request.body
    assert (operation, True, G) == (request.operation, request.is_write, request.url)


def test_the_steps_of_the_notes_byte_for_byte() -> None:
    """The progress call has no `isUpdating` and keeps the order of its steps (§6.1)."""
    later = msgspec.structs.replace(STEP, occurred_at="20260107100000")
    request = protocol.steps_request(native(), "s", [STEP, later])
    envelope = {
        "session": "s",
        "madonvi": "H99",
        "service": "CapNhatTienDoHoSoMC",
        "data": [EXAMPLE_STEP_RECORD, {**EXAMPLE_STEP_RECORD, "ThoiDiemXuLy": "20260107100000"}],
    }
    assert json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode() == request.body
    assert (Operation.STEPS, True) == (request.operation, request.is_write)


def test_a_facade_takes_bare_arrays_at_its_own_addresses() -> None:
    """Two addresses tell create from update, one takes steps; no session, no envelope (§1.7, §1.8)."""
    settings = facade(facade={"secret_headers": {"X-Api-Key": "k"}})
    create = protocol.dossiers_request(settings, "", [RECORD], is_update=False)
    update = protocol.dossiers_request(settings, "", [RECORD], is_update=True)
    steps = protocol.steps_request(settings, "", [STEP])
    assert [f"http://127.0.0.1:8080/lgsp/{path}" for path in ("them-moi", "cap-nhat", "tien-trinh")] == [
        create.url,
        update.url,
        steps.url,
    ]
    assert ([EXAMPLE_RECORD], [EXAMPLE_STEP_RECORD]) == (body(create), body(steps))
    assert ("k", (), True) == (dict(create.headers)["X-Api-Key"], create.query, steps.is_write)


def test_a_facade_may_switch_by_query() -> None:
    """One address with `isUpdating` and the unit in the query (§1.7)."""
    settings = facade(facade={"update_path": "them-moi", "update_switch": "query", "unit_key": "MaDinhDanhDV"})
    request = protocol.dossiers_request(settings, "", [RECORD], is_update=True)
    assert (("isUpdating", "True"), ("MaDinhDanhDV", "H99")) == request.query
    assert (("MaDinhDanhDV", "H99"),) == protocol.steps_request(settings, "", [STEP]).query


def test_a_facade_is_read_by_get() -> None:
    """Reads go to the facade's own paths with their key in the query (§1.8)."""
    request = protocol.detail_request(facade(), "", "1.999001")
    assert ("GET", "http://127.0.0.1:8080/lgsp/KetNoiMotCuaQuocGia/LayThuTuc", (("maTTHC", "1.999001"),), None) == (
        request.method,
        request.url,
        request.query,
        request.body,
    )
    assert "GET" == protocol.list_request(facade(), "").method
    look_up = protocol.look_up_request(facade(facade={"look_up_path": "tra-cuu"}), "", DOSSIER_CODE)
    assert (("mahoso", DOSSIER_CODE),) == look_up.query


def test_a_facade_without_look_up_says_so() -> None:
    """Not being able to ask is an error, never an absence."""
    with pytest.raises(Rejected) as caught:
        protocol.look_up_request(facade(), "", DOSSIER_CODE)
    assert "no_look_up" == caught.value.code


def test_a_request_does_not_show_what_it_carries() -> None:
    """Secrets and records stay out of a request's printed form."""
    shown = repr(protocol.login_request(native(), "demo-secret")) + repr(
        protocol.dossiers_request(native(), "token", [RECORD], is_update=False)
    )
    assert not any(secret in shown for secret in ("demo-secret", "token", "Mẫu"))


def test_a_login_gives_the_session() -> None:
    """Success needs a success code and a session (§1.3)."""
    assert "s-1" == protocol.read_login(native(), reply(error_code="0", message="Thành công", session=" s-1 "))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu"}, CredentialsRefused),
        ({"error_code": -1, "message": "Hệ thống đang bảo trì"}, TransientFailure),
        ({"error_code": 0, "message": "Thành công"}, ContractBroken),
        ({"error_code": 0, "session": ""}, ContractBroken),
        ({"error_code": 0, "session": 7}, ContractBroken),
        ({"session": "s"}, ContractBroken),
        ({"error_code": 0, "message": "Đăng nhập thất bại", "session": "s"}, ContractBroken),
    ],
)
def test_a_login_that_gives_none_raises(document: dict[str, Any], expected: type[RemoteError]) -> None:
    """No session is made up, and no effect is feared of a login."""
    with pytest.raises(expected) as caught:
        protocol.read_login(native(), reply(**document))
    assert getattr(caught.value, "effect_possible", False) is False


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"error_code": 0, "result": []}, Found(None)),
        ({"error_code": 0, "result": [{"MaHoSo": DOSSIER_CODE, "TrangThaiHoSo": "2"}]}, None),
        ({"error_code": "00", "result": {"data": []}}, Found(None)),
        ({"error_code": 0, "result": [{"MaTrangThai": "2"}]}, Found({"MaTrangThai": "2"})),
        ({"error_code": 0, "result": {"MaHoSo": DOSSIER_CODE}}, Found({"MaHoSo": DOSSIER_CODE})),
        ({"error_code": 0, "result": ["H99"]}, Found({})),
        ({"result": [{"MaHoSo": DOSSIER_CODE}]}, Found({"MaHoSo": DOSSIER_CODE})),
        ({"error_code": 0, "message": "Hồ sơ không tồn tại", "result": []}, Found(None)),
        (
            {"error_code": 0, "result": [{"MaHoSo": "H99-9"}, {"MaHoSo": DOSSIER_CODE, "GhiChu": "x"}]},
            Found({"MaHoSo": DOSSIER_CODE, "GhiChu": "x"}),
        ),
    ],
)
def test_a_look_up_finds_or_finds_nothing(document: dict[str, Any], expected: Found | None) -> None:
    """Only a success code with an empty list is an absence; anything in the list is a presence."""
    expected = expected or Found(document["result"][0])
    assert expected == protocol.read_look_up(native(), reply(**document), DOSSIER_CODE)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"error_code": -1, "message": "Lỗi", "result": []}, Rejected),
        ({"error_code": -1, "message": "Hồ sơ không tồn tại", "result": []}, Rejected),
        ({"error_code": -1, "message": "Hệ thống quá tải"}, TransientFailure),
        ({"error_code": 0}, ContractBroken),
        ({"error_code": 0, "result": None}, ContractBroken),
        ({"error_code": 0, "result": {}}, ContractBroken),
        ({"error_code": 0, "result": "[]"}, ContractBroken),
        ({"result": []}, ContractBroken),
        ({"message": "OK", "result": []}, ContractBroken),
        ({"error_code": 0, "message": "Phiên đã hết hạn", "result": []}, ContractBroken),
        ({"error_code": 0, "result": [{"MaHoSo": "H99-9"}]}, ContractBroken),
    ],
)
def test_what_is_no_answer_to_a_look_up_raises(document: dict[str, Any], expected: type[RemoteError]) -> None:
    """A missing result, an error code or another dossier never reads as "does not exist" (§11.2)."""
    with pytest.raises(expected) as caught:
        protocol.read_look_up(native(), reply(**document), DOSSIER_CODE)
    assert getattr(caught.value, "effect_possible", False) is False


def test_absence_by_wording_can_be_allowed() -> None:
    """Where the portal is known to tell absence in words, a setting believes the words about this dossier only."""
    settings = native(dialect={"look_up_absent_by_wording": True})
    absent = reply(error_code=-1, message=f"Hồ sơ {DOSSIER_CODE} không tồn tại")
    assert Found(None) == protocol.read_look_up(settings, absent, DOSSIER_CODE)
    with pytest.raises(Rejected):
        protocol.read_look_up(settings, reply(error_code=-1, message="Thủ tục không tồn tại"), DOSSIER_CODE)


@pytest.mark.parametrize(
    "result",
    [
        [{"MATTHC": "1.999001", "TENTTHC": "Một"}],
        {"data": [{"MATTHC": "1.999001", "TENTTHC": "Một"}]},
    ],
)
def test_the_list_is_read(result: object) -> None:
    """As a bare list or inside `data`, as another list of the portal comes (§3.4)."""
    read = protocol.read_procedures(native(), reply(error_code=0, result=result))
    assert [ProcedureRef(code="1.999001", name="Một")] == read


@pytest.mark.parametrize(
    "document",
    [
        {"error_code": 0, "result": [{"TENTTHC": "x"}]},
        {"error_code": 0, "result": {"MATTHC": "1.999001"}},
        {"error_code": 0},
        {"result": []},
    ],
)
def test_a_list_that_is_not_whole_raises(document: dict[str, Any]) -> None:
    """A list read in part would retire procedures that are there."""
    with pytest.raises(ContractBroken):
        protocol.read_procedures(native(), reply(**document))


def test_a_procedure_is_read_or_absent() -> None:
    """One element is the procedure, none means that the code is unknown (§3.2)."""
    record = {"MATTHC": "1.999001", "TENTTHC": "Một"}
    settings: PortalSettings = native()
    assert record == protocol.read_procedure(settings, reply(error_code=0, result=[record]), "1.999001")
    assert record == protocol.read_procedure(settings, reply(error_code=0, result=record), "1.999001")
    assert None is protocol.read_procedure(settings, reply(error_code=0, result=[]), "1.999001")


@pytest.mark.parametrize(
    "result", [[{"MATTHC": "1.999002"}], [{"MATTHC": "1.999001"}] * 2, ["x"], [{}], [{"MATTHC": 1}], None]
)
def test_another_procedure_than_asked_for_raises(result: object) -> None:
    """An answer to another question is no answer."""
    with pytest.raises(ContractBroken):
        protocol.read_procedure(native(), reply(error_code=0, result=result), "1.999001")
