"""What the hub's own status words mean, as a table (electronic identity notes §7.5). Pure.

The word `status` has two uses: two digits say how the *call* fared, one digit says how the *transaction* stands. Only
the former is read here.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from gateway.errors import (
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.ports.consent import NOT_RELEASED


class Operation(StrEnum):
    """The calls of the adapter; a closed list, fit for labels."""

    START = "start"
    STATUS = "status"
    DATA = "data"
    LOGIN = "login"
    REFRESH = "refresh"


WRITES = frozenset({Operation.START})
"""Calls that a citizen notices."""

TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code of ours
NOT_FOUND = "not_found"


class Action(StrEnum):
    """What a status of a call means."""

    OK = "ok"
    TOKEN = "token"  # noqa: S105 - no password
    REFUSE = "refuse"
    CREDENTIALS = "credentials"
    PATIENCE = "patience"
    RETRY = "retry"
    """Nothing was done; the same content may pass with a fresh nonce."""
    OPEN = "open"
    """Nobody knows what was done."""


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One row: the action, a stable code of ours, and what it tells an operator."""

    action: Action
    code: str
    meaning: str


RULES: MappingProxyType[str, StatusRule] = MappingProxyType(
    {
        "00": StatusRule(Action.TOKEN, TOKEN_REFUSED, "the token is missing, expired or invalid"),
        "01": StatusRule(Action.OK, "ok", "success"),
        "02": StatusRule(Action.REFUSE, "invalid_data", "the content was not accepted"),
        "03": StatusRule(Action.REFUSE, NOT_FOUND, "what was asked for is not there"),
        "20": StatusRule(Action.CREDENTIALS, "hmac_header_missing", "a signing header is missing; check hmac"),
        "21": StatusRule(Action.PATIENCE, "rate_limited", "too many calls"),
        "22": StatusRule(Action.CREDENTIALS, "hmac_bad_timestamp", "the timestamp was refused; check the clock"),
        "23": StatusRule(Action.CREDENTIALS, "hmac_timestamp_expired", "the timestamp is too old; check the clock"),
        "24": StatusRule(Action.RETRY, "hmac_nonce_reused", "the nonce was seen before"),
        "25": StatusRule(Action.CREDENTIALS, "hmac_unknown_partner", "the partner code is not known"),
        "26": StatusRule(Action.CREDENTIALS, "hmac_bad_signature", "the signature was refused; check key and parts"),
        "27": StatusRule(Action.RETRY, "hmac_internal", "the signature could not be checked over there"),
        "99": StatusRule(Action.OPEN, "internal_error", "a failure over there"),
    }
)

FACADE_RULES: MappingProxyType[str, StatusRule] = MappingProxyType(
    {"403": StatusRule(Action.CREDENTIALS, "forbidden", "access was denied; check account and address")}
)
"""What a facade says in the manner of HTTP and the two digits have no word for."""

_RESPONSES = {"400": "02", "401": "00", "404": "03", "422": "02", "429": "21"}


def call_status(document: dict[str, Any]) -> str | None:
    """Give the two digits that say how a call fared; None where the answer holds none.

    A facade writes `responseCode` in the manner of HTTP instead (§7.2); that is translated.
    """
    status = document.get("status")
    if isinstance(status, str) and len(status) == 2 and status.isascii() and status.isdigit():
        return status
    # As a number the leading zero is lost, so only 20 and above cannot be the state of a transaction.
    if isinstance(status, int) and not isinstance(status, bool) and 20 <= status <= 99:
        return str(status)
    response = document.get("responseCode")
    if isinstance(response, bool) or not isinstance(response, int | str):
        return None
    text = str(response)
    if len(text) != 3 or not (text.isascii() and text.isdigit()):
        return "02"
    if text[0] in "25":
        return "01" if text[0] == "2" else "99"
    return _RESPONSES.get(text, text)


def call_error(
    status: str, *, system: str, operation: Operation, retry_after_seconds: float | None = None
) -> RemoteError:
    """Make the error for a call that did not succeed. A status without a row is a refusal under its own number."""
    rule = (
        RULES.get(status)
        or FACADE_RULES.get(status)
        or StatusRule(Action.REFUSE, "unknown_status", "the call was refused")
    )
    message = f"{system} {operation}: status {status}, {rule.meaning}"
    action = rule.action
    if action is Action.OPEN and operation not in WRITES:
        action = Action.RETRY
    if action is Action.RETRY and retry_after_seconds is not None:
        action = Action.PATIENCE
    if operation in (Operation.LOGIN, Operation.REFRESH) and action in (Action.TOKEN, Action.REFUSE):
        action = Action.CREDENTIALS
    match action:
        case Action.TOKEN | Action.CREDENTIALS:
            return CredentialsRefused(message, system=system, operation=operation, code=rule.code)
        case Action.PATIENCE:
            return RateLimited(
                message,
                system=system,
                operation=operation,
                retry_after_seconds=retry_after_seconds,
                code=rule.code,
            )
        case Action.RETRY:
            return TransientFailure(message, system=system, operation=operation, code=rule.code)
        case Action.OPEN:
            return OutcomeUnknown(message, system=system, operation=operation, code=rule.code)
        case Action.REFUSE | Action.OK:
            is_not_yet = operation is Operation.DATA and status == "03"
            code = NOT_RELEASED if is_not_yet else rule.code
            return Rejected(message, system=system, operation=operation, remote_code=status, code=code)
