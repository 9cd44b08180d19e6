"""Lines and checkpoints as JSON values: in exports, in the log, and back. One record per line of text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.errors import Fault, InvalidInput
from gateway.model.audit import AuditLine, ChainedLine, ChainHead, Checkpoint, CheckpointKind
from gateway.sync.audit import write_instant

_LINE_NAMES = tuple(AuditLine.__dataclass_fields__)


def line_fields(chained: ChainedLine) -> dict[str, Any]:
    """Write a line. Names and order are those of the digest (docs/decisions/0021)."""
    line = chained.line
    values = {name: getattr(line, name) for name in _LINE_NAMES}
    values["line_id"] = str(line.line_id)
    values["at"] = write_instant(line.at)
    values["correlation_id"] = str(line.correlation_id)
    values["subject_digest"] = None if line.subject_digest is None else line.subject_digest.hex()
    values["fields_requested"] = list(line.fields_requested)
    values["fields_released"] = list(line.fields_released)
    return {"position": chained.position, "format": chained.format, **values, "digest": chained.digest.hex()}


def read_line(record: Mapping[str, Any]) -> ChainedLine:
    """Read a line as it was written. Raises InvalidInput."""
    try:
        values = {name: record[name] for name in _LINE_NAMES}
        values["line_id"] = UUID(values["line_id"])
        values["at"] = datetime.fromisoformat(values["at"])
        values["correlation_id"] = UUID(values["correlation_id"])
        digest = values["subject_digest"]
        values["subject_digest"] = None if digest is None else bytes.fromhex(digest)
        values["fields_requested"] = tuple(values["fields_requested"])
        values["fields_released"] = tuple(values["fields_released"])
        line = AuditLine(**values)
        return ChainedLine(int(record["position"]), line, bytes.fromhex(record["digest"]), int(record["format"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            "a record is no audit line", [Fault("line", "must have the fields of its format")]
        ) from error


def checkpoint_fields(checkpoint: Checkpoint) -> dict[str, Any]:
    """Write a checkpoint."""
    return {
        "chain_id": str(checkpoint.head.chain_id),
        "position": checkpoint.head.position,
        "digest": checkpoint.head.digest.hex(),
        "at": write_instant(checkpoint.at),
        "kind": checkpoint.kind.value,
        "key_id": checkpoint.key_id,
        "signature": checkpoint.signature,
        "mac": checkpoint.mac.hex(),
    }


def read_checkpoint(record: Mapping[str, Any]) -> Checkpoint:
    """Read a checkpoint as it was written, in a log line too. Raises InvalidInput."""
    try:
        return Checkpoint(
            head=ChainHead(
                chain_id=UUID(record["chain_id"]),
                position=int(record["position"]),
                digest=bytes.fromhex(record["digest"]),
            ),
            at=datetime.fromisoformat(record["at"]),
            kind=CheckpointKind(record["kind"]),
            key_id=str(record["key_id"]),
            signature=str(record["signature"]),
            mac=bytes.fromhex(record["mac"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput("a record is no checkpoint", [Fault("checkpoint", "must have its fields")]) from error


def head_fields(head: ChainHead) -> dict[str, Any]:
    """Write a place in the chain."""
    return {"chain_id": str(head.chain_id), "position": head.position, "digest": head.digest.hex()}


def read_head(record: Mapping[str, Any]) -> ChainHead:
    """Read a place in the chain. Raises InvalidInput."""
    try:
        digest, position = bytes.fromhex(record["digest"]), int(record["position"])
        return ChainHead(chain_id=UUID(record["chain_id"]), position=position, digest=digest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput("a record names no place in a chain", [Fault("head", "must have its fields")]) from error
