"""The alert rules that are shipped ask for metrics and words that there are."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.model.identity import EidCode
from gateway.telemetry import Telemetry

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "deploy" / "prometheus-rules.yml").read_text(encoding="utf-8")
_METRIC = re.compile(r"gateway_[a-z_]+")
_OUTCOMES = re.compile(r'outcome!?[=~]+"([^"]+)"')


def rule(alert: str) -> str:
    """Give one rule's text."""
    [found] = [part for part in RULES.split("- alert: ") if part.startswith(alert + "\n")]
    return found


def told() -> set[str]:
    registry = CollectorRegistry()
    Telemetry(registry, monotonic=lambda: 0.0)
    families = list(registry.collect())
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def test_rules_ask_for_metrics_that_there_are() -> None:
    """A metric that was renamed would silence its alert for ever; the table for operators names none that is not."""
    watched = set(
        re.findall(r"^\| `(gateway_[a-z_]+)", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
    )
    asked = set(_METRIC.findall(RULES))

    assert len(asked) > 10
    assert set() == asked - told()
    assert len(watched) > 10
    assert set() == watched - told()


def test_sign_ins_that_fail_are_failures() -> None:
    """Whoever cancels, or is only asked whether they are signed in, neither fails nor hides that others do."""
    failed, all_of_them = _OUTCOMES.findall(rule("GatewaySignInsFail"))

    assert {"signed_in", EidCode.CANCELLED, EidCode.LOGIN_REQUIRED} == set(failed.split("|"))
    assert {EidCode.CANCELLED, EidCode.LOGIN_REQUIRED} == set(all_of_them.split("|"))


@pytest.mark.parametrize("part", ["gateway_identity_keys_age_seconds) > 3600", "for: 15m", "gateway_sign_ins_total"])
def test_old_keys_are_told_long_before_they_serve_no_more(part: str) -> None:
    """Keys serve for a day without news of the provider; that none comes is told after an hour, if citizens come."""
    assert part in rule("GatewayIdentityKeysOld")
