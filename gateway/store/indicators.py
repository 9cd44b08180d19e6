"""Counting in PostgreSQL: one process at a time, everything of a turn in one transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import msgspec

from gateway.indicators.cells import CellKey, Counted
from gateway.indicators.measures import MEASURES, TIMES, Contribution
from gateway.indicators.periods import Period
from gateway.indicators.slices import Grain
from gateway.indicators.words import Rating, View
from gateway.model.procedure import ProcedureVersion
from gateway.model.status import DossierStatus
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.neighbours import NEAR, Group
from gateway.monitoring.records import DossierRecord
from gateway.monitoring.storing import (
    AcceptedDossier,
    CountingStanding,
    Due,
    KeeperState,
    SealedRevision,
    StoredFact,
)
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.pool import Connection, Pool, connection, transaction
from gateway.store.procedure_versions import version_of
from gateway.store.queries import queries

COUNTING = "counting"
"""With the lock of indicators: who holds it counts, or keeps others from it."""
_TRY = "SELECT pg_try_advisory_xact_lock($1::int, hashtext($2))"
_records = msgspec.json.Decoder(DossierRecord)
_EVENTS_PER_DOSSIER = 4
_CLEARED_AT_ONCE = 20_000
_FACTS_AT_ONCE = 500
_JUDGED_KEPT = 20_000
"""So many judgements back is known whom they were about."""
_KEYS = ("applicant_key", "account_key", "content_key", "result_key")
"""What of a record leads to somebody stands in columns of its own, not in its text."""
_NO_KEYS: Mapping[str, Any] = dict.fromkeys(_KEYS, "")
TIME_PLACES = {MEASURES[place].view: place for place in TIMES}


class PostgresIndicators:
    """Implements IndicatorStore. `system` is the national portal, whose receipt of a dossier counts."""

    def __init__(self, pool: Pool, *, system: str = "portal") -> None:
        self._pool = pool
        self._system = system

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["PostgresTurn | None"]:
        async with transaction(self._pool) as borrowed:
            if not await borrowed.fetchval(_TRY, Lock.INDICATORS.value, COUNTING):
                yield None
                return
            row = await queries("indicators").read_state(borrowed)
            yield PostgresTurn(borrowed, self._system, KeeperState(**dict(row)))

    async def state(self) -> KeeperState:
        async with connection(self._pool) as borrowed:
            return KeeperState(**dict(await queries("indicators").see_state(borrowed)))

    async def standing(self) -> CountingStanding:
        """Say how far counting and publishing have come."""
        async with connection(self._pool) as borrowed:
            return CountingStanding(**dict(await queries("indicators").standing(borrowed)))

    @asynccontextmanager
    async def survey(self) -> AsyncIterator["PostgresTurn"]:
        async with connection(self._pool) as borrowed, borrowed.transaction(isolation="repeatable_read", readonly=True):
            row = await queries("indicators").see_state(borrowed)
            yield PostgresTurn(borrowed, self._system, KeeperState(**dict(row)))

    @asynccontextmanager
    async def look(self, code: str) -> AsyncIterator["tuple[PostgresTurn, StoredFact] | None"]:
        sql = queries("indicators")
        async with transaction(self._pool) as borrowed:
            row = await sql.fact_by_code(borrowed, code=code)
            if row is None:
                yield None
                return
            state = KeeperState(**dict(await sql.see_state(borrowed)))
            yield PostgresTurn(borrowed, self._system, state), fact_of(row)


class PostgresTurn:
    """Implements CountingTurn."""

    def __init__(self, borrowed: Connection, system: str, state: KeeperState) -> None:
        self.state = state
        self._connection = borrowed
        self._system = system
        self._sql = queries("indicators")

    async def begin(self, rules: str) -> None:
        if rules == self.state.rules:
            return
        if rules.partition(" ")[0] != self.state.rules.partition(" ")[0]:
            await self._sql.clear_cells(self._connection)
            after: int | None = 0
            while after is not None:
                after = await self._sql.clear_facts(self._connection, after=after, wanted=_CLEARED_AT_ONCE)
        self.state = replace(self.state, rules=rules, revalued_to=0)

    async def due(self, now: datetime, limit: int) -> Due:
        wanted_events = limit * _EVENTS_PER_DOSSIER
        row = await self._sql.read_events(self._connection, after=self.state.event_id, wanted=wanted_events)
        if row["procedure_codes"]:
            await self._sql.wish_for_procedures(self._connection, codes=row["procedure_codes"])
        ids = set(row["dossier_ids"])
        wishes = [one["dossier_id"] async for one in self._sql.take_wishes(self._connection, wanted=limit)]
        turns = [one["dossier_id"] async for one in self._sql.at_their_turn(self._connection, now=now, wanted=limit)]
        others = [
            one["dossier_id"]
            async for one in self._sql.next_dossiers(self._connection, after=self.state.revalued_to, wanted=limit)
        ]
        is_more = row["seen"] == wanted_events or limit in (len(wishes), len(turns), len(others))
        return Due(
            dossier_ids=frozenset({*ids, *wishes, *turns, *others}),
            event_id=row["event_id"],
            revalued_to=max(others, default=self.state.revalued_to),
            is_more=is_more,
        )

    async def facts(self, dossier_ids: Sequence[int]) -> dict[int, StoredFact]:
        rows = self._sql.facts_of(self._connection, dossier_ids=sorted(dossier_ids))
        return {row["dossier_id"]: fact_of(row) async for row in rows}

    async def accepted(self, known: Mapping[int, int]) -> Sequence[AcceptedDossier]:
        revisions: dict[int, list[SealedRevision]] = {}
        pairs = sorted(known.items())
        async for row in self._sql.revisions_after(self._connection, **columns("s", pairs, 2)):
            revisions.setdefault(row["dossier_id"], []).append(
                SealedRevision(
                    revision=row["revision"],
                    is_document=row["kind"] == "replacement",
                    status=DossierStatus(row["status"]),
                    known_at=row["accepted_at"],
                    sealed=row["sealed"],
                )
            )
        rows = self._sql.accepted_dossiers(self._connection, dossier_ids=sorted(known), system=self._system)
        return [
            AcceptedDossier(
                dossier_id=row["dossier_id"],
                code=row["code"],
                wrapped_key=row["wrapped_key"],
                revisions=revisions.get(row["dossier_id"], []),
                synced_at=row["synced_at"],
                rating=None if row["rating"] is None else Rating(row["rating"]),
                rated_at=row["rated_at"],
            )
            async for row in rows
        ]

    async def neighbours(
        self, wanted: Sequence[tuple[int, Group]], without: Sequence[int]
    ) -> dict[tuple[int, Group], list[StoredFact]]:
        rows = [
            (place, dossier_id, group.kin.value, bytes.fromhex(group.key), group.procedure_code)
            for place, (dossier_id, group) in enumerate(wanted)
        ]
        limits = {f"near_{kin}": count for kin, count in NEAR.items()}
        found: dict[tuple[int, Group], list[StoredFact]] = {}
        near = self._sql.neighbours(self._connection, **columns("s", rows, 5), without=without, **limits)
        async for row in near:
            found.setdefault(wanted[row["place"]], []).append(fact_of(row))
        return found

    async def procedures(self, codes: Sequence[str]) -> dict[str, list[ProcedureVersion]]:
        found: dict[str, list[ProcedureVersion]] = {}
        async for row in self._sql.versions_of(self._connection, codes=sorted(codes)):
            found.setdefault(row["code"], []).append(version_of(row))
        return found

    async def petitioned(self, codes: Sequence[str]) -> dict[str, datetime]:
        rows = self._sql.petitioned(self._connection, codes=sorted(codes))
        return {row["dossier_code"]: row["received_at"] async for row in rows}

    async def judged_since(self, changes_count: int) -> Sequence[int] | None:
        if changes_count < self.state.changes_count - _JUDGED_KEPT:
            return None
        rows = self._sql.judged_since(self._connection, changes_count=changes_count)
        return [row["dossier_id"] async for row in rows]

    async def of_period(self, period: Period, among: Sequence[int] | None = None) -> AsyncIterator[list[StoredFact]]:
        days = {"first_on": period.first_on, "after_on": period.after_on, "ended_at": period.end}
        if among is None:
            rows = self._sql.of_period(self._connection, **days)
        else:
            rows = self._sql.some_of_period(self._connection, **days, dossier_ids=among)
        found: list[StoredFact] = []
        async for row in rows:
            found.append(fact_of(row))
            if len(found) == _FACTS_AT_ONCE:
                yield found
                found = []
        if found:
            yield found

    async def confirmed(self, codes: Sequence[str]) -> frozenset[str]:
        return frozenset([row["key"] async for row in self._sql.confirmed(self._connection, codes=sorted(codes))])

    async def wish_for(self, dossier_ids: Sequence[int]) -> None:
        await self._sql.wish_for(self._connection, dossier_ids=sorted(dossier_ids))

    async def save(
        self,
        changes: Sequence[tuple[StoredFact | None, StoredFact]],
        cells: Mapping[CellKey, Mapping[int, int]],
        now: datetime,
    ) -> None:
        former = [new.dossier_id for old, new in changes if old is not None and old.recorded_at != new.recorded_at]
        if former:
            rows = self._sql.keep_former(
                self._connection, dossier_ids=sorted(former), published_at=self.state.published_at, now=now
            )
            [row async for row in rows]
        rows = self._sql.save_facts(self._connection, **columns("s", [row_of(new) for _, new in changes], 20))
        [row async for row in rows]
        await add_cells(self._connection, cells)

    async def dossiers_after(self, dossier_id: int, limit: int) -> Sequence[int]:
        rows = self._sql.next_dossiers(self._connection, after=dossier_id, wanted=limit)
        return [row["dossier_id"] async for row in rows]

    async def counted_days(self) -> tuple[date, date] | None:
        row = await self._sql.counted_days(self._connection)
        return None if row["first_on"] is None else (row["first_on"], row["last_on"])

    async def counted_between(self, first_on: date, after_on: date) -> Sequence[Counted]:
        rows = self._sql.counted_between(self._connection, first_on=first_on, after_on=after_on)
        return [_counted(row) async for row in rows]

    async def cells_between(self, first_on: date, after_on: date) -> dict[CellKey, dict[int, int]]:
        rows = self._sql.cells_between(self._connection, first_on=first_on, after_on=after_on)
        cells = {}
        async for row in rows:
            key = CellKey(
                row["agency_code"], row["procedure_code"], Grain(row["grain"]), row["begins_on"], row["is_group"]
            )
            cell = {place: count for place, count in enumerate(row["counts"]) if count}
            times = {View.GATEWAY: row["time_gateway"], View.NATIONAL: row["time_national"]}
            cell |= {TIME_PLACES[view]: time for view, time in times.items() if time}
            if cell:
                cells[key] = cell
        return cells

    async def replace_cells(self, first_on: date, after_on: date, cells: Mapping[CellKey, Mapping[int, int]]) -> None:
        await self._sql.clear_cells_between(self._connection, first_on=first_on, after_on=after_on)
        await add_cells(self._connection, cells)

    async def finish(self, due: Due, rules: str, now: datetime, *, is_complete: bool, judged: Sequence[int]) -> None:
        await self._sql.finish(
            self._connection,
            event_id=due.event_id,
            rules=rules,
            revalued_to=due.revalued_to,
            now=now,
            is_complete=is_complete,
            judged_count=len(judged),
        )
        if judged:
            await self._sql.note_judged(self._connection, dossier_ids=judged)
            await self._sql.forget_judged(self._connection, kept=_JUDGED_KEPT)


async def add_cells(borrowed: Connection, cells: Mapping[CellKey, Mapping[int, int]]) -> None:
    """Add to stored cells, in the order of their keys."""
    rows = [(*key, *_sums(cell)) for key, cell in sorted(cells.items())]
    if rows:
        [row async for row in queries("indicators").add_to_cells(borrowed, **columns("s", rows, 8))]


def _sums(cell: Mapping[int, int]) -> tuple[str, int, int]:
    # What is 0 behind the last count is left out.
    length = 1 + max((place for place in cell if place not in TIMES), default=-1)
    counts = ",".join("0" if place in TIMES else str(cell.get(place, 0)) for place in range(length))
    return (
        f"{{{counts}}}",
        cell.get(TIME_PLACES[View.GATEWAY], 0),
        cell.get(TIME_PLACES[View.NATIONAL], 0),
    )


def fact_of(row: Any) -> StoredFact:
    """Read a stored fact."""
    keys: dict[str, Any] = {name: "" if row[name] is None else row[name].hex() for name in _KEYS}
    return StoredFact(
        dossier_id=row["dossier_id"],
        counted=_counted(row),
        record=replace(_records.decode(row["record"]), **keys),
        lag_seconds=row["lag_seconds"],
        holds_from=row["holds_from"],
        turns_at=row["turns_at"],
        recorded_at=row["recorded_at"],
    )


def _counted(row: Any) -> Counted:
    return Counted(
        agency=row["agency_code"],
        procedure=row["procedure_code"],
        is_group=row["is_group"],
        received=_contribution(row["received_on"], row["received"]),
        submitted=_contribution(row["submitted_on"], row["submitted"]),
        time_amount=row["time_amount"],
    )


def _contribution(day: Any, places: Sequence[int]) -> Contribution | None:
    return None if day is None else Contribution(day, tuple(places))


def row_of(fact: StoredFact) -> tuple[Any, ...]:
    """Give a fact's columns."""
    record = fact.record
    return (
        fact.dossier_id,
        record.code,
        *counted_columns(fact.counted),
        fact.lag_seconds,
        *(bytes.fromhex(getattr(record, name)) or None for name in _KEYS),
        fact.holds_from,
        fact.turns_at,
        fact.recorded_at,
        record.submitted_at.astimezone(VIETNAM).date(),
        msgspec.json.encode(replace(record, **_NO_KEYS)).decode(),
    )


def counted_columns(counted: Counted) -> tuple[Any, ...]:
    """Give the columns from the agency to the time."""
    received, submitted = counted.received, counted.submitted
    return (
        counted.agency,
        counted.procedure,
        counted.is_group,
        None if received is None else received.day,
        _array(received),
        None if submitted is None else submitted.day,
        _array(submitted),
        counted.time_amount,
    )


def _array(contribution: Contribution | None) -> str:
    return "{}" if contribution is None else "{" + ",".join(map(str, contribution.places)) + "}"
