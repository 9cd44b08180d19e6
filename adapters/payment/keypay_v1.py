"""KeyPay v1 and v2 (payment notes §C.1 to §C.3).

An order is an address that is signed here; nothing is sent when it is opened, so opening never has an unknown outcome.
What came of it is told by a signed return or notification, or by a question. Once a payment is committed KeyPay wants
to hear that the service is delivered: `confirm`, the second leg, without which the transaction may stay open there.
"""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

from adapters.payment.keypay_v1_settings import KeyPayV1Settings, QueryForm
from adapters.payment.peer import Parts, Peer
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest
from gateway.errors import CredentialsRefused, InvalidInput, Rejected, TransientFailure
from gateway.model.payment import CURRENCY, Answer, PaymentFact, PaymentOrder, ProviderKind
from gateway.ports.payments import (
    Acknowledgement,
    AskedAttempt,
    Capability,
    NotificationRefused,
    Opened,
    RawNotification,
    Verdict,
)
from mappings.payment import keypay_v1
from mappings.payment.keypay_codes import CodeClass, keypay_codes, refuses_credentials, said_by_query
from mappings.payment.keypay_v1 import Form
from mappings.payment.plain_text import plain
from mappings.payment.times import wire_time

_DELIVERED, _NOT_DELIVERED = "0", "1"
_FORM_TYPE = "application/x-www-form-urlencoded"
_STATUSES = {Verdict.APPLIED: 200, Verdict.REFUSED: 400, Verdict.FORGED: 400, Verdict.UNAVAILABLE: 503}


class KeyPayV1Adapter(Peer[KeyPayV1Settings]):
    """Implements PaymentProvider and ConfirmsResults."""

    kind = ProviderKind.KEYPAY_V1

    def __init__(self, settings: KeyPayV1Settings, parts: Parts) -> None:
        super().__init__(settings, parts)
        self._form = Form(
            merchant_code=settings.merchant_code,
            service_code=settings.service_code,
            algorithm=settings.algorithm,
            secret_place=settings.secret_place,
        )

    @property
    def partner_code(self) -> str:
        return self.settings.merchant_code

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.OPEN, Capability.NOTIFY, Capability.QUERY, Capability.CONFIRM})

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        return keypay_v1.make_reference(random_bytes)

    async def open(self, order: PaymentOrder) -> Opened:
        settings = self.settings
        fields = {
            "merchant_code": settings.merchant_code,
            "merchant_trans_id": order.reference,
            "good_code": order.dossier_code,
            "net_cost": str(order.amount_vnd),
            "ship_fee": "0",
            "tax": "0",
            "return_url": order.return_url,
            "version": settings.version,
            "command": "pay",
            "current_locale": settings.locale,
            "currency_code": keypay_v1.CURRENCY_NUMBER,
            "service_code": settings.service_code,
            "country_code": settings.country_code,
        }
        unsigned = {
            "bank_code": settings.bank_code or "",
            "internal_bank": settings.internal_bank or "",
            "desc_1": plain(order.dossier_code, 20),
            "desc_2": plain(order.agency_name, 30),
            "desc_3": plain(order.beneficiary.account_number, 40) if settings.sends_account else "",
            "desc_4": plain(order.procedure_name, 100),
        }
        fields |= {name: value for name, value in unsigned.items() if value}
        secret = self.secret(settings.keys[0], "keys.0", "open")
        return Opened(
            pay_url=keypay_v1.pay_url(settings.pay_url, fields, secret, settings.algorithm),
            expires_at=order.opened_at + timedelta(seconds=settings.page_life_seconds),
        )

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        fact = keypay_v1.read_return(self._form, self.secrets(self.settings.keys, "keys"), self._pairs(raw))
        if not self.settings.asks_before_paid:
            return fact
        return replace(fact, is_decisive=False)

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        # No text of an acknowledgement is known (§C.1); the status says whether to send it again.
        body = b"OK" if verdict is Verdict.APPLIED else b"ERROR"
        return Acknowledgement(status=_STATUSES[verdict], content_type="text/plain; charset=utf-8", body=body)

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        claimed = keypay_v1.read_return(self._form, self.secrets(self.settings.keys, "keys"), self._pairs(raw))
        if claimed.reference != attempt.reference or claimed.reference != fact.reference:
            raise NotificationRefused(f"{self.settings.system}: a return about another order", code="malformed")
        asked = await self.query(replace(attempt, transaction=claimed.transaction or attempt.transaction))
        if asked.answer is Answer.NOT_FOUND:
            raise NotificationRefused(f"{self.settings.system}: disowned by KeyPay", code="disowned")
        # The question tells what became of it; for how much, only the notification says.
        return replace(claimed, answer=asked.answer, result_code=asked.result_code, notices=asked.notices)

    async def query(self, attempt: AskedAttempt) -> PaymentFact:
        """Ask what has become of an order.

        The first form of the question needs KeyPay's own number. Put without it, before any notification has told the
        number, only a yes counts: a no may be about the missing number, and then ends nothing.
        """
        settings = self.settings
        merchant, dossier = settings.merchant_code, attempt.dossier_code
        if settings.query_form is QueryForm.V1:
            path, values = settings.query_path_v1, {"trans_id": attempt.transaction}
            order = [attempt.reference, dossier, attempt.transaction, merchant]
        else:
            path, values = settings.query_path_v2, {"trans_time": wire_time(attempt.opened_at)}
            order = [merchant, attempt.reference, dossier, values["trans_time"]]
        values |= {"merchant_code": merchant, "merchant_trans_id": attempt.reference, "good_code": dossier}

        async def once() -> str:
            return await self._ask("query", path, values, order)

        code = await self._retry.run(once)
        if refuses_credentials(code):
            raise self._refused("query", code)
        said = said_by_query(code)
        is_exact = settings.query_form is QueryForm.V2 or bool(attempt.transaction)
        return PaymentFact(
            answer=said.answer if is_exact or said.answer is Answer.PAID else Answer.PENDING,
            reference=attempt.reference,
            partner_code=merchant,
            amount_vnd=None,
            currency=CURRENCY,
            transaction=attempt.transaction,
            result_code=code,
            notices=said.notices,
        )

    async def confirm(self, attempt: AskedAttempt, *, is_delivered: bool) -> None:
        """Tell KeyPay what became of a committed payment (the second leg).

        Repeating it is answered with code 06 and well, and an HTTP client may repeat a GET by itself. The engine calls
        this from its outbox after the payment is committed, and again after every failure but Rejected and
        InvalidInput.
        """
        if not attempt.transaction:
            raise InvalidInput("KeyPay's number of the transaction is not known", code="transaction_missing")
        settings = self.settings
        values = {
            "merchant_code": settings.merchant_code,
            "good_code": attempt.dossier_code,
            "merchant_trans_id": attempt.reference,
            "trans_id": attempt.transaction,
            "trans_result": _DELIVERED if is_delivered else _NOT_DELIVERED,
        }
        code = await self._ask("confirm", settings.confirm_path, values, list(values.values()), is_write=True)
        row = keypay_codes().rows.get(code)
        if refuses_credentials(code):
            raise self._refused("confirm", code)
        message = f"{settings.system} confirm: answered with {code}"
        if row is not None and row.code_class is CodeClass.UNKNOWN:
            raise TransientFailure(message, system=settings.system, operation="confirm", code="not_now")
        if row is None or row.code_class is not CodeClass.PAID:
            raise Rejected(message, system=settings.system, operation="confirm", remote_code=code)

    def _pairs(self, raw: RawNotification) -> list[tuple[str, str]]:
        """Give the parameters of a return (GET) or of a form (POST)."""
        if raw.method.upper() == "GET":
            return list(raw.query)
        if len(raw.body) > self.settings.max_notification_bytes:
            raise NotificationRefused(f"{self.settings.system}: a notification is refused", code="too_large")
        if raw.content_type.partition(";")[0].strip().lower() != _FORM_TYPE:
            raise NotificationRefused(f"{self.settings.system}: a notification is refused", code="malformed")
        try:
            return parse_qsl(
                raw.body.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=keypay_v1.MAX_FIELDS,
            )
        except ValueError:
            raise NotificationRefused(f"{self.settings.system}: a notification is refused", code="malformed") from None

    async def _ask(
        self, operation: str, path: str, values: dict[str, str], order: list[str], *, is_write: bool = False
    ) -> str:
        newest = self.secret(self.settings.keys[0], "keys.0", operation)
        secrets = self.secrets(self.settings.keys, "keys")
        signed = {**values, "secure_hash": keypay_v1.question_hash(newest, order)}
        request = HttpRequest(
            system=self.settings.system,
            operation=operation,
            method="GET",
            url=self.settings.service_url.rstrip("/") + path,
            is_write=is_write,
            total_seconds=self.settings.call_seconds,
            headers=(("Accept", "text/plain, application/json"),),
            query=tuple(signed.items()),
        )

        def read(answer: HttpAnswer) -> tuple[str, CallOutcome]:
            try:
                text = answer.body.decode("utf-8")
                if is_write:
                    return keypay_v1.read_confirmation(text, secrets), CallOutcome.OK
                is_first = self.settings.query_form is QueryForm.V1
                return keypay_v1.read_code(text, may_stand_alone=is_first), CallOutcome.OK
            except ValueError:
                raise self.broken(operation, "the answer cannot be read", is_write=is_write) from None

        return await self._transport.exchange(request, read)

    def _refused(self, operation: str, code: str) -> CredentialsRefused:
        return CredentialsRefused(
            f"{self.settings.system} {operation}: answered with {code}, {keypay_codes().rows[code].meaning}",
            system=self.settings.system,
            operation=operation,
            code=f"keypay_{code}",
        )
