"""What a result of the payment platform means for money, as a table (payment notes §9.2, U4). Pure.

A refused INIT opened nothing. A refused question tells nothing about the payment that it was about: money may have been
taken, so it is never `Rejected`, which would let the reference end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.errors import CredentialsRefused, OutcomeUnknown, Rejected, RemoteError
from mappings.payment.platform_replies import Reply
from mappings.payment.platform_rules import ResultClass


class Operation(StrEnum):
    """The calls; a closed list, fit for labels."""

    INIT = "init"
    QUERY = "query"
    GET_BILL = "get_bill"
    BILL_FILE = "bill_file"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the error, a stable code, and what it tells an operator."""

    error: type[RemoteError]
    code: str
    meaning: str


_CONFIGURATION = Row(CredentialsRefused, "refused_configuration", "refused; check partner, secret and registration")
_OPEN = Row(OutcomeUnknown, "platform_unsure", "the platform does not know itself")
_UNANSWERED = Row(OutcomeUnknown, "question_refused", "the question was refused, which tells nothing of the payment")
INIT_ROWS: Mapping[ResultClass, Row] = MappingProxyType(
    {
        ResultClass.FAILED: Row(Rejected, "refused", "refused; nothing was opened"),
        ResultClass.NOT_FOUND: Row(Rejected, "refused", "refused; nothing was opened"),
        ResultClass.CONFIGURATION: _CONFIGURATION,
        ResultClass.UNKNOWN: _OPEN,
    }
)
QUESTION_ROWS: Mapping[ResultClass, Row] = MappingProxyType(
    {
        ResultClass.FAILED: _UNANSWERED,
        ResultClass.NOT_FOUND: _UNANSWERED,
        ResultClass.CONFIGURATION: _CONFIGURATION,
        ResultClass.UNKNOWN: _OPEN,
    }
)


def refusal(reply: Reply, *, system: str, operation: Operation) -> RemoteError:
    """Make the error for an answer whose result is not SUCCESS. Its message holds the code, never a text from there."""
    row = (INIT_ROWS if operation is Operation.INIT else QUESTION_ROWS)[reply.result]
    message = f"{system} {operation}: result {reply.code}, {row.meaning}"
    if row.error is Rejected:
        return Rejected(message, system=system, operation=operation, remote_code=reply.code, code=row.code)
    return row.error(message, system=system, operation=operation, code=row.code)


def unanswered(error: Rejected, *, system: str, operation: Operation) -> OutcomeUnknown:
    """Turn a refusal of a question by HTTP status into what it means for money: nothing."""
    return OutcomeUnknown(
        f"{system} {operation}: {_UNANSWERED.meaning} ({error.remote_code or error.code})",
        system=system,
        operation=operation,
        code=_UNANSWERED.code,
    )
