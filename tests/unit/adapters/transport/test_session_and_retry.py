"""One login serves all tasks, and only reads without effect are tried again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapters.transport.retry import ReadRetry
from adapters.transport.session import InMemorySession
from adapters.transport.settings import TransportSettings
from gateway.errors import CredentialsRefused, RateLimited, RemoteError, TransientFailure
from gateway.ports.portal import SharedSession
from tests.unit.adapters.transport.fakes import FixedChance, ManualClock


class Logins:
    """Gives session-1, session-2, … and counts."""

    def __init__(self, life_seconds: float = 600.0) -> None:
        self.count = 0
        self.life_seconds = life_seconds
        self.fails = False

    async def __call__(self) -> tuple[str, float]:
        self.count += 1
        await asyncio.sleep(0)
        if self.fails:
            raise TransientFailure("x", system="portal", operation="login")
        return f"session-{self.count}", self.life_seconds


async def test_many_tasks_share_one_login() -> None:
    """Twenty callers at once cause one login."""
    session: SharedSession = InMemorySession(ManualClock())
    login = Logins()
    tokens = await asyncio.gather(*(session.obtain(login) for _ in range(20)))
    assert (1, {"session-1"}) == (login.count, set(tokens))


async def test_a_refused_session_is_renewed_once_for_all() -> None:
    """Twenty callers that were refused with the same session cause one renewal; a late refusal causes none."""
    session = InMemorySession(ManualClock())
    login = Logins()
    old = await session.obtain(login)
    tokens = await asyncio.gather(*(session.obtain(login, refused=old) for _ in range(20)))
    assert (2, {"session-2"}) == (login.count, set(tokens))
    assert "session-2" == await session.obtain(login, refused=old)
    assert 2 == login.count


async def test_a_session_ends_with_its_life() -> None:
    """A session is used up to its life and not a moment longer."""
    clock = ManualClock()
    session = InMemorySession(clock)
    login = Logins(life_seconds=10.0)
    await session.obtain(login)
    clock.advance(9.9)
    assert "session-1" == await session.obtain(login)
    clock.advance(0.1)
    assert "session-2" == await session.obtain(login)


async def test_a_failed_renewal_leaves_no_refused_session() -> None:
    """After a login that failed the refused session is not given out again."""
    session = InMemorySession(ManualClock())
    login = Logins()
    old = await session.obtain(login)
    login.fails = True
    with pytest.raises(TransientFailure):
        await session.obtain(login, refused=old)
    login.fails = False
    assert "session-3" == await session.obtain(login)


def transient() -> RemoteError:
    return TransientFailure("x", system="portal", operation="look_up")


class Failing:
    """Fails a number of times with what is made for it, then gives "done"."""

    def __init__(self, times: int, make: Callable[[], RemoteError] = transient) -> None:
        self.calls = 0
        self._times = times
        self._make = make

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._times:
            raise self._make()
        return "done"


async def tried(read: Callable[[], Awaitable[str]], **settings: float) -> tuple[object, list[float]]:
    """Give the result or the error, and the waits."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    retry = ReadRetry(TransportSettings.model_validate(settings), chance=FixedChance(1.0), sleep=sleep)
    try:
        return await retry.run(read), waits
    except RemoteError as error:
        return error, waits


async def test_any_callable_that_gives_something_to_await_is_tried_again() -> None:
    """Not only coroutine functions: a lambda's second try is awaited as well."""
    failing = Failing(1)

    assert ("done", [0.2]) == await tried(lambda: failing())


async def test_a_read_is_tried_again_with_growing_waits() -> None:
    """Waits double up to the ceiling, and the first success counts."""
    assert ("done", [0.2, 0.4]) == await tried(Failing(2))
    assert ("done", [1.0, 1.5, 1.5, 1.5]) == await tried(
        Failing(4), read_attempts=5, read_retry_first_seconds=1.0, read_retry_max_seconds=1.5
    )


async def test_tries_end() -> None:
    """After the last try the failure itself is raised."""
    read = Failing(99)
    result, waits = await tried(read)
    assert (TransientFailure, 3, 2) == (type(result), read.calls, len(waits))
    read = Failing(99)
    _, waits = await tried(read, read_attempts=1)
    assert (1, []) == (read.calls, waits)


@pytest.mark.parametrize("kind", [RateLimited, CredentialsRefused])
async def test_other_failures_are_not_tried_again(kind: type[RemoteError]) -> None:
    """A wish for patience and a refusal are the schedule's business."""
    read = Failing(1, lambda: kind("x", system="portal", operation="look_up"))
    result, waits = await tried(read)
    assert (kind, 1, []) == (type(result), read.calls, waits)
