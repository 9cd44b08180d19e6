"""The payment desk: what is owed is written down, a payer is led to a provider's page, and comes back.

An attempt is committed as sent before its call is made; an answer that does not come leaves it unknown, and it is asked
about, never sent again (payment notes §9.2 no. 2, 5). What a browser brings back proves nothing (§A.9).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from gateway.engine.payment_records import ConfiguredProvider, PaymentContent, PaymentRecords
from gateway.errors import GatewayError, InvalidInput, RemoteError
from gateway.model.payment import Beneficiary, PaymentItem, PaymentOrder, RequestState
from gateway.ports.payments import Opened
from gateway.sync.payment_opening import (
    ExistingAttempt,
    NewAttempt,
    cancel,
    failure_of,
    open_attempt,
    open_failed,
    opened,
    sent,
)
from gateway.sync.payment_polls import poll_on_return
from gateway.sync.payment_records import AttemptView, Decision, Refused, RequestView
from gateway.sync.payment_storing import NewRequest, OwedAlready, PaymentChange, StoredAttempt, StoredPayment
from gateway.sync.payment_words import Reason, Refusal, Ruling

_MAX_TOKENS = 40
_MAX_CODE_LENGTH = 50


class PaymentNotPossible(GatewayError):
    """What was asked for is not done; `refusal` says why, in a word of a closed list."""

    code = "payment_not_possible"

    def __init__(self, refusal: str) -> None:
        super().__init__(f"the payment is not possible: {refusal}")
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWish:
    """What a client states to be owed. `key` is its idempotency key, `wish` the canonical bytes of all it stated."""

    client_id: str
    key: str
    wish: bytes = field(repr=False)
    dossier_code: str
    agency_code: str
    items: tuple[PaymentItem, ...]
    fees: tuple[PaymentItem, ...]
    """All that the dossier states."""
    content: PaymentContent = field(repr=False)
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayWish:
    """A payer's wish to pay now."""

    request_id: UUID
    provider: str
    payer_address: str = field(repr=False)
    return_to: str
    return_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneficiaryRule:
    """An account, and for whom it is: an agency, a procedure; "" for all.

    `unit_code` and `unit_name` are the collecting unit as providers know it; "" for the agency's own (§14 U31).
    """

    agency_code: str
    procedure_code: str
    beneficiary: Beneficiary
    unit_code: str = ""
    unit_name: str = ""


def rule_of(rules: Sequence[BeneficiaryRule], agency_code: str, procedure_code: str) -> BeneficiaryRule | None:
    """Choose the account: of the agency for the procedure, of the agency, of the procedure, of all (§A.4)."""
    wanted = ((agency_code, procedure_code), (agency_code, ""), ("", procedure_code), ("", ""))
    known = {(rule.agency_code, rule.procedure_code): rule for rule in rules}
    return next((known[pair] for pair in wanted if pair in known), None)


def beneficiary_of(rules: Sequence[BeneficiaryRule], agency_code: str, procedure_code: str) -> Beneficiary | None:
    """Choose the account alone."""
    rule = rule_of(rules, agency_code, procedure_code)
    return None if rule is None else rule.beneficiary


class PaymentDesk:
    """Serves the clients' side."""

    def __init__(self, records: PaymentRecords, *, accounts: Sequence[BeneficiaryRule], public_base_url: str) -> None:
        self.records = records
        self._accounts = tuple(accounts)
        self._public_base_url = public_base_url.rstrip("/")

    @property
    def provider_names(self) -> Sequence[str]:
        return list(self.records.providers)

    async def create(self, wish: PaymentWish) -> tuple[StoredPayment, bool]:
        """Write down what is owed; the same key with the same wish gives the same payment.

        Raises KeyReused, StoreUnavailable, PaymentNotPossible when no account is configured to receive it, or another
        payment of the dossier asks for one of its fees.
        """
        records = self.records
        if rule_of(self._accounts, wish.agency_code, wish.content.procedure_code) is None:
            raise PaymentNotPossible(Refusal.NO_BENEFICIARY)
        request_id = records.new_id()
        wrapped_key, sealed = records.seal(request_id, wish.content)
        view = RequestView(
            request_id=request_id,
            state=RequestState.DUE,
            amount_vnd=sum(item.amount_vnd for item in wish.items),
            version=1,
            dossier_code=wish.dossier_code,
            items=wish.items,
            deadline_at=wish.deadline_at,
        )
        new = NewRequest(
            view=view,
            fees=wish.fees,
            client_id=wish.client_id,
            agency_code=wish.agency_code,
            procedure_code=wish.content.procedure_code,
            key_digest=records.digest("key", wish.key.encode()),
            wish_digest=records.digest("wish", wish.wish),
            wrapped_key=wrapped_key,
            sealed=sealed,
        )
        try:
            kept_id, is_new = await records.store.add(new, records.clock.now())
        except OwedAlready as error:
            raise PaymentNotPossible(Refusal.OWED_ALREADY) from error
        stored = await records.store.find(kept_id)
        assert stored is not None, "it was stored a moment ago, and is never deleted"
        return stored, is_new

    async def pay(self, wish: PayWish) -> StoredPayment:
        """Open an attempt, or give the one that is open; its page or code is in the last attempt.

        Raises PaymentNotPossible, StoreUnavailable, IntegrityFailed. An unclear answer of the provider raises
        RemoteError; the attempt is then asked about, and a further wish finds out what came of it.
        """
        known = self.records.providers.get(wish.provider)
        if known is None:
            raise PaymentNotPossible("no_such_provider")
        if not known.circuit.is_available():
            raise PaymentNotPossible("provider_unavailable")
        async with self.records.store.changing(wish.request_id) as change:
            if change is None:
                raise PaymentNotPossible("no_such_payment")
            begun = await self._begin(change, known, wish)
            payment = change.payment
            # Whatever keeps it from being sent (a payer who was erased) keeps it from being written down as sent.
            order = self._order(payment, begun.attempt, wish) if isinstance(begun, NewAttempt) else None
        if isinstance(begun, Refused):
            raise PaymentNotPossible(begun.refusal)
        if isinstance(begun, ExistingAttempt):
            return payment
        assert order is not None, "an order for each new attempt"
        return await self._send(payment, begun.attempt, known, order)

    async def _begin(
        self, change: PaymentChange, known: ConfiguredProvider, wish: PayWish
    ) -> NewAttempt | ExistingAttempt | Refused:
        """Write the attempt down as sent. What is committed here is all that a crash leaves.

        Where an earlier attempt must be asked about first, it is asked about at once.
        """
        records, payment, now = self.records, change.payment, self.records.clock.now()
        rule = rule_of(self._accounts, payment.agency_code, payment.procedure_code)
        if rule is None:
            raise PaymentNotPossible(Refusal.NO_BENEFICIARY)
        provider = known.provider
        judged = open_attempt(
            payment.view,
            [one.view for one in payment.attempts],
            now,
            known.policy,
            attempt_id=records.new_id(),
            reference=provider.make_reference(records.random_bytes(16), payment.view.dossier_code),
            provider=provider.name,
            partner_code=provider.partner_code,
            beneficiary=rule.beneficiary,
        )
        if isinstance(judged, Refused):
            earlier = None if judged.ask is None else payment.attempt(judged.ask)
            if earlier is not None:
                await self._ask_soon(change, earlier.view, now)
            return judged
        if isinstance(judged, ExistingAttempt):
            return judged
        await change.add_attempt(
            StoredAttempt(view=judged.attempt, return_to=wish.return_to, return_state=wish.return_state)
        )
        marked = sent(judged.request, judged.attempt, now)
        assert isinstance(marked, Decision), "a new attempt was never sent"
        await change.apply(marked, None, now)
        return NewAttempt(marked.attempt, marked.request)

    async def _send(
        self, payment: StoredPayment, attempt: AttemptView, known: ConfiguredProvider, order: PaymentOrder
    ) -> StoredPayment:
        failure: GatewayError | None = None
        answer = Opened()
        try:
            answer = await known.call(lambda: known.provider.open(order))
        except (InvalidInput, RemoteError) as error:
            failure = error
        now = self.records.clock.now()
        async with self.records.store.changing(payment.view.request_id) as change:
            assert change is not None, "it was there a moment ago, and is never deleted"
            found = change.payment.attempt(attempt.attempt_id)
            assert found is not None, "it was stored a moment ago"
            view, others = change.payment.view, change.payment.others(attempt.attempt_id)
            if failure is None:
                decision = opened(view, found.view, answer, now, known.policy)
            else:
                decision = open_failed(view, found.view, others, failure_of(failure), now, known.policy)
            await change.apply(decision, None, now)
            stored = change.payment
        if failure is not None:
            raise failure
        return stored

    def _order(self, payment: StoredPayment, attempt: AttemptView, wish: PayWish) -> PaymentOrder:
        content = self.records.open(payment)
        rule = rule_of(self._accounts, payment.agency_code, payment.procedure_code)
        return PaymentOrder(
            reference=attempt.reference,
            amount_vnd=attempt.amount_vnd,
            items=payment.view.items,
            dossier_code=payment.view.dossier_code,
            procedure_code=content.procedure_code,
            procedure_name=content.procedure_name,
            service_code=content.service_code,
            service_name=content.service_name,
            agency_code=(rule.unit_code if rule is not None else "") or payment.agency_code,
            agency_name=(rule.unit_name if rule is not None else "") or content.agency_name,
            beneficiary=attempt.beneficiary,
            payer=content.payer,
            payer_address=wish.payer_address,
            return_url=f"{self._public_base_url}/callbacks/payments/{attempt.provider}/return?ref={attempt.reference}",
            opened_at=attempt.opened_at,
        )

    async def cancel(self, request_id: UUID) -> StoredPayment:
        """Take a request back. Raises PaymentNotPossible."""
        now = self.records.clock.now()
        async with self.records.store.changing(request_id) as change:
            if change is None:
                raise PaymentNotPossible("no_such_payment")
            judged = cancel(change.payment.view, [one.view for one in change.payment.attempts])
            if isinstance(judged, Refused):
                raise PaymentNotPossible(judged.refusal)
            await change.apply_request(judged, now)
            return change.payment

    async def returned(self, provider: str, query: Sequence[tuple[str, str]]) -> str | None:
        """Take a browser back: have the provider asked soon, and give the address to which the browser goes on.

        Whatever the address claims is a hint by which the attempt is found, and nothing more. None: nothing is found.
        """
        found = await self._named_by(provider, query)
        if found is None:
            return None
        payment, attempt = found
        now = self.records.clock.now()
        known = self.records.providers[provider]
        async with self.records.store.changing(payment.view.request_id) as change:
            current = None if change is None else change.payment.attempt(attempt.view.attempt_id)
            if change is not None and current is not None:
                soon = poll_on_return(current.view, now, known.policy)
                if soon is not None:
                    await self._ask_soon(change, current.view, soon)
        words = {"payment_id": str(payment.view.request_id), "state": attempt.return_state}
        separator = "&" if urlsplit(attempt.return_to).query else "?"
        return attempt.return_to + separator + urlencode({name: word for name, word in words.items() if word})

    async def _ask_soon(self, change: PaymentChange, attempt: AttemptView, at: datetime) -> None:
        """Have the provider asked at an instant; nothing else changes."""
        asked = Decision(
            request=change.payment.view,
            attempt=replace(attempt, next_poll_at=at),
            ruling=Ruling.APPLIED,
            reason=Reason.NOTHING_NEW,
        )
        await change.apply(asked, None, self.records.clock.now())

    async def _named_by(
        self, provider: str, query: Sequence[tuple[str, str]]
    ) -> tuple[StoredPayment, StoredAttempt] | None:
        """Give the attempt whose reference the address carries anywhere, else the last of a dossier that it names."""
        store = self.records.store
        words = [word for _, value in query for word in (value, *value.split("_"))]
        tokens = list(dict.fromkeys(words))[:_MAX_TOKENS]
        for token in tokens:
            request_id = await store.request_of(provider, token)
            payment = None if request_id is None else await store.find(request_id)
            attempts = () if payment is None else payment.attempts
            for attempt in attempts:
                if payment is not None and (attempt.view.provider, attempt.view.reference) == (provider, token):
                    return payment, attempt
        for token in (token for token in tokens if len(token) <= _MAX_CODE_LENGTH):
            for payment in reversed(await store.of_dossier(token)):
                for attempt in reversed(payment.attempts):
                    if attempt.view.provider == provider:
                        return payment, attempt
        return None
