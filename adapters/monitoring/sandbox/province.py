"""Calls to the province's interface: one at a time, with its wishes about time honoured, and every answer looked at.

What comes back is held against the form that every answer must have: problem+json for refusals, Retry-After with 429
and 503, an ETag that is the SHA-256 of the body, `Cache-Control: private`. Sources: monitoring notes §4.4, §4.5;
RFC 9110 §10.2.3, RFC 9111, RFC 9457.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import aiohttp

from adapters.monitoring.sandbox.canonical import read_object
from adapters.monitoring.sandbox.findings import FindingKind, Refused, broken
from adapters.monitoring.sandbox.habits import Habit, PullerSettings
from adapters.monitoring.sandbox.persons import PersonalData
from adapters.sandboxing import SandboxClock

_AGAIN = frozenset({429, 503})
MAX_JOURNAL = 10_000
Report = Callable[[FindingKind, str | None, str], None]
"""Called with what is wrong, the snapshot it is about and a message."""
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def etag(self) -> str:
        """The entity tag as it was written, "" without one."""
        return self.headers.get("ETag", "")


class Province:
    """The interface of one province, called with one token. Not answering raises Refused (unavailable)."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: PullerSettings,
        *,
        clock: SandboxClock,
        sleep: Callable[[float], Awaitable[object]],
        report: Report,
    ) -> None:
        self._session = session
        self._settings = settings
        self._persons = PersonalData(settings.personal_samples)
        self._clock = clock
        self._sleep = sleep
        self._report = report
        self.journal: deque[dict[str, Any]] = deque(maxlen=MAX_JOURNAL)
        self.calls_count = 0
        self.bytes_count = 0

    @property
    def settings(self) -> PullerSettings:
        """The settings in force."""
        return self._settings

    @settings.setter
    def settings(self, settings: PullerSettings) -> None:
        self._settings = settings
        self._persons = PersonalData(settings.personal_samples)

    @property
    def sends_tags(self) -> bool:
        """Whether it is asked by entity tags."""
        return Habit.IGNORES_ETAGS not in self._settings.habits

    async def get(self, path: str, query: Query = (), *, etag: str = "") -> Reply:
        """Ask for a path below the root, with If-None-Match where `etag` is given; give an answer of 200 or 304.

        Waits as Retry-After says. Raises Refused (unavailable) when the tries are used up, (contract_broken) for any
        other answer.
        """
        etag = etag if self.sends_tags else ""
        pause = self._settings.pause_seconds
        for left in reversed(range(self._settings.tries)):
            reply = await self._try(path, query, etag)
            if reply is not None and reply.status not in _AGAIN:
                return self._judged(path, reply, was_tagged=bool(etag))
            wait = pause
            if reply is not None:
                wished = self.wished_wait(path, reply)
                wait = pause if wished is None else wished
            if left == 0 or wait > self._settings.max_wait_seconds:
                break
            pause *= 2
            await self._sleep(wait)
        raise Refused(FindingKind.UNAVAILABLE, f"{path}: was not answered within the tries that there are")

    async def document(self, path: str, query: Query = ()) -> dict[str, Any]:
        """Ask for a JSON object that may be another one next time. Raises Refused."""
        reply = await self.get(path, query)
        return read_object(reply.body, path, allows_fractions=True)

    async def send(self, path: str, query: Query = (), *, etag: str = "", token: str | None = None) -> Reply:
        """Make one call and read its answer, whatever it is. Raises aiohttp.ClientError or TimeoutError, and Refused
        (contract_broken) for a body without end."""
        headers = {"Authorization": f"Bearer {self._settings.token if token is None else token}"}
        if etag:
            headers["If-None-Match"] = etag
        address = self._address(path)
        self.calls_count += 1
        async with self._session.get(
            address, params=query, headers=headers, allow_redirects=False, timeout=self._timeout()
        ) as answer:
            body = await self._read(path, answer)
            reply = Reply(answer.status, answer.headers, body)
        self.bytes_count += len(body)
        self._note(path, query, reply.status, len(body), was_tagged=bool(etag))
        if self._persons.is_in(body):
            self._report(FindingKind.PERSONAL_DATA, snapshot_of(path), f"{path}: something of a person stands in it")
        return reply

    async def break_off(self, path: str) -> None:
        """Begin to read an answer and hang up before its end. Raises aiohttp.ClientError or TimeoutError."""
        headers = {"Authorization": f"Bearer {self._settings.token}"}
        address = self._address(path)
        self.calls_count += 1
        answer = await self._session.get(address, headers=headers, timeout=self._timeout())
        begun = await answer.content.read(1)
        answer.close()
        self._note(path, (), answer.status, len(begun), was_tagged=False)

    def wished_wait(self, path: str, reply: Reply) -> float | None:
        """Give what a 429 or 503 says about the time to come back, in seconds; None, and a finding, when it says
        nothing that can be read."""
        value = reply.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            instant = parsedate_to_datetime(value)
        except ValueError:
            self._report(FindingKind.CONTRACT_BROKEN, None, f"{path}: {reply.status} without a Retry-After")
            return None
        return max(0.0, (_aware(instant) - self._clock.now()).total_seconds())

    def judge_refusal(self, path: str, reply: Reply) -> None:
        """Report a refusal that is not a problem document (RFC 9457) of its status."""
        content_type = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            problem = read_object(reply.body, path, allows_fractions=True)
        except Refused:
            problem = {}
        is_problem = content_type == "application/problem+json" and isinstance(problem.get("title"), str)
        if not is_problem or problem.get("status", reply.status) != reply.status:
            self._report(FindingKind.CONTRACT_BROKEN, None, f"{path}: {reply.status} is not told in problem+json")

    def judge_tag(self, path: str, reply: Reply, snapshot_id: str | None) -> None:
        """Report the head of a file that may not be kept, or not told apart, as agreed."""
        if reply.etag != f'"{sha256(reply.body).hexdigest()}"':
            self._report(FindingKind.CACHE_WRONG, snapshot_id, f"{path}: ETag is not the SHA-256 of the body")
        directives = {part.strip().lower() for part in reply.headers.get("Cache-Control", "").split(",")}
        if "private" not in directives:
            self._report(FindingKind.CACHE_WRONG, snapshot_id, f"{path}: Cache-Control is not private")

    async def _try(self, path: str, query: Query, etag: str) -> Reply | None:
        """Call once; None when there was no whole answer."""
        try:
            return await self.send(path, query, etag=etag)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._note(path, query, None, 0, was_tagged=False, failure=type(error).__name__)
            return None

    def _judged(self, path: str, reply: Reply, *, was_tagged: bool) -> Reply:
        if reply.status == 200 or (reply.status == 304 and was_tagged):
            return reply
        self.judge_refusal(path, reply)
        raise broken(f"{path}: is answered with {reply.status}")

    async def _read(self, path: str, answer: aiohttp.ClientResponse) -> bytes:
        pieces, size = [], 0
        async for piece in answer.content.iter_chunked(1 << 16):
            size += len(piece)
            if size > self._settings.max_body_bytes:
                answer.close()
                raise broken(f"{path}: is longer than {self._settings.max_body_bytes} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    def _address(self, path: str) -> str:
        if not self._settings.province_url:
            raise Refused(FindingKind.UNAVAILABLE, "province_url: is not set")
        return self._settings.province_url.rstrip("/") + self._settings.root_path + path

    def _timeout(self) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=self._settings.call_seconds)

    def _note(
        self,
        path: str,
        query: Query,
        status: int | None,
        size_bytes: int,
        *,
        was_tagged: bool,
        failure: str | None = None,
    ) -> None:
        self.journal.append(
            {
                "at": self._clock.now().isoformat(),
                "path": path,
                "query": [list(pair) for pair in query],
                "http_status": status,
                "size_bytes": size_bytes,
                "was_tagged": was_tagged,
                "failure": failure,
            }
        )


def snapshot_of(path: str) -> str | None:
    """Give the snapshot that a path below the root is about; None when it is about none."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "snapshots" else None


async def pause(seconds: float) -> None:
    """Wait as an ordinary process does."""
    await asyncio.sleep(seconds)


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
