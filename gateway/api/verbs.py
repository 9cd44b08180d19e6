"""Endpoints for what an operator does with deliveries: retry, skip, replay. Each shows first and acts when told to.

A repetition is harmless: what was retried or skipped is not parked any more, and what is on its way is not sent again.
So no key for repeats is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoint import Answer, Call, Endpoint
from gateway.api.problems import Problem
from gateway.api.systems import DryRun, ReasonCode, SystemName
from gateway.errors import Fault, InvalidInput
from gateway.model.party import CLOSED
from gateway.model.vocabulary import DossierCode, Instant
from gateway.store.clients import Scope
from gateway.store.dossiers import EVERY_AGENCY
from gateway.store.gates import knows_system
from gateway.store.parked import LaneBusy, ParkedDelivery, decide_parked, list_parked
from gateway.store.replay import Replayable, ReplayWish, find_replayable, replay
from gateway.sync.lanes import retry_parked, skip_parked

MAX_ACTS_COUNT = 1_000
_TOGETHER_RULE = "must stand alone: name deliveries, or a reason"

DeliveryIds = Annotated[
    tuple[Annotated[int, Field(ge=1, le=2**62)], ...], Field(min_length=1, max_length=MAX_ACTS_COUNT)
]
ReasonPrefix = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_ :.-]{0,99}$", examples=["unmapped"], description="How the wanted reasons begin."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBody:
    """Which parked deliveries are to be sent again: those named, or all whose reason begins so."""

    __pydantic_config__ = CLOSED

    delivery_ids: DeliveryIds | None = None
    reason: ReasonPrefix | None = None
    dry_run: DryRun = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipBody:
    """Which parked deliveries are to end unsent, and why."""

    __pydantic_config__ = CLOSED

    delivery_ids: DeliveryIds
    because: ReasonCode
    dry_run: DryRun = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayBody:
    """Which dossiers are to be sent again as they are now: those named, or those delivered in [since, until)."""

    __pydantic_config__ = CLOSED

    system: SystemName = "portal"
    dossier_codes: Annotated[tuple[DossierCode, ...], Field(min_length=1, max_length=MAX_ACTS_COUNT)] | None = None
    since: Instant | None = None
    until: Instant | None = None
    because: ReasonCode
    dry_run: DryRun = True


class ActOutcome(StrEnum):
    """What became of one act. In a dry run `done` means: would be done."""

    DONE = "done"
    NOT_PARKED = "not_parked"
    NOT_FOUND = "not_found"
    UNDER_WAY = "under_way"
    NOTHING_TO_SEND = "nothing_to_send"
    """The dossier was filed over there, and the province has not answered yet."""
    BUSY = "busy"
    """A worker is at the dossier just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedDelivery:
    """One delivery that was decided on."""

    delivery_id: int
    outcome: ActOutcome
    dossier_code: str = ""
    was_parked_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was done, or would be. `has_more` when the reason fits more than one call takes."""

    is_dry_run: bool
    done_count: int
    has_more: bool
    deliveries: tuple[DecidedDelivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDossier:
    """One dossier that was meant."""

    dossier_code: str
    outcome: ActOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """What was done, or would be. With `has_more` repeat from a later `since`, or name dossiers."""

    is_dry_run: bool
    done_count: int
    has_more: bool
    dossiers: tuple[ReplayedDossier, ...]


def prefixes_of(call: Call) -> Sequence[str] | None:
    """Give the subtrees that the caller may touch; None for all."""
    prefixes = call.caller.agency_prefixes
    return None if EVERY_AGENCY in prefixes else prefixes


async def post_retry(call: Call) -> web.StreamResponse:
    """Send parked deliveries again."""
    body: RetryBody = call.body
    if (body.delivery_ids is None) == (body.reason is None):
        raise Problem("unclear-selection", faults=[Fault("", _TOGETHER_RULE, "both or neither")])
    return await _decide(call, body.delivery_ids, body.reason, None)


async def post_skip(call: Call) -> web.StreamResponse:
    """End parked deliveries without sending them."""
    body: SkipBody = call.body
    return await _decide(call, body.delivery_ids, None, body.because)


async def _decide(
    call: Call, delivery_ids: Sequence[int] | None, reason: str | None, because: str | None
) -> web.StreamResponse:
    parked = await list_parked(
        call.services.pool,
        reason=reason,
        delivery_ids=delivery_ids,
        prefixes=prefixes_of(call),
        limit=MAX_ACTS_COUNT + 1,
    )
    shown = parked[:MAX_ACTS_COUNT]
    decided = [await _decided(call, item, because) for item in shown]
    known = {item.delivery_id for item in parked}
    decided.extend(
        DecidedDelivery(delivery_id=delivery_id, outcome=ActOutcome.NOT_PARKED)
        for delivery_id in dict.fromkeys(delivery_ids or ())
        if delivery_id not in known
    )
    answer = Decisions(
        is_dry_run=call.body.dry_run,
        done_count=sum(one.outcome is ActOutcome.DONE for one in decided),
        has_more=len(parked) > len(shown),
        deliveries=tuple(decided),
    )
    return call.answer(200, answer)


async def _decided(call: Call, item: ParkedDelivery, because: str | None) -> DecidedDelivery:
    outcome = ActOutcome.DONE
    if not call.body.dry_run:
        now = call.services.clock.now()
        decision = (
            partial(retry_parked, delivery_id=item.delivery_id, now=now)
            if because is None
            else partial(skip_parked, delivery_id=item.delivery_id, reason=because, now=now)
        )
        try:
            await decide_parked(call.services.pool, item.delivery_id, decision, now, who=call.caller.client_id)
        except LaneBusy:
            outcome = ActOutcome.BUSY
        except InvalidInput:
            outcome = ActOutcome.NOT_PARKED  # Somebody else decided meanwhile.
    return DecidedDelivery(
        delivery_id=item.delivery_id, outcome=outcome, dossier_code=item.dossier_code, was_parked_for=item.reason
    )


async def post_replay(call: Call) -> web.StreamResponse:
    """Send dossiers again as they are now."""
    body: ReplayBody = call.body
    services = call.services
    wish = read_wish(body.system, body.dossier_codes, body.since, body.until)
    if not await knows_system(services.pool, body.system):
        raise Problem("system-not-found")
    found = await find_replayable(services.pool, wish, prefixes=prefixes_of(call), limit=MAX_ACTS_COUNT + 1)
    shown = found[:MAX_ACTS_COUNT]
    meant = [dossier for dossier in shown if dossier.is_meant]
    done_count = len(meant)
    if not body.dry_run:
        done_count = await replay(
            services.pool,
            body.system,
            meant,
            who=call.caller.client_id,
            reason=body.because,
            now=services.clock.now(),
        )
    known = {dossier.code for dossier in found}
    answer = Replays(
        is_dry_run=body.dry_run,
        done_count=done_count,
        has_more=len(found) > len(shown),
        dossiers=(
            *(
                ReplayedDossier(
                    dossier_code=dossier.code,
                    outcome=_outcome(dossier),
                )
                for dossier in shown
            ),
            *(
                ReplayedDossier(dossier_code=code, outcome=ActOutcome.NOT_FOUND)
                for code in dict.fromkeys(body.dossier_codes or ())
                if code not in known
            ),
        ),
    )
    return call.answer(200, answer)


def _outcome(dossier: Replayable) -> ActOutcome:
    if not dossier.has_content:
        return ActOutcome.NOTHING_TO_SEND
    return ActOutcome.UNDER_WAY if dossier.is_under_way else ActOutcome.DONE


def read_wish(system: str, codes: tuple[str, ...] | None, since: datetime | None, until: datetime | None) -> ReplayWish:
    """Hold a selection against its rules. Raises Problem."""
    is_interval = since is not None and until is not None
    if (since is None) != (until is None) or is_interval == (codes is not None):
        rule = "must be dossier_codes alone, or since and until together"
        raise Problem("unclear-selection", faults=[Fault("", rule, "both, neither or half")])
    if since is not None and until is not None and since >= until:
        raise Problem("impossible-dates", faults=[Fault("/until", "must be after since", "instant")])
    return ReplayWish(system=system, codes=codes, since=since, until=until)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/deliveries:retry",
        operation_id="retryDeliveries",
        tag="systems",
        summary="Send parked deliveries again, as if never tried",
        description=f"At most {MAX_ACTS_COUNT} at once, of the caller's agencies. Shows first: see `dry_run`.",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_retry,
        body=RetryBody,
        answers={200: Answer(description="What was done, or would be.", model=Decisions)},
        problems=("unclear-selection",),
    ),
    Endpoint(
        method="POST",
        path="/v1/deliveries:skip",
        operation_id="skipDeliveries",
        tag="systems",
        summary="End parked deliveries without sending them",
        description="Of the caller's agencies. Shows first: see `dry_run`.",
        scope=Scope.OPERATIONS_WRITE,
        handler=post_skip,
        body=SkipBody,
        answers={200: Answer(description="What was done, or would be.", model=Decisions)},
    ),
    Endpoint(
        method="POST",
        path="/v1/deliveries:replay",
        operation_id="replayDossiers",
        tag="systems",
        summary="Send dossiers again as they are now",
        description=(
            f"At most {MAX_ACTS_COUNT} at once, of the caller's agencies. Steps are not repeated. "
            "Shows first: see `dry_run`."
        ),
        scope=Scope.OPERATIONS_WRITE,
        handler=post_replay,
        body=ReplayBody,
        answers={200: Answer(description="What was done, or would be.", model=Replays)},
        problems=("system-not-found", "unclear-selection", "impossible-dates"),
    ),
)
