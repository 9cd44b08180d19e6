"""The share transaction: every event in every state, and the cases that the notes list."""

from dataclasses import replace
from datetime import timedelta

import pytest

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
    ConsentEffect,
    ConsentEvent,
    ContentLost,
    DataDelivered,
    DataFetched,
    InitFailed,
    ResultTold,
    TimePassed,
    TranscodeTold,
    Woken,
)
from gateway.sync.consent_tables import DATA, DECISIONS
from gateway.sync.consents import (
    MAX_EVENT_IDS,
    apply,
    due_at,
    judge_delivery,
    judge_reader,
    open_consent,
)
from tests.unit.gateway.sync.consent_samples import (
    ANOTHER,
    CODE,
    EVENTS,
    NOW,
    SESSION,
    TRANSACTIONS,
    TXN,
)

# What each event makes of each transaction, in "decision/data"; an event that is not named changes neither.
_ALL_RESULTS = {
    "lost": "failed/none",
    "agreed": "approved/wanted",
    "declined": "declined/none",
    "hub expired": "expired/none",
    "hub failed": "failed/none",
}
EXPECTED: dict[str, dict[str, str]] = {
    "created": {
        "initiated": "initiated/none",
        "init failed": "failed/none",
        "transcode": "linked/none",
        "pending": "initiated/none",
        **_ALL_RESULTS,
    },
    "initiated": {"transcode": "linked/none", **_ALL_RESULTS},
    "linked": _ALL_RESULTS,
    "approved, wanted": {
        "fetched": "approved/held",
        "fetched of another": "approved/refused",
        "unavailable": "approved/refused",
        "lost": "approved/refused",
    },
    "approved, held": {"delivered": "approved/delivered", "lost": "approved/purged"},
    "approved, delivered": {"lost": "approved/purged"},
    "approved, refused": {},
    "approved, purged": {},
    "declined": {},
    "expired": {},
    "failed": {},
}


def ends(transaction: ConsentTransaction) -> str:
    return f"{transaction.state}/{transaction.data}"


@pytest.mark.parametrize("state", TRANSACTIONS)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_in_every_state(state: str, event: str) -> None:
    """Each pair has one outcome; what the table does not name stays as it was, and nothing raises."""
    before = TRANSACTIONS[state]
    ruling = apply(before, EVENTS[event], NOW)
    assert EXPECTED[state].get(event, ends(before)) == ends(ruling.transaction)


@pytest.mark.parametrize("state", TRANSACTIONS)
def test_time_moves_what_is_due_and_nothing_else(state: str) -> None:
    """Past every instant, open consents are expired, wanted data is given up, kept data purged."""
    expected = {
        "created": "expired/none",
        "initiated": "expired/none",
        "linked": "expired/none",
        "approved, wanted": "approved/refused",
        "approved, held": "approved/purged",
        "approved, delivered": "approved/purged",
    }
    before = TRANSACTIONS[state]
    due = due_at(before)
    assert (state in expected) == (due is not None)
    if due is not None:
        just_before = apply(before, TimePassed(), due - timedelta(microseconds=1))
        assert (ends(before), ()) == (ends(just_before.transaction), just_before.effects)
    ruling = apply(before, TimePassed(), due or NOW + timedelta(days=9))
    assert expected.get(state, ends(before)) == ends(ruling.transaction)
    assert (state in expected) == (ConsentEffect.PURGE in ruling.effects)


def test_the_tables_are_closed() -> None:
    """Every state has a row, final ones an empty row, and no row leads back."""
    assert set(ConsentState) == set(DECISIONS)
    assert set(DataState) == set(DATA)
    assert FINAL_CONSENT_STATES == {state for state, row in DECISIONS.items() if not row}
    order = list(ConsentState)
    assert all(order.index(end) > order.index(state) for state, row in DECISIONS.items() for end in row.values())


def test_a_consent_from_creation_to_purge() -> None:
    """The effects come in their moments: call, tell the link, fetch, tell the approval, purge."""
    opened = open_consent(
        transaction_id=TRANSACTIONS["created"].transaction_id,
        client_id="mot-cua",
        subject_digest=TRANSACTIONS["created"].subject_digest,
        session_digest=SESSION,
        now=NOW,
    )
    assert NOW + timedelta(seconds=330) == due_at(opened)
    transaction = opened
    steps: list[tuple[str, float, tuple[ConsentEffect, ...], ConsentState]] = [
        ("initiated", 1, (), ConsentState.INITIATED),
        ("transcode", 2, (ConsentEffect.TELL_SUBSCRIBER,), ConsentState.LINKED),
        ("woken", 60, (ConsentEffect.QUERY_HUB,), ConsentState.LINKED),
        ("pending", 61, (), ConsentState.LINKED),
        ("agreed", 62, (ConsentEffect.FETCH_DATA,), ConsentState.LINKED),
        ("fetched", 63, (ConsentEffect.TELL_SUBSCRIBER,), ConsentState.APPROVED),
        ("delivered", 64, (), ConsentState.APPROVED),
        ("time", 363, (), ConsentState.APPROVED),
        ("time", 364, (ConsentEffect.PURGE,), ConsentState.APPROVED),
    ]
    for event, seconds, effects, standing in steps:
        ruling = apply(transaction, EVENTS[event], NOW + timedelta(seconds=seconds))
        transaction = ruling.transaction
        assert (event, effects, standing) == (event, ruling.effects, transaction.standing)
    assert (DataState.PURGED, None, None) == (transaction.data, transaction.code, due_at(transaction))


@pytest.mark.parametrize("event", ["declined", "hub expired", "hub failed", "init failed"])
def test_what_gives_nothing_is_purged_at_once_and_told(event: str) -> None:
    """The personal number is not kept for a consent that gave nothing."""
    ruling = apply(TRANSACTIONS["created"], EVENTS[event], NOW)
    assert (ConsentEffect.PURGE, ConsentEffect.TELL_SUBSCRIBER) == ruling.effects
    assert ruling.transaction.is_settled
    assert ruling.transaction.code is not None


def test_a_first_call_without_an_answer_says_why_it_failed() -> None:
    """The reason of the adapter is the transaction's code."""
    ruling = apply(TRANSACTIONS["created"], InitFailed(code=ConsentCode.PROVIDER_UNAVAILABLE), NOW)
    assert ConsentCode.PROVIDER_UNAVAILABLE is ruling.transaction.code


def test_n161_the_same_event_twice_has_one_effect() -> None:
    """A second attempt with the id of the first is a repeat, whatever it says."""
    event = ResultTold(transaction_code=CODE, result=HubResult.AGREED, event_id="264000000000000001")
    first = apply(TRANSACTIONS["linked"], event, NOW)
    again = apply(first.transaction, replace(event, result=HubResult.DECLINED), NOW)
    assert (ConsentEffect.FETCH_DATA,) == first.effects
    assert ((), first.transaction) == (again.effects, again.transaction)


def test_a_waking_event_that_is_repeated_asks_once() -> None:
    """Attempts of one webhook lead to one query."""
    event = Woken(txn_id=TXN, event_id="1")
    first = apply(TRANSACTIONS["linked"], event, NOW)
    assert (ConsentEffect.QUERY_HUB,) == first.effects
    assert () == apply(first.transaction, event, NOW).effects


def test_event_ids_are_bounded() -> None:
    """The record keeps the latest ids only."""
    transaction = TRANSACTIONS["linked"]
    for number in range(MAX_EVENT_IDS + 5):
        transaction = apply(transaction, Woken(event_id=str(number)), NOW).transaction
    assert [str(number) for number in range(5, MAX_EVENT_IDS + 5)] == list(transaction.event_ids)


def test_n162_a_result_before_the_transcode() -> None:
    """Both orders end in the same record, even before the first call was answered."""
    events: list[ConsentEvent] = [
        EVENTS["initiated"],
        TranscodeTold(transaction_code=CODE, txn_id=TXN, event_id="1"),
        ResultTold(transaction_code=CODE, result=HubResult.AGREED, txn_id=TXN, event_id="2"),
    ]
    straight = swapped = TRANSACTIONS["created"]
    for event in events:
        straight = apply(straight, event, NOW).transaction
    for event in reversed(events):
        swapped = apply(swapped, event, NOW).transaction
    assert replace(straight, event_ids=()) == replace(swapped, event_ids=())
    assert (ConsentState.APPROVED, CODE, TXN) == (swapped.state, swapped.transaction_code, swapped.txn_id)


def test_n164_the_application_says_agreed_and_the_hub_declined() -> None:
    """The return leads to a query and to nothing else; the hub's word decides."""
    woken = apply(TRANSACTIONS["linked"], Woken(txn_id=TXN), NOW)
    assert (ConsentState.LINKED, (ConsentEffect.QUERY_HUB,)) == (woken.transaction.state, woken.effects)
    told = apply(woken.transaction, EVENTS["declined"], NOW)
    assert (ConsentState.DECLINED, ConsentCode.DECLINED) == (told.transaction.state, told.transaction.code)
    assert ConsentEffect.FETCH_DATA not in told.effects


def test_a_return_before_the_first_answer_asks_nobody() -> None:
    """Without a transaction code there is nothing to ask by, and the id of a return is not learned."""
    ruling = apply(TRANSACTIONS["created"], Woken(txn_id=TXN), NOW)
    assert ((), TRANSACTIONS["created"]) == (ruling.effects, ruling.transaction)


def test_n166_data_of_another_person_is_never_handed_on() -> None:
    """The standing fails with its own code, everything is purged, somebody is told; the decision stays."""
    ruling = apply(TRANSACTIONS["approved, wanted"], DataFetched(subject_digest=ANOTHER), NOW)
    transaction = ruling.transaction
    assert (ConsentEffect.PURGE, ConsentEffect.TELL_SUBSCRIBER, ConsentEffect.ALERT) == ruling.effects
    assert (ConsentState.FAILED, ConsentCode.SUBJECT_MISMATCH) == (transaction.standing, transaction.code)
    assert ConsentState.APPROVED is transaction.state
    with pytest.raises(ConsentRefused, match="EID_SUBJECT_MISMATCH"):
        judge_delivery(transaction, NOW)


def test_data_is_fetched_once() -> None:
    """A second approval and a second answer of the hub lead to no second fetch."""
    first = apply(TRANSACTIONS["linked"], EVENTS["agreed"], NOW)
    assert (ConsentEffect.FETCH_DATA,) == first.effects
    assert () == apply(first.transaction, EVENTS["agreed"], NOW).effects
    held = apply(first.transaction, EVENTS["fetched"], NOW).transaction
    assert () == apply(held, EVENTS["fetched of another"], NOW).effects


@pytest.mark.parametrize("late_seconds", [0, 1, 3600])
def test_n167_a_result_after_the_deadline(late_seconds: int) -> None:
    """It finds an expired consent, whether or not the timer came first."""
    at = TRANSACTIONS["linked"].deadline_at + timedelta(seconds=late_seconds)
    by_timer = apply(TRANSACTIONS["linked"], TimePassed(), at).transaction
    for before in (TRANSACTIONS["linked"], by_timer):
        ruling = apply(before, EVENTS["agreed"], at)
        assert (ConsentState.EXPIRED, ConsentCode.EXPIRED) == (ruling.transaction.state, ruling.transaction.code)
        assert ConsentEffect.FETCH_DATA not in ruling.effects


def test_n168_somebody_else_asks() -> None:
    """Another session, another client and an unknown transaction are answered alike."""
    transaction = TRANSACTIONS["approved, held"]
    assert transaction is judge_reader(transaction, client_id="mot-cua", session_digest=SESSION)
    messages = set()
    for found, client_id, session in (
        (transaction, "mot-cua", b"x" * 32),
        (transaction, "khac", SESSION),
        (None, "mot-cua", SESSION),
    ):
        with pytest.raises(ConsentRefused) as caught:
            judge_reader(found, client_id=client_id, session_digest=session)
        messages.add(caught.value.message)
    assert 1 == len(messages)


@pytest.mark.parametrize("state", TRANSACTIONS)
def test_only_held_or_just_delivered_data_is_handed_over(state: str) -> None:
    """Every other state refuses; so does data whose purge is due, though no timer ran."""
    transaction = TRANSACTIONS[state]
    if state in ("approved, held", "approved, delivered"):
        judge_delivery(transaction, NOW)
        later = transaction.data_due_at or NOW
    else:
        later = NOW
    with pytest.raises(ConsentRefused):
        judge_delivery(transaction, later)


def test_delivery_never_prolongs_the_keeping() -> None:
    """Data delivered at the last moment is purged when held data would have been."""
    held = TRANSACTIONS["approved, held"]
    assert held.data_due_at is not None
    ruling = apply(held, DataDelivered(), held.data_due_at - timedelta(seconds=1))
    assert held.data_due_at == ruling.transaction.data_due_at


@pytest.mark.parametrize(
    ("event", "effects"),
    [
        (ResultTold(transaction_code="other", result=HubResult.AGREED), (ConsentEffect.ALERT,)),
        (
            ResultTold(transaction_code=CODE, txn_id="other", result=HubResult.AGREED, event_id="1"),
            (ConsentEffect.ALERT,),
        ),
        (TranscodeTold(transaction_code=CODE, txn_id="other"), (ConsentEffect.ALERT,)),
        (Woken(txn_id="other"), ()),
    ],
)
def test_an_event_with_other_codes_is_foreign(event: ConsentEvent, effects: tuple[ConsentEffect, ...]) -> None:
    """It changes nothing; the hub contradicting itself raises an alert, a browser does not."""
    ruling = apply(TRANSACTIONS["linked"], event, NOW)
    assert (effects, TRANSACTIONS["linked"]) == (ruling.effects, ruling.transaction)


@pytest.mark.parametrize(
    ("state", "end", "code"),
    [
        ("linked", "failed/none", ConsentCode.CONFIGURATION),
        ("approved, wanted", "approved/refused", ConsentCode.CONFIGURATION),
        ("approved, held", "approved/purged", None),
        ("approved, delivered", "approved/purged", None),
    ],
)
def test_content_that_is_lost_ends_a_consent(state: str, end: str, code: ConsentCode | None) -> None:
    """What nobody can open any more is erased and told once; a standing that is settled stays."""
    ruling = apply(TRANSACTIONS[state], ContentLost(), NOW)
    again = apply(ruling.transaction, ContentLost(), NOW)
    assert (end, code) == (ends(ruling.transaction), ruling.transaction.code)
    assert {ConsentEffect.PURGE, ConsentEffect.ALERT} <= set(ruling.effects)
    assert () == again.effects


def test_an_answer_to_our_own_question_is_about_what_was_asked() -> None:
    """Another id in it is let be, and the result is taken."""
    told = ResultTold(transaction_code=CODE, txn_id="other", result=HubResult.DECLINED)
    ruling = apply(TRANSACTIONS["linked"], told, NOW)
    assert (ConsentState.DECLINED, TXN) == (ruling.transaction.state, ruling.transaction.txn_id)
    assert ConsentEffect.ALERT not in ruling.effects


def test_reprs_hide_codes_and_digests() -> None:
    """A record or event in a log says nothing that opens or identifies anything."""
    shown = repr((TRANSACTIONS["linked"], *EVENTS.values()))
    assert [] == [secret for secret in (CODE, TXN, repr(SESSION), repr(ANOTHER)) if secret in shown]
