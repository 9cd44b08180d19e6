"""What is written down of every look at personal data: who, when, why, for which dossier, and what was let out.

No line holds a personal value. A person who was looked at is a keyed digest, and so is an officer known by a citizen's
number only; fields are named, never given.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

LINE_FORMAT = 1
"""The version of the encoding that a line's hash is made over (docs/decisions/0021)."""


class AuditAction(StrEnum):
    """What was done. A word that is in use is never given another meaning: old lines keep it."""

    CITIZEN_VERIFY = "citizen.verify"
    """A citizen's data was held against the population database."""
    CITIZEN_LOOKUP = "citizen.lookup"
    """A citizen's data was read from the population database."""
    CITIZEN_PREFILL = "citizen.prefill"
    """A form was filled from the population database."""
    CITIZEN_CACHE_READ = "citizen.cache_read"
    """A reply that was kept for a moment was used again; nobody was asked."""
    DOSSIER_READ = "dossier.read"
    """A dossier's document was opened for a client."""
    FINDING_READ = "finding.read"
    """Both values of fields were shown in which the two sides differ."""
    MESSAGE_READ = "message.read"
    """A message of the national portal about a dossier was opened."""
    FILE_READ = "file.read"
    """A file that came with a message was given to a client."""
    FILE_SERVED = "file.served"
    """A dossier's file was given to whoever presented its signed link."""
    QUESTION_READ = "question.read"
    """A question that somebody put on the portal was opened, with who asked."""
    TECHNICAL_ID_FIND = "technical_id.find"
    """The portal was asked for its own id of whoever has a number."""
    RESULT_FIND = "result.find"
    """The national store was asked which results somebody has."""
    RESULT_READ = "result.read"
    """A file of the national store of results was given to a client."""
    CONSENT_COLLECT = "consent.collect"
    """Data was handed over that the citizen released."""
    SIGN_IN_ASSERT = "sign_in.assert"
    """A portal was told who signed in there."""
    AUDIT_READ = "audit.read"
    """Lines of this record were shown."""
    AUDIT_EXPORTED = "audit.exported"
    """Lines of this record were given away as a file."""
    AUDIT_REPORTED = "audit.reported"
    """Lines of this record were counted for the draft of a notification."""
    AUDIT_RESEALED = "audit.resealed"
    """The end of this record was found wrong, and an operator went on behind it. Begins a stretch of its own."""
    PAYMENT_OPENED = "payment.opened"
    """Who pays was handed on to a payment provider."""
    PAYMENT_DECIDED = "payment.decided"
    """An officer said what becomes of money that was taken."""
    RECEIPT_READ = "receipt.read"
    """A statutory receipt was given as it was issued, with its payer."""
    RECEIPT_HANDED_ON = "receipt.handed_on"
    """Who paid was handed on to a supplier of receipts, to write one."""
    PAYMENT_EVIDENCE_READ = "payment.evidence_read"
    """A voucher that a payer handed in was shown."""
    PAYMENT_BILL_READ = "payment.bill_read"
    """A payer's voucher was shown as its provider gave it."""
    PAYMENT_ACCOUNT_READ = "payment.account_read"
    """A payer's bank account was shown, to which a fee is paid back."""
    SUBJECT_FIND = "subject.find"
    """It was looked up what the gateway holds about a person; codes and counts were shown."""
    SUBJECT_EXPORT = "subject.export"
    """All that the gateway holds about a person was opened and given away, as the law lets the person ask."""
    SUBJECT_ERASE = "subject.erase"
    """What the gateway holds about a person was erased, as far as it may be."""
    DOSSIERS_RETIRED = "dossiers.retired"
    """Dossiers whose time of keeping is over were erased, by the installation's rule."""
    KEYS_ROTATED = "keys.rotated"
    """Record keys were wrapped by another key of the ring, or a key left the ring. Nobody's data was opened."""


class AuditStage(StrEnum):
    """A look that needs somebody else leaves a line before the question and one after the answer."""

    ASKED = "asked"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who wants to look at what, and why. Texts are codes or short sentences of one line, "" where nothing was stated.

    `officer` is taken as stated; a citizen's number is replaced by its digest before it is stored. `subject_digest` is
    `number_digest` of the key ring over the citizen's number, None where nobody in particular is looked at.
    """

    action: AuditAction
    client_id: str
    officer: str = ""
    agency_code: str = ""
    procedure_code: str = ""
    dossier_code: str = ""
    purpose: str = ""
    legal_basis: str = ""
    consent_ref: str = ""
    subject_digest: bytes | None = None
    fields_requested: tuple[str, ...] = ()
    edge: str = ""
    """Which way to the other system is used (its profile), "" inside the gateway."""
    client_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a look ended. `outcome` is a word of the action's own closed list; `request_id` is the id under which the
    other system knows the call (MaYeuCau)."""

    outcome: str
    fields_released: tuple[str, ...] = ()
    upstream_code: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One line, as it is kept. What is read back may have been tampered with, so words are plain text here."""

    line_id: UUID
    at: datetime
    action: str
    stage: str
    correlation_id: UUID
    """Ties the lines of one look together; of a single line its own id."""
    client_id: str
    officer: str
    agency_code: str
    procedure_code: str
    dossier_code: str
    purpose: str
    legal_basis: str
    consent_ref: str
    subject_digest: bytes | None
    fields_requested: tuple[str, ...]
    fields_released: tuple[str, ...]
    outcome: str
    upstream_code: str
    request_id: str
    edge: str
    latency_ms: int | None
    client_address: str
    gateway_version: str


@dataclass(frozen=True, slots=True)
class ChainedLine:
    """A line in its place. `digest` is SHA-256 over the digest before it, its position and its content."""

    position: int
    line: AuditLine
    digest: bytes
    format: int = LINE_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """Where a chain ends. Position 0 is the beginning: no line yet, and the digest of the chain's own id."""

    chain_id: UUID
    position: int
    digest: bytes


class CheckpointKind(StrEnum):
    """By what a checkpoint can be verified."""

    ES256 = "es256"
    """By the gateway's public signing keys, so by anybody; and by the key ring."""
    KEY_RING = "key_ring"
    """By the key ring only, since no signing key is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of where the chain stood. Kept outside the database, it finds what that cannot tell."""

    head: ChainHead
    at: datetime
    kind: CheckpointKind
    key_id: str
    """The signing key's thumbprint (RFC 7638), "" for the key ring."""
    signature: str
    """A compact JWS, "" for the key ring."""
    mac: bytes
