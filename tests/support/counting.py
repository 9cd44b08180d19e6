"""A small province whose dossiers are accepted, finished, opened again and erased, and what counts them."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from gateway.engine.acceptor import Acceptor, Change
from gateway.engine.indicator_check import IndicatorChecker
from gateway.engine.indicator_facts import FactMaker
from gateway.engine.indicator_judging import CountingRules
from gateway.engine.indicator_numbers import Numbers
from gateway.engine.indicators import IndicatorKeeper
from gateway.indicators.catalogue import read_catalogue
from gateway.indicators.facts import DossierFact
from gateway.indicators.measures import VERSION
from gateway.indicators.scope import PROVINCE, Scope, ScopeKind
from gateway.model.calendars import Calendars
from gateway.model.dossier import (
    AgencyRef,
    Attachment,
    Channel,
    Dossier,
    Fee,
    FeeKind,
    OnlinePayment,
    ResultDocument,
    Supplement,
)
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.model.procedure import ExecutingLevel, Named, Procedure, ServiceLevel
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.model.working_calendar import CalendarDay, DayKind
from gateway.monitoring.terms import Policy
from gateway.ports.basics import KeyRing
from gateway.store.acceptance import PostgresAcceptance
from gateway.store.indicator_cells import PostgresCells
from gateway.store.indicators import PostgresIndicators
from gateway.store.procedures import PostgresProcedures
from gateway.store.registers import PostgresRegisters
from mappings.calendars import national_calendars, open_calendars
from mappings.indicators import CATALOGUE as CATALOGUE_FILE
from mappings.indicators import shipped_text
from tests.support.clocks import StillClock
from tests.support.procedures import COMPLETE
from tests.support.samples import make_dossier, make_step

BEGIN = datetime(2026, 7, 27, 8, tzinfo=VIETNAM)
AGENCIES = ("H99.01", "H99.02", "H99.30.01")
PROCEDURES = ("1.999001", "1.999002", "1.999003")
CATALOGUE = read_catalogue(shipped_text(CATALOGUE_FILE))
SCOPES = (
    PROVINCE,
    Scope(ScopeKind.AGENCY, "H99.01"),
    Scope(ScopeKind.AGENCY, "H99", descends=True),
    Scope(ScopeKind.LEVEL, level=ExecutingLevel.PROVINCE),
    Scope(ScopeKind.UNIT_GROUP, "1", level=ExecutingLevel.PROVINCE),
    Scope(ScopeKind.PROCEDURE, "1.999001"),
    Scope(ScopeKind.FIELD, "LV0"),
)
"""One scope of each kind."""
KINDS = ("receive", "step", "ask", "give", "finish", "withdraw", "move", "result")
TIMED_KINDS = KINDS[:6]
"""What happens at an instant that is stated; the others put right what always was."""
RULES = CountingRules(name=f"{VERSION} tests", calendars=national_calendars(), policy_of=lambda _: Policy())


def notices(begin: date) -> Calendars:
    """Give calendars that change in the midst of what a town lives through from a day on."""
    lines = [
        # Day, its agency, since when it is known, whether deadlines count it.
        (2, "H99.01", 1, None),
        (3, "H99.02", None, True),
        (4, "", 6, None),
        (5, "H99.30", 3, None),
        (9, "", 4, None),
        (12, "H99.01", 20, None),
        (13, "", 30, None),
    ]
    return open_calendars(
        CalendarDay(
            day=begin + timedelta(days=day),
            kind=DayKind.AGENCY_CLOSED,
            label="Bão",
            source="12/QĐ-UBND",
            agency=agency,
            told_on=None if told is None else begin + timedelta(days=told),
            counts=counts,
        )
        for day, agency, told, counts in lines
    )


@dataclass(slots=True)
class Town:
    """Everything that counts, on one database and one clock."""

    pool: Any
    key_ring: KeyRing
    clock: StillClock
    acceptor: Acceptor
    chance: random.Random
    documents: dict[str, Dossier] = field(default_factory=dict)
    statuses: dict[str, DossierStatus] = field(default_factory=dict)

    @property
    def store(self) -> PostgresIndicators:
        return PostgresIndicators(self.pool)

    @property
    def registers(self) -> PostgresRegisters:
        return PostgresRegisters(self.pool)

    def keeper(self, rules: CountingRules = RULES) -> IndicatorKeeper:
        return IndicatorKeeper(self.store, key_ring=self.key_ring, rules=rules, clock=self.clock)

    def checker(self, rules: CountingRules = RULES) -> IndicatorChecker:
        return IndicatorChecker(self.store, key_ring=self.key_ring, rules=rules)

    def numbers(self) -> Numbers:
        return Numbers(PostgresCells(self.pool), self.registers, CATALOGUE, calendars=RULES.calendars, clock=self.clock)

    async def accept(self, code: str, body: Any) -> None:
        """Let the province state something."""
        if isinstance(body, Dossier):
            self.documents[code] = body
        change = Change(
            client_id="one-stop",
            agency_prefixes=("H99",),
            code=code,
            body=body,
            request_digest=b"",
            idempotency_key=None,
        )
        await self.acceptor.submit(change)
        self.statuses[code] = body.status

    async def live(self, steps_count: int, kinds: Sequence[str] = KINDS) -> None:
        """Let so many things happen to dossiers, time going on between them."""
        for _ in range(steps_count):
            self.clock.move(self.chance.choice((60, 3600, 6 * 3600, 20 * 3600)))
            if not self.documents or self.chance.random() < 0.35:
                await self.accept(f"H99.01-260727-{len(self.documents) + 1:05}", self._filed())
            else:
                code = self.chance.choice(sorted(self.documents))
                await self.accept(code, self._next(code, kinds))

    def _filed(self) -> Dossier:
        number = self.chance.randint(1, 6)
        agency = AgencyRef(code=self.chance.choice(AGENCIES), name="Cơ quan")
        now = self.clock.now()
        is_received = self.chance.random() < 0.7
        return make_dossier(
            procedure_code=self.chance.choice(PROCEDURES),
            receiving_agency=agency,
            handling_agency=agency,
            channel=self.chance.choice(tuple(Channel)),
            status=DossierStatus.RECEIVED if is_received else DossierStatus.REGISTERED,
            applicant=_person(number, is_verified=self.chance.random() < 0.5),
            submitter=_person(9) if self.chance.random() < 0.3 else None,
            attachments=tuple(_files(self.chance.choice((0, 0, 1, 2)))),
            submitted_at=now - timedelta(hours=self.chance.choice((0, 1, 30))),
            received_at=now if is_received else None,
            due_at=now + timedelta(days=7) if is_received and self.chance.random() < 0.7 else None,
            fees=(Fee(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=self.chance.choice((0, 20_000))),),
            online_payment=self.chance.choice((OnlinePayment.NONE, OnlinePayment.NATIONAL_PLATFORM)),
        )

    def _next(self, code: str, kinds: Sequence[str]) -> Any:
        now, old = self.clock.now(), self.documents[code]
        kind = self.chance.choice(kinds)
        if kind in ("finish", "withdraw") and kinds == TIMED_KINDS and self.statuses[code] is DossierStatus.COMPLETED:
            kind = "step"  # Stating another finish would put right when it was done.
        match kind:
            case "receive" if old.received_at is None:
                return replace(old, status=DossierStatus.RECEIVED, received_at=now, due_at=now + timedelta(days=5))
            case "ask" if not old.supplements:
                asked = Supplement(
                    supplement_number=1, requested_by="Cán bộ", content="Thiếu", requested_at=now, previous_due_at=now
                )
                return replace(old, status=DossierStatus.SUPPLEMENT_REQUESTED, supplements=(asked,))
            case "give" if old.supplements and not old.supplements[0].is_supplied:
                given = replace(old.supplements[0], received_at=now)
                return replace(old, status=DossierStatus.PROCESSING, supplements=(given,))
            case "finish" if old.received_at is not None:
                digest = self.chance.choice((None, "1" * 64, f"{self.chance.getrandbits(256):064x}"))
                result = ResultDocument(name="kq.pdf", url="https://files.province.example/r/1", sha256=digest)
                # Another file would be one that has no instant of its own.
                results = old.results if old.results and kinds == TIMED_KINDS else (result,)
                return replace(old, status=DossierStatus.COMPLETED, finished_at=now, results=results)
            case "withdraw" if old.finished_at is None:
                return replace(old, status=DossierStatus.WITHDRAWN, finished_at=now)
            case "move":
                return replace(old, handling_agency=AgencyRef(code=self.chance.choice(AGENCIES), name="Cơ quan"))
            case "result":
                return replace(old, channel=self.chance.choice(tuple(Channel)), note=str(self.chance.random()))
            case _:
                status = self.chance.choice((DossierStatus.PROCESSING, DossierStatus.COMPLETED))
                return make_step(status, now)

    async def judged(self, rules: CountingRules = RULES) -> list[DossierFact]:
        """Give every dossier's fact, as counting from scratch makes it at the instant of the last counting."""
        async with self.store.turn() as turn:
            assert turn is not None
            ids = await turn.dossiers_after(0, 100_000)
            return await FactMaker(self.key_ring, rules).facts_anew(turn, ids, turn.state.counted_at)


def _person(number: int, *, is_verified: bool = False) -> Party:
    identifier = Identifier(type=IdentifierType.PERSONAL_ID, number=f"99919900000{number}")
    return Party(name="Nguyễn Thị Mẫu", identifiers=(identifier,), is_verified_by_national_identity=is_verified)


def _files(content: int) -> Iterator[Attachment]:
    if content:
        yield Attachment(name="don.pdf", url="https://files.province.example/a/1", sha256=f"{content}" * 64)


def procedures() -> list[Procedure]:
    """Give three procedures: in full online, in part with a fee, and not online."""
    levels = (ServiceLevel.FULL, ServiceLevel.PARTIAL, ServiceLevel.INFORMATION)
    return [
        replace(
            COMPLETE,
            code=code,
            service_level=level,
            sectors=(Named(code=f"LV{number % 2}", name="Lĩnh vực"),),
            executing_levels=(ExecutingLevel.COMMUNE if number == 2 else ExecutingLevel.PROVINCE,),
            results=() if number == 2 else COMPLETE.results,
        )
        for number, (code, level) in enumerate(zip(PROCEDURES, levels, strict=True))
    ]


AGENCY_ITEMS = [
    {"code": "H99.01", "level": "province", "unit_group": "1", "valid_to": "2026-08-10"},
    {"code": "H99.01", "level": "province", "unit_group": "2", "valid_from": "2026-08-10"},
    {"code": "H99.02", "level": "province", "unit_group": "1", "valid_to": "2026-08-20", "successor": "H99.01"},
    {"code": "H99.30.01", "level": "commune"},
]


@asynccontextmanager
async def counting_town(pool: Any, key_ring: KeyRing, seed: int = 1) -> AsyncIterator[Town]:
    """Run it."""
    clock = StillClock(BEGIN)
    acceptor = Acceptor(PostgresAcceptance(pool), systems=[], key_ring=key_ring, clock=clock)
    acceptor.start()
    await PostgresProcedures(pool, clock=clock).save(procedures(), clock.now())
    try:
        yield Town(pool, key_ring, clock, acceptor, random.Random(seed))
    finally:
        await acceptor.close()
