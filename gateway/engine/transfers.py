"""Takes the credits of an account statement for the attempts that they pay (payment notes §E, §10.3).

Every credit is judged under the lock of its request like a provider's word, so a statement that is read twice, two that
overlap, and two that are read at once count each movement once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from gateway.engine.payment_records import PaymentRecords
from gateway.model.payment import Source
from gateway.model.settlement import Statement, StatementLine
from gateway.sync.payment_words import Reason, Ruling
from gateway.sync.transfers import DEFAULT_WINDOW, Candidate, Matched, Unmatched, match_line

ReferenceReader = Callable[[str], tuple[str, ...]]
"""Gives the references of one provider that stand in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftLine:
    """A credit that pays nothing by itself: its number in the file and why. Nothing of its text."""

    line: int
    amount_vnd: int
    reason: Unmatched


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferReport:
    """What became of the credits: taken, known before, refused by the judgement, left for a person."""

    credits_count: int
    taken_count: int
    known_count: int
    refused_count: int
    left: tuple[LeftLine, ...]


class TransferReading:
    """Reads statements for the providers that are paid by transfer."""

    def __init__(
        self,
        records: PaymentRecords,
        readers: Mapping[str, ReferenceReader],
        *,
        window: timedelta = DEFAULT_WINDOW,
    ) -> None:
        self._records = records
        self._readers = dict(readers)
        self._window = window

    async def take(self, statement: Statement) -> TransferReport:
        """Take every credit, in the order of the file. Debits are passed over.

        Raises StoreUnavailable; what was taken until then stays taken, and reading the statement again goes on.
        """
        credits = [line for line in statement.lines if line.amount_vnd > 0]
        rulings: list[Ruling | None] = []
        left: list[LeftLine] = []
        for line in credits:
            outcome = await self._take_line(line)
            if isinstance(outcome, Unmatched):
                left.append(LeftLine(line=line.line, amount_vnd=line.amount_vnd, reason=outcome))
            else:
                rulings.append(outcome)
        taken, known = rulings.count(Ruling.APPLIED), rulings.count(None)
        return TransferReport(
            credits_count=len(credits),
            taken_count=taken,
            known_count=known,
            refused_count=len(rulings) - taken - known,
            left=tuple(left),
        )

    async def _take_line(self, line: StatementLine) -> Ruling | Unmatched | None:
        """Give how the credit was ruled; None when it was written down before."""
        references, known = await self._found(line.text)
        matched = match_line(line, references, known, self._window)
        if not isinstance(matched, Matched):
            return matched
        if matched.is_known:
            return None
        one = matched.candidate
        decision = await self._records.take(one.request_id, one.attempt.attempt_id, matched.fact, Source.STATEMENT)
        if decision is None:
            return Unmatched.UNKNOWN_REFERENCE
        # Another reading of the same movement may have come first.
        return None if decision.reason is Reason.NOTHING_NEW else decision.ruling

    async def _found(self, text: str) -> tuple[tuple[str, ...], dict[str, Candidate]]:
        """Give the references in a text, and of those that were given by us the attempts."""
        references: list[str] = []
        known: dict[str, Candidate] = {}
        for provider, read in self._readers.items():
            for reference in read(text):
                references.append(reference)
                request_id = await self._records.store.request_of(provider, reference)
                payment = None if request_id is None else await self._records.store.find(request_id)
                for stored in () if payment is None else payment.attempts:
                    if payment is not None and (stored.view.provider, stored.view.reference) == (provider, reference):
                        known[reference] = Candidate(request_id=payment.view.request_id, attempt=stored.view)
        return tuple(references), known
