"""Requests of the services beside dossiers, as the portal's notes show them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.portal import protocol, requests
from adapters.portal.failures import Meaning, Operation
from adapters.portal.replies import read_reply
from adapters.portal.settings import Dialect, PortalSettings
from adapters.transport.messages import HttpRequest
from gateway.errors import ContractBroken, Rejected
from gateway.ports.portal_services import CatalogueName
from tests.unit.adapters.portal.portal_settings import facade, native

NATIVE = native(share_path="mapi/share", integration_path="mapi/data")
BASE = "http://127.0.0.1:8080/XrdAdapter/RestService/forward/mapi/"
FACADE = "http://127.0.0.1:8080/lgsp/KetNoiMotCuaQuocGia/"
SERVICES = {
    CatalogueName.AGENCIES: "LayDanhMucCoQuan",
    CatalogueName.SECTORS: "LayDanhMucLinhVuc",
    CatalogueName.GENDERS: "LayDanhMucGioiTinh",
    CatalogueName.PROVINCES: "LayDanhMucTinhThanh",
    CatalogueName.DISTRICTS: "LayDanhMucQuanHuyen",
    CatalogueName.COMMUNES: "LayDanhMucPhuongXa",
    CatalogueName.COUNTRIES: "LayDanhMucQuocGia",
    CatalogueName.ETHNIC_GROUPS: "LayDanhMucDanToc",
    CatalogueName.RELIGIONS: "LayDanhMucTonGiao",
    CatalogueName.MARITAL_STATUSES: "LayDanhMucTinhTrangHonNhan",
    CatalogueName.APPLICANT_KINDS: "LayDanhMucDoiTuong",
    CatalogueName.EXECUTING_LEVELS: "LayDanhMucCapThucHien",
    CatalogueName.LEGAL_BASES: "LayDanhMucCanCuPhapLy",
    CatalogueName.FEES: "LayDanhMucLePhi",
    CatalogueName.PROCEDURE_TYPES: "LayDanhMucLoaiThuTuc",
    CatalogueName.PROCEDURE_GROUPS: "LayDanhMucNhomThuTuc",
    CatalogueName.PROCEDURES_BY_TYPE: "LayDanhMucThuTucThuocLoai",
}


def sent(request: HttpRequest) -> Any:
    assert request.body is not None
    body = json.loads(request.body)
    assert ("S", "H99") == (body.pop("session"), body.pop("madonvi"))
    return body


@pytest.mark.parametrize("name", list(CatalogueName))
def test_a_catalogue_is_asked_by_its_service(name: CatalogueName) -> None:
    """Plain reads on the path for lists, with nothing but the service (portal wire notes §4)."""
    request = requests.catalogue_request(NATIVE, "S", name)
    assert (BASE + "share", False) == (request.url, request.is_write)
    assert {"service": SERVICES[name]} == sent(request)


@pytest.mark.parametrize(
    ("build", "url", "expected"),
    [
        (lambda s: requests.online_services_request(s, "S"), "data", {"service": "LayDVC"}),
        (lambda s: requests.decision_request(s, "S", "70001"), "share", {"service": "LayQDCB", "idQDCB": "70001"}),
        (
            lambda s: requests.technical_id_request(s, "S", "999199000001"),
            "share",
            {"service": "TraCuuTechID", "provider": "wso2is", "mstorcmnd": "999199000001"},
        ),
        (lambda s: protocol.list_request(s, "S"), "share", {"service": "LayDanhSachTTHC"}),
        (
            lambda s: requests.national_status_request(s, "S", {"MaHoSo": "QG-1"}),
            "data",
            {"service": "DongBoTrangThaiHoSo", "type": "2", "data": {"MaHoSo": "QG-1"}},
        ),
    ],
)
def test_native_requests_are_built(build: Callable[[PortalSettings], HttpRequest], url: str, expected: Any) -> None:
    """Endpoint and keys as in portal wire notes §2."""
    request = build(NATIVE)
    assert (BASE + url, expected) == (request.url, sent(request))


def test_the_own_units_list_is_asked_where_that_is_set() -> None:
    """The unit's code goes with it, in both forms (portal wire notes §1.8)."""
    own = NATIVE.model_copy(update={"lists_own_procedures": True})
    assert {"service": "LayDanhSachTTHCDonVi", "maDonVi": "H99"} == sent(protocol.list_request(own, "S"))
    request = protocol.list_request(facade(lists_own_procedures=True), "")
    assert (FACADE + "LayDanhSachTTHCDonVi", (("maDonVi", "H99"),)) == (request.url, request.query)


def test_a_facade_offers_what_is_known_of_it() -> None:
    """GET, parameters in the address, no session; the bare record for the status of a national dossier."""
    settings = facade(facade={"technical_id_path": "KetNoiMotCuaQuocGia/TraCuuTechID"})
    for request, path, query in (
        (requests.catalogue_request(settings, "", CatalogueName.SECTORS), "LayDanhMucLinhVuc", ()),
        (requests.decision_request(settings, "", "7"), "LayQDCB", (("idQDCB", "7"),)),
        (requests.technical_id_request(settings, "", "9"), "TraCuuTechID", (("mstorcmnd", "9"),)),
    ):
        assert ("GET", FACADE + path, query) == (request.method, request.url, request.query)
    status = requests.national_status_request(settings, "", {"MaHoSo": "QG-1"})
    assert ("POST", FACADE + "DongBoTrangThaiHoSoKM", b'{"MaHoSo":"QG-1"}', True) == (
        status.method,
        status.url,
        status.body,
        status.is_write,
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda s: requests.catalogue_request(s, "", CatalogueName.GENDERS),
        lambda s: requests.online_services_request(s, ""),
        lambda s: requests.technical_id_request(s, "", "999199000001"),
        lambda s: requests.decision_request(
            s.model_copy(update={"facade": s.facade.model_copy(update={"decision_path": None})}), "", "7"
        ),
    ],
)
def test_what_a_facade_does_not_offer_is_not_asked(build: Callable[[Any], HttpRequest]) -> None:
    """A number in an address is off by default, as is what no facade is known to have."""
    with pytest.raises(Rejected) as caught:
        build(facade())
    assert "no_such_service" == caught.value.code


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (Operation.READ_GENDERS, Meaning.NO_SUCH_SERVICE),
        (Operation.LIST_ONLINE_SERVICES, Meaning.NO_SUCH_SERVICE),
        (Operation.PUSH_NATIONAL_STATUS, Meaning.NO_SUCH_SERVICE),
        (Operation.PUSH_RATINGS, Meaning.NO_SUCH_SERVICE),
        (Operation.CREATE, Meaning.REJECTED),
        (Operation.GET_PROCEDURE, Meaning.REJECTED),
    ],
)
def test_a_missing_service_is_told_from_a_refusal(operation: Operation, expected: Meaning) -> None:
    """Of what every portal has, the same words are about something inside the record."""
    reply = read_reply('{"error_code": -1, "message": "Dịch vụ LayX chưa được hỗ trợ"}'.encode())
    assert expected is reply.meaning(operation, Dialect())
    error = protocol.call_error(expected, operation, reply)
    assert ("no_such_service" == error.code) is (expected is Meaning.NO_SUCH_SERVICE)


def test_an_object_in_place_of_a_list_is_no_list_of_one() -> None:
    """A catalogue that became one record would retire all others."""
    reply = read_reply(b'{"error_code": 0, "result": {"MADONVI": "H99"}}')
    with pytest.raises(ContractBroken):
        protocol.read_result(NATIVE, Operation.READ_AGENCIES, reply)
    assert [{"MADONVI": "H99"}] == protocol.read_result(NATIVE, Operation.GET_DECISION, reply)
