"""Sending events to subscribers: in order, at least once, signed (Standard Webhooks 1.0.0).

A subscription is leased as a whole, so its events are never sent by two processes at once, and an event is sent only
after the one before it was answered with 2xx. What was delivered is stored after each event; a crash between answer and
store makes the event come again, with the same `webhook-id`. A subscriber that fails is asked again on a schedule that
grows up to a ceiling and never ends: giving up silently would lose events, and the subscription shows its last failure.

Signed is `{webhook-id}.{webhook-timestamp}.{body}` with HMAC-SHA256. Redirects are not followed: they would carry the
event to an address that nobody registered.
"""

import asyncio
import base64
import contextlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import msgspec

from gateway.errors import IntegrityFailed, StoreUnavailable
from gateway.ports.basics import Chance, Clock, KeyRing
from gateway.ports.events import Event, FeedSignal, LeasedSubscription, WebhookStore
from gateway.sync.retry import RetryPolicy, delay_seconds

SECRET_BYTES = 32
USER_AGENT = "lien-thong-webhooks"
_SCHEMES = frozenset({"http", "https"})


class WebhookPost(Protocol):
    """Posts a body and gives the status of the answer, following no redirect.

    Raises TimeoutError, or OSError when no answer came for another reason.
    """

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int: ...


class WebhookObserver(Protocol):
    """Is told what became of each attempt, and of how long it took."""

    def webhook_attempted(self, outcome: str, duration_seconds: float) -> None:
        """`outcome` is "delivered" or one of `FAILURES`, so it may be a label."""
        ...


class SilentWebhookObserver:
    """Implements WebhookObserver and keeps nothing."""

    def webhook_attempted(self, outcome: str, duration_seconds: float) -> None: ...


FAILURES = (
    "timeout",
    "no_connection",
    "redirected",
    "client_error",
    "server_error",
    "target_refused",
    "secret_unreadable",
    "internal_error",
)
"""Every reason why an attempt can fail; also what a subscription shows as its last failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """How webhooks are sent. `allowed_hosts` as in `gateway.api.services.Limits.webhook_hosts`."""

    policy: RetryPolicy = field(default_factory=lambda: RetryPolicy(first_delay_seconds=5.0, ceiling_seconds=3600.0))
    timeout_seconds: float = 15.0
    lease_seconds: float = 60.0
    max_parallel_count: int = 16
    events_per_lease_count: int = 100
    poll_seconds: float = 2.0
    allowed_hosts: tuple[str, ...] = ()


class AiohttpPost:
    """Implements WebhookPost with an aiohttp session that belongs to somebody else."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int:
        try:
            async with self._session.post(
                url,
                data=body,
                headers=dict(headers),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            ) as response:
                # The answer's content means nothing to us and is not read, however much there is of it.
                return response.status
        except (aiohttp.ClientError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise ConnectionError(type(error).__name__) from error


def is_allowed_target(url: str, allowed_hosts: Sequence[str]) -> bool:
    """Tell whether webhooks may go to an address.

    Only http and https; never link-local addresses, where machines of a cloud answer with their own credentials. With
    `allowed_hosts`, only those hosts (".suffix" is a domain and all below it).
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme not in _SCHEMES or not host:
        return False
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
    if not allowed_hosts:
        return True
    return any(
        host == allowed or (allowed.startswith(".") and (host == allowed[1:] or host.endswith(allowed)))
        for allowed in (name.lower() for name in allowed_hosts)
    )


def secret_context(subscription_id: str) -> bytes:
    """Name the place of a sealed secret, so that it cannot be moved to another subscription."""
    return b"subscription:" + subscription_id.encode()


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Give the value of webhook-signature for one message."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, content, sha256)).decode()


def message_id(subscription_id: str, event_id: int) -> str:
    """Name a message: the same for every attempt to deliver one event to one subscriber."""
    return f"msg_{subscription_id.removeprefix('sub_')}_{event_id}"


def message_body(event: Event) -> bytes:
    """Give what is posted: type, timestamp and data, as the specification recommends, and the event's own id."""
    return msgspec.json.encode(
        {
            "type": event.type,
            "timestamp": event.occurred_at,
            "event_id": event.event_id,
            "data": {
                "subject": event.subject,
                "agency_code": event.agency_code,
                "revision": event.revision,
                "details": msgspec.Raw(event.data.encode()),
            },
        }
    )


class WebhookSender:
    """Sends what subscriptions are due. `run` works until it is told to stop; `work_once` does one round."""

    def __init__(
        self,
        store: WebhookStore,
        *,
        key_ring: KeyRing,
        clock: Clock,
        chance: Chance,
        post: WebhookPost,
        signal: FeedSignal,
        settings: WebhookSettings | None = None,
        observer: WebhookObserver | None = None,
    ) -> None:
        self._store = store
        self._key_ring = key_ring
        self._clock = clock
        self._chance = chance
        self._post = post
        self._signal = signal
        self._settings = settings or WebhookSettings()
        self._observer = observer or SilentWebhookObserver()
        self._stopping = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until `stopping` is set. A database that is away is waited for; a slow subscriber holds up nobody.

        Ends after the posts that are under way; each event answered by then is stored as delivered.
        """
        self._stopping = stopping
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not stopping.is_set():
                grown = self._signal.moment()
                free_count = self._settings.max_parallel_count - len(under_way)
                with contextlib.suppress(StoreUnavailable):
                    under_way |= {asyncio.create_task(self._serve(one)) for one in await self._lease(free_count)}
                under_way = await self._wait(under_way, grown)
        finally:
            # Nothing is cut off: each post has its time limit, and `_serve` begins no other one while stopping.
            await asyncio.gather(*under_way)

    async def work_once(self) -> int:
        """Lease what is due and send it; give the number of subscriptions worked on. Raises StoreUnavailable."""
        leased = await self._lease(self._settings.max_parallel_count)
        await asyncio.gather(*(self._serve(one) for one in leased))
        return len(leased)

    async def _lease(self, limit: int) -> Sequence[LeasedSubscription]:
        if limit <= 0:
            return ()
        return await self._store.lease(limit=limit, lease_seconds=self._settings.lease_seconds)

    async def _wait(self, under_way: set[asyncio.Task[None]], grown: asyncio.Event) -> set[asyncio.Task[None]]:
        """Wait until there may be something to do; give the tasks that are still under way."""
        wakers = {asyncio.ensure_future(self._stopping.wait()), asyncio.ensure_future(grown.wait())}
        waits: set[asyncio.Future[Any]] = {*under_way, *wakers}
        try:
            await asyncio.wait(waits, timeout=self._settings.poll_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waker in wakers:
                waker.cancel()
        return {task for task in under_way if not task.done()}

    async def _serve(self, leased: LeasedSubscription) -> None:
        try:
            await self._deliver(leased)
        except StoreUnavailable:
            # The lease runs out by itself; what was delivered and not stored comes again with the same id.
            return
        except Exception:  # noqa: BLE001 - a defect that one subscriber meets must not stop the others
            self._observer.webhook_attempted("internal_error", 0.0)
            with contextlib.suppress(StoreUnavailable):
                await self._release_failed(leased, "internal_error", leased.failures_count + 1)

    async def _deliver(self, leased: LeasedSubscription) -> None:
        settings = self._settings
        page = await self._store.events_for(leased, limit=settings.events_per_lease_count)
        failure, failures_count = "", leased.failures_count
        for event in page.events:
            if self._stopping.is_set():
                break
            failure = await self._send(leased, event)
            if failure:
                break
            failures_count = 0
            if not await self._advance(leased, event.event_id):
                return
        else:
            # Events that do not concern this subscriber are passed over as well.
            if page.next_after > leased.after_event_id and not await self._advance(leased, page.next_after):
                return
        if not failure:
            await self._store.release(leased, delay_seconds=0.0, failures_count=failures_count)
            return
        await self._release_failed(leased, failure, failures_count + 1)

    async def _release_failed(self, leased: LeasedSubscription, failure: str, failures_count: int) -> None:
        wait_seconds = delay_seconds(self._settings.policy, failures_count, self._chance.random())
        await self._store.release(
            leased, delay_seconds=wait_seconds, failures_count=failures_count, last_failure=failure
        )

    async def _advance(self, leased: LeasedSubscription, after: int) -> bool:
        return await self._store.advance(leased, after=after, lease_seconds=self._settings.lease_seconds)

    async def _send(self, leased: LeasedSubscription, event: Event) -> str:
        """Send one event; give the failure's name, "" when it was delivered."""
        started = self._clock.monotonic()
        failure = await self._attempt(leased, event)
        self._observer.webhook_attempted(failure or "delivered", self._clock.monotonic() - started)
        return failure

    async def _attempt(self, leased: LeasedSubscription, event: Event) -> str:
        if not is_allowed_target(leased.url, self._settings.allowed_hosts):
            return "target_refused"
        try:
            key = self._key_ring.open_record_key(leased.wrapped_key)
            secret = key.unseal(leased.sealed_secret, context=secret_context(leased.subscription_id))
        except IntegrityFailed:
            return "secret_unreadable"
        name, body = message_id(leased.subscription_id, event.event_id), message_body(event)
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": name,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret, name, timestamp, body),
        }
        timeout_seconds = self._settings.timeout_seconds
        try:
            async with asyncio.timeout(timeout_seconds):
                status = await self._post(leased.url, body, headers, timeout_seconds)
        except TimeoutError:
            return "timeout"
        except OSError:
            return "no_connection"
        return _failure_of(status)


def _failure_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "redirected"
    return "client_error" if status < 500 else "server_error"
