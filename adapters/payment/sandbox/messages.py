"""What messages of simulated providers have in common: how they are read, why one is not obeyed, what took it.

Pure.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

RETRY_SECONDS = (60.0, 300.0, 900.0, 3600.0)
"""Waits between repeats of a notification; the last one repeats (payment notes §14 U15)."""
RETRY_STOP_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Ack:
    """What an acknowledgement came to. `is_taken` True: nothing is sent again. `said` is the code in it."""

    is_taken: bool
    said: str
    problems: tuple[str, ...] = ()
    """What is not as the notes have it."""
    described: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the sender waits: between repeats (the last one repeats), in all, and for each answer."""

    retry_seconds: Sequence[float] = RETRY_SECONDS
    retry_stop_seconds: float = RETRY_STOP_SECONDS
    timeout_seconds: float = 10.0


class Refusal(Exception):
    """A call is not obeyed: the provider's own code, and the reason, which is kept beside the exchange. No values."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read_object(body: bytes) -> dict[str, Any] | None:
    """Read a body as one JSON object in UTF-8 in which each member stands once; None when it is none."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant)
        # Half a surrogate pair, written as an escape, is no text that could be sealed.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member stands twice")
    return members


def _refuse_constant(_: str) -> Any:
    raise ValueError("no JSON")
