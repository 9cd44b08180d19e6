"""Records as a province would send them, and a client that speaks to the sandbox in raw JSON."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from adapters.portal.sandbox import PortalProfile, PortalSandbox, make_catalogue
from adapters.sandboxing import FaultKind, FaultSpec, RunningSandbox, serve_sandbox
from tests.unit.adapters.sandboxing.sandboxing_helpers import HandClock

LIMIT = aiohttp.ClientTimeout(total=5)
BASE = "/XrdAdapter/RestService/forward/mapi/"
CATALOGUE_SIZE = 20
CODE = "H99.01-260105-00017"
LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError)


def code(number: int) -> str:
    """Give a dossier code."""
    return f"H99.01-260105-{number:05d}"


def dossier_record(dossier_code: str = CODE, /, **changes: Any) -> dict[str, Any]:
    """Give a whole record of 38 fields that every profile takes; invented people only."""
    record: dict[str, Any] = {
        "MaHoSo": dossier_code,
        "MaTTHC": "1.999001",
        "TenTTHC": "Đăng ký khai sinh",
        "MaLinhVuc": "G91-LV01",
        "TenLinhVuc": "Hộ tịch",
        "SoBienNhan": "",
        "ChuHoSo": "Nguyễn Thị Mẫu",
        "LoaiDoiTuong": "1",
        "MaDoiTuong": "TECH-0001",
        "ThongTinKhac": "",
        "Email": "mau@example.vn",
        "Fax": "",
        "SoDienThoai": "0900000000",
        "TrichYeuHoSo": "Đề nghị đăng ký",
        "NgayTiepNhan": "20260105093000",
        "NgayHenTra": "20260112170000",
        "TrangThaiHoSo": "2",
        "NgayTra": "",
        "ThongTinTra": "",
        "HinhThuc": "0",
        "NgayKetThucXuLy": "",
        "DonViXuLy": "Sở Tư pháp tỉnh Thử Nghiệm",
        "GhiChu": "",
        "TaiLieuNop": [
            {
                "TepDinhKemId": "551",
                "TenTepDinhKem": "don-de-nghi.pdf",
                "IsDeleted": "False",
                "MaThanhPhanHoSo": "000.00.00.G91-KQ900000",
                "DuongDanTaiTepTin": "https://files.province.example/d/551",
                "DuocSoHoa": "1",
                "DuocTaiSuDung": "0",
                "DuocLayTuKhoDMQG": "0",
                "MaKetQuaThayThe": "",
            }
        ],
        "DanhSachLePhi": [
            {
                "TenPhiLePhi": "Lệ phí",
                "MaPhiLePhi": "1",
                "HinhThucThu": "1",
                "Gia": "10000",
                "LoaiPhiLePhi": "1",
            }
        ],
        "DanhSachTepDinhKemKhac": [{"TenGiayTo": "Ảnh", "SoLuong": 2, "LoaiGiayTo": 1}],
        "DanhSachHoSoBoSung": [],
        "DanhSachGiayToKetQua": [],
        "KenhThucHien": "2",
        "SoGiayToChuHoSo": "999199000001",
        "NoiNopHoSo": "2",
        "HoSoCoThanhPhanSoHoa": "1",
        "TaiKhoanDuocXacThucVoiVNeID": "1",
        "DuocThanhToanTrucTuyen": "1",
        "NgayTuChoi": "",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "999199000001"}],
        "NgayNopHoSo": "20260105081500",
        "DSKetNoiCSDL": [{"MaCSDL": "1"}],
    }
    record.update(changes)
    return record


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """Give the record with some keys left out."""
    return {name: value for name, value in record.items() if name not in names}


def step_record(dossier_code: str = CODE, at: str = "20260106100000", /, **changes: Any) -> dict[str, Any]:
    """Give a step with all nine fields."""
    return {
        "MaHoSo": dossier_code,
        "NguoiXuLy": "Trần Văn Thử",
        "ChucDanh": "",
        "ThoiDiemXuLy": at,
        "PhongBanXuLy": "Phòng chuyên môn",
        "NoiDungXuLy": "Thẩm định hồ sơ",
        "TrangThai": "4",
        "NgayBatDau": "",
        "NgayKetThucTheoQuyDinh": "20260108170000",
        **changes,
    }


class PortalLine:
    """A running portal sandbox and a raw client of it."""

    def __init__(self, sandbox: PortalSandbox, running: RunningSandbox, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.running = running
        self.client = client
        self.session = ""

    async def post(self, path: str, body: Any, **options: Any) -> tuple[int, bytes]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.client.post(path, data=data, **options) as response:
            return response.status, await response.read()

    async def log_in(self, username: str = "demo_province", password: str = "demo-secret") -> Any:
        _, body = await self.post(BASE + "login", {"username": username, "password": password})
        reply = json.loads(body)
        self.session = reply.get("session", "")
        return reply

    async def raw(self, service: str, **more: Any) -> tuple[int, bytes]:
        return await self.post(BASE + "g", {"session": self.session, "madonvi": "H99", "service": service, **more})

    async def call(self, service: str, **more: Any) -> Any:
        status, body = await self.raw(service, **more)
        assert 200 == status, body
        return json.loads(body)

    async def create(self, *records: dict[str, Any]) -> Any:
        return await self.call("DongBoHoSoMC", isUpdating="False", data=list(records))

    async def update(self, *records: dict[str, Any]) -> Any:
        return await self.call("DongBoHoSoMC", isUpdating="True", data=list(records))

    async def progress(self, *steps: dict[str, Any]) -> Any:
        return await self.call("CapNhatTienDoHoSoMC", data=list(steps))

    async def look_up(self, dossier_code: str = CODE) -> Any:
        return await self.call("TraCuuHoSo", mahoso=dossier_code)

    def arm(self, kind: FaultKind, **details: Any) -> None:
        self.sandbox.add_fault(FaultSpec(kind=kind, **{"calls": 1, **details}))


def make_portal(clock: HandClock | None = None, **settings: Any) -> PortalSandbox:
    """Make a sandbox with a small catalogue and some settings changed."""
    return PortalSandbox(
        PortalProfile.parse(settings), catalogue=make_catalogue(CATALOGUE_SIZE), clock=clock or HandClock()
    )


@asynccontextmanager
async def portal_line(clock: HandClock | None = None, **settings: Any) -> AsyncIterator[PortalLine]:
    """Run such a sandbox, with a client that has logged in."""
    sandbox = make_portal(clock, **settings)
    async with (
        await serve_sandbox(sandbox) as running,
        aiohttp.ClientSession(running.url, timeout=LIMIT) as client,
    ):
        line = PortalLine(sandbox, running, client)
        await line.log_in()
        yield line
