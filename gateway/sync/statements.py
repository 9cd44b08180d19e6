"""What becomes of a statement to a national system: an answer to a question, ratings, statistics. Decisions only.

Statements are not dossiers: they have no history over there that could be asked for, and the portal must treat their
repetition as harmless (portal wire notes §8.4). So the machine is smaller than a lane:

    waiting -> in_flight -> delivered
                  |-> waiting   no effect, or no usable answer: sent again by schedule
                  |-> parked    refused: a person decides
    waiting, parked -> skipped  a later statement about the same subject takes its place

A refusal of several together blames nobody: each goes again alone, and only what is refused alone is parked.
"""

from dataclasses import dataclass

from gateway.errors import RemoteError
from gateway.model.statement import StatementState
from gateway.ports.portal_services import Shares
from gateway.sync.actions import FailureKind, call_failed
from gateway.sync.retry import LONGEST_DELAY_SECONDS, RetryPolicy, delay_seconds

REFUSED_TOGETHER = "refused_together"
"""Reason of a statement that waits to be sent alone."""
UNREADABLE = "unreadable"
"""Reason of a statement whose own content cannot be opened."""
DEFECT = "defect"
"""Reason of a statement that our own code cannot write."""
MAX_UNREADABLE_COUNT = 5
"""So often an answer may be no answer before a person looks: the portal's form has changed."""


@dataclass(frozen=True, slots=True)
class StatementMove:
    """The state that follows, why, and how long to wait where it waits."""

    state: StatementState
    reason: str = ""
    delay_seconds: float = 0.0
    is_attempt_counted: bool = True


def after_success() -> StatementMove:
    """The system took it."""
    return StatementMove(StatementState.DELIVERED)


def after_hold(reason: str) -> StatementMove:
    """The call was not made: the system closed after the statement was leased. It waits as it did."""
    return StatementMove(StatementState.WAITING, reason, is_attempt_counted=False)


def after_failure(
    error: RemoteError, *, attempts_count: int, is_alone: bool, retry: RetryPolicy, chance: float
) -> StatementMove:
    """Decide after a call that failed; `attempts_count` counts this one, `chance` lies in [0, 1)."""
    failed = call_failed(error)
    delay = delay_seconds(retry, attempts_count, chance)
    match failed.kind:
        case FailureKind.REJECTED if is_alone:
            return StatementMove(StatementState.PARKED, failed.reason or error.code)
        case FailureKind.REJECTED:
            return StatementMove(StatementState.WAITING, REFUSED_TOGETHER)
        case FailureKind.CONTRACT_BROKEN if attempts_count >= MAX_UNREADABLE_COUNT:
            return StatementMove(StatementState.PARKED, error.code)
        case FailureKind.CREDENTIALS:
            return StatementMove(StatementState.WAITING, error.code, max(delay, retry.credentials_delay_seconds))
        case FailureKind.RATE_LIMITED:
            wished = min(failed.retry_after_seconds or 0.0, LONGEST_DELAY_SECONDS)
            return StatementMove(StatementState.WAITING, error.code, max(delay, wished))
        case _:
            return StatementMove(StatementState.WAITING, error.code, delay)


def shares_of(very_satisfied_count: int, satisfied_count: int, not_satisfied_count: int) -> Shares:
    """Give whole percents that add up to 100 (largest remainders first), or all 0 when nobody voted."""
    counts = (very_satisfied_count, satisfied_count, not_satisfied_count)
    total = sum(counts)
    if total == 0:
        return Shares(very_satisfied=0, satisfied=0, not_satisfied=0)
    whole = [count * 100 // total for count in counts]
    by_remainder = sorted(range(3), key=lambda place: (-(counts[place] * 100 % total), place))
    for place in by_remainder[: 100 - sum(whole)]:
        whole[place] += 1
    return Shares(very_satisfied=whole[0], satisfied=whole[1], not_satisfied=whole[2])
