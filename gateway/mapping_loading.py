"""Mapping sets from files: read, linted, compared with what is in force and with recorded traffic, and loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.errors import ConfigurationError, Fault
from gateway.ports.basics import Clock
from gateway.ports.mapping import StoredSets
from gateway.store.mappings import PostgresMappings, SetToStore, list_seen, procedure_names, save_sets
from gateway.store.pool import Pool
from mappings.codes.directory import load_code_directory
from mappings.sets.coverage import Change, SetCoverage, coverage, diff
from mappings.sets.lint import read_collection, version_faults
from mappings.sets.model import MappingSet
from mappings.sets.targets import KnownTargets
from mappings.sets.translate import MappingSets

_IGNORED = frozenset({"README.md"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load did, or would do: `version` is None for a trial, `is_new` False when it is in force already."""

    version: int | None
    is_new: bool
    sets: Sequence[str]
    changes: Sequence[Change]


def read_folder(folder: Path) -> dict[str, bytes]:
    """Read the files of a collection. Raises ConfigurationError when there is no such folder."""
    try:
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        return {
            path.name: path.read_bytes()
            for path in files
            if path.name not in _IGNORED and not path.name.startswith(".")
        }
    except OSError as error:
        raise ConfigurationError([Fault(folder.name, "must be a readable folder", type(error).__name__)]) from error


def offline_targets() -> KnownTargets:
    """Give the targets that are known without a database: no procedures."""
    return KnownTargets(directory=load_code_directory())


async def known_targets(pool: Pool) -> KnownTargets:
    """Give all known targets; procedures when the national catalogue was read."""
    procedures = await procedure_names(pool)
    return KnownTargets(directory=load_code_directory(), procedures=procedures or None)


async def sets_in_force(pool: Pool, clock: Clock) -> MappingSets | None:
    """Give the sets of the newest load; None while nothing was ever loaded."""
    stored: StoredSets | None = await PostgresMappings(pool, clock=clock).current()
    return None if stored is None else MappingSets(read_collection(stored.files, None), version=stored.version)


async def cover(pool: Pool, clock: Clock, files: Mapping[str, bytes] | None, on: date) -> list[SetCoverage]:
    """Tell what files, or the sets in force, cover on a day. Raises ConfigurationError for files with faults."""
    targets = await known_targets(pool)
    if files is not None:
        sets = read_collection(files, targets)
    else:
        in_force = await sets_in_force(pool, clock)
        sets = {} if in_force is None else in_force.sets
    return coverage(sets, await list_seen(pool), targets, on)


async def try_out(pool: Pool, clock: Clock, files: Mapping[str, bytes], today: date) -> Loaded:
    """Lint files and replay recorded traffic against them. Raises ConfigurationError with every fault."""
    in_force = await sets_in_force(pool, clock)
    candidate = await _linted(pool, files, in_force)
    names, changes = diff(in_force, MappingSets(candidate), await list_seen(pool), today)
    return Loaded(version=None, is_new=bool(names), sets=names, changes=changes)


async def load(pool: Pool, clock: Clock, files: Mapping[str, bytes], today: date, *, loaded_by: str) -> Loaded:
    """Lint files and put them in force as a whole. Raises ConfigurationError, and then nothing was loaded."""
    in_force = await sets_in_force(pool, clock)
    candidate = await _linted(pool, files, in_force)
    names, changes = diff(in_force, MappingSets(candidate), await list_seen(pool), today)
    to_store = [_to_store(mapping_set, files) for _, mapping_set in sorted(candidate.items())]
    follows = None if in_force is None else in_force.version
    version, is_new = await save_sets(pool, to_store, follows=follows, loaded_by=loaded_by, now=clock.now())
    return Loaded(version=version, is_new=is_new, sets=names, changes=changes)


async def _linted(pool: Pool, files: Mapping[str, bytes], in_force: MappingSets | None) -> Mapping[str, MappingSet]:
    candidate = read_collection(files, await known_targets(pool))
    faults = version_faults({} if in_force is None else in_force.sets, candidate)
    if faults:
        raise ConfigurationError(faults)
    return candidate


def _to_store(mapping_set: MappingSet, files: Mapping[str, bytes]) -> SetToStore:
    stem = mapping_set.stem
    names = files.get(f"{stem}.names.csv")
    return SetToStore(
        name=mapping_set.set_id,
        set_version=mapping_set.version,
        kind=mapping_set.kind,
        direction=mapping_set.direction.value,
        status=mapping_set.status.value,
        valid_from=mapping_set.valid_from,
        valid_to=mapping_set.valid_to,
        unmapped=mapping_set.unmapped.mode.value,
        digest=mapping_set.digest,
        rows_count=len(mapping_set.rows),
        stem=stem,
        header=files[f"{stem}.toml"].decode(),
        rows=files[f"{stem}.csv"].decode(),
        names=None if names is None else names.decode(),
    )
