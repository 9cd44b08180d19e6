"""Rotation while serving and calling: new connections follow, requests under way finish, broken files are harmless."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import uvloop

from certs.contexts import client_context
from certs.dev_ca import DevelopmentCa
from certs.http_client import RotatingTlsSession
from certs.reloading import ReloadingClientContext, ReloadingServerContext, ReloadReport, ReloadResult

if TYPE_CHECKING:
    from tests.integration.certs.conftest import Listen, Place

TIME_LIMIT_SECONDS = 10

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
loops = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


def run(loop_factory: LoopFactory, scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario on one kind of loop, in a limited time."""

    async def limited() -> None:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            await scenario

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(limited())


async def serial_of(port: int, context: ssl.SSLContext) -> str:
    """Connect anew and give the serial number of the server's certificate."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="127.0.0.1")
    try:
        return str(writer.get_extra_info("ssl_object").getpeercert()["serialNumber"])
    finally:
        writer.close()
        await writer.wait_closed()


async def answer_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    assert 200 == response.status
    answer: dict[str, Any] = await response.json()
    return answer


async def get(session: RotatingTlsSession, url: str) -> dict[str, Any]:
    async with session.request("GET", url) as response:
        return await answer_of(response)


@loops
def test_server_presents_its_new_certificate(place: "Place", listen: "Listen", loop_factory: LoopFactory) -> None:
    """After a rotation new connections see the new certificate; the open connection stays and still answers."""

    async def scenario() -> None:
        old = place.write("server", place.new_server())
        tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
        client = client_context(place.client_tls(), place.policy, place.clock.now())
        async with listen(tls.context) as server, aiohttp.ClientSession() as session:
            async with session.get(server.url(), ssl=client) as response:
                before = await answer_of(response)
            assert old == await serial_of(server.port, client)
            new = place.write("server", place.new_server())
            assert old == await serial_of(server.port, client)
            assert ReloadResult.RELOADED is tls.refresh().result
            assert new == await serial_of(server.port, client)
            async with session.get(server.url(), ssl=client) as response:
                assert before == await answer_of(response), "the open connection was not kept"

    run(loop_factory, scenario())


@loops
def test_broken_server_files_change_nothing(place: "Place", listen: "Listen", loop_factory: LoopFactory) -> None:
    """With unusable new files the last good certificate stays in service and the report says why."""

    async def scenario() -> None:
        good = place.write("server", place.new_server())
        tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
        client = client_context(place.client_tls(), place.policy, place.clock.now())
        async with listen(tls.context) as server:
            place.path("server.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
            report = tls.refresh()
            assert ReloadResult.REFUSED is report.result
            assert ["server_tls.certificate_file"] == [fault.field for fault in report.faults]
            assert "must hold certificates in PEM" in str(report.faults[0])
            assert good == await serial_of(server.port, client)
            new = place.write("server", place.new_server())
            assert ReloadResult.RELOADED is tls.refresh().result
            assert new == await serial_of(server.port, client)

    run(loop_factory, scenario())


@loops
def test_server_withdraws_trust(place: "Place", listen: "Listen", loop_factory: LoopFactory) -> None:
    """Clients of an authority that was taken out of the bundle are refused, and those of the new one are served."""

    async def scenario() -> None:
        tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
        old_client = client_context(place.client_tls(), place.policy, place.clock.now())
        successor = DevelopmentCa.create([], place.clock.now())
        place.write("client", place.new_client(successor))
        new_client = client_context(place.client_tls(), place.policy, place.clock.now())
        async with listen(tls.context) as server:
            assert [True, False] == [await is_served(server.url(), one) for one in (old_client, new_client)]
            place.trust("clients.pem", place.authority, successor)
            assert ReloadResult.RELOADED is tls.refresh().result
            assert [True, True] == [await is_served(server.url(), one) for one in (old_client, new_client)]
            place.trust("clients.pem", successor)
            assert ReloadResult.RELOADED is tls.refresh().result
            assert [False, True] == [await is_served(server.url(), one) for one in (old_client, new_client)]

    run(loop_factory, scenario())


async def is_served(url: str, context: ssl.SSLContext) -> bool:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(url, ssl=context) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_withdrawn_trust_is_not_resumed(place: "Place", listen: "Listen", version: ssl.TLSVersion) -> None:
    """A session made under the old trust resumes before the rotation and never after it."""
    tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
    client = client_context(place.client_tls(), place.policy, place.clock.now())
    client.maximum_version = version
    async with asyncio.timeout(TIME_LIMIT_SECONDS), listen(tls.context) as server:
        session, _ = await asyncio.to_thread(connect_with, client, server.port, None)
        _, was_resumed = await asyncio.to_thread(connect_with, client, server.port, session)
        assert was_resumed, "without resumption this test proves nothing"
        place.trust("clients.pem", DevelopmentCa.create([], place.clock.now()))
        assert ReloadResult.RELOADED is tls.refresh().result
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(connect_with, client, server.port, session)


def connect_with(
    context: ssl.SSLContext, port: int, session: ssl.SSLSession | None
) -> tuple[ssl.SSLSession | None, bool]:
    """Make one request over a blocking socket, resuming `session`; give the new session and whether it resumed."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=TIME_LIMIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secured,
    ):
        secured.sendall(b"GET /who HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        if not secured.recv(4096):
            raise ConnectionResetError("closed without an answer")
        return secured.session, bool(secured.session_reused)


@loops
def test_client_presents_its_new_certificate(place: "Place", listen: "Listen", loop_factory: LoopFactory) -> None:
    """One long-lived session changes to the new certificate, and a request under way ends well on the old one."""

    async def scenario() -> None:
        old = place.write("client", place.new_client())
        server_tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
        tls = ReloadingClientContext(place.client_tls(), place.policy, place.clock)
        async with listen(server_tls.context) as server, aiohttp.ClientSession() as plain:
            session = RotatingTlsSession(plain, tls)
            first = await get(session, server.url())
            assert first == await get(session, server.url()), "the idle connection was not used again"
            assert old == first["client"]
            under_way = asyncio.create_task(get(session, server.url("/held")))
            await server.is_held.wait()
            new = place.write("client", place.new_client())
            assert ReloadResult.RELOADED is tls.refresh().result
            second = await get(session, server.url())
            assert new == second["client"]
            assert second == await get(session, server.url()), "the new connection was not used again"
            server.release.set()
            assert old == (await under_way)["client"]
            assert second == await get(session, server.url()), "an old connection came back into use"

    run(loop_factory, scenario())


async def test_broken_client_files_change_nothing(place: "Place", listen: "Listen") -> None:
    """With a key that belongs to another certificate the client goes on with its last good pair and says why."""
    good = place.write("client", place.new_client())
    server_tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
    tls = ReloadingClientContext(place.client_tls(), place.policy, place.clock)
    async with asyncio.timeout(TIME_LIMIT_SECONDS), listen(server_tls.context) as server, aiohttp.ClientSession() as s:
        session = RotatingTlsSession(s, tls)
        place.new_client().write(place.path("other.pem"), place.path("client.key"))
        report = tls.refresh()
        assert ReloadResult.REFUSED is report.result
        expected = "client_tls.key_file: must be the key of the certificate (found the key of another certificate)"
        assert [expected] == [str(fault) for fault in report.faults]
        assert good == (await get(session, server.url()))["client"]


async def test_client_follows_its_trust(place: "Place", listen: "Listen") -> None:
    """After its bundle is exchanged one session believes the new server and no longer the old one."""
    successor = DevelopmentCa.create([], place.clock.now())
    old_server = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
    place.write("server", place.new_server(successor))
    new_server = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
    tls = ReloadingClientContext(place.client_tls(), place.policy, place.clock)
    async with asyncio.timeout(TIME_LIMIT_SECONDS), aiohttp.ClientSession() as plain:
        session = RotatingTlsSession(plain, tls)
        async with listen(old_server.context) as old, listen(new_server.context) as new:
            await get(session, old.url())
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await get(session, new.url())
            place.trust("ca.pem", successor)
            assert ReloadResult.RELOADED is tls.refresh().result
            await get(session, new.url())
            # The connection to the old server is open and idle; the withdrawn trust must not ride on it.
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await get(session, old.url())


async def test_watchers_rotate_a_running_pair_under_traffic(place: "Place", listen: "Listen") -> None:
    """With both sides watching and requests flowing, five rotations of both pairs lose no request."""
    server_tls = ReloadingServerContext(place.server_tls(), place.policy, place.clock)
    client_tls = ReloadingClientContext(place.client_tls(), place.policy, place.clock)
    reports: list[ReloadReport] = []
    seen: set[str] = set()
    async with (
        asyncio.timeout(TIME_LIMIT_SECONDS),
        listen(server_tls.context) as server,
        aiohttp.ClientSession() as plain,
    ):
        session = RotatingTlsSession(plain, client_tls)
        watching = [
            asyncio.create_task(tls.watch(interval_seconds=0.01, sleep=asyncio.sleep, report=reports.append))
            for tls in (server_tls, client_tls)
        ]
        is_over = asyncio.Event()

        async def traffic() -> None:
            while not is_over.is_set():
                seen.add((await get(session, server.url()))["client"])

        flowing = [asyncio.create_task(traffic()) for _ in range(4)]
        presented: set[str] = set()
        for _ in range(5):
            place.write("server", place.new_server())
            serial = place.write("client", place.new_client())
            presented.add(serial)
            while serial not in seen:
                await asyncio.sleep(0.005)
                assert not any(task.done() for task in (*flowing, *watching))
        is_over.set()
        await asyncio.gather(*flowing)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    assert presented <= seen
    # A look between key and certificate is refused and is no harm; every rotation of the client has been taken.
    reloads = [report for report in reports if report.result is ReloadResult.RELOADED]
    assert 5 == len([report for report in reloads if report.setting == "client_tls"])


async def test_session_keeps_the_choice_of_context(place: "Place") -> None:
    """Nobody can hand the session another context, or turn verification off with it."""
    tls = ReloadingClientContext(place.client_tls(), place.policy, place.clock)
    async with aiohttp.ClientSession() as plain:
        with pytest.raises(TypeError):
            RotatingTlsSession(plain, tls).request("GET", "https://127.0.0.1:1/", ssl=False)
