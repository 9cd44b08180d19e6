"""Whose word counts for which field of a nationally filed dossier."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.model.dossier import Attachment, OnlinePayment, Origin
from gateway.model.standing import Current
from gateway.model.status import DossierStatus
from gateway.sync.acceptance import Outcome
from gateway.sync.applications import (
    decide_application,
    decide_portal_change,
    merge_portal_statement,
    merge_province_statement,
    withdraw,
)
from tests.support.changes import AGENCY, dossier

NOW = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
PAPER = Attachment(name="a.pdf", url="https://portal.example/1")
FILED = replace(dossier("registered"), attachments=(PAPER,), received_at=None)


def current(status: DossierStatus = DossierStatus.REGISTERED, origin: Origin = Origin.NATIONAL_PORTAL) -> Current:
    return Current(
        dossier_id=1,
        revision=3,
        document_revision=3,
        status=status,
        status_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
        digest=b"d",
        procedure_code="1.999001",
        agency_codes=(AGENCY.code, AGENCY.code),
        origin=origin,
    )


@pytest.mark.parametrize(
    ("change", "taken", "conflicts"),
    [
        ({"note": "Đang xem", "status": DossierStatus.RECEIVED}, True, ()),
        ({"summary": "Khác"}, False, ("summary",)),
        ({"attachments": ()}, False, ("attachments",)),
        ({"attachments": (replace(PAPER, is_digitised=True),)}, True, ()),
    ],
)
def test_the_province_is_followed_except_in_what_the_citizen_submitted(
    change: dict[str, Any], taken: bool, conflicts: tuple[str, ...]
) -> None:
    """A repeated field that says something else is a conflict, and the citizen's value stays."""
    stated = replace(FILED, **change)
    merged = merge_province_statement(FILED, stated)
    assert merged.conflicts == conflicts
    assert (merged.dossier == stated) is taken
    if not taken:
        assert merged.dossier == FILED


def test_a_payment_that_the_portal_stated_is_not_taken_back_by_the_province() -> None:
    """Paid there stays paid there; the province's other word is a conflict."""
    paid = replace(FILED, online_payment=OnlinePayment.NATIONAL_PLATFORM)
    merged = merge_province_statement(paid, replace(FILED, note="x"))
    assert merged.dossier.online_payment is OnlinePayment.NATIONAL_PLATFORM
    assert (merged.dossier.note, merged.conflicts) == ("x", ("online_payment",))


@pytest.mark.parametrize(
    ("stated", "origin", "fields", "conflicts"),
    [
        ({"summary": "Mới"}, Origin.NATIONAL_PORTAL, {"summary": "Mới"}, ()),
        ({"note": "x"}, Origin.NATIONAL_PORTAL, {}, ("note",)),
        ({"summary": "Mới"}, Origin.PROVINCE, {}, ("summary",)),
        ({"summary": FILED.summary}, Origin.PROVINCE, {}, ()),
        (
            {"online_payment": OnlinePayment.NATIONAL_PLATFORM},
            Origin.PROVINCE,
            {"online_payment": OnlinePayment.NATIONAL_PLATFORM},
            (),
        ),
    ],
)
def test_the_portal_is_followed_in_what_it_owns(
    stated: dict[str, Any], origin: Origin, fields: dict[str, Any], conflicts: tuple[str, ...]
) -> None:
    """Of a dossier of the province's own, only a payment is the portal's to state."""
    merged = merge_portal_statement(FILED, stated, origin)
    assert merged.dossier == replace(FILED, **fields)
    assert merged.conflicts == conflicts


def test_what_the_province_noted_on_a_paper_survives_the_portals_repeat() -> None:
    """Digest and digitisation belong to the province, and stay on the same paper."""
    noted = replace(FILED, attachments=(replace(PAPER, sha256="0" * 64, is_digitised=True),))
    added = replace(PAPER, url="https://portal.example/2")
    merged = merge_portal_statement(noted, {"attachments": (PAPER, added)}, Origin.NATIONAL_PORTAL)
    assert merged.dossier.attachments == (noted.attachments[0], added)


@pytest.mark.parametrize(
    ("status", "origin", "after", "conflicts"),
    [
        (DossierStatus.REGISTERED, Origin.NATIONAL_PORTAL, DossierStatus.WITHDRAWN, ()),
        (DossierStatus.PROCESSING, Origin.NATIONAL_PORTAL, DossierStatus.WITHDRAWN, ()),
        (DossierStatus.RETURNED, Origin.NATIONAL_PORTAL, DossierStatus.RETURNED, ("status",)),
        (DossierStatus.WITHDRAWN, Origin.NATIONAL_PORTAL, DossierStatus.WITHDRAWN, ()),
        (DossierStatus.PROCESSING, Origin.PROVINCE, DossierStatus.PROCESSING, ("status",)),
    ],
)
def test_a_withdrawal_holds_where_it_is_ordinary(
    status: DossierStatus, origin: Origin, after: DossierStatus, conflicts: tuple[str, ...]
) -> None:
    """A finished dossier, or one of the province's own, is not withdrawn from the portal: a person decides."""
    merged = withdraw(replace(FILED, status=status), current(status, origin))
    assert (merged.dossier.status, merged.conflicts) == (after, conflicts)


def test_what_the_portal_stated_is_not_told_back_to_it() -> None:
    """An application and a change owe no delivery; an identical change is none."""
    created = decide_application(FILED)
    assert (created.outcome, created.deliveries, created.is_irregular) == (Outcome.CREATED, (), False)
    same = decide_portal_change(current(), FILED, b"d", NOW)
    assert (same.outcome, same.is_change) == (Outcome.UNCHANGED, False)
    moved = decide_portal_change(current(), replace(FILED, status=DossierStatus.WITHDRAWN), b"e", NOW)
    assert (moved.outcome, moved.revision, moved.status_at, moved.deliveries) == (Outcome.REPLACED, 4, NOW, ())
