"""The API asking about citizens, over a real store, against the simulated population database."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from adapters.population.sandbox import SEEDS
from gateway.engine.audit import Auditor
from gateway.engine.citizens import CitizenDesk, CitizenRules
from gateway.engine.local_circuit import LocalCircuit
from gateway.model.citizen import CitizenField
from gateway.ports.audit import Audit
from gateway.ports.basics import KeyRing
from gateway.store.audit import PostgresAudit
from gateway.store.citizens import PostgresCitizens
from gateway.sync.citizens import Purpose
from tests.support.api import Answered, ApiUnderTest, running_api
from tests.support.audit import Heard
from tests.support.clocks import FixedChance, ShiftedClock
from tests.support.population import Population, population

_PLAIN_FIELDS = frozenset(
    {
        CitizenField.PERSONAL_NUMBER,
        CitizenField.FULL_NAME,
        CitizenField.BIRTH_DATE,
        CitizenField.SEX,
        CitizenField.PERMANENT_RESIDENCE,
    }
)
PURPOSES = (
    Purpose(code="intake", legal_basis="Nghị định 118/2025/NĐ-CP", fields=_PLAIN_FIELDS),
    Purpose(code="identity", legal_basis="Nghị định 118/2025/NĐ-CP", fields=frozenset({CitizenField.FULL_NAME})),
    Purpose(code="check-only", legal_basis="Nghị định 118/2025/NĐ-CP", fields=frozenset(), may_look_up=False),
    Purpose(
        code="civil-status",
        legal_basis="Luật Hộ tịch 60/2014/QH13",
        fields=frozenset({CitizenField.MARITAL_STATUS, CitizenField.FATHER}),
        allows_sensitive=True,
        procedure_codes=frozenset({"1.999002"}),
    ),
    Purpose(
        code="loan", legal_basis="Thỏa thuận 1/2026", fields=frozenset({CitizenField.FULL_NAME}), needs_consent=True
    ),
    Purpose(
        code="others", legal_basis="x", fields=frozenset({CitizenField.FULL_NAME}), clients=frozenset({"somebody"})
    ),
)


@dataclass
class Citizens:
    """The API, the database that it asks, and everything between."""

    api: ApiUnderTest
    database: Population
    desk: CitizenDesk
    clock: ShiftedClock
    heard: Heard
    pool: Any

    async def verify(self, name: str = "plain", **changes: Any) -> Answered:
        return await self.api.call("POST", "/v1/citizens:verify", body=question(name, **changes))

    async def look_up(self, name: str = "plain", **changes: Any) -> Answered:
        return await self.api.call("POST", "/v1/citizens:lookup", body=question(name, **changes))

    async def lines(self) -> Sequence[Mapping[str, Any]]:
        """Give the audit lines of questions, in order."""
        rows: Sequence[Mapping[str, Any]] = await self.pool.fetch(
            "SELECT * FROM audit_lines WHERE action LIKE 'citizen.%' ORDER BY position"
        )
        return rows


def question(name: str = "plain", **changes: Any) -> dict[str, Any]:
    """Give a sound question about one of the sandbox's people; None leaves a member out."""
    person = SEEDS[name]
    born = person.born if len(person.born) == 4 else f"{person.born[:4]}-{person.born[4:6]}-{person.born[6:]}"
    body = {
        "purpose": "intake",
        "officer_code": "canbo.a",
        "agency_code": "H99.01",
        "dossier_code": "H99.01-260105-00017",
        "procedure_code": "1.999001",
        "personal_number": person.number,
        "full_name": person.full_name,
        "birth_date": born,
    }
    return {member: value for member, value in (body | changes).items() if value is not None}


@asynccontextmanager
async def citizens(
    pool: Any,
    key_ring: KeyRing,
    *,
    rules: Mapping[str, Any] | None = None,
    audit: Audit | None = None,
    edge: str = "plain",
    purposes: Sequence[Purpose] = PURPOSES,
    **changes: Any,
) -> AsyncIterator[Citizens]:
    """Run everything. `audit` stands before the real one, `changes` are the adapter's settings."""
    clock, heard = ShiftedClock(), Heard()
    auditor = Auditor(PostgresAudit(pool), key_ring=key_ring, clock=clock, random_bytes=os.urandom, version="0.0.0")
    limits: dict[str, Any] = {"officer_per_hour": 1000, "officer_per_day": 1000, "client_per_hour": 1000}
    kept = CitizenRules(purposes={one.code: one for one in purposes}, **limits)
    auditor.start()
    try:
        async with population(edge, **changes) as database:
            desk = CitizenDesk(
                database.adapter,
                replace(kept, **(rules or {})),
                PostgresCitizens(pool),
                edge=edge,
                audit=audit or auditor,
                officer_sign=auditor.officer_sign,
                circuit=LocalCircuit("population", clock=clock, chance=FixedChance(), observer=heard),
                key_ring=key_ring,
                clock=clock,
                observer=heard,
            )
            async with running_api(pool, key_ring, citizens=desk, clock=clock) as api:
                yield Citizens(api, database, desk, clock, heard, pool)
    finally:
        await auditor.close()


KEPT = {"kept": timedelta(minutes=5)}
