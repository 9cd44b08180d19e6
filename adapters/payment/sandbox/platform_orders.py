"""Orders that partners opened, and payments that began at the national portal, as the platform keeps them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapters.payment.sandbox.vietnam import wire_time


class Status(StrEnum):
    """TrangThaiGD of the answer to QUERY (§A.6)."""

    PAID = "1"
    OPEN = "2"
    PENDING = "3"
    FAILED = "4"


@dataclass(slots=True, kw_only=True)
class Payment:
    """Money that was taken for an order."""

    transaction: str
    bank: str
    at: datetime

    @property
    def time(self) -> str:
        """ThoiGianGD of it."""
        return wire_time(self.at)


@dataclass(slots=True, kw_only=True)
class Order:
    """One MaThamChieu, or one payment of the portal. `key` names it to the platform itself."""

    key: str
    partner: str
    reference: str
    amount_vnd: int
    description: str
    init_time: str
    """ThoiGianGD of INIT, or of the look-up, as text."""
    dossier: str
    account: str
    opened_at: datetime
    expires_at: datetime
    bill_token: str
    is_portal: bool = False
    status: Status = Status.OPEN
    payments: list[Payment] = field(default_factory=list)
    receipt: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def status_at(self, now: datetime) -> Status:
        """Tell how it stands; a page that ran out unpaid has failed."""
        if self.status is Status.OPEN and now >= self.expires_at:
            return Status.FAILED
        return self.status

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """Give the order as plain JSON values, without the payer."""
        return {
            "key": self.key,
            "partner": self.partner,
            "reference": self.reference,
            "amount_vnd": self.amount_vnd,
            "dossier": self.dossier,
            "account": self.account,
            "opened_at": self.opened_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "is_portal": self.is_portal,
            "status": self.status_at(now).name.lower(),
            "transactions": [payment.transaction for payment in self.payments],
        }


class Orders:
    """All orders. A partner's reference is used once, forever (U14)."""

    def __init__(self) -> None:
        self._by_key: dict[str, Order] = {}
        self._last_transaction = 0

    def add(self, order: Order) -> None:
        """Keep an order. Raises ValueError when its key was used before."""
        if order.key in self._by_key:
            raise ValueError("key: was used before")
        self._by_key[order.key] = order

    def find(self, partner: str, reference: str) -> Order | None:
        """Find what a partner opened; None when it opened nothing such."""
        return self._by_key.get(key_of(partner, reference))

    def named(self, name: str) -> Order:
        """Find by key, or by a reference that only one partner used. Raises KeyError."""
        if name in self._by_key:
            return self._by_key[name]
        found = [order for order in self._by_key.values() if name and order.reference == name]
        if len(found) != 1:
            raise KeyError(name)
        return found[0]

    def by_bill_token(self, token: str) -> Order | None:
        """Find the order of a bill's address."""
        return next((order for order in self._by_key.values() if order.bill_token == token), None)

    def new_transaction(self, at: datetime) -> str:
        """Give a transaction number, never the same."""
        self._last_transaction += 1
        return f"PPTX{wire_time(at)[:8]}{self._last_transaction:06d}"

    def __iter__(self) -> Iterator[Order]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def forget(self) -> None:
        """Forget all orders; transaction numbers go on."""
        self._by_key.clear()


def key_of(partner: str, reference: str) -> str:
    """Name a partner's reference."""
    return f"{partner}/{reference}"
