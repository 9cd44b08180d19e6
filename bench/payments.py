"""Notifications of the payment platform, verified and durable, against pgbench committing dossiers one by one.

Each is about another payment: its checksum is verified, the message is sealed and kept, the payment becomes paid, and
what follows is owed, in one transaction each. It is carried out elsewhere, and HTTP is left out on both sides.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from adapters.payment import Parts, build, read_settings
from bench.accept import PGBENCH, PgbenchRound, make_scripts
from bench.children import CpuMeter, spent
from bench.database import TEMPLATE, fetch_value
from bench.plan import Bench, MeasureRound
from bench.results import Aim, Contender, Measurement, Round, paired_ratio
from gateway.clocks import SystemChance, SystemClock
from gateway.engine.local_circuit import LocalCircuit
from gateway.engine.payment_notices import PaymentNotices
from gateway.engine.payment_records import ConfiguredProvider, PaymentRecords
from gateway.engine.payment_strays import PaymentStrays
from gateway.model.dossier import FeeKind
from gateway.model.payment import AttemptState, Beneficiary, PaymentItem, RequestState
from gateway.ports.observing import Happening
from gateway.ports.payments import RawNotification
from gateway.store.payments import PostgresPayments
from gateway.store.pool import open_pool
from gateway.sync.payment_records import AttemptView, PaymentPolicy, RequestView
from gateway.vault.keyring import FileKeyRing

NOTICES = "notifications, 64 senders"
_SENDERS_COUNT = 64
_POOL_SIZE = 12
_PER_SECOND = 2_000
"""More payments are prepared than can be notified."""
_SECRET = "bench"
_PARTNER = "BENCH"


async def measure_payments(bench: Bench) -> Measurement:
    """Measure both in turn."""
    scripts = await make_scripts(bench)
    ways: dict[str, MeasureRound] = {NOTICES: _notices(bench), PGBENCH: PgbenchRound(bench, scripts[PGBENCH])}
    rounds = await bench.interleave(bench.plan.rounds, ways)
    measured = {name: Contender(name=name, unit="commit", rounds=done) for name, done in rounds.items()}
    ratio = paired_ratio(measured[NOTICES], measured[PGBENCH])
    return Measurement(
        name="payments",
        contenders=list(measured.values()),
        aims=[Aim(name="notifications / pgbench", value=ratio, bound=0.2)],
        remarks=["a notification locks its payment and stores nine kinds of rows; pgbench stores a dossier's"],
    )


@dataclass(frozen=True, slots=True)
class _Payment:
    request: RequestView
    attempt: AttemptView


def _payments(wanted: int, now: datetime) -> Iterator[_Payment]:
    beneficiary = Beneficiary(account_number="0011001234567", account_name="KBNN", bank_code="VCB")
    for number in range(wanted):
        request_id, attempt_id = (UUID(bytes=os.urandom(16), version=4) for _ in range(2))
        request = RequestView(
            request_id=request_id,
            state=RequestState.PENDING,
            amount_vnd=150_000,
            version=1,
            dossier_code=f"H99.01-260105-{number:07}",
            items=(
                PaymentItem(name="Phí", kind=FeeKind.CHARGE, amount_vnd=100_000),
                PaymentItem(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=50_000),
            ),
        )
        attempt = AttemptView(
            attempt_id=attempt_id,
            reference=f"REF{number:017}",
            provider="platform",
            partner_code=_PARTNER,
            state=AttemptState.PENDING,
            amount_vnd=150_000,
            request_version=1,
            beneficiary=beneficiary,
            opened_at=now,
            expires_at=now,
        )
        yield _Payment(request, attempt)


def _confirm(reference: str, dossier_code: str) -> RawNotification:
    fields: dict[str, Any] = {
        "LoaiBanTin": "CONFIRM",
        "MaLoi": "00",
        "MaDoiTac": _PARTNER,
        "MaThamChieu": reference,
        "SoTien": 150_000,
        "MaTienTe": "VND",
        "MaGiaoDich": f"TX{reference}",
        "MaNganHang": "VCB",
        "ThoiGianGD": "20260105093412",
        "ThongTinGiaoDich": f"THANH TOAN HO SO {dossier_code}",
    }
    text = "|".join([*(str(value) for value in fields.values()), _SECRET])
    body = msgspec.json.encode({**fields, "MaXacThuc": sha256(text.encode()).hexdigest(), "MaHoSo": dossier_code})
    return RawNotification(method="POST", content_type="application/json", body=body)


async def _prepare(pool: Any, wanted: int) -> list[RawNotification]:
    now = datetime.now(UTC)
    made = list(_payments(wanted, now))

    def text(record: object) -> str:
        return msgspec.json.encode(record).decode()

    columns = (
        *("request_id", "client_id", "key_digest", "wish_digest", "dossier_code", "agency_code", "procedure_code"),
        *("state", "is_disputed", "amount_vnd", "record", "created_at", "changed_at"),
    )
    requests = [
        (
            *(one.request.request_id, "bench", one.request.request_id.bytes, b"w", one.request.dossier_code, "H99.01"),
            *("1.999001", "pending", False, 150_000, text(one.request), now, now),
        )
        for one in made
    ]
    attempts = [
        (
            *(one.attempt.attempt_id, one.request.request_id, "platform", one.attempt.reference, "pending", 150_000),
            *(text(one.attempt), "", "", now),
        )
        for one in made
    ]
    names = (
        *("attempt_id", "request_id", "provider", "reference", "state", "amount_vnd"),
        *("record", "return_to", "return_state", "opened_at"),
    )
    async with pool.acquire() as connection:
        await connection.copy_records_to_table("payment_requests", records=requests, columns=columns)
        await connection.copy_records_to_table("payment_attempts", records=attempts, columns=names)
        await connection.execute("ANALYZE payment_requests, payment_attempts")
    return [_confirm(one.attempt.reference, one.request.dossier_code) for one in made]


def _notices(bench: Bench) -> MeasureRound:
    async def measure(_: int) -> Round:
        async with bench.server.fresh("bench_payments", TEMPLATE) as dsn:
            pool = await open_pool(dsn, max_size=_POOL_SIZE)
            try:
                return await _load(bench, dsn, pool)
            finally:
                await pool.close()

    return measure


def _make_desk(pool: Any) -> PaymentNotices:
    clock, chance = SystemClock(), SystemChance()
    section = {
        "kind": "platform",
        "init_url": "https://pp.example/init",
        "query_url": "https://pp.example/query",
        "page_hosts": ["pp.example"],
        "rules": {"partner_code": _PARTNER},
        "secrets": [{"secret": {"value": _SECRET}}],
    }
    provider = build(read_settings(section), Parts(ssl_supplier=lambda: None, clock=clock, chance=chance))

    def observe(_: Happening, /) -> None:
        """Nobody counts here."""

    circuit = LocalCircuit("payment.platform", clock=clock, chance=chance, observer=observe)
    records = PaymentRecords(
        PostgresPayments(pool),
        {"platform": ConfiguredProvider(provider=provider, policy=PaymentPolicy(), circuit=circuit)},
        key_ring=FileKeyRing({"k1": bytes(32)}, "k1"),
        clock=clock,
        random_bytes=os.urandom,
        observer=observe,
    )
    return PaymentNotices(records, PaymentStrays(records, lambda *_: None))


async def _load(bench: Bench, dsn: str, pool: Any) -> Round:
    plan = bench.plan
    wanted = int((plan.warm_up_seconds + plan.measured_seconds + 1) * _PER_SECOND)
    messages, desk = await _prepare(pool, wanted), _make_desk(pool)
    places, done, ends_at = count(), 0, float("inf")

    async def send() -> None:
        nonlocal done
        while time.perf_counter() < ends_at:
            acknowledged = await desk.receive("platform", messages[next(places)])
            if acknowledged is None or b'"00"' not in acknowledged.body:
                raise ValueError("a notification was not taken")
            done += 1

    senders = [asyncio.create_task(send()) for _ in range(_SENDERS_COUNT)]
    await asyncio.sleep(plan.warm_up_seconds)
    meter = CpuMeter({"gateway": os.getpid(), "postgres": bench.server.pid})
    before, counted, started = meter.read(), done, time.perf_counter()
    await asyncio.sleep(plan.measured_seconds)
    after, counted, seconds = meter.read(), done - counted, time.perf_counter() - started
    ends_at = 0.0
    await asyncio.gather(*senders)
    return Round(
        operations_count=counted,
        seconds=seconds,
        sent_count=done,
        stored_count=await fetch_value(dsn, "SELECT count(*) FROM payment_attempts WHERE state = 'paid'"),
        cpu_seconds=spent(before, after),
    )
