"""What a failed exchange means, as a table. Pure.

Every row answers two questions: may the request have had an effect over there, and what is to be done next. Statuses
are looked up exactly first, then by class. A write whose effect is possible is settled by a query, never by a resend.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)


class Action(StrEnum):
    """What an HTTP status means for the call."""

    REFUSE = "refuse"
    """The request itself is not acceptable: repeating it is pointless."""
    SESSION = "session"
    """The session is not accepted."""
    CREDENTIALS = "credentials"
    """We are not accepted at all."""
    RETRY = "retry"
    """Nothing was done; later may be better."""
    PATIENCE = "patience"
    """Nothing was done; we are asked to wait."""
    BROKEN = "broken"
    """Outside the contract."""
    OPEN = "open"
    """Something failed over there while or after it worked: nobody knows what was done."""


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One row: the action, a stable code, and what it tells an operator."""

    action: Action
    code: str
    meaning: str


STATUS_RULES: MappingProxyType[int, StatusRule] = MappingProxyType(
    {
        400: StatusRule(Action.REFUSE, "http_400", "the request was called malformed"),
        401: StatusRule(Action.SESSION, "http_401", "the session was not accepted"),
        403: StatusRule(Action.CREDENTIALS, "http_403", "access was denied; check account, destination, certificate"),
        404: StatusRule(Action.RETRY, "http_404", "the address is not served; check paths and destination code"),
        405: StatusRule(Action.RETRY, "http_405", "the address does not take this method; check the paths"),
        407: StatusRule(Action.CREDENTIALS, "http_407", "a proxy in between wants credentials"),
        408: StatusRule(Action.RETRY, "http_408", "the request did not arrive in time"),
        413: StatusRule(Action.REFUSE, "http_413", "the request is too large"),
        414: StatusRule(Action.REFUSE, "http_414", "the address is too long"),
        415: StatusRule(Action.REFUSE, "http_415", "the content type was not accepted"),
        422: StatusRule(Action.REFUSE, "http_422", "the content was not accepted"),
        429: StatusRule(Action.PATIENCE, "http_429", "too many calls"),
        503: StatusRule(Action.PATIENCE, "http_503", "the service is not available"),
    }
)
CLASS_RULES: MappingProxyType[int, StatusRule] = MappingProxyType(
    {
        1: StatusRule(Action.BROKEN, "http_1xx", "an answer that ends no exchange"),
        3: StatusRule(Action.BROKEN, "http_3xx", "a redirect, which is not followed; check the base address"),
        4: StatusRule(Action.REFUSE, "http_4xx", "the request was refused"),
        5: StatusRule(Action.OPEN, "http_5xx", "a failure over there"),
    }
)

TLS_REFUSALS: MappingProxyType[str, str] = MappingProxyType(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED": "a client certificate is required",
        "SSLV3_ALERT_BAD_CERTIFICATE": "the client certificate was refused",
        "TLSV1_ALERT_BAD_CERTIFICATE": "the client certificate was refused",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client certificate is expired",
        "SSLV3_ALERT_CERTIFICATE_REVOKED": "the client certificate is revoked",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the client certificate was refused",
        "TLSV1_ALERT_UNKNOWN_CA": "the issuer of the client certificate is not known over there",
        "TLSV1_ALERT_ACCESS_DENIED": "the client certificate has no access",
    }
)
"""Alerts of the other side about our certificate. With TLS 1.3 they may arrive after the request was written, but a
server that ends the handshake so has not handed the request on (RFC 8446 section 4.4.2.4)."""


def rule_for(status: int) -> StatusRule:
    """Give the row for a status outside 2xx."""
    return STATUS_RULES.get(status) or CLASS_RULES.get(status // 100) or CLASS_RULES[1]


def status_error(
    status: int,
    *,
    system: str,
    operation: str,
    is_write: bool,
    statuses_without_effect: frozenset[int],
    retry_after: float | None,
) -> RemoteError:
    """Make the error for an answer outside 2xx."""
    rule = rule_for(status)
    message = f"{system} {operation}: status {status}, {rule.meaning}"
    action = rule.action
    if action is Action.OPEN and (not is_write or status in statuses_without_effect):
        action = Action.RETRY
    elif action is Action.PATIENCE and is_write and status not in statuses_without_effect:
        action = Action.OPEN
    if action in (Action.PATIENCE, Action.RETRY) and (retry_after is not None or status == 429):
        return RateLimited(
            message, system=system, operation=operation, retry_after_seconds=retry_after, code="rate_limited"
        )
    if action is Action.REFUSE:
        return Rejected(message, system=system, operation=operation, remote_code=rule.code)
    if action in (Action.SESSION, Action.CREDENTIALS):
        return CredentialsRefused(message, system=system, operation=operation, code=rule.code)
    if action is Action.BROKEN:
        return ContractBroken(message, system=system, operation=operation, effect_possible=is_write, code=rule.code)
    if action is Action.OPEN:
        return OutcomeUnknown(message, system=system, operation=operation, code=rule.code)
    return TransientFailure(message, system=system, operation=operation, code=rule.code)


def no_answer_error(
    what: str, *, system: str, operation: str, is_write: bool, may_be_sent: bool, code: str
) -> RemoteError:
    """Make the error for an exchange that gave no complete answer."""
    message = f"{system} {operation}: {what}"
    if may_be_sent and is_write:
        return OutcomeUnknown(message, system=system, operation=operation, code=code)
    return TransientFailure(message, system=system, operation=operation, code=code)
