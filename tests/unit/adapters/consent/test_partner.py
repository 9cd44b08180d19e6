"""One login for all callers, renewed in time, and not given up lightly."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.consent.partner import COOL_DOWN_SECONDS, PASSING_COOL_DOWN_SECONDS, PartnerLogin
from adapters.consent.protocol import Tokens
from gateway.errors import CredentialsRefused, RateLimited, RemoteError, TransientFailure
from tests.support.clocks import StillClock


class Hub:
    """Gives numbered tokens; fails where it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failures: list[RemoteError | None] = []
        self.refresh_life_seconds = 604_800.0

    async def log_in(self) -> Tokens:
        return await self._give("login")

    async def refresh(self, token: str) -> Tokens:
        return await self._give(f"refresh {token}")

    async def _give(self, call: str) -> Tokens:
        self.calls.append(call)
        number = len(self.calls)
        await asyncio.sleep(0)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        return Tokens(
            access=f"a{number}",
            refresh=f"r{number}",
            life_seconds=1800.0,
            refresh_life_seconds=self.refresh_life_seconds,
        )


def make(hub: Hub, clock: StillClock) -> PartnerLogin:
    return PartnerLogin(log_in=hub.log_in, refresh=hub.refresh, renew_at_life=0.8, clock=clock)


def lost() -> RemoteError:
    return TransientFailure("no connection", system="consent.vneid", operation="refresh")


def patience(seconds: float) -> RemoteError:
    return RateLimited("later", system="consent.vneid", operation="login", retry_after_seconds=seconds)


def refused() -> RemoteError:
    return CredentialsRefused("refused", system="consent.vneid", operation="refresh")


async def crowd(login: PartnerLogin, *, refused: str = "") -> Sequence[str]:
    return await asyncio.gather(*(login.obtain(refused=refused) for _ in range(20)))


async def test_twenty_callers_make_one_login_and_one_renewal() -> None:
    """At 80 % of the life one of them renews with the refresh token; before that nobody does."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    assert {"a1"} == set(await crowd(login))
    clock.move(1439.9)
    assert {"a1"} == set(await crowd(login))
    clock.move(0.2)
    assert {"a2"} == set(await crowd(login))
    assert ["login", "refresh r1"] == hub.calls


async def test_a_refused_token_is_replaced_once_by_logging_in() -> None:
    """Everybody whose call was refused gets the same new token; the refused one is never given again."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    first = await login.obtain()
    assert {"a2"} == set(await crowd(login, refused=first))
    assert "a2" == await login.obtain()
    assert ["login", "login"] == hub.calls


async def test_a_renewal_that_fails_leaves_a_living_token_in_use() -> None:
    """The next try waits; when the token has ended, the failure is told."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    await login.obtain()
    clock.move(1500)
    hub.failures = [lost(), lost()]
    assert {"a1"} == set(await crowd(login))
    assert ["login", "refresh r1"] == hub.calls
    clock.move(COOL_DOWN_SECONDS - 1)
    assert "a1" == await login.obtain()
    assert 2 == len(hub.calls)
    clock.move(300)
    with pytest.raises(TransientFailure):
        await login.obtain()
    clock.move(PASSING_COOL_DOWN_SECONDS)
    assert "a4" == await login.obtain()


async def test_a_refresh_token_that_is_not_taken_leads_to_a_login() -> None:
    """In the same renewal."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    await login.obtain()
    clock.move(1500)
    hub.failures = [refused()]
    assert "a3" == await login.obtain()
    assert ["login", "refresh r1", "login"] == hub.calls


async def test_a_refresh_token_that_has_ended_is_not_tried() -> None:
    """Its life is counted from when it was asked for."""
    hub, clock = Hub(), StillClock()
    hub.refresh_life_seconds = 1000.0
    login = make(hub, clock)
    await login.obtain()
    clock.move(1500)
    assert "a2" == await login.obtain()
    assert ["login", "login"] == hub.calls


async def test_a_login_that_fails_is_told_and_forgotten() -> None:
    """The refused token does not come back with the next caller."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    first = await login.obtain()
    hub.failures = [refused()]
    with pytest.raises(CredentialsRefused):
        await login.obtain(refused=first)
    clock.move(COOL_DOWN_SECONDS)
    assert "a3" == await login.obtain()


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (refused(), COOL_DOWN_SECONDS),
        (lost(), PASSING_COOL_DOWN_SECONDS),
        (patience(10.0), 10.0),
        (patience(86_400.0), COOL_DOWN_SECONDS),
    ],
)
async def test_a_login_that_fails_is_tried_by_one_of_all_callers(failure: RemoteError, seconds: float) -> None:
    """The others, and whoever comes within the cool-down, are told of the same failure: no account is locked by a
    wrong password that is sent again and again, and nobody waits behind those who wait."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    hub.failures = [failure]
    told = await asyncio.gather(*(login.obtain() for _ in range(20)), return_exceptions=True)
    clock.move(seconds - 0.1)
    with pytest.raises(type(failure)):
        await login.obtain()
    assert {failure} == set(told)
    assert ["login"] == hub.calls
    clock.move(0.1)
    assert "a2" == await login.obtain()


async def test_a_wall_clock_that_jumps_ends_no_login() -> None:
    """Lives are measured on the monotonic clock."""
    hub, clock = Hub(), StillClock()
    login = make(hub, clock)
    await login.obtain()
    clock.set(clock.now().replace(year=2030))
    assert "a1" == await login.obtain()
