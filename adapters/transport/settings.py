"""Settings of the plumbing, part of every adapter's own settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=3600)]
HttpStatus = Annotated[int, Field(ge=400, le=599)]


class TransportSettings(BaseModel):
    """Limits of the exchanges with one system."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_seconds: Seconds = 5.0
    """Time to get a connection: waiting for a free one, look-up of the name, TCP and TLS."""
    silence_seconds: Seconds = 60.0
    """Longest silence while an answer is read; a trickle of bytes is bounded by the total time of the call."""
    keepalive_seconds: Seconds = 15.0
    """How long an idle connection is kept; shorter than the other side's limit, so that a call rarely meets a
    connection that is just being closed: a write lost that way has to be settled by a query."""
    max_connections: Annotated[int, Field(ge=1, le=1000)] = 50
    max_answer_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 16 * 1024 * 1024
    calls_per_second: Annotated[float, Field(gt=0, le=100_000)] | None = 100.0
    """Ceiling of this process, evened out over a second; None for none."""
    statuses_without_effect: frozenset[HttpStatus] = frozenset({429, 503})
    """Answers that certainly come from before the work. Add 502 only where the gateway in front is known to answer
    so without forwarding; other statuses of 500 and above leave the outcome of a write open."""
    read_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Tries of a call that changes nothing, inside one call of the adapter."""
    read_retry_first_seconds: Seconds = 0.2
    read_retry_max_seconds: Seconds = 2.0
