"""What publishing is given: who signs, who keeps the chain, and what is published."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from gateway.indicators.cells import Counted
from gateway.indicators.periods import Calendar, Period, PeriodType
from gateway.monitoring.changed_facts import ChangedFact
from gateway.monitoring.manifests import FileEntry, SignedManifest
from gateway.monitoring.observations import SnapshotHead, StateAt
from gateway.monitoring.publications import PublicationRules, Published


class DetachedSigner(Protocol):
    """Signs bytes that stand elsewhere."""

    def sign_detached(self, token_type: str, body: bytes) -> str:
        """Give a compact JWS without its payload."""
        ...

    def public_keys(self) -> Sequence[dict[str, Any]]:
        """Give the keys to verify with, as JWKs."""
        ...


class PublicationStore(Protocol):
    """Keeps the chain."""

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """Tell whether this process may publish; no other may until the block ends."""
        ...

    def still(self) -> AbstractAsyncContextManager[bool]:
        """Keep everybody from counting until the block ends; False when somebody counts and does not end."""
        ...

    async def completed_at(self, rules: str) -> datetime | None:
        """Give the instant up to which everything was counted by these rules; None while something is left."""
        ...

    async def last(self, period: Period, state_at: StateAt) -> tuple[Published, str] | None:
        """Give a period's last publication with the id of its snapshot; None before the first."""
        ...

    async def end_of_chain(self) -> tuple[int, str]:
        """Give position and manifest digest of the newest publication; (0, "") before the first."""
        ...

    async def add(
        self,
        period: Period,
        head: SnapshotHead,
        signed: SignedManifest,
        files: Sequence[FileEntry],
        *,
        position: int,
        restatements: Sequence[Mapping[str, Any]],
        digests: Mapping[str, str],
        approver: str,
        cut: Mapping[str, Counted | None],
    ) -> None:
        """Store a publication whole. `cut` are, by code, the dossiers that it holds otherwise than facts do."""
        ...

    async def note_owed(self, period: Period, state_at: StateAt, changes_count: int, now: datetime) -> None:
        """Note that final figures changed and wait for a person."""
        ...

    async def note_settled(self, period: Period, state_at: StateAt) -> None:
        """Note that nothing of a period waits for a person any more."""
        ...

    async def changed_facts(self, period: Period, since: datetime) -> list[ChangedFact]:
        """Give the facts of a period that are not what they were at an instant."""
        ...

    async def forget_cut_facts(self, before: date) -> None:
        """Delete what is kept of publications of periods that ended before a day."""
        ...

    async def cut_facts(self, period: Period) -> list[ChangedFact]:
        """Give what the last publication of a period's end held otherwise than facts did, beside the facts of now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingSettings:
    """What is published. `province` is its code ("H99"); periods that ended before `begins_on` are not.

    `counted_by` names the rules of counting: what other rules counted, or these have not counted to the end, is not
    published.
    """

    province: str
    counted_by: str
    begins_on: date
    period_types: tuple[PeriodType, ...] = (PeriodType.MONTH, PeriodType.QUARTER, PeriodType.YEAR)
    calendars: tuple[Calendar, ...] = (Calendar.GREGORIAN,)
    states_at: tuple[StateAt, ...] = (StateAt.AS_OF, StateAt.PERIOD_END)
    rules: PublicationRules = field(default_factory=PublicationRules)
    restated_for: timedelta = timedelta(days=400)
    """For how long after their final figures periods are still looked at."""
    calendar_version: str = ""
    tries_count: int = 40
    """How often it is looked whether everything is counted, before the next time."""
