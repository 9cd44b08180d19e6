"""The catalogue as indicators see it: versions of procedures with their days, and the services that they are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.indicators.facts import Dated, ProcedureFact, ServiceFact
from gateway.model.dossier import Channel
from gateway.model.procedure import AmountKind, Procedure, ProcedureVersion, ServiceLevel, TimeUnit

CITIZEN_WORDS = ("công dân", "người việt nam định cư ở nước ngoài", "người nước ngoài", "cá nhân")
"""Words of the catalogue's kinds of applicants that mean people (766 index 4.5a)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligible(Dated):
    """Days on which a procedure was eligible for full online service, and by which source."""

    source: str


def with_eligibility(fact: ProcedureFact, known: Sequence[Eligible]) -> list[ProcedureFact]:
    """Cut a procedure's fact where its eligibility begins and ends."""
    edges = {day for one in known for day in (one.valid_from, one.valid_to) if day is not None and fact.holds_on(day)}
    starts = [fact.valid_from, *sorted(edges - {fact.valid_from})]
    found = []
    for since, until in zip(starts, [*starts[1:], fact.valid_to], strict=True):
        source = next((one.source for one in known if one.holds_on(since or date.min)), "")
        found.append(replace(fact, valid_from=since, valid_to=until, is_eligible=bool(source), eligible_source=source))
    return found


def procedure_facts(versions: Sequence[ProcedureVersion]) -> list[ProcedureFact]:
    """Give a procedure's facts, one a version, the oldest first; what it was before it was first read is not known
    otherwise, so its first version has no first day. Versions read on one day leave the last of them."""
    return [_fact(procedure, since, until) for procedure, since, until in _dated(versions)]


def service_facts(versions: Sequence[ProcedureVersion]) -> list[ServiceFact]:
    """Give the online services that the catalogue itself states; what is public there is offered on the portal."""
    return [
        ServiceFact(
            key=f"{procedure.code} catalogue {number}",
            procedure_code=procedure.code,
            service_level=procedure.service_level,
            is_integrated=procedure.is_public,
            valid_from=since,
            valid_to=until,
        )
        for number, (procedure, since, until) in enumerate(_dated(versions), 1)
        if procedure.service_level not in (None, ServiceLevel.INFORMATION)
    ]


def _dated(versions: Sequence[ProcedureVersion]) -> list[tuple[Procedure, date | None, date | None]]:
    found: list[tuple[Procedure, date | None, date | None]] = []
    ordered = sorted(versions, key=lambda one: one.version_number)
    for one, after in zip(ordered, [*ordered[1:], None], strict=True):
        since = one.seen_on if found else None
        until = one.retired_on if after is None else after.seen_on
        if since is None or until is None or since < until:
            found.append((one.procedure, since, until))
    return found


def _fact(procedure: Procedure, since: date | None, until: date | None) -> ProcedureFact:
    fees = [fee for channel in procedure.channels for limit in channel.time_limits for fee in limit.fees]
    agencies = (*procedure.executing_agencies, *procedure.competent_agencies, *procedure.delegated_agencies)
    return ProcedureFact(
        code=procedure.code,
        levels=frozenset(procedure.executing_levels),
        agencies=frozenset(agency.code for agency in agencies if agency.code),
        field=procedure.sectors[0].code if procedure.sectors else "",
        has_fee=any(_is_charged(fee.amount_kind, fee.amount_vnd) for fee in fees),
        requires_document=bool(procedure.results),
        is_for_citizens=any(
            word in kind.name.casefold() for kind in procedure.applicant_kinds for word in CITIZEN_WORDS
        ),
        complete_parts_count=_parts_count(procedure),
        time_unit=_unit(procedure),
        valid_from=since,
        valid_to=until,
    )


def _is_charged(kind: AmountKind, amount_vnd: int | None) -> bool:
    return kind is AmountKind.TEXT or (kind is AmountKind.FIXED and bool(amount_vnd))


def _parts_count(procedure: Procedure) -> int:
    """Count the parts of Decree 63/2010 art. 8.2: name, order, way, papers, time limit, applicants, agency."""
    parts = (
        procedure.name,
        any(case.steps for case in procedure.execution_cases),
        procedure.channels,
        any(case.documents for case in procedure.document_cases),
        any(limit.amount or limit.description for one in procedure.channels for limit in one.time_limits),
        procedure.applicant_kinds or procedure.applicant_description,
        procedure.executing_agencies or procedure.executing_agency_description,
    )
    return sum(bool(part) for part in parts)


def _unit(procedure: Procedure) -> TimeUnit:
    limits = [
        limit
        for wanted in (Channel.ONLINE, Channel.IN_PERSON, Channel.POSTAL)
        for one in procedure.channels
        if one.channel is wanted
        for limit in one.time_limits
        if limit.amount and limit.unit is not TimeUnit.OTHER
    ]
    return limits[0].unit if limits else TimeUnit.WORKING_DAY
