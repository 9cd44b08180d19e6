"""Consents from the portal's wish to the data, with the simulated hub at the other end (notes §7, N160-N169)."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.demo.browser import Arrived, Page
from gateway.model.audit import AuditAction
from gateway.store.consents import PostgresConsents
from gateway.vault.keyring import FileKeyRing
from tests.support.audit import looks
from tests.support.consents import ASKED, PERSON, sealed_count, set_up
from tests.support.identity import new_browser


async def test_granted(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Asked, linked, approved, fetched, collected, erased: once each, and told in the feed."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        linked = await setup.look(asked)
        early = await setup.collect(asked)
        await setup.decide()
        await setup.work()
        approved = await setup.look(asked)
        data = await setup.collect(asked)
        again = await setup.collect(asked)
        setup.sign_on.province.clock.move(5 * 60 + 1)
        await setup.work()
        late = await setup.collect(asked)
        events = await setup.events()
        kept = await sealed_count(pool)
        written = await looks(pool, AuditAction.CONSENT_COLLECT)
        [reference] = await pool.fetch("SELECT DISTINCT consent_ref FROM audit_lines WHERE action = 'consent.collect'")

    assert 2 == len(written), "what was refused was not looked at"
    assert ("answered", "one-stop", "", True, "collected") == (*written[0][:4], written[0][-1])
    assert set(data.json["facts"]) == set(written[0][4])
    assert asked.json["consent_id"] == reference["consent_ref"]
    assert 201 == asked.status
    assert asked.json["standing"] in ASKED
    assert "linked" == linked.json["standing"]
    assert linked.json["link"].startswith(setup.running.url + "/share/")
    assert "no-consent-data" == early.problem
    assert ("approved", True) == (approved.json["standing"], approved.json["has_data"])
    assert {"fullName", "birthDate", "gender"} == set(data.json["facts"]), "and nothing that no agreement covers"
    assert data.json == again.json
    assert "no-consent-data" == late.problem
    assert ["linked", "approved"] == [event["standing"] for event in events]
    assert 0 == kept


@pytest.mark.parametrize(
    ("decision", "standing", "code"),
    [("decline", "declined", "EID_CONSENT_DECLINED"), ("expire", "expired", "EID_CONSENT_EXPIRED")],
)
async def test_refused(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, decision: str, standing: str, code: str
) -> None:
    """A citizen who declines, or is too late, shares nothing; what was kept for it is erased at once."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.decide(decision)
        if decision == "expire":  # The hub tells that when it is asked.
            setup.sign_on.province.clock.move(5)
            await setup.work()
        look = await setup.look(asked)
        data = await setup.collect(asked)

    assert (standing, code) == (look.json["standing"], look.json["code"])
    assert "no-consent-data" == data.problem
    assert 0 == await sealed_count(pool)


async def test_nobody_decides(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """After its time a consent is over by the gateway's own clock, also when the hub says nothing any more."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.running.stop_listening()
        setup.sign_on.province.clock.move(331)
        await setup.work()
        look = await setup.look(asked)

    assert ("expired", "EID_CONSENT_EXPIRED") == (look.json["standing"], look.json["code"])


@pytest.mark.parametrize("signature", ["hex", "upper_hex", "base64"])
async def test_n160_signatures_in_every_spelling(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, signature: str
) -> None:
    """However the signature is written, it is one over the bytes that came."""
    async with set_up(pool, key_ring, tmp_path, {"webhook_signature": signature}) as setup:
        asked = await setup.ask()
        await setup.settled()
        look = await setup.look(asked)

    assert "linked" == look.json["standing"]


@pytest.mark.parametrize("signature", ["bad", "missing", "rewritten"])
async def test_n160_bad_signatures(pool: Any, key_ring: FileKeyRing, tmp_path: Path, signature: str) -> None:
    """A webhook that does not verify is refused and tells nothing; the hub is asked instead."""
    profile = {"webhook_signature": signature, "webhook_max_attempts": 1}
    async with set_up(pool, key_ring, tmp_path, profile) as setup:
        asked = await setup.ask()
        await setup.settled()
        unmoved = await setup.look(asked)
        attempts = (await setup.control("GET", "webhooks"))["attempts"]
        await setup.decide()
        for _ in range(2):
            setup.sign_on.province.clock.move(3)
            await setup.work()
        asked_for = await setup.look(asked)

    assert "initiated" == unmoved.json["standing"]
    assert {401} == {attempt["http_status"] for attempt in attempts}
    assert "approved" == asked_for.json["standing"]


async def test_n161_n162_repeated_and_swapped(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Webhooks that come three times and in the wrong order change what one of each would have changed."""
    profile = {"webhook_copies": 3, "is_webhook_order_swapped": True}
    async with set_up(pool, key_ring, tmp_path, profile) as setup:
        asked = await setup.ask()
        await setup.decide()
        await setup.work()
        look = await setup.look(asked)
        events = await setup.events()
        fetched = (await setup.control("GET", "counters"))["by_operation"]["data"]

    assert "approved" == look.json["standing"]
    assert 1 == [event["standing"] for event in events].count("approved")
    assert 1 == fetched


async def test_n164_n165_return_is_no_result(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What the application says on its way back is not believed; the browser goes back to the portal all the same."""
    profile = {"return_claims": "1", "is_result_webhook_sent": False, "return_spelling": "query_twice"}
    async with set_up(pool, key_ring, tmp_path, profile) as setup, new_browser() as browser:
        asked = await setup.ask()
        await setup.settled()
        done = await setup.decide("decline")
        back = await browser.open(done["return_link"])
        before = await setup.look(asked)
        await setup.work()
        after = await setup.look(asked)
        forged = await browser.open(done["return_link"].partition("?")[0] + "?transitionCode=nobody%7C1")

    assert isinstance(back, Arrived)
    assert {"consent_id": asked.json["consent_id"], "state": "s1"} == back.query
    assert "linked" == before.json["standing"]
    assert "declined" == after.json["standing"]
    assert isinstance(forged, Page)
    assert 400 == forged.status


@pytest.mark.parametrize("spelling", ["path", "path_twice", "transitionCode", "transition_code", "transactionCode"])
async def test_returns_in_every_spelling(pool: Any, key_ring: FileKeyRing, tmp_path: Path, spelling: str) -> None:
    """However the application writes its way back, the browser is where it began."""
    async with set_up(pool, key_ring, tmp_path, {"return_spelling": spelling}) as setup, new_browser() as browser:
        await setup.ask()
        await setup.settled()
        back = await browser.open((await setup.decide())["return_link"])

    assert isinstance(back, Arrived)


async def test_n166_data_of_another_person(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Data about anybody but who was asked is handed to nobody, and somebody is told."""
    async with set_up(pool, key_ring, tmp_path, {"subject_instead": "999199000002"}) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.decide()
        await setup.work()
        look = await setup.look(asked)
        data = await setup.collect(asked)
        alerts = setup.sign_on.province.registry.get_sample_value(
            "gateway_alerts_total", {"system": "consent.vneid", "alert": "consent_contradicted"}
        )

    assert ("failed", "EID_SUBJECT_MISMATCH") == (look.json["standing"], look.json["code"])
    assert "no-consent-data" == data.problem
    assert 0 == await sealed_count(pool)
    assert 1.0 == alerts


async def test_n167_webhook_after_the_end(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What the hub tells after the consent is over changes nothing, and is answered so that it is not told again."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        setup.sign_on.province.clock.move(331)
        await setup.work()
        await setup.decide()
        look = await setup.look(asked)
        attempts = (await setup.control("GET", "webhooks"))["attempts"]

    assert "expired" == look.json["standing"]
    assert {200} == {attempt["http_status"] for attempt in attempts}


async def test_n168_other_readers(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Another client, and another sign-in of the same client, learn nothing, not even that there is one."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await setup.decide()
        await setup.work()
        other_session = await setup.collect(asked, sign_in_id="018f0000-0000-7000-8000-000000000001")
        mine = setup.sign_on.province.api.token
        setup.sign_on.province.api.token = await setup.sign_on.province.api.register("another")
        other_client = await setup.collect(asked)
        setup.sign_on.province.api.token = mine
        right = await setup.collect(asked)

    assert ["consent-not-found"] * 2 == [other_session.problem, other_client.problem]
    assert 200 == right.status


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hub": "unknown"}, "/hub"),
        ({"sign_in_id": "018f0000-0000-7000-8000-000000000001"}, "/sign_in_id"),
        ({"return_to": "https://evil.example/"}, "/return_to"),
        ({"agency_code": "H12"}, "/agency_code"),
        ({"dossier_code": "H99.01-261125-9999"}, "/dossier_code"),
        ({"purpose": ""}, "/purpose"),
    ],
)
async def test_wishes_that_are_refused(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    """A wish that cannot be is refused by field, and nobody's telephone rings."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        answered = await setup.ask(**changes)
        counters = await setup.control("GET", "counters")

    assert 422 == answered.status
    assert [field] == answered.fields
    assert "start" not in counters["by_operation"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "drop_reply"}, "EID_PROVIDER_ERROR"),
        ({"kind": "server_error", "http_status": 503}, "EID_PROVIDER_UNAVAILABLE"),
        ({"kind": "html_page"}, "EID_PROVIDER_ERROR"),
    ],
)
async def test_first_call_is_never_repeated(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, fault: dict[str, Any], code: str
) -> None:
    """Whatever happens to the first call, the telephone rings once at most; the citizen may be asked anew."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        await setup.control(
            "POST", "faults", {"action": "add", "faults": [{**fault, "operation": "start", "calls": 1}]}
        )
        failed = await setup.ask()
        for _ in range(3):
            setup.sign_on.province.clock.move(40)
            await setup.work()
        calls = (await setup.control("GET", "counters"))["by_operation"]["start"]
        anew = await setup.ask()

    assert ("failed", code) == (failed.json["standing"], failed.json["code"])
    assert 1 == calls
    assert anew.json["standing"] in ASKED


async def test_process_that_died_before_the_answer(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A consent whose first call nobody remembers is given up after half a minute, and not asked again."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        await pool.execute("UPDATE share_consents SET state = 'created', code_digest = NULL, txn_digest = NULL")
        await pool.execute("UPDATE share_consents SET next_at = created_at + interval '30 seconds', work_at = NULL")
        setup.sign_on.province.clock.move(31)
        await setup.work()
        look = await setup.look(asked)

    assert ("failed", "EID_PROVIDER_UNAVAILABLE") == (look.json["standing"], look.json["code"])


async def test_data_is_fetched_again_until_it_comes(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A hub that fails when the data is fetched is asked again, later and later; the approval stands."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        fault = {"kind": "server_error", "http_status": 503, "operation": "data", "calls": 4}
        await setup.control("POST", "faults", {"action": "add", "faults": [fault]})
        await setup.decide()
        for _ in range(6):
            await setup.work()
            setup.sign_on.province.clock.move(5)
        look = await setup.look(asked)
        data = await setup.collect(asked)

    assert "approved" == look.json["standing"]
    assert 200 == data.status


async def test_webhook_before_the_answer(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A webhook that overtakes the answer to the first call is kept, and applied when its code is learned."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        fault = {"kind": "stall_after_work", "operation": "start", "calls": 1, "delay_seconds": 0.5}
        await setup.control("POST", "faults", {"action": "add", "faults": [fault]})
        asking = asyncio.create_task(setup.ask())
        async with asyncio.timeout(5):
            while await pool.fetchval("SELECT count(*) FROM early_consent_notices") == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        asked = await asking

    assert "linked" == asked.json["standing"]
    assert 0 == await pool.fetchval("SELECT count(*) FROM early_consent_notices")


async def test_webhook_while_the_code_is_being_learned(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A webhook that comes while its code is stored but not committed is kept for nobody: it waits, and finds it."""
    store, digest = PostgresConsents(pool), bytes(32)
    async with set_up(pool, key_ring, tmp_path) as setup:
        asked = await setup.ask()
        await setup.settled()
        async with store.changing(UUID(asked.json["consent_id"])) as change:
            assert change is not None
            await change.save(replace(change.stored, code_digest=digest))
            assert [] == await change.take_notices(digest)
            keeping = asyncio.create_task(
                store.keep_notice("vneid", digest, change.stored.transaction.created_at, b"k", b"s")
            )
            await asyncio.wait([keeping], timeout=0.2)

        assert await keeping is False
    assert 0 == await pool.fetchval("SELECT count(*) FROM early_consent_notices")


async def test_nothing_of_the_person_stands_in_clear(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Neither the number nor the data nor the hub's codes stand in any column while a consent is alive."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        await setup.ask()
        await setup.settled()
        await setup.decide()
        await setup.work()
        transactions = (await setup.control("GET", "transactions"))["transactions"]
        rows = await pool.fetch("SELECT * FROM share_consents")
        text = "\n".join(
            value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for row in rows
            for value in row.values()
        )

    secrets = [PERSON, transactions[-1]["code"], transactions[-1]["txn_id"], "Nguyễn"]
    assert [] == [secret for secret in secrets if secret in text]
