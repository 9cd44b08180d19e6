"""Registers: what indicators need beside dossiers and the catalogue, as a person maintains it. Pure.

Each kind is a list of items that is put in place as a whole: agencies with levels, unit groups and successors; online
services with what the catalogue does not state; eligibility; publication decisions; what others counted; codes that
replaced others; bulk dossiers that their owner confirmed; portals whose use is measured. Source: monitoring notes §2.8.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.errors import Fault, InvalidInput
from gateway.indicators.facts import AgencyFact, ExternalCounts, PublicationFact, ServiceFact
from gateway.indicators.periods import Calendar, PeriodType, period_of
from gateway.indicators.words import ServiceState
from gateway.model.procedure import ExecutingLevel, ServiceLevel
from gateway.model.vocabulary import FIRST_YEAR, LAST_YEAR, AgencyCode, DossierCode, Name, ProcedureCode
from gateway.monitoring.offers import Eligible
from gateway.monitoring.sites import TRACKER_HOST, Site

_Text = Annotated[Name, Field(max_length=300)]
# Days far beyond are typing errors, and no milestone can be counted from the last day of the calendar.
_Day = Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1), lt=date(LAST_YEAR, 1, 1))]
_Days = Annotated[int, Field(ge=0, le=10**9)]


class RegisterKind(StrEnum):
    """What a register lists."""

    AGENCIES = "agencies"
    SERVICES = "services"
    ELIGIBILITY = "eligibility"
    PUBLICATIONS = "publications"
    COUNTS = "counts"
    CONTINUITY = "continuity"
    CONFIRMED_BULK = "confirmed_bulk"
    SITES = "sites"


class _Item(BaseModel, ABC):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def key(self) -> str:
        """Name the item within its register."""


class _Dated(_Item):
    valid_from: _Day | None = None
    valid_to: _Day | None = None
    """The first day on which it no longer holds."""

    @model_validator(mode="after")
    def _must_not_end_first(self) -> "_Dated":
        if self.valid_from is not None and self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("must end after it begins")
        return self

    @property
    def days(self) -> dict[str, date | None]:
        """Give the days of a fact."""
        return {"valid_from": self.valid_from, "valid_to": self.valid_to}


class AgencyItem(_Dated):
    """An agency as it was from day to day."""

    code: AgencyCode
    level: ExecutingLevel
    unit_group: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{0,20}$")] = ""
    successor: AgencyCode | None = None

    @property
    def key(self) -> str:
        return f"{self.code} {self.valid_from or ''}"


class ServiceItem(_Dated):
    """An online service with what the catalogue does not state; its procedure's catalogue entry no longer counts."""

    service_key: _Text
    procedure_code: ProcedureCode
    service_level: ServiceLevel
    agencies: tuple[AgencyCode, ...] = ()
    state: ServiceState = ServiceState.PUBLISHED
    is_integrated: bool = False
    is_online_only: bool = False
    proactive_level: Annotated[int, Field(ge=0, le=4)] = 0
    executing_level: ExecutingLevel = ExecutingLevel.PROVINCE
    approved_on: _Day | None = None
    test_noticed_on: _Day | None = None
    live_on: _Day | None = None

    @property
    def key(self) -> str:
        return f"{self.service_key} {self.valid_from or ''}"


class EligibilityItem(_Dated):
    """A procedure that is eligible for full online service, by a decision."""

    procedure_code: ProcedureCode
    source: _Text

    @property
    def key(self) -> str:
        return f"{self.procedure_code} {self.valid_from or ''}"


class PublicationItem(_Item):
    """A procedure in a publication decision, with the two days by which it had to be decided and made public."""

    decision: _Text
    procedure_code: ProcedureCode
    decided_on: _Day
    decision_due_on: _Day
    public_due_on: _Day
    published_on: _Day | None = None

    @property
    def key(self) -> str:
        return f"{self.decision} {self.procedure_code}"


class CountsItem(_Item):
    """What others counted for a scope ("province", "agency:H99.01") and a period."""

    scope: Annotated[str, Field(pattern=r"^[a-z_]+(:[!-~]{1,80}){0,3}$")] = "province"
    period_type: PeriodType
    period: Annotated[str, Field(max_length=40)]
    calendar: Calendar = Calendar.GREGORIAN
    national_report_count: _Days | None = None
    portal_count: _Days | None = None
    last_year_count: _Days | None = None

    @model_validator(mode="after")
    def _must_be_a_period(self) -> "CountsItem":
        try:
            period_of(self.period_type, self.period, self.calendar)
        except InvalidInput as error:
            raise ValueError(error.message) from None
        return self

    @property
    def key(self) -> str:
        return f"{self.scope} {self.calendar}:{self.period_type}:{self.period}"


class ContinuityItem(_Item):
    """A procedure's code that was replaced by another."""

    former_code: ProcedureCode
    code: ProcedureCode

    @property
    def key(self) -> str:
        return self.former_code


class ConfirmedItem(_Item):
    """A dossier that its owner confirmed as artificial (DQ-15)."""

    dossier_code: DossierCode
    confirmed_by: _Text

    @property
    def key(self) -> str:
        return self.dossier_code


class SiteItem(_Item):
    """A public portal of the province and its number in the national system's measuring of use."""

    url: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[!-~]{0,500})?$")]
    site_id: Annotated[int, Field(ge=1, le=10**9)]
    host: Annotated[str, Field(pattern=r"^[a-z0-9.-]{3,200}$")] = TRACKER_HOST

    @property
    def key(self) -> str:
        return self.url


ITEMS: Mapping[RegisterKind, type[_Item]] = {
    RegisterKind.AGENCIES: AgencyItem,
    RegisterKind.SERVICES: ServiceItem,
    RegisterKind.ELIGIBILITY: EligibilityItem,
    RegisterKind.PUBLICATIONS: PublicationItem,
    RegisterKind.COUNTS: CountsItem,
    RegisterKind.CONTINUITY: ContinuityItem,
    RegisterKind.CONFIRMED_BULK: ConfirmedItem,
    RegisterKind.SITES: SiteItem,
}


def read_items(kind: RegisterKind, items: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Check a register's items; give them by key, as they are stored.

    Raises InvalidInput with every fault: shape, a key twice, versions that hold on one day together.
    """
    faults: list[Fault] = []
    read: dict[str, _Item] = {}
    for place, item in enumerate(items):
        try:
            one = ITEMS[kind].model_validate(item, strict=False)
        except ValidationError as error:
            faults += [
                Fault(
                    "/".join(("/items", str(place), *map(str, found["loc"]))),
                    found["msg"].removeprefix("Value error, "),
                )
                for found in error.errors(include_url=False, include_input=False)
            ]
            continue
        if one.key in read:
            faults.append(Fault(f"/items/{place}", "must stand once", one.key))
        read[one.key] = one
    faults += _overlaps(read.values())
    if faults:
        raise InvalidInput("the register cannot be used", faults, code="register_faulty")
    return {key: one.model_dump(mode="json", exclude_defaults=True) for key, one in read.items()}


def agency_facts(documents: Sequence[Mapping[str, Any]]) -> list[AgencyFact]:
    """Give the agencies."""
    items = [AgencyItem.model_validate(one) for one in documents]
    return [
        AgencyFact(code=one.code, level=one.level, unit_group=one.unit_group, successor=one.successor or "", **one.days)
        for one in items
    ]


def registered_services(documents: Sequence[Mapping[str, Any]]) -> list[ServiceFact]:
    """Give the services."""
    items = [ServiceItem.model_validate(one) for one in documents]
    return [
        ServiceFact(
            key=one.service_key,
            agencies=frozenset(one.agencies),
            **one.model_dump(exclude={"service_key", "agencies"}),
        )
        for one in items
    ]


def publication_facts(documents: Sequence[Mapping[str, Any]]) -> list[PublicationFact]:
    """Give the publication decisions."""
    return [PublicationFact(**PublicationItem.model_validate(one).model_dump()) for one in documents]


def external_counts(documents: Sequence[Mapping[str, Any]]) -> list[ExternalCounts]:
    """Give what others counted."""
    return [
        ExternalCounts(
            scope=one.scope,
            period=f"{one.calendar}:{one.period_type}:{one.period}",
            national_report_count=one.national_report_count,
            portal_count=one.portal_count,
            last_year_count=one.last_year_count,
        )
        for one in map(CountsItem.model_validate, documents)
    ]


def registered_sites(documents: Sequence[Mapping[str, Any]]) -> list[Site]:
    """Give the portals whose use is measured."""
    items = [SiteItem.model_validate(one) for one in documents]
    return [Site(url=one.url, site_id=one.site_id, host=one.host) for one in items]


def eligible_by_code(documents: Sequence[Mapping[str, Any]]) -> dict[str, list[Eligible]]:
    """Give when each procedure was eligible, and by which source."""
    found: dict[str, list[Eligible]] = {}
    for one in map(EligibilityItem.model_validate, documents):
        found.setdefault(one.procedure_code, []).append(Eligible(source=one.source, **one.days))
    return found


def _overlaps(items: Any) -> list[Fault]:
    by_name: dict[str, list[_Dated]] = {}
    for one in items:
        if isinstance(one, _Dated):
            by_name.setdefault(one.key.rpartition(" ")[0], []).append(one)
    faults = []
    for name, versions in by_name.items():
        ordered = sorted(versions, key=lambda one: one.valid_from or date.min)
        for older, newer in pairwise(ordered):
            if older.valid_to is None or older.valid_to > (newer.valid_from or date.min):
                faults.append(Fault("/items", "must not hold twice on one day", name))
    return faults
