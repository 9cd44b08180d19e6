"""What the portal holds: dossiers with every push in order of arrival, procedures, agencies, sectors, sessions.

All of it lives in memory and ends with the process. Records are kept as encoded JSON, which is several times
smaller than the decoded form and makes "has it changed?" one comparison.
"""

import hashlib
import random
import uuid
from collections import Counter, deque
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from adapters.portal.sandbox.catalogue import Catalogue, Record
from adapters.portal.sandbox.fields import DOSSIER_FIELDS, DOSSIER_LISTS, STEP_FIELDS
from adapters.sandboxing import SandboxClock

_decode = msgspec.json.Decoder().decode
encode_canonical = msgspec.json.Encoder(order="deterministic").encode
"""Encodes equal records to equal bytes, whatever the order of their keys."""

MAX_NOTES = 1_000

StepContent = tuple[Any, ...]
"""The nine fields of a step in the order of STEP_FIELDS."""


class Revision:
    """One accepted push of a dossier."""

    __slots__ = ("at", "body", "digest", "is_identical", "is_updating", "sequence", "status")

    def __init__(
        self, sequence: int, at: datetime, *, is_updating: bool, is_identical: bool, status: str, body: bytes
    ) -> None:
        self.sequence = sequence
        self.at = at
        self.is_updating = is_updating
        self.is_identical = is_identical
        self.status = status
        self.body: bytes | None = body
        self.digest = hashlib.blake2b(body, digest_size=12).digest()

    def as_dict(self, *, with_body: bool) -> dict[str, Any]:
        """Give the revision as plain JSON values; `record` is left out when the body was not kept."""
        plain: dict[str, Any] = {
            "sequence": self.sequence,
            "at": self.at.isoformat(),
            "is_updating": self.is_updating,
            "is_identical": self.is_identical,
            "status": self.status,
            "digest": self.digest.hex(),
        }
        if with_body and self.body is not None:
            plain["record"] = _decode(self.body)
        return plain


class StoredStep:
    """One progress step as it arrived."""

    __slots__ = ("at", "content", "sequence")

    def __init__(self, sequence: int, at: datetime, content: StepContent) -> None:
        self.sequence = sequence
        self.at = at
        self.content = content

    def as_dict(self) -> dict[str, Any]:
        """Give the nine fields with `sequence` and `at` beside them."""
        return {
            **dict(zip(STEP_FIELDS, self.content, strict=True)),
            "sequence": self.sequence,
            "at": self.at.isoformat(),
        }


class DossierState:
    """A dossier as the portal holds it: current record and status, and how it came to be so."""

    __slots__ = (
        "body",
        "changed_count",
        "code",
        "create_count",
        "identical_count",
        "late_step_count",
        "latest_step_time",
        "order",
        "rejected_create_count",
        "rejected_identical_create_count",
        "repeated_step_count",
        "revision_count",
        "revisions",
        "status",
        "steps",
    )

    def __init__(self, code: str, order: int, max_revisions: int) -> None:
        self.code = code
        self.order = order
        self.body = b"{}"
        self.status = ""
        self.create_count = 0
        self.changed_count = 0
        self.identical_count = 0
        self.rejected_create_count = 0
        self.rejected_identical_create_count = 0
        self.revision_count = 0
        self.revisions: deque[Revision] = deque(maxlen=max_revisions)
        self.steps: list[StoredStep] = []
        self.repeated_step_count = 0
        self.late_step_count = 0
        self.latest_step_time = ""

    def record(self) -> Record:
        """Give the current record, with the status that holds now."""
        record: Record = _decode(self.body)
        record["TrangThaiHoSo"] = self.status
        return record

    def wire_record(self, *, has_lists: bool) -> Record:
        """Give the current record as TraCuuHoSo shows it: the fields of §5.1 in their order (§13-21)."""
        record = self.record()
        names = (name for name in DOSSIER_FIELDS if name in record)
        return {name: record[name] for name in names if has_lists or name not in DOSSIER_LISTS}

    def as_dict(self, *, with_bodies: bool) -> dict[str, Any]:
        """Give everything known of the dossier as plain JSON values, revisions and steps in order of arrival."""
        return {
            "code": self.code,
            "order": self.order,
            "status": self.status,
            "record": self.record(),
            "push_count": self.revision_count,
            "create_count": self.create_count,
            "changed_count": self.changed_count,
            "identical_count": self.identical_count,
            "rejected_create_count": self.rejected_create_count,
            "rejected_identical_create_count": self.rejected_identical_create_count,
            "repeated_step_count": self.repeated_step_count,
            "late_step_count": self.late_step_count,
            "revisions": [revision.as_dict(with_body=with_bodies) for revision in self.revisions],
            "steps": [step.as_dict() for step in self.steps],
        }


class SessionStore:
    """Live sessions of the one account (§1.4, §13-3)."""

    def __init__(self, rng: random.Random, clock: SandboxClock) -> None:
        self._rng = rng
        self._clock = clock
        self._ends: dict[str, float] = {}

    def open(self, seconds: float, max_sessions: int) -> str:
        """Open a session and give its opaque token; the oldest ones beyond `max_sessions` end."""
        token = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        self._ends[token] = self._clock.monotonic() + seconds
        while len(self._ends) > max_sessions:
            del self._ends[next(iter(self._ends))]
        return token

    def is_live(self, token: object, *, prolonged_seconds: float | None) -> bool:
        """Tell whether the token is good; `prolonged_seconds` starts its life anew."""
        if not isinstance(token, str):
            return False
        end = self._ends.get(token)
        if end is None:
            return False
        now = self._clock.monotonic()
        if now >= end:
            del self._ends[token]
            return False
        if prolonged_seconds is not None:
            self._ends[token] = now + prolonged_seconds
        return True

    def end(self, token: object) -> None:
        """End one session, if there is such a one."""
        if isinstance(token, str):
            self._ends.pop(token, None)

    def end_all(self) -> int:
        """End every session; give how many there were."""
        count = len(self._ends)
        self._ends.clear()
        return count

    def __len__(self) -> int:
        return len(self._ends)


class PortalState:
    """Everything the portal holds, with the tallies that a verifier compares."""

    def __init__(self, catalogue: Catalogue, rng: random.Random, clock: SandboxClock) -> None:
        self.agencies = [dict(agency) for agency in catalogue.agencies]
        self.sectors = [dict(sector) for sector in catalogue.sectors]
        self.catalogues = {name: [dict(item) for item in items] for name, items in catalogue.lists.items()}
        """Every short catalogue by its service, but agencies and sectors."""
        self.procedures: dict[str, Record] = {record["MATTHC"]: record for record in catalogue.procedures}
        self.questions: dict[str, list[Record]] = {"citizens": [], "agencies": []}
        self.answers: dict[str, list[Record]] = {}
        self.statements: dict[str, dict[str, Record]] = {}
        self.dossiers: dict[str, DossierState] = {}
        self.national_codes: set[str] = set()
        """Codes of the dossiers that citizens filed here."""
        self.national_statuses: dict[str, list[Record]] = {}
        """What provinces told of them, in order."""
        self.listed_twice: set[str] = set()
        self.files: dict[str, bytes] = {}
        """Files of the store of results and of notices, by path."""
        self.sessions = SessionStore(rng, clock)
        self.tallies: Counter[str] = Counter()
        self.notes: deque[dict[str, str]] = deque(maxlen=MAX_NOTES)
        self.note_counts: Counter[str] = Counter()
        self._clock = clock
        self._last_sequence = 0
        self._last_order = 0

    def open_dossier(self, code: str, max_revisions: int) -> DossierState:
        """Make the state of a dossier that is new here, the next in order."""
        self._last_order += 1
        dossier = self.dossiers[code] = DossierState(code, self._last_order, max_revisions)
        return dossier

    def listed_codes(self) -> list[str]:
        """Name the dossiers in order of creation, twice where that is damaged."""
        return [code for known in self.dossiers for code in (known,) * (1 + (known in self.listed_twice))]

    def next_sequence(self) -> int:
        """Give the next number of the one order in which effects arrive, dossiers and steps together."""
        self._last_sequence += 1
        return self._last_sequence

    def now(self) -> datetime:
        """Give the instant at which effects of this moment are recorded."""
        return self._clock.now()

    def note(self, code: str, dossier_code: str) -> None:
        """Note something odd that was taken all the same."""
        self.note_counts[code] += 1
        self.notes.append({"code": code, "dossier_code": dossier_code})

    def dossier_page(self, after: int, limit: int) -> list[DossierState]:
        """List dossiers in order of creation, from the one after order number `after` (the first has 1)."""
        # Damage removes dossiers, so position and order number part.
        return list(islice((dossier for dossier in self.dossiers.values() if dossier.order > after), limit))

    def list_twice(self, code: str) -> bool:
        """List a dossier twice from now on."""
        self.listed_twice.add(code)
        return True

    def lose(self, code: str) -> bool:
        """Forget one dossier with its steps, as if it had never come."""
        return self.dossiers.pop(code, None) is not None

    def invent(self, code: str, like: str) -> None:
        """Put in a copy of a dossier under another code."""
        source = self.dossiers[like]
        made = self.open_dossier(code, 1)
        made.body = encode_canonical({**source.record(), "MaHoSo": code})
        made.status = source.status

    def forget_received(self) -> None:
        """Forget dossiers, steps, sessions and tallies; the catalogue stays."""
        self.dossiers.clear()
        self.statements.clear()
        self.national_codes.clear()
        self.national_statuses.clear()
        self.listed_twice.clear()
        self.files.clear()
        self._last_order = 0
        self.sessions.end_all()
        self.tallies.clear()
        self.notes.clear()
        self.note_counts.clear()
        self._last_sequence = 0
