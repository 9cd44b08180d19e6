"""When a provider is asked, and what time makes of attempts (payment notes §10.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.model.payment import AttemptState, RequestState
from gateway.sync.payment_polls import expire, next_poll, poll_offsets, poll_on_return
from gateway.sync.payment_records import PaymentPolicy
from gateway.sync.payment_words import Alert, Reason
from tests.unit.gateway.sync.payment_builders import DAY, HOUR, INSTANT, MINUTE, NOW, OWING, alerts, attempt

S = AttemptState


def test_the_schedule_is_that_of_the_notes() -> None:
    """2, 5, 10, 20, 30 minutes; hourly to 24 h; every 6 h to 72 h."""
    minutes = [timedelta(minutes=n) for n in (2, 5, 10, 20, 30)]
    hours = [timedelta(hours=n) for n in (*range(1, 25), 30, 36, 42, 48, 54, 60, 66, 72)]
    assert [*minutes, *hours] == list(poll_offsets())


@pytest.mark.parametrize(
    "policy",
    [
        PaymentPolicy(first_polls=()),
        PaymentPolicy(hourly_until=timedelta(), polled_until=25 * MINUTE),
        PaymentPolicy(rare_every=7 * HOUR, polled_until=50 * HOUR),
    ],
)
def test_every_schedule_grows_and_ends_at_its_end(policy: PaymentPolicy) -> None:
    """Whatever the settings."""
    offsets = list(poll_offsets(policy))
    assert sorted(set(offsets)) == offsets
    assert policy.polled_until == offsets[-1]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(), 2 * MINUTE),
        (2 * MINUTE - INSTANT, 2 * MINUTE),
        (2 * MINUTE, 5 * MINUTE),
        (7 * HOUR + MINUTE, 8 * HOUR),
        (24 * HOUR, 30 * HOUR),
        (72 * HOUR - INSTANT, 72 * HOUR),
    ],
)
def test_missed_polls_are_not_made_up_for(after: timedelta, expected: timedelta) -> None:
    """After a standstill the next instant of the schedule follows."""
    for state in (S.CREATED, S.INIT_SENT, S.PENDING, S.UNKNOWN):
        assert NOW + expected == next_poll(attempt(state), NOW + after)
    assert next_poll(attempt(), NOW + 72 * HOUR) is None


def test_what_ended_is_looked_at_for_three_days() -> None:
    """Once a day, to catch late money; what holds money or was a voucher is not."""
    for state in (S.FAILED, S.EXPIRED):
        ended = attempt(state, decided_at=NOW)
        assert [NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY, None] == [next_poll(ended, NOW + n * DAY) for n in range(4)]
        assert next_poll(replace(ended, is_voucher=True), NOW) is None
        assert next_poll(ended, NOW, PaymentPolicy(can_query=False)) is None
    for state in (S.PAID, S.DISPUTED, S.REFUNDED, S.LATE_PAID):
        assert next_poll(attempt(state), NOW) is None


def test_where_nothing_can_be_asked_only_the_end_is_waited_for() -> None:
    """Files and statements decide; what they leave open is given to a person."""
    blind = PaymentPolicy(can_query=False)
    assert NOW + 72 * HOUR == next_poll(attempt(), NOW, blind)
    assert poll_on_return(attempt(), NOW, blind) is None


def test_a_return_never_waits_longer_than_the_schedule() -> None:
    """And is no reason to ask twice within the policy's pause."""
    asked = attempt(last_asked_at=NOW, next_poll_at=NOW + 10 * timedelta(seconds=1))
    assert NOW + timedelta(seconds=10) == poll_on_return(asked, NOW)
    assert NOW + timedelta(seconds=30) == poll_on_return(replace(asked, next_poll_at=None), NOW)
    assert NOW == poll_on_return(attempt(S.EXPIRED), NOW)


def test_what_was_never_sent_fails_when_its_window_closes() -> None:
    """For certain: nobody need be asked."""
    created = attempt(S.CREATED)
    assert created == expire(OWING, created, (), created.expires_at - INSTANT).attempt
    decision = expire(OWING, created, (), created.expires_at)
    assert (S.FAILED, RequestState.DUE, Reason.NEVER_SENT) == (
        decision.attempt.state,
        decision.request.state,
        decision.reason,
    )


@pytest.mark.parametrize("state", [S.INIT_SENT, S.PENDING, S.UNKNOWN])
def test_time_alone_only_gives_to_a_person(state: AttemptState) -> None:
    """Before the last poll it decides nothing; after it a person does."""
    before = expire(OWING, attempt(state), (), NOW + 72 * HOUR - INSTANT)
    assert (state, NOW + 72 * HOUR) == (before.attempt.state, before.attempt.next_poll_at)
    after = expire(OWING, attempt(state), (), NOW + 72 * HOUR)
    assert (S.DISPUTED, [Alert.NEVER_SETTLED]) == (after.attempt.state, alerts(after))
    assert after.request.is_disputed


def test_time_does_not_touch_what_is_over() -> None:
    """Whatever holds money or ended stays."""
    for state in set(S) - {S.CREATED, S.INIT_SENT, S.PENDING, S.UNKNOWN}:
        assert attempt(state) == expire(OWING, attempt(state), (), NOW + 300 * DAY).attempt


def test_policies_that_make_no_sense_are_refused() -> None:
    """All that is wrong at once."""
    nothing = timedelta()
    with pytest.raises(ValueError, match=r"page_lifetime.*approvals_count.*first_polls.*rare_every.*late_days.*return"):
        PaymentPolicy(
            page_lifetime=nothing,
            approvals_count=0,
            first_polls=(2 * MINUTE, MINUTE),
            rare_every=nothing,
            late_days_count=-1,
            return_poll_every=nothing,
        )
    with pytest.raises(ValueError, match="polled_until"):
        PaymentPolicy(polled_until=HOUR)
