"""The adapter's card and its checklist tell the truth."""

import re
import tomllib
from pathlib import Path
from typing import Any

import adapters.portal
from adapters.portal.protocol import SERVICES, SYSTEM
from adapters.portal.settings import PortalSettings
from tests.unit.adapters.portal.portal_settings import native

FOLDER = Path(adapters.portal.__file__).parent
ROOT = FOLDER.parent.parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_folder_is_complete() -> None:
    """Every file that an adapter folder must have is there."""
    names = (
        "__init__.py manifest.toml quality.toml settings.py protocol.py failures.py client.py adapter.py "
        "diagnostics.py README.md"
    )
    assert [] == [name for name in names.split() if not (FOLDER / name).is_file()]


def test_the_manifest_repeats_the_defaults() -> None:
    """Limits on the card are the limits in use; the services are those that are called."""
    manifest = read("manifest.toml")
    settings: PortalSettings = native()
    assert manifest["limits"] == {
        "max_dossiers_per_call": settings.max_dossiers_per_call,
        "max_steps_per_call": settings.max_steps_per_call,
        "max_answer_bytes": settings.transport.max_answer_bytes,
        "session_life_seconds": settings.session_life_seconds,
    }
    assert manifest["id"] == SYSTEM
    assert {"login", *SERVICES.values()} == set(manifest["services"])
    assert manifest["entry"] == f"{adapters.portal.build.__module__.removesuffix('.adapter')}:build"


def test_the_checklist_has_sixteen_settled_rules() -> None:
    """Three levels, sixteen rules, each done with a place to look or exempt with a reason."""
    quality = read("quality.toml")
    rules = [rule for level in quality.values() for rule in level.values()]
    assert ["works", "holds", "shines"] == list(quality)
    assert len(rules) == 16
    assert all((rule["status"], bool(rule.get("seen"))) == ("done", True) or rule.get("reason") for rule in rules)


def test_files_that_are_named_exist() -> None:
    """Every path of the checklist and the README leads somewhere."""
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("quality.toml", "README.md"))
    named = set(re.findall(r"(?:adapters|mappings|tests)/[a-z_/]+(?:\.py|\.toml)?", text))
    assert len(named) >= 5
    assert [] == sorted(path for path in named if not (ROOT / path).exists())


def test_pure_modules_import_no_io() -> None:
    """What only decides imports no connection, clock, chance or log."""
    forbidden = re.compile(
        r"^\s*(?:from|import) (?:aiohttp|asyncio|socket|ssl|time|random|logging|structlog)\b", re.MULTILINE
    )
    pure = [
        FOLDER / f"{name}.py"
        for name in ("protocol", "requests", "warehouse", "replies", "failures", "verdicts", "settings")
    ]
    pure += (ROOT / "mappings").rglob("*.py")
    assert len(pure) > 15
    assert [] == [path.name for path in pure if forbidden.search(path.read_text(encoding="utf-8"))]
