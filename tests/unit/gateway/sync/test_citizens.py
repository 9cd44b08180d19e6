"""Who may ask for what, and what an answer means: pure decisions about questions on citizens."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    GatewayError,
    IntegrityFailed,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StoreUnavailable,
    TransientFailure,
)
from gateway.model.citizen import (
    SENSITIVE_FIELDS,
    CitizenAddress,
    CitizenField,
    CitizenOutcome,
    CitizenRecord,
    CitizenRelative,
    CitizenReply,
    Coded,
    MaritalStatus,
    Sex,
    VitalStatus,
)
from gateway.model.identity import PartialDate, Precision
from gateway.sync.citizens import (
    CitizenRefused,
    Claim,
    Denial,
    Purpose,
    Quota,
    QuotaExceeded,
    is_alarming,
    judge_claim,
    judge_quotas,
    judge_reply,
    outcome_of_error,
    released,
    upstream_code_of,
)

PLAIN = frozenset({CitizenField.FULL_NAME, CitizenField.BIRTH_DATE})
PURPOSE = Purpose(code="intake", legal_basis="x", fields=PLAIN)
CLAIM = Claim(
    client_id="one-stop", purpose="intake", procedure_code="", consent_ref="", is_look_up=True, fields=frozenset()
)
_RELATIVE = CitizenRelative(full_name="NGUYỄN VĂN CHA")
_PLACE = CitizenAddress(province_code="01")
FULL = CitizenRecord(
    personal_number="999085000001",
    old_card_number="999000001",
    full_name="NGUYỄN VĂN AN",
    sex=Sex.MALE,
    birth_date=PartialDate("1985", Precision.YEAR),
    ethnicity=Coded(code="01"),
    religion=Coded(code="02"),
    marital_status=MaritalStatus.MARRIED,
    blood_group="O",
    nationality="VN",
    birth_registration=_PLACE,
    native_place=_PLACE,
    permanent_residence=_PLACE,
    current_residence=_PLACE,
    father=_RELATIVE,
    mother=_RELATIVE,
    spouse=_RELATIVE,
    representative=_RELATIVE,
    household_head=_RELATIVE,
    household_book="1",
    vital_status=VitalStatus.NONE,
)
FIELDS = st.frozensets(st.sampled_from(list(CitizenField)))


def denial(known: Purpose, /, **changes: Any) -> Denial:
    with pytest.raises(CitizenRefused) as caught:
        judge_claim({known.code: known}, replace(CLAIM, **changes))
    return caught.value.denial


def test_every_field_of_a_record_can_be_released_by_name() -> None:
    """The list of fields and the record are one."""
    assert {field.value for field in CitizenField} == {field.name for field in structs.fields(CitizenRecord)}


def test_what_a_purpose_lets_out() -> None:
    """All that it covers when nothing is named, else what is named."""
    assert PLAIN == judge_claim({"intake": PURPOSE}, CLAIM)[1]
    wanted = frozenset({CitizenField.FULL_NAME})
    assert wanted == judge_claim({"intake": PURPOSE}, replace(CLAIM, fields=wanted))[1]
    assert frozenset() == judge_claim({"intake": PURPOSE}, replace(CLAIM, is_look_up=False))[1]


@pytest.mark.parametrize(
    ("purpose", "changes", "expected"),
    [
        ({}, {"purpose": "other"}, Denial.PURPOSE_UNKNOWN),
        ({"clients": frozenset({"x"})}, {}, Denial.PURPOSE_UNKNOWN),
        ({"may_look_up": False}, {}, Denial.PURPOSE_NOT_FOR_THIS),
        ({"may_verify": False}, {"is_look_up": False}, Denial.PURPOSE_NOT_FOR_THIS),
        ({"procedure_codes": frozenset({"1.000001"})}, {}, Denial.PROCEDURE_NOT_COVERED),
        ({"needs_consent": True}, {}, Denial.CONSENT_MISSING),
        ({}, {"fields": frozenset({CitizenField.SEX})}, Denial.FIELD_NOT_COVERED),
    ],
)
def test_denials(purpose: dict[str, Any], changes: dict[str, Any], expected: Denial) -> None:
    """Each has its word."""
    assert expected is denial(replace(PURPOSE, **purpose), **changes)


@given(covered=FIELDS, wanted=FIELDS, is_allowed=st.booleans())
def test_nothing_beyond_the_purpose_is_ever_released(
    covered: frozenset[CitizenField], wanted: frozenset[CitizenField], is_allowed: bool
) -> None:
    """Whatever is wanted: what comes out is covered, and nothing sensitive without its permission."""
    purpose = replace(PURPOSE, fields=covered, allows_sensitive=is_allowed)
    if wanted - (covered if is_allowed else covered - SENSITIVE_FIELDS):
        assert Denial.FIELD_NOT_COVERED is denial(purpose, fields=wanted)
        return
    _, allowed = judge_claim({"intake": purpose}, replace(CLAIM, fields=wanted))
    out = released(FULL, allowed)
    shown = {field for field in CitizenField if getattr(out, field.value) not in (None, "")}
    assert shown == allowed <= covered
    assert is_allowed or not shown & SENSITIVE_FIELDS


def reply(*records: CitizenRecord) -> CitizenReply:
    return CitizenReply(records=records, request_id="1", service_code="037", edge="plain", profile="flat")


def test_what_a_reply_means() -> None:
    """One, one in part, none, several."""
    part = structs.replace(FULL, birth_date=None)
    judged = [judge_reply(one, PLAIN) for one in (reply(FULL), reply(part), reply(), reply(FULL, FULL))]

    assert [
        CitizenOutcome.FOUND,
        CitizenOutcome.PARTIAL,
        CitizenOutcome.NOT_FOUND,
        CitizenOutcome.AMBIGUOUS,
    ] == [one.outcome for one in judged]
    assert [(), (CitizenField.BIRTH_DATE,), (), ()] == [one.missing for one in judged]
    assert [True, True, False, False] == [one.record is not None for one in judged]


def _remote(kind: type[Any], **changes: Any) -> GatewayError:
    error: GatewayError = kind("x", system="population", operation="verify", **changes)
    return error


@pytest.mark.parametrize(
    ("error", "outcome", "alert"),
    [
        (_remote(Rejected, remote_code="005"), CitizenOutcome.REFUSED, None),
        (_remote(TransientFailure), CitizenOutcome.UNAVAILABLE, None),
        (_remote(RateLimited), CitizenOutcome.UNAVAILABLE, None),
        (_remote(OutcomeUnknown), CitizenOutcome.UNAVAILABLE, None),
        (_remote(CredentialsRefused), CitizenOutcome.UNAVAILABLE, "citizen_credentials_refused"),
        (_remote(ContractBroken, effect_possible=False), CitizenOutcome.UNAVAILABLE, "citizen_reply_broken"),
        (
            _remote(ContractBroken, effect_possible=False, code="another_person"),
            CitizenOutcome.UNAVAILABLE,
            "citizen_another_person",
        ),
    ],
)
def test_failures_are_never_an_absence(error: Any, outcome: CitizenOutcome, alert: str | None) -> None:
    """Refused or unavailable, and an alert for what does not pass by itself."""
    assert (outcome, alert) == (outcome_of_error(error), is_alarming(error))


def test_own_failures() -> None:
    """What we refuse is refused; what our own parts cannot do is unavailable."""
    own = (CitizenRefused(Denial.PURPOSE_UNKNOWN), QuotaExceeded("x", 1.0))

    assert {CitizenOutcome.REFUSED} == {outcome_of_error(one) for one in own}
    assert {CitizenOutcome.UNAVAILABLE} == {outcome_of_error(one("x")) for one in (StoreUnavailable, IntegrityFailed)}
    assert "005" == upstream_code_of(_remote(Rejected, remote_code="005"))
    assert "rejected" == upstream_code_of(_remote(Rejected))


def test_quotas() -> None:
    """The question at hand is counted; the longest quota that is used up says when to come again."""
    hour = Quota(name="hour", window=timedelta(hours=1), most=2)
    day = Quota(name="day", window=timedelta(days=1), most=5)

    judge_quotas((hour, day), {"hour": 2, "day": 5})
    with pytest.raises(QuotaExceeded) as short:
        judge_quotas((hour, day), {"hour": 3, "day": 5})
    with pytest.raises(QuotaExceeded) as both:
        judge_quotas((hour, day), {"hour": 3, "day": 6})

    assert ("hour", 300.0) == (short.value.quota, short.value.retry_after_seconds)
    assert ("day", 7200.0) == (both.value.quota, both.value.retry_after_seconds)
