"""A province that keeps every promise has nothing held against it."""

from adapters.monitoring.sandbox import Habit
from joserfc.jwk import OKPKey

from tests.integration.monitoring.monitoring_helpers import found, stage
from tests.support.monitoring_province import Province
from tests.support.monitoring_story import V1, V4, changes, honest_province, numbers
from tests.support.monitoring_province import head


async def test_an_honest_province_has_nothing_held_against_it() -> None:
    """Six publications of three kinds of period, four versions of one, through pages of two."""
    async with stage(honest_province()) as there:
        done = await there.puller.pull()

        assert () == there.puller.findings
        assert done.is_complete
        assert [made.line["id"] for made in there.province.published] == list(done.snapshot_ids)
        assert 6 == len(there.puller.dump()["snapshots"])
