"""From errors of a call to events of the core."""

import pytest

from gateway import errors
from gateway.sync.actions import CallFailed, FailureKind, call_failed
from gateway.sync.reasons import reason_code

CALL = {"system": "portal", "operation": "push"}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.TransientFailure("no", **CALL), CallFailed(FailureKind.TRANSIENT)),
        (
            errors.RateLimited("no", retry_after_seconds=7.0, **CALL),
            CallFailed(FailureKind.RATE_LIMITED, retry_after_seconds=7.0),
        ),
        (errors.CredentialsRefused("no", **CALL), CallFailed(FailureKind.CREDENTIALS)),
        (errors.Rejected("no", **CALL), CallFailed(FailureKind.REJECTED)),
        (
            errors.Rejected("no", remote_code="-7", **CALL),
            CallFailed(FailureKind.REJECTED, reason="remote_code -7"),
        ),
        (errors.Rejected("no", remote_code="Trần Văn Thử", **CALL), CallFailed(FailureKind.REJECTED)),
        (errors.Rejected("no", remote_code="9" * 41, **CALL), CallFailed(FailureKind.REJECTED)),
        (errors.ContractBroken("no", effect_possible=False, **CALL), CallFailed(FailureKind.CONTRACT_BROKEN)),
        (
            errors.ContractBroken("no", effect_possible=True, **CALL),
            CallFailed(FailureKind.CONTRACT_BROKEN, effect_possible=True),
        ),
        (errors.OutcomeUnknown("no", **CALL), CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True)),
        (errors.RemoteError("no", **CALL), CallFailed(FailureKind.OUTCOME_UNKNOWN, effect_possible=True)),
    ],
)
def test_an_error_becomes_its_event(error: errors.RemoteError, expected: CallFailed) -> None:
    """Each group has its kind; what is in no group may have had an effect; foreign words never pass."""
    assert expected == call_failed(error)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", ""),
        ("transient", "transient"),
        ("already_exists: 2", "already_exists"),
        ("unmapped: procedure 1.999001", "unmapped"),
        ("superseded by revision 4", "superseded"),
    ],
)
def test_the_code_of_a_reason_comes_from_a_closed_list(reason: str, code: str) -> None:
    """Labels carry the code, never the details."""
    assert code == reason_code(reason)
