"""What goes into an exchange and what comes out of it. Pure."""

from collections.abc import Callable
from enum import StrEnum

from gateway.model.quick import Quick


class HttpRequest(Quick, frozen=True, kw_only=True):
    """One call, ready to be sent. Holds secrets and personal data: never logged, and its repr shows neither."""

    system: str
    operation: str
    method: str
    url: str
    is_write: bool
    """Whether the call may change something over there; decides what a missing answer means."""
    total_seconds: float
    """Time for the whole exchange, waiting for a connection included."""
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    read_statuses: frozenset[int] = frozenset()
    """Statuses outside 2xx whose body says something that `read` understands, such as an OAuth error."""


class HttpAnswer(Quick, frozen=True, kw_only=True):
    """A complete answer within the size limit, of status 2xx or one of `read_statuses`. `date` is the header Date."""

    status: int
    content_type: str
    date: str = ""
    retry_after_seconds: float | None = None
    """The other side's wish for patience, between 0 and a day."""
    body: bytes


class CallOutcome(StrEnum):
    """How a remote call ended; a closed list, fit for labels."""

    OK = "ok"
    REFUSED = "refused"
    """Understood and answered with no, for the call or for an item of it."""
    SESSION_REFUSED = "session_refused"
    CREDENTIALS_REFUSED = "credentials_refused"
    RATE_LIMITED = "rate_limited"
    TRANSIENT = "transient"
    OUTCOME_UNKNOWN = "outcome_unknown"
    CONTRACT_BROKEN = "contract_broken"


class RemoteCallFinished(Quick, frozen=True, kw_only=True):
    """One exchange with a national system ended. Labels come from closed lists; `status` is None without an answer."""

    system: str
    operation: str
    outcome: CallOutcome
    duration_seconds: float
    status: int | None


Observer = Callable[[RemoteCallFinished], None]
