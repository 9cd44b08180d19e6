"""W3C Trace Context: which chain of calls a request belongs to (Recommendation of 2021-11-23, sections 2 and 3).

The trace of the request at hand is in `current_trace`, so that log lines and calls made for it can carry it on. The
span id that the gateway makes for a request is also its request id.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16
_MAX_STATE_CHARACTERS = 512
_DRAWN_BYTES = 512


@dataclass(frozen=True, slots=True)
class Trace:
    """One request's place: the trace it belongs to and the span that the gateway made for it."""

    trace_id: str
    span_id: str
    flags: str = "00"
    state: str = ""

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


current_trace: ContextVar[Trace | None] = ContextVar("current_trace", default=None)


class Tracer:
    """Begins a trace or joins the caller's."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._drawn = ""

    def _hexadecimal(self, characters_count: int) -> str:
        # Randomness is drawn in larger pieces: a system call for every request would cost more than the rest.
        if len(self._drawn) < characters_count:
            self._drawn = self._random_bytes(_DRAWN_BYTES).hex()
        taken, self._drawn = self._drawn[:characters_count], self._drawn[characters_count:]
        return taken

    def begin(self, traceparent: str | None, state: str | None = None) -> Trace:
        """Join the trace of a valid header, else begin a new one, and make it the current trace."""
        match = _TRACEPARENT.fullmatch(traceparent) if traceparent is not None else None
        trace = None
        if match is not None:
            version, trace_id, parent_id, flags, rest = match.groups()
            is_valid = version != "ff" and trace_id != _NO_TRACE and parent_id != _NO_SPAN
            if is_valid and (rest is None or version != "00"):
                kept = state if state is not None and len(state) <= _MAX_STATE_CHARACTERS else ""
                trace = Trace(trace_id, self._hexadecimal(16), flags, kept)
        if trace is None:
            trace = Trace(self._hexadecimal(32), self._hexadecimal(16))
        current_trace.set(trace)
        return trace
