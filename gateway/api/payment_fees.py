"""Fees held against the procedure catalogue: what a client states to be owed, and what the catalogue says.

The version that counts is the one that was seen last by the end of the day (in Viet Nam) on which the dossier was
submitted. What the gateway never saw cannot be compared, and is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from aiohttp import web
from pydantic import Field

from gateway.api.codes import Day
from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.payment_views import NewPayment
from gateway.api.problems import Problem
from gateway.api.procedures import CODE
from gateway.errors import Fault, InvalidInput
from gateway.model.dossier import Channel, Dossier, Fee, FeeKind
from gateway.model.party import CLOSED
from gateway.model.procedure import AmountKind, Procedure
from gateway.model.vocabulary import VIETNAM
from gateway.store.clients import Scope
from gateway.store.pool import Pool
from gateway.store.procedure_reads import StoredProcedure, find_procedure, list_versions
from gateway.sync.fees import FeeCheck, Mark, StatedItem, is_free, may_collect, owed, proposed, stated_fees, version_by

_procedures = msgspec.json.Decoder(Procedure)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesQuery:
    """For which day, and for which way of handing in."""

    __pydantic_config__ = CLOSED

    on: Annotated[Day | None, Field(description="In Viet Nam; today when left out.")] = None
    channel: Annotated[Channel | None, Field(description="All that the procedure offers when left out.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """A fee as the catalogue states it; `amount_vnd` only where it is a sum, `text` is the catalogue's own wording."""

    kind: FeeKind | None
    amount_kind: AmountKind
    amount_vnd: int | None
    text: str
    unit: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedFee:
    """A fee that can be stated as it stands."""

    name: str
    kind: FeeKind
    amount_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFees:
    """Fees of one way of handing in. `proposed` is null where a person must read words or choose a time limit."""

    channel: Channel
    is_free: bool
    lines: tuple[FeeLine, ...]
    proposed: tuple[ProposedFee, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFees:
    """What a procedure costs on a day, by the version that was seen last by its end, else by the first that was."""

    code: str
    version_number: Annotated[int, Field(ge=1)]
    on: date
    channels: tuple[ChannelFees, ...]


async def get_fees(call: Call) -> web.StreamResponse:
    """Tell what the catalogue says a procedure costs."""
    query: FeesQuery = call.query
    on = query.on or call.services.clock.now().astimezone(VIETNAM).date()
    found = await _procedure_on(call.services.pool, call.path["code"], on)
    if found is None:
        raise Problem("procedure-not-found")
    procedure = _procedures.decode(found.document)
    offered = dict.fromkeys(one.channel for one in procedure.channels)
    channels = tuple(
        _channel_fees(procedure, channel) for channel in offered if query.channel is None or channel is query.channel
    )
    return call.answer(
        200, ProcedureFees(code=found.code, version_number=found.version_number, on=on, channels=channels)
    )


def stated_items(dossier: Dossier, stated: NewPayment) -> tuple[StatedItem, ...]:
    """Give what is stated to be owed: the items, which must be fees of the dossier, else all that the dossier states.

    An item is at the stage at which the dossier has the fee. Raises Problem naming each item that is no fee of it.
    """
    if not stated.items:
        return tuple(
            StatedItem(name=fee.name, kind=fee.kind, amount_vnd=fee.amount_vnd, stage=fee.stage)
            for fee in dossier.fees
            if fee.amount_vnd > 0
        )
    faults: list[Fault] = []
    items: list[StatedItem] = []
    left = list(dossier.fees)
    for place, item in enumerate(stated.items):
        fee = next((one for one in left if _same(one, item.name, item.kind, item.amount_vnd)), None)
        if fee is None:
            faults.append(Fault(f"/items/{place}", "must be a fee of the dossier, with its name, kind and amount"))
            continue
        left.remove(fee)
        items.append(
            StatedItem(
                name=item.name,
                kind=item.kind,
                amount_vnd=item.amount_vnd,
                units_count=item.units_count,
                stage=fee.stage,
                code=item.code,
                exemption=item.exemption,
                exemption_note=item.exemption_note,
                full_amount_vnd=item.full_amount_vnd,
            )
        )
    if faults:
        raise Problem("invalid-content", faults=faults)
    return tuple(items)


async def check_fees(
    call: Call, dossier: Dossier, items: Sequence[StatedItem], check: FeeCheck
) -> tuple[tuple[Mark, ...], tuple[Fault, ...]]:
    """Hold the items against the catalogue of the dossier's day; give their marks, and what disagrees.

    Marks are empty where something disagrees, and where the gateway never saw the procedure. Raises Problem when fees
    that disagree are refused here.
    """
    on = dossier.submitted_at.astimezone(VIETNAM).date()
    found = await _procedure_on(call.services.pool, dossier.procedure_code, on)
    if found is None:
        return (), ()
    marks: tuple[Mark, ...] = ()
    faults: list[Fault] = []
    stage = items[0].stage
    try:
        marks = owed(_procedures.decode(found.document), dossier.channel, items, stage=stage).marks
    except InvalidInput as error:
        faults += error.faults
    if not may_collect(
        stage,
        is_received=dossier.received_at is not None,
        is_supplement_asked=bool(dossier.supplements),
        has_result=bool(dossier.results),
    ):
        faults.append(Fault("/items", f"may not be collected now: fees of {stage.value}"))
    if faults and check is FeeCheck.ENFORCE:
        raise Problem("fees-not-owed", f"Version {found.version_number} of the procedure counts.", faults=faults)
    return (() if faults else marks), tuple(faults)


async def _procedure_on(pool: Pool, code: str, on: date) -> StoredProcedure | None:
    """Find the version of a day; None when no version was ever seen."""
    lines = await list_versions(pool, code)
    number = version_by({line.version_number: line.seen_at.astimezone(VIETNAM).date() for line in lines}, on)
    return None if number is None else await find_procedure(pool, code, number)


def _same(fee: Fee, name: str, kind: FeeKind, amount_vnd: int) -> bool:
    return (fee.name, fee.kind, fee.amount_vnd) == (name, kind, amount_vnd)


def _channel_fees(procedure: Procedure, channel: Channel) -> ChannelFees:
    items = proposed(procedure, channel)
    return ChannelFees(
        channel=channel,
        is_free=is_free(procedure, channel),
        lines=tuple(
            FeeLine(
                kind=fee.kind,
                amount_kind=fee.amount_kind,
                amount_vnd=fee.amount_vnd,
                text=fee.text,
                unit=fee.unit,
                description=fee.description,
            )
            for fee in stated_fees(procedure, channel)
        ),
        proposed=None
        if items is None
        else tuple(ProposedFee(name=item.name, kind=item.kind, amount_vnd=item.amount_vnd) for item in items),
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/procedures/{code}/fees",
        operation_id="getProcedureFees",
        tag="procedures",
        summary="Tell what a procedure costs on a day",
        description="As the catalogue states it, by way of handing in. A procedure that was first seen after the day "
        "is told by its first version.",
        scope=Scope.PROCEDURES_READ,
        handler=get_fees,
        path_parameters=CODE,
        query=FeesQuery,
        answers={200: Answer(description="The fees.", model=ProcedureFees)},
        problems=("procedure-not-found",),
    ),
)
