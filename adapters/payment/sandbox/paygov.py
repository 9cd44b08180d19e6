"""PayGov behind a provincial LGSP, simulated (payment notes §B): token, create, check, results, receipts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from aiohttp import web

from adapters.payment.sandbox.attempt import Attempt, Payment, Status
from adapters.payment.sandbox.attempts import FLOW_FAULTS, Attempts
from adapters.payment.sandbox.callbacks import CallbackSender
from adapters.payment.sandbox.calls import ANSWER_FAULTS, MAX_BODY_BYTES, Call, Desk, say
from adapters.payment.sandbox.checkout import CheckoutError, Choice, Decided
from adapters.payment.sandbox.daily_files import FILE_FAULTS, DailyFiles
from adapters.payment.sandbox.messages import Refusal
from adapters.payment.sandbox.paper import FOREIGN_BILL, pdf_of
from adapters.payment.sandbox.paygov_lgsp import Lgsp
from adapters.payment.sandbox.paygov_profile import PaygovPartner, PaygovProfile
from adapters.payment.sandbox.paygov_results import PaygovDialect
from adapters.payment.sandbox.paygov_wire import (
    FAILED,
    SIGNATURE_WRONG,
    SUCCESSFUL,
    amount_of,
    check_create,
    check_credentials,
    check_receipt,
    dossier_of,
)
from adapters.payment.sandbox.results import BODY_FAULTS
from adapters.payment.sandbox.vietnam import local_text
from adapters.payment.sandbox.world import World
from adapters.sandboxing import Answer, ControlAction, ControlCall, ControlError, Touch

NAME = "paygov"
PAYGOV_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **ANSWER_FAULTS,
        **FLOW_FAULTS,
        **BODY_FAULTS,
        **FILE_FAULTS,
        "F16_init_wrapped_oddly": ("text", "double"),
        "F17_init_refused_inside": (),
        "F25_bill": ("pdf", "404", "foreign_host", "html"),
    }
)
"""What can be armed. F16 turns `data` of the answer to create into JSON text, once or twice; F17 answers create with
success and without an address, and opens nothing; F25 is about vouchers."""


_NO_PAPER: Mapping[str, Answer] = MappingProxyType(
    {
        "404": Answer(b"", 404, "text/plain; charset=utf-8"),
        "html": Answer("<!DOCTYPE html><title>Lỗi</title>".encode(), 200, "text/html; charset=utf-8"),
    }
)


@dataclass(frozen=True, slots=True)
class _Paid:
    """A payment with its attempt."""

    attempt: Attempt
    payment: Payment


class Paygov:
    """PayGov as a `Provider`."""

    name = NAME

    def __init__(self, world: World, settings: Mapping[str, Any]) -> None:
        self.profile = PaygovProfile.parse(settings)
        self._world = world
        self._desk = Desk(
            world, NAME, hidden=self._secrets, pay=lambda reference: self.decide(reference, Choice.PAY, "")
        )
        self._lgsp = Lgsp(world, lambda: self.profile)
        self._dialect = PaygovDialect(world, lambda: self.profile)
        self.sender = CallbackSender(world, NAME, lambda: self.profile.pace())
        self.attempts = Attempts(
            world, NAME, self._dialect, self.sender, page_name="PayGov", banks=lambda: self.profile.gates
        )
        self._files = DailyFiles(world, NAME, self._desk, lambda: [each.code for each in self.profile.partners])
        self._receipts: dict[str, Answer] = {}
        world.switches.support(PAYGOV_SWITCHES)

    def make_app(self) -> web.Application:
        """Make the application with the LGSP's paths, payment pages, receipts and daily files."""
        app, route, profile = web.Application(client_max_size=MAX_BODY_BYTES), self._desk.route, self.profile
        app.router.add_route("*", profile.token_path, route("token", self._lgsp.give_token, is_open=False))
        app.router.add_post(
            profile.create_path,
            route("create", self._guarded(self._create), named_by="requestCode", touch=Touch.EFFECT, is_opening=True),
        )
        app.router.add_post(
            profile.check_path, route("check", self._guarded(self._check), named_by="requestCode", touch=Touch.LOOK_UP)
        )
        app.router.add_post(profile.receipt_path, route("receipt", self._guarded(self._receipt)))
        app.router.add_get("/receipts/{token}.pdf", route("receipt_pdf", self._receipt_pdf))
        app.router.add_get("/files/{name}", route("files", self._files.fetch))
        app.add_subapp("/checkout", self.attempts.pages.make_app())
        return app

    def actions(self) -> Mapping[tuple[str, str], ControlAction]:
        """Give its control actions: settings, attempts, what was told."""
        return {
            ("GET", "profile"): lambda _: self.profile.shown(),
            ("POST", "profile"): self._change_profile,
            ("GET", "notices"): lambda _: {"attempts": list(self.sender.journal)},
            ("POST", "tokens:expire"): lambda _: {"ended": self._lgsp.end_tokens()},
        }

    async def decide(self, reference: str, choice: Choice, bank: str) -> Decided:
        """Decide a payment as its payer would; the reference is the requestCode. Raises CheckoutError."""
        return await self.attempts.decide(reference, choice, bank)

    async def notify_again(self, reference: str) -> bool:
        """Send a result again. Raises KeyError when the reference is not known."""
        attempt = self.attempts.find(reference)
        if attempt is None:
            raise KeyError(reference)
        return self.attempts.tell_again(attempt)

    def state(self) -> dict[str, Any]:
        """Tell what it knows, without secrets."""
        now = self._world.clock.now()
        return {"attempts": [each.as_dict(now) for each in self.attempts], "receipts": len(self._receipts)}

    def forget(self) -> None:
        """Forget what was received; settings stay."""
        self.attempts.forget()
        self.sender.forget()
        self._lgsp.end_tokens()
        self._receipts.clear()

    async def stop(self) -> None:
        """Close connections."""
        await self.sender.stop()

    # Calls.

    def _guarded(self, work: Callable[[Call, PaygovPartner], Answer]) -> Callable[[Call], Answer]:
        def do(call: Call) -> Answer:
            try:
                if self.profile.is_token_wanted and not self._lgsp.admits(call):
                    call.note = "the LGSP's token or credentials are missing, wrong or over"
                    return say({"error_code": FAILED, "error_message": "Unauthorized"}, 401)
                return work(call, self._partner(call))
            except Refusal as refusal:
                call.note = refusal.reason
                return say({"error_code": refusal.code, "error_message": refusal.reason, "data": None})

        return do

    def _partner(self, call: Call) -> PaygovPartner:
        """Give the partner that a call is about: named in the body, or by the LGSP's header."""
        named = None if call.document is None else call.document.get("partnerCode")
        partner = self.profile.partner(named) if named is not None else self._lgsp.partner_of(call)
        if partner is None:
            raise Refusal(FAILED, "partnerCode: is not known")
        return partner

    def _create(self, call: Call, partner: PaygovPartner) -> Answer:
        document = call.document or {}
        check_credentials(partner, document)
        if self.profile.is_strict:
            check_create(partner, document)
        amount = amount_of(document)
        call.order, call.amount_vnd = dossier_of(document.get("orderId")), amount
        if self._desk.take("F17_init_refused_inside", call, "create") is not None:
            return say({"error_code": SUCCESSFUL, "error_message": "", "data": {"url": ""}})
        now = self._world.clock.now()
        attempt = Attempt(
            partner=partner.code,
            reference=call.reference,
            order=str(document.get("orderId", "")),
            dossier=call.order,
            amount_vnd=amount,
            account=partner.account,
            description=str(document.get("orderInfo", "")),
            return_url=str(document.get("returnUrl", "")),
            opened_at=now,
            expires_at=now + timedelta(seconds=self.profile.page_seconds),
        )
        try:
            token = self.attempts.open(attempt)
        except CheckoutError:
            raise Refusal(FAILED, "requestCode: was used before") from None
        data: Any = {"url": f"{call.base}/checkout/{token}"}
        odd = self._desk.take("F16_init_wrapped_oddly", call, "create")
        if odd is not None:
            text = say(data).body.decode()
            data = say(text).body.decode() if odd.variant == "double" else text
        return say({"error_code": SUCCESSFUL, "error_message": "", "data": data})

    def _check(self, call: Call, partner: PaygovPartner) -> Answer:
        """Verify a result that the unit received (`CheckSumUrlReturn`)."""
        fields = call.document
        if fields is None:
            raise Refusal(FAILED, "body: is no JSON object")
        attempt = self.attempts.get(partner.code, call.reference)
        if not self._dialect.is_genuine(partner, fields):
            raise Refusal(SIGNATURE_WRONG, "checksum: is wrong")
        if attempt is None:
            raise Refusal(FAILED, "requestCode: is not known")
        return say({"error_code": SUCCESSFUL, "error_message": ""})

    def _receipt(self, call: Call, partner: PaygovPartner) -> Answer:
        transactions = check_receipt(partner, call.document or {})
        known = {
            payment.transaction: _Paid(attempt, payment)
            for attempt in self.attempts
            if attempt.partner == partner.code and attempt.status is Status.PAID
            for payment in attempt.payments
        }
        if any(transaction not in known for transaction in transactions):
            raise Refusal(FAILED, "paids: a transaction is not known or not paid")
        paid = [known[transaction] for transaction in dict.fromkeys(transactions)]
        total = sum(each.attempt.amount_vnd for each in paid)
        lines = ["CHUNG TU THANH TOAN PAYGOV (MO PHONG)", f"Ma ho so: {(call.document or {})['docCode']}"]
        lines += [
            f"{each.payment.transaction}: {each.attempt.amount_vnd} VND, {local_text(each.payment.at)}" for each in paid
        ]
        token = f"{self._world.draws.getrandbits(96):024x}"
        self._receipts[token] = Answer(pdf_of([*lines, f"Tong cong: {total} VND"]), 200, "application/pdf")
        fault = self._desk.take("F25_bill", call, "receipt")
        form = "pdf" if fault is None else fault.variant
        if form == "foreign_host":
            return say({"transactionReceipt": FOREIGN_BILL})
        if form in _NO_PAPER:
            self._receipts[token] = _NO_PAPER[form]
        return say({"transactionReceipt": f"{call.base}/receipts/{token}.pdf"})

    def _receipt_pdf(self, call: Call) -> Answer:
        paper = self._receipts.get(call.path["token"])
        if paper is None:
            call.note = "no such receipt"
            return Answer(b"", 404, "text/plain; charset=utf-8")
        return paper

    def _change_profile(self, call: ControlCall) -> Any:
        try:
            self.profile = self.profile.changed(call.object())
        except ValueError as error:
            raise ControlError(str(error)) from None
        return self.profile.shown()

    def _secrets(self) -> list[str]:
        keys = [key for each in self.profile.partners for key in (each.access_key, each.secret_key)]
        return [*keys, *self._lgsp.tokens()]


def build(world: World, settings: Mapping[str, Any]) -> Paygov:
    """Make the provider. Raises ValueError when a setting cannot be used."""
    return Paygov(world, settings)
