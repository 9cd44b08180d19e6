"""What moves a share transaction, as two tables: the citizen's decision, and the data. The theory is in `consents`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway.model.consent import ConsentCode, ConsentState, DataState, HubResult


class Fact(StrEnum):
    """What a decision's row may react to."""

    INITIATED = "initiated"
    INIT_FAILED = "init_failed"
    LINKED = "linked"
    AGREED = "agreed"
    DECLINED = "declined"
    HUB_EXPIRED = "hub_expired"
    HUB_FAILED = "hub_failed"
    DEADLINE_PASSED = "deadline_passed"
    CONTENT_LOST = "content_lost"


_RESULTS: Mapping[Fact, ConsentState] = {
    Fact.AGREED: ConsentState.APPROVED,
    Fact.DECLINED: ConsentState.DECLINED,
    Fact.HUB_EXPIRED: ConsentState.EXPIRED,
    Fact.HUB_FAILED: ConsentState.FAILED,
    Fact.DEADLINE_PASSED: ConsentState.EXPIRED,
    Fact.CONTENT_LOST: ConsentState.FAILED,
}

DECISIONS: Mapping[ConsentState, Mapping[Fact, ConsentState]] = MappingProxyType(
    {
        ConsentState.CREATED: {
            Fact.INITIATED: ConsentState.INITIATED,
            Fact.INIT_FAILED: ConsentState.FAILED,
            Fact.LINKED: ConsentState.LINKED,
            **_RESULTS,
        },
        ConsentState.INITIATED: {Fact.LINKED: ConsentState.LINKED, **_RESULTS},
        ConsentState.LINKED: {**_RESULTS},
        ConsentState.APPROVED: {},
        ConsentState.DECLINED: {},
        ConsentState.EXPIRED: {},
        ConsentState.FAILED: {},
    }
)
"""Where each fact leads; a fact without an entry changes no state."""


class DataFact(StrEnum):
    """What a row of the data may react to."""

    APPROVED = "approved"
    FETCHED = "fetched"
    FETCHED_OF_ANOTHER = "fetched_of_another"
    UNAVAILABLE = "unavailable"
    DELIVERED = "delivered"
    DUE = "due"
    LOST = "lost"


DATA: Mapping[DataState, Mapping[DataFact, DataState]] = MappingProxyType(
    {
        DataState.NONE: {DataFact.APPROVED: DataState.WANTED},
        DataState.WANTED: {
            DataFact.FETCHED: DataState.HELD,
            DataFact.FETCHED_OF_ANOTHER: DataState.REFUSED,
            DataFact.UNAVAILABLE: DataState.REFUSED,
            DataFact.DUE: DataState.REFUSED,
            DataFact.LOST: DataState.REFUSED,
        },
        DataState.HELD: {
            DataFact.DELIVERED: DataState.DELIVERED,
            DataFact.DUE: DataState.PURGED,
            DataFact.LOST: DataState.PURGED,
        },
        DataState.DELIVERED: {DataFact.DUE: DataState.PURGED, DataFact.LOST: DataState.PURGED},
        DataState.REFUSED: {},
        DataState.PURGED: {},
    }
)
"""What becomes of the data; a fact without an entry changes nothing."""

CODES: Mapping[Fact, ConsentCode] = {
    Fact.DECLINED: ConsentCode.DECLINED,
    Fact.HUB_EXPIRED: ConsentCode.EXPIRED,
    Fact.DEADLINE_PASSED: ConsentCode.EXPIRED,
    Fact.HUB_FAILED: ConsentCode.PROVIDER_ERROR,
    Fact.CONTENT_LOST: ConsentCode.CONFIGURATION,
}
FACT_OF_RESULT: Mapping[HubResult, Fact] = {
    HubResult.AGREED: Fact.AGREED,
    HubResult.DECLINED: Fact.DECLINED,
    HubResult.EXPIRED: Fact.HUB_EXPIRED,
    HubResult.FAILED: Fact.HUB_FAILED,
}
