"""The worker against the portal's sandbox: whatever goes wrong on the way, the portal ends right, and once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.portal.sandbox.profile import BatchPolicy
from adapters.sandboxing import FaultKind
from gateway.engine.procedures import sync_procedures
from gateway.errors import RemoteError
from gateway.operating import decide, select, status
from gateway.ports.basics import KeyRing
from gateway.ports.observing import CallEnded, CircuitMoved
from tests.support.changes import replacement, step
from tests.support.town import CLOCK, PortalTown, portal_town


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    async with portal_town(dsn, pool, key_ring) as opened:
        yield opened


def assert_once(town: PortalTown, code: str, status: str, steps: int) -> None:
    """The portal holds the dossier from one create, with this status and these steps, and saw no overlap.

    An unanswered step may have been sent again: this portal stores an identical one once.
    """
    held = town.sandbox.dossier(code)
    assert held is not None
    assert (1, status, steps) == (held.create_count, held.status, len(held.steps))
    assert 0 == town.sandbox.counters()["concurrent_same_dossier"]


async def submit(town: PortalTown, code: str = "H99.01-260105-00001") -> None:
    """A dossier with a moving step: a create, an update and a step are owed."""
    await town.accept(
        replacement(code, procedure_code=town.procedure_code), step(code, minutes=30, status="processing")
    )


async def test_the_plain_way(town: PortalTown) -> None:
    """A dossier and its step arrive with the present status."""
    await submit(town)
    states = await town.work_until_settled()

    assert {"delivered": 2, "skipped": 1} == states
    assert_once(town, "H99.01-260105-00001", "4", 1)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (FaultKind.REFUSE_CONNECTION, {}),
        (FaultKind.SERVER_ERROR, {"http_status": 503}),
        (FaultKind.SERVER_ERROR, {"http_status": 500, "after_work": True}),
        (FaultKind.SERVER_ERROR, {"http_status": 502}),
        (FaultKind.MAINTENANCE, {}),
        (FaultKind.RATE_LIMITED, {"variant": "http_date", "retry_after_seconds": 0}),
        (FaultKind.RATE_LIMITED, {"variant": "none"}),
        (FaultKind.DROP_REPLY, {"variant": "close"}),
        (FaultKind.DROP_REPLY, {"variant": "reset"}),
        (FaultKind.RESET_MID_ANSWER, {}),
        (FaultKind.STALL_AFTER_WORK, {"delay_seconds": 1.0}),
        (FaultKind.STALL_BEFORE_BODY, {"delay_seconds": 1.0}),
        (FaultKind.SLOW_TRICKLE, {"delay_seconds": 1.0}),
        (FaultKind.MALFORMED_JSON, {"variant": "cut"}),
        (FaultKind.MALFORMED_JSON, {"variant": "empty"}),
        (FaultKind.OVERSIZED_BODY, {"size_bytes": 40_000_000}),
        (FaultKind.HTML_PAGE, {"after_work": True}),
        (FaultKind.HTML_PAGE, {}),
        (FaultKind.WRONG_CONTENT_TYPE, {}),
        (FaultKind.EXPIRED_SESSION, {}),
        (FaultKind.ERROR_CODE_DIALECT, {"variant": "string"}),
        (FaultKind.ERROR_CODE_DIALECT, {"variant": "double_zero"}),
        (FaultKind.WRAPPED_REPLY, {}),
        (FaultKind.CLOCK_SKEW, {}),
    ],
)
@pytest.mark.parametrize("operation", ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"])
async def test_one_fault_on_the_way(town: PortalTown, operation: str, kind: FaultKind, options: dict[str, Any]) -> None:
    """After any single fault of a push everything has arrived once; nothing is parked, nothing doubled."""
    narrowed = {} if kind is FaultKind.REFUSE_CONNECTION else {"operation": operation}
    town.fault(kind, calls=1, **narrowed, **options)
    await submit(town)
    states = await town.work_until_settled()

    assert 1 <= sum(town.sandbox.faults.injected.values())
    assert {"delivered": 2, "skipped": 1} == states
    assert_once(town, "H99.01-260105-00001", "4", 1)


async def test_a_lost_answer_is_asked_about_before_anything_is_sent_again(town: PortalTown) -> None:
    """Between an unanswered create and the next push of the dossier stands a look-up."""
    town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoHoSoMC")
    await town.accept(replacement("H99.01-260105-00001", procedure_code=town.procedure_code))
    await town.work_until_settled()

    calls = [record.operation for record in town.sandbox.recorder.calls(after=0, limit=500)]
    pushes_and_queries = [name for name in calls if name in ("DongBoHoSoMC", "TraCuuHoSo")]
    assert ["DongBoHoSoMC", "TraCuuHoSo"] == pushes_and_queries
    assert_once(town, "H99.01-260105-00001", "2", 0)


async def test_a_query_without_an_answer_is_never_an_absence(town: PortalTown) -> None:
    """While the look-up fails the dossier is neither created again nor called missing."""
    town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoHoSoMC")
    town.fault(FaultKind.STALL_BEFORE_WORK, calls=6, operation="TraCuuHoSo", delay_seconds=1.0)
    await town.accept(replacement("H99.01-260105-00001", procedure_code=town.procedure_code))
    await town.work_until_settled(seconds=40)

    assert_once(town, "H99.01-260105-00001", "2", 0)
    assert 0 == town.sandbox.counters()["creates_rejected_existing"]


async def test_a_dossier_that_the_portal_has_already_is_updated(town: PortalTown) -> None:
    """When the portal knows a dossier that we think is new, the create turns into an update."""
    code = "H99.01-260105-00001"
    await submit(town, code)
    await town.work_until_settled()
    await town.pool.execute("UPDATE lanes SET presence = 'absent'")
    await town.accept(replacement(code, status="stopped", procedure_code=town.procedure_code))
    await town.work_until_settled()

    assert_once(town, code, "8", 1)


async def test_a_rejected_record_is_parked_and_its_company_delivered(town: PortalTown) -> None:
    """One bad record in a batch is named, parked with a reason, and harms nobody; a correction supersedes it."""
    codes = [f"H99.01-260105-{n:05}" for n in range(1, 8)]
    town.sandbox.remove_procedure(others := _another_procedure(town))
    changes = [replacement(code, procedure_code=town.procedure_code) for code in codes]
    changes[3] = replacement(codes[3], procedure_code=others)
    await town.accept(*changes)
    states = await town.work_until_settled()

    assert {"delivered": 6, "parked": 1} == states
    assert ["rejected"] == [reason.partition(":")[0] for reason in await town.reasons()]
    await town.accept(replacement(codes[3], note="đã sửa", procedure_code=town.procedure_code))
    assert {"delivered": 7, "skipped": 1} == await town.work_until_settled()


def _another_procedure(town: PortalTown) -> str:
    return next(
        str(record["MATTHC"])
        for record in town.sandbox.procedures()
        if record["LINHVUCTHUCHIEN"] and record["MATTHC"] != town.procedure_code
    )


async def test_a_portal_that_keeps_the_good_ones_of_a_batch(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Where a refused batch was stored in part, sending the rest again changes nothing there."""
    profile = PortalProfile(batch_policy=BatchPolicy.ACCEPT_GOOD_ONES)
    async with portal_town(dsn, pool, key_ring, profile=profile) as town:
        town.sandbox.remove_procedure(others := _another_procedure(town))
        good = [f"H99.01-260105-{n:05}" for n in range(1, 6)]
        bad = replacement("H99.01-260105-00009", procedure_code=others)
        await town.accept(*(replacement(code, procedure_code=town.procedure_code) for code in good), bad)
        states = await town.work_until_settled()

        assert {"delivered": 5, "parked": 1} == states
        for code in good:
            assert_once(town, code, "2", 0)


async def test_an_unknown_procedure_holds_the_delivery_and_names_the_row(town: PortalTown) -> None:
    """No guessing: what cannot be translated is not sent, and the reason says which code is missing."""
    await town.accept(replacement("H99.01-260105-00001", procedure_code="1.000999"))
    states = await town.work_until_settled()

    assert {"parked": 1} == states
    (reason,) = await town.reasons()
    assert reason.startswith("unmapped: ")
    assert "1.000999" in reason
    assert town.sandbox.dossier("H99.01-260105-00001") is None


async def test_unanswered_steps_are_parked_where_repeating_would_double(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """On a portal that stores a repeated step twice, an unanswered step waits for a person and is stored once."""
    profile = PortalProfile(is_repeated_step_stored=True)
    settings = {"dialect": {"steps_deduplicated": False}}
    async with portal_town(dsn, pool, key_ring, profile=profile, settings=settings) as town:
        town.fault(FaultKind.DROP_REPLY, calls=1, operation="CapNhatTienDoHoSoMC")
        await submit(town)
        states = await town.work_until_settled()

        assert {"delivered": 1, "skipped": 1, "parked": 1} == states
        assert ["outcome_unknown"] == [r for r in await town.reasons() if not r.startswith("superseded")]
        assert_once(town, "H99.01-260105-00001", "4", 1)


async def test_an_outage_opens_the_circuit_and_ends_by_itself(town: PortalTown) -> None:
    """During an outage few calls are made; afterwards everything arrives, in order."""
    town.fault(FaultKind.MAINTENANCE, lasts_seconds=1.5, retry_after_seconds=0)
    for n in range(20):
        await submit(town, f"H99.01-260105-{n:05}")
    await town.work_until_settled()

    moves = [happening.state for happening in town.happenings if isinstance(happening, CircuitMoved)]
    failed = [h for h in town.happenings if isinstance(h, CallEnded) and h.outcome != "ok"]
    assert "open" == moves[0]
    assert "closed" == moves[-1]
    assert len(failed) < 30
    for n in range(20):
        assert_once(town, f"H99.01-260105-{n:05}", "4", 1)


async def test_a_worker_that_dies_in_the_middle(town: PortalTown) -> None:
    """What a dead worker left in flight is asked about by the next one and ends delivered once."""
    await submit(town)
    async with town.worker._outbox.transaction() as transaction:
        lanes = await transaction.lease("portal", 10)
        await town.worker._begin(transaction, lanes)
    assert {"in_flight": 1, "skipped": 1, "waiting": 1} == await town.states()
    await town.pool.execute("UPDATE lanes SET lease_until = now() - interval '1 second'")
    await town.work_until_settled()

    assert_once(town, "H99.01-260105-00001", "4", 1)
    operations = [record.operation for record in town.sandbox.recorder.calls(after=0, limit=500)]
    assert "TraCuuHoSo" in operations


async def test_steps_arrive_in_the_order_of_acceptance(town: PortalTown) -> None:
    """Thirty steps, late ones among them, arrive as they were accepted, and the status ends as it should."""
    code = "H99.01-260105-00001"
    await town.accept(replacement(code, procedure_code=town.procedure_code))
    for n in range(30):
        await town.accept(step(code, minutes=60 - n if n % 3 == 2 else 100 + n, content=f"Bước {n}"))
    await town.work_until_settled()

    held = town.sandbox.dossier(code)
    assert held is not None
    assert [f"Bước {n}" for n in range(30)] == [entry.as_dict()["NoiDungXuLy"] for entry in held.steps]
    assert_once(town, code, "4", 30)


async def test_a_changed_catalogue_becomes_new_versions(town: PortalTown) -> None:
    """Changed, removed and returned procedures are seen; a list that comes short retires nothing by itself."""
    code = town.procedure_code
    town.sandbox.change_procedure(code, {"TENTTHC": "Tên mới"})
    gone = _another_procedure(town)
    removed = next(dict(record) for record in town.sandbox.procedures() if record["MATTHC"] == gone)
    town.sandbox.remove_procedure(gone)
    result = await sync_procedures(town.portal, town.procedures, clock=CLOCK, observer=town.happenings.append)

    assert result is not None
    assert (9, 1, 1, 0) == (result.listed_count, result.changed_count, result.retired_count, result.failed_count)
    town.sandbox.add_procedure(removed)
    again = await sync_procedures(town.portal, town.procedures, clock=CLOCK, observer=town.happenings.append)
    assert again is not None
    assert (10, 0) == (again.listed_count, again.changed_count)
    rows = await town.pool.fetch("SELECT type, subject FROM events WHERE type LIKE 'procedure.%' ORDER BY event_id")
    assert [("procedure.changed", code), ("procedure.retired", gone), ("procedure.restored", gone)] == [
        (row["type"], row["subject"]) for row in rows[10:]
    ]


async def test_an_operator_retries_what_was_parked(town: PortalTown, dsn: str) -> None:
    """When the missing row is there, a retry delivers the held dossier and everything behind it, in order."""
    code = "H99.01-260105-00001"
    others = _another_procedure(town)
    record = next(dict(entry) for entry in town.sandbox.procedures() if entry["MATTHC"] == others)
    town.sandbox.remove_procedure(others)
    await town.accept(replacement(code, procedure_code=others), step(code, minutes=5, status="received"))
    assert {"parked": 1, "waiting": 1} == await town.work_until(lambda states: bool(states.get("parked")))
    town.sandbox.add_procedure(record)

    parked = await select(dsn, [], "rejected")
    assert [code] == [item.dossier_code for item in parked]
    assert [] == await decide(dsn, parked, None)
    assert {"delivered": 2} == await town.work_until_settled()
    assert_once(town, code, "2", 1)


async def test_an_operator_skips_what_was_parked(town: PortalTown, dsn: str) -> None:
    """A skipped delivery ends with the reason that was given, and the equation still balances."""
    await town.accept(replacement("H99.01-260105-00001", procedure_code="1.000999"))
    await town.work_until_settled()
    (parked,) = await select(dsn, [], None)
    assert [] == await decide(dsn, [parked], "entered_by_mistake")

    assert {"skipped": 1} == await town.states()
    assert ["entered_by_mistake"] == await town.reasons()
    facts = await status(dsn)
    assert (0, 1, []) == (
        facts["systems"]["portal"]["difference"],
        facts["systems"]["portal"]["skipped"],
        facts["parked"],
    )
    ((_, message),) = await decide(dsn, [parked], None)
    assert "parked" in message


async def test_an_ill_portal_ends_the_reading_of_its_catalogue(town: PortalTown) -> None:
    """When record after record cannot be read the rest is left for another time, and nothing is retired."""
    town.fault(FaultKind.SERVER_ERROR, operation="LayThuTuc", http_status=500)
    with pytest.raises(RemoteError):
        await sync_procedures(town.portal, town.procedures, clock=CLOCK, observer=town.happenings.append)

    assert 10 == len(await town.procedures.live_codes())
