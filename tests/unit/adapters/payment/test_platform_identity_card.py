"""The platform's part of the card, the checklist and the README tell the truth."""

import re
import tomllib
from pathlib import Path
from typing import Any

import adapters.payment
from adapters.payment.platform import PlatformAdapter
from adapters.payment.platform_failures import Operation
from mappings.payment.platform_lookup import MAX_BYTES
from mappings.payment.platform_replies import MAX_REPLY_BYTES
from mappings.payment.receipt_rules import ViettelRules, VnptRules
from tests.unit.adapters.payment.platform_peer import make_adapter, settings_for

FOLDER = Path(adapters.payment.__file__).parent
ROOT = FOLDER.parent.parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_manifest_repeats_the_defaults() -> None:
    """Limits on the card are the limits in use; calls and capabilities are those that are offered."""
    card, settings = read("manifest.toml")["platform"], settings_for("https://platform.example", is_test=False)
    assert settings.settlement is not None
    assert {
        "connect_seconds": settings.transport.connect_seconds,
        "call_seconds": settings.call_seconds,
        "page_life_seconds": settings.page_life_seconds,
        "calls_per_second": settings.transport.calls_per_second,
        "read_attempts": settings.transport.read_attempts,
        "max_notification_bytes": settings.max_notification_bytes,
        "max_lookup_bytes": MAX_BYTES,
        "max_reply_bytes": MAX_REPLY_BYTES,
        "max_bill_bytes": settings.max_bill_bytes,
        "max_settlement_bytes": settings.settlement.max_bytes,
    } == card["limits"]
    assert list(Operation) == card["calls"]
    assert set(card["capabilities"]) == make_adapter(settings).capabilities
    assert f"{PlatformAdapter.__module__}:{PlatformAdapter.__name__}" == card["entry"]


def test_the_checklist_has_sixteen_settled_rules() -> None:
    """Three levels, sixteen rules, each done with a place to look or exempt with a reason."""
    quality = read("quality.toml")
    rules = [rule for level in quality.values() for rule in level.values()]
    assert ["works", "holds", "shines"] == list(quality)
    assert 16 == len(rules)
    assert all((rule["status"], bool(rule.get("seen"))) == ("done", True) or rule.get("reason") for rule in rules)


def test_files_that_are_named_exist() -> None:
    """Every path of the checklist and the README leads somewhere."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    text = readme + (FOLDER / "quality.toml").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:adapters|gateway|mappings|tests)/[a-z_/]+(?:\.py|\.toml)?", text))
    assert len(named) >= 8
    assert [] == sorted(path for path in named if not (ROOT / path).exists())
    beside = set(re.findall(r"^\| `([a-z_]+\.py)`", readme, re.MULTILINE))
    assert [] == sorted(name for name in beside if not (FOLDER / name).is_file())


def test_settings_that_the_readme_names_exist() -> None:
    """A renamed setting would leave an operator searching."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8").partition("### Unknown")[2]
    platform, _, suppliers = readme.partition("## Suppliers of electronic receipts")
    settings = settings_for("https://platform.example", is_test=False)
    for part, known in (
        (platform, set(type(settings.rules).model_fields)),
        (suppliers, {*VnptRules.model_fields, *ViettelRules.model_fields}),
    ):
        rules = set(re.findall(r"`rules\.([a-z_]+)`", part))
        assert rules
        assert [] == sorted(rules - known)
