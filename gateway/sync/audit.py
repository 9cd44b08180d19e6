"""The audit chain: how a line is written for its digest, what a digest covers, and what may stand in a line.

Whoever verifies needs no more than this (docs/decisions/0021 says it for people):

    field(text)  = decimal count of its UTF-8 bytes, ":", the bytes, ","        field(nothing) = "-,"
    field(list)  = field of its items' fields, one after the other
    link         = SHA-256("lien-thong audit line 1\\n", digest before, field(position), fields of the line in order)
    digest 0     = SHA-256("lien-thong audit chain 1\\n", field(chain id))
    resealed n   = SHA-256("lien-thong audit stretch 1\\n", field(chain id), field(n)), in place of digest n

Every digest depends on the one before, so a change anywhere shows in the next link, or in all that follow, or in the
head. The head and every checkpoint are sealed by the installation's key ring, which the database does not hold.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from gateway.errors import Fault, InvalidInput
from gateway.model.audit import LINE_FORMAT, Access, AuditAction, AuditLine, ChainedLine, ChainHead, Outcome

_LINE = b"lien-thong audit line 1\n"
_CHAIN = b"lien-thong audit chain 1\n"
_STRETCH = b"lien-thong audit stretch 1\n"
_HEAD = b"lien-thong audit head 1\n"
_CHECKPOINT = b"lien-thong audit checkpoint 1\n"
_ABSENT = b"-,"

MAX_TEXT_LENGTH = 200
MAX_FIELDS_COUNT = 200
DIGESTED = "digest:"
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,59}", re.ASCII)
_CITIZEN_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{9})(?![0-9])", re.ASCII)
_SEPARATORS = str.maketrans("", "", " .-")

Seal = Callable[[bytes], bytes]
"""A keyed digest (KeyRing.digest)."""


def _field(content: bytes) -> bytes:
    return b"%d:%b," % (len(content), content)


def _text(text: str | None) -> bytes:
    return _ABSENT if text is None else _field(text.encode())


def _list(items: Iterable[str | None]) -> bytes:
    return _field(b"".join([_text(item) for item in items]))


def write_instant(instant: datetime) -> str:
    """Write an instant as a line's digest has it: UTC, six decimals, Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode_line(line: AuditLine) -> bytes:
    """Write a line's content, its position left out. The order of the fields is part of the format.

    Raises ValueError (UnicodeEncodeError, OverflowError with it) for content that no line can have had.
    """
    texts = [
        str(line.line_id),
        write_instant(line.at),
        line.action,
        line.stage,
        str(line.correlation_id),
        line.client_id,
        line.officer,
        line.agency_code,
        line.procedure_code,
        line.dossier_code,
        line.purpose,
        line.legal_basis,
        line.consent_ref,
        None if line.subject_digest is None else line.subject_digest.hex(),
    ]
    more = [
        line.outcome,
        line.upstream_code,
        line.request_id,
        line.edge,
        None if line.latency_ms is None else str(line.latency_ms),
        line.client_address,
        line.gateway_version,
    ]
    return b"".join(
        [
            *map(_text, texts),
            _list(line.fields_requested),
            _list(line.fields_released),
            *map(_text, more),
        ]
    )


def link(before: bytes, position: int, encoded: bytes) -> bytes:
    """Give the digest of a line in its place."""
    return sha256(b"".join([_LINE, before, _field(b"%d" % position), encoded])).digest()


def beginning(chain_id: UUID) -> ChainHead:
    """Give the head of a chain without lines."""
    return ChainHead(chain_id=chain_id, position=0, digest=sha256(_CHAIN + _text(str(chain_id))).digest())


def stretch_beginning(chain_id: UUID, position: int) -> ChainHead:
    """Give the place behind which an operator goes on after the chain's end was found wrong.

    It depends on nothing that stands before: nobody can say what that was.
    """
    return ChainHead(
        chain_id=chain_id,
        position=position,
        digest=sha256(_STRETCH + _text(str(chain_id)) + _field(b"%d" % position)).digest(),
    )


def begins_stretch(line: ChainedLine, encoded: bytes, chain_id: UUID) -> bool:
    """Tell whether a line begins a stretch: whether that was the gateway's doing, a checkpoint at its place tells."""
    if line.line.action != AuditAction.AUDIT_RESEALED:
        return False
    return link(stretch_beginning(chain_id, line.position - 1).digest, line.position, encoded) == line.digest


def extend(head: ChainHead, lines: Sequence[tuple[AuditLine, bytes]]) -> tuple[list[ChainedLine], ChainHead]:
    """Put encoded lines behind a head, in order; give them in their places, and the new head."""
    position, digest = head.position, head.digest
    chained = []
    for line, encoded in lines:
        position += 1
        digest = link(digest, position, encoded)
        chained.append(ChainedLine(position, line, digest, LINE_FORMAT))
    return chained, ChainHead(chain_id=head.chain_id, position=position, digest=digest)


def seal_head(head: ChainHead, seal: Seal) -> bytes:
    """Give the keyed digest that a stored head must carry."""
    return seal(_HEAD + _place(head))


def seal_checkpoint(head: ChainHead, at: datetime, seal: Seal) -> bytes:
    """Give the keyed digest that a checkpoint must carry."""
    return seal(_CHECKPOINT + _place(head) + _text(write_instant(at)))


def checkpoint_claims(head: ChainHead, at: datetime) -> dict[str, str | int]:
    """Give what a checkpoint's signature is made over."""
    return {
        "chain": str(head.chain_id),
        "position": head.position,
        "digest": head.digest.hex(),
        "at": write_instant(at),
    }


def _place(head: ChainHead) -> bytes:
    return b"".join([_text(str(head.chain_id)), _text(str(head.position)), _text(head.digest.hex())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """An officer as a line may name them: `text` is the code as stated unless `number` is a citizen's number."""

    text: str
    number: str | None


def read_officer(stated: str) -> Sign:
    """Tell whether an officer was named by a citizen's number (nine or twelve digits, also within other text)."""
    bare = stated.translate(_SEPARATORS)
    if len(bare) in (9, 12) and bare.isascii() and bare.isdigit():
        return Sign(text="", number=bare)
    found = _CITIZEN_NUMBER.search(stated)
    return Sign(text=stated, number=None) if found is None else Sign(text="", number=found.group())


def check_access(access: Access) -> None:
    """Refuse what a line must not hold: control characters, long texts, a citizen's number in a text, odd field names.

    Raises InvalidInput with every fault; no value is repeated.
    """
    faults = []
    for name in (
        *("client_id", "officer", "agency_code", "procedure_code", "dossier_code", "purpose", "legal_basis"),
        *("consent_ref", "edge", "client_address"),
    ):
        faults.extend(_text_faults(name, getattr(access, name)))
    faults += [
        Fault(name, "must not hold a citizen's number", "number")
        for name in ("purpose", "legal_basis")
        if _CITIZEN_NUMBER.search(getattr(access, name))
    ]
    if access.subject_digest is not None and len(access.subject_digest) != 32:
        faults.append(Fault("subject_digest", "must be 32 bytes", "bytes"))
    faults.extend(_names_faults("fields_requested", access.fields_requested))
    if faults:
        raise InvalidInput("the look cannot be written down as it is stated", faults)


def check_outcome(outcome: Outcome) -> None:
    """Refuse what a line must not hold of an outcome. Raises InvalidInput with every fault."""
    faults = [*_text_faults("upstream_code", outcome.upstream_code), *_text_faults("request_id", outcome.request_id)]
    if not _WORD.fullmatch(outcome.outcome):
        faults.append(Fault("outcome", "must be a word", "text"))
    if _CITIZEN_NUMBER.fullmatch(outcome.upstream_code):
        faults.append(Fault("upstream_code", "must not hold a citizen's number", "number"))
    faults.extend(_names_faults("fields_released", outcome.fields_released))
    if faults:
        raise InvalidInput("the outcome cannot be written down as it is stated", faults)


def _text_faults(name: str, text: str) -> list[Fault]:
    if len(text) > MAX_TEXT_LENGTH:
        return [Fault(name, f"must have at most {MAX_TEXT_LENGTH} characters", "text")]
    return [] if text.isprintable() else [Fault(name, "must be one line without control characters", "text")]


def _names_faults(name: str, names: tuple[str, ...]) -> list[Fault]:
    if len(names) > MAX_FIELDS_COUNT:
        return [Fault(name, f"must name at most {MAX_FIELDS_COUNT} fields", "list")]
    return [
        Fault(f"{name}/{place}", "must be the name of a field", "text")
        for place, text in enumerate(names)
        if not _FIELD_NAME.fullmatch(text)
    ]
