"""Invented dossiers and steps. The people do not exist; their numbers begin with 999."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.model.dossier import (
    AgencyRef,
    Attachment,
    Channel,
    Dossier,
    Fee,
    FeeKind,
    ProgressStep,
)
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.model.status import DossierStatus
from tests.support.clocks import START

AGENCY = AgencyRef(code="H99.01", name="Sở Thử nghiệm")
PROCEDURE_CODE = "1.999001"
APPLICANT_NUMBER = "999199000001"
APPLICANT_NAME = "Nguyễn Thị Mẫu"
SUBMITTED_AT = START - timedelta(hours=2)


def make_dossier(**changes: Any) -> Dossier:
    """Give an ordinary received dossier, with any fields replaced."""
    dossier = Dossier(
        procedure_code=PROCEDURE_CODE,
        receiving_agency=AGENCY,
        handling_agency=AGENCY,
        status=DossierStatus.RECEIVED,
        channel=Channel.ONLINE,
        applicant=Party(
            name=APPLICANT_NAME,
            identifiers=(Identifier(type=IdentifierType.PERSONAL_ID, number=APPLICANT_NUMBER),),
        ),
        summary="Đề nghị cấp giấy xác nhận",
        submitted_at=SUBMITTED_AT,
        received_at=SUBMITTED_AT + timedelta(hours=1),
        due_at=SUBMITTED_AT + timedelta(days=7),
        attachments=(
            Attachment(
                name="don.pdf",
                component_code="000.00.00.G99-KQ900001",
                url="https://files.province.example/d/551",
                is_digitised=True,
            ),
        ),
        fees=(Fee(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=10_000),),
    )
    return replace(dossier, **changes)


def make_step(
    status: DossierStatus = DossierStatus.PROCESSING, occurred_at: datetime = START, **changes: Any
) -> ProgressStep:
    """Give a step, with any fields replaced."""
    step = ProgressStep(officer_name="Trần Văn Thử", status=status, occurred_at=occurred_at)
    return replace(step, **changes)


def as_json(model: Any) -> dict[str, Any]:
    """Give a model as a caller would write it, as a dictionary."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(model))
    return made
