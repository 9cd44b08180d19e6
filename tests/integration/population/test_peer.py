"""The adapter against a SOAP server that other people wrote, serving the same WSDL: do both mean the same by it?"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.population.adapter import PopulationAdapter
from adapters.population.settings import PopulationSettings
from gateway.errors import Rejected, TransientFailure
from gateway.model.citizen import Asker, Coded, MaritalStatus, Sex, Subject
from gateway.model.identity import PartialDate, Precision
from gateway.ports.population import CitizenQuestion
from tests.support.population import new_adapter
from tests.support.soap_peer import SoapPeer, running_soap_peer

NUMBER = "999190000001"
SUBJECT = Subject(
    personal_number=NUMBER, full_name="Nguyễn Thị <Mẫu> & Con", birth_date=PartialDate("1990-02-03", Precision.DAY)
)
ASKER = Asker(officer_code="canbo.a", agency_code="H99.01", login="canbo@tinh.example", procedure_code="1.999001")
RECORD: dict[str, Any] = {
    "SoDinhDanh": NUMBER,
    "SoCMND": "",
    "HoVaTen": {"Ho": "NGUYỄN", "ChuDem": "THỊ", "Ten": "<MẪU> & CON"},
    "GioiTinh": "2",
    "DanToc": "01",
    "TinhTrangHonNhan": "2",
    "NhomMau": "03",
    "NgayThangNamSinh": {"Nam": "1990", "NgayThangNam": "19900203"},
    "QuocTich": "VN",
    "ThuongTru": {"MaTinhThanh": "01", "MaPhuongXa": "00004", "ChiTiet": "SỐ 1, PHỐ MẪU", "QuocGia": "VN"},
    "Cha": {"HoVaTen": "NGUYỄN VĂN CHA", "SoDinhDanh": "999060000002"},
    "ChuHo": {"QuanHe": "CH01", "HoVaTen": "NGUYỄN THỊ MẪU"},
}
_AS_ASKED = "NGUYỄN THỊ <MẪU> & CON"


@contextlib.asynccontextmanager
async def asking() -> AsyncIterator[tuple[PopulationAdapter, SoapPeer]]:
    people = {NUMBER: {"asked_as": _AS_ASKED, "record": RECORD}}
    async with running_soap_peer(people=people, faults={"canbo.khoa": "005", "canbo.loi": "500"}) as peer:
        settings = PopulationSettings.model_validate(
            {
                "base_url": peer.url,
                "edge": {"profile": "plain"},
                "name_form": "upper",
                "sends_login": True,
                "operations": ["XacThucThongTinCongDan", "TraCuuThongTinCongDan", "CungCapThongTinHoGiaDinh"],
                "transport": {"calls_per_second": None, "read_retry_first_seconds": 0.01},
                "is_test": True,
            }
        )
        async with new_adapter(settings) as adapter:
            yield adapter, peer


async def test_peer_look_up_and_nobody() -> None:
    """What the other side writes is read; what we write is understood, element by element and in order."""
    async with asking() as (adapter, peer):
        found = await adapter.ask(CitizenQuestion.LOOK_UP, SUBJECT, ASKER)
        nobody = await adapter.ask(CitizenQuestion.LOOK_UP, replace(SUBJECT, full_name="Người Khác"), ASKER)
        household = await adapter.ask(CitizenQuestion.HOUSEHOLD, SUBJECT, ASKER)
        seen = await peer.seen()

    (person,) = found.records
    assert ((), ()) == (nobody.records, found.notices)
    assert found.records == household.records
    assert ("flat", NUMBER, _AS_ASKED) == (found.profile, person.personal_number, person.full_name)
    assert (Sex.FEMALE, MaritalStatus.MARRIED, "AB") == (person.sex, person.marital_status, person.blood_group)
    assert Coded(code="01", name="Kinh") == person.ethnicity
    assert PartialDate("1990-02-03", Precision.DAY) == person.birth_date
    assert person.permanent_residence is not None
    assert ("00004", "SỐ 1, PHỐ MẪU") == (
        person.permanent_residence.commune_code,
        person.permanent_residence.detail,
    )
    assert person.father is not None
    assert "999060000002" == person.father.personal_number
    assert ["TraCuuThongTinCongDan", "TraCuuThongTinCongDan", "CungCapThongTinHoGiaDinh"] == [
        one["operation"] for one in seen
    ]
    assert [
        ("MaYeuCau", found.request_id),
        ("MaDVC", "1.999001"),
        ("MaTichHop", "037"),
        ("MaCanBo", "canbo.a"),
        ("MaDonVi", "H99.01"),
        ("TaiKhoan", "canbo@tinh.example"),
        ("SoDienThoai", "0"),
        ("SoDinhDanh", NUMBER),
        ("HoVaTen", _AS_ASKED),
        ("NgayThangNamSinh", {"NgayThangNam": "19900203"}),
    ] == list(seen[0]["question"].items())


async def test_peer_verification() -> None:
    """Its true is true, its false is false."""
    async with asking() as (adapter, _):
        yes = await adapter.verify(SUBJECT, ASKER)
        no = await adapter.verify(replace(SUBJECT, full_name="Người Khác"), ASKER)

    assert (True, False) == (yes.exists, no.exists)


async def test_peer_faults() -> None:
    """Its faults are read, with the code of their detail; one that may pass is tried again."""
    async with asking() as (adapter, peer):
        with pytest.raises(Rejected) as refused:
            await adapter.ask(CitizenQuestion.LOOK_UP, SUBJECT, replace(ASKER, officer_code="canbo.khoa"))
        with pytest.raises(TransientFailure) as failed:
            await adapter.verify(SUBJECT, replace(ASKER, officer_code="canbo.loi"))
        ids = [one["question"]["MaYeuCau"] for one in await peer.seen()]

    assert ("officer_not_authorised", "005") == (refused.value.code, refused.value.remote_code)
    assert "internal_error" == failed.value.code
    assert 4 == len(ids) == len(set(ids))
