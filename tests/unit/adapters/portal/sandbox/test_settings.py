"""Each assumption of the portal wire notes §13 is a setting with its own effect, over real loopback HTTP."""

import json
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile, ProfileError
from adapters.sandboxing import FaultKind
from tests.unit.adapters.portal.sandbox.portal_helpers import (
    BASE,
    CATALOGUE_SIZE,
    CODE,
    dossier_record,
    portal_line,
)
from tests.unit.adapters.sandboxing.sandboxing_helpers import HandClock

PROVIDER = "VN:GOV:000.00.00.G22:vpcpdvcprovider"


@pytest.mark.parametrize("prefix", ["XrdAdapter", "VXPAdapter"])
@pytest.mark.parametrize("path", ["mapi/g", "mapi/share", "mapi/custom"])
async def test_all_paths_serve_all_services(prefix: str, path: str) -> None:
    """Both URL families, the data path and its aliases (§13-1); an unknown path is the adapter's 404."""
    async with portal_line(alias_paths=["mapi/share", "mapi/custom"]) as line:
        base = f"/{prefix}/RestService/forward/"
        status, _ = await line.post(base + "mapi/login", {"username": "demo_province", "password": "demo-secret"})
        envelope = {"session": line.session, "madonvi": "H99", "service": "LayDanhMucCoQuan"}
        _, body = await line.post(base + path, envelope)
        assert (200, {"MADONVI", "TENDONVI", "CAPDONVI"}) == (status, set(json.loads(body)["result"][0]))
        assert 404 == (await line.post(base + "mapi/nowhere", envelope))[0]
        async with line.client.get(base + path) as response:
            assert 405 == response.status


@pytest.mark.parametrize(
    ("query", "headers", "is_reached"),
    [
        ("", {"dstcode": PROVIDER}, True),
        (f"?dstcode={PROVIDER}&providerurl=x", {}, True),
        ("", {}, False),
        ("", {"dstcode": "VN:GOV:000.00.00.G22:other"}, False),
        ("?dstcode=x", {}, False),
    ],
)
async def test_the_destination_counts_only_when_the_policy_says_so(
    query: str, headers: dict[str, str], is_reached: bool
) -> None:
    """§13-2: ignored by default; else the adapter answers 404, and the record notes it."""
    async with portal_line() as line:
        envelope = {"session": line.session, "madonvi": "H99", "service": "TraCuuHoSo", "mahoso": CODE}
        assert 200 == (await line.post(BASE + "g" + query, envelope, headers=headers))[0]
        line.sandbox.change_profile(dstcode_policy="not_found")
        status, _ = await line.post(BASE + "g" + query, envelope, headers=headers)
        assert (200 if is_reached else 404) == status
        assert (0 if is_reached else 1) == line.sandbox.counters()["by_operation"].get("misaddressed", 0)
        credentials = {"username": "demo_province", "password": "demo-secret"}
        assert status == (await line.post(BASE + "login" + query, credentials, headers=headers))[0]
        line.sandbox.change_profile(is_dstcode_optional_on_login=True)
        is_missing = "dstcode" not in query and not headers
        expected = 200 if is_reached or is_missing else 404
        assert expected == (await line.post(BASE + "login" + query, credentials, headers=headers))[0]


async def test_bad_credentials_open_no_session() -> None:
    """§13-5."""
    async with portal_line() as line:
        reply = await line.log_in(password="wrong")
        assert {"error_code": -1, "message": "Sai tên đăng nhập hoặc mật khẩu"} == reply
        line.arm(FaultKind.BUSINESS_REJECTION, operation="login", message="Tài khoản tạm khoá")
        assert {"error_code": -1, "message": "Tài khoản tạm khoá"} == await line.log_in()
        assert "session" in await line.log_in()
        counters = line.sandbox.counters()
        assert (2, 1) == (counters["sessions_opened"], counters["logins_refused"])


async def test_sessions_follow_their_settings() -> None:
    """Several live ones by default; a limit ends the oldest; use may prolong; the check may be off."""
    clock = HandClock()
    async with portal_line(clock) as line:
        first = line.session
        await line.log_in()
        second, line.session = line.session, first
        assert 0 == (await line.look_up())["error_code"]
        line.sandbox.change_profile(max_sessions=1)
        await line.log_in()
        third = line.session
        for session, expected in ((first, -1), (second, -1), (third, 0)):
            line.session = session
            assert expected == (await line.look_up())["error_code"]
        line.sandbox.change_profile(is_session_prolonged_by_use=True)
        for _ in range(3):
            clock.advance(1000)
            assert 0 == (await line.look_up())["error_code"]
        line.sandbox.change_profile(is_session_prolonged_by_use=False, session_error_code=-5)
        clock.advance(1801)
        assert -5 == (await line.look_up())["error_code"]
        line.sandbox.change_profile(is_session_checked=False)
        assert 0 == (await line.look_up())["error_code"]


async def test_the_unit_must_be_given_and_may_be_checked() -> None:
    """`madonvi` is required in every envelope (§1.5)."""
    async with portal_line() as line:
        refused = {"error_code": -1, "message": "Mã đơn vị không hợp lệ"}
        envelope = {"session": line.session, "service": "TraCuuHoSo", "mahoso": CODE}
        assert refused == json.loads((await line.post(BASE + "g", envelope))[1])
        line.sandbox.change_profile(accepted_units=["H98"])
        assert refused == await line.look_up()
        line.sandbox.change_profile(accepted_units=["H98", "H99"])
        assert 0 == (await line.look_up())["error_code"]
        line.sandbox.change_profile(accepted_units=[], is_unit_required=False)
        assert 0 == json.loads((await line.post(BASE + "g", envelope))[1])["error_code"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"service": "x"'], ids=repr
)
async def test_bytes_that_are_no_envelope_get_an_answer(body: bytes) -> None:
    """HTTP 200 and -1, or HTTP 500 by setting (§13-33); the sandbox lives on."""
    async with portal_line() as line:
        status, answer = await line.post(BASE + "g", body)
        assert (200, -1) == (status, json.loads(answer)["error_code"])
        assert "JSON" in json.loads(answer)["message"]
        line.sandbox.change_profile(is_malformed_answered_500=True)
        assert 500 == (await line.post(BASE + "g", body))[0]
        assert 500 == (await line.post(BASE + "login", body))[0]
        assert 0 == (await line.look_up())["error_code"]


@pytest.mark.parametrize(
    ("envelope", "named"),
    [
        ({"service": "LayGiDo"}, "LayGiDo"),
        ({"service": "laythutuc"}, "laythutuc"),
        ({}, "service"),
        ({"service": 7}, "service"),
        ({"service": "LayThuTuc"}, "maTTHC"),
        ({"service": "LayThuTuc", "maTTHC": ["x"]}, "maTTHC"),
        ({"service": "TraCuuHoSo", "maHoSo": CODE}, "mahoso"),
        ({"service": "DongBoHoSoMC", "isUpdating": "False"}, "data"),
        ({"service": "DongBoHoSoMC", "isUpdating": "False", "data": {}}, "data"),
        ({"service": "DongBoHoSoMC", "data": []}, "isUpdating"),
        ({"service": "DongBoHoSoMC", "isUpdating": "true", "data": []}, "isUpdating"),
        ({"service": "DongBoHoSoMC", "isUpdating": False, "data": []}, "isUpdating"),
        ({"service": "CapNhatTienDoHoSoMC", "data": "x"}, "data"),
    ],
)
async def test_a_call_that_cannot_be_understood_is_named(envelope: dict[str, Any], named: str) -> None:
    """The answer is an ordinary failure that names the service or parameter, and looks like nothing else."""
    async with portal_line() as line:
        _, body = await line.post(BASE + "g", {"session": line.session, "madonvi": "H99", **envelope})
        reply = json.loads(body)
        assert (-1, True) == (reply["error_code"], named in reply["message"])
        for fragment in ("thành công", "tồn tại", "phiên"):
            assert fragment not in reply["message"].lower()


async def test_an_unknown_service_may_be_answered_500() -> None:
    """The other half of §13-33."""
    async with portal_line(is_malformed_answered_500=True) as line:
        assert 500 == (await line.raw("LayGiDo"))[0]


async def test_a_boolean_is_updating_may_be_accepted() -> None:
    """A setting, since the inbound direction uses one (§1.7)."""
    async with portal_line(is_boolean_updating_accepted=True) as line:
        assert 0 == (await line.call("DongBoHoSoMC", isUpdating=False, data=[dossier_record()]))["error_code"]
        assert 0 == (await line.call("DongBoHoSoMC", isUpdating=True, data=[dossier_record()]))["error_code"]


async def test_pages_are_ignored_or_honoured() -> None:
    """§13-23: accepted without effect by default."""
    async with portal_line() as line:
        asked = {"trang": "2", "soLuong": 6}
        assert CATALOGUE_SIZE == len((await line.call("LayDanhSachTTHC", **asked))["result"])
        line.sandbox.change_profile(is_paging_honoured=True)
        page = (await line.call("LayDanhSachTTHC", **asked))["result"]
        codes = [record["MATTHC"] for record in line.sandbox.procedures()]
        assert codes[6:12] == [item["MATTHC"] for item in page]
        assert CATALOGUE_SIZE == len((await line.call("LayDanhSachTTHC"))["result"])
        assert [] == (await line.call("LayDanhSachTTHC", trang=9, soLuong=6))["result"]


async def test_a_look_up_may_come_without_nested_lists() -> None:
    """§13-21 leaves open what the record holds; required 2023 fields that were not sent are not invented."""
    async with portal_line(has_lookup_nested_lists=False) as line:
        record = dossier_record()
        del record["KenhThucHien"]
        await line.create(record)
        found = (await line.look_up())["result"][0]
        assert {name: value for name, value in record.items() if not isinstance(value, list)} == found


async def test_the_pace_may_be_limited() -> None:
    """§13-32: calls above the limit get 429 with Retry-After, do no work, and time brings new ones."""
    clock = HandClock()
    async with portal_line(clock) as line:
        line.sandbox.change_profile(max_calls_per_second=3)
        statuses = [(await line.raw("TraCuuHoSo", mahoso=CODE))[0] for _ in range(5)]
        assert [200, 200, 200, 429, 429] == statuses
        clock.advance(0.34)
        assert [200, 429] == [(await line.raw("TraCuuHoSo", mahoso=CODE))[0] for _ in range(2)]
        assert {"TraCuuHoSo 0": 4, "TraCuuHoSo none": 3}.items() <= line.sandbox.counters()["by_outcome"].items()
        line.sandbox.change_profile(max_calls_per_second=None)
        assert 0 == (await line.look_up())["error_code"]


async def test_the_label_of_replies_is_a_setting() -> None:
    """Some gateways label JSON as plain text."""
    async with (
        portal_line(reply_content_type="text/plain; charset=utf-8") as line,
        line.client.post(BASE + "g", data=b"{}") as response,
    ):
        assert "text/plain" == response.content_type


async def test_a_body_above_the_limit_is_refused_by_http() -> None:
    """413, and the sandbox lives on."""
    async with portal_line(max_body_bytes=10_000) as line:
        assert 413 == (await line.post(BASE + "g", b" " * 10_001))[0]
        assert 0 == (await line.look_up())["error_code"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"code_dialect": "roman"}, "code_dialect"),
        ({"max_steps_per_call": 0}, "max_steps_per_call"),
        ({"data_path": "mapi/other"}, "data_path"),
        ({"wording": {"hello": ""}}, "wording"),
    ],
)
async def test_settings_that_cannot_be_are_refused(changes: dict[str, Any], named: str) -> None:
    """The refusal names the setting, and the profile in force stays."""
    async with portal_line() as line:
        before = line.sandbox.profile
        with pytest.raises(ProfileError, match=named):
            line.sandbox.change_profile(**changes)
        assert before is line.sandbox.profile


def test_the_default_profile_is_the_recommended_one() -> None:
    """The values that §13 recommends, so that nobody changes them by accident."""
    profile = PortalProfile()
    assert (1800, 50, 100, 3, -1) == (
        profile.session_seconds,
        profile.max_dossiers_per_call,
        profile.max_steps_per_call,
        profile.already_exists_code,
        profile.error_code,
    )
    assert ("ignore", "integer", "all_or_nothing", "classic", "absent", "usual") == (
        profile.dstcode_policy,
        profile.code_dialect,
        profile.batch_policy,
        profile.field_profile,
        profile.push_result,
        profile.read_result,
    )
    switched_on = {name for name, value in profile.model_dump().items() if value is True}
    assert {
        "is_session_checked",
        "is_unit_required",
        "is_type_checked",
        "are_lengths_checked",
        "are_dates_checked",
        "is_backward_status_noted",
        "does_step_change_status",
        "has_lookup_nested_lists",
        "is_listing_paged",
        "is_listing_narrowed",
        "are_facade_reads_wrapped",
        "are_revision_bodies_kept",
    } == switched_on
