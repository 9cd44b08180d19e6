"""The payment platform of the National Public Service Portal behind the port (payment notes §A)."""

import hmac
from dataclasses import replace
from datetime import date, timedelta

from adapters.payment.platform_client import PlatformClient
from adapters.payment.settings import BillTime
from gateway.errors import OutcomeUnknown
from gateway.model.payment import Answer, PaymentFact, PaymentOrder, ProviderKind
from gateway.ports.payments import (
    Acknowledgement,
    AskedAttempt,
    Bill,
    Capability,
    DueAnswer,
    NotificationRefused,
    Opened,
    RawNotification,
    SettlementFile,
    Verdict,
)
from mappings.payment import platform, platform_lookup, platform_notice
from mappings.payment.times import wire_time

_TIME_DIGITS = 14


class PlatformAdapter(PlatformClient):
    """Implements PaymentProvider. Refunds have no call over there: people give money back (U17)."""

    kind = ProviderKind.PLATFORM

    @property
    def partner_code(self) -> str:
        return self.settings.rules.partner_code

    @property
    def capabilities(self) -> frozenset[Capability]:
        offered = {
            Capability.BILL: self.settings.bill_url is not None,
            Capability.LOOKUP: self.settings.lookup is not None,
            Capability.SETTLEMENT: self.settings.settlement is not None,
        }
        always = {Capability.OPEN, Capability.NOTIFY, Capability.QUERY}
        return frozenset(always | {capability for capability, is_offered in offered.items() if is_offered})

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        return platform.make_reference(self.settings.rules, random_bytes)

    async def open(self, order: PaymentOrder) -> Opened:
        pay_url = await self.send_init(order)
        life = timedelta(seconds=self.settings.page_life_seconds)
        return Opened(pay_url=pay_url, expires_at=order.opened_at + life)

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        """Verify and read. The clock serves only to notice odd times. Raises NotificationRefused."""
        settings = self.settings
        return platform_notice.read_confirm(
            settings.rules,
            raw,
            self.verifying_secrets(),
            bill_hosts=settings.bill_hosts,
            max_bytes=settings.max_notification_bytes,
            seen_at=self._clock.now(),
            allows_plain_loopback=settings.is_test,
        )

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        settings = self.settings
        return platform_notice.acknowledge(settings.rules, raw, verdict, max_bytes=settings.max_notification_bytes)

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        """Ask by QUERY, and confirm the fact only when the answer is about the very same money.

        Raises OutcomeUnknown while the platform does not decide, NotificationRefused (disowned) when it says otherwise,
        and ContractBroken where there is no reference that it could be asked about.
        """
        system, operation = self.settings.system, "verify"
        if fact.is_decisive:
            return fact
        if not attempt.reference:
            raise self.broken(operation, "there is no reference to ask about", is_write=True, code="no_reference")
        asked = await self.query(attempt)
        if asked.answer is Answer.PENDING:
            raise OutcomeUnknown(
                f"{system} {operation}: the platform does not decide yet",
                system=system,
                operation=operation,
                code="not_decided",
            )
        is_failure = asked.answer is fact.answer is Answer.FAILED
        if not is_failure and _money(asked) != _money(fact):
            raise NotificationRefused(f"{system}: the platform says otherwise", code="disowned")
        # Two ways agree about the same money, so what either left unsigned is confirmed by the other.
        notices = tuple(dict.fromkeys((*fact.notices, *asked.notices)))
        sure = replace(fact, is_decisive=True, notices=notices)
        return replace(sure, reference=attempt.reference, dossier_code=attempt.dossier_code)

    async def query(self, attempt: AskedAttempt) -> PaymentFact:
        return await self.send_query(attempt)

    async def bill(self, attempt: AskedAttempt) -> Bill | None:
        """Try the possible times in their order; what is found first counts."""
        url = self.settings.bill_url
        if url is None:
            self._not_offered(Capability.BILL)
        for time in self._bill_times(attempt):
            found = await self.send_get_bill(url, attempt.reference, time)
            if found is not None and found.url:
                fetched = await self.fetch_bill(found.url)
                found = None if fetched is None else replace(fetched, url=found.url)
            if found is not None:
                return found
        return None

    def read_lookup(self, raw: RawNotification) -> str:
        """Give the dossier's number. Raises NotificationRefused, not_authorised for a wrong or missing token."""
        lookup = self.settings.lookup
        if lookup is None:
            return super().read_lookup(raw)
        if lookup.token is not None:
            wanted = f"Bearer {self.secrets([lookup.token], 'lookup.token')[0]}"
            given = raw.headers.get("authorization", "")
            if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass")):
                raise NotificationRefused(
                    f"{self.settings.system}: a look-up has no right token", code="not_authorised"
                )
        return platform_lookup.read_lookup(raw)

    def answer_lookup(self, due: DueAnswer) -> Acknowledgement:
        if self.settings.lookup is None:
            self._not_offered(Capability.LOOKUP)
        return platform_lookup.answer_lookup(self.settings.rules, due)

    async def settlement(self, day: date) -> SettlementFile | None:
        if self.settings.settlement is None:
            self._not_offered(Capability.SETTLEMENT)
        return await self.fetch_settlement(day)

    def _bill_times(self, attempt: AskedAttempt) -> list[str]:
        paid = attempt.paid_at_text
        is_time = len(paid) == _TIME_DIGITS and paid.isascii() and paid.isdigit()
        times = {BillTime.CONFIRM: paid if is_time else "", BillTime.INIT: wire_time(attempt.opened_at)}
        # Paid within the second in which it was opened: one question is enough.
        return list(dict.fromkeys(times[each] for each in self.settings.bill_times if times[each]))


def _money(fact: PaymentFact) -> tuple[Answer, int | None, str, str]:
    return (fact.answer, fact.amount_vnd, fact.currency, fact.transaction)
