"""The folder's card and its checklist tell the truth."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import adapters.monitoring
from adapters.monitoring.sandbox import MonitoringProfile

FOLDER = Path(adapters.monitoring.__file__).parent
ROOT = FOLDER.parent.parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_manifest_repeats_the_defaults() -> None:
    """Limits on the card are the limits in use, and its entry is there."""
    manifest, profile = read("manifest.toml"), MonitoringProfile()
    module, name = manifest["entry"].split(":")
    assert {
        "page_limit": profile.puller.page_limit,
        "tries": profile.puller.tries,
        "max_wait_seconds": profile.puller.max_wait_seconds,
        "call_seconds": profile.puller.call_seconds,
        "max_body_bytes": profile.puller.max_body_bytes,
        "max_push_bytes": profile.max_push_bytes,
    } == manifest["limits"]
    assert hasattr(import_module(module), name)


def test_the_checklist_has_sixteen_settled_rules() -> None:
    """Three levels, sixteen rules, each done with a place to look or exempt with a reason."""
    quality = read("quality.toml")
    rules = [rule for level in quality.values() for rule in level.values()]
    assert ["works", "holds", "shines"] == list(quality)
    assert 16 == len(rules)
    assert all((rule["status"], bool(rule.get("seen"))) == ("done", True) or rule.get("reason") for rule in rules)


def test_files_that_are_named_exist() -> None:
    """Every path of the checklist, and every module of the README, leads somewhere."""
    named = set(re.findall(r"(?:adapters|tests)/[a-z_/]+\.py", (FOLDER / "quality.toml").read_text(encoding="utf-8")))
    modules = set(re.findall(r"`([a-z_]+\.py)`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    assert len(named) >= 5
    assert [] == sorted(path for path in named if not (ROOT / path).exists())
    assert modules == {path.name for path in (FOLDER / "sandbox").glob("[a-z]*.py")}


def test_pure_modules_import_no_io() -> None:
    """What only decides imports no connection, clock, chance or log."""
    forbidden = re.compile(r"^\s*(?:from|import) (?:aiohttp|asyncio|socket|ssl|time|random|logging)\b", re.MULTILINE)
    decisions = ("findings", "canonical", "signatures", "periods", "heads", "rows", "figures", "chain", "restatements")
    pure = [FOLDER / "sandbox" / f"{name}.py" for name in (*decisions, "persons", "habits", "profile")]
    assert [] == [path.name for path in pure if forbidden.search(path.read_text(encoding="utf-8"))]
