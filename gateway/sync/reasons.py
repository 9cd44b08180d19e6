"""The closed list of reasons that deliveries carry and of alerts that reactions raise.

A reason is a code, or a code, a colon and details that are codes themselves ("unmapped: procedure 1.999001"). A
waiting delivery whose last answers did not settle it carries a *count* ("already_exists: 2"): that is how repetition is
bounded without another column, across processes and restarts.
"""

from collections.abc import Sequence

from gateway.model.delivery import Delivery

OUTCOME_UNKNOWN = "outcome_unknown"
LEASE_LOST = "lease_lost"
DOSSIER_MISSING = "dossier_missing"
CONTRADICTORY_EXISTENCE = "contradictory_existence"
REJECTED = "rejected"
UNMAPPED = "unmapped"
UNTRANSLATABLE = "untranslatable"

ALREADY_EXISTS = "already_exists"
DOES_NOT_EXIST = "does_not_exist"
NOT_JUDGED = "not_judged"
CONTRACT_BROKEN = "contract_broken"
QUERY_REJECTED = "query_rejected"
"""Counts refused queries in a row. Not in COUNTED: the first query that is answered ends the row."""

EXISTENCE = frozenset({ALREADY_EXISTS, DOES_NOT_EXIST})
COUNTED = EXISTENCE | {NOT_JUDGED, CONTRACT_BROKEN}

NOT_ON_THE_SYSTEM = "dossier not on the system"

ALERT_DOSSIER_MISSING = "dossier_missing_remotely"
CONFLICT_PREFIX = "conflict: "
ALERT_CONTRACT_BROKEN = "contract_broken"
ALERT_CREDENTIALS = "credentials_refused"
ALERT_CONTRADICTORY = "contradictory_existence"
ALERT_QUERY_REJECTED = "query_rejected"

_MAX_ROWS = 20
MAX_LENGTH = 1000
"""A reason of this length may have been cut off."""


def reason_code(reason: str) -> str:
    """Give the code alone, from a closed list, fit for a label: "unmapped: procedure 1.999001" -> "unmapped"."""
    return reason.split(":", 1)[0].split(" ", 1)[0]


def superseded_by(revision: int) -> str:
    return f"superseded by revision {revision}"


def with_detail(code: str, detail: str) -> str:
    return f"{code}: {detail}" if detail else code


def counted(code: str, count: int) -> str:
    return f"{code}: {count}"


def count_in(reason: str, codes: frozenset[str]) -> int:
    """Give the count that a reason carries; 0 when its code is none of these."""
    code, _, count = reason.partition(": ")
    return int(count) if code in codes and count.isdecimal() else 0


def count_of(delivery: Delivery, codes: frozenset[str]) -> int:
    """Give how often in a row the delivery was answered with one of the codes; 0 when something else came last."""
    return count_in(delivery.reason, codes)


def kept_or(delivery: Delivery, reason: str) -> str:
    """Keep a count over an attempt that gave no answer; take the new reason in every other case."""
    return delivery.reason if reason_code(delivery.reason) in COUNTED else reason


def not_translated(missing: Sequence[tuple[str, str]], problems: Sequence[tuple[str, str]]) -> str:
    """List what a person must add or correct: missing rows first, then broken field rules; bounded in length."""
    parts = []
    if missing:
        parts.append(with_detail(UNMAPPED, _rows(missing)))
    if problems or not missing:
        parts.append(with_detail(UNTRANSLATABLE, _rows(problems)))
    return "; ".join(parts)[:MAX_LENGTH]


def _rows(pairs: Sequence[tuple[str, str]]) -> str:
    rows = [f"{first} {second}" for first, second in pairs[:_MAX_ROWS]]
    if len(pairs) > _MAX_ROWS:
        rows.append(f"and {len(pairs) - _MAX_ROWS} more")
    return "; ".join(rows)
