"""Changes for tests, invented and small."""

from datetime import UTC, datetime, timedelta

from gateway.engine.acceptor import Change
from gateway.model.dossier import AgencyRef, Channel, Dossier, ProgressStep
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.model.status import DossierStatus

MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
AGENCY = AgencyRef(code="H99.01", name="Sở Thử nghiệm")


def dossier(status: str = "received", note: str = "", procedure_code: str = "1.999001") -> Dossier:
    """A small dossier received on MORNING."""
    number = Identifier(type=IdentifierType.PERSONAL_ID, number="999199000001")
    return Dossier(
        procedure_code=procedure_code,
        receiving_agency=AGENCY,
        handling_agency=AGENCY,
        status=DossierStatus(status),
        channel=Channel.ONLINE,
        applicant=Party(name="Nguyễn Thị Mẫu", identifiers=(number,)),
        summary="Đề nghị cấp giấy xác nhận",
        note=note,
        submitted_at=MORNING,
        received_at=MORNING,
    )


def replacement(
    code: str, *, status: str = "received", note: str = "", key: str | None = None, procedure_code: str = "1.999001"
) -> Change:
    """A replacement by a client that may touch H99."""
    return Change(
        client_id="one-stop",
        agency_prefixes=("H99",),
        code=code,
        body=dossier(status, note, procedure_code),
        request_digest=f"{status}{note}".encode(),
        idempotency_key=key,
    )


def step(code: str, *, minutes: float, status: str = "processing", key: str | None = None, content: str = "") -> Change:
    """A progress step that happened `minutes` after MORNING."""
    body = ProgressStep(
        officer_name="Cán bộ Một",
        content=content or f"Bước {minutes}",
        status=DossierStatus(status),
        occurred_at=MORNING + timedelta(minutes=minutes),
    )
    return Change(
        client_id="one-stop",
        agency_prefixes=("H99",),
        code=code,
        body=body,
        request_digest=f"{minutes}{status}".encode(),
        idempotency_key=key,
    )
