"""What is conspicuous is a setting: without one as the rules have it, with one every fact is made anew by it."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.bootstrap.indicators import counting_rules
from gateway.indicators.raw import Limits
from gateway.monitoring.neighbours import NEAR, Kin
from gateway.monitoring_config import MonitoringSettings

CHANGED: dict[str, tuple[int, str, Any]] = {
    "duplicate_minutes": (3, "duplicate_within", timedelta(minutes=3)),
    "applicants_per_account": (7, "applicants_per_account", 7),
    "late_working_days": (2, "late_working_days", 2),
    "near_due_working_days": (2, "near_due_working_days", 2),
    "long_pause_days": (20, "long_pause_days", 20),
    "resubmitted_days": (15, "resubmitted_within", timedelta(days=15)),
    "unreturned_working_days": (9, "unreturned_working_days", 9),
    "burst_count": (12, "burst_count", 12),
    "burst_minutes": (5, "burst_within", timedelta(minutes=5)),
    "identical_count": (4, "identical_count", 4),
    "too_fast_seconds": (30, "too_fast", timedelta(seconds=30)),
}


def test_without_settings_the_rules_own_limits_hold() -> None:
    """Both places say the same."""
    assert Limits() == counting_rules(MonitoringSettings()).limits


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_limit_reaches_the_rules_and_names_them(name: str) -> None:
    """Each one by itself, so that facts are made anew."""
    value, limit, expected = CHANGED[name]
    changed = counting_rules(MonitoringSettings.model_validate({"quality": {name: value}}))
    assert expected == getattr(changed.limits, limit)
    assert changed.name != counting_rules(MonitoringSettings()).name


def test_no_limit_goes_beyond_what_is_looked_at() -> None:
    """A burst of more dossiers than stand beside one would never be found: such a limit is refused."""
    for name, kin in (
        ("burst_count", Kin.ACCOUNT),
        ("applicants_per_account", Kin.ACCOUNT),
        ("identical_count", Kin.CONTENT),
    ):
        with pytest.raises(ValidationError):
            MonitoringSettings.model_validate({"quality": {name: NEAR[kin] + 2}})
