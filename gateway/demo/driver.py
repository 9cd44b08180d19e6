"""Drives the day: many stories at once, each in its own order, everything repeated until it is answered."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.demo.world import Request, Story

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_MAX_TRIES = 120


@dataclass(frozen=True, slots=True)
class Accepted:
    """A change that the gateway confirmed. Its revision is its place in the order of acceptance."""

    revision: int
    request: Request


@dataclass(slots=True)
class Log:
    """What the provincial system knows at the end of the day."""

    accepted: dict[str, dict[int, Accepted]] = field(default_factory=dict)
    replayed_count: int = 0
    unchanged_count: int = 0
    retried_count: int = 0
    refused: list[tuple[str, int, str]] = field(default_factory=list)

    def note(self, code: str, request: Request, receipt: dict[str, Any], is_replayed: bool) -> None:
        if is_replayed:
            self.replayed_count += 1
        if receipt["outcome"] == "unchanged":
            self.unchanged_count += 1
            return
        self.accepted.setdefault(code, {})[receipt["revision"]] = Accepted(receipt["revision"], request)

    @property
    def steps_count(self) -> int:
        return sum(accepted.request.is_step for changes in self.accepted.values() for accepted in changes.values())


class Driver:
    """The provincial system: a client with a token, a pool of clerks, and patience."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, told: Callable[[int], None]) -> None:
        self._session = session
        self._url = url + "/v1"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._told = told
        self.log = Log()

    async def procedures(self) -> list[dict[str, Any]]:
        """Read the whole catalogue with its records, page by page."""
        references: list[dict[str, Any]] = []
        query = ""
        while True:
            page = await self._get(f"/procedures?limit=200{query}")
            references.extend(page["procedures"])
            if not page.get("next_cursor"):
                break
            query = f"&cursor={page['next_cursor']}"
        gate = asyncio.Semaphore(8)

        async def one(code: str) -> dict[str, Any]:
            async with gate:
                procedure: dict[str, Any] = (await self._get(f"/procedures/{code}"))["procedure"]
                return procedure

        return await asyncio.gather(*(one(reference["code"]) for reference in references))

    async def live(self, stories: Sequence[Story], clerks_count: int) -> None:
        """Live all stories; imported beginnings first, in one bulk."""
        await self._import([story for story in stories if story.is_imported])
        waiting = iter(stories)

        async def clerk() -> None:
            for story in waiting:
                await self._tell(story)

        async with asyncio.TaskGroup() as group:
            for _ in range(clerks_count):
                group.create_task(clerk())

    async def _tell(self, story: Story) -> None:
        turns = story.turns[1:] if story.is_imported else story.turns
        for turn in turns:
            await asyncio.gather(*(self._send(story.code, request) for request in turn.requests))
            self._told(len(turn.requests))

    async def _send(self, code: str, request: Request) -> None:
        headers = {**self._headers, "Idempotency-Key": request.key}
        for attempt in range(_MAX_TRIES):
            try:
                async with self._session.request(
                    request.method, self._url + request.path, json=request.body, headers=headers
                ) as response:
                    status = response.status
                    answer = await response.json(content_type=None)
                    is_replayed = "Idempotency-Replayed" in response.headers
            except (aiohttp.ClientError, TimeoutError, ValueError):
                status, answer, is_replayed = 0, {}, False
            if status in (200, 201):
                self.log.note(code, request, answer, is_replayed)
                return
            if status and status not in _RETRIED:
                self.log.refused.append((code, status, str(answer.get("type", ""))))
                return
            self.log.retried_count += 1
            await asyncio.sleep(min(2.0, 0.05 * 2 ** min(attempt, 6)))
        self.log.refused.append((code, 0, "no answer"))

    async def _import(self, stories: Sequence[Story]) -> None:
        """Send the first turn of each story as one line; two broken lines among them must not matter."""
        if not stories:
            return
        requests = [story.turns[0].requests[0] for story in stories]
        lines = [
            json.dumps({"code": story.code, "dossier": request.body, "idempotency_key": request.key})
            for story, request in zip(stories, requests, strict=True)
        ]
        broken = {len(lines) // 2: '{"code": "H99.01-broken", "dossier": {', len(lines) // 3: '{"code": 7}'}
        for place in sorted(broken, reverse=True):
            lines.insert(place, broken[place])
        by_code = {story.code: request for story, request in zip(stories, requests, strict=True)}
        headers = {**self._headers, "Content-Type": "application/x-ndjson"}
        body = "\n".join(lines) + "\n"
        refused_count = 0
        async with self._session.post(self._url + "/dossiers:import", data=body, headers=headers) as response:
            if response.status != 200:
                self.log.refused.append(("import", response.status, await response.text()))
                return
            async for line in response.content:
                result = json.loads(line)
                if result["status"] in (200, 201):
                    self.log.note(result["code"], by_code[result["code"]], result, result.get("is_replayed", False))
                else:
                    refused_count += 1
        if refused_count != len(broken):
            self.log.refused.append(("import", 422, f"{refused_count} lines refused"))
        self._told(len(stories))

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(self._url + path, headers=self._headers) as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
            return answer
