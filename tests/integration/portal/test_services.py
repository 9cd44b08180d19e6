"""Catalogues, online services, decisions and technical ids between the adapter and the sandbox, over real HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.portal import PortalAdapter
from adapters.portal.failures import Operation
from adapters.portal.protocol import SERVICES
from adapters.portal.services import CATALOGUE_OPERATIONS
from adapters.sandboxing import FaultKind, FaultSpec
from gateway.errors import ContractBroken, Rejected, RemoteError, TransientFailure
from gateway.model.procedure import ServiceLevel
from gateway.ports.portal_services import CatalogueName
from tests.support.portal_line import AdapterLine, adapter_line

# Names as the sandbox has them; written here once more, so that neither side is measured by itself.
EXPECTED = {
    CatalogueName.AGENCIES: ("H99", "UBND tỉnh Thử Nghiệm"),
    CatalogueName.SECTORS: ("G91-LV01", "Hộ tịch"),
    CatalogueName.GENDERS: ("1", "Nam"),
    CatalogueName.PROVINCES: ("99", "Tỉnh Thử Nghiệm"),
    CatalogueName.DISTRICTS: ("991", "Huyện Mẫu 1"),
    CatalogueName.COMMUNES: ("99001", "Xã Mẫu 1"),
    CatalogueName.COUNTRIES: ("VN", "Việt Nam"),
    CatalogueName.ETHNIC_GROUPS: ("01", "Kinh"),
    CatalogueName.RELIGIONS: ("00", "Không"),
    CatalogueName.MARITAL_STATUSES: ("1", "Chưa kết hôn"),
    CatalogueName.APPLICANT_KINDS: ("1", "Công dân Việt Nam"),
    CatalogueName.EXECUTING_LEVELS: ("3", "Cấp Xã"),
    CatalogueName.LEGAL_BASES: ("02/2022/NĐ-G91", "Nghị định mẫu số 2"),
    CatalogueName.FEES: ("1'", "Phí mẫu"),
    CatalogueName.PROCEDURE_TYPES: ("3", "Khác"),
    CatalogueName.PROCEDURE_GROUPS: ("1", "Nhóm mẫu một"),
    CatalogueName.PROCEDURES_BY_TYPE: ("1.999001", "Đăng ký khai sinh"),
}
FACADE = {"create_path": "k/ThemMoi", "update_path": "k/CapNhat", "steps_path": "k/TienTrinh"}


def asked(made: AdapterLine) -> list[str]:
    """Name the services that were called, in order."""
    return [call.operation for call in made.sandbox.recorder.calls() if call.operation != "login"]


@pytest.mark.parametrize("name", CatalogueName)
async def test_every_catalogue_is_read(name: CatalogueName) -> None:
    """Each of the services LayDanhMuc… gives its whole list, with code and name at their places."""
    async with adapter_line({"administrative_levels": "pre_2025"}) as made:
        items = await made.portal.services.read_catalogue(name)
        assert EXPECTED[name] in [(item.code, item.name) for item in items]
        assert all(item.code and item.name for item in items)
        assert [SERVICES[CATALOGUE_OPERATIONS[name]]] == asked(made)


def test_catalogues_are_those_of_the_reference() -> None:
    """Nothing of the portal's list of catalogues is left out."""
    assert set(CatalogueName) == set(EXPECTED) == set(CATALOGUE_OPERATIONS)
    named = {
        *("LayDanhMucCoQuan", "LayDanhMucLinhVuc", "LayDanhMucGioiTinh", "LayDanhMucTinhThanh", "LayDanhMucQuanHuyen"),
        *("LayDanhMucPhuongXa", "LayDanhMucQuocGia", "LayDanhMucDanToc", "LayDanhMucTonGiao", "LayDanhMucDoiTuong"),
        *("LayDanhMucTinhTrangHonNhan", "LayDanhMucCapThucHien", "LayDanhMucCanCuPhapLy", "LayDanhMucLePhi"),
        *("LayDanhMucLoaiThuTuc", "LayDanhMucNhomThuTuc", "LayDanhMucThuTucThuocLoai"),
    }
    assert named == {SERVICES[operation] for operation in CATALOGUE_OPERATIONS.values()}


async def test_a_dirty_catalogue_comes_as_it_is() -> None:
    """Doubled items, another name for a known code and items without a code are all there to be seen."""
    dirty = {"duplicate_catalogue_items": 1, "contradictory_catalogue_items": 2, "codeless_catalogue_items": 1}
    async with adapter_line(dirty) as made:
        items = await made.portal.services.read_catalogue(CatalogueName.GENDERS)
    expected = [
        *(("0", "Chưa có thông tin"), ("1", "Nam"), ("2", "Nữ")),
        *(("0", "Chưa có thông tin"), ("0", "Chưa có thông tin (tên khác)"), ("1", "Nam (tên khác)")),
        ("", "Chưa có thông tin"),
    ]
    assert expected == [(item.code, item.name) for item in items]


async def test_a_list_that_is_one_short_comes_one_short() -> None:
    """5,000 items answered with 4,999 cannot be told from 4,999 by one answer: nothing is made up, nothing hidden."""
    async with adapter_line({"catalogue_size": 5_000, "missing_catalogue_items": 1}) as made:
        items = await made.portal.services.read_catalogue(CatalogueName.LEGAL_BASES)
    assert 4_999 == len(items) == len({item.code for item in items})


async def test_an_empty_catalogue_is_a_value_and_an_unreadable_one_an_error() -> None:
    """Nothing found and not being able to look never look alike."""
    async with adapter_line({"empty_services": ["LayDanhMucDanToc", "LayDVC"]}) as made:
        services = made.portal.services
        assert [] == await services.read_catalogue(CatalogueName.ETHNIC_GROUPS)
        assert [] == await services.list_online_services()
        assert [] == await services.read_catalogue(CatalogueName.DISTRICTS)
        for variant in ("missing", "null"):
            made.sandbox.change_profile(read_result=variant)
            with pytest.raises(ContractBroken):
                await services.read_catalogue(CatalogueName.ETHNIC_GROUPS)
        made.sandbox.change_profile(read_result="object")
        assert 3 == len(await services.read_catalogue(CatalogueName.RELIGIONS))


async def test_other_field_names_are_a_setting() -> None:
    """Assumed names that prove wrong are told at once, and put right without code."""
    profile = {"catalogue_fields": {"LayDanhMucDanToc": ["MA", "TEN"]}}
    async with adapter_line(profile) as made:
        with pytest.raises(ContractBroken) as caught:
            await made.portal.services.read_catalogue(CatalogueName.ETHNIC_GROUPS)
        assert "unknown_fields" == caught.value.code
    async with adapter_line(profile, catalogue_fields={"ethnic-groups": {"code": ["MA"], "name": ["TEN"]}}) as made:
        items = await made.portal.services.read_catalogue(CatalogueName.ETHNIC_GROUPS)
        assert ("01", "Kinh") == (items[0].code, items[0].name)


async def test_online_services_are_read_with_their_levels() -> None:
    """`result` is an object here; known levels are named, an unknown one stays a code."""
    async with adapter_line() as made:
        services = await made.portal.services.list_online_services()
        assert [f"{record['MATTHC']}.01" for record in made.sandbox.procedures()] == [one.code for one in services]
        assert "1.999001" == services[0].procedure_code
        levels = {one.level_code: one.level for service in services for one in service.applications}
    expected = {"2": ServiceLevel.INFORMATION, "3": ServiceLevel.PARTIAL, "4": ServiceLevel.FULL, "9": None}
    assert expected == levels


async def test_a_decision_is_read_by_its_id() -> None:
    """LayQDCB: the id of a procedure's record leads to its decision; an unknown one leads to nothing."""
    async with adapter_line() as made:
        services = made.portal.services
        decision_id = made.sandbox.procedures()[0]["IDQUYETDINHCONGBO"]
        decision = await services.get_decision(decision_id)
        assert decision is not None
        assert ("SOQUYETDINH", "70001/QĐ-UBND") in decision.fields
        assert ("DANHSACHTTHC/0/MATTHC", "1.999001") in decision.fields
        assert await services.get_decision("1") is None
        assert ["LayQDCB"] * 2 == asked(made)


async def test_procedures_of_a_unit_are_listed() -> None:
    """A unit's list is a part of the whole one."""
    async with adapter_line() as made:
        services = made.portal.services
        whole = await services.list_unit_procedures("H99")
        part = await services.list_unit_procedures("H99.01")
        assert [] == await services.list_unit_procedures("H98")
        assert ["LayDanhSachTTHCDonVi"] * 3 == asked(made)
    assert 20 == len(whole)
    assert 0 < len(part) < 20


async def test_a_technical_id_is_found() -> None:
    """Who is registered has an id, who is not has none, and two ids for one number are nobody's."""
    async with adapter_line() as made:
        services = made.portal.services
        found = await services.find_technical_id("999199000001")
        assert [found] == made.sandbox.state.technical_ids["999199000001"]
        assert await services.find_technical_id("999199000003") is None
        with pytest.raises(ContractBroken) as caught:
            await services.find_technical_id("999199000099")
        assert "contradiction" == caught.value.code
        assert "999199" not in f"{caught.value}{caught.value!r}{caught.value.__cause__}"


def _reads(portal: PortalAdapter) -> dict[Operation, Callable[[], Awaitable[Any]]]:
    services = portal.services
    return {
        Operation.LIST_ONLINE_SERVICES: services.list_online_services,
        Operation.GET_DECISION: lambda: services.get_decision("70001"),
        Operation.LIST_UNIT_PROCEDURES: lambda: services.list_unit_procedures("H99"),
        Operation.FIND_TECHNICAL_ID: lambda: services.find_technical_id("999199000001"),
        Operation.READ_COMMUNES: lambda: services.read_catalogue(CatalogueName.COMMUNES),
    }


@pytest.mark.parametrize(
    "operation",
    [
        Operation.LIST_ONLINE_SERVICES,
        Operation.GET_DECISION,
        Operation.LIST_UNIT_PROCEDURES,
        Operation.FIND_TECHNICAL_ID,
        Operation.READ_COMMUNES,
    ],
)
async def test_a_service_that_is_not_offered_says_so(operation: Operation) -> None:
    """Whether the portal says it or the settings know it: "no_such_service", and no endless tries."""
    async with adapter_line({"unserved_services": [SERVICES[operation]]}) as made:
        with pytest.raises(Rejected) as caught:
            await _reads(made.portal)[operation]()
        assert "no_such_service" == caught.value.code
        asked = [call for call in made.sandbox.recorder.calls() if call.operation == SERVICES[operation]]
        assert 1 == len(asked)
    async with adapter_line(unserved_reads=[operation.value]) as made:
        with pytest.raises(Rejected) as caught:
            await _reads(made.portal)[operation]()
        assert "no_such_service" == caught.value.code
        assert SERVICES[operation] not in [call.operation for call in made.sandbox.recorder.calls()]


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        (FaultKind.BUSINESS_REJECTION, {"message": "Không có quyền", "error_code": -7}, Rejected),
        (FaultKind.BUSINESS_REJECTION, {"message": "Hệ thống đang bảo trì"}, TransientFailure),
        (FaultKind.MALFORMED_JSON, {}, ContractBroken),
        (FaultKind.HTML_PAGE, {}, RemoteError),
        (FaultKind.DROP_REPLY, {}, RemoteError),
    ],
)
async def test_a_read_that_fails_is_an_error(
    kind: FaultKind, options: dict[str, Any], error: type[RemoteError]
) -> None:
    """No failure of any kind looks like an empty catalogue, or like nobody."""
    for operation in (Operation.READ_COMMUNES, Operation.FIND_TECHNICAL_ID, Operation.LIST_ONLINE_SERVICES):
        async with adapter_line(transport={"read_attempts": 1}) as made:
            made.sandbox.add_fault(FaultSpec(kind=kind, calls=9, operation=SERVICES[operation], **options))
            with pytest.raises(error) as caught:
                await _reads(made.portal)[operation]()
            assert "no_such_service" != caught.value.code
            assert operation == caught.value.operation


async def test_a_session_that_ends_is_renewed() -> None:
    """A read under an old session is made again under a new one."""
    async with adapter_line() as made:
        await made.portal.services.read_catalogue(CatalogueName.GENDERS)
        made.sandbox.expire_sessions()
        assert 3 == len(await made.portal.services.read_catalogue(CatalogueName.GENDERS))


async def test_a_facade_gives_what_it_was_seen_to_give() -> None:
    """Wrapped or not, with the same content as the native form; the rest is refused before a call."""
    async with adapter_line({"is_facade_served": True}, facade=FACADE) as made:
        services = made.portal.services
        assert "Hộ tịch" == (await services.read_catalogue(CatalogueName.SECTORS))[0].name
        assert 3 == len(await services.read_catalogue(CatalogueName.PROCEDURE_TYPES))
        assert 2 == len(await services.read_catalogue(CatalogueName.PROCEDURE_GROUPS))
        assert 20 == len(await services.read_catalogue(CatalogueName.PROCEDURES_BY_TYPE))
        assert 20 == len(await services.list_unit_procedures("H99"))
        assert await services.get_decision("70001") is not None
        for refused in (
            services.list_online_services,
            lambda: services.find_technical_id("999199000001"),
            lambda: services.read_catalogue(CatalogueName.AGENCIES),
        ):
            with pytest.raises(Rejected) as caught:
                await refused()
            assert "no_such_service" == caught.value.code


async def test_a_facade_may_be_allowed_to_take_numbers() -> None:
    """Named on purpose, the look-up by number works there too, unwrapped as it is."""
    paths = {"find_technical_id": "KetNoiMotCuaQuocGia/TraCuuTechID"}
    async with adapter_line({"is_facade_served": True}, facade={**FACADE, "read_paths": paths}) as made:
        found = await made.portal.services.find_technical_id("999199000001")
        assert [found] == made.sandbox.state.technical_ids["999199000001"]
        assert await made.portal.services.find_technical_id("999199000003") is None
