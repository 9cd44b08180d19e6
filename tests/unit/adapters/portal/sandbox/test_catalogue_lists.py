"""Every catalogue of §4 is served, under the assumed fields, and as odd as it is told to be."""

from typing import Any

import pytest

from adapters.portal.sandbox.catalogue import make_catalogue
from adapters.portal.sandbox.catalogue_lists import FIELDS
from adapters.portal.sandbox.profile import AdministrativeLevels
from adapters.portal.sandbox.reads import technical_id_of
from tests.unit.adapters.portal.sandbox.portal_helpers import make_portal, portal_line

AGENCIES = "LayDanhMucCoQuan"
COMMUNES = "LayDanhMucPhuongXa"


async def test_every_catalogue_is_a_list_of_codes_and_names() -> None:
    """All seventeen; districts are there no more."""
    assert 17 == len(FIELDS)
    async with portal_line() as line:
        for service, (code_field, name_field) in FIELDS.items():
            items = (await line.call(service))["result"]
            assert all(item[code_field] and isinstance(item[name_field], str) for item in items), service
            assert (service == "LayDanhMucQuanHuyen") is (items == [])


async def test_the_generation_before_mid_2025_has_districts() -> None:
    """And communes name theirs."""
    lists = make_catalogue(20, levels=AdministrativeLevels.PRE_2025).lists
    districts = {item["MAHUYEN"] for item in lists["LayDanhMucQuanHuyen"]}
    assert 6 == len(districts)
    assert {item["MAHUYEN"] for item in lists[COMMUNES]} <= districts
    assert "2" in {item["CAPTHUCHIEN"] for item in lists["LayDanhMucCapThucHien"]}


async def answered(service: str, **settings: Any) -> list[dict[str, Any]]:
    async with portal_line(**settings) as line:
        reply = await line.call(service)
        assert 0 == reply["error_code"]
        result: list[dict[str, Any]] = reply["result"]
        return result


async def test_oddities_are_as_switched() -> None:
    """Each is an answer with success, so that only whoever looks at the list can know."""
    plain = await answered(AGENCIES)
    doubled = await answered(AGENCIES, catalogue_oddities={AGENCIES: "duplicates"})
    assert len(doubled) > len(plain) == len({item["MADONVI"] for item in doubled})
    contradicting = await answered(AGENCIES, catalogue_oddities={AGENCIES: "contradictions"})
    assert len({item["MADONVI"] for item in contradicting}) < len({tuple(item.values()) for item in contradicting})
    missing = await answered(AGENCIES, catalogue_oddities={AGENCIES: "missing_codes"})
    assert len(plain) == len(missing)
    assert any("MADONVI" not in item for item in missing)
    assert any(item.get("MADONVI", "") is None for item in missing)
    assert [] == await answered(AGENCIES, catalogue_oddities={AGENCIES: "empty"})


async def test_five_thousand_are_answered_with_one_fewer() -> None:
    """A list that lacks one item looks like any other."""
    whole = await answered(COMMUNES, catalogue_sizes={COMMUNES: 5000})
    short = await answered(COMMUNES, catalogue_sizes={COMMUNES: 5000}, catalogue_oddities={COMMUNES: "one_short"})
    assert (5000, 5000, 4999) == (len(whole), len({item["MAXA"] for item in whole}), len(short))
    assert whole[:-1] == short
    assert 3 == len(await answered(COMMUNES, catalogue_sizes={COMMUNES: 3}))


async def test_fields_are_named_as_switched() -> None:
    """Most names are an assumption of the notes, so another may be tried."""
    items = await answered("LayDanhMucGioiTinh", catalogue_fields={"LayDanhMucGioiTinh": ("MA", "TEN")})
    assert {"MA": "1", "TEN": "Nam"} == items[0]


async def test_a_service_can_be_missing() -> None:
    """It is answered as any unknown one."""
    async with portal_line(unserved_services=("LayDVC",)) as line:
        reply = await line.call("LayDVC")
        assert (-1, True) == (reply["error_code"], "chưa được hỗ trợ" in reply["message"])
        assert 0 == (await line.call(AGENCIES))["error_code"]


async def test_online_services_come_inside_an_object() -> None:
    """With the shape of §3.4 and every form of level."""
    async with portal_line() as line:
        services = (await line.call("LayDVC"))["result"]["data"]
    assert {"MADVC", "TENDVC", "MATTHC", "TENTTHC", "TENCOQUANBANHANH", "TENLINHVUC", "APDUNGDVC"} == set(services[0])
    assert "1.999001.01" == services[0]["MADVC"]
    levels = [one["MUCDO"] for service in services for one in service.get("APDUNGDVC", ())]
    assert {"4", "3", "2", 4, "", "9"} == set(levels)
    assert any("APDUNGDVC" not in service for service in services)


async def test_pages_are_given_where_they_are_honoured() -> None:
    """With `trang` and `soLuong`, which no client needs to send."""
    async with portal_line(is_paging_honoured=True) as line:
        whole = (await line.call("LayDVC"))["result"]["data"]
        page = (await line.call("LayDVC", trang="2", soLuong="3"))["result"]["data"]
        assert (20, whole[3:6]) == (len(whole), page)
        own = (await line.call("LayDanhSachTTHCDonVi", maDonVi="H99", trang=1, soLuong=2))["result"]
        assert 2 == len(own)


async def test_reads_about_procedures() -> None:
    """Decisions, a unit's list and technical ids answer, find nothing, and refuse what they cannot read."""
    async with portal_line() as line:
        [decision] = (await line.call("LayQDCB", idQDCB="70001"))["result"]
        assert ("70001", "1.999001") == (decision["ID"], decision["TTHC"][0])
        assert [] == (await line.call("LayQDCB", idQDCB="1"))["result"]
        whole = (await line.call("LayDanhSachTTHC"))["result"]
        assert whole == (await line.call("LayDanhSachTTHCDonVi", maDonVi="H99"))["result"]
        some = (await line.call("LayDanhSachTTHCDonVi", maDonVi="H99.01"))["result"]
        assert 0 < len(some) < len(whole)
        assert [] == (await line.call("LayDanhSachTTHCDonVi", maDonVi="H9"))["result"]
        asked = {"provider": "wso2is", "mstorcmnd": "999199000001"}
        found = (await line.call("TraCuuTechID", **asked))["result"]
        assert [{"TECHNICALID": technical_id_of("999199000001")}] == found
        assert [] == (await line.call("TraCuuTechID", **{**asked, "mstorcmnd": "999199000000"}))["result"]
        for service, wrong, named in (
            ("LayQDCB", {}, "idQDCB"),
            ("LayDanhSachTTHCDonVi", {"maDonVi": 1}, "maDonVi"),
            ("TraCuuTechID", {"provider": "wso2is"}, "mstorcmnd"),
            ("TraCuuTechID", {**asked, "provider": "x"}, "provider"),
        ):
            reply = await line.call(service, **wrong)
            assert (-1, True) == (reply["error_code"], named in reply["message"])


@pytest.mark.parametrize("setting", ["catalogue_oddities", "catalogue_sizes"])
def test_oddities_can_be_switched_while_it_runs(setting: str) -> None:
    """They shape answers, not the application."""
    make_portal().change_profile(**{setting: {}})
