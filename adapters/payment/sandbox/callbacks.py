"""Sends results to partners and repeats them until they are taken (payment notes §14 U15). A journal tells all."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from adapters.payment.sandbox.ledger import Direction
from adapters.payment.sandbox.messages import RETRY_SECONDS, RETRY_STOP_SECONDS
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.world import World

_RESET = struct.pack("ii", 1, 0)
_MAX_ACK_BYTES = 65_536
_MAX_JOURNAL = 10_000
_LIMIT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Ack:
    """What an acknowledgement came to. `is_taken` True: nothing is sent again. `said` is the code in it."""

    is_taken: bool
    said: str
    problem: str = ""


ReadAck = Callable[[int, bytes], Ack]
Then = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Notice:
    """One message on its way; the bytes are the same at every attempt. `method` GET sends the body as a query."""

    operation: str
    partner: str
    reference: str
    order: str
    amount_vnd: int
    is_success: bool
    method: str
    url: str
    body: bytes
    read_ack: ReadAck
    switches: Sequence[str] = ()
    gives_up_at: float = 0.0
    attempt: int = 0
    is_taken: bool = False


class CallbackSender:
    """Sends the notices of one provider. What it sends is sealed already."""

    def __init__(
        self,
        world: World,
        provider: str,
        *,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        retry_stop_seconds: float = RETRY_STOP_SECONDS,
    ) -> None:
        self._world = world
        self._provider = provider
        self._waits = tuple(retry_seconds)
        self._stop_seconds = retry_stop_seconds
        self._client: aiohttp.ClientSession | None = None
        self.journal: deque[dict[str, Any]] = deque(maxlen=_MAX_JOURNAL)
        self.sent: list[Notice] = []

    def keep(self, notice: Notice) -> Notice:
        """Keep a notice among those that were sent."""
        notice.gives_up_at = self._world.clock.monotonic() + self._stop_seconds
        self.sent.append(notice)
        return notice

    async def send(self, notice: Notice, *, then: Then | None = None) -> None:
        """Send once, and again later unless it is taken; do `then` after this first attempt."""
        ack = await self._attempt(notice)
        if then is not None:
            await then()
        if ack is not None and ack.is_taken:
            notice.is_taken = True
            return
        wait = self._waits[min(notice.attempt, len(self._waits)) - 1]
        if self._world.clock.monotonic() + wait <= notice.gives_up_at:
            self._world.agenda.after(wait, lambda: self._again(notice))

    async def send_copies(self, notice: Notice, count: int) -> None:
        """Send the same many times at once, and never again (F02)."""
        acks = await asyncio.gather(*(self._attempt(notice) for _ in range(count)))
        notice.is_taken = any(ack is not None and ack.is_taken for ack in acks)

    def forget(self) -> None:
        """Forget what was sent."""
        self.journal.clear()
        self.sent.clear()

    async def stop(self) -> None:
        """Close connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _again(self, notice: Notice) -> None:
        if not notice.is_taken:
            await self.send(notice)

    async def _attempt(self, notice: Notice) -> Ack | None:
        """Send once; None when there was no acknowledgement to read."""
        if self._client is None:
            self._client = aiohttp.ClientSession()
        lost = self._world.switches.take(
            "F18_ack_lost",
            provider=self._provider,
            operation=notice.operation,
            reference=notice.reference,
            order=notice.order,
            amount_vnd=notice.amount_vnd,
        )
        notice.attempt += 1
        number = notice.attempt
        status, answer = await _deliver(self._client, notice, lost)
        ack = None if status is None else notice.read_ack(status, answer)
        self._world.ledger.record(
            Direction.SENT,
            provider=self._provider,
            operation=notice.operation,
            method=notice.method,
            address=notice.url,
            request=notice.body,
            http_status=status,
            response=answer,
            reference=notice.reference,
            note="no acknowledgement" if ack is None else ack.problem,
            switches=(*notice.switches, *((lost.name,) if lost else ())),
        )
        self.journal.append(
            {
                "operation": notice.operation,
                "reference": notice.reference,
                "is_success": notice.is_success,
                "attempt": number,
                "http_status": status,
                "said": None if ack is None else ack.said,
                "problem": "" if ack is None else ack.problem,
                "is_taken": ack is not None and ack.is_taken,
            }
        )
        return ack


async def _deliver(client: aiohttp.ClientSession, notice: Notice, lost: Switch | None) -> tuple[int | None, bytes]:
    # The address is written as it is: a library that parsed it might spell the signed values otherwise.
    headers = {"Accept": "application/json"}
    url, body = notice.url, notice.body
    if notice.method == "GET":
        url, body = f"{url}{'&' if '?' in url else '?'}{body.decode()}", b""
    else:
        headers["Content-Type"] = "application/json; charset=utf-8"
    try:
        async with client.request(
            notice.method,
            URL(url, encoded=True),
            data=body or None,
            headers=headers,
            allow_redirects=False,
            timeout=_LIMIT,
        ) as answer:
            if lost is not None:
                # The head has come, so the other side is done; what it said is thrown away with the connection.
                _reset(answer)
                return None, b""
            return answer.status, await answer.content.read(_MAX_ACK_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        # Whatever it was, the result is the same to the provider: not taken, so sent again.
        return None, b""


def _reset(answer: aiohttp.ClientResponse) -> None:
    transport = None if answer.connection is None else answer.connection.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    answer.close()
