"""Only a provider whose certificate is trusted is told a code (electronic identity notes N32)."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.demo.browser import Arrived
from gateway.vault.keyring import FileKeyRing
from tests.integration.portal.tls import Authority, Issued, server_context
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


FOREIGN: dict[str, dict[str, Any]] = {
    "other_host": {"address": "127.0.0.2"},
    "expired": {"is_expired": True},
    "self_signed": {"is_self_signed": True},
}


async def told_by(
    pool: Any, key_ring: FileKeyRing, folder: Path, certificate: Issued, trust: Authority | None
) -> tuple[list[str], list[tuple[str, str]]]:
    """Sign in at a provider with that certificate; give what it was told, and the evidence."""
    told: list[str] = []
    runner, url = await serve_tls(server_context(certificate), told)
    changes: dict[str, Any] = {} if trust is None else {"ca_file": str(trust.file)}
    try:
        async with sign_on(pool, key_ring, folder, token_url=url, **changes) as setup:
            _, arrived = await setup.sign_in()
            evidence = await setup.province.refused_evidence()
    finally:
        await runner.cleanup()
    assert isinstance(arrived, Arrived)
    assert [arrived.query["error"]] == [outcome for outcome, _ in evidence]
    return told, evidence


async def test_trusted_certificate(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A provider with a certificate of the authority of the settings is told the code, once."""
    ours = Authority(tmp_path, "ours")
    told, evidence = await told_by(pool, key_ring, tmp_path, ours.issue("provider"), ours)

    assert 1 == len(told)
    assert "code=" in told[0]
    assert [("EID_TOKEN_INVALID", "not_three_segments")] == evidence, "it was asked, and what it gave is no token"


@pytest.mark.parametrize("kind", FOREIGN)
async def test_n32_certificates(pool: Any, key_ring: FileKeyRing, tmp_path: Path, kind: str) -> None:
    """A certificate of the right authority for another host or out of its time, and one that vouches for itself: the
    provider is told nothing."""
    ours = Authority(tmp_path, "ours")
    certificate = ours.issue("provider", **FOREIGN[kind])
    told, evidence = await told_by(pool, key_ring, tmp_path, certificate, ours)

    assert [] == told
    assert [("EID_PROVIDER_UNAVAILABLE", "server_certificate_refused")] == evidence


@pytest.mark.parametrize("is_told", [True, False])
async def test_n32_authorities(pool: Any, key_ring: FileKeyRing, tmp_path: Path, is_told: bool) -> None:
    """The authority of the settings is trusted and no other one; without it, only the usual ones are."""
    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    issuer, trust = (stranger, ours) if is_told else (ours, None)
    told, evidence = await told_by(pool, key_ring, tmp_path, issuer.issue("provider"), trust)

    assert [] == told
    assert [("EID_PROVIDER_UNAVAILABLE", "server_certificate_refused")] == evidence
