"""When a provider is asked about an attempt, and when asking ends (payment notes §10.2). Time alone decides nothing:
it only leads to a question, and in the end to a person."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.model.payment import AttemptState
from gateway.sync.payment_facts import STAGES, Stage
from gateway.sync.payment_moves import alert, freed, moved, published, reviewed
from gateway.sync.payment_records import DEFAULT_POLICY, AttemptView, Decision, PaymentPolicy, RequestView
from gateway.sync.payment_words import Alert, PaymentEvent, Reason, Ruling

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def poll_offsets(policy: PaymentPolicy = DEFAULT_POLICY) -> Iterator[timedelta]:
    """Give the times after the opening at which a live attempt is asked about, in order; the last is the end."""
    last = timedelta()
    for offset in policy.first_polls:
        if offset < policy.polled_until:
            last = offset
            yield offset
    while last + _HOUR <= policy.hourly_until:
        # On the full hour after the opening, so that the schedule reads like the notes.
        last = (last // _HOUR + 1) * _HOUR
        yield last
    while last + policy.rare_every < policy.polled_until:
        last += policy.rare_every
        yield last
    if last < policy.polled_until:
        yield policy.polled_until


def next_poll(attempt: AttemptView, now: datetime, policy: PaymentPolicy = DEFAULT_POLICY) -> datetime | None:
    """Tell when the attempt is looked at next, after `now`; None when never again. Missed polls are not made up for.

    Where nothing can be asked, a live attempt is looked at once, at the end, to be given to a person.
    """
    match STAGES[attempt.state]:
        case _ if attempt.is_voucher:
            return None
        case Stage.LIVE:
            end = attempt.opened_at + policy.polled_until
            if not policy.can_query:
                return end if end > now else None
            instants = (attempt.opened_at + offset for offset in poll_offsets(policy))
        case Stage.ENDED if attempt.decided_at is not None and policy.can_query:
            decided_at = attempt.decided_at
            instants = (decided_at + day * _DAY for day in range(1, policy.late_days_count + 1))
        case _:
            return None
    return next((instant for instant in instants if instant > now), None)


def with_next_poll(attempt: AttemptView, now: datetime, policy: PaymentPolicy) -> AttemptView:
    return replace(attempt, next_poll_at=next_poll(attempt, now, policy))


def with_question(attempt: AttemptView, asked_at: datetime, now: datetime, policy: PaymentPolicy) -> AttemptView:
    """Count a question to the provider; an older one than the last does not set the clock back."""
    last = asked_at if attempt.last_asked_at is None else max(asked_at, attempt.last_asked_at)
    return with_next_poll(replace(attempt, last_asked_at=last, polls_count=attempt.polls_count + 1), now, policy)


def poll_on_return(attempt: AttemptView, now: datetime, policy: PaymentPolicy = DEFAULT_POLICY) -> datetime | None:
    """Tell when the provider is asked because the payer's browser came back; None: not because of that.

    That is all a return can do: it is a hint (§9.3 no. 1), whatever it claims.
    """
    if STAGES[attempt.state] not in (Stage.LIVE, Stage.ENDED) or attempt.is_voucher or not policy.can_query:
        return None
    earliest = now if attempt.last_asked_at is None else max(now, attempt.last_asked_at + policy.return_poll_every)
    return earliest if attempt.next_poll_at is None else min(earliest, max(now, attempt.next_poll_at))


def expire(
    request: RequestView,
    attempt: AttemptView,
    siblings: Sequence[AttemptView],
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
) -> Decision:
    """Give what time makes of a live attempt whose provider did not tell.

    What was never sent fails once its window is closed, for certain. What was sent is only scheduled for the next
    question: it expires when the provider says that there is no money (`judge_fact`). After the last question it is
    disputed.
    """
    kept = Decision(request=request, attempt=attempt, ruling=Ruling.APPLIED, reason=Reason.NOTHING_NEW)
    if not attempt.is_live:
        return kept
    if attempt.state is AttemptState.CREATED:
        if now < attempt.expires_at:
            return kept
        path: tuple[AttemptState, ...] = (AttemptState.FAILED,)
        failed = with_next_poll(moved(attempt, path, now), now, policy)
        return replace(kept, request=freed(request, siblings), attempt=failed, path=path, reason=Reason.NEVER_SENT)
    if now >= attempt.opened_at + policy.polled_until:
        return given_up(request, attempt, siblings, now)
    return replace(kept, attempt=with_next_poll(attempt, now, policy), reason=Reason.STILL_PENDING)


def unknown_first(attempt: AttemptView) -> tuple[AttemptState, ...]:
    """Give the step by which an attempt whose opening was not answered becomes one that is asked about."""
    is_unanswered = attempt.state in (AttemptState.CREATED, AttemptState.INIT_SENT)
    return (AttemptState.UNKNOWN,) if is_unanswered else ()


def given_up(request: RequestView, attempt: AttemptView, siblings: Sequence[AttemptView], now: datetime) -> Decision:
    """Give an attempt that never settled to a person."""
    path = (*unknown_first(attempt), AttemptState.DISPUTED)
    disputed = replace(moved(attempt, path, now), next_poll_at=None)
    effects = (alert(Alert.NEVER_SETTLED, attempt), published(PaymentEvent.DISPUTED, attempt))
    return Decision(
        request=reviewed(freed(request, siblings), (disputed, *siblings)),
        attempt=disputed,
        path=path,
        ruling=Ruling.APPLIED,
        reason=Reason.NEVER_SETTLED,
        effects=effects,
    )
