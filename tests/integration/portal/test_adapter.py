"""The adapter against a scripted portal: sessions, verdicts, reads and every way in which a call may fail."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.portal import PortalAdapter, build
from adapters.transport import CallOutcome, InMemorySession, RemoteCallFinished
from gateway.errors import (
    ConfigurationError,
    ContractBroken,
    CredentialsRefused,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    TransientFailure,
    Unmapped,
)
from gateway.model.procedure import ProcedureRef
from gateway.ports.portal import (
    DossierChannel,
    ItemVerdict,
    LookUp,
    Prepared,
    ProcedureCatalogue,
    SelfCheck,
    SnapshotToPush,
    StepToPush,
    Untranslatable,
    Verdict,
)
from tests.integration.portal.scripted import (
    TIME_LIMIT_SECONDS,
    ScriptedServer,
    Step,
    answer,
    document,
    dropped,
    raw,
    silent,
)
from tests.unit.adapters.portal.portal_settings import facade, native
from tests.unit.adapters.transport.fakes import FixedChance, ManualClock
from tests.unit.mappings.portal_samples import (
    DOSSIER_CODE,
    EXAMPLE_DOSSIER,
    EXAMPLE_RECORD,
    EXAMPLE_STEP,
    EXAMPLE_STEP_RECORD,
    PROCEDURE,
)

LOGIN = document(error_code=0, message="Thành công", session="s-1")
LOGIN_AGAIN = document(error_code=0, message="Thành công", session="s-2")
DONE = document(error_code=0, message="Đồng bộ hồ sơ thành công")
EXPIRED = document(error_code=-1, message="Phiên làm việc không hợp lệ hoặc đã hết hạn")
RECORD = {**EXAMPLE_RECORD, "SoBienNhan": ""}


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def portal(
    *steps: Step, in_facade: bool = False, seen: list[RemoteCallFinished] | None = None, **settings: Any
) -> AsyncIterator[tuple[PortalAdapter, ScriptedServer]]:
    timeouts = {"push_seconds": 0.5, "look_up_seconds": 0.5, "login_seconds": 0.5, "detail_seconds": 0.5}
    make = facade if in_facade else native
    clock = ManualClock()
    async with ScriptedServer(*steps) as server:
        adapter = build(
            make(base_url=server.url, timeouts=timeouts, **settings),
            session=InMemorySession(clock),
            ssl_supplier=lambda: None,
            clock=clock,
            chance=FixedChance(0.0),
            observe=None if seen is None else seen.append,
            sleep=no_wait,
        )
        async with adapter, asyncio.timeout(TIME_LIMIT_SECONDS):
            yield adapter, server


def snapshots(adapter: PortalAdapter, *codes: str) -> list[Prepared]:
    prepared = []
    for index, code in enumerate(codes or (DOSSIER_CODE,)):
        item = adapter.prepare_snapshot(
            SnapshotToPush(delivery_id=index, dossier_code=code, dossier=EXAMPLE_DOSSIER, procedure=PROCEDURE)
        )
        assert isinstance(item, Prepared)
        prepared.append(item)
    return prepared


def step_items(adapter: PortalAdapter) -> list[Prepared]:
    item = adapter.prepare_step(StepToPush(delivery_id=7, dossier_code=DOSSIER_CODE, step=EXAMPLE_STEP))
    assert isinstance(item, Prepared)
    return [item]


def verdict(kind: Verdict, reason: str = "", delivery_id: int = 0) -> ItemVerdict:
    return ItemVerdict(delivery_id=delivery_id, verdict=kind, reason=reason)


async def test_a_dossier_and_its_steps_travel() -> None:
    """One login serves create, update and progress; the records arrive as the notes show them."""
    seen: list[RemoteCallFinished] = []
    async with portal(LOGIN, DONE, DONE, DONE, seen=seen) as (adapter, server):
        items = snapshots(adapter)
        assert [verdict(Verdict.DONE)] == await adapter.push_snapshots(items, is_update=False)
        assert [verdict(Verdict.DONE)] == await adapter.push_snapshots(items, is_update=True)
        assert [verdict(Verdict.DONE, delivery_id=7)] == await adapter.push_steps(step_items(adapter))
    login, create, update, steps = server.seen
    assert {"username": "demo_province", "password": "demo-secret"} == login.document
    assert ("s-1", "H99", "DongBoHoSoMC", "False", [RECORD]) == tuple(create.document.values())
    assert ("DongBoHoSoMC", "True") == (update.document["service"], update.document["isUpdating"])
    assert ("s-1", "H99", "CapNhatTienDoHoSoMC", [EXAMPLE_STEP_RECORD]) == tuple(steps.document.values())
    assert ["/XrdAdapter/RestService/forward/mapi/login"] + ["/XrdAdapter/RestService/forward/mapi/g"] * 3 == [
        request.path for request in server.seen
    ]
    assert {"VN:GOV:000.00.00.G22:vpcpdvcprovider"} == {request.headers["dstcode"] for request in server.seen}
    assert [("login", "ok"), ("create", "ok"), ("update", "ok"), ("steps", "ok")] == [
        (record.operation, record.outcome) for record in seen
    ]


async def test_the_adapter_fills_its_ports() -> None:
    """It is a channel, a catalogue and a self-check, tells its limits, and sends nothing for nothing."""
    async with portal(max_steps_per_call=10, dialect={"steps_deduplicated": False}) as (adapter, _):
        channel: DossierChannel = adapter
        catalogue: ProcedureCatalogue = adapter
        check: SelfCheck = adapter
        assert {"portal"} == {channel.system, catalogue.system, check.system}
        assert (50, 10, False) == (
            channel.limits.max_snapshots_per_call,
            channel.limits.max_steps_per_call,
            channel.limits.repeated_step_is_harmless,
        )
        assert ([], []) == (await adapter.push_snapshots([], is_update=True), await adapter.push_steps([]))


async def test_what_cannot_be_sent_is_told_with_the_missing_rows() -> None:
    """Preparing never raises: it gives the rows and rules, and the delivery they belong to."""
    async with portal(wire={"limits": {"TrichYeuHoSo": 3}}) as (adapter, _):
        lost = SnapshotToPush(delivery_id=5, dossier_code=DOSSIER_CODE, dossier=EXAMPLE_DOSSIER, procedure=None)
        assert Untranslatable(delivery_id=5, missing=(("procedure", "1.999001"),)) == adapter.prepare_snapshot(lost)
        long = SnapshotToPush(delivery_id=6, dossier_code=DOSSIER_CODE, dossier=EXAMPLE_DOSSIER, procedure=PROCEDURE)
        assert Untranslatable(
            delivery_id=6, problems=(("summary", "longer than 3 characters"),)
        ) == adapter.prepare_snapshot(long)


async def test_an_expired_session_is_renewed_once_and_the_call_repeated() -> None:
    """A refused session had no effect: one new login, one repeat with the new session."""
    seen: list[RemoteCallFinished] = []
    async with portal(LOGIN, EXPIRED, LOGIN_AGAIN, DONE, seen=seen) as (adapter, server):
        assert [verdict(Verdict.DONE)] == await adapter.push_snapshots(snapshots(adapter), is_update=False)
    assert ["s-1", "s-2"] == [server.seen[1].document["session"], server.seen[3].document["session"]]
    assert CallOutcome.SESSION_REFUSED is seen[1].outcome


async def test_a_status_of_401_is_a_refused_session() -> None:
    """A security server may refuse the session by status."""
    async with portal(LOGIN, answer("", status=401), LOGIN_AGAIN, DONE) as (adapter, _):
        assert [verdict(Verdict.DONE)] == await adapter.push_snapshots(snapshots(adapter), is_update=False)


@pytest.mark.parametrize("second", [EXPIRED, answer("", status=401)])
async def test_a_session_refused_twice_is_refused_credentials(second: Step) -> None:
    """After one renewal nobody tries further; the next call begins with a login again."""
    async with portal(LOGIN, EXPIRED, LOGIN_AGAIN, second) as (adapter, _):
        with pytest.raises(CredentialsRefused):
            await adapter.push_snapshots(snapshots(adapter), is_update=False)


async def test_many_calls_at_once_renew_once() -> None:
    """Ten pushes that meet the same expired session log in once more, not ten times."""
    tokens: list[str] = []
    logins = 0

    async def anything(seen: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal logins
        if seen.path.endswith("login"):
            logins += 1
            await document(error_code=0, session=f"s-{logins}")(seen, writer)
        else:
            tokens.append(seen.document["session"])
            await (DONE if seen.document["session"] == "s-2" else EXPIRED)(seen, writer)

    async with portal(*[anything] * 22) as (adapter, _):
        items = snapshots(adapter)
        results = await asyncio.gather(*(adapter.push_snapshots(items, is_update=True) for _ in range(10)))
    assert (2, 10, 10) == (logins, tokens.count("s-1"), tokens.count("s-2"))
    assert [[verdict(Verdict.DONE)]] * 10 == results


async def test_bad_credentials_are_told_as_such() -> None:
    """A refused login sends no business call."""
    refused = document(error_code=-1, message="Sai tên đăng nhập hoặc mật khẩu")
    async with portal(refused) as (adapter, server):
        with pytest.raises(CredentialsRefused) as caught:
            await adapter.push_snapshots(snapshots(adapter), is_update=False)
    assert ("login", 1) == (caught.value.operation, len(server.seen))


async def test_a_login_that_is_lost_is_no_push_that_is_lost() -> None:
    """Nothing of the dossier was sent, so the push had no effect."""
    async with portal(dropped) as (adapter, _):
        with pytest.raises(TransientFailure) as caught:
            await adapter.push_snapshots(snapshots(adapter), is_update=False)
    assert "login" == caught.value.operation


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (document(error_code=3, message=f"Hồ sơ {DOSSIER_CODE} đã tồn tại"), (Verdict.ALREADY_EXISTS, "remote_code 3")),
        (document(error_code="-3", message="Hồ sơ đã tồn tại"), (Verdict.ALREADY_EXISTS, "remote_code -3")),
        (document(error_code=-1, message="Thiếu ChuHoSo"), (Verdict.REJECTED, "remote_code -1")),
        (document(error_code="00", message="OK", result=[]), (Verdict.DONE, "")),
        (document(message="Đồng bộ hồ sơ THÀNH CÔNG"), (Verdict.DONE, "")),
        (document(message='{"error_code": "0", "message": "Thành công"}'), (Verdict.DONE, "")),
        (answer("", status=413), (Verdict.REJECTED, "http_413")),
        (answer("", status=400), (Verdict.REJECTED, "http_400")),
    ],
)
async def test_dialects_of_an_answer_to_a_push(step: Step, expected: tuple[Verdict, str]) -> None:
    """Every form of answer comes to a verdict on the item."""
    async with portal(LOGIN, step) as (adapter, _):
        assert [verdict(*expected)] == await adapter.push_snapshots(snapshots(adapter), is_update=False)


async def test_an_update_of_what_is_not_there() -> None:
    """The portal's words about the dossier become a verdict."""
    absent = document(error_code=-1, message=f"Hồ sơ {DOSSIER_CODE} không tồn tại")
    async with portal(LOGIN, absent, absent) as (adapter, _):
        assert [verdict(Verdict.DOES_NOT_EXIST, "remote_code -1")] == await adapter.push_snapshots(
            snapshots(adapter), is_update=True
        )
        assert [verdict(Verdict.DOES_NOT_EXIST, "remote_code -1", 7)] == await adapter.push_steps(step_items(adapter))


async def test_a_step_that_the_portal_has_is_there_already() -> None:
    """Where the portal refuses the repetition of a step in words, the step has arrived."""
    async with portal(LOGIN, document(error_code=3, message="Tiến trình đã tồn tại")) as (adapter, _):
        assert [verdict(Verdict.ALREADY_EXISTS, "remote_code 3", 7)] == await adapter.push_steps(step_items(adapter))


@pytest.mark.parametrize("code", ["Ông Mẫu sai", "999199000001", 999199000001])
async def test_what_is_no_code_never_becomes_a_reason(code: object) -> None:
    """A sentence or a person's number in the place of the code breaks the contract and is not repeated."""
    spoiled = document(error_code=code, message="Lỗi")
    async with portal(LOGIN, spoiled, spoiled, spoiled) as (adapter, _):
        items = snapshots(adapter)
        for call in (adapter.push_snapshots(items, is_update=False), adapter.push_steps(step_items(adapter))):
            with pytest.raises(ContractBroken) as caught:
                await call
            assert caught.value.effect_possible
            assert str(code) not in str(caught.value) + repr(caught.value.__dict__)
        with pytest.raises(ContractBroken) as caught:
            await adapter.look_up(items[0])
        assert not caught.value.effect_possible


@pytest.mark.parametrize(
    ("in_facade", "changes", "expected"),
    [(False, {}, True), (True, {}, False), (True, {"facade": {"look_up_path": "tra-cuu"}}, True)],
)
async def test_the_limits_tell_whether_a_dossier_can_be_asked_about(
    in_facade: bool, changes: dict[str, Any], expected: bool
) -> None:
    """Only a facade without a look-up cannot be asked."""
    async with portal(in_facade=in_facade, **changes) as (adapter, _):
        assert expected is adapter.limits.has_look_up


async def test_a_refused_batch_blames_only_the_named_and_a_too_large_one_nobody() -> None:
    """The offender is refused, the others are to be sent again; a batch refused by status blames nobody."""
    bad = document(error_code=-1, message="Hồ sơ H99.01-260105-00002 thiếu trường")
    async with portal(LOGIN, bad, answer("", status=413)) as (adapter, _):
        items = snapshots(adapter, "H99.01-260105-00001", "H99.01-260105-00002")
        assert [
            verdict(Verdict.NOT_JUDGED, "batch_refused", 0),
            verdict(Verdict.REJECTED, "remote_code -1", 1),
        ] == await adapter.push_snapshots(items, is_update=False)
        assert [
            verdict(Verdict.NOT_JUDGED, "batch_refused_unnamed", 0),
            verdict(Verdict.NOT_JUDGED, "batch_refused_unnamed", 1),
        ] == await adapter.push_snapshots(items, is_update=False)


@pytest.mark.parametrize(
    ("step", "expected", "effect_possible"),
    [
        (dropped, OutcomeUnknown, None),
        (silent, OutcomeUnknown, None),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"), OutcomeUnknown, None),
        (answer("", status=500), OutcomeUnknown, None),
        (answer("<html>502</html>", status=502), OutcomeUnknown, None),
        (answer("", status=503), TransientFailure, None),
        (answer("", status=429, headers={"Retry-After": "3"}), RateLimited, None),
        (answer("", status=403), CredentialsRefused, None),
        (answer("", status=404), TransientFailure, None),
        (answer("", status=302, headers={"Location": "/"}), ContractBroken, True),
        (answer("<html>bảo trì</html>"), ContractBroken, True),
        (answer('{"error_code": 0'), ContractBroken, True),
        (answer("[]"), ContractBroken, True),
        (document(), ContractBroken, True),
        (document(error_code=0, message="Đồng bộ không thành công"), ContractBroken, True),
        (document(error_code=1, message="Thành công"), ContractBroken, True),
        (document(error_code=[]), ContractBroken, True),
        (answer(b'{"error_code": 0, "message": "' + b"x" * 5000 + b'"}'), ContractBroken, True),
        (document(error_code=-1, message="Hệ thống đang bảo trì"), TransientFailure, None),
    ],
)
async def test_a_push_that_fails_is_sent_once_and_told_exactly(
    step: Step, expected: type[RemoteError], effect_possible: bool | None
) -> None:
    """No failure of a push is tried again inside the call, and each tells whether it may have worked."""
    async with portal(LOGIN, step, transport={"max_answer_bytes": 4000}) as (adapter, server):
        with pytest.raises(expected) as caught:
            await adapter.push_snapshots(snapshots(adapter), is_update=False)
    assert (expected, 2) == (type(caught.value), len(server.seen))
    assert effect_possible is getattr(caught.value, "effect_possible", None)
    told = str(caught.value) + repr(caught.value.__dict__)
    assert not any(secret in told for secret in ("Mẫu", "999199000001", "demo-secret", "s-1"))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ([], LookUp(is_present=False)),
        ([RECORD], LookUp(is_present=True)),
        (
            [{"MaHoSo": DOSSIER_CODE, "TrangThaiHoSo": 4, "NgayHenTra": None}],
            LookUp(is_present=True, differing_fields=("due_at", "status")),
        ),
        ([{"MaHoSo": DOSSIER_CODE, "TrangThaiHoSo": "2"}], LookUp(is_present=True)),
    ],
)
async def test_a_look_up_tells_presence_and_differences(record: list[Any], expected: LookUp) -> None:
    """Absent, the same, or other in named fields; keys that are not there prove nothing."""
    async with portal(LOGIN, document(error_code=0, result=record)) as (adapter, _):
        assert expected == await adapter.look_up(snapshots(adapter)[0])


async def test_a_look_up_for_a_step_tells_the_dossiers_presence() -> None:
    """The portal lists no steps, so nothing is said of them."""
    async with portal(LOGIN, document(error_code=0, result=[RECORD])) as (adapter, _):
        assert LookUp(is_present=True) == await adapter.look_up(step_items(adapter)[0])


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((silent, silent, silent), TransientFailure),
        ((dropped, dropped, dropped), TransientFailure),
        ((answer("", status=500),) * 3, TransientFailure),
        ((answer("", status=429),), RateLimited),
        ((document(error_code=-1, message="Lỗi"),), Rejected),
        ((document(error_code=0),), ContractBroken),
        ((document(error_code=0, result=[{"MaHoSo": {}}]),), ContractBroken),
        ((document(error_code=0, result=[{"MaHoSo": DOSSIER_CODE, "TaiLieuNop": 5}]),), ContractBroken),
        ((answer("<html></html>"),), ContractBroken),
    ],
)
async def test_a_look_up_that_could_not_ask_is_never_an_absence(
    steps: tuple[Step, ...], expected: type[RemoteError]
) -> None:
    """Time-outs, refusals and broken answers raise: none of them reads as "does not exist"."""
    async with portal(LOGIN, *steps) as (adapter, _):
        with pytest.raises(expected) as caught:
            await adapter.look_up(snapshots(adapter)[0])
    assert getattr(caught.value, "effect_possible", False) is False


async def test_a_read_is_tried_again_until_it_answers() -> None:
    """A read that was lost twice is asked a third time inside the call."""
    found = document(error_code=0, result=[])
    async with portal(LOGIN, dropped, answer("", status=502), found) as (adapter, _):
        assert LookUp(is_present=False) == await adapter.look_up(snapshots(adapter)[0])


async def test_the_catalogue_is_read() -> None:
    """List and record become canonical; an unknown code is None; both paths are the configured ones."""
    record = {"MATTHC": "1.999001", "TENTTHC": "Một", "TRANGTHAI": "1"}
    async with portal(
        LOGIN,
        document(error_code=0, result=[record, record]),
        document(error_code="0", result=[record]),
        document(error_code=0, result=[]),
        share_path="mapi/share",
        integration_path="mapi/int",
    ) as (adapter, server):
        assert [ProcedureRef(code="1.999001", name="Một")] * 2 == await adapter.list_procedures()
        procedure = await adapter.get_procedure("1.999001")
        assert procedure is not None
        assert ("Một", True) == (procedure.name, procedure.is_public)
        assert None is await adapter.get_procedure("1.999002")
    assert ["login", "share", "int", "int"] == [request.path.rsplit("/", 1)[1] for request in server.seen]
    assert ("LayDanhSachTTHC", "LayThuTuc", "1.999002") == (
        server.seen[1].document["service"],
        server.seen[2].document["service"],
        server.seen[3].document["maTTHC"],
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([{"MATTHC": "1.999001", "CAPTHUCHIEN": [{"CAPTHUCHIEN": "9"}]}], Unmapped),
        ([{"MATTHC": "1.999001", "CAPTHUCHIEN": "9"}], ContractBroken),
        ([{"MATTHC": "1.999002"}], ContractBroken),
        (None, ContractBroken),
    ],
)
async def test_a_procedure_that_cannot_be_read_raises(result: Any, expected: type[Exception]) -> None:
    """A code without a row or another shape concerns this procedure alone and is told."""
    async with portal(LOGIN, document(error_code=0, result=result)) as (adapter, _):
        with pytest.raises(expected):
            await adapter.get_procedure("1.999001")


async def test_a_facade_is_spoken_to_in_its_own_form() -> None:
    """Bare arrays, three addresses, answers wrapped or in bare words, no session and no login."""
    wrapped = json.dumps({"error_code": "0", "message": "Thành công"})
    listed = json.dumps({"error_code": 0, "result": [{"MATTHC": "1.999001", "TENTTHC": "Một"}]})
    async with portal(
        document(message=wrapped),
        document(error_code=0, message="Cập nhật thành công"),
        answer("Cập nhật thành công"),
        document(message=listed),
        in_facade=True,
    ) as (adapter, server):
        items = snapshots(adapter)
        assert [verdict(Verdict.DONE)] == await adapter.push_snapshots(items, is_update=False)
        assert [verdict(Verdict.DONE)] == await adapter.push_snapshots(items, is_update=True)
        assert [verdict(Verdict.DONE, delivery_id=7)] == await adapter.push_steps(step_items(adapter))
        assert [ProcedureRef(code="1.999001", name="Một")] == await adapter.list_procedures()
        with pytest.raises(Rejected):
            await adapter.look_up(items[0])
    assert [("POST", "/them-moi"), ("POST", "/cap-nhat"), ("POST", "/tien-trinh")] == [
        (request.method, request.path) for request in server.seen[:3]
    ]
    assert ([RECORD], [EXAMPLE_STEP_RECORD]) == (server.seen[0].document, server.seen[2].document)
    assert ("GET", "/KetNoiMotCuaQuocGia/LayDanhSachTTHC") == (server.seen[3].method, server.seen[3].path)


async def test_a_facade_that_complains_of_its_session_is_told() -> None:
    """We have no session to renew there."""
    async with portal(EXPIRED, in_facade=True) as (adapter, _):
        with pytest.raises(CredentialsRefused):
            await adapter.push_snapshots(snapshots(adapter), is_update=False)


async def test_the_self_check_reads_and_changes_nothing() -> None:
    """Login, catalogue and look-up are tried; no push is sent; the shared session stays unused."""
    async with portal(
        LOGIN, document(error_code=0, result=[{"MATTHC": "1.999001"}]), document(error_code=0, result=[])
    ) as (adapter, server):
        findings = await adapter.check()
    assert [("transport", True), ("login", True), ("catalogue", True), ("look-up", True)] == [
        (finding.subject, finding.is_ok) for finding in findings
    ]
    assert "1 procedures listed" == findings[2].detail
    assert ["LayDanhSachTTHC", "TraCuuHoSo"] == [request.document["service"] for request in server.seen[1:]]


@pytest.mark.parametrize(
    ("steps", "subject", "detail"),
    [
        ((document(error_code=-1, message="Sai tên đăng nhập hoặc mật khẩu"),), "login", "check username"),
        ((answer("", status=404),) * 3, "login", "check base_url, family and the paths"),
        ((LOGIN, answer("", status=403), document(error_code=0, result=[])), "catalogue", "destination code"),
        (
            (LOGIN, document(error_code=0, result=[]), document(error_code=0, result=[{"MaHoSo": "KIEM-TRA-KET-NOI"}])),
            "look-up",
            "nobody issues",
        ),
        ((LOGIN, EXPIRED, document(error_code=0, result=[])), "catalogue", "check username"),
    ],
)
async def test_the_self_check_tells_what_to_do(steps: tuple[Step, ...], subject: str, detail: str) -> None:
    """A failing subject is named with the person's next step, and nothing is raised."""
    async with portal(*steps) as (adapter, _):
        failing = [finding for finding in await adapter.check() if not finding.is_ok]
    assert [subject] == [finding.subject for finding in failing]
    assert detail in failing[0].detail
    assert "demo-secret" not in failing[0].detail


async def test_the_self_check_of_a_facade_warns_of_the_missing_look_up() -> None:
    """Without a look-up an unanswered push waits for a person; the operator is told beforehand."""
    async with portal(document(error_code=0, result=[]), in_facade=True) as (adapter, _):
        findings = await adapter.check()
    assert [("transport", True), ("look-up", False), ("catalogue", True)] == [
        (finding.subject, finding.is_ok) for finding in findings
    ]


async def test_an_unreadable_password_file_is_refused_credentials() -> None:
    """Nothing is sent without the secret, and the path is not told."""
    async with portal(password=None, password_file="/nonexistent/secret") as (adapter, server):
        with pytest.raises(CredentialsRefused) as caught:
            await adapter.look_up(snapshots(adapter)[0])
    assert ("password_file", 0) == (caught.value.code, len(server.seen))
    assert "nonexistent" not in caught.value.message


async def test_unusable_code_tables_stop_the_start() -> None:
    """A missing file of code tables is a configuration error."""
    with pytest.raises(ConfigurationError, match="codes_path"):
        async with portal(codes_path="/nonexistent/codes.toml"):
            pass
