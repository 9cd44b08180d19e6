"""Each of the portal's catalogues is read by its own service, end to end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.ports.basics import KeyRing
from gateway.ports.portal_services import CatalogueName
from tests.support.town import PortalTown, portal_town

SERVICES = {
    CatalogueName.AGENCIES: "LayDanhMucCoQuan",
    CatalogueName.SECTORS: "LayDanhMucLinhVuc",
    CatalogueName.GENDERS: "LayDanhMucGioiTinh",
    CatalogueName.PROVINCES: "LayDanhMucTinhThanh",
    CatalogueName.DISTRICTS: "LayDanhMucQuanHuyen",
    CatalogueName.COMMUNES: "LayDanhMucPhuongXa",
    CatalogueName.COUNTRIES: "LayDanhMucQuocGia",
    CatalogueName.ETHNIC_GROUPS: "LayDanhMucDanToc",
    CatalogueName.RELIGIONS: "LayDanhMucTonGiao",
    CatalogueName.MARITAL_STATUSES: "LayDanhMucTinhTrangHonNhan",
    CatalogueName.APPLICANT_KINDS: "LayDanhMucDoiTuong",
    CatalogueName.EXECUTING_LEVELS: "LayDanhMucCapThucHien",
    CatalogueName.LEGAL_BASES: "LayDanhMucCanCuPhapLy",
    CatalogueName.FEES: "LayDanhMucLePhi",
    CatalogueName.PROCEDURE_TYPES: "LayDanhMucLoaiThuTuc",
    CatalogueName.PROCEDURE_GROUPS: "LayDanhMucNhomThuTuc",
    CatalogueName.PROCEDURES_BY_TYPE: "LayDanhMucThuTucThuocLoai",
}
"""By portal wire notes §2 and §4, written here apart from adapter and sandbox."""


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    """Open a town of today, where the level of districts has gone and its service is still there."""
    async with portal_town(dsn, pool, key_ring) as made:
        yield made


async def test_every_catalogue_is_read_by_its_service(town: PortalTown) -> None:
    """One call of the service that the notes name, and items with code and name."""
    assert set(CatalogueName) == set(SERVICES)
    for name, service in SERVICES.items():
        before = len(town.sandbox.recorder.calls())
        items = await town.portal.catalogues.read_catalogue(name)
        assert [service] == [call.operation for call in town.sandbox.recorder.calls()[before:]]
        assert (name is not CatalogueName.DISTRICTS) == any(item.code and item.name for item in items), service
