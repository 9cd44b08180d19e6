"""What changed between versions, over the API."""

from dataclasses import replace
from typing import Any

from gateway.model.procedure import Named, Procedure
from tests.support.api import ApiUnderTest
from tests.support.procedures import store_procedure

FIRST = Procedure(code="1.999001", name="Thủ tục", is_public=True)
SECOND = replace(FIRST, is_public=False, sectors=(Named(code="G99-LV01", name="Lĩnh vực thử"),))


async def test_changes_are_told_with_sentences(api: ApiUnderTest, pool: Any) -> None:
    """The last version is compared with the one before, or with the one asked for; the same version has not changed."""
    await store_procedure(pool, FIRST, 1)
    await store_procedure(pool, SECOND, 2)
    told = (await api.get("/v1/procedures/1.999001/versions/2/changes")).json
    assert (1, 2) == (told["since"], told["version_number"])
    assert ["publication_changed", "sector_added"] == [change["kind"] for change in told["changes"]]
    assert all(change["sentence_vi"] and change["sentence_en"] for change in told["changes"])
    same = (await api.get("/v1/procedures/1.999001/versions/2/changes?since=2")).json
    assert [] == same["changes"]


async def test_a_version_that_was_never_seen_has_no_changes(api: ApiUnderTest, pool: Any) -> None:
    """An unknown version is not found, on either side."""
    await store_procedure(pool, FIRST, 1)
    for path in ("versions/2/changes", "versions/1/changes?since=2"):
        assert (await api.get(f"/v1/procedures/1.999001/{path}")).problem == "procedure-not-found"
