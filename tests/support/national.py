"""The API with a desk for the portal's calls, and what the portal may say there."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.api.national_desk import CallerRule, NationalDesk
from gateway.engine.inbox import Inbox
from gateway.errors import TransientFailure
from gateway.model.dossier import AgencyRef
from gateway.ports.basics import KeyRing
from gateway.store.acceptance import PostgresAcceptance
from mappings.portal.national import NationalCalls, NationalRules
from mappings.portal.tables import load_tables
from tests.support.api import ApiUnderTest, running_api
from tests.support.clocks import RunningClock

KEY = {"X-Portal-Key": "shared-secret-of-a-test"}
CODE = "QG-2026-000200"
PDF = b"%PDF-1.7 don"


async def fetch(path: str) -> bytes:
    if path == "/kho/away.pdf":
        raise TransientFailure("away", system="portal", operation="getfile")
    return b"%PDF " + path.encode()


@asynccontextmanager
async def national_api(pool: Any, key_ring: KeyRing, rule: CallerRule | None = None) -> AsyncIterator[ApiUnderTest]:
    """Run the API with a desk for the portal's calls."""
    desk = AgencyRef(code="H99.05", name="Sở Công Thương thử nghiệm")
    calls = NationalCalls(load_tables(), NationalRules(unit_code="H99", default_agency=desk))
    inbox = Inbox(
        "portal",
        PostgresAcceptance(pool),
        calls,
        systems=["portal"],
        key_ring=key_ring,
        clock=RunningClock(),
        file_base_url="https://gateway.example",
    )
    national = NationalDesk(
        inbox=inbox,
        translator=calls,
        caller_rule=rule or CallerRule(header_name="X-Portal-Key", secret=lambda: b"shared-secret-of-a-test"),
        max_body_bytes=1_000_000,
        fetch_file=fetch,
    )
    async with running_api(pool, key_ring, national=national) as api:
        yield api


async def told(api: ApiUnderTest, path: str, content: Any) -> dict[str, Any]:
    """Call as the portal would, and give its answer."""
    answered = await api.call("POST", f"/national/portal/{path}?dstcode=x", body=content, headers=KEY)
    assert answered.status == 200, answered.body
    answer: dict[str, Any] = answered.json
    return answer


def application(code: str = CODE, **data: Any) -> dict[str, Any]:
    record = {
        "MaHoSo": code,
        "MaTTHC": "1.999001",
        "ChuHoSo": "Nguyễn Thị Mẫu",
        "LoaiDoiTuong": "1",
        "SoGiayToChuHoSo": "999199000001",
        "TrichYeuHoSo": "Đề nghị cấp giấy",
        "NgayNopHoSo": "20260105080000",
        "TrangThaiHoSo": "1",
    }
    return {"service": "NhanHoSoDVCQG", "madonvi": "H99.01", "isUpdating": "false", "data": record | data}


def change(code: str = CODE, **data: Any) -> dict[str, Any]:
    return {"service": "NhanHoSoDVCQG", "isUpdating": "true", "data": {"MaHoSo": code, **data}}


def promotion(code: str = "QG-2026-000123") -> dict[str, Any]:
    return {
        "MaHoSo": code,
        "MaTTHC": "1.999001",
        "NgayNopHoSo": "20260105080000",
        "TenThuongNhan": "Công ty Thử Nghiệm",
        "MaSoThue": "9991990001",
        "TenTepDonDangKy": "đơn.pdf",
        "TepDonDangKy": base64.b64encode(PDF).decode(),
    }
