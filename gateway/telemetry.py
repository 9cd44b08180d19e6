"""Metrics and logs. Happenings come in, counters and lines go out; labels come from closed lists.

Logs are JSON lines on standard error. There is no redaction here because there is nothing to redact: only fields named
in this module are ever logged, and none of them holds a person's data.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.api.services import InternalFailure, RequestFinished
from gateway.ports.observing import (
    AlertRaised,
    AuditCheckpointed,
    CallEnded,
    CircuitMoved,
    CitizenAsked,
    ConsentMoved,
    DefectFound,
    DeliveryEnded,
    DriftFound,
    DriftOverflowed,
    DriftSeen,
    Happening,
    JobFailed,
    ListRead,
    ManySubjectsSeen,
    MostSubjects,
    ProceduresSynced,
    RecordsShredded,
    SignInBegun,
    SignInConcluded,
    SignInsEnded,
)
from gateway.ports.portal_services import DriftKind
from gateway.sync.audit_records import checkpoint_fields
from gateway.sync.calendar import Hold

_SAID_AGAIN_SECONDS = 60.0
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def configure_logs(level: str) -> None:
    """Send JSON lines to standard error, the standard library's own messages included."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=max(number, logging.WARNING), force=True)


class _ToStructlog(logging.Handler):
    """Hands on messages of libraries: their logger, level and error type only, since their texts may quote values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        structlog.get_logger().log(record.levelno, "library.message", logger=record.name, error=error)


class Telemetry:
    """Implements Observer and owns the metrics of one process."""

    def __init__(
        self, registry: CollectorRegistry, *, monotonic: Callable[[], float], logs_requests: bool = False
    ) -> None:
        self.registry = registry
        self._log = structlog.get_logger()
        # Anchors of the audit chain are worth nothing if a log level leaves them out.
        self._anchors = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr), wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET)
        )
        self._logs_requests = logs_requests
        self._monotonic = monotonic
        self._said: dict[tuple[str, str], float] = {}
        self._request_counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._change_counters: dict[tuple[str, bool], Counter] = {}

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"gateway_{name}_total", text, labels, registry=registry)

        def latest(name: str, text: str, *labels: str) -> Gauge:
            """What every process would say alike: the word of the last one counts."""
            return Gauge(f"gateway_{name}", text, labels, registry=registry, multiprocess_mode="mostrecent")

        def own(name: str, text: str, *labels: str) -> Gauge:
            """What each process says of itself: added up over those that live."""
            return Gauge(f"gateway_{name}", text, labels, registry=registry, multiprocess_mode="livesum")

        def worst(name: str, text: str, *labels: str) -> Gauge:
            """What each process says of itself, and where the highest counts."""
            return Gauge(f"gateway_{name}", text, labels, registry=registry, multiprocess_mode="livemax")

        def seconds(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(f"gateway_{name}_seconds", text, labels, buckets=_SECONDS, registry=registry)

        self.requests = counter("requests", "API requests", "method", "route", "status")
        self.request_seconds = seconds("request", "Duration of API requests", "method", "route")
        self._changes = counter("changes", "Changes judged", "outcome", "way")
        self._waiters = own("feed_waiters", "Long polls under way")
        self._deliveries = counter("deliveries", "Deliveries by what became of them", "system", "kind", "outcome")
        self._calls = counter("remote_calls", "Remote calls (attempts)", "system", "operation", "outcome")
        self._call_seconds = seconds("remote_call", "Duration of remote calls", "system", "operation")
        exchanges = "HTTP exchanges with a system, logins and reads included"
        self._exchanges = counter("remote_exchanges", exchanges, "system", "operation", "outcome")
        self._renewals = latest("session_renewals", "Logins made to a system, all processes", "system")
        self._circuit = latest("circuit_open", "1 when the system is left alone", "system")
        self._held = latest("system_held", "1 when calendar or operator keep the system closed", "system", "reason")
        self._released = latest("released_share", "Share of the full rate that is released, 0 to 1", "system")
        drift = "Replies that differed from what is known of the system"
        self._drift = counter("drift_sightings", drift, "system", "operation", "kind")
        self._drift_overflow = counter("drift_overflows", "Sightings of drift that found no room", "system")
        self._open_drift = latest("drift_unacknowledged", "Differences that nobody has seen", "system", "kind")
        self._queue = latest("queue_deliveries", "Open deliveries", "system", "state")
        self._oldest = latest("queue_oldest_seconds", "Age of the oldest open delivery", "system", "state")
        self._accepted = latest("accepted_deliveries", "Deliveries ever accepted", "system")
        self._difference = latest("lost_deliveries", "Accepted minus accounted for; must stay 0", "system")
        self._payments = latest("payment_attempts", "Attempts to pay that are not settled", "provider", "state")
        self._oldest_payment = latest("payment_oldest_seconds", "Age of the oldest such attempt", "provider")
        self._payment_labels: set[tuple[str, str]] = set()
        self._procedures = counter("procedures_read", "Procedures read from the catalogue", "system", "outcome")
        self._lists = counter("lists_read", "Readings of the portal's lists", "system", "list", "outcome")
        self._webhooks = counter("webhooks", "Webhook calls", "outcome")
        self._webhook_seconds = seconds("webhook", "Duration of webhook calls")
        self._findings = latest("parked_findings", "Differences that wait for a person", "system", "kind")
        self._finding_labels: set[tuple[str, str]] = set()
        self._kept = latest("inbox_kept_messages", "Messages whose dossier has not come")
        self._certificate = latest("certificate_days_left", "Days until a certificate ends", "file")
        self._pool = own("database_connections", "Pool of this process", "state")
        self._alerts = counter("alerts", "Alerts for a person", "system", "alert")
        self._defects = counter("defects", "Failures of our own code", "where")
        signed = "Sign-ins that reached their callback"
        self._sign_ins = counter("sign_ins", signed, "provider", "outcome", "reason", "assurance")
        self._sign_in_seconds = seconds(
            "sign_in_callback", "Duration of callbacks, the provider's calls included", "provider"
        )
        self._sign_ins_begun = counter("sign_ins_begun", "Browsers sent to a provider", "provider")
        self._consents = counter("consents", "Changes of how consents stand", "hub", "standing", "code")
        self._sign_ins_ended = counter("sign_ins_ended", "Sign-ins that are over", "reason")
        self._key_age = worst("identity_keys_age_seconds", "Age of the provider's keys in use", "provider")
        self._key_facts = own(
            "identity_keys_events", "Readings of a provider's keys and unknown key ids", "provider", "event"
        )
        self._clock_offset = latest("identity_clock_offset_seconds", "How far a provider's clock is ahead", "provider")
        asked = "Questions about citizens by what became of them"
        self._citizens = counter("citizen_questions", asked, "action", "outcome", "code")
        self._audit_head = latest("audit_head_position", "Lines in the audit chain")
        most = "Most different citizens that one officer or client looked at in the hour"
        self._most_subjects = latest("audit_most_subjects", most, "kind")
        self._shredded = counter("retention_shredded", "Records whose content was destroyed by time", "kind")
        self._jobs = counter("job_failures", "Turns of a job that failed", "job", "code")

    def __call__(self, happening: Happening) -> None:
        match happening:
            case DeliveryEnded():
                self._deliveries.labels(happening.system, happening.kind, happening.outcome).inc()
            case CallEnded():
                self._note_call(happening)
            case AlertRaised():
                self._alerts.labels(happening.system, happening.name).inc()
                self._log.warning(
                    "alert.raised", system=happening.system, alert=happening.name, dossier_code=happening.dossier_code
                )
            case CircuitMoved():
                self._log.warning("circuit.moved", system=happening.system, state=happening.state)
            case JobFailed():
                self._note_failed_job(happening)
            case DefectFound():
                self.note_defect(f"{happening.system}.{happening.operation}", happening.error)
            case ProceduresSynced():
                self._note_procedures(happening)
            case DriftSeen():
                self._drift.labels(happening.system, happening.operation, happening.kind).inc()
            case DriftOverflowed():
                self._drift_overflow.labels(happening.system).inc(happening.count)
            case DriftFound():
                self._log.warning(
                    "drift.found",
                    system=happening.system,
                    operation=happening.operation,
                    kind=happening.kind,
                    place=happening.place,
                    detail=happening.detail,
                )
            case SignInBegun():
                self._sign_ins_begun.labels(happening.provider).inc()
            case SignInConcluded():
                self._note_sign_in(happening)
            case ConsentMoved():
                self._consents.labels(happening.hub, happening.standing, happening.code).inc()
            case SignInsEnded():
                self._sign_ins_ended.labels(happening.reason).inc(happening.count)
            case CitizenAsked():
                self._citizens.labels(happening.action, happening.outcome, happening.code).inc()
            case RecordsShredded():
                self._shredded.labels(happening.kind).inc(happening.count)
                self._log.info("retention.shredded", kind=happening.kind, count=happening.count)
            case ManySubjectsSeen():
                self._alerts.labels("gateway", "audit_many_subjects").inc()
                self._log.warning(
                    "alert.raised",
                    system="gateway",
                    alert="audit_many_subjects",
                    kind=happening.kind,
                    who=happening.who,
                    hour=happening.hour.isoformat(),
                    subjects_count=happening.subjects_count,
                )
            case MostSubjects():
                self._most_subjects.labels(happening.kind).set(happening.count)
            case AuditCheckpointed():
                self._anchors.info("audit.checkpoint", **checkpoint_fields(happening.checkpoint))
            case ListRead():
                self._lists.labels(happening.system, happening.name, happening.outcome).inc()

    def _note_sign_in(self, done: SignInConcluded) -> None:
        self._sign_ins.labels(done.provider, done.outcome, done.reason, done.assurance).inc()
        self._sign_in_seconds.labels(done.provider).observe(done.duration_seconds)
        if done.outcome != "signed_in":
            self._log.info("sign_in.refused", provider=done.provider, outcome=done.outcome, reason=done.reason)

    def note_provider(
        self, provider: str, *, key_age: float | None, refreshes: int, unknown: int, offset: float | None
    ) -> None:
        """Show how a provider's keys and clock are doing."""
        if key_age is not None:
            self._key_age.labels(provider).set(key_age)
        self._key_facts.labels(provider, "read").set(refreshes)
        self._key_facts.labels(provider, "unknown_key").set(unknown)
        if offset is not None:
            self._clock_offset.labels(provider).set(offset)

    def _note_failed_job(self, failed: JobFailed) -> None:
        self._jobs.labels(failed.job, failed.code).inc()
        # Once per job and kind of failure until it succeeds would need its successes; once a minute says enough.
        if self._said.get((failed.job, failed.code), float("-inf")) <= self._monotonic() - _SAID_AGAIN_SECONDS:
            self._said[(failed.job, failed.code)] = self._monotonic()
            self._log.warning("job.failed", job=failed.job, code=failed.code)

    def _note_call(self, call: CallEnded) -> None:
        self._calls.labels(call.system, call.operation, call.outcome).inc()
        self._call_seconds.labels(call.system, call.operation).observe(call.duration_seconds)
        if call.outcome != "ok":
            self._log.info(
                "remote_call.failed",
                system=call.system,
                operation=call.operation,
                outcome=call.outcome,
                items_count=call.items_count,
                duration_seconds=round(call.duration_seconds, 3),
            )

    def _note_procedures(self, synced: ProceduresSynced) -> None:
        for outcome, count in (
            ("listed", synced.listed_count),
            ("changed", synced.changed_count),
            ("retired", synced.retired_count),
            ("failed", synced.failed_count),
        ):
            self._procedures.labels(synced.system, outcome).inc(count)
        self._log.info(
            "procedures.synced",
            system=synced.system,
            listed_count=synced.listed_count,
            changed_count=synced.changed_count,
            retired_count=synced.retired_count,
            failed_count=synced.failed_count,
            missing=[f"{table} {code}" for table, code in synced.missing[:50]],
            duration_seconds=round(synced.duration_seconds, 3),
        )

    def note_defect(self, where: str, error: BaseException) -> None:
        """Log a failure of our own code: type and places, not the message, which may quote a value."""
        self._defects.labels(where).inc()
        places = [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        self._log.error("defect.found", where=where, error=type(error).__name__, places=places[-8:])

    def request_finished(self, event: RequestFinished) -> None:
        """Count a request; log it when it failed on our side, or when everything is to be logged."""
        key = (event.method, event.route, event.status)
        counted = self._request_counters.get(key)
        if counted is None:
            # The labels' look-up costs as much as the counting; methods, routes and statuses are few.
            counted = (
                self.requests.labels(event.method, event.route, str(event.status)),
                self.request_seconds.labels(event.method, event.route),
            )
            self._request_counters[key] = counted
        counted[0].inc()
        counted[1].observe(event.duration_seconds)
        if event.status >= 500 or self._logs_requests:
            self._log.info(
                "request.finished",
                method=event.method,
                route=event.route,
                status=event.status,
                duration_seconds=round(event.duration_seconds, 4),
                client_id=event.client_id,
                trace_id=event.trace_id,
                request_id=event.request_id,
            )

    def change_judged(self, outcome: str, *, is_import: bool) -> None:
        key = (outcome, is_import)
        counter = self._change_counters.get(key)
        if counter is None:
            counter = self._changes.labels(outcome, "import" if is_import else "request")
            self._change_counters[key] = counter
        counter.inc()

    def waiters_changed(self, waiters_count: int) -> None:
        self._waiters.set(waiters_count)

    def internal_failure(self, event: InternalFailure) -> None:
        self._defects.labels(event.route).inc()
        self._log.error(
            "defect.found",
            where=event.route,
            error=list(event.kinds),
            places=list(event.places[-8:]),
            trace_id=event.trace_id,
            request_id=event.request_id,
        )

    def webhook_attempted(self, outcome: str, duration_seconds: float) -> None:
        self._webhooks.labels(outcome).inc()
        self._webhook_seconds.observe(duration_seconds)

    def note_exchange(self, system: str, operation: str, outcome: str) -> None:
        self._exchanges.labels(system, operation, outcome).inc()

    def note_queue(self, system: str, states: Mapping[str, int], oldest: Mapping[str, datetime], now: datetime) -> None:
        for state in ("waiting", "in_flight", "unknown", "parked"):
            self._queue.labels(system, state).set(states.get(state, 0))
            at = oldest.get(state)
            self._oldest.labels(system, state).set(max(0.0, (now - at).total_seconds()) if at is not None else 0.0)

    def note_balance(self, system: str, accepted: int, difference: int) -> None:
        self._accepted.labels(system).set(accepted)
        self._difference.labels(system).set(difference)
        if difference:
            self._log.error("deliveries.unaccounted", system=system, difference=difference)

    def note_system(self, system: str, *, is_open: bool, session_renewals: int) -> None:
        self._circuit.labels(system).set(1 if is_open else 0)
        self._renewals.labels(system).set(session_renewals)

    def note_gate(self, system: str, hold: Hold | None, released_share: float) -> None:
        for reason in Hold:
            self._held.labels(system, reason.value).set(1 if hold is reason else 0)
        self._released.labels(system).set(released_share)

    def note_drift(self, system: str, open_counts: Mapping[str, int]) -> None:
        for kind in DriftKind:
            self._open_drift.labels(system, kind.value).set(open_counts.get(kind.value, 0))

    def note_payments(self, counts: Mapping[tuple[str, str], tuple[int, datetime]], now: datetime) -> None:
        """Show what is not settled; a state that has none any more is shown as none."""
        self._payment_labels |= set(counts)
        for provider, state in self._payment_labels:
            self._payments.labels(provider, state).set(counts.get((provider, state), (0, now))[0])
        for name in {provider for provider, _ in self._payment_labels}:
            oldest = min((at for (provider, _), (_, at) in counts.items() if provider == name), default=now)
            self._oldest_payment.labels(name).set(max(0.0, (now - oldest).total_seconds()))

    def note_findings(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Show the differences that wait for a person; a kind that has none any more is shown as none."""
        for system, kind in self._finding_labels | set(counts):
            self._findings.labels(system, kind).set(counts.get((system, kind), 0))
        self._finding_labels |= set(counts)

    def note_kept(self, messages_count: int) -> None:
        self._kept.set(messages_count)

    def note_audit_head(self, position: int) -> None:
        self._audit_head.set(position)

    def note_certificate(self, name: str, days_left: float) -> None:
        self._certificate.labels(name).set(days_left)

    def note_pool(self, *, size: int, idle: int) -> None:
        self._pool.labels("used").set(size - idle)
        self._pool.labels("idle").set(idle)

    def say(self, event: str, **fields: Any) -> None:
        """Log a plain operational line."""
        self._log.info(event, **fields)
