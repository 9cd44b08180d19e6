"""One renewal for all callers, in time, and not at once again after a failure (notes §15 row 12, §18 N20)."""

import asyncio

import pytest

from adapters.population.credentials import Token
from adapters.population.tokens import TokenKeeper
from adapters.transport.tokens import COOL_DOWN_SECONDS
from gateway.errors import RemoteError, TransientFailure
from tests.support.clocks import StillClock


class Service:
    """Gives tokens, numbered; or fails, or takes its time."""

    def __init__(self, clock: StillClock, life_seconds: float = 3600.0) -> None:
        self.clock = clock
        self.life_seconds = life_seconds
        self.given = 0
        self.takes_seconds = 0.0
        self.failure: RemoteError | None = None
        self.gate: asyncio.Event | None = None

    async def fetch(self) -> Token:
        self.given += 1
        number = self.given
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        self.clock.move(self.takes_seconds)
        if self.failure is not None:
            raise self.failure
        return Token(value=f"t{number}", life_seconds=self.life_seconds)


def made(life_seconds: float = 3600.0, margin_seconds: float = 300.0) -> tuple[TokenKeeper, Service, StillClock]:
    clock = StillClock()
    service = Service(clock, life_seconds)
    return TokenKeeper(service.fetch, margin_seconds=margin_seconds, clock=clock), service, clock


def away() -> TransientFailure:
    return TransientFailure("away", system="population", operation="token", code="http_503")


async def test_n20_a_hundred_callers_fetch_one() -> None:
    """At the start, and again when it is over."""
    keeper, service, clock = made()
    first = await asyncio.gather(*(keeper.obtain() for _ in range(100)))
    clock.move(3600)
    second = await asyncio.gather(*(keeper.obtain() for _ in range(100)))

    assert ({"t1"}, {"t2"}, 2) == ({t.value for t in first}, {t.value for t in second}, service.given)


@pytest.mark.parametrize(
    ("life", "margin", "renewed_after"),
    [(3600.0, 300.0, 3300.0), (400.0, 300.0, 200.0), (10.0, 300.0, 5.0), (3600.0, 0.0, 3600.0), (600.0, 300.0, 300.0)],
)
async def test_a_token_is_renewed_in_time(life: float, margin: float, renewed_after: float) -> None:
    """The margin before its end; a short-lived one after half its life, not at every call."""
    keeper, service, clock = made(life, margin)
    await keeper.obtain()
    clock.move(renewed_after - 0.5)
    before = (await keeper.obtain()).value
    clock.move(0.5)

    assert ("t1", "t2", 2) == (before, (await keeper.obtain()).value, service.given)


async def test_the_life_counts_from_before_the_call() -> None:
    """A slow service does not make it look longer."""
    keeper, service, clock = made(1000.0, 100.0)
    service.takes_seconds = 500.0
    await keeper.obtain()
    clock.move(399.0)
    assert "t1" == (await keeper.obtain()).value
    clock.move(1.0)

    assert "t2" == (await keeper.obtain()).value


async def test_a_set_clock_ends_no_token() -> None:
    """Only passed time does."""
    keeper, service, clock = made()
    await keeper.obtain()
    clock.set(clock.now().replace(year=2030))

    assert ("t1", 1) == ((await keeper.obtain()).value, service.given)


async def test_n20_a_refused_token_is_renewed_once() -> None:
    """By the first who says so; the others, who were refused the same one, take what came of it."""
    keeper, service, _ = made()
    old = await keeper.obtain()
    renewed = await asyncio.gather(*(keeper.obtain(refused=old) for _ in range(100)))

    assert ({"t2"}, 2) == ({token.value for token in renewed}, service.given)
    assert "t2" == (await keeper.obtain()).value


async def test_n20_a_service_that_is_away_is_left_alone() -> None:
    """A hundred callers ask once; after the pause it is asked again, and works."""
    keeper, service, clock = made()
    service.failure = away()
    results = await asyncio.gather(*(keeper.obtain() for _ in range(100)), return_exceptions=True)
    asked_meanwhile = service.given
    clock.move(COOL_DOWN_SECONDS - 0.1)
    with pytest.raises(TransientFailure):
        await keeper.obtain()
    service.failure = None
    clock.move(0.1)

    assert (1, 1) == (asked_meanwhile, service.given)
    assert {"http_503"} == {getattr(one, "code", None) for one in results}
    assert "t2" == (await keeper.obtain()).value


async def test_a_failure_that_is_told_often_does_not_grow() -> None:
    """One error for all callers carries the frames of one (found 2026-11-25)."""
    keeper, service, _ = made()
    service.failure = away()
    depths = []
    for _ in range(50):
        with pytest.raises(TransientFailure) as caught:
            await keeper.obtain()
        depths.append(len(caught.traceback))

    assert max(depths[1:]) == depths[1]
    assert 1 == service.given


async def test_a_living_token_outlives_a_refusal_of_another() -> None:
    """Who was refused an older one than the kept takes the kept."""
    keeper, service, _ = made()
    old = await keeper.obtain()
    await keeper.obtain(refused=old)

    assert ("t2", 2) == ((await keeper.obtain(refused=old)).value, service.given)


async def test_a_cancelled_renewal_does_not_stop_the_others() -> None:
    """The next caller renews; nobody waits for ever."""
    keeper, service, _ = made()
    service.gate = asyncio.Event()
    first = asyncio.create_task(keeper.obtain())
    second = asyncio.create_task(keeper.obtain())
    await asyncio.sleep(0)
    first.cancel()
    service.gate.set()

    assert "t2" == (await asyncio.wait_for(second, 1)).value
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_other_errors_start_no_pause() -> None:
    """What is no failure over there is not remembered."""
    keeper, service, _ = made()
    calls = 0

    async def fetch() -> Token:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("ours")
        return await service.fetch()

    keeper = TokenKeeper(fetch, margin_seconds=300, clock=service.clock)
    with pytest.raises(RuntimeError):
        await keeper.obtain()

    assert "t1" == (await keeper.obtain()).value
