"""Transactions in every state, and one event of each kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.model.consent import ConsentCode, ConsentState, ConsentTransaction, DataState, HubResult
from gateway.sync.consent_events import (
    ConsentEvent,
    ContentLost,
    DataDelivered,
    DataFetched,
    DataUnavailable,
    InitFailed,
    Initiated,
    ResultTold,
    TimePassed,
    TranscodeTold,
    Woken,
)
from gateway.sync.consents import open_consent

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SUBJECT = b"s" * 32
ANOTHER = b"a" * 32
SESSION = b"b" * 32
CODE = "7f0c0000-0000-4000-8000-000000000001"
TXN = "9a110000-0000-4000-8000-000000000002"
CREATED = open_consent(
    transaction_id=UUID(int=1), client_id="mot-cua", subject_digest=SUBJECT, session_digest=SESSION, now=NOW
)

_KNOWN = replace(CREATED, transaction_code=CODE, txn_id=TXN)
_APPROVED = replace(_KNOWN, state=ConsentState.APPROVED, decided_at=NOW)
_LATER = NOW + timedelta(minutes=15)
TRANSACTIONS: dict[str, ConsentTransaction] = {
    "created": CREATED,
    "initiated": replace(CREATED, transaction_code=CODE, state=ConsentState.INITIATED),
    "linked": replace(_KNOWN, state=ConsentState.LINKED),
    "approved, wanted": replace(_APPROVED, data=DataState.WANTED, data_due_at=_LATER),
    "approved, held": replace(_APPROVED, data=DataState.HELD, data_due_at=_LATER),
    "approved, delivered": replace(_APPROVED, data=DataState.DELIVERED, data_due_at=_LATER),
    "approved, refused": replace(_APPROVED, data=DataState.REFUSED, code=ConsentCode.SUBJECT_MISMATCH),
    "approved, purged": replace(_APPROVED, data=DataState.PURGED),
    "declined": replace(_KNOWN, state=ConsentState.DECLINED, code=ConsentCode.DECLINED, decided_at=NOW),
    "expired": replace(_KNOWN, state=ConsentState.EXPIRED, code=ConsentCode.EXPIRED, decided_at=NOW),
    "failed": replace(_KNOWN, state=ConsentState.FAILED, code=ConsentCode.PROVIDER_ERROR, decided_at=NOW),
}
EVENTS: dict[str, ConsentEvent] = {
    "initiated": Initiated(transaction_code=CODE),
    "init failed": InitFailed(),
    "transcode": TranscodeTold(transaction_code=CODE, txn_id=TXN),
    "pending": ResultTold(transaction_code=CODE, result=HubResult.PENDING),
    "agreed": ResultTold(transaction_code=CODE, result=HubResult.AGREED),
    "declined": ResultTold(transaction_code=CODE, result=HubResult.DECLINED),
    "hub expired": ResultTold(transaction_code=CODE, result=HubResult.EXPIRED),
    "hub failed": ResultTold(transaction_code=CODE, result=HubResult.FAILED),
    "woken": Woken(txn_id=TXN),
    "fetched": DataFetched(subject_digest=SUBJECT),
    "fetched of another": DataFetched(subject_digest=ANOTHER),
    "unavailable": DataUnavailable(),
    "lost": ContentLost(),
    "delivered": DataDelivered(),
    "time": TimePassed(),
}
