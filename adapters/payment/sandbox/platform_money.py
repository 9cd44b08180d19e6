"""What happens to an order: it is opened, paid, refused, runs out; each time the partner is told, or not as switched.

Truth goes to the ledger at the moment the money moves, before anybody is told (payment notes §A.5, §12.2).
"""

import hashlib
from typing import Any
from urllib.parse import urlencode

from adapters.payment.sandbox.agenda import Work
from adapters.payment.sandbox.callbacks import CallbackSender, Notice, Then
from adapters.payment.sandbox.checkout import CheckoutError, CheckoutPages, Choice, Decided
from adapters.payment.sandbox.platform_confirm import PAID, read_ack, write_confirm
from adapters.payment.sandbox.platform_faults import BODY_FAULTS
from adapters.payment.sandbox.platform_files import Edits
from adapters.payment.sandbox.platform_orders import Order, Orders, Payment, Status
from adapters.payment.sandbox.platform_profile import Partner, PlatformProfile
from adapters.payment.sandbox.profiles import with_code
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.world import World

NAME = "pp"
TITLE = "Nền tảng thanh toán trực tuyến"


class Money:
    """Orders, their pages, their money, and what partners are told of it."""

    def __init__(self, world: World, profile: PlatformProfile) -> None:
        self.world = world
        self.profile = profile
        self.orders = Orders()
        self.edits = Edits()
        self.pages = CheckoutPages(world.clock, world.draws, self._on_choice, TITLE)
        self.notices = CallbackSender(world, NAME, lambda: self.profile.pace())
        self.base_url = ""
        """Where partners reached the platform last, with its prefix; bills are shown there."""

    def partner(self, code: object) -> Partner | None:
        """Find a partner; None when there is none."""
        return with_code(self.profile.partners, code)

    def partner_of(self, order: Order) -> Partner:
        """Give the partner of an order. Raises KeyError when it was taken from the settings since."""
        partner = self.partner(order.partner)
        if partner is None:
            raise KeyError(order.partner)
        return partner

    def take(self, name: str, order: Order, operation: str = "") -> Switch | None:
        """Ask whether a fault strikes an order."""
        return self.world.switches.take(
            name,
            provider=NAME,
            operation=operation,
            reference=order.reference,
            order=order.dossier,
            amount_vnd=order.amount_vnd,
        )

    def schedule_end(self, order: Order) -> None:
        """End the order's page when its time has come."""

        async def end() -> None:
            # Where the wall clock was set back, the page is open still.
            if order.status is Status.OPEN and order.status_at(self.world.clock.now()) is Status.FAILED:
                order.status = Status.FAILED
                late = self.take("F06_success_after_expiry", order)
                if late is not None:
                    self.world.agenda.after(late.delay_seconds, lambda: self._succeed(order, ""))

        self.world.agenda.after(self.profile.page_seconds, end)

    async def decide(self, reference: str, choice: Choice, bank: str) -> Decided:
        """Decide as the payer would. Raises CheckoutError."""
        try:
            order = self.orders.named(reference)
        except KeyError:
            raise CheckoutError("reference: is not known, or several partners used it") from None
        return await self.pages.decide(order.key, choice, bank)

    async def pay(self, order: Order, bank: str) -> None:
        """Take the money and tell of it, or do what is switched on."""
        pending = self.take("F19_pending", order)
        if pending is None:
            await self._succeed(order, bank)
            return
        order.status = Status.PENDING
        if pending.variant == "paid":
            self.world.agenda.after(pending.delay_seconds, lambda: self._succeed(order, bank))
        elif pending.variant == "failed":
            self.world.agenda.after(pending.delay_seconds, lambda: self.fail(order))

    async def pay_at_once(self, order: Order) -> None:
        """Pay with the first bank, and return only when the CONFIRM was answered (F03)."""
        bank = next(iter(self.profile.banks))
        payment = self._debit(order, bank)
        order.status = Status.PAID
        work = self._notice(order, payment, PAID, None)
        if work is not None:
            await work()

    async def fail(self, order: Order) -> None:
        """Take no money, and tell of it."""
        order.status = Status.FAILED
        is_overturned = self.take("F05_success_after_failure", order) is not None
        then: Then | None = (lambda: self._succeed(order, "")) if is_overturned else None
        self._tell(order, None, self.profile.failed_code, then)

    def notify_again(self, order: Order) -> bool:
        """Tell the result of an order again; False while there is none, or nobody to tell."""
        status = order.status_at(self.world.clock.now())
        if status in (Status.OPEN, Status.PENDING) or not self.partner_of(order).notify_url:
            return False
        payment = order.payments[0] if order.payments else None
        self._tell(order, payment, PAID if status is Status.PAID else self.profile.failed_code, None)
        return True

    def replay(self, order: Order, number: int) -> bool:
        """Send the bytes of an earlier CONFIRM of an order again; False when there is no such one."""
        sent = [notice for notice in self.notices.sent if notice.key == order.key]
        if not 0 <= number < len(sent):
            return False
        self._send_old(sent[number], self.partner_of(order))
        return True

    def return_address(self, order: Order, choice: Choice) -> str:
        """Give where the browser goes; who merely leaves brings no result (§A.9). The code that seals the result is
        invented, as no source shows it (U12)."""
        partner = self.partner_of(order)
        if not partner.return_url:
            return ""
        is_paid = order.status is Status.PAID
        is_forged = not is_paid and self.take("F23_forged_return", order) is not None
        if choice is Choice.LEAVE and not is_forged:
            return partner.return_url
        code = PAID if is_paid or is_forged else self.profile.failed_code
        transaction = order.payments[0].transaction if order.payments else "0"
        data = "_".join((partner.code, transaction, order.dossier, order.reference))
        sealed = hashlib.sha256(f"{data}|{code}|{partner.secrets[0]}".encode()).hexdigest()
        query = urlencode({"data": data, "responseCode": code, "secureCode": sealed})
        return partner.return_url + ("&" if "?" in partner.return_url else "?") + query

    def bill_url(self, order: Order) -> str:
        """Give where the payer's voucher is shown; "" while nobody ever reached the platform."""
        return f"{self.base_url}/bills/{order.bill_token}.pdf" if self.base_url else ""

    def state(self) -> dict[str, Any]:
        """Tell orders and notices, without payers and secrets."""
        now = self.world.clock.now()
        return {
            "orders": [order.as_dict(now) for order in self.orders],
            "confirms": list(self.notices.journal),
            "profile": self.profile.shown(),
        }

    def forget(self) -> None:
        """Forget orders, pages, notices and edits."""
        self.orders.forget()
        self.pages.forget()
        self.notices.forget()
        self.edits = Edits()

    async def _on_choice(self, key: str, choice: Choice, bank: str) -> str:
        order = self.orders.named(key)
        if choice is Choice.PAY:
            await self.pay(order, bank)
        elif choice is not Choice.LEAVE:
            await self.fail(order)
        return self.return_address(order, choice)

    async def _succeed(self, order: Order, bank: str) -> None:
        bank = bank or next(iter(self.profile.banks))
        payment = self._debit(order, bank)
        order.status = Status.PAID
        then: Then | None = None
        if self.take("F22_two_transactions", order) is not None:
            second = self._debit(order, bank)

            async def tell_second() -> None:
                self._tell(order, second, PAID, None)

            then = tell_second
        elif self.take("F04_failure_after_success", order) is not None:

            async def tell_failure() -> None:
                self._tell(order, payment, self.profile.failed_code, None)

            then = tell_failure
        self._tell(order, payment, PAID, then)
        if self.take("F21_both_references_paid", order) is not None:
            await self._pay_others(order, bank)

    async def _pay_others(self, order: Order, bank: str) -> None:
        for other in list(self.orders):
            if other.partner == order.partner and other.dossier == order.dossier and other.status is Status.OPEN:
                await self.pages.decide(other.key, Choice.PAY, bank)

    def _debit(self, order: Order, bank: str) -> Payment:
        now = self.world.clock.now()
        payment = Payment(transaction=self.orders.new_transaction(now), bank=bank, at=now)
        self.world.ledger.debit(
            provider=NAME,
            partner=order.partner,
            reference=order.reference,
            transaction=payment.transaction,
            amount_vnd=order.amount_vnd,
            bank=bank,
            order=order.dossier,
            account=order.account,
            at=now,
        )
        order.payments.append(payment)
        if self.take("F26_next_day_file", order) is not None:
            self.edits.late.add(payment.transaction)
        return payment

    def _tell(self, order: Order, payment: Payment | None, code: str, then: Then | None) -> None:
        work = self._notice(order, payment, code, then)
        if work is not None:
            self.world.agenda.after(0, work)
        elif then is not None:
            next_one = then

            async def go_on() -> None:
                await next_one()

            self.world.agenda.after(0, go_on)

    def _notice(self, order: Order, payment: Payment | None, code: str, then: Then | None) -> Work | None:
        """Make what sends a CONFIRM; None when none is sent."""
        partner = self.partner_of(order)
        is_wanted = bool(partner.notify_url) and (code == PAID or partner.is_failure_told)
        if not is_wanted or self.take("F01_confirm_never_sent", order, "CONFIRM") is not None:
            return None
        taken = [self.take(name, order, "CONFIRM") for name in BODY_FAULTS]
        faults = [fault for fault in taken if fault is not None]
        bill_url = self.bill_url(order) if code == PAID else ""
        body = write_confirm(self.profile, partner, order, payment, code, bill_url, faults)
        notices = self.notices
        copies = self.take("F02_confirm_repeated", order, "CONFIRM")
        old = notices.oldest_success(partner.code, but_of=order.key)
        if old is not None and self.take("F28_replay", order, "CONFIRM") is not None:
            self._send_old(old, partner)
        notice = notices.keep(
            Notice(
                operation="CONFIRM",
                key=order.key,
                partner=partner.code,
                reference=order.reference,
                order=order.dossier,
                amount_vnd=order.amount_vnd,
                is_success=code == PAID,
                method="POST",
                url=partner.notify_url,
                body=body,
                read_ack=lambda status, answer: read_ack(status, answer, body),
                switches=[fault.name for fault in (*faults, copies) if fault is not None],
            )
        )
        if copies is not None:
            count = copies.copies
            return lambda: notices.send_copies(notice, count)
        return lambda: notices.send(notice, then=then)

    def _send_old(self, notice: Notice, partner: Partner) -> None:
        """Send the bytes of an earlier CONFIRM again, to where the partner is reached now."""
        notice.url = partner.notify_url
        self.world.agenda.after(0, lambda: self.notices.send_copies(notice, 1))
