"""Bank statements of beneficiary accounts, for three-way matching (payment notes §10.3, §E).

Rows come from two sides: what providers settle (a ledger entry arrives on the account some working days later) and
what payers transfer by themselves, for instance by a VietQR code, whose reference stands somewhere in the text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapters.payment.sandbox.ledger import Entry, EntryKind, Ledger
from adapters.payment.sandbox.qr_scans import Scanned
from adapters.payment.sandbox.vietnam import at_hour, local_day, next_working_day, wire_time
from adapters.sandboxing import SandboxClock

SETTLEMENT_HOUR = 9


class TextForm(StrEnum):
    """What banks make of the text of a transfer."""

    PLAIN = "plain"
    PREFIXED = "prefixed"
    """The bank's own words stand before it."""
    SPLIT = "split"
    """A line break of an old system stands in the middle of the reference."""
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One line of a statement. `amount_vnd` is negative when money left the account."""

    account: str
    at: datetime
    amount_vnd: int
    text: str
    bank_reference: str
    """The bank's own number of the line, never used twice."""

    def as_dict(self) -> dict[str, Any]:
        """Give the row as plain JSON values."""
        return {
            "account": self.account,
            "at": self.at.isoformat(),
            "amount_vnd": self.amount_vnd,
            "text": self.text,
            "bank_reference": self.bank_reference,
        }


class Bank:
    """The accounts of beneficiaries. What providers settle is derived from the ledger, so the two cannot disagree
    unless a reference is withheld on purpose."""

    def __init__(self, ledger: Ledger, clock: SandboxClock, *, settlement_days: int = 1) -> None:
        self._ledger = ledger
        self._clock = clock
        self._transfers: list[StatementRow] = []
        self._withheld: set[str] = set()
        self.settlement_days = settlement_days
        """Working days until a provider's money arrives (§14 U19); 0 means at once."""

    def transfer(
        self, account: str, amount_vnd: int, text: str, *, form: TextForm = TextForm.PLAIN, at: datetime | None = None
    ) -> StatementRow:
        """Let somebody transfer money by hand. Raises ValueError unless the amount is above zero."""
        if amount_vnd <= 0:
            raise ValueError("amount: must be above zero")
        number = len(self._transfers) + 1
        row = StatementRow(
            account=account,
            at=at or self._clock.now(),
            amount_vnd=amount_vnd,
            text=_told(text, form, number),
            bank_reference=f"FT{number:010d}",
        )
        self._transfers.append(row)
        return row

    def scan(self, scanned: Scanned, amount_vnd: int | None = None, *, form: TextForm = TextForm.PLAIN) -> StatementRow:
        """Let a payer transfer by a VietQR code. Raises ValueError when neither code nor payer names an amount."""
        amount = amount_vnd if amount_vnd is not None else scanned.amount_vnd
        if amount is None:
            raise ValueError("amount: the code names none")
        return self.transfer(scanned.account, amount, scanned.text, form=form)

    def withhold(self, reference: str) -> None:
        """Never let the money of a provider's reference arrive (class R8)."""
        self._withheld.add(reference)

    def statement(self, account: str | None = None, *, until: datetime | None = None) -> list[StatementRow]:
        """List what arrived and left up to an instant (now), oldest first; of all accounts for None."""
        end = until or self._clock.now()
        rows = [*self._transfers, *self._settled(self._ledger.entries())]
        found = [row for row in rows if row.at <= end and account in (None, row.account)]
        return sorted(found, key=lambda row: (row.at, row.bank_reference))

    def forget(self) -> None:
        """Empty the accounts of transfers, withhold nothing."""
        self._transfers.clear()
        self._withheld.clear()

    def _settled(self, entries: Iterable[Entry]) -> Iterable[StatementRow]:
        for entry in entries:
            if not entry.account or entry.reference in self._withheld:
                continue
            is_debit = entry.kind is EntryKind.DEBIT
            words = (entry.provider.upper(), entry.reference, entry.transaction, entry.order)
            yield StatementRow(
                account=entry.account,
                at=self._arrival(entry.at),
                amount_vnd=entry.amount_vnd if is_debit else -entry.amount_vnd,
                text=" ".join(word for word in (*words, "" if is_debit else "HOAN TIEN") if word),
                bank_reference=f"ST{entry.sequence:010d}",
            )

    def _arrival(self, at: datetime) -> datetime:
        if self.settlement_days == 0:
            return at
        return at_hour(next_working_day(local_day(at), self.settlement_days), SETTLEMENT_HOUR)


def statement_csv(rows: Iterable[StatementRow]) -> bytes:
    """Write rows as a file: header `SoTaiKhoan,ThoiGian,SoTien,NoiDung,SoThamChieu`, UTF-8, CRLF, texts in quotes."""
    lines = ["SoTaiKhoan,ThoiGian,SoTien,NoiDung,SoThamChieu"]
    for row in rows:
        text = '"' + row.text.replace('"', '""') + '"'
        lines.append(f"{row.account},{wire_time(row.at)},{row.amount_vnd},{text},{row.bank_reference}")
    return ("\r\n".join(lines) + "\r\n").encode()


def _told(text: str, form: TextForm, number: int) -> str:
    match form:
        case TextForm.PREFIXED:
            return f"MBVCB.{number:08d}.{text}.CT tu 9990001 toi tai khoan thu huong"
        case TextForm.SPLIT:
            return text[:9] + "\n" + text[9:]
        case TextForm.LOWER:
            return text.lower()
        case _:
            return text
