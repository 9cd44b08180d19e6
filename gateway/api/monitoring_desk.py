"""What the pull interface of the monitoring systems works with."""

from dataclasses import dataclass, field

from gateway.engine.indicator_numbers import Numbers
from gateway.engine.indicator_reasons import Explainer
from gateway.engine.publication_parts import DetachedSigner
from gateway.engine.publishing import Publisher
from gateway.indicators.catalogue import Catalogue
from gateway.indicators.profiles import Profile
from gateway.model.working_calendar import WorkingCalendar
from gateway.store.publications import PostgresPublications
from gateway.store.registers import PostgresRegisters

_WINDOW_SECONDS = 60.0


@dataclass(slots=True)
class PullRate:
    """How often a client pulls: so many requests in a minute, counted by this process."""

    per_minute: int = 600
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def wait_seconds(self, client_id: str, now: float) -> int:
        """Count a request; give the seconds to wait when it is one too many, else 0."""
        began, count = self._windows.get(client_id, (now, 0))
        if now - began >= _WINDOW_SECONDS:
            began, count = now, 0
        self._windows[client_id] = (began, count + 1)
        return max(1, int(began + _WINDOW_SECONDS - now)) if count >= self.per_minute else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringDesk:
    """Numbers, registers and publications. `publisher` and `signer` are None where nothing is published."""

    province: str
    numbers: Numbers
    explainer: Explainer
    registers: PostgresRegisters
    publications: PostgresPublications
    catalogue: Catalogue
    profile: Profile
    calendar: WorkingCalendar
    publisher: Publisher | None = None
    signer: DetachedSigner | None = None
    rate: PullRate = field(default_factory=PullRate)
