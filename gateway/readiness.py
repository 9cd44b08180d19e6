"""What /readyz says of each national system, from what all processes share about it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gateway.api.services import SystemCondition, SystemReadiness
from gateway.store.systems import PostgresSystems
from gateway.sync.calendar import Hold, Standing

CERTIFICATE_WARNING_DAYS = 7


def gate_problems(standing: Standing) -> list[str]:
    """Say that a system is not called, why, and until when. Being closed by the calendar is no fault, but delays."""
    until = f" until {standing.opens_at.isoformat(timespec='seconds')}" if standing.opens_at is not None else ""
    match standing.hold:
        case None:
            return []
        case Hold.PAUSED:
            return ["paused by an operator"]
        case Hold.OUTAGE:
            return [f"closed{until} (announced outage)"]
        case Hold.HOURS:
            return [f"closed{until} (opening hours)"]


def system_readiness(row: Mapping[str, Any], has_catalogue: bool, problems: Sequence[str]) -> SystemReadiness:
    """Judge one system's shared row. A system that is left alone is down; anything else amiss is degraded."""
    reasons = list(problems)
    condition = SystemCondition.READY
    if row["circuit_state"] != "closed":
        condition = SystemCondition.DOWN
        retry_at = row["circuit_retry_at"]
        when = f", next try at {retry_at.isoformat(timespec='seconds')}" if retry_at else ""
        reasons.append(f"left alone after {row['circuit_failures']} failures ({row['last_failure']}){when}")
    elif row["circuit_retry_at"] is not None:
        reasons.append(f"asked for patience until {row['circuit_retry_at'].isoformat(timespec='seconds')}")
    if has_catalogue and row["procedures_synced_at"] is None:
        reasons.append("the procedure catalogue was not read yet")
    if reasons and condition is SystemCondition.READY:
        condition = SystemCondition.DEGRADED
    return SystemReadiness(system=row["system"], condition=condition, reasons=tuple(reasons))


def asked_readiness(system: str, *, is_called: bool) -> SystemReadiness:
    """Judge a system that each process watches by itself. One that is left alone keeps nothing else from working."""
    if is_called:
        return SystemReadiness(system=system, condition=SystemCondition.READY)
    return SystemReadiness(
        system=system, condition=SystemCondition.DEGRADED, reasons=("left alone for a while after failures",)
    )


def audit_readiness(fault: str) -> SystemReadiness:
    """Judge the record of looks by what keeps lines from being written. Changes are accepted without it; nothing
    personal is shown."""
    if not fault:
        return SystemReadiness(system="audit", condition=SystemCondition.READY)
    reason = (
        f"nothing can be written down ({fault}), so nothing personal is shown; `gateway audit verify`, then `reseal`"
    )
    return SystemReadiness(system="audit", condition=SystemCondition.DOWN, reasons=(reason,))


class Readiness:
    """Gives the readiness of all configured systems."""

    def __init__(
        self,
        systems: PostgresSystems,
        configured: Sequence[str],
        certificates: Callable[[], Mapping[str, float]],
        *,
        standings: Mapping[str, Callable[[], Awaitable[Standing]]] = MappingProxyType({}),
        asked: Mapping[str, Callable[[], bool]] = MappingProxyType({}),
        audit_fault: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        """`asked` are the systems that are called while a person waits, and whether this process calls them now.
        `audit_fault` tells what keeps looks from being written down, "" when nothing does."""
        self._systems = systems
        self._configured = configured
        self._certificates = certificates
        self._standings = standings
        self._asked = asked
        self._audit_fault = audit_fault

    async def __call__(self) -> list[SystemReadiness]:
        problems = [
            f"certificate {name} ends in {days_left:.0f} days"
            for name, days_left in self._certificates().items()
            if days_left < CERTIFICATE_WARNING_DAYS
        ]
        carried = [
            system_readiness(row, has_catalogue=True, problems=[*await self._held(row["system"]), *problems])
            for row in await self._systems.all()
            if row["system"] in self._configured
        ]
        asked = [asked_readiness(name, is_called=is_called()) for name, is_called in self._asked.items()]
        audit = [] if self._audit_fault is None else [audit_readiness(await self._audit_fault())]
        return [*audit, *carried, *asked]

    async def _held(self, system: str) -> list[str]:
        standing = self._standings.get(system)
        return [] if standing is None else gate_problems(await standing())
