"""What operators and machines are told of gates and drift: readiness in words, metrics in closed labels."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from gateway.config import load_settings
from gateway.errors import ConfigurationError
from gateway.ports.observing import DriftOverflowed, DriftSeen
from gateway.readiness import gate_problems
from gateway.sync.calendar import Hold, Standing
from gateway.telemetry import Telemetry

OPENS = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(closes_at=OPENS), []),
        (Standing(hold=Hold.PAUSED), ["paused by an operator"]),
        (
            Standing(hold=Hold.OUTAGE, opens_at=OPENS),
            ["closed until 2026-11-24T00:00:00+00:00 (announced outage)"],
        ),
        (Standing(hold=Hold.HOURS, opens_at=OPENS), ["closed until 2026-11-24T00:00:00+00:00 (opening hours)"]),
        (Standing(hold=Hold.HOURS), ["closed (opening hours)"]),
    ],
)
def test_readiness_says_why_and_until_when(standing: Standing, expected: list[str]) -> None:
    """A closed system is explained with its end; an open one is not mentioned."""
    assert expected == gate_problems(standing)


def test_orders_to_suppliers_of_receipts() -> None:
    """By supplier and state; one that has ended is shown as none, without an age."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry, monotonic=lambda: 0.0)
    labels = {"supplier": "vnpt", "state": "refused"}
    telemetry.note_receipt_orders({("vnpt", "refused"): (2, OPENS)}, OPENS + timedelta(hours=1))
    assert (2, 3600) == (
        registry.get_sample_value("gateway_receipt_orders", labels),
        registry.get_sample_value("gateway_receipt_order_oldest_seconds", labels),
    )
    telemetry.note_receipt_orders({}, OPENS)
    assert (0, 0) == (
        registry.get_sample_value("gateway_receipt_orders", labels),
        registry.get_sample_value("gateway_receipt_order_oldest_seconds", labels),
    )


def test_metrics_of_gate_and_drift() -> None:
    """Exactly one reason holds at a time, and sightings are counted by closed labels."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry, monotonic=lambda: 0.0)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"system": "portal", **labels})

    for hold, expected in ((Hold.OUTAGE, (0, 1, 0)), (Hold.PAUSED, (1, 0, 0)), (None, (0, 0, 0))):
        telemetry.note_gate("portal", hold, 0.25)
        assert expected == tuple(
            value("gateway_system_held", reason=reason) for reason in ("paused", "outage", "hours")
        )
    assert 0.25 == value("gateway_released_share")

    telemetry(DriftSeen(system="portal", operation="look_up", kind="new_field"))
    telemetry(DriftOverflowed(system="portal", count=3))
    telemetry.note_drift("portal", {"new_field": 2})
    assert 1 == value("gateway_drift_sightings_total", operation="look_up", kind="new_field")
    assert 3 == value("gateway_drift_overflows_total")
    assert (2, 0) == (
        value("gateway_drift_unacknowledged", kind="new_field"),
        value("gateway_drift_unacknowledged", kind="new_code"),
    )


@pytest.mark.parametrize(
    ("calendar", "field"),
    [
        ({"hours": ["mon 7-8"]}, "calendar.portal.hours"),
        ({"ramp_first_share": 0}, "calendar.portal.ramp_first_share"),
        ({"calls_per_second": -1}, "calendar.portal.calls_per_second"),
        ({"opening": []}, "calendar.portal.opening"),
    ],
)
def test_bad_calendars_stop_the_start(calendar: dict[str, object], field: str) -> None:
    """What the calendar's section cannot mean is a fault of the configuration, named by its setting."""
    with pytest.raises(ConfigurationError) as error:
        load_settings(calendar={"portal": calendar})
    assert [field] == [fault.field for fault in error.value.faults]
