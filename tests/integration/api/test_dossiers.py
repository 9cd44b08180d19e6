"""One dossier through the API: created, replaced, read, moved on; conditions and keys."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from gateway.model.status import DossierStatus
from tests.support.api import ApiUnderTest
from tests.support.clocks import START
from tests.support.databases import acceptance_held
from tests.support.samples import APPLICANT_NAME, as_json, make_dossier, make_step

CODE = "H99.01-260105-00017"


async def test_put_creates_then_replaces_then_changes_nothing(api: ApiUnderTest) -> None:
    """The first PUT creates, another content replaces, the same content changes nothing; the tag is the revision."""
    created = await api.put(CODE, make_dossier())
    replaced = await api.put(CODE, make_dossier(note="hai"))
    unchanged = await api.put(CODE, make_dossier(note="hai"))

    assert (201, '"1"') == (created.status, created.headers["ETag"])
    assert {
        "code": CODE,
        "revision": 1,
        "outcome": "created",
        "status": "received",
        "is_irregular": False,
        "is_late": False,
        "accepted_at": "2026-01-05T08:00:00Z",
    } == created.json
    assert (200, '"2"', "replaced") == (replaced.status, replaced.headers["ETag"], replaced.json["outcome"])
    assert (200, '"2"', "unchanged") == (unchanged.status, unchanged.headers["ETag"], unchanged.json["outcome"])


async def test_get_gives_what_put_took(api: ApiUnderTest) -> None:
    """A dossier that is read can be sent back as it is, and changes nothing."""
    await api.put(CODE, make_dossier())

    read = await api.get(f"/v1/dossiers/{CODE}")

    assert (200, '"1"') == (read.status, read.headers["ETag"])
    assert as_json(make_dossier()) == read.json
    assert "unchanged" == (await api.put(CODE, read.body)).json["outcome"]


async def test_get_shows_the_status_that_steps_have_moved(api: ApiUnderTest) -> None:
    """The document is the last one sent, its status the present one."""
    await api.put(CODE, make_dossier())
    await api.progress(CODE, make_step(DossierStatus.PROCESSING), Idempotency_Key="k1")

    read = await api.get(f"/v1/dossiers/{CODE}")

    assert ("processing", '"2"') == (read.json["status"], read.headers["ETag"])


async def test_get_with_the_present_tag_is_answered_304(api: ApiUnderTest) -> None:
    """A caller whose copy is right gets no content, with one tag, several or any."""
    await api.put(CODE, make_dossier())

    for tags in ('"1"', 'W/"1"', '"7", "1"', "*"):
        answered = await api.call("GET", f"/v1/dossiers/{CODE}", headers={"If-None-Match": tags})
        assert (304, b"", '"1"') == (answered.status, answered.body, answered.headers["ETag"]), tags
    assert 200 == (await api.call("GET", f"/v1/dossiers/{CODE}", headers={"If-None-Match": '"2"'})).status


@pytest.mark.parametrize(
    ("headers", "status", "problem"),
    [
        ({"If_Match": '"1"'}, 200, ""),
        ({"If_Match": '"2"'}, 412, "stale-revision"),
        ({"If_Match": 'W/"1"'}, 412, "stale-revision"),
        ({"If_Match": '"abc"'}, 412, "stale-revision"),
        ({"If_Match": "1"}, 400, "invalid-parameter"),
        ({"If_Match": "*"}, 400, "invalid-parameter"),
        ({"If_Match": '"1", "2"'}, 400, "invalid-parameter"),
        ({"If_None_Match": "*"}, 412, "already-exists"),
        ({"If_None_Match": '"1"'}, 400, "invalid-parameter"),
        ({"If_Match": '"1"', "If_None_Match": "*"}, 412, "already-exists"),
        ({"Idempotency_Key": "two words"}, 400, "invalid-parameter"),
        ({"Idempotency_Key": "k" * 201}, 400, "invalid-parameter"),
    ],
)
async def test_preconditions(api: ApiUnderTest, headers: dict[str, str], status: int, problem: str) -> None:
    """A change counts only for the revision that it names; conditions that are not supported are refused."""
    await api.put(CODE, make_dossier())

    answered = await api.put(CODE, make_dossier(note="khác"), **headers)

    assert (status, problem) == (answered.status, answered.problem if answered.status >= 400 else "")
    revision = (await api.get(f"/v1/dossiers/{CODE}")).headers["ETag"]
    assert ('"2"' if status == 200 else '"1"') == revision


async def test_if_match_on_a_dossier_that_does_not_exist(api: ApiUnderTest) -> None:
    """A change that is meant for a revision creates nothing."""
    answered = await api.put(CODE, make_dossier(), If_Match='"1"')

    assert "stale-revision" == answered.problem
    assert "dossier-not-found" == (await api.get(f"/v1/dossiers/{CODE}")).problem


async def test_a_repeated_key_gives_the_stored_answer(api: ApiUnderTest) -> None:
    """The answer to a repeated request is the first one, marked, whatever has happened since."""
    first = await api.put(CODE, make_dossier(), Idempotency_Key="k1")
    await api.put(CODE, make_dossier(note="khác"))

    again = await api.put(CODE, as_json(make_dossier()), Idempotency_Key="k1")

    assert (201, '"1"', "true") == (again.status, again.headers["ETag"], again.headers["Idempotency-Replayed"])
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers


@pytest.mark.parametrize("change", ["content", "code", "condition", "kind"])
async def test_a_key_used_for_something_else_is_refused(api: ApiUnderTest, change: str) -> None:
    """A key stands for one request: other content, another dossier, another condition, another kind are refused."""
    await api.put(CODE, make_dossier(), Idempotency_Key="k1")

    if change == "content":
        answered = await api.put(CODE, make_dossier(note="khác"), Idempotency_Key="k1")
    elif change == "code":
        answered = await api.put(CODE + "0", make_dossier(), Idempotency_Key="k1")
    elif change == "condition":
        answered = await api.put(CODE, make_dossier(), Idempotency_Key="k1", If_Match='"1"')
    else:
        answered = await api.progress(CODE, make_step(), Idempotency_Key="k1")

    assert (422, "idempotency-key-reused") == (answered.status, answered.problem)


async def test_concurrent_repeats_have_one_effect(api: ApiUnderTest) -> None:
    """A step sent ten times at once with one key is one step, and all get its answer."""
    await api.put(CODE, make_dossier())

    answers = await asyncio.gather(*(api.progress(CODE, make_step(), Idempotency_Key="k1") for _ in range(10)))

    assert [(200, 2)] * 10 == [(answer.status, answer.json["revision"]) for answer in answers]
    assert 9 == sum("Idempotency-Replayed" in answer.headers for answer in answers)


async def test_progress_needs_a_key(api: ApiUnderTest) -> None:
    """A step without a key could be doubled by a repeat, so it is refused."""
    await api.put(CODE, make_dossier())

    answered = await api.progress(CODE, make_step())

    assert (400, "idempotency-key-missing") == (answered.status, answered.problem)


async def test_progress_for_an_unknown_dossier(api: ApiUnderTest) -> None:
    """A step for a dossier that was never accepted is refused as not found, and its key stays free."""
    refused = await api.progress(CODE, make_step(), Idempotency_Key="k1")
    await api.put(CODE, make_dossier())
    accepted = await api.progress(CODE, make_step(), Idempotency_Key="k1")

    assert (404, "dossier-not-found") == (refused.status, refused.problem)
    assert (200, "progressed") == (accepted.status, accepted.json["outcome"])


async def test_a_late_step_is_kept_and_moves_nothing(api: ApiUnderTest) -> None:
    """A step from before the present status is marked late and leaves the status."""
    await api.put(CODE, make_dossier())
    await api.progress(CODE, make_step(DossierStatus.COMPLETED), Idempotency_Key="k1")

    late = await api.progress(CODE, make_step(occurred_at=START - timedelta(minutes=30)), Idempotency_Key="k2")

    assert (True, "completed") == (late.json["is_late"], late.json["status"])


async def test_a_code_outside_the_catalogue_is_refused(api: ApiUnderTest) -> None:
    """A procedure that a loaded catalogue does not have is named; a catalogue never loaded refuses nothing."""
    accepted = await api.put(CODE, make_dossier())
    api.catalogue.codes = frozenset({"1.999001"})
    refused = await api.put(CODE + "0", make_dossier(procedure_code="1.999002"))

    assert 201 == accepted.status
    assert (422, "unknown-code", ["/procedure_code"]) == (refused.status, refused.problem, refused.fields)


async def test_an_accepted_change_survives_a_caller_who_goes_away(api: ApiUnderTest, dsn: str) -> None:
    """A caller that hangs up while its change is being stored finds it accepted."""
    body = msgspec.json.encode(make_dossier())
    head = (
        f"PUT /v1/dossiers/{CODE} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {api.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    async with asyncio.timeout(10):
        async with acceptance_held(dsn):
            _, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(head.encode() + body)
            while not await _is_storing(api):  # noqa: ASYNC110 - the database is asked; it tells nobody
                await asyncio.sleep(0.01)
            writer.close()
            await writer.wait_closed()
        while (await api.get(f"/v1/dossiers/{CODE}")).status == 404:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _is_storing(api: ApiUnderTest) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    return bool(await api.services.pool.fetchval(waiting))


async def test_nothing_personal_is_stored_in_plain(api: ApiUnderTest) -> None:
    """Neither the dossier's row nor its history, its events or its key's record contain a name."""
    await api.put(CODE, make_dossier(), Idempotency_Key="k1")

    for table in ("dossiers", "dossier_revisions", "events", "idempotency_records", "deliveries"):
        text = await api.services.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} t")
        assert text
        assert APPLICANT_NAME not in text, table
        assert APPLICANT_NAME.encode().hex() not in text, table
