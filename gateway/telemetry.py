"""Metrics and logs. Happenings come in, counters and lines go out; labels come from closed lists.

Logs are JSON lines on standard error. There is no redaction here because there is nothing to redact: only fields named
in this module are ever logged, and none of them holds a person's data.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from gateway.api.services import InternalFailure, RequestFinished
from gateway.metrics import (
    ApiMetrics,
    DossierMetrics,
    IndicatorMetrics,
    PaymentMetrics,
    PeopleMetrics,
    ProcessMetrics,
    SystemMetrics,
)
from gateway.model.vocabulary import VIETNAM
from gateway.monitoring.storing import CountingStanding
from gateway.ports.monitoring import ReceiverStanding
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
    PaymentMessageRefused,
    ProceduresSynced,
    RecordsShredded,
    SignInBegun,
    SignInConcluded,
    SignInsEnded,
)
from gateway.ports.portal_services import DriftKind
from gateway.store.payment_suspense import SuspenseStanding
from gateway.sync.audit_records import checkpoint_fields
from gateway.sync.calendar import Hold
from gateway.sync.settlement_storing import OpenDays

_SAID_AGAIN_SECONDS = 60.0


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

        self._api = ApiMetrics(registry)
        self._systems = SystemMetrics(registry)
        self._dossiers = DossierMetrics(registry)
        self._payments = PaymentMetrics(registry)
        self._indicators = IndicatorMetrics(registry)
        self._people = PeopleMetrics(registry)
        self._process = ProcessMetrics(registry)
        self._payment_labels: set[tuple[str, str]] = set()
        self._receipt_labels: set[tuple[str, str]] = set()
        self._settled_providers: set[str] = set()
        self._case_kinds: set[str] = set()
        self._refund_states: set[str] = set()
        self._finding_labels: set[tuple[str, str]] = set()

    def __call__(self, happening: Happening) -> None:
        match happening:
            case DeliveryEnded():
                self._dossiers.deliveries.labels(happening.system, happening.kind, happening.outcome).inc()
            case CallEnded():
                self._note_call(happening)
            case AlertRaised():
                self._note_alert(happening.system, happening.name, dossier_code=happening.dossier_code)
            case CircuitMoved():
                self._log.warning("circuit.moved", system=happening.system, state=happening.state)
            case JobFailed():
                self._note_failed_job(happening)
            case DefectFound():
                self.note_defect(f"{happening.system}.{happening.operation}", happening.error)
            case ProceduresSynced():
                self._note_procedures(happening)
            case DriftSeen():
                self._systems.drift.labels(happening.system, happening.operation, happening.kind).inc()
            case DriftOverflowed():
                self._systems.drift_overflow.labels(happening.system).inc(happening.count)
            case DriftFound():
                self._say_drift(happening)
            case SignInBegun():
                self._people.sign_ins_begun.labels(happening.provider).inc()
            case SignInConcluded():
                self._note_sign_in(happening)
            case ConsentMoved():
                self._people.consents.labels(happening.hub, happening.standing, happening.code).inc()
            case SignInsEnded():
                self._people.sign_ins_ended.labels(happening.reason).inc(happening.count)
            case CitizenAsked():
                self._people.citizens.labels(happening.action, happening.outcome, happening.code).inc()
            case PaymentMessageRefused():
                self._payments.refused_messages.labels(happening.provider, happening.reason).inc()
                self._log.warning("payment.message_refused", provider=happening.provider, reason=happening.reason)
            case RecordsShredded():
                self._people.shredded.labels(happening.kind).inc(happening.count)
                self._log.info("retention.shredded", kind=happening.kind, count=happening.count)
            case ManySubjectsSeen():
                self._note_many_subjects(happening)
            case MostSubjects():
                self._people.most_subjects.labels(happening.kind).set(happening.count)
            case AuditCheckpointed():
                self._anchors.info("audit.checkpoint", **checkpoint_fields(happening.checkpoint))
            case ListRead():
                self._systems.lists.labels(happening.system, happening.name, happening.outcome).inc()

    def _note_alert(self, system: str, alert: str, **facts: Any) -> None:
        self._process.alerts.labels(system, alert).inc()
        self._log.warning("alert.raised", system=system, alert=alert, **facts)

    def _note_many_subjects(self, seen: ManySubjectsSeen) -> None:
        self._note_alert(
            "gateway",
            "audit_many_subjects",
            kind=seen.kind,
            who=seen.who,
            hour=seen.hour.isoformat(),
            subjects_count=seen.subjects_count,
        )

    def _say_drift(self, found: DriftFound) -> None:
        self._log.warning(
            "drift.found",
            system=found.system,
            operation=found.operation,
            kind=found.kind,
            place=found.place,
            detail=found.detail,
        )

    def _note_sign_in(self, done: SignInConcluded) -> None:
        self._people.sign_ins.labels(done.provider, done.outcome, done.reason, done.assurance).inc()
        self._people.sign_in_seconds.labels(done.provider).observe(done.duration_seconds)
        if done.outcome != "signed_in":
            self._log.info("sign_in.refused", provider=done.provider, outcome=done.outcome, reason=done.reason)

    def note_provider(
        self, provider: str, *, key_age: float | None, refreshes: int, unknown: int, offset: float | None
    ) -> None:
        """Show how a provider's keys and clock are doing."""
        if key_age is not None:
            self._people.key_age.labels(provider).set(key_age)
        self._people.key_facts.labels(provider, "read").set(refreshes)
        self._people.key_facts.labels(provider, "unknown_key").set(unknown)
        if offset is not None:
            self._people.clock_offset.labels(provider).set(offset)

    def _note_failed_job(self, failed: JobFailed) -> None:
        self._process.jobs.labels(failed.job, failed.code).inc()
        # Once per job and kind of failure until it succeeds would need its successes; once a minute says enough.
        if self._said.get((failed.job, failed.code), float("-inf")) <= self._monotonic() - _SAID_AGAIN_SECONDS:
            self._said[(failed.job, failed.code)] = self._monotonic()
            self._log.warning("job.failed", job=failed.job, code=failed.code)

    def _note_call(self, call: CallEnded) -> None:
        self._systems.calls.labels(call.system, call.operation, call.outcome).inc()
        self._systems.call_seconds.labels(call.system, call.operation).observe(call.duration_seconds)
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
            self._systems.procedures.labels(synced.system, outcome).inc(count)
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
        self._process.defects.labels(where).inc()
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
                self._api.requests.labels(event.method, event.route, str(event.status)),
                self._api.request_seconds.labels(event.method, event.route),
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
            counter = self._api.changes.labels(outcome, "import" if is_import else "request")
            self._change_counters[key] = counter
        counter.inc()

    def waiters_changed(self, waiters_count: int) -> None:
        self._api.waiters.set(waiters_count)

    def internal_failure(self, event: InternalFailure) -> None:
        self._process.defects.labels(event.route).inc()
        self._log.error(
            "defect.found",
            where=event.route,
            error=list(event.kinds),
            places=list(event.places[-8:]),
            trace_id=event.trace_id,
            request_id=event.request_id,
        )

    def webhook_attempted(self, outcome: str, duration_seconds: float) -> None:
        self._api.webhooks.labels(outcome).inc()
        self._api.webhook_seconds.observe(duration_seconds)

    def note_exchange(self, system: str, operation: str, outcome: str) -> None:
        self._systems.exchanges.labels(system, operation, outcome).inc()

    def note_queue(self, system: str, states: Mapping[str, int], oldest: Mapping[str, datetime], now: datetime) -> None:
        for state in ("waiting", "in_flight", "unknown", "parked"):
            self._dossiers.queue.labels(system, state).set(states.get(state, 0))
            at = oldest.get(state)
            self._dossiers.oldest.labels(system, state).set(
                max(0.0, (now - at).total_seconds()) if at is not None else 0.0
            )

    def note_balance(self, system: str, accepted: int, difference: int) -> None:
        self._dossiers.accepted.labels(system).set(accepted)
        self._dossiers.difference.labels(system).set(difference)
        if difference:
            self._log.error("deliveries.unaccounted", system=system, difference=difference)

    def note_system(self, system: str, *, is_open: bool, session_renewals: int) -> None:
        self._systems.circuit.labels(system).set(1 if is_open else 0)
        self._systems.renewals.labels(system).set(session_renewals)

    def note_gate(self, system: str, hold: Hold | None, released_share: float) -> None:
        for reason in Hold:
            self._systems.held.labels(system, reason.value).set(1 if hold is reason else 0)
        self._systems.released.labels(system).set(released_share)

    def note_drift(self, system: str, open_counts: Mapping[str, int]) -> None:
        for kind in DriftKind:
            self._systems.open_drift.labels(system, kind.value).set(open_counts.get(kind.value, 0))

    def note_payments(self, counts: Mapping[tuple[str, str], tuple[int, datetime]], now: datetime) -> None:
        """Show what is not settled; a state that has none any more is shown as none."""
        self._payment_labels |= set(counts)
        for provider, state in self._payment_labels:
            self._payments.payments.labels(provider, state).set(counts.get((provider, state), (0, now))[0])
        for name in {provider for provider, _ in self._payment_labels}:
            oldest = min((at for (provider, _), (_, at) in counts.items() if provider == name), default=now)
            self._payments.oldest_payment.labels(name).set(max(0.0, (now - oldest).total_seconds()))

    def note_counting(self, standing: CountingStanding, now: datetime) -> None:
        """Show how far counting and publishing have come."""
        # A clock that was far ahead once is as wrong as counting that stands still.
        self._indicators.counted_age.set(abs((now - standing.counted_at).total_seconds()))
        self._indicators.backlog.set(standing.backlog_count)
        self._indicators.owed.set(standing.owed_count)
        published = standing.published_at
        self._indicators.published_age.set(0.0 if published is None else (now - published).total_seconds())

    def note_receivers(self, standing: Sequence[ReceiverStanding], now: datetime) -> None:
        """Show which publications wait for receivers that do not pull."""
        for one in standing:
            since = one.waiting_since
            self._indicators.push_waiting.labels(one.receiver).set(one.waiting_count)
            self._indicators.push_oldest.labels(one.receiver).set(
                0.0 if since is None else max(0.0, (now - since).total_seconds())
            )

    def note_settlements(self, standing: Mapping[str, OpenDays], now: datetime) -> None:
        """Show which compared days wait; a provider that has none any more is shown as having none."""
        self._settled_providers |= set(standing)
        for name in self._settled_providers:
            waiting = standing.get(name)
            age = 0 if waiting is None else (now.astimezone(VIETNAM).date() - waiting.oldest_day).days
            self._payments.open_days.labels(name).set(0 if waiting is None else waiting.days_count)
            self._payments.oldest_day.labels(name).set(age)
            self._payments.unexplained.labels(name).set(0 if waiting is None else waiting.unexplained_count)

    def note_cases(
        self,
        cases: Mapping[str, tuple[int, datetime]],
        refunds: Mapping[str, tuple[int, datetime]],
        now: datetime,
    ) -> None:
        """Show what waits for persons; a kind or state that has none any more is shown as having none."""
        for counts, known, number, oldest in (
            (cases, self._case_kinds, self._payments.cases, self._payments.oldest_case),
            (refunds, self._refund_states, self._payments.refunds, self._payments.oldest_refund),
        ):
            known |= set(counts)
            for name in known:
                count, at = counts.get(name, (0, now))
                number.labels(name).set(count)
                oldest.labels(name).set(max(0.0, (now - at).total_seconds()))

    def note_receipt_orders(self, standing: Mapping[tuple[str, str], tuple[int, datetime]], now: datetime) -> None:
        """Show what suppliers of receipts have not ended; a state that has none any more is shown as having none."""
        self._receipt_labels |= set(standing)
        for labels in self._receipt_labels:
            count, at = standing.get(labels, (0, now))
            self._payments.receipt_orders.labels(*labels).set(count)
            self._payments.oldest_receipt_order.labels(*labels).set(max(0.0, (now - at).total_seconds()))

    def note_suspense(self, standing: SuspenseStanding, now: datetime) -> None:
        """Show the money that belongs to no request."""
        self._payments.held_sums.set(standing.held_count)
        self._payments.held_vnd.set(standing.amount_vnd)
        oldest = standing.oldest_at or now
        self._payments.oldest_sum.set(max(0.0, (now - oldest).total_seconds()))

    def note_findings(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Show the differences that wait for a person; a kind that has none any more is shown as none."""
        for system, kind in self._finding_labels | set(counts):
            self._dossiers.findings.labels(system, kind).set(counts.get((system, kind), 0))
        self._finding_labels |= set(counts)

    def note_kept(self, messages_count: int) -> None:
        self._dossiers.kept.set(messages_count)

    def note_audit_head(self, position: int) -> None:
        self._people.audit_head.set(position)

    def note_certificate(self, name: str, days_left: float) -> None:
        self._process.certificate.labels(name).set(days_left)

    def note_pool(self, *, size: int, idle: int) -> None:
        self._process.pool.labels("used").set(size - idle)
        self._process.pool.labels("idle").set(idle)

    def say(self, event: str, **fields: Any) -> None:
        """Log a plain operational line."""
        self._log.info(event, **fields)
