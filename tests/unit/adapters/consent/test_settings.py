"""Settings: what is refused, what is read from files, what may be shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.consent.diagnostics import describe
from adapters.transport.secrets import Secret
from tests.unit.adapters.consent.consent_settings import (
    CLIENT_SECRET,
    HMAC,
    HMAC_KEY,
    KEY,
    PARTNER,
    PASSWORD,
    make_settings,
)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colour": 1}, "colour"),
        ({"base_url": "http://hub.example"}, "base_url must be https"),
        ({"base_url": "http://127.0.0.1:8000"}, "base_url must be https"),
        ({"base_url": "https://user:pw@hub.example"}, "no credentials"),
        ({"base_url": "https://*.example"}, "wildcard"),
        ({"links": {"universal_base": "http://universal.example"}}, "universal_base must be https"),
        ({"client": None}, "one of client, partner and hmac"),
        ({"kept": ["citizenPid"]}, "kept must not name"),
        ({"kept": []}, "kept"),
        ({"results": {"1": "failed"}}, "agreed"),
        ({"expired_words": ["ErrorCode4005"]}, "lower case"),
        ({"client": {"client_id": "x", "secret": {}}}, "one of value and file"),
        ({"webhook": {"keys": []}}, "keys"),
        ({"webhook": {"keys": [{"value": "a"}, {"value": "b"}, {"value": "c"}]}}, "keys"),
        ({"name": "VNeID"}, "name"),
        ({"agreement_id": None}, "agreement_id"),
        ({"hmac": {**HMAC, "parts": []}}, "parts"),
        ({"partner": {**PARTNER, "renew_at_life": 1.0}}, "renew_at_life"),
        ({"start_seconds": 21}, "start_seconds"),
        ({"read_seconds": 21}, "read_seconds"),
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(changes: dict[str, Any], named: str) -> None:
    """The refusal names the setting."""
    with pytest.raises(ValidationError, match=named):
        make_settings(**changes)


def test_loopback_may_be_plain_in_tests_only() -> None:
    """A sandbox is spoken to without TLS, and nothing else."""
    assert make_settings(base_url="http://127.0.0.1:1", is_test=True).is_test
    with pytest.raises(ValidationError, match="must be https"):
        make_settings(base_url="http://hub.example", is_test=True)


def test_a_secret_comes_from_a_file_and_is_read_anew(tmp_path: Path) -> None:
    """A changed file counts at the next use; an empty, binary or missing one is an error."""
    file = tmp_path / "secret"
    secret = Secret(file=file)
    with pytest.raises(OSError, match="No such file"):
        secret.read()
    for content, expected in ((b"one\n", "one"), (b"two", "two")):
        file.write_bytes(content)
        assert expected == secret.read()
    for content in (b"", b"\n", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(ValueError):
            secret.read()


def test_nothing_secret_is_shown() -> None:
    """Neither by repr nor by the diagnostics, which are an allow-list."""
    settings = make_settings(partner=PARTNER, hmac=HMAC)
    shown = repr(settings) + str(describe(settings))
    assert [] == [text for text in (KEY, CLIENT_SECRET, PASSWORD, HMAC_KEY) if text in shown]
    assert "doi-tac" not in str(describe(settings))
    assert "client partner hmac" == describe(settings)["authentication"]
