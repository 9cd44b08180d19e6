"""What is counted: one frozen record per dossier, procedure, service, petition, publication and agency.

Facts hold no personal data and decide nothing: due dates, classes of timeliness and times of processing are worked out
before, from events and the working calendar. A set of facts stands for one pair of `state_at` and `as_of`: another
version of a period is another set. Instants are aware, days are local.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from gateway.errors import Fault, InvalidInput
from gateway.indicators.words import Acceptance, Answering, EnteredBy, FeeState, Rating, ServiceState, Timeliness
from gateway.model.dossier import Channel, OnlinePayment
from gateway.model.procedure import ExecutingLevel, ServiceLevel, TimeUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Holds from `valid_from` to the day before `valid_to`; None is open."""

    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether the fact holds on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyFact(Dated):
    """An agency as it was from day to day; a change of group or name is another fact with the same code.

    `unit_group` is the group of its level for targets ("1"), "" when in none. `successor` is the code that took over.
    """

    code: str
    level: ExecutingLevel
    unit_group: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFact(Dated):
    """A version of a procedure. `agencies` resolve it. `is_eligible` is for full online service, by `eligible_source`
    (the national database, or a decision's annex). `complete_parts_count` is of the 7 of Decree 63/2010 art. 8.2."""

    code: str
    levels: frozenset[ExecutingLevel]
    agencies: frozenset[str]
    field: str = ""
    is_eligible: bool = False
    eligible_source: str = ""
    has_fee: bool = False
    requires_document: bool = True
    is_for_citizens: bool = False
    complete_parts_count: int = 7
    time_unit: TimeUnit = TimeUnit.WORKING_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFact(Dated):
    """An online service of a procedure. `agencies` offer it; empty: all that resolve the procedure.

    `proactive_level` is 1 to 4 by Decree 224/2026/NĐ-CP art. 16, 0 when it is not proactive. The three days of setting
    it up are for W1.
    """

    key: str
    procedure_code: str
    service_level: ServiceLevel
    agencies: frozenset[str] = frozenset()
    state: ServiceState = ServiceState.PUBLISHED
    is_integrated: bool = False
    is_online_only: bool = False
    proactive_level: int = 0
    executing_level: ExecutingLevel = ExecutingLevel.PROVINCE
    approved_on: date | None = None
    test_noticed_on: date | None = None
    live_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFact:
    """A dossier as it stood at the measuring instant.

    `timeliness` is against the legal due date, `timeliness_promised` against the date first promised, `…_national` as
    the 766 index reads it, `…_reopened` of the second finish, `…_case` of a refusal and its re-submission together
    (None: as `timeliness`, or no such thing). `case_key` is the key of the dossier that the case began with.
    `processing_time` is net, in the unit of the procedure. `has_result_file` is a verified one. `excluded_by` is the
    rule of data quality that leaves it out ("DQ-03"). A group (liên thông) counts under its own procedure only, its
    components everywhere. `known_at` is when the gateway first knew it, `synced_at` when
    the national portal acknowledged it.
    """

    key: str
    procedure_code: str
    resolving_agency: str
    known_at: datetime
    receiving_agency: str = ""
    channel: Channel | None = None
    submitted_at: datetime | None = None
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    synced_at: datetime | None = None
    due_at: datetime | None = None
    due_promised_at: datetime | None = None
    timeliness: Timeliness = Timeliness.NO_DUE
    timeliness_promised: Timeliness | None = None
    timeliness_national: Timeliness | None = None
    timeliness_reopened: Timeliness | None = None
    timeliness_case: Timeliness | None = None
    case_key: str = ""
    processing_time: Decimal | None = None
    acceptance: Acceptance | None = None
    entered_by: EnteredBy = EnteredBy.APPLICANT
    is_fully_online: bool = False
    has_component_file: bool = False
    has_result_file: bool = False
    is_reused: bool = False
    uses_personal_store: bool = False
    uses_population_data: bool = False
    fee: FeeState = FeeState.NONE
    payment: OnlinePayment = OnlinePayment.NONE
    is_refunded: bool = False
    rating: Rating | None = None
    excluded_by: str = ""
    is_group: bool = False
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionFact:
    """A petition about service (phản ánh, kiến nghị). `dossier_key` is "" when it is about none."""

    key: str
    agency: str
    received_at: datetime
    answering: Answering
    known_at: datetime
    dossier_key: str = ""
    procedure_code: str = ""
    kind: str = ""
    likes_count: int = 0
    dislikes_count: int = 0
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationFact:
    """A procedure in a publication decision, with the two days by which it had to be decided and made public."""

    decision: str
    procedure_code: str
    decided_on: date
    decision_due_on: date
    public_due_on: date
    published_on: date | None = None

    @property
    def key(self) -> str:
        """Give the decision and its procedure."""
        return f"{self.decision}/{self.procedure_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCounts:
    """What others counted for a scope and a period, by their labels: the national report system and the portal.

    `last_year_count` stands in where both are silent.
    """

    scope: str
    period: str
    national_report_count: int | None = None
    portal_count: int | None = None
    last_year_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSet:
    """All facts as known at `as_of`. `continuity` gives the newer code of a re-coded procedure.

    Raises InvalidInput with every key that stands twice, and with versions that overlap.
    """

    as_of: datetime
    agencies: Sequence[AgencyFact] = ()
    procedures: Sequence[ProcedureFact] = ()
    services: Sequence[ServiceFact] = ()
    dossiers: Sequence[DossierFact] = ()
    petitions: Sequence[PetitionFact] = ()
    publications: Sequence[PublicationFact] = ()
    external: Sequence[ExternalCounts] = ()
    continuity: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = [
            *_twice("dossiers", [dossier.key for dossier in self.dossiers]),
            *_twice("petitions", [petition.key for petition in self.petitions]),
            *_twice("publications", [publication.key for publication in self.publications]),
            *_twice("external", [f"{counts.scope} {counts.period}" for counts in self.external]),
            *_overlaps("agencies", [(agency.code, agency) for agency in self.agencies]),
            *_overlaps("procedures", [(procedure.code, procedure) for procedure in self.procedures]),
            *_overlaps("services", [(service.key, service) for service in self.services]),
        ]
        if faults:
            raise InvalidInput("the facts contradict each other", faults, code="facts_contradict")


def _twice(kind: str, keys: Sequence[str]) -> list[Fault]:
    seen: set[str] = set()
    twice = {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]
    return [Fault(f"/{kind}/{key}", "must stand once") for key in sorted(twice)]


def _overlaps(kind: str, versions: Sequence[tuple[str, Dated]]) -> list[Fault]:
    found: set[str] = set()
    ordered = sorted(versions, key=lambda version: (version[0], version[1].valid_from or date.min))
    for (code, older), (next_code, newer) in pairwise(ordered):
        if code == next_code and (older.valid_to is None or older.valid_to > (newer.valid_from or date.min)):
            found.add(code)
    return [Fault(f"/{kind}/{code}", "must not hold twice on one day") for code in sorted(found)]
