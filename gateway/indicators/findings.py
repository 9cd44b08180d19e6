"""What a rule of data quality found, and what that does to a fact: it is marked, never deleted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.indicators.facts import DossierFact
from gateway.indicators.words import EnteredBy, FeeState, Timeliness


class Treatment(StrEnum):
    """What follows from a finding. `flag` changes no number."""

    EXCLUDE = "exclude"
    FLAG = "flag"
    QUARANTINE_TIMES = "quarantine_times"
    BY_OFFICER = "by_officer"
    USE_COMPUTED_DUE = "use_computed_due"
    USE_PROMISED_DUE = "use_promised_due"
    LINK_CASE = "link_case"
    COUNT_COMPONENTS = "count_components"
    NO_RESULT_FILE = "no_result_file"
    NOT_DIGITISED = "not_digitised"
    FEE_ZERO = "fee_zero"
    PAYMENT_TAKEN_BACK = "payment_taken_back"
    AS_DIRECT = "as_direct"
    LONGEST_LIMIT = "longest_limit"
    MOVE_TO_SUCCESSOR = "move_to_successor"
    COUNT_AGAIN = "count_again"
    RECONCILE = "reconcile"
    NULL = "null"
    NORMALISE = "normalise"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, where it found something (a dossier's key, or an indicator or scope), what follows, and by which sign.

    `related` is the other one: the record that is kept, the case's second dossier, the successor's code.
    """

    rule: str
    key: str
    treatment: Treatment
    sign: str
    related: str = ""


def treated(fact: DossierFact, findings: Iterable[Finding]) -> DossierFact:
    """Give the fact as its findings leave it: with the rules as flags, and, when one excludes it, that rule's id."""
    own = sorted((one for one in findings if one.key == fact.key), key=lambda one: (one.rule, one.sign))
    fact = replace(fact, flags=fact.flags | {one.rule for one in own})
    for finding in own:
        fact = _apply(fact, finding)
    return fact


def _apply(fact: DossierFact, finding: Finding) -> DossierFact:
    match finding.treatment:
        case Treatment.EXCLUDE:
            return replace(fact, excluded_by=fact.excluded_by or finding.rule)
        case Treatment.QUARANTINE_TIMES:
            return replace(
                fact,
                timeliness=Timeliness.INVALID,
                timeliness_promised=Timeliness.INVALID,
                timeliness_national=Timeliness.INVALID,
                timeliness_case=Timeliness.INVALID,
                processing_time=None,
            )
        case Treatment.BY_OFFICER:
            return replace(fact, entered_by=EnteredBy.OFFICER)
        case Treatment.LINK_CASE:
            return replace(fact, case_key=finding.related)
        case Treatment.COUNT_COMPONENTS:
            return replace(fact, is_group=True)
        case Treatment.NO_RESULT_FILE:
            return replace(fact, has_result_file=False)
        case Treatment.NOT_DIGITISED:
            return replace(fact, has_component_file=False)
        case Treatment.FEE_ZERO:
            return replace(fact, fee=FeeState.ZERO)
        case Treatment.PAYMENT_TAKEN_BACK:
            return replace(fact, is_refunded=True)
        case Treatment.AS_DIRECT:
            return replace(fact, channel=None)
        case _:
            # The rest concerns how facts are made (due dates, agencies, calendars) or is told only.
            return fact
