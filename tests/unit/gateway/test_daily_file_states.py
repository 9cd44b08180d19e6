"""What TrangThaiGD means is configured, since 2 is not known (U5)."""

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from pydantic import ValidationError

from gateway.bootstrap.payments import daily_file_reader
from gateway.errors import IntegrityFailed
from gateway.model.settlement import FileDay, FileRow, MoneyKind, RowState
from gateway.payment_config import DailyFilesSettings
from mappings.payment.settlement import file_name, write_settlement

DAY = date(2026, 3, 4)
ROW = FileRow(
    line=2,
    kind=MoneyKind.PAY,
    state=RowState.PENDING,
    reference="R1",
    transaction="T1",
    amount_vnd=1_000,
    service_fee_vnd=0,
    bank_code="VCB",
    at=datetime(2026, 3, 4, 2, tzinfo=UTC),
    at_text="20260304090000",
    account_number="0011",
    dossier_code="H1",
)


def read(section: DailyFilesSettings, state: str) -> RowState:
    content, _ = write_settlement(FileDay(partner_code="P1", day=DAY, sha256="", rows=(ROW,)))
    content = content.replace(b",3,", f",{state},".encode(), 1)
    digest = sha256(content).hexdigest()
    [row] = daily_file_reader(section)(file_name("P1", DAY), content, digest, partner_code="P1", day=DAY).rows
    return row.state


def test_a_state_means_what_is_configured() -> None:
    assert RowState.PENDING is read(DailyFilesSettings(), "2")
    assert RowState.FAILED is read(DailyFilesSettings(states={"1": "done", "2": "failed"}), "2")


def test_a_state_that_is_not_listed_refuses_the_file() -> None:
    with pytest.raises(IntegrityFailed):
        read(DailyFilesSettings(states={"1": "done"}), "2")


def test_a_meaning_that_nobody_knows_is_refused_at_start() -> None:
    with pytest.raises(ValidationError, match="states"):
        DailyFilesSettings.model_validate({"states": {"1": "perhaps"}})
