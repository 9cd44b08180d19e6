"""What each edge makes of a question and takes off an answer; refusals of the layers in between (notes §2, §10.1)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from adapters.population import decoding
from adapters.population.credentials import Credentials, Stamp, Token
from adapters.population.edges import Edge, wso2_fault
from adapters.population.forms import Undecodable
from adapters.population.settings import Operation
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    RateLimited,
    Rejected,
    TransientFailure,
)
from tests.unit.adapters.population.questions import answer, make_question, make_settings
from tests.unit.adapters.population.replies import FLAT_PERSON, NUMBER, collection

_STAMP = Stamp(at=datetime(2025, 1, 1, tzinfo=UTC), token=Token(value="t", life_seconds=1))
_B, _C, _T, _R, _L = ContractBroken, CredentialsRefused, TransientFailure, Rejected, RateLimited


def edge_of(name: str, **others: Any) -> Edge:
    settings = make_settings(name, **others)
    return Edge(settings, Credentials(settings))


def asked(edge: str, *, section: dict[str, Any] | None = None, **changes: Any) -> dict[str, str]:
    """Give the members of a JSON question, in their order."""
    request = edge_of(edge, section=section).request(Operation.LOOK_UP, make_question(**changes), b"", _STAMP)
    assert request.body is not None
    document: dict[str, str] = json.loads(request.body)
    return document


def test_json_questions() -> None:
    """§2.3 and §2.5: absent numbers are sent as empty texts; the year stands where it belongs."""
    assert {
        "maYeuCau": "H99-0001",
        "maDVC": "1.999001",
        "maCanBo": "canbo.a",
        "soDinhDanh": "",
        "soCMND": "999000018",
        "hoVaTen": "NGUYENTHIMAU",
        "ngayThangNam": "1990",
        "userNameService": "dich-vu",
    } == asked(
        "rest",
        section={"user_name_service": "dich-vu"},
        personal_number="",
        old_card_number="999000018",
        birth_day="",
        birth_year="1990",
    )
    for name in ("wrap", "ngsp"):
        assert {
            "HoVaTen": "NGUYENTHIMAU",
            "SoDinhDanh": NUMBER,
            "SoCMND": "",
            "NgayThangNam": "19900203",
            "Nam": "",
            "MaTichHop": "037",
            "MaDVC": "1.999001",
            "MaCanBo": "canbo.a",
            "MaYeuCau": "H99-0001",
        } == asked(name)


@pytest.mark.parametrize("edge", ["rest", "wrap", "ngsp"])
@pytest.mark.parametrize("text", ['"', "\\", '","MaCanBo":"x', "<", "]]>", "Nguyễn Đức"])
def test_n16_injection_into_json(edge: str, text: str) -> None:
    """A text stays the text of its member."""
    document = asked(edge, name=text, officer_code=text)

    assert (text, text) == (
        document.get("HoVaTen", document.get("hoVaTen")),
        document.get("MaCanBo", document.get("maCanBo")),
    )


def test_soap_questions() -> None:
    """The envelope goes out as it is, to the operation's own path, with the time that it may take."""
    edge = edge_of("plain", paths={"XacThucThongTinCongDan": "/dancu/033"}, content_type="text/xml; charset=utf-8")
    verify = edge.request(Operation.VERIFY, make_question(), b"<envelope/>", _STAMP)
    look_up = edge.request(Operation.LOOK_UP, make_question(), b"<envelope/>", _STAMP)

    assert ("https://truc.example/goc/dancu/033", 10.0) == (verify.url, verify.total_seconds)
    assert ("https://truc.example/goc/dancuquocgia", 15.0) == (look_up.url, look_up.total_seconds)
    assert (b"<envelope/>", "text/xml; charset=utf-8") == (verify.body, dict(verify.headers)["Content-Type"])
    assert not verify.is_write


@pytest.mark.parametrize("name", ["plain", "c06", "lgsp", "oauth2", "rest", "ngsp", "wrap"])
def test_soap_text_is_taken_as_it_is(name: str) -> None:
    """At every edge, with a byte order mark or without."""
    for body in (collection(), b"\xef\xbb\xbf" + collection(), b"", b"Err", b"[1]"):
        assert body == edge_of(name).unwrap("look_up", answer(body))


def wrapped(code: object, message: object) -> bytes:
    return json.dumps({"error_code": code, "message": message}).encode()


@pytest.mark.parametrize("code", ["0", "00", "", 0, None])
def test_wrapped_envelopes(code: object) -> None:
    """§2.5, §20 U9: every spelling of success."""
    assert collection() == edge_of("wrap").unwrap("look_up", answer(wrapped(code, collection().decode())))


_WRAPPED: dict[str, tuple[bytes, type[GatewayError], str]] = {
    "an error text": (wrapped("0", "Không tìm thấy"), _B, "wrapped_text_is_no_envelope"),
    "nothing": (wrapped("0", None), _B, "wrapped_text_is_no_envelope"),
    "an object": (wrapped("0", {"a": 1}), _B, "wrapped_text_is_no_envelope"),
    "a refusal of the database": (wrapped("005", "x"), _R, "officer_not_authorised"),
    "a quota": (wrapped(429, "x"), _L, "quota_exceeded"),
    "a code of its own": (wrapped("01", "x"), _R, "platform_refused"),
    "an envelope beside a refusal": (wrapped("01", collection().decode()), _R, "platform_refused"),
    "a truth as code": (wrapped(False, collection().decode()), _R, "platform_refused"),
    "no code": (json.dumps({"message": collection().decode()}).encode(), _B, "json_instead_of_xml"),
}


@pytest.mark.parametrize("name", sorted(_WRAPPED))
def test_n8_wrapper(name: str) -> None:
    """§15 row 11: only success with an envelope is one."""
    body, kind, code = _WRAPPED[name]
    with pytest.raises(GatewayError) as caught:
        edge_of("wrap").unwrap("look_up", answer(body))

    assert (kind, code) == (type(caught.value), caught.value.code)


def test_n7_a_person_in_the_place_of_a_code() -> None:
    """Is not kept as one."""
    for text in (NUMBER, "NGUYENVANDUC", "19900203", "999000018"):
        with pytest.raises(Rejected) as caught:
            edge_of("wrap").unwrap("look_up", answer(wrapped(text, "x")))
        assert "" == caught.value.remote_code
        assert text not in str(caught.value)


def test_half_a_character_is_no_envelope() -> None:
    """JSON can carry it; what it makes is no XML, and no error but ours (found 2026-11-25)."""
    body = edge_of("wrap").unwrap("look_up", answer(b'{"error_code": "0", "message": "<a>\\ud800</a>"}'))
    with pytest.raises(Undecodable):
        decoding.parse(body, max_bytes=1000)


_FAULT = '{"fault": {"code": %s, "message": "m", "description": "999190000001"}}'
_XROAD = '{"type": "%s", "message": "m", "detail": "999190000001"}'
_PLATFORM: dict[str, tuple[str, int, type[GatewayError], str]] = {
    "unclassified": (_FAULT % 900900, 401, _C, "token_refused"),
    "invalid": (_FAULT % 900901, 401, _C, "token_refused"),
    "as text": (_FAULT % '"900901"', 401, _C, "token_refused"),
    "with a good status": (_FAULT % 900902, 200, _C, "token_refused"),
    "no resource": (_FAULT % 900906, 404, _R, "no_such_resource"),
    "blocked": (_FAULT % 700700, 503, _C, "api_blocked"),
    "unknown follows the status": (_FAULT % 900800, 429, _L, "rate_limited"),
    "unknown with a good status": (_FAULT % 900800, 200, _B, "unknown_platform_fault"),
    "X-Road client": (_XROAD % "Client.BadRequest", 400, _C, "xroad_client"),
    "X-Road client's certificate": (_XROAD % "Client", 500, _C, "xroad_client"),
    "X-Road proxy": (_XROAD % "Server.ClientProxy.NetworkError", 500, _T, "xroad_server"),
    "X-Road network": (_XROAD % "Server.ServerProxy.NetworkError", 500, _T, "xroad_server"),
    "something else": ('{"error": "x"}', 200, _B, "json_instead_of_xml"),
    "something else that failed": ('{"error": "x"}', 500, _T, "http_5xx"),
    "something else that is refused": ('{"error": "x"}', 403, _C, "http_403"),
}


@pytest.mark.parametrize("name", sorted(_PLATFORM))
@pytest.mark.parametrize("edge", ["plain", "c06", "oauth2", "lgsp"])
def test_n8_json_of_the_layers_in_between(edge: str, name: str) -> None:
    """Classified by shape and code (§10.1), whatever edge it comes through; texts are not kept."""
    body, status, kind, code = _PLATFORM[name]
    with pytest.raises(GatewayError) as caught:
        edge_of(edge).unwrap("look_up", answer(body.encode(), status))

    assert (kind, code) == (type(caught.value), caught.value.code)
    assert NUMBER not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "status", "kind", "ours"),
    [
        ("900901", 401, _C, "token_refused"),
        (" 900906 ", 404, _R, "no_such_resource"),
        ("700700", 200, _C, "api_blocked"),
        ("1", 503, _T, "http_503"),
        ("9" * 1000, 403, _C, "http_403"),
    ],
)
def test_n8_xml_faults_of_the_platform(code: str, status: int, kind: type[GatewayError], ours: str) -> None:
    """The older form of the same."""
    fault = f'<f:fault xmlns:f="{decoding.WSO2_FAULT}"><f:code>{code}</f:code><f:message>m</f:message></f:fault>'
    error = wso2_fault("look_up", etree.fromstring(fault), answer(b"", status))

    assert isinstance(error, GatewayError)
    assert (kind, ours) == (type(error), error.code)


def test_n8_no_fault_of_the_platform() -> None:
    """The same name in another namespace is none."""
    for text in ("<fault><code>900901</code></fault>", collection().decode().partition("?>")[2]):
        assert wso2_fault("look_up", etree.fromstring(text), answer(b"")) is None
    empty = etree.fromstring(f'<f:fault xmlns:f="{decoding.WSO2_FAULT}"/>')
    assert isinstance(wso2_fault("look_up", empty, answer(b"", 500)), TransientFailure)


def read(body: bytes) -> decoding.Records:
    return decoding.read_records(decoding.body_child(decoding.parse(body, max_bytes=1 << 18)))


_PERSON = {"SoDinhDanh": NUMBER, "HoVaTen": {"Ten": "NGUYỄN THỊ MẪU"}, "GioiTinh": "2"}


@pytest.mark.parametrize("outer", [(), ("data",), ("Envelope", "Body"), ("data", "Envelope", "Body"), ("Body",)])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_tree_of_json_is_the_envelope_it_was_made_of(outer: tuple[str, ...], count: int) -> None:
    """One citizen as an object, several as a list, nobody as an empty collection."""
    people: object = {} if count == 0 else {"CongDan": _PERSON if count == 1 else [_PERSON] * count}
    document: dict[str, Any] = {"CongdanCollection": people}
    for name in reversed(outer):
        document = {name: document}
    records = read(edge_of("rest").unwrap("look_up", answer(json.dumps(document).encode())))

    assert [NUMBER] * count == [person.personal_number for person in records.people]


@pytest.mark.parametrize(("told", "exists"), [(True, True), (False, False), ("true", True), ("0", False)])
def test_a_truth_of_json(told: object, exists: bool) -> None:
    """A truth of JSON's own, or the wire's word."""
    body = json.dumps({"KetQuaXacThuc": {"TonTai": told}}).encode()
    root = decoding.parse(edge_of("ngsp").unwrap("verify", answer(body)), max_bytes=1000)

    assert exists is decoding.read_verification(decoding.body_child(root))


_NO_TREES: dict[str, tuple[str, str]] = {
    "nothing": ("{}", "json_unknown"),
    "another name": ('{"KetQua": {}}', "json_unknown"),
    "two answers": ('{"CongdanCollection": {}, "KetQuaXacThuc": {}}', "json_unknown"),
    "null for a collection": ('{"CongdanCollection": null}', "json_unknown"),
    "list of collections": ('{"CongdanCollection": [{}, {}]}', "json_number"),
    "number": ('{"CongdanCollection": {"CongDan": {"SoDinhDanh": 999190000001}}}', "json_number"),
    "no element's name": ('{"CongdanCollection": {"a b": "x"}}', "json_not_writable"),
    "markup as a name": ('{"CongdanCollection": {"a><b": "x"}}', "json_not_writable"),
    "another namespace": ('{"CongdanCollection": {"{urn:x}CongDan": {}}}', "json_not_writable"),
    "NUL": ('{"CongdanCollection": {"CongDan": {"SoDinhDanh": "\\u0000"}}}', "json_not_writable"),
    "half a character": ('{"CongdanCollection": {"CongDan": {"SoDinhDanh": "\\ud800"}}}', "json_not_writable"),
    "depth": ('{"CongdanCollection": ' + '{"a":' * 20 + '"x"' + "}" * 20 + "}", "too_deep"),
}


@pytest.mark.parametrize("name", sorted(_NO_TREES))
def test_trees_that_are_no_answer(name: str) -> None:
    """Contract broken, and never nobody."""
    body, code = _NO_TREES[name]
    with pytest.raises(ContractBroken) as caught:
        edge_of("rest").unwrap("look_up", answer(body.encode()))

    assert code == caught.value.code


@pytest.mark.parametrize(
    "body",
    [
        '{"KetQuaXacThuc": {"TonTai": "false", "TonTai": "true"}}',
        '{"KetQuaXacThuc": {"TonTai": "true"}, "KetQuaXacThuc": {"TonTai": "false"}}',
        '{"error_code": "1", "error_code": "0", "message": "<a/>"}',
        '{"error_code": "0", "message": "<a/>", "message": "<b/>"}',
    ],
)
@pytest.mark.parametrize("edge", ["rest", "wrap"])
def test_n11_neither_the_first_nor_the_last_member_wins(edge: str, body: str) -> None:
    """What JSON has twice is no JSON here, and so no envelope either (found 2026-11-25)."""
    left = edge_of(edge).unwrap("verify", answer(body.encode()))
    with pytest.raises(Undecodable):
        decoding.parse(left, max_bytes=1000)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ('{"status": 0, "errorCode": "004"}', _R, "procedure_not_licensed"),
        ('{"errorCode": "01", "message": "Err"}', _R, "platform_refused"),
        ('{"status": 0}', _R, "platform_refused"),
        ('{"status": 1}', _B, "json_unknown"),
    ],
)
def test_refusals_of_a_platform_that_speaks_json(body: str, kind: type[GatewayError], code: str) -> None:
    """§10.3, §10.4."""
    with pytest.raises(GatewayError) as caught:
        edge_of("rest").unwrap("look_up", answer(body.encode()))

    assert (kind, code) == (type(caught.value), caught.value.code)


def test_other_names_in_a_tree_are_noticed_as_in_xml() -> None:
    """One decoder judges both."""
    body = json.dumps({"CongdanCollection": {"CongDan": _PERSON | {"Moi": "x"}}}).encode()

    assert ("element:unknown",) == read(edge_of("rest").unwrap("look_up", answer(body))).notices
    assert FLAT_PERSON.count("<ns1:CongDan>") == 1
