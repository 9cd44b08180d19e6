"""How a province answers, and what it does to its own past, is held against it."""

import json

import pytest

from adapters.monitoring.sandbox import FindingKind, Habit
from tests.integration.monitoring.monitoring_helpers import found, stage
from tests.support.monitoring_documents import head, number
from tests.support.monitoring_story import honest_province

V1, QUARTER, V2, WEEK, V3, V4 = (made.line["id"] for made in honest_province().published)


async def test_a_past_that_is_rewritten_is_found() -> None:
    """Whoever holds the key can sign another history, and not for one who pulled the first."""
    province = honest_province()
    async with stage(province, rechecks_count=0) as there:
        await there.puller.pull()
        province.published[4].manifest["reasons"] = ["dedup"]
        province.reseal()
        await there.puller.pull()

        assert {(FindingKind.CHAIN_BROKEN, V3), (FindingKind.CHAIN_BROKEN, V4)} == {
            (finding.kind, finding.snapshot_id) for finding in there.puller.findings
        }


async def test_a_publication_that_goes_later_is_found() -> None:
    """Also when the rest was chained anew and looks whole."""
    province = honest_province()
    async with stage(province, rechecks_count=0) as there:
        await there.puller.pull()
        del province.published[3]
        province.reseal()
        await there.puller.pull()
        assert {FindingKind.CHAIN_BROKEN} == there.kinds()
        assert WEEK in {finding.snapshot_id for finding in there.puller.findings}


async def test_a_publication_that_is_put_between_later_is_found() -> None:
    """History grows at its end only, whatever is signed."""
    province = honest_province()
    async with stage(province, rechecks_count=0) as there:
        await there.puller.pull()
        told = head(1, "preliminary", name="2026W35", period_type="week", start="2026-08-24", end="2026-08-31")
        province.published.insert(3, province.publish(told, [number("U2", 1, 2)]))
        del province.published[-1]
        province.reseal()
        await there.puller.pull()
        assert {FindingKind.CHAIN_BROKEN} == there.kinds()
        assert told["id"] in {finding.snapshot_id for finding in there.puller.findings}


async def test_the_one_at_the_position_may_be_told_again() -> None:
    """`since` may mean the position itself, too; nothing is pulled twice for that."""
    province = honest_province()
    province.is_since_inclusive = True
    async with stage(province, rechecks_count=0) as there:
        await there.puller.pull()
        province.seen.clear()
        done = await there.puller.pull()
        assert ((), ()) == (done.snapshot_ids, there.puller.findings)
        assert [] == province.asked(f"/snapshots/{V4}/data.json")


async def test_a_file_that_changes_later_is_found() -> None:
    """Files of the newest publications are asked for again."""
    province = honest_province()
    async with stage(province) as there:
        await there.puller.pull()
        province.published[5].files["data.csv"] += b" "
        await there.puller.pull()
        assert {FindingKind.DIGEST_DIFFERS} == there.kinds()


async def test_a_log_that_changes_later_is_found() -> None:
    """What was explained once stays explained so."""
    province = honest_province()
    async with stage(province, is_restatements_since_position=False) as there:
        await there.puller.pull()
        province.restatements[0]["reasons"] = ["dedup"]
        await there.puller.pull()
        assert {FindingKind.RESTATEMENT_WRONG} == there.kinds()


async def test_an_explanation_of_nothing_is_found_when_it_stays_so() -> None:
    """An entry about a publication that is not there yet may only be early."""
    province = honest_province()
    province.restatements.append({**province.restatements[-1], "from_snapshot": V4, "to_snapshot": "H99-2026M08-v5"})
    async with stage(province) as there:
        await there.puller.pull()
        assert set() == there.kinds()
        await there.puller.pull()
        assert {FindingKind.RESTATEMENT_WRONG} == there.kinds()


async def test_whoever_lets_everybody_in_is_told_so() -> None:
    """A token that nobody issued must be refused."""
    province = honest_province()
    province.is_open = True
    assert {FindingKind.ACCESS_WRONG: {None}} == await found(province, habits=[Habit.WRONG_TOKEN])


@pytest.mark.parametrize("headers", [{"Cache-Control": "public"}, {}, {"Cache-Control": "private", "ETag": '"1"'}])
async def test_what_may_not_be_kept_or_told_apart_is_found(headers: dict[str, str]) -> None:
    """Answers are private, and their tags are digests."""
    province = honest_province()
    province.headers = headers
    assert {FindingKind.CACHE_WRONG: {V1, QUARTER, V2, WEEK, V3, V4}} == await found(province)


async def test_a_province_that_heeds_no_tags_is_found() -> None:
    """The same file is sent again in vain."""
    province = honest_province()
    province.heeds_tags = False
    async with stage(province, rechecks_count=1) as there:
        await there.puller.pull()
        assert set() == there.kinds()
        await there.puller.pull()
        assert {FindingKind.CACHE_WRONG} == there.kinds()


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        ("/targets", 429, {}, b""),
        ("/targets", 400, {"Content-Type": "text/plain"}, b"no"),
        ("/targets", 200, {}, b"not json"),
        ("/targets", 200, {}, b"[]"),
        ("/targets", 200, {}, b'{"targets": [{"name": "T-02"}]}'),
        ("/targets", 302, {"Location": "/"}, b""),
        ("/definitions", 200, {}, b'{"definitions": []}'),
        ("/definitions", 200, {}, b'{"version": "1", "definitions": [{"code": "U2"}]}'),
        ("/restatements", 200, {}, b'{"restatements": []}'),
        ("/restatements", 200, {}, b'{"restatements": [{}], "next_cursor": null}'),
        ("/restatements", 200, {}, b'{"restatements": [], "restatements": [], "next_cursor": null}'),
        (f"/snapshots/{V4}", 200, {}, b"{}"),
        ("/jwks.json", 200, {}, b'{"keys": []}'),
    ],
)
async def test_an_answer_of_another_form_is_found(path: str, status: int, headers: dict[str, str], body: bytes) -> None:
    """What was agreed is asked for to the letter."""
    province = honest_province()
    province.answer_once(path, status, headers, body)
    assert {FindingKind.CONTRACT_BROKEN} == set(await found(province))


async def test_csv_for_spreadsheets_is_csv_behind_a_mark() -> None:
    """Without the mark that was asked for it is not."""
    province = honest_province()
    province.csv_mark = b""
    assert {FindingKind.ROWS_DIFFER: {V1, QUARTER, V2, WEEK, V3, V4}} == await found(province)


async def test_a_page_longer_than_asked_for_is_found() -> None:
    """A limit is a limit."""
    province = honest_province()
    page = {"restatements": province.restatements, "next_cursor": None}
    province.answer_once("/restatements", 200, {}, json.dumps(page).encode())
    assert {FindingKind.CONTRACT_BROKEN: {None}} == await found(province)


@pytest.mark.parametrize("move", ["list", "position"])
async def test_a_publication_that_moves_later_is_found(move: str) -> None:
    """In the list, or by the position that it is said to have."""
    province = honest_province()
    async with stage(province, rechecks_count=0) as there:
        await there.puller.pull()
        if move == "list":
            province.published[1:3] = reversed(province.published[1:3])
        else:
            province.published[0].line["position"], province.published[1].line["position"] = 2, 1
            province.published[0:2] = reversed(province.published[0:2])
        await there.puller.pull()
        assert {FindingKind.CHAIN_BROKEN} == there.kinds()


@pytest.mark.parametrize("more", [{"signature": "x..y"}, {"next_cursor": "0"}])
async def test_live_pages_belong_together_and_are_not_signed(more: dict[str, str]) -> None:
    """A page with another head, or live figures as if they were signed, are found."""
    province = honest_province()
    told = {**province.live_head, "calendar_version": "VN-2026.5"}
    page = {"snapshot": told, "observations": [number("T1", 1, 1)], "next_cursor": None, **more}
    province.answer_once("/indicators", 200, {}, json.dumps(page).encode())
    async with stage(province) as there:
        await there.puller.ask("month", "2026-08")
        assert {FindingKind.CONTRACT_BROKEN} == there.kinds()


@pytest.mark.parametrize("path", ["/indicators", "/snapshots/H00-2000M13-v0"])
async def test_what_there_is_not_is_not_answered_as_if_it_were(path: str) -> None:
    """Whoever answers a question for the thirteenth month makes figures up."""
    province = honest_province()
    body = {"type": "about:blank", "title": "Refused", "status": 200}
    province.answer_once(path, 200, {"Content-Type": "application/problem+json"}, json.dumps(body).encode())
    assert {FindingKind.CONTRACT_BROKEN: {None}} == await found(province, habits=[Habit.UNKNOWN_PERIODS])


async def test_a_cursor_that_leads_in_a_circle_is_found() -> None:
    """No list is read for ever."""
    province = honest_province()
    for _ in range(3):
        page = {"restatements": [], "next_cursor": "round"}
        province.answer_once("/restatements", 200, {}, json.dumps(page).encode())
    assert {FindingKind.CONTRACT_BROKEN: {None}} == await found(province)


async def test_a_province_that_does_not_answer_is_told_apart_from_one_that_is_wrong() -> None:
    """What was missed is pulled in the next round."""
    province = honest_province()
    for _ in range(4):
        province.answer_once("/snapshots", 503, {"Retry-After": "1"})
    async with stage(province) as there:
        done = await there.puller.pull()
        assert not done.is_complete
        assert {FindingKind.UNAVAILABLE} == there.kinds()
        assert [1.0] * 3 == there.waits
        again = await there.puller.pull()
        assert again.is_complete
        assert 6 == len(there.puller.store.snapshots)
        assert {FindingKind.UNAVAILABLE} == there.kinds()


async def test_a_wait_beyond_reason_is_not_waited() -> None:
    """A day is not spent in one call."""
    province = honest_province()
    province.answer_once("/targets", 429, {"Retry-After": "86400"})
    async with stage(province) as there:
        await there.puller.pull()
        assert {FindingKind.UNAVAILABLE} == there.kinds()
        assert [] == there.waits


async def test_a_private_key_in_the_key_set_is_found() -> None:
    """A key set is public."""
    province = honest_province()
    province.key_set = [{**province.key.as_dict(private=True), "alg": "ES256"}]
    assert {FindingKind.CONTRACT_BROKEN} == set(await found(province))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"version": 1}, FindingKind.VERSION_ORDER_WRONG),
        ({"end": "2026-08-31T00:00:00+07:00"}, FindingKind.BOUNDS_WRONG),
        ({"period_type": "year"}, FindingKind.CONTRACT_BROKEN),
        ({"status": "fresh"}, FindingKind.CONTRACT_BROKEN),
    ],
)
async def test_live_figures_are_held_to_the_contract(told: dict[str, object], kind: FindingKind) -> None:
    """They have no version, and the bounds that were asked for."""
    province = honest_province()
    province.live_head |= told
    async with stage(province) as there:
        await there.puller.ask("month", "2026-08")
        assert {kind} == there.kinds()


async def test_published_figures_are_those_of_the_snapshot() -> None:
    """A version asked for by number is the one that was signed."""
    province = honest_province()
    async with stage(province) as there:
        await there.puller.pull()
        province.live_head, province.live = head(4, "restated"), [number("U2", 9, 14)]
        await there.puller.ask("month", "2026-08")
        assert {FindingKind.ROWS_DIFFER} == there.kinds()


async def test_hammering_is_put_off_with_a_time() -> None:
    """A refusal without Retry-After or without a problem document is found."""
    province = honest_province()
    province.answer_once("/snapshots", 429)
    assert {FindingKind.CONTRACT_BROKEN: {None}} == await found(province, habits=[Habit.HAMMERS], hammer_calls=5)
