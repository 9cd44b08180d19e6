"""Numbers of statutory receipts in PostgreSQL: each given once, none left out (payment notes §D.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.model.receipt import Cancellation, Receipt, ReceiptDraft, ReceiptNumber, ReceiptSeries
from gateway.store.pool import Pool, connection, transaction
from gateway.store.queries import queries
from gateway.sync.receipts import issue, read_verification_code

Seal = Callable[[Receipt], tuple[bytes, bytes]]
"""Gives wrapped key and sealed content of a receipt that has just got its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedReceipt:
    """What the book of numbers knows of a receipt; no personal data. `issued_at` is UTC."""

    key: str
    request_id: str
    number: ReceiptNumber
    issued_at: datetime
    verification_code: str
    cancellation: Cancellation | None = None
    cancel_document_number: str = ""
    """Of the document by which it was cancelled."""


class PostgresReceiptNumbers:
    """The book of numbers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("receipts")

    async def give(
        self, draft: ReceiptDraft, series: ReceiptSeries, now: datetime, random_bytes: bytes, seal: Seal
    ) -> NumberedReceipt:
        """Give a draft the next number of its series; a draft whose key has one gets that one again.

        The number, the step of the series and what the receipt says are stored in one transaction: who fails before
        its end leaves no gap, and no number stands without its content. `seal` is called once, unless the key is known.
        Raises ReceiptRefused as `gateway.sync.receipts.next_number` does, StoreUnavailable.
        """
        columns = {
            "unit_code": series.unit_code,
            "form_symbol": series.form_symbol,
            "receipt_symbol": series.receipt_symbol,
            "year": series.year,
        }
        async with transaction(self._pool) as borrowed:
            await self._sql.add_receipt_series(borrowed, **columns)
            row = await self._sql.lock_receipt_series(borrowed, **columns)
            known = await self._sql.find_receipt_number(borrowed, key=draft.key)
            if known is not None:
                return _numbered(known)
            last = None
            if row["last_number"]:
                last = ReceiptNumber(series=series, number=row["last_number"], given_on=row["last_given_on"])
            issued = issue(draft, last, series, now, random_bytes)
            given = {"series_id": row["series_id"], "number": issued.number.number, "given_on": issued.number.given_on}
            await self._sql.advance_receipt_series(borrowed, **given)
            await self._sql.add_receipt_number(
                borrowed,
                key=draft.key,
                request_id=draft.request_id,
                issued_at=issued.issued_at,
                verification_code=issued.verification_code,
                **given,
            )
            wrapped_key, sealed = seal(issued)
            await self._sql.add_receipt_content(borrowed, key=draft.key, wrapped_key=wrapped_key, sealed=sealed)
        return NumberedReceipt(
            key=draft.key,
            request_id=draft.request_id,
            number=issued.number,
            issued_at=issued.issued_at,
            verification_code=issued.verification_code,
        )

    async def of_request(self, request_id: str) -> Sequence[NumberedReceipt]:
        """Give all receipts of a request, cancelled ones too, the oldest first. Raises StoreUnavailable."""
        async with connection(self._pool) as borrowed:
            return [_numbered(row) async for row in self._sql.receipt_numbers_of(borrowed, request_id=request_id)]

    async def content(self, key: str) -> tuple[bytes, bytes] | None:
        """Give wrapped key and sealed content; None for a key that has no receipt. Raises StoreUnavailable."""
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_receipt_content(borrowed, key=key)
        return None if row is None else (row["wrapped_key"], row["sealed"])

    async def cancel(self, key: str, cancellation: Cancellation, document_number: str = "") -> bool:
        """Cancel a receipt, which keeps number and content; False when it is cancelled already, or not there.

        The first cancellation stays as it was said. Raises StoreUnavailable.
        """
        async with connection(self._pool) as borrowed:
            found = await self._sql.cancel_receipt_number(
                borrowed,
                key=key,
                now=cancellation.cancelled_at,
                cancelled_by=cancellation.cancelled_by,
                reason=cancellation.reason,
                document_number=document_number,
            )
        return found is not None

    async def verify(self, text: str) -> NumberedReceipt | None:
        """Find the receipt of a code as a person typed it; None when there is none. Raises StoreUnavailable."""
        code = read_verification_code(text)
        if code is None:
            return None
        async with connection(self._pool) as borrowed:
            row = await self._sql.find_receipt_number_by_code(borrowed, verification_code=code)
        return None if row is None else _numbered(row)


def _numbered(row: Any) -> NumberedReceipt:
    series = ReceiptSeries(
        unit_code=row["unit_code"],
        form_symbol=row["form_symbol"],
        receipt_symbol=row["receipt_symbol"],
        year=row["year"],
    )
    cancellation = None
    if row["cancelled_at"] is not None:
        cancellation = Cancellation(
            reason=row["cancel_reason"], cancelled_by=row["cancelled_by"], cancelled_at=row["cancelled_at"]
        )
    return NumberedReceipt(
        key=row["key"],
        request_id=row["request_id"],
        number=ReceiptNumber(series=series, number=row["number"], given_on=row["given_on"]),
        issued_at=row["issued_at"],
        verification_code=row["verification_code"],
        cancellation=cancellation,
        cancel_document_number=row["cancel_document_number"],
    )
