"""The hub's sender of webhooks: signs, sends, repeats until it is answered with 200 (§7.4).

Every attempt is a body of its own, since it states its number, and is signed anew. Time is the sandbox's own: a clock
that is pushed forward makes repeats due.
"""

import asyncio
import base64
import contextlib
import hmac
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from adapters.consent.sandbox.profile import HubProfile, SignatureForm, WireType
from adapters.consent.sandbox.state import Transaction
from adapters.sandboxing import SandboxClock

SIGNATURE_HEADER = "X-Webhook-Signature"
_TICK_SECONDS = 0.02
_LIMIT = aiohttp.ClientTimeout(total=5)


class Delivery:
    """One event on its way."""

    __slots__ = ("attempt", "data", "due_at", "event_id", "event_type", "left_copies", "left_tries")

    def __init__(self, event_id: str, event_type: str, data: dict[str, Any], due_at: float) -> None:
        self.event_id = event_id
        self.event_type = event_type
        self.data = data
        self.due_at = due_at
        self.attempt = 0
        self.left_tries = 0
        self.left_copies = 0


class WebhookSender:
    """Keeps what is to be sent, in order; a journal tells every attempt and its answer."""

    def __init__(self, profile: Callable[[], HubProfile], clock: SandboxClock) -> None:
        self._profile = profile
        self._clock = clock
        self._waiting: list[Delivery] = []
        self._last_id = 264_000_000_000_000_000
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.journal: deque[dict[str, Any]] = deque(maxlen=10_000)

    @property
    def waiting_count(self) -> int:
        """How many events are not yet delivered."""
        return len(self._waiting)

    def tell(self, transaction: Transaction, event_type: str, standing: int, description: str) -> None:
        """Queue an event; without an address there is nobody to tell."""
        profile = self._profile()
        if not profile.webhook_url:
            return
        self._last_id += 1
        data: dict[str, Any] = {
            "transactionCode": transaction.code,
            "txnId": transaction.txn_id,
            "status": str(standing) if profile.webhook_state_type is WireType.TEXT else standing,
            "description": description,
        }
        delivery = Delivery(str(self._last_id), event_type, data, self._clock.monotonic())
        delivery.attempt = profile.webhook_first_attempt
        delivery.left_tries = profile.webhook_max_attempts
        delivery.left_copies = profile.webhook_copies
        self._waiting.append(delivery)
        self._start()

    def wake(self) -> None:
        """Look at once at what is due, as after a clock was moved."""
        self._wake.set()

    def forget(self) -> None:
        """Drop what waits, and the journal."""
        self._waiting.clear()
        self.journal.clear()

    async def stop(self) -> None:
        """End the background work."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _start(self) -> None:
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:  # Something may be queued while the connections are closed.
            async with aiohttp.ClientSession(timeout=_LIMIT) as client:
                await self._send_all(client)

    async def _send_all(self, client: aiohttp.ClientSession) -> None:
        while self._waiting:
            now = self._clock.monotonic()
            due = next((each for each in self._waiting if each.due_at <= now), None)
            if due is not None:
                await self._attempt(client, due)
                continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _TICK_SECONDS)

    async def _attempt(self, client: aiohttp.ClientSession, delivery: Delivery) -> None:
        profile = self._profile()
        body = msgspec.json.encode(
            {
                "id": delivery.event_id,
                "type": delivery.event_type,
                "attempt": delivery.attempt,
                "data": {**delivery.data, **profile.added_fields},
                **profile.added_fields,
            }
        )
        headers = {"Content-Type": "application/json", "X-Request-Id": f"{delivery.event_id}-{delivery.attempt}"}
        signature = signature_of(profile, body)
        if signature is not None:
            headers[SIGNATURE_HEADER] = signature
        status: int | None = None
        try:
            async with client.post(profile.webhook_url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = None
        self.journal.append(
            {
                "event_id": delivery.event_id,
                "type": delivery.event_type,
                "attempt": delivery.attempt,
                "http_status": status,
            }
        )
        self._after(delivery, profile, is_taken=status == 200)

    def _after(self, delivery: Delivery, profile: HubProfile, *, is_taken: bool) -> None:
        delivery.left_tries -= 1
        delivery.attempt += 1
        if is_taken:
            delivery.left_copies -= 1
        else:
            delivery.due_at = self._clock.monotonic() + profile.webhook_retry_seconds
        is_over = delivery.left_copies <= 0 or delivery.left_tries <= 0
        if is_over and delivery in self._waiting:
            self._waiting.remove(delivery)


def signature_of(profile: HubProfile, body: bytes) -> str | None:
    """Give the header's value for a body; None when it is to be missing."""
    form = profile.webhook_signature
    if form is SignatureForm.MISSING:
        return None
    key = "another key" if form is SignatureForm.BAD else profile.webhook_key
    signed = msgspec.json.format(body, indent=2) if form is SignatureForm.REWRITTEN else body
    digest = hmac.new(key.encode(), signed, "sha256").digest()
    match form:
        case SignatureForm.BASE64:
            return "sha256=" + base64.b64encode(digest).decode()
        case SignatureForm.UPPER_HEX:
            return "sha256=" + digest.hex().upper()
        case _:
            return "sha256=" + digest.hex()
