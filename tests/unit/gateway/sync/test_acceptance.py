"""What accepting a change means, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.delivery import DeliveryKind
from gateway.model.dossier import AgencyRef, Channel, Dossier, Extension, ProgressStep, Supplement
from gateway.model.party import Party
from gateway.model.standing import Current
from gateway.model.status import DossierStatus
from gateway.sync.acceptance import Expectation, Outcome, decide_progress, decide_replacement, stated_at

MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENCY = AgencyRef(code="H99.01", name="Sở Thử nghiệm")
SNAPSHOT, STEP = DeliveryKind.SNAPSHOT, DeliveryKind.STEP
DOSSIER = Dossier(
    procedure_code="1.999001",
    receiving_agency=AGENCY,
    handling_agency=AGENCY,
    status=DossierStatus.RECEIVED,
    channel=Channel.ONLINE,
    applicant=Party(name="Nguyễn Thị Mẫu"),
    summary="Đề nghị",
    submitted_at=MORNING,
    received_at=MORNING + HOUR,
)
KNOWN = Current(
    dossier_id=7,
    revision=3,
    document_revision=2,
    status=DossierStatus.RECEIVED,
    status_at=MORNING + HOUR,
    digest=b"d",
    procedure_code="1.999001",
    agency_codes=("H99.01", "H99.01"),
)


def step(status: DossierStatus, occurred_at: datetime) -> ProgressStep:
    return ProgressStep(officer_name="Cán bộ Một", status=status, occurred_at=occurred_at)


def test_first_replacement_creates_and_owes_one_snapshot() -> None:
    """A dossier that nobody knew becomes revision 1 and owes every system the dossier as a whole."""
    decision = decide_replacement(None, DOSSIER, b"d")

    assert (Outcome.CREATED, 1, (SNAPSHOT,)) == (decision.outcome, decision.revision, decision.deliveries)
    assert MORNING + HOUR == decision.status_at
    assert not decision.is_irregular


def test_equal_content_and_status_changes_nothing() -> None:
    """A replacement that says what is known already owes nothing and keeps the revision."""
    decision = decide_replacement(KNOWN, DOSSIER, KNOWN.digest)

    assert (Outcome.UNCHANGED, 3, ()) == (decision.outcome, decision.revision, decision.deliveries)


def test_equal_content_after_a_step_moved_the_status_is_a_change() -> None:
    """The same document restates its own status when a step has moved it meanwhile."""
    moved = replace(KNOWN, status=DossierStatus.PROCESSING)

    decision = decide_replacement(moved, DOSSIER, KNOWN.digest)

    assert (Outcome.REPLACED, 4, True) == (decision.outcome, decision.revision, decision.is_irregular)


@pytest.mark.parametrize(
    ("current", "expected", "outcome"),
    [
        (KNOWN, Expectation(revision=2), Outcome.STALE_REVISION),
        (None, Expectation(revision=1), Outcome.STALE_REVISION),
        (KNOWN, Expectation(must_not_exist=True), Outcome.ALREADY_EXISTS),
        (KNOWN, Expectation(revision=3), Outcome.REPLACED),
        (None, Expectation(must_not_exist=True), Outcome.CREATED),
    ],
)
def test_preconditions_guard_replacements(current: Current | None, expected: Expectation, outcome: Outcome) -> None:
    """A caller that names what it expects is refused when it is not so, and nothing is owed then."""
    decision = decide_replacement(current, DOSSIER, b"other", expected)

    assert outcome == decision.outcome
    assert decision.is_change == (outcome in (Outcome.REPLACED, Outcome.CREATED))


def test_status_instant_never_moves_backwards() -> None:
    """A replacement that speaks of earlier instants than the present status keeps the later one."""
    later = replace(KNOWN, status_at=MORNING + 9 * HOUR)

    assert MORNING + 9 * HOUR == decide_replacement(later, DOSSIER, b"other").status_at


@pytest.mark.parametrize(
    ("status", "after", "deliveries", "present", "is_late"),
    [
        (DossierStatus.PROCESSING, 2 * HOUR, (SNAPSHOT, STEP), DossierStatus.PROCESSING, False),
        (DossierStatus.RECEIVED, 2 * HOUR, (STEP,), DossierStatus.RECEIVED, False),
        (DossierStatus.PROCESSING, 1 * HOUR, (SNAPSHOT, STEP), DossierStatus.PROCESSING, False),
        (DossierStatus.REGISTERED, 0 * HOUR, (STEP, SNAPSHOT), DossierStatus.RECEIVED, True),
        (DossierStatus.RECEIVED, 0 * HOUR, (STEP,), DossierStatus.RECEIVED, True),
    ],
)
def test_steps_owe_what_brings_the_portal_to_the_present_status(
    status: DossierStatus,
    after: timedelta,
    deliveries: tuple[DeliveryKind, ...],
    present: DossierStatus,
    is_late: bool,
) -> None:
    """A moving step follows its snapshot, a late one is followed by a restating snapshot, others travel alone."""
    decision = decide_progress(KNOWN, step(status, MORNING + after))

    assert deliveries == decision.deliveries
    assert (Outcome.PROGRESSED, 4) == (decision.outcome, decision.revision)
    assert (present, is_late) == (decision.status, decision.is_late)


def test_step_for_an_unknown_dossier_is_not_found() -> None:
    """A step is never accepted for a dossier that was not."""
    decision = decide_progress(None, step(DossierStatus.PROCESSING, MORNING))

    assert (Outcome.NOT_FOUND, ()) == (decision.outcome, decision.deliveries)


def test_moves_outside_the_table_are_accepted_and_flagged() -> None:
    """The province owns processing: an unforeseen move is taken and marked, not refused."""
    decision = decide_progress(KNOWN, step(DossierStatus.RETURNED, MORNING + 2 * HOUR))

    assert (Outcome.PROGRESSED, True) == (decision.outcome, decision.is_irregular)


def test_stated_instant_is_the_latest_thing_that_the_dossier_speaks_of() -> None:
    """Supplements and extensions count, promised dates do not."""
    supplement = Supplement(
        supplement_number=1,
        requested_by="Cán bộ Một",
        content="Bổ sung",
        requested_at=MORNING + 2 * HOUR,
        received_at=MORNING + 3 * HOUR,
        previous_due_at=MORNING + 90 * HOUR,
    )
    extension = Extension(
        reason="Xác minh",
        decided_at=MORNING + 4 * HOUR,
        previous_due_at=MORNING + 90 * HOUR,
        new_due_at=MORNING + 99 * HOUR,
    )

    assert MORNING + 3 * HOUR == stated_at(replace(DOSSIER, supplements=(supplement,)))
    assert MORNING + 4 * HOUR == stated_at(replace(DOSSIER, supplements=(supplement,), extensions=(extension,)))
