"""Transactions as the hub knows them, and how they end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from random import Random
from typing import Any
from uuid import UUID

from adapters.sandboxing import SandboxClock


class Standing(IntEnum):
    """The hub's numbers of a transaction's state (§7.5)."""

    AGREED = 0
    FAILED = 1
    PENDING = 2
    REFUSED = 3


class Claim(IntEnum):
    """The application's numbers in its return (§7.3); not those of the hub."""

    AGREED = 1
    DECLINED = 2
    EXPIRED = 3


class Transaction:
    """One question to one citizen."""

    __slots__ = ("code", "decided_at", "ends_at", "fetched_count", "is_expired", "person", "pid", "standing", "txn_id")

    def __init__(self, code: str, txn_id: str, pid: str, ends_at: datetime) -> None:
        self.code = code
        self.txn_id = txn_id
        self.pid = pid
        self.person = pid
        """Who decided; another one only when somebody told the control API so."""
        self.ends_at = ends_at
        self.standing = Standing.PENDING
        self.is_expired = False
        self.decided_at: datetime | None = None
        self.fetched_count = 0

    @property
    def claim(self) -> Claim:
        if self.standing is Standing.AGREED:
            return Claim.AGREED
        return Claim.EXPIRED if self.is_expired else Claim.DECLINED

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "code": self.code,
            "txn_id": self.txn_id,
            "pid": self.pid,
            "person": self.person,
            "standing": self.standing.name.lower(),
            "is_expired": self.is_expired,
            "ends_at": self.ends_at.isoformat(),
            "decided_at": None if self.decided_at is None else self.decided_at.isoformat(),
            "fetched_count": self.fetched_count,
        }


class Transactions:
    """All of them, in memory only, in order of opening."""

    def __init__(self, random: Random, clock: SandboxClock) -> None:
        self._random = random
        self._clock = clock
        self._by_code: dict[str, Transaction] = {}
        self._by_txn_id: dict[str, Transaction] = {}

    def __len__(self) -> int:
        return len(self._by_code)

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self._by_code.values())

    def open(self, pid: str, seconds: float) -> Transaction:
        """Ask somebody."""
        ends_at = self._clock.now() + timedelta(seconds=seconds)
        transaction = Transaction(self.new_id(), self.new_id(), pid, ends_at)
        self._by_code[transaction.code] = transaction
        self._by_txn_id[transaction.txn_id] = transaction
        return transaction

    def find(self, name: object) -> Transaction | None:
        """Give the transaction of a code or an id in links."""
        if not isinstance(name, str):
            return None
        return self._by_code.get(name) or self._by_txn_id.get(name)

    def find_by_code(self, code: object) -> Transaction | None:
        """Give the transaction of a code; the id in links is none."""
        return self._by_code.get(code) if isinstance(code, str) else None

    def find_by_txn_id(self, txn_id: str) -> Transaction | None:
        """Give the transaction of an id in links."""
        return self._by_txn_id.get(txn_id)

    def decide(self, transaction: Transaction, standing: Standing, *, is_expired: bool = False) -> bool:
        """End a transaction that is pending; False when it is not, and nothing changes."""
        if transaction.standing is not Standing.PENDING:
            return False
        transaction.standing = standing
        transaction.is_expired = is_expired
        transaction.decided_at = self._clock.now()
        return True

    def expire_due(self) -> list[Transaction]:
        """End those whose time is over; give them."""
        now = self._clock.now()
        due = [each for each in self if each.standing is Standing.PENDING and each.ends_at <= now]
        for transaction in due:
            self.decide(transaction, Standing.FAILED, is_expired=True)
        return due

    def forget(self) -> None:
        """Forget all of them."""
        self._by_code.clear()
        self._by_txn_id.clear()

    def new_id(self) -> str:
        """Give an id as the hub makes them; repeatable, as everything here is."""
        return str(UUID(int=self._random.getrandbits(128), version=4))
