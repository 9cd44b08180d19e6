"""Endpoints by which officers give money back and decide disputes.

Whoever approves a refund is another officer than the one who asked for it, and another scope is needed for it.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.api.payment_suspense import DocumentNumber, Officer
from gateway.api.payment_views import Amount, Payment, payment_view
from gateway.api.payments import found_payment, service_of
from gateway.api.preconditions import NEEDED_IDEMPOTENCY_KEY, idempotency_key_of
from gateway.api.problems import Problem
from gateway.engine.payment_refunds import PayerAccount, RefundNotPossible, RefundWish
from gateway.engine.payments import PaymentNotPossible
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED
from gateway.store.clients import Scope
from gateway.sync.payment_records import RefundView
from gateway.sync.payment_storing import StoredPayment
from gateway.sync.payment_words import Resolution

Transaction = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{0,255}$"),
    Field(description="The provider's number of the debit."),
]
Why = Literal["double_payment", "wrong_amount", "dossier_withdrawn", "dossier_refused", "fee_waived", "decided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBody:
    """The payer's account; needed where the provider gives nothing back by itself."""

    __pydantic_config__ = CLOSED

    bank_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3,11}$")] = field(repr=False)
    account_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4,34}$")] = field(repr=False)
    holder: Annotated[str, StringConstraints(min_length=1, max_length=200)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """A wish to give back a debit, or a part of it."""

    __pydantic_config__ = CLOSED

    attempt_id: UUID
    transaction: Transaction
    amount_vnd: Amount
    why: Why
    document_number: DocumentNumber
    officer: Officer
    account: AccountBody | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByOfficer:
    """Who acts."""

    __pydantic_config__ = CLOSED

    officer: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReallyPaidBack:
    """What the bank's evidence says went back; 0: nothing did."""

    __pydantic_config__ = CLOSED

    paid_back_vnd: Annotated[int, Field(ge=0, le=10**13, strict=True)]
    document_number: DocumentNumber
    officer: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """How a refund stands. `state`: asked, approved, sent, unknown, done, failed, declined or disputed."""

    refund_id: UUID
    attempt_id: UUID
    transaction: str
    amount_vnd: int
    reason: str
    state: str
    asked_by: str
    asked_at: datetime
    approved_by: tuple[str, ...]
    refund_transaction: str
    paid_back_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundList:
    """Refunds of a payment, the oldest first."""

    refunds: tuple[Refund, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a refund that is paid by hand goes. Personal data."""

    bank_code: str
    account_number: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDecision:
    """What an officer decides about one debit: it pays (`accept`), goes back (`refund`), belongs to something else
    (`suspend`), or was none (`no_money`)."""

    __pydantic_config__ = CLOSED

    transaction: Transaction = ""
    resolution: Resolution
    document_number: DocumentNumber
    officer: Officer


async def post_refund(call: Call) -> web.StreamResponse:
    """Ask for a refund."""
    key = idempotency_key_of(call.request.headers, is_needed=True)
    stated, payment = call.body, await found_payment(call)
    assert isinstance(stated, NewRefund)
    account = stated.account
    wish = RefundWish(
        client_id=call.caller.client_id,
        key=key or "",
        attempt_id=stated.attempt_id,
        transaction=stated.transaction,
        amount_vnd=stated.amount_vnd,
        reason=f"{stated.why} {stated.document_number}",
        officer=stated.officer,
        account=None
        if account is None
        else PayerAccount(bank_code=account.bank_code, account_number=account.account_number, holder=account.holder),
    )
    await note_decision(call, payment, stated.officer, f"refund asked: {stated.why} {stated.document_number}", "asked")
    refund = await refund_done(service_of(call).refunds.ask(payment.view.request_id, wish))
    return call.answer(201, _shown(refund))


async def get_refunds(call: Call) -> web.StreamResponse:
    """List the refunds of a payment."""
    payment = await found_payment(call)
    refunds = await service_of(call).desk.records.store.refunds(payment.view.request_id)
    return call.answer(200, RefundList(refunds=tuple(_shown(one) for one in refunds)))


async def approve(call: Call) -> web.StreamResponse:
    """Approve a refund that another officer asked for."""
    payment, refund_id, stated = await found_payment(call), call.path["refund_id"], call.body
    assert isinstance(stated, ByOfficer)
    await note_decision(call, payment, stated.officer, f"refund {_spelt(refund_id)}", "approved")
    approving = service_of(call).refunds.approve(payment.view.request_id, refund_id, stated.officer)
    return call.answer(200, _shown(await refund_done(approving)))


async def decline(call: Call) -> web.StreamResponse:
    """Decline a refund, or take one's own back, before it is approved."""
    payment, refund_id, stated = await found_payment(call), call.path["refund_id"], call.body
    assert isinstance(stated, ByOfficer)
    await note_decision(call, payment, stated.officer, f"refund {_spelt(refund_id)}", "declined")
    declining = service_of(call).refunds.decline(payment.view.request_id, refund_id, stated.officer)
    return call.answer(200, _shown(await refund_done(declining)))


async def resolve_refund(call: Call) -> web.StreamResponse:
    """Book what really went back by a refund that is disputed or stays unknown."""
    payment, refund_id, stated = await found_payment(call), call.path["refund_id"], call.body
    assert isinstance(stated, ReallyPaidBack)
    await note_decision(
        call, payment, stated.officer, f"refund {_spelt(refund_id)}: {stated.document_number}", "resolved"
    )
    resolving = service_of(call).refunds.resolve(
        payment.view.request_id,
        refund_id,
        paid_back_vnd=stated.paid_back_vnd,
        reason=stated.document_number,
        officer=stated.officer,
    )
    return call.answer(200, _shown(await refund_done(resolving)))


async def get_account(call: Call) -> web.StreamResponse:
    """Show where money goes that is paid back by hand."""
    payment, refund_id = await found_payment(call), call.path["refund_id"]
    refunds = await service_of(call).desk.records.store.refunds(payment.view.request_id)
    account = None
    if any(one.refund_id == refund_id for one in refunds):
        account = await service_of(call).refunds.account(refund_id)
    if account is None:
        raise Problem("payment-not-found")
    shown = Shown(
        action=AuditAction.PAYMENT_ACCOUNT_READ,
        fields=("bank_code", "account_number", "holder"),
        purpose="refund",
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
    )
    payer = service_of(call).desk.records.open(payment).payer if payment.sealed is not None else None
    await note_look(call, shown, numbers=() if payer is None else (payer.number,))
    told = Account(bank_code=account.bank_code, account_number=account.account_number, holder=account.holder)
    return call.answer(200, told)


async def resolve_attempt(call: Call) -> web.StreamResponse:
    """Decide about one debit of an attempt that waits for a person."""
    payment, stated = await found_payment(call), call.body
    assert isinstance(stated, DisputeDecision)
    what = f"attempt {_spelt(call.path['attempt_id'])}: {stated.document_number}"
    await note_decision(call, payment, stated.officer, what, stated.resolution.value)
    try:
        decided = await service_of(call).people.resolve(
            payment.view.request_id,
            call.path["attempt_id"],
            transaction=stated.transaction,
            resolution=stated.resolution,
            officer=stated.officer,
            reason=stated.document_number,
        )
    except PaymentNotPossible as error:
        raise Problem("payment-not-possible", error.refusal) from error
    return call.answer(200, payment_view(decided))


async def refund_done(doing: Awaitable[RefundView]) -> RefundView:
    try:
        return await doing
    except RefundNotPossible as error:
        if error.refusal == "no_such_refund":
            raise Problem("payment-not-found") from error
        if error.refusal == "key_reused":
            raise Problem("idempotency-key-reused") from error
        raise Problem("payment-not-possible", error.refusal) from error


async def note_decision(call: Call, payment: StoredPayment, officer: str, what: str, outcome: str) -> None:
    """Write down a decision before it is carried out; one that is refused leaves its line as well."""
    shown = Shown(
        action=AuditAction.PAYMENT_DECIDED,
        fields=(),
        purpose=what,
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
        officer=officer,
    )
    await note_look(call, shown, outcome=outcome)


def _spelt(number: UUID) -> str:
    """Give an id in groups of four: a longer run of its digits could be taken for a citizen's number."""
    return "-".join(number.hex[place : place + 4] for place in range(0, 32, 4))


def _shown(refund: RefundView) -> Refund:
    return Refund(
        refund_id=refund.refund_id,
        attempt_id=refund.attempt_id,
        transaction=refund.transaction,
        amount_vnd=refund.amount_vnd,
        reason=refund.reason,
        state=refund.state.value,
        asked_by=refund.asked_by,
        asked_at=refund.asked_at,
        approved_by=refund.approved_by,
        refund_transaction=refund.refund_transaction,
        paid_back_vnd=refund.reported_vnd,
    )


_REFUND = "/v1/payments/{payment_id}/refunds/{refund_id}"
_PAYMENT_ID = {"payment_id": UUID}
_REFUND_ID = {"payment_id": UUID, "refund_id": UUID}
_COMMON = ("no-payment-provider", "payment-not-found", "other-agency")
_DECIDING = (*_COMMON, "payment-not-possible")


def _deciding(verb: str, handler: object, name: str, summary: str, body: object) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"{_REFUND}:{verb}",
        operation_id=name,
        tag="payments",
        summary=summary,
        scope=Scope.OPERATIONS_WRITE,
        handler=handler,  # type: ignore[arg-type]
        path_parameters=_REFUND_ID,
        body=body,
        answers={200: Answer(description="The refund.", model=Refund)},
        problems=_DECIDING,
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/payments/{payment_id}/refunds",
        operation_id="askForRefund",
        tag="payments",
        summary="Ask for money to go back",
        scope=Scope.PAYMENTS_WRITE,
        handler=post_refund,
        path_parameters=_PAYMENT_ID,
        body=NewRefund,
        headers=(NEEDED_IDEMPOTENCY_KEY,),
        answers={201: Answer(description="The refund, to be approved by another officer.", model=Refund)},
        problems=(*_DECIDING, "idempotency-key-missing", "idempotency-key-reused"),
    ),
    Endpoint(
        method="GET",
        path="/v1/payments/{payment_id}/refunds",
        operation_id="listRefunds",
        tag="payments",
        summary="List refunds of a payment",
        scope=Scope.PAYMENTS_READ,
        handler=get_refunds,
        path_parameters=_PAYMENT_ID,
        answers={200: Answer(description="The refunds.", model=RefundList)},
        problems=_COMMON,
    ),
    _deciding("approve", approve, "approveRefund", "Approve a refund", ByOfficer),
    _deciding("decline", decline, "declineRefund", "Decline a refund", ByOfficer),
    _deciding("resolve", resolve_refund, "resolveRefund", "Book what really went back", ReallyPaidBack),
    Endpoint(
        method="GET",
        path=f"{_REFUND}/account",
        operation_id="getRefundAccount",
        tag="payments",
        summary="See where money goes that is paid back by hand",
        scope=Scope.OPERATIONS_WRITE,
        handler=get_account,
        path_parameters=_REFUND_ID,
        answers={200: Answer(description="The payer's account.", model=Account)},
        problems=_COMMON,
    ),
    Endpoint(
        method="POST",
        path="/v1/payments/{payment_id}/attempts/{attempt_id}:resolve",
        operation_id="resolveAttempt",
        tag="payments",
        summary="Decide about money in dispute",
        scope=Scope.OPERATIONS_WRITE,
        handler=resolve_attempt,
        path_parameters={"payment_id": UUID, "attempt_id": UUID},
        body=DisputeDecision,
        answers={200: Answer(description="The payment.", model=Payment)},
        problems=_DECIDING,
    ),
)
