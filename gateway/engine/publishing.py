"""Publishing: at night the figures of every period that is due become a signed snapshot in a chain."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from gateway.engine.indicator_numbers import Numbers, takes_groups_in
from gateway.engine.period_ends import PeriodEnds
from gateway.engine.publication_parts import DetachedSigner, PublicationStore, PublishingSettings
from gateway.errors import Fault, InvalidInput
from gateway.indicators.catalogue import Catalogue
from gateway.indicators.cells import Counted
from gateway.indicators.periods import Period
from gateway.indicators.readings import Readings
from gateway.indicators.scope import Scope
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.changed_facts import Delta, Place, at_period_end, delta_of
from gateway.monitoring.cut_cells import CutCells
from gateway.monitoring.manifests import FIRST, SignedManifest, manifest_body
from gateway.monitoring.observations import Observation, ObservationKey, SnapshotHead, StateAt
from gateway.monitoring.period_lists import periods_ended
from gateway.monitoring.publications import (
    Approval,
    Change,
    Publication,
    Published,
    RestatementOwed,
    Standing,
    decide_publication,
    next_night,
    next_publication_at,
)
from gateway.monitoring.snapshots import (
    Cut,
    cuts_of,
    files_of,
    observations_of,
    published_codes,
    snapshot_id,
    target_result,
)
from gateway.ports.basics import Clock

MANIFEST_TYPE = "monitoring-manifest+jws"
_PAUSE_SECONDS = 0.25
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is published: a period, as of when its dossiers are looked at, and what was published of it last."""

    period: Period
    state_at: StateAt
    last: Published | None
    last_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """`turned` are the dossiers that were others at the period's end, by code (CutCells)."""

    observations: Sequence[Observation]
    cuts: Mapping[ObservationKey, Cut]
    turned: Mapping[str, tuple[Counted, Counted | None]] = field(default_factory=dict)


class Publisher:
    """Publishes what is due. `readings` are those of the gateway's own view."""

    def __init__(
        self,
        numbers: Numbers,
        store: PublicationStore,
        signer: DetachedSigner,
        catalogue: Catalogue,
        *,
        period_ends: PeriodEnds,
        settings: PublishingSettings,
        clock: Clock,
    ) -> None:
        self._numbers = numbers
        self._period_ends = period_ends
        self._store = store
        self._signer = signer
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock
        self._readings = Readings()
        self._next_look: dict[tuple[str, StateAt], datetime] = {}

    async def run(self, *, is_at_once: bool = False) -> list[str]:
        """Publish every period that is due; give the ids of the new snapshots. Raises StoreUnavailable.

        One process publishes at a time. A period without any dossier is published all the same: nothing is a number.
        `is_at_once` does not wait for the night.
        """
        done: list[str] = []
        async with self._store.alone() as is_mine:
            for period in self._periods() if is_mine and await self._is_counted() else ():
                for state_at in self._settings.states_at:
                    if not is_at_once and self._clock.now() < self._next_look.get((period.key, state_at), _EVER):
                        continue
                    subject = await self._subject(period, state_at)
                    published = await self._consider(subject, None, is_at_once=is_at_once)
                    done += [] if published is None else [published]
            if done:
                await self._store.forget_cut_facts(self._oldest())
        return done

    async def restate(self, period: Period, approval: Approval, state_at: StateAt = StateAt.AS_OF) -> str:
        """Publish final figures anew with a person's approval; give the snapshot's id.

        Raises InvalidInput when nothing of the period is final, nothing changed, or the approval says nothing.
        """
        async with self._store.alone() as is_mine:
            if not is_mine:
                raise InvalidInput("figures are being published at this moment", code="publishing_under_way")
            subject = await self._subject(period, state_at)
            if subject.last is None or subject.last.standing not in (Standing.FINAL, Standing.RESTATED):
                rule = "must be one whose figures are final: others are revised without a person"
                raise InvalidInput("there is nothing to restate", [Fault("/period", rule, period.label)])
            published = await self._consider(subject, approval)
        if published is None:
            raise InvalidInput("no figure has changed since it was published", [Fault("/period", "must have changes")])
        return published

    async def _subject(self, period: Period, state_at: StateAt) -> _Subject:
        last, last_id = await self._store.last(period, state_at) or (None, "")
        return _Subject(period=period, state_at=state_at, last=last, last_id=last_id)

    async def _is_counted(self) -> bool:
        """Wait a while for the end of a counting that is under way; tell whether it came."""
        for _ in range(self._settings.tries_count):
            if await self._store.completed_at(self._settings.counted_by) is not None:
                return True
            await asyncio.sleep(_PAUSE_SECONDS)
        return False

    def _periods(self) -> list[Period]:
        today, oldest = self._clock.now().astimezone(VIETNAM).date(), self._oldest()
        return [
            period
            for calendar in self._settings.calendars
            for kind in self._settings.period_types
            for period in periods_ended(kind, calendar, max(self._settings.begins_on, oldest), today)
        ]

    def _oldest(self) -> date:
        """Give the day from which on periods that ended are still looked at."""
        today = self._clock.now().astimezone(VIETNAM).date()
        return today - self._settings.rules.final_after - self._settings.restated_for

    async def _consider(self, subject: _Subject, approval: Approval | None, *, is_at_once: bool = False) -> str | None:
        now, end = self._clock.now(), subject.period.end
        if approval is None:
            if not is_at_once and now < next_publication_at(subject.last, end, self._settings.rules):
                return None
            # Whatever comes of it, the period is looked at again in the next night only.
            self._next_look[subject.period.key, subject.state_at] = next_night(now, self._settings.rules)
            if not await self._may_have_changed(subject):
                return None
        async with self._store.still() as is_still:
            as_of = await self._store.completed_at(self._settings.counted_by) if is_still else None
            # One state of registers and catalogue for the whole snapshot, whatever is put in meanwhile.
            numbers = await self._numbers.pinned()
            figures = None
            if as_of is not None and as_of >= end:
                figures = await self._figures(numbers, subject, as_of)
            if as_of is not None and figures is not None:
                return await self._decide(subject, approval, now, as_of, numbers, figures, is_at_once=is_at_once)
        if approval is not None:
            raise InvalidInput("dossiers are being counted at this moment", code="counting_under_way")
        self._next_look.pop((subject.period.key, subject.state_at), None)
        return None

    async def _decide(
        self,
        subject: _Subject,
        approval: Approval | None,
        now: datetime,
        as_of: datetime,
        numbers: Numbers,
        figures: _Figures,
        *,
        is_at_once: bool,
    ) -> str | None:
        period, state_at = subject.period, subject.state_at
        decision = decide_publication(
            [] if subject.last is None else [subject.last],
            {one.key: one.figures for one in figures.observations},
            period_end=period.end,
            now=now,
            approval=approval,
            rules=self._settings.rules,
            is_at_once=is_at_once,
        )
        if decision is None:
            await self._store.note_settled(period, state_at)
            return None
        if isinstance(decision, RestatementOwed):
            await self._store.note_owed(period, state_at, len(decision.changes), now)
            return None
        return await self._publish(subject, decision, figures, as_of, numbers)

    async def _may_have_changed(self, subject: _Subject) -> bool:
        last = subject.last
        if last is None or last.standing not in (Standing.FINAL, Standing.RESTATED):
            return True
        return bool(await self._store.changed_facts(subject.period, last.as_of))

    async def _publish(
        self, subject: _Subject, decision: Publication, figures: _Figures, as_of: datetime, numbers: Numbers
    ) -> str:
        period = subject.period
        head = SnapshotHead(
            snapshot_id=snapshot_id(self._settings.province, period, decision.version, subject.state_at),
            period_type=period.type.value,
            calendar=period.calendar.value,
            start=period.start,
            end=period.end,
            version=decision.version,
            status=decision.standing.value,
            state_at=subject.state_at,
            as_of=as_of,
            definitions_version=self._catalogue.version,
            calendar_version=self._settings.calendar_version,
            supersedes=subject.last_id or None,
        )
        restatements, reasons = [], []
        if subject.last is not None:
            restatements = await self._restatements(numbers, subject, head, decision, figures)
            reasons = sorted({reason for one in restatements for reason in one["reasons"]})
        files = files_of(head, figures.observations)
        position, previous = await self._store.end_of_chain()
        body = manifest_body(head, files, position=position + 1, previous_digest=previous or FIRST, reasons=reasons)
        signed = SignedManifest(body=body, signature=self._signer.sign_detached(MANIFEST_TYPE, body))
        await self._store.add(
            period,
            head,
            signed,
            files,
            position=position + 1,
            restatements=restatements,
            digests={one.name: sha256(one.body).hexdigest() for one in files},
            approver="" if decision.approval is None else decision.approval.approver,
            cut={code: was for code, (_, was) in figures.turned.items()},
        )
        return head.snapshot_id

    async def _figures(self, numbers: Numbers, subject: _Subject, as_of: datetime) -> _Figures | None:
        if subject.state_at is StateAt.AS_OF:
            return await self._measured(numbers, subject.period, as_of)
        return await self._period_ends.ask(
            numbers, subject.period, lambda ended: self._measured(ended, subject.period, as_of)
        )

    async def _measured(self, numbers: Numbers, period: Period, as_of: datetime) -> _Figures:
        facts, targets = await numbers.facts(), await numbers.targets()
        counted = await numbers.cells.agency_codes()
        codes = published_codes(self._catalogue)
        observations: list[Observation] = []
        cuts: dict[ObservationKey, Cut] = {}
        for cut in cuts_of(facts.agencies, counted, self._settings.province, period):
            measured = await numbers.look(codes, period, cut.scope, self._readings, counts_flags=True)
            for code in codes:
                parts = measured.parts[code]
                target = target_result(targets, code, parts[0], cut.scope, period, as_of)
                found = observations_of(
                    code,
                    parts,
                    cut,
                    membership=self._catalogue.definitions[code].membership,
                    flags=measured.flags,
                    target=target,
                )
                observations += found
                cuts |= {one.key: cut for one in found}
        turned = numbers.cells.turned if isinstance(numbers.cells, CutCells) else {}
        return _Figures(observations=observations, cuts=cuts, turned=turned)

    async def _restatements(
        self,
        numbers: Numbers,
        subject: _Subject,
        head: SnapshotHead,
        decision: Publication,
        figures: _Figures,
    ) -> list[dict[str, Any]]:
        period, last = subject.period, subject.last
        assert last is not None
        facts = await self._store.changed_facts(period, last.as_of)
        if subject.state_at is StateAt.PERIOD_END:
            facts = at_period_end(figures.turned, await self._store.cut_facts(period), facts)
        online = await numbers.online_codes(period, self._readings)
        places: dict[Scope, Place] = {}
        entries = []
        for change in decision.changes:
            cut = figures.cuts.get(change.key)
            delta = Delta()
            if cut is not None:
                if cut.scope not in places:
                    slices = await numbers.slices(period, cut.scope, self._readings)
                    groups = takes_groups_in(cut.scope)
                    places[cut.scope] = Place(slices=slices, takes_groups=groups, online_codes=online)
                delta = delta_of(change.key.indicator, facts, places[cut.scope], self._readings)
                delta = delta if _adds_up(change, delta) else Delta()
            entries.append(_entry(subject, head, change, decision.approval, delta))
        return entries


def _entry(
    subject: _Subject, head: SnapshotHead, change: Change, approval: Approval | None, delta: Delta
) -> dict[str, Any]:
    period, last = subject.period, subject.last
    assert last is not None
    reasons = [reason.value for reason in approval.reasons] if approval else [one.value for one in delta.reasons]
    return {
        **{name: value or None for name, value in change.key._asdict().items()},
        "period_type": period.type.value,
        "period": period.label,
        "calendar": period.calendar.value,
        "from_version": last.version,
        "to_version": head.version,
        "from_snapshot": subject.last_id,
        "to_snapshot": head.snapshot_id,
        "old": _counts(change.old),
        "new": _counts(change.new),
        # What no dossier explains came from the catalogue or a register.
        "reasons": sorted(reasons) or ["definition_change"],
        "dossiers_added": len(delta.added),
        "dossiers_removed": len(delta.removed),
        "dossiers_changed": len(delta.changed),
    }


def _adds_up(change: Change, delta: Delta) -> bool:
    """Tell whether the dossiers explain the change: where the catalogue made procedures come and go, they do not."""
    if change.old is None or change.new is None:
        return True
    return change.new.denominator - change.old.denominator == len(delta.added) - len(delta.removed)


def _counts(figures: Any) -> dict[str, int] | None:
    return None if figures is None else {"n": figures.numerator, "d": figures.denominator}
