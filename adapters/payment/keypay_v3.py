"""KeyPay v3 (payment notes §C.4): orders that are paid at once on a page, or later by a code; details; refunds.

A callback verifies and still decides nothing, since no checksum covers its status: `verify` asks for the detail.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.payment.keypay_v3_settings import DetailCover, KeyPayV3Settings, OrderCover, PayLaterSettings
from adapters.payment.peer import Parts, Peer, json_acknowledgement
from gateway.errors import InvalidInput, Rejected
from gateway.model.payment import CURRENCY, Answer, PaymentFact, PaymentOrder, ProviderKind
from gateway.ports.payments import (
    Acknowledgement,
    AskedAttempt,
    Capability,
    NotificationRefused,
    Opened,
    RawNotification,
    RefundFact,
    RefundOrder,
    Verdict,
)
from mappings.payment import keypay_v3
from mappings.payment.addresses import is_allowed
from mappings.payment.amounts import digits_of, read_amount
from mappings.payment.keypay_v3 import Form, word
from mappings.payment.notices import Notice
from mappings.payment.plain_text import label, plain
from mappings.payment.platform_receipt import receipt_of

_WELL = "0"
_NO_FEE = "0"
_MAX_DESCRIPTION = 100
_VIETQR_HEAD = "000201"
_MAX_CONTENT = 1000


class KeyPayV3Adapter(Peer[KeyPayV3Settings]):
    """Implements PaymentProvider."""

    kind = ProviderKind.KEYPAY_V3

    def __init__(self, settings: KeyPayV3Settings, parts: Parts) -> None:
        super().__init__(settings, parts)
        later = settings.pay_later
        self._command = settings.command if later is None else later.command
        self._detail_command = settings.detail_command if later is None else later.detail_command
        self._form = Form(
            client_id=settings.client_id,
            commands=frozenset({self._command, self._detail_command}),
            answers=settings.answers,
            bill_hosts=frozenset(settings.page_hosts),
        )

    @property
    def partner_code(self) -> str:
        return self.settings.client_id

    @property
    def capabilities(self) -> frozenset[Capability]:
        offered = {Capability.OPEN, Capability.NOTIFY, Capability.QUERY}
        return frozenset(offered if self.settings.refund_url is None else {*offered, Capability.REFUND})

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        return keypay_v3.make_reference(random_bytes)

    async def open(self, order: PaymentOrder) -> Opened:
        settings, later = self.settings, self.settings.pay_later
        content = plain(f"THANH TOAN HO SO {order.dossier_code}", _MAX_DESCRIPTION)
        document: dict[str, Any] = {
            "client_id": settings.client_id,
            "transaction_id": order.reference,
            "trans_amount": str(order.amount_vnd),
            "command": self._command,
            "version": settings.version,
            "description": content,
            "locale": settings.locale,
            "country_code": settings.country_code,
            "currency_code": CURRENCY,
            "environment": settings.environment,
            "bill_info": receipt_of(settings.receipt_rules, order, content=content),
            "return_url": order.return_url,
            # Delivery is no part of a fee: it would be an amount that nobody compares.
            "addition_fee": _NO_FEE,
        }
        if later is None:
            assert settings.create_url is not None, "the settings see to it"
            signed = keypay_v3.signed(document, keypay_v3.order_values(document), self._sending_key("open"))
            return await self.post(
                "open", settings.create_url, signed, lambda answer: self._opened(order, answer), is_write=True
            )
        document["bill_id"] = order.dossier_code
        values = keypay_v3.order_values(document)
        if later.cover is OrderCover.QUESTION:
            values = (settings.client_id, self._command, order.reference)
        signed = keypay_v3.signed(document, values, self._sending_key("open"))
        return await self.post(
            "open", later.create_url, signed, lambda answer: self._opened_later(later, order, answer), is_write=True
        )

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        return keypay_v3.read_callback(self._form, self._receiving_keys(), self.read_json(raw))

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        is_applied = verdict is Verdict.APPLIED
        return json_acknowledgement(
            {"return_code": 0 if is_applied else -1, "return_msg": "success" if is_applied else "error"}
        )

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        claimed = self.read_notification(raw)
        if claimed.reference != attempt.reference or claimed.reference != fact.reference:
            raise NotificationRefused(f"{self.settings.system}: a callback about another order", code="malformed")
        asked = await self.query(attempt)
        # Unpaid may be a matter of moments; only an order that KeyPay does not know was never paid.
        if asked.result_code in {_error_code(error) for error in self.settings.not_found_errors}:
            raise NotificationRefused(f"{self.settings.system}: disowned by KeyPay", code="disowned")
        # Two ways that agree about the same money decide, also where details hold no checksum.
        said = (claimed.answer, claimed.amount_vnd, claimed.currency)
        agrees = said == (asked.answer, asked.amount_vnd, asked.currency)
        return replace(asked, is_decisive=asked.is_decisive or agrees)

    async def query(self, attempt: AskedAttempt) -> PaymentFact:
        settings = self.settings
        values = (settings.client_id, self._detail_command, attempt.reference)
        document = dict(zip(("client_id", "command", "transaction_id"), values, strict=True))
        signed = keypay_v3.signed(document, values, self._sending_key("query"))

        def read(answer: dict[str, Any]) -> PaymentFact:
            members = keypay_v3.flattened(answer)
            given = members.get("error")
            error = _WELL if given is None else word(given)
            if error != _WELL:
                return self._not_answered(attempt, error)
            self._verify_detail(members, values)
            return keypay_v3.read_detail(
                self._form,
                members,
                reference=attempt.reference,
                partner_code=settings.client_id,
                is_verified=settings.detail_cover is not DetailCover.NONE,
            )

        return await self.post("query", settings.detail_url, signed, read, is_write=False)

    async def refund(self, order: RefundOrder) -> RefundFact:
        """Give money back. The provider has no number for a refund of ours: two equal ones look the same to it."""
        settings = self.settings
        if settings.refund_url is None:
            self._not_offered(Capability.REFUND)
        if not 0 < order.amount_vnd <= order.attempt.amount_vnd:
            raise InvalidInput("more would be given back than was paid", code="refund_amount")
        reason = plain(order.reason, _MAX_DESCRIPTION)
        values = (str(order.amount_vnd), settings.client_id, settings.refund_command, reason, order.attempt.reference)
        document = dict(zip(("amount", "client_id", "command", "reason", "transaction_id"), values, strict=True))
        signed = keypay_v3.signed(document, values, self._sending_key("refund"))

        def read(answer: dict[str, Any]) -> RefundFact:
            return self._refund_fact("refund", order, keypay_v3.flattened(answer), values, is_write=True)

        return await self.post("refund", settings.refund_url, signed, read, is_write=True)

    async def query_refund(self, order: RefundOrder, transaction: str) -> RefundFact:
        settings = self.settings
        if settings.refund_detail_url is None:
            self._not_offered(Capability.REFUND)
        if not transaction:
            # The refund's own answer was lost, and KeyPay asks for the number that stood in it: a person looks.
            return RefundFact(is_done=None, transaction="", amount_vnd=order.amount_vnd)
        values = (settings.client_id, settings.refund_detail_command, transaction)
        document = dict(zip(("client_id", "command", "transaction_refund_code"), values, strict=True))
        signed = keypay_v3.signed(document, values, self._sending_key("query_refund"))

        def read(answer: dict[str, Any]) -> RefundFact:
            return self._refund_fact("query_refund", order, keypay_v3.flattened(answer), values, is_write=False)

        return await self.post("query_refund", settings.refund_detail_url, signed, read, is_write=False)

    def _opened(self, order: PaymentOrder, answer: Mapping[str, Any]) -> Opened:
        members = self._accepted("open", answer)
        return Opened(
            pay_url=self._page(members.get("payment_url")),
            expires_at=order.opened_at + timedelta(seconds=self.settings.page_life_seconds),
            transaction=label(word(members.get("transaction_code"))),
        )

    def _opened_later(self, later: PayLaterSettings, order: PaymentOrder, answer: Mapping[str, Any]) -> Opened:
        members = self._accepted("open", answer)
        total = members.get("total_amount", members.get("trans_amount"))
        if total is not None and read_amount(total) != order.amount_vnd:
            raise self.broken("open", "it was opened for another amount", is_write=True, code="other_amount")
        content = members.get("qrcode_static")
        is_code = isinstance(content, str) and content.startswith(_VIETQR_HEAD) and _is_content(content)
        picture = keypay_v3.picture_of(members.get("qrcode_pay"))
        address = members.get("url_pay")
        if not (is_code or picture or address):
            raise ValueError("nothing leads the payer on")
        life = digits_of(members.get("expired_in"))
        life_seconds = int(life) * later.expires_unit_seconds if life and len(life) <= 9 else None
        return Opened(
            pay_url=self._page(address) if address else "",
            qr_content=str(content) if is_code else "",
            qr_image=picture,
            expires_at=None if life_seconds is None else order.opened_at + timedelta(seconds=life_seconds),
            transaction=label(word(members.get("transaction_code"))),
        )

    def _accepted(self, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Give the members of an answer that says yes. Raises Rejected for a no, ValueError for neither."""
        members = keypay_v3.flattened(answer)
        error = word(members.get("error"))
        if not error:
            raise ValueError("neither yes nor no")
        if error != _WELL:
            raise Rejected(
                f"{self.settings.system} {operation}: refused",
                system=self.settings.system,
                operation=operation,
                remote_code=error if error.lstrip("-").isalnum() and len(error) <= 20 else "",
            )
        return members

    def _page(self, address: object) -> str:
        if not isinstance(address, str) or not address:
            raise ValueError("nothing leads the payer on")
        if not is_allowed(address, self.settings.page_hosts, allows_plain_loopback=self.settings.is_test):
            raise self.broken("open", "the payment page is at another host", is_write=True, code="foreign_page")
        return address

    def _verify_detail(self, members: Mapping[str, Any], question: tuple[str, ...]) -> None:
        """Raises ContractBroken where the checksum does not fit: nothing changes, and somebody is told."""
        cover = self.settings.detail_cover
        if cover is DetailCover.NONE:
            return
        if cover is DetailCover.ORDER:
            names = ("addition_fee", "client_id", "command", "trans_amount", "transaction_id", "version")
            question = tuple(word(members.get(name)) for name in names)
        if keypay_v3.key_that_fits(self._receiving_keys(), question, members.get("check_sum")) is None:
            raise self.broken("query", "its checksum does not fit", is_write=False, code="bad_checksum")

    def _not_answered(self, attempt: AskedAttempt, error: str) -> PaymentFact:
        is_unknown = error in self.settings.not_found_errors
        return PaymentFact(
            answer=Answer.NOT_FOUND if is_unknown else Answer.PENDING,
            reference=attempt.reference,
            partner_code=self.settings.client_id,
            amount_vnd=None,
            currency=CURRENCY,
            transaction="",
            result_code=_error_code(error),
            notices=() if is_unknown else (Notice.UNKNOWN_RESULT,),
        )

    def _refund_fact(
        self,
        operation: str,
        order: RefundOrder,
        members: Mapping[str, Any],
        values: tuple[str, ...],
        *,
        is_write: bool,
    ) -> RefundFact:
        members = self._accepted(operation, members)
        place = keypay_v3.key_that_fits(self._receiving_keys(), values, members.get("check_sum"))
        if self.settings.verifies_refund_answers and place is None:
            raise self.broken(operation, "its checksum does not fit", is_write=is_write, code="bad_checksum")
        given = members.get("amount_refund")
        if given is not None and read_amount(given) != order.amount_vnd:
            raise self.broken(operation, "it is about another amount", is_write=is_write, code="other_amount")
        code = label(word(members.get("transaction_refund_code")))
        if is_write and not code:
            raise ValueError("it has no number")
        if not is_write and code not in ("", values[-1]):
            raise ValueError("it is about another refund")
        shown = members.get("qrcode_refund")
        picture = keypay_v3.picture_of(shown)
        return RefundFact(
            is_done=self.settings.refund_answers.get(word(members.get("status"))),
            transaction=code or values[-1],
            amount_vnd=order.amount_vnd,
            qr_content=shown if isinstance(shown, str) and not picture and _is_content(shown) else "",
            qr_image=picture,
        )

    def _sending_key(self, operation: str) -> str:
        return self.secret(self.settings.sending_key[0], "sending_key.0", operation)

    def _receiving_keys(self) -> list[str]:
        return self.secrets(self.settings.receiving_key, "receiving_key")


def _is_content(text: str) -> bool:
    return len(text) <= _MAX_CONTENT and text.isprintable()


def _error_code(error: str) -> str:
    """Give an error of KeyPay as a result code that no status is taken for."""
    return label(f"error {error}"[:40])
