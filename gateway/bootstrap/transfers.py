"""Account statements: their configured form, and who takes the transfers in them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from adapters.payment import AnyProvider
from adapters.payment.vietqr import VietQrAdapter
from gateway.api.payment_desk import StatementDesk
from gateway.engine.payment_records import PaymentRecords
from gateway.engine.settlement import AccountCheck
from gateway.engine.settlement_accounts import AccountStatements
from gateway.engine.transfers import TransferReading
from gateway.errors import ConfigurationError, Fault, InvalidInput
from gateway.model.settlement import Statement
from gateway.payment_config import PaymentsSettings, StatementFormSettings
from gateway.ports.basics import Clock, KeyRing
from gateway.sync.payment_records import PaymentPolicy
from gateway.sync.settlement_storing import SettlementStore
from mappings.calendars import national_calendar
from mappings.payment.account_statement import StatementForm, StatementRefused, read_statement
from mappings.payment.times import MomentForm


def statement_form(section: StatementFormSettings | None) -> StatementForm | None:
    """Give the form of statements; None when none is configured. Raises ConfigurationError listing every fault."""
    if section is None:
        return None
    try:
        return StatementForm(**{**section.model_dump(), "moment_form": MomentForm(section.moment_form)})
    except ConfigurationError as error:
        raise ConfigurationError([Fault(f"payments.statement.{one.field}", one.rule) for one in error.faults]) from None


def transfer_policy(policy: PaymentPolicy, payments: PaymentsSettings) -> PaymentPolicy:
    """Give how a provider is treated whose payments show in statements only: its code is open as long as a transfer by
    it is taken, and a statement may come some days after that before a person is told that nothing did."""
    window = timedelta(days=payments.transfer_days)
    return replace(policy, page_lifetime=window, polled_until=window + timedelta(days=payments.statement_delay_days))


def account_check(
    payments: PaymentsSettings, store: SettlementStore, *, key_ring: KeyRing, clock: Clock
) -> AccountCheck | None:
    """Give by what daily files are held against account statements; None where no provider's are."""
    if not payments.settled_providers:
        return None
    return AccountCheck(
        statements=AccountStatements(store, key_ring=key_ring, clock=clock),
        marks={name: frozenset(words) for name, words in payments.settled_providers.items()},
        add_working_days=national_calendar().add_working_days,
        working_days=payments.settled_working_days,
    )


def statement_desk(
    payments: PaymentsSettings,
    records: PaymentRecords,
    providers: Iterable[AnyProvider],
    check: AccountCheck | None = None,
) -> StatementDesk | None:
    """Give who reads statements; None when their form is not configured. With `check` they are kept for it."""
    form = statement_form(payments.statement)
    if form is None:
        return None
    readers = {one.name: one.references_in for one in providers if isinstance(one, VietQrAdapter)}
    reading = TransferReading(records, readers, window=timedelta(days=payments.transfer_days))
    return StatementDesk(
        read=lambda body, until: read_whole(body, form, until),
        reading=reading,
        keep=None if check is None else check.statements.keep,
    )


def read_whole(body: bytes, form: StatementForm, until: date) -> Statement:
    """Read a statement. Raises InvalidInput naming lines and rules, never what stood there."""
    try:
        statement = read_statement([body], form, until)
    except StatementRefused as error:
        raise InvalidInput("the statement is refused whole", error.faults) from None
    # Without a column of accounts it is of one account, even when nothing moved there.
    return replace(statement, accounts={form.account_number: until}) if form.account_number else statement
