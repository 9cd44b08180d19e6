"""The settings that operations.md shows are settings that start."""

import re
import tomllib
from typing import Any

import pytest

from docs.generate import ROOT
from gateway.bootstrap.consents import consent_settings
from gateway.bootstrap.identity import provider_settings
from gateway.config import load_settings

_BLOCK = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _shown() -> dict[str, Any]:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = [tomllib.loads(block) for block in _BLOCK.findall(text)]
    return {name: section for block in blocks for name, section in block.items()}


def test_documented_settings_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks together make one installation, the adapters' own sections included."""
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    settings = load_settings(**_shown())

    assert settings.identity is not None
    assert settings.identity.clients.keys() == {"portal"}
    assert [one.name for one in provider_settings(settings)] == ["dvcqg"]
    assert [one.name for one in consent_settings(settings)] == ["vneid"]
