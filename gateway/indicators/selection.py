"""The sets of a scope and a period: Proc, Elig, Onl, Full, Integ, Dos, DosOn and DosOfOnl, from one set of facts.

Each set is made once. The rule that lets a dossier into Dos is the rule that says why another stands outside.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

from gateway.indicators.facts import DossierFact, FactSet, PetitionFact, ProcedureFact, PublicationFact, ServiceFact
from gateway.indicators.known import Known, ProvinceOffer
from gateway.indicators.offering import Offered, highest, offer, with_levels
from gateway.indicators.periods import Period
from gateway.indicators.readings import Readings
from gateway.indicators.scope import PROVINCE, RollUp, Scope, ScopeKind
from gateway.indicators.words import Membership, Reason, Timeliness, View
from gateway.model.dossier import Channel
from gateway.model.vocabulary import VIETNAM

_OF_AGENCIES = (ScopeKind.AGENCY, ScopeKind.LEVEL, ScopeKind.UNIT_GROUP)


class Selection:
    """The facts of one scope and period, under one reading of what the sources leave open.

    `known` is what was made of the same facts for another selection; it is made anew when it is missing.
    """

    def __init__(
        self,
        facts: FactSet,
        period: Period,
        scope: Scope = PROVINCE,
        readings: Readings | None = None,
        *,
        known: Known | None = None,
    ) -> None:
        self.facts, self.period, self.scope = facts, period, scope
        self.readings = readings or Readings()
        self._known = known or Known(facts)
        self.agencies = self._known.agencies
        self._as_of_day = facts.as_of.astimezone(VIETNAM).date()
        self._codes_with: dict[Callable[[DossierFact], bool], frozenset[str]] = {}
        self._by_key = {dossier.key: dossier for dossier in facts.dossiers}

    # Procedures and services

    @cached_property
    def procedures(self) -> tuple[Offered, ...]:
        """Proc: the procedures in force at the end of the period that the scope's agencies resolve."""
        if self.scope.kind is ScopeKind.PROVINCE:
            return self.province.procedures
        return tuple(offered for offered in self._active.values() if self._is_procedure_in_scope(offered.fact))

    @cached_property
    def procedures_at_levels(self) -> tuple[Offered, ...]:
        """Proc once per level where it applies."""
        if self.scope.kind is ScopeKind.PROVINCE:
            return self.province.at_levels
        return tuple(pair for one in self.procedures for pair in with_levels(one, self.scope.level))

    @cached_property
    def procedures_at_highest(self) -> tuple[Offered, ...]:
        """Proc, each at the highest level where it applies."""
        wanted = self.scope.level
        return tuple(one for one in self.procedures if wanted is None or highest(one.fact) is wanted)

    def procedure_outside(self, key: str) -> Reason:
        """Say why a procedure is in none of the scope's sets."""
        code = key.partition("@")[0]
        if code in self._active:
            return Reason.OTHER_SCOPE
        return Reason.NOT_ACTIVE if code in self._known.versions else Reason.UNKNOWN

    def version_of(self, dossier: DossierFact) -> ProcedureFact | None:
        """Give the procedure as it was when the dossier came in, else as it is known at all."""
        instant = dossier.accepted_at or dossier.submitted_at
        return self.version_on(dossier.procedure_code, _day(instant) if instant else self.period.last_on)

    @property
    def procedure_codes(self) -> list[str]:
        """Give the codes of all known procedures, sorted."""
        return sorted(self._known.versions)

    def versions(self, code: str) -> Sequence[ProcedureFact]:
        """Give a procedure's versions, none for one that is not known."""
        return self._known.versions.get(code, ())

    def version_on(self, code: str, day: date) -> ProcedureFact | None:
        """Give a procedure as it was on a day, else as it is known at all; None for one that is not known."""
        versions = self.versions(code)
        return next((version for version in versions if version.holds_on(day)), versions[-1] if versions else None)

    @cached_property
    def province(self) -> ProvinceOffer:
        """Give what the whole province offers at the end of the period, whatever the scope."""
        return self._known.offer_of(self.period.last_on, self.readings.online_states)

    @property
    def online_codes(self) -> frozenset[str]:
        """Onl of the whole province: whose dossiers are in DosOfOnl, whichever agency resolves them."""
        return self.province.online_codes

    def current_code(self, code: str) -> str:
        """Give the code that a re-coded procedure has at the end of the period (DQ-18)."""
        return self.province.current_code(code)

    @cached_property
    def services_set_up(self) -> tuple[ServiceFact, ...]:
        """Give the services of the scope that went live in the period."""
        return tuple(service for service in self.facts.services if self.service_outside(service) is None)

    def service_outside(self, service: ServiceFact) -> Reason | None:
        """Say why a service is not among those set up in the period; None when it is."""
        if service.live_on is None or not self.period.has_day(service.live_on):
            return Reason.NOT_SET_UP
        offered = self._active.get(service.procedure_code)
        if offered is None:
            return Reason.NOT_ACTIVE
        return None if self._is_procedure_in_scope(offered.fact, service.agencies) else Reason.OTHER_SCOPE

    @cached_property
    def _active(self) -> Mapping[str, Offered]:
        offered = self.province.offered
        if self.scope.kind not in _OF_AGENCIES:
            return offered
        return {code: self._offer(one) for code, one in offered.items()}

    def _offer(self, offered: Offered) -> Offered:
        """Give a procedure as the scope's agencies offer it: without the services that only others have."""
        services = self._known.services.get(offered.code, ())
        if not any(one.agencies for one in services):
            return offered
        present = self._known.services_on(offered.code, self.period.last_on, self.readings.online_states)
        return offer(offered.fact, [one for one in present if self._is_offered_in_scope(one.agencies)])

    def _is_offered_in_scope(self, agencies: frozenset[str]) -> bool:
        return not agencies or any(self._is_agency_in_scope(code) for code in agencies)

    def _is_agency_in_scope(self, code: str) -> bool:
        return self.agencies.lies_in(code, self.scope, self.period.last_on)

    def _is_procedure_in_scope(self, fact: ProcedureFact, agencies: frozenset[str] = frozenset()) -> bool:
        if self.scope.kind is ScopeKind.PROCEDURE:
            return fact.code == self.current_code(self.scope.ref)
        if self.scope.kind is ScopeKind.FIELD:
            return fact.field == self.scope.ref
        if self.scope.kind is ScopeKind.PROVINCE:
            return True
        if self.scope.kind is ScopeKind.LEVEL:
            return self.scope.level in fact.levels
        return any(self._is_agency_in_scope(code) for code in agencies or fact.agencies)

    # Dossiers

    @cached_property
    def dossiers(self) -> tuple[DossierFact, ...]:
        """Dos: received in the period, after the rules of data quality."""
        return tuple(dossier for dossier in self.facts.dossiers if self.dossier_outside(dossier) is None)

    def dossier_outside(self, dossier: DossierFact) -> Reason | None:
        """Say why a dossier is not in Dos; None when it is."""
        if dossier.is_group and self.scope.kind is not ScopeKind.PROCEDURE:
            return self.unfit(dossier) or Reason.COUNTED_BY_COMPONENTS
        return self._received_outside(dossier)

    @cached_property
    def arisen(self) -> tuple[DossierFact, ...]:
        """Give the dossiers that make a service used, by the reading's membership field."""
        is_by_reception = self.readings.membership is Membership.RECEIVED_AT
        outside = self._received_outside if is_by_reception else self._arisen_outside
        return tuple(dossier for dossier in self.facts.dossiers if outside(dossier) is None)

    @cached_property
    def submissions(self) -> tuple[DossierFact, ...]:
        """Give what was submitted online in the period, accepted or not."""
        return tuple(dossier for dossier in self.facts.dossiers if self.submission_outside(dossier) is None)

    def submission_outside(self, dossier: DossierFact) -> Reason | None:
        """Say why a dossier is not among the online submissions; None when it is."""
        if dossier.channel is not Channel.ONLINE:
            return Reason.NOT_ONLINE
        if dossier.submitted_at is None:
            return Reason.NOT_SUBMITTED
        return self.unfit(dossier) or self._outside_at(dossier, dossier.submitted_at)

    def dossier(self, key: str) -> DossierFact | None:
        """Give a dossier by its key, wherever it stands."""
        return self._by_key.get(key)

    def codes_with(self, holds: Callable[[DossierFact], bool]) -> frozenset[str]:
        """Give the procedures, by their present codes, that have such a dossier; counted once for each question."""
        if holds not in self._codes_with:
            found = (dossier.procedure_code for dossier in self.arisen if holds(dossier))
            self._codes_with[holds] = frozenset(self.current_code(code) for code in found)
        return self._codes_with[holds]

    def class_of(self, dossier: DossierFact) -> Timeliness:
        """Give the class of timeliness that the view reads."""
        if self.readings.view is View.NATIONAL and dossier.timeliness_national is not None:
            return dossier.timeliness_national
        return dossier.timeliness

    def unfit(self, dossier: DossierFact) -> Reason | None:
        """Say why a dossier counts nowhere, in any scope and period; None when it does."""
        if dossier.excluded_by:
            return Reason.EXCLUDED
        if dossier.known_at > self.facts.as_of:
            return Reason.NOT_KNOWN_YET
        if self.readings.view is View.NATIONAL and not _is_by(dossier.synced_at, self.facts.as_of):
            return Reason.NOT_SYNCED
        return None

    def _received_outside(self, dossier: DossierFact) -> Reason | None:
        if dossier.accepted_at is None:
            return self.unfit(dossier) or Reason.NOT_ACCEPTED
        return self.unfit(dossier) or self._outside_at(dossier, dossier.accepted_at)

    def _arisen_outside(self, dossier: DossierFact) -> Reason | None:
        instant = dossier.accepted_at or dossier.submitted_at
        return self.unfit(dossier) or (Reason.NOT_SUBMITTED if instant is None else self._outside_at(dossier, instant))

    def _outside_at(self, dossier: DossierFact, instant: datetime) -> Reason | None:
        if not self.period.has(instant):
            return Reason.OTHER_PERIOD
        return None if self._is_dossier_in_scope(dossier, instant) else Reason.OTHER_SCOPE

    def _is_dossier_in_scope(self, dossier: DossierFact, instant: datetime) -> bool:
        if self.scope.kind is ScopeKind.PROCEDURE:
            return self.current_code(dossier.procedure_code) == self.current_code(self.scope.ref)
        if self.scope.kind is ScopeKind.FIELD:
            return self.lies_in_field(dossier.procedure_code, _day(instant))
        return self._lies_in_scope(dossier.resolving_agency, instant)

    def lies_in_field(self, code: str, day: date) -> bool:
        """Tell whether a procedure belonged to the scope's field on a day."""
        version = self.version_on(code, day)
        return version is not None and version.field == self.scope.ref

    def lies_in_scope_on(self, agency: str, day: date) -> bool:
        """Tell whether what an agency resolves belongs to a scope that is told by agencies, for a membership day."""
        if self.readings.roll_up is RollUp.CURRENT:
            present = self.agencies.successor(agency, self._as_of_day)
            return self.agencies.lies_in(present, self.scope, self._as_of_day)
        return self.agencies.lies_in(agency, self.scope, day)

    def _lies_in_scope(self, agency: str, instant: datetime) -> bool:
        return self.lies_in_scope_on(agency, _day(instant))

    # Petitions and publications

    @cached_property
    def petitions(self) -> tuple[PetitionFact, ...]:
        """Give the petitions first received in the period, each once."""
        return tuple(petition for petition in self.facts.petitions if self.petition_outside(petition) is None)

    def petition_outside(self, petition: PetitionFact) -> Reason | None:
        """Say why a petition does not count; None when it does."""
        if petition.known_at > self.facts.as_of:
            return Reason.NOT_KNOWN_YET
        if not self.period.has(petition.received_at):
            return Reason.OTHER_PERIOD
        if self.scope.kind is ScopeKind.PROCEDURE:
            is_in = self.current_code(petition.procedure_code) == self.current_code(self.scope.ref)
        elif self.scope.kind is ScopeKind.FIELD:
            offered = self._active.get(self.current_code(petition.procedure_code))
            is_in = offered is not None and offered.fact.field == self.scope.ref
        else:
            is_in = self._lies_in_scope(petition.agency, petition.received_at)
        return None if is_in else Reason.OTHER_SCOPE

    @cached_property
    def petitioned(self) -> frozenset[str]:
        """Give the keys of the dossiers that a known petition is about, whenever it came."""
        known = (petition for petition in self.facts.petitions if petition.known_at <= self.facts.as_of)
        return frozenset(petition.dossier_key for petition in known if petition.dossier_key)

    @cached_property
    def publications(self) -> dict[str, tuple[PublicationFact, ...]]:
        """Give the publications decided in the period, by procedure of the scope."""
        found: dict[str, list[PublicationFact]] = {}
        for publication in self.facts.publications:
            if self.period.has_day(publication.decided_on):
                found.setdefault(publication.procedure_code, []).append(publication)
        in_scope = {one.code for one in self.procedures}
        return {code: tuple(decisions) for code, decisions in found.items() if code in in_scope}


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()


def _is_by(instant: datetime | None, limit: datetime) -> bool:
    return instant is not None and instant <= limit
