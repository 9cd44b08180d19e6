"""Watching the record for those who look at unusually many citizens within a clock hour.

What is unusual is a number that the province sets. A citizen's own doing (their sign-in, their own list, what they
released) counts for nobody. It is told once for each officer or client and hour, whichever process finds it first.
"""

from dataclasses import dataclass
from datetime import timedelta

from gateway.model.audit import AuditAction
from gateway.ports.audit import AuditWarnings, LookerKind
from gateway.ports.basics import Clock
from gateway.ports.observing import ManySubjectsSeen, MostSubjects, Observer

BY_CITIZENS = frozenset({AuditAction.AUDIT_READ, AuditAction.SIGN_IN_ASSERT, AuditAction.CONSENT_COLLECT})
"""Actions that a citizen's own doing brings about."""
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    """How many different citizens in an hour are still usual; 0 tells of nobody."""

    officer_subjects_per_hour: int
    client_subjects_per_hour: int

    def limit_of(self, kind: LookerKind) -> int:
        return self.officer_subjects_per_hour if kind is LookerKind.OFFICER else self.client_subjects_per_hour


class AuditWatch:
    """Counts, and tells. Call it whenever new lines have come."""

    def __init__(self, store: AuditWarnings, *, rules: WatchRules, clock: Clock, observer: Observer) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._observer = observer

    async def __call__(self) -> None:
        """Look at the present hour, and at the one before, whose last lines may have come since.

        Raises StoreUnavailable.
        """
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        counted = await self._store.subjects_by_hour(hour - timedelta(hours=1), [one.value for one in BY_CITIZENS])
        for kind in LookerKind:
            present = [one.subjects_count for one in counted if one.kind is kind and one.hour >= hour]
            self._observer(MostSubjects(kind=kind.value, count=max(present, default=0)))
        for one in counted:
            limit = self._rules.limit_of(one.kind)
            if limit and one.subjects_count > limit and await self._store.claim_warning(one, now, now - _KEPT):
                self._observer(
                    ManySubjectsSeen(kind=one.kind.value, who=one.who, hour=one.hour, subjects_count=one.subjects_count)
                )
