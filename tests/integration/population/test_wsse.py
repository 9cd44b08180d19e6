"""WS-Security end to end: before the simulated database stands a service that judges requests and signs replies."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from lxml import etree

from adapters.population.adapter import PopulationAdapter
from adapters.population.sandbox import SEEDS, PopulationProfile, PopulationSandbox
from adapters.sandboxing import serve_sandbox
from gateway.clocks import SystemClock
from gateway.errors import ContractBroken, CredentialsRefused, TransientFailure
from gateway.ports.population import CitizenQuestion
from tests.support.population import ASKER, new_adapter, population_settings, subject_of
from tests.support.wsse_peer import Pair, RequestJudge, new_pair, one, sign_reply

CLOCK = SystemClock()
PASSWORD = "mật khẩu"
_FORWARDED = ("Content-Type", "Authorization", "Timestamp")
Change = Callable[["Front", bytes, Any], bytes]


@dataclass
class Front:
    """The service before the database. `change` edits what it answers."""

    judge: RequestJudge
    signer: Pair
    database_url: str = ""
    change: Change = lambda front, plain, signed: bytes(etree.tostring(signed))
    judged: int = 0
    refused: list[str] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            self.judge.judge(body, CLOCK.now())
        except Exception as error:
            self.refused.append(str(error))
            return web.Response(status=500, text="refused")
        self.judged += 1
        headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.database_url + request.path, data=body, headers=headers) as answer,
        ):
            plain = await answer.read()
        if answer.status != 200:
            return web.Response(body=plain, status=answer.status, content_type="text/xml")
        signed = self.change(self, plain, sign_reply(plain, self.signer, CLOCK.now()))
        self.kept.append(signed)
        return web.Response(body=signed, content_type="text/xml")


@dataclass
class Setup:
    adapter: PopulationAdapter
    front: Front
    sandbox: PopulationSandbox
    folder: Path


@contextlib.asynccontextmanager
async def secured(
    folder: Path, *, kind: str = "2048", form: str = "digest", edge: str = "plain"
) -> AsyncIterator[Setup]:
    """Run the database, the service before it, and an adapter with every part of WS-Security on."""
    own, provider = new_pair("gateway", CLOCK.now(), kind=kind), new_pair("provider", CLOCK.now())
    key, certificate = own.write(folder, "own")
    wsse = {
        "login": {"username": "tinh-wsse", "password": {"value": PASSWORD}, "form": form},
        "signing": {"key_file": str(key), "certificate_file": str(certificate)},
        "verify": {"certificate_files": [str(provider.write(folder, "provider")[1])]},
    }
    front = Front(RequestJudge(signer=own, password=PASSWORD), provider)
    sandbox = PopulationSandbox(PopulationProfile(people_count=50))
    application = web.Application()
    application.router.add_post("/{path:.*}", front.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        async with await serve_sandbox(sandbox, control_port=0) as running:
            front.database_url = running.url
            settings = population_settings(f"http://127.0.0.1:{port}", edge, wsse=wsse)
            async with new_adapter(settings) as adapter:
                yield Setup(adapter, front, sandbox, folder)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("kind", "form", "edge"), [("2048", "digest", "plain"), ("ec", "text", "c06")])
async def test_questions_and_answers(tmp_path: Path, kind: str, form: str, edge: str) -> None:
    """What is asked satisfies the service, each time with a nonce of its own, and its signed answers are read.

    The credentials of the edge stand beside, and know nothing of it.
    """
    async with secured(tmp_path, kind=kind, form=form, edge=edge) as setup:
        yes = await setup.adapter.verify(subject_of("plain"), ASKER)
        no = await setup.adapter.verify(subject_of("plain", full_name="Người Khác"), ASKER)
        found = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain"), ASKER)
        nobody = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("cancelled"), ASKER)

    assert [] == setup.front.refused
    assert (True, False) == (yes.exists, no.exists)
    assert [SEEDS["plain"].number] == [record.personal_number for record in found.records]
    assert () == nobody.records
    assert 4 == len(setup.front.judge.nonces) == setup.front.judged


def _wrapped(front: Front, plain: bytes, signed: Any) -> bytes:
    body = one(signed, "s:Body")
    forged = etree.fromstring(plain.replace(b"false", b"true"))
    signed.replace(body, one(forged, "s:Body"))
    etree.SubElement(one(signed, "s:Header"), "w").append(body)
    return bytes(etree.tostring(signed))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda front, plain, signed: plain, "wsse_no_header"),
        (lambda front, plain, signed: etree.tostring(signed).replace(b"false", b"true"), "wsse_signature_wrong"),
        (_wrapped, "wsse_repeated"),
        (
            lambda front, plain, signed: etree.tostring(
                sign_reply(plain, front.signer, CLOCK.now() - timedelta(minutes=5))
            ),
            "wsse_created_before_question",
        ),
    ],
)
async def test_answers_that_are_refused(tmp_path: Path, change: Change, code: str) -> None:
    """An answer that is not signed, changed, wrapped or old is a broken contract, and never "no such person"."""
    async with secured(tmp_path) as setup:
        setup.front.change = change
        with pytest.raises(ContractBroken) as caught:
            await setup.adapter.verify(subject_of("plain", full_name="Người Khác"), ASKER)

    assert code == caught.value.code
    assert setup.front.judged >= 1


async def test_a_repeated_answer(tmp_path: Path) -> None:
    """A genuine answer to one question does not answer the next one."""
    async with secured(tmp_path) as setup:
        assert (await setup.adapter.verify(subject_of("plain"), ASKER)).exists
        setup.front.change = lambda front, plain, signed: front.kept[0]
        with pytest.raises(ContractBroken) as caught:
            await setup.adapter.verify(subject_of("plain", full_name="Người Khác"), ASKER)

    assert "wsse_repeated_reply" == caught.value.code


async def test_unsigned_faults(tmp_path: Path) -> None:
    """Layers in between cannot sign: their faults are read, and nothing but an error comes of them."""
    fault = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server'
        b"</faultcode><faultstring>x</faultstring><detail><MaLoi>503</MaLoi></detail></s:Fault></s:Body></s:Envelope>"
    )
    async with secured(tmp_path) as setup:
        setup.front.change = lambda front, plain, signed: fault
        with pytest.raises(TransientFailure) as caught:
            await setup.adapter.verify(subject_of("plain"), ASKER)

    assert "maintenance" == caught.value.code


async def test_without_certificates_nothing_is_sent(tmp_path: Path) -> None:
    """A question whose answer could not be verified is not asked."""
    async with secured(tmp_path) as setup:
        (tmp_path / "provider.pem").unlink()
        with pytest.raises(CredentialsRefused):
            await setup.adapter.verify(subject_of("plain"), ASKER)

    assert 0 == setup.front.judged
    assert [] == setup.front.refused
