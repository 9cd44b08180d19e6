"""The import: a result for every line, in order, in bounded memory, whatever some lines or the caller do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec
import pytest

from gateway.api.services import Limits
from gateway.model.status import DossierStatus
from gateway.vault.keyring import FileKeyRing
from tests.support.api import NDJSON, ApiUnderTest, running_api
from tests.support.databases import acceptance_held
from tests.support.samples import APPLICANT_NAME, make_dossier, make_step


def code(number: int) -> str:
    return f"H99.01-260105-{number:05}"


def line(number: int, **more: Any) -> dict[str, Any]:
    return {"code": code(number), "dossier": make_dossier(), **more}


def encoded(*lines: Any) -> bytes:
    return b"".join(msgspec.json.encode(one) + b"\n" for one in lines)


async def count(api: ApiUnderTest) -> int:
    number: int = await api.services.pool.fetchval("SELECT count(*) FROM dossiers")
    return number


async def test_a_broken_line_does_not_stop_the_others(api: ApiUnderTest) -> None:
    """Of 1,200 lines with a broken 500th, all others are accepted, and the results name their lines in order."""
    lines: list[Any] = [line(number) for number in range(1, 1201)]
    lines[499] = b'{"code": "H99.01-260105-00500", "dossier": {"procedure_code": '

    results = await api.import_lines(*lines)

    assert list(range(1, 1201)) == [result["line"] for result in results]
    broken = results.pop(499)
    assert (400, None, "urn:lien-thong:problem:malformed-json") == (
        broken["status"],
        broken["code"],
        broken["problem"]["type"],
    )
    assert {(201, "created", 1)} == {(one["status"], one["outcome"], one["revision"]) for one in results}
    assert 1199 == await count(api)
    assert 1199 == api.observer.outcomes.count(("created", True))
    assert 1 == api.observer.outcomes.count(("refused", True))


BAD_LINES: list[tuple[bytes, int, str, list[str]]] = [
    (b"{}", 422, "invalid-content", ["/code"]),
    (b"[]", 422, "invalid-content", [""]),
    (b"null", 422, "invalid-content", [""]),
    (b"\xff\xfe", 400, "malformed-json", []),
    (b'{"code": 5}', 422, "invalid-content", ["/code"]),
    (b'{"code": "x!"}', 422, "invalid-content", ["/code"]),
    (encoded({"code": code(1)}), 422, "invalid-content", [""]),
    (encoded(line(1, progress=make_step())), 422, "invalid-content", [""]),
    (encoded(line(1, **{"Nguyễn Văn Kín": 1})), 422, "invalid-content", ["/(name not shown)"]),
    (encoded(line(1, idempotency_keyy="k")), 422, "invalid-content", ["/idempotency_keyy"]),
    (encoded(line(1, idempotency_key=5)), 422, "invalid-content", ["/idempotency_key"]),
    (encoded(line(1, idempotency_key="")), 400, "invalid-parameter", ["/idempotency_key"]),
    (encoded(line(1, if_match=[])), 422, "invalid-content", ["/if_match"]),
    (encoded(line(1, if_match=0)), 400, "invalid-parameter", ["/if_match"]),
    (encoded(line(1, if_match="1")), 400, "invalid-parameter", ["/header/If-Match"]),
    (encoded(line(1, if_match=3)), 412, "stale-revision", []),
    (encoded(line(1, dossier=None)), 422, "invalid-content", ["/dossier"]),
    (encoded(line(1, dossier={})), 422, "invalid-content", ["/dossier/procedure_code"]),
    (encoded({"code": code(1), "progress": make_step()}), 400, "idempotency-key-missing", ["/idempotency_key"]),
    (encoded({"code": code(1), "progress": make_step(), "idempotency_key": "k"}), 404, "dossier-not-found", []),
    (encoded(line(1))[:-2] + b',"code":"H99.01-260105-00002"}', 400, "malformed-json", ["/code"]),
    (encoded(line(1)).replace(b'"note":""', b'"note":"","note":""'), 400, "malformed-json", ["/note"]),
    (b'{"code":"abc","dossier":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, "malformed-json", []),
]


@pytest.mark.parametrize(("raw", "status", "problem", "fields"), BAD_LINES, ids=range(len(BAD_LINES)))
async def test_lines_that_are_refused(
    api: ApiUnderTest, raw: bytes, status: int, problem: str, fields: list[str]
) -> None:
    """Each refused line says why; the good line after it is accepted; no value is repeated."""
    bad, good = await api.import_lines(raw.rstrip(b"\n"), line(9))

    assert (1, status, f"urn:lien-thong:problem:{problem}") == (bad["line"], bad["status"], bad["problem"]["type"])
    named = [fault["field"] for fault in bad["problem"].get("errors", [])]
    assert fields == named[: len(fields)]
    assert (2, 201) == (good["line"], good["status"])
    assert "Kín" not in str(bad)
    assert APPLICANT_NAME not in str(bad)
    assert not api.observer.failures


async def test_lines_build_on_each_other(api: ApiUnderTest) -> None:
    """Within one import a dossier is made, moved, replaced on condition; repeats of a key are replays."""
    results = await api.import_lines(
        line(1, idempotency_key="a"),
        {"code": code(1), "progress": make_step(DossierStatus.PROCESSING), "idempotency_key": "b"},
        line(1, dossier=make_dossier(status=DossierStatus.PROCESSING, note="hai"), if_match=2),
        line(1, dossier=make_dossier(note="ba"), if_match='"2"'),
        line(1, idempotency_key="a"),
        line(1, dossier=make_dossier(note="bốn"), idempotency_key="a"),
    )

    assert [(201, 1), (200, 2), (200, 3), (412, None), (201, 1), (422, None)] == [
        (result["status"], result.get("revision")) for result in results
    ]
    assert results[4]["is_replayed"]
    assert "urn:lien-thong:problem:idempotency-key-reused" == results[5]["problem"]["type"]


async def test_a_repeated_import_changes_nothing(api: ApiUnderTest) -> None:
    """The same stream sent again is replayed line by line where it had keys, and unchanged where it had none."""
    lines = [line(1, idempotency_key="a"), line(2)]
    await api.import_lines(*lines)

    again = await api.import_lines(*lines)

    assert [("created", True), ("unchanged", False)] == [
        (result["outcome"], result.get("is_replayed", False)) for result in again
    ]


async def test_blank_lines_and_a_last_line_without_its_end(api: ApiUnderTest) -> None:
    """Blank lines are counted and left out; the last line needs no line break; line ends may be those of Windows."""
    body = b"\n" + encoded(line(1)).replace(b"\n", b"\r\n") + b"  \n" + encoded(line(2)).rstrip(b"\n")

    answered = await api.call("POST", "/v1/dossiers:import", body=body, headers=NDJSON)

    assert [(2, 201), (4, 201)] == [(result["line"], result["status"]) for result in answered.lines]


@pytest.mark.parametrize("body", [b"", b"\n\n"])
async def test_an_empty_import(api: ApiUnderTest, body: bytes) -> None:
    """Nothing in, nothing out."""
    answered = await api.call("POST", "/v1/dossiers:import", body=body, headers=NDJSON)

    assert (200, b"") == (answered.status, answered.body)


async def test_an_import_needs_its_media_type(api: ApiUnderTest) -> None:
    """A plain JSON body is not taken for lines."""
    answered = await api.call("POST", "/v1/dossiers:import", body=encoded(line(1)))

    assert (415, "unsupported-media-type") == (answered.status, answered.problem)


async def test_results_come_while_lines_are_still_being_sent(api: ApiUnderTest) -> None:
    """A caller that sends a line and waits gets its result at once."""
    to_send: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def body() -> AsyncIterator[bytes]:
        while (piece := await to_send.get()) is not None:
            yield piece

    headers = {"Authorization": f"Bearer {api.token}", **NDJSON}
    async with asyncio.timeout(10):
        to_send.put_nowait(encoded(line(1)))
        async with api.session.post(f"{api.url}/v1/dossiers:import", data=body(), headers=headers) as response:
            for number in range(1, 4):
                result = msgspec.json.decode(await response.content.readline())
                assert (number, 201) == (result["line"], result["status"])
                to_send.put_nowait(encoded(line(number + 1)))
            to_send.put_nowait(None)
            assert 4 == msgspec.json.decode(await response.content.readline())["line"]
            assert b"" == await response.content.read()


NARROW = Limits(
    max_line_bytes=5_000, max_chunk_lines=10, max_chunk_bytes=20_000, import_idle_seconds=0.4, body_seconds=0.3
)


@pytest.fixture
async def narrow(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[ApiUnderTest]:
    """Give an API with small limits."""
    async with running_api(pool, key_ring, limits=NARROW) as made:
        yield made


async def test_a_line_that_is_too_long(narrow: ApiUnderTest) -> None:
    """A line over the limit is refused alone, even one of megabytes."""
    results = await narrow.import_lines(line(1), b"x" * 5_001, line(2), b"[" * 3_000_000, line(3))

    assert [201, 413, 201, 413, 201] == [result["status"] for result in results]
    assert [1, 2, 3, 4, 5] == [result["line"] for result in results]


async def test_small_chunks_keep_the_order(narrow: ApiUnderTest) -> None:
    """Many chunks later the results still stand in the order of the lines."""
    steps = [{"code": code(n), "progress": make_step(), "idempotency_key": f"k{n}"} for n in range(1, 151)]
    mixed = [one for n, step in enumerate(steps, 1) for one in (line(n), step)]

    results = await narrow.import_lines(*mixed)

    assert list(range(1, 301)) == [result["line"] for result in results]
    assert [201, 200] * 150 == [result["status"] for result in results]


async def test_a_stream_that_stops(narrow: ApiUnderTest) -> None:
    """A caller that sends nothing more is told so in a last result; what it had sent is accepted."""

    async def body() -> AsyncIterator[bytes]:
        yield encoded(line(1), line(2)) + b'{"code":'
        await asyncio.sleep(5)

    headers = {"Authorization": f"Bearer {narrow.token}", **NDJSON}
    async with (
        asyncio.timeout(10),
        narrow.session.post(f"{narrow.url}/v1/dossiers:import", data=body(), headers=headers) as response,
    ):
        results = [msgspec.json.decode(one) async for one in response.content]

    assert [(1, 201), (2, 201), (3, 408)] == [(result["line"], result["status"]) for result in results]


async def open_import(api: ApiUnderTest, *pieces: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin an import by hand, each piece as one chunk of the body, and leave it open."""
    made = socket.socket()
    # A small window: what a caller does not read must come back to the server soon.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", api.port))
    reader, writer = await asyncio.open_connection(sock=made)
    writer.write(
        f"POST /v1/dossiers:import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token}\r\n"
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    for piece in pieces:
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    await writer.drain()
    return reader, writer


async def test_a_caller_that_goes_away_ends_the_import_at_a_chunk(narrow: ApiUnderTest, dsn: str) -> None:
    """The chunk that is being stored is stored whole; nothing of what follows is begun."""
    async with asyncio.timeout(10):
        async with acceptance_held(dsn):
            _, writer = await open_import(narrow, encoded(*(line(n) for n in range(1, 41))))
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while not await narrow.services.pool.fetchval(waiting):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)
            writer.transport.abort()
            await asyncio.sleep(0.1)
        while not narrow.observer.requests:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert 10 == await count(narrow)
    assert 499 == narrow.observer.requests[-1].status
    assert not narrow.observer.failures


async def test_a_stream_with_broken_framing(narrow: ApiUnderTest) -> None:
    """Lines before the breach are accepted; the breach, or the silence after it, is the last result."""
    async with asyncio.timeout(10):
        reader, writer = await open_import(narrow, encoded(line(1)))
        first = await reader.readuntil(b"}\n")
        writer.write(b"not a chunk\r\n")
        rest = await reader.read()
    writer.close()

    assert b'"status":201' in first
    assert b"malformed-request" in rest or b"body-too-slow" in rest
    assert 1 == await count(narrow)


async def test_a_caller_that_reads_no_results(pool: Any, key_ring: FileKeyRing) -> None:
    """A caller that never reads is not read either, and is hung up on after a time; memory does not grow meanwhile."""
    limits = replace(NARROW, import_idle_seconds=0.5)
    async with running_api(pool, key_ring, limits=limits) as api:
        # Refused lines need no database, and their results are longer than they are.
        piece = b"x\n" * 30_000
        sent_bytes = 0
        reader, writer = await open_import(api)
        async with asyncio.timeout(15):
            try:
                while True:
                    writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                    await writer.drain()
                    sent_bytes += len(piece)
            except ConnectionError:
                pass
        reader.feed_eof()
        # What fills the buffers of two sockets was read, each line being answered at a hundred times its length.
        assert sent_bytes < 20_000_000


async def test_after_a_failure_nothing_overtakes(pool: Any, key_ring: FileKeyRing) -> None:
    """Once the database refuses a chunk, the rest is answered 503 and not tried, though it might work again."""
    async with running_api(pool, key_ring, limits=NARROW) as api:
        await api.import_lines(line(1))
        name = await pool.fetchval("SELECT current_database()")
        await pool.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await pool.expire_connections()
        results = await api.import_lines(*(line(n) for n in range(2, 42)))

    assert [503] * 40 == [result["status"] for result in results]
    assert {"urn:lien-thong:problem:unavailable"} == {result["problem"]["type"] for result in results}


async def test_stopping_ends_an_open_import(pool: Any, key_ring: FileKeyRing) -> None:
    """A gateway that stops answers what it has read and ends the stream in good order."""
    async with running_api(pool, key_ring) as api:
        to_send: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def body() -> AsyncIterator[bytes]:
            while (piece := await to_send.get()) is not None:
                yield piece

        headers = {"Authorization": f"Bearer {api.token}", **NDJSON}
        to_send.put_nowait(encoded(line(1)))
        async with (
            asyncio.timeout(10),
            aiohttp.ClientSession() as session,
            session.post(f"{api.url}/v1/dossiers:import", data=body(), headers=headers) as response,
        ):
            first = msgspec.json.decode(await response.content.readline())
            api.runtime.stopping.set()
            rest = await response.content.read()
            to_send.put_nowait(None)

    assert (201, b"") == (first["status"], rest)
