"""What a collection covers, and what a candidate would change: sets held against the codes that dossiers carried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.ports.mapping import CodeKind, SeenCode, Translation, Treatment
from mappings.sets.model import Direction, MappingSet, Relation
from mappings.sets.targets import KnownTargets
from mappings.sets.translate import MappingSets, translate


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCoverage:
    """How far one set reaches on a day. Codes are the province's; `traffic` counts codes that dossiers carried.

    `stale` rows lead to a target that is closed on the day; `unused` rows name codes that no dossier carried.
    """

    set_id: str
    version: str
    kind: CodeKind
    declared_count: int
    declared_missing: tuple[str, ...]
    traffic_count: int
    traffic_missing: tuple[str, ...]
    declined: tuple[str, ...]
    stale: tuple[str, ...]
    unused_count: int
    messages_count: int
    messages_covered_count: int

    @property
    def is_complete(self) -> bool:
        return not self.declared_missing and not self.traffic_missing and not self.stale


def coverage(
    sets: Mapping[str, MappingSet], seen: Sequence[SeenCode], targets: KnownTargets, on: date
) -> list[SetCoverage]:
    """Tell for each active outbound set what it covers on a day, by set id."""
    return [
        _cover(mapping_set, sets, [entry for entry in seen if entry.kind is mapping_set.kind], targets, on)
        for mapping_set in sorted(sets.values(), key=lambda item: item.set_id)
        if mapping_set.is_active and mapping_set.direction is not Direction.INBOUND
    ]


def _cover(
    mapping_set: MappingSet,
    sets: Mapping[str, MappingSet],
    seen: Sequence[SeenCode],
    targets: KnownTargets,
    on: date,
) -> SetCoverage:
    def is_missing(code: str) -> bool:
        return translate(mapping_set, code, on, sets).treatment in (Treatment.HELD, Treatment.REJECTED)

    carried = {entry.code for entry in seen}
    in_force = [row for row in mapping_set.rows if row.relation is not Relation.NOT and row.holds_on(on)]
    leading = [row for row in in_force if row.relation is not Relation.NONE]
    return SetCoverage(
        set_id=mapping_set.set_id,
        version=mapping_set.version,
        kind=mapping_set.kind,
        declared_count=len(mapping_set.names),
        declared_missing=tuple(sorted(code for code in mapping_set.names if is_missing(code))),
        traffic_count=len(carried),
        traffic_missing=tuple(sorted(code for code in carried if is_missing(code))),
        declined=tuple(sorted(row.source for row in in_force if row.relation is Relation.NONE)),
        stale=tuple(sorted(row.source for row in leading if targets.fault(mapping_set.kind, row.target, on))),
        unused_count=sum(row.source not in carried for row in in_force),
        messages_count=sum(entry.seen_count for entry in seen),
        messages_covered_count=sum(entry.seen_count for entry in seen if not is_missing(entry.code)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One code of the recorded traffic that a candidate would translate otherwise, from a day on.

    `before` and `after` are what becomes of it: a code, or the name of a treatment in brackets.
    """

    kind: CodeKind
    code: str
    since: date
    before: str
    after: str
    seen_count: int


def diff(
    old: MappingSets | None, new: MappingSets, seen: Iterable[SeenCode], today: date
) -> tuple[list[str], list[Change]]:
    """Give the names of sets that come, go or change, and what would change for the codes that dossiers carried.

    Each code is replayed on every day of its recorded span on which an answer may change, and on `today`.
    """
    before = {} if old is None else dict(old.sets)
    names = [
        f"{'+' if set_id not in before else '-' if set_id not in new.sets else '~'} {set_id} "
        f"{before[set_id].version if set_id in before else '(none)'} -> "
        f"{new.sets[set_id].version if set_id in new.sets else '(none)'}"
        for set_id in sorted(before.keys() | new.sets.keys())
        if set_id not in before or set_id not in new.sets or before[set_id].digest != new.sets[set_id].digest
    ]
    boundaries = _boundaries([*before.values(), *new.sets.values()])
    changes: list[Change] = []
    for entry in sorted(seen, key=lambda item: (item.kind, item.code)):
        last: tuple[str, str] | None = None
        for day in _days(entry, boundaries.get((entry.kind, entry.code), ()), boundaries, today):
            was = "(as it is)" if old is None else shown(old.translate(entry.kind, entry.code, day))
            becomes = shown(new.translate(entry.kind, entry.code, day))
            if was != becomes and (was, becomes) != last:
                changes.append(
                    Change(
                        kind=entry.kind,
                        code=entry.code,
                        since=day,
                        before=was,
                        after=becomes,
                        seen_count=entry.seen_count,
                    )
                )
            last = (was, becomes)
    return names, changes


def shown(translation: Translation | None) -> str:
    """Write what becomes of a code for a person."""
    if translation is None:
        return "(as it is)"
    return translation.code or f"({translation.treatment.value})"


_Boundaries = Mapping[tuple[CodeKind, str], set[date]]
_EVERY_CODE = ""


def _boundaries(sets: Sequence[MappingSet]) -> _Boundaries:
    days: dict[tuple[CodeKind, str], set[date]] = {}
    for mapping_set in sets:
        edges = {mapping_set.valid_from} | ({mapping_set.valid_to} if mapping_set.valid_to else set())
        days.setdefault((mapping_set.kind, _EVERY_CODE), set()).update(edges)
        for row in mapping_set.rows:
            edges = {row.valid_from} | ({row.valid_to} if row.valid_to else set())
            days.setdefault((mapping_set.kind, row.source), set()).update(edges)
    return days


def _days(entry: SeenCode, own: Iterable[date], boundaries: _Boundaries, today: date) -> list[date]:
    until = max(entry.last_seen, today)
    edges = {*own, *boundaries.get((entry.kind, _EVERY_CODE), ())}
    return sorted({entry.first_seen, until, *(day for day in edges if entry.first_seen <= day <= until)})
