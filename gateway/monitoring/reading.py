"""Reading back what was published, to compare with it. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.indicators.scope import ScopeKind
from gateway.monitoring.observations import Figures, ObservationKey


def figures_in(document: Mapping[str, Any]) -> dict[ObservationKey, Figures]:
    """Give the figures of a snapshot's document (data.json)."""
    return {key_of(one): Figures(one["numerator"], one["denominator"]) for one in document["observations"]}


def key_of(observation: Mapping[str, Any]) -> ObservationKey:
    """Give the key of an observation as it is written."""
    return ObservationKey(
        observation["indicator"],
        ScopeKind(observation["scope"]),
        *(observation[name] or "" for name in ("agency", "level", "unit_group", "procedure", "field")),
    )
