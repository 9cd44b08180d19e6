"""Procedures in the store, without the portal that they come from."""

from typing import Any

import msgspec

from gateway.model.dossier import Channel, FeeKind
from gateway.model.procedure import (
    AmountKind,
    DocumentCase,
    ExecutionCase,
    FormTemplate,
    LegalBasis,
    Named,
    Procedure,
    ProcedureChannel,
    ProcedureFee,
    ProcedureResult,
    RequiredDocument,
    TimeLimit,
    TimeUnit,
)
from tests.support.clocks import START

FEE = ProcedureFee(kind=FeeKind.LEVY, amount_kind=AmountKind.TEXT, text="Theo quy định")
LIMIT = TimeLimit(amount=5, unit=TimeUnit.WORKING_DAY, fees=(FEE,))
FORM = FormTemplate(name="Mẫu 1", url="https://portal.example/mau-1.docx")
DOCUMENT = RequiredDocument(code="KQ1", name="Đơn", forms=(FORM,))
COMPLETE = Procedure(
    code="1.999001",
    name="Thủ tục",
    is_public=True,
    publication_decision_id="70001",
    sectors=(Named(code="G99-LV01", name="Lĩnh vực"),),
    channels=(ProcedureChannel(channel=Channel.ONLINE, time_limits=(LIMIT,)),),
    applicant_kinds=(Named(code="1", name="Công dân"),),
    document_cases=(DocumentCase(name="", documents=(DOCUMENT,)),),
    execution_cases=(ExecutionCase(name="", steps=("Nộp hồ sơ",)),),
    results=(ProcedureResult(code="KQ9", name="Giấy"),),
    legal_bases=(LegalBasis(number="01/2020/NĐ-CP", title="Nghị định"),),
    executing_agencies=(Named(code="H99.01", name="Sở"),),
    reception_address="Số 1 đường Thử",
)
"""A procedure that shows everything that must be shown."""


async def store_procedure(pool: Any, procedure: Procedure, version: int, *, is_retired: bool = False) -> None:
    """Store one version the way the catalogue's reader does."""
    document = msgspec.json.encode(procedure)
    await pool.execute(
        "INSERT INTO procedures (code, name, version_number, content_hash, is_public, checked_at, retired_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code) DO UPDATE "
        "SET version_number = EXCLUDED.version_number, content_hash = EXCLUDED.content_hash, name = EXCLUDED.name",
        procedure.code,
        procedure.name,
        version,
        procedure.content_hash(),
        procedure.is_public,
        START,
        START if is_retired else None,
    )
    await pool.execute(
        "INSERT INTO procedure_versions (code, version_number, content_hash, seen_at, document) "
        "VALUES ($1, $2, $3, $4, $5)",
        procedure.code,
        version,
        procedure.content_hash(),
        START,
        msgspec.json.decode(document),
    )
