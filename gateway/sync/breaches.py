"""What lines of the record tell of a breach: how many people, which fields, through whom, when. Pure.

Numbers are of keyed digests, so people are counted and nobody is named. Somebody who was looked at by an old card's
number and by a personal number counts twice: too many may be told, too few may not.

Source: population notes §19.2. Decree 13/2023/NĐ-CP art. 23 has the Ministry of Public Security (A05) notified within
72 hours, in form 03; Law 91/2025/QH15 art. 23 and Decree 356/2025/NĐ-CP keep the duty since 2026-01-01, and whether the
hours and the form are the same is to be confirmed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.model.audit import AuditAction, AuditLine, AuditStage, ChainedLine
from gateway.model.citizen import SENSITIVE_FIELDS

NOTIFICATION_DUTY = timedelta(hours=72)
SHOWS_NOBODY = frozenset(
    {
        AuditAction.AUDIT_EXPORTED,
        AuditAction.AUDIT_REPORTED,
        AuditAction.AUDIT_RESEALED,
        AuditAction.DOSSIERS_RETIRED,
        AuditAction.KEYS_ROTATED,
    }
)
"""Actions by which nobody's data was shown to anybody."""
_SENSITIVE = frozenset(one.value for one in SENSITIVE_FIELDS)
LOOK_COLUMNS = (
    *("correlation_id", "position", "at", "action", "stage", "client_id", "agency_code", "dossier_code", "outcome"),
    "fields_released",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Until when a notification is due. Which of the two counts is decided by a person: the earlier is the safe one."""

    detected_at: datetime
    after_detection: datetime
    after_first_look: datetime | None

    @property
    def safe(self) -> datetime:
        """The earlier of both."""
        return min(one for one in (self.after_detection, self.after_first_look) if one is not None)


@dataclass(slots=True)
class Breach:
    """What was counted. `people` were asked about or shown; `shown_people` are those of whom something was released."""

    lines_count: int = 0
    people: set[bytes] = field(default_factory=set)
    shown_people: set[bytes] = field(default_factory=set)
    looks: set[bytes] = field(default_factory=set)
    unanswered: set[bytes] = field(default_factory=set)
    """Looks whose answer was never written down: whether anything was shown is not known."""
    nameless: set[bytes] = field(default_factory=set)
    """Looks by which something was released about nobody whose number is known: people not counted above."""
    fields: Counter[str] = field(default_factory=Counter)
    """How many lines released a field."""
    clients: dict[str, set[bytes]] = field(default_factory=dict)
    agencies: dict[str, set[bytes]] = field(default_factory=dict)
    actions: Counter[str] = field(default_factory=Counter)
    dossiers: set[str] = field(default_factory=set)
    first_at: datetime | None = None
    last_at: datetime | None = None

    def take(self, lines: Iterable[ChainedLine]) -> Iterator[tuple[str, ...]]:
        """Count lines, newest first, and give the row of each for a table. Read to the end, or lines are missed."""
        for chained in lines:
            line = chained.line
            if line.action in SHOWS_NOBODY:
                continue
            self._count(line)
            yield _row(chained)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Released fields that are sensitive by the project's list."""
        return tuple(sorted(_SENSITIVE & set(self.fields)))

    def deadlines(self, detected_at: datetime) -> Deadlines:
        """Tell until when a notification is due."""
        first = None if self.first_at is None else self.first_at + NOTIFICATION_DUTY
        return Deadlines(
            detected_at=detected_at, after_detection=detected_at + NOTIFICATION_DUTY, after_first_look=first
        )

    def _count(self, line: AuditLine) -> None:
        look, subject = line.correlation_id.bytes, line.subject_digest
        self.lines_count += 1
        # Newest first: the answer comes before its question.
        if look not in self.looks and line.stage == AuditStage.ASKED:
            self.unanswered.add(look)
        if look not in self.looks:
            self.actions[line.action] += 1
        self.looks.add(look)
        self.fields.update(line.fields_released)
        through_client = self.clients.setdefault(line.client_id, set())
        through_agency = self.agencies.setdefault(line.agency_code, set())
        if subject is not None:
            self.people.add(subject)
            through_client.add(subject)
            through_agency.add(subject)
        if line.fields_released:
            if subject is None:
                self.nameless.add(look)
            else:
                self.shown_people.add(subject)
        if line.dossier_code:
            self.dossiers.add(line.dossier_code)
        self.first_at = line.at if self.first_at is None else min(self.first_at, line.at)
        self.last_at = line.at if self.last_at is None else max(self.last_at, line.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWish:
    """Which looks belong to the breach, and when it was detected. What is None or "" leaves a part open."""

    since: datetime
    until: datetime
    detected_at: datetime
    because: str
    client_id: str = ""
    officer: str = ""
    agency_code: str = ""
    dossier_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachReport:
    """A draft, and what the record was like when it was made."""

    wish: ReportWish
    breach: Breach
    deadlines: Deadlines
    end_fault: str


def _row(chained: ChainedLine) -> tuple[str, ...]:
    line = chained.line
    return (
        str(line.correlation_id),
        str(chained.position),
        line.at.isoformat(),
        line.action,
        line.stage,
        line.client_id,
        line.agency_code,
        line.dossier_code,
        line.outcome,
        " ".join(line.fields_released),
    )
