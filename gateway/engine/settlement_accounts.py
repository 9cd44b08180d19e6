"""Account statements, kept for as long as money of a compared day may arrive (R8 of payment notes §10.3).

Only credits are kept, sealed whole, since their texts may name payers. Statements may overlap: a movement is one by its
account and the bank's reference.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256

import msgspec

from gateway.model.settlement import Statement, StatementLine
from gateway.ports.basics import Clock, KeyRing
from gateway.sync.settlement_storing import SettlementStore, StoredStatement

SEARCHED = timedelta(days=40)
"""How long after its day money is looked for, and days before are compared anew."""
_ONE_DAY = timedelta(days=1)
_encode = msgspec.json.Encoder(order="deterministic").encode
_lines = msgspec.json.Decoder(tuple[StatementLine, ...])


class AccountStatements:
    """Keeps statements, and gives what is known around a day."""

    def __init__(self, store: SettlementStore, *, key_ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._key_ring = key_ring
        self._clock = clock

    async def keep(self, statement: Statement) -> None:
        """Keep the credits of a statement; the same again is kept once. Raises StoreUnavailable."""
        credits = tuple(one for one in statement.lines if one.amount_vnd > 0)
        stated = statement.accounts or {one.account_number: statement.until for one in statement.lines}
        if not stated:
            return  # A statement of nobody knows it to be of an account.
        content = _encode(credits)
        accounts = sorted(stated)
        told = f"{statement.until.isoformat()} {accounts} ".encode() + content
        digest = sha256(told).hexdigest()
        key = self._key_ring.new_record_key()
        await self._store.add_statement(
            StoredStatement(
                digest=digest,
                first_on=min((one.day for one in credits), default=statement.until),
                until_on=statement.until,
                accounts=accounts,
                credits_count=len(credits),
                wrapped_key=key.wrapped,
                sealed=key.seal(content, context=_context(digest)),
            ),
            self._clock.now(),
        )

    async def around(self, day: date) -> Statement | None:
        """Give all that is known of accounts from the day before on; None when nothing is. Raises StoreUnavailable."""
        kept = await self._store.statements(day - _ONE_DAY, day + SEARCHED)
        until: dict[str, date] = {}
        movements: dict[tuple[str, str], StatementLine] = {}
        for one in kept:
            until |= {account: max(one.until_on, until.get(account, date.min)) for account in one.accounts}
            movements |= {(line.account_number, line.bank_reference): line for line in self._opened(one)}
        if not until:
            return None
        return Statement(until=max(until.values()), lines=tuple(movements.values()), accounts=until)

    def _opened(self, stored: StoredStatement) -> Sequence[StatementLine]:
        key = self._key_ring.open_record_key(stored.wrapped_key)
        return _lines.decode(key.unseal(stored.sealed, context=_context(stored.digest)))


def _context(digest: str) -> bytes:
    return f"account statement {digest}".encode()
