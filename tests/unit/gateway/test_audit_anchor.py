"""Checkpoints reach the log, which is where they are worth something."""

import json
import logging
from datetime import UTC, datetime
from uuid import UUID

import pytest
import structlog
from prometheus_client import CollectorRegistry

from gateway.model.audit import ChainHead, Checkpoint, CheckpointKind
from gateway.ports.observing import AuditCheckpointed
from gateway.sync.audit_records import read_checkpoint
from gateway.telemetry import Telemetry, configure_logs


def test_a_checkpoint_is_logged_at_every_level(capsys: pytest.CaptureFixture[str]) -> None:
    """A log that tells errors only tells checkpoints too, whole enough to verify by."""
    checkpoint = Checkpoint(
        head=ChainHead(chain_id=UUID(int=1), position=7, digest=b"d" * 32),
        at=datetime(2026, 1, 5, tzinfo=UTC),
        kind=CheckpointKind.KEY_RING,
        key_id="",
        signature="",
        mac=b"m" * 32,
    )
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        configure_logs("error")
        telemetry = Telemetry(CollectorRegistry(), monotonic=lambda: 0.0)
        telemetry(AuditCheckpointed(checkpoint=checkpoint))
        telemetry.note_audit_head(7)
        logged = json.loads(capsys.readouterr().err)
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)

    assert "audit.checkpoint" == logged["event"]
    assert checkpoint == read_checkpoint(logged)
    assert 7 == telemetry.registry.get_sample_value("gateway_audit_head_position")
