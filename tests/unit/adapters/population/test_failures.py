"""What refusals mean, row by row (notes §10)."""

import pytest

from adapters.population.failures import (
    FAULTS,
    WSO2,
    Action,
    Rule,
    broken,
    fault_error,
    platform_refusal,
    wso2_error,
)
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    RateLimited,
    Rejected,
    TransientFailure,
)
from tests.unit.adapters.population.questions import answer

_KINDS: dict[Action, type[GatewayError]] = {
    Action.REFUSE: Rejected,
    Action.TOKEN: CredentialsRefused,
    Action.CREDENTIALS: CredentialsRefused,
    Action.PATIENCE: RateLimited,
    Action.RETRY: TransientFailure,
}
_EXPECTED: dict[str, tuple[type[GatewayError], str]] = {
    "001": (Rejected, "request_incomplete"),
    "002": (Rejected, "number_malformed"),
    "003": (TransientFailure, "request_id_used"),
    "004": (Rejected, "procedure_not_licensed"),
    "005": (Rejected, "officer_not_authorised"),
    "006": (Rejected, "service_not_granted"),
    "100": (CredentialsRefused, "token_refused"),
    "101": (CredentialsRefused, "address_not_allowed"),
    "102": (CredentialsRefused, "clock_refused"),
    "429": (RateLimited, "quota_exceeded"),
    "500": (TransientFailure, "internal_error"),
    "503": (TransientFailure, "maintenance"),
}
"""The table of §10.5, read again by hand."""


def test_the_table_is_the_notes() -> None:
    """No row is missing, none is ours alone."""
    assert set(_EXPECTED) == set(FAULTS)
    assert {"900900", "900901", "900902", "900906", "700700"} == set(WSO2)


@pytest.mark.parametrize("code", sorted(_EXPECTED))
@pytest.mark.parametrize("blamed", ["Client", "Server", "Sender", ""])
def test_faults(code: str, blamed: str) -> None:
    """The code decides, whomever the fault blames."""
    error = fault_error("look_up", fault_code=blamed, business_code=code, retry_after=7.0)
    kind, ours = _EXPECTED[code]

    assert (kind, ours, "population") == (type(error), error.code, error.system)
    if isinstance(error, Rejected):
        assert code == error.remote_code
    if isinstance(error, RateLimited):
        assert 7.0 == error.retry_after_seconds


@pytest.mark.parametrize(
    ("blamed", "kind", "ours"),
    [
        ("Client", Rejected, "fault_client"),
        ("Sender", Rejected, "fault_client"),
        ("Server", TransientFailure, "fault_server"),
        ("Receiver", TransientFailure, "fault_server"),
        ("", TransientFailure, "fault_server"),
    ],
)
@pytest.mark.parametrize("code", ["", "999", "LOI-1"])
def test_codes_without_a_row(code: str, blamed: str, kind: type[GatewayError], ours: str) -> None:
    """Follow the side that the fault blames; nobody guesses."""
    error = fault_error("verify", fault_code=blamed, business_code=code)

    assert (kind, ours) == (type(error), error.code)


@pytest.mark.parametrize(("code", "rule"), sorted(WSO2.items()))
def test_codes_of_the_platform(code: str, rule: Rule) -> None:
    """Each row gives its group and its code, whatever the status is."""
    for status in (200, 401, 500):
        error = wso2_error("look_up", code, answer(b"", status))
        assert (_KINDS[rule.action], rule.code) == (type(error), error.code)


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_refusals_that_a_platform_hands_on(code: str) -> None:
    """The database's own codes keep their meaning inside JSON."""
    error = platform_refusal("look_up", code)

    assert _EXPECTED[code] == (type(error), error.code)


def test_a_platforms_own_code_is_a_refusal() -> None:
    """§10.3: `01` is any failure, and repeating is pointless."""
    error = platform_refusal("look_up", "01")

    assert isinstance(error, Rejected)
    assert ("platform_refused", "01") == (error.code, error.remote_code)


@pytest.mark.parametrize(("table", "code"), [*(("f", code) for code in FAULTS), *(("w", code) for code in WSO2)])
def test_every_row_tells_an_operator_something(table: str, code: str) -> None:
    """System, operation and meaning; a code of ours in words."""
    rule = (FAULTS if table == "f" else WSO2)[code]
    error = (
        fault_error("verify", fault_code="", business_code=code)
        if table == "f"
        else wso2_error("verify", code, answer(b""))
    )

    assert f"population verify: {rule.meaning}" in str(error)
    assert rule.code.replace("_", "").isalpha()


def test_broken_contracts_name_the_reason() -> None:
    """And say that nothing was done."""
    error = broken("verify", "no_single_truth")

    assert isinstance(error, ContractBroken)
    assert ("no_single_truth", False) == (error.code, error.effect_possible)
