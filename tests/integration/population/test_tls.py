"""Only a database whose certificate is trusted is asked, and only over TLS that is good enough (notes §18 N19)."""

import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.population.adapter import PopulationAdapter
from adapters.population.sandbox import PopulationProfile, PopulationSandbox
from adapters.sandboxing import serve_sandbox
from certs.contexts import ClientTls
from certs.policy import default_policy
from certs.reloading import ReloadingClientContext
from gateway.clocks import SystemClock
from gateway.errors import CredentialsRefused, TransientFailure
from tests.integration.portal.tls import Authority, Issued, client_context, refuse_one_client, server_context
from tests.support.clocks import FixedChance
from tests.support.population import ASKER, population_settings, subject_of

_ONE_TRY = {"calls_per_second": None, "read_attempts": 1}


@asynccontextmanager
async def asking(url: str, authority: Authority, client: Issued | None = None) -> AsyncIterator[PopulationAdapter]:
    """Make an adapter with the contexts that the gateway itself uses."""
    if client is not None:
        client.key.chmod(0o600)
    tls = ClientTls(
        authority.file,
        None if client is None else client.certificate,
        None if client is None else client.key,
        None,
        setting="population_tls",
    )
    context = ReloadingClientContext(tls, default_policy(), SystemClock())
    adapter = PopulationAdapter(
        population_settings(url, transport=_ONE_TRY, verify_seconds=5.0),
        ssl_supplier=context.current,
        clock=SystemClock(),
        chance=FixedChance(),
    )
    async with adapter:
        yield adapter


@asynccontextmanager
async def serving(context: ssl.SSLContext) -> AsyncIterator[tuple[str, PopulationSandbox]]:
    sandbox = PopulationSandbox(PopulationProfile(people_count=0))
    async with await serve_sandbox(sandbox, ssl_context=context) as running:
        yield running.url, sandbox


async def test_n19_a_trusted_database_is_asked(tmp_path: Path) -> None:
    """With the right authority on both sides; else the other tests would prove nothing."""
    authority = Authority(tmp_path, "ca")
    context = server_context(authority.issue("database"), clients=authority)
    async with (
        serving(context) as (url, sandbox),
        asking(url, authority, authority.issue("province")) as adapter,
    ):
        assert (await adapter.verify(subject_of("plain"), ASKER)).exists
        assert 1 == len(sandbox.recorder.calls())


_BAD: dict[str, Callable[[Authority, Authority], Issued]] = {
    "expired": lambda right, _: right.issue("database", is_expired=True),
    "of another host": lambda right, _: right.issue("database", address="127.0.0.2"),
    "self-signed": lambda right, _: right.issue("database", is_self_signed=True),
    "of another authority": lambda _, wrong: wrong.issue("database"),
}


@pytest.mark.parametrize("kind", sorted(_BAD))
async def test_n19_certificates_that_are_not_trusted(kind: str, tmp_path: Path) -> None:
    """Nothing is sent: the database sees no question."""
    right, wrong = Authority(tmp_path, "right"), Authority(tmp_path, "wrong")
    async with serving(server_context(_BAD[kind](right, wrong))) as (url, sandbox), asking(url, right) as adapter:
        with pytest.raises(TransientFailure) as caught:
            await adapter.verify(subject_of("plain"), ASKER)

    assert "server_certificate_refused" == caught.value.code
    assert [] == sandbox.recorder.calls()


async def test_n19_without_a_client_certificate(tmp_path: Path) -> None:
    """The alert of the other side is told as what it is: something to be set right here."""
    authority = Authority(tmp_path, "ca")
    context = server_context(authority.issue("database"), clients=authority)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with asking(url, authority) as adapter:
            refusing = asyncio.ensure_future(asyncio.to_thread(refuse_one_client, listener, context))
            with pytest.raises(CredentialsRefused) as caught:
                await adapter.verify(subject_of("plain"), ASKER)
            await adapter.aclose()
            await refusing

    assert "client_certificate_refused" == caught.value.code


def speak(context: ssl.SSLContext, port: int) -> str | None:
    """Shake hands, and give the version that came of it."""
    with (
        socket.create_connection(("127.0.0.1", port), 5) as connection,
        context.wrap_socket(connection, server_hostname="127.0.0.1") as tls,
    ):
        return tls.version()


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
async def test_n19_old_tls(version: str, tmp_path: Path) -> None:
    """A database that speaks nothing newer is not spoken to, though a client that takes anything can."""
    authority = Authority(tmp_path, "ca")
    context, old_client = server_context(authority.issue("database")), client_context(authority)
    for one in (context, old_client):
        with warnings.catch_warnings():
            # That these versions are deprecated is what is tested.
            warnings.simplefilter("ignore", DeprecationWarning)
            one.minimum_version = one.maximum_version = ssl.TLSVersion[version]
        one.set_ciphers("ALL:@SECLEVEL=0")
    async with serving(context) as (url, sandbox), asking(url, authority) as adapter:
        spoken = await asyncio.to_thread(speak, old_client, int(url.rpartition(":")[2]))
        with pytest.raises(TransientFailure) as caught:
            await adapter.verify(subject_of("plain"), ASKER)

    assert version.replace("_", ".") == spoken
    # The server of these tests resets the connection instead of telling why.
    assert caught.value.code in ("tls_failed", "no_connection")
    assert [] == sandbox.recorder.calls()
