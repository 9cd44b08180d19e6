"""Rules about what a dossier is: counted twice, entered for others, a test, artificial, of another agency or code."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from gateway.indicators.findings import Finding, Treatment
from gateway.indicators.raw import RawDossier, RawSet
from gateway.indicators.scope import Agencies
from gateway.indicators.words import ServiceState
from gateway.model.dossier import Channel
from gateway.model.vocabulary import VIETNAM

_FIRST = datetime.min.replace(tzinfo=UTC)


def duplicates(raw: RawSet) -> list[Finding]:
    """DQ-01: keep the record with the most complete history; a group with components counts by its components."""
    found: list[Finding] = []
    for group, sign in [*_same_code(raw), *_same_submission(raw)]:
        kept = max(group, key=lambda one: (len(one.events), one.finished_at is not None, one.key))
        for one in group:
            if one is not kept and not any(old.key == one.key for old in found):
                found.append(Finding("DQ-01", one.key, Treatment.EXCLUDE, sign, kept.key))
    copies = {one.key for one in found}
    present = {one.key for one in raw.dossiers} - copies
    parents = {one.parent_key for one in raw.dossiers if one.parent_key and one.key not in copies}
    found += [Finding("DQ-01", key, Treatment.COUNT_COMPONENTS, "group") for key in sorted(parents & present)]
    return found


def _same_code(raw: RawSet) -> Iterable[tuple[list[RawDossier], str]]:
    groups: dict[str, list[RawDossier]] = {}
    for one in raw.dossiers:
        if one.national_code:
            groups.setdefault(one.national_code, []).append(one)
    return [(group, "same_national_code") for group in groups.values() if len(group) > 1]


def _same_submission(raw: RawSet) -> Iterable[tuple[list[RawDossier], str]]:
    groups: list[list[RawDossier]] = []
    for one in sorted(
        raw.dossiers, key=lambda one: (one.applicant_key, one.procedure_code, one.submitted_at or _FIRST)
    ):
        first = groups[-1][0] if groups else None
        if first is not None and _is_same_submission(first, one, raw):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [(group, "same_submission") for group in groups if len(group) > 1]


def _is_same_submission(first: RawDossier, one: RawDossier, raw: RawSet) -> bool:
    if not one.applicant_key or first.submitted_at is None or one.submitted_at is None:
        return False
    # Two national codes are two dossiers, however close; so are a group and its component.
    if first.national_code and one.national_code and first.national_code != one.national_code:
        return False
    if first.key == one.parent_key or one.key == first.parent_key:
        return False
    same = (first.applicant_key, first.procedure_code) == (one.applicant_key, one.procedure_code)
    return same and one.submitted_at - first.submitted_at <= raw.limits.duplicate_within


def entered_for_others(raw: RawSet) -> list[Finding]:
    """DQ-02: online dossiers that an officer entered stay online, and are told apart."""
    applicants: dict[str, set[str]] = {}
    for one in raw.dossiers:
        if one.submitter_key:
            applicants.setdefault(one.submitter_key, set()).add(one.applicant_key)
    busy = {key for key, found in applicants.items() if len(found) >= raw.limits.applicants_per_account}
    signs: dict[str, Callable[[RawDossier], bool]] = {
        "staff_account": lambda one: one.is_submitter_staff,
        "counter": lambda one: one.is_from_counter,
        "account_of_many": lambda one: one.submitter_key in busy,
        "no_delegation": lambda one: (
            bool(one.submitter_key and one.applicant_key)
            and one.submitter_key != one.applicant_key
            and not one.has_delegation
        ),
    }
    online = [one for one in raw.dossiers if one.channel is Channel.ONLINE]
    return _first_sign("DQ-02", online, Treatment.BY_OFFICER, signs)


def tests(raw: RawSet) -> list[Finding]:
    """DQ-03: tests are left out, counted, and never go to the national systems."""
    signs: dict[str, Callable[[RawDossier], bool]] = {
        "flag": lambda one: one.is_test,
        "account": lambda one: one.is_test_account,
        "procedure": lambda one: one.is_test_procedure,
        "identity": lambda one: one.is_test_identity,
        "name": lambda one: one.is_test_name,
        "service_under_test": lambda one: one.service_state is ServiceState.TESTING,
    }
    return _first_sign("DQ-03", raw.dossiers, Treatment.EXCLUDE, signs)


def reorganised(raw: RawSet) -> list[Finding]:
    """DQ-06: an open dossier of an agency that ended moves to the successor, with an event."""
    agencies, day = Agencies(raw.agencies), raw.as_of.astimezone(VIETNAM).date()
    found = []
    for one in raw.dossiers:
        successor = agencies.successor(one.resolving_agency, day)
        if one.finished_at is None and successor != one.resolving_agency:
            found.append(Finding("DQ-06", one.key, Treatment.MOVE_TO_SUCCESSOR, "agency_ended", successor))
    return found


def bulk(raw: RawSet) -> list[Finding]:
    """DQ-15: bursts, identical content and finishing in seconds are flagged; only a confirmed one is left out."""
    contents = Counter(one.content_digest for one in raw.dossiers if one.content_digest)
    bursts = _bursts(raw)
    signs: dict[str, Callable[[RawDossier], bool]] = {
        "burst": lambda one: one.key in bursts,
        "identical_content": lambda one: contents[one.content_digest] >= raw.limits.identical_count,
        "finished_in_seconds": lambda one: (
            one.accepted_at is not None
            and one.finished_at is not None
            and one.accepted_at <= one.finished_at <= one.accepted_at + raw.limits.too_fast
        ),
    }
    flagged = _first_sign("DQ-15", raw.dossiers, Treatment.FLAG, signs)
    return [
        Finding(one.rule, one.key, Treatment.EXCLUDE, one.sign) if one.key in raw.confirmed else one for one in flagged
    ]


def _bursts(raw: RawSet) -> set[str]:
    by_account: dict[str, list[tuple[datetime, str]]] = {}
    for one in raw.dossiers:
        if one.submitter_key and one.submitted_at is not None:
            by_account.setdefault(one.submitter_key, []).append((one.submitted_at, one.key))
    found: set[str] = set()
    count = raw.limits.burst_count
    for submissions in map(sorted, by_account.values()):
        for start in range(len(submissions) - count + 1):
            window = submissions[start : start + count]
            if window[-1][0] - window[0][0] <= raw.limits.burst_within:
                found |= {key for _, key in window}
    return found


def recoded(raw: RawSet) -> list[Finding]:
    """DQ-18: the successor's code is counted; both are asked for alike."""
    return [
        Finding("DQ-18", one.key, Treatment.FLAG, "code_replaced", raw.continuity[one.procedure_code])
        for one in raw.dossiers
        if one.procedure_code in raw.continuity
    ]


def outside_area(raw: RawSet) -> list[Finding]:
    """DQ-20: who resolves owns the numbers; who received gets counts of receptions only."""
    return [
        Finding("DQ-20", one.key, Treatment.FLAG, "received_elsewhere", one.receiving_agency)
        for one in raw.dossiers
        if one.receiving_agency and one.resolving_agency and one.receiving_agency != one.resolving_agency
    ]


def _first_sign(
    rule: str, dossiers: Iterable[RawDossier], treatment: Treatment, signs: dict[str, Callable[[RawDossier], bool]]
) -> list[Finding]:
    found = []
    for one in dossiers:
        sign = next((name for name, holds in signs.items() if holds(one)), None)
        if sign is not None:
            found.append(Finding(rule, one.key, treatment, sign))
    return found
