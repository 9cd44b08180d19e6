"""Endpoints of what persons have to do about payments: each case once, ended by a document's number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import CaseCursor, read_number_cursor, write_number_cursor
from gateway.api.dossiers import PageCount, page_count, require_agency
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.payment_refunds import note_decision, refund_done
from gateway.api.payment_suspense import DocumentNumber, Officer
from gateway.api.payments import service_of
from gateway.api.problems import Problem
from gateway.model.party import CLOSED
from gateway.ports.payments import RefundFact
from gateway.store.clients import Scope
from gateway.store.payment_cases import PaymentCase
from gateway.sync.payment_words import RECEIPTS, EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """Which cases."""

    __pydantic_config__ = CLOSED

    with_closed: bool = False
    cursor: CaseCursor | None = None
    limit: PageCount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing to do: `open_refund_case` (ask for a refund), `pay_back_by_hand` (transfer it, then close the case),
    `reconcile_next_day` (hold a voucher against the file), `ask_refund` (its answer was lost: book what the bank
    says), `issue_receipt`, `adjust_receipt`, `cancel_receipt` (a supplier refused, or no program can do it: see
    `reason`; `transaction` names the receipt)."""

    case_id: int
    payment_id: UUID
    kind: str
    attempt_id: UUID | None
    refund_id: UUID | None
    transaction: str
    amount_vnd: int
    dossier_code: str
    agency_code: str
    opened_at: datetime
    reason: str | None = None
    """A word that the kind does not say, of a supplier's refusal with its own code behind a colon."""
    closed_at: datetime | None = None
    outcome: str | None = None
    closed_by: str | None = None
    document_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """A page, the oldest first."""

    items: tuple[Case, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnd:
    """How it ended. `paid_back` of money to be transferred by hand books the refund; `not_paid_back` ends it; `again`
    has a receipt that a supplier refused tried once more, after asking what is there."""

    __pydantic_config__ = CLOSED

    outcome: Literal["done", "paid_back", "not_paid_back", "again"]
    document_number: DocumentNumber
    officer: Officer


async def get_cases(call: Call) -> web.StreamResponse:
    """List what persons have to do about payments."""
    query: CaseQuery = call.query
    wanted, after = page_count(call), read_number_cursor(query.cursor)
    agencies = call.caller.agency_prefixes
    found = await service_of(call).cases.page(agencies, after=after, limit=wanted + 1, with_closed=query.with_closed)
    following = write_number_cursor("k", found[wanted - 1].case_id) if len(found) > wanted else None
    return call.answer(200, Cases(items=tuple(_case(one) for one in found[:wanted]), next_cursor=following))


async def close_case(call: Call) -> web.StreamResponse:
    """End a case; once."""
    service, stated, case_id = service_of(call), call.body, call.path["case_id"]
    assert isinstance(stated, CaseEnd)
    found = await service.cases.find(case_id)
    if found is None:
        raise Problem("payment-not-found")
    require_agency(call.caller, found.agency_code)
    is_by_hand = found.kind == EffectKind.PAY_BACK_BY_HAND
    is_fitting = (stated.outcome in ("paid_back", "not_paid_back")) == is_by_hand
    if stated.outcome == "again":
        is_fitting = found.kind in RECEIPTS
    if found.closed_at is not None or not is_fitting:
        raise Problem("payment-not-possible", "wrong_state" if found.closed_at is not None else "wrong_outcome")
    payment = await service.desk.records.store.find(found.request_id)
    assert payment is not None, "a case has its payment"
    await note_decision(call, payment, stated.officer, f"case {case_id}: {stated.document_number}", stated.outcome)
    if is_by_hand and found.refund_id is not None:
        # Reported before the case is closed: harmless when repeated after a crash in between.
        is_done = stated.outcome == "paid_back"
        fact = RefundFact(is_done=is_done, transaction=stated.document_number, amount_vnd=found.amount_vnd)
        await refund_done(service.refunds.report(found.request_id, found.refund_id, fact))
    if stated.outcome == "again" and not await service.receipts.issuing.wishes.again(
        payment, found.transaction, refund_id=found.refund_id, case_id=case_id
    ):
        raise Problem("payment-not-possible", "wrong_outcome")
    if stated.outcome == "done" and found.kind in RECEIPTS:
        await service.receipts.issuing.wishes.done_by_hand(payment, found.transaction)
    now = service.desk.records.clock.now()
    is_closed = await service.cases.close(
        case_id,
        outcome=stated.outcome,
        closed_by=stated.officer,
        document_number=stated.document_number,
        now=now,
    )
    closed = await service.cases.find(case_id)
    if not is_closed or closed is None:
        raise Problem("payment-not-possible", "wrong_state")
    return call.answer(200, _case(closed))


def _case(case: PaymentCase) -> Case:
    return Case(
        case_id=case.case_id,
        payment_id=case.request_id,
        kind=case.kind,
        attempt_id=case.attempt_id,
        refund_id=case.refund_id,
        transaction=case.transaction,
        amount_vnd=case.amount_vnd,
        dossier_code=case.dossier_code,
        agency_code=case.agency_code,
        opened_at=case.opened_at,
        reason=case.reason or None,
        closed_at=case.closed_at,
        outcome=case.outcome or None,
        closed_by=case.closed_by or None,
        document_number=case.document_number or None,
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/payment-cases",
        operation_id="listPaymentCases",
        tag="payments",
        summary="List what persons have to do about payments",
        scope=Scope.OPERATIONS_READ,
        handler=get_cases,
        query=CaseQuery,
        answers={200: Answer(description="The cases.", model=Cases)},
        problems=("no-payment-provider",),
    ),
    Endpoint(
        method="POST",
        path="/v1/payment-cases/{case_id}:close",
        operation_id="closePaymentCase",
        tag="payments",
        summary="End a case",
        scope=Scope.OPERATIONS_WRITE,
        handler=close_case,
        path_parameters={"case_id": Annotated[int, Field(ge=1, le=2**53)]},
        body=CaseEnd,
        answers={200: Answer(description="The closed case.", model=Case)},
        problems=("no-payment-provider", "payment-not-found", "other-agency", "payment-not-possible"),
    ),
)
