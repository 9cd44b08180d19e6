"""The end of sign-ins: here, at the provider, and by the provider's word (electronic identity notes §12)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.browser import Arrived, Page
from gateway.errors import StoreUnavailable
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import LOGOUT_RETURN, new_browser
from tests.support.sign_on import SignOn, sign_on


async def signed_in(setup: SignOn, person: str = "citizen-2") -> str:
    attempt, arrived = await setup.sign_in(person)
    answered = await setup.province.redeem(attempt, arrived)
    return str(answered.json["sign_in"]["sign_in_id"])


async def is_active(setup: SignOn, sign_in_id: str) -> bool:
    look = await setup.province.api.call("POST", f"/v1/identity/sign-ins/{sign_in_id}:introspect", body={})
    return bool(look.json["is_active"])


async def log_out(setup: SignOn, sign_in_id: str, **order: str) -> str | None:
    body = {"sign_in_id": sign_in_id, **order}
    answered = await setup.province.api.call("POST", "/v1/identity/logouts", body=body)
    assert answered.status == 200, answered.body
    url: str | None = answered.json["logout_url"]
    return url


async def test_logout_by_form(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The browser carries the ID token in a form, ends the provider's session by its cookie, and comes back."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        url = await log_out(setup, sign_in_id, return_to=LOGOUT_RETURN, state="s1")
        assert url is not None
        assert not await is_active(setup, sign_in_id)
        page = await setup.browser.open(url)
        assert isinstance(page, Page)
        back = await setup.browser.submit(page)
        counts = (await setup.control("GET", "counters"))["sign_on"]
        asked = await setup.browser.open((await setup.province.begin()).start_url)

    assert isinstance(back, Arrived)
    assert {"state": "s1"} == back.query
    assert 1 == counts["logouts"]
    assert isinstance(asked, Page), "the provider asks again"
    assert not any("id_token_hint" in address for address in (*page.visited, *back.visited))


async def test_vneid_behind_the_portal_is_offered_once(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The way out of VNeID's own session is offered, used once, and stands in no page of ours."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        url = await log_out(setup, await signed_in(setup))
        assert url is not None
        page = await setup.browser.open(url)
        assert isinstance(page, Page)
        [link] = page.links
        done = await setup.browser.open(link)
        again = await setup.browser.open(link)
        counts = (await setup.control("GET", "counters"))["sign_on"]

    assert "SIMTOKEN" not in page.html
    assert "no-referrer" == page.headers["Referrer-Policy"]
    assert isinstance(done, Page)
    assert 200 == done.status
    assert isinstance(again, Page)
    assert 400 == again.status
    assert 1 == counts["vneid_logouts"]


async def test_n93_logout_address_elsewhere_is_forgotten(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An address that is not the configured one is never offered."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await setup.control("POST", "attacks", {"kind": "logout_elsewhere"})
        url = await log_out(setup, await signed_in(setup))
        assert url is not None
        page = await setup.browser.open(url)

    assert isinstance(page, Page)
    assert [] == page.links
    assert "elsewhere" not in page.html


@pytest.mark.parametrize(
    "forgery",
    [
        "wrong_audience",
        "wrong_issuer",
        "with_nonce",
        "without_events",
        "without_subject",
        "expired",
        "old",
        "alg_none",
        "wrong_key",
    ],
)
async def test_n140_forged_logout_tokens(pool: Any, key_ring: FileKeyRing, tmp_path: Path, forgery: str) -> None:
    """A logout token that is not all right ends nothing; the next right one is heard."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        forged = (await setup.control("POST", "logouts", {"forgery": forgery}))["answers"]
        stays = await is_active(setup, sign_in_id)
        right = (await setup.control("POST", "logouts", {}))["answers"]
        ends = not await is_active(setup, sign_in_id)

    assert [400] == [answer["http_status"] for answer in forged]
    assert stays
    assert [(200, "no-store")] == [(answer["http_status"], answer["cache_control"]) for answer in right]
    assert ends


async def test_n140_replayed_logout_token(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A token is heard once: sent again it does not end the sign-in that was made since."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await signed_in(setup)
        await setup.control("POST", "logouts", {})
        again = await signed_in(setup)
        replayed = (await setup.control("POST", "logouts", {"forgery": "replayed"}))["answers"]

        assert await is_active(setup, again)
    assert 400 == replayed[-1]["http_status"]


async def test_logout_of_the_account_ends_all_its_sign_ins(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A token without a session ends every sign-in of the account, and nobody else's."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        mine = [await signed_in(setup)]
        async with new_browser() as other:
            setup.browser = other
            mine.append(await signed_in(setup))
        async with new_browser() as third:
            setup.browser = third
            theirs = await signed_in(setup, "citizen-1")
        await setup.control("POST", "logouts", {"forgery": "subject_only", "person": "citizen-2"})

        assert [False, False, True] == [await is_active(setup, one) for one in (*mine, theirs)]


async def test_n141_unknown_session(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A right token about a session that is not known is heard, and ends nothing."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        answers = (await setup.control("POST", "logouts", {"forgery": "unknown_session"}))["answers"]

        assert await is_active(setup, sign_in_id)
    assert [200] == [answer["http_status"] for answer in answers]


async def test_logout_token_that_cannot_be_judged_may_come_again(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path
) -> None:
    """A gateway that has no keys yet and gets none says so, and does not call the token wrong."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        faults = [{"kind": "server_error", "operation": name, "calls": 1000} for name in ("keys", "userinfo")]
        await setup.control("POST", "faults", {"action": "replace", "faults": faults})
        await setup.sign_in()
        unheard = (await setup.control("POST", "logouts", {"forgery": "unknown_session"}))["answers"]
        await setup.control("POST", "faults", {"action": "clear"})
        heard = (await setup.control("POST", "logouts", {"forgery": "unknown_session"}))["answers"]

    assert [503, 200] == [answer["http_status"] for answer in (*unheard, *heard)]


async def test_n142_forged_logout_by_get(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """No address that a page could hold ends a sign-in, here or at the provider."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        base = setup.province.api.url
        statuses = []
        for address in (
            f"{base}/v1/identity/logouts?sign_in_id={sign_in_id}",
            f"{base}/v1/identity/sign-ins/{sign_in_id}:logout",
            f"{base}/callbacks/identity/national/backchannel-logout?logout_token={'t' * 43}",
            f"{base}/identity/logouts/{'t' * 43}",
            f"{base}/identity/logouts/{sign_in_id}",
            f"{base}/identity/logouts/{'t' * 43}/vneid",
            f"{base}/callbacks/identity/national/logged-out?state={'t' * 43}",
        ):
            page = await setup.browser.open(address)
            assert isinstance(page, Page), "nobody is sent anywhere"
            statuses.append(page.status)
        counts = (await setup.control("GET", "counters"))["sign_on"]

        assert [405, 404, 405, 400, 400, 400, 200] == statuses
        assert 0 == counts.get("logouts", 0) + counts.get("vneid_logouts", 0)
        assert 1 == await pool.fetchval("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL")
        assert await is_active(setup, sign_in_id)


async def test_n143_return_with_another_state(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Whoever comes back from a logout with a state that is not ours sees a page of ours and is sent nowhere."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await log_out(setup, await signed_in(setup), return_to=LOGOUT_RETURN)
        base = f"{setup.province.api.url}/callbacks/identity/national/logged-out"
        pages = [await setup.browser.open(base + query) for query in ("", "?state=wrong", "?state=a&state=b")]

    assert ["Đã đăng xuất" in page.html if isinstance(page, Page) else None for page in pages] == [True] * 3


async def test_n144_unregistered_return(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The portal's own address for after a logout is registered, or the logout is refused and nothing ends."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        body = {"sign_in_id": sign_in_id, "return_to": "https://evil.example/"}
        answered = await setup.province.api.call("POST", "/v1/identity/logouts", body=body)

        assert await is_active(setup, sign_in_id)
    assert ["/return_to"] == answered.fields


async def test_why_sign_ins_ended_by_themselves(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """One was not redeemed, one not used: each is counted as what it was."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await signed_in(setup)
        async with new_browser() as other:
            setup.browser = other
            await setup.sign_in("citizen-1")
        setup.province.clock.move(31 * 60)
        for job in setup.province.jobs:
            await job.run()
        counts = {
            reason: setup.province.registry.get_sample_value("gateway_sign_ins_ended_total", {"reason": reason})
            for reason in ("idle", "code_expired", "age")
        }

    assert {"idle": 1.0, "code_expired": 1.0, "age": None} == counts


async def test_pages_are_pages_when_the_store_is_away(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Whoever logs out while the database restarts reads a page, and may come again."""

    async def fail(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("away")

    async with sign_on(pool, key_ring, tmp_path) as setup:
        url = await log_out(setup, await signed_in(setup))
        assert url is not None
        store = setup.province.desk.sign_ins.store
        right = store.find_logout
        store.find_logout = fail  # type: ignore[method-assign]
        away = await setup.browser.open(url)
        store.find_logout = right  # type: ignore[method-assign]
        back = await setup.browser.open(url)

    assert isinstance(away, Page)
    assert isinstance(back, Page)
    assert (503, 200) == (away.status, back.status)


async def test_provider_that_is_away_does_not_keep_anybody_signed_in(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path
) -> None:
    """A logout here never waits for the provider."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        sign_in_id = await signed_in(setup)
        await setup.running.stop_listening()
        async with asyncio.timeout(2):
            await log_out(setup, sign_in_id)

        assert not await is_active(setup, sign_in_id)
