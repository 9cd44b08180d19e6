"""A province with two providers: neither is taken for the other, and neither suffers from the other."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from adapters.identity.sandbox import IdentitySandbox, Mode
from adapters.sandboxing import RunningSandbox
from gateway.demo.browser import Arrived
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import new_browser, province_portal
from tests.support.sign_on import SignOn, running_sign_on, section_of


@contextlib.asynccontextmanager
async def two_providers(
    pool: Any, key_ring: FileKeyRing, folder: Path, second: Mode = Mode.P2, **identity: Any
) -> AsyncIterator[tuple[SignOn, SignOn]]:
    """Run a portal with the providers "first" (p1) and "second", seen by one browser."""
    started: list[tuple[IdentitySandbox, RunningSandbox]] = []

    @contextlib.asynccontextmanager
    async def sections(public: str) -> AsyncIterator[list[dict[str, Any]]]:
        async with contextlib.AsyncExitStack() as cleanup:
            made = []
            for name, mode in (("first", Mode.P1), ("second", second)):
                sandbox, running = await cleanup.enter_async_context(running_sign_on(public, mode, name))
                started.append((sandbox, running))
                made.append(section_of(sandbox, running.url, public, name, folder))
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
    """One person through two providers is two subjects; the number finds the account, which is linked to both."""
    async with two_providers(pool, key_ring, tmp_path) as (first, second):
        attempt, arrived = await second.sign_in("citizen-2")
        one = (await second.province.redeem(attempt, arrived)).json
        created = await second.province.api.call(
            "POST",
            "/v1/identity/links",
            body={
                "sign_in_id": one["sign_in"]["sign_in_id"],
                "account_ref": "acc-1",
                "proof": "created",
                "by": "portal",
            },
        )
        async with new_browser() as other:
            first.browser = other
            attempt, arrived = await first.sign_in("citizen-2")
            two = (await first.province.redeem(attempt, arrived)).json
        links = (await first.province.api.get("/v1/identity/accounts/acc-1/links")).json["links"]

    assert "create" == one["link"]["decision"]
    assert 200 == created.status, created.body
    # P1 says nothing of a level, so the second link is not made by itself: the citizen proves the account.
    assert ("proof_required", "acc-1") == (two["link"]["decision"], two["link"]["account_ref"])
    assert ["second"] == [link["provider"] for link in links]


async def test_n180_slow_provider_harms_no_other(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A provider that does not answer opens its own circuit; the other one signs people in as ever."""
    async with two_providers(pool, key_ring, tmp_path) as (first, second):
        await first.control(
            "POST", "faults", {"action": "add", "faults": [{"kind": "server_error", "operation": "token"}]}
        )
        refusals = []
        for _ in range(7):
            async with new_browser() as browser:
                first.browser = browser
                _, arrived = await first.sign_in()
                assert not isinstance(arrived, Arrived) or "error" in arrived.query
                refusals.append(arrived.query["error"] if isinstance(arrived, Arrived) else arrived.status)
        asked = (await first.control("GET", "counters"))["by_operation"]["token"]
        providers = (await first.province.api.get("/v1/identity/providers")).json["providers"]
        attempt, arrived = await second.sign_in()
        answered = await second.province.redeem(attempt, arrived)

    assert 5 == asked, "after five failures nobody is asked any more"
    assert ["EID_PROVIDER_UNAVAILABLE"] * 5 + [503] * 2 == refusals
    assert {"first": False, "second": True} == {one["name"]: one["is_available"] for one in providers}
    assert 200 == answered.status
