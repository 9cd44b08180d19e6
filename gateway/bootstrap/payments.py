"""Online payment: providers, desk, notices and work of one process."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from os import urandom

from aiolimiter import AsyncLimiter
from pydantic import ValidationError

from adapters.payment import AnyProvider, AnyProviderSettings, Parts, build, read_settings, run_checks
from gateway.api.callers import CallerRule
from gateway.api.payment_desk import PaymentService
from gateway.api.payment_pictures import PNG, SVG
from gateway.bootstrap.ground import Ground
from gateway.bootstrap.receipts import make_receipts, receipt_faults
from gateway.bootstrap.transfers import account_check, statement_desk, statement_form, transfer_policy
from gateway.config import Settings, faults_of
from gateway.engine.acceptor import Acceptor
from gateway.engine.local_circuit import LocalCircuit
from gateway.engine.payment_bills import PaymentBills
from gateway.engine.payment_lookups import PaymentLookups
from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payment_people import PaymentPeople
from gateway.engine.payment_records import ConfiguredProvider, PaymentRecords
from gateway.engine.payment_refunds import Refunds
from gateway.engine.payment_strays import PaymentStrays
from gateway.engine.payment_telling import DossierTeller
from gateway.engine.payment_vouchers import PaymentVouchers
from gateway.engine.payment_work import Handler, PaymentWork
from gateway.engine.payments import BeneficiaryRule, PaymentDesk, beneficiary_of
from gateway.engine.receipts import ReceiptIssuing
from gateway.engine.scheduler import Job
from gateway.engine.settlement import ReadFile, Settlements
from gateway.engine.settlement_fetching import FetchingHours, SettlementFetcher
from gateway.errors import ConfigurationError, Fault
from gateway.model.payment import Beneficiary, ProviderKind
from gateway.model.settlement import FileDay, RowState
from gateway.payment_config import (
    DailyFilesSettings,
    PaymentAccountSettings,
    PaymentsSettings,
)
from gateway.ports.audit import Audit
from gateway.ports.basics import Chance, Clock
from gateway.ports.payments import Capability, PaymentProvider
from gateway.ports.portal import Finding
from gateway.store.dossiers import find_dossier
from gateway.store.payment_bills import PostgresBills
from gateway.store.payment_cases import PostgresPaymentCases
from gateway.store.payment_suspense import PostgresSuspense
from gateway.store.payments import PostgresPayments
from gateway.store.receipt_orders import PostgresReceiptOrders
from gateway.store.settlements import PostgresSettlements
from gateway.sync.fees import FeeCheck
from gateway.sync.payment_records import PaymentPolicy
from gateway.sync.payment_words import EffectKind
from mappings.payment import qr_image
from mappings.payment.settlement import Expected, read_settlement

_TURN_SECONDS = 1.0
_MEASURED_SECONDS = 5.0
_FETCHED_SECONDS = 900.0
_LOOKED_SECONDS = 60.0


def payment_settings(settings: Settings) -> tuple[AnyProviderSettings, ...]:
    """Read the providers' own sections. Raises ConfigurationError listing every fault."""
    payments = settings.payments
    if payments is None:
        return ()
    made: list[AnyProviderSettings] = []
    faults: list[Fault] = []
    for place, section in enumerate(payments.providers):
        try:
            made.append(read_settings(section))
        except ValidationError as error:
            faults.extend(faults_of(error, f"payments.providers.{place}"))
    names = [one.name for one in made]
    if len(set(names)) != len(names):
        faults.append(Fault("payments.providers", "must have names that differ"))
    faults += [
        Fault(f"payments.callback_networks.{name}", "must be the name of a provider")
        for name in payments.callback_networks
        if name not in names
    ]
    faults += [
        Fault(f"payments.settled_providers.{name}", "must be the name of a provider")
        for name in payments.settled_providers
        if name not in names
    ]
    if payments.settled_providers and payments.statement is None:
        faults.append(Fault("payments.settled_providers", "must stand beside payments.statement"))
    pairs = [(one.agency_code, one.procedure_code) for one in payments.accounts]
    if len(set(pairs)) != len(pairs):
        faults.append(Fault("payments.accounts", "must differ in agency or procedure"))
    faults += receipt_faults(payments)
    try:
        statement_form(payments.statement)
    except ConfigurationError as error:
        faults.extend(error.faults)
    if faults:
        raise ConfigurationError(faults)
    return tuple(made)


def make_payments(
    ground: Ground, sections: Sequence[AnyProviderSettings], acceptor: Acceptor, audit: Audit
) -> tuple[PaymentService, list[Job]] | None:
    """Give the service and what is done again and again; None when no provider is configured."""
    payments = ground.settings.payments
    if payments is None or not sections:
        return None
    providers = {section.name: _provider(ground, section) for section in sections}
    store = PostgresPayments(ground.pool)
    records = PaymentRecords(
        store,
        {name: _configured(ground, provider) for name, provider in providers.items()},
        key_ring=ground.key_ring,
        clock=ground.clock,
        random_bytes=urandom,
        observer=ground.telemetry,
    )
    accounts = [_account(one) for one in payments.accounts]
    beneficiary = partial(beneficiary_of, accounts)
    strays = PaymentStrays(records, beneficiary)
    find = partial(find_dossier, ground.pool)
    kinds = {name: provider.kind for name, provider in providers.items()}
    teller = DossierTeller(acceptor, find, kinds.get, store.of_dossier, key_ring=ground.key_ring)
    cases = PostgresPaymentCases(ground.pool)
    refunds = Refunds(records, cases.open)
    people = PaymentPeople(records, cases.open)
    orders = PostgresReceiptOrders(ground.pool)
    receipts = make_receipts(ground, payments, records, orders, cases.open, audit)
    bills = PaymentBills(records, PostgresBills(ground.pool))
    work = PaymentWork(records, handlers_of(teller, refunds, people, receipts.issuing, bills))
    settlements = _settlements(ground, payments, records, strays, audit)

    async def is_known(dossier_code: str) -> bool:
        return await find(dossier_code) is not None

    service = PaymentService(
        desk=PaymentDesk(records, accounts=accounts, public_base_url=payments.public_base_url),
        notices=PaymentNotices(records, strays),
        lookups=PaymentLookups(records, strays, accounts=accounts, is_known=is_known),
        settlements=settlements,
        refunds=refunds,
        people=people,
        cases=cases,
        receipts=receipts,
        vouchers=PaymentVouchers(records, beneficiary),
        bills=bills,
        lookup_rate=AsyncLimiter(payments.lookups_per_minute, 60.0),
        returns={one.client_id: frozenset(one.returns) for one in payments.clients},
        fee_check=FeeCheck(payments.fee_check),
        callers=CallerRule(networks=payments.callback_networks, trusted_proxies=payments.trusted_proxies),
        statements=statement_desk(payments, records, providers.values(), settlements.accounts),
        pictures={PNG: qr_image.png, SVG: qr_image.svg},
    )
    fetcher = SettlementFetcher(settlements, records, _hours(payments.daily_files))
    jobs = [
        Job("settlement_files", _FETCHED_SECONDS, fetcher.turn),
        Job("settlement_accounts", _LOOKED_SECONDS, settlements.look_again),
        Job("payment_gauges", _MEASURED_SECONDS, _measuring(ground, store, cases, settlements, orders)),
        *(Job(name, _TURN_SECONDS, turn) for name, turn in work.turns().items()),
    ]
    return service, jobs


def _settlements(
    ground: Ground, payments: PaymentsSettings, records: PaymentRecords, strays: PaymentStrays, audit: Audit
) -> Settlements:
    days = PostgresSettlements(ground.pool)
    return Settlements(
        days,
        records,
        strays,
        read_file=daily_file_reader(payments.daily_files),
        key_ring=ground.key_ring,
        audit=audit,
        accounts=account_check(payments, days, key_ring=ground.key_ring, clock=ground.clock),
    )


def _configured(ground: Ground, provider: AnyProvider) -> ConfiguredProvider:
    name = f"payment.{provider.name}"
    circuit = LocalCircuit(name, clock=ground.clock, chance=ground.chance, observer=ground.telemetry)
    return ConfiguredProvider(provider=provider, policy=_policy(ground, provider), circuit=circuit)


def _measuring(
    ground: Ground,
    store: PostgresPayments,
    cases: PostgresPaymentCases,
    settlements: Settlements,
    orders: PostgresReceiptOrders,
) -> Callable[[], Awaitable[None]]:
    suspense = PostgresSuspense(ground.pool)

    async def measure() -> None:
        ground.telemetry.note_cases(await cases.waiting(), await cases.refunds_under_way(), ground.clock.now())
        ground.telemetry.note_settlements(await settlements.store.open_days(), ground.clock.now())
        ground.telemetry.note_suspense(await suspense.standing(), ground.clock.now())
        ground.telemetry.note_receipt_orders(await orders.standing(), ground.clock.now())
        ground.telemetry.note_payments(await store.count_unsettled(), ground.clock.now())

    return measure


def handlers_of(
    teller: DossierTeller, refunds: Refunds, people: PaymentPeople, receipts: ReceiptIssuing, bills: PaymentBills
) -> Mapping[EffectKind, Handler]:
    """Give who carries out which effect, beside what calls providers for itself."""
    return {
        EffectKind.ISSUE_RECEIPT: receipts.issue,
        EffectKind.CANCEL_RECEIPT: receipts.cancel,
        EffectKind.ADJUST_RECEIPT: receipts.adjust,
        EffectKind.FETCH_BILL: bills.fetch,
        EffectKind.TELL_DOSSIER_PAID: teller,
        EffectKind.TELL_DOSSIER_UNPAID: teller.take_back,
        EffectKind.SEND_REFUND: refunds.send,
        EffectKind.ASK_REFUND: refunds.find_out,
        EffectKind.OPEN_REFUND_CASE: people.open_case,
        EffectKind.PAY_BACK_BY_HAND: people.open_case,
        EffectKind.RECONCILE_NEXT_DAY: people.open_case,
        EffectKind.RECORD_SUSPENSE: people.hold_money,
        EffectKind.HOLD_DOSSIER: people.told_by_event,
        EffectKind.RELEASE_DOSSIER: people.told_by_event,
        EffectKind.NOTIFY_PAYER: people.told_by_event,
    }


def daily_file_reader(section: DailyFilesSettings) -> ReadFile:
    """Give what reads providers' daily files. It raises IntegrityFailed naming every fault by line and rule."""
    states = {word: RowState(state) for word, state in section.states.items()}

    def read(name: str, content: bytes, digest: str, *, partner_code: str, day: date) -> FileDay:
        return read_settlement(name, [content], digest, Expected(partner_code=partner_code, day=day, states=states))

    return read


def _hours(section: DailyFilesSettings) -> FetchingHours:
    return FetchingHours(
        available_hour=section.available_hour, missed_hour=section.missed_hour, days_back=section.days_back
    )


async def check_payments(sections: Sequence[AnyProviderSettings], *, clock: Clock, chance: Chance) -> Sequence[Finding]:
    """Have each provider's adapter check itself."""
    findings: list[Finding] = []
    for section in sections:
        provider = build(section, Parts(ssl_supplier=lambda: None, clock=clock, chance=chance))
        try:
            findings.extend(await run_checks(provider))
        finally:
            await provider.aclose()
    return findings


def _provider(ground: Ground, section: AnyProviderSettings) -> AnyProvider:
    parts = Parts(
        ssl_supplier=lambda: None,
        clock=ground.clock,
        chance=ground.chance,
        observe=lambda call: ground.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
    )
    provider = build(section, parts)
    ground.closers.append(provider.aclose)
    return provider


def _policy(ground: Ground, provider: PaymentProvider) -> PaymentPolicy:
    payments = ground.settings.payments
    assert payments is not None, "only made where it is configured"
    capabilities = provider.capabilities
    policy = PaymentPolicy(
        page_lifetime=timedelta(minutes=payments.page_minutes),
        accepts_late=payments.accepts_late,
        can_query=Capability.QUERY in capabilities,
        can_refund=Capability.REFUND in capabilities,
        confirms=Capability.CONFIRM in capabilities,
        # Its answers name no amount, but are about the very order whose amount our checksum covers (§C.2).
        accepts_without_amount=provider.kind is ProviderKind.KEYPAY_V1,
    )
    return transfer_policy(policy, payments) if provider.kind is ProviderKind.VIETQR else policy


def _account(section: PaymentAccountSettings) -> BeneficiaryRule:
    return BeneficiaryRule(
        agency_code=section.agency_code,
        procedure_code=section.procedure_code,
        unit_code=section.unit_code,
        unit_name=section.unit_name,
        beneficiary=Beneficiary(
            account_number=section.account_number,
            account_name=section.account_name,
            bank_code=section.bank_code,
            bank_bin=section.bank_bin,
            treasury=section.treasury,
            budget_account=section.budget_account,
        ),
    )
