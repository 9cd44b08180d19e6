"""The draft of a notification of a personal-data breach, from the record of looks."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.auditing import auditing_store, noted
from gateway.bootstrap import open_key_ring
from gateway.config import load_settings
from gateway.engine.audit_lines import find_end_fault, officer_sign
from gateway.errors import InvalidInput
from gateway.model.audit import Access, AuditAction, Outcome
from gateway.operating import operator
from gateway.ports.audit import LineFilter
from gateway.sync.breaches import LOOK_COLUMNS, Breach, BreachReport, ReportWish

_PAGE = 2000


async def report(dsn: str, wish: ReportWish, looks_file: Path | None) -> BreachReport:
    """Count the looks, and write each line's codes into a new CSV file where one is wanted. Leaves a line first.

    Raises ConfigurationError, InvalidInput, AuditBroken or StoreUnavailable.
    """
    settings = load_settings()
    key_ring = open_key_ring(settings)
    breach = Breach()
    async with auditing_store(dsn) as store:
        access = Access(
            action=AuditAction.AUDIT_REPORTED,
            client_id="cli",
            officer=operator(),
            agency_code=wish.agency_code,
            dossier_code=wish.dossier_code,
            purpose=wish.because,
        )
        # A record that cannot be continued is when a breach is most likely: the draft is made all the same.
        end_fault = await find_end_fault(store, key_ring)
        if not end_fault:
            await noted(settings, store, access, Outcome(outcome="reported"))
        wanted = LineFilter(
            prefixes=(wish.agency_code,) if wish.agency_code else None,
            dossier_code=wish.dossier_code or None,
            officer=officer_sign(key_ring, wish.officer) if wish.officer else None,
            client_id=wish.client_id or None,
            since=wish.since,
            until=wish.until,
        )
        with _looks_file(looks_file) as write:
            before: int | None = None
            while page := await store.lines(wanted, before=before, limit=_PAGE):
                write(breach.take(page))
                before = page[-1].position
                if before <= 1:
                    break
    return BreachReport(wish=wish, breach=breach, deadlines=breach.deadlines(wish.detected_at), end_fault=end_fault)


@contextmanager
def _looks_file(path: Path | None) -> Iterator[Callable[[Iterable[tuple[str, ...]]], None]]:
    """Give what takes rows; without a file they are only counted."""
    if path is None:

        def count(rows: Iterable[tuple[str, ...]]) -> None:
            for _ in rows:
                pass

        yield count
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        text = f"the table of looks must be a new file in a folder that can be written to ({type(error).__name__})"
        raise InvalidInput(text) from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(LOOK_COLUMNS)
        yield writer.writerows
