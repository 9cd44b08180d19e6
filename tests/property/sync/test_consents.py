"""Whatever the order and the repetition, the same facts end in the same share transaction."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.consent import ConsentTransaction, HubResult
from gateway.sync.consent_events import (
    ConsentEffect,
    ConsentEvent,
    DataFetched,
    Initiated,
    ResultTold,
    TranscodeTold,
    Woken,
)
from gateway.sync.consents import apply
from tests.unit.gateway.sync.consent_samples import CODE, CREATED, EVENTS, NOW, SUBJECT, TRANSACTIONS, TXN

DECIDED = [HubResult.AGREED, HubResult.DECLINED, HubResult.EXPIRED, HubResult.FAILED]


def facts(result: HubResult) -> list[ConsentEvent]:
    """Give everything that a consistent hub and application may tell of one consent."""
    return [
        Initiated(transaction_code=CODE),
        TranscodeTold(transaction_code=CODE, txn_id=TXN, event_id="1"),
        ResultTold(transaction_code=CODE, txn_id=TXN, result=result, event_id="2"),
        ResultTold(transaction_code=CODE, result=HubResult.PENDING),
        ResultTold(transaction_code=CODE, result=result),
        Woken(txn_id=TXN),
    ]


@st.composite
def tellings(draw: st.DrawFn, result: HubResult) -> list[ConsentEvent]:
    """Give all facts at least once, some more often, in any order."""
    all_facts = facts(result)
    more = draw(st.lists(st.sampled_from(all_facts), max_size=12))
    return draw(st.permutations([*all_facts, *more]))


def play(events: list[ConsentEvent]) -> tuple[ConsentTransaction, Counter[ConsentEffect]]:
    """Apply the events, and do what a fetch asks for; give the end and how often each effect came."""
    transaction, effects = CREATED, Counter[ConsentEffect]()
    for event in events:
        ruling = apply(transaction, event, NOW)
        transaction = ruling.transaction
        effects.update(ruling.effects)
        if ConsentEffect.FETCH_DATA in ruling.effects:
            fetched = apply(transaction, DataFetched(subject_digest=SUBJECT), NOW)
            transaction = fetched.transaction
            effects.update(fetched.effects)
    return replace(transaction, event_ids=()), effects


@given(data=st.data(), result=st.sampled_from(DECIDED))
@settings(max_examples=400, deadline=None)
def test_any_order_and_repetition_ends_alike(data: st.DataObject, result: HubResult) -> None:
    """One end; one fetch when agreed, else none and one purge; the settled standing is told."""
    expected, _ = play(facts(result))
    end, effects = play(data.draw(tellings(result)))
    assert expected == end
    assert end.is_settled
    is_agreed = result is HubResult.AGREED
    assert (int(is_agreed), int(not is_agreed)) == (effects[ConsentEffect.FETCH_DATA], effects[ConsentEffect.PURGE])
    assert 1 <= effects[ConsentEffect.TELL_SUBSCRIBER] <= 2
    assert 0 == effects[ConsentEffect.ALERT]


@given(
    start=st.sampled_from(sorted(TRANSACTIONS)),
    events=st.lists(
        st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(-400, 4000), st.sampled_from(["", "1", "2"])),
        max_size=25,
    ),
)
@settings(max_examples=500, deadline=None)
def test_what_is_final_never_changes(start: str, events: list[tuple[str, int, str]]) -> None:
    """Also under contradicting events and a clock that jumps: decision, its time, and settled standing stay."""
    transaction = TRANSACTIONS[start]
    for name, seconds, event_id in events:
        after = apply(
            transaction, replace(EVENTS[name], event_id=event_id), NOW + timedelta(seconds=seconds)
        ).transaction
        if transaction.is_decided:
            assert (transaction.state, transaction.decided_at) == (after.state, after.decided_at)
        if transaction.is_settled:
            assert (transaction.standing, transaction.code) == (after.standing, after.code)
        transaction = after
