"""One attempt to pay at PayGov or KeyPay, and what a provider must know to write of it: its `Dialect`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from adapters.payment.sandbox.messages import Ack
from adapters.payment.sandbox.results import Armed


class Status(StrEnum):
    """How an attempt stands."""

    OPEN = "open"
    PENDING = "pending"
    """The provider itself does not know yet."""
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that was taken."""

    transaction: str
    bank: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One reference of one partner. `detail` is what its protocol needs again."""

    partner: str
    reference: str
    order: str
    dossier: str
    amount_vnd: int
    account: str
    description: str
    return_url: str
    opened_at: datetime
    expires_at: datetime
    detail: dict[str, Any] = field(default_factory=dict, repr=False)
    status: Status = Status.OPEN
    code: str = ""
    """The provider's own code of the result, where one was chosen; else ""."""
    payments: list[Payment] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What names it to the provider: references of two partners may be equal."""
        return f"{self.partner}/{self.reference}"

    def status_at(self, now: datetime) -> Status:
        """Tell how it stands; a page that ran out unpaid has expired."""
        return Status.EXPIRED if self.status is Status.OPEN and now >= self.expires_at else self.status

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """Give the attempt as plain JSON values, without the payer."""
        names = ("partner", "reference", "order", "dossier", "amount_vnd", "account", "code")
        return {
            **{name: getattr(self, name) for name in names},
            "status": self.status_at(now).value,
            "transactions": [payment.transaction for payment in self.payments],
            "expires_at": self.expires_at.isoformat(),
            **{name: value for name, value in self.detail.items() if name.startswith("is_")},
        }


class Dialect(Protocol):
    """How a provider writes results. `payment` is None where no money was taken."""

    def notify_url(self, attempt: Attempt) -> str:
        """Tell where results of the attempt go; "" for nowhere."""
        ...

    def callback(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> tuple[str, bytes]:
        """Write a result for the partner: method and body."""
        ...

    def read_ack(self, http_status: int, body: bytes) -> Ack:
        """Read what the partner answered."""
        ...

    def return_address(self, attempt: Attempt, payment: Payment | None, status: Status, armed: Armed) -> str:
        """Tell where the browser goes with a result."""
        ...

    def forged_address(self, attempt: Attempt) -> str:
        """Tell where a browser goes whose owner wrote a success himself, without any key."""
        ...

    def chosen_code(self, attempt: Attempt) -> tuple[str, Status | None]:
        """Give the code with which a decision of the payer is answered, and what becomes of it; None: as decided."""
        ...

    def new_transaction(self, attempt: Attempt) -> str:
        """Give a transaction number that was never used."""
        ...
