"""Citizens who file on the portal, and the portal that tells the province (§9). Invented people, prefix 999.

A citizen files, and some of them later pay, supplement or withdraw. The portal repeats a call until it is answered with
`error_code` 0 or 1 over HTTP 200, and now and then calls once more although it was answered, as a sender does whose
answer was lost. What was filed and what the province answered is kept, so that nobody has to believe the province.
"""

import asyncio
import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

_TAKEN = (0, 1)
_WAIT_SECONDS = 0.2
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingOrder:
    """What is to be filed, and where the province listens. Shares are of all applications."""

    to: str
    headers: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    unit: str = "H99.01"
    service: str = "NhanHoSoDVCQG"
    promotion_share: float = 0.2
    payment_share: float = 0.3
    supplement_share: float = 0.2
    withdrawal_share: float = 0.1
    repeat_share: float = 0.3
    concurrency: int = 8
    tries_count: int = 200


@dataclass(slots=True)
class Filed:
    """One application as the portal sees it: what was sent, how it was answered, what the province told of it."""

    code: str
    procedure_code: str
    is_promotion: bool
    summary: str
    applicant_name: str
    applicant_number: str
    is_paid: bool = False
    is_withdrawn: bool = False
    calls_count: int = 0
    answers: list[int] = field(default_factory=list)
    """`error_code` of every call that was answered over HTTP 200, in order."""
    failures: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Filing:
    """The portal's register of what citizens filed with it."""

    def __init__(self, rng: random.Random, codes: set[str] | None = None) -> None:
        """`codes` takes the code of everything that is filed, for whoever else must know it."""
        self._rng = rng
        self._codes = codes if codes is not None else set()
        self._last_number = 0
        self.filed: dict[str, Filed] = {}

    def forget(self) -> None:
        """Forget everything that was filed."""
        self.filed.clear()
        self._last_number = 0

    async def file(self, order: FilingOrder, procedure_codes: list[str]) -> list[Filed]:
        """File as ordered and tell the province; give the applications once every call was taken, or given up."""
        if not procedure_codes:
            return []
        made = [self._make(order, procedure_codes) for _ in range(order.count)]
        turns = asyncio.Semaphore(order.concurrency)
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:

            async def tell_all(filed: Filed, calls: list[tuple[str, dict[str, Any]]]) -> None:
                async with turns:
                    for path, body in calls:
                        await self._tell(session, order, filed, path, body)

            await asyncio.gather(*(tell_all(filed, calls) for filed, calls in made))
        return [filed for filed, _ in made]

    def _make(self, order: FilingOrder, procedure_codes: list[str]) -> tuple[Filed, list[tuple[str, dict[str, Any]]]]:
        rng = self._rng
        self._last_number += 1
        number = self._last_number
        filed = Filed(
            code=f"QG-2026-{number:06}",
            procedure_code=rng.choice(procedure_codes),
            is_promotion=rng.random() < order.promotion_share,
            summary=f"Hồ sơ nộp trực tuyến số {number}",
            applicant_name=f"Công ty Thử Nghiệm {number}",
            applicant_number=f"9991{number % 1_000_000:06}",
        )
        self.filed[filed.code] = filed
        self._codes.add(filed.code)
        if filed.is_promotion:
            return filed, [("addtthcKhuyenMai", _promotion(filed, number))]
        filed.applicant_name = f"Nguyễn Thị Mẫu {number}"
        filed.applicant_number = f"999199{number % 1_000_000:06}"
        calls = [("nhanhsdvcqg", _application(filed, number, order))]
        if rng.random() < order.supplement_share:
            filed.summary += " (bổ sung)"
            calls.append(("nhanhsdvcqg", _change(filed, order, TrichYeuHoSo=filed.summary)))
        if rng.random() < order.payment_share:
            filed.is_paid = True
            payment = {
                "ThoiGianThanhToan": "20260105090000", "SoTien": "50000", "TrangThaiThanhToan": "1"
            }  # fmt: skip
            calls.append(("nhanhsdvcqg", _change(filed, order, ThongTinThanhToan=payment)))
        if rng.random() < order.withdrawal_share:
            filed.is_withdrawn = True
            calls.append(("nhanhsdvcqg", _change(filed, order, TrangThaiHoSo="7")))
        return filed, calls

    async def _tell(
        self, session: aiohttp.ClientSession, order: FilingOrder, filed: Filed, path: str, body: dict[str, Any]
    ) -> None:
        for _ in range(order.tries_count):
            answer = await self._call(session, order, filed, path, body)
            if answer in _TAKEN:
                break
            await asyncio.sleep(_WAIT_SECONDS)
        if self._rng.random() < order.repeat_share:
            await self._call(session, order, filed, path, body)

    async def _call(
        self, session: aiohttp.ClientSession, order: FilingOrder, filed: Filed, path: str, body: dict[str, Any]
    ) -> int | None:
        filed.calls_count += 1
        url = f"{order.to.rstrip('/')}/{path}"
        try:
            async with session.post(url, json=body, headers=dict(order.headers)) as response:
                if response.status != 200:
                    filed.failures.append(f"HTTP {response.status}")
                    return None
                code = (await response.json(content_type=None)).get("error_code")
        except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError) as error:
            filed.failures.append(type(error).__name__)
            return None
        if not isinstance(code, int):
            filed.failures.append("error_code is no number")
            return None
        filed.answers.append(code)
        return code


def _application(filed: Filed, number: int, order: FilingOrder) -> dict[str, Any]:
    """An ordinary application: the envelope of §9.3 with the record of §5 (an assumption, §9.7)."""
    record = {
        "MaHoSo": filed.code,
        "MaTTHC": filed.procedure_code,
        "KenhThucHien": "2",
        "ChuHoSo": filed.applicant_name,
        "LoaiDoiTuong": "1",
        "MaDoiTuong": f"TECH-{number}",
        "SoGiayToChuHoSo": filed.applicant_number,
        "Email": f"mau{number}@example.com",
        "SoDienThoai": f"0999{number % 1_000_000:06}",
        "TrichYeuHoSo": filed.summary,
        "NgayNopHoSo": "20260105080000",
        "TrangThaiHoSo": "1",
        "TaiLieuNop": [
            {
                "TepDinhKemId": str(number),
                "TenTepDinhKem": f"don-{number}.pdf",
                "IsDeleted": "False",
                "DuongDanTaiTepTin": f"https://portal.example/tep/{number}",
            }
        ],
    }
    return {"service": order.service, "madonvi": order.unit, "isUpdating": "false", "data": record}


def _change(filed: Filed, order: FilingOrder, **fields: Any) -> dict[str, Any]:
    return {
        "service": order.service,
        "madonvi": order.unit,
        "isUpdating": "true",
        "data": {"MaHoSo": filed.code, **fields},
    }


def _promotion(filed: Filed, number: int) -> dict[str, Any]:
    """A sales-promotion notice with embedded files (§9.2)."""
    form = base64.b64encode(b"%PDF-1.7 don dang ky " + str(number).encode()).decode()
    return {
        "MaHoSo": filed.code,
        "MaTTHC": filed.procedure_code,
        "SoVanBan": f"{number}/KM",
        "NgayNopHoSo": "20260105080000",
        "TenThuongNhan": filed.applicant_name,
        "DiaChiDoanhNghiep": {"MaTinh": "99", "MaXa": "99999", "DiaChiChiTiet": f"{number} Phố Thử"},
        "DienThoai": f"0999{number % 1_000_000:06}",
        "Email": f"cty{number}@example.com",
        "MaSoThue": filed.applicant_number,
        "TenChuongTrinhKhuyenMai": filed.summary,
        "TenTepDonDangKy": f"don-{number}.pdf",
        "TepDonDangKy": form,
        "TaiLieuNop": [{"TenTepDinhKem": f"phu-luc-{number}.pdf", "Base64": form}],
    }
