"""Who owns which field."""

from dataclasses import fields

import pytest

from gateway.model.dossier import Dossier, Origin, ProgressStep
from gateway.sync.authority import (
    FIELD_OWNERS,
    SUBMITTED_FIELDS,
    Difference,
    Ruling,
    Side,
    difference,
    judge,
    owner_of,
)


def test_every_field_of_the_model_has_an_owner() -> None:
    """A field added to the model without an owner would silently become a conflict for everybody."""
    assert {field.name for model in (Dossier, ProgressStep) for field in fields(model)} <= set(FIELD_OWNERS)
    assert {field.name for field in fields(Dossier)} >= SUBMITTED_FIELDS


@pytest.mark.parametrize("field", sorted(FIELD_OWNERS))
def test_only_the_owner_is_applied(field: str) -> None:
    """For every field exactly one side is applied; every other becomes a conflict."""
    applied = [side for side in Side if judge(field, side) is Ruling.APPLY]
    assert [FIELD_OWNERS[field]] == applied


@pytest.mark.parametrize(
    ("field", "origin", "owner"),
    [
        ("status", Origin.PROVINCE, Side.PROVINCE),
        ("status", Origin.NATIONAL_PORTAL, Side.PROVINCE),
        ("applicant", Origin.PROVINCE, Side.PROVINCE),
        ("applicant", Origin.NATIONAL_PORTAL, Side.NATIONAL_PORTAL),
        ("applicant/contact", Origin.NATIONAL_PORTAL, Side.NATIONAL_PORTAL),
        ("/applicant/contact", Origin.PROVINCE, Side.PROVINCE),
        ("fees[0].amount_vnd", Origin.PROVINCE, Side.PROVINCE),
        ("online_payment", Origin.PROVINCE, Side.PAYMENT_SYSTEM),
        ("procedure", Origin.PROVINCE, Side.NATIONAL_PORTAL),
        ("ratings", Origin.PROVINCE, Side.NATIONAL_PORTAL),
        ("revision", Origin.PROVINCE, Side.GATEWAY),
        ("nonsense", Origin.PROVINCE, None),
        ("", Origin.PROVINCE, None),
    ],
)
def test_the_owner_of_a_field(field: str, origin: Origin, owner: Side | None) -> None:
    """Paths belong to their field, and what was submitted on the portal belongs to the portal."""
    assert owner is owner_of(field, origin)


@pytest.mark.parametrize("side", list(Side))
def test_nobody_may_state_an_unknown_field(side: Side) -> None:
    """What the table does not know is kept and shown, never applied."""
    assert Ruling.CONFLICT is judge("nonsense", side)


@pytest.mark.parametrize(
    ("named", "origin", "expected"),
    [
        ((), Origin.PROVINCE, Difference((), ())),
        (("status", "ratings", "status"), Origin.PROVINCE, Difference(("status",), ("ratings",))),
        (("online_payment",), Origin.PROVINCE, Difference(("online_payment",), ())),
        (("applicant", "note"), Origin.NATIONAL_PORTAL, Difference(("note",), ("applicant",))),
        (("nonsense",), Origin.PROVINCE, Difference((), ("nonsense",))),
    ],
)
def test_differences_are_parted_by_what_pushing_may_repair(
    named: tuple[str, ...], origin: Origin, expected: Difference
) -> None:
    """The portal's own fields are a person's to decide; any other value there is outdated, and pushing repairs it."""
    assert expected == difference(named, origin)
