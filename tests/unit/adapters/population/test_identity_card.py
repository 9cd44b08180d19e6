"""The adapter's card and its checklist tell the truth."""

import re
import tomllib
from pathlib import Path
from typing import Any

import adapters.population
from adapters.population.settings import Operation, PopulationSettings

FOLDER = Path(adapters.population.__file__).parent
ROOT = FOLDER.parent.parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_folder_is_complete() -> None:
    """Every file that an adapter folder must have is there."""
    names = (
        "__init__.py manifest.toml quality.toml settings.py decoding.py edges.py failures.py client.py "
        "adapter.py checks.py diagnostics.py README.md"
    )
    assert [] == [name for name in names.split() if not (FOLDER / name).is_file()]


def test_the_manifest_repeats_the_defaults() -> None:
    """Limits on the card are the limits in use; the calls are those that are made."""
    manifest = read("manifest.toml")
    settings = PopulationSettings.model_validate({"base_url": "https://x.example", "edge": {"profile": "plain"}})
    assert {
        "max_answer_bytes": settings.transport.max_answer_bytes,
        "verify_seconds": settings.verify_seconds,
        "look_up_seconds": settings.look_up_seconds,
        "connect_seconds": settings.transport.connect_seconds,
        "calls_per_second": settings.transport.calls_per_second,
        "max_parallel": settings.max_parallel,
        "token_margin_seconds": settings.token_margin_seconds,
    } == manifest["limits"]
    assert [operation.name.lower() for operation in Operation] == manifest["calls"]
    assert settings.system == manifest["id"]
    assert f"{adapters.population.build.__module__.removesuffix('.adapter')}:build" == manifest["entry"]


def test_the_checklist_has_sixteen_settled_rules() -> None:
    """Three levels, sixteen rules, each done with a place to look or exempt with a reason."""
    quality = read("quality.toml")
    rules = [rule for level in quality.values() for rule in level.values()]
    assert ["works", "holds", "shines"] == list(quality)
    assert 16 == len(rules)
    assert all((rule["status"], bool(rule.get("seen"))) == ("done", True) or rule.get("reason") for rule in rules)


def test_files_that_are_named_exist() -> None:
    """Every path of the checklist and the README leads somewhere."""
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("quality.toml", "README.md"))
    named = set(re.findall(r"(?:adapters|gateway|tests)/[a-z_/]+(?:\.py|\.toml)?", text))
    assert len(named) >= 5
    assert [] == sorted(path for path in named if not (ROOT / path).exists())


def test_pure_modules_import_no_io() -> None:
    """What only decides imports no connection, clock, chance or log."""
    forbidden = re.compile(
        r"^\s*(?:from|import) (?:aiohttp|asyncio|socket|ssl|time|random|logging|structlog)\b", re.MULTILINE
    )
    names = (
        "decoding",
        "forms",
        "settings",
        "failures",
        "edges",
        "documents",
        "credentials",
        "question",
        "subjects",
        "wsse",
    )
    pure = [FOLDER / f"{name}.py" for name in (*names, "wsse_replies", "diagnostics")]
    assert [] == [path.name for path in pure if forbidden.search(path.read_text(encoding="utf-8"))]
