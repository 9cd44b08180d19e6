"""The provider's keys as they change: announced, used, withdrawn, away, invented (notes §17 N47-N54)."""

from pathlib import Path
from typing import Any

from gateway.demo.browser import Arrived
from gateway.vault.keyring import FileKeyRing
from tests.support.identity import new_browser
from tests.support.sign_on import SignOn, sign_on


async def outcome(setup: SignOn) -> str:
    """Sign in with a new browser: "signed_in", or the refusal."""
    async with new_browser() as browser:
        setup.browser = browser
        attempt, arrived = await setup.sign_in()
        assert isinstance(arrived, Arrived)
        if "error" in arrived.query:
            return arrived.query["error"]
        answered = await setup.province.redeem(attempt, arrived)
        return "signed_in" if answered.status == 200 else answered.problem


async def looks(setup: SignOn) -> int:
    return int((await setup.control("GET", "counters"))["by_operation"].get("keys", 0))


async def test_n49_rotation_as_it_should_go(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Announced, used, the old one withdrawn: nobody notices."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        seen = [await outcome(setup)]
        for action in ("add", "promote", "remove"):
            await setup.control("POST", "keys", {"action": action})
            seen.append(await outcome(setup))

        assert ["signed_in"] * 4 == seen
        assert 2 == await looks(setup)


async def test_n47_token_without_key_id(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Among two keys a token must name its own."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await setup.control("POST", "keys", {"action": "add"})
        await setup.control("POST", "attacks", {"kind": "no_key_id_among_two"})

        assert "EID_TOKEN_INVALID" == await outcome(setup)


async def test_n48_n54_invented_keys_cause_one_look_a_minute(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """However many tokens name keys that nobody knows, the provider is asked once a minute."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await outcome(setup)
        await setup.control("POST", "attacks", {"kind": "unknown_key_id", "calls": 6})
        flood = [await outcome(setup) for _ in range(5)]
        after_flood = await looks(setup)
        setup.province.clock.move(61)
        setup.sandbox.state.clock.ahead_seconds += 61
        flood.append(await outcome(setup))
        after_a_minute = await looks(setup)

        assert ["EID_TOKEN_INVALID"] * 6 == flood
        assert (2, 3) == (after_flood, after_a_minute)
        assert "signed_in" == await outcome(setup)


async def test_n50_withdrawn_key(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A key that was withdrawn verifies nothing any more once the keys have been looked at anew."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await outcome(setup)
        await setup.control("POST", "keys", {"action": "add"})
        await setup.control("POST", "keys", {"action": "remove"})  # and the old one still signs
        while_fresh = await outcome(setup)
        setup.province.clock.move(901)
        setup.sandbox.state.clock.ahead_seconds += 901

        assert "signed_in" == while_fresh
        assert "EID_TOKEN_INVALID" == await outcome(setup)


async def test_n51_keys_cannot_be_had(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The last good keys serve for a day; after that nobody is signed in on a guess."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await outcome(setup)
        fault = {"kind": "server_error", "operation": "keys", "calls": 1000}
        await setup.control("POST", "faults", {"action": "add", "faults": [fault]})
        seen = []
        for seconds in (901, 3600, 82_000):
            setup.province.clock.move(seconds)
            setup.sandbox.state.clock.ahead_seconds += seconds
            seen.append(await outcome(setup))

        assert ["signed_in", "signed_in", "EID_PROVIDER_UNAVAILABLE"] == seen


async def test_new_key_that_cannot_be_had_is_no_wrong_key(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """A token of a key that is new while the keys cannot be read is not called invalid: the provider is away."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await outcome(setup)
        for action in ("add", "promote"):
            await setup.control("POST", "keys", {"action": action})
        fault = {"kind": "server_error", "operation": "keys", "calls": 1000}
        await setup.control("POST", "faults", {"action": "add", "faults": [fault]})
        away = [await outcome(setup), await outcome(setup)]
        asked_count = await looks(setup)
        await setup.control("POST", "faults", {"action": "clear"})
        setup.province.clock.move(61)
        setup.sandbox.state.clock.ahead_seconds += 61

        assert ["EID_PROVIDER_UNAVAILABLE"] * 2 == away
        assert "signed_in" == await outcome(setup)
        assert asked_count <= 3, "the first, and one forced look with its repetitions"


async def test_slow_keys_delay_one_sign_in(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Twenty citizens who come at once wait for one look at the keys."""
    import asyncio

    async with sign_on(pool, key_ring, tmp_path) as setup:
        fault = {"kind": "stall_after_work", "operation": "keys", "delay_seconds": 0.5}
        await setup.control("POST", "faults", {"action": "add", "faults": [fault]})

        async def one() -> str:
            async with new_browser() as browser:
                attempt = await setup.province.begin()
                page = await browser.open(attempt.start_url)
                arrived = await browser.submit(page, person="citizen-1", action="sign_in")
                return str((await setup.province.redeem(attempt, arrived)).status)

        assert ["200"] * 20 == await asyncio.gather(*(one() for _ in range(20)))
        assert 1 == await looks(setup)
