"""A province at the other end of the simulated PayGov, KeyPay and receipt suppliers.

Seals are computed here anew, so that the sandbox's own functions are not measured by themselves.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from adapters.payment.sandbox import PaymentSandbox
from adapters.sandboxing import RunningSandbox, serve_sandbox
from tests.integration.payment_sandbox.platform_helpers import Got, StillClock, receipt

DOSSIER = "H0125-250115-0001"
AMOUNT = 150_000
RETURN_URL = "https://tinh.example/ket-qua?hs=1"
LGSP = {"AccessKey": "SIMACCESS", "SecretKey": "SIMSECRET", "AppName": "SIMAPP", "PartnerCode": "PAYGOV-SIM"}
LGSP_HEADER = base64.b64encode(json.dumps(LGSP).encode()).decode()

Answering = Callable[[], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Province:
    """What came in, in order; `answers` are used up before `usual` is answered."""

    url: str = ""
    raw: list[bytes] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    usual: Any = None

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.raw]

    @property
    def ipns(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(body.decode(), keep_blank_values=True)) for body in self.raw]

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.raw.append(await request.read() or request.url.raw_query_string.encode())
        return web.json_response(self.answers.pop(0) if self.answers else self.usual)


@dataclass(slots=True)
class Stage:
    """The sandbox on a socket, with the province."""

    sandbox: PaymentSandbox
    running: RunningSandbox
    province: Province
    client: aiohttp.ClientSession

    async def post(self, path: str, document: Any, **headers: str) -> Got:
        body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
        url = f"{self.running.url}{path}"
        async with self.client.post(url, data=body, headers={"Content-Type": "application/json", **headers}) as answer:
            return Got(answer.status, answer.content_type, await answer.read())

    async def get(self, path: str) -> Got:
        address = path if path.startswith("http") else f"{self.running.url}{path}"
        async with self.client.get(URL(address, encoded=True), allow_redirects=False) as answer:
            body = answer.headers.get("Location", "").encode() or await answer.read()
            return Got(answer.status, answer.content_type, body)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.running.control_url}/_sandbox/{path}"
        async with self.client.request(method, url, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def decide(self, provider: str, reference: str, choice: str = "pay") -> dict[str, str]:
        """Decide without a browser, wait until everything due is done, and give what the return says."""
        wanted = {"provider": provider, "reference": reference, "choice": choice}
        done = await self.control("POST", "decide", wanted)
        await self.settled()
        return said_by(done["address"])

    async def settled(self) -> None:
        await self.sandbox.world.agenda.settled()

    async def advance(self, seconds: float) -> None:
        self.sandbox.world.advance(seconds)
        await self.settled()

    def arm(self, name: str, **values: Any) -> None:
        self.sandbox.world.switches.add(name, **values)

    def paid(self, reference: str) -> int:
        return self.sandbox.world.ledger.paid_vnd(reference=reference)

    def struck(self, name: str) -> int:
        return self.sandbox.world.switches.struck[name]


def said_by(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


@asynccontextmanager
async def stage(settings: Callable[[str], dict[str, Any]] | None = None, usual: Any = None) -> AsyncIterator[Stage]:
    """Serve the sandbox and a province; `settings` is given the address where results are taken."""
    province = Province(usual=usual)
    app = web.Application()
    app.router.add_route("*", "/take", province.take)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    province.url = f"http://127.0.0.1:{runner.addresses[0][1]}/take"
    sandbox = PaymentSandbox({} if settings is None else settings(province.url), clock=StillClock())
    try:
        async with (
            await serve_sandbox(sandbox) as running,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client,
        ):
            yield Stage(sandbox, running, province, client)
    finally:
        await runner.cleanup()


# PayGov.


def paygov(url: str, **changes: Any) -> dict[str, Any]:
    return {"paygov": {"partners": [{"code": "PAYGOV-SIM", "notify_url": url, **changes}]}}


def paygov_create(request_code: str = "REQ1", **changes: Any) -> dict[str, Any]:
    """Give a right request; `changes` are made before it is sealed, unless checksum is among them."""
    document: dict[str, Any] = {
        "partnerCode": "PAYGOV-SIM",
        "returnUrl": RETURN_URL,
        "orderId": f"000.00.25.H01-{DOSSIER}-01",
        "amount": AMOUNT,
        "orderInfo": "Cap giay phep",
        "requestCode": request_code,
        "ipAddress": "203.0.113.7",
        "accessKey": "SIMACCESS",
        "serviceCode": "SIMSERVICE",
        **changes,
    }
    if "checksum" not in changes:
        names = ("accessKey", "partnerCode", "orderId", "requestCode", "amount")
        document["checksum"] = digest("SIMSECRET" + "".join(str(document[name]) for name in names))
    return document


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def paygov_headers(at: Stage) -> dict[str, str]:
    got = await at.post("/paygov/api/v1/Authentication/Token", {}, lgspaccesstoken=LGSP_HEADER)
    return {"Authorization": f"Bearer {got.json['access_token']}", "lgspaccesstoken": LGSP_HEADER}


async def paygov_call(at: Stage, path: str, document: Any) -> Got:
    return await at.post(f"/paygov/api/v1/PayGov/{path}", document, **await paygov_headers(at))


async def paygov_open(at: Stage, request_code: str = "REQ1", **changes: Any) -> str:
    got = await paygov_call(at, "paygate", paygov_create(request_code, **changes))
    assert got.json["error_code"] == "SUCCESSFUL", got.body
    return str(got.json["data"]["url"])


def paygov_receipt(*transactions: str, **changes: str) -> dict[str, str]:
    other = {"beneficiaryUnitCode": "BU01", "beneficiaryUnitName": "SO TU PHAP"}
    document = {
        "partnerCode": "PAYGOV-SIM",
        "accessKey": "SIMACCESS",
        "payerId": "999099000001",
        "payerName": "NGUYEN VAN A",
        "payerAddress": "SO 1 PHO SIM",
        "payerDistrict": "",
        "payerProvince": "TINH SIM",
        "docCode": DOSSIER,
        "procedureName": "THU TUC MO PHONG",
        "paids": base64.b64encode(json.dumps(transactions).encode()).decode(),
        "otherInfo": base64.b64encode(json.dumps(other).encode()).decode(),
        "decisionDate": "15-01-2025",
        **changes,
    }
    # The order of §B.6 is the order of the members above.
    return {**document, "checksum": digest("SIMSECRET" + "".join(document.values()))}


async def paygov_check(at: Stage, result: Any) -> str:
    return str((await paygov_call(at, "CheckSumUrlReturn", result)).json["error_code"])


# KeyPay v1.

V1_SIGNED = (
    *("command", "country_code", "currency_code", "current_locale", "good_code", "merchant_code"),
    *("merchant_trans_id", "net_cost", "return_url", "service_code", "ship_fee", "tax", "version"),
)
V1_RETURNED = (
    *("bank_code", "command", "currency_code", "good_code", "merchant_code", "merchant_trans_id", "net_cost"),
    *("response_code", "service_code", "ship_fee", "tax", "trans_id"),
)


def v1_seal(fields: dict[str, str], names: tuple[str, ...], method: str = "md5") -> str:
    text = "SIMKEY" + "".join(fields.get(name, "") for name in sorted(names))
    return hashlib.new(method, text.encode(), usedforsecurity=False).hexdigest().upper()


def v1_fields(reference: str = "1001", *, method: str = "md5", **changes: str) -> dict[str, str]:
    fields = {
        "merchant_code": "SIMMC",
        "merchant_trans_id": reference,
        "good_code": DOSSIER,
        "net_cost": str(AMOUNT),
        "ship_fee": "0",
        "tax": "0",
        "return_url": RETURN_URL,
        "version": "1.0",
        "command": "pay",
        "current_locale": "vn",
        "currency_code": "704",
        "service_code": "720",
        "country_code": "+84",
        "desc_3": "9990001234567",
        **changes,
    }
    return {**fields, "secure_hash": changes.get("secure_hash") or v1_seal(fields, V1_SIGNED, method)}


async def v1_open(at: Stage, reference: str = "1001", **changes: Any) -> str:
    """Send the browser to KeyPay; give where it is sent next."""
    got = await at.get("/keypay/process?" + urlencode(v1_fields(reference, **changes)))
    assert got.status == 302, got.body
    return got.body.decode()


def v1_is_sealed(fields: dict[str, str], method: str = "md5") -> bool:
    return fields["secure_hash"] == v1_seal(fields, V1_RETURNED, method)


def md5(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


async def v1_query(at: Stage, reference: str = "1001", trans_id: str = "") -> str:
    fields = {"merchant_trans_id": reference, "good_code": DOSSIER, "trans_id": trans_id, "merchant_code": "SIMMC"}
    fields["secure_hash"] = md5(reference, DOSSIER, trans_id, "SIMMC", "SIMKEY")
    return (await at.get("/keypay/resources/generic/QuerryBillStatus?" + urlencode(fields))).body.decode()


async def v1_confirm(at: Stage, trans_id: str, reference: str = "1001", result: str = "0") -> list[str]:
    fields = {
        "merchant_code": "SIMMC",
        "good_code": DOSSIER,
        "merchant_trans_id": reference,
        "trans_id": trans_id,
        "trans_result": result,
        "secure_hash": md5("SIMMC", DOSSIER, reference, trans_id, result, "SIMKEY"),
    }
    got = await at.get("/keypay/resources/generic/ConfirmTransResult?" + urlencode(fields))
    return got.body.decode().split("|")


# KeyPay v3.


def keypay(url: str) -> dict[str, Any]:
    client = {"code": "SIM_CLIENT", "notify_url": url, "refund_notify_url": url}
    return {"keypay": {"clients": [client], "merchants": [{"code": "SIMMC", "ipn_url": url}]}}


def v3_seal(key: str, *values: Any) -> str:
    return hmac.new(key.encode(), "|".join(str(value) for value in values).encode(), "sha256").hexdigest()


def v3_seal_of(document: dict[str, Any], key: str = "SIMKEY2") -> str:
    names = ("addition_fee", "client_id", "command", "trans_amount", "transaction_id", "version")
    return v3_seal(key, *(document[name] for name in names))


def v3_create(reference: str = "T1", **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "client_id": "SIM_CLIENT",
        "transaction_id": reference,
        "trans_amount": str(AMOUNT),
        "command": "PAY",
        "version": "3.0",
        "description": "Thanh toán hồ sơ",
        "locale": "vn",
        "country_code": "vi",
        "currency_code": "VND",
        "environment": "1",
        "bill_info": receipt(AMOUNT, DOSSIER),
        "return_url": RETURN_URL,
        "addition_fee": "0",
        **changes,
    }
    return {**document, "check_sum": changes.get("check_sum") or v3_seal_of(document, "SIMKEY1")}


async def v3_open(at: Stage, reference: str = "T1", **changes: Any) -> str:
    got = await at.post("/keypay/v3/create", v3_create(reference, **changes))
    assert got.json["error"] == 0, got.body
    return str(got.json["payment_url"])


async def v3_detail(at: Stage, reference: str = "T1") -> Any:
    seal = v3_seal("SIMKEY1", "SIM_CLIENT", "PAYDETAIL", reference)
    asked = {"client_id": "SIM_CLIENT", "command": "PAYDETAIL", "transaction_id": reference, "check_sum": seal}
    return (await at.post("/keypay/v3/detail", asked)).json


async def v3_refund(at: Stage, amount: int, reference: str = "T1") -> Any:
    seal = v3_seal("SIMKEY1", amount, "SIM_CLIENT", "REFUND", "NOP THUA", reference)
    asked = {
        "amount": str(amount),
        "client_id": "SIM_CLIENT",
        "command": "REFUND",
        "reason": "NOP THUA",
        "transaction_id": reference,
        "check_sum": seal,
    }
    return (await at.post("/keypay/v3/refund", asked)).json
