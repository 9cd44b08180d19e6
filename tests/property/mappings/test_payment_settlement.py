"""Settlement files of any rows are read as they were written, and a changed byte is never taken."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.settlement import FileDay, FileRow, MoneyKind, RowState
from mappings.payment.settlement import Expected, SettlementRefused, file_name, read_settlement, write_settlement

DAY = date(2026, 3, 4)
NOON = datetime(2026, 3, 4, 5, tzinfo=UTC)
EXPECTED = Expected(partner_code="PPSIM01", day=DAY)
CODES = st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True)
ROWS = st.lists(
    st.builds(
        FileRow,
        line=st.just(0),
        kind=st.sampled_from(MoneyKind),
        state=st.sampled_from(RowState),
        reference=CODES,
        transaction=CODES,
        amount_vnd=st.integers(1, 10**15 - 1),
        service_fee_vnd=st.integers(0, 10**6),
        bank_code=st.one_of(st.just(""), CODES),
        at=st.integers(-86_400, 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds)),
        at_text=st.just(""),
        account_number=CODES,
        dossier_code=st.one_of(st.just(""), CODES),
    ),
    max_size=8,
    unique_by=lambda row: (row.kind, row.reference, row.transaction),
)


def file_of(rows: list[FileRow]) -> FileDay:
    return FileDay(partner_code="PPSIM01", day=DAY, sha256="", rows=tuple(rows))


@given(rows=ROWS, size=st.integers(1, 500))
def test_what_is_written_is_read_again(rows: list[FileRow], size: int) -> None:
    """Row by row, in order, cut into whatever chunks."""
    raw, side = write_settlement(file_of(rows))
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
    found = read_settlement(file_name("PPSIM01", DAY), chunks, side, EXPECTED)
    told = [(row.reference, row.transaction, row.amount_vnd, row.at, row.state, row.kind) for row in found.rows]
    assert told == [(row.reference, row.transaction, row.amount_vnd, row.at, row.state, row.kind) for row in rows]
    assert [row.line for row in found.rows] == list(range(2, len(rows) + 2))


@given(rows=ROWS, at=st.integers(0), bit=st.integers(0, 7))
def test_a_changed_bit_is_never_taken(rows: list[FileRow], at: int, bit: int) -> None:
    """Wherever it is."""
    raw, side = write_settlement(file_of(rows))
    changed = bytearray(raw)
    changed[at % len(raw)] ^= 1 << bit
    with pytest.raises(SettlementRefused):
        read_settlement(file_name("PPSIM01", DAY), [bytes(changed)], side, EXPECTED)


@given(raw=st.binary(max_size=300), side=st.text(max_size=80))
def test_any_bytes_are_refused_by_name(raw: bytes, side: str) -> None:
    """Never by another error."""
    with pytest.raises(SettlementRefused):
        read_settlement(file_name("PPSIM01", DAY), [raw], side, EXPECTED)
