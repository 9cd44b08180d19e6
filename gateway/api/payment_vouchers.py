"""Endpoints of vouchers that citizens hand in: recorded by one officer with the evidence, decided by another."""

import base64
import binascii
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.looks import Shown, note_look
from gateway.api.payment_refunds import ByOfficer, note_decision
from gateway.api.payment_suspense import Officer
from gateway.api.payment_views import Amount, Payment, ProviderName, payment_view
from gateway.api.payments import found_payment, service_of
from gateway.api.preconditions import NEEDED_IDEMPOTENCY_KEY, idempotency_key_of
from gateway.api.problems import Problem
from gateway.engine.payment_vouchers import NewVoucher
from gateway.engine.payments import PaymentNotPossible
from gateway.errors import Fault
from gateway.model.audit import AuditAction
from gateway.model.party import CLOSED
from gateway.model.vocabulary import Instant
from gateway.store.clients import Scope
from gateway.sync.payment_storing import StoredPayment, StoredVoucher


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherBody:
    """A voucher as an officer sees it; the evidence is a PDF, JPEG or PNG of at most 5 MB."""

    __pydantic_config__ = CLOSED

    provider: ProviderName
    transaction: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._/-]{1,100}$")]
    amount_vnd: Amount
    paid_at: Instant
    evidence_base64: Annotated[str, StringConstraints(min_length=8, max_length=7_000_000)] = field(repr=False)
    officer: Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherView:
    """How a voucher stands: recorded, accepted or declined."""

    voucher_id: UUID
    provider: str
    transaction: str
    amount_vnd: int
    paid_at: datetime
    evidence_type: str
    evidence_sha256: str
    recorded_by: str
    state: str
    decided_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouchers:
    """Vouchers of a payment, the oldest first."""

    vouchers: tuple[VoucherView, ...]


async def post_voucher(call: Call) -> web.StreamResponse:
    """Record a voucher."""
    key = idempotency_key_of(call.request.headers, is_needed=True)
    stated, payment = call.body, await found_payment(call)
    assert isinstance(stated, VoucherBody)
    try:
        evidence = base64.b64decode(stated.evidence_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Problem("invalid-content", faults=[Fault("/evidence_base64", "must be base64")]) from None
    new = NewVoucher(
        client_id=call.caller.client_id,
        key=key or "",
        provider=stated.provider,
        transaction=stated.transaction,
        amount_vnd=stated.amount_vnd,
        paid_at=stated.paid_at,
        evidence=evidence,
        officer=stated.officer,
    )
    await note_decision(call, payment, stated.officer, "voucher", "recorded")
    try:
        voucher = await service_of(call).vouchers.record(payment.view.request_id, new)
    except PaymentNotPossible as error:
        if error.refusal == "key_reused":
            raise Problem("idempotency-key-reused") from error
        if error.refusal == "no_evidence":
            fault = Fault("/evidence_base64", "must be a PDF, JPEG or PNG file of at most 5 MB")
            raise Problem("invalid-content", faults=[fault]) from error
        raise Problem("payment-not-possible", error.refusal) from error
    return call.answer(201, _shown(voucher))


async def get_vouchers(call: Call) -> web.StreamResponse:
    """List the vouchers of a payment."""
    payment = await found_payment(call)
    found = await service_of(call).vouchers.of(payment.view.request_id)
    return call.answer(200, Vouchers(vouchers=tuple(_shown(one) for one in found)))


async def get_evidence(call: Call) -> web.StreamResponse:
    """Show the file that a citizen handed in."""
    payment, voucher_id = await found_payment(call), call.path["voucher_id"]
    service = service_of(call).vouchers
    known = [one for one in await service.of(payment.view.request_id) if one.voucher_id == voucher_id]
    content = await service.evidence(payment.view.request_id, voucher_id)
    if not known or content is None:
        raise Problem("payment-not-found")
    shown = Shown(
        action=AuditAction.PAYMENT_EVIDENCE_READ,
        fields=("evidence",),
        purpose="voucher",
        agency_code=payment.agency_code,
        procedure_code=payment.procedure_code,
        dossier_code=payment.view.dossier_code,
    )
    payer = service_of(call).desk.records.open(payment).payer if payment.sealed is not None else None
    await note_look(call, shown, numbers=() if payer is None else (payer.number,))
    return call.answer_raw(200, content, known[0].evidence_type)


async def accept(call: Call) -> web.StreamResponse:
    """Count a voucher that another officer recorded."""
    payment, voucher_id, stated = await found_payment(call), call.path["voucher_id"], call.body
    assert isinstance(stated, ByOfficer)
    await note_decision(call, payment, stated.officer, "voucher", "accepted")
    accepting = service_of(call).vouchers.accept(payment.view.request_id, voucher_id, stated.officer)
    return call.answer(200, payment_view(await _done(accepting)))


async def decline(call: Call) -> web.StreamResponse:
    """Say that a voucher counts for nothing."""
    payment, voucher_id, stated = await found_payment(call), call.path["voucher_id"], call.body
    assert isinstance(stated, ByOfficer)
    await note_decision(call, payment, stated.officer, "voucher", "declined")
    declining = service_of(call).vouchers.decline(payment.view.request_id, voucher_id, stated.officer)
    return call.answer(200, payment_view(await _done(declining)))


async def _done(doing: Awaitable[StoredPayment]) -> StoredPayment:
    try:
        return await doing
    except PaymentNotPossible as error:
        if error.refusal == "no_such_voucher":
            raise Problem("payment-not-found") from error
        raise Problem("payment-not-possible", error.refusal) from error


def _shown(stored: StoredVoucher) -> VoucherView:
    voucher = stored.voucher
    return VoucherView(
        voucher_id=stored.voucher_id,
        provider=stored.provider,
        transaction=voucher.transaction,
        amount_vnd=voucher.amount_vnd,
        paid_at=voucher.paid_at,
        evidence_type=stored.evidence_type,
        evidence_sha256=voucher.evidence_sha256,
        recorded_by=voucher.recorded_by,
        state=stored.state.value,
        decided_by=stored.decided_by or None,
    )


_LIST = "/v1/payments/{payment_id}/vouchers"
_ONE = {"payment_id": UUID, "voucher_id": UUID}
_COMMON = ("no-payment-provider", "payment-not-found", "other-agency")


def _deciding(verb: str, handler: object, name: str, summary: str) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"{_LIST}/{{voucher_id}}:{verb}",
        operation_id=name,
        tag="payments",
        summary=summary,
        scope=Scope.OPERATIONS_WRITE,
        handler=handler,  # type: ignore[arg-type]
        path_parameters=_ONE,
        body=ByOfficer,
        answers={200: Answer(description="The payment.", model=Payment)},
        problems=(*_COMMON, "payment-not-possible"),
    )


ENDPOINTS = (
    Endpoint(
        method="POST",
        path=_LIST,
        operation_id="recordVoucher",
        tag="payments",
        summary="Record a voucher that a citizen handed in",
        scope=Scope.PAYMENTS_WRITE,
        handler=post_voucher,
        path_parameters={"payment_id": UUID},
        body=VoucherBody,
        headers=(NEEDED_IDEMPOTENCY_KEY,),
        answers={201: Answer(description="The voucher, to be accepted by another officer.", model=VoucherView)},
        problems=(*_COMMON, "payment-not-possible", "idempotency-key-missing", "idempotency-key-reused"),
    ),
    Endpoint(
        method="GET",
        path=_LIST,
        operation_id="listVouchers",
        tag="payments",
        summary="List vouchers of a payment",
        scope=Scope.PAYMENTS_READ,
        handler=get_vouchers,
        path_parameters={"payment_id": UUID},
        answers={200: Answer(description="The vouchers.", model=Vouchers)},
        problems=_COMMON,
    ),
    Endpoint(
        method="GET",
        path=f"{_LIST}/{{voucher_id}}/evidence",
        operation_id="getVoucherEvidence",
        tag="payments",
        summary="See the file that a citizen handed in",
        scope=Scope.OPERATIONS_WRITE,
        handler=get_evidence,
        path_parameters=_ONE,
        answers={200: Answer(description="The file.", media_type="application/octet-stream")},
        problems=_COMMON,
    ),
    _deciding("accept", accept, "acceptVoucher", "Count a voucher"),
    _deciding("decline", decline, "declineVoucher", "Decline a voucher"),
)
