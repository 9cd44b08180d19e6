"""What a difference between the two sides is, and what may be done about it."""

import pytest

from gateway.model.dossier import Origin
from gateway.model.reconciliation import DifferenceKind as Kind
from gateway.model.reconciliation import FindingState as State
from gateway.ports.reconciliation import FieldDifference, Inspection
from gateway.sync.reconcile import Classified, after_repair, classify, duplicated, states

PROVINCE, NATIONAL = Origin.PROVINCE, Origin.NATIONAL_PORTAL


def found(*names: str, unmapped: tuple[tuple[str, str], ...] = ()) -> Inspection:
    differences = tuple(FieldDifference(name=name, ours="a", theirs="b") for name in names)
    return Inspection(is_present=True, differences=differences, unmapped=unmapped)


ABSENT = Inspection(is_present=False)


@pytest.mark.parametrize(
    ("origin", "inspection", "is_expected", "expected"),
    [
        (PROVINCE, found(), True, []),
        (PROVINCE, ABSENT, True, [(Kind.MISSING_THERE, ())]),
        # What was never delivered, or is the portal's own, is not missed.
        (PROVINCE, ABSENT, False, []),
        (NATIONAL, ABSENT, True, []),
        (PROVINCE, found("status", "summary", "status"), True, [(Kind.STALE_THERE, ("status", "summary"))]),
        (PROVINCE, found("applicant.name"), True, [(Kind.STALE_THERE, ("applicant.name",))]),
        (
            PROVINCE,
            found("online_payment", "status"),
            True,
            [(Kind.STALE_THERE, ("status",)), (Kind.CONFLICT, ("online_payment",))],
        ),
        # The catalogue is the portal's: its name there is the right one.
        (PROVINCE, found("procedure.name"), True, [(Kind.STALE_HERE, ("procedure.name",))]),
        (PROVINCE, found("nonsense"), True, [(Kind.CONFLICT, ("nonsense",))]),
        # What the citizen submitted is the portal's; how it is processed stands in no record of a national dossier.
        (NATIONAL, found("summary", "status"), True, [(Kind.STALE_HERE, ("summary",))]),
        # Nobody writes over what nobody can read.
        (PROVINCE, found("status", unmapped=(("status", "77"),)), True, [(Kind.UNMAPPED, ("status 77",))]),
    ],
)
def test_every_difference_has_its_kind(
    origin: Origin, inspection: Inspection, is_expected: bool, expected: list[tuple[Kind, tuple[str, ...]]]
) -> None:
    """By who owns the field, in one order, each field once."""
    classified = classify(origin, inspection, is_expected=is_expected)
    assert [(one.kind, one.fields) for one in classified] == expected


@pytest.mark.parametrize(
    ("kinds", "is_dry", "expected"),
    [
        ((Kind.STALE_THERE,), False, [State.REPAIRING]),
        ((Kind.MISSING_THERE,), False, [State.REPAIRING]),
        ((Kind.STALE_THERE,), True, [State.PARKED]),
        ((Kind.CONFLICT,), False, [State.PARKED]),
        # A repair sends the whole record, and would write over what a person must decide.
        ((Kind.STALE_THERE, Kind.CONFLICT), False, [State.PARKED, State.PARKED]),
        ((Kind.STALE_THERE, Kind.STALE_HERE), False, [State.PARKED, State.PARKED]),
        ((), False, []),
    ],
)
def test_only_what_the_province_owns_is_repaired(kinds: tuple[Kind, ...], is_dry: bool, expected: list[State]) -> None:
    """And nothing beside a field that it does not own."""
    assert states([Classified(kind) for kind in kinds], is_dry=is_dry) == expected


def test_a_repair_is_judged_by_a_second_look() -> None:
    """Gone is repaired; the same kind again is a person's; another kind is found by the next run."""
    assert after_repair(Kind.STALE_THERE, []) is State.REPAIRED
    assert after_repair(Kind.STALE_THERE, [Classified(Kind.STALE_THERE)]) is State.PARKED
    assert after_repair(Kind.MISSING_THERE, [Classified(Kind.STALE_THERE)]) is State.REPAIRED


def test_codes_that_stand_twice_are_named_once() -> None:
    """In the order in which they first stood."""
    assert duplicated(["b", "a", "b", "c", "a", "b"]) == ["b", "a"]
