"""Mutual TLS over the loopback: the right pair is served, every wrong one is refused before a request is seen."""

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from certs.contexts import ClientTls, client_context, server_context
from certs.dev_ca import CertificateFault, Issued, issue_faulty_client, issue_faulty_server

if TYPE_CHECKING:
    from tests.integration.certs.conftest import Listen, Place

TIME_LIMIT_SECONDS = 10

# X509_V_ERR_*: openssl/x509_vfy.h of OpenSSL 3. The names here are addresses, so a wrong one is 64.
VERIFY_CODES = {
    CertificateFault.EXPIRED: 10,
    CertificateFault.NOT_YET_VALID: 9,
    CertificateFault.UNTRUSTED: 20,
    CertificateFault.WRONG_NAME: 64,
}


async def ask(url: str, context: ssl.SSLContext) -> dict[str, Any]:
    async with (
        asyncio.timeout(TIME_LIMIT_SECONDS),
        aiohttp.ClientSession() as session,
        session.get(url, ssl=context) as response,
    ):
        assert 200 == response.status
        answer: dict[str, Any] = await response.json()
        return answer


def careless_server(place: "Place", issued: Issued) -> ssl.SSLContext:
    """A server that presents whatever it is given, as a badly kept one does."""
    place.write("server", issued)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place.path("server.pem"), place.path("server.key"))
    return context


async def test_both_sides_verified(place: "Place", listen: "Listen") -> None:
    """A client with a good certificate is served, and the server sees exactly that certificate."""
    serial = place.write("client", place.new_client())
    now = place.clock.now()
    client = client_context(place.client_tls(), place.policy, now)
    async with listen(server_context(place.server_tls(), place.policy, now)) as server:
        assert serial == (await ask(server.url(), client))["client"]
        assert serial == (await ask(server.url().replace("127.0.0.1", "localhost"), client))["client"]


async def test_client_without_certificate_is_refused(place: "Place", listen: "Listen") -> None:
    """Without a client certificate no request reaches the application; with one the same server answers."""
    now = place.clock.now()
    bare = client_context(ClientTls(ca_file=place.path("ca.pem")), place.policy, now)
    async with listen(server_context(place.server_tls(), place.policy, now)) as server:
        with pytest.raises(aiohttp.ClientError):
            await ask(server.url(), bare)
        assert 0 == server.served_count
        await ask(server.url(), client_context(place.client_tls(), place.policy, now))
        assert 1 == server.served_count


@pytest.mark.parametrize(
    "fault", [CertificateFault.EXPIRED, CertificateFault.NOT_YET_VALID, CertificateFault.UNTRUSTED]
)
async def test_faulty_client_is_refused(place: "Place", listen: "Listen", fault: CertificateFault) -> None:
    """A client with an expired, early or untrusted certificate is refused before the application sees it."""
    now = place.clock.now()
    server_side = server_context(place.server_tls(), place.policy, now)
    place.write("client", issue_faulty_client(place.authority, fault, "gateway", now))
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.load_verify_locations(place.path("ca.pem"))
    careless.load_cert_chain(place.path("client.pem"), place.path("client.key"))
    async with listen(server_side) as server:
        with pytest.raises(aiohttp.ClientError):
            await ask(server.url(), careless)
        assert 0 == server.served_count


@pytest.mark.parametrize("fault", CertificateFault)
async def test_faulty_server_is_refused(place: "Place", listen: "Listen", fault: CertificateFault) -> None:
    """The client names why it refuses: expired, early, untrusted or for another address; no request is sent."""
    now = place.clock.now()
    issued = issue_faulty_server(place.authority, fault, ["127.0.0.1"], now)
    client = client_context(place.client_tls(), place.policy, now)
    async with listen(careless_server(place, issued)) as server:
        with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
            await ask(server.url(), client)
        assert isinstance(caught.value.certificate_error, ssl.SSLCertVerificationError)
        assert VERIFY_CODES[fault] == caught.value.certificate_error.verify_code
        assert 0 == server.served_count


async def test_good_server_of_another_name_is_refused(place: "Place", listen: "Listen") -> None:
    """A certificate for the address alone does not do for the host name."""
    now = place.clock.now()
    issued = place.authority.issue_server(["127.0.0.1"], now)
    client = client_context(place.client_tls(), place.policy, now)
    async with listen(careless_server(place, issued)) as server:
        with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
            await ask(server.url().replace("127.0.0.1", "localhost"), client)
        assert 62 == getattr(caught.value.certificate_error, "verify_code", None)
