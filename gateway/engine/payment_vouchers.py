"""Vouchers that citizens hand in: recorded by one officer with the evidence, counted when another accepts it.

The evidence is kept sealed, under the voucher's own key. What counts is held against the next day's file, as a case
says (payment notes §9.2 no. 18).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from gateway.engine.payment_records import PaymentRecords
from gateway.engine.payment_strays import BeneficiaryOf
from gateway.engine.payments import PaymentNotPossible
from gateway.model.payment import Source
from gateway.sync.payment_people import Voucher, accept_voucher
from gateway.sync.payment_records import Decision, Refused
from gateway.sync.payment_storing import (
    PaymentChange,
    StoredAttempt,
    StoredPayment,
    StoredVoucher,
    VoucherState,
)
from gateway.sync.payment_words import Refusal

MAX_EVIDENCE_BYTES = 5 * 1024 * 1024
_SIGNS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def evidence_type(content: bytes) -> str | None:
    """Give the media type that a file begins as; None for any that is no evidence, whatever it is called."""
    return next((kind for sign, kind in _SIGNS.items() if content.startswith(sign)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoucher:
    """What an officer records. `key` is the caller's idempotency key."""

    client_id: str
    key: str
    provider: str
    transaction: str
    amount_vnd: int
    paid_at: datetime
    evidence: bytes = field(repr=False)
    officer: str


class PaymentVouchers:
    """Records, shows and decides."""

    def __init__(self, records: PaymentRecords, beneficiary_of: BeneficiaryOf) -> None:
        self._records = records
        self._beneficiary_of = beneficiary_of

    async def record(self, request_id: UUID, new: NewVoucher) -> StoredVoucher:
        """Write it down; the same key gives the one that is there. Raises PaymentNotPossible (no_such_payment,
        no_such_provider, no_evidence, key_reused)."""
        records = self._records
        kind = evidence_type(new.evidence)
        if kind is None or len(new.evidence) > MAX_EVIDENCE_BYTES:
            raise PaymentNotPossible(Refusal.NO_EVIDENCE)
        if new.provider not in records.providers:
            raise PaymentNotPossible("no_such_provider")
        digest = records.digest("voucher", f"{new.client_id}\0{request_id}\0{new.key}".encode())
        voucher_id = UUID(bytes=digest[:16], version=4)
        stated = StoredVoucher(
            voucher_id=voucher_id,
            provider=new.provider,
            voucher=Voucher(
                transaction=new.transaction,
                amount_vnd=new.amount_vnd,
                paid_at=new.paid_at,
                evidence_sha256=sha256(new.evidence).hexdigest(),
                recorded_by=new.officer,
            ),
            evidence_type=kind,
        )
        async with records.store.changing(request_id) as change:
            if change is None:
                raise PaymentNotPossible("no_such_payment")
            known = await change.voucher(voucher_id)
            if known is None:
                sealed = records.seal_bytes(_context(voucher_id), new.evidence)
                await change.add_voucher(stated, sealed, records.clock.now())
            elif (known.provider, known.voucher) != (stated.provider, stated.voucher):
                raise PaymentNotPossible("key_reused")
            return known or stated

    async def of(self, request_id: UUID) -> Sequence[StoredVoucher]:
        """Give all of a request, the oldest first."""
        return await self._records.store.vouchers(request_id)

    async def evidence(self, request_id: UUID, voucher_id: UUID) -> bytes | None:
        """Open the evidence; None when there is none (any more). Raises IntegrityFailed."""
        kept = await self._records.store.voucher_evidence(request_id, voucher_id)
        return None if kept is None else self._records.open_bytes(_context(voucher_id), *kept)

    async def accept(self, request_id: UUID, voucher_id: UUID, officer: str) -> StoredPayment:
        """Count it as the payment. Raises PaymentNotPossible, same_person for whoever recorded it."""

        def count(change: PaymentChange, found: StoredVoucher, now: datetime) -> Decision | Refused:
            payment, known = change.payment, self._records.providers.get(found.provider)
            account = self._beneficiary_of(payment.agency_code, payment.procedure_code)
            if known is None or account is None:
                raise PaymentNotPossible(Refusal.NO_BENEFICIARY if known is not None else "no_such_provider")
            return accept_voucher(
                payment.view,
                [one.view for one in payment.attempts],
                found.voucher,
                officer,
                now,
                attempt_id=self._records.new_id(),
                provider=found.provider,
                partner_code=known.provider.partner_code,
                beneficiary=account,
            )

        return await self._decide(request_id, voucher_id, officer, count)

    async def decline(self, request_id: UUID, voucher_id: UUID, officer: str) -> StoredPayment:
        """Say that it counts for nothing. Raises PaymentNotPossible."""
        return await self._decide(request_id, voucher_id, officer, lambda *_: None)

    async def _decide(
        self,
        request_id: UUID,
        voucher_id: UUID,
        officer: str,
        judge: Callable[[PaymentChange, StoredVoucher, datetime], Decision | Refused | None],
    ) -> StoredPayment:
        now = self._records.clock.now()
        async with self._records.store.changing(request_id) as change:
            found = None if change is None else await change.voucher(voucher_id)
            if change is None or found is None:
                raise PaymentNotPossible("no_such_voucher")
            if found.state is not VoucherState.RECORDED:
                raise PaymentNotPossible(Refusal.WRONG_STATE)
            decision = judge(change, found, now)
            if isinstance(decision, Refused):
                raise PaymentNotPossible(decision.refusal)
            state = VoucherState.DECLINED
            if isinstance(decision, Decision):
                state = VoucherState.ACCEPTED
                await change.add_attempt(StoredAttempt(view=decision.attempt, return_to="", return_state=""))
                await change.apply(decision, Source.OFFICER, now)
            await change.decide_voucher(voucher_id, state, officer, now)
            return change.payment


def _context(voucher_id: UUID) -> bytes:
    return b"voucher " + voucher_id.bytes
