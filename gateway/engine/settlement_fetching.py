"""Fetches daily files from the providers that give them, from the morning after on, until they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.engine.payment_records import ConfiguredProvider, PaymentRecords
from gateway.engine.settlement import SettlementNotPossible, Settlements, Told
from gateway.errors import IntegrityFailed, RemoteError
from gateway.model.vocabulary import VIETNAM
from gateway.ports.payments import Capability
from gateway.sync.settlement_sides import missing_days


@dataclass(frozen=True)
class FetchingHours:
    """When files are asked for; assumed, since no source shows it (payment notes §10.3, U18)."""

    available_hour: int = 8
    """Hour in Viet Nam at which the file of the day before is there."""
    missed_hour: int = 12
    """From this hour on a person is told of a file that is not there."""
    days_back: int = 10
    """How far back files are asked for."""


class SettlementFetcher:
    """One process's share; several may fetch at once, since a file is taken once."""

    def __init__(
        self, settlements: Settlements, records: PaymentRecords, hours: FetchingHours = FetchingHours()
    ) -> None:
        self._settlements = settlements
        self._records = records
        self._hours = hours
        self._told: set[tuple[str, str, date, date]] = set()
        """What a person was told on which day: provider, word, file's day, today."""

    async def turn(self) -> None:
        """Fetch what is due. Raises StoreUnavailable and AuditBroken."""
        now = self._records.clock.now()
        for known in self._records.providers.values():
            if Capability.SETTLEMENT in known.provider.capabilities:
                for day in await self._due(known, now):
                    await self._fetch(known, day, now)

    async def _due(self, known: ConfiguredProvider, now: datetime) -> Sequence[date]:
        store, name, hours = self._settlements.store, known.provider.name, self._hours
        first = await store.first_day(name)
        if first is None:
            return []
        taken = await store.taken_days(name, first)
        return missing_days(taken, first, now, available_hour=hours.available_hour, days_count=hours.days_back)

    async def _fetch(self, known: ConfiguredProvider, day: date, now: datetime) -> None:
        provider = known.provider
        try:
            file = await known.call(lambda: provider.settlement(day))
            if file is None:
                self._tell_missing(provider.name, day, now)
                return
            told = Told(provider=provider.name, day=day, name=file.name, content=file.content, digest=file.sha256)
            await self._settlements.take(told)
        except IntegrityFailed:
            # Nothing of it counts; the provider may put it right.
            self._tell("settlement_broken", provider.name, day, now)
        except RemoteError:
            # What cannot be fetched is as missing as what is not there; the other days and providers go on.
            self._tell_missing(provider.name, day, now)
        except SettlementNotPossible:
            # Another process is at it.
            return

    def _tell_missing(self, provider: str, day: date, now: datetime) -> None:
        local = now.astimezone(VIETNAM)
        if local.hour >= self._hours.missed_hour or (local.date() - day).days > 1:
            self._tell("settlement_missing", provider, day, now)

    def _tell(self, word: str, provider: str, day: date, now: datetime) -> None:
        sign = (provider, word, day, now.astimezone(VIETNAM).date())
        if sign not in self._told:
            self._told.add(sign)
            self._records.alert(f"payment_{word}", provider=provider)
