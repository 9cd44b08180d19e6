"""Sends results to partners and repeats them until they are taken (payment notes §A.12, §14 U15). A journal tells all.

One sender serves each provider; how a result is written, and what answer takes it, is the provider's own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from adapters.payment.sandbox.ledger import Direction
from adapters.payment.sandbox.messages import Ack, Pace
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.world import World
from adapters.sandboxing import end_connection

_MAX_ACK_BYTES = 65_536
_MAX_JOURNAL = 10_000
_MAX_DESCRIBED = 200


ReadAck = Callable[[int, bytes], Ack]
Then = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True, eq=False)
class Notice:
    """One message on its way; the bytes are the same at every attempt. `method` GET sends the body as a query."""

    operation: str
    key: str
    """What names the payment to the provider."""
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
    """Sends the notices of one provider. What it sends is sealed already: secrets never reach it. `pace` is asked anew
    for each notice."""

    def __init__(self, world: World, provider: str, pace: Callable[[], Pace]) -> None:
        self._world = world
        self._provider = provider
        self._pace = pace
        self._client: aiohttp.ClientSession | None = None
        self.journal: deque[dict[str, Any]] = deque(maxlen=_MAX_JOURNAL)
        self.sent: list[Notice] = []
        """Every notice, oldest first."""

    def keep(self, notice: Notice) -> Notice:
        """Keep a notice among those that were sent."""
        notice.gives_up_at = self._world.clock.monotonic() + self._pace().retry_stop_seconds
        self.sent.append(notice)
        return notice

    def oldest_success(self, partner: str, *, but_of: str) -> Notice | None:
        """Give the oldest notice of a success to a partner about another payment than the one of this key (F28)."""
        found = (each for each in self.sent if each.is_success and each.partner == partner and each.key != but_of)
        return next(found, None)

    async def send(self, notice: Notice, *, then: Then | None = None) -> None:
        """Send once, and again later unless it is taken; do `then` after this first attempt."""
        ack = await self._attempt(notice)
        if then is not None:
            await then()
        if ack is not None and ack.is_taken:
            notice.is_taken = True
            return
        waits = self._pace().retry_seconds
        wait = waits[min(notice.attempt, len(waits)) - 1]
        if self._world.clock.monotonic() + wait <= notice.gives_up_at:
            self._world.agenda.after(wait, lambda: self._again(notice))

    async def send_copies(self, notice: Notice, count: int) -> None:
        """Send the same many times at once, and never again (F02)."""
        acks = await asyncio.gather(*(self._attempt(notice) for _ in range(count)))
        notice.is_taken = any(ack is not None and ack.is_taken for ack in acks)

    def forget(self) -> None:
        """Forget what was sent; what is under way is not repeated."""
        for notice in self.sent:
            notice.gives_up_at = float("-inf")
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
        status, answer = await _deliver(self._client, notice, self._pace().timeout_seconds, lost)
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
            note="no acknowledgement" if ack is None else "; ".join(ack.problems),
            switches=(*notice.switches, *((lost.name,) if lost else ())),
        )
        self.journal.append(
            {
                "operation": notice.operation,
                "key": notice.key,
                "reference": notice.reference,
                "is_success": notice.is_success,
                "attempt": number,
                "http_status": status,
                "said": None if ack is None else ack.said,
                "described": "" if ack is None else ack.described[:_MAX_DESCRIBED],
                "problems": [] if ack is None else list(ack.problems),
                "is_taken": ack is not None and ack.is_taken,
            }
        )
        return ack


async def _deliver(
    client: aiohttp.ClientSession, notice: Notice, timeout_seconds: float, lost: Switch | None
) -> tuple[int | None, bytes]:
    headers = {"Accept": "application/json"}
    url, body = notice.url, notice.body
    if notice.method == "GET":
        url, body = f"{url}{'&' if '?' in url else '?'}{body.decode()}", b""
    else:
        headers["Content-Type"] = "application/json; charset=utf-8"
    try:
        async with client.request(
            notice.method,
            # Signed values are written as they are: a library that parsed the address might spell them otherwise.
            URL(url, encoded=notice.method == "GET"),
            data=body or None,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        ) as answer:
            if lost is not None:
                # The head has come, so the other side is done; what it said is thrown away with the connection.
                end_connection(None if answer.connection is None else answer.connection.transport, with_reset=True)
                answer.close()
                return None, b""
            return answer.status, await read_at_most(answer, _MAX_ACK_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        # Whatever it was, the result is the same to the provider: not taken, so sent again.
        return None, b""


async def read_at_most(answer: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """Read a body to its end, however it comes in pieces; of one that is longer give the first `limit_bytes`."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) >= limit_bytes:
            break
    return bytes(body[:limit_bytes])
