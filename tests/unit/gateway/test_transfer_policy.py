"""A code waits for statements, not for answers that nobody gives."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.bootstrap.transfers import statement_form, transfer_policy
from gateway.errors import ConfigurationError
from gateway.model.payment import AttemptState, Source
from gateway.payment_config import PaymentsSettings, StatementFormSettings
from gateway.sync.payment_polls import expire
from gateway.sync.payment_records import PaymentPolicy
from gateway.sync.payments import judge_fact
from tests.unit.gateway.sync.payment_builders import NOW, OWING, attempt, fact

DAY = timedelta(days=1)


def policy() -> PaymentPolicy:
    account = {"account_number": "0011001234567", "account_name": "KBNN TINH MAU", "bank_code": "VCB"}
    values: dict[str, Any] = {
        "public_base_url": "https://cong.example",
        "providers": ({"kind": "vietqr"},),
        "accounts": (account,),
        "transfer_days": 10,
    }
    return transfer_policy(PaymentPolicy(can_query=False), PaymentsSettings(**values))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (4 * DAY, AttemptState.PENDING),
        (16 * DAY, AttemptState.PENDING),
        (17 * DAY, AttemptState.DISPUTED),
    ],
)
def test_a_person_is_told_when_no_statement_can_come_any_more(after: timedelta, expected: AttemptState) -> None:
    """Window and a week for the statement; three days, as for providers that answer, would end a long weekend badly."""
    assert expected is expire(OWING, attempt(), (), NOW + after, policy()).attempt.state


def test_a_statement_read_days_later_pays() -> None:
    decision = judge_fact(OWING, attempt(), (), fact(), Source.STATEMENT, NOW + 16 * DAY, policy())

    assert AttemptState.PAID is decision.attempt.state


def test_a_form_that_cannot_be_used_is_named_by_its_settings() -> None:
    section = StatementFormSettings(moment="Ngày", text="Nội dung", bank_reference="Số GD", amount="Tiền", credit="Có")

    with pytest.raises(ConfigurationError) as raised:
        statement_form(section)

    assert ["payments.statement.amount", "payments.statement.account"] == [one.field for one in raised.value.faults]
