"""The metrics of one process, by topic. Names and labels are those that dashboards and alerts know; labels come from
closed lists.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class _Maker:
    """Makes metrics in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"gateway_{name}_total", text, labels, registry=self._registry)

    def latest(self, name: str, text: str, *labels: str) -> Gauge:
        """What every process would say alike: the word of the last one counts."""
        return Gauge(f"gateway_{name}", text, labels, registry=self._registry, multiprocess_mode="mostrecent")

    def own(self, name: str, text: str, *labels: str) -> Gauge:
        """What each process says of itself: added up over those that live."""
        return Gauge(f"gateway_{name}", text, labels, registry=self._registry, multiprocess_mode="livesum")

    def worst(self, name: str, text: str, *labels: str) -> Gauge:
        """What each process says of itself, and where the highest counts."""
        return Gauge(f"gateway_{name}", text, labels, registry=self._registry, multiprocess_mode="livemax")

    def seconds(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"gateway_{name}_seconds", text, labels, buckets=_SECONDS, registry=self._registry)


class ApiMetrics:
    """What clients ask of the gateway, and what it sends them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.requests = make.counter("requests", "API requests", "method", "route", "status")
        self.request_seconds = make.seconds("request", "Duration of API requests", "method", "route")
        self.changes = make.counter("changes", "Changes judged", "outcome", "way")
        self.waiters = make.own("feed_waiters", "Long polls under way")
        self.webhooks = make.counter("webhooks", "Webhook calls", "outcome")
        self.webhook_seconds = make.seconds("webhook", "Duration of webhook calls")


class SystemMetrics:
    """How the gateway gets on with the systems that it talks to."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.calls = make.counter("remote_calls", "Remote calls (attempts)", "system", "operation", "outcome")
        self.call_seconds = make.seconds("remote_call", "Duration of remote calls", "system", "operation")
        self.exchanges = make.counter(
            "remote_exchanges",
            "HTTP exchanges with a system, logins and reads included",
            "system",
            "operation",
            "outcome",
        )
        self.renewals = make.latest("session_renewals", "Logins made to a system, all processes", "system")
        self.circuit = make.latest("circuit_open", "1 when the system is left alone", "system")
        self.held = make.latest("system_held", "1 when calendar or operator keep the system closed", "system", "reason")
        self.released = make.latest("released_share", "Share of the full rate that is released, 0 to 1", "system")
        self.drift = make.counter(
            "drift_sightings", "Replies that differed from what is known of the system", "system", "operation", "kind"
        )
        self.drift_overflow = make.counter("drift_overflows", "Sightings of drift that found no room", "system")
        self.open_drift = make.latest("drift_unacknowledged", "Differences that nobody has seen", "system", "kind")
        self.procedures = make.counter("procedures_read", "Procedures read from the catalogue", "system", "outcome")
        self.lists = make.counter("lists_read", "Readings of the portal's lists", "system", "list", "outcome")


class DossierMetrics:
    """What is owed to systems, and what waits for somebody."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.deliveries = make.counter("deliveries", "Deliveries by what became of them", "system", "kind", "outcome")
        self.queue = make.latest("queue_deliveries", "Open deliveries", "system", "state")
        self.oldest = make.latest("queue_oldest_seconds", "Age of the oldest open delivery", "system", "state")
        self.accepted = make.latest("accepted_deliveries", "Deliveries ever accepted", "system")
        self.difference = make.latest("lost_deliveries", "Accepted minus accounted for; must stay 0", "system")
        self.findings = make.latest("parked_findings", "Differences that wait for a person", "system", "kind")
        self.kept = make.latest("inbox_kept_messages", "Messages whose dossier has not come")


class PaymentMetrics:
    """Attempts to pay."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.payments = make.latest("payment_attempts", "Attempts to pay that are not settled", "provider", "state")
        self.refused_messages = make.counter(
            "payment_messages_refused", "Messages of providers that were not taken, by why", "provider", "reason"
        )
        self.oldest_payment = make.latest("payment_oldest_seconds", "Age of the oldest such attempt", "provider")
        self.held_sums = make.latest("payment_suspense_sums", "Sums that belong to no request and wait for a person")
        self.held_vnd = make.latest("payment_suspense_vnd", "Whole đồng of such sums")
        self.cases = make.latest("payment_cases", "What persons have to do about payments", "kind")
        self.oldest_case = make.latest("payment_case_oldest_seconds", "Age of the oldest such case", "kind")
        self.refunds = make.latest("payment_refunds", "Refunds that have no end yet", "state")
        self.oldest_refund = make.latest("payment_refund_oldest_seconds", "Age of the oldest such refund", "state")
        self.receipt_orders = make.latest(
            "receipt_orders", "What suppliers of receipts are asked for and have not ended", "supplier", "state"
        )
        self.oldest_receipt_order = make.latest(
            "receipt_order_oldest_seconds", "Age of the oldest such order", "supplier", "state"
        )
        self.open_days = make.latest("settlement_open_days", "Compared days that are not closed", "provider")
        self.oldest_day = make.latest("settlement_oldest_days", "Days since the oldest such day", "provider")
        self.unexplained = make.latest("settlement_unexplained", "Findings of open days for a person", "provider")
        self.oldest_sum = make.latest("payment_suspense_oldest_seconds", "Age of the oldest such sum")


class PeopleMetrics:
    """Sign-ins, consents, questions about citizens, and the record of looks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.sign_ins = make.counter(
            "sign_ins", "Sign-ins that reached their callback", "provider", "outcome", "reason", "assurance"
        )
        self.sign_in_seconds = make.seconds(
            "sign_in_callback", "Duration of callbacks, the provider's calls included", "provider"
        )
        self.sign_ins_begun = make.counter("sign_ins_begun", "Browsers sent to a provider", "provider")
        self.sign_ins_ended = make.counter("sign_ins_ended", "Sign-ins that are over", "reason")
        self.consents = make.counter("consents", "Changes of how consents stand", "hub", "standing", "code")
        self.key_age = make.worst("identity_keys_age_seconds", "Age of the provider's keys in use", "provider")
        self.key_facts = make.own(
            "identity_keys_events", "Readings of a provider's keys and unknown key ids", "provider", "event"
        )
        self.clock_offset = make.latest(
            "identity_clock_offset_seconds", "How far a provider's clock is ahead", "provider"
        )
        self.citizens = make.counter(
            "citizen_questions", "Questions about citizens by what became of them", "action", "outcome", "code"
        )
        self.audit_head = make.latest("audit_head_position", "Lines in the audit chain")
        self.most_subjects = make.latest(
            "audit_most_subjects", "Most different citizens that one officer or client looked at in the hour", "kind"
        )
        self.shredded = make.counter("retention_shredded", "Records whose content was destroyed by time", "kind")


class ProcessMetrics:
    """How the gateway itself is doing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.certificate = make.latest("certificate_days_left", "Days until a certificate ends", "file")
        self.pool = make.own("database_connections", "Pool of this process", "state")
        self.alerts = make.counter("alerts", "Alerts for a person", "system", "alert")
        self.defects = make.counter("defects", "Failures of our own code", "where")
        self.jobs = make.counter("job_failures", "Turns of a job that failed", "job", "code")


class IndicatorMetrics:
    """How far counting has come, and what waits for a person."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Maker(registry)
        self.counted_age = make.latest("indicators_counted_age_seconds", "Since dossiers were counted last")
        self.backlog = make.latest("indicators_backlog_events", "Events of the feed that were not counted yet")
        self.owed = make.latest("publications_owed", "Final figures that changed and wait for a person")
        self.push_waiting = make.latest("pushes_waiting", "Publications that a receiver does not have yet", "receiver")
        self.push_oldest = make.latest("pushes_oldest_seconds", "Age of the oldest of them; 0: none", "receiver")
        self.published_age = make.latest("publications_age_seconds", "Since something was published last; 0: never")
