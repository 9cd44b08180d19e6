"""What an operator does with a citizen's request for access or erasure, from the command line."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.bootstrap import open_key_ring
from gateway.bootstrap.vault import hold_against_database
from gateway.clocks import SystemClock
from gateway.config import load_settings
from gateway.engine.audit import Auditor
from gateway.engine.subjects import Erasure, Requester, Subjects, counts_of
from gateway.errors import Fault, InvalidInput
from gateway.operating import operator
from gateway.ports.subjects import Holdings
from gateway.store.audit import PostgresAudit
from gateway.store.pool import open_pool
from gateway.store.subjects import PostgresSubjects
from gateway.sync.subjects import NOT_SEARCHED, RULES


async def find(dsn: str, numbers: tuple[str, ...], because: str) -> dict[str, Any]:
    """Say what is held, by counts and codes."""
    async with _subjects(dsn) as subjects:
        holdings = await subjects.find(numbers, _requester(because))
    return holding_facts(holdings)


async def export(dsn: str, numbers: tuple[str, ...], because: str, out: Path | None) -> str:
    """Write all that is held as one JSON document to a new file, or give it as text."""
    descriptor = _new_file(out) if out is not None else None
    try:
        async with _subjects(dsn) as subjects:
            document = await subjects.export(numbers, _requester(because))
        text = json.dumps(document, ensure_ascii=False, indent=1)
    except BaseException:
        if descriptor is not None and out is not None:
            os.close(descriptor)
            os.unlink(out)
        raise
    if descriptor is None:
        return text
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return ""


async def plan_erasure(dsn: str, numbers: tuple[str, ...], because: str) -> dict[str, Any]:
    """Say what an erasure would do."""
    async with _subjects(dsn) as subjects:
        holdings, plan = await subjects.plan_erasure(numbers, _requester(because))
    return {**holding_facts(holdings), **erasure_facts(plan)}


async def erase(dsn: str, numbers: tuple[str, ...], because: str, tell: Callable[[int, int], None]) -> dict[str, Any]:
    """Erase what may be erased."""
    async with _subjects(dsn) as subjects:
        return erasure_facts(await subjects.erase(numbers, _requester(because), tell))


async def index(dsn: str, tell: Callable[[int], None], *, is_anew: bool) -> tuple[int, list[int]]:
    """Fill the index with dossiers from before it."""
    async with _subjects(dsn) as subjects:
        return await subjects.index(tell, is_anew=is_anew)


def holding_facts(holdings: Holdings) -> dict[str, Any]:
    """Give holdings as plain JSON values, unopened."""
    return {
        "held": counts_of(holdings),
        "dossiers": [
            {
                "code": one.code,
                "roles": [role.name.lower() for role in one.roles],
                "status": one.status,
                "is_erased": one.erased_at is not None,
            }
            for one in holdings.dossiers
        ],
        "unindexed_dossiers": holdings.unindexed_count,
        "not_searched": list(NOT_SEARCHED),
    }


def erasure_facts(erasure: Erasure) -> dict[str, Any]:
    """Give an erasure, or the plan of one, as plain JSON values."""
    return {"erased_dossiers": erasure.erased, "kept_dossiers": erasure.kept, "erased_rows": erasure.rows}


def policy() -> list[tuple[str, str, str]]:
    """Give how every table is treated, and why."""
    return [(table, rule.treatment.value, rule.reason) for table, rule in RULES.items()]


def _requester(because: str) -> Requester:
    return Requester(officer=operator(), because=because)


def _new_file(out: Path) -> int:
    try:
        return os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fault = Fault("--out", "must be a new file in a folder that can be written to", type(error).__name__)
        raise InvalidInput("the export cannot be written", [fault]) from error


@asynccontextmanager
async def _subjects(dsn: str) -> AsyncIterator[Subjects]:
    ring = open_key_ring(load_settings())
    pool = await open_pool(dsn, max_size=4)
    auditor = Auditor(
        PostgresAudit(pool), key_ring=ring, clock=SystemClock(), random_bytes=os.urandom, version=__version__
    )
    auditor.start()
    try:
        await hold_against_database(pool, ring)
        yield Subjects(PostgresSubjects(pool), key_ring=ring, audit=auditor, clock=SystemClock())
    finally:
        await auditor.close()
        await pool.close()
