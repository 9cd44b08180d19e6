"""Further reads go out as portal wire notes §1.5, §1.8, §2, §3 and §10 have them."""

import json

import pytest

from adapters.portal.failures import CATALOGUES, LISTS, PUSHES, READS, Operation
from adapters.portal.protocol import SERVICES, file_request, read_request, read_result, refuse_unserved
from adapters.portal.replies import Reply
from adapters.portal.services import CATALOGUE_OPERATIONS
from adapters.portal.settings import FileFacade
from adapters.transport.messages import HttpRequest
from gateway.errors import ContractBroken, Rejected
from tests.unit.adapters.portal.portal_settings import facade, native

BASE = "http://127.0.0.1:8080/XrdAdapter/RestService/forward/"
PATHS = native(share_path="mapi/share", integration_path="mapi/g")


def body_of(request: HttpRequest) -> dict[str, object]:
    assert request.body is not None
    decoded: dict[str, object] = json.loads(request.body)
    return decoded


@pytest.mark.parametrize(
    ("operation", "parameters", "path", "service"),
    [
        (Operation.READ_AGENCIES, {}, "mapi/share", "LayDanhMucCoQuan"),
        (Operation.READ_SECTORS, {}, "mapi/share", "LayDanhMucLinhVuc"),
        (Operation.LIST_ONLINE_SERVICES, {}, "mapi/g", "LayDVC"),
        (Operation.GET_DECISION, {"idQDCB": "70001"}, "mapi/g", "LayQDCB"),
        (Operation.LIST_UNIT_PROCEDURES, {"maDonVi": "H99"}, "mapi/share", "LayDanhSachTTHCDonVi"),
        (
            Operation.FIND_TECHNICAL_ID,
            {"provider": "wso2is", "mstorcmnd": "999199000001"},
            "mapi/share",
            "TraCuuTechID",
        ),
    ],
)
def test_native_reads(operation: Operation, parameters: dict[str, str], path: str, service: str) -> None:
    """One envelope with session, unit, service and parameters, to the path of its kind; nothing in the address."""
    request = read_request(PATHS, "s-1", operation, parameters)
    assert {"session": "s-1", "madonvi": "H99", "service": service, **parameters} == body_of(request)
    assert ("POST", BASE + path, (), False) == (request.method, request.url, request.query, request.is_write)
    assert "999199" not in repr(request)


def test_facade_reads() -> None:
    """A GET with the parameters in the query; what no facade was seen to offer is refused."""
    request = read_request(facade(), "", Operation.GET_DECISION, {"idQDCB": "70001"})
    expected = ("GET", "http://127.0.0.1:8080/lgsp/KetNoiMotCuaQuocGia/LayQDCB", (("idQDCB", "70001"),), None)
    assert expected == (request.method, request.url, request.query, request.body)
    offered = set(facade().facade.read_paths)  # type: ignore[union-attr]
    for operation in {*CATALOGUES, Operation.FIND_TECHNICAL_ID, Operation.LIST_ONLINE_SERVICES} - offered:
        with pytest.raises(Rejected) as caught:
            read_request(facade(), "", operation, {})
        assert "no_such_service" == caught.value.code


def test_file_requests() -> None:
    """A bare object to the provincial service, with its own headers and neither session nor destination (§1.8)."""
    files = FileFacade.model_validate({"base_url": "https://lgsp.example/", "secret_headers": {"X-Key": "k"}})
    request = file_request(native(), files, Operation.DOWNLOAD_ATTACHMENT, "k/getfile", {"DuongDan": "/a.pdf"})
    assert ("POST", "https://lgsp.example/k/getfile") == (request.method, request.url)
    assert {"DuongDan": "/a.pdf"} == body_of(request)
    assert ("X-Key", "k") in request.headers
    assert "dstcode" not in dict(request.headers)
    assert not request.is_write
    beside = file_request(native(), FileFacade(), Operation.FIND_RESULTS, "k/x", {})
    assert "http://127.0.0.1:8080/k/x" == beside.url


def test_operations_are_sorted() -> None:
    """Every catalogue is a list, every list a read, no read a push, and each has a service."""
    assert set(CATALOGUE_OPERATIONS.values()) == CATALOGUES
    assert CATALOGUES < LISTS < READS
    assert not READS & PUSHES
    assert PUSHES | READS == set(SERVICES)


@pytest.mark.parametrize("operation", sorted(LISTS))
def test_one_object_is_never_a_list_of_one(operation: Operation) -> None:
    """Where a list is asked for, an object without the list in it breaks the contract."""
    with pytest.raises(ContractBroken):
        read_result(native(), operation, Reply("0", "Thành công", {"MADONVI": "H99"}))
    assert [1] == read_result(native(), operation, Reply("0", "Thành công", {"data": [1]}))


@pytest.mark.parametrize(
    ("code", "message", "is_unserved"),
    [
        ("-1", "Dịch vụ LayDVC chưa được hỗ trợ", True),
        ("-1", "DỊCH VỤ KHÔNG TỒN TẠI", True),
        ("-1", "Mã đơn vị không hợp lệ", False),
        ("-1", "Phiên làm việc không hợp lệ: không hỗ trợ", False),
        ("0", "Thành công, dịch vụ cũ không hỗ trợ", False),
        (None, "không hỗ trợ", False),
    ],
)
def test_the_portal_says_that_it_has_no_such_service(code: str | None, message: str, is_unserved: bool) -> None:
    """Only a refusal in these words; a lost session or a success are what they are."""
    reply = Reply(code, message)
    if is_unserved:
        with pytest.raises(Rejected) as caught:
            refuse_unserved(native(), Operation.LIST_ONLINE_SERVICES, reply)
        assert "no_such_service" == caught.value.code
    else:
        refuse_unserved(native(), Operation.LIST_ONLINE_SERVICES, reply)


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": {"max_file_bytes": 16 * 1024 * 1024}},
        {"files": {"base_url": "https://user:pass@lgsp.example"}},
        {"files": {"max_file_bytes": 10}},
        {"catalogue_fields": {"no-such": {"code": ["A"], "name": ["B"]}}},
        {"catalogue_fields": {"genders": {"code": [], "name": ["B"]}}},
        {"unserved_reads": ["no_such"]},
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong: dict[str, object]) -> None:
    """A file that no answer can hold, credentials in an address, unknown words."""
    with pytest.raises(ValueError):
        native(**wrong)
