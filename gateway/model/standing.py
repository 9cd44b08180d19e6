"""Where a dossier stands before a change: the few facts that acceptance is judged by."""

from dataclasses import dataclass
from datetime import datetime

from gateway.model.dossier import Origin
from gateway.model.status import DossierStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What is known of a dossier before the change. `document_revision` is its last replacement's revision."""

    dossier_id: int
    revision: int
    document_revision: int
    status: DossierStatus
    status_at: datetime
    digest: bytes
    procedure_code: str
    agency_codes: tuple[str, ...]
    origin: Origin = Origin.PROVINCE
