"""Conditions on procedures, services and petitions, and the base sets that hold them."""

from collections.abc import Callable

from gateway.indicators.facts import DossierFact, PetitionFact, ServiceFact
from gateway.indicators.formulas import Base, Condition
from gateway.indicators.offering import Offered
from gateway.indicators.selection import Selection
from gateway.indicators.set_up import live_due_on, set_up_due_on
from gateway.indicators.words import Answering, FeeState, Reason
from gateway.model.dossier import Channel, OnlinePayment

_ALL_PARTS_COUNT = 7


def _procedure_outside(selection: Selection, key: str) -> tuple[Reason, str]:
    return selection.procedure_outside(key), ""


def _announced_outside(selection: Selection, key: str) -> tuple[Reason, str]:
    is_in_scope = any(one.code == key for one in selection.procedures)
    return (Reason.NO_DECISION if is_in_scope else selection.procedure_outside(key)), ""


def _announced(selection: Selection) -> list[Offered]:
    return [one for one in selection.procedures if one.code in selection.publications]


def _service_outside(selection: Selection, key: str) -> tuple[Reason, str]:
    service = next((one for one in selection.facts.services if one.key == key), None)
    return (service and selection.service_outside(service)) or Reason.UNKNOWN, ""


def _petition_outside(selection: Selection, key: str) -> tuple[Reason, str]:
    petition = next((one for one in selection.facts.petitions if one.key == key), None)
    return (petition and selection.petition_outside(petition)) or Reason.UNKNOWN, ""


def _key(element: Offered | ServiceFact | PetitionFact) -> str:
    return element.key


PROC: Base[Offered] = Base(lambda selection: selection.procedures, _key, _procedure_outside)
PROC_AT_LEVELS: Base[Offered] = Base(lambda selection: selection.procedures_at_levels, _key, _procedure_outside)
PROC_AT_HIGHEST: Base[Offered] = Base(lambda selection: selection.procedures_at_highest, _key, _procedure_outside)
ANNOUNCED: Base[Offered] = Base(_announced, _key, _announced_outside)
SET_UP: Base[ServiceFact] = Base(lambda selection: selection.services_set_up, _key, _service_outside)
PETITIONS: Base[PetitionFact] = Base(lambda selection: selection.petitions, _key, _petition_outside)

ELIGIBLE: Condition[Offered] = Condition(lambda _, one: one.fact.is_eligible, Reason.NOT_ELIGIBLE)
ONLINE_SERVICE: Condition[Offered] = Condition(lambda _, one: one.is_online, Reason.NOT_ONLINE_SERVICE)
FULL: Condition[Offered] = Condition(lambda _, one: one.is_full, Reason.NOT_FULL)
INTEGRATED: Condition[Offered] = Condition(lambda _, one: one.is_integrated, Reason.NOT_INTEGRATED)
FOR_CITIZENS: Condition[Offered] = Condition(lambda _, one: one.fact.is_for_citizens, Reason.NOT_FOR_CITIZENS)
WITH_FEE: Condition[Offered] = Condition(lambda _, one: one.fact.has_fee, Reason.NO_FEE)
COMPLETE: Condition[Offered] = Condition(
    lambda _, one: one.fact.complete_parts_count >= _ALL_PARTS_COUNT, Reason.PARTS_MISSING
)


def proactive(level: int) -> Condition[Offered]:
    """Ask for one level of proactive service."""
    return Condition(lambda _, one: one.proactive_level == level, Reason.NOT_PROACTIVE)


def with_dossier(holds: Callable[[DossierFact], bool], reason: Reason) -> Condition[Offered]:
    """Ask for at least one dossier of the period that fulfils something; `holds` must be a function of a module."""
    return Condition(lambda selection, one: one.code in selection.codes_with(holds), reason)


def _is_there(_: DossierFact) -> bool:
    return True


def _is_online(dossier: DossierFact) -> bool:
    return dossier.channel is Channel.ONLINE


def _is_charged(dossier: DossierFact) -> bool:
    return dossier.fee is FeeState.CHARGED


def _is_paid(dossier: DossierFact) -> bool:
    return dossier.payment is not OnlinePayment.NONE and not dossier.is_refunded


def _is_finished_online(dossier: DossierFact) -> bool:
    return dossier.channel is Channel.ONLINE and dossier.is_fully_online and dossier.finished_at is not None


def _uses_population_data(dossier: DossierFact) -> bool:
    return dossier.uses_population_data


QUESTIONS: tuple[Callable[[DossierFact], bool], ...] = (
    _is_there,
    _is_online,
    _is_charged,
    _is_paid,
    _is_finished_online,
    _uses_population_data,
)
"""All that is asked of a procedure's dossiers, one of which has to fulfil it."""

WITH_DOSSIER = with_dossier(_is_there, Reason.NO_DOSSIER)
WITH_ONLINE_DOSSIER = with_dossier(_is_online, Reason.NO_ONLINE_DOSSIER)
WITH_FINISHED_ONLINE_DOSSIER = with_dossier(_is_finished_online, Reason.NO_FINISHED_ONLINE_DOSSIER)
WITH_FEE_DOSSIER = with_dossier(_is_charged, Reason.NO_FEE_DOSSIER)
WITH_PAID_DOSSIER = with_dossier(_is_paid, Reason.NO_PAID_DOSSIER)
WITH_POPULATION_DOSSIER = with_dossier(_uses_population_data, Reason.NO_POPULATION_DATA)
QUESTION_OF: dict[Condition[Offered], Callable[[DossierFact], bool]] = {
    WITH_DOSSIER: _is_there,
    WITH_ONLINE_DOSSIER: _is_online,
    WITH_FINISHED_ONLINE_DOSSIER: _is_finished_online,
    WITH_FEE_DOSSIER: _is_charged,
    WITH_PAID_DOSSIER: _is_paid,
    WITH_POPULATION_DOSSIER: _uses_population_data,
}
"""What each condition asks of a procedure's dossiers; a condition that is not here asks nothing of them."""

DECIDED_IN_TIME: Condition[Offered] = Condition(
    lambda selection, one: all(it.decided_on <= it.decision_due_on for it in selection.publications[one.code]),
    Reason.DECIDED_LATE,
)
PUBLISHED_IN_TIME: Condition[Offered] = Condition(
    lambda selection, one: all(
        it.published_on is not None and it.published_on <= it.public_due_on for it in selection.publications[one.code]
    ),
    Reason.PUBLISHED_LATE,
)


def _is_set_up_in_time(_: Selection, service: ServiceFact) -> bool:
    if service.approved_on is None or service.test_noticed_on is None or service.live_on is None:
        return False
    if service.test_noticed_on > set_up_due_on(service.approved_on):
        return False
    return service.live_on <= live_due_on(service.executing_level, service.test_noticed_on)


SET_UP_IN_TIME: Condition[ServiceFact] = Condition(_is_set_up_in_time, Reason.SET_UP_LATE)

ANSWERED_IN_TIME: Condition[PetitionFact] = Condition(
    lambda _, petition: petition.answering is not Answering.LATE, Reason.LATE
)
NOT_DISLIKED: Condition[PetitionFact] = Condition(
    lambda _, petition: petition.dislikes_count <= petition.likes_count, Reason.MORE_DISLIKES
)
NOT_REPEATED: Condition[PetitionFact] = Condition(lambda _, petition: not petition.is_repeated, Reason.REPEATED)
