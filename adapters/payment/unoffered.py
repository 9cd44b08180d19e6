"""A no to everything that a provider does not offer. Pure."""

from abc import ABC, abstractmethod
from datetime import date
from typing import NoReturn

from gateway.errors import InvalidInput
from gateway.model.payment import PaymentFact
from gateway.ports.payments import (
    Acknowledgement,
    AskedAttempt,
    Bill,
    Capability,
    DueAnswer,
    NotificationRefused,
    RawNotification,
    RefundFact,
    RefundOrder,
    SettlementFile,
)


class Unoffered(ABC):
    """Says no to every call that a provider does not offer. Calls of people are InvalidInput with code not_offered,
    messages of others NotificationRefused with the same code."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name under which it is configured."""

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        raise NotificationRefused(f"{self.name} sends no notifications", code="not_offered")

    def read_lookup(self, raw: RawNotification) -> str:
        raise NotificationRefused(f"{self.name} asks for nothing", code="not_offered")

    def answer_lookup(self, due: DueAnswer) -> Acknowledgement:
        self._not_offered(Capability.LOOKUP)

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        self._not_offered(Capability.NOTIFY)

    async def query(self, attempt: AskedAttempt) -> PaymentFact:
        self._not_offered(Capability.QUERY)

    async def bill(self, attempt: AskedAttempt) -> Bill | None:
        self._not_offered(Capability.BILL)

    async def refund(self, order: RefundOrder) -> RefundFact:
        self._not_offered(Capability.REFUND)

    async def query_refund(self, order: RefundOrder, transaction: str) -> RefundFact:
        self._not_offered(Capability.REFUND)

    async def settlement(self, day: date) -> SettlementFile | None:
        self._not_offered(Capability.SETTLEMENT)

    def _not_offered(self, capability: Capability) -> NoReturn:
        raise InvalidInput(f"{self.name} does not offer {capability}", code="not_offered")
