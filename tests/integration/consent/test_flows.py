"""Adapter, machine and simulated hub together: consents of every end, in every dialect (vectors N160 to N167)."""

import itertools
from typing import Any

import aiohttp
import pytest

from adapters.consent.sandbox import Spelling
from gateway.errors import IntegrityFailed, Rejected
from gateway.model.consent import ConsentCode, ConsentState, DataState, HubResult
from gateway.ports.consent import ConsentHub, NoticeKind, ShareRequest
from gateway.sync.consent_events import ConsentEffect, TimePassed, Woken
from tests.integration.consent.consent_helpers import (
    HMAC,
    OTHER_PID,
    PARTNER,
    PID,
    Desk,
    Stage,
    assert_safe,
    receiver,
    stage,
)

RETURN_URL = "https://mot-cua.example/callback"


def decide(at: Stage, desk: Desk, decision: str, person: str = "") -> None:
    transaction = at.sandbox.transactions.find_by_code(desk.transaction.transaction_code)
    assert transaction is not None
    assert at.sandbox.decide(transaction, decision, person)


async def test_a_consent_by_webhooks() -> None:
    """From the first call over both webhooks to data that holds the agreed fields only, fetched once."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url}) as at:
        hub: ConsentHub = at.adapter
        desk = Desk(at)
        await desk.begin()
        assert ConsentState.INITIATED == desk.standing()
        await hooks.wait_for(1)
        assert NoticeKind.TRANSCODE is (await desk.take(*hooks.taken[0])).kind
        assert ConsentState.LINKED == desk.standing()
        assert f"{at.running.url}/share/{desk.transaction.txn_id}" == hub.universal_link(desk.transaction.txn_id)
        decide(at, desk, "approve")
        await hooks.wait_for(2)
        assert HubResult.AGREED is (await desk.take(*hooks.taken[1])).result
        assert (ConsentState.APPROVED, DataState.HELD) == (desk.standing(), desk.transaction.data)
        assert {"fullName": "Nguyễn Thị Mẫu", "birthDate": "01/02/1999", "gender": "2"} == desk.facts
        assert 1 == at.sandbox.counters()["released"]


@pytest.mark.parametrize(
    ("answer_form", "body_form", "ask_form"),
    list(itertools.product(["bare", "enveloped", "facade"], ["plain", "wrapped"], ["post", "get"])),
)
async def test_a_consent_by_polling_in_every_dialect(answer_form: str, body_form: str, ask_form: str) -> None:
    """Without any webhook: both body forms, both ways to ask, every dress of an answer, states as text."""
    profile = {"answer_form": answer_form, "state_type": "text", "added_fields": {"version": 2}}
    async with stage(profile, body_form=body_form, ask_form=ask_form) as at:
        desk = Desk(at)
        await desk.begin()
        await desk.ask()
        assert ConsentState.LINKED == desk.standing()
        decide(at, desk, "approve")
        await desk.ask()
        assert ConsentState.APPROVED == desk.standing()
        assert ["start", "status", "status", "data"] == [call.operation for call in at.seen]


async def test_a_first_answer_with_the_id() -> None:
    """Where the hub tells it at once, the application can be opened without a webhook."""
    async with stage({"is_txn_id_in_first_answer": True}) as at:
        desk = Desk(at)
        await desk.begin()
        assert ConsentState.LINKED == desk.standing()


@pytest.mark.parametrize(
    ("decision", "state", "code"),
    [
        ("decline", ConsentState.DECLINED, ConsentCode.DECLINED),
        ("expire", ConsentState.EXPIRED, ConsentCode.EXPIRED),
    ],
)
@pytest.mark.parametrize("is_polled", [True, False])
async def test_a_consent_that_is_not_given(
    decision: str, state: ConsentState, code: ConsentCode, is_polled: bool
) -> None:
    """Declined or too late (`errorcode4005`), by webhook or when asked: nothing is fetched, everything is purged."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url}) as at:
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, decision)
        if is_polled:
            await desk.ask()
        else:
            await hooks.wait_for(2)
            await desk.take(*hooks.taken[1])
        assert (state, code) == (desk.transaction.state, desk.transaction.code)
        assert ConsentEffect.PURGE in desk.effects
        assert 0 == at.sandbox.counters()["released"]
        with pytest.raises(Rejected):
            await at.adapter.fetch(desk.transaction.transaction_code)


async def test_the_hub_ends_a_consent_after_300_seconds() -> None:
    """Its word comes before our own deadline of 330 s."""
    async with stage() as at:
        desk = Desk(at)
        await desk.begin()
        at.sandbox.advance(299)
        await desk.ask()
        assert not desk.transaction.is_decided
        at.sandbox.advance(1)
        await desk.ask()
        assert (ConsentState.EXPIRED, ConsentCode.EXPIRED) == (desk.transaction.state, desk.transaction.code)


@pytest.mark.parametrize("form", ["hex", "upper_hex", "base64"])
async def test_n160_signatures_that_hold(form: str) -> None:
    """However the hub writes the digest, the webhook is taken."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url, "webhook_signature": form}) as at:
        desk = Desk(at)
        await desk.begin()
        await hooks.wait_for(1)
        await desk.take(*hooks.taken[0])
        assert ConsentState.LINKED == desk.transaction.state


@pytest.mark.parametrize("form", ["bad", "missing", "rewritten"])
async def test_n160_signatures_that_do_not_hold(form: str) -> None:
    """The webhook changes nothing."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url, "webhook_signature": form}) as at:
        desk = Desk(at)
        await desk.begin()
        await hooks.wait_for(1)
        with pytest.raises(IntegrityFailed) as caught:
            await desk.take(*hooks.taken[0])
        assert_safe(caught.value)
        assert ConsentState.INITIATED == desk.transaction.state


@pytest.mark.parametrize("first_attempt", [0, 1])
async def test_n161_copies_and_repeats_have_one_effect(first_attempt: int) -> None:
    """Answered with 500 it comes again with the same id and a higher attempt; copies come though it was taken."""
    profile = {"webhook_copies": 2, "webhook_retry_seconds": 60, "webhook_first_attempt": first_attempt}
    async with receiver() as hooks, stage(profile) as at:
        at.sandbox.change_profile(webhook_url=hooks.url)
        hooks.answers = [500]
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, "approve")
        await hooks.wait_for(3)
        at.sandbox.advance(61)
        await hooks.wait_for(5)
        notices = [await desk.take(*taken) for taken in hooks.taken]
        by_kind = {
            kind: [(notice.event_id, notice.attempt) for notice in notices if notice.kind is kind]
            for kind in (NoticeKind.TRANSCODE, NoticeKind.RESULT)
        }
        assert 2 == len({event_id for seen in by_kind.values() for event_id, _ in seen})
        transcodes = [attempt for _, attempt in by_kind[NoticeKind.TRANSCODE]]
        assert [first_attempt, first_attempt + 1, first_attempt + 2] == transcodes
        assert 1 == at.sandbox.counters()["released"]
        assert 1 == desk.effects.count(ConsentEffect.FETCH_DATA)


async def test_n162_the_result_comes_first() -> None:
    """The order of the two webhooks does not matter; the id is learned all the same."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url, "is_webhook_order_swapped": True}) as at:
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, "approve")
        await hooks.wait_for(2)
        kinds = [(await desk.take(*taken)).kind for taken in hooks.taken]
        assert [NoticeKind.RESULT, NoticeKind.TRANSCODE] == kinds
        assert ConsentState.APPROVED == desk.standing()
        assert desk.transaction.txn_id


async def test_n163_states_of_webhooks_as_text() -> None:
    """`"3"` is a refusal as `3` is."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url, "webhook_state_type": "text"}) as at:
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, "decline")
        await hooks.wait_for(2)
        await desk.take(*hooks.taken[1])
        assert ConsentState.DECLINED == desk.transaction.state


async def test_webhooks_of_a_type_that_nobody_knows_lead_to_a_question() -> None:
    """The types of share events are not known; the hub is asked instead."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url, "webhook_result_type": "SHARE_DONE"}) as at:
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, "approve")
        await hooks.wait_for(2)
        assert NoticeKind.OTHER is (await desk.take(*hooks.taken[1])).kind
        assert ConsentState.APPROVED == desk.standing()


@pytest.mark.parametrize("spelling", list(Spelling))
async def test_n164_n165_a_return_in_every_spelling_that_lies(spelling: Spelling) -> None:
    """`|1` while the citizen declined: it is read, whatever its encoding, and only leads to the question."""
    profile = {"return_url": RETURN_URL, "return_spelling": spelling, "return_claims": "1"}
    async with stage(profile) as at:
        desk = Desk(at)
        await desk.begin()
        transaction = at.sandbox.transactions.find_by_code(desk.transaction.transaction_code)
        assert transaction is not None
        decide(at, desk, "decline")
        wake_up = at.adapter.read_return(at.sandbox.return_link(transaction))
        assert transaction.txn_id == wake_up.txn_id
        await desk.apply(Woken(txn_id=wake_up.txn_id))
        assert (ConsentState.DECLINED, None) == (desk.transaction.state, desk.facts)


@pytest.mark.parametrize("by", ["decision", "profile"])
async def test_n166_data_of_another_citizen(by: str) -> None:
    """Another person agreed, or the hub mixes people up: nothing is handed on."""
    async with stage({"subject_instead": OTHER_PID if by == "profile" else ""}) as at:
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, "approve", OTHER_PID if by == "decision" else "")
        await desk.ask()
        assert (ConsentState.FAILED, ConsentCode.SUBJECT_MISMATCH) == (
            desk.standing(),
            desk.transaction.code,
        )
        assert desk.facts is None
        assert ConsentEffect.ALERT in desk.effects


@pytest.mark.parametrize("is_timer_first", [True, False])
async def test_n167_a_webhook_after_our_deadline(is_timer_first: bool) -> None:
    """A hub that waits longer than we do tells an approval too late; nothing is fetched."""
    async with receiver() as hooks, stage({"webhook_url": hooks.url, "consent_seconds": 1000}) as at:
        desk = Desk(at)
        await desk.begin()
        at.clock.advance(330)
        if is_timer_first:
            await desk.apply(TimePassed())
        decide(at, desk, "approve")
        await hooks.wait_for(2)
        await desk.take(*hooks.taken[1])
        assert (ConsentState.EXPIRED, ConsentCode.EXPIRED) == (desk.transaction.state, desk.transaction.code)
        assert 0 == at.sandbox.counters()["released"]


async def test_data_in_the_answer_about_the_status() -> None:
    """Where the hub has no address of its own for data."""
    settings: dict[str, Any] = {"data_member": "shareInfo", "data_path": "/gw/api/tcdn/biometric-share-info/api/agent"}
    settings["data_path"] += "/get-transaction"
    async with stage({"is_data_in_status": True}, **settings) as at:
        desk = Desk(at)
        await desk.begin()
        decide(at, desk, "approve")
        await desk.ask()
        assert ConsentState.APPROVED == desk.standing()


@pytest.mark.parametrize("pid", ["999199000005", "999199999999"])
async def test_a_citizen_who_cannot_be_asked(pid: str) -> None:
    """A locked account and an unknown number are refused alike, without the number in the error."""
    async with stage() as at:
        with pytest.raises(Rejected) as caught:
            await at.adapter.start(ShareRequest(citizen_pid=pid))
        assert "invalid_data" == caught.value.code
        assert pid not in repr(caught.value)


async def test_by_the_pages_of_the_simulation() -> None:
    """The citizen's way: telephone, link, tick, decision, return as a redirect written as it is."""
    profile = {"return_url": RETURN_URL, "return_spelling": "query_twice", "is_txn_id_in_first_answer": True}
    async with stage(profile) as at, aiohttp.ClientSession() as browser:
        desk = Desk(at)
        await desk.begin()
        link = at.adapter.universal_link(desk.transaction.txn_id)
        async with browser.get(f"{at.running.url}/phone") as page:
            text = await page.text()
            assert f'href="/share/{desk.transaction.txn_id}"' in text
            assert "MÔ PHỎNG" in text
        async with browser.get(link) as page:
            assert "Nguyễn Thị Mẫu" in await page.text()
        async with browser.post(link, data={"decision": "approve"}, allow_redirects=False) as page:
            assert 400 == page.status
        form = {"decision": "approve", "consent": "on"}
        async with browser.post(link, data=form, allow_redirects=False) as page:
            target = page.headers["Location"]
            assert (303, True) == (page.status, target.endswith("%257C1"))
        await desk.apply(Woken(txn_id=at.adapter.read_return(target).txn_id))
        assert ConsentState.APPROVED == desk.standing()


async def test_with_every_kind_of_authentication_at_once() -> None:
    """Client headers, token and signature together pass a hub that wants all three."""
    profile = {"is_token_checked": True, "is_hmac_checked": True}
    async with stage(profile, partner=PARTNER, hmac=HMAC) as at:
        desk = Desk(at, PID)
        await desk.begin()
        decide(at, desk, "approve")
        await desk.ask()
        assert ConsentState.APPROVED == desk.standing()
        assert ["login", "start", "status", "data"] == [call.operation for call in at.seen]
