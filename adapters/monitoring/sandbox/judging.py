"""A publication held against every promise about its numbers and its place among the versions of its period. Pure."""

from collections.abc import Iterator, Sequence

from adapters.monitoring.sandbox import chain, figures, restatements
from adapters.monitoring.sandbox.figures import Fault
from adapters.monitoring.sandbox.habits import PullerSettings
from adapters.monitoring.sandbox.rows import Observation
from adapters.monitoring.sandbox.store import Pulled, PulledStore


def faults_of_publication(pulled: Pulled, store: PulledStore, settings: PullerSettings) -> Iterator[Fault]:
    """Judge a publication before it is put into the store."""
    yield from chain.faults_of_period(pulled.head)
    yield from chain.faults_of_version(pulled.head, [held.head for held in store.versions(pulled.head)])
    if pulled.observations is not None and pulled.manifest is not None:
        yield from restatements.faults_of_reasons(pulled.head, pulled.manifest.reasons)
        yield from faults_of_numbers(pulled.observations, store, settings)


def faults_of_numbers(
    observations: Sequence[Observation], store: PulledStore, settings: PullerSettings
) -> Iterator[Fault]:
    """Judge numbers as they stand, published or live. What is not defined has no unit, and is not judged by one."""
    units = store.units or {}
    if store.units is not None:
        yield from figures.faults_of_definitions(observations, units)
    for one in observations:
        if one.key.indicator in units:
            yield from figures.faults_of_value(one, units[one.key.indicator])
        if settings.are_targets_held_against and store.target_ids is not None:
            yield from figures.faults_of_target(one, store.target_ids)
    yield from figures.faults_of_sums(observations)


def faults_of_changes_to(pulled: Pulled, store: PulledStore) -> Iterator[Fault]:
    """Hold a version against the one that it supersedes and the log of changes between them."""
    before = chain.predecessor(pulled.head, [held.head for held in store.versions(pulled.head)])
    if before is None or pulled.observations is None:
        return
    old = store.snapshots[before.id]
    if old.observations is not None:
        yield from restatements.faults_of_changes(
            (old.head, old.figures()), (pulled.head, pulled.figures()), store.restatements
        )
