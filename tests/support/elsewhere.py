"""Somebody whom nobody should call."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(slots=True)
class Elsewhere:
    """An address, and how many connections were made to it: also those on which nothing was said."""

    url: str
    connections_count: int = 0


@contextlib.asynccontextmanager
async def listening_elsewhere() -> AsyncIterator[Elsewhere]:
    """Listen on a loopback port; whoever follows a redirect or an address in a token comes by and is hung up on."""
    place = Elsewhere("")

    def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place.connections_count += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    async with server:
        place.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield place
