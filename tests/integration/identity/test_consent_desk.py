"""The desk of consents: one telephone rings once for one wish, and nothing odd that hubs say brings it down."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.demo.browser import Arrived
from gateway.engine.consents import ConfiguredHub, ConsentDesk, ConsentOrder
from gateway.errors import ContractBroken, CredentialsRefused, InvalidInput
from gateway.vault.keyring import FileKeyRing
from tests.support.consents import ASKED, Setup, sealed_count, set_up
from tests.support.identity import RETURN, new_browser
from tests.support.scripted_hub import Answer, ScriptedHub, never


def desk_of(setup: Setup, pool: Any, key_ring: FileKeyRing, hub: ScriptedHub, **limits: float) -> ConsentDesk:
    """Give a desk with a scripted hub on the records of the running gateway."""
    hubs = {"vneid": ConfiguredHub(hub, "TEST-02")}
    sessions = setup.sign_on.province.desk.sessions
    return ConsentDesk(hubs, setup.records(pool, key_ring), sessions, new_id=uuid4, **limits)


def order_of(setup: Setup, purpose: str = "Điền sẵn tờ khai") -> ConsentOrder:
    return ConsentOrder(
        client_id="one-stop",
        agency_prefixes=("H99",),
        hub="vneid",
        sign_in_id=UUID(setup.sign_in_id),
        agency_code="H99.01",
        dossier_code=None,
        purpose=purpose,
        return_to=RETURN,
        state="",
    )


async def test_a_wish_that_is_made_again_rings_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """While nothing has come of it the same wish is the same consent, also when it is made five times at once; the
    browser belongs where the newest one says."""
    async with set_up(pool, key_ring, tmp_path) as setup, new_browser() as browser:
        first = await setup.ask()
        again = await asyncio.gather(*(setup.ask() for _ in range(5)))
        await setup.settled()
        newest = await setup.ask(state="s2")
        rung = await setup.calls("start")
        other = await setup.ask(purpose="Khác")
        transaction = (await setup.control("GET", "transactions"))["transactions"][0]
        order = {"transaction": transaction["code"], "decision": "decline"}
        back = await browser.open((await setup.control("POST", "decisions", order))["return_link"])
        await setup.settled()
        anew = await setup.ask()

    assert [201, 200, 200, 200, 200, 200, 200, 201, 201] == [
        answered.status for answered in (first, *again, newest, other, anew)
    ]
    assert {first.json["consent_id"]} == {answered.json["consent_id"] for answered in (*again, newest)}
    assert 1 == rung
    assert 3 == len({answered.json["consent_id"] for answered in (first, other, anew)})
    assert newest.json["link"]
    assert isinstance(back, Arrived)
    assert "s2" == back.query["state"]


async def test_a_wish_whose_data_is_on_its_way_rings_no_more(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Approved and not fetched yet is still the same consent; collected, it is a new wish."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        first = await setup.ask()
        await setup.settled()
        await setup.decide()
        wanted = await setup.ask()
        await setup.work()
        held = await setup.ask()

    assert first.json["consent_id"] == wanted.json["consent_id"]
    assert (200, 201) == (wanted.status, held.status)


async def test_a_wish_after_the_time_of_the_first(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What time has ended does not stand in the way, though no timer ran."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        first = await setup.ask()
        await setup.settled()
        setup.sign_on.province.clock.move(331)
        anew = await setup.ask()

    assert 201 == anew.status
    assert first.json["consent_id"] != anew.json["consent_id"]
    assert anew.json["standing"] in ASKED


async def test_looks_apply_time(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A consent whose time is over is shown so before any timer ran, and so is data that is to be erased."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        undecided = await setup.ask(purpose="Một")
        await setup.settled()
        granted = await setup.ask(purpose="Hai")
        await setup.settled()
        await setup.decide()
        await setup.work()
        collected = await setup.collect(granted)
        setup.sign_on.province.clock.move(331)
        looks = [(await setup.look(consent)).json for consent in (undecided, granted)]

    assert 200 == collected.status
    assert [("expired", False), ("approved", False)] == [(look["standing"], look["has_data"]) for look in looks]
    assert looks[0]["link"] is None


async def test_the_first_call_is_bounded(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A hub that never answers is a consent that failed, before others would take it for forgotten."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        desk = desk_of(setup, pool, key_ring, ScriptedHub(on_start=never), start_seconds=0.1)
        async with asyncio.timeout(5):
            begun = await desk.begin(order_of(setup))

    assert ("failed", "EID_PROVIDER_UNAVAILABLE") == (begun.look.standing, begun.look.code)
    assert 0 == await sealed_count(pool)


def raises(error: Exception) -> Answer:
    async def fail(_: str) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "alert"),
    [
        (CredentialsRefused("no", system="consent.vneid", operation="start"), "consent_credentials_refused"),
        (
            ContractBroken("no", system="consent.vneid", operation="start", effect_possible=True),
            "consent_contract_broken",
        ),
        (InvalidInput("the citizen cannot be asked"), ""),
    ],
)
async def test_a_first_call_that_fails(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, error: Exception, alert: str
) -> None:
    """It is a consent that failed, and somebody is told where it does not pass by itself."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        desk = desk_of(setup, pool, key_ring, ScriptedHub(on_start=raises(error)))
        begun = await desk.begin(order_of(setup))
        told = [name for name in ("consent_credentials_refused", "consent_contract_broken") if setup.alerts(name)]

    assert ("failed", "EID_PROVIDER_ERROR") == (begun.look.standing, begun.look.code)
    assert ([alert] if alert else []) == told


async def test_a_hub_that_gives_one_code_twice(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The second consent fails and somebody is told; the first one is as it was."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        desk = desk_of(setup, pool, key_ring, ScriptedHub())
        begun = [await desk.begin(order_of(setup, purpose)) for purpose in ("Một", "Hai")]
        first = await desk.look("one-stop", begun[0].look.consent_id, UUID(setup.sign_in_id))
        alerts = setup.alerts("consent_contradicted")

    assert ["initiated", "failed"] == [one.look.standing for one in begun]
    assert "initiated" == first.standing
    assert 1.0 == alerts


async def test_a_webhook_with_the_id_of_another_consent(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """It is taken, so that it does not come again, changes nothing, and somebody is told."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        await setup.ask(purpose="Một")
        await setup.settled()
        taken = (await setup.newest())["txn_id"]
        await setup.control("POST", "profile", {"webhook_url": ""})
        second = await setup.ask(purpose="Hai")
        data = {"transactionCode": (await setup.newest())["code"], "txnId": taken, "status": 0}
        status = await setup.tell({"id": "7", "type": "SHARE_WEBHOOK_TRANSCODE", "data": data})
        look = await setup.look(second)
        alerts = setup.alerts("consent_contradicted")

    assert (200, "initiated", 1.0) == (status, look.json["standing"], alerts)


async def test_an_id_that_no_link_can_hold(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """There is no link then; the application asks the citizen all the same."""
    async with set_up(pool, key_ring, tmp_path, {"webhook_url": ""}) as setup:
        asked = await setup.ask()
        data = {"transactionCode": (await setup.newest())["code"], "txnId": "../other?x=1", "status": 0}
        status = await setup.tell({"id": "7", "type": "SHARE_WEBHOOK_TRANSCODE", "data": data})
        look = await setup.look(asked)

    assert (200, 200, "linked", None) == (status, look.status, look.json["standing"], look.json["link"])


async def test_webhooks_while_no_key_can_be_read(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Nobody's signature is called wrong: the hub is told to come again, and somebody to look at the file."""
    key = tmp_path / "webhook.key"
    key.write_text("sandbox-webhook-key")
    registration = {"webhook": {"keys": [{"file": str(key)}]}}
    async with set_up(pool, key_ring, tmp_path, {"webhook_url": ""}, registration) as setup:
        asked = await setup.ask()
        data = {"transactionCode": (await setup.newest())["code"], "txnId": str(uuid4()), "status": 0}
        notice = {"id": "7", "type": "SHARE_WEBHOOK_TRANSCODE", "data": data}
        key.unlink()
        away = await setup.tell(notice)
        key.write_text("sandbox-webhook-key")
        statuses = [away, await setup.tell(notice, key="another"), await setup.tell(notice)]
        look = await setup.look(asked)
        alerts = setup.alerts("consent_keys_unreadable")

    assert [503, 401, 200] == statuses
    assert ("linked", 1.0) == (look.json["standing"], alerts)


async def test_after_the_sign_in_nobody_reads(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A consent is read in a sign-in that lives; looking for the citizen's answer does not keep it alive."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.decide()
        await setup.work()
        clock = setup.sign_on.province.clock
        alive = []
        for _ in range(3):
            clock.move(9 * 60)
            alive.append((await setup.look(asked)).status)
        clock.move(4 * 60)
        problems = [(await setup.look(asked)).problem, (await setup.collect(asked)).problem]

    assert [200, 200, 200] == alive
    assert ["consent-not-found"] * 2 == problems
