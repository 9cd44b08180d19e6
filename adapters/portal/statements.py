"""Questions, answers, ratings and statistics with the portal: implements the channels of gateway.ports.portal_services.

Native form only: no public facade offers these services, so with one every call is refused before it is made.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from adapters.portal import protocol
from adapters.portal.client import PortalClient
from adapters.portal.failures import Operation
from adapters.portal.replies import Reply
from adapters.portal.settings import PortalSettings
from gateway.errors import ContractBroken, InvalidInput
from gateway.ports.portal_services import (
    AnswerToPush,
    LocalQuestionToPush,
    Question,
    QuestionAnswer,
    QuestionSource,
    RatingToPush,
    StatisticsToPush,
)
from mappings.portal.statements import (
    answer_record,
    local_question_record,
    rating_record,
    read_answer,
    read_question,
    statistics_record,
)

ItemT = TypeVar("ItemT")
_LISTS = {
    QuestionSource.CITIZENS: Operation.LIST_CITIZENS_QUESTIONS,
    QuestionSource.AGENCIES: Operation.LIST_AGENCIES_QUESTIONS,
}


class PortalStatements:
    """Implements QuestionDesk, RatingsChannel and StatisticsChannel."""

    def __init__(self, settings: PortalSettings, client: PortalClient) -> None:
        self._settings = settings
        self._client = client

    async def list_questions(self, source: QuestionSource) -> list[Question]:
        """Read a whole list; records without an id are left out. Raises the groups of the port."""
        operation = _LISTS[source]
        self._refuse_facade(operation)
        return await self._client.read(
            operation,
            lambda token: protocol.questions_request(self._settings, token, operation),
            self._reader(operation, lambda record: read_question(record, source)),
        )

    async def answers_of(self, question_id: str) -> list[QuestionAnswer]:
        """Read all answers of a question; empty when the portal has none."""
        self._refuse_facade(Operation.GET_ANSWERS)
        return await self._client.read(
            Operation.GET_ANSWERS,
            lambda token: protocol.answers_request(self._settings, token, question_id),
            self._reader(Operation.GET_ANSWERS, read_answer),
        )

    async def push_answers(self, answers: Sequence[AnswerToPush]) -> None:
        await self._push(Operation.PUSH_ANSWERS, [answer_record(answer) for answer in answers])

    async def push_local_questions(self, questions: Sequence[LocalQuestionToPush]) -> None:
        await self._push(Operation.PUSH_LOCAL_QUESTIONS, [local_question_record(one) for one in questions])

    async def push_ratings(self, ratings: Sequence[RatingToPush]) -> None:
        await self._push(Operation.PUSH_RATINGS, [rating_record(rating) for rating in ratings])

    async def push_statistics(self, statistics: Sequence[StatisticsToPush]) -> None:
        await self._push(Operation.PUSH_STATISTICS, [statistics_record(counts) for counts in statistics])

    async def _push(self, operation: Operation, records: Sequence[dict[str, Any]]) -> None:
        self._refuse_facade(operation)
        if records:
            await self._client.push(operation, records)

    def _refuse_facade(self, operation: Operation) -> None:
        if self._settings.facade is not None:
            raise protocol.no_such_service(operation)

    def _reader(self, operation: Operation, read_item: Callable[[Any], ItemT | None]) -> Callable[[Reply], list[ItemT]]:
        def read(reply: Reply) -> list[ItemT]:
            try:
                items = [read_item(record) for record in protocol.read_result(self._settings, operation, reply)]
            except InvalidInput as error:
                raise ContractBroken(
                    error.message,
                    system=protocol.SYSTEM,
                    operation=operation,
                    effect_possible=False,
                    code="malformed_list",
                ) from error
            return [item for item in items if item is not None]

        return read
