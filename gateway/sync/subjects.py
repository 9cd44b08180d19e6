"""What may be erased when a person asks for it, table by table, each with its reason. One place; no IO.

Sources: Law 91/2025/QH15 on the protection of personal data (in force 2026-01-01), by which a person may ask for access
and for deletion, except where another law has the data kept; Circular 46/2022/TT-BCA article 8, by which looks at
citizens' data are logged and the log is kept. The exact terms are to be confirmed by the province's counsel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.model.status import FINAL_STATUSES


class Treatment(StrEnum):
    """What erasure does with a table's rows of a person."""

    SHREDDED = "shredded"
    """The record key is destroyed and the sealed content dropped; codes, instants and amounts stay."""
    DELETED = "deleted"
    WITH_DOSSIER = "with_dossier"
    """Goes when its dossier goes."""
    KEPT = "kept"
    NOT_FOUND = "not_found"
    """Nothing in it can be found by a person's number."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a table is treated, and why."""

    treatment: Treatment
    reason: str


_T = Treatment
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "dossiers": Rule(
            _T.SHREDDED, "once its status is final and nothing is owed to a national system; until then it is needed"
        ),
        "dossier_revisions": Rule(_T.WITH_DOSSIER, "sealed by the dossier's key"),
        "dossier_parties": Rule(_T.WITH_DOSSIER, "the index of the dossier"),
        "indicator_facts": Rule(
            _T.WITH_DOSSIER,
            "keyed digests of the applicant, of who submitted, of files; times, codes and counts stay, as published"
            " numbers must",
        ),
        "monitoring_snapshots": Rule(_T.NOT_FOUND, "signed manifests of published numbers; nobody stands in them"),
        "monitoring_files": Rule(_T.NOT_FOUND, "published numbers; nobody stands in them"),
        "inbox": Rule(_T.WITH_DOSSIER, "the portal's messages about the dossier, once they are handled"),
        "payment_requests": Rule(_T.WITH_DOSSIER, "who pays; amounts, references and states stay, as accounts must"),
        "payment_messages": Rule(
            _T.WITH_DOSSIER, "what providers said of its payments; what belongs to no payment is found by nothing"
        ),
        "payment_refunds": Rule(
            _T.NOT_FOUND, "the payer's account; gone when the refund is over. Amounts and states stay, as accounts must"
        ),
        "payment_vouchers": Rule(
            _T.WITH_DOSSIER, "files that the payer handed in; amounts and officers stay, as accounts must"
        ),
        "payment_bills": Rule(_T.WITH_DOSSIER, "payers' vouchers as providers gave them; that there was one stays"),
        "receipt_contents": Rule(
            _T.KEPT, "statutory receipts are accounting documents, which must be kept (Law 88/2015/QH13 article 41)"
        ),
        "receipt_orders": Rule(
            _T.KEPT, "statutory receipts that a supplier has not written yet; the content goes once it has"
        ),
        "settlement_files": Rule(
            _T.NOT_FOUND, "providers' daily files; rows name references, accounts of the province and dossiers only"
        ),
        "account_statements": Rule(
            _T.NOT_FOUND, "credits of account statements, whose texts may name payers; deleted by time"
        ),
        "reconciliation_findings": Rule(_T.WITH_DOSSIER, "values of both sides that differed"),
        "sign_ins": Rule(_T.SHREDDED, "a living sign-in is ended; one that is over holds no content"),
        "technical_ids": Rule(_T.DELETED, "asked for anew at the next sign-in"),
        "share_consents": Rule(_T.SHREDDED, "once the consent is over; one under way ends within the hour"),
        "sign_in_evidence": Rule(
            _T.KEPT, "proves how dossiers were filed; holds levels, instants and keyed digests only"
        ),
        "local_accounts": Rule(
            _T.KEPT, "keyed digests of what a portal states of its own account; the portal is to close the account"
        ),
        "account_links": Rule(
            _T.KEPT, "keyed digests that keep another person from being led to the account; ended by the portal"
        ),
        "audit_lines": Rule(
            _T.KEPT, "the record of looks must be kept (Circular 46/2022/TT-BCA article 8); holds a keyed digest only"
        ),
        "sign_in_flights": Rule(_T.NOT_FOUND, "sealed without an index; gone within minutes"),
        "citizen_replies": Rule(_T.NOT_FOUND, "sealed, found by the question's digest only; gone within 15 minutes"),
        "early_consent_notices": Rule(_T.NOT_FOUND, "sealed, found by the hub's code only; gone within the hour"),
        "questions": Rule(
            _T.NOT_FOUND, "citizens' questions name no number; the national portal is where their asker is known"
        ),
        "statements": Rule(_T.NOT_FOUND, "answers and ratings name no number; sealed"),
        "idempotency_records": Rule(_T.NOT_FOUND, "receipts without personal data; gone within days"),
        "logout_tokens_seen": Rule(_T.NOT_FOUND, "digests of a provider's tokens; gone within the hour"),
    }
)
"""Every table that holds sealed content or a digest of a person. A test compares it with the schema."""

NOT_SEARCHED = (
    "people whom a dossier names without a number of theirs (by name, telephone or address only)",
    "people mentioned in free text, file names, steps and notes, officers among them",
    "askers of questions and whoever an answer, rating or statement speaks of",
    "sign-ins and consents that are under way at this moment and have vouched for no number yet",
    "what national systems and the province's own systems hold: ask them",
)
"""Where a person may be without being found by number."""


def why_kept(status: str, *, has_open_deliveries: bool) -> str:
    """Say why a dossier cannot be erased yet, "" when it can."""
    if status not in FINAL_STATUSES:
        return "under_processing"
    return "delivery_open" if has_open_deliveries else ""
