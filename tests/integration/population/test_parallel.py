"""Many officers at once through one adapter, and callers who go away in the middle (notes §18 N20, N21)."""

import asyncio
from typing import Any

import pytest

from adapters.population.sandbox import SEEDS
from adapters.sandboxing import FaultKind, FaultSpec
from gateway.model.citizen import Asker, VerificationReply
from gateway.ports.population import CitizenQuestion
from tests.support.population import ASKER, EDGES, Population, population, subject_of

_NAMES = ("plain", "apostrophe", "born_2000_or_later", "registered_abroad", "three_part_name")
_COUNT = 50


def keys() -> dict[str, tuple[str, str]]:
    return {f"canbo.{place}": (f"khoa-{place}", f"mat-khau-{place}") for place in range(_COUNT)}


def settings_of(edge: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give changes of the sandbox's profile and of the edge's section: at one edge every officer has a key."""
    if edge != "lgsp":
        return {}, {}
    profile = {"officer_keys": {code: ":".join(pair) for code, pair in keys().items()}}
    officers = {code: {"name": name, "password": {"value": word}} for code, (name, word) in keys().items()}
    return profile, {"officers": officers}


async def ask_as(setup: Population, place: int) -> bool:
    """Ask about one of several people as one of fifty officers; tell whether the answer is about that one."""
    name = _NAMES[place % len(_NAMES)]
    asker = Asker(officer_code=f"canbo.{place}", procedure_code=f"1.999{place:03}")
    if place % 2:
        return (await setup.adapter.verify(subject_of(name), asker)).exists
    reply = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of(name), asker)
    return [SEEDS[name].number] == [record.personal_number for record in reply.records]


@pytest.mark.parametrize("edge", sorted(EDGES))
async def test_n21_fifty_officers_at_every_edge(edge: str) -> None:
    """Each request carries its own officer, procedure, service, id, and (which the database checks) hash and key."""
    profile, section = settings_of(edge)
    async with population(edge, profile=profile, section=section) as setup:
        right = await asyncio.gather(*(ask_as(setup, place) for place in range(_COUNT)))
        calls = [call for call in setup.sandbox.recorder.calls() if call.item_codes]

    noted = [(call.notes or {}) for call in calls]
    services = {(place, "033" if place % 2 else "037") for place in range(_COUNT)}
    told = {(int(note["procedure"][5:]), note["service"]) for note in noted}
    assert all(right)
    assert {(f"canbo.{place}", f"1.999{place:03}") for place in range(_COUNT)} == {
        (note["officer"], note["procedure"]) for note in noted
    }
    assert services == told
    assert _COUNT == len({call.item_codes for call in calls})


async def test_n21_fifty_officers_with_retries_between() -> None:
    """Attempts that get no answer do not mix with those of others."""
    async with population() as setup:
        setup.sandbox.add_fault(FaultSpec(kind=FaultKind.DROP_REPLY, calls=30))
        right = await asyncio.gather(*(ask_as(setup, place) for place in range(_COUNT)), return_exceptions=True)
        ids = [code for call in setup.sandbox.recorder.calls() for code in call.item_codes]

    assert {True} == {one for one in right if not isinstance(one, BaseException)}
    assert len(ids) == len(set(ids)) == _COUNT + 30


async def cancelled(task: "asyncio.Task[Any]") -> bool:
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def until(setup: Population, count: int) -> None:
    """Wait until the database has so many calls."""
    for _ in range(500):
        if len(setup.sandbox.recorder.calls()) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the calls did not come")


@pytest.mark.parametrize("kind", [FaultKind.STALL_AFTER_WORK, FaultKind.STALL_BEFORE_BODY, FaultKind.SLOW_TRICKLE])
async def test_a_call_that_is_cancelled_leaves_no_turn_taken(kind: FaultKind) -> None:
    """In the middle of an exchange, at each of its stages, more often than there are turns."""
    async with population(max_parallel=2, look_up_seconds=1.0) as setup:
        for number in range(6):
            setup.sandbox.add_fault(FaultSpec(kind=kind, calls=1, delay_seconds=5.0))
            task = asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER))
            await until(setup, number + 1)
            await asyncio.sleep(0.02)
            assert await cancelled(task)
        answers = await asyncio.gather(*(setup.adapter.verify(subject_of("plain"), ASKER) for _ in range(4)))

    assert [True] * 4 == [answer.exists for answer in answers]


async def test_a_caller_who_goes_away_while_waiting_takes_no_turn() -> None:
    """Whoever waited behind gets it."""
    async with population(max_parallel=1, look_up_seconds=2.0) as setup:
        setup.sandbox.add_fault(FaultSpec(kind=FaultKind.STALL_AFTER_WORK, calls=1, delay_seconds=5.0))
        first = asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER))
        await until(setup, 1)
        waiting = [asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER)) for _ in range(10)]
        await asyncio.sleep(0.02)
        gone = [await cancelled(task) for task in waiting[:9]]
        # The turn is given and taken back in the same step of the loop.
        first.cancel()
        await asyncio.sleep(0)
        last = await waiting[9]
        assert await cancelled(first)
        again = await setup.adapter.verify(subject_of("plain"), ASKER)

    assert [True] * 9 == gone
    assert isinstance(last, VerificationReply)
    assert again.exists


async def test_a_turn_that_is_given_to_a_caller_who_goes_away_passes_on() -> None:
    """Given and cancelled in one step of the loop: the next one in the row has it."""
    async with population(max_parallel=1, look_up_seconds=2.0) as setup:
        setup.sandbox.add_fault(FaultSpec(kind=FaultKind.STALL_AFTER_WORK, calls=1, delay_seconds=5.0))
        first = asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER))
        await until(setup, 1)
        second = asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER))
        third = asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER))
        await asyncio.sleep(0.02)
        first.cancel()
        second.cancel()

        assert (await third).exists
        assert await cancelled(second)


async def test_n20_a_cancelled_renewal_leaves_the_others_served() -> None:
    """The one who fetches the token goes away; the others get one."""
    async with population("oauth2", max_parallel=4) as setup:
        tasks = [asyncio.create_task(setup.adapter.verify(subject_of("plain"), ASKER)) for _ in range(8)]
        await asyncio.sleep(0)
        assert await cancelled(tasks[0])
        answers = await asyncio.gather(*tasks[1:])

    assert [True] * 7 == [answer.exists for answer in answers]
