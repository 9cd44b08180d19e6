"""What goes into the chain: lines, ends and checkpoints, made by the key ring and in one place."""

from datetime import datetime
from uuid import UUID

from gateway.engine.proofs import number_digest
from gateway.model.audit import Access, AuditLine, AuditStage, ChainHead, Checkpoint, CheckpointKind, Outcome
from gateway.ports.audit import AuditStore, CheckpointSigner, StoredEnd, StoredHead
from gateway.ports.basics import KeyRing
from gateway.sync.audit import (
    DIGESTED,
    check_access,
    check_outcome,
    checkpoint_claims,
    read_officer,
    seal_checkpoint,
    seal_head,
)


def make_line(
    access: Access,
    outcome: Outcome,
    *,
    line_id: UUID,
    correlation_id: UUID,
    stage: AuditStage,
    latency_ms: int | None,
    at: datetime,
    version: str,
    key_ring: KeyRing,
) -> AuditLine:
    """Make a line. Raises InvalidInput when it must not hold what it is given."""
    check_access(access)
    check_outcome(outcome)
    return AuditLine(
        line_id=line_id,
        at=at,
        action=access.action.value,
        stage=stage.value,
        correlation_id=correlation_id,
        client_id=access.client_id,
        officer=officer_sign(key_ring, access.officer) if access.officer else "",
        agency_code=access.agency_code,
        procedure_code=access.procedure_code,
        dossier_code=access.dossier_code,
        purpose=access.purpose,
        legal_basis=access.legal_basis,
        consent_ref=access.consent_ref,
        subject_digest=access.subject_digest,
        fields_requested=access.fields_requested,
        fields_released=outcome.fields_released,
        outcome=outcome.outcome,
        upstream_code=outcome.upstream_code,
        request_id=outcome.request_id,
        edge=access.edge,
        latency_ms=latency_ms,
        client_address=access.client_address,
        gateway_version=version,
    )


def officer_sign(key_ring: KeyRing, stated: str) -> str:
    """Give how an officer stands in lines: the code as stated, or the digest of a citizen's number."""
    sign = read_officer(stated)
    return sign.text if sign.number is None else DIGESTED + number_digest(key_ring, sign.number).hex()


def is_sealed(stored: StoredHead, key_ring: KeyRing) -> bool:
    """Tell whether the gateway itself wrote this end."""
    return seal_head(stored.head, key_ring.digest) == stored.mac


def end_fault(end: StoredEnd, key_ring: KeyRing) -> str:
    """Give the code of what keeps lines from being written, "" when nothing does."""
    if end.head is None:
        return "audit_head_missing" if end.last_position else ""
    if not is_sealed(end.head, key_ring):
        return "audit_head_forged"
    return "audit_beyond_head" if end.last_position > end.head.head.position else ""


async def find_end_fault(store: AuditStore, key_ring: KeyRing) -> str:
    """Give the code of what keeps lines from being written now. Raises StoreUnavailable."""
    return end_fault(await store.end(), key_ring)


def make_checkpoint(head: ChainHead, now: datetime, key_ring: KeyRing, signer: CheckpointSigner | None) -> Checkpoint:
    """Make a checkpoint of where the chain ends."""
    return Checkpoint(
        head=head,
        at=now,
        kind=CheckpointKind.KEY_RING if signer is None else CheckpointKind.ES256,
        key_id="" if signer is None else signer.key_id,
        signature="" if signer is None else signer.sign_checkpoint(checkpoint_claims(head, now)),
        mac=seal_checkpoint(head, now, key_ring.digest),
    )
