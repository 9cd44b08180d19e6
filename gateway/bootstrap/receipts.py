"""Statutory receipts of one process: series, suppliers, and who carries out what is owed in them."""

from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError

from adapters.payment import Parts
from adapters.payment.suppliers import AnySupplierSettings, build_supplier, check_supplier, read_supplier
from gateway.api.payment_desk import ReceiptDesk
from gateway.bootstrap.ground import Ground
from gateway.config import Settings, faults_of
from gateway.engine.local_circuit import LocalCircuit
from gateway.engine.payment_people import OpenCase
from gateway.engine.payment_records import PaymentRecords
from gateway.engine.proofs import number_digest
from gateway.engine.receipt_orders import ConfiguredSupplier, OrderDesk
from gateway.engine.receipts import ReceiptContents, ReceiptIssuing, ReceiptRule
from gateway.errors import Fault, InvalidInput
from gateway.model.dossier import FeeKind
from gateway.model.receipt import Collector, ReceiptSeries
from gateway.payment_config import PaymentReceiptSettings, PaymentsSettings
from gateway.ports.audit import Audit
from gateway.ports.basics import Chance, Clock
from gateway.ports.portal import Finding
from gateway.store.receipt_orders import PostgresReceiptOrders
from gateway.store.receipts import PostgresReceiptNumbers
from mappings.payment.receipt_pdf import receipt_pdf


def receipt_faults(payments: PaymentsSettings) -> list[Fault]:
    """Give what is wrong with series and suppliers, all of it."""
    suppliers, faults = _read(payments)
    names = [one.name for one in suppliers]
    if len(set(names)) != len(names):
        faults.append(Fault("payments.receipt_suppliers", "must have names that differ"))
    told = {str(section.get("name")) for section in payments.receipt_suppliers}
    for place, series in enumerate(payments.receipts):
        try:
            receipt_rule(series)
        except InvalidInput as error:
            faults += [Fault(f"payments.receipts.{place}.{fault.field}", fault.rule) for fault in error.faults]
        if series.supplier and series.supplier not in told:
            faults.append(Fault(f"payments.receipts.{place}.supplier", "must be the name of a receipt supplier"))
    kept = [(one.agency_code, one.kind, one.year) for one in payments.receipts]
    if len(set(kept)) != len(kept):
        faults.append(Fault("payments.receipts", "must differ in agency, kind or year"))
    return faults


def supplier_settings(settings: Settings) -> tuple[AnySupplierSettings, ...]:
    """Give the sections of suppliers, whose faults `receipt_faults` has told."""
    return () if settings.payments is None else tuple(_read(settings.payments)[0])


def _read(payments: PaymentsSettings) -> tuple[list[AnySupplierSettings], list[Fault]]:
    made: list[AnySupplierSettings] = []
    faults: list[Fault] = []
    for place, section in enumerate(payments.receipt_suppliers):
        try:
            made.append(read_supplier(section))
        except ValidationError as error:
            faults.extend(faults_of(error, f"payments.receipt_suppliers.{place}"))
    return made, faults


def make_receipts(
    ground: Ground,
    payments: PaymentsSettings,
    records: PaymentRecords,
    orders: PostgresReceiptOrders,
    open_case: OpenCase,
    audit: Audit,
) -> ReceiptDesk:
    """Give what issues, cancels and shows receipts."""
    numbers = PostgresReceiptNumbers(ground.pool)
    contents = ReceiptContents(numbers.content, ground.key_ring)
    suppliers = {section.name: _supplier(ground, section) for section in supplier_settings(ground.settings)}
    digest = partial(number_digest, ground.key_ring)
    desk = OrderDesk(records, orders, suppliers, open_case, audit=audit, number_digest=digest)
    return ReceiptDesk(
        numbers,
        contents,
        ReceiptIssuing(numbers, contents, [receipt_rule(one) for one in payments.receipts], desk),
        orders=orders,
        suppliers=suppliers,
        pdf=lambda receipt, checked_at: receipt_pdf(receipt, verify_at=checked_at),
        checked_at=f"{payments.public_base_url}/v1/receipts:verify",
    )


async def check_suppliers(
    sections: Sequence[AnySupplierSettings], *, clock: Clock, chance: Chance
) -> Sequence[Finding]:
    """Have each supplier's adapter check itself."""
    findings: list[Finding] = []
    for section in sections:
        supplier = build_supplier(section, Parts(ssl_supplier=lambda: None, clock=clock, chance=chance))
        try:
            findings.extend(await check_supplier(supplier))
        finally:
            await supplier.aclose()
    return findings


def _supplier(ground: Ground, section: AnySupplierSettings) -> ConfiguredSupplier:
    parts = Parts(
        ssl_supplier=lambda: None,
        clock=ground.clock,
        chance=ground.chance,
        observe=lambda call: ground.telemetry.note_exchange(call.system, call.operation, call.outcome.value),
    )
    supplier = build_supplier(section, parts)
    ground.closers.append(supplier.aclose)
    circuit = LocalCircuit(section.system, clock=ground.clock, chance=ground.chance, observer=ground.telemetry)
    return ConfiguredSupplier(supplier=supplier, circuit=circuit)


def receipt_rule(section: PaymentReceiptSettings) -> ReceiptRule:
    """Read a series of receipts. Raises InvalidInput for symbols that the rules do not allow."""
    return ReceiptRule(
        agency_code=section.agency_code,
        kind=FeeKind(section.kind),
        series=ReceiptSeries(
            unit_code=section.unit_code,
            form_symbol=section.form_symbol,
            receipt_symbol=section.receipt_symbol,
            year=section.year,
        ),
        collector=Collector(
            name=section.collector_name,
            tax_code=section.collector_tax_code,
            address=section.collector_address,
            agency_code=section.agency_code,
        ),
        supplier=section.supplier,
    )
