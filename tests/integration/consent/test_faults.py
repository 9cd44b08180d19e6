"""The adapter when the hub, the network or the credentials fail (vectors N169 and N170)."""

import asyncio
import itertools
from typing import Any

import pytest

from adapters.consent import run_checks
from adapters.sandboxing import FaultKind, FaultSpec
from adapters.transport import CallOutcome
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
)
from gateway.ports.consent import ShareRequest
from tests.integration.consent.consent_helpers import (
    HMAC,
    PARTNER,
    PID,
    Stage,
    assert_safe,
    stage,
)

REQUEST = ShareRequest(citizen_pid=PID)


async def refused(at: Stage, kind: type[RemoteError]) -> RemoteError:
    with pytest.raises(kind) as caught:
        await at.adapter.start(REQUEST)
    assert kind is type(caught.value)
    assert_safe(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "code", "started_count"),
    [
        (FaultSpec(kind=FaultKind.STALL_AFTER_WORK, delay_seconds=3), OutcomeUnknown, "timeout", 1),
        (FaultSpec(kind=FaultKind.STALL_BEFORE_BODY, delay_seconds=3), OutcomeUnknown, "timeout", 1),
        (FaultSpec(kind=FaultKind.DROP_REPLY), OutcomeUnknown, "connection_lost", 1),
        (FaultSpec(kind=FaultKind.DROP_REPLY, variant="reset"), OutcomeUnknown, "connection_lost", 1),
        (FaultSpec(kind=FaultKind.RESET_MID_ANSWER), OutcomeUnknown, None, 1),
        (FaultSpec(kind=FaultKind.MALFORMED_JSON), ContractBroken, "not_json", 1),
        (FaultSpec(kind=FaultKind.MALFORMED_JSON, variant="empty"), ContractBroken, "not_json", 1),
        (FaultSpec(kind=FaultKind.OVERSIZED_BODY, size_bytes=3 << 20), ContractBroken, "answer_too_large", 1),
        (FaultSpec(kind=FaultKind.HTML_PAGE), ContractBroken, "not_json", 0),
        (FaultSpec(kind=FaultKind.SERVER_ERROR, http_status=500), OutcomeUnknown, "http_5xx", 0),
        (FaultSpec(kind=FaultKind.SERVER_ERROR, http_status=502), OutcomeUnknown, "http_5xx", 0),
        (FaultSpec(kind=FaultKind.RATE_LIMITED, retry_after_seconds=7), RateLimited, "rate_limited", 0),
        (FaultSpec(kind=FaultKind.MAINTENANCE, retry_after_seconds=0), TransientFailure, "http_503", 0),
        (FaultSpec(kind=FaultKind.BUSINESS_REJECTION, error_code=99), OutcomeUnknown, "internal_error", 0),
        (FaultSpec(kind=FaultKind.BUSINESS_REJECTION, error_code=2), Rejected, "invalid_data", 0),
    ],
)
async def test_a_first_call_that_fails_is_not_repeated(
    fault: FaultSpec, kind: type[RemoteError], code: str | None, started_count: int
) -> None:
    """One request whatever happens; the error says whether a telephone may have rung."""
    async with stage() as at:
        at.sandbox.add_fault(fault)
        error = await refused(at, kind)
        assert code in (None, error.code)
        assert 1 == len(at.seen)
        assert started_count == at.sandbox.counters()["started"]
        if isinstance(error, ContractBroken):
            assert error.effect_possible
        if isinstance(error, RateLimited):
            assert 7 == error.retry_after_seconds


async def test_a_hub_that_is_down_rang_nobody() -> None:
    """Without a connection nothing was sent."""
    async with stage() as at:
        await at.running.stop_listening()
        assert "no_connection" == (await refused(at, TransientFailure)).code


@pytest.mark.parametrize(
    "fault",
    [
        FaultSpec(kind=FaultKind.STALL_BEFORE_WORK, delay_seconds=3, calls=1),
        FaultSpec(kind=FaultKind.DROP_REPLY, calls=2),
        FaultSpec(kind=FaultKind.RESET_MID_ANSWER, calls=1),
        FaultSpec(kind=FaultKind.SERVER_ERROR, http_status=502, calls=2),
        FaultSpec(kind=FaultKind.BUSINESS_REJECTION, error_code=99, calls=1),
    ],
)
async def test_a_question_is_asked_again(fault: FaultSpec) -> None:
    """A question changes nothing, so up to three tries make one answer."""
    async with stage() as at:
        started = await at.adapter.start(REQUEST)
        at.sandbox.add_fault(fault)
        assert "pending" == (await at.adapter.status(started.transaction_code)).result


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultSpec(kind=FaultKind.DROP_REPLY), TransientFailure),
        (FaultSpec(kind=FaultKind.MALFORMED_JSON), ContractBroken),
        (FaultSpec(kind=FaultKind.MALFORMED_JSON, variant="garbage"), ContractBroken),
        (FaultSpec(kind=FaultKind.RATE_LIMITED), RateLimited),
        (FaultSpec(kind=FaultKind.HTML_PAGE), ContractBroken),
    ],
)
async def test_a_question_that_has_no_answer(fault: FaultSpec, kind: type[RemoteError]) -> None:
    """It is an error of its group, never a state."""
    async with stage() as at:
        started = await at.adapter.start(REQUEST)
        at.sandbox.add_fault(fault)
        for ask in (at.adapter.status, at.adapter.fetch):
            with pytest.raises(kind) as caught:
                await ask(started.transaction_code)
            assert_safe(caught.value)


@pytest.mark.parametrize("are_http_errors", [False, True])
@pytest.mark.parametrize("answer_form", ["bare", "facade"])
async def test_an_unknown_transaction(are_http_errors: bool, answer_form: str) -> None:
    """Not found is said in several dialects and means a refusal in each."""
    async with stage({"are_refusals_http_errors": are_http_errors, "answer_form": answer_form}) as at:
        with pytest.raises(Rejected) as caught:
            await at.adapter.status("7f0c0000-0000-4000-8000-00000000ffff")
        assert "not_found" == caught.value.code


@pytest.mark.parametrize("are_http_errors", [False, True])
async def test_wrong_client_credentials(are_http_errors: bool) -> None:
    """They are refused once, and nothing of them is shown."""
    client = {"client_id": "tinh-thu-nghiem", "secret": {"value": "wrong-secret-value"}}
    async with stage({"are_refusals_http_errors": are_http_errors}, client=client) as at:
        error = await refused(at, CredentialsRefused)
        assert "wrong-secret-value" not in repr(error)
        assert [CallOutcome.CREDENTIALS_REFUSED] == [call.outcome for call in at.seen]


async def test_a_secret_file_that_cannot_be_read() -> None:
    """Nothing is sent, and the path is not shown."""
    async with stage(client={"client_id": "x", "secret": {"file": "/nowhere/secret"}}) as at:
        error = await refused(at, CredentialsRefused)
        assert ("secret_unreadable", False, []) == (error.code, "/nowhere" in str(error), at.seen)


async def test_a_token_that_the_hub_forgot_is_renewed_once() -> None:
    """Twenty calls at once, one new login; the first call of a consent is sent again, as it had no effect."""
    async with stage({"is_token_checked": True}, partner=PARTNER) as at:
        await at.adapter.start(REQUEST)
        at.sandbox.admission.end_tokens()
        started = await asyncio.gather(*(at.adapter.start(REQUEST) for _ in range(20)))
        assert 20 == len({each.transaction_code for each in started})
        assert 21 == at.sandbox.counters()["started"]
        assert 2 == sum(call.operation == "login" for call in at.seen)


async def test_a_token_is_refreshed_at_four_fifths_of_its_life() -> None:
    """With the refresh token; both clocks pass 1440 s."""
    async with stage({"is_token_checked": True}, partner=PARTNER) as at:
        await at.adapter.start(REQUEST)
        at.clock.advance(1439)
        at.sandbox.advance(1439)
        await at.adapter.start(REQUEST)
        at.clock.advance(2)
        at.sandbox.advance(2)
        await asyncio.gather(*(at.adapter.start(REQUEST) for _ in range(10)))
        renewals = [call.operation for call in at.seen if call.operation in ("login", "refresh")]
        assert ["login", "refresh"] == renewals


@pytest.mark.parametrize("are_http_errors", [False, True])
async def test_a_login_that_is_refused(are_http_errors: bool) -> None:
    """It is a matter of credentials, whatever words the hub finds for it; no citizen is asked."""
    partner = {**PARTNER, "password": {"value": "wrong-password-value"}}
    profile = {"is_token_checked": True, "are_refusals_http_errors": are_http_errors}
    async with stage(profile, partner=partner) as at:
        error = await refused(at, CredentialsRefused)
        assert "wrong-password-value" not in repr(error)
        assert ["login"] == [call.operation for call in at.seen]


async def test_n169_a_nonce_that_was_seen_is_answered_24() -> None:
    """Nothing was done; the next try with a fresh nonce passes by itself."""
    ids = itertools.chain(["r1", "n1", "r2", "n1"], (f"x{number}" for number in itertools.count()))
    async with stage({"is_hmac_checked": True}, hmac=HMAC, new_id=lambda: next(ids)) as at:
        started = await at.adapter.start(REQUEST)
        assert "pending" == (await at.adapter.status(started.transaction_code)).result
        assert ["01", "24", "01"] == [call.outcome for call in at.sandbox.recorder.calls()]
    async with stage({"is_hmac_checked": True}, hmac=HMAC, new_id=lambda: "always-the-same") as at:
        await at.adapter.start(REQUEST)
        assert "hmac_nonce_reused" == (await refused(at, TransientFailure)).code
        assert 1 == at.sandbox.counters()["started"]


@pytest.mark.parametrize(
    ("shift_seconds", "code"), [(600, "hmac_timestamp_expired"), (-600, "hmac_bad_timestamp"), (299, ""), (-299, "")]
)
async def test_n170_a_clock_that_is_off(shift_seconds: float, code: str) -> None:
    """By ten minutes it is refused with a code that says so; within five minutes it passes."""
    async with stage({"is_hmac_checked": True}, hmac=HMAC) as at:
        at.sandbox.clock.shift(shift_seconds)
        if not code:
            assert (await at.adapter.start(REQUEST)).transaction_code
            return
        error = await refused(at, CredentialsRefused)
        assert (code, True) == (error.code, "check the clock" in error.message)


@pytest.mark.parametrize(
    ("hmac", "code"),
    [
        ({**HMAC, "partner_code": "AI-DO"}, "hmac_unknown_partner"),
        ({**HMAC, "key": {"value": "other"}}, "hmac_bad_signature"),
        ({**HMAC, "parts": ["partner", "body"]}, "hmac_bad_signature"),
        (None, "hmac_header_missing"),
    ],
)
async def test_signatures_that_are_refused(hmac: dict[str, Any] | None, code: str) -> None:
    """Each refusal is named by its own code."""
    async with stage({"is_hmac_checked": True}, hmac=hmac) as at:
        assert code == (await refused(at, CredentialsRefused)).code


async def test_the_self_check_of_a_registration_that_is_well() -> None:
    """Secrets, login, a question; no telephone rings."""
    async with stage({"is_token_checked": True, "is_hmac_checked": True}, partner=PARTNER, hmac=HMAC) as at:
        findings = await run_checks(at.adapter)
        assert [True] * 6 == [finding.is_ok for finding in findings]
        assert 0 == at.sandbox.counters()["started"]


@pytest.mark.parametrize(
    ("profile", "settings", "subject"),
    [
        ({}, {"client": {"client_id": "x", "secret": {"value": "y"}}}, "question"),
        ({}, {"client": {"client_id": "x", "secret": {"file": "/nowhere"}}}, "client.secret"),
        ({"is_token_checked": True}, {"partner": {**PARTNER, "password": {"value": "z"}}}, "login"),
        ({}, {"status_path": "/nowhere"}, "question"),
        ({"are_refusals_http_errors": True}, {"webhook": {"keys": [{"file": "/nowhere"}]}}, "webhook.keys.0"),
    ],
)
async def test_the_self_check_names_what_is_wrong(
    profile: dict[str, Any], settings: dict[str, Any], subject: str
) -> None:
    """The first finding that is not well says where to look, without a secret or a path."""
    async with stage(profile, **settings) as at:
        bad = [finding for finding in await run_checks(at.adapter) if not finding.is_ok]
        assert [f"consent.vneid {subject}"] == [finding.subject for finding in bad]
        assert "/nowhere" not in bad[0].detail


@pytest.mark.parametrize("error_code", [2, 77])
async def test_the_self_check_takes_only_not_found_for_a_good_answer(error_code: int) -> None:
    """Any other refusal is about the question, and the next one would be refused as well."""
    async with stage() as at:
        fault = FaultSpec(kind=FaultKind.BUSINESS_REJECTION, operation="status", calls=1, error_code=error_code)
        at.sandbox.add_fault(fault)
        [*_, question] = await run_checks(at.adapter)
        assert not question.is_ok
        assert "unknown transaction" in question.detail


async def test_nothing_observed_holds_a_person_or_a_secret() -> None:
    """Labels come from closed lists; requests and answers show neither in their reprs."""
    async with stage({"is_token_checked": True}, partner=PARTNER) as at:
        started = await at.adapter.start(REQUEST)
        shown = repr((at.seen, started, REQUEST, at.adapter.settings))
        assert [] == [text for text in (PID, started.transaction_code, "SIMTOKEN-", "sandbox-") if text in shown]
