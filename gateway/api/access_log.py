"""Writes what the API observed as log lines: route templates and ids, never an address, a body or a person."""

from typing import Any, Protocol

from gateway.api.services import InternalFailure, RequestFinished

_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})


class Log(Protocol):
    """The two ways of writing that are used here; a structlog logger has them."""

    def info(self, event: str, **values: Any) -> Any: ...

    def error(self, event: str, **values: Any) -> Any: ...


class LoggingObserver:
    """Implements Observer by logging. Questions of machines that went well are left out: they would drown the rest."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def request_finished(self, event: RequestFinished) -> None:
        if event.route in _QUIET_ROUTES and event.status < 400:
            return
        self._log.info(
            "request_finished",
            method=event.method,
            route=event.route,
            status=event.status,
            duration_ms=round(event.duration_seconds * 1000, 3),
            client_id=event.client_id,
            trace_id=event.trace_id,
            request_id=event.request_id,
        )

    def change_judged(self, outcome: str, *, is_import: bool) -> None: ...

    def waiters_changed(self, waiters_count: int) -> None: ...

    def internal_failure(self, event: InternalFailure) -> None:
        self._log.error(
            "internal_failure",
            route=event.route,
            kinds=list(event.kinds),
            places=list(event.places),
            trace_id=event.trace_id,
            request_id=event.request_id,
        )
