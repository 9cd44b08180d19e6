"""Conditions on dossiers, and the base sets that hold them."""

from gateway.indicators.facts import DossierFact
from gateway.indicators.formulas import Base, Condition
from gateway.indicators.selection import Selection
from gateway.indicators.words import (
    COMPLETED,
    LATE,
    OPEN,
    OVERDUE,
    UNCLASSED,
    Acceptance,
    EnteredBy,
    FeeState,
    Rating,
    Reason,
    Timeliness,
    View,
)
from gateway.model.dossier import Channel, OnlinePayment

Rule = Condition[DossierFact]


def _outside(selection: Selection, key: str) -> tuple[Reason, str]:
    dossier = selection.dossier(key)
    if dossier is None:
        return Reason.UNKNOWN, ""
    return selection.dossier_outside(dossier) or Reason.UNKNOWN, dossier.excluded_by


def _submission_outside(selection: Selection, key: str) -> tuple[Reason, str]:
    dossier = selection.dossier(key)
    if dossier is None:
        return Reason.UNKNOWN, ""
    return selection.submission_outside(dossier) or Reason.UNKNOWN, dossier.excluded_by


def _key(dossier: DossierFact) -> str:
    return dossier.key


DOS: Base[DossierFact] = Base(lambda selection: selection.dossiers, _key, _outside)
SUBMISSIONS: Base[DossierFact] = Base(lambda selection: selection.submissions, _key, _submission_outside)

ONLINE = Rule(lambda _, dossier: dossier.channel is Channel.ONLINE, Reason.NOT_ONLINE)
BY_APPLICANT = Rule(lambda _, dossier: dossier.entered_by is EnteredBy.APPLICANT, Reason.BY_OFFICER)
OF_ONLINE_SERVICE = Rule(
    lambda selection, dossier: selection.current_code(dossier.procedure_code) in selection.online_codes,
    Reason.NOT_ONLINE_SERVICE,
)
FULLY_ONLINE = Rule(lambda _, dossier: dossier.is_fully_online, Reason.NOT_FULLY_ONLINE)


def _is_late(selection: Selection, found: Timeliness) -> bool:
    # A second request for supplements makes an open dossier late in the 766 index, and nowhere else.
    return found in LATE or (found is Timeliness.MULTI_SUPPLEMENT and selection.readings.view is View.NATIONAL)


def _promised(dossier: DossierFact) -> Timeliness:
    return dossier.timeliness_promised or dossier.timeliness


def _reopened(dossier: DossierFact) -> Timeliness:
    return dossier.timeliness_reopened or Timeliness.NO_DUE


def _case(dossier: DossierFact) -> Timeliness:
    return dossier.timeliness_case or dossier.timeliness


CLASSED = Rule(lambda selection, dossier: selection.class_of(dossier) not in UNCLASSED, Reason.NO_CLASS)
IN_TIME = Rule(lambda selection, dossier: not _is_late(selection, selection.class_of(dossier)), Reason.LATE)
CLASSED_PROMISED = Rule(lambda _, dossier: _promised(dossier) not in UNCLASSED, Reason.NO_CLASS)
IN_TIME_PROMISED = Rule(lambda selection, dossier: not _is_late(selection, _promised(dossier)), Reason.LATE)
REOPENED = Rule(lambda _, dossier: dossier.timeliness_reopened is not None, Reason.NOT_REOPENED)
CLASSED_REOPENED = Rule(lambda _, dossier: _reopened(dossier) not in UNCLASSED, Reason.NO_CLASS)
IN_TIME_REOPENED = Rule(lambda selection, dossier: not _is_late(selection, _reopened(dossier)), Reason.LATE)
LEADS_CASE = Rule(lambda _, dossier: dossier.case_key in ("", dossier.key), Reason.COUNTED_WITH_CASE)
CLASSED_CASE = Rule(lambda _, dossier: _case(dossier) not in UNCLASSED, Reason.NO_CLASS)
IN_TIME_CASE = Rule(lambda selection, dossier: not _is_late(selection, _case(dossier)), Reason.LATE)
FINISHED = Rule(lambda selection, dossier: selection.class_of(dossier) in COMPLETED, Reason.NOT_COMPLETED)
STILL_OPEN = Rule(lambda selection, dossier: selection.class_of(dossier) in OPEN, Reason.NOT_OPEN)
OPEN_OVERDUE = Rule(lambda selection, dossier: selection.class_of(dossier) in OVERDUE, Reason.NOT_LATE)
TIMED = Rule(lambda _, dossier: dossier.processing_time is not None, Reason.NO_PROCESSING_TIME)
ACCEPTED_LATE = Rule(
    lambda _, dossier: dossier.acceptance in (Acceptance.LATE, Acceptance.WAITING_OVERDUE), Reason.NOT_LATE
)


def of_class(wanted: Timeliness) -> Rule:
    """Ask for one class of timeliness."""
    return Rule(lambda selection, dossier: selection.class_of(dossier) is wanted, Reason.OTHER_CLASS)


def _requires_document(selection: Selection, dossier: DossierFact) -> bool:
    version = selection.version_of(dossier)
    return version is None or version.requires_document


def _has_fee(selection: Selection, dossier: DossierFact) -> bool:
    version = selection.version_of(dossier)
    return version is not None and version.has_fee


DOCUMENT_REQUIRED = Rule(_requires_document, Reason.NO_DOCUMENT_REQUIRED)
RESULT_FILE = Rule(lambda _, dossier: dossier.has_result_file, Reason.NO_RESULT_FILE)
RESULT_FILE_OR_NONE_REQUIRED = Rule(
    lambda selection, dossier: dossier.has_result_file or not _requires_document(selection, dossier),
    Reason.NO_RESULT_FILE,
)
COMPONENT_FILE = Rule(lambda _, dossier: dossier.has_component_file, Reason.NO_COMPONENT_FILE)
REUSED = Rule(lambda _, dossier: dossier.is_reused, Reason.NOT_REUSED)
PERSONAL_STORE = Rule(lambda _, dossier: dossier.uses_personal_store, Reason.NO_PERSONAL_STORE)
POPULATION_DATA = Rule(lambda _, dossier: dossier.uses_population_data, Reason.NO_POPULATION_DATA)

OF_FEE_PROCEDURE = Rule(_has_fee, Reason.NO_FEE)
NOT_ALL_ZERO = Rule(lambda _, dossier: dossier.fee is not FeeState.ZERO, Reason.FEE_ZERO)
PAID_ONLINE = Rule(
    lambda _, dossier: dossier.payment is not OnlinePayment.NONE and not dossier.is_refunded, Reason.NOT_PAID_ONLINE
)

RATED = Rule(lambda _, dossier: dossier.rating is not None, Reason.NOT_RATED)
SATISFIED = Rule(lambda _, dossier: dossier.rating in (Rating.VERY_SATISFIED, Rating.SATISFIED), Reason.NOT_SATISFIED)
NO_PETITION_OR_DISLIKE = Rule(
    lambda selection, dossier: dossier.key not in selection.petitioned and dossier.rating is not Rating.UNSATISFIED,
    Reason.PETITION_OR_DISLIKE,
)
SYNCED = Rule(
    lambda selection, dossier: dossier.synced_at is not None and dossier.synced_at <= selection.facts.as_of,
    Reason.NOT_SYNCED,
)
