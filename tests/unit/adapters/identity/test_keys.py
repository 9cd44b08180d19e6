"""The memory of keys with a clock that stands still (electronic identity notes §10, N48-N54)."""

import asyncio
from typing import Any

import pytest

from adapters.identity.keys import KeyMemory, KeyPolicy
from adapters.identity.tokens import PublicKeys
from gateway.errors import TransientFailure
from tests.support.clocks import StillClock


class Provider:
    """Gives another set each time, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self) -> PublicKeys:
        self.asked += 1
        await self.gate.wait()
        if self.is_away:
            raise TransientFailure("away", system="identity.x", operation="jwks")
        return PublicKeys((), self.asked)


@pytest.fixture
def provider() -> Provider:
    return Provider()


def memory(provider: Provider, clock: StillClock) -> KeyMemory:
    return KeyMemory(provider.fetch, clock=clock, policy=KeyPolicy())


async def test_fresh_for_a_quarter_of_an_hour(provider: Provider, clock: StillClock) -> None:
    """A set serves for 900 seconds; then it is read anew."""
    keys = memory(provider, clock)
    first = await keys.current()
    clock.move(900)
    same = await keys.current()
    clock.move(1)
    other = await keys.current()

    assert first is same
    assert other is not same
    assert 2 == provider.asked


async def test_n51_last_good_set_serves_for_a_day(provider: Provider, clock: StillClock) -> None:
    """While the provider is away its last keys serve, and it is asked once a minute; after a day nothing serves."""
    keys = memory(provider, clock)
    good = await keys.current()
    provider.is_away = True
    clock.move(901)
    served = [await keys.current() for _ in range(5)]
    asked = provider.asked
    clock.move(86_400)

    assert [good] * 5 == served
    assert 2 == asked
    with pytest.raises(TransientFailure):
        await keys.current()
    provider.is_away = False
    assert (await keys.current()) is not good


async def test_n48_n49_n54_unknown_keys(provider: Provider, clock: StillClock) -> None:
    """A key that is not known is looked for at once, and once a minute however often it is asked for."""
    keys = memory(provider, clock)
    old = await keys.current()
    new = await keys.after_unknown(old)
    assert new is not None
    again = [await keys.after_unknown(new) for _ in range(50)]
    late = await keys.after_unknown(old)
    clock.move(60)
    third = await keys.after_unknown(new)

    assert [None] * 50 == again
    assert late is new, "who tried an older set gets the newer one"
    assert third is not None
    assert (3, 53) == (provider.asked, keys.unknown_count)


async def test_one_question_for_many(provider: Provider, clock: StillClock) -> None:
    """Twenty who need the keys at once cause one question; one who gives up does not take it from the others."""
    keys = memory(provider, clock)
    provider.gate.clear()
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(keys.current()) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    provider.gate.set()
    got = await asyncio.gather(*waiting[1:])

    assert 1 == provider.asked
    assert 1 == len({id(one) for one in got})
    assert waiting[0].cancelled()


async def test_failure_of_a_forced_look(provider: Provider, clock: StillClock) -> None:
    """A look that fails is an error to whoever wanted it, and leaves what is known."""
    keys = memory(provider, clock)
    known = await keys.current()
    provider.is_away = True
    with pytest.raises(TransientFailure):
        await keys.after_unknown(known)

    assert known is await keys.current()
