"""Receivers that publications are pushed to: how far each is, and what it said of a publication."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.monitoring import PATH
from gateway.api.monitoring_pulls import desk_of
from gateway.api.monitoring_snapshots import SNAPSHOT_ID, found_snapshot
from gateway.store.clients import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverView:
    """A receiver. `reason` is the code of its last failure, "" since it took something; `next_at` is the next try."""

    receiver: str
    position: Annotated[int, Field(description="Of the last publication that it has; it has all before.")]
    waiting_count: int
    waiting_since: datetime | None
    failures_count: int
    reason: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """All receivers, by name."""

    receivers: tuple[ReceiverView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """A receiver's word for a publication: the status and text that it answered, and the digest of what was sent."""

    receiver: str
    status: int
    sha256: str
    answer: str
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """What receivers said, by their names."""

    receipts: tuple[ReceiptView, ...]


async def get_receivers(call: Call) -> web.StreamResponse:
    """Say what each receiver has, what it is owed, and why it does not have it."""
    desk = desk_of(call)
    found = await desk.pushes.standing(desk.receivers)
    return call.answer(200, {"receivers": [asdict(one) for one in found]})


async def get_receipts(call: Call) -> web.StreamResponse:
    """Give the receivers' words for a publication."""
    desk = desk_of(call)
    snapshot = await found_snapshot(call, desk)
    found = await desk.pushes.receipts(snapshot.snapshot_id)
    return call.answer(200, {"receipts": [asdict(one) for one in found]})


ENDPOINTS = (
    Endpoint(
        method="GET",
        path=f"{PATH}/receivers",
        operation_id="listReceivers",
        tag="monitoring",
        summary="Say how far each receiver of publications is",
        scope=Scope.MONITORING_READ,
        handler=get_receivers,
        answers={200: Answer(description="The receivers.", model=Receivers)},
        problems=("no-indicators", "pulls-too-fast"),
    ),
    Endpoint(
        method="GET",
        path=f"{PATH}/snapshots/{{snapshot_id}}/receipts",
        operation_id="listReceiptsOfSnapshot",
        tag="monitoring",
        summary="Read what receivers said of a publication",
        scope=Scope.MONITORING_READ,
        handler=get_receipts,
        path_parameters={"snapshot_id": SNAPSHOT_ID},
        answers={200: Answer(description="The receipts.", model=Receipts)},
        problems=("no-indicators", "pulls-too-fast", "snapshot-not-found"),
    ),
)
