"""The adapter against the simulated portal, which was written from the notes alone: both agree, or one is wrong.

Every claim about what arrived is checked in the sandbox's own record.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext
from typing import Any

import msgspec
import pytest

from adapters.portal import PortalAdapter, build
from adapters.portal.sandbox import PortalProfile, PortalSandbox, make_catalogue
from adapters.sandboxing import FaultKind, FaultSpec, MachineClock, RunningSandbox, serve_sandbox
from adapters.transport import InMemorySession
from gateway.errors import (
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
    Unmapped,
)
from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.procedure import Procedure
from gateway.model.status import DossierStatus
from gateway.ports.portal import (
    LookUp,
    Prepared,
    SnapshotToPush,
    StepToPush,
    Untranslatable,
    Verdict,
)
from tests.integration.portal.tls import Authority, client_context, server_context
from tests.unit.adapters.portal.portal_settings import facade, native
from tests.unit.adapters.transport.fakes import FixedChance
from tests.unit.mappings.portal_samples import EXAMPLE_DOSSIER, EXAMPLE_STEP, FULL_DOSSIER, vietnam

TIME_LIMIT_SECONDS = 20.0
CATALOGUE = make_catalogue(40)
TIMEOUTS = {
    "login_seconds": 0.5,
    "list_seconds": 2.0,
    "detail_seconds": 0.5,
    "look_up_seconds": 0.5,
    "push_seconds": 0.4,
}
STRICT = {"field_profile": "2023", "are_code_values_checked": True, "are_unknown_fields_refused": True}
DONE, EXISTS, ABSENT, REJECTED, OPEN = (
    Verdict.DONE,
    Verdict.ALREADY_EXISTS,
    Verdict.DOES_NOT_EXIST,
    Verdict.REJECTED,
    Verdict.NOT_JUDGED,
)


class Line:
    """The adapter, the sandbox, and short words for what the tests do."""

    def __init__(self, adapter: PortalAdapter, sandbox: PortalSandbox, running: RunningSandbox) -> None:
        self.adapter = adapter
        self.sandbox = sandbox
        self.running = running
        self.procedure: Procedure | None = None

    def arm(self, kind: FaultKind, **details: Any) -> None:
        self.sandbox.add_fault(FaultSpec(kind=kind, **{"calls": 1, **details}))

    async def snapshot(self, number: int = 1, dossier: Dossier = EXAMPLE_DOSSIER) -> Prepared:
        if self.procedure is None:
            self.procedure = await self.adapter.get_procedure("1.999001")
        item = self.adapter.prepare_snapshot(
            SnapshotToPush(delivery_id=number, dossier_code=code(number), dossier=dossier, procedure=self.procedure)
        )
        assert isinstance(item, Prepared), item
        return item

    def step(self, number: int = 1, step: ProgressStep = EXAMPLE_STEP) -> Prepared:
        item = self.adapter.prepare_step(StepToPush(delivery_id=number, dossier_code=code(number), step=step))
        assert isinstance(item, Prepared), item
        return item

    async def push(self, *items: Prepared, is_update: bool = False) -> list[Verdict]:
        verdicts = await self.adapter.push_snapshots(items, is_update=is_update)
        assert [item.delivery_id for item in items] == [verdict.delivery_id for verdict in verdicts]
        return [verdict.verdict for verdict in verdicts]

    async def progress(self, *items: Prepared) -> list[Verdict]:
        return [verdict.verdict for verdict in await self.adapter.push_steps(items)]

    def stored(self, number: int = 1) -> dict[str, Any] | None:
        dossier = self.sandbox.dossier(code(number))
        if dossier is None:
            return None
        record: dict[str, Any] = msgspec.json.decode(dossier.body)
        return record


def code(number: int) -> str:
    return f"H99.01-260105-{number:05d}"


def sent(item: Prepared) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(item.record)
    return record


@asynccontextmanager
async def line(
    profile: dict[str, Any] | None = None,
    *,
    in_facade: bool = False,
    server_tls: SSLContext | None = None,
    spoiled: dict[FaultKind, SSLContext] | None = None,
    ssl_supplier: Callable[[], SSLContext | None] = lambda: None,
    timeouts: Mapping[str, float] = TIMEOUTS,
    **settings: Any,
) -> AsyncIterator[Line]:
    sandbox = PortalSandbox(PortalProfile.parse(profile or {}), catalogue=CATALOGUE)
    clock = MachineClock()

    async def no_wait(_seconds: float) -> None:
        await asyncio.sleep(0)

    async with await serve_sandbox(sandbox, ssl_context=server_tls, spoiled_contexts=spoiled) as running:
        make = facade if in_facade else native
        adapter = build(
            make(base_url=running.url, timeouts=dict(timeouts), **settings),
            session=InMemorySession(clock),
            ssl_supplier=ssl_supplier,
            clock=clock,
            chance=FixedChance(0.0),
            sleep=no_wait,
        )
        async with adapter, asyncio.timeout(TIME_LIMIT_SECONDS):
            yield Line(adapter, sandbox, running)


async def test_the_whole_catalogue_is_read() -> None:
    """Every procedure of the simulated catalogue, with all its oddities, is read without a missing row."""
    async with line() as portal:
        refs = await portal.adapter.list_procedures()
        assert [record["MATTHC"] for record in portal.sandbox.procedures()] == [ref.code for ref in refs]
        procedures = [await portal.adapter.get_procedure(ref.code) for ref in refs]
        assert [ref.code for ref in refs] == [procedure.code for procedure in procedures if procedure is not None]
        assert None is await portal.adapter.get_procedure("9.999999")
        without_sector = [p for p in procedures if p is not None and not p.sectors]
        assert without_sector, "the simulated catalogue has procedures without a sector"
        item = portal.adapter.prepare_snapshot(
            SnapshotToPush(delivery_id=1, dossier_code=code(1), dossier=EXAMPLE_DOSSIER, procedure=without_sector[0])
        )
    assert isinstance(item, Untranslatable)
    assert (("procedure.sector", without_sector[0].code),) == item.missing


async def test_the_same_procedure_read_twice_is_one_version() -> None:
    """Repeated lines in an answer make no new version; unknown codes hold the procedure with the rows named."""
    async with line() as portal:
        first = await portal.adapter.get_procedure("1.999001")
        portal.arm(FaultKind.DUPLICATES)
        second = await portal.adapter.get_procedure("1.999001")
        assert first is not None
        assert second is not None
        assert first.content_hash() == second.content_hash()
        portal.arm(FaultKind.UNKNOWN_CODES)
        with pytest.raises(Unmapped) as caught:
            await portal.adapter.get_procedure("1.999001")
    assert {"channel", "executing_level"} <= {table for table, _ in caught.value.missing}


async def test_a_dossiers_life_arrives_as_it_was_sent() -> None:
    """Create, steps, update: the portal holds the last record, the steps in order, and nothing to complain of."""
    async with line(STRICT) as portal:
        first = await portal.snapshot()
        assert [DONE] == await portal.push(first)
        assert sent(first) == portal.stored()
        steps = [
            replace(EXAMPLE_STEP, occurred_at=vietnam(f"2026-01-0{day} 10:00"), content=f"Bước {day}")
            for day in (6, 7, 8)
        ]
        assert [DONE] * 3 == await portal.progress(*(portal.step(1, step) for step in steps))
        last = await portal.snapshot(1, FULL_DOSSIER)
        assert [DONE] == await portal.push(last, is_update=True)
        assert LookUp(is_present=True) == await portal.adapter.look_up(last)
        held = portal.sandbox.dossier(code(1))
        assert held is not None
        assert sent(last) == portal.stored()
        assert ["Bước 6", "Bước 7", "Bước 8"] == [step.as_dict()["NoiDungXuLy"] for step in held.steps]
        counters = portal.sandbox.counters()
    assert (1, 1, 3, 0, 0, 0) == tuple(
        counters[name]
        for name in (
            "creates_applied",
            "updates_changed",
            "steps_stored",
            "records_rejected",
            "steps_rejected",
            "calls_with_bad_session",
        )
    )
    assert {} == counters["notes"]


async def test_all_ten_statuses_are_accepted() -> None:
    """Also a dossier that was never received and one that was refused reach a strict portal, in one batch."""
    async with line(STRICT) as portal:
        items = [
            await portal.snapshot(number, replace(EXAMPLE_DOSSIER, status=status, received_at=None))
            for number, status in enumerate(DossierStatus, start=1)
        ]
        assert [DONE] * 10 == await portal.push(*items)
        stored = [(portal.stored(number) or {})["TrangThaiHoSo"] for number in range(1, 11)]
    assert [str(number) for number in range(1, 11)] == stored


async def test_an_older_portal_takes_the_classic_record() -> None:
    """With the classic profile nothing is sent that an older portal does not know."""
    async with line({"field_profile": "classic"}, wire={"profile": "classic"}) as portal:
        assert [DONE] == await portal.push(await portal.snapshot(1, FULL_DOSSIER))
        stored = portal.stored() or {}
    assert 28 == len(stored)
    assert not {"KenhThucHien", "DinhDanhCHS", "NgayNopHoSo"} & set(stored)


async def test_presence_is_settled_by_words() -> None:
    """A second create exists, an update or step of nothing does not; neither changes anything."""
    async with line() as portal:
        item = await portal.snapshot()
        assert [ABSENT] == await portal.push(item, is_update=True)
        assert [ABSENT] == await portal.progress(portal.step())
        assert LookUp(is_present=False) == await portal.adapter.look_up(item)
        assert [DONE] == await portal.push(item)
        assert [EXISTS] == await portal.push(item)
        assert (1, 1) == (
            portal.sandbox.counters()["creates_applied"],
            portal.sandbox.counters()["creates_rejected_identical"],
        )


async def test_a_difference_is_named() -> None:
    """A step that moved the status on the portal shows as a difference of the status."""
    async with line() as portal:
        item = await portal.snapshot()
        await portal.push(item)
        await portal.progress(portal.step())
        assert LookUp(is_present=True, differing_fields=("status",)) == await portal.adapter.look_up(item)
        other = await portal.snapshot(1, replace(EXAMPLE_DOSSIER, summary="Khác", due_at=None))
        found = await portal.adapter.look_up(other)
    assert ("summary", "due_at", "status") == found.differing_fields


async def test_a_batch_blames_only_the_named() -> None:
    """One dossier that exists and one that is refused: the others wait and go through afterwards."""
    async with line() as portal:
        await portal.push(await portal.snapshot(2))
        unknown = replace(portal.procedure, code="1.000000") if portal.procedure else None
        bad = portal.adapter.prepare_snapshot(
            SnapshotToPush(delivery_id=3, dossier_code=code(3), dossier=EXAMPLE_DOSSIER, procedure=unknown)
        )
        assert isinstance(bad, Prepared)
        items = [await portal.snapshot(1), await portal.snapshot(2), bad, await portal.snapshot(4)]
        assert [OPEN, EXISTS, REJECTED, OPEN] == await portal.push(*items)
        assert None is portal.stored(1)
        assert [DONE, DONE] == await portal.push(items[0], items[3])


async def test_a_batch_that_is_too_large_blames_nobody() -> None:
    """Over the portal's limit every item is to be sent again, in smaller calls."""
    async with line({"max_dossiers_per_call": 2}) as portal:
        items = [await portal.snapshot(number) for number in (1, 2, 3)]
        verdicts = await portal.adapter.push_snapshots(items, is_update=False)
        assert {(OPEN, "batch_refused_unnamed")} == {(verdict.verdict, verdict.reason) for verdict in verdicts}
        assert [DONE, DONE] == await portal.push(*items[:2])


async def test_a_portal_that_keeps_the_good_ones() -> None:
    """Under the other batch policy, told by setting, the unnamed items are done."""
    async with line({"batch_policy": "accept_good_ones"}, dialect={"batch_refusal": "good_ones_kept"}) as portal:
        await portal.push(await portal.snapshot(2))
        assert [DONE, EXISTS] == await portal.push(await portal.snapshot(1), await portal.snapshot(2))
        assert None is not portal.stored(1)


async def test_a_repeated_step_is_stored_once() -> None:
    """What the limits promise about repeated steps holds on the portal's default."""
    async with line() as portal:
        await portal.push(await portal.snapshot())
        assert [DONE] == await portal.progress(portal.step())
        assert [DONE] == await portal.progress(portal.step())
        counters = portal.sandbox.counters()
        assert portal.adapter.limits.repeated_step_is_harmless
    assert (1, 1) == (counters["steps_stored"], counters["steps_repeated"])


@pytest.mark.parametrize(
    "profile",
    [
        {"code_dialect": "string"},
        {"code_dialect": "double_zero"},
        {"is_reply_wrapped": True},
        {"push_result": "empty_list"},
        {"already_exists_code": -3},
        {"wording": {"failure_prefix": "Đồng bộ không thành công: "}},
        {"reply_content_type": "text/plain"},
        {"has_lookup_nested_lists": False},
        {"dstcode_policy": "not_found"},
    ],
)
async def test_every_dialect_means_the_same(profile: dict[str, Any]) -> None:
    """Whatever way the portal answers, the verdicts are the same."""
    async with line(profile) as portal:
        item = await portal.snapshot()
        assert [ABSENT] == await portal.push(item, is_update=True)
        assert [DONE] == await portal.push(item)
        assert [EXISTS] == await portal.push(item)
        assert [DONE] == await portal.push(item, is_update=True)
        assert [DONE] == await portal.progress(portal.step())
        assert LookUp(is_present=True, differing_fields=("status",)) == await portal.adapter.look_up(item)


@pytest.mark.parametrize("family", ["XrdAdapter", "VXPAdapter"])
@pytest.mark.parametrize("place", ["header", "query"])
async def test_both_families_and_both_places_of_the_destination(family: str, place: str) -> None:
    """Either prefix, with the destination as header or in the query, and a share path of its own."""
    async with line(
        {"dstcode_policy": "not_found"}, family=family, destination_place=place, share_path="mapi/share"
    ) as portal:
        assert 40 == len(await portal.adapter.list_procedures())
        assert [DONE] == await portal.push(await portal.snapshot())


async def test_a_missing_destination_had_no_effect() -> None:
    """A wrong address concerns the installation: nothing was done, and the self-check tells what to look at."""
    async with line({"dstcode_policy": "not_found"}, destination_place="none") as portal:
        with pytest.raises(TransientFailure):
            await portal.adapter.list_procedures()
        findings = await portal.adapter.check()
    assert [("transport", True), ("login", False)] == [(finding.subject, finding.is_ok) for finding in findings]
    assert "check base_url" in findings[-1].detail


async def test_sessions_end_and_are_renewed_in_passing() -> None:
    """Ended by the portal, by a fault, or by another login: the call goes through with one more login."""
    async with line() as portal:
        item = await portal.snapshot()
        portal.sandbox.expire_sessions()
        assert [DONE] == await portal.push(item)
        portal.arm(FaultKind.EXPIRED_SESSION, operation="CapNhatTienDoHoSoMC")
        assert [DONE] == await portal.progress(portal.step())
        portal.sandbox.expire_sessions()
        assert LookUp(is_present=True, differing_fields=("status",)) == await portal.adapter.look_up(item)
        counters = portal.sandbox.counters()
    assert (4, 3, 1) == (counters["sessions_opened"], counters["calls_with_bad_session"], counters["creates_applied"])


async def test_wrong_credentials_are_told() -> None:
    """A refused account stops at the login."""
    async with line(username="somebody") as portal:
        with pytest.raises(CredentialsRefused):
            await portal.adapter.list_procedures()
        findings = await portal.adapter.check()
    assert "check username" in findings[-1].detail


PUSH = "DongBoHoSoMC"
LOST = [
    (FaultSpec(kind=FaultKind.DROP_REPLY, calls=1, operation=PUSH), OutcomeUnknown, True),
    (FaultSpec(kind=FaultKind.DROP_REPLY, calls=1, operation=PUSH, variant="reset"), OutcomeUnknown, True),
    (FaultSpec(kind=FaultKind.RESET_MID_ANSWER, calls=1, operation=PUSH), OutcomeUnknown, True),
    (FaultSpec(kind=FaultKind.STALL_AFTER_WORK, calls=1, operation=PUSH, delay_seconds=1.0), OutcomeUnknown, True),
    (FaultSpec(kind=FaultKind.STALL_BEFORE_BODY, calls=1, operation=PUSH, delay_seconds=1.0), OutcomeUnknown, True),
    (FaultSpec(kind=FaultKind.SLOW_TRICKLE, calls=1, operation=PUSH, delay_seconds=5.0), OutcomeUnknown, True),
    (FaultSpec(kind=FaultKind.SERVER_ERROR, calls=1, operation=PUSH, http_status=500), OutcomeUnknown, False),
    (
        FaultSpec(kind=FaultKind.SERVER_ERROR, calls=1, operation=PUSH, http_status=502, after_work=True),
        OutcomeUnknown,
        True,
    ),
    (FaultSpec(kind=FaultKind.MALFORMED_JSON, calls=1, operation=PUSH), ContractBroken, True),
    (FaultSpec(kind=FaultKind.MALFORMED_JSON, calls=1, operation=PUSH, variant="empty"), ContractBroken, True),
    (FaultSpec(kind=FaultKind.MALFORMED_JSON, calls=1, operation=PUSH, variant="garbage"), ContractBroken, True),
    (FaultSpec(kind=FaultKind.OVERSIZED_BODY, calls=1, operation=PUSH, size_bytes=300_000), ContractBroken, True),
    (FaultSpec(kind=FaultKind.HTML_PAGE, calls=1, operation=PUSH), ContractBroken, False),
    (FaultSpec(kind=FaultKind.HTML_PAGE, calls=1, operation=PUSH, after_work=True), ContractBroken, True),
]


@pytest.mark.parametrize(("fault", "expected", "is_done"), LOST)
async def test_a_push_without_a_usable_answer_is_settled_by_a_look_up(
    fault: FaultSpec, expected: type[RemoteError], is_done: bool
) -> None:
    """The effect is called possible whether or not it happened, and the look-up then says which it was."""
    async with line(transport={"max_answer_bytes": 200_000}) as portal:
        item = await portal.snapshot()
        portal.sandbox.add_fault(fault)
        with pytest.raises(expected) as caught:
            await portal.push(item)
        assert getattr(caught.value, "effect_possible", True) is True
        assert is_done is (portal.stored() is not None)
        assert LookUp(is_present=is_done) == await portal.adapter.look_up(item)
        assert 1 == portal.sandbox.counters()["faults_injected_total"]
        assert 0 == portal.sandbox.counters()["creates_rejected_existing"]


WITHOUT_EFFECT = [
    (FaultSpec(kind=FaultKind.RATE_LIMITED, calls=1, operation=PUSH, retry_after_seconds=7), RateLimited),
    (FaultSpec(kind=FaultKind.RATE_LIMITED, calls=1, operation=PUSH, variant="http_date"), RateLimited),
    (FaultSpec(kind=FaultKind.RATE_LIMITED, calls=1, operation=PUSH, variant="none"), RateLimited),
    (FaultSpec(kind=FaultKind.MAINTENANCE, calls=1, operation=PUSH, retry_after_seconds=0), TransientFailure),
    (FaultSpec(kind=FaultKind.MAINTENANCE, calls=1, operation=PUSH, retry_after_seconds=9), RateLimited),
    (FaultSpec(kind=FaultKind.SERVER_ERROR, calls=1, operation=PUSH, http_status=503), TransientFailure),
    (FaultSpec(kind=FaultKind.BUSINESS_REJECTION, calls=1, operation=PUSH), TransientFailure),
]


@pytest.mark.parametrize(("fault", "expected"), WITHOUT_EFFECT)
async def test_a_push_that_was_turned_away_did_nothing(fault: FaultSpec, expected: type[RemoteError]) -> None:
    """Patience, maintenance and a busy portal are told as such, and the same push goes through afterwards."""
    async with line() as portal:
        item = await portal.snapshot()
        portal.sandbox.add_fault(fault)
        with pytest.raises(expected) as caught:
            await portal.push(item)
        assert expected is type(caught.value)
        assert None is portal.stored()
        assert [DONE] == await portal.push(item)


async def test_a_push_that_was_refused_in_words_is_a_verdict() -> None:
    """A refusal of another kind parks the item with the portal's code."""
    async with line() as portal:
        item = await portal.snapshot()
        portal.arm(FaultKind.BUSINESS_REJECTION, operation=PUSH, message="Dữ liệu sai", error_code=17)
        (verdict,) = await portal.adapter.push_snapshots([item], is_update=False)
    assert (REJECTED, "remote_code 17") == (verdict.verdict, verdict.reason)


async def test_a_portal_that_is_down_gets_nothing() -> None:
    """While nobody listens a push had no effect, and it goes through when the portal is back."""
    async with line() as portal:
        item = await portal.snapshot()
        await portal.running.stop_listening()
        await asyncio.sleep(0.02)
        with pytest.raises(TransientFailure) as caught:
            await portal.push(item)
        await portal.running.resume_listening()
        assert [DONE] == await portal.push(item)
    assert "no_connection" == caught.value.code


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"read_result": "missing"}, ContractBroken),
        ({"read_result": "null"}, ContractBroken),
    ],
)
async def test_a_read_without_a_result_is_no_absence(profile: dict[str, Any], expected: type[RemoteError]) -> None:
    """A missing or null result never reads as an unknown dossier or procedure."""
    async with line(profile) as portal:
        step = portal.step()
        with pytest.raises(expected):
            await portal.adapter.look_up(step)
        with pytest.raises(expected):
            await portal.adapter.get_procedure("9.999999")
        with pytest.raises(expected):
            await portal.adapter.list_procedures()


@pytest.mark.parametrize(
    "fault",
    [
        FaultSpec(kind=FaultKind.DROP_REPLY, calls=2),
        FaultSpec(kind=FaultKind.SERVER_ERROR, calls=2, http_status=502),
        FaultSpec(kind=FaultKind.STALL_BEFORE_WORK, calls=2, delay_seconds=1.0),
        FaultSpec(kind=FaultKind.RESET_MID_ANSWER, calls=2),
    ],
)
async def test_a_look_up_survives_two_lost_answers(fault: FaultSpec) -> None:
    """A read is asked a third time inside the call; it never says absent of what is there."""
    async with line() as portal:
        item = await portal.snapshot()
        await portal.push(item)
        portal.sandbox.add_fault(replace(fault, operation="TraCuuHoSo"))
        assert LookUp(is_present=True) == await portal.adapter.look_up(item)


async def test_a_facade_carries_the_same_dossiers() -> None:
    """Through a province's facade the records arrive the same; a look-up is not on offer."""
    paths = {
        "create_path": "KetNoiMotCuaQuocGia/ThemMoi",
        "update_path": "KetNoiMotCuaQuocGia/CapNhat",
        "steps_path": "KetNoiMotCuaQuocGia/DongBoTienTrinh",
    }
    for wrapped in (False, True):
        profile = {"is_facade_served": True, "are_facade_pushes_wrapped": wrapped}
        async with line(profile, in_facade=True, facade=paths) as portal:
            assert 40 == len(await portal.adapter.list_procedures())
            item = await portal.snapshot()
            assert [ABSENT] == await portal.push(item, is_update=True)
            assert [DONE] == await portal.push(item)
            assert [EXISTS] == await portal.push(item)
            assert [DONE] == await portal.push(item, is_update=True)
            assert [DONE] == await portal.progress(portal.step())
            assert sent(item) == portal.stored()
            with pytest.raises(Rejected):
                await portal.adapter.look_up(item)


async def test_a_facade_that_switches_by_query() -> None:
    """One address with `isUpdating` in the query serves create and update."""
    path = "KetNoiMotCuaQuocGia/DongBoHoSoMC"
    paths = {
        "create_path": path,
        "update_path": path,
        "steps_path": "KetNoiMotCuaQuocGia/DongBoTienTrinh",
        "update_switch": "query",
        "unit_key": "MaDinhDanhDV",
    }
    async with line({"is_facade_served": True}, in_facade=True, facade=paths) as portal:
        item = await portal.snapshot()
        assert [DONE] == await portal.push(item)
        assert [EXISTS] == await portal.push(item)
        assert [DONE] == await portal.push(item, is_update=True)


async def test_mutual_tls_and_spoiled_certificates(tmp_path: Path) -> None:
    """Over TLS with client certificates a dossier arrives; behind a wrong certificate nothing is sent."""
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    good = server_context(ours.issue("portal"), clients=ours)
    spoiled = {FaultKind.WRONG_CERTIFICATE: server_context(other.issue("portal"), clients=ours)}
    mine = client_context(ours, ours.issue("gateway"))
    async with line(server_tls=good, spoiled=spoiled, ssl_supplier=lambda: mine) as portal:
        item = await portal.snapshot()
        portal.arm(FaultKind.WRONG_CERTIFICATE)
        await asyncio.sleep(0.02)
        with pytest.raises(TransientFailure) as caught:
            await portal.push(item)
        assert None is portal.stored()
        assert [DONE] == await portal.push(item)
    assert "server_certificate_refused" == caught.value.code


async def test_a_healthy_portal_passes_the_self_check() -> None:
    """The check finds everything well and leaves nothing behind."""
    async with line() as portal:
        findings = await portal.adapter.check()
        counters = portal.sandbox.counters()
    assert all(finding.is_ok for finding in findings)
    assert ["transport", "login", "catalogue", "look-up"] == [finding.subject for finding in findings]
    assert (0, 0) == (counters["dossiers"], counters["steps_stored"])


async def test_many_pushes_at_once_share_one_session() -> None:
    """Twenty batches side by side: one login, every dossier once."""
    # A busy machine may take its time: the short limits of the other tests are not what is asked here.
    async with line(timeouts=dict.fromkeys(TIMEOUTS, TIME_LIMIT_SECONDS)) as portal:
        await portal.snapshot()
        batches = [[await portal.snapshot(20 * batch + number) for number in range(20)] for batch in range(20)]
        verdicts = await asyncio.gather(*(portal.push(*batch) for batch in batches))
        counters = portal.sandbox.counters()
    assert Counter({DONE: 400}) == Counter(verdict for batch in verdicts for verdict in batch)
    assert (400, 1, 0) == (counters["creates_applied"], counters["sessions_opened"], counters["notes"].get("x", 0))
