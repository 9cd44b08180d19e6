"""Days of payments as three sides tell them, for tests of their comparison."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from gateway.model.settlement import (
    DayMatch,
    FileDay,
    FileRow,
    Finding,
    FindingClass,
    GatewayEntry,
    MoneyKind,
    OpenRequest,
    RowState,
    Standing,
    Statement,
    StatementLine,
)
from gateway.sync.settlement import DayInput, match_day

PARTNER = "PPSIM01"
DAY = date(2026, 3, 4)  # A Wednesday.
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
ACCOUNT = "0011001234567"
AGENCY = "000.00.25.H01"
PAY, REFUND = MoneyKind.PAY, MoneyKind.REFUND
DONE, FAILED, PENDING = RowState.DONE, RowState.FAILED, RowState.PENDING
COUNTED, OPEN, DISPUTED = Standing.COUNTED, Standing.OPEN, Standing.DISPUTED


def add_working_days(day: date, days: int) -> date:
    """Count working days without holidays."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def row(
    reference: str = "REF001",
    amount_vnd: int = 100_000,
    *,
    transaction: str = "",
    state: RowState = DONE,
    kind: MoneyKind = PAY,
    line: int = 2,
    minutes: int = 0,
    account: str = ACCOUNT,
    dossier: str = "H01.25-260304-0001",
    fee_vnd: int = 0,
    day: date = DAY,
) -> FileRow:
    """Give a row of a file, by default a success at 09:00 and some minutes."""
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    return FileRow(
        line=line,
        kind=kind,
        state=state,
        reference=reference,
        transaction=transaction or f"TX-{reference}",
        amount_vnd=amount_vnd,
        service_fee_vnd=fee_vnd,
        bank_code="VCB",
        at=at,
        at_text="",
        account_number=account,
        dossier_code=dossier,
    )


def file(*rows: FileRow, day: date = DAY) -> FileDay:
    """Give the file of a day."""
    return FileDay(partner_code=PARTNER, day=day, sha256="ab" * 32, rows=rows)


def entry(
    reference: str = "REF001",
    amount_vnd: int = 100_000,
    *,
    standing: Standing = COUNTED,
    on: date | None = DAY,
    request: str = "",
    kind: MoneyKind = PAY,
    entry_id: str = "",
    transaction: str = "",
    account: str = ACCOUNT,
    agency: str = AGENCY,
) -> GatewayEntry:
    """Give an attempt or a refund as the gateway has it, by default paid on the day."""
    return GatewayEntry(
        kind=kind,
        standing=standing,
        entry_id=entry_id or reference,
        reference=reference,
        request_id=request or f"req-{reference}",
        amount_vnd=amount_vnd,
        counted_on=on if standing is COUNTED else None,
        transaction=transaction,
        account_number=account,
        agency_code=agency,
        dossier_code="H01.25-260304-0001",
    )


def credit(text: str, amount_vnd: int = 100_000, *, line: int = 2, day: date = AFTER, bank: str = "") -> StatementLine:
    """Give a movement of the account."""
    return StatementLine(
        line=line,
        amount_vnd=amount_vnd,
        day=day,
        at=None,
        text=text,
        account_number=ACCOUNT,
        bank_reference=bank or f"FT{line}",
    )


def match(
    rows: Iterable[FileRow],
    entries: Iterable[GatewayEntry],
    *,
    before: Iterable[FileRow] | None = (),
    after: Iterable[FileRow] | None = (),
    requests: tuple[OpenRequest, ...] = (),
    statement: Statement | None = None,
    used: frozenset[str] = frozenset(),
    decisions: dict[str, str] | None = None,
) -> DayMatch:
    """Compare a day; neighbours are empty files unless they are None."""
    sides = DayInput(
        provider="platform",
        file=file(*rows),
        entries=tuple(entries),
        before=None if before is None else file(*before, day=BEFORE),
        after=None if after is None else file(*after, day=AFTER),
        open_requests=requests,
        statement=statement,
        used_bank_references=used,
        decisions=decisions or {},
    )
    return match_day(sides, add_working_days)


def only(found: DayMatch) -> Finding:
    """Give the finding of a day that has one."""
    (finding,) = found.findings
    return finding


def classes(found: DayMatch) -> dict[str, FindingClass]:
    """Give the class of each reference."""
    return {one.reference: one.finding_class for one in found.findings}
