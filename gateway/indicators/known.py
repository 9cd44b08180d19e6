"""What facts say whatever is asked of them: sorted by code once, and once for each day how procedures are offered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TypeVar

from gateway.indicators.facts import FactSet, ProcedureFact, ServiceFact
from gateway.indicators.offering import Offered, offer, with_levels
from gateway.indicators.scope import Agencies
from gateway.indicators.words import ServiceState

_OFFERS_KEPT_COUNT = 32
"""Days that are asked about in turn; each takes some hundred bytes per procedure."""


FactT = TypeVar("FactT")


class ProvinceOffer:
    """How a whole province offers its procedures on a day. `offered` holds those in force, by code."""

    def __init__(self, offered: Mapping[str, Offered], continuity: Mapping[str, str]) -> None:
        self.offered = offered
        self._continuity = continuity

    @cached_property
    def procedures(self) -> tuple[Offered, ...]:
        """Give all that is offered."""
        return tuple(self.offered.values())

    @cached_property
    def at_levels(self) -> tuple[Offered, ...]:
        """Give each procedure once per level where it applies."""
        return tuple(pair for one in self.procedures for pair in with_levels(one, None))

    @cached_property
    def online_codes(self) -> frozenset[str]:
        """Give the codes of what is offered online."""
        return frozenset(code for code, one in self.offered.items() if one.is_online)

    @cached_property
    def former_online_codes(self) -> frozenset[str]:
        """Give the same with the codes, former ones too, under which dossiers of these procedures are counted."""
        former = (code for code in self._continuity if self.current_code(code) in self.online_codes)
        return self.online_codes.union(former)

    def current_code(self, code: str) -> str:
        """Give the code that a re-coded procedure has on the day (DQ-18)."""
        if code in self.offered:
            return code
        seen: set[str] = set()
        while code not in self.offered and code not in seen and code in self._continuity:
            seen.add(code)
            code = self._continuity[code]
        return code


class Known:
    """Agencies, procedures and services, ready to be asked. Serves any number of selections of the same facts."""

    def __init__(self, facts: FactSet) -> None:
        self.agencies = Agencies(facts.agencies)
        self.versions: Mapping[str, Sequence[ProcedureFact]] = _by_code((one.code, one) for one in facts.procedures)
        self.services: Mapping[str, Sequence[ServiceFact]] = _by_code(
            (one.procedure_code, one) for one in facts.services
        )
        self._continuity = facts.continuity
        self._offers: dict[tuple[date, frozenset[ServiceState]], ProvinceOffer] = {}

    def offer_of(self, day: date, states: frozenset[ServiceState]) -> ProvinceOffer:
        """Give what the province offers on a day, counting services in these states."""
        found = self._offers.get((day, states))
        if found is None:
            if len(self._offers) >= _OFFERS_KEPT_COUNT:
                del self._offers[next(iter(self._offers))]
            in_force = (version for one in self.versions.values() for version in one if version.holds_on(day))
            offered = {fact.code: offer(fact, self.services_on(fact.code, day, states)) for fact in in_force}
            found = self._offers[day, states] = ProvinceOffer(offered, self._continuity)
        return found

    def services_on(self, code: str, day: date, states: frozenset[ServiceState]) -> list[ServiceFact]:
        """Give a procedure's services that hold on a day, those in these states."""
        return [one for one in self.services.get(code, ()) if one.holds_on(day) and one.state in states]


def _by_code(pairs: Iterable[tuple[str, FactT]]) -> dict[str, list[FactT]]:
    found: dict[str, list[FactT]] = {}
    for code, fact in pairs:
        found.setdefault(code, []).append(fact)
    return found
