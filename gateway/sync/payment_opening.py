"""From pressing "pay" to a page that the payer can use, and everything about a request that no money moves.

::

    due --pay--> created --committed--> init_sent --answer--> pending
                                            |--refused, or certainly nothing happened--> failed
                                            \\--no trustworthy answer--> unknown --> asked about, never sent again

The reference exists before the call is made (payment notes §9.2 no. 1, 2), so a notification that overtakes the answer
finds it; the answer then only adds the page's address (§9.3 no. 6).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gateway.errors import CredentialsRefused, GatewayError, InvalidInput, RateLimited, Rejected, TransientFailure
from gateway.model.dossier import FeeKind
from gateway.model.payment import AttemptState, Beneficiary, PaymentItem, RequestState
from gateway.ports.payments import Opened
from gateway.sync.payment_moves import alert, freed, moved, published
from gateway.sync.payment_polls import with_next_poll
from gateway.sync.payment_records import (
    DEFAULT_POLICY,
    REVIEWED_STATES,
    AttemptView,
    Decision,
    Effect,
    PaymentPolicy,
    Refused,
    RequestView,
)
from gateway.sync.payment_words import Alert, EffectKind, PaymentEvent, Reason, Refusal, Ruling


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt to store, with the request as it is then. It is sent after `sent` was committed."""

    attempt: AttemptView
    request: RequestView


@dataclass(frozen=True, slots=True)
class ExistingAttempt:
    """The payer is led to the page that is open already."""

    attempt: AttemptView


class OpenFailure(StrEnum):
    """What a call that gave no page has left behind."""

    REFUSED = "refused"
    NOTHING_HAPPENED = "nothing_happened"
    MAY_HAVE_HAPPENED = "may_have_happened"


def open_attempt(
    request: RequestView,
    attempts: Sequence[AttemptView],
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
    *,
    attempt_id: UUID,
    reference: str,
    provider: str,
    partner_code: str,
    beneficiary: Beneficiary,
) -> NewAttempt | ExistingAttempt | Refused:
    """Judge a payer's wish to pay (§9.2 no. 1). `attempts` are all of the request's; `reference` was never used.

    `beneficiary` is resolved on the server and stays with the attempt. A second page while an earlier attempt is not
    settled is given only when its window is closed *and* its provider was asked since: paying twice is then possible
    still, and would come out as a duplicate, but not for want of asking.
    """
    refusal = _why_not(request, attempts, now)
    if refusal is not None:
        return Refused(refusal)
    for attempt in (attempt for attempt in attempts if attempt.is_live):
        if now < attempt.expires_at:
            is_usable = bool(attempt.pay_url or attempt.qr_content)
            return ExistingAttempt(attempt) if is_usable else Refused(Refusal.BEING_OPENED)
        if attempt.last_asked_at is None or attempt.last_asked_at < attempt.expires_at:
            return Refused(Refusal.ASK_FIRST, ask=attempt.attempt_id)
    if not beneficiary.account_number:
        return Refused(Refusal.NO_BENEFICIARY)
    attempt = AttemptView(
        attempt_id=attempt_id,
        reference=reference,
        provider=provider,
        partner_code=partner_code,
        state=AttemptState.CREATED,
        amount_vnd=request.amount_vnd,
        request_version=request.version,
        beneficiary=beneficiary,
        opened_at=now,
        expires_at=now + policy.page_lifetime,
    )
    return NewAttempt(with_next_poll(attempt, now, policy), replace(request, state=RequestState.PENDING))


def _why_not(request: RequestView, attempts: Sequence[AttemptView], now: datetime) -> Refusal | None:
    is_open = request.state in (RequestState.DUE, RequestState.PENDING)
    rules = (
        (Refusal.UNDER_REVIEW, request.is_disputed or any(attempt.state in REVIEWED_STATES for attempt in attempts)),
        (Refusal.DEADLINE_PASSED, request.state is RequestState.EXPIRED or (is_open and _is_past(request, now))),
        (Refusal.NOT_DUE, not is_open),
        (Refusal.NOTHING_OWED, request.amount_vnd <= 0),
    )
    return next((refusal for refusal, applies in rules if applies), None)


def sent(request: RequestView, attempt: AttemptView, now: datetime) -> Decision | Refused:
    """Mark an attempt as sent, to be committed before the call is made (no. 2). Refused: it must not be sent, since it
    was sent before or is over."""
    if attempt.state is not AttemptState.CREATED:
        return Refused(Refusal.WRONG_STATE)
    path = (AttemptState.INIT_SENT,)
    return _decision(request, moved(attempt, path, now), Reason.SENT, path)


def opened(
    request: RequestView, attempt: AttemptView, answer: Opened, now: datetime, policy: PaymentPolicy = DEFAULT_POLICY
) -> Decision:
    """Take the provider's answer (no. 3). An answer that leads the payer nowhere is none (no. 5).

    Whatever a notification or a query has made of the attempt in the meantime stays; the address is added (§9.3 no. 6).
    """
    # Whether the host may be used, and whether in plain text, its adapter has judged.
    is_usable = answer.pay_url.startswith(("https://", "http://")) or bool(answer.qr_content)
    if not is_usable:
        return open_failed(request, attempt, (), OpenFailure.MAY_HAVE_HAPPENED, now, policy)
    expires_at = answer.expires_at if answer.expires_at is not None else attempt.expires_at
    led = replace(attempt, pay_url=answer.pay_url, qr_content=answer.qr_content, expires_at=expires_at)
    if attempt.state not in (AttemptState.INIT_SENT, AttemptState.UNKNOWN):
        return _decision(request, led, Reason.OPENED)
    path = (AttemptState.PENDING,)
    effects = (published(PaymentEvent.OPENED, attempt),)
    return _decision(request, with_next_poll(moved(led, path, now), now, policy), Reason.OPENED, path, effects)


def failure_of(error: GatewayError) -> OpenFailure:
    """Group what a provider's `open` raised by what it leaves behind; whatever is not certain may have happened."""
    match error:
        case Rejected() | InvalidInput():
            return OpenFailure.REFUSED
        case TransientFailure() | RateLimited() | CredentialsRefused():
            return OpenFailure.NOTHING_HAPPENED
        case _:
            return OpenFailure.MAY_HAVE_HAPPENED


def open_failed(
    request: RequestView,
    attempt: AttemptView,
    siblings: Sequence[AttemptView],
    failure: OpenFailure,
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
) -> Decision:
    """Take a call that gave no page: no. 4 when nothing can be paid under the reference, else no. 5.

    Also for an attempt whose worker died after `sent` was committed: it may have happened. Once another way has told
    more of the attempt than the call could, nothing changes.
    """
    if attempt.state is not AttemptState.INIT_SENT:
        return _decision(request, attempt, Reason.NOTHING_NEW)
    if failure is OpenFailure.MAY_HAVE_HAPPENED:
        path: tuple[AttemptState, ...] = (AttemptState.UNKNOWN,)
        unknown = with_next_poll(moved(attempt, path, now), now, policy)
        return _decision(request, unknown, Reason.OUTCOME_UNKNOWN, path)
    path = (AttemptState.FAILED,)
    failed = with_next_poll(moved(attempt, path, now), now, policy)
    is_refused = failure is OpenFailure.REFUSED
    effects = [published(PaymentEvent.FAILED, attempt)]
    if is_refused:
        effects.append(alert(Alert.PROVIDER_FAILING, attempt))
    reason = Reason.PROVIDER_REFUSED if is_refused else Reason.PROVIDER_UNAVAILABLE
    return _decision(freed(request, siblings), failed, reason, path, tuple(effects))


def is_owed_already(items: Iterable[PaymentItem], fees: Iterable[PaymentItem], others: Iterable[RequestView]) -> bool:
    """Tell whether other requests of the dossier, whose fees are `fees`, ask for one of these fees.

    What was cancelled, or went back whole, asks for nothing any more, unless money came for it that a person must look
    at. A fee that stands twice may be asked for twice.
    """
    over = (RequestState.CANCELLED, RequestState.REFUNDED)
    asking = [other for other in others if other.state not in over or other.is_disputed]
    asked = Counter(_fee(item) for other in asking for item in other.items)
    left = Counter(map(_fee, fees)) - asked
    return bool(Counter(map(_fee, items)) - left)


def _fee(item: PaymentItem) -> tuple[str, FeeKind, int]:
    return item.name, item.kind, item.amount_vnd


@dataclass(frozen=True, slots=True)
class RequestChange:
    """A request as it becomes, with what follows."""

    request: RequestView
    effects: tuple[Effect, ...] = ()


def expire_request(request: RequestView, now: datetime) -> RequestChange:
    """End a due request whose own deadline has passed; one that an attempt may still pay waits for the attempt."""
    if request.state is not RequestState.DUE or not _is_past(request, now):
        return RequestChange(request)
    return RequestChange(replace(request, state=RequestState.EXPIRED), (_told(PaymentEvent.REQUEST_EXPIRED, request),))


def reopen(request: RequestView, deadline_at: datetime | None, now: datetime) -> RequestChange | Refused:
    """Make an expired request due again, until a new deadline; None: without one."""
    if request.state is not RequestState.EXPIRED:
        return Refused(Refusal.NOT_EXPIRED)
    if deadline_at is not None and deadline_at <= now:
        return Refused(Refusal.DEADLINE_PASSED)
    return RequestChange(replace(request, state=RequestState.DUE, deadline_at=deadline_at))


def cancel(request: RequestView, attempts: Sequence[AttemptView]) -> RequestChange | Refused:
    """Take a request back that nothing has paid and nothing may be paying. Late money is for a person then."""
    refusal = _why_frozen(request, attempts)
    if refusal is not None:
        return Refused(refusal)
    cancelled = replace(request, state=RequestState.CANCELLED)
    return RequestChange(cancelled, (_told(PaymentEvent.CANCELLED, request),))


def new_version(
    request: RequestView, attempts: Sequence[AttemptView], items: tuple[PaymentItem, ...]
) -> RequestChange | Refused:
    """Fix anew what is owed (§9.3 no. 9): refused while an attempt lives, and once anything was paid."""
    refusal = _why_frozen(request, attempts)
    amount_vnd = sum(item.amount_vnd for item in items)
    if refusal is None and (amount_vnd <= 0 or any(item.amount_vnd < 0 for item in items)):
        refusal = Refusal.NOTHING_OWED
    if refusal is None and items == request.items:
        refusal = Refusal.AMOUNT_UNCHANGED
    if refusal is not None:
        return Refused(refusal)
    return RequestChange(replace(request, items=items, amount_vnd=amount_vnd, version=request.version + 1))


def _why_frozen(request: RequestView, attempts: Sequence[AttemptView]) -> Refusal | None:
    if request.is_disputed or any(attempt.state in REVIEWED_STATES for attempt in attempts):
        return Refusal.UNDER_REVIEW
    if any(attempt.is_live for attempt in attempts):
        return Refusal.ATTEMPT_LIVES
    return None if request.state in (RequestState.DUE, RequestState.EXPIRED) else Refusal.NOT_DUE


def _is_past(request: RequestView, now: datetime) -> bool:
    return request.deadline_at is not None and now >= request.deadline_at


def _told(event: PaymentEvent, request: RequestView) -> Effect:
    return Effect(kind=EffectKind.PUBLISH, event=event, moment=f"version {request.version}")


def _decision(
    request: RequestView,
    attempt: AttemptView,
    reason: Reason,
    path: tuple[AttemptState, ...] = (),
    effects: tuple[Effect, ...] = (),
) -> Decision:
    return Decision(request=request, attempt=attempt, ruling=Ruling.APPLIED, reason=reason, path=path, effects=effects)
