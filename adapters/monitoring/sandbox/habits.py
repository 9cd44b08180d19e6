"""How the national system behaves: what is agreed, and the bad habits that a puller may have."""

from enum import StrEnum
from typing import Annotated, Any, Self

import msgspec


class Habit(StrEnum):
    """A bad habit. Each but `IGNORES_ETAGS` is an exercise before the round proper, which then goes as agreed."""

    TWICE_AT_ONCE = "twice_at_once"
    """Two pulls of everything at the same time; both must get the same."""
    BREAKS_OFF = "breaks_off"
    """Hangs up in the middle of a body."""
    IGNORES_ETAGS = "ignores_etags"
    """Never sends If-None-Match."""
    UNKNOWN_PERIODS = "unknown_periods"
    """Asks for periods and snapshots that there are not; must be told so in an agreed error."""
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - a habit's name
    """Calls with a token that nobody issued; must be refused."""
    HAMMERS = "hammers"
    """Sends many calls at once without regard to Retry-After; each must be answered, or refused with a time."""


Path = Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*[!-.0-~]$")]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Span = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class SettingsError(ValueError):
    """A setting does not exist or cannot have that value; the message names it."""


class PullerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that may differ from one province, or one test, to another."""

    province_url: str = ""
    """Where the province's interface is, without the path below; empty: nothing can be pulled."""
    token: str = "sandbox-monitor-read"  # noqa: S105 - of a simulation
    root_path: Path = "/monitoring/v1"
    page_limit: Count = 100
    tries: Count = 4
    """How often one call is made in all when it is refused with 429 or 503, or not answered."""
    max_wait_seconds: Span = 120.0
    """A longer Retry-After is not waited for."""
    pause_seconds: Span = 0.5
    """The wait after a call that was not answered, or refused without a time; doubled each time."""
    call_seconds: Span = 30.0
    max_body_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 256 * 1024 * 1024
    rechecks_count: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 3
    """How many of the newest snapshots are asked for again in each round, to see whether they stay what they were."""
    are_histories_listed: bool = True
    """Whether the whole list is read in each round, to see whether anything went or moved."""
    is_restatements_since_position: bool = True
    """`since` of restatements is a position as that of snapshots is; False: all entries are read in each round."""
    are_targets_held_against: bool = True
    hammer_calls: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 200
    habits: frozenset[Habit] = frozenset()
    personal_samples: tuple[str, ...] = ()
    """Texts of persons that must be nowhere; found only as whole words or numbers."""

    def changed(self, **changes: Any) -> Self:
        """Give settings with some changed, checked. Raises SettingsError."""
        return self.parse({**msgspec.to_builtins(self), **changes})

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read settings from plain values; what is not named keeps its default. Raises SettingsError."""
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            raise SettingsError(str(error)) from None

    def shown(self) -> dict[str, Any]:
        """Give the settings as plain values, without what is secret or of persons."""
        secret = {"token", "personal_samples"}
        return {name: value for name, value in msgspec.to_builtins(self).items() if name not in secret}
