"""KeyPay v1 and the services of v1 and v2, simulated (payment notes §C.1 to §C.3)."""

import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import escape
from types import MappingProxyType

from aiohttp import web

from adapters.payment.sandbox.attempt import Attempt, Status
from adapters.payment.sandbox.attempts import RETURN, Attempts
from adapters.payment.sandbox.callbacks import CallbackSender
from adapters.payment.sandbox.calls import Call, Desk, say
from adapters.payment.sandbox.checkout import MARK_HEADER, CheckoutError
from adapters.payment.sandbox.keypay_v1_checksums import (
    CONFIRM_ORDER,
    QUERY_ORDER,
    QUERY_V2_ORDER,
    reply_hash,
    service_hash,
)
from adapters.payment.sandbox.keypay_v1_codes import CODES, CONFIRMED, NOT_FOUND, REFUSED, SUCCESS
from adapters.payment.sandbox.keypay_v1_results import CODE_SWITCH, V1Dialect, code_of
from adapters.payment.sandbox.keypay_v1_v3_profile import KeypayProfile, Merchant
from adapters.payment.sandbox.keypay_v1_wire import check_form, check_sealed, total_of
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.vietnam import read_wire_time
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer, Touch

V1_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType({CODE_SWITCH: tuple(sorted(CODES))})
"""Any code of §C.3 instead of the right one. Its member `operation` says where: `process` refuses the redirect,
`return` decides what the payment comes to, `query` and `confirm` lie. Without one it strikes the first that asks."""
_DONE, _REFUSED = "010", "011"
"""The first part of piped replies; that of successes is not known."""
_TEXT = "text/plain; charset=utf-8"


class KeypayV1:
    """The paths of v1 and v2, and its attempts."""

    def __init__(
        self, world: World, provider: str, profile: Callable[[], KeypayProfile], desk: Desk, sender: CallbackSender
    ) -> None:
        self._world = world
        self._provider = provider
        self._profile = profile
        self._desk = desk
        self._dialect = V1Dialect(profile, self._choose)
        self.attempts = Attempts(
            world, provider, self._dialect, sender, page_name="KeyPay", banks=lambda: profile().banks
        )
        world.switches.support(V1_SWITCHES)

    def add_routes(self, app: web.Application) -> None:
        """Serve the redirect, its pages, and the services in their REST and JSON forms."""
        route = self._desk.route
        app.router.add_get(
            "/process", route("process", self._process, named_by="merchant_trans_id", touch=Touch.EFFECT)
        )
        services = {
            "QuerryBillStatus": ("query", self._query),
            "QuerryBillStatusV2": ("query", self._query_v2),
            "ConfirmTransResult": ("confirm", self._confirm),
        }
        for base in ("/resources/generic", "/jsonresources/generic"):
            for name, (operation, work) in services.items():
                touch = Touch.EFFECT if operation == "confirm" else Touch.LOOK_UP
                handler = route(operation, self._formed(name, work, base), named_by="merchant_trans_id", touch=touch)
                app.router.add_get(f"{base}/{name}", handler)
                app.router.add_post(f"{base}/{name}", handler)
        app.add_subapp("/checkout", self.attempts.pages.make_app())

    # The redirect.

    def _process(self, call: Call) -> Answer:
        fields = dict(call.query)
        try:
            merchant = check_sealed(self._profile(), fields)
        except Refusal as refusal:
            # Nobody vouches for the return address yet, so the payer stays here.
            call.note = refusal.reason
            return _page(f"Yêu cầu thanh toán không hợp lệ (mã lỗi {refusal.code}).")
        attempt = self._attempt(merchant, fields)
        call.order = attempt.dossier
        try:
            check_form(self._profile(), fields)
            call.amount_vnd = attempt.amount_vnd = total_of(fields)
            armed = self._desk.take(CODE_SWITCH, call, "process")
            if armed is not None:
                raise Refusal(armed.variant, "as armed")
            token = self.attempts.open(attempt)
        except (Refusal, CheckoutError) as error:
            code, call.note = (error.code, error.reason) if isinstance(error, Refusal) else ("03", "used before")
            return _redirect(self._dialect.refused_address(attempt, code))
        return _redirect(f"{call.base}/checkout/{token}")

    def _attempt(self, merchant: Merchant, fields: Mapping[str, str]) -> Attempt:
        now = self._world.clock.now()
        return Attempt(
            partner=merchant.code,
            reference=fields.get("merchant_trans_id", ""),
            order=fields.get("good_code", ""),
            dossier=fields.get("good_code", ""),
            amount_vnd=0,
            account=fields.get("desc_3", ""),
            description=fields.get("desc_4", "") or fields.get("good_code", ""),
            return_url=fields["return_url"],
            opened_at=now,
            expires_at=now + timedelta(seconds=self._profile().page_seconds),
            detail={"fields": dict(fields), "trans_id": "", "is_confirmed": False, "is_delivered": None},
        )

    def _choose(self, attempt: Attempt) -> str:
        switch = self._world.switches.take(
            CODE_SWITCH,
            provider=self._provider,
            operation=RETURN,
            reference=attempt.reference,
            order=attempt.dossier,
            amount_vnd=attempt.amount_vnd,
        )
        return "" if switch is None else switch.variant

    # The services.

    def _formed(self, name: str, work: Callable[[Call], tuple[str, str]], base: str) -> Callable[[Call], Answer]:
        """Answer with text under /resources, with a JSON object under /jsonresources."""

        def do(call: Call) -> Answer:
            try:
                code, text = work(call)
            except Refusal as refusal:
                call.note = refusal.reason
                code = refusal.code
                text = _piped(self._profile().merchant(call.fields.get("merchant_code")), code, _REFUSED)
            if name == "QuerryBillStatus" and self._profile().query_form == "bare":
                text = code
            if base.startswith("/json"):
                return say({"response_code": code, "response": text})
            return Answer(text.encode(), 200, _TEXT, {MARK_HEADER: "payment"})

        return do

    def _query(self, call: Call) -> tuple[str, str]:
        merchant = self._merchant(call, QUERY_ORDER)
        attempt = self._found(merchant, call)
        given = call.fields.get("trans_id", "")
        if given and given not in [payment.transaction for payment in attempt.payments]:
            raise Refusal(NOT_FOUND, "trans_id: is not of this transaction")
        code = self._standing(call, attempt)
        return code, _piped(merchant, code)

    def _query_v2(self, call: Call) -> tuple[str, str]:
        merchant = self._merchant(call, QUERY_V2_ORDER)
        if read_wire_time(str(call.fields.get("trans_time", ""))) is None:
            raise Refusal("19", "trans_time: is no time of the form yyyyMMddHHmmss")
        code = self._standing(call, self._found(merchant, call))
        return code, _piped(merchant, code)

    def _confirm(self, call: Call) -> tuple[str, str]:
        """Take the merchant's second leg; once only, a repeat is told so."""
        merchant = self._merchant(call, CONFIRM_ORDER)
        attempt = self._found(merchant, call)
        result = call.fields.get("trans_result")
        if result not in ("0", "1"):
            raise Refusal(REFUSED, "trans_result: must be 0 or 1")
        if call.fields.get("trans_id") not in [payment.transaction for payment in attempt.payments]:
            raise Refusal(NOT_FOUND, "trans_id: is not of this transaction")
        armed = self._desk.take(CODE_SWITCH, call, "confirm")
        if armed is not None:
            raise Refusal(armed.variant, "as armed")
        if attempt.detail["is_confirmed"]:
            raise Refusal(CONFIRMED, "was confirmed before")
        attempt.detail.update(is_confirmed=True, is_delivered=result == "0")
        return SUCCESS, _piped(merchant, SUCCESS)

    def _merchant(self, call: Call, order: tuple[str, ...]) -> Merchant:
        merchant = self._profile().merchant(call.fields.get("merchant_code"))
        if merchant is None:
            raise Refusal("01", "merchant_code: is not known")
        fields = {name: str(call.fields.get(name, "")) for name in order}
        expected = service_hash(merchant.secret, fields, order)
        if not hmac.compare_digest(expected.encode(), str(call.fields.get("secure_hash", "")).encode()):
            raise Refusal("02", "secure_hash: is wrong")
        return merchant

    def _found(self, merchant: Merchant, call: Call) -> Attempt:
        attempt = self.attempts.get(merchant.code, call.reference)
        if attempt is None or attempt.order != call.fields.get("good_code"):
            raise Refusal(NOT_FOUND, "merchant_trans_id, good_code: are not known")
        call.order, call.amount_vnd = attempt.dossier, attempt.amount_vnd
        return attempt

    def _standing(self, call: Call, attempt: Attempt) -> str:
        armed = self._desk.take(CODE_SWITCH, call, "query")
        status = attempt.status_at(self._world.clock.now())
        if armed is not None:
            return armed.variant
        lie = self._desk.take("F20_query_contradicts", call, "query")
        if lie is not None:
            return SUCCESS if lie.variant == "paid" else REFUSED
        return SUCCESS if status is Status.PAID else code_of(status, attempt.code)


def _piped(merchant: Merchant | None, code: str, head: str = _DONE) -> str:
    """Write a reply in three parts; who is no merchant gets no hash, for there is no secret to make it with."""
    return f"{head}|{code}|{'' if merchant is None else reply_hash(merchant.secret, head, code)}"


def _redirect(address: str) -> Answer:
    return Answer(b"", 302, _TEXT, {"Location": address, "Cache-Control": "no-store", MARK_HEADER: "payment"})


def _page(text: str) -> Answer:
    body = (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>KeyPay (mô phỏng)</title></head>'
        f'<body><h1>KeyPay (mô phỏng)</h1><p role="status">{escape(text)}</p></body></html>'
    )
    return Answer(body.encode(), 400, "text/html; charset=utf-8", {MARK_HEADER: "payment"})
