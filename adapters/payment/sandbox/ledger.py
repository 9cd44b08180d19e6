"""What the simulated world holds as truth: every debit and refund that really happened, every exchange with raw bytes.

A test or a demonstration asks here "what was really paid", whatever was told, lost or forged on the wire. Amounts are
whole đồng, instants aware in UTC.
"""

import base64
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapters.sandboxing import SandboxClock

MAX_EXCHANGES = 20_000


class EntryKind(StrEnum):
    """Which way money went."""

    DEBIT = "debit"
    """From the payer to the beneficiary."""
    REFUND = "refund"
    """Back to the payer."""


class Direction(StrEnum):
    """Who called whom in an exchange."""

    RECEIVED = "received"
    """The gateway called the simulated system."""
    SENT = "sent"
    """The simulated system called the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of money. `amount_vnd` is above zero for both kinds."""

    sequence: int
    kind: EntryKind
    provider: str
    partner: str
    reference: str
    """The merchant's reference; "" for a payment that began at the national portal."""
    transaction: str
    """The provider's own transaction number, never used twice."""
    amount_vnd: int
    bank: str
    at: datetime
    order: str
    """The dossier code."""
    account: str
    """The beneficiary account."""

    def as_dict(self) -> dict[str, Any]:
        """Give the entry as plain JSON values."""
        names = (
            "sequence",
            "provider",
            "partner",
            "reference",
            "transaction",
            "amount_vnd",
            "bank",
            "order",
            "account",
        )
        values = {name: getattr(self, name) for name in names}
        return {**values, "kind": self.kind.value, "at": self.at.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, byte for byte. `http_status` None: there was no answer, or it was cut."""

    sequence: int
    at: datetime
    direction: Direction
    provider: str
    operation: str
    reference: str
    method: str
    address: str
    request: bytes
    http_status: int | None
    response: bytes
    note: str
    """Why the simulated system refused, or what it made of the answer; "" when all was well. Never a secret."""
    switches: tuple[str, ...]
    """The faults that struck."""

    def as_dict(self) -> dict[str, Any]:
        """Give the exchange as plain JSON values, bodies both as text and in base64."""
        names = ("sequence", "provider", "operation", "reference", "method", "address", "http_status", "note")
        return {
            **{name: getattr(self, name) for name in names},
            "at": self.at.isoformat(),
            "direction": self.direction.value,
            "switches": list(self.switches),
            "request": self.request.decode("utf-8", "replace"),
            "request_base64": base64.b64encode(self.request).decode(),
            "response": self.response.decode("utf-8", "replace"),
            "response_base64": base64.b64encode(self.response).decode(),
        }


class LedgerError(ValueError):
    """What was to be written down cannot have happened; the message says why."""


class Ledger:
    """Keeps the truth. Entries are never changed; exchanges are kept for the latest `MAX_EXCHANGES`."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._entries: list[Entry] = []
        self._transactions: set[tuple[str, str]] = set()
        self._exchanges: deque[Exchange] = deque(maxlen=MAX_EXCHANGES)
        self._last_exchange = 0

    def debit(
        self,
        *,
        provider: str,
        partner: str,
        reference: str,
        transaction: str,
        amount_vnd: int,
        bank: str,
        order: str = "",
        account: str = "",
        at: datetime | None = None,
    ) -> Entry:
        """Write down that the payer's money moved. Raises LedgerError for a transaction number of before."""
        return self._write(
            EntryKind.DEBIT, provider, partner, reference, transaction, amount_vnd, bank, order, account, at
        )

    def refund(self, debit: Entry, *, transaction: str, amount_vnd: int, at: datetime | None = None) -> Entry:
        """Write down that money of a debit went back. Raises LedgerError when more than that debit's is to go."""
        if debit.kind is not EntryKind.DEBIT or self.refunded_vnd(debit) + amount_vnd > debit.amount_vnd:
            raise LedgerError("refund: more than what was paid")
        return self._write(
            EntryKind.REFUND,
            debit.provider,
            debit.partner,
            debit.reference,
            transaction,
            amount_vnd,
            debit.bank,
            debit.order,
            debit.account,
            at,
        )

    def refunded_vnd(self, debit: Entry) -> int:
        """Tell how much went back of the debits with this one's provider, partner and reference."""
        same = self.entries(provider=debit.provider, reference=debit.reference)
        return sum(each.amount_vnd for each in same if each.kind is EntryKind.REFUND and each.partner == debit.partner)

    def entries(
        self,
        *,
        provider: str | None = None,
        reference: str | None = None,
        order: str | None = None,
        account: str | None = None,
    ) -> list[Entry]:
        """List the movements that match, oldest first."""
        wanted = {"provider": provider, "reference": reference, "order": order, "account": account}
        given = {name: value for name, value in wanted.items() if value is not None}
        return [each for each in self._entries if all(getattr(each, name) == given[name] for name in given)]

    def paid_vnd(self, *, provider: str | None = None, reference: str | None = None, order: str | None = None) -> int:
        """Tell what was really paid: debits less refunds."""
        found = self.entries(provider=provider, reference=reference, order=order)
        return sum(each.amount_vnd if each.kind is EntryKind.DEBIT else -each.amount_vnd for each in found)

    def record(
        self,
        direction: Direction,
        *,
        provider: str,
        operation: str,
        method: str,
        address: str,
        request: bytes,
        http_status: int | None,
        response: bytes,
        reference: str = "",
        note: str = "",
        switches: Sequence[str] = (),
    ) -> Exchange:
        """Keep an exchange."""
        self._last_exchange += 1
        exchange = Exchange(
            sequence=self._last_exchange,
            at=self._clock.now(),
            direction=direction,
            provider=provider,
            operation=operation,
            reference=reference,
            method=method,
            address=address,
            request=request,
            http_status=http_status,
            response=response,
            note=note,
            switches=tuple(switches),
        )
        self._exchanges.append(exchange)
        return exchange

    def exchanges(
        self,
        *,
        after: int = 0,
        provider: str | None = None,
        operation: str | None = None,
        reference: str | None = None,
        direction: Direction | None = None,
        limit: int = MAX_EXCHANGES,
    ) -> list[Exchange]:
        """List the exchanges that match, oldest first, from the one after sequence number `after`."""
        wanted = {"provider": provider, "operation": operation, "reference": reference, "direction": direction}
        given = {name: value for name, value in wanted.items() if value is not None}
        found = [
            each
            for each in self._exchanges
            if each.sequence > after and all(getattr(each, name) == given[name] for name in given)
        ]
        return found[:limit]

    def forget(self) -> None:
        """Start a new world; sequence numbers of exchanges go on."""
        self._entries.clear()
        self._transactions.clear()
        self._exchanges.clear()

    def _write(
        self,
        kind: EntryKind,
        provider: str,
        partner: str,
        reference: str,
        transaction: str,
        amount_vnd: int,
        bank: str,
        order: str,
        account: str,
        at: datetime | None,
    ) -> Entry:
        if amount_vnd <= 0:
            raise LedgerError("amount: must be above zero")
        if (provider, transaction) in self._transactions:
            raise LedgerError("transaction: this number was used before")
        self._transactions.add((provider, transaction))
        entry = Entry(
            sequence=len(self._entries) + 1,
            kind=kind,
            provider=provider,
            partner=partner,
            reference=reference,
            transaction=transaction,
            amount_vnd=amount_vnd,
            bank=bank,
            at=at or self._clock.now(),
            order=order,
            account=account,
        )
        self._entries.append(entry)
        return entry
