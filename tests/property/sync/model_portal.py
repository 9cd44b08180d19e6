"""A portal as small as it can be while still having everything that a lane must survive."""

from dataclasses import dataclass, field

from gateway.model.delivery import Delivery, DeliveryKind
from gateway.ports.portal import LookUp, Verdict


@dataclass(frozen=True, slots=True)
class Content:
    """A snapshot's content: what a look-up shows, and what it does not show."""

    visible: int
    hidden: int


FOREIGN = Content(visible=-1, hidden=-1)
"""What somebody else created there."""


@dataclass(slots=True)
class ModelPortal:
    """Keeps one dossier and its steps. Whether it stores an identical step once is the portal's own nature."""

    stores_repeats_once: bool
    record: Content | None = None
    steps: list[int] = field(default_factory=list)
    applied: list[tuple[int, int]] = field(default_factory=list)
    """Every snapshot that took effect since the dossier was last lost: (delivery_id, revision), in order."""
    stored_ever: list[int] = field(default_factory=list)
    """Every storing of a step, in order; nothing ever leaves this list."""

    def push_snapshot(self, delivery: Delivery, content: Content, *, is_update: bool) -> Verdict:
        if is_update and self.record is None:
            return Verdict.DOES_NOT_EXIST
        if not is_update and self.record is not None:
            return Verdict.ALREADY_EXISTS
        self.record = content
        self.applied.append((delivery.delivery_id, delivery.revision))
        return Verdict.DONE

    def push_step(self, delivery: Delivery) -> Verdict:
        assert delivery.kind is DeliveryKind.STEP
        if self.record is None:
            return Verdict.DOES_NOT_EXIST
        if not (self.stores_repeats_once and delivery.delivery_id in self.steps):
            self.steps.append(delivery.delivery_id)
            self.stored_ever.append(delivery.delivery_id)
        return Verdict.DONE

    def look_up(self, content: Content, *, is_conclusive: bool) -> LookUp:
        if self.record is None:
            return LookUp(is_present=False)
        differing = [
            name
            for name, is_different in (
                ("status", self.record.visible != content.visible),
                ("attachments", is_conclusive and self.record.hidden != content.hidden),
            )
            if is_different
        ]
        return LookUp(is_present=True, differing_fields=tuple(differing))

    def lose(self) -> None:
        self.record = None
        self.steps.clear()
        self.applied.clear()
