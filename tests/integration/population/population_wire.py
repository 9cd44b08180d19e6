"""Raw envelopes and headers for the simulated population database, written out by hand."""

import base64
import hashlib
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import ClientSession

from adapters.population.sandbox import SEEDS, Person, PopulationSandbox
from adapters.sandboxing import FaultKind, FaultSpec, RunningSandbox

LOOK_UP = "TraCuuThongTinCongDan"
VERIFY = "XacThucThongTinCongDan"
PLAIN = SEEDS["plain"]
XML = {"Content-Type": "application/xml; charset=utf-8"}
ACCESS = base64.b64encode(
    b'{"AccessKey":"AK","SecretKey":"sandbox-secret","AppName":"APP","PartnerCode":"PC","PartnerCodeCus":"PCC"}'
).decode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def members(person: Person = PLAIN, request_id: str = "YC-1", **others: str | None) -> dict[str, str]:
    """Give the children of a request in their order; None leaves one out, `last_` adds one at the end."""
    given: dict[str, str | None] = {
        "MaYeuCau": request_id,
        "MaDVC": "1.004227",
        "MaTichHop": "037",
        "MaCanBo": "canbo.a",
        "SoDinhDanh": person.number,
        "SoCMND": None,
        "HoVaTen": person.full_name,
        **others,
    }
    return {name: value for name, value in given.items() if value is not None}


def envelope(operation: str, children: dict[str, str], born: str | None = PLAIN.born, extra: str = "") -> bytes:
    """Give an envelope; `born` None leaves the birth date out."""
    inner = "".join(f"<dan:{name}>{escape(value)}</dan:{name}>" for name, value in children.items())
    if born is not None:
        kind = "Nam" if len(born) == 4 else "NgayThangNam"
        inner += f"<dan:NgayThangNamSinh><dan:{kind}>{born}</dan:{kind}></dan:NgayThangNamSinh>"
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:dan="http://dancuquocgia.bca"><soapenv:Header/><soapenv:Body><dan:{operation}>{inner}{extra}'
        f"</dan:{operation}></soapenv:Body></soapenv:Envelope>"
    ).encode()


def about(person: Person, request_id: str = "YC-1", operation: str = LOOK_UP) -> bytes:
    """Give a sound look-up, or another operation, about somebody."""
    service = "033" if operation == VERIFY else "037"
    return envelope(operation, members(person, request_id, MaTichHop=service), person.born)


def c06_headers(path: str, timestamp: int, user: str = "TINH_TEST", secret: str = "sandbox-secret") -> dict[str, str]:
    """Give the headers of C06-BASIC for a service path."""
    digest = hashlib.sha256(f"{path}{user}{timestamp}{secret}".encode()).hexdigest()
    return {
        **XML,
        "Timestamp": str(timestamp),
        "Authorization": "Basic " + base64.b64encode(f"{user}:{digest}".encode()).decode(),
    }


class Wire:
    """A running sandbox and an HTTP client."""

    def __init__(self, sandbox: PopulationSandbox, running: RunningSandbox, http: ClientSession) -> None:
        self.sandbox = sandbox
        self.running = running
        self.http = http

    async def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Post, without following redirects; give status and body."""
        url = self.running.url + path
        async with self.http.post(url, data=body, headers=headers or XML, allow_redirects=False) as answer:
            return answer.status, await answer.read()

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call that must succeed; give its document."""
        async with self.http.request(method, f"{self.running.control_url}/_sandbox/{path}", json=body) as answer:
            assert 200 == answer.status, await answer.text()
            return await answer.json()

    def arm(self, variant: str, **others: Any) -> None:
        """Arm a hostile reply for the next call."""
        self.sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant=variant, **{"calls": 1, **others}))
