"""A provider as it really is: what it took under which reference, what it gave back, and what it would say of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.model.payment import Answer, PaymentFact

PARTNER = "PPSIM01"
DOSSIER = "H01.25-250115-0001"
CURRENCY = "VND"


@dataclass(slots=True)
class Taken:
    """Money that was really taken."""

    reference: str
    transaction: str
    amount_vnd: int
    currency: str = CURRENCY
    given_back_vnd: int = 0


@dataclass(slots=True)
class ModelProvider:
    """The truth about money."""

    taken: list[Taken] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)
    """References that the provider took."""
    failed: set[str] = field(default_factory=set)
    """References of which it has told a failure."""

    def take(self, reference: str, amount_vnd: int, currency: str = CURRENCY) -> Taken:
        money = Taken(reference, f"T{len(self.taken) + 1}", amount_vnd, currency)
        self.taken.append(money)
        return money

    def under(self, reference: str) -> list[Taken]:
        return [money for money in self.taken if money.reference == reference]

    def find(self, transaction: str) -> Taken | None:
        return next((money for money in self.taken if money.transaction == transaction), None)

    def answer(self, reference: str, *, is_lagging: bool) -> PaymentFact:
        """Answer a query: of several debits one is told. A provider that lags does not know yet."""
        money = self.under(reference)
        if money and not is_lagging:
            return told(money[-1])
        if reference in self.failed and not is_lagging:
            return untold(Answer.FAILED, reference)
        return untold(Answer.PENDING if reference in self.orders else Answer.NOT_FOUND, reference)


def told(money: Taken, at: datetime | None = None) -> PaymentFact:
    """Say truly that money was taken."""
    return PaymentFact(
        answer=Answer.PAID,
        reference=money.reference,
        partner_code=PARTNER,
        amount_vnd=money.amount_vnd,
        currency=money.currency,
        transaction=money.transaction,
        dossier_code=DOSSIER,
        paid_at=at,
        result_code="00",
    )


def untold(answer: Answer, reference: str) -> PaymentFact:
    """Say that there is no money."""
    return PaymentFact(
        answer=answer, reference=reference, partner_code=PARTNER, amount_vnd=None, currency=CURRENCY, transaction=""
    )


def hinted(fact: PaymentFact, *, has_amount: bool) -> PaymentFact:
    """Say the same without deciding it."""
    return replace(fact, is_decisive=False, amount_vnd=fact.amount_vnd if has_amount else None)
