"""The adapter over TLS: only a hub whose certificate is trusted is told anything."""

import ssl
from pathlib import Path

import pytest

from adapters.consent import build
from adapters.consent.sandbox import ConsentSandbox
from adapters.sandboxing import MachineClock, serve_sandbox
from gateway.errors import TransientFailure
from gateway.ports.consent import ShareRequest
from tests.integration.consent.consent_helpers import CLIENT, PID
from tests.integration.portal.tls import Authority, client_context, server_context
from tests.unit.adapters.consent.consent_settings import make_settings
from tests.unit.adapters.transport.fakes import FixedChance


async def test_only_a_trusted_hub_is_told_whom_to_ask(tmp_path: Path) -> None:
    """With the right authority the call passes; with another one it fails before anything was sent."""
    right, wrong = Authority(tmp_path, "right"), Authority(tmp_path, "wrong")
    sandbox = ConsentSandbox()
    async with await serve_sandbox(sandbox, ssl_context=server_context(right.issue("hub"))) as running:

        async def start(trusted: ssl.SSLContext) -> str:
            settings = make_settings(base_url=running.url, client=CLIENT)
            adapter = build(settings, ssl_supplier=lambda: trusted, clock=MachineClock(), chance=FixedChance(0.0))
            async with adapter:
                return (await adapter.start(ShareRequest(citizen_pid=PID))).transaction_code

        assert await start(client_context(right))
        with pytest.raises(TransientFailure) as caught:
            await start(client_context(wrong))
        assert "server_certificate_refused" == caught.value.code
        assert 1 == sandbox.counters()["started"]
