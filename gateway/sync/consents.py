"""A share transaction from its creation to its purge. Decisions only; the two tables stand in `consent_tables`.

::

    created --> initiated --> linked --> approved | declined | expired | failed          (DECISIONS)
                                            |
                                            wanted --> held --> delivered --> purged     (DATA)
                                               \\--> refused

What the gateway learns of a consent comes from four sides: the hub's answer to the first call, its webhooks, its
answers to queries, and the application that returns to the browser. They come in any order, more than once, or never:
the result may overtake the transaction code that it is about, and a webhook is sent again until it is answered
(electronic identity notes §7.4). The machine therefore treats what it is told as *facts*, not as steps:

- A fact may skip states. Whatever names a code teaches that code, and the state follows from what is known, so every
  order of the same facts ends alike.
- Final states have empty rows. The first decision stands; later ones change nothing.
  Facts that contradict each other (another code, another id) are refused as *foreign* and raise an alert, as one of
  them is not about this transaction. An answer to our own question is about the code that was asked for, so another
  id in it is let be and the rest is taken.
- Every fact is harmless when told again, by the tables alone; the event ids kept in the record are the second belt.
- The application's return travels through the citizen's device and is *never* a decision: its row leads to a query,
  and the result that it claims is not even an argument here.
- Time is applied before each fact, by the record's own instants. A result at or after the deadline finds an expired
  consent, however late the timer was, and the outcome does not depend on who was faster. The deadline lies after the
  hub's own (300 s), so that the hub's word normally comes first.

Two duties stay with the caller. The first call is made as soon as the transaction is stored, since the hub's 300 s
begin with it; what cannot be called soon is told as a failed initiation. A webhook may come before the answer to that
call was stored, so one whose code nobody knows yet is kept for a while and applied when the code is learned.

An approval is the citizen's decision and stays one. The data is fetched once because of it and compared with the person
the transaction was opened for; data about anybody else is refused and the standing becomes failed, without the decision
being rewritten. Subscribers are told when the standing changes, never on an approval alone.

A record that cannot be opened any more is given up: undecided it fails, wanted data is refused. Data that was held
counts as purged, since its standing was told already and is final.

A purge needs no event of its own to become true: the record that says `purged` and the erasing of personal number and
data are one database transaction. Refused, declined, expired and failed consents are purged at once.
"""

import hmac
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from gateway.model.consent import (
    FINAL_CONSENT_STATES,
    ConsentCode,
    ConsentRefused,
    ConsentState,
    ConsentTransaction,
    DataState,
    HubResult,
)
from gateway.sync.consent_events import (
    DEFAULT_CONSENT_LIVES,
    ConsentEffect,
    ConsentEvent,
    ConsentLives,
    ConsentRuling,
    ContentLost,
    DataDelivered,
    DataFetched,
    DataUnavailable,
    InitFailed,
    Initiated,
    ResultTold,
    TimePassed,
    TranscodeTold,
    Woken,
)
from gateway.sync.consent_tables import CODES, DATA, DECISIONS, FACT_OF_RESULT, DataFact, Fact

MAX_EVENT_IDS = 32
"""How many event ids a record remembers; a hub that sends more is still judged, by the tables."""


def open_consent(
    *,
    transaction_id: UUID,
    client_id: str,
    subject_digest: bytes,
    session_digest: bytes,
    now: datetime,
    lives: ConsentLives = DEFAULT_CONSENT_LIVES,
) -> ConsentTransaction:
    """Give a new transaction; the hub is to be called once it is stored."""
    return ConsentTransaction(
        transaction_id=transaction_id,
        client_id=client_id,
        subject_digest=subject_digest,
        session_digest=session_digest,
        created_at=now,
        deadline_at=now + lives.decision,
    )


def apply(
    transaction: ConsentTransaction,
    event: ConsentEvent,
    now: datetime,
    lives: ConsentLives = DEFAULT_CONSENT_LIVES,
) -> ConsentRuling:
    """Judge one event. Total: every event in every state has a ruling, and none raises."""
    if event.event_id and event.event_id in transaction.event_ids:
        return ConsentRuling(transaction=transaction)
    if _is_foreign(transaction, event):
        # A return that names another id is somebody's browser; only the hub contradicting itself is worth an alarm.
        alarm: tuple[ConsentEffect, ...] = () if isinstance(event, Woken) else (ConsentEffect.ALERT,)
        return ConsentRuling(transaction=transaction, effects=alarm)
    timely = as_of(transaction, now)
    changed = _after_event(_learned(timely, event), event, now, lives)
    is_asking = isinstance(event, Woken) and not changed.is_decided and bool(changed.transaction_code)
    effects = _effects(transaction, changed, is_asking=is_asking)
    if isinstance(event, ContentLost) and ConsentEffect.PURGE in effects:
        effects = (*effects, ConsentEffect.ALERT)
    return ConsentRuling(transaction=_remembering(changed, event), effects=effects)


def as_of(transaction: ConsentTransaction, now: datetime) -> ConsentTransaction:
    """Give the transaction as time has made it by now, whether or not a timer ran."""
    if not transaction.is_decided:
        if now < transaction.deadline_at:
            return transaction
        return _decided(transaction, Fact.DEADLINE_PASSED, now)
    if transaction.data_due_at is None or now < transaction.data_due_at:
        return transaction
    return _with_data(transaction, DataFact.DUE, ConsentCode.PROVIDER_UNAVAILABLE)


def due_at(transaction: ConsentTransaction) -> datetime | None:
    """Tell when TimePassed is to be applied next; None when time changes nothing any more."""
    if not transaction.is_decided:
        return transaction.deadline_at
    return transaction.data_due_at if DataFact.DUE in DATA[transaction.data] else None


def judge_reader(
    transaction: ConsentTransaction | None, *, client_id: str, session_digest: bytes
) -> ConsentTransaction:
    """Give the transaction to whoever may see it: its consumer, for the session that created it.

    Raises ConsentRefused, in the same words for a transaction that does not exist and for somebody else's.
    """
    if (
        transaction is None
        or transaction.client_id != client_id
        or not hmac.compare_digest(transaction.session_digest, session_digest)
    ):
        raise ConsentRefused(ConsentCode.NOT_FOUND, "no_such_transaction_of_this_session")
    return transaction


def judge_delivery(transaction: ConsentTransaction, now: datetime) -> None:
    """Let data that is held, or was delivered a moment ago, be handed to the reader. Raises ConsentRefused."""
    if as_of(transaction, now).data not in (DataState.HELD, DataState.DELIVERED):
        raise ConsentRefused(transaction.code or ConsentCode.NOT_READY, "no_data_to_hand_over")


def _is_foreign(transaction: ConsentTransaction, event: ConsentEvent) -> bool:
    code, txn_id = _codes_of(event)
    if isinstance(event, ResultTold) and not event.event_id:
        # Our own question named the code; whatever id the answer names, it is about that one.
        txn_id = ""
    return bool(
        (code and transaction.transaction_code and code != transaction.transaction_code)
        or (txn_id and transaction.txn_id and txn_id != transaction.txn_id)
    )


def _codes_of(event: ConsentEvent) -> tuple[str, str]:
    match event:
        case Initiated() | TranscodeTold() | ResultTold():
            return event.transaction_code, event.txn_id
        case Woken():
            return "", event.txn_id
        case _:
            return "", ""


def _learned(transaction: ConsentTransaction, event: ConsentEvent) -> ConsentTransaction:
    """Keep the codes that the hub told; those of the application's return are no knowledge."""
    if isinstance(event, Woken):
        return transaction
    code, txn_id = _codes_of(event)
    if (code or transaction.transaction_code, txn_id or transaction.txn_id) == (
        transaction.transaction_code,
        transaction.txn_id,
    ):
        return transaction
    return replace(
        transaction,
        transaction_code=transaction.transaction_code or code,
        txn_id=transaction.txn_id or txn_id,
    )


def _after_event(
    transaction: ConsentTransaction, event: ConsentEvent, now: datetime, lives: ConsentLives
) -> ConsentTransaction:
    match event:
        case Initiated() | TranscodeTold():
            return _decided(transaction, Fact.LINKED if event.txn_id else Fact.INITIATED, now)
        case InitFailed():
            return _decided(transaction, Fact.INIT_FAILED, now, event.code)
        case ResultTold():
            return _after_result(transaction, event, now, lives)
        case DataFetched():
            if hmac.compare_digest(event.subject_digest, transaction.subject_digest):
                return _with_data(transaction, DataFact.FETCHED, due=now + lives.held)
            return _with_data(transaction, DataFact.FETCHED_OF_ANOTHER, ConsentCode.SUBJECT_MISMATCH)
        case DataUnavailable():
            return _with_data(transaction, DataFact.UNAVAILABLE, ConsentCode.PROVIDER_UNAVAILABLE)
        case DataDelivered():
            # Delivery never prolongs how long data is kept.
            due = min(now + lives.delivered, transaction.data_due_at or now)
            return _with_data(transaction, DataFact.DELIVERED, due=due)
        case ContentLost():
            lost = _decided(transaction, Fact.CONTENT_LOST, now)
            return _with_data(lost, DataFact.LOST, ConsentCode.CONFIGURATION)
        case Woken() | TimePassed():
            return transaction


def _after_result(
    transaction: ConsentTransaction, event: ResultTold, now: datetime, lives: ConsentLives
) -> ConsentTransaction:
    if event.result is HubResult.PENDING:
        return _decided(transaction, Fact.LINKED if event.txn_id else Fact.INITIATED, now)
    decided = _decided(transaction, FACT_OF_RESULT[event.result], now)
    if decided.state is ConsentState.APPROVED and not transaction.is_decided:
        return _with_data(decided, DataFact.APPROVED, due=now + lives.fetch)
    return decided


def _decided(
    transaction: ConsentTransaction, fact: Fact, now: datetime, code: ConsentCode | None = None
) -> ConsentTransaction:
    state = DECISIONS[transaction.state].get(fact)
    if state is None:
        return transaction
    if state not in FINAL_CONSENT_STATES:
        return replace(transaction, state=state)
    return replace(transaction, state=state, decided_at=now, code=code or CODES.get(fact))


def _with_data(
    transaction: ConsentTransaction, fact: DataFact, code: ConsentCode | None = None, due: datetime | None = None
) -> ConsentTransaction:
    data = DATA[transaction.data].get(fact)
    if data is None:
        return transaction
    return replace(
        transaction, data=data, data_due_at=due, code=code if data is DataState.REFUSED else transaction.code
    )


def _effects(before: ConsentTransaction, after: ConsentTransaction, *, is_asking: bool) -> tuple[ConsentEffect, ...]:
    effects: list[ConsentEffect] = []
    is_over = after.data in (DataState.REFUSED, DataState.PURGED) or (
        after.is_decided and after.state is not ConsentState.APPROVED
    )
    is_newly_over = is_over and (before.state, before.data) != (after.state, after.data)
    if is_newly_over:
        effects.append(ConsentEffect.PURGE)
    if is_asking:
        effects.append(ConsentEffect.QUERY_HUB)
    if after.data is DataState.WANTED and before.data is DataState.NONE:
        effects.append(ConsentEffect.FETCH_DATA)
    if after.standing is not before.standing and after.standing is not ConsentState.INITIATED:
        effects.append(ConsentEffect.TELL_SUBSCRIBER)
    if after.code is ConsentCode.SUBJECT_MISMATCH and before.code is not after.code:
        effects.append(ConsentEffect.ALERT)
    return tuple(effects)


def _remembering(transaction: ConsentTransaction, event: ConsentEvent) -> ConsentTransaction:
    if not event.event_id:
        return transaction
    return replace(transaction, event_ids=(*transaction.event_ids, event.event_id)[-MAX_EVENT_IDS:])
