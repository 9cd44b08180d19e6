"""Daily files held against the payments: to the đồng, corrected where a file proves it, closed by a person."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from gateway.engine.settlement import SettlementNotPossible, Told
from gateway.model.settlement import FileDay, FileRow, MoneyKind, RowState
from gateway.model.vocabulary import VIETNAM
from gateway.vault.keyring import FileKeyRing
from mappings.payment.settlement import file_name, write_settlement
from tests.support.api import Answered
from tests.support.payments import ACCOUNT, DOSSIER, PARTNER, Payments, ScriptedProvider, notice, payments

DAY = date(2026, 1, 5)
"""On which everything is paid."""
AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        yield made


def row(reference: str, transaction: str = "", **changes: Any) -> FileRow:
    values: dict[str, Any] = {
        "line": 2,
        "kind": MoneyKind.PAY,
        "state": RowState.DONE,
        "reference": reference,
        "transaction": transaction or f"T{reference[-6:]}",
        "amount_vnd": 150_000,
        "service_fee_vnd": 0,
        "bank_code": "VCB",
        "at": AT,
        "at_text": "20260105160000",
        "account_number": ACCOUNT.account_number,
        "dossier_code": DOSSIER,
    }
    return FileRow(**(values | changes))


def body(*rows: FileRow, day: date = DAY) -> dict[str, Any]:
    content, digest = write_settlement(FileDay(partner_code=PARTNER, day=day, sha256="", rows=rows))
    return {"content": content.decode(), "digest": digest, "name": file_name(PARTNER, day), "officer": "canbo.a"}


async def taken(town: Payments, *rows: FileRow, day: date = DAY, **changes: Any) -> Answered:
    path = f"/v1/settlements/platform/{day.isoformat()}:import"
    return await town.api.call("POST", path, body=body(*rows, day=day) | changes)


def classes(answered: Answered) -> dict[str, int]:
    assert answered.status == 200, answered.body
    found: dict[str, int] = answered.json["day"]["by_class"]
    return found


async def audited(town: Payments) -> list[tuple[str, str]]:
    rows = await town.pool.fetch(
        "SELECT purpose, outcome FROM audit_lines WHERE action = 'payment.decided' ORDER BY position"
    )
    return [(row["purpose"], row["outcome"]) for row in rows]


async def test_a_day_that_agrees_can_be_closed(town: Payments) -> None:
    """Equal to the đồng; nothing corrected, no line; closed once, and then left as it is."""
    _, reference = await town.opened()
    await town.tell(reference)

    told = await taken(town, row(reference))
    closing = {"officer": "canbo.b", "document_number": "1/BC"}
    path = f"/v1/settlements/platform/{DAY.isoformat()}"
    closed = await town.api.call("POST", f"{path}:close", body=closing)
    again = await taken(town, row(reference))

    assert {"ok": 1} == classes(told)
    assert (150_000, 150_000, 0, 0) == tuple(
        told.json["day"][name] for name in ("gateway_vnd", "file_vnd", "difference_vnd", "unexplained_count")
    )
    assert ("closed", "canbo.b") == (closed.json["state"], closed.json["closed_by"])
    assert (409, "settlement-not-possible") == (again.status, again.problem)
    assert [("settlement platform 2026-01-05 closed: 1/BC", "closed")] == await audited(town)
    listed = (await town.api.get("/v1/settlements?since=2026-01-01&until=2026-01-31")).json["items"]
    assert [("platform", "2026-01-05", "closed")] == [(one["provider"], one["day"], one["state"]) for one in listed]


async def test_r1_a_lost_notification_becomes_a_payment(town: Payments) -> None:
    """The file proves it: paid, told on, with the settlement as its source and one line of the audit before it."""
    payment_id, reference = await town.opened()

    told = await taken(town, row(reference))
    await town.work_through()
    seen = await town.seen(payment_id)
    again = await taken(town, row(reference))

    assert ("paid", False) == (seen["state"], seen["is_disputed"])
    assert {"ok": 1} == classes(told) == classes(again)
    assert 0 == again.json["day"]["difference_vnd"]
    assert [("settlement platform 2026-01-05 r1: take", "apply_success")] == await audited(town)
    history = (await town.api.get(f"/v1/payments/{payment_id}/history")).json["entries"]
    assert ("paid", "settlement") == (history[-1]["state"], history[-1]["source"])
    assert 1 == (await town.events()).count("payment.paid")
    assert "national_platform" == (await town.api.get(f"/v1/dossiers/{DOSSIER}")).json["online_payment"]


async def test_r2_what_stands_in_no_file_waits_for_the_next_and_is_disputed_then(town: Payments) -> None:
    payment_id, reference = await town.opened()
    await town.tell(reference)

    first = await taken(town)
    waiting = await town.seen(payment_id)
    town.clock.move(86_400)
    await taken(town, day=DAY + timedelta(days=1))
    disputed = await town.seen(payment_id)
    await town.work_through()

    assert {"r2": 1} == classes(first)
    assert ["wait"] == [one["action"] for one in first.json["findings"]]
    assert [False, True] == [waiting["is_disputed"], disputed["is_disputed"]]
    assert "paid" == disputed["state"], "taken back by a person only"
    assert "payment_contradiction" in town.alerts
    assert [("settlement platform 2026-01-05 r2: absent", "dispute")] == await audited(town)


@pytest.mark.parametrize(
    ("changes", "word", "is_disputed"),
    [
        ({"amount_vnd": 140_000}, "r3", True),
        ({"state": RowState.FAILED}, "r6", True),
        ({"account_number": "0999"}, "account", False),
        ({"transaction": "OTHER"}, "two_debits", True),
    ],
    ids=["amount", "failed", "account", "two debits"],
)
async def test_what_contradicts_goes_to_a_person(
    town: Payments, changes: dict[str, Any], word: str, is_disputed: bool
) -> None:
    """R3, R6 and their kin: disputed once with a line, unexplained until a person says why; then the day closes.

    What a fact cannot say, the account, is a finding for a person and disputes nothing.
    """
    payment_id, reference = await town.opened()
    await town.tell(reference)

    first = await taken(town, row(reference, **changes))
    again = await taken(town, row(reference, **changes))
    lines = await audited(town)
    path = f"/v1/settlements/platform/{DAY.isoformat()}"
    refused = await town.api.call("POST", f"{path}:close", body={"officer": "b", "document_number": "1/BC"})
    details = (await town.api.get(path)).json
    for finding in details["findings"]:
        explanation = {"key": finding["key"], "officer": "canbo.b", "document_number": "2/BB"}
        explained = await town.api.call("POST", f"{path}:explain", body=explanation)
        assert explained.status == 200, explained.body
    closed = await town.api.call("POST", f"{path}:close", body={"officer": "b", "document_number": "1/BC"})

    assert 200 == first.status == again.status
    assert {"in_dispute" if is_disputed else word: 1} == classes(first) == classes(again)
    assert is_disputed == (await town.seen(payment_id))["is_disputed"]
    assert is_disputed == (f"settlement platform 2026-01-05 {word}: take" in [purpose for purpose, _ in lines])
    assert len(lines) == len({purpose for purpose, _ in lines}), "each once"
    assert (409, True) == (refused.status, details["day"]["unexplained_count"] > 0)
    assert (200, "closed") == (closed.status, closed.json["state"])
    assert "paid" == (await town.seen(payment_id))["state"]


async def test_r4_a_second_payment_of_a_request_goes_back(town: Payments) -> None:
    """The file knows two attempts of one request as paid: one counts, the other is a person's case."""
    payment_id, first = await town.opened()
    town.clock.move(3600)
    await town.work_through()
    again = await town.attempt(payment_id)
    second = again.json["attempts"][-1]["reference"]
    assert first != second
    await town.tell(second)

    told = await taken(town, row(first, "TA"), row(second, line=3))
    await town.work_through()
    seen = await town.seen(payment_id)

    assert {"ok": 2} == classes(told), "both count as money that came"
    assert {"paid", "duplicate_paid"} == {one["state"] for one in seen["attempts"]}
    assert "payment.duplicated" in await town.events()
    assert [("settlement platform 2026-01-05 r4: take", "refund_duplicate")] == await audited(town)


async def test_r5_money_of_an_unknown_reference_finds_its_dossier_or_is_held(town: Payments) -> None:
    """What a message told of before is the same sum, and held once."""
    payment_id = (await town.create()).json["payment_id"]
    await town.tell("STRAY", transaction="T2", amount_vnd=7_000)

    told = await taken(
        town,
        row("DVCQG1", "T1"),
        row("STRAY", "T2", dossier_code="H99.01-260105-99999", amount_vnd=7_000, line=3),
    )
    held = (await town.api.get("/v1/payments/suspense")).json["items"]

    assert "paid" == (await town.seen(payment_id))["state"]
    assert {"ok": 1, "r5": 1} == classes(told)
    assert [("T2", "notification", 7_000)] == [(one["transaction"], one["source"], one["amount_vnd"]) for one in held]
    assert -7_000 == told.json["day"]["difference_vnd"]


async def test_r7_midnight_is_in_either_file(town: Payments) -> None:
    """Paid at 23:59, in the file of the day after: a difference on both days, and none over both."""
    _, reference = await town.opened()
    await town.tell(reference)

    town.clock.move(86_400)
    await taken(town, row(reference), day=DAY + timedelta(days=1))
    first = await taken(town)
    second = (await town.api.get(f"/v1/settlements/platform/{DAY + timedelta(days=1)}")).json["day"]

    assert {"r7": 1} == classes(first)
    assert 0 == first.json["day"]["difference_vnd"] + second["difference_vnd"]
    assert [0, 0] == [first.json["day"]["unexplained_count"], second["unexplained_count"]]


@pytest.mark.parametrize(
    "damage",
    [
        {"digest": "0" * 64},
        {"content": "MaThamChieu\r\n"},
        {"content": ""},
        {"name": "OTHER_20260105.csv"},
        {"officer": ""},
        {"digest": "x"},
    ],
)
async def test_a_file_that_is_not_whole_and_right_counts_for_nothing(town: Payments, damage: dict[str, Any]) -> None:
    """Refused by field, rule and line, without a value; what was there before stays."""
    payment_id, reference = await town.opened()

    refused = await taken(town, row(reference), **damage)

    assert (422, "invalid-content") == (refused.status, refused.problem)
    assert reference.encode() not in refused.body
    assert "pending" == (await town.seen(payment_id))["state"]
    assert 0 == await town.pool.fetchval("SELECT count(*) FROM settlement_files")


async def test_bad_rows_are_named_by_line(town: Payments) -> None:
    good = body(row("R1"), row("R2", line=3))
    content = good["content"].replace("150000", "15e4", 1)
    damaged = good | {"content": content, "digest": sha256(content.encode()).hexdigest()}

    refused = await town.api.call("POST", "/v1/settlements/platform/2026-01-05:import", body=damaged)

    assert (422, "invalid-content") == (refused.status, refused.problem)
    assert any("line 2" in one["rule"] and "SoTien" in one["rule"] for one in refused.json["errors"])
    assert b"15e4" not in refused.body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("GET /v1/settlements/platform/2026-01-05", 404),
        ("GET /v1/settlements/platform/2026-01-05/report", 404),
        ("POST /v1/settlements/platform/2026-01-05:compare", 404),
        ("POST /v1/settlements/nobody/2026-01-05:compare", 404),
        ("GET /v1/settlements/platform/2026-02-30", 400),
    ],
)
async def test_days_that_are_not_there(town: Payments, path: str, status: int) -> None:
    method, address = path.split()
    answered = await town.api.call(method, address)

    assert status == answered.status, answered.body


async def test_the_report_holds_every_finding(town: Payments) -> None:
    _, reference = await town.opened()
    await town.tell(reference)
    await taken(town, row(reference), row("STRAY", "T2", dossier_code="", line=3))

    report = await town.api.get("/v1/settlements/platform/2026-01-05/report")

    lines = report.body.decode("utf-8-sig").splitlines()
    assert "text/csv" in report.headers["Content-Type"]
    assert ["day", "2026-01-05", "2026-01-05"] == [line.split(",")[0] for line in lines]
    assert ["ok", "r5"] == sorted(line.split(",")[2] for line in lines[1:])


async def test_two_imports_at_once(town: Payments) -> None:
    """One compares, the other does as well or is told that one is under way; each correction once."""
    payment_id, reference = await town.opened()

    answers = await asyncio.gather(*(taken(town, row(reference)) for _ in range(4)))

    assert {200} <= {one.status for one in answers} <= {200, 409}
    assert "paid" == (await town.seen(payment_id))["state"]
    assert 1 == len(await audited(town))


class _Breaks:
    """Dies between what is done and what is noted of it."""

    def __init__(self, inner: Any, at: str) -> None:
        self._inner, self._at = inner, at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            self._at = ""
            raise asyncio.CancelledError
        return getattr(self._inner, name)


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        ("add_file", "consistent"),
        ("save_day", "consistent"),
        ("begin_correction", "consistent"),
        ("end_correction", ""),
    ],
)
async def test_a_run_that_died_goes_on(town: Payments, at: str, outcome: str) -> None:
    """Killed at any step, it is run again and comes to the same: paid once, corrected once."""
    payment_id, reference = await town.opened()
    settlements = town.settlements
    whole = settlements.store
    stated = body(row(reference))
    told = Told(
        provider="platform", day=DAY, name=stated["name"], content=stated["content"].encode(), digest=stated["digest"]
    )
    settlements.store = _Breaks(whole, at)

    with pytest.raises(asyncio.CancelledError):
        await settlements.take(told)
    settlements.store = whole
    made = await settlements.take(told)

    assert made.match.can_close
    assert "paid" == (await town.seen(payment_id))["state"]
    corrections = await whole.corrections("platform", DAY)
    assert [outcome] == [one.outcome for one in corrections.values()]
    assert 1 == (await town.events()).count("payment.paid")
    assert 1 == await town.pool.fetchval("SELECT count(*) FROM settlement_files")


async def test_a_day_to_come_has_no_file(town: Payments) -> None:
    stated = body(day=DAY)
    told = Told(
        provider="platform",
        day=town.clock.now().date() + timedelta(days=9),
        name=stated["name"],
        content=stated["content"].encode(),
        digest=stated["digest"],
    )

    with pytest.raises(SettlementNotPossible) as refused:
        await town.settlements.take(told)

    assert "day_to_come" == refused.value.refusal


async def test_what_another_provider_took_makes_no_phantom(pool: Any, key_ring: FileKeyRing) -> None:
    """A payment that is not this provider's does not count on its days."""
    async with payments(pool, key_ring, others=[ScriptedProvider(name="paygov")]) as town:
        payment_id = (await town.create()).json["payment_id"]
        opened = await town.attempt(payment_id, provider="paygov")
        await town.hear(notice(opened.json["attempts"][-1]["reference"]), provider="paygov")

        told = await taken(town)

        assert "paid" == (await town.seen(payment_id))["state"]
        assert {} == classes(told)
        assert 0 == told.json["day"]["gateway_vnd"]


async def test_what_goes_back_is_compared_too(pool: Any, key_ring: FileKeyRing) -> None:
    """A refund stands in both: equal. One that only the file knows, or only we, is a person's finding."""
    async with payments(pool, key_ring, can_refund=True) as town:
        payment_id, reference = await town.opened()
        await town.tell(reference)
        await town.work_through()
        [attempt] = (await town.seen(payment_id))["attempts"]
        wish = {
            "attempt_id": attempt["attempt_id"],
            "transaction": attempt["transactions"][0],
            "amount_vnd": 50_000,
            "why": "wrong_amount",
            "document_number": "5/QD",
            "officer": "canbo.a",
        }
        path = f"/v1/payments/{payment_id}/refunds"
        asked = await town.api.call("POST", path, body=wish, headers={"Idempotency-Key": "k"})
        approve = f"{path}/{asked.json['refund_id']}:approve"
        assert 200 == (await town.api.call("POST", approve, body={"officer": "canbo.b"})).status
        await town.work_through()
        paid = row(reference)
        back = row(reference, "RF1", kind=MoneyKind.REFUND, amount_vnd=50_000, line=3)

        equal = await taken(town, paid, back)
        foreign = await taken(town, paid, back, row(reference, "RF2", kind=MoneyKind.REFUND, amount_vnd=7_000, line=4))
        without = await taken(town, paid)

        assert ({"ok": 2}, 0, 100_000) == (
            classes(equal),
            equal.json["day"]["difference_vnd"],
            equal.json["day"]["gateway_vnd"],
        )
        assert (7_000, 1) == (foreign.json["day"]["difference_vnd"], foreign.json["day"]["unexplained_count"])
        assert ({"ok": 1, "r2": 1}, -50_000) == (classes(without), without.json["day"]["difference_vnd"])
        assert "partially_refunded" == (await town.seen(payment_id))["state"]


async def test_a_file_that_is_brought_again_holds_again(town: Payments) -> None:
    """A, then B, then A: what holds is what was brought last."""
    _, reference = await town.opened()
    await town.tell(reference)
    first = await taken(town, row(reference))
    town.clock.move(1)
    second = await taken(town)
    town.clock.move(1)

    third = await taken(town, row(reference))

    assert [{"ok": 1}, {"r2": 1}, {"ok": 1}] == [classes(one) for one in (first, second, third)]
    assert 2 == await town.pool.fetchval("SELECT count(*) FROM settlement_files")


async def test_tomorrows_file_is_refused_at_any_hour(town: Payments) -> None:
    """Days are days in Vietnam."""
    tomorrow = town.clock.now().astimezone(VIETNAM).date() + timedelta(days=1)

    refused = await taken(town, day=tomorrow)

    assert (409, "day_to_come") == (refused.status, refused.json["detail"])
