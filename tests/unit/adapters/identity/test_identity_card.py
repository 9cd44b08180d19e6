"""The adapter's card, its checklist and its README tell the truth."""

import re
import tomllib
from pathlib import Path
from typing import Any

import adapters.identity
from adapters.identity import Profile, protocol, tokens
from adapters.identity.sandbox import PEOPLE, ROWS, Attack
from adapters.identity.sandbox.control import actions
from tests.unit.adapters.identity.identity_settings import make_settings

FOLDER = Path(adapters.identity.__file__).parent
ROOT = FOLDER.parent.parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_manifest_repeats_the_defaults() -> None:
    """Limits on the card are the limits in use; the profiles are those that there are."""
    manifest, settings = read("manifest.toml"), make_settings()

    assert {
        "max_answer_bytes": protocol.MAX_ANSWER_BYTES,
        "max_token_characters": tokens.MAX_TOKEN_CHARACTERS,
        "max_key_set_bytes": tokens.MAX_KEY_SET_BYTES,
        "max_keys": tokens.MAX_KEYS,
        "connect_seconds": settings.connect_seconds,
        "total_seconds": settings.total_seconds,
    } == manifest["limits"]
    assert [profile.value for profile in Profile] == manifest["profiles"]


def test_the_checklist_has_sixteen_settled_rules() -> None:
    """Three levels, sixteen rules, each done with a place to look or exempt with a reason."""
    quality = read("quality.toml")
    rules = [rule for level in quality.values() for rule in level.values()]

    assert ["works", "holds", "shines"] == list(quality)
    assert 16 == len(rules)
    assert all((rule["status"], bool(rule.get("seen"))) == ("done", True) or rule.get("reason") for rule in rules)


def test_files_that_are_named_exist() -> None:
    """Every path of the checklist and the READMEs leads somewhere."""
    names = ("quality.toml", "README.md", "sandbox/README.md")
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in names)
    named = set(re.findall(r"(?:adapters|gateway|tests)/[a-z_/]+(?:\.py|\.toml)?", text))

    assert len(named) >= 3
    assert [] == sorted(path for path in named if not (ROOT / path).exists())


def test_pure_modules_import_no_io() -> None:
    """What only decides imports no connection, clock, chance or log."""
    forbidden = re.compile(
        r"^\s*(?:from|import) (?:aiohttp|asyncio|socket|ssl|time|random|logging|structlog)\b", re.MULTILINE
    )
    pure = [
        FOLDER / f"{name}.py" for name in ("protocol", "documents", "tokens", "envelope", "settings", "diagnostics")
    ]

    assert [] == [path.name for path in pure if forbidden.search(path.read_text(encoding="utf-8"))]


def test_every_attack_has_its_row() -> None:
    """No attack is armed that the table does not judge, and people are of every kind that the notes ask for."""
    assert set(Attack) == set(ROWS)
    assert {1, 2, 3} == {person.kind for person in PEOPLE}
    assert all(not person.number or person.number.startswith(("999", "NN999")) for person in PEOPLE)


def test_the_sandbox_tells_its_control_calls() -> None:
    """Every call of the control API that the code has stands in the README."""
    source = Path(actions.__code__.co_filename).read_text(encoding="utf-8")
    paths = set(re.findall(r'\("(?:GET|POST)", "([a-z/-]+)"\)', source))
    text = (FOLDER / "sandbox" / "README.md").read_text(encoding="utf-8")

    assert len(paths) >= 7
    assert [] == sorted(path for path in paths if path not in text)
