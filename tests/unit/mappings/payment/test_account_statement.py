"""Statements of the beneficiary's account, in the forms that banks have."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.errors import ConfigurationError
from gateway.model.settlement import Statement
from mappings.payment.account_statement import (
    StatementBounds,
    StatementForm,
    StatementRefused,
    read_statement,
)
from mappings.payment.times import MomentForm

UNTIL = date(2026, 3, 6)
BOUNDS = StatementBounds()
TOO_LATE = "must not lie after the day up to which the statement is complete"
SIGNED = StatementForm(
    moment="Ngày giao dịch", text="Nội dung", bank_reference="Số CT", amount="Số tiền", account="Tài khoản"
)
HEADER = "STT,Ngày giao dịch,Số CT,Tài khoản,Số tiền,Nội dung,Số dư"
CREDIT = '1,05/03/2026 09:30:00,FT1,0011001234567,150000,"NGUYEN VAN A, nop phi REF001",1'
DEBIT = "2,05/03/2026 10:00:00,FT2,0011001234567,-20000,hoan phi,1"


def read(*lines: str, form: StatementForm = SIGNED, bounds: StatementBounds = BOUNDS) -> Statement:
    raw = ("\n".join(lines) + "\n").encode()
    return read_statement([raw[:11], raw[11:]], form, UNTIL, bounds)


def rules(*lines: str, form: StatementForm = SIGNED, bounds: StatementBounds = BOUNDS) -> list[str]:
    with pytest.raises(StatementRefused) as refused:
        read(*lines, form=form, bounds=bounds)
    return [str(fault) for fault in refused.value.faults]


def test_a_statement_is_read_by_its_configured_columns() -> None:
    """Other columns are passed over; credits stand above zero, debits below."""
    credit, debit = read(HEADER, CREDIT, DEBIT).lines
    assert (credit.amount_vnd, debit.amount_vnd) == (150_000, -20_000)
    assert (credit.at, credit.day) == (datetime(2026, 3, 5, 2, 30, tzinfo=UTC), date(2026, 3, 5))
    assert (credit.account_number, credit.bank_reference, credit.line) == ("0011001234567", "FT1", 2)
    assert credit.text == "NGUYEN VAN A, nop phi REF001"


def test_the_text_of_a_line_is_not_shown() -> None:
    """It may name the payer."""
    assert "NGUYEN" not in repr(read(HEADER, CREDIT))


def test_two_columns_of_amounts_and_one_account_for_all() -> None:
    """As many banks have it: dots between thousands, semicolons between cells, days without hours."""
    form = StatementForm(
        moment="Ngày",
        text="Diễn giải",
        bank_reference="Chứng từ",
        credit="Ghi có",
        debit="Ghi nợ",
        account_number="0099",
        moment_form=MomentForm.DAY,
        thousands=".",
        delimiter=";",
    )
    header = "Ngày;Chứng từ;Ghi nợ;Ghi có;Diễn giải"
    credit, debit = read(header, "05/03/2026;A1;;1.500.000;x", "05/03/2026;A2;20.000;;y", form=form).lines
    assert (credit.amount_vnd, debit.amount_vnd, credit.at, credit.account_number) == (1_500_000, -20_000, None, "0099")
    for cells in ("1.500;1.500", ";", "0;0", ";15.00", ";-1.000", ";1,000"):
        assert rules(header, f"05/03/2026;A1;{cells};x", form=form) == ["line 2: Ghi có cannot be read"]


@pytest.mark.parametrize(
    ("form", "text", "at"),
    [
        (MomentForm.COMPACT, "20260305093000", datetime(2026, 3, 5, 2, 30, tzinfo=UTC)),
        (MomentForm.ISO, "2026-03-05 09:30:00", datetime(2026, 3, 5, 2, 30, tzinfo=UTC)),
        (MomentForm.ISO_DAY, "2026-03-05", None),
        (MomentForm.DAY, "05/03/2026", None),
        (MomentForm.FULL, "05/03/2026 00:00:00", datetime(2026, 3, 4, 17, tzinfo=UTC)),
    ],
)
def test_every_form_of_a_moment_is_read_in_viet_nam(form: MomentForm, text: str, at: datetime | None) -> None:
    """The day is the one that is written."""
    (line,) = read(HEADER, CREDIT.replace("05/03/2026 09:30:00", text), form=replace(SIGNED, moment_form=form)).lines
    assert (line.day, line.at) == (date(2026, 3, 5), at)


@pytest.mark.parametrize("text", ["5/3/2026 09:30:00", "2026-03-05", "31/02/2026 09:30:00", "05/03/2026 25:00:00", ""])
def test_a_moment_of_another_form_is_refused(text: str) -> None:
    """Never guessed."""
    found = rules(HEADER, CREDIT.replace("05/03/2026 09:30:00", text))
    assert found == ["line 2: Ngày giao dịch cannot be read"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((HEADER.replace("Số CT", "Khác"),), "line 1: must name every configured column once"),
        ((HEADER.replace("STT", "Số CT"),), "line 1: must name every configured column once"),
        ((HEADER, CREDIT + ",x"), "line 2: must have as many cells as the header"),
        ((HEADER, CREDIT, CREDIT), "line 3: Số CT stands twice"),
        ((HEADER, CREDIT.replace("05/03", "07/03")), f"line 2: {TOO_LATE}"),
        ((HEADER, CREDIT.replace("150000", "150.5")), "line 2: Số tiền cannot be read"),
        ((HEADER, CREDIT.replace(",150000,", ",0,")), "line 2: Số tiền cannot be read"),
        ((HEADER, CREDIT.replace("0011001234567", "")), "line 2: Tài khoản cannot be read"),
        ((HEADER, CREDIT.replace("FT1", " ")), "line 2: Số CT cannot be read"),
        ((HEADER, DEBIT, '"' + CREDIT), "line 3: must be separated values with paired quotes"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_line_and_column(lines: tuple[str, ...], expected: str) -> None:
    """And by no value."""
    assert rules(*lines) == [expected]


def test_bounds_and_bytes() -> None:
    """Size, lines, and what is no UTF-8; a byte-order mark is passed over."""
    assert rules(HEADER, CREDIT, bounds=StatementBounds(max_size_bytes=100)) == [
        "line 0: must not pass the bound of size"
    ]
    assert rules(HEADER, CREDIT, DEBIT, bounds=StatementBounds(max_lines_count=1)) == [
        "line 3: must not be followed by more"
    ]
    with pytest.raises(StatementRefused, match="line 0: must not pass the bound of size"):
        read_statement((b"x" * 65_536 for _ in range(500)), SIGNED, UNTIL, StatementBounds(max_line_bytes=70_000))
    long = CREDIT.replace("nop", "n" * 200)
    assert rules(HEADER, CREDIT, long, bounds=StatementBounds(max_line_bytes=200)) == [
        "line 2: must not pass the bound of size"
    ]
    raw = f"{HEADER}\n{CREDIT}\n".encode()
    assert len(read_statement([b"\xef\xbb\xbf" + raw], SIGNED, UNTIL).lines) == 1
    with pytest.raises(StatementRefused, match="line 2: must be UTF-8"):
        read_statement([raw.replace(b"nop", b"\xff")], SIGNED, UNTIL)


def test_a_form_that_cannot_be_used_is_refused_with_every_fault() -> None:
    """When it is configured, not when the first statement comes."""
    with pytest.raises(ConfigurationError) as refused:
        StatementForm(moment="", text="x", bank_reference="x", thousands=" ", delimiter="|")
    assert {fault.field for fault in refused.value.faults} == {
        *("amount", "account", "thousands", "delimiter", "moment", "columns")
    }
    with pytest.raises(ConfigurationError):
        replace(SIGNED, debit="Ghi nợ")
    with pytest.raises(ConfigurationError):
        replace(SIGNED, account="", account_number="00-99")
