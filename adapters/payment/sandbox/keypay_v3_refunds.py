"""Refunds of KeyPay v3 (payment notes §C.4): in parts, never beyond what was paid, told by a notification."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.payment.sandbox.attempt import Attempt, Status
from adapters.payment.sandbox.attempts import Attempts
from adapters.payment.sandbox.callbacks import CallbackSender, Notice
from adapters.payment.sandbox.calls import Call, say
from adapters.payment.sandbox.keypay_v1_v3_profile import Client, KeypayProfile
from adapters.payment.sandbox.keypay_v3_checksums import REFUND_DETAIL_ORDER, REFUND_ORDER, check_sum
from adapters.payment.sandbox.keypay_v3_codes import picture
from adapters.payment.sandbox.keypay_v3_results import V3Dialect
from adapters.payment.sandbox.keypay_v3_wire import MALFORMED, NOT_FOUND, NOT_PAID, TOO_MUCH, amount_of
from adapters.payment.sandbox.ledger import Entry, EntryKind, LedgerError
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.vietnam import wire_time
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer


class Refunds:
    """Takes requests for refunds, does them, and tells of them."""

    def __init__(
        self,
        world: World,
        provider: str,
        profile: Callable[[], KeypayProfile],
        dialect: V3Dialect,
        attempts: Attempts,
        sender: CallbackSender,
    ) -> None:
        self._world = world
        self._provider = provider
        self._profile = profile
        self._dialect = dialect
        self._attempts = attempts
        self._sender = sender
        self._by_code: dict[str, dict[str, Any]] = {}

    def refund(self, call: Call, client: Client) -> Answer:
        """Give back a part or all of a payment, once per request. Raises Refusal, also beyond what was paid (F29)."""
        document = call.document or {}
        amount, reason = amount_of(document.get("amount")), document.get("reason")
        if not isinstance(reason, str) or not reason:
            raise Refusal(str(MALFORMED), "reason: must be a text, not empty")
        attempt = self._attempts.get(client.code, call.reference)
        if attempt is None:
            raise Refusal(str(NOT_FOUND), "transaction_id: is not known")
        call.order, call.amount_vnd = attempt.dossier, attempt.amount_vnd
        if attempt.status is not Status.PAID:
            raise Refusal(str(NOT_PAID), "transaction_id: is not paid")
        code = f"KPRF{len(self._by_code) + 1:08d}"
        try:
            self._world.ledger.refund(self._debit(attempt), transaction=code, amount_vnd=amount)
        except LedgerError:
            raise Refusal(str(TOO_MUCH), "amount: more than what is left of the payment") from None
        told = {
            "client_id": client.code,
            "command": document["command"],
            "transaction_id": attempt.reference,
            "amount": str(amount),
            "reason": reason,
            "transaction_refund_code": code,
            "transaction_refund_id": str(len(self._by_code) + 1),
            "amount_refund": str(amount),
            "qrcode_refund": picture(),
            "update_at": wire_time(self._world.clock.now()),
        }
        self._by_code[code] = told
        self._notify(client, attempt, told)
        return say({"error": 0, "msg": "", "data": _sealed(client, told)})

    def detail(self, call: Call, client: Client) -> Answer:
        """Tell of a refund."""
        told = self._by_code.get(str((call.document or {}).get("transaction_refund_code")))
        if told is None or told["client_id"] != client.code:
            raise Refusal(str(NOT_FOUND), "transaction_refund_code: is not known")
        answered = {**told, "command": (call.document or {})["command"], "status": 0}
        seal = check_sum(client.key_2, answered, REFUND_DETAIL_ORDER)
        return say({"error": 0, "msg": "", "data": {**answered, "check_sum": seal}})

    def forget(self) -> None:
        """Forget all refunds."""
        self._by_code.clear()

    def _debit(self, attempt: Attempt) -> Entry:
        entries = self._world.ledger.entries(provider=self._provider, reference=attempt.reference)
        return next(each for each in entries if each.kind is EntryKind.DEBIT and each.partner == attempt.partner)

    def _notify(self, client: Client, attempt: Attempt, told: Mapping[str, Any]) -> None:
        if not client.refund_notify_url:
            return
        notice = self._sender.keep(
            Notice(
                operation="refund_callback",
                key=attempt.key,
                partner=client.code,
                reference=attempt.reference,
                order=attempt.dossier,
                amount_vnd=attempt.amount_vnd,
                # It tells of money that went back, so it is none of the successes that F28 may repeat.
                is_success=False,
                method="POST",
                url=client.refund_notify_url,
                body=say(_sealed(client, told)).body,
                read_ack=self._dialect.read_ack,
            )
        )
        self._world.agenda.after(0.0, lambda: self._sender.send(notice))


def _sealed(client: Client, told: Mapping[str, Any]) -> dict[str, Any]:
    return {**told, "check_sum": check_sum(client.key_2, told, REFUND_ORDER)}
