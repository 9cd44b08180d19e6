"""Endpoints of the suspense account: money that was taken and belongs to no request, until a person has settled it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, Field, StringConstraints

from gateway.api.cursors import SuspenseCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.api.payments import service_of
from gateway.api.problems import Problem
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED
from gateway.store.clients import Scope
from gateway.store.payment_suspense import PostgresSuspense, SuspenseItem

Officer = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]{1,100}$"),
    Field(description="Sign of the officer who decides.", examples=["canbo.a"]),
]


def _is_no_citizens(text: str) -> str:
    # It stands in the audit, which takes no citizen's number.
    if re.search(r"(?<![0-9])(?:[0-9]{12}|[0-9]{9})(?![0-9])", text, re.ASCII):
        raise ValueError("must not hold a run of 9 or 12 digits, which a citizen's number has") from None
    return text


DocumentNumber = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-zĐđ./_-]{1,60}$"),
    AfterValidator(_is_no_citizens),
    Field(description="Number of the document that it follows from.", examples=["17/BB-TC"]),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseQuery:
    """Which sums."""

    __pydantic_config__ = CLOSED

    with_settled: bool = False
    cursor: SuspenseCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSum:
    """A sum that belongs to no request. Reference and dossier are as the provider told them; "" where it told none."""

    suspense_id: int
    provider: str
    transaction: str
    amount_vnd: int
    reference: str
    dossier_code: str
    source: str
    reason: str
    recorded_at: datetime
    settled_at: datetime | None = None
    settlement: str | None = None
    settled_by: str | None = None
    document_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSums:
    """A page, the oldest first."""

    items: tuple[HeldSum, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementWord:
    """What became of a sum: it went back to its payer, was booked to another account, or was counted for a dossier by a
    voucher."""

    __pydantic_config__ = CLOSED

    officer: Officer
    settlement: Literal["given_back", "booked_elsewhere", "counted_by_voucher"]
    document_number: DocumentNumber


async def get_sums(call: Call) -> web.StreamResponse:
    """List sums that belong to no request."""
    service_of(call)
    query: SuspenseQuery = call.query
    wanted = page_count(call)
    after = read_number_cursor(query.cursor)
    found = await _store(call).page(after=after, limit=wanted + 1, with_settled=query.with_settled)
    items = tuple(_shown(one) for one in found[:wanted])
    following = write_number_cursor("s", found[wanted - 1].suspense_id) if len(found) > wanted else None
    return call.answer(200, HeldSums(items=items, next_cursor=following))


async def settle_sum(call: Call) -> web.StreamResponse:
    """Say what became of a sum; once."""
    service, stated, store = service_of(call), call.body, _store(call)
    assert isinstance(stated, SettlementWord)
    suspense_id: int = call.path["suspense_id"]
    found = await store.find(suspense_id)
    if found is None:
        raise Problem("payment-not-found")
    if found.settled_at is not None:
        raise Problem("payment-not-possible", "settled_already")
    shown = Shown(
        action=AuditAction.PAYMENT_DECIDED,
        fields=("suspense",),
        purpose=f"suspense {suspense_id}: {stated.document_number}",
        dossier_code=found.dossier_code,
        officer=stated.officer,
    )
    # Written down first: nothing is settled without a line.
    await note_look(call, shown, outcome=stated.settlement)
    is_done = await store.settle(
        suspense_id,
        settlement=stated.settlement,
        settled_by=stated.officer,
        document_number=stated.document_number,
        now=service.desk.records.clock.now(),
    )
    settled = await store.find(suspense_id)
    if not is_done or settled is None:
        raise Problem("payment-not-possible", "settled_already")
    return call.answer(200, _shown(settled))


def _store(call: Call) -> PostgresSuspense:
    return PostgresSuspense(call.services.pool)


def _shown(item: SuspenseItem) -> HeldSum:
    return HeldSum(
        suspense_id=item.suspense_id,
        provider=item.provider,
        transaction=item.transaction,
        amount_vnd=item.amount_vnd,
        reference=item.reference,
        dossier_code=item.dossier_code,
        source=item.source,
        reason=item.reason,
        recorded_at=item.recorded_at,
        settled_at=item.settled_at,
        settlement=item.settlement or None,
        settled_by=item.settled_by or None,
        document_number=item.document_number or None,
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/payments/suspense",
        operation_id="listHeldSums",
        tag="payments",
        summary="List money that belongs to no request",
        scope=Scope.OPERATIONS_READ,
        handler=get_sums,
        query=SuspenseQuery,
        answers={200: Answer(description="The sums.", model=HeldSums)},
        problems=("no-payment-provider",),
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/suspense/{suspense_id}:settle",
        operation_id="settleHeldSum",
        tag="payments",
        summary="Say what became of such money",
        scope=Scope.OPERATIONS_WRITE,
        handler=settle_sum,
        path_parameters={"suspense_id": Annotated[int, Field(ge=1, le=2**53)]},
        body=SettlementWord,
        answers={200: Answer(description="The settled sum.", model=HeldSum)},
        problems=("no-payment-provider", "payment-not-found", "payment-not-possible"),
    ),
)
