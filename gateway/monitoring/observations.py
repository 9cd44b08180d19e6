"""One number of a publication, with what it is about. Pure.

Numbers are whole; a share is written as text with two decimals, so that nothing that is signed depends on how a
machine writes fractions. Source: monitoring notes §4.4; rounding §7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from gateway.indicators.numbers import percent
from gateway.indicators.scope import ScopeKind


class StateAt(StrEnum):
    """As of when dossiers are looked at (monitoring notes §4.3)."""

    AS_OF = "as_of"
    """As they stand at the instant of counting."""
    PERIOD_END = "period_end"
    """As they stood at the end of the period, by what is known at the instant of counting."""


class ObservationKey(NamedTuple):
    """Which number it is; "" for a dimension that is not cut. Sorts in the order in which observations are written."""

    indicator: str
    scope: ScopeKind
    agency: str = ""
    level: str = ""
    unit_group: str = ""
    procedure: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """A numerator over a denominator, and the dossiers or procedures that make them.

    What is subtracted twice (Q2) may bring a numerator below 0.
    """

    numerator: int
    denominator: int
    members: tuple[frozenset[str], frozenset[str]] | None = field(default=None, repr=False)
    """Keys behind numerator and denominator; None where a number is not made of members."""

    def __post_init__(self) -> None:
        if self.denominator < 0:
            raise ValueError("a denominator is not negative")

    @property
    def counts(self) -> tuple[int, int]:
        """Numerator and denominator."""
        return self.numerator, self.denominator

    @property
    def percent(self) -> str | None:
        """The share in percent with two decimals, halves rounded up; None over nothing."""
        return percent(None if self.denominator == 0 else Fraction(self.numerator, self.denominator))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """The target that a number is held against; `value` in percent as text."""

    target_id: str
    comparator: str
    value: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A number as it is published."""

    key: ObservationKey
    figures: Figures
    membership_field: str
    """By which of its instants a dossier belongs to a period."""
    null_reason: str | None = None
    """Why there is no share, where there is none."""
    target: TargetResult | None = None
    quality: Mapping[str, int] = field(default_factory=dict)
    """How many dossiers each treatment of bad data concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotHead:
    """What a published snapshot is; instants are aware, written in Vietnam time."""

    snapshot_id: str
    period_type: str
    calendar: str
    start: datetime
    end: datetime
    version: int
    status: str
    state_at: StateAt
    as_of: datetime
    definitions_version: str
    calendar_version: str
    supersedes: str | None = None
