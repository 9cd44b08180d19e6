"""Numbers of receipts on the real database: racing issuers, repeats, work that breaks off, forged codes."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.model.receipt import ReceiptDraft
from gateway.store.receipts import PostgresReceiptNumbers
from gateway.sync.receipts import due_receipts
from tests.support.receipts import CHARGE, NOW, SERIES, request

_NUMBERS = "SELECT number FROM receipt_numbers ORDER BY number"


def draft(key: int) -> ReceiptDraft:
    (made,) = due_receipts(request((CHARGE, 100_000)), [])
    return replace(made, key=f"phi-{key}")


def chance(number: int) -> bytes:
    return number.to_bytes(10)


async def test_racing_issuers_leave_no_gap(pool: Any) -> None:
    """Issuers that race for numbers, each draft twice, give every draft one number, from 1 on without a gap."""
    book = PostgresReceiptNumbers(pool)
    given = await asyncio.gather(
        *(book.give(draft(turn % 10), SERIES, NOW, chance(turn)) for turn in range(20)),
    )

    assert given[:10] == given[10:]
    assert set(range(1, 11)) == {one.number.number for one in given}
    assert list(range(1, 11)) == [row["number"] for row in await pool.fetch(_NUMBERS)]


async def test_work_that_breaks_off_leaves_no_gap(pool: Any) -> None:
    """An issue that fails after the series has advanced takes its number back."""
    book = PostgresReceiptNumbers(pool)
    await book.give(draft(1), SERIES, NOW, chance(1))
    with pytest.raises(Exception, match="verification_code"):
        await book.give(draft(2), SERIES, NOW, chance(1))
    after = await book.give(draft(3), SERIES, NOW, chance(3))

    assert 2 == after.number.number
    assert [1, 2] == [row["number"] for row in await pool.fetch(_NUMBERS)]


async def test_a_code_finds_its_receipt_only(pool: Any) -> None:
    """A code is found as people type it; one that was made up is not."""
    book = PostgresReceiptNumbers(pool)
    given = await book.give(draft(1), SERIES, NOW, chance(1))

    assert given == await book.verify(given.verification_code.lower().replace("-", " "))
    assert await book.verify("0000-0000-0000-0002") is None
    assert await book.verify("' OR true --") is None
