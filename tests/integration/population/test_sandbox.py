"""The simulated population database on the wire: each edge, each refusal, hostile replies, the control API."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from adapters.population.sandbox import SEEDS, PopulationProfile, PopulationSandbox
from adapters.sandboxing import FaultKind, FaultSpec, serve_sandbox
from tests.integration.population.population_wire import (
    ACCESS,
    FORM,
    LOOK_UP,
    PLAIN,
    VERIFY,
    XML,
    Wire,
    about,
    c06_headers,
    envelope,
    members,
)

NOW = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000


class StillClock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 1000.0


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    sandbox = PopulationSandbox(PopulationProfile(people_count=400), clock=StillClock())
    async with (
        await serve_sandbox(sandbox, control_port=0) as running,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
    ):
        yield Wire(sandbox, running, http)


def found(body: bytes, number: str = PLAIN.number) -> bool:
    return f"<ns1:SoDinhDanh>{number}</ns1:SoDinhDanh>".encode() in body


async def test_a_look_up_answers_in_the_other_namespace(wire: Wire) -> None:
    """The reply is a CongdanCollection of the citizens' namespace, as text/xml."""
    async with wire.http.post(wire.running.url + "/dancu/037", data=about(PLAIN), headers=XML) as answer:
        body = await answer.text()
        assert (200, "text/xml") == (answer.status, answer.content_type)
    assert '<ns1:CongdanCollection xmlns:ns1="http://www.mic.gov.vn/dancu/1.0"><ns1:CongDan>' in body
    assert "<ns1:Ten>NGUYỄN VĂN AN</ns1:Ten>" in body


async def test_nobody_and_two_are_answers(wire: Wire) -> None:
    """Nobody is an empty collection; an old card that two people had gives both."""
    status, body = await wire.post("/", envelope(LOOK_UP, members(HoVaTen="KHÁC TÊN")))
    assert (200, True) == (status, b'dancu/1.0"></ns1:CongdanCollection>' in body)
    card = members(SEEDS["two_matches_1"], "YC-2", SoDinhDanh=None)
    del card["HoVaTen"]
    card.update(SoCMND="999000012", HoVaTen="Dang Van Song")
    _, body = await wire.post("/", envelope(LOOK_UP, card, "19720815"))
    assert found(body, "999072000012")
    assert found(body, "999072000013")


@pytest.mark.parametrize("root", ["KetQuaXacThuc", "KetQuaXacThucResponse", "XacThucThongTinCongDanResponse"])
async def test_verification_says_whether_all_agrees(wire: Wire, root: str) -> None:
    """033 needs no birth date; true and false come under each of the three roots."""
    wire.sandbox.change_profile(verification_root=root)
    _, body = await wire.post("/dancu/033", envelope(VERIFY, members(MaTichHop="033"), born=None))
    start = f'<ns1:{root} xmlns:ns1="http://dancuquocgia.bca"><ns1:TonTai>'.encode()
    assert start + b"true<" in body
    _, body = await wire.post("/dancu/033", envelope(VERIFY, members(request_id="2", MaTichHop="033"), "19850313"))
    assert start + b"false<" in body


REFUSALS: list[tuple[str, bytes, str]] = [
    ("broken", b"<a>", "001"),
    ("no birth date", envelope(LOOK_UP, members(), born=None), "001"),
    ("impossible date", envelope(LOOK_UP, members(), "19850231"), "001"),
    ("wrong order", envelope(LOOK_UP, dict(reversed(members().items()))), "001"),
    ("unknown element", envelope(LOOK_UP, members(), extra="<dan:La>1</dan:La>"), "001"),
    ("unknown operation", envelope("XacThucHoGiaDinh", members()), "001"),
    ("wrong path", about(PLAIN, operation=VERIFY), "001"),
    ("bad request id", envelope(LOOK_UP, members(request_id="a b")), "001"),
    ("eleven digits", envelope(LOOK_UP, members(SoDinhDanh="99908500000")), "002"),
    ("full-width digits", envelope(LOOK_UP, members(SoDinhDanh="99908500000１")), "002"),
    ("both numbers", envelope(LOOK_UP, members(SoCMND="999000001")), "002"),
    ("no number", envelope(LOOK_UP, members(SoDinhDanh=None)), "002"),
    ("procedure", envelope(LOOK_UP, members(MaDVC="KHONG-CAP-PHEP")), "004"),
    ("officer", envelope(LOOK_UP, members(MaCanBo="can-bo-bi-khoa")), "005"),
    ("service", envelope(LOOK_UP, members(MaTichHop="003")), "006"),
    ("service of another operation", envelope(LOOK_UP, members(MaTichHop="033")), "006"),
]


@pytest.mark.parametrize(("body", "code"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS])
async def test_what_is_wrong_has_its_code(wire: Wire, body: bytes, code: str) -> None:
    """A fault of the client carries the code in its detail and comes with HTTP 500."""
    status, answer = await wire.post("/dancu/037", body)
    assert 500 == status
    assert b"<faultcode>soapenv:Client</faultcode>" in answer
    assert f"<dan:MaLoi>{code}</dan:MaLoi>".encode() in answer
    assert {code: 1} == (await wire.control("GET", "counters"))["refused_by_code"]


async def test_a_request_id_serves_once(wire: Wire) -> None:
    """The second question under one MaYeuCau is refused with 003 and told which one it was."""
    await wire.post("/", about(PLAIN))
    _, body = await wire.post("/", about(PLAIN))
    assert b"<dan:MaLoi>003</dan:MaLoi>" in body
    assert b"<dan:MaYeuCau>YC-1</dan:MaYeuCau>" in body


async def test_quota_and_source_address_are_judged(wire: Wire) -> None:
    """A second call in the second is refused with 429 of the server; a strange address with 101."""
    wire.sandbox.change_profile(calls_per_second=1)
    await wire.post("/", about(PLAIN))
    _, body = await wire.post("/", about(PLAIN, "2"))
    assert b"soapenv:Server" in body
    assert b"<dan:MaLoi>429</dan:MaLoi>" in body
    wire.sandbox.change_profile(allowed_addresses=["192.0.2.0/24"])
    _, body = await wire.post("/", about(PLAIN, "3"))
    assert b"<dan:MaLoi>101</dan:MaLoi>" in body


async def test_a_document_type_in_a_request_is_refused(wire: Wire) -> None:
    """No entity is looked at: HTTP 400 and code 001."""
    bomb = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + about(PLAIN)
    status, body = await wire.post("/", bomb)
    assert (400, True) == (status, b"DOCTYPE" in body)


@pytest.mark.parametrize("operation", ["CungCapDanhSachTheoDoTuoi", "GetRequestStatus", "XacMinhTinhTrangChetMatTich"])
async def test_bulk_control_and_vital_status_are_not_supported(wire: Wire, operation: str) -> None:
    """They are known by name and refused by it."""
    status, body = await wire.post(f"/dancu/{operation}", envelope(operation, members()))
    assert (500, True) == (status, b"not supported" in body)


async def test_vital_status_can_be_switched_on(wire: Wire) -> None:
    """The assumed element then tells of a death."""
    wire.sandbox.change_profile(is_vital_status_offered=True)
    _, body = await wire.post("/", about(SEEDS["deceased"], operation="XacMinhTinhTrangChetMatTich"))
    assert b"<ns1:TinhTrang>1</ns1:TinhTrang>" in body


async def test_a_household_has_its_head_first(wire: Wire) -> None:
    """Asking about a child gives all six, counted."""
    _, body = await wire.post("/", about(SEEDS["household_child_3"], operation="CungCapThongTinHoGiaDinh"))
    assert b'SoCongDan="6"' in body
    assert 6 == body.count(b"<ns1:CongDan>")
    assert body.index(b"<ns1:QuanHe>CH01<") < body.index(b"<ns1:QuanHe>CH02<")


async def test_c06_admits_the_right_hash_only(wire: Wire) -> None:
    """The hash covers the service path; upper case, another path or secret are 100, and time outside is 102."""
    path = "/dancu/037"
    right = c06_headers(path, NOW_MS)
    _, body = await wire.post("/c06" + path, about(PLAIN), right)
    assert found(body)
    user, _, digest = base64.b64decode(right["Authorization"][6:]).decode().partition(":")
    upper = base64.b64encode(f"{user}:{digest.upper()}".encode()).decode()
    cases = [
        ("100", XML),
        ("100", c06_headers("/c06" + path, NOW_MS)),
        ("100", c06_headers(path, NOW_MS, secret="other")),
        ("100", {**right, "Authorization": f"Basic {upper}"}),
        ("100", {**right, "Timestamp": str(NOW_MS + 1)}),
        ("102", c06_headers(path, NOW_MS - 300_001)),
        ("102", c06_headers(path, NOW_MS + 300_001)),
        ("102", c06_headers(path, NOW_MS // 1000)),
    ]
    for index, (code, headers) in enumerate(cases):
        _, body = await wire.post("/c06" + path, about(PLAIN, f"N{index}"), headers)
        assert f"<dan:MaLoi>{code}</dan:MaLoi>".encode() in body, index
    wire.sandbox.change_profile(c06_time_unit="seconds")
    _, body = await wire.post("/c06" + path, about(PLAIN, "S"), c06_headers(path, NOW_MS // 1000))
    assert found(body)


async def test_the_published_hash_vector_is_admitted(wire: Wire) -> None:
    """The check vector of the notes is the server's own hash."""
    wire.sandbox.change_profile(c06_secret="khoa-bi-mat", c06_window_seconds=1e9)
    digest = "1d492ea5f8f79122eb4145bfbfbc6e865969c745dba3a869d5d74a779d214e0d"
    basic = base64.b64encode(f"TINH_TEST:{digest}".encode()).decode()
    headers = {**XML, "Timestamp": "1735689600000", "Authorization": f"Basic {basic}"}
    _, body = await wire.post("/c06/dancu/037", about(PLAIN), headers)
    assert found(body)


async def test_xroad_stands_before_the_service(wire: Wire) -> None:
    """Without its client header the security server itself says no; with it the reply carries its marks."""
    wire.sandbox.change_profile(is_xroad_style=True, xroad_client="VN/GOV/T99/LGSP", api_key="k")
    right = {**c06_headers("/dancu/037", NOW_MS), "ApiKey": "k"}
    async with wire.http.post(wire.running.url + "/c06/dancu/037", data=about(PLAIN), headers=right) as answer:
        assert (400, "Client.BadRequest") == (answer.status, answer.headers["X-Road-Error"])
        assert {"type", "message", "detail"} == set(await answer.json())
    right["X-Road-Client"] = "VN/GOV/T99/LGSP"
    async with wire.http.post(wire.running.url + "/c06/dancu/037", data=about(PLAIN), headers=right) as answer:
        assert (200, "VN/GOV/T99/LGSP") == (answer.status, answer.headers["X-Road-Client"])
    _, body = await wire.post("/c06/dancu/037", about(PLAIN, "2"), {**right, "ApiKey": "other"})
    assert b"<dan:MaLoi>100</dan:MaLoi>" in body


async def token(wire: Wire, path: str, headers: dict[str, str], form: str, member: str = "access_token") -> str:
    status, body = await wire.post(path, form.encode(), {**FORM, **headers})
    assert 200 == status, body
    return str(json.loads(body)[member])


async def test_lgsp_wants_token_key_and_officer(wire: Wire) -> None:
    """The bearer, the access header and the officer's own hash are each judged."""
    bearer = await token(wire, "/lgsp/getToken", {"lgspaccesstoken": ACCESS}, "grant_type=client_credentials")
    right = {
        **XML,
        "Authorization": f"Bearer {bearer}",
        "lgspaccesstoken": ACCESS,
        "AuthHash": base64.b64encode(b"khoa-a:mat-khau-a").decode(),
    }
    _, body = await wire.post("/lgsp/dancu/037", about(PLAIN), right)
    assert found(body)
    _, body = await wire.post("/lgsp/dancu/037", about(PLAIN, "2"), {**right, "AuthHash": "x"})
    assert b"<dan:MaLoi>100</dan:MaLoi>" in body
    other = base64.b64encode(b"khoa-b:mat-khau-b").decode()
    _, body = await wire.post("/lgsp/dancu/037", about(PLAIN, "3"), {**right, "AuthHash": other})
    assert b"<dan:MaLoi>005</dan:MaLoi>" in body
    status, body = await wire.post("/lgsp/dancu/037", about(PLAIN, "4"), {**right, "lgspaccesstoken": "e30="})
    assert (401, 900901) == (status, json.loads(body)["fault"]["code"])


async def test_oauth2_tokens_end(wire: Wire) -> None:
    """A token serves until its end; then the platform says 900901, as JSON or XML."""
    form = "grant_type=client_credentials&client_id=tinh-oauth2&client_secret=sandbox-secret"
    right = {**XML, "Authorization": f"Bearer {await token(wire, '/oauth2/token', {}, form)}"}
    _, body = await wire.post("/oauth2/dancu/037", about(PLAIN), right)
    assert found(body)
    await wire.control("POST", "clock", {"advance_seconds": 3600})
    status, body = await wire.post("/oauth2/dancu/037", about(PLAIN, "2"), right)
    assert (401, 900901) == (status, json.loads(body)["fault"]["code"])
    wire.sandbox.change_profile(gateway_errors="wso2_xml")
    status, body = await wire.post("/oauth2/dancu/037", about(PLAIN, "3"), XML)
    assert (401, True) == (status, b"<ams:code>900902</ams:code>" in body)
    status, _ = await wire.post("/oauth2/token", form.replace("sandbox-secret", "x").encode(), FORM)
    assert 401 == status


def rest_document(**others: Any) -> bytes:
    """Give the JSON of the edge without SOAP."""
    document = {
        "maYeuCau": "YC-1",
        "maDVC": "1.004227",
        "maCanBo": "canbo.a",
        "soDinhDanh": PLAIN.number,
        "soCMND": "",
        "hoVaTen": "NGUYENVANAN",
        "ngayThangNam": PLAIN.born,
        "userNameService": "tinh-rest",
        **others,
    }
    return json.dumps(document).encode()


async def test_rest_speaks_json(wire: Wire) -> None:
    """The tree of the reply comes as a mapper gives it; a refusal has errorCode and HTTP 400."""
    user, password = (base64.b64encode(text).decode() for text in (b"tinh-rest", b"sandbox-secret"))
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    bearer = await token(wire, "/rest/api/v1/Authentication/Token", {"Auth": auth}, "", "token")
    right = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
    _, body = await wire.post("/rest/dancu/037", rest_document(), right)
    assert PLAIN.number == json.loads(body)["Body"]["CongdanCollection"]["CongDan"]["SoDinhDanh"]
    _, body = await wire.post("/rest/dancu/037", rest_document(maYeuCau="2", hoVaTen="X"), right)
    assert {"Body": {"CongdanCollection": {}}} == json.loads(body)
    _, body = await wire.post("/rest/dancu/033", rest_document(maYeuCau="3", ngayThangNam=""), right)
    assert {"Body": {"KetQuaXacThuc": {"TonTai": "true"}}} == json.loads(body)
    status, body = await wire.post("/rest/dancu/037", rest_document(maYeuCau="4", soCMND="999000001"), right)
    assert (400, "002") == (status, json.loads(body)["errorCode"])


WRAPPED = {
    "HoVaTen": "NGUYENVANAN",
    "SoDinhDanh": PLAIN.number,
    "SoCMND": "",
    "NgayThangNam": "",
    "Nam": "1985",
    "MaTichHop": "037",
    "MaDVC": "VPCP",
    "MaCanBo": "VPUB_TINH",
    "MaYeuCau": "TINH_DVC_1",
}


async def test_the_wrapper_holds_an_envelope_as_text(wire: Wire) -> None:
    """A refusal is an error text with HTTP 200, or a whole fault when so set."""
    status, body = await wire.post("/wrap", json.dumps(WRAPPED).encode())
    reply = json.loads(body)
    assert (200, "00") == (status, reply["error_code"])
    assert found(reply["message"].encode())
    _, body = await wire.post("/wrap", json.dumps(WRAPPED).encode())
    assert {"error_code": "003", "message": "MaYeuCau đã được sử dụng"} == json.loads(body)
    wire.sandbox.change_profile(wrap_faults="envelope")
    _, body = await wire.post("/wrap", json.dumps(WRAPPED).encode())
    assert "<dan:MaLoi>003</dan:MaLoi>" in json.loads(body)["message"]


async def test_ngsp_speaks_its_house_style(wire: Wire) -> None:
    """Status 1 with the data, or status 0 with a code."""
    bearer = {"Authorization": f"Bearer {wire.sandbox.profile.ngsp_token}"}
    _, body = await wire.post("/ngsp/dancu/037", json.dumps(WRAPPED).encode(), bearer)
    reply = json.loads(body)
    assert 1 == reply["status"]
    assert PLAIN.number == reply["data"]["Body"]["CongdanCollection"]["CongDan"]["SoDinhDanh"]
    status, body = await wire.post("/ngsp/dancu/037", json.dumps(WRAPPED).encode(), {"Authorization": "Bearer x"})
    assert (401, {"status": 0, "errorCode": "100", "message": "AUTHEN_ERROR"}) == (status, json.loads(body))


async def test_the_definition_is_published_with_this_address(wire: Wire) -> None:
    """`?wsdl` names this server and schemas that can be fetched."""
    async with wire.http.get(wire.running.url + "/c06/dancu/037?wsdl") as answer:
        text = await answer.text()
    assert f'<soap:address location="{wire.running.url}/c06/dancu/037"/>' in text
    address = f"{wire.running.url}/c06/dancu/037?xsd=congdan.xsd"
    assert f'schemaLocation="{address}"' in text
    async with wire.http.get(address) as answer:
        assert "Profile A" in await answer.text()
    wire.sandbox.change_profile(reply_form="qcvn109")
    async with wire.http.get(address) as answer:
        assert "Profile B" in await answer.text()
    async with wire.http.get(wire.running.url + "/?xsd=../secret") as answer:
        assert 404 == answer.status
    async with wire.http.get(wire.running.url + "/dancu/037") as answer:
        assert 405 == answer.status


async def test_a_fault_strikes_calls_by_the_prefix_of_their_id(wire: Wire) -> None:
    """Armed through control for MaYeuCau that begin so; others are answered truthfully."""
    fault = {"kind": "hostile_reply", "variant": "doctype", "item_prefix": "XAU-"}
    await wire.control("POST", "faults", {"faults": [fault]})
    _, body = await wire.post("/", about(PLAIN, "XAU-1"))
    assert b"<!DOCTYPE" in body
    _, body = await wire.post("/", about(PLAIN, "TOT-1"))
    assert b"<!DOCTYPE" not in body
    [bad, good] = (await wire.control("GET", "answers"))["answers"]
    assert ("XAU-1", "found", ["hostile_reply:doctype"]) == (bad["request_id"], bad["outcome"], bad["faults"])
    assert ("TOT-1", [PLAIN.number], []) == (good["request_id"], good["numbers"], good["faults"])


@pytest.mark.parametrize("variant", ["redirect_307", "http_404", "wso2_json_invalid_token", "fault_http_400"])
async def test_hostile_statuses_arrive(wire: Wire, variant: str) -> None:
    """A hostile reply brings its own HTTP status."""
    wire.arm(variant)
    expected = {"redirect_307": 307, "http_404": 404, "wso2_json_invalid_token": 401, "fault_http_400": 400}
    status, _ = await wire.post("/", about(PLAIN))
    assert expected[variant] == status


async def test_a_gzip_bomb_is_small_on_the_wire(wire: Wire) -> None:
    """It claims its encoding and swells beyond sixty megabytes."""
    wire.arm("gzip_bomb")
    async with (
        aiohttp.ClientSession(auto_decompress=False) as http,
        http.post(wire.running.url + "/", data=about(PLAIN), headers=XML) as answer,
    ):
        body = await answer.read()
        assert "gzip" == answer.headers["Content-Encoding"]
    assert len(body) < 200_000


async def test_http_can_be_broken(wire: Wire) -> None:
    """A body shorter than stated and a head without an end are no answers."""
    wire.sandbox.add_fault(FaultSpec(kind=FaultKind.SHORT_BODY, calls=1))
    with pytest.raises(aiohttp.ClientPayloadError):
        await wire.post("/", about(PLAIN))
    wire.sandbox.add_fault(FaultSpec(kind=FaultKind.UNFINISHED_HEAD, calls=1, delay_seconds=0.05))
    with pytest.raises(aiohttp.ClientConnectionError):
        await wire.post("/", about(PLAIN, "2"))
    assert ["found", "found"] == [entry["outcome"] for entry in (await wire.control("GET", "answers"))["answers"]]


async def test_the_record_tells_what_was_seen(wire: Wire) -> None:
    """Operation, MaYeuCau, officer and names of headers are kept, values of headers are not."""
    await wire.post("/dancu/037", about(PLAIN), {**XML, "X-Extra": "hidden-value"})
    calls = await wire.control("GET", "calls?item_code=YC-1")
    [call] = calls["calls"]
    assert (LOOK_UP, "found", "canbo.a") == (call["operation"], call["outcome"], call["notes"]["officer"])
    assert "X-Extra" in call["notes"]["header_names"]
    assert "hidden-value" not in json.dumps(calls)


async def test_people_are_given_to_whoever_controls(wire: Wire) -> None:
    """Named ones by name, others by position; each can be asked about."""
    [plain] = (await wire.control("GET", "people?name=plain"))["people"]
    assert (PLAIN.number, PLAIN.born) == (plain["number"], plain["born"])
    listed = (await wire.control("GET", "people?from=396&limit=10"))["people"]
    assert 4 == len(listed)
    children = members(request_id="P", SoDinhDanh=listed[0]["number"], HoVaTen=listed[0]["full_name"])
    _, body = await wire.post("/", envelope(LOOK_UP, children, listed[0]["born"]))
    assert found(body, listed[0]["number"])


async def test_an_expired_session_ends_tokens_once(wire: Wire) -> None:
    """The call that it strikes is refused; a new token is good again."""
    form = "grant_type=client_credentials&client_id=tinh-oauth2&client_secret=sandbox-secret"
    right = {**XML, "Authorization": f"Bearer {await token(wire, '/oauth2/token', {}, form)}"}
    wire.sandbox.add_fault(FaultSpec(kind=FaultKind.EXPIRED_SESSION, calls=1))
    status, _ = await wire.post("/oauth2/dancu/037", about(PLAIN), right)
    assert 401 == status
    right["Authorization"] = f"Bearer {await token(wire, '/oauth2/token', {}, form)}"
    status, _ = await wire.post("/oauth2/dancu/037", about(PLAIN), right)
    assert 200 == status


async def test_many_officers_at_once_keep_apart(wire: Wire) -> None:
    """Each of fifty parallel questions is written down with its own officer."""
    bodies = [envelope(LOOK_UP, members(request_id=f"R{n}", MaCanBo=f"cb{n}")) for n in range(50)]
    await asyncio.gather(*(wire.post("/", body) for body in bodies))
    answers = (await wire.control("GET", "answers"))["answers"]
    assert {f"R{n}": f"cb{n}" for n in range(50)} == {entry["request_id"]: entry["officer"] for entry in answers}
