"""Files of the province by HTTP: from configured hosts only, without following redirects.

A dossier's file address is what a client wrote there. Fetching whatever it names would let a client reach anything
that the gateway can reach, so only hosts on the operator's list are ever asked.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from adapters.transport.http import SslSupplier
from gateway.errors import Rejected, TransientFailure

SYSTEM = "province_files"
OPERATION = "fetch"
_CHUNK_BYTES = 64 * 1024
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError)


def is_allowed_host(url: str, hosts: Sequence[str]) -> bool:
    """Tell whether an address lies on the list: "host", "host:port" or ".suffix" for a domain and all below it."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return False
    return any(
        allowed in (host, f"{host}:{port}") or (allowed.startswith(".") and f".{host}".endswith(allowed))
        for allowed in (name.lower() for name in hosts)
    )


class HttpFileSource:
    """Implements FileSource. `headers` go with every request (a token of the file server, say)."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        hosts: Sequence[str],
        headers: Mapping[str, str],
        ssl_supplier: SslSupplier,
        idle_seconds: float = 15.0,
    ) -> None:
        self._session = session
        self._hosts = tuple(hosts)
        self._headers = dict(headers)
        self._ssl_supplier = ssl_supplier
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=idle_seconds)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        if not is_allowed_host(url, self._hosts):
            raise Rejected(
                "the file's host is not on the list", system=SYSTEM, operation=OPERATION, code="host_not_allowed"
            )
        context = self._ssl_supplier()
        try:
            response = await self._session.get(
                url,
                headers=self._headers,
                allow_redirects=False,
                timeout=self._timeout,
                ssl=context if context is not None else True,
            )
        except _FAILURES as error:
            raise _unreadable(error) from error
        async with response:
            if response.status != 200:
                raise _refusal(response.status)
            yield _chunks(response)


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    # What fails in the reader's own work between two chunks is not the file server's failure.
    chunks = response.content.iter_chunked(_CHUNK_BYTES)
    while True:
        try:
            chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except _FAILURES as error:
            raise _unreadable(error) from error
        yield chunk


def _unreadable(error: BaseException) -> TransientFailure:
    return TransientFailure(
        f"the file server cannot be read ({type(error).__name__})", system=SYSTEM, operation=OPERATION
    )


def _refusal(status: int) -> TransientFailure | Rejected:
    if status == 429 or status >= 500:
        return TransientFailure("the file server is busy", system=SYSTEM, operation=OPERATION, code=f"http_{status}")
    return Rejected("the file server refuses the file", system=SYSTEM, operation=OPERATION, code=f"http_{status}")
