"""Requests to the store of results and to the portal's files; what comes back is a file or an error."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from adapters.portal import warehouse
from adapters.portal.failures import Operation
from adapters.portal.settings import PortalSettings
from adapters.transport.messages import HttpRequest
from gateway.errors import ContractBroken, CredentialsRefused, Rejected, RemoteError, TransientFailure
from tests.unit.adapters.portal.portal_settings import native
from tests.unit.mappings.test_portal_results import FOUND, QUERY

PDF = b"%PDF-1.7\nxin chao\n%%EOF"
PATH = "/kho/2026/gxn.pdf"
FILE = Operation.DOWNLOAD_RESULT


def store(**changes: Any) -> PortalSettings:
    return native(warehouse={"find_path": "kho/GetKetQuaGiayTo", "download_path": "kho/GetGiayToByUrl", **changes})


STORE = store(max_file_bytes=2048)


def encoded(content: bytes) -> bytes:
    return base64.b64encode(content)


def test_requests_are_bare_objects() -> None:
    """POST without session; reads, so that they may be repeated; secrets only in headers."""
    settings = store(base_url="http://127.0.0.1:9/lgsp/", secret_headers={"X-Key": "s3cret"})
    for request, path, body in (
        (warehouse.download_request(settings, "G99", PATH), "kho/GetGiayToByUrl", {"CoQuanChuQuan": "G99"}),
        (warehouse.attachment_request(settings, PATH), "KetNoiMotCuaQuocGia/getfile", {}),
    ):
        assert request.body is not None
        assert {**body, "DuongDan": PATH} == json.loads(request.body)
        assert ("POST", f"http://127.0.0.1:9/lgsp/{path}", False) == (request.method, request.url, request.is_write)
        assert "s3cret" == dict(request.headers)["X-Key"]
        assert "s3cret" not in repr(request)
        assert PATH not in repr(request)
    assert "http://127.0.0.1:8080/kho/GetKetQuaGiayTo" == warehouse.find_request(STORE, QUERY).url


def test_without_a_store_nothing_is_asked() -> None:
    """No section, or no path in it, is told as a missing service."""
    builds: list[Callable[[], HttpRequest]] = [
        lambda: warehouse.find_request(native(), QUERY),
        lambda: warehouse.find_request(native(warehouse={}), QUERY),
        lambda: warehouse.download_request(native(warehouse={}), "G99", PATH),
        lambda: warehouse.attachment_request(native(warehouse={"attachment_path": None}), PATH),
    ]
    for build in builds:
        with pytest.raises(Rejected) as caught:
            build()
        assert "no_such_service" == caught.value.code


def test_the_limit_of_a_file_fits_into_an_answer() -> None:
    """A file that could never arrive is a fault of the settings."""
    with pytest.raises(pydantic.ValidationError, match="max_file_bytes"):
        store(max_file_bytes=100 * 1024 * 1024)
    with pytest.raises(pydantic.ValidationError):
        store(base_url="http://user:pass@store.example")


@pytest.mark.parametrize("code", ["0", 0, "00"])
def test_results_are_read_from_the_stores_own_envelope(code: Any) -> None:
    """The reply of portal wire notes §10; an empty list is the only way to say nothing."""
    result = {"DanhSachGiayToKetQua": [FOUND]}
    body = {"errorCode": code, "message": "", "signature": "", "result": result}
    [found] = warehouse.read_found(STORE, json.dumps(body).encode())
    assert ("KQ.G99.900001", PATH) == (found.result_code, found.files[0].path)
    empty = {**body, "result": {"DanhSachGiayToKetQua": []}}
    assert [] == warehouse.read_found(STORE, json.dumps(empty).encode())


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"errorCode": "1", "message": "Thiếu tham số"}, Rejected),
        ({"errorCode": "0", "message": "", "result": None}, ContractBroken),
        ({"errorCode": "0", "message": "Không thành công", "result": {}}, ContractBroken),
        ({"error_code": 0, "result": {"DanhSachGiayToKetQua": []}}, ContractBroken),
        ({"errorCode": "9", "message": "Hệ thống đang bảo trì"}, TransientFailure),
        ({"errorCode": "9", "message": "Phiên làm việc đã hết hạn"}, CredentialsRefused),
        ([], ContractBroken),
    ],
)
def test_an_answer_that_is_no_list_is_an_error(document: Any, error: type[RemoteError]) -> None:
    """Could not ask never looks like nothing found."""
    with pytest.raises(error):
        warehouse.read_found(STORE, json.dumps(document).encode())


def test_codes_of_the_store_can_be_set() -> None:
    """Which values of errorCode mean what is not documented."""
    settings = store(success_codes=["200"], absent_codes=["404"])
    body = {"errorCode": "200", "result": {"DanhSachGiayToKetQua": [FOUND]}}
    assert 1 == len(warehouse.read_found(settings, json.dumps(body).encode()))
    assert [] == warehouse.read_found(settings, b'{"errorCode": "404", "message": "x"}')
    with pytest.raises(Rejected):
        warehouse.read_found(settings, b'{"errorCode": "0", "message": "x"}')


@pytest.mark.parametrize(
    "body",
    [
        encoded(PDF),
        b"  " + encoded(PDF)[:20] + b"\r\n" + encoded(PDF)[20:] + b"\n",
        b'"' + encoded(PDF) + b'"',
        b'{"error_code": 0, "message": "Th\\u00e0nh c\\u00f4ng", "result": "' + encoded(PDF) + b'"}',
        b'{"errorCode": "0", "result": "' + encoded(PDF) + b'"}',
    ],
)
def test_a_file_is_read_in_every_form(body: bytes) -> None:
    """Bare text, broken into lines, as a JSON string, as the result of a reply."""
    assert PDF == warehouse.read_file(STORE, FILE, body, PATH)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        (b"", PATH, "empty_file"),
        (b'""', PATH, "empty_file"),
        (b"JVBERi0*", PATH, "not_base64"),
        (encoded(PDF)[:-3], PATH, "not_base64"),
        ("tệp".encode(), PATH, "not_base64"),
        (b"<html>", PATH, "malformed_answer"),
        (b'"abc', PATH, "malformed_answer"),
        (b'{"error_code": 0', PATH, "malformed_answer"),
        (b'{"error_code": 0}', PATH, "no_result"),
        (b'{"error_code": 0, "result": [1]}', PATH, "no_result"),
        (encoded(b"MZ\x90\x00 program"), PATH, "not_as_named"),
        (encoded(b"\x89PNG\r\n\x1a\n picture"), PATH, "not_as_named"),
        (encoded(b"#!/bin/sh"), "/kho/no-ending", "not_as_named"),
        (encoded(PDF.ljust(2049, b"x")), PATH, "file_too_large"),
        (encoded(PDF.ljust(5000, b"x")), PATH, "file_too_large"),
    ],
)
def test_what_is_no_such_file_breaks_the_contract(body: bytes, path: str, code: str) -> None:
    """Neither a part, nor another kind, nor a program, nor more than is allowed; the error shows no path."""
    with pytest.raises(ContractBroken) as caught:
        warehouse.read_file(STORE, FILE, body, path)
    assert (code, False, True) == (caught.value.code, caught.value.effect_possible, path not in str(caught.value))


def test_the_largest_file_is_taken() -> None:
    """The limit is met exactly."""
    content = PDF.ljust(2048, b"x")
    assert content == warehouse.read_file(STORE, FILE, encoded(content), PATH)


def test_a_refusal_is_told_as_such() -> None:
    """A reply with an error code in place of a file."""
    with pytest.raises(Rejected) as caught:
        warehouse.read_file(STORE, FILE, '{"error_code": -1, "message": "Không tìm thấy tệp"}'.encode(), PATH)
    assert "-1" == caught.value.remote_code
