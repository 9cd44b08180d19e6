"""The journal of answers: for each MaYeuCau what the register truthfully says, whatever reached the caller."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from adapters.population.sandbox.admission import Edge
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.questions import Question
from adapters.sandboxing import CallRecord

_MAX_ANSWERS = 100_000


class AnswerJournal:
    """Keeps the latest answers, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[tuple[int, Edge, Question, str, tuple[str, ...], CallRecord]] = deque(maxlen=_MAX_ANSWERS)
        self._last = 0

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, edge: Edge, question: Question, outcome: str, people: Sequence[Person], record: CallRecord) -> None:
        """Write an answer down."""
        self._last += 1
        numbers = tuple(person.number for person in people)
        self._entries.append((self._last, edge, question, outcome, numbers, record))

    def listed(self, *, after: int, limit: int, request_id: str | None) -> list[dict[str, Any]]:
        """List answers from the one after sequence number `after`, as plain JSON values."""
        found: list[dict[str, Any]] = []
        for sequence, edge, question, outcome, numbers, record in self._entries:
            if len(found) >= limit:
                break
            if sequence <= after or (request_id is not None and question.request_id != request_id):
                continue
            found.append(
                {
                    "sequence": sequence,
                    "request_id": question.request_id,
                    "edge": edge.value,
                    "operation": question.operation,
                    "service": question.service,
                    "procedure": question.procedure,
                    "officer": question.officer,
                    "outcome": outcome,
                    "people_count": len(numbers),
                    "numbers": list(numbers),
                    "faults": list(record.faults),
                    "http_status": record.http_status,
                }
            )
        return found

    def forget(self) -> None:
        """Forget all of them; sequence numbers go on."""
        self._entries.clear()
