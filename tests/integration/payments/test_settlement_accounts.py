"""Daily files held against account statements: money that never arrives is found, and so is what comes late."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.bootstrap.transfers import read_whole, statement_form
from gateway.engine.settlement import Settlements
from gateway.payment_config import StatementFormSettings
from gateway.ports.retention import RecordKind
from gateway.store.retention import PostgresRetention
from gateway.vault.keyring import FileKeyRing
from tests.integration.payments.test_settlements import DAY, row, taken
from tests.support.payments import ACCOUNT, Payments, payments

PATH = f"/v1/settlements/platform/{DAY.isoformat()}"
CLOSING = {"officer": "canbo.b", "document_number": "1/BC"}
FORM = StatementFormSettings(
    moment="Ngày", text="Nội dung", bank_reference="Số GD", credit="Ghi có", account="TK", moment_form="dd/MM/yyyy"
)
DUE = DAY + timedelta(days=2)
"""Monday's money is due on Wednesday."""


@pytest.fixture
async def town(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[Payments]:
    form = statement_form(FORM)
    assert form is not None

    def read(body: bytes, until: date) -> Any:
        return read_whole(body, form, until)

    async with payments(pool, key_ring, read_statement=read, settled={"platform": ("GOMPHI",)}) as made:
        yield made


def settlements(town: Payments) -> Settlements:
    service = town.api.services.payments
    assert service is not None
    return service.settlements


async def state(town: Payments, until: date, *credits: tuple[str, str, int], account: str = "") -> int:
    """Send a statement and let the days be looked at again; give how many were."""
    number = account or ACCOUNT.account_number
    lines = "".join(f"{until:%d/%m/%Y},{text},{bank},{vnd},{number}\n" for text, bank, vnd in credits)
    content = f"Ngày,Nội dung,Số GD,Ghi có,TK\n{lines}".encode()
    path = f"/v1/account-statements?until={until.isoformat()}"
    answered = await town.api.call("POST", path, body=content, headers={"Content-Type": "text/csv"})
    assert 200 == answered.status, answered.body
    return await settlements(town).look_again()


async def found(town: Payments) -> list[tuple[str, str, str]]:
    """Give class, action and standing in the account of the day's findings."""
    day = await settlements(town).store.day("platform", DAY)
    assert day is not None
    return [(one.finding_class.value, one.action.value, one.account.value) for one in day.match.findings]


async def paid(town: Payments) -> str:
    """Let somebody pay; give the reference."""
    _, reference = await town.opened()
    await town.tell(reference)
    return reference


def of(reference: str) -> str:
    """Give the provider's transaction of a payment, as `row` has it: only transfers by code show our own reference."""
    return f"T{reference[-6:]}"


async def test_r8_money_that_does_not_arrive_is_found_and_found_again(town: Payments) -> None:
    """Nothing is said before a statement knows the account; then it is awaited, absent, and at last there."""
    reference = await paid(town)
    await taken(town, row(reference))
    assert [("ok", "close", "not_checked")] == await found(town)

    town.clock.move(86_400)
    assert 1 == await state(town, DAY + timedelta(days=1), ("TIEN DIEN", "FT1", 9_000))
    assert [("ok", "wait", "awaited")] == await found(town)
    assert 409 == (await town.api.call("POST", f"{PATH}:close", body=CLOSING)).status

    town.clock.move(86_400)
    assert 1 == await state(town, DUE, ("NUOC", "FT2", 150_000))
    assert [("r8", "escalate", "absent")] == await found(town)
    assert 0 == await settlements(town).look_again(), "nothing new is known"

    town.clock.move(86_400)
    assert 1 == await state(town, DUE + timedelta(days=1), (f"PHI {of(reference)}. NGUYEN VAN A", "FT3", 150_000))
    assert [("ok", "close", "arrived")] == await found(town)
    assert "closed" == (await town.api.call("POST", f"{PATH}:close", body=CLOSING)).json["state"]
    assert 0 == await state(town, DUE + timedelta(days=1), ("X", "FT4", 1)), "a closed day is left"


async def test_one_transfer_of_all_is_known_by_its_word_and_sum_and_taken_once(town: Payments) -> None:
    """The sum of the day, with the provider's word; another day of the same sum needs a transfer of its own."""
    reference = await paid(town)
    await taken(town, row(reference))
    town.clock.move(2 * 86_400)
    await state(town, DUE, ("GOMPHI 05012026", "FT1", 150_000))
    assert [("ok", "close", "arrived")] == await found(town)

    used = await settlements(town).store.used_bank_references("platform", DUE, DAY, DUE)
    assert frozenset({"FT1"}) == used
    assert frozenset() == await settlements(town).store.used_bank_references("platform", DAY, DAY, DUE)


async def test_of_an_account_that_no_statement_knows_nothing_is_said(town: Payments) -> None:
    """A statement of another account covers no day of this one."""
    await taken(town, row(await paid(town)))
    town.clock.move(2 * 86_400)
    await state(town, DUE, ("PHI", "FT1", 150_000), account="999000111")
    assert [("ok", "close", "not_checked")] == await found(town)


async def test_overlapping_statements_are_one(town: Payments) -> None:
    """A movement is one by account and the bank's reference; the same file again is kept once."""
    reference = await paid(town)
    await taken(town, row(reference))
    town.clock.move(2 * 86_400)
    for until in (DUE, DUE):
        await state(town, until, (of(reference), "FT1", 150_000))
    town.clock.move(86_400)
    await state(town, DUE + timedelta(days=1), (of(reference), "FT1", 150_000), ("KHAC", "FT2", 5))
    assert 2 == await town.pool.fetchval("SELECT count(*) FROM account_statements")
    around = await settlements(town).accounts.statements.around(DAY)  # type: ignore[union-attr]
    assert around is not None
    assert {"FT1", "FT2"} == {line.bank_reference for line in around.lines}
    assert [("ok", "close", "arrived")] == await found(town)


async def test_no_statement_is_complete_up_to_a_day_to_come(town: Payments) -> None:
    """It would make money absent that may still arrive."""
    path = f"/v1/account-statements?until={(DAY + timedelta(days=1)).isoformat()}"
    answered = await town.api.call("POST", path, body=b"x", headers={"Content-Type": "text/csv"})
    assert (400, "invalid-parameter") == (answered.status, answered.problem)
    assert "/query/until" == answered.json["errors"][0]["field"]


async def test_what_is_kept_names_nobody_in_clear_and_ends(town: Payments) -> None:
    """Texts of transfers name payers: sealed, and deleted when their time is over."""
    await state(town, DAY, ("NGUYEN VAN MAU nop phi", "FT1", 150_000), ("X", "FT2", 2))
    [kept] = [dict(one) for one in await town.pool.fetch("SELECT * FROM account_statements")]
    assert (2, [ACCOUNT.account_number]) == (kept["credits_count"], kept["accounts"])
    assert b"NGUYEN" not in kept["sealed"]

    retention = PostgresRetention(town.pool)
    now = town.clock.now()
    assert 0 == await retention.shred(RecordKind.ACCOUNT_STATEMENTS, now - timedelta(days=1), 100)
    assert 1 == await retention.shred(RecordKind.ACCOUNT_STATEMENTS, now + timedelta(days=1), 100)
    assert await settlements(town).accounts.statements.around(DAY) is None  # type: ignore[union-attr]
