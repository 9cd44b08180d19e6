"""Making facts: dossiers are opened, followed into records and judged; what is stored names nobody."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from gateway.engine.acceptor import revision_context
from gateway.engine.indicator_judging import CountingRules, FactJudge, lag_of
from gateway.engine.parties import applicant_digest
from gateway.engine.proofs import number_digest
from gateway.errors import IntegrityFailed
from gateway.indicators.cells import Counted
from gateway.indicators.facts import DossierFact
from gateway.indicators.findings import Finding
from gateway.model.dossier import Dossier, ProgressStep
from gateway.monitoring.judging import Judged
from gateway.monitoring.neighbours import concerns, forgotten, groups_of, settled
from gateway.monitoring.records import RECORD_FORM, DossierRecord, Revision, follow
from gateway.monitoring.storing import AcceptedDossier, CountingTurn, StoredFact
from gateway.ports.basics import KeyRing, RecordKey

_dossiers = msgspec.json.Decoder(Dossier)
_AT_ONCE = 20
"""So many dossiers are made before others in the process have their turn."""
_steps = msgspec.json.Decoder(ProgressStep)


@dataclass(frozen=True, slots=True)
class Made:
    """New facts beside the old ones, and dossiers whose own facts may differ now."""

    changes: Sequence[tuple[StoredFact | None, StoredFact]]
    touched: frozenset[int]
    unreadable: tuple[str, ...] = ()
    """Codes of dossiers whose content was changed behind the gateway's back, or is of no known form."""


class FactMaker:
    """Makes facts of dossiers in a turn of counting."""

    def __init__(self, key_ring: KeyRing, rules: CountingRules) -> None:
        self._key_ring = key_ring
        self._judge = FactJudge(rules)
        self.rules = rules

    async def make(self, turn: CountingTurn, dossier_ids: Sequence[int], now: datetime) -> Made:
        """Give what is to be stored."""
        old = await turn.facts(dossier_ids)
        known = {one: old[one].record.revision if one in old and _is_current(old[one]) else 0 for one in dossier_ids}
        return await self._make(turn, await turn.accepted(known), old, now)

    async def make_anew(self, turn: CountingTurn, dossier_ids: Sequence[int], now: datetime) -> Made:
        """Give every fact as it comes from the beginning of its dossier's history, beside the stored one.

        Of an erased dossier only its record is left to begin with.
        """
        stored = await turn.facts(dossier_ids)
        accepted = await turn.accepted(dict.fromkeys(dossier_ids, 0))
        erased = {one.dossier_id: stored[one.dossier_id] for one in accepted if _is_left(one, stored)}
        # What was found beside dossiers that are erased by now cannot be found again.
        kept = {one: found.record.kept_findings for one, found in stored.items()}
        made = await self._make(turn, accepted, erased, now, kept)
        changes = [(stored.get(new.dossier_id), new) for _, new in made.changes]
        return Made(changes, made.touched, made.unreadable)

    async def facts_anew(self, turn: CountingTurn, dossier_ids: Sequence[int], now: datetime) -> list[DossierFact]:
        """Give facts themselves, for dossiers that are not erased, from the beginning of their histories."""
        accepted = await turn.accepted(dict.fromkeys(dossier_ids, 0))
        records = {one.dossier_id: self._record(one, None) for one in accepted if one.wrapped_key}
        judged = await self._judge.judge(turn, records, await self._judge.neighbours(turn, records, records), now)
        return [one.fact for one, _ in judged.values()]

    async def _make(
        self,
        turn: CountingTurn,
        accepted: Sequence[AcceptedDossier],
        old: Mapping[int, StoredFact],
        now: datetime,
        kept: Mapping[int, tuple[Finding, ...]] | None = None,
    ) -> Made:
        # What was erased before it was ever counted is not there to be counted.
        there = [one for one in accepted if one.wrapped_key or one.dossier_id in old]
        erased = frozenset(one.dossier_id for one in there if not one.wrapped_key)
        records: dict[int, DossierRecord] = {}
        unreadable: list[str] = []
        for number, found in enumerate(there):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            before = old.get(found.dossier_id)
            try:
                records[found.dossier_id] = self._record(found, before)
            except (IntegrityFailed, msgspec.DecodeError):
                # One dossier that does not open keeps nobody else's from being counted. It counts as it was last read.
                unreadable.append(found.code)
                if before is not None:
                    records[found.dossier_id] = before.record
        records |= {
            one: replace(records[one], kept_findings=own) for one, own in (kept or {}).items() if one in records
        }
        left = {group for one in erased for group in groups_of(records[one])}
        if left:
            # The dossiers beside an erased one are judged beside it for the last time.
            beside = await self._judge.neighbours(turn, {one: records[one] for one in erased}, records)
            others = {other.dossier_id: other for found in beside.values() for other in found}
            old, records = {**old, **others}, records | {one: other.record for one, other in others.items()}
        neighbours = await self._judge.neighbours(turn, records, records)
        judged = await self._judge.judge(turn, records, neighbours, now)
        stored: dict[int, StoredFact] = {}
        for one, record in records.items():
            if one in erased:
                record = forgotten(record, judged[one][0].findings)
            elif parting := left.intersection(groups_of(record)):
                record = settled(record, judged[one][0].findings, {group.kin for group in parting})
            stored[one] = self._stored(one, record, judged[one], old.get(one), now)
        touched = {
            other.dossier_id
            for (one, group), others in neighbours.items()
            if one not in old or concerns(group.kin, old[one].record) != concerns(group.kin, records[one])
            for other in others
        }
        # What was put right stood beside others until now.
        parted = {
            one: old[one].record
            for one in records
            if one in old and not set(groups_of(old[one].record)) <= set(groups_of(records[one]))
        }
        former = await self._judge.neighbours(turn, parted, records)
        touched |= {other.dossier_id for others in former.values() for other in others}
        changed = [(old.get(one), new) for one, new in stored.items() if old.get(one) != new]
        return Made(changed, frozenset(touched - set(records)), tuple(unreadable))

    # Records

    def _record(self, one: AcceptedDossier, old: StoredFact | None) -> DossierRecord:
        known = None if old is None else old.record
        revisions = self._opened(one, self._key_ring.open_record_key(one.wrapped_key)) if one.wrapped_key else []
        is_read_anew = old is not None and bool(revisions) and not _is_current(old)
        record = follow(None if is_read_anew else known, one.code, revisions, self.rules.population_codes)
        if known is not None and is_read_anew:
            # What stands in no revision is not found in them again.
            record = replace(record, synced_at=known.synced_at, kept_findings=known.kept_findings)
        return replace(record, synced_at=record.synced_at or one.synced_at, rating=one.rating, rated_at=one.rated_at)

    def _opened(self, one: AcceptedDossier, key: RecordKey) -> list[Revision]:
        found = []
        for sealed in one.revisions:
            content = key.unseal(sealed.sealed, context=revision_context(one.dossier_id, sealed.revision))
            if not sealed.is_document:
                step = _steps.decode(content)
                found.append(
                    Revision(revision=sealed.revision, status=sealed.status, known_at=sealed.known_at, content=step)
                )
                continue
            dossier = _dossiers.decode(content)
            found.append(
                Revision(
                    revision=sealed.revision,
                    status=sealed.status,
                    known_at=sealed.known_at,
                    content=dossier,
                    applicant_key=(applicant_digest(self._key_ring, dossier) or b"").hex(),
                    submitter_key=self._submitter_key(dossier),
                    content_key=self._content_key(dossier),
                    result_key=self._result_key(dossier),
                )
            )
        return found

    def _content_key(self, dossier: Dossier) -> str:
        digests = [one.sha256 or "" for one in dossier.attachments if not one.is_deleted]
        if not digests or not all(digests):
            return ""
        content = " ".join([dossier.procedure_code, *sorted(digests)])
        return self._key_ring.digest(b"files of a dossier " + content.encode()).hex()

    def _result_key(self, dossier: Dossier) -> str:
        digest = next((one.sha256 for one in dossier.results if one.sha256 is not None), None)
        return "" if digest is None else self._key_ring.digest(b"result " + digest.encode()).hex()

    def _submitter_key(self, dossier: Dossier) -> str:
        if dossier.submitter is None:
            return ""
        numbers = {one.number for one in dossier.applicant.identifiers}
        own = [one.number for one in dossier.submitter.identifiers]
        if not own or numbers.intersection(own):
            return ""
        return number_digest(self._key_ring, own[0]).hex()

    def _stored(
        self,
        dossier_id: int,
        record: DossierRecord,
        made: tuple[Judged, Counted],
        old: StoredFact | None,
        now: datetime,
    ) -> StoredFact:
        judged, counted = made
        lag = lag_of(record, counted)
        is_same = old is not None and (old.counted, old.lag_seconds) == (counted, lag)
        return StoredFact(
            dossier_id=dossier_id,
            counted=counted,
            record=record,
            lag_seconds=lag,
            holds_from=judged.holds_from,
            turns_at=judged.turns_at,
            recorded_at=old.recorded_at if old is not None and is_same else now,
        )


def _is_current(fact: StoredFact) -> bool:
    return fact.record.form == RECORD_FORM


def _is_left(one: AcceptedDossier, stored: Mapping[int, StoredFact]) -> bool:
    return not one.wrapped_key and one.dossier_id in stored
