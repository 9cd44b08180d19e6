"""Sends CONFIRM and repeats it until it is acknowledged (payment notes §A.5, §A.12). A journal tells every attempt."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.payment.sandbox.ledger import Direction
from adapters.payment.sandbox.platform_confirm import Ack, read_ack
from adapters.payment.sandbox.platform_orders import Order
from adapters.payment.sandbox.platform_profile import Partner, PlatformProfile
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.world import World

_RESET = struct.pack("ii", 1, 0)
_MAX_ACK_BYTES = 65_536
_MAX_JOURNAL = 10_000
Then = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Notice:
    """One CONFIRM on its way; the bytes are the same at every attempt."""

    partner: str
    order: Order
    code: str
    body: bytes
    switches: tuple[str, ...]
    gives_up_at: float
    attempt: int = 0
    is_taken: bool = False


class NoticeSender:
    """Sends notices of all partners. Secrets never reach it: what it sends is sealed already."""

    def __init__(self, world: World, provider: str, profile: Callable[[], PlatformProfile]) -> None:
        self._world = world
        self._provider = provider
        self._profile = profile
        self._client: aiohttp.ClientSession | None = None
        self.journal: deque[dict[str, Any]] = deque(maxlen=_MAX_JOURNAL)
        self.sent: dict[str, list[Notice]] = {}
        """Every notice by the key of its order, oldest first."""

    def make(self, partner: Partner, order: Order, code: str, body: bytes, switches: tuple[str, ...]) -> Notice:
        """Make a notice and keep it among those that were sent."""
        profile = self._profile()
        notice = Notice(
            partner=partner.code,
            order=order,
            code=code,
            body=body,
            switches=switches,
            gives_up_at=self._world.clock.monotonic() + profile.retry_stop_seconds * profile.time_scale,
        )
        self.sent.setdefault(order.key, []).append(notice)
        return notice

    def first(self, partner: str, *, but_of: str) -> Notice | None:
        """Give the oldest notice of a success to a partner about another order than this one."""
        all_notices = (each for key, notices in self.sent.items() if key != but_of for each in notices)
        return next((each for each in all_notices if each.partner == partner and each.code == "00"), None)

    async def send(self, url: str, notice: Notice, *, then: Then | None = None) -> None:
        """Send once, and again later unless it is taken; do `then` after this first attempt."""
        ack = await self._attempt(url, notice)
        if then is not None:
            await then()
        if ack is not None and ack.is_taken:
            notice.is_taken = True
            return
        profile, agenda = self._profile(), self._world.agenda
        waits = profile.retry_seconds
        wait = waits[min(notice.attempt, len(waits)) - 1] * profile.time_scale
        if self._world.clock.monotonic() + wait <= notice.gives_up_at:
            agenda.after(wait, lambda: self._again(url, notice))

    async def send_copies(self, url: str, notice: Notice, count: int) -> None:
        """Send the same many times at once, and never again (F02)."""
        acks = await asyncio.gather(*(self._attempt(url, notice) for _ in range(count)))
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

    async def _again(self, url: str, notice: Notice) -> None:
        if not notice.is_taken:
            await self.send(url, notice)

    async def _attempt(self, url: str, notice: Notice) -> Ack | None:
        """Send once; None when there was no acknowledgement to read."""
        if self._client is None:
            self._client = aiohttp.ClientSession()
        order = notice.order
        lost = self._world.switches.take(
            "F18_ack_lost",
            provider=self._provider,
            operation="CONFIRM",
            reference=order.reference,
            order=order.dossier,
            amount_vnd=order.amount_vnd,
        )
        notice.attempt += 1
        number = notice.attempt
        status, answer = await _post(self._client, url, notice.body, self._profile().notify_timeout_seconds, lost)
        ack = None if status is None else read_ack(status, answer, notice.body)
        self._world.ledger.record(
            Direction.SENT,
            provider=self._provider,
            operation="CONFIRM",
            method="POST",
            address=url,
            request=notice.body,
            http_status=status,
            response=answer,
            reference=order.reference,
            note="no acknowledgement" if ack is None else "; ".join(ack.problems),
            switches=(*notice.switches, *((lost.name,) if lost else ())),
        )
        self.journal.append(
            {
                "key": order.key,
                "reference": order.reference,
                "result": notice.code,
                "attempt": number,
                "http_status": status,
                "ack": None if ack is None else {"MaLoi": ack.code, "MoTaLoi": ack.described},
                "ack_problems": [] if ack is None else list(ack.problems),
                "is_taken": ack is not None and ack.is_taken,
            }
        )
        return ack


async def _post(
    client: aiohttp.ClientSession, url: str, body: bytes, timeout_seconds: float, lost: Switch | None
) -> tuple[int | None, bytes]:
    headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
    limit = aiohttp.ClientTimeout(total=timeout_seconds)
    try:
        async with client.post(url, data=body, headers=headers, allow_redirects=False, timeout=limit) as answer:
            if lost is not None:
                # The head has come, so the other side is done; what it said is thrown away with the connection.
                _reset(answer)
                return None, b""
            return answer.status, await answer.content.read(_MAX_ACK_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        # Whatever it was, the result is the same to the platform: not acknowledged, so sent again.
        return None, b""


def _reset(answer: aiohttp.ClientResponse) -> None:
    transport = None if answer.connection is None else answer.connection.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    answer.close()
