"""The portal's own faults: spoiled catalogues, refusals in its dialect; and every kind is possible and counted."""

import contextlib
import json
from collections import Counter
from typing import Any

import aiohttp
import pytest

from adapters.portal.sandbox import PORTAL_KINDS
from adapters.portal.sandbox.distortion import UNKNOWN_CODES
from adapters.sandboxing import RAW_KINDS, SANDBOX_VARIANTS, TLS_KINDS, FaultKind, FaultSpec, FaultSpecError
from tests.unit.adapters.portal.sandbox.portal_helpers import (
    BASE,
    CODE,
    code,
    dossier_record,
    make_portal,
    portal_line,
    step_record,
)

CATALOGUE_SERVICES = ("LayDanhSachTTHC", "LayDanhMucCoQuan", "LayDanhMucLinhVuc")


def codes_in(node: Any, name: str) -> set[str]:
    """Collect every plain value under a key, at any depth."""
    if isinstance(node, list):
        return {value for item in node for value in codes_in(item, name)}
    if not isinstance(node, dict):
        return set()
    own = {str(node[name])} if name in node and not isinstance(node[name], list | dict) else set()
    return own.union(*(codes_in(value, name) for value in node.values()))


async def test_a_procedure_may_carry_unknown_codes() -> None:
    """Channel, unit of time, kind of fee, level, sector, applicant: all replaced, for one answer only."""
    async with portal_line() as line:
        line.arm(FaultKind.UNKNOWN_CODES, operation="LayThuTuc")
        spoiled, right = [await line.call("LayThuTuc", maTTHC="1.999001") for _ in range(2)]
        for name in ("KENH", "DONVITINH", "MAPHILEPHI", "MALINHVUC", "MADOITUONG", "CAPTHUCHIEN", "LOAITTHC"):
            assert {UNKNOWN_CODES[name]} == codes_in(spoiled["result"], name)
            assert UNKNOWN_CODES[name] not in codes_in(right["result"], name)
        assert "1.999001" == spoiled["result"][0]["MATTHC"]
        line.arm(FaultKind.UNKNOWN_CODES)
        assert {"88"} == codes_in((await line.call("LayDanhMucCoQuan"))["result"], "CAPDONVI")


@pytest.mark.parametrize("service", CATALOGUE_SERVICES)
async def test_lists_may_carry_items_twice_or_in_another_order(service: str) -> None:
    """Duplicates add to the list, reordering keeps its items; the next answer is right again."""
    async with portal_line() as line:
        right = (await line.call(service))["result"]
        line.arm(FaultKind.DUPLICATES)
        doubled = (await line.call(service))["result"]
        assert right == doubled[: len(right)]
        assert 0 < len(doubled) - len(right) == len([item for item in doubled[len(right) :] if item in right])
        line.arm(FaultKind.REORDERED)
        shuffled = (await line.call(service))["result"]
        assert shuffled != right
        assert sorted(map(json.dumps, right)) == sorted(map(json.dumps, shuffled))
        assert right == (await line.call(service))["result"]


async def test_the_lists_inside_a_procedure_may_be_spoiled_too() -> None:
    """One record: its own lists are doubled or shuffled, the record itself stays one."""
    async with portal_line() as line:
        right = (await line.call("LayThuTuc", maTTHC="1.999002"))["result"]
        line.arm(FaultKind.DUPLICATES)
        doubled = (await line.call("LayThuTuc", maTTHC="1.999002"))["result"]
        assert 1 == len(doubled)
        assert len(doubled[0]["CACHTHUCTHUCHIEN"]) > len(right[0]["CACHTHUCTHUCHIEN"])
        line.arm(FaultKind.REORDERED)
        shuffled = (await line.call("LayThuTuc", maTTHC="1.999002"))["result"]
        assert Counter(map(json.dumps, right[0]["CACHTHUCTHUCHIEN"])) == Counter(
            map(json.dumps, shuffled[0]["CACHTHUCTHUCHIEN"])
        )


async def test_catalogue_faults_wait_for_catalogue_answers() -> None:
    """A push, a look-up or an empty answer neither suffers nor uses up such a fault."""
    async with portal_line() as line:
        line.arm(FaultKind.DUPLICATES)
        await line.create(dossier_record())
        assert 1 == len((await line.look_up())["result"])
        assert [] == (await line.call("LayThuTuc", maTTHC="x"))["result"]
        assert 0 == line.sandbox.faults.injected.total()
        await line.call("LayDanhSachTTHC")
        assert 1 == line.sandbox.faults.injected[FaultKind.DUPLICATES]


async def test_one_dossier_may_be_refused_again_and_again() -> None:
    """A batch that holds it is refused with its code in the message; batches without it pass."""
    async with portal_line() as line:
        line.arm(
            FaultKind.BUSINESS_REJECTION,
            calls=None,
            item_code=code(2),
            message="đơn vị chưa được phân quyền",
            error_code=-7,
        )
        records = [dossier_record(code(number)) for number in (1, 2, 3)]
        refusal = {"error_code": -7, "message": f"Hồ sơ {code(2)}: đơn vị chưa được phân quyền"}
        assert refusal == await line.create(*records)
        assert 0 == (await line.create(records[0], records[2]))["error_code"]
        assert refusal == await line.create(records[1])
        assert 2 == line.sandbox.counters()["dossiers"]


async def test_a_refusal_may_hide_done_work() -> None:
    """The portal says no and has stored the dossier: only a look-up finds out."""
    async with portal_line() as line:
        line.arm(FaultKind.BUSINESS_REJECTION, after_work=True)
        assert -1 == (await line.create(dossier_record()))["error_code"]
        assert 1 == len((await line.look_up())["result"])


async def test_a_facade_refuses_a_push_in_the_form_of_its_pushes() -> None:
    """Unwrapped by default, as a success would be."""
    async with portal_line(is_facade_served=True) as line:
        line.arm(FaultKind.BUSINESS_REJECTION, message="Chưa xử lý được")
        _, body = await line.post("/KetNoiMotCuaQuocGia/ThemMoi", [dossier_record()])
        assert {"error_code": -1, "message": "Chưa xử lý được"} == json.loads(body)


async def test_every_kind_is_possible_here_and_counted_once() -> None:
    """Each supported fault strikes one call of a real client and shows in `faults_injected`."""
    assert set(FaultKind) - TLS_KINDS - RAW_KINDS - SANDBOX_VARIANTS == PORTAL_KINDS
    async with portal_line() as line:
        await line.create(dossier_record())
        for kind in sorted(PORTAL_KINDS):
            await line.log_in()
            line.arm(kind, delay_seconds=0.02, size_bytes=1000, operation="LayDanhSachTTHC")
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await line.raw("LayDanhSachTTHC")
            assert line.sandbox.faults.is_idle, kind
        assert dict.fromkeys(map(str, PORTAL_KINDS), 1) == line.sandbox.counters()["faults_injected"]
        assert len(PORTAL_KINDS) == line.sandbox.counters()["faults_injected_total"]


def test_a_fault_that_needs_certificates_is_refused() -> None:
    """Without TLS the portal cannot serve a spoiled one."""
    with pytest.raises(FaultSpecError, match="wrong_certificate"):
        make_portal().add_fault(FaultSpec(kind=FaultKind.WRONG_CERTIFICATE))


async def test_probabilities_are_repeatable_in_the_portal_as_well() -> None:
    """The same seed and the same calls meet the same faults."""

    async def outcomes() -> list[int]:
        async with portal_line() as line:
            line.arm(FaultKind.SERVER_ERROR, calls=None, probability=0.4, operation="TraCuuHoSo")
            return [(await line.raw("TraCuuHoSo", mahoso=CODE))[0] for _ in range(30)]

    first = await outcomes()
    assert first == await outcomes()
    assert {200, 503} == set(first)


async def test_a_lost_progress_answer_stores_each_step_once() -> None:
    """The repeat is taken with success and counted as a repeat."""
    async with portal_line() as line:
        await line.create(dossier_record())
        line.arm(FaultKind.SERVER_ERROR, http_status=504, after_work=True, operation="CapNhatTienDoHoSoMC")
        steps = [step_record(CODE, f"2026010610000{second}") for second in range(3)]
        status, _ = await line.post(
            BASE + "g",
            {"session": line.session, "madonvi": "H99", "service": "CapNhatTienDoHoSoMC", "data": steps},
        )
        assert 504 == status
        assert 0 == (await line.progress(*steps))["error_code"]
        counters = line.sandbox.counters()
        assert (3, 3, 0) == (
            counters["steps_stored"],
            counters["steps_repeated"],
            counters["steps_out_of_order"],
        )
