"""Statuses and missing answers become the error that says what may have happened."""

from datetime import UTC, datetime

import pytest

from adapters.transport.failures import STATUS_RULES, no_answer_error, rule_for, status_error
from adapters.transport.retry_after import retry_after_seconds
from adapters.transport.settings import TransportSettings
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)

NOW = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
DEFAULT = TransportSettings().statuses_without_effect


def error(
    status: int, *, is_write: bool, retry_after: float | None = None, without_effect: frozenset[int] = DEFAULT
) -> RemoteError:
    return status_error(
        status,
        system="portal",
        operation="create",
        is_write=is_write,
        statuses_without_effect=without_effect,
        retry_after=retry_after,
    )


@pytest.mark.parametrize(
    ("status", "of_read", "of_write"),
    [
        (100, ContractBroken, ContractBroken),
        (301, ContractBroken, ContractBroken),
        (302, ContractBroken, ContractBroken),
        (400, Rejected, Rejected),
        (401, CredentialsRefused, CredentialsRefused),
        (403, CredentialsRefused, CredentialsRefused),
        (404, TransientFailure, TransientFailure),
        (408, TransientFailure, TransientFailure),
        (413, Rejected, Rejected),
        (418, Rejected, Rejected),
        (429, RateLimited, RateLimited),
        (500, TransientFailure, OutcomeUnknown),
        (502, TransientFailure, OutcomeUnknown),
        (503, TransientFailure, TransientFailure),
        (504, TransientFailure, OutcomeUnknown),
        (599, TransientFailure, OutcomeUnknown),
        (999, ContractBroken, ContractBroken),
    ],
)
def test_what_a_status_means(status: int, of_read: type[RemoteError], of_write: type[RemoteError]) -> None:
    """A failure over there leaves the effect of a write open and that of a read absent."""
    read, write = error(status, is_write=False), error(status, is_write=True)
    assert (of_read, of_write) == (type(read), type(write))
    assert getattr(write, "effect_possible", True) is True
    assert getattr(read, "effect_possible", False) is False
    assert str(status) in write.message


def test_a_wish_for_patience_is_kept() -> None:
    """429 and 503 with Retry-After ask for time and had no effect."""
    for status in (429, 503):
        caught = error(status, is_write=True, retry_after=7.0)
        assert isinstance(caught, RateLimited)
        assert caught.retry_after_seconds == 7.0


@pytest.mark.parametrize(
    ("status", "without_effect", "expected"),
    [
        (502, frozenset({429, 502, 503}), TransientFailure),
        (503, frozenset({429}), OutcomeUnknown),
        (429, frozenset({503}), OutcomeUnknown),
    ],
)
def test_which_statuses_have_no_effect_is_a_setting(
    status: int, without_effect: frozenset[int], expected: type[RemoteError]
) -> None:
    """A gateway in front that is known to refuse without forwarding can be trusted by setting, and mistrusted too."""
    assert expected is type(error(status, is_write=True, without_effect=without_effect))


@pytest.mark.parametrize(
    ("is_write", "may_be_sent", "expected"),
    [
        (True, True, OutcomeUnknown),
        (True, False, TransientFailure),
        (False, True, TransientFailure),
        (False, False, TransientFailure),
    ],
)
def test_no_answer_is_unknown_only_for_a_write_that_may_be_sent(
    is_write: bool, may_be_sent: bool, expected: type[RemoteError]
) -> None:
    """Until the request is written nothing happened; a read never has an effect."""
    caught = no_answer_error(
        "no answer", system="portal", operation="create", is_write=is_write, may_be_sent=may_be_sent, code="timeout"
    )
    assert (expected, "timeout", "portal", "create") == (type(caught), caught.code, caught.system, caught.operation)


def test_every_row_says_something_to_an_operator() -> None:
    """Each row has a stable code and words, and unknown statuses have a row too."""
    assert all(rule.code == f"http_{status}" and rule.meaning for status, rule in STATUS_RULES.items())
    assert ["http_4xx", "http_5xx", "http_3xx", "http_1xx"] == [rule_for(s).code for s in (499, 599, 399, 42)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5", 5.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("999999999", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Mon, 05 Jan 2026 03:00:30 GMT", 30.0),
        ("Mon, 05 Jan 2026 02:00:00 GMT", 0.0),
        ("Mon, 05 Jan 2026 10:01:00 +0700", 60.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("", None),
        ("٥", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: float | None) -> None:
    """Both forms of the header are read (RFC 9110 §10.2.3), bounded to a day; anything else is no wish."""
    assert expected == retry_after_seconds(value, NOW)
