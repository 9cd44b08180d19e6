"""A province at the other end of the simulated Payment Platform: opens orders, takes CONFIRMs, answers look-ups.

Orders of members and seals are written here anew, on purpose: were they the sandbox's own, it would be measured by
itself. `test_platform_checksums.py` holds them against the vectors of the notes.
"""

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from adapters.payment.sandbox import PaymentSandbox, Platform
from adapters.sandboxing import RunningSandbox, serve_sandbox

SECRET = "SIM-SECRET-0001"
PARTNER = "PPSIM01"
DOSSIER = "H01.25-250115-0001"
NOW = datetime(2025, 1, 15, 2, 30, tzinfo=UTC)
"""09:30 in Viet Nam."""
ONE, TWO = "REF0000000000000001", "REF0000000000000002"
AMOUNT = 150_000
INIT_ORDER = [
    "LoaiBanTin",
    "PhienBan",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "LoaiHinhThanhToan",
    "MaKenhThanhToan",
    "MaThietBi",
    "NgonNgu",
    "MaTienTe",
    "MaNganHang",
    "ThongTinGiaoDich",
    "ThoiGianGD",
    "Ip",
]
CONFIRM_ORDER = [
    "LoaiBanTin",
    "MaLoi",
    "MaDoiTac",
    "MaThamChieu",
    "SoTien",
    "MaTienTe",
    "MaGiaoDich",
    "MaNganHang",
    "ThoiGianGD",
    "ThongTinGiaoDich",
]


class StillClock:
    """Stands still until the sandbox's own clock is pushed."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 0.0


def sealed(values: list[str], secret: str = SECRET) -> str:
    return hashlib.sha256("|".join([*values, secret]).encode()).hexdigest()


def confirm_seal(document: dict[str, Any], secret: str = SECRET) -> str:
    return sealed([str(document[name]) for name in CONFIRM_ORDER], secret)


def receipt(amount: int = 150_000, dossier: str = DOSSIER) -> dict[str, Any]:
    """Give the example of payment notes §A.3, with two fees that sum up to `amount`."""
    empty = [
        "MaLoaiHinhThuPhat",
        "TenLoaiHinhThuPhat",
        "MaCoQuanQD",
        "TenCoQuanQD",
        "KhoBac",
        "NgayQD",
        "SoQD",
        "ThoiGianViPham",
        "DiaDiemViPham",
        "TenNguoiViPham",
        "TaiKhoanThuNSNN",
        "HuyenNguoiNop",
    ]
    first, second = str(amount - 50_000), "50000"
    return {
        **dict.fromkeys(empty, ""),
        "MaDichVu": "2",
        "MaDVC": "1.000001.01",
        "TenDVC": "Cấp giấy phép",
        "MaTTHC": "1.000001",
        "TenTTHC": "Cấp giấy phép",
        "MaDonVi": "000.00.25.H01",
        "TenDonVi": "Sở Thử nghiệm",
        "MaHoSo": dossier,
        "TKThuHuong": "0011001234567",
        "MaNHThuHuong": "VCB",
        "TenTKThuHuong": "SO THU NGHIEM",
        "PhiLePhi": [
            {"LoaiPhiLePhi": "1", "MaPhiLePhi": "P01", "TenPhiLePhi": "Phí thẩm định", "SoTien": first},
            {"LoaiPhiLePhi": "2", "MaPhiLePhi": "L01", "TenPhiLePhi": "Lệ phí cấp giấy phép", "SoTien": second},
        ],
        "NoiDungThanhToan": f"THANH TOAN HO SO {dossier}",
        "HoTenNguoiNop": "NGUYEN VAN A",
        "SoCMNDNguoiNop": "999099000001",
        "DiaChiNguoiNop": "Số 1 phố Thử nghiệm",
        "TinhNguoiNop": "Tỉnh Thử nghiệm",
        "DSKhoanNop": [
            {"NoiDung": "Phí thẩm định", "SoTien": first},
            {"NoiDung": "Lệ phí cấp giấy phép", "SoTien": second},
        ],
    }


def init_document(reference: str = "REF0000000000000001", *, secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    """Give a right INIT; `changes` are made before it is sealed, unless MaXacThuc is among them."""
    document: dict[str, Any] = {
        "LoaiBanTin": "INIT",
        "PhienBan": "1.0.6",
        "MaDoiTac": PARTNER,
        "MaThamChieu": reference,
        "SoTien": "150000",
        "LoaiHinhThanhToan": "PAY",
        "MaKenhThanhToan": "1",
        "MaThietBi": "1",
        "NgonNgu": "vi-VN",
        "MaTienTe": "VND",
        "MaNganHang": "PAYMENT",
        "ThongTinGiaoDich": f"THANH TOAN HO SO {DOSSIER}",
        "ThoiGianGD": "20250115093000",
        "Ip": "203.0.113.7",
        "ThongTinBienLai": receipt(),
        **changes,
    }
    if "MaXacThuc" not in changes:
        document["MaXacThuc"] = sealed([str(document.get(name, "")) for name in INIT_ORDER], secret)
    return document


def question(operation: str, reference: str, time: str = "20250115093000", secret: str = SECRET) -> dict[str, str]:
    values = [operation, "1.0.6", PARTNER, reference, time]
    names = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
    return {**dict(zip(names, values, strict=True)), "MaXacThuc": sealed(values, secret)}


@dataclass(slots=True)
class Got:
    """An answer as it came."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def good_ack(document: dict[str, Any]) -> dict[str, Any]:
    echoed = {name: document.get(name) for name in ("MaDoiTac", "MaThamChieu", "ThoiGianGD", "MaXacThuc")}
    return {"MaLoi": "00", "MoTaLoi": "Thành công", **echoed}


AckMaker = Callable[[dict[str, Any]], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Province:
    """What came in; `answers` are used up before CONFIRMs are acknowledged rightly."""

    raw: list[bytes] = field(default_factory=list)
    answers: list[AckMaker] = field(default_factory=list)
    due: dict[str, Any] = field(default_factory=lambda: {"error_code": 0, "message": []})
    lookups: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def confirms(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.raw]

    async def take_confirm(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.raw.append(body)
        if self.answers:
            return await self.answers.pop(0)(json.loads(body))
        return web.json_response(good_ack(json.loads(body)))

    async def take_lookup(self, request: web.Request) -> web.Response:
        self.lookups.append((request.headers.get("Authorization", ""), await request.json()))
        return web.json_response(self.due)

    async def show_return(self, request: web.Request) -> web.Response:
        return web.Response(text="Đang xử lý: " + request.query.get("responseCode", "không có"))


@dataclass(slots=True)
class Stage:
    """The sandbox on a socket, with the province."""

    sandbox: PaymentSandbox
    running: RunningSandbox
    province: Province
    client: aiohttp.ClientSession

    @property
    def platform(self) -> Platform:
        found = self.sandbox.providers["pp"]
        assert isinstance(found, Platform)
        return found

    async def call(self, path: str, document: Any) -> Got:
        body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        async with self.client.post(f"{self.running.url}/pp/{path}", data=body, headers=headers) as answer:
            return Got(answer.status, answer.content_type, await answer.read())

    async def open(self, reference: str = "REF0000000000000001", **changes: Any) -> str:
        """Open an order; give the address of its page."""
        got = await self.call("init", init_document(reference, **changes))
        assert got.json["MaLoi"] == "00", got.body
        return str(got.json["UrlThanhToan"])

    async def query(self, reference: str = "REF0000000000000001") -> Any:
        return (await self.call("query", question("QUERY", reference))).json

    async def get(self, path: str) -> Got:
        async with self.client.get(f"{self.running.url}{path}") as answer:
            return Got(answer.status, answer.content_type, await answer.read())

    async def control(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        url = f"{self.running.control_url}/_sandbox/{path}"
        async with self.client.request(method, url, json=body) as answer:
            document = await answer.json()
            assert answer.status == status, document
            return document

    async def decide(self, choice: str = "pay", reference: str = "REF0000000000000001") -> Any:
        """Decide without a browser, and wait until everything due is done."""
        done = await self.control("POST", "decide", {"reference": reference, "choice": choice})
        await self.settled()
        return done

    async def settled(self) -> None:
        await self.sandbox.world.agenda.settled()

    async def advance(self, seconds: float) -> None:
        self.sandbox.world.advance(seconds)
        await self.settled()

    def arm(self, name: str, **values: Any) -> None:
        self.sandbox.world.switches.add(name, **values)

    def paid(self, **wanted: str) -> int:
        return self.sandbox.world.ledger.paid_vnd(provider="pp", **wanted)

    def sent(self) -> list[Any]:
        """Give the journal of CONFIRMs."""
        return list(self.platform.money.notices.journal)


@contextlib.asynccontextmanager
async def stage(partner: dict[str, Any] | None = None, *, now: datetime = NOW, **profile: Any) -> AsyncIterator[Stage]:
    """Serve a province and the platform that knows it; `partner` changes the province's registration."""
    province = Province()
    app = web.Application()
    app.router.add_post("/confirm", province.take_confirm)
    app.router.add_post("/lookup", province.take_lookup)
    app.router.add_get("/return", province.show_return)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    province.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    own = {
        "code": PARTNER,
        "secrets": [SECRET],
        "notify_url": f"{province.url}/confirm",
        "return_url": f"{province.url}/return",
        "lookup_url": f"{province.url}/lookup",
        **(partner or {}),
    }
    sandbox = PaymentSandbox({"pp": {"partners": [own], **profile}}, clock=StillClock(now))
    try:
        async with (
            await serve_sandbox(sandbox) as running,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client,
        ):
            yield Stage(sandbox, running, province, client)
    finally:
        await runner.cleanup()


def is_sealed(document: dict[str, Any], secret: str = SECRET) -> bool:
    return bool(document.get("MaXacThuc") == confirm_seal(document, secret))


async def paid_confirm(at: Stage) -> dict[str, Any]:
    """Open and pay the usual order; give the one CONFIRM that came."""
    await at.open()
    await at.decide()
    [document] = at.province.confirms
    return document
