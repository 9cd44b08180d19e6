"""What refusals of the several layers mean, as tables (population notes §10). Pure.

The database's own words, the provincial platform's and X-Road's are told apart by their shape, never by their texts:
texts quote people and are not kept.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from adapters.transport.failures import status_error
from adapters.transport.messages import HttpAnswer
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)

SYSTEM = "population"
TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code of ours
ANOTHER_PERSON = "another_person"
"""The reply is about somebody who was not asked for (§18 N14): refused, and somebody must look."""
READ_STATUSES = frozenset({400, 401, 403, 404, 405, 409, 422, 429, 500, 502, 503, 504})
"""Statuses whose body may hold a fault that says more than the status."""


class Action(StrEnum):
    """What a code means for the call."""

    REFUSE = "refuse"
    TOKEN = "token"  # noqa: S105 - no password
    """Our token is not accepted: once more with a new one."""
    CREDENTIALS = "credentials"
    PATIENCE = "patience"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the action, a stable code of ours, and what it tells an operator."""

    action: Action
    code: str
    meaning: str


FAULTS: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "001": Rule(Action.REFUSE, "request_incomplete", "an element is missing or out of order"),
        "002": Rule(Action.REFUSE, "number_malformed", "the number is malformed, or two were sent"),
        "003": Rule(Action.RETRY, "request_id_used", "the request id was used before"),
        "004": Rule(Action.REFUSE, "procedure_not_licensed", "the procedure may not use the database"),
        "005": Rule(Action.REFUSE, "officer_not_authorised", "the officer's account may not ask"),
        "006": Rule(Action.REFUSE, "service_not_granted", "the service is not granted to the province"),
        "100": Rule(Action.TOKEN, TOKEN_REFUSED, "authentication failed"),
        "101": Rule(Action.CREDENTIALS, "address_not_allowed", "our address is not allowed"),
        "102": Rule(Action.CREDENTIALS, "clock_refused", "the time stamp is outside the window; check the clock"),
        "429": Rule(Action.PATIENCE, "quota_exceeded", "the quota is used up"),
        "500": Rule(Action.RETRY, "internal_error", "a failure over there"),
        "503": Rule(Action.RETRY, "maintenance", "the database is being maintained"),
    }
)
"""`MaLoi` of a fault (§10.5, assumed; 004 and 005 are seen, §10.3)."""

WSO2: MappingProxyType[str, Rule] = MappingProxyType(
    {
        "900900": Rule(Action.TOKEN, TOKEN_REFUSED, "the platform could not authenticate us"),
        "900901": Rule(Action.TOKEN, TOKEN_REFUSED, "the platform does not accept the token"),
        "900902": Rule(Action.TOKEN, TOKEN_REFUSED, "the platform found no credentials"),
        "900906": Rule(Action.REFUSE, "no_such_resource", "the platform knows no such address; check paths"),
        "700700": Rule(Action.CREDENTIALS, "api_blocked", "the platform has blocked the service"),
    }
)
"""Codes of the provincial platform (§10.1)."""

_XROAD = re.compile(r"(Client|Server\.(ClientProxy|ServerProxy))\.?[A-Za-z.]{0,80}", re.ASCII)


def fault_error(
    operation: str, *, fault_code: str, business_code: str, retry_after: float | None = None
) -> RemoteError:
    """Make the error for a SOAP fault. A code without a row follows the side that the fault blames."""
    rule = FAULTS.get(business_code)
    if rule is None and fault_code in ("Client", "Sender"):
        return _made(Rule(Action.REFUSE, "fault_client", "refused"), operation, business_code, retry_after)
    if rule is None:
        rule = Rule(Action.RETRY, "fault_server", "a failure over there")
    return _made(rule, operation, business_code, retry_after)


def platform_error(operation: str, document: dict[str, Any], answer: HttpAnswer) -> RemoteError | None:
    """Make the error for a JSON body of a layer in between; None when it is none of the known ones."""
    fault = document.get("fault")
    if isinstance(fault, dict) and "code" in fault:
        return wso2_error(operation, str(fault["code"]), answer)
    kind = document.get("type")
    if isinstance(kind, str) and isinstance(document.get("message"), str) and _XROAD.fullmatch(kind):
        # What the client proxy refuses is set up wrongly here; the rest lies behind it and passes.
        if kind.startswith("Client"):
            rule = Rule(Action.CREDENTIALS, "xroad_client", "X-Road refused the call; check name and certificate")
        else:
            rule = Rule(Action.RETRY, "xroad_server", "X-Road could not reach the service")
        return _made(rule, operation, kind, answer.retry_after_seconds)
    return None


def platform_refusal(operation: str, code: str) -> RemoteError:
    """Make the error for a refusal in the JSON of a province's platform, which hands on the database's own codes.

    Its other codes are its own (§10.3: `01` is any failure), and repeating the question is pointless until somebody
    has looked.
    """
    rule = FAULTS.get(code, Rule(Action.REFUSE, "platform_refused", "the province's platform refused"))
    return _made(rule, operation, code, None)


def wso2_error(operation: str, code: str, answer: HttpAnswer) -> RemoteError:
    """Make the error for a code of the provincial platform; one without a row follows the status."""
    rule = WSO2.get(code)
    if rule is not None:
        return _made(rule, operation, code, answer.retry_after_seconds)
    if 200 <= answer.status < 300:
        return broken(operation, "unknown_platform_fault")
    return error_of_status(operation, answer)


def error_of_status(operation: str, answer: HttpAnswer) -> RemoteError:
    """Make the error for an answer that says nothing but its status."""
    return status_error(
        answer.status,
        system=SYSTEM,
        operation=operation,
        is_write=False,
        statuses_without_effect=frozenset(),
        retry_after=answer.retry_after_seconds,
    )


def broken(operation: str, reason: str) -> ContractBroken:
    """Make the error for an answer that cannot be relied on."""
    return ContractBroken(
        f"{SYSTEM} {operation}: the answer cannot be relied on ({reason})",
        system=SYSTEM,
        operation=operation,
        effect_possible=False,
        code=reason,
    )


def _made(rule: Rule, operation: str, remote_code: str, retry_after: float | None) -> RemoteError:
    message = f"{SYSTEM} {operation}: {rule.meaning}"
    match rule.action:
        case Action.REFUSE:
            return Rejected(message, system=SYSTEM, operation=operation, remote_code=remote_code, code=rule.code)
        case Action.TOKEN | Action.CREDENTIALS:
            return CredentialsRefused(message, system=SYSTEM, operation=operation, code=rule.code)
        case Action.PATIENCE:
            return RateLimited(
                message, system=SYSTEM, operation=operation, retry_after_seconds=retry_after, code=rule.code
            )
        case Action.RETRY:
            return TransientFailure(message, system=SYSTEM, operation=operation, code=rule.code)
