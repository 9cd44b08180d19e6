"""Everything a caller can get wrong: a clear problem, nothing half-stored, and never a value repeated."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gateway.api.problems import PROBLEM_TYPES
from gateway.api.services import Limits
from gateway.vault.keyring import FileKeyRing
from tests.support.api import ApiUnderTest, running_api
from tests.support.clocks import START
from tests.support.samples import APPLICANT_NUMBER, SUBMITTED_AT, as_json, make_dossier, make_step

CODE = "H99.01-260105-00017"
PATH = f"/v1/dossiers/{CODE}"
SMALL = Limits(max_body_bytes=20_000, body_seconds=0.3, headers_seconds=0.5)


def dossier_json(**changes: Any) -> dict[str, Any]:
    return {**as_json(make_dossier()), **changes}


def without(name: str) -> dict[str, Any]:
    made = as_json(make_dossier())
    del made[name]
    return made


def applicant(**changes: Any) -> dict[str, Any]:
    return {**as_json(make_dossier().applicant), **changes}


async def is_stored(api: ApiUnderTest) -> bool:
    return (await api.get(PATH)).status != 404


GOOD = msgspec.json.encode(make_dossier())

NOT_JSON = [
    b"",
    b"{",
    b"\xef\xbb\xbf" + GOOD,
    b"\xff\xfe",
    GOOD + GOOD,
    GOOD[:-1] + b",}",
    GOOD.replace(b'"summary"', b"'summary'"),
    GOOD.replace("Đề".encode(), b"\xff\xff"),
    GOOD.replace("Đề".encode(), b"\\ud800"),
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
async def test_a_body_that_is_not_json(api: ApiUnderTest, body: bytes) -> None:
    """Malformed, badly encoded and absurdly deep bodies are refused as not JSON."""
    answered = await api.put(CODE, body)

    assert (400, "malformed-json") == (answered.status, answered.problem)
    assert not await is_stored(api)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (GOOD[:-1] + b',"note":"hai"}', "/note"),
        (GOOD.replace(b'"code":"H99.01"', b'"code":"H99.01","code":"H99.02"', 1), "/code"),
        (GOOD.replace("Đề".encode(), b"\\u0110\\u1ec1")[:-1] + b',"note":""}', "/note"),
        (b" " + GOOD.replace(b",", b" , ")[:-1] + b', "summary": "x" }', "/summary"),
    ],
)
async def test_a_key_that_stands_twice(api: ApiUnderTest, body: bytes, field: str) -> None:
    """A repeated key is refused wherever it stands and however the JSON is written."""
    answered = await api.put(CODE, body)

    assert ("malformed-json", [field]) == (answered.problem, answered.fields)


async def test_json_may_be_written_in_any_way(api: ApiUnderTest) -> None:
    """Escapes, white space and key order do not matter."""
    import json

    plain = as_json(make_dossier())
    for body in (json.dumps(plain), json.dumps(plain, indent=3), json.dumps(plain, sort_keys=True)):
        answered = await api.put(CODE, body.encode())
        assert answered.status in (200, 201), answered.body
        assert answered.json["revision"] == 1


BAD_CONTENT: list[tuple[Any, str, str]] = [
    ([], "", "must be an object"),
    (None, "", "must be an object"),
    ("x", "", "must be an object"),
    (without("procedure_code"), "/procedure_code", "is required"),
    (dossier_json(procedure_code="1.99"), "/procedure_code", "must match"),
    (dossier_json(recieved_at=None), "/recieved_at", "is not a known field"),
    (dossier_json(**{"999199000002": 1}), "/(name not shown)", "is not a known field"),
    (dossier_json(applicant=applicant(nmae="x")), "/applicant/nmae", "is not a known field"),
    (dossier_json(applicant=applicant(name="")), "/applicant/name", "at least 1"),
    (dossier_json(applicant=applicant(name="a\u0000b")), "/applicant/name", "control characters"),
    (dossier_json(applicant=applicant(email="x")), "/applicant/email", "must match"),
    (dossier_json(status="finished"), "/status", "must be one of"),
    (dossier_json(channel=1), "/channel", "must be one of"),
    (dossier_json(summary="x" * 2001), "/summary", "at most 2000"),
    (dossier_json(submitted_at=1767600000), "/submitted_at", "ISO 8601"),
    (dossier_json(submitted_at="2026-02-30T08:00:00Z"), "/submitted_at", "ISO 8601"),
    (dossier_json(submitted_at="2026-01-05T08:00:00"), "/submitted_at", "offset"),
    (dossier_json(submitted_at="1899-01-05T08:00:00Z"), "/submitted_at", "years 1990 to 2100"),
    (dossier_json(fees=[{"name": "x", "kind": "levy", "amount_vnd": 1.5}]), "/fees/0/amount_vnd", "whole number"),
    (dossier_json(fees=[{"name": "x", "kind": "levy", "amount_vnd": "5"}]), "/fees/0/amount_vnd", "whole number"),
    (dossier_json(fees=[{"name": "x", "kind": "levy", "amount_vnd": -1}]), "/fees/0/amount_vnd", "at least 0"),
    (dossier_json(attachments={}), "/attachments", "must be a list"),
    (dossier_json(attachments=[{"name": "x", "url": "ftp://x"}]), "/attachments/0/url", "must match"),
    (dossier_json(note=None), "/note", "must be text"),
]


@pytest.mark.parametrize(("body", "field", "rule"), BAD_CONTENT)
async def test_content_that_breaks_a_rule(api: ApiUnderTest, body: Any, field: str, rule: str) -> None:
    """Each broken rule is named by field and rule; nothing is stored."""
    answered = await api.put(CODE, msgspec.json.encode(body))

    assert (422, "invalid-content") == (answered.status, answered.problem)
    assert field in answered.fields
    assert rule in next(fault["rule"] for fault in answered.json["errors"] if fault["field"] == field)
    assert not await is_stored(api)


@pytest.mark.parametrize("edge", ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"])
async def test_instants_at_the_edge_of_the_calendar(api: ApiUnderTest, edge: str) -> None:
    """An instant whose offset leads beyond the calendar is a broken rule, not a failure of the gateway."""
    answered = await api.put(CODE, dossier_json(submitted_at=edge))

    assert (422, "invalid-content") == (answered.status, answered.problem)
    assert not api.observer.failures


async def test_every_fault_is_named_at_once(api: ApiUnderTest) -> None:
    """A caller need not come back for the second fault."""
    answered = await api.put(CODE, dossier_json(status="x", channel="y", fees=[{}]))

    assert {"/status", "/channel", "/fees/0/name", "/fees/0/kind", "/fees/0/amount_vnd"} == set(answered.fields)


async def test_values_are_never_repeated(api: ApiUnderTest) -> None:
    """A problem says what class of value was found, and never the value."""
    secret = "Bí-Mật-999199000003"
    bodies = [
        dossier_json(status=secret, applicant={"name": secret, "email": secret, "phone": secret, secret: secret}),
        dossier_json(submitted_at=secret, submitter=secret, attachments=secret, fees=[secret]),
        dossier_json(applicant=applicant(identifiers=[{"type": secret, "number": secret + "!"}])),
    ]
    answers = [await api.put(CODE, body) for body in bodies]
    answers.append(await api.get(f"/v1/dossiers?status={secret}&{secret}={secret}"))
    answers.append(await api.get(f"/v1/dossiers/{secret}!"))
    answers.append(await api.call("GET", f"/v1/nothing/{secret}"))

    for answered in answers:
        assert answered.status >= 400
        assert secret.encode() not in answered.body
        assert b"999199000003" not in answered.body
    assert "string of 19 characters" in answers[0].body.decode()


IMPOSSIBLE: list[tuple[dict[str, Any], list[str]]] = [
    ({"received_at": SUBMITTED_AT - timedelta(days=2)}, ["/received_at"]),
    ({"due_at": SUBMITTED_AT - timedelta(days=2)}, ["/due_at"]),
    ({"finished_at": SUBMITTED_AT - timedelta(days=2)}, ["/finished_at", "/finished_at"]),
    ({"submitted_at": START + timedelta(days=2), "received_at": None, "due_at": None}, ["/submitted_at"]),
]


@pytest.mark.parametrize(("changes", "fields"), IMPOSSIBLE)
async def test_impossible_dates(api: ApiUnderTest, changes: dict[str, Any], fields: list[str]) -> None:
    """Dates that contradict each other are refused by name."""
    answered = await api.put(CODE, make_dossier(**changes))

    assert (422, "impossible-dates", fields) == (answered.status, answered.problem, answered.fields)


async def test_a_step_in_the_future(api: ApiUnderTest) -> None:
    """A step of tomorrow and later cannot have happened."""
    await api.put(CODE, make_dossier())

    answered = await api.progress(CODE, make_step(occurred_at=START + timedelta(days=2)), Idempotency_Key="k")

    assert ("impossible-dates", ["/occurred_at"]) == (answered.problem, answered.fields)


@pytest.mark.parametrize(
    ("method", "path", "status", "problem"),
    [
        ("GET", "/", 404, "no-such-address"),
        ("GET", "/v1/dossiers/", 404, "no-such-address"),
        ("GET", "/v1/dossiers/a/b/c/d", 404, "no-such-address"),
        ("DELETE", PATH, 405, "method-not-allowed"),
        ("POST", "/v1/dossiers", 405, "method-not-allowed"),
        ("TRACE", PATH, 405, "method-not-allowed"),
        ("GET", "/v1/dossiers/a", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers/%00%00%00", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers/..%2F..%2Fetc", 400, "invalid-parameter"),
        ("GET", "/v1/procedures/1.99", 400, "invalid-parameter"),
        ("GET", f"{PATH}?x=1", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?limit=0", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?limit=501", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?limit=5&limit=6", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?statuss=received", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?status=received,nothing", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?status=", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?agency=h99", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?changed_after=yesterday", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?cursor=x", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?cursor=%C3%A9", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?cursor=v1", 400, "invalid-parameter"),
        ("GET", "/v1/dossiers?cursor=dzzzzzzzzzzzzz", 400, "invalid-parameter"),
        ("GET", "/v1/events?after=-1", 400, "invalid-parameter"),
        ("GET", "/v1/events?after=99999999999999999999", 400, "invalid-parameter"),
        ("GET", "/v1/events?wait=nan", 400, "invalid-parameter"),
        ("GET", "/v1/events?wait=1e9", 400, "invalid-parameter"),
        ("GET", "/v1/events?types=Dossier", 400, "invalid-parameter"),
        ("GET", "/v1/subscriptions/1", 400, "invalid-parameter"),
        ("GET", "/v1/procedures/1.999001?version=0", 400, "invalid-parameter"),
        ("GET", "/v1/procedures/1.999001", 404, "procedure-not-found"),
        ("GET", "/v1/procedures/1.999001/versions", 404, "procedure-not-found"),
        ("GET", f"{PATH}/timeline", 404, "dossier-not-found"),
        ("GET", f"{PATH}/deliveries", 404, "dossier-not-found"),
    ],
)
async def test_addresses_and_parameters(api: ApiUnderTest, method: str, path: str, status: int, problem: str) -> None:
    """What is not served, or asked for wrongly, is answered by a problem document too."""
    answered = await api.call(method, path)

    assert (status, problem) == (answered.status, answered.problem)
    assert ("Allow" in answered.headers) == (status == 405)
    assert PROBLEM_TYPES[problem].title == answered.json["title"]


@pytest.mark.parametrize(
    ("content_type", "is_taken"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON;charset=UTF-8", True),
        ("application/json; charset=latin-1", False),
        ("text/json", False),
        ("application/x-ndjson", False),
        ("application/octet-stream", False),
        ("", False),
    ],
)
async def test_media_types(api: ApiUnderTest, content_type: str, is_taken: bool) -> None:
    """Only JSON in UTF-8 is read as a dossier."""
    answered = await api.put(CODE, make_dossier(), Content_Type=content_type)

    if is_taken:
        assert 201 == answered.status
    else:
        assert (415, "unsupported-media-type") == (answered.status, answered.problem)
        assert "application/json" == answered.headers["Accept"]


@pytest.fixture
async def narrow(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[ApiUnderTest]:
    """Give an API with small limits."""
    async with running_api(pool, key_ring, limits=SMALL) as made:
        yield made


async def raw_exchange(port: int, *pieces: bytes, pause_seconds: float = 0.0) -> bytes:
    """Send bytes, reading all the while, until the server hangs up; give what it sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = bytearray()

    async def receive() -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                received.extend(piece)

    receiving = asyncio.create_task(receive())
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_seconds)
        await receiving
    writer.close()
    return bytes(received)


def problem_in(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer
    content = msgspec.json.decode(body)
    assert int(head.split()[1]) == content["status"]
    return content["status"], content["type"].rpartition(":")[2]


def put_head(api: ApiUnderTest, *lines: str) -> bytes:
    head = [f"PUT {PATH} HTTP/1.1", "Host: x", f"Authorization: Bearer {api.token}", "Content-Type: application/json"]
    return "\r\n".join([*head, *lines, "", ""]).encode()


async def test_a_body_that_says_it_is_too_large(narrow: ApiUnderTest) -> None:
    """A body over the limit is refused by its length, before it is sent."""
    answer = await raw_exchange(narrow.port, put_head(narrow, "Content-Length: 20001"))

    assert (413, "body-too-large") == problem_in(answer)


@pytest.mark.parametrize("is_compressed", [False, True])
async def test_a_body_that_grows_too_large(narrow: ApiUnderTest, is_compressed: bool) -> None:
    """A body that does not say its length, or says it compressed, is cut off at the limit."""
    import zlib

    content = b" " * 1_000_000
    body = zlib.compress(content) if is_compressed else content[:30_000]
    encoding = ("Content-Encoding: deflate",) if is_compressed else ()
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"

    answer = await raw_exchange(narrow.port, put_head(narrow, "Transfer-Encoding: chunked", *encoding), chunk)

    assert (413, "body-too-large") == problem_in(answer)


async def test_a_body_that_trickles_in(narrow: ApiUnderTest) -> None:
    """A body that comes byte by byte is cut off after the time for the whole body, though it never stops coming."""
    drops = [bytes([byte]) for byte in GOOD[:20]]

    answer = await raw_exchange(
        narrow.port, put_head(narrow, f"Content-Length: {len(GOOD)}"), *drops, pause_seconds=0.05
    )

    assert (408, "body-too-slow") == problem_in(answer)
    assert not await is_stored(narrow)


async def test_headers_that_trickle_in(narrow: ApiUnderTest) -> None:
    """A request whose headers never end is hung up on."""
    drops = [f"X-{number}: y\r\n".encode() for number in range(40)]

    answer = await raw_exchange(narrow.port, b"GET /healthz HTTP/1.1\r\n", *drops, pause_seconds=0.05)

    assert b"" == answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /healthz HTTP/x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nBroken header\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Name: Nguy\x00en\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 10_000 + b"\r\n\r\n",
        b"PUT /v1/dossiers/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PUT /v1/dossiers/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http(narrow: ApiUnderTest, request_bytes: bytes) -> None:
    """Broken HTTP is answered with a problem document that quotes nothing of it."""
    answer = await raw_exchange(narrow.port, request_bytes)

    assert (400, "malformed-request") == problem_in(answer)
    assert b"Nguy" not in answer


async def test_a_body_with_broken_framing(narrow: ApiUnderTest) -> None:
    """A chunk that is not one ends the request, and nothing is stored."""
    answer = await raw_exchange(narrow.port, put_head(narrow, "Transfer-Encoding: chunked"), b"zz\r\n", GOOD)

    assert (400, "malformed-request") == problem_in(answer)
    assert not await is_stored(narrow)


async def test_expectations(narrow: ApiUnderTest) -> None:
    """100-continue is told to go on; any other expectation is refused."""
    length = f"Content-Length: {len(GOOD)}"
    going_on = await raw_exchange(
        narrow.port, put_head(narrow, length, "Expect: 100-continue", "Connection: close"), GOOD
    )
    refused = await raw_exchange(narrow.port, put_head(narrow, length, "Expect: coffee"))

    assert going_on.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")
    assert (417, "expectation-failed") == problem_in(refused)


async def test_a_caller_that_stops_in_the_middle_of_a_body(narrow: ApiUnderTest) -> None:
    """Half a body that ends with the connection is no body."""
    with socket.create_connection(("127.0.0.1", narrow.port)) as half:
        await asyncio.get_running_loop().run_in_executor(
            None, half.sendall, put_head(narrow, f"Content-Length: {len(GOOD)}") + GOOD[:100]
        )
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.05)

    assert not await is_stored(narrow)
    assert not narrow.observer.failures


class FailingCatalogue:
    """Implements CatalogueKnowledge, badly."""

    def knows(self, procedure_code: str) -> bool | None:
        raise ValueError(f"applicant {APPLICANT_NUMBER} is to blame")


async def test_failures_of_the_gateway_do_not_leak(pool: Any, key_ring: FileKeyRing) -> None:
    """An unforeseen failure is answered with 500 and told to the operator by type and place, without its message."""
    async with running_api(pool, key_ring, catalogue=FailingCatalogue()) as api:
        answered = await api.put(CODE, make_dossier())

        assert (500, "internal") == (answered.status, answered.problem)
        assert APPLICANT_NUMBER.encode() not in answered.body
        assert b"ValueError" not in answered.body
        [failure] = api.observer.failures
        assert ("ValueError",) == failure.kinds
        assert any("changes.py" in place for place in failure.places)
        assert APPLICANT_NUMBER not in str(failure)
        assert failure.request_id == answered.headers["X-Request-Id"]


async def test_an_unusable_database_is_said_so(pool: Any, key_ring: FileKeyRing) -> None:
    """A database that cannot be reached is 503 with a time to come back, whatever was asked by whom."""
    async with running_api(pool, key_ring) as api:
        services = api.services
        await api.get("/v1/dossiers")
        await services.signal.close()
        await pool.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        name = await pool.fetchval("SELECT current_database()")
        pool.terminate()  # A polite end would write to connections that the database has cut.

        answers = [
            await api.put(CODE, make_dossier()),
            await api.get(PATH),
            await api.with_token("lt_" + "x" * 43).get(PATH),
        ]

    assert name.startswith("test_")
    for answered in answers:
        assert (503, "unavailable") == (answered.status, answered.problem)
        assert int(answered.headers["Retry-After"]) > 0


async def test_a_full_queue_is_said_so(pool: Any, key_ring: FileKeyRing) -> None:
    """An acceptor that takes nothing more is 503, and nothing was stored."""
    async with running_api(pool, key_ring) as api:
        await api.get("/v1/dossiers")
        await api.services.acceptor.close()
        answered = await api.put(CODE, make_dossier())
        assert (503, "unavailable") == (answered.status, answered.problem)
        assert "Retry-After" in answered.headers
        assert not await is_stored(api)
