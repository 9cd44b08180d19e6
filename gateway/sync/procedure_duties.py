"""What a published procedure must show, and whether an agency may offer it online: decisions without IO.

The parts are those of Decree 63/2010/NĐ-CP, article 8 clause 2 (name, order of steps, manner, papers, time limit,
applicants, agency; and forms, results, requirements and fees where there are any), with the place of reception, the
legal basis and the publication decision that the portal's record has beside them (portal wire notes §3.2). All are
judged; whoever asks chooses by kind.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.model.dossier import Channel
from gateway.model.procedure import AmountKind, Procedure, RequiredDocument, ServiceLevel
from gateway.ports.portal_services import OnlineService


class Obligation(StrEnum):
    """What a published procedure must show."""

    NAME = "name"
    STEPS = "steps"
    CHANNEL = "channel"
    TIME_LIMIT = "time_limit"
    FEE = "fee"
    """Every fee line says a sum, that nothing is due, or its rule in words."""
    DOCUMENTS = "documents"
    FORM = "form"
    """A form that is named can be downloaded, and one that can be downloaded has a name."""
    APPLICANTS = "applicants"
    AGENCY = "agency"
    SECTOR = "sector"
    RESULT = "result"
    LEGAL_BASIS = "legal_basis"
    RECEPTION_ADDRESS = "reception_address"
    PUBLICATION_DECISION = "publication_decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInformation:
    """Something that must be shown and is not; `path` leads to the place by codes, empty for the whole procedure."""

    obligation: Obligation
    path: str = ""


def missing_information(procedure: Procedure) -> tuple[MissingInformation, ...]:
    """Give everything that is missing; empty for a procedure that is not public, which owes nothing."""
    if not procedure.is_public:
        return ()
    found = [
        MissingInformation(obligation=obligation)
        for obligation, is_shown in (
            (Obligation.NAME, procedure.name.strip()),
            (Obligation.STEPS, any(step.strip() for case in procedure.execution_cases for step in case.steps)),
            (Obligation.CHANNEL, procedure.channels),
            (Obligation.DOCUMENTS, any(case.documents for case in procedure.document_cases)),
            (Obligation.APPLICANTS, procedure.applicant_kinds or procedure.applicant_description.strip()),
            (Obligation.AGENCY, procedure.executing_agencies or procedure.executing_agency_description.strip()),
            (Obligation.SECTOR, procedure.sectors),
            (Obligation.RESULT, procedure.results),
            (Obligation.LEGAL_BASIS, any(basis.number.strip() for basis in procedure.legal_bases)),
            (Obligation.RECEPTION_ADDRESS, procedure.reception_address.strip()),
            (Obligation.PUBLICATION_DECISION, procedure.publication_decision_id.strip()),
        )
        if not is_shown
    ]
    found.extend(_of_channels(procedure))
    for number, case in enumerate(procedure.document_cases, start=1):
        for document in case.documents:
            if not all(form.name.strip() and _is_address(form.url) for form in document.forms):
                path = f"/document_cases/{number}/documents/{_label(document)}"
                found.append(MissingInformation(obligation=Obligation.FORM, path=path))
    return tuple(dict.fromkeys(found))


def _of_channels(procedure: Procedure) -> Iterator[MissingInformation]:
    for channel in procedure.channels:
        path = f"/channels/{channel.channel}"
        if not any(limit.amount is not None or limit.description.strip() for limit in channel.time_limits):
            yield MissingInformation(obligation=Obligation.TIME_LIMIT, path=f"{path}/time_limits")
        for limit in channel.time_limits:
            for fee in limit.fees:
                says_words = any(text.strip() for text in (fee.text, fee.description, fee.url))
                if fee.amount_kind is AmountKind.TEXT and not says_words:
                    yield MissingInformation(obligation=Obligation.FEE, path=f"{path}/fees/{fee.kind or 'fee'}")


def _is_address(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) > len("https://")


def _label(document: RequiredDocument) -> str:
    return (document.code or "-").replace("/", "~1")


class OfferReason(StrEnum):
    """Why a procedure may not be offered online by an agency, or why it cannot be told."""

    RETIRED = "retired"
    NOT_PUBLIC = "not_public"
    NO_ONLINE_CHANNEL = "no_online_channel"
    NO_DECISION = "no_decision"
    """The procedure names no decision that published it."""
    DECISION_ABSENT = "decision_absent"
    """The portal says that it has no decision with the id that the procedure names."""
    INFORMATION_ONLY = "information_only"
    DECISION_NOT_READ = "decision_not_read"
    LEVEL_NOT_KNOWN = "level_not_known"
    """The portal's level code has no row in the code tables."""


_UNDECIDED = frozenset({OfferReason.DECISION_NOT_READ, OfferReason.LEVEL_NOT_KNOWN})


class Eligibility(StrEnum):
    """Whether a procedure may be offered online. What could not be asked is not a no."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNDECIDED = "undecided"


class DecisionStanding(StrEnum):
    """What is known of the decision that published a procedure."""

    NOT_NAMED = "not_named"
    NOT_READ = "not_read"
    ABSENT = "absent"
    READ = "read"


_FROM_DECISION = {
    DecisionStanding.NOT_NAMED: OfferReason.NO_DECISION,
    DecisionStanding.NOT_READ: OfferReason.DECISION_NOT_READ,
    DecisionStanding.ABSENT: OfferReason.DECISION_ABSENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineOffer:
    """One agency's online service on a procedure, how far it goes, and whether it may be offered."""

    service_code: str
    service_name: str
    agency_code: str
    level: ServiceLevel | None
    level_code: str
    eligibility: Eligibility
    reasons: tuple[OfferReason, ...]


def offer_reasons(procedure: Procedure, *, is_retired: bool, decision: DecisionStanding) -> tuple[OfferReason, ...]:
    """Give what speaks against offering the procedure online, whoever the agency and whatever the service."""
    reasons = []
    if is_retired:
        reasons.append(OfferReason.RETIRED)
    if not procedure.is_public:
        reasons.append(OfferReason.NOT_PUBLIC)
    if not any(channel.channel is Channel.ONLINE for channel in procedure.channels):
        reasons.append(OfferReason.NO_ONLINE_CHANNEL)
    if decision in _FROM_DECISION:
        reasons.append(_FROM_DECISION[decision])
    return tuple(reasons)


def online_offers(services: Iterable[OnlineService], common: Sequence[OfferReason]) -> Sequence[OnlineOffer]:
    """Judge every agency's service on a procedure, in the order of agency and service. An agency without one is not
    listed: the portal does not say that it applies a service. `common` are the reasons of the procedure itself."""
    offers = []
    for service in services:
        for application in service.applications:
            reasons = list(common)
            if application.level is None:
                reasons.append(OfferReason.LEVEL_NOT_KNOWN)
            elif application.level is ServiceLevel.INFORMATION:
                reasons.append(OfferReason.INFORMATION_ONLY)
            offers.append(
                OnlineOffer(
                    service_code=service.code,
                    service_name=service.name,
                    agency_code=application.agency_code,
                    level=application.level,
                    level_code=application.level_code,
                    eligibility=eligibility(reasons),
                    reasons=tuple(reasons),
                )
            )
    return sorted(offers, key=lambda offer: (offer.agency_code, offer.service_code, offer.level_code))


def eligibility(reasons: Collection[OfferReason]) -> Eligibility:
    """Judge reasons: without any it may be offered; with none but those that wait for an answer it cannot be told."""
    if not reasons:
        return Eligibility.ELIGIBLE
    return Eligibility.UNDECIDED if set(reasons) <= _UNDECIDED else Eligibility.NOT_ELIGIBLE
