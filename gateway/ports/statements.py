"""What the engine asks of the store about statements and questions. Raises StoreUnavailable throughout."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.model.statement import StatementKind
from gateway.ports.portal_services import Question, QuestionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedStatement:
    """A statement on its way; `lease_until` fences what is stored of it. The content is sealed."""

    statement_id: int
    system: str
    kind: StatementKind
    subject: str
    agency_code: str
    attempts_count: int
    reason: str
    wrapped_key: bytes
    sealed: bytes
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuestion:
    """A question as it was read; `is_answered` None when the portal could not be asked for its answers."""

    question: Question
    is_answered: bool | None


class StatementStore(Protocol):
    """Where statements wait."""

    async def has_due(self, system: str) -> bool: ...

    async def lease(self, system: str, kind: StatementKind, *, limit: int, seconds: float) -> Sequence[LeasedStatement]:
        """Lease statements that are due, oldest first, and count the attempt. At most one per subject is under way."""
        ...

    async def settle(
        self,
        leased: LeasedStatement,
        *,
        state: str,
        reason: str,
        delay_seconds: float,
        now: datetime,
        is_attempt_counted: bool = True,
    ) -> str | None:
        """Store what came of an attempt with its event; give the state stored, None when the lease was lost.

        Without `is_attempt_counted` the attempt that the lease counted is taken back: its call was not made."""
        ...


class QuestionStore(Protocol):
    """Where the copy of the portal's questions is kept."""

    async def read_at(self, system: str) -> datetime | None: ...

    def alone(self, system: str) -> AbstractAsyncContextManager[bool]:
        """Tell whether this process may read the questions now; no other may until the block ends."""
        ...

    async def known(self, system: str, source: QuestionSource) -> Mapping[str, bool | None]:
        """Give the known questions of a list, and whether each is answered; None where that is not known."""
        ...

    async def save(self, system: str, questions: Sequence[ReadQuestion], now: datetime) -> int:
        """Store what is new or changed, with events; give how many were."""
        ...

    async def note_read(self, system: str, now: datetime) -> None: ...
