"""A province with two providers: neither is taken for the other, and neither suffers from the other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from adapters.identity.sandbox import IdentitySandbox, Mode
from adapters.sandboxing import RunningSandbox
from gateway.demo.browser import Arrived, Page
from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered
from tests.support.identity import merged, new_browser, province_portal
from tests.support.sign_on import SignOn, running_sign_on, section_of


@contextlib.asynccontextmanager
async def two_providers(
    pool: Any,
    key_ring: FileKeyRing,
    folder: Path,
    second: Mode = Mode.P2,
    *,
    first_changes: Mapping[str, Any] | None = None,
    **identity: Any,
) -> AsyncIterator[tuple[SignOn, SignOn]]:
    """Run a portal with the providers "first" (p1, with changes of its section) and "second", seen by one browser."""
    started: list[tuple[IdentitySandbox, RunningSandbox]] = []

    @contextlib.asynccontextmanager
    async def sections(public: str) -> AsyncIterator[list[dict[str, Any]]]:
        async with contextlib.AsyncExitStack() as cleanup:
            made = []
            for name, mode in (("first", Mode.P1), ("second", second)):
                sandbox, running = await cleanup.enter_async_context(running_sign_on(public, mode, name))
                started.append((sandbox, running))
                section = section_of(sandbox, running.url, public, name, folder)
                made.append(merged(section, (first_changes or {}) if name == "first" else {}))
            yield made

    async with (
        province_portal(pool, key_ring, make_sections=sections, folder=folder, **identity) as province,
        new_browser() as browser,
    ):
        yield (
            SignOn(province.at("first"), *started[0], browser),
            SignOn(province.at("second"), *started[1], browser),
        )


async def test_n126_same_person_by_both(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """One person through two providers is two subjects; the number finds the account, which the citizen proves to be
    theirs; from then on both lead to it."""
    async with two_providers(pool, key_ring, tmp_path) as (first, second):

        async def redeemed(setup: SignOn) -> Answered:
            async with new_browser() as browser:
                setup.browser = browser
                attempt, arrived = await setup.sign_in("citizen-2")
                return await setup.province.redeem(attempt, arrived)

        async def link(answered: Answered, proof: str) -> int:
            sign_in_id = answered.json["sign_in"]["sign_in_id"]
            order = {"sign_in_id": sign_in_id, "account_ref": "acc-1", "proof": proof, "by": "portal"}
            return (await first.province.api.call("POST", "/v1/identity/links", body=order)).status

        async def links() -> list[str]:
            answered = await first.province.api.get("/v1/identity/accounts/acc-1/links")
            assert ["active"] * len(answered.json["links"]) == [one["state"] for one in answered.json["links"]]
            return sorted(one["provider"] for one in answered.json["links"])

        by_second = await redeemed(second)
        created = await link(by_second, "created")
        by_first = await redeemed(first)
        links_before = await links()
        proved = await link(by_first, "signed_in_locally")
        links_after = await links()
        again = [(await redeemed(setup)).json["link"] for setup in (first, second)]
        accounts_count = await pool.fetchval("SELECT count(*) FROM local_accounts")

    assert "create" == by_second.json["link"]["decision"]
    # P1 says nothing of a level, so the second link is not made by itself.
    assert ("proof_required", "acc-1") == (by_first.json["link"]["decision"], by_first.json["link"]["account_ref"])
    assert (200, 200) == (created, proved)
    assert (["second"], ["first", "second"]) == (links_before, links_after)
    assert [("signed_in", "acc-1")] * 2 == [(one["decision"], one["account_ref"]) for one in again]
    assert 1 == accounts_count


async def refused(setup: SignOn) -> str | int:
    """Try to sign in with a new browser; give the code that the portal is told, or the status of our page."""
    async with new_browser() as browser:
        attempt = await setup.province.begin()
        page = await browser.open(attempt.start_url)
        if isinstance(page, Page) and page.forms:
            page = await browser.submit(page, person="citizen-2", action="sign_in")
        return page.query["error"] if isinstance(page, Arrived) else page.status


async def told_available(setup: SignOn) -> dict[str, bool]:
    providers = (await setup.province.api.get("/v1/identity/providers")).json["providers"]
    return {one["name"]: one["is_available"] for one in providers}


async def asked_count(setup: SignOn) -> int:
    return int((await setup.control("GET", "counters"))["by_operation"].get("token", 0))


async def test_n180_slow_provider_harms_no_other(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Five citizens hang at a provider that takes half a minute. Meanwhile the other one signs people in; then the slow
    one's circuit opens, and nobody hangs there any more."""
    async with two_providers(pool, key_ring, tmp_path, first_changes={"total_seconds": 3.0}) as (first, second):
        fault = {"kind": "stall_before_work", "operation": "token", "delay_seconds": 30.0, "calls": 100}
        await first.control("POST", "faults", {"action": "add", "faults": [fault]})
        hanging = [asyncio.create_task(refused(first)) for _ in range(5)]
        async with asyncio.timeout(10):
            while await asked_count(first) < 5:  # noqa: ASYNC110 - the sandbox is asked; it tells nobody
                await asyncio.sleep(0.01)
        attempt, arrived = await second.sign_in()
        answered = await second.province.redeem(attempt, arrived)
        still_hanging_count = sum(not one.done() for one in hanging)
        ends = await asyncio.gather(*hanging)
        later = [await refused(first) for _ in range(2)]
        asked, available = await asked_count(first), await told_available(first)

    assert (200, 5) == (answered.status, still_hanging_count)
    assert ["EID_PROVIDER_UNAVAILABLE"] * 5 == ends
    assert [503] * 2 == later, "before anybody types a password"
    assert 5 == asked
    assert {"first": False, "second": True} == available


async def test_n180_failing_provider_harms_no_other(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A provider that fails opens its own circuit; the other one signs people in as ever."""
    async with two_providers(pool, key_ring, tmp_path) as (first, second):
        fault = {"kind": "server_error", "operation": "token"}
        await first.control("POST", "faults", {"action": "add", "faults": [fault]})
        refusals = [await refused(first) for _ in range(7)]
        asked, available = await asked_count(first), await told_available(first)
        attempt, arrived = await second.sign_in()
        answered = await second.province.redeem(attempt, arrived)

    assert 5 == asked, "after five failures nobody is asked any more"
    assert ["EID_PROVIDER_UNAVAILABLE"] * 5 + [503] * 2 == refusals
    assert {"first": False, "second": True} == available
    assert 200 == answered.status
