"""How a procedure is offered: its services put together, and the levels where it applies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.indicators.facts import ProcedureFact, ServiceFact
from gateway.model.procedure import ExecutingLevel, ServiceLevel

_LEVELS = (ExecutingLevel.MINISTRY, ExecutingLevel.PROVINCE, ExecutingLevel.DISTRICT, ExecutingLevel.COMMUNE)
_SERVICE_RANK = {ServiceLevel.INFORMATION: 0, ServiceLevel.PARTIAL: 1, ServiceLevel.FULL: 2}


@dataclass(frozen=True, slots=True)
class Offered:
    """A procedure as it is offered at the end of the period: a service at two levels counts at its highest.

    `key` is its code, or code and level where a procedure counts once per level.
    """

    key: str
    fact: ProcedureFact
    service_level: ServiceLevel
    is_integrated: bool
    proactive_level: int

    @property
    def code(self) -> str:
        """Give the procedure's code."""
        return self.fact.code

    @property
    def is_online(self) -> bool:
        """Tell whether it is offered online, in part or in full."""
        return self.service_level is not ServiceLevel.INFORMATION

    @property
    def is_full(self) -> bool:
        """Tell whether it is offered as full online service (toàn trình)."""
        return self.service_level is ServiceLevel.FULL


def offer(fact: ProcedureFact, services: Sequence[ServiceFact]) -> Offered:
    """Put the services of a procedure together."""
    level = max(
        (service.service_level for service in services),
        key=lambda level: _SERVICE_RANK[level],
        default=ServiceLevel.INFORMATION,
    )
    return Offered(
        fact.code,
        fact,
        level,
        any(service.is_integrated for service in services),
        max((service.proactive_level for service in services), default=0),
    )


def with_levels(offered: Offered, wanted: ExecutingLevel | None) -> list[Offered]:
    """Give a procedure once per level where it applies, or once at the wanted level."""
    levels = [level for level in _LEVELS if level in offered.fact.levels and wanted in (None, level)]
    return [replace(offered, key=f"{offered.code}@{level}") for level in levels]


def highest(fact: ProcedureFact) -> ExecutingLevel | None:
    """Give the highest level where a procedure applies; None when it names none."""
    return next((level for level in _LEVELS if level in fact.levels), None)
