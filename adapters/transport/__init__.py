"""HTTP plumbing that adapters share: bounded exchanges whose failures say what may have happened on the other side."""

from adapters.transport.http import HttpTransport
from adapters.transport.messages import CallOutcome, HttpAnswer, HttpRequest, Observer, RemoteCallFinished
from adapters.transport.retry import ReadRetry
from adapters.transport.session import InMemorySession
from adapters.transport.settings import TransportSettings

__all__ = [
    "CallOutcome",
    "HttpAnswer",
    "HttpRequest",
    "HttpTransport",
    "InMemorySession",
    "Observer",
    "ReadRetry",
    "RemoteCallFinished",
    "TransportSettings",
]
