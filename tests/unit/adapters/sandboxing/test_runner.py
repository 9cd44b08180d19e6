"""A sandbox can be put on a socket, plain or TLS, taken down and up, and spoiled certificates are served on demand."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from adapters.sandboxing import FaultKind, FaultSpec, FaultSpecError, serve_sandbox, server_context
from adapters.sandboxing.tls import let_faults_choose_certificate
from tests.unit.adapters.sandboxing.sandboxing_helpers import EchoSandbox, HandClock, Issued, TestAuthority

LIMIT = aiohttp.ClientTimeout(total=5)
HOST = "127.0.0.1"


def context_of(issued: Issued, client_ca: Path | None = None) -> ssl.SSLContext:
    return server_context(issued.certificate, issued.private_key, client_ca)


async def echo(client: aiohttp.ClientSession, url: str, context: ssl.SSLContext | bool = True) -> int:
    async with client.post(f"{url}/echo", data=b"push", ssl=context) as response:
        await response.read()
        return response.status


async def test_closing_ends_everything_once() -> None:
    """The port is free, the sandbox was told to stop, and a second close does nothing."""
    sandbox = EchoSandbox(HandClock())
    running = await serve_sandbox(sandbox, control_port=0)
    assert running.url.startswith("http://127.0.0.1:")
    assert str(running.port) in running.url
    assert running.control_url != running.url
    async with aiohttp.ClientSession(timeout=LIMIT) as client:
        assert 200 == await echo(client, running.url)
        await running.close()
        await running.close()
        for url in (running.url, running.control_url):
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.get(url + "/_sandbox/health")
    assert sandbox.is_stopped


async def test_a_taken_port_is_an_error_and_leaves_nothing_behind() -> None:
    """The second sandbox cannot bind, says so, and has been stopped."""
    first, second = EchoSandbox(HandClock()), EchoSandbox(HandClock())
    async with await serve_sandbox(first) as running:
        with pytest.raises(OSError, match="address"):
            await serve_sandbox(second, HOST, running.port)
    assert second.is_stopped


async def test_a_system_that_is_down_refuses_and_comes_back_on_its_port() -> None:
    """While down, open connections end and new ones are refused; the separate control address stays."""
    sandbox = EchoSandbox(HandClock())
    async with (
        await serve_sandbox(sandbox, control_port=0) as running,
        aiohttp.ClientSession(timeout=LIMIT) as client,
    ):
        assert 200 == await echo(client, running.url)
        await running.stop_listening()
        await running.stop_listening()
        with pytest.raises(aiohttp.ClientConnectionError):
            await echo(client, running.url)
        async with client.get(f"{running.control_url}/_sandbox/health") as response:
            assert 200 == response.status
        await running.resume_listening()
        await running.resume_listening()
        assert 200 == await echo(client, running.url)


async def test_refusals_reach_the_main_address_only() -> None:
    """A fault that closes every connection can still be cleared through the separate control address."""
    sandbox = EchoSandbox(HandClock())
    async with (
        await serve_sandbox(sandbox, control_port=0) as running,
        aiohttp.ClientSession(timeout=LIMIT) as client,
    ):
        sandbox.faults.add(FaultSpec(kind=FaultKind.REFUSE_CONNECTION))
        for path in ("/echo", "/_sandbox/health"):
            with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)):
                await client.post(running.url + path)
        async with client.post(f"{running.control_url}/_sandbox/faults", json={"action": "clear"}) as response:
            assert 200 == response.status
        assert 200 == await echo(client, running.url)


async def test_tls_is_spoken_and_client_certificates_are_wanted(tmp_path: Path) -> None:
    """A client without a certificate of the right authority is turned away."""
    authority = TestAuthority(tmp_path)
    server = authority.issue("localhost", addresses=[HOST])
    member = authority.client_context(authority.issue("member"))
    stranger = authority.client_context()
    sandbox = EchoSandbox(HandClock())
    context = context_of(server, authority.certificate_file)
    async with (
        await serve_sandbox(sandbox, HOST, 0, context) as running,
        aiohttp.ClientSession(timeout=LIMIT) as client,
    ):
        assert running.url.startswith("https://")
        assert 200 == await echo(client, running.url, member)
        with pytest.raises(aiohttp.ClientError):
            await echo(client, running.url, stranger)


@pytest.mark.parametrize("host", [HOST, "localhost"])
async def test_spoiled_certificates_are_served_on_demand(tmp_path: Path, host: str) -> None:
    """Expired, of another name, then right again; a kept-alive connection does not hide the change."""
    authority = TestAuthority(tmp_path)
    right = context_of(authority.issue("localhost", addresses=[HOST]))
    spoiled = {
        FaultKind.EXPIRED_CERTIFICATE: context_of(
            authority.issue("expired", days=(-9, -2), host="localhost", addresses=[HOST])
        ),
        FaultKind.WRONG_CERTIFICATE: context_of(authority.issue("elsewhere.example")),
    }
    trusting = authority.client_context()
    sandbox = EchoSandbox(HandClock())
    async with (
        await serve_sandbox(sandbox, HOST, 0, right, spoiled_contexts=spoiled) as running,
        aiohttp.ClientSession(timeout=LIMIT) as client,
    ):
        url = f"https://{host}:{running.port}"
        assert 200 == await echo(client, url, trusting)
        for kind, complaint in (
            (FaultKind.EXPIRED_CERTIFICATE, "expired"),
            (FaultKind.WRONG_CERTIFICATE, "mismatch|not valid"),
        ):
            sandbox.faults.replace([FaultSpec(kind=kind)])
            await asyncio.sleep(0.05)  # the client's pool learns that its idle connection has ended
            with pytest.raises(aiohttp.ClientConnectorCertificateError, match=complaint):
                await echo(client, url, trusting)
            assert sandbox.faults.injected[kind] >= 1
        sandbox.faults.clear()
        assert 200 == await echo(client, url, trusting)


async def test_certificate_faults_need_spare_certificates() -> None:
    """Without them the fault is refused instead of silently doing nothing."""
    sandbox = EchoSandbox(HandClock())
    async with await serve_sandbox(sandbox):
        with pytest.raises(FaultSpecError, match="expired_certificate"):
            sandbox.faults.add(FaultSpec(kind=FaultKind.EXPIRED_CERTIFICATE))


def test_only_certificate_faults_can_have_spare_certificates(tmp_path: Path) -> None:
    """A context under another kind is a mistake of the caller."""
    context = context_of(TestAuthority(tmp_path).issue("localhost"))
    with pytest.raises(ValueError, match="maintenance"):
        let_faults_choose_certificate(context, {FaultKind.MAINTENANCE: context}, EchoSandbox(HandClock()).faults)
