"""Attempts to pay at PayGov and KeyPay: the page, the money, the result told to partner and browser, and its faults.

What the two have in common is here; how each writes its messages is its `Dialect`. The money of an attempt moves when
its payer decides, and the ledger knows of it whatever is told to anybody.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from adapters.payment.sandbox.attempt import Attempt, Dialect, Payment, Status
from adapters.payment.sandbox.callbacks import CallbackSender, Notice
from adapters.payment.sandbox.checkout import Checkout, CheckoutError, CheckoutPages, Choice, Decided
from adapters.payment.sandbox.results import BODY_FAULTS
from adapters.payment.sandbox.switches import Switch
from adapters.payment.sandbox.world import World

FLOW_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "F01_confirm_never_sent": (),
        "F02_confirm_repeated": (),
        "F03_confirm_before_init_answer": (),
        "F04_failure_after_success": (),
        "F05_success_after_failure": (),
        "F06_success_after_expiry": (),
        "F18_ack_lost": (),
        "F19_pending": ("paid", "failed", "never"),
        "F22_two_transactions": (),
        "F23_forged_return": (),
        "F28_replay": (),
    }
)
"""Those of results as a whole. `delay_seconds` of F06 and F19 is the sandbox's time; `copies` is for F02."""
CALLBACK, RETURN = "callback", "return"


_CHOSEN = {Choice.FAIL: Status.FAILED, Choice.CANCEL: Status.CANCELLED}


class Attempts:
    """The attempts of one protocol of a provider."""

    def __init__(
        self,
        world: World,
        provider: str,
        dialect: Dialect,
        sender: CallbackSender,
        *,
        page_name: str,
        banks: Callable[[], Mapping[str, str]],
    ) -> None:
        self._world = world
        self._provider = provider
        self._dialect = dialect
        self._sender = sender
        self._banks = banks
        self._by_key: dict[str, Attempt] = {}
        self.pages = CheckoutPages(world.clock, world.draws, self._on_choice, page_name)

    def __iter__(self) -> Iterator[Attempt]:
        return iter(self._by_key.values())

    def open(self, attempt: Attempt) -> str:
        """Open an attempt and give its page's token. Raises CheckoutError for a reference of before."""
        token = self.pages.open(
            Checkout(
                reference=attempt.reference,
                amount_vnd=attempt.amount_vnd,
                description=attempt.description,
                expires_at=attempt.expires_at,
                banks=self._banks(),
                return_url=attempt.return_url,
                key=attempt.key,
            )
        )
        self._by_key[attempt.key] = attempt
        wait = (attempt.expires_at - self._world.clock.now()).total_seconds()
        self._world.agenda.after(wait, lambda: self._end(attempt))
        return token

    def get(self, partner: str, reference: str) -> Attempt | None:
        """Give the attempt of a partner's reference."""
        return self._by_key.get(f"{partner}/{reference}")

    def find(self, reference: str) -> Attempt | None:
        """Give the attempt of a reference, or of `partner/reference`, whoever's it is; the latest of several."""
        found = [each for each in self._by_key.values() if reference in (each.reference, each.key)]
        return found[-1] if found else None

    async def decide(self, reference: str, choice: Choice, bank: str = "") -> Decided:
        """Decide as the payer would. Raises CheckoutError for no such attempt or bank."""
        attempt = self.find(reference)
        if attempt is None:
            raise CheckoutError("reference: has no page")
        return await self.pages.decide(attempt.key, choice, bank)

    def tell_again(self, attempt: Attempt) -> bool:
        """Send the result once more; False when there is none yet."""
        status = attempt.status_at(self._world.clock.now())
        if status in (Status.OPEN, Status.PENDING) or not self._dialect.notify_url(attempt):
            return False
        self._tell(attempt, status)
        return True

    def forget(self) -> None:
        """Forget all attempts."""
        self._by_key.clear()
        self.pages.forget()

    async def _on_choice(self, key: str, choice: Choice, bank: str) -> str:
        attempt = self._by_key[key]
        if choice is Choice.LEAVE:
            forged = self._take("F23_forged_return", attempt, RETURN)
            return attempt.return_url if forged is None else self._dialect.forged_address(attempt)
        code, status = self._dialect.chosen_code(attempt)
        attempt.code = code
        if choice is Choice.PAY and status is None:
            return self._pay(attempt, bank)
        if choice is Choice.PAY and status is Status.PENDING:
            return self._pay_unsaid(attempt, bank)
        attempt.status = _CHOSEN.get(choice, status or Status.FAILED)
        self._tell(attempt, attempt.status)
        if self._take("F05_success_after_failure", attempt) is not None:
            self._world.agenda.after(0.0, lambda: self._pay_after_failure(attempt, bank))
        return self._returned(attempt)

    def _pay(self, attempt: Attempt, bank: str) -> str:
        pending = self._take("F19_pending", attempt)
        if pending is not None:
            attempt.status = Status.PENDING
            if pending.variant != "never":
                self._world.agenda.after(
                    pending.delay_seconds, lambda: self._conclude(attempt, bank, is_paid=pending.variant == "paid")
                )
            return self._returned(attempt)
        self._settle_paid(attempt, bank)
        return self._returned(attempt)

    def _pay_unsaid(self, attempt: Attempt, bank: str) -> str:
        """Take the money, and tell nobody but who asks: the browser brings a code that leaves the result open."""
        attempt.status = Status.PENDING
        address = self._returned(attempt)
        self._take_money(attempt, bank)
        attempt.status, attempt.code = Status.PAID, ""
        return address

    def _settle_paid(self, attempt: Attempt, bank: str) -> None:
        attempt.status = Status.PAID
        self._take_money(attempt, bank)
        if self._take("F22_two_transactions", attempt) is not None:
            self._take_money(attempt, bank)
        self._tell(attempt, Status.PAID)

    async def _conclude(self, attempt: Attempt, bank: str, *, is_paid: bool) -> None:
        if is_paid:
            self._settle_paid(attempt, bank)
        else:
            attempt.status = Status.FAILED
            self._tell(attempt, Status.FAILED)

    async def _end(self, attempt: Attempt) -> None:
        """Let somebody pay on a page that ended, where that is armed. Where the wall clock was set back it is open."""
        if attempt.status_at(self._world.clock.now()) is Status.EXPIRED:
            late = self._take("F06_success_after_expiry", attempt)
            if late is not None:
                self._world.agenda.after(late.delay_seconds, lambda: self._pay_late(attempt))

    async def _pay_late(self, attempt: Attempt) -> None:
        if attempt.status is Status.OPEN:
            await self.pages.decide(attempt.key, Choice.PAY, is_late_taken=True)

    async def _pay_after_failure(self, attempt: Attempt, bank: str) -> None:
        attempt.code = ""
        self._settle_paid(attempt, bank)

    def _take_money(self, attempt: Attempt, bank: str) -> None:
        payment = Payment(transaction=self._dialect.new_transaction(attempt), bank=bank, at=self._world.clock.now())
        self._world.ledger.debit(
            provider=self._provider,
            partner=attempt.partner,
            reference=attempt.reference,
            transaction=payment.transaction,
            amount_vnd=attempt.amount_vnd,
            bank=bank,
            order=attempt.dossier,
            account=attempt.account,
            at=payment.at,
        )
        attempt.payments.append(payment)

    def _returned(self, attempt: Attempt) -> str:
        armed = self._armed(attempt, RETURN)
        payment = attempt.payments[0] if attempt.payments and attempt.status is Status.PAID else None
        return self._dialect.return_address(attempt, payment, attempt.status, armed)

    # Telling the partner.

    def _tell(self, attempt: Attempt, status: Status) -> None:
        if not self._dialect.notify_url(attempt) or self._take("F01_confirm_never_sent", attempt, CALLBACK) is not None:
            return
        self._replay(attempt)
        payments: Sequence[Payment | None] = attempt.payments if status is Status.PAID else (None,)
        for payment in payments:
            self._send(attempt, self._notice(attempt, payment, status))

    def _send(self, attempt: Attempt, notice: Notice) -> None:
        copies = self._take("F02_confirm_repeated", attempt, CALLBACK)
        if copies is not None:
            self._world.agenda.after(0.0, lambda: self._sender.send_copies(notice, copies.copies))
            return
        contradicts = notice.is_success and self._take("F04_failure_after_success", attempt, CALLBACK) is not None

        async def contradict() -> None:
            await self._sender.send(self._notice(attempt, None, Status.FAILED))

        then = contradict if contradicts else None
        self._world.agenda.after(0.0, lambda: self._sender.send(notice, then=then))

    def _notice(self, attempt: Attempt, payment: Payment | None, status: Status) -> Notice:
        armed = self._armed(attempt, CALLBACK)
        method, body = self._dialect.callback(attempt, payment, status, armed)
        return self._sender.keep(
            Notice(
                operation=CALLBACK,
                key=attempt.key,
                partner=attempt.partner,
                reference=attempt.reference,
                order=attempt.dossier,
                amount_vnd=attempt.amount_vnd,
                is_success=status is Status.PAID,
                method=method,
                url=self._dialect.notify_url(attempt),
                body=body,
                read_ack=self._dialect.read_ack,
                switches=[switch.name for switch in armed.values()],
            )
        )

    def _replay(self, attempt: Attempt) -> None:
        """Send the oldest success of another reference once more, byte for byte (F28)."""
        old = self._sender.oldest_success(attempt.partner, but_of=attempt.key)
        if old is not None and self._take("F28_replay", attempt, CALLBACK) is not None:
            self._world.agenda.after(0.0, lambda: self._sender.send_copies(old, 1))

    def _armed(self, attempt: Attempt, operation: str) -> dict[str, Switch]:
        found = {name.partition("_")[0]: self._take(name, attempt, operation) for name in BODY_FAULTS}
        return {name: switch for name, switch in found.items() if switch is not None}

    def _take(self, name: str, attempt: Attempt, operation: str = "") -> Switch | None:
        return self._world.switches.take(
            name,
            provider=self._provider,
            operation=operation,
            reference=attempt.reference,
            order=attempt.dossier,
            amount_vnd=attempt.amount_vnd,
        )
