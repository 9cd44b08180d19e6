"""Packing what many lanes owe into as few calls as the system allows, without mixing what must not be mixed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.model.delivery import Delivery, Lane
from gateway.ports.portal import ChannelLimits, Prepared
from gateway.ports.store import LeasedLane
from gateway.sync.actions import Action, PushSnapshot, PushStatus, PushSteps, Query


@dataclass(frozen=True, slots=True)
class Item:
    """One lane's share of a call: as leased, as begun, what is done, and the translated records in order."""

    leased: LeasedLane
    lane: Lane
    action: Action
    prepared: tuple[Prepared, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """Items that travel together; all of the same operation (create, update, steps, national_status or query)."""

    operation: str
    items: tuple[Item, ...]


def deliveries_of(action: Action) -> tuple[Delivery, ...]:
    """Give the deliveries whose content an action needs; none for actions without a call."""
    match action:
        case PushSnapshot(delivery=delivery) | PushStatus(delivery=delivery) | Query(delivery=delivery):
            return (delivery,)
        case PushSteps(deliveries=deliveries):
            return deliveries
        case _:
            return ()


def pack(items: Iterable[Item], limits: ChannelLimits) -> list[Call]:
    """Group items into calls: one flag covers a whole batch, so creates and updates travel apart (wire notes §1.7)."""
    companies: dict[str, list[Item]] = {"create": [], "update": [], "steps": []}
    calls: list[Call] = []
    for item in items:
        match item.action:
            case PushSnapshot(is_update=is_update, is_alone=is_alone):
                operation = "update" if is_update else "create"
            case PushSteps(is_alone=is_alone):
                operation = "steps"
            case PushStatus():
                operation, is_alone = "national_status", True
            case _:
                operation, is_alone = "query", True
        if is_alone:
            calls.append(Call(operation, (item,)))
        else:
            companies[operation].append(item)
    for operation, company in companies.items():
        most = limits.max_steps_per_call if operation == "steps" else limits.max_snapshots_per_call
        calls.extend(Call(operation, chunk) for chunk in _chunks(company, most))
    return calls


def _chunks(items: Sequence[Item], most: int) -> Iterable[tuple[Item, ...]]:
    """Fill chunks to `most` records; an item is never torn apart, its records being in order."""
    chunk: list[Item] = []
    records_count = 0
    for item in items:
        if chunk and records_count + len(item.prepared) > most:
            yield tuple(chunk)
            chunk, records_count = [], 0
        chunk.append(item)
        records_count += len(item.prepared)
    if chunk:
        yield tuple(chunk)
