"""Reading a collection of sets as a whole: every fault that it has at once, or checked sets.

A refused collection gives nothing at all, so whoever holds an older one simply keeps it. What passes here can give no
day two answers for one code: that is checked, not hoped for.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from types import MappingProxyType

from gateway.errors import Fault
from mappings.codes.csv_files import Faults
from mappings.sets.model import (
    Direction,
    Justification,
    MappingSet,
    Relation,
    Row,
    UnmappedMode,
    entries,
    overlap,
)
from mappings.sets.reading import read_set, require_none
from mappings.sets.targets import KnownTargets
from mappings.sets.translate import translate

NAMES_SUFFIX = ".names.csv"


def read_collection(files: Mapping[str, bytes], targets: KnownTargets | None) -> Mapping[str, MappingSet]:
    """Read and check all files (names without folder); give the sets by id. Raises ConfigurationError, every fault.

    Without `targets` it is not looked up whether rows lead anywhere: sets that were let through once stay readable
    when a target has ended since.
    """
    faults = Faults()
    read = _read_all(files, faults)
    for stem, mapping_set in read.values():
        _check_rows(stem, mapping_set, faults)
        if targets is not None:
            _check_targets(stem, mapping_set, targets, faults)
        _check_pairs(stem, mapping_set, faults)
        _check_cycles(stem, mapping_set, faults)
        _check_fallback(stem, mapping_set, read, faults)
    _check_between(read, faults)
    sets = {set_id: mapping_set for set_id, (_, mapping_set) in sorted(read.items())}
    if not faults.found:
        for stem, mapping_set in read.values():
            _check_samples(stem, mapping_set, sets, faults)
    require_none(faults)
    return MappingProxyType(sets)


def version_faults(old: Mapping[str, MappingSet], new: Mapping[str, MappingSet]) -> list[Fault]:
    """Name sets that changed under an old version: what a delivery says it was translated with must stay true."""
    return [
        Fault(set_id, "must have a new version, because its content changed", item.version)
        for set_id, item in new.items()
        if set_id in old and old[set_id].version == item.version and old[set_id].digest != item.digest
    ]


def _read_all(files: Mapping[str, bytes], faults: Faults) -> dict[str, tuple[str, MappingSet]]:
    stems = sorted({_stem(name) for name in files})
    for name in sorted(files):
        if not name.endswith((".toml", ".csv")):
            faults.add(name, None, "must end in .toml or .csv")
    if not files:
        faults.add("collection", None, "must have at least one set")
    read: dict[str, tuple[str, MappingSet]] = {}
    for stem in stems:
        absent = [name for name in (f"{stem}.toml", f"{stem}.csv") if name not in files]
        for name in absent:
            faults.add(name, None, "must be there: a set is a header and its rows")
        if absent:
            continue
        names = files.get(stem + NAMES_SUFFIX)
        mapping_set = read_set(stem, files[f"{stem}.toml"], files[f"{stem}.csv"], names, faults)
        if mapping_set is None:
            continue
        if mapping_set.set_id in read:
            faults.add(f"{stem}.toml set_id", None, f"must not be that of {read[mapping_set.set_id][0]}.toml")
            continue
        read[mapping_set.set_id] = (stem, mapping_set)
    return read


def _stem(name: str) -> str:
    if name.endswith(NAMES_SUFFIX):
        return name.removesuffix(NAMES_SUFFIX)
    return name.rpartition(".")[0] or name


def _check_targets(stem: str, mapping_set: MappingSet, targets: KnownTargets, faults: Faults) -> None:
    is_inbound = mapping_set.direction is Direction.INBOUND
    if mapping_set.unmapped.mode is UnmappedMode.FIXED and not is_inbound:
        rule = targets.fault(mapping_set.kind, mapping_set.unmapped.value, mapping_set.valid_from)
        if rule is not None:
            faults.add(f"{stem}.toml unmapped.value", None, rule)
    for row in mapping_set.rows:
        if row.relation not in (Relation.NONE, Relation.NOT):
            # What an inbound set starts from is national, what it leads to is the province's own.
            rule = targets.fault(mapping_set.kind, row.source if is_inbound else row.target, row.valid_from)
            if rule is not None:
                faults.add(f"{stem}.csv", row.line, rule)


def _check_rows(stem: str, mapping_set: MappingSet, faults: Faults) -> None:
    file = f"{stem}.csv"
    if not mapping_set.rows and not any(fault.field.startswith(file) for fault in faults.found):
        faults.add(file, None, "must have at least one row")
    for row in mapping_set.rows:
        starts_early = row.valid_from < mapping_set.valid_from
        ends_late = mapping_set.valid_to is not None and (row.valid_to is None or row.valid_to > mapping_set.valid_to)
        if starts_early or ends_late:
            faults.add(file, row.line, "must lie within the dates of its set")
        if mapping_set.is_active and row.justification is Justification.LEXICAL_SUGGESTION and not row.reviewed_by:
            faults.add(file, row.line, "must be reviewed: a suggestion is never active by itself")
    if mapping_set.direction is Direction.BOTH:
        _check_both(stem, mapping_set, faults)


def _check_pairs(stem: str, mapping_set: MappingSet, faults: Faults) -> None:
    """Two rows for one code on one day are the same pair twice, or two answers; both are refused."""
    by_source: dict[str, list[Row]] = {}
    for row in mapping_set.rows:
        by_source.setdefault(row.source, []).append(row)
    for rows in by_source.values():
        for first, second in combinations(rows, 2):
            if not overlap(first.valid_from, first.valid_to, second.valid_from, second.valid_to):
                continue
            is_same = first.target == second.target
            if is_same and Relation.NOT in (first.relation, second.relation) and first.relation != second.relation:
                faults.add(f"{stem}.csv", second.line, f"must not contradict row {first.line}: known to be wrong")
            elif is_same:
                faults.add(f"{stem}.csv", second.line, f"must not repeat row {first.line} on the same days")
            elif Relation.NOT not in (first.relation, second.relation):
                faults.add(f"{stem}.csv", second.line, f"must not overlap with row {first.line}: two answers")


def _check_both(stem: str, mapping_set: MappingSet, faults: Faults) -> None:
    file = f"{stem}.csv"
    by_target: dict[str, list[Row]] = {}
    for row in mapping_set.rows:
        if row.relation is Relation.NOT:
            continue
        if row.relation is not Relation.EQUIVALENT:
            faults.add(file, row.line, "must be equivalent, because its set is read both ways")
        by_target.setdefault(row.target, []).append(row)
    for rows in by_target.values():
        for first, second in combinations(rows, 2):
            if overlap(first.valid_from, first.valid_to, second.valid_from, second.valid_to):
                rule = f"must not share its target with row {first.line}, because its set is read both ways"
                faults.add(file, second.line, rule)
    if mapping_set.unmapped.mode in (UnmappedMode.FIXED, UnmappedMode.OTHER_SET):
        faults.add(f"{stem}.toml unmapped.mode", None, "must work both ways, as its set does")


def _check_cycles(stem: str, mapping_set: MappingSet, faults: Faults) -> None:
    """Within one code system (old codes to new ones) no code may lead back to itself over others."""
    if mapping_set.source.system != mapping_set.target.system:
        return
    told: set[frozenset[str]] = set()
    rows = [row for row in mapping_set.rows if row.relation not in (Relation.NONE, Relation.NOT)]
    # Nothing changes between two boundaries, so it is enough to look at the days on which a row begins.
    for day in sorted({row.valid_from for row in rows}):
        following = {row.source: row for row in rows if row.holds_on(day)}
        for cycle in _cycles(following):
            members = frozenset(row.source for row in cycle)
            if members not in told:
                told.add(members)
                lines = ", ".join(str(row.line) for row in sorted(cycle, key=lambda row: row.line))
                last = max(row.line for row in cycle)
                faults.add(f"{stem}.csv", last, f"must not close a cycle on {day} (rows {lines})")


def _cycles(following: Mapping[str, Row]) -> Iterator[list[Row]]:
    settled: set[str] = set()
    for start in following:
        path: list[str] = []
        code = start
        while code in following and code not in settled and code not in path:
            path.append(code)
            code = following[code].target
        if code in path:
            members = path[path.index(code) :]
            if len(members) > 1:  # A code that stays what it is leads nowhere else.
                yield [following[member] for member in members]
        settled.update(path)


def _check_fallback(
    stem: str, mapping_set: MappingSet, read: Mapping[str, tuple[str, MappingSet]], faults: Faults
) -> None:
    place = f"{stem}.toml unmapped.set_id"
    seen, following = {mapping_set.set_id}, mapping_set.unmapped.set_id
    while following:
        if following not in read:
            faults.add(place, None, "must lead to a set of this collection", following)
            return
        if following in seen:
            faults.add(place, None, "must not lead back in a cycle", following)
            return
        other = read[following][1]
        is_alike = (other.kind, other.target, other.direction) == (
            mapping_set.kind,
            mapping_set.target,
            mapping_set.direction,
        )
        if not is_alike or (mapping_set.is_active and not other.is_active):
            faults.add(place, None, "must lead to an active set of the same kind, target and direction", following)
            return
        seen.add(following)
        following = other.unmapped.set_id


def _check_between(read: Mapping[str, tuple[str, MappingSet]], faults: Faults) -> None:
    for first, second in combinations(entries(mapping_set for _, mapping_set in read.values()), 2):
        is_same_way = first.direction is second.direction or Direction.BOTH in (first.direction, second.direction)
        at_once = overlap(first.valid_from, first.valid_to, second.valid_from, second.valid_to)
        if first.kind is second.kind and is_same_way and at_once:
            place = f"{read[second.set_id][0]}.toml valid_from"
            faults.add(place, None, f"must not overlap with {first.set_id}: one set per kind, way and day")


def _check_samples(stem: str, mapping_set: MappingSet, sets: Mapping[str, MappingSet], faults: Faults) -> None:
    for number, sample in enumerate(mapping_set.samples):
        found = translate(mapping_set, sample.code, sample.on, sets)
        if (found.treatment.value, found.code) != (sample.treatment, sample.out):
            expected, place = sample.out or sample.treatment, f"{stem}.toml samples.{number}"
            faults.add(place, None, f"must give {expected}", found.code or found.treatment.value)
