"""Only a provider whose certificate is trusted is told a code (electronic identity notes N32)."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.demo.browser import Arrived
from gateway.vault.keyring import FileKeyRing
from tests.integration.portal.tls import Authority, server_context
from tests.support.sign_on import sign_on


async def serve_tls(context: ssl.SSLContext, told: list[str]) -> tuple[web.AppRunner, str]:
    """Serve a token endpoint that writes down what it is told."""

    async def take(request: web.Request) -> web.Response:
        told.append(await request.text())
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": "x"})

    app = web.Application()
    app.router.add_post("/token", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    return runner, f"https://127.0.0.1:{runner.addresses[0][1]}/token"


@pytest.mark.parametrize("kind", ["right", "stranger", "none"])
async def test_n32_certificates(pool: Any, key_ring: FileKeyRing, tmp_path: Path, kind: str) -> None:
    """The authority of the settings is trusted and no other one; without it, only the usual ones are."""
    ours, stranger, told = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger"), list[str]()
    issuer = stranger if kind == "stranger" else ours
    runner, url = await serve_tls(server_context(issuer.issue("provider")), told)
    trust: dict[str, Any] = {} if kind == "none" else {"ca_file": str(ours.file)}
    try:
        async with sign_on(pool, key_ring, tmp_path, token_url=url, **trust) as setup:
            _, arrived = await setup.sign_in()
            evidence = await setup.province.refused_evidence()
    finally:
        await runner.cleanup()

    assert isinstance(arrived, Arrived)
    if kind == "right":
        assert 1 == len(told)
        assert "EID_TOKEN_INVALID" == arrived.query["error"], "it was asked, and what it gave is no token"
    else:
        assert [] == told
        assert [("EID_PROVIDER_UNAVAILABLE", "server_certificate_refused")] == evidence
