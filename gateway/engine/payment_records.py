"""What is kept of payments beside the core's own records, and how a fact becomes a stored decision: one short
transaction, the message first (payment notes §9.3 no. 3, §10.0).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from gateway.engine.local_circuit import LocalCircuit
from gateway.errors import ContractBroken, IntegrityFailed
from gateway.model.payment import Payer, PaymentFact, Source
from gateway.ports.basics import Clock, KeyRing
from gateway.ports.observing import AlertRaised, Observer
from gateway.ports.payments import AskedAttempt, PaymentProvider, RawNotification
from gateway.sync.fees import Mark, StatedItem
from gateway.sync.payment_facts import fact_key
from gateway.sync.payment_records import AttemptView, Decision, PaymentPolicy
from gateway.sync.payment_storing import KeptMessage, PaymentStore, StoredPayment
from gateway.sync.payment_words import Ruling
from gateway.sync.payments import judge_fact

ResultT = TypeVar("ResultT")
SYSTEM = "payments"
_MOST_VND = 10**18


class PaymentContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a request: who pays, and what the payer's voucher names."""

    payer: Payer
    procedure_code: str
    procedure_name: str
    service_code: str
    service_name: str
    agency_name: str
    stated: tuple[StatedItem, ...] = ()
    """The fees as they were stated, waived ones and the reasons of exemptions included."""
    marks: tuple[Mark, ...] = ()
    """How each of them stands to the catalogue; empty where that is not known, or they do not agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredProvider:
    """A provider with how it is treated, and whether it is called at present."""

    provider: PaymentProvider
    policy: PaymentPolicy
    circuit: LocalCircuit

    async def call(self, do: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Call the provider, and let the circuit hear how it went; TransientFailure while it is not called at all."""
        return await self.circuit.run(do, name=self.provider.name)

    async def ask(self, attempt: AskedAttempt, question: Callable[[], Awaitable[PaymentFact]]) -> PaymentFact:
        """Put a question about an attempt; the answer is about it.

        Raises RemoteError, also for an answer about another reference, and whatever else the question raises.
        """

        async def about_it() -> PaymentFact:
            fact = await question()
            if fact.reference in ("", attempt.reference):
                return fact
            text, name = "the answer is about another reference", self.provider.name
            raise ContractBroken(text, system=name, operation="ask", effect_possible=False, code="another_reference")

        return await self.call(about_it)


class PaymentRecords:
    """Judges and stores; shared by whoever hears of payments."""

    def __init__(
        self,
        store: PaymentStore,
        providers: Mapping[str, ConfiguredProvider],
        *,
        key_ring: KeyRing,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        observer: Observer,
    ) -> None:
        self.store = store
        self.providers = dict(providers)
        self.clock = clock
        self.observe = observer
        self.random_bytes = random_bytes
        self._key_ring = key_ring

    def new_id(self) -> UUID:
        return UUID(bytes=self.random_bytes(16), version=4)

    def alert(self, name: str, dossier_code: str = "", *, provider: str = "") -> None:
        """Tell a person; with the provider where one message or attempt is meant."""
        system = f"payment.{provider}" if provider else SYSTEM
        self.observe(AlertRaised(system=system, name=name, dossier_code=dossier_code))

    def digest(self, purpose: str, content: bytes) -> bytes:
        """Give a keyed digest for comparing."""
        return self._key_ring.digest(f"payment {purpose}\0".encode() + content)

    def seal(self, request_id: UUID, content: PaymentContent) -> tuple[bytes, bytes]:
        """Give wrapped key and sealed content."""
        key = self._key_ring.new_record_key()
        return key.wrapped, key.seal(msgspec.msgpack.encode(content), context=_context(request_id))

    def seal_bytes(self, context: bytes, content: bytes) -> tuple[bytes, bytes]:
        """Give wrapped key and sealed content."""
        key = self._key_ring.new_record_key()
        return key.wrapped, key.seal(content, context=context)

    def open_bytes(self, context: bytes, wrapped_key: bytes, sealed: bytes) -> bytes:
        """Give what `seal_bytes` sealed. Raises IntegrityFailed."""
        return self._key_ring.open_record_key(wrapped_key).unseal(sealed, context=context)

    def open(self, payment: StoredPayment) -> PaymentContent:
        """Give what is sealed. Raises IntegrityFailed, also for content that was erased."""
        if payment.wrapped_key is None or payment.sealed is None:
            raise IntegrityFailed("who pays was erased", code="payment_erased")
        key = self._key_ring.open_record_key(payment.wrapped_key)
        plain = key.unseal(payment.sealed, context=_context(payment.view.request_id))
        return msgspec.msgpack.decode(plain, type=PaymentContent)

    def kept(self, provider: str, raw: RawNotification, verdict: str, reason: str) -> KeptMessage:
        """Seal a message as it came."""
        key = self._key_ring.new_record_key()
        plain = msgspec.msgpack.encode(
            {"method": raw.method, "content_type": raw.content_type, "body": raw.body, "query": list(raw.query)}
        )
        return KeptMessage(
            provider=provider,
            verdict=verdict,
            reason=reason,
            wrapped_key=key.wrapped,
            sealed=key.seal(plain, context=b"payment message " + provider.encode()),
        )

    async def take(
        self,
        request_id: UUID,
        attempt_id: UUID,
        fact: PaymentFact,
        source: Source,
        *,
        asked_at: datetime | None = None,
        raw: RawNotification | None = None,
    ) -> Decision | None:
        """Judge a fact and store what follows, the message first; None when the attempt is gone.

        Raises StoreUnavailable.
        """
        now = self.clock.now()
        fact = storable(fact)
        async with self.store.changing(request_id) as change:
            found = None if change is None else change.payment.attempt(attempt_id)
            if change is None or found is None:
                return None
            name = found.view.provider
            known = self.providers.get(name)
            key = fact_key(name, fact)
            decision = judge_fact(
                change.payment.view,
                found.view,
                change.payment.others(attempt_id),
                fact,
                source,
                now,
                PaymentPolicy() if known is None else known.policy,
                earlier=await change.earlier(name, key),
                asked_at=asked_at,
            )
            if raw is not None:
                message = self.kept(name, raw, decision.ruling.value, decision.reason.value)
                await change.keep_message(message, now)
            await change.apply(decision, source, now)
            if decision.ruling is not Ruling.ASK_FIRST:
                await change.rule(name, key, decision.ruling, now)
        return decision


def storable(fact: PaymentFact) -> PaymentFact:
    """Give the fact in a form that can be stored; what must be changed for that differs from whatever is owed."""
    texts = {name: getattr(fact, name) for name in ("reference", "transaction", "currency", "paid_at_text")}
    odd = {name: text for name, text in texts.items() if not text.isprintable()}
    changes: dict[str, Any] = {
        name: "".join(sign if sign.isprintable() else "\ufffd" for sign in text) for name, text in odd.items()
    }
    if fact.amount_vnd is not None and fact.amount_vnd > _MOST_VND:
        changes["amount_vnd"] = _MOST_VND
    return replace(fact, **changes) if changes else fact


def asked_attempt(attempt: AttemptView, dossier_code: str) -> AskedAttempt:
    """Give what a provider is told of an attempt when it is asked about it."""
    debit = attempt.counting() or next(iter(attempt.debits), None)
    hint = attempt.hint
    return AskedAttempt(
        reference=attempt.reference,
        amount_vnd=attempt.amount_vnd,
        dossier_code=dossier_code,
        opened_at=attempt.opened_at,
        paid_at_text="" if debit is None else debit.paid_at_text,
        transaction=debit.transaction if debit is not None else "" if hint is None else hint.transaction,
    )


def _context(request_id: UUID) -> bytes:
    return b"payment " + request_id.bytes
