"""What the core asks of a national portal, in canonical words.

Two capabilities: carrying dossiers and progress there, and reading its procedure catalogue. A call either returns
verdicts, item by item, or raises one of the RemoteError groups for the call as a whole:

* TransientFailure, RateLimited, CredentialsRefused, Rejected: the call had no effect;
* OutcomeUnknown, or ContractBroken with effect_possible: it may have had one.

`Unmapped` never leaves a push as an exception: translation is judged per item by `prepare_*` before anything is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from gateway.model.dossier import Dossier, ProgressStep
from gateway.model.procedure import Procedure, ProcedureRef


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotToPush:
    """A dossier as a whole. `procedure` is its catalogue entry, None when the catalogue does not have it."""

    delivery_id: int
    dossier_code: str
    dossier: Dossier
    procedure: Procedure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepToPush:
    """One progress step of a dossier."""

    delivery_id: int
    dossier_code: str
    step: ProgressStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A translated item, ready to be sent; `record` is the foreign record and opaque to the core."""

    delivery_id: int
    dossier_code: str
    record: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslatable:
    """An item that must not be sent: `missing` rows are (table, code), `problems` are field rules. No personal data."""

    delivery_id: int
    missing: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class Verdict(StrEnum):
    """What the portal said of one item."""

    DONE = "done"
    ALREADY_EXISTS = "already_exists"
    DOES_NOT_EXIST = "does_not_exist"
    REJECTED = "rejected"
    NOT_JUDGED = "not_judged"
    """The batch was refused because of another item; this one is to be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVerdict:
    """The portal's verdict on one item. `reason` is a stable code (e.g. "remote_code -1"), never the foreign text."""

    delivery_id: int
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What a query found. `differing_fields` names canonical fields whose value there is not the one in `prepared`."""

    is_present: bool
    differing_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLimits:
    """How the adapter wants to be used."""

    max_snapshots_per_call: int
    max_steps_per_call: int
    repeated_step_is_harmless: bool
    """True when the portal stores a step with identical content once; otherwise an unanswered step is parked."""
    repeated_status_is_harmless: bool = False
    """True when a status of a nationally filed dossier may be told twice; otherwise an unanswered one is parked."""
    has_look_up: bool = True
    """False when the system cannot be asked about a dossier: `look_up` is never called, doubt goes to a person."""


class DossierChannel(Protocol):
    """Carries dossiers and steps to one national system."""

    @property
    def system(self) -> str:
        """Short name from a closed list, used as key and label ("portal")."""
        ...

    @property
    def limits(self) -> ChannelLimits: ...

    def prepare_snapshot(self, item: SnapshotToPush) -> Prepared | Untranslatable:
        """Translate without IO."""
        ...

    def prepare_step(self, item: StepToPush) -> Prepared | Untranslatable:
        """Translate without IO."""
        ...

    async def push_snapshots(self, items: Sequence[Prepared], *, is_update: bool) -> Sequence[ItemVerdict]:
        """Send one call; one verdict per item in the same order."""
        ...

    async def push_steps(self, items: Sequence[Prepared]) -> Sequence[ItemVerdict]:
        """Send one call with the steps in the given order; one verdict per item in the same order."""
        ...

    async def look_up(self, item: Prepared) -> LookUp:
        """Ask whether the dossier exists and how it differs from what was prepared. Raises when it could not ask."""
        ...


class ProcedureCatalogue(Protocol):
    """Reads the catalogue that the portal owns."""

    @property
    def system(self) -> str: ...

    async def list_procedures(self) -> Sequence[ProcedureRef]:
        """Read the whole list, duplicates as they come. Raises when it could not be read in full."""
        ...

    async def get_procedure(self, procedure_code: str) -> Procedure | None:
        """Read one procedure; None when the portal says that it has no such code."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a self-check: what was looked at, whether it is well, what to do when it is not."""

    subject: str
    is_ok: bool
    detail: str


class SelfCheck(Protocol):
    """Tests settings, reachability and credentials of one system and changes nothing there."""

    @property
    def system(self) -> str: ...

    async def check(self) -> Sequence[Finding]: ...


class SharedSession(Protocol):
    """Keeps one login of a system for all processes of the installation.

    `obtain` gives the current token; when there is none, or `refused` names the current one, exactly one process
    calls `login` (returning token and life in seconds) while the others wait for its result.
    """

    async def obtain(self, login: "Login", *, refused: str | None = None) -> str: ...


class Login(Protocol):
    """Performs one login call and gives (token, life_seconds)."""

    async def __call__(self) -> tuple[str, float]: ...
