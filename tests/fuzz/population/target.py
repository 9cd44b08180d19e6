"""What must hold for every reply, whatever bytes it is made of: the judge of the fuzzer and of the property test.

Each input is taken as the body of an answer at three edges and of two questions. Allowed ends are a result, or one of
our errors without anything of a person in it. "Nobody matched" is believed only when another parser sees an empty
collection, and a single record only when it is not about another number.
"""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, cast
from xml.etree import ElementTree

from msgspec import structs

from adapters.population import decoding
from adapters.population.client import PopulationClient
from adapters.population.decoding import Records
from adapters.population.question import Question
from adapters.population.settings import Operation, PopulationSettings
from adapters.population.subjects import check_subject
from adapters.transport import HttpAnswer, HttpTransport, ReadRetry
from gateway.errors import GatewayError
from gateway.model.citizen import Subject
from gateway.model.identity import PartialDate, Precision
from tests.support.clocks import FixedChance, StillClock

NUMBER = "999190000001"
SUBJECT = Subject(
    personal_number=NUMBER, full_name="Nguyễn Thị Mẫu", birth_date=PartialDate("1990-02-03", Precision.DAY)
)
SLOW_SECONDS = 0.5
_QUESTION = Question(
    request_id="",
    procedure_code="VPCP",
    service_code="037",
    officer_code="canbo.a",
    personal_number=NUMBER,
    name="NGUYENTHIMAU",
    birth_day="19900203",
)
_LONG_NUMBER = re.compile(r"[0-9]{9}")
_EDGES: dict[str, dict[str, Any]] = {
    "plain": {"profile": "plain"},
    "wrap": {"profile": "lgsp_wrap"},
    "rest": {"profile": "lgsp_rest", "fixed_token": {"value": "token"}},
}


class _Line:
    """Answers every exchange with one body."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200

    async def exchange(self, request: object, read: Callable[[HttpAnswer], tuple[Any, object]]) -> Any:
        answer = HttpAnswer(status=self.status, content_type="text/xml", body=self.body)
        return read(answer)[0]


class Judge:
    """Judges what the adapter makes of bytes. `seen` counts how they ended."""

    def __init__(self, slow_seconds: float = SLOW_SECONDS) -> None:
        """`slow_seconds` is of this thread's own time, so that a busy machine is no finding."""
        self.seen: dict[str, int] = {}
        self._slow_seconds = slow_seconds
        self._line = _Line()
        self._clients = {name: self._client(section) for name, section in _EDGES.items()}

    def _client(self, section: dict[str, Any]) -> PopulationClient:
        settings = PopulationSettings.model_validate(
            {
                "base_url": "https://truc.example",
                "edge": section,
                "transport": {"calls_per_second": None, "read_attempts": 1},
            }
        )
        return PopulationClient(
            settings,
            transport=cast(HttpTransport, self._line),
            retry=ReadRetry(settings.transport, chance=FixedChance()),
            clock=StillClock(),
            random_id=lambda: bytes(16),
        )

    async def judge(self, body: bytes, status: int = 200) -> None:
        """Judge one body. Raises AssertionError, or what the adapter should not have raised."""
        self._line.body, self._line.status = body, status
        for edge, client in self._clients.items():
            started = time.thread_time()
            for operation, read in ((Operation.LOOK_UP, _look_up), (Operation.VERIFY, decoding.read_verification)):
                result = await _outcome(client, operation, read)
                if isinstance(result, GatewayError):
                    told = f"{result} {getattr(result, 'remote_code', '')}"
                    assert not _LONG_NUMBER.search(told), "a number is told"
                    self._count(type(result).__name__)
                else:
                    self._believe(edge, body, result)
            assert time.thread_time() - started < self._slow_seconds, "too slow"

    def _believe(self, edge: str, body: bytes, result: object) -> None:
        if not isinstance(result, Records):
            self._count("truth")
        elif not result.people:
            self._count("nobody")
            if edge == "plain":
                assert _is_empty_collection(body), "somebody was taken for nobody"
        elif len(result.people) == 1:
            self._count("found")
            (person,) = result.people
            assert person.personal_number in ("", NUMBER), "a record of another number"
        else:
            self._count("several")

    def _count(self, end: str) -> None:
        self.seen[end] = self.seen.get(end, 0) + 1


async def _outcome(client: PopulationClient, operation: Operation, read: Callable[[Any], object]) -> object:
    """Give the result, or the error where it is one of ours. Any other is the adapter's fault, and raised."""
    try:
        return (
            await client.call(operation, lambda request_id: structs.replace(_QUESTION, request_id=request_id), read)
        )[0]
    except GatewayError as error:
        return error


def _look_up(answer: Any) -> Records:
    records = decoding.read_records(answer)
    check_subject(Operation.LOOK_UP, records.people, SUBJECT)
    return records


def _is_empty_collection(body: bytes) -> bool:
    """Tell it by Python's own parser, which shares nothing with the adapter's."""
    root = ElementTree.fromstring(body)
    (answer,) = [child for part in root if part.tag == f"{{{decoding.SOAP}}}Body" for child in part]
    return answer.tag == "{http://www.mic.gov.vn/dancu/1.0}CongdanCollection" and len(answer) == 0


def judge_once(judge: Judge, runner: asyncio.Runner, data: bytes) -> None:
    """Judge the bytes as a good answer and as a bad one."""
    runner.run(judge.judge(data))
    runner.run(judge.judge(data, status=500))
