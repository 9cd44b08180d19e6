"""What becomes of a statement after each kind of answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.model.statement import StatementState
from gateway.sync.retry import RetryPolicy
from gateway.sync.statements import MAX_UNREADABLE_COUNT, REFUSED_TOGETHER, after_failure, shares_of

WHERE = {"system": "portal", "operation": "push_answers"}
RETRY = RetryPolicy(first_delay_seconds=10, credentials_delay_seconds=600)
TRANSIENT = TransientFailure("", **WHERE)
UNKNOWN = OutcomeUnknown("", **WHERE)
REJECTED = Rejected("", remote_code="-1", **WHERE)
BROKEN = ContractBroken("", effect_possible=True, **WHERE)
REFUSED = CredentialsRefused("", **WHERE)
LIMITED = RateLimited("", retry_after_seconds=77, **WHERE)


@pytest.mark.parametrize(
    ("error", "attempts", "is_alone", "state", "reason", "delay"),
    [
        (TRANSIENT, 1, True, StatementState.WAITING, "transient", 10),
        (TRANSIENT, 3, True, StatementState.WAITING, "transient", 40),
        (TRANSIENT, 10_000, False, StatementState.WAITING, "transient", 900),
        (UNKNOWN, 1, True, StatementState.WAITING, "outcome_unknown", 10),
        (REJECTED, 1, True, StatementState.PARKED, "remote_code -1", 0),
        (REJECTED, 1, False, StatementState.WAITING, REFUSED_TOGETHER, 0),
        (BROKEN, 1, True, StatementState.WAITING, "contract_broken", 10),
        (BROKEN, MAX_UNREADABLE_COUNT, True, StatementState.PARKED, "contract_broken", 0),
        (REFUSED, 1, True, StatementState.WAITING, "credentials_refused", 600),
        (LIMITED, 1, True, StatementState.WAITING, "rate_limited", 77),
    ],
)
def test_every_failure_has_its_consequence(
    error: RemoteError, attempts: int, is_alone: bool, state: StatementState, reason: str, delay: float
) -> None:
    """Only a refusal of one alone, or an answer unreadable too often, is a person's; all else goes again, later."""
    move = after_failure(error, attempts_count=attempts, is_alone=is_alone, retry=RETRY, chance=0.0)
    assert (state, reason) == (move.state, move.reason)
    assert delay == pytest.approx(move.delay_seconds)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_shares_add_up_and_are_never_off_by_more_than_one(very: int, quite: int, not_at_all: int) -> None:
    """Percents add up to 100 whenever somebody voted, and each lies within one of the exact share."""
    shares = shares_of(very, quite, not_at_all)
    given_shares = (shares.very_satisfied, shares.satisfied, shares.not_satisfied)
    total = very + quite + not_at_all
    assert (100 if total else 0) == sum(given_shares)
    for count, share in zip((very, quite, not_at_all), given_shares, strict=True):
        assert abs(share * total - count * 100) < max(total, 1)
