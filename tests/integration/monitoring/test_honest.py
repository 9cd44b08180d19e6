"""A province that keeps every promise has nothing held against it, whatever the puller does."""

import asyncio
import json

import pytest

from adapters.monitoring.sandbox import FindingKind, Habit
from tests.integration.monitoring.monitoring_helpers import found, stage
from tests.support.monitoring_documents import head, number
from tests.support.monitoring_story import V4, changes, honest_province, numbers


async def test_an_honest_province_has_nothing_held_against_it() -> None:
    """Six publications of three kinds of period, four versions of one, through pages of two."""
    async with stage(honest_province()) as there:
        done = await there.puller.pull()

        assert () == there.puller.findings
        assert done.is_complete
        assert [made.line["id"] for made in there.province.published] == list(done.snapshot_ids)
        dumped = json.loads(json.dumps(there.puller.dump()))
        assert 6 == len(dumped["snapshots"])
        assert 18 == len(dumped["restatements"]) + len(dumped["snapshots"]) + len(dumped["indicators"])


async def test_a_second_round_pulls_what_is_new_and_nothing_twice() -> None:
    """It asks from the last position on, and looks at the newest of the older ones by entity tag only."""
    async with stage(honest_province(), rechecks_count=1) as there:
        await there.puller.pull()
        there.province.seen.clear()
        old = head(4, "restated")
        told = head(5, "restated")
        told_numbers = numbers({**V4, "N": (2, 3)})
        there.province.publish(told, told_numbers, ["late_sync"])
        there.province.restatements += changes(old, told, numbers(V4), told_numbers)

        done = await there.puller.pull()

        assert () == there.puller.findings
        assert (told["id"],) == done.snapshot_ids
        assert "6" == there.province.asked("/snapshots")[0].query["since"]
        assert "6" == there.province.asked("/restatements")[0].query["since"]
        tagged = [request for request in there.province.seen if "If-None-Match" in request.headers]
        assert {f"/monitoring/v1/snapshots/{old['id']}/data.{form}" for form in ("json", "csv", "jsonl")} == {
            request.path for request in tagged
        }


@pytest.mark.parametrize("habit", Habit)
async def test_bad_habits_of_a_puller_harm_nothing(habit: Habit) -> None:
    """Pulling twice at once, hanging up, ignoring tags, asking for what there is not, a wrong token, hammering: an
    honest province answers each as it should, and the round that follows is whole."""
    async with stage(honest_province(), habits=[habit], hammer_calls=20) as there:
        await there.puller.pull()
        await there.puller.pull()

        assert () == there.puller.findings
        assert 6 == len(there.puller.store.snapshots)
        tagged = any("If-None-Match" in request.headers for request in there.province.seen)
        assert (habit is not Habit.IGNORES_ETAGS) == tagged


async def test_rounds_asked_for_at_once_follow_each_other() -> None:
    """The second finds nothing new."""
    async with stage(honest_province()) as there:
        rounds = await asyncio.gather(there.puller.pull(), there.puller.pull())
        assert [6, 0] == [len(done.snapshot_ids) for done in rounds]
        assert () == there.puller.findings


@pytest.mark.parametrize(
    ("headers", "waited"), [({"Retry-After": "7"}, 7.0), ({"Retry-After": "Mon, 05 Jan 2026 08:00:09 GMT"}, 9.0)]
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_wish_to_wait_is_honoured(status: int, headers: dict[str, str], waited: float) -> None:
    """The puller comes back after the time that it is told, as seconds or as a date."""
    province = honest_province()
    province.answer_once("/targets", status, headers)
    async with stage(province) as there:
        done = await there.puller.pull()
        assert done.is_complete
        assert [waited] == there.waits
        assert () == there.puller.findings


async def test_questions_are_answered_live_and_as_published() -> None:
    """Live figures have version 0; the latest version is the snapshot's own."""
    async with stage(honest_province()) as there:
        await there.puller.pull()
        live = await there.puller.ask("month", "2026-08", indicator=["U2", "T1"], scope="province")
        latest = await there.puller.ask("month", "2026-08", version="latest")

        assert live is not None
        assert latest is not None
        assert ("live", 4, 15) == (live.head.status, latest.head.version, len(latest.observations))
        assert ["U2", "T1"] == there.province.asked("/indicators")[0].query.getall("indicator")
        assert {"rules": [{"rule": "DQ-01", "count": 1}]} == await there.puller.read("/quality", period="2026-08")
        assert () == there.puller.findings


async def test_a_period_that_is_not_there_is_refused_and_that_is_told() -> None:
    """A question of the caller's that the province refuses is a finding: the caller knows what to expect."""
    async with stage(honest_province()) as there:
        assert None is await there.puller.ask("month", "2026-13")
        assert {FindingKind.CONTRACT_BROKEN} == there.kinds()


async def test_reading_a_period_for_the_first_time_needs_no_log() -> None:
    """A first version changes nothing."""
    province = honest_province()
    province.restatements.clear()
    del province.published[2:]
    province.publish(
        head(1, "preliminary", name="2026W35", period_type="week", start="2026-08-24", end="2026-08-31"), []
    )
    province.live.append(number("T1", 1, 1))
    assert {} == await found(province)
