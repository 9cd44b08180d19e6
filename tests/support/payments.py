"""The API taking payments, over a real store, with a provider that a test scripts."""

import asyncio
import hmac
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from aiolimiter import AsyncLimiter

from gateway.api.callers import CallerRule
from gateway.api.payment_desk import PaymentService, ReceiptDesk, StatementDesk
from gateway.api.payment_pictures import PNG, SVG
from gateway.bootstrap.payments import daily_file_reader, handlers_of
from gateway.engine.audit import Auditor
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
from gateway.engine.payment_work import PaymentWork
from gateway.engine.payments import BeneficiaryRule, PaymentDesk
from gateway.engine.proofs import number_digest
from gateway.engine.receipt_orders import ConfiguredSupplier, OrderDesk
from gateway.engine.receipts import ReceiptContents, ReceiptIssuing, ReceiptRule
from gateway.engine.settlement import AccountCheck, Settlements
from gateway.engine.settlement_accounts import AccountStatements
from gateway.engine.transfers import TransferReading
from gateway.errors import GatewayError
from gateway.model.dossier import Fee, FeeKind
from gateway.model.payment import Answer, Beneficiary, PaymentFact, PaymentOrder, ProviderKind
from gateway.model.settlement import Statement
from gateway.payment_config import DailyFilesSettings
from gateway.ports.basics import KeyRing
from gateway.ports.observing import AlertRaised
from gateway.ports.payments import (
    Acknowledgement,
    AskedAttempt,
    Bill,
    Capability,
    DueAnswer,
    NotificationRefused,
    Opened,
    RawNotification,
    RefundFact,
    RefundOrder,
    SettlementFile,
    Verdict,
)
from gateway.ports.receipts import ReceiptSupplier
from gateway.store.audit import PostgresAudit
from gateway.store.dossiers import find_dossier
from gateway.store.payment_bills import PostgresBills
from gateway.store.payment_cases import PostgresPaymentCases
from gateway.store.payments import PostgresPayments
from gateway.store.receipt_orders import PostgresReceiptOrders
from gateway.store.receipts import PostgresReceiptNumbers
from gateway.store.settlements import PostgresSettlements
from gateway.sync.fees import FeeCheck
from gateway.sync.payment_records import PaymentPolicy
from mappings.calendars import national_calendar
from mappings.payment import qr_image
from mappings.payment.receipt_pdf import receipt_pdf
from tests.support.api import Answered, ApiUnderTest, running_api
from tests.support.audit import Heard
from tests.support.clocks import FixedChance, RunningClock
from tests.support.samples import make_dossier

DOSSIER = "H99.01-260105-00017"
PARTNER = "PARTNER1"
RETURN_TO = "https://cong.tinh.example/thanh-toan"
FEES = (
    Fee(name="Phí thẩm định", kind=FeeKind.CHARGE, amount_vnd=100_000),
    Fee(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=50_000),
)
ACCOUNT = Beneficiary(account_number="0011001234567", account_name="KBNN TINH MAU", bank_code="VCB")
_SECRET = b"not a secret"


@dataclass
class ScriptedProvider:
    """Implements PaymentProvider. What it answers next is set by the test; what it was asked is kept."""

    name: str = "platform"
    kind: ProviderKind = ProviderKind.PLATFORM
    partner_code: str = PARTNER
    opening: Callable[[PaymentOrder], Opened | GatewayError] = field(
        default=lambda order: Opened(pay_url=f"https://pay.example/{order.reference}")
    )
    standing: Callable[[AskedAttempt], PaymentFact | GatewayError] = field(
        default=lambda asked: fact(asked.reference, answer=Answer.PENDING)
    )
    refunding: Callable[[RefundOrder], RefundFact | BaseException] = field(
        default=lambda order: RefundFact(is_done=True, transaction="RF1", amount_vnd=order.amount_vnd)
    )
    refund_standing: Callable[[RefundOrder], RefundFact | BaseException] = field(
        default=lambda order: RefundFact(is_done=None, transaction="RF1", amount_vnd=order.amount_vnd)
    )
    refunds: list[RefundOrder] = field(default_factory=list)
    refund_questions: list[str] = field(default_factory=list)
    orders: list[PaymentOrder] = field(default_factory=list)
    questions: list[AskedAttempt] = field(default_factory=list)
    is_decisive: bool = True
    looks_up: bool = False
    """Whether it asks what is due; `dossier` stands in the body, and a token in the headers."""
    files: dict[date, SettlementFile | GatewayError] | None = None
    """Daily files; None: it gives none."""
    asked_days: list[date] = field(default_factory=list)
    bills: list[Bill | GatewayError | None] | None = None
    """Vouchers, each given once; None: it gives none."""
    asked_bills: list[AskedAttempt] = field(default_factory=list)
    told_due: list[DueAnswer] = field(default_factory=list)
    opens_after: asyncio.Event | None = None
    """An order is answered once it is set; None: at once."""
    answers_after: asyncio.Event | None = None
    """A question is answered once it is set; None: at once."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        always = {Capability.OPEN, Capability.NOTIFY, Capability.QUERY}
        more = {
            Capability.LOOKUP: self.looks_up,
            Capability.SETTLEMENT: self.files is not None,
            Capability.BILL: self.bills is not None,
        }
        return frozenset(always | {name for name, is_offered in more.items() if is_offered})

    def make_reference(self, random_bytes: bytes, dossier_code: str) -> str:
        return f"R{random_bytes.hex()[:19].upper()}"

    async def open(self, order: PaymentOrder) -> Opened:
        self.orders.append(order)
        if self.opens_after is not None:
            await self.opens_after.wait()
        answer = self.opening(order)
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    def read_notification(self, raw: RawNotification) -> PaymentFact:
        try:
            content = json.loads(raw.body)
            sign = content.pop("sign")
        except (ValueError, KeyError, AttributeError, TypeError):
            raise NotificationRefused("not readable", code="malformed") from None
        if not hmac.compare_digest(sign, signed(content)):
            raise NotificationRefused("not signed", code="bad_checksum")
        content["answer"] = Answer(content["answer"])
        return replace(fact(**content), is_decisive=self.is_decisive)

    def acknowledge(self, raw: RawNotification, verdict: Verdict) -> Acknowledgement:
        status = 503 if verdict is Verdict.UNAVAILABLE else 200
        return Acknowledgement(status=status, content_type="text/plain", body=verdict.value.encode())

    async def verify(self, raw: RawNotification, fact: PaymentFact, attempt: AskedAttempt) -> PaymentFact:
        return await self.query(attempt)

    async def query(self, attempt: AskedAttempt) -> PaymentFact:
        self.questions.append(attempt)
        if self.answers_after is not None:
            await self.answers_after.wait()
        answer = self.standing(attempt)
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    async def bill(self, attempt: AskedAttempt) -> Bill | None:
        assert self.bills is not None, "only asked where it is offered"
        self.asked_bills.append(attempt)
        answer = self.bills.pop(0)
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    async def refund(self, order: RefundOrder) -> RefundFact:
        self.refunds.append(order)
        return self._told(self.refunding(order))

    async def query_refund(self, order: RefundOrder, transaction: str) -> RefundFact:
        self.refund_questions.append(transaction)
        return self._told(self.refund_standing(order))

    @staticmethod
    def _told(answer: RefundFact | BaseException) -> RefundFact:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def read_lookup(self, raw: RawNotification) -> str:
        if raw.headers.get("authorization") != "Bearer portal":
            raise NotificationRefused("not authorised", code="not_authorised")
        try:
            return str(json.loads(raw.body)["dossier"])
        except (ValueError, KeyError, TypeError):
            raise NotificationRefused("not readable", code="malformed") from None

    def answer_lookup(self, due: DueAnswer) -> Acknowledgement:
        self.told_due.append(due)
        code = -1 if not due.is_known else 0 if due.order is None else 1
        return Acknowledgement(status=200, content_type="text/plain", body=str(code).encode())

    async def settlement(self, day: date) -> SettlementFile | None:
        self.asked_days.append(day)
        file = (self.files or {}).get(day)
        if isinstance(file, GatewayError):
            raise file
        return file


def references_in(text: str) -> tuple[str, ...]:
    """Give the words of a statement's text that look like references of the scripted provider."""
    return tuple(word for word in text.split() if len(word) == 20 and word.startswith("R"))


def fact(reference: str, **changes: Any) -> PaymentFact:
    """Give a payment of 150,000 đồng under a reference, with any fields replaced."""
    values: dict[str, Any] = {
        "answer": Answer.PAID,
        "reference": reference,
        "partner_code": PARTNER,
        "amount_vnd": 150_000,
        "currency": "VND",
        "transaction": f"T{reference[-6:]}",
        "paid_at": datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
        "paid_at_text": "20260105160000",
    }
    return PaymentFact(**{**values, **changes})


def signed(content: dict[str, Any]) -> str:
    return hmac.new(_SECRET, json.dumps(content, sort_keys=True).encode(), sha256).hexdigest()


def notice(reference: str, **changes: Any) -> dict[str, Any]:
    """Give a notification's content, signed."""
    content = {"answer": "paid", "reference": reference, **changes}
    return {**content, "sign": signed(content)}


@dataclass
class Payments:
    """The API, its provider, and what works behind it."""

    api: ApiUnderTest
    provider: ScriptedProvider
    work: PaymentWork
    store: PostgresPayments
    clock: RunningClock
    heard: Heard
    pool: Any
    settlements: Settlements
    suppliers: dict[str, ConfiguredSupplier]

    async def create(self, key: str = "key-1", **changes: Any) -> Answered:
        body = {"dossier_code": DOSSIER, **changes}
        return await self.api.call("POST", "/v1/payments", body=body, headers={"Idempotency-Key": key})

    async def attempt(self, payment_id: str, **changes: Any) -> Answered:
        body = {"provider": self.provider.name, "payer_address": "203.0.113.7", "return_to": RETURN_TO, **changes}
        return await self.api.call("POST", f"/v1/payments/{payment_id}/attempts", body=body)

    async def opened(self) -> tuple[str, str]:
        """Create a payment and open an attempt; give the payment's id and the reference."""
        payment_id = (await self.create()).json["payment_id"]
        opened = await self.attempt(payment_id)
        assert opened.status == 201, opened.body
        return payment_id, opened.json["attempts"][-1]["reference"]

    async def tell(self, reference: str, **changes: Any) -> Answered:
        """Notify as the provider does."""
        return await self.hear(notice(reference, **changes))

    async def look_up(self, dossier: Any = DOSSIER, *, token: str = "portal", provider: str = "platform") -> Answered:
        """Ask what is due as the national portal does."""
        api = self.api.with_token(token)
        return await api.call("POST", f"/callbacks/payments/{provider}/lookup", body={"dossier": dossier})

    async def hear(self, content: Any, *, provider: str = "platform") -> Answered:
        api = self.api.with_token("")
        return await api.call("POST", f"/callbacks/payments/{provider}", body=content)

    async def seen(self, payment_id: str) -> dict[str, Any]:
        answered = await self.api.get(f"/v1/payments/{payment_id}")
        assert answered.status == 200, answered.body
        content: dict[str, Any] = answered.json
        return content

    async def work_through(self) -> None:
        """Let a turn of everything pass."""
        for turn in self.work.turns().values():
            await turn()

    async def events(self) -> list[str]:
        rows = await self.pool.fetch("SELECT type FROM events WHERE type LIKE 'payment.%' ORDER BY event_id")
        return [row["type"] for row in rows]

    @property
    def alerts(self) -> list[str]:
        return [one.name for one in self.heard.happenings if isinstance(one, AlertRaised)]


@asynccontextmanager
async def payments(
    pool: Any,
    key_ring: KeyRing,
    *,
    provider: ScriptedProvider | None = None,
    others: Sequence[ScriptedProvider] = (),
    answer_seconds: float = 4.0,
    lookups_per_minute: int = 600,
    fee_check: FeeCheck = FeeCheck.WARN,
    read_statement: Callable[[bytes, date], Statement] | None = None,
    settled: Mapping[str, tuple[str, ...]] | None = None,
    callers: CallerRule | None = None,
    receipts: Sequence[ReceiptRule] = (),
    suppliers: Sequence[ReceiptSupplier] = (),
    **policy: Any,
) -> AsyncIterator[Payments]:
    """Run everything, with a dossier that owes two fees."""
    clock, heard, scripted = RunningClock(), Heard(), provider or ScriptedProvider()
    store = PostgresPayments(pool)
    known = {
        one.name: ConfiguredProvider(
            provider=one,
            policy=PaymentPolicy(**policy),
            circuit=LocalCircuit(f"payment.{one.name}", clock=clock, chance=FixedChance(), observer=heard),
        )
        for one in (scripted, *others)
    }
    records = PaymentRecords(store, known, key_ring=key_ring, clock=clock, random_bytes=os.urandom, observer=heard)
    accounts = [BeneficiaryRule(agency_code="", procedure_code="", beneficiary=ACCOUNT)]
    desk = PaymentDesk(
        records,
        accounts=accounts,
        public_base_url="https://cong.example",
    )
    strays = PaymentStrays(records, lambda *_: ACCOUNT)

    async def is_known(code: str) -> bool:
        return await find_dossier(pool, code) is not None

    auditor = Auditor(
        PostgresAudit(pool), key_ring=key_ring, clock=clock, random_bytes=os.urandom, version="0", observer=heard
    )
    auditor.start()
    days = PostgresSettlements(pool)
    check = None
    if settled is not None:
        check = AccountCheck(
            statements=AccountStatements(days, key_ring=key_ring, clock=clock),
            marks={name: frozenset(words) for name, words in settled.items()},
            add_working_days=national_calendar().add_working_days,
        )
    settlements = Settlements(
        days,
        records,
        strays,
        read_file=daily_file_reader(DailyFilesSettings()),
        key_ring=key_ring,
        audit=auditor,
        accounts=check,
    )
    cases = PostgresPaymentCases(pool)
    refunds = Refunds(records, cases.open)
    people = PaymentPeople(records, cases.open)
    statements = None
    if read_statement is not None:
        transfers = TransferReading(records, {scripted.name: references_in})
        statements = StatementDesk(
            read=read_statement, reading=transfers, keep=None if check is None else check.statements.keep
        )
    numbers = PostgresReceiptNumbers(pool)
    contents = ReceiptContents(numbers.content, key_ring)
    orders = PostgresReceiptOrders(pool)
    known_suppliers = {
        one.name: ConfiguredSupplier(
            supplier=one,
            circuit=LocalCircuit(f"receipts.{one.name}", clock=clock, chance=FixedChance(), observer=heard),
        )
        for one in suppliers
    }
    order_desk = OrderDesk(
        records,
        orders,
        known_suppliers,
        cases.open,
        audit=auditor,
        number_digest=partial(number_digest, key_ring),
    )
    issuing = ReceiptIssuing(numbers, contents, receipts, order_desk)
    bills = PaymentBills(records, PostgresBills(pool))
    service = PaymentService(
        desk=desk,
        notices=PaymentNotices(records, strays, answer_seconds=answer_seconds),
        lookups=PaymentLookups(records, strays, accounts=accounts, is_known=is_known),
        settlements=settlements,
        refunds=refunds,
        people=people,
        cases=cases,
        receipts=ReceiptDesk(
            numbers,
            contents,
            issuing,
            orders=orders,
            suppliers=known_suppliers,
            pdf=lambda receipt, checked_at: receipt_pdf(receipt, verify_at=checked_at),
            checked_at="https://cong.example/v1/receipts:verify",
        ),
        vouchers=PaymentVouchers(records, lambda *_: ACCOUNT),
        bills=bills,
        lookup_rate=AsyncLimiter(lookups_per_minute, 60.0),
        returns={"one-stop": frozenset({RETURN_TO})},
        fee_check=fee_check,
        statements=statements,
        pictures={PNG: qr_image.png, SVG: qr_image.svg},
        callers=callers or CallerRule(),
    )
    async with running_api(pool, key_ring, payments=service, clock=clock) as api:
        teller = DossierTeller(
            api.services.acceptor,
            lambda code: find_dossier(pool, code),
            {"platform": scripted.kind}.get,
            store.of_dossier,
            key_ring=key_ring,
        )
        work = PaymentWork(records, handlers_of(teller, refunds, people, issuing, bills))
        dossier = make_dossier(fees=FEES)
        dossier = replace(dossier, applicant=replace(dossier.applicant, address="1 Phố Thử, tỉnh Mẫu"))
        put = await api.put(DOSSIER, dossier)
        assert put.status == 201, put.body
        try:
            yield Payments(api, scripted, work, store, clock, heard, pool, settlements, known_suppliers)
        finally:
            await auditor.close()


PAGE = timedelta(minutes=15)
