"""KeyPay v3, simulated (payment notes §C.4): create, detail, pay-later, refunds, callbacks."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from aiohttp import web

from adapters.payment.sandbox.attempt import Attempt, Status
from adapters.payment.sandbox.attempts import Attempts
from adapters.payment.sandbox.callbacks import CallbackSender
from adapters.payment.sandbox.calls import Call, Desk, say
from adapters.payment.sandbox.checkout import CheckoutError
from adapters.payment.sandbox.keypay_v1_v3_profile import Client, KeypayProfile
from adapters.payment.sandbox.keypay_v3_checksums import DETAIL_ORDER, check_sum
from adapters.payment.sandbox.keypay_v3_codes import picture, transfer_text
from adapters.payment.sandbox.keypay_v3_refunds import Refunds
from adapters.payment.sandbox.keypay_v3_results import PAID, UNPAID, V3Dialect
from adapters.payment.sandbox.keypay_v3_wire import (
    NOT_FOUND,
    REUSED,
    amount_of,
    check_create,
    check_sealed,
    fee_of,
)
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.vietnam import wire_time
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer, Touch

V3_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "F16_init_wrapped_oddly": ("text", "double"),
        "F17_init_refused_inside": (),
        "F20_query_contradicts": ("failed", "paid"),
    }
)
"""F16 turns `data` of the answer to pay-later create into JSON text, once or twice; F17 answers create with error 0 and
without an address, and opens nothing."""
Work = Callable[[Call, Client], Answer]


class KeypayV3:
    """The paths of v3, and its attempts."""

    def __init__(
        self, world: World, provider: str, profile: Callable[[], KeypayProfile], desk: Desk, sender: CallbackSender
    ) -> None:
        self._world = world
        self._profile = profile
        self._desk = desk
        self._dialect = V3Dialect(profile)
        self.attempts = Attempts(
            world, provider, self._dialect, sender, page_name="KeyPay", banks=lambda: profile().banks
        )
        self._refunds = Refunds(world, provider, profile, self._dialect, self.attempts, sender)
        world.switches.support(V3_SWITCHES)

    def make_app(self) -> web.Application:
        """Make the application, to be mounted under its version."""
        app = web.Application()
        routes: Mapping[str, tuple[str, str, Work, Touch]] = {
            "/create": ("create", "transaction_id", self._create, Touch.EFFECT),
            "/detail": ("detail", "transaction_id", self._detail, Touch.LOOK_UP),
            "/paylater/create": ("paylater", "transaction_id", self._create_later, Touch.EFFECT),
            "/paylater/detail": ("paylater_detail", "transaction_id", self._detail, Touch.LOOK_UP),
            "/refund": ("refund", "transaction_id", self._refunds.refund, Touch.EFFECT),
            "/refund/detail": ("refund_detail", "transaction_refund_code", self._refunds.detail, Touch.LOOK_UP),
        }
        for path, (operation, named_by, work, touch) in routes.items():
            handler = self._desk.route(
                operation,
                self._guarded(operation, work),
                named_by=named_by,
                touch=touch,
                is_opening=operation in ("create", "paylater"),
            )
            app.router.add_post(path, handler)
        app.add_subapp("/checkout", self.attempts.pages.make_app())
        return app

    def forget(self) -> None:
        """Forget attempts and refunds."""
        self.attempts.forget()
        self._refunds.forget()

    def _guarded(self, operation: str, work: Work) -> Callable[[Call], Answer]:
        def do(call: Call) -> Answer:
            try:
                return work(call, check_sealed(self._profile(), call.document, operation))
            except Refusal as refusal:
                call.note = refusal.reason
                return say({"error": int(refusal.code), "msg": refusal.reason})

        return do

    def _create(self, call: Call, client: Client) -> Answer:
        if self._desk.take("F17_init_refused_inside", call, "create") is not None:
            return say({"error": 0, "msg": "", "payment_url": ""})
        _, token = self._open(call, client, "create", self._profile().page_seconds)
        return say({"error": 0, "msg": "", "payment_url": f"{call.base}/v3/checkout/{token}"})

    def _create_later(self, call: Call, client: Client) -> Answer:
        profile = self._profile()
        attempt, token = self._open(call, client, "paylater", profile.paylater_seconds)
        address = f"{call.base}/v3/checkout/{token}"
        reserved = attempt.detail["reserved"] = self._dialect.new_transaction(attempt)
        account = attempt.account if attempt.account.isalnum() and len(attempt.account) <= 19 else "9990001234567"
        data: Any = {
            "transaction_code": reserved,
            "created_at": wire_time(attempt.opened_at),
            "expired_in": profile.paylater_seconds,
            "qrcode_link": address,
            "qrcode_static": transfer_text(profile.account_bin, account, attempt.amount_vnd, attempt.reference),
            "qrcode_pay": picture(),
            "url_pay": address,
            "status": UNPAID,
            "total_amount": str(attempt.amount_vnd),
        }
        odd = self._desk.take("F16_init_wrapped_oddly", call, "paylater")
        if odd is not None:
            text = say(data).body.decode()
            data = say(text).body.decode() if odd.variant == "double" else text
        return say({"error": 0, "msg": "", "data": data})

    def _open(self, call: Call, client: Client, operation: str, seconds: float) -> tuple[Attempt, str]:
        document = call.document or {}
        if self._profile().is_strict:
            check_create(self._profile(), document)
        amount = amount_of(document.get("trans_amount")) + fee_of(document.get("addition_fee"))
        bill = document.get("bill_info")
        bill = bill if isinstance(bill, dict) else {}
        call.order, call.amount_vnd = str(bill.get("MaHoSo", "")), amount
        now = self._world.clock.now()
        attempt = Attempt(
            partner=client.code,
            reference=call.reference,
            order=str(document.get("bill_id", call.order)),
            dossier=call.order,
            amount_vnd=amount,
            account=str(bill.get("TKThuHuong", "")),
            description=str(document.get("description", "")),
            return_url=str(document.get("return_url", "")),
            opened_at=now,
            expires_at=now + timedelta(seconds=seconds),
            detail={"asked": document, "operation": operation},
        )
        try:
            return attempt, self.attempts.open(attempt)
        except CheckoutError:
            raise Refusal(str(REUSED), "transaction_id: was used before") from None

    def _detail(self, call: Call, client: Client) -> Answer:
        attempt = self.attempts.get(client.code, call.reference)
        if attempt is None:
            raise Refusal(str(NOT_FOUND), "transaction_id: is not known")
        call.order, call.amount_vnd = attempt.dossier, attempt.amount_vnd
        payment = attempt.payments[0] if attempt.status is Status.PAID and attempt.payments else None
        told = self._dialect.document(attempt, payment, attempt.status_at(self._world.clock.now()))
        lie = self._desk.take("F20_query_contradicts", call, "detail")
        if lie is not None:
            told["status"] = PAID if lie.variant == "paid" else UNPAID
        told["command"] = (call.document or {})["command"]
        seal = check_sum(client.key_2, told, DETAIL_ORDER)
        return say({"error": 0, "msg": "", **told, "check_sum": seal})
