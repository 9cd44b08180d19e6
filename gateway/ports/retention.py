"""How long which records keep their content, and what destroys it."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class RecordKind(StrEnum):
    """Kinds of records whose content ends by time.

    Others end by themselves: sign-ins with the sign-in, consents when they were collected, technical ids 400 days after
    the last sign-in, receipts after `engine.idempotency_kept_days`.
    """

    DOSSIERS = "dossiers"
    MESSAGES = "messages"
    STATEMENTS = "statements"
    FINDINGS = "findings"
    PAYMENT_MESSAGES = "payment_messages"
    """What providers, or whoever claimed to be one, told that belongs to no payment."""
    MONITORING_PULLS = "monitoring_pulls"
    """Who pulled which numbers."""
    ACCOUNT_STATEMENTS = "account_statements"
    """Credits by which the money of daily files was found."""


class RetentionStore(Protocol):
    """Destroys content that is over."""

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Hold the turn until the context ends; False when another process has it."""
        ...

    async def shred(self, kind: RecordKind, before: datetime, limit: int) -> int:
        """Destroy the keys of up to so many records that were over before an instant; give how many.

        Dossiers are not among them: `Subjects.retire` erases these with all that hangs on them.
        """
        ...
