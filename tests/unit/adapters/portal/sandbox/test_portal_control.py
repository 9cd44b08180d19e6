"""The control API shows everything that the portal received and switches everything that it can do."""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.portal.sandbox import UnknownProcedureCode
from tests.unit.adapters.portal.sandbox.portal_helpers import (
    CODE,
    PortalLine,
    code,
    dossier_record,
    make_portal,
    portal_line,
    step_record,
)


async def ask(line: PortalLine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with line.client.request(method, f"/_sandbox/{path}", json=body) as response:
        return response.status, await response.json()


async def test_dossiers_are_dumped_in_pages_with_their_history() -> None:
    """Record, counts, revisions with content when asked for, and steps, in order of arrival."""
    async with portal_line() as line:
        for number in range(5):
            await line.create(dossier_record(code(number)))
        await line.update(dossier_record(code(0), TrangThaiHoSo="4"))
        await line.update(dossier_record(code(0), TrangThaiHoSo="4"))
        await line.progress(step_record(code(0)), step_record(code(0), "20260107100000"))
        codes: list[str] = []
        after, pages = 0, 0
        while after is not None:
            _, page = await ask(line, "GET", f"dossiers?limit=2&after={after}&bodies=1")
            codes += [dossier["code"] for dossier in page["dossiers"]]
            after, pages = page["next_after"], pages + 1
            assert 5 == page["total"]
        assert ([code(number) for number in range(5)], 3) == (codes, pages)
        _, found = await ask(line, "GET", f"dossiers?code={code(0)}&bodies=1")
        [dossier] = found["dossiers"]
        assert dossier_record(code(0), TrangThaiHoSo="4") == dossier["record"]
        assert (3, 1, 1, 1) == tuple(
            dossier[name] for name in ("push_count", "create_count", "changed_count", "identical_count")
        )
        assert ["2", "4", "4"] == [revision["record"]["TrangThaiHoSo"] for revision in dossier["revisions"]]
        assert ["20260106100000", "20260107100000"] == [step["ThoiDiemXuLy"] for step in dossier["steps"]]
        _, plain = await ask(line, "GET", f"dossiers?code={code(0)}")
        assert all("record" not in revision for revision in plain["dossiers"][0]["revisions"])
        assert [] == (await ask(line, "GET", "dossiers?code=nowhere"))[1]["dossiers"]


async def test_the_catalogue_can_be_changed_while_clients_read_it() -> None:
    """Add, change, remove, rename: seen by the next LayDanhSachTTHC, LayThuTuc and push."""
    async with portal_line() as line:
        record = (await line.call("LayThuTuc", maTTHC="1.999001"))["result"][0]

        async def order(**body: Any) -> int:
            return (await ask(line, "POST", "procedures", body))[0]

        async def name_of(procedure_code: str) -> str | None:
            listed = (await line.call("LayDanhSachTTHC"))["result"]
            return next((item["TENTTHC"] for item in listed if item["MATTHC"] == procedure_code), None)

        assert 200 == await order(action="add", record={**record, "MATTHC": "1.111111"})
        assert record["TENTTHC"] == await name_of("1.111111")
        assert 200 == await order(action="change", code="1.111111", changes={"TENTTHC": "Tên mới"})
        assert "Tên mới" == await name_of("1.111111")
        assert 200 == await order(action="rename", code="1.999001", new_code="1.222222", new_name="Tên khác")
        assert ("Tên khác", None) == (await name_of("1.222222"), await name_of("1.999001"))
        assert "1.222222" == (await line.call("LayDanhSachTTHC"))["result"][0]["MATTHC"], "its place stays"
        assert -1 == (await line.create(dossier_record()))["error_code"]
        assert 0 == (await line.create(dossier_record(MaTTHC="1.222222")))["error_code"]
        assert 200 == await order(action="remove", code="1.222222")
        assert [] == (await line.call("LayThuTuc", maTTHC="1.222222"))["result"]
        for body, status in (
            ({"action": "remove", "code": "1.222222"}, 404),
            ({"action": "rename", "code": "1.111111", "new_code": "1.999002"}, 400),
            ({"action": "rename", "code": "1.111111", "new_code": ""}, 400),
            ({"action": "change", "code": "1.111111", "changes": {"MATTHC": "x"}}, 400),
            ({"action": "change", "code": "1.111111"}, 400),
            ({"action": "add", "record": {"MATTHC": "1.3"}}, 400),
            ({"action": "paint"}, 400),
        ):
            assert status == await order(**body), body


async def test_sessions_profile_and_notes_are_reached() -> None:
    """Sessions end, settings change and are checked, odd records are listed; the password is not shown."""
    async with portal_line() as line:
        await line.create(dossier_record(KenhThucHien="1"))
        assert {"ended": 1} == (await ask(line, "POST", "sessions:expire"))[1]
        assert -1 == (await line.look_up())["error_code"]
        status, profile = await ask(line, "POST", "profile", {"code_dialect": "string"})
        assert (200, "string") == (status, profile["code_dialect"])
        assert "password" not in profile
        assert profile == (await ask(line, "GET", "profile"))[1]
        assert "-1" == (await line.look_up())["error_code"]
        status, answer = await ask(line, "POST", "profile", {"code_dialect": "roman"})
        assert (400, True) == (status, "code_dialect" in answer["error"])
        _, notes = await ask(line, "GET", "notes")
        assert [{"code": "technical_id_outside_online_channel", "dossier_code": CODE}] == notes["notes"]
        assert {"overlaps": []} == (await ask(line, "GET", "overlaps"))[1]
        assert 20 == len((await ask(line, "GET", "procedures"))[1]["procedures"])


async def test_health_and_counters_name_what_they_count() -> None:
    """Totals that are at zero are shown as well, so that a verifier can rely on their names."""
    async with portal_line() as line:
        _, health = await ask(line, "GET", "health")
        assert (True, "portal") == (health["is_healthy"], health["system"])
        _, counters = await ask(line, "GET", "counters")
        for name in ("steps_repeated", "updates_identical", "concurrent_same_dossier", "faults_injected_total"):
            assert 0 == counters[name]
        assert 1 == counters["sessions_opened"]


async def test_reset_keeps_catalogue_and_settings() -> None:
    """Everything received is forgotten, with its sessions and faults."""
    async with portal_line(max_steps_per_call=7) as line:
        await line.create(dossier_record())
        line.sandbox.remove_procedure("1.999002")
        await ask(line, "POST", "reset")
        counters = line.sandbox.counters()
        assert (0, 0, 0, 19) == tuple(
            counters[name] for name in ("dossiers", "creates_applied", "live_sessions", "procedures")
        )
        assert 7 == line.sandbox.profile.max_steps_per_call
        await line.log_in()
        await line.create(dossier_record())
        dossier = line.sandbox.dossier(CODE)
        assert dossier is not None
        assert (1, 1) == (dossier.order, dossier.revisions[0].sequence)


def test_unknown_procedures_are_an_error_in_process() -> None:
    """The methods behind the control API say so by exception."""
    sandbox = make_portal()
    actions: list[Callable[[], None]] = [
        lambda: sandbox.change_procedure("x", {}),
        lambda: sandbox.remove_procedure("x"),
        lambda: sandbox.rename_procedure("x", new_name="y"),
    ]
    for action in actions:
        with pytest.raises(UnknownProcedureCode):
            action()
