"""What a sandbox saw: every call counted, the latest calls in detail, and which calls overlapped.

Cheap enough for 100,000 calls: counters never grow with traffic (their keys are operations, outcomes and statuses),
details are kept for the latest calls only.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapters.sandboxing.clocks import SandboxClock

MAX_OPERATION_NAMES = 200
"""Callers choose the operation's name; past so many different ones the rest is counted together."""


class Touch(StrEnum):
    """What a call means to the items that it names."""

    NOTHING = "nothing"
    LOOK_UP = "look_up"
    EFFECT = "effect"


class CallRecord:
    """One call as the sandbox saw it; filled in while the call goes on."""

    __slots__ = (
        "at",
        "client_left",
        "faults",
        "http_status",
        "is_finished",
        "is_gone",
        "item_codes",
        "notes",
        "operation",
        "outcome",
        "path",
        "sequence",
        "session_ok",
        "touch",
    )

    def __init__(self, sequence: int, at: datetime, path: str, is_gone: Callable[[], bool] | None) -> None:
        self.is_gone = is_gone
        """Tells whether the caller has hung up; None when that is not to be asked (any more)."""
        self.sequence = sequence
        self.at = at
        self.path = path
        self.operation = ""
        self.item_codes: tuple[str, ...] = ()
        self.touch = Touch.NOTHING
        self.session_ok: bool | None = None
        self.outcome: str | None = None
        """The outcome code of the work in the sandbox's own notation; None when no work was done."""
        self.http_status: int | None = None
        """None while the call goes on, and when the connection ended without an answer."""
        self.faults: list[str] = []
        self.notes: dict[str, Any] | None = None
        """What the sandbox adds of its own, as plain JSON values; None when it adds nothing."""
        self.client_left = False
        self.is_finished = False

    def as_dict(self) -> dict[str, Any]:
        """Give the record as plain JSON values."""
        return {
            "sequence": self.sequence,
            "at": self.at.isoformat(),
            "path": self.path,
            "operation": self.operation,
            "item_codes": list(self.item_codes),
            "session_ok": self.session_ok,
            "outcome": self.outcome,
            "http_status": self.http_status,
            "faults": list(self.faults),
            "client_left": self.client_left,
            "is_finished": self.is_finished,
            **({} if self.notes is None else {"notes": self.notes}),
        }


class CallRecorder:
    """Keeps the record. Not for threads: one event loop owns it."""

    def __init__(self, clock: SandboxClock, *, max_details: int = 10_000) -> None:
        self._clock = clock
        self._last_sequence = 0
        self._reset_sequence = 0
        self._open_count = 0
        self._details: deque[CallRecord] = deque(maxlen=max_details)
        self._in_flight: dict[Touch, dict[str, list[CallRecord]]] = {Touch.LOOK_UP: {}, Touch.EFFECT: {}}
        self._by_operation: Counter[str] = Counter()
        self._by_outcome: Counter[str] = Counter()
        self._by_http_status: Counter[str] = Counter()
        self._overlaps: deque[dict[str, Any]] = deque(maxlen=100)
        self._concurrent_effects = 0
        self._concurrent_look_ups = 0
        self._item_count = 0

    def begin(self, path: str, is_gone: Callable[[], bool] | None = None) -> CallRecord:
        """Open the record of a call that has just arrived; `is_gone` will tell whether its caller has hung up."""
        self._last_sequence += 1
        self._open_count += 1
        record = CallRecord(self._last_sequence, self._clock.now(), path, is_gone)
        self._details.append(record)
        return record

    def identify(self, record: CallRecord, operation: str, item_codes: Sequence[str], touch: Touch) -> None:
        """Say what the call is about, once its body was understood; notes overlaps with calls under way."""
        is_countable = operation in self._by_operation or len(self._by_operation) < MAX_OPERATION_NAMES
        record.operation = operation if is_countable else "other"
        record.item_codes = tuple(item_codes)
        record.touch = touch
        self._by_operation[record.operation] += 1
        self._item_count += len(record.item_codes)
        if touch is Touch.NOTHING:
            return
        for code in set(record.item_codes):
            is_beside_effect = self._is_under_way(Touch.EFFECT, code)
            if touch is Touch.EFFECT and is_beside_effect:
                self._concurrent_effects += 1
            elif is_beside_effect or (touch is Touch.EFFECT and self._is_under_way(Touch.LOOK_UP, code)):
                self._concurrent_look_ups += 1
            else:
                self._take_off(record, code)
                continue
            self._take_off(record, code)
            self._overlaps.append({"item_code": code, "sequence": record.sequence, "operation": operation})

    def leave(self, record: CallRecord) -> None:
        """Note that the caller hung up: its call no longer counts as under way, even if work goes on."""
        record.is_gone = None
        if not record.client_left:
            record.client_left = True
            self._land(record)

    def finish(self, record: CallRecord) -> None:
        """Close the record: the answer was written or given up."""
        if record.is_finished:
            return
        if record.is_gone is not None and record.is_gone():
            record.client_left = True
        record.is_gone = None  # it would keep the request alive as long as the record
        record.is_finished = True
        self._open_count -= 1
        self._land(record)
        self._by_http_status[str(record.http_status or "none")] += 1
        self._by_outcome[f"{record.operation or 'unread'} {record.outcome or 'none'}"] += 1

    def calls(
        self, *, after: int = 0, limit: int = 500, operation: str | None = None, item_code: str | None = None
    ) -> list[CallRecord]:
        """List the calls still kept in detail, oldest first, from the one after sequence number `after`."""
        found: list[CallRecord] = []
        for record in self._details:
            if record.sequence <= after or (operation is not None and record.operation != operation):
                continue
            if item_code is not None and item_code not in record.item_codes:
                continue
            found.append(record)
            if len(found) >= limit:
                break
        return found

    def counters(self) -> dict[str, Any]:
        """Give the totals since the start or the last reset."""
        return {
            "calls": self._last_sequence - self._reset_sequence,
            "items": self._item_count,
            "by_operation": dict(self._by_operation),
            "by_outcome": dict(self._by_outcome),
            "by_http_status": dict(self._by_http_status),
            "in_flight": self._open_count,
            "concurrent_same_item": self._concurrent_effects,
            "concurrent_look_up_same_item": self._concurrent_look_ups,
        }

    def overlaps(self) -> list[dict[str, Any]]:
        """List the latest overlaps: the item, and the call that arrived while another one named it."""
        return list(self._overlaps)

    def reset(self) -> None:
        """Forget everything but the calls under way, which still have to land. Sequence numbers go on."""
        kept = [record for record in self._details if not record.is_finished]
        self._details.clear()
        self._details.extend(kept)
        self._reset_sequence = self._last_sequence
        self._by_operation.clear()
        self._by_outcome.clear()
        self._by_http_status.clear()
        self._overlaps.clear()
        self._concurrent_effects = self._concurrent_look_ups = self._item_count = 0

    def _is_under_way(self, touch: Touch, code: str) -> bool:
        """Tell whether a call of this sort that names the item is under way, and its caller still there."""
        others = self._in_flight[touch].get(code, [])
        for other in tuple(others):
            if other.is_gone is not None and other.is_gone():
                self.leave(other)
        return bool(others)

    def _take_off(self, record: CallRecord, code: str) -> None:
        self._in_flight[record.touch].setdefault(code, []).append(record)

    def _land(self, record: CallRecord) -> None:
        in_flight = self._in_flight.get(record.touch)
        if in_flight is None:
            return
        for code in set(record.item_codes):
            others = in_flight[code]
            others.remove(record)
            if not others:
                del in_flight[code]
        record.touch = Touch.NOTHING
