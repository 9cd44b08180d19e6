"""What is remembered of a dossier for its indicators: times, codes, counts and marks, and nothing that names a person.

A record grows by one accepted revision after the other, so that reading a dossier's history from its beginning gives
the same record as having followed it. It outlives the erasure of the dossier's persons: only a keyed digest of the
applicant stands in it, and goes with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.indicators.findings import Finding
from gateway.indicators.words import FeeState, Rating
from gateway.model.dossier import Attachment, Channel, Dossier, OnlinePayment, ProgressStep, ResultDelivery, Reuse
from gateway.model.status import DossierStatus

RECORD_FORM = 1
"""Raised with every change of this module that remembers more or other things: dossiers that can still be opened are
then read anew from their beginning."""
_MAX_STEPS = 60
_MAX_FINISHES = 10
POPULATION_CODES = frozenset({"1"})
"""How the population database is named among the consulted ones, as observed (portal wire notes §13, row 27)."""
DONE = frozenset({DossierStatus.COMPLETED, DossierStatus.RETURNED})
ENDED = frozenset({DossierStatus.WITHDRAWN, DossierStatus.STOPPED, DossierStatus.REFUSED})


@dataclass(frozen=True, slots=True)
class Step:
    """A status that was reached: when it happened, and when the gateway knew it."""

    status: DossierStatus
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A request for supplements, and when they came; None while they are waited for."""

    asked_at: datetime
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDate:
    """An apology with a new promised date (form 04)."""

    decided_at: datetime
    new_due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierRecord:
    """A dossier as its accepted revisions up to `revision` tell it. Instants are aware UTC.

    `due_at` is the date last stated, `first_due_at` the first one; `overwritten_at` are instants at which the gateway
    was told another date although no new date was given in form. `ended_at` is the instant of the last status that
    ends a dossier, `first_finished_at` that of the first finish. `synced_at` is when the national portal first had it.
    """

    code: str
    revision: int
    known_at: datetime
    procedure_code: str
    receiving_agency: str
    handling_agency: str
    channel: Channel
    status: DossierStatus
    submitted_at: datetime
    received_at: datetime | None = None
    refused_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    former_finishes: tuple[datetime, ...] = ()
    """Instants of finishes that a later document states no more, in the order in which they were stated."""
    due_at: datetime | None = None
    first_due_at: datetime | None = None
    overwritten_at: tuple[datetime, ...] = ()
    steps: tuple[Step, ...] = ()
    pauses: tuple[Pause, ...] = ()
    new_dates: tuple[NewDate, ...] = ()
    fee_lines_vnd: tuple[int, ...] = ()
    payment: OnlinePayment = OnlinePayment.NONE
    files_count: int = 0
    claims_digitised: bool = False
    results_count: int = 0
    resulted_at: datetime | None = None
    """When there were results: at the finish that they were first stated with, else when they were told."""
    is_reused: bool = False
    uses_personal_store: bool = False
    uses_population_data: bool = False
    has_delegation: bool = False
    applicant_key: str = ""
    account_key: str = ""
    """A keyed digest of the number of whoever submitted it."""
    content_key: str = ""
    """A keyed digest of all its files, "" unless the digest of each is stated."""
    result_key: str = ""
    """A keyed digest of its first result file, "" when none is stated."""
    is_for_other: bool = False
    is_fully_online: bool = False
    is_posted: bool = False
    """Whether the result goes out by post."""
    synced_at: datetime | None = None
    rating: Rating | None = None
    rated_at: datetime | None = None
    form: int = 0
    """RECORD_FORM of the code that read it."""
    kept_findings: tuple[Finding, ...] = ()
    """What was found beside other dossiers of the applicant, once that can no longer be looked for."""

    @property
    def fee(self) -> FeeState:
        """Say what the fee lines come to."""
        if not self.fee_lines_vnd:
            return FeeState.NONE
        return FeeState.CHARGED if any(self.fee_lines_vnd) else FeeState.ZERO

    @property
    def first_finished_at(self) -> datetime | None:
        """Give when it was first done or ended after it was accepted: a later finish does not move it."""
        if self.received_at is None:
            return None
        done = [step for step in self.steps if step.status in DONE | ENDED]
        if not done:
            return self.finished_at
        first = done[0]
        # Until it is worked on again, the document's own word for the finish is the better one.
        if self.reopened_at is None and first.status in DONE and self.finished_at is not None:
            return self.finished_at
        return first.at

    @property
    def reopened_at(self) -> datetime | None:
        """Give when it was worked on again after it was done (DQ-05)."""
        is_done = False
        for step in self.steps:
            if step.status in DONE:
                is_done = True
            elif is_done and step.status not in ENDED:
                return step.at
        return None

    @property
    def is_ended(self) -> bool:
        """Tell whether it was withdrawn, stopped or refused."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One accepted change as it is read: a whole document, or a step."""

    revision: int
    status: DossierStatus
    known_at: datetime
    content: Dossier | ProgressStep
    applicant_key: str = ""
    """A keyed digest of the applicant's number, "" without one."""
    submitter_key: str = ""
    """The same of whoever submitted for the applicant, "" when nobody else did."""
    content_key: str = ""
    result_key: str = ""


def follow(
    record: DossierRecord | None,
    code: str,
    revisions: Sequence[Revision],
    population_codes: frozenset[str] = POPULATION_CODES,
) -> DossierRecord:
    """Add revisions, in their order, to what is known; those already added change nothing.

    Raises ValueError when a history begins with a step: nothing says then what the dossier is.
    """
    for one in revisions:
        if record is not None and one.revision <= record.revision:
            continue
        if isinstance(one.content, Dossier):
            record = _stated(record, code, one, one.content)
            if population_codes.intersection(one.content.consulted_databases):
                record = replace(record, uses_population_data=True)
        elif record is not None:
            step = Step(one.status, one.content.occurred_at, one.known_at)
            record = replace(record, revision=one.revision, status=one.status, steps=_grown(record.steps, step))
    if record is None:
        raise ValueError("a dossier's history must begin with a document")
    return record


def _stated(old: DossierRecord | None, code: str, one: Revision, dossier: Dossier) -> DossierRecord:
    files = [file for file in _files(dossier) if not file.is_deleted]
    results_count = sum(1 for result in dossier.results if result.url)
    resulted_at = dossier.finished_at or dossier.returned_at or one.known_at
    if old is not None and old.results_count:
        resulted_at = old.resulted_at or resulted_at
    steps = old.steps if old is not None else ()
    if not steps or steps[-1].status is not one.status:
        steps = _grown(steps, Step(one.status, _reached_at(dossier, one), one.known_at))
    return DossierRecord(
        code=code,
        revision=one.revision,
        known_at=one.known_at if old is None else old.known_at,
        procedure_code=dossier.procedure_code,
        receiving_agency=dossier.receiving_agency.code,
        handling_agency=dossier.handling_agency.code,
        channel=dossier.channel,
        status=one.status,
        submitted_at=dossier.submitted_at,
        received_at=dossier.received_at,
        refused_at=dossier.refused_at,
        finished_at=dossier.finished_at,
        returned_at=dossier.returned_at,
        former_finishes=() if old is None else _former_finishes(old, dossier),
        due_at=dossier.due_at,
        first_due_at=dossier.due_at if old is None or old.first_due_at is None else old.first_due_at,
        overwritten_at=() if old is None else _overwritten(old, one, dossier),
        steps=steps,
        pauses=tuple(Pause(asked.requested_at, asked.received_at) for asked in dossier.supplements),
        new_dates=tuple(NewDate(moved.decided_at, moved.new_due_at) for moved in dossier.extensions),
        fee_lines_vnd=tuple(fee.amount_vnd for fee in dossier.fees),
        payment=dossier.online_payment,
        files_count=len(files) + len(dossier.other_attachments),
        claims_digitised=any(file.is_digitised for file in _files(dossier)),
        results_count=results_count,
        resulted_at=resulted_at if results_count else None,
        is_reused=any(file.reuse is not Reuse.NONE for file in files),
        uses_personal_store=any(file.is_from_national_store for file in files),
        uses_population_data=any(
            party is not None and party.is_verified_by_national_identity
            for party in (dossier.applicant, dossier.submitter)
        ),
        has_delegation=dossier.delegate is not None,
        applicant_key=one.applicant_key,
        account_key=one.applicant_key and (one.submitter_key or one.applicant_key),
        content_key=one.content_key,
        result_key=one.result_key,
        is_for_other=bool(one.submitter_key and one.applicant_key) and one.submitter_key != one.applicant_key,
        is_fully_online=_is_fully_online(dossier),
        is_posted=dossier.result_delivery is ResultDelivery.POSTAL,
        synced_at=None if old is None else old.synced_at,
        rating=None if old is None else old.rating,
        rated_at=None if old is None else old.rated_at,
        form=RECORD_FORM,
        kept_findings=() if old is None else old.kept_findings,
    )


def _former_finishes(old: DossierRecord, dossier: Dossier) -> tuple[datetime, ...]:
    if old.finished_at is None or old.finished_at == dossier.finished_at:
        return old.former_finishes
    return (*old.former_finishes, old.finished_at)[-_MAX_FINISHES:]


def _overwritten(old: DossierRecord, one: Revision, dossier: Dossier) -> tuple[datetime, ...]:
    """Note a promised date that changed after acceptance, neither by form 04 nor by a supplement."""
    if old.due_at is None or old.received_at is None or dossier.due_at == old.due_at:
        return old.overwritten_at
    in_form = {moved.new_due_at for moved in dossier.extensions}
    in_form |= {asked.new_due_at for asked in dossier.supplements if asked.new_due_at is not None}
    return old.overwritten_at if dossier.due_at in in_form else (*old.overwritten_at, one.known_at)


def _reached_at(dossier: Dossier, one: Revision) -> datetime:
    """Say when a status was reached that a whole document states: its own instant, else when it was told."""
    own = {
        DossierStatus.REGISTERED: dossier.submitted_at,
        DossierStatus.RECEIVED: dossier.received_at,
        DossierStatus.REFUSED: dossier.refused_at,
        DossierStatus.COMPLETED: dossier.finished_at,
        DossierStatus.RETURNED: dossier.returned_at,
        DossierStatus.WITHDRAWN: dossier.finished_at,
        DossierStatus.STOPPED: dossier.finished_at,
    }.get(one.status)
    return own or one.known_at


def _is_fully_online(dossier: Dossier) -> bool:
    """Submitted online, fees paid online where there are any, the result electronic or by post (§2.3, U2f)."""
    owes = any(fee.amount_vnd for fee in dossier.fees)
    is_paid = not owes or dossier.online_payment is not OnlinePayment.NONE
    is_delivered = bool(dossier.results) or dossier.result_delivery is ResultDelivery.POSTAL
    return dossier.channel is Channel.ONLINE and is_paid and is_delivered


def _files(dossier: Dossier) -> list[Attachment]:
    return [*dossier.attachments, *(file for asked in dossier.supplements for file in asked.attachments)]


def _grown(steps: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    # A history without end keeps its beginning, where the first finish stands, and its newest steps.
    return (
        (*steps, step) if len(steps) < _MAX_STEPS else (*steps[: _MAX_STEPS // 2], *steps[_MAX_STEPS // 2 + 1 :], step)
    )
