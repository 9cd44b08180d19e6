"""A transfer in an account statement pays once, however often and however simultaneously the statement is read."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.bootstrap.transfers import read_whole, statement_form
from gateway.engine.transfers import TransferReading
from gateway.model.settlement import Statement, StatementLine
from gateway.payment_config import StatementFormSettings
from gateway.sync.transfers import Unmatched
from gateway.vault.keyring import FileKeyRing
from tests.support.api import Answered
from tests.support.payments import ACCOUNT, Payments, payments, references_in


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    async with payments(pool, key_ring) as made:
        # Nobody is a partner in a transfer.
        made.provider.partner_code = ""
        yield made


def reading(town: Payments) -> TransferReading:
    service = town.api.services.payments
    assert service is not None
    return TransferReading(service.desk.records, {"platform": references_in})


def line(town: Payments, text: str, number: int = 2, **changes: Any) -> StatementLine:
    values: dict[str, Any] = {
        "line": number,
        "amount_vnd": 150_000,
        "day": today(town),
        "at": None,
        "text": text,
        "account_number": ACCOUNT.account_number,
        "bank_reference": f"FT{number}",
    }
    return StatementLine(**{**values, **changes})


def today(town: Payments) -> date:
    return (town.clock.now() + timedelta(hours=7)).date()


def statement(town: Payments, *lines: StatementLine) -> Statement:
    return Statement(until=today(town), lines=lines)


async def test_a_statement_pays_and_says_what_it_left(town: Payments) -> None:
    """One credit is taken; what differs is left by number and reason; debits are passed over."""
    payment_id, reference = await town.opened()
    whole = statement(
        town,
        line(town, "LUONG", 2),
        line(town, reference, 3, amount_vnd=150_001),
        line(town, f"CK {reference} PHI", 4),
        line(town, reference, 5, amount_vnd=-150_000),
    )

    report = await reading(town).take(whole)

    assert (3, 1, 0, 0) == (report.credits_count, report.taken_count, report.known_count, report.refused_count)
    assert [(2, Unmatched.NO_REFERENCE), (3, Unmatched.ANOTHER_AMOUNT)] == [(o.line, o.reason) for o in report.left]
    assert "paid" == (await town.seen(payment_id))["state"]
    sources = await town.api.get(f"/v1/payments/{payment_id}/history")
    assert "statement" in {entry["source"] for entry in sources.json["entries"]}


async def test_read_again_or_overlapping_is_one_debit(town: Payments) -> None:
    payment_id, reference = await town.opened()
    first = line(town, reference, 4)
    await reading(town).take(statement(town, first))

    report = await reading(town).take(statement(town, line(town, reference, 9, bank_reference=first.bank_reference)))

    assert (0, 1) == (report.taken_count, report.known_count)
    assert ["FT4"] == (await town.seen(payment_id))["attempts"][-1]["transactions"]
    assert 1 == (await town.events()).count("payment.paid")


async def test_two_readings_at_once_are_one_debit(town: Payments) -> None:
    payment_id, reference = await town.opened()
    whole = statement(town, line(town, reference))

    reports = await asyncio.gather(*(reading(town).take(whole) for _ in range(5)))

    assert (1, 4) == (sum(one.taken_count for one in reports), sum(one.known_count for one in reports))
    assert ["FT2"] == (await town.seen(payment_id))["attempts"][-1]["transactions"]
    assert 1 == (await town.events()).count("payment.paid")


async def test_a_second_transfer_is_a_second_debit(town: Payments) -> None:
    """It is written down beside the first, for a person to send back: money is never dropped."""
    payment_id, reference = await town.opened()

    await reading(town).take(statement(town, line(town, reference, 2), line(town, reference, 3)))
    await town.work_through()

    assert ["FT2", "FT3"] == (await town.seen(payment_id))["attempts"][-1]["transactions"]
    assert "payment_second_debit" in town.alerts


async def test_a_statement_is_sent_as_a_file(bank_town: Payments) -> None:
    """Paid by the client's own file; sent again, nothing is new."""
    payment_id, reference = await bank_town.opened()
    content = statement_file(bank_town, f"{reference} NGUYEN VAN A")

    first, again = await send(bank_town, content), await send(bank_town, content)

    counts = {"credits_count": 1, "refused_count": 0, "left": []}
    assert (200, {**counts, "taken_count": 1, "known_count": 0}) == (first.status, first.json)
    assert {**counts, "taken_count": 0, "known_count": 1} == again.json
    assert "paid" == (await bank_town.seen(payment_id))["state"]


async def test_what_is_left_is_named_without_its_text(bank_town: Payments) -> None:
    answered = await send(bank_town, statement_file(bank_town, "NGUYEN VAN A"))

    assert [{"line": 2, "amount_vnd": 150_000, "reason": "no_reference"}] == answered.json["left"]
    assert b"NGUYEN" not in answered.body


async def test_a_statement_is_refused_whole(bank_town: Payments) -> None:
    """One line that cannot be read stops the others; line and rule are named, never what stood there."""
    payment_id, reference = await bank_town.opened()
    content = statement_file(bank_town, reference) + "hôm qua,NGUYEN VAN B,FT9,150000\n".encode()

    answered = await send(bank_town, content)

    assert (422, "invalid-content", ["line 3"]) == (answered.status, answered.problem, answered.fields)
    assert b"NGUYEN" not in answered.body
    assert "pending" == (await bank_town.seen(payment_id))["state"]


async def test_without_a_form_no_statement_is_read(town: Payments) -> None:
    assert "no-account-statements" == (await send(town, b"x")).problem


@pytest.fixture
async def bank_town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    """The API with the form of statements configured."""
    form = statement_form(FORM)
    assert form is not None
    async with payments(pool, key_ring, read_statement=lambda body, until: read_whole(body, form, until)) as made:
        made.provider.partner_code = ""
        yield made


FORM = StatementFormSettings(
    moment="Ngày",
    text="Nội dung",
    bank_reference="Số GD",
    credit="Ghi có",
    account_number=ACCOUNT.account_number,
    moment_form="dd/MM/yyyy",
)


def statement_file(town: Payments, text: str) -> bytes:
    return f"Ngày,Nội dung,Số GD,Ghi có\n{today(town):%d/%m/%Y},{text},FT2,150000\n".encode()


async def send(town: Payments, content: bytes) -> Answered:
    path = f"/v1/account-statements?until={today(town).isoformat()}"
    return await town.api.call("POST", path, body=content, headers={"Content-Type": "text/csv"})
