"""Numbers of receipts on the real database: racing issuers, repeats, work that breaks off, forged codes;
and with them what receipts say, sealed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.engine.receipts import ReceiptContents
from gateway.errors import IntegrityFailed
from gateway.model.receipt import Cancellation, Receipt, ReceiptDraft
from gateway.ports.basics import KeyRing
from gateway.store.receipts import PostgresReceiptNumbers
from gateway.sync.receipts import due_receipts
from tests.support.receipts import CHARGE, NOW, SERIES, request

_NUMBERS = "SELECT number FROM receipt_numbers ORDER BY number"


def draft(key: int) -> ReceiptDraft:
    (made,) = due_receipts(request((CHARGE, 100_000)), [])
    return replace(made, key=f"phi-{key}")


def sealed(receipt: Receipt) -> tuple[bytes, bytes]:
    """Stand in for sealing where the content does not matter."""
    return b"key", receipt.draft.key.encode()


def chance(number: int) -> bytes:
    return number.to_bytes(10)


async def test_racing_issuers_leave_no_gap(pool: Any) -> None:
    """Issuers that race for numbers, each draft twice, give every draft one number, from 1 on without a gap."""
    book = PostgresReceiptNumbers(pool)
    given = await asyncio.gather(
        *(book.give(draft(turn % 10), SERIES, NOW, chance(turn), sealed) for turn in range(20)),
    )

    assert given[:10] == given[10:]
    assert set(range(1, 11)) == {one.number.number for one in given}
    assert list(range(1, 11)) == [row["number"] for row in await pool.fetch(_NUMBERS)]


async def test_work_that_breaks_off_leaves_no_gap(pool: Any) -> None:
    """An issue that fails after the series has advanced takes its number back."""
    book = PostgresReceiptNumbers(pool)
    await book.give(draft(1), SERIES, NOW, chance(1), sealed)
    with pytest.raises(Exception, match="verification_code"):
        await book.give(draft(2), SERIES, NOW, chance(1), sealed)
    after = await book.give(draft(3), SERIES, NOW, chance(3), sealed)

    assert 2 == after.number.number
    assert [1, 2] == [row["number"] for row in await pool.fetch(_NUMBERS)]


async def test_a_code_finds_its_receipt_only(pool: Any) -> None:
    """A code is found as people type it; one that was made up is not."""
    book = PostgresReceiptNumbers(pool)
    given = await book.give(draft(1), SERIES, NOW, chance(1), sealed)

    assert given == await book.verify(given.verification_code.lower().replace("-", " "))
    assert await book.verify("0000-0000-0000-0002") is None
    assert await book.verify("' OR true --") is None


async def test_a_number_and_its_content_are_stored_together(pool: Any, key_ring: KeyRing) -> None:
    """What a receipt says opens again under its own key only; where sealing fails, no number was given."""
    book = PostgresReceiptNumbers(pool)
    contents = ReceiptContents(book.content, key_ring)

    def broken(_: Receipt) -> tuple[bytes, bytes]:
        raise IntegrityFailed("the ring cannot be read", code="key_ring")

    with pytest.raises(IntegrityFailed):
        await book.give(draft(1), SERIES, NOW, chance(1), broken)
    given = await book.give(draft(2), SERIES, NOW, chance(2), contents.seal)
    opened = await contents.find("phi-2")

    assert opened is not None
    assert (draft(2), given.number, given.issued_at) == (opened.draft, opened.number, opened.issued_at)
    assert (1, None) == (given.number.number, await contents.find("phi-1"))
    stored = await pool.fetchval("SELECT sealed FROM receipt_contents")
    assert opened.draft.payer.full_name.encode() not in stored
    await book.give(draft(3), SERIES, NOW, chance(3), contents.seal)
    await pool.execute(
        "UPDATE receipt_contents a SET wrapped_key = b.wrapped_key, sealed = b.sealed FROM receipt_contents b "
        "WHERE a.key = 'phi-3' AND b.key = 'phi-2'"
    )
    with pytest.raises(IntegrityFailed):
        await contents.find("phi-3")


async def test_a_cancelled_receipt_keeps_its_number_and_the_first_reason(pool: Any) -> None:
    """It is found by its code as cancelled; rivals cancel it once; the next number is a new one."""
    book = PostgresReceiptNumbers(pool)
    given = await book.give(draft(1), SERIES, NOW, chance(1), sealed)
    said = [Cancellation(reason=f"reason {one}", cancelled_by=f"officer {one}", cancelled_at=NOW) for one in range(5)]
    done = await asyncio.gather(*(book.cancel("phi-1", one, f"CV-{one.reason[-1]}") for one in said))
    after = await book.give(draft(2), SERIES, NOW, chance(2), sealed)

    assert 1 == sum(done)
    first = said[done.index(True)]
    known = replace(given, cancellation=first, cancel_document_number=f"CV-{first.reason[-1]}")
    assert known == await book.verify(given.verification_code)
    assert [known, after] == await book.of_request("req-1")
    assert 2 == after.number.number
    assert known == await book.give(draft(1), SERIES, NOW, chance(9), sealed)
    assert not await book.cancel("phi-none", first)
