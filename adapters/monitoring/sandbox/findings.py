"""What the national monitoring system holds against a province, as a closed list. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FindingKind(StrEnum):
    """What is wrong. A publication is held against one promise after the other, and what a broken promise makes
    meaningless is not looked at: files that are not those that were signed are not read any further."""

    SIGNATURE_FAILED = "signature_failed"
    """The manifest is not signed by a key of the province under an algorithm that is allowed (§4.5)."""
    CHAIN_BROKEN = "chain_broken"
    """A manifest does not follow the one before it: there is a gap, a fork, a removal, another order, or what was
    pulled earlier has changed (§4.5)."""
    DIGEST_DIFFERS = "digest_differs"
    """A file is not of the size and the SHA-256 that its manifest states (§4.5)."""
    ROWS_DIFFER = "rows_differ"
    """JSON, CSV and JSON lines of a snapshot do not say the same, row by row, or not in as many rows as stated
    (§4.4)."""
    PERCENT_WRONG = "percent_wrong"
    """A percentage is not 100·n/d with two decimals, halves up (§7), or stands over nothing."""
    NULL_REASON_WRONG = "null_reason_wrong"
    """A missing percentage has no reason, or a stated one has (§0 rule 4)."""
    TARGET_WRONG = "target_wrong"
    """A target does not exist, or its result is not that of whole numbers, 100·n against T·d (§0 rule 5)."""
    SUM_WRONG = "sum_wrong"
    """Parts exceed their whole: a numerator its denominator, agencies or levels the province."""
    BOUNDS_WRONG = "bounds_wrong"
    """A period does not begin and end as its type and calendar say (§4.2)."""
    VERSION_ORDER_WRONG = "version_order_wrong"
    """Versions are not numbered from 1 without a gap, or not preliminary, revised, final, restated in turn (§4.3)."""
    RESTATEMENT_MISSING = "restatement_missing"
    """A number changed between two versions and no entry says so (§4.3)."""
    RESTATEMENT_WRONG = "restatement_wrong"
    """An entry contradicts the versions or itself, or a restatement has no reason (§4.3)."""
    DEFINITION_MISSING = "definition_missing"
    """A number is published under a code that the catalogue does not define (§0 rule 1)."""
    PERSONAL_DATA = "personal_data"
    """Something that belongs to a person stands in what was handed out (§4.5)."""
    ACCESS_WRONG = "access_wrong"
    """Somebody was let in who must not be (§4.5)."""
    CACHE_WRONG = "cache_wrong"
    """ETag, If-None-Match or Cache-Control are not as agreed (§4.4)."""
    CONTRACT_BROKEN = "contract_broken"
    """An answer has not the agreed form (§4.1, §4.4)."""
    UNAVAILABLE = "unavailable"
    """The province did not answer, or not within the tries that it was given."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. The message names keys, names and counts of what is published, never what was found
    of a person."""

    kind: FindingKind
    snapshot_id: str | None
    """The snapshot that it is about; None when it is about none."""
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"kind": self.kind.value, "snapshot_id": self.snapshot_id, "message": self.message}


class Refused(Exception):
    """What was read cannot be used any further, for the reason that the finding says."""

    def __init__(self, kind: FindingKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def broken(message: str) -> Refused:
    """Say that an answer has not the agreed form."""
    return Refused(FindingKind.CONTRACT_BROKEN, message)
