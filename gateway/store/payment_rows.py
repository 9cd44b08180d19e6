"""Rows of payments as the core's records, and records as columns."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from gateway.store.pool import Connection
from gateway.store.queries import queries
from gateway.sync.payment_people import Voucher
from gateway.sync.payment_records import AttemptView, RequestView
from gateway.sync.payment_storing import (
    KeptMessage,
    StoredAttempt,
    StoredPayment,
    StoredVoucher,
    VoucherState,
)
from gateway.sync.settlement_sides import paid_on

_requests = msgspec.json.Decoder(RequestView)
_attempts = msgspec.json.Decoder(AttemptView)
_encode = msgspec.json.Encoder().encode


def voucher_of(row: Any) -> StoredVoucher:
    """Give the voucher of a row."""
    return StoredVoucher(
        voucher_id=row["voucher_id"],
        provider=row["provider"],
        voucher=Voucher(
            transaction=row["transaction"],
            amount_vnd=row["amount_vnd"],
            paid_at=row["paid_at"],
            evidence_sha256=row["evidence_sha256"],
            recorded_by=row["recorded_by"],
        ),
        evidence_type=row["evidence_type"],
        state=VoucherState(row["state"]),
        decided_by=row["decided_by"],
    )


async def keep(borrowed: Connection, message: KeptMessage, request_id: UUID | None, now: datetime) -> None:
    """Keep a message as it came, sealed. Raises asyncpg's errors."""
    await queries("payments").keep_payment_message(
        borrowed,
        provider=message.provider,
        now=now,
        request_id=request_id,
        verdict=message.verdict,
        reason=message.reason,
        wrapped_key=message.wrapped_key,
        sealed=message.sealed,
    )


async def with_attempts(borrowed: Connection, row: Any) -> StoredPayment:
    """Give the request of a row, with all its attempts."""
    rows = queries("payments").attempts_of(borrowed, request_ids=[row["request_id"]])
    attempts = [
        StoredAttempt(
            view=_attempts.decode(one["record"]), return_to=one["return_to"], return_state=one["return_state"]
        )
        async for one in rows
    ]
    return StoredPayment(
        view=_requests.decode(row["record"]),
        client_id=row["client_id"],
        agency_code=row["agency_code"],
        procedure_code=row["procedure_code"],
        created_at=row["created_at"],
        attempts=tuple(attempts),
        wrapped_key=row["wrapped_key"],
        sealed=row["sealed"],
    )


def request_columns(view: RequestView) -> dict[str, Any]:
    """Give what a request's row holds of it."""
    return {
        "state": view.state.value,
        "is_disputed": view.is_disputed,
        "amount_vnd": view.amount_vnd,
        "record": text_of(view),
    }


def attempt_columns(view: AttemptView) -> dict[str, Any]:
    """Give what an attempt's row holds of it."""
    return {
        "attempt_id": view.attempt_id,
        "state": view.state.value,
        "record": text_of(view),
        "next_poll_at": view.next_poll_at,
        "paid_on": paid_on(view),
    }


def text_of(record: object) -> str:
    """Give a record as the text that stands whole in a row."""
    return _encode(record).decode()
