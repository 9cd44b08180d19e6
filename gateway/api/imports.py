"""The import: a stream of lines in, a stream of results out, in bounded memory.

One task reads and judges lines while the other stores what has been judged, a chunk in one commit, and writes the
results; each waits when the other falls behind. So an import runs as fast as the database takes it, a slow stream is
answered line by line, and a caller that reads no results is not read either.

Order is kept: lines are stored in their order, and once a chunk could not be stored nothing after it is tried, so a
step can never overtake the dossier that it belongs to. Every line that was read has a result. A line without a result,
because the connection or the gateway ended, was not accepted unless its chunk was being stored just then; repeating it
with the same key is safe either way.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from aiohttp import web

from gateway.api.bodies import NDJSON
from gateway.api.changes import prove_changes, refusal_of, status_of
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.import_lines import JudgedLine, judge_line
from gateway.api.problems import Problem
from gateway.api.representations import ImportDossierLine, ImportProgressLine, ImportResult
from gateway.api.services import Services
from gateway.engine.acceptor import Change, Receipt
from gateway.errors import GatewayError, StoreUnavailable
from gateway.store.clients import Scope

_STOPPING = "The gateway is stopping; nothing of this line was accepted."
_EARLIER_FAILED = "An earlier part of this import could not be stored; nothing of this line was accepted."


class LineSplitter:
    """Cuts a stream into numbered lines; a line over the limit is dropped as it arrives and given as None."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max_line_bytes = max_line_bytes
        self._rest = b""
        self._is_skipping = False
        self.count = 0

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Give the lines that `piece` completes. Blank lines are counted and left out."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            yield from self._give(line)
        if len(self._rest) > self._max_line_bytes:
            self._is_skipping = True
            self._rest = b""

    def finish(self) -> Iterator[tuple[int, bytes | None]]:
        """Give the last line, which need not be ended."""
        if self._rest or self._is_skipping:
            rest, self._rest = self._rest, b""
            yield from self._give(rest)

    def _give(self, line: bytes) -> Iterator[tuple[int, bytes | None]]:
        self.count += 1
        if self._is_skipping or len(line) > self._max_line_bytes:
            self._is_skipping = False
            yield self.count, None
        elif line.strip():
            yield self.count, line


class _Import:
    def __init__(self, call: Call, response: web.StreamResponse) -> None:
        self._call = call
        self._services = call.services
        self._limits = call.services.limits
        self._response = response
        self._lines: deque[tuple[JudgedLine, int]] = deque()
        self._waiting_bytes = 0
        self._has_news = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._splitter = LineSplitter(self._limits.max_line_bytes)
        self._is_everything_read = False
        self._is_caller_gone = False
        self._refusal: Problem | None = None

    async def run(self) -> None:
        reader = asyncio.create_task(self._read())
        stopping = asyncio.create_task(self._watch_stopping())
        try:
            while await self._next_chunk():
                await self._store(self._take_chunk())
        finally:
            for task in (reader, stopping):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._is_caller_gone:
            raise ConnectionResetError("the caller went away during an import")

    async def _watch_stopping(self) -> None:
        await self._call.runtime.stopping.wait()
        self._refusal = Problem("unavailable", _STOPPING)
        self._is_everything_read = True
        self._response.force_close()
        self._has_news.set()

    # -- reading

    async def _read(self) -> None:
        content = self._call.request.content
        try:
            while not self._is_everything_read:
                async with asyncio.timeout(self._limits.import_idle_seconds):
                    piece = await content.readany()
                await self._judge(self._splitter.feed(piece) if piece else self._splitter.finish())
                if not piece:
                    self._is_everything_read = True
                self._has_news.set()
        except TimeoutError:
            detail = f"Nothing came for {self._limits.import_idle_seconds:g} seconds."
            self._end_early(Problem("body-too-slow", detail))
        except ConnectionError:
            # What was read and is not being stored is dropped: its caller hears of nothing any more.
            self._is_caller_gone = self._is_everything_read = True
            self._lines.clear()
        except web.RequestPayloadError:
            self._end_early(Problem("malformed-request", "The body broke off or is not framed as HTTP."))
        finally:
            self._has_news.set()

    def _end_early(self, problem: Problem) -> None:
        self._lines.append((JudgedLine(self._splitter.count + 1, None, problem), 0))
        self._is_everything_read = True
        self._response.force_close()

    async def _judge(self, lines: Iterator[tuple[int, bytes | None]]) -> None:
        limits = self._limits
        for number, raw in lines:
            if raw is None:
                detail = f"A line may have at most {limits.max_line_bytes} bytes."
                judged = JudgedLine(number, None, Problem("body-too-large", detail))
            else:
                judged = judge_line(self._services, self._call.caller, number, raw)
            size_bytes = 0 if raw is None else len(raw)
            self._lines.append((judged, size_bytes))
            self._waiting_bytes += size_bytes
            if len(self._lines) >= limits.max_chunk_lines or self._waiting_bytes >= limits.max_chunk_bytes:
                # Also in the middle of what came at once: thousands of short lines fit into one piece.
                self._has_room.clear()
                self._has_news.set()
                await self._has_room.wait()

    # -- storing

    async def _next_chunk(self) -> bool:
        """Wait for lines to store; False when there will be none any more."""
        while not self._lines:
            if self._is_everything_read:
                return False
            self._has_room.set()
            self._has_news.clear()
            await self._has_news.wait()
        return True

    def _take_chunk(self) -> list[JudgedLine]:
        chunk: list[JudgedLine] = []
        size_bytes = 0
        limits = self._limits
        while self._lines and len(chunk) < limits.max_chunk_lines and size_bytes < limits.max_chunk_bytes:
            line, line_bytes = self._lines.popleft()
            chunk.append(line)
            size_bytes += line_bytes
        self._waiting_bytes -= size_bytes
        if len(self._lines) < limits.max_chunk_lines and self._waiting_bytes < limits.max_chunk_bytes:
            self._has_room.set()
        return chunk

    async def _store(self, chunk: list[JudgedLine]) -> None:
        changes = [line.outcome for line in chunk if isinstance(line.outcome, Change)]
        outcomes = iter(await self._accept(changes))
        written = b"".join(
            _result_line(line, next(outcomes) if isinstance(line.outcome, Change) else line.outcome, self._services)
            for line in chunk
        )
        await self._write(written)

    async def _accept(self, changes: Sequence[Change]) -> Sequence[Receipt | GatewayError | Problem]:
        if self._refusal is not None:
            return [self._refusal] * len(changes)
        try:
            judged = await prove_changes(self._services, changes)
        except StoreUnavailable:
            self._refusal = Problem("unavailable", _EARLIER_FAILED)
            return [self._refusal] * len(changes)
        proven = [change for change in judged if isinstance(change, Change)]
        results = await self._services.acceptor.submit_many(proven) if proven else []
        if any(isinstance(result, StoreUnavailable) for result in results):
            self._refusal = Problem("unavailable", _EARLIER_FAILED)
        stored = iter(results)
        return [next(stored) if isinstance(change, Change) else change for change in judged]

    async def _write(self, results: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.import_idle_seconds):
                await self._response.write(results)
        except TimeoutError:
            transport = self._call.request.transport
            if transport is not None:
                transport.abort()
            raise ConnectionResetError("the caller does not read its results") from None


def _result_line(line: JudgedLine, outcome: Receipt | GatewayError | Problem, services: Services) -> bytes:
    result: dict[str, Any] = {"line": line.number, "status": 0, "code": line.code}
    if isinstance(outcome, Receipt):
        services.observer.change_judged(outcome.outcome.value, is_import=True)
        refusal = refusal_of(outcome)
        if refusal is None:
            result["status"] = status_of(outcome)
            result["outcome"] = outcome.outcome
            result["revision"] = outcome.revision
            if outcome.is_replayed:
                result["is_replayed"] = True
            return msgspec.json.encode(result) + b"\n"
        problem = refusal
    elif isinstance(outcome, Problem):
        services.observer.change_judged("refused", is_import=True)
        problem = outcome
    else:
        problem = Problem("unavailable" if isinstance(outcome, StoreUnavailable) else "internal", outcome.message)
    result["status"] = problem.type.status
    result["problem"] = problem.content()
    return msgspec.json.encode(result) + b"\n"


async def post_import(call: Call) -> web.StreamResponse:
    """Take a stream of changes."""
    response = web.StreamResponse(status=200, headers=call.headers(NDJSON))
    await response.prepare(call.request)
    await _Import(call, response).run()
    await response.write_eof()
    return response


_LINES = {"type": "string", "description": "One JSON object per line (newline-delimited JSON, UTF-8)."}

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/dossiers:import",
        operation_id="importDossiers",
        tag="dossiers",
        summary="Import a stream of changes",
        description=(
            "Each line is an `ImportDossierLine` or an `ImportProgressLine`; each line of the answer is an "
            "`ImportResult` that names the line it answers, in order. A broken line does not stop the others. Results "
            "are written while lines are still being read, so read them while sending. Lines are stored in order; once "
            "the database refuses, the rest is answered with 503 and not tried. A line without a result may be "
            "repeated safely with the same key."
        ),
        scope=Scope.DOSSIERS_WRITE,
        handler=post_import,
        streamed_media_type=NDJSON,
        streamed_models=(ImportDossierLine, ImportProgressLine, ImportResult),
        answers={200: Answer(description="One result per line.", media_type=NDJSON, schema=_LINES)},
    ),
)
