"""The parts of a process that write down looks at personal data."""

import os

from gateway import __version__
from gateway.bootstrap.ground import Ground
from gateway.config import Settings
from gateway.engine.audit import Auditor, Checkpointer
from gateway.engine.audit_watch import AuditWatch, WatchRules
from gateway.engine.scheduler import Job
from gateway.ports.audit import CheckpointSigner
from gateway.store.audit import PostgresAudit
from gateway.vault.assertions import load_signer
from gateway.vault.checkpoints import Es256CheckpointSigner

LOOK_SECONDS = 2.0


def make_auditor(ground: Ground) -> Auditor:
    """Give what writes lines; it is closed with the process."""
    return Auditor(
        PostgresAudit(ground.pool),
        key_ring=ground.key_ring,
        clock=ground.clock,
        random_bytes=os.urandom,
        version=__version__,
        observer=ground.telemetry,
    )


def make_checkpoints(ground: Ground, signer: CheckpointSigner | None) -> Job:
    """Give what makes checkpoints, when they are due by time or by count."""
    store, settings = PostgresAudit(ground.pool), ground.settings.audit
    rules = WatchRules(
        officer_subjects_per_hour=settings.officer_subjects_per_hour,
        client_subjects_per_hour=settings.client_subjects_per_hour,
    )
    checkpointer = Checkpointer(
        store,
        key_ring=ground.key_ring,
        clock=ground.clock,
        observer=ground.telemetry,
        signer=signer,
        watch=AuditWatch(store, rules=rules, clock=ground.clock, observer=ground.telemetry),
    )

    async def turn() -> None:
        ground.telemetry.note_audit_head(await checkpointer.turn())

    return Job("audit_checkpoints", LOOK_SECONDS, turn)


def checkpoint_signer(settings: Settings) -> CheckpointSigner | None:
    """Give what signs checkpoints: the keys of [audit], of [identity], or that beside an embedded database.

    Makes none: None when there are none. Raises ConfigurationError when they cannot be read.
    """
    setting, paths = "audit.signing_key_files", settings.audit.signing_key_files
    if not paths and settings.identity is not None:
        setting, paths = "identity.signing_key_files", settings.identity.signing_key_files
    if not paths:
        beside = settings.store.data_folder / "keys" / "assertions.pem"
        if settings.store.dsn is not None or not beside.is_file():
            return None
        paths = (beside,)
    return Es256CheckpointSigner(load_signer(paths, setting))
