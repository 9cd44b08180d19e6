"""Orders to suppliers of receipts in PostgreSQL: one sender, one receipt, nothing kept that is not needed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.model.dossier import FeeKind
from gateway.model.receipt import Cancellation, Receipt, ReceiptNumber
from gateway.store.pool import open_pool
from gateway.store.receipt_orders import PostgresReceiptOrders
from gateway.store.receipts import PostgresReceiptNumbers
from gateway.sync.receipt_orders import OrderKind, OrderState, ReceiptOrder
from gateway.sync.receipts import due_receipts
from tests.support.receipts import CHARGE, NOW, RANDOM, SERIES, TODAY, receipt, request

CONTENT = (b"\x01\x02k1-wrapped", b"sealed")
KEY = "phi-YC0001"


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Any]:
    made = await open_pool(dsn, max_size=6)
    yield made
    await made.close()


def order(key: str = KEY, **changes: Any) -> ReceiptOrder:
    given: dict[str, Any] = {
        "key": key,
        "kind": OrderKind.ISSUE,
        "request_id": "req-1",
        "fee_kind": FeeKind.CHARGE,
        "supplier": "vnpt",
        "supplier_key": key,
        "amount_vnd": 150_000,
        "made_at": NOW,
        "changed_at": NOW,
        **changes,
    }
    return ReceiptOrder(**given)


def numbered(number: int, key: str = KEY) -> Receipt:
    made = receipt(is_signed=False)
    return replace(
        made,
        draft=replace(made.draft, key=key),
        number=ReceiptNumber(series=SERIES, number=number, given_on=TODAY),
        verification_code=f"AAAA-{number:04}",
    )


async def test_an_order_is_there_once(pool: Any) -> None:
    """A second one of its key changes nothing, unless the first was dropped: then it is ordered anew."""
    orders = PostgresReceiptOrders(pool)
    first = await orders.add(order(), CONTENT)
    again = await orders.add(order(made_at=NOW + timedelta(days=1), amount_vnd=1), CONTENT)
    assert first == again == order()
    assert CONTENT == await orders.content(first)
    assert await orders.move(first, OrderState.OWED, OrderState.DROPPED, "not_wanted", NOW)
    assert await orders.content(first) is None
    anew = await orders.add(order(made_at=NOW + timedelta(days=1), amount_vnd=1), CONTENT)
    assert (OrderState.OWED, 1, NOW + timedelta(days=1)) == (anew.state, anew.amount_vnd, anew.made_at)
    assert CONTENT == await orders.content(anew)


async def test_of_many_workers_one_sends(pool: Any) -> None:
    """And what was sent is not sent until it was put back."""
    orders = PostgresReceiptOrders(pool)
    made = await orders.add(order(), CONTENT)
    won = await asyncio.gather(*(orders.send(made, NOW) for _ in range(8)))
    assert 1 == sum(won)
    assert not await orders.send(made, NOW)
    assert not await orders.move(made, OrderState.OWED, OrderState.DROPPED, "not_wanted", NOW)
    assert await orders.move(made, OrderState.SENT, OrderState.OWED, "transient", NOW)
    assert await orders.send(made, NOW)
    [kept] = await orders.of_request("req-1")
    assert (OrderState.SENT, 2, "", NOW) == (kept.state, kept.tries_count, kept.reason, kept.sent_at)


async def test_what_is_written_stands_in_the_book(pool: Any) -> None:
    """With the supplier's number, once; whoever numbers in the series later goes on behind it; the content is gone."""
    orders, book = PostgresReceiptOrders(pool), PostgresReceiptNumbers(pool)
    made = await orders.add(order(), CONTENT)
    await orders.send(made, NOW)
    for _ in range(2):
        assert await orders.written(made, numbered(41), CONTENT, NOW)
    [one] = await book.of_request("req-1")
    assert (41, KEY) == (one.number.number, one.key)
    assert await orders.content(made) is None
    assert {} == await orders.standing()
    (draft,) = due_receipts(replace(request((CHARGE, 5)), request_code="YC2"), [])
    given = await book.give(draft, SERIES, NOW, RANDOM, lambda _: CONTENT)
    assert 42 == given.number.number


async def test_a_number_of_another_receipt_is_not_taken(pool: Any) -> None:
    """The order stays as it was."""
    orders = PostgresReceiptOrders(pool)
    first, second = await orders.add(order(), CONTENT), await orders.add(order("phi-2"), CONTENT)
    for one in (first, second):
        await orders.send(one, NOW)
    assert await orders.written(first, numbered(1), CONTENT, NOW)
    assert not await orders.written(second, numbered(1, "phi-2"), CONTENT, NOW)
    assert {("vnpt", "sent"): (1, NOW)} == await orders.standing()


async def test_a_cancelled_receipt_bears_the_officers_words(pool: Any) -> None:
    """In the book of numbers, with the order's end, in one step."""
    orders, book = PostgresReceiptOrders(pool), PostgresReceiptNumbers(pool)
    made = await orders.add(order(), CONTENT)
    await orders.send(made, NOW)
    await orders.written(made, numbered(1), CONTENT, NOW)
    wish = await orders.add(order(kind=OrderKind.CANCEL, officer="canbo.b", document_number="3/QD"), None)
    assert ("canbo.b", "3/QD", False) == (wish.officer, wish.document_number, wish.replaces)
    word = Cancellation(reason="by_officer", cancelled_by="canbo.b", cancelled_at=datetime(2026, 3, 5, tzinfo=UTC))
    await orders.cancelled(wish, word, NOW)
    [one] = await book.of_request("req-1")
    assert (word, "3/QD") == (one.cancellation, one.cancel_document_number)
    assert [OrderState.DONE, OrderState.DONE] == [each.state for each in await orders.of_request("req-1")]
