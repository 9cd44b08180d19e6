"""What counting dossiers needs of a store: what is due, what was accepted, facts and cells in one transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.indicators.cells import CellKey, Counted
from gateway.indicators.measures import MEASURES, Membership
from gateway.indicators.periods import Period
from gateway.indicators.slices import Slice
from gateway.indicators.words import Rating
from gateway.model.procedure import ProcedureVersion
from gateway.model.status import DossierStatus
from gateway.monitoring.neighbours import Group
from gateway.monitoring.records import DossierRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperState:
    """Where the counting stands."""

    event_id: int
    rules: str
    revalued_to: int
    published_at: datetime
    counted_at: datetime
    is_complete: bool = False
    """Whether nothing is left to be counted by `rules`."""
    changes_count: int = 0
    """So many facts were ever made: another number, and some may not be what they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingStanding:
    """How far counting and publishing have come. `published_at` None: nothing was published."""

    counted_at: datetime
    backlog_count: int
    owed_count: int
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Dossiers whose facts are to be made, and how far the feed was followed for it.

    `is_more`: the next turn has work at once. `revalued_to` is the last dossier whose fact was made by these rules.
    """

    dossier_ids: frozenset[int]
    event_id: int
    revalued_to: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFact:
    """A dossier's fact as cells hold it, with the record it was made of. `lag_seconds`: None unless its lag counts.

    Of this record it was the same since `holds_from`; None: not known.
    """

    dossier_id: int
    counted: Counted
    record: DossierRecord
    lag_seconds: int | None
    holds_from: datetime | None
    turns_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFact:
    """A stored fact, and what it was at an instant; `counted` None: the dossier was not there."""

    stored: StoredFact
    counted: Counted | None
    lag_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRevision:
    """An accepted revision, sealed."""

    revision: int
    is_document: bool
    status: DossierStatus
    known_at: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDossier:
    """A dossier as it was accepted: revisions newer than those that were followed. `wrapped_key` is b"" when erased."""

    dossier_id: int
    code: str
    wrapped_key: bytes
    revisions: Sequence[SealedRevision]
    synced_at: datetime | None
    rating: Rating | None
    rated_at: datetime | None = None


class CountingTurn(Protocol):
    """One transaction, in which no other process counts."""

    @property
    def state(self) -> KeeperState:
        """Give where the counting stood at its beginning."""
        ...

    async def begin(self, rules: str) -> None:
        """Let every fact be made anew when it was made by other rules; by other measures, let cells begin anew too.

        `rules` is the measures' version, a blank, and a name for the rest.
        """
        ...

    async def due(self, now: datetime, limit: int) -> Due:
        """Give about `limit` dossiers to look at: changed, wished for, at their turn, or made by other rules."""
        ...

    async def facts(self, dossier_ids: Sequence[int]) -> Mapping[int, StoredFact]:
        """Give what is stored, by dossier."""
        ...

    async def accepted(self, known: Mapping[int, int]) -> Sequence[AcceptedDossier]:
        """Read dossiers with their revisions after the one named beside each."""
        ...

    async def neighbours(
        self, wanted: Sequence[tuple[int, Group]], without: Sequence[int]
    ) -> Mapping[tuple[int, Group], Sequence[StoredFact]]:
        """Give the facts of other dossiers of groups, by the dossier that they stand beside and its group.

        They are the NEAR accepted right before it and right behind it, those in `without` left out.
        """
        ...

    async def procedures(self, codes: Sequence[str]) -> Mapping[str, Sequence[ProcedureVersion]]:
        """Give all versions of procedures, the oldest first."""
        ...

    async def petitioned(self, codes: Sequence[str]) -> Mapping[str, datetime]:
        """Give those of the dossiers, by their codes, that a petition is about, and when the first one came."""
        ...

    async def confirmed(self, codes: Sequence[str]) -> frozenset[str]:
        """Give those of the dossiers, by their codes, that their owner confirmed as artificial."""
        ...

    async def wish_for(self, dossier_ids: Sequence[int]) -> None:
        """Let dossiers be looked at in a later turn."""
        ...

    async def save(
        self,
        changes: Sequence[tuple[StoredFact | None, StoredFact]],
        cells: Mapping[CellKey, Mapping[int, int]],
        now: datetime,
    ) -> None:
        """Store new facts in place of old ones, and add to the cells."""
        ...

    async def dossiers_after(self, dossier_id: int, limit: int) -> Sequence[int]:
        """Give dossiers in the order of their ids."""
        ...

    async def counted_days(self) -> tuple[date, date] | None:
        """Give the first and the last day of anything that is counted; None when nothing is."""
        ...

    async def counted_between(self, first_on: date, after_on: date) -> Sequence[Counted]:
        """Give what is stored of facts that stand with a day from the first to before the other."""
        ...

    async def cells_between(self, first_on: date, after_on: date) -> Mapping[CellKey, Mapping[int, int]]:
        """Give the cells that begin there; what is 0 is left out."""
        ...

    async def replace_cells(self, first_on: date, after_on: date, cells: Mapping[CellKey, Mapping[int, int]]) -> None:
        """Store cells in place of those that begin there."""
        ...

    async def finish(self, due: Due, rules: str, now: datetime, *, is_complete: bool, judged: Sequence[int]) -> None:
        """Note how far was counted, and whose facts were made; `is_complete`: nothing is left."""
        ...


class CountingSurvey(CountingTurn, Protocol):
    """A turn to read by only, over one state of everything."""

    async def judged_since(self, changes_count: int) -> Sequence[int] | None:
        """Give whose facts were made since an earlier `changes_count`; None when that is no longer known."""
        ...

    def of_period(self, period: Period, among: Sequence[int] | None = None) -> AsyncIterator[Sequence[StoredFact]]:
        """Give facts that have to do with a period and may have been others at its end, so many at a time.

        With `among` those of some dossiers only.
        """
        ...


class IndicatorStore(Protocol):
    """Keeps what is counted."""

    def turn(self) -> AbstractAsyncContextManager[CountingTurn | None]:
        """Begin a turn of counting; None when another process is at it. Raises StoreUnavailable."""
        ...

    async def state(self) -> KeeperState:
        """Give where the counting stands. Raises StoreUnavailable."""
        ...

    def survey(self) -> AbstractAsyncContextManager[CountingSurvey]:
        """Look at everything as it is now, while others count. Raises StoreUnavailable."""
        ...

    def look(self, code: str) -> AbstractAsyncContextManager[tuple[CountingTurn, StoredFact] | None]:
        """Look at a dossier by its code, with a turn to read by while others count; None for one not counted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SumsWanted:
    """Which sums: of slices, by places of measures."""

    slices: Sequence[Slice]
    places: frozenset[int]
    takes_groups: bool

    def takes(self, place: int, *, is_group: bool) -> bool:
        """Tell whether what counts at a place of a dossier, or of a group of dossiers, is asked for."""
        return self.takes_groups or not is_group or MEASURES[place].membership is not Membership.RECEIVED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWanted:
    """Which dossiers: of slices, that stand in `place` and not in `without` (None: whatever), under one of `procedures`
    (None: whichever); so many after an id."""

    slices: Sequence[Slice]
    place: int
    without: int | None
    takes_groups: bool
    procedures: frozenset[str] | None
    after: int
    limit: int


class CellReader(Protocol):
    """Reads sums."""

    async def agency_codes(self) -> frozenset[str]:
        """Give the agencies that have any dossier."""
        ...

    async def sums(self, wanted: SumsWanted) -> Mapping[int, int]:
        """Give each place's sum over the slices."""
        ...

    async def sums_by_procedure(self, wanted: SumsWanted) -> Mapping[int, Mapping[str, int]]:
        """Give each place's sum by procedure; what is 0 is left out."""
        ...

    async def lags(self, slices: Sequence[Slice], *, takes_groups: bool) -> Mapping[int, int]:
        """Give how many dossiers have each lag, in seconds."""
        ...

    async def dossiers(self, wanted: ListWanted) -> Sequence[tuple[int, str]]:
        """Give dossiers, ids with codes, in the order of their ids."""
        ...

    async def counted_at(self) -> datetime:
        """Give the instant up to which changes were counted."""
        ...
