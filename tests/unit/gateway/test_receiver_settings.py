"""Receivers in the settings: every fault is told at start, and nothing that is secret is shown."""

from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap.pushing import receiver_settings
from gateway.config import Settings, load_settings
from gateway.errors import ConfigurationError


def settings(*receivers: dict[str, Any]) -> Settings:
    """Give settings with these receivers."""
    publication = {"signing_key_files": [Path("key.pem")], "begins_on": "2026-07-01", "receivers": list(receivers)}
    return load_settings(monitoring={"province": "H99", "publication": publication})


def receiver(**changes: Any) -> dict[str, Any]:
    """Give a section."""
    return {"name": "emc", "url": "https://emc.example.vn/s", "token": {"value": "not-to-be-shown"}, **changes}


def test_receivers_are_read() -> None:
    """None is as good as some."""
    assert () == receiver_settings(settings())
    assert () == receiver_settings(load_settings())
    assert ["emc", "bo-noi-vu"] == [
        one.name for one in receiver_settings(settings(receiver(), receiver(name="bo-noi-vu")))
    ]


def test_every_fault_is_told_and_no_secret() -> None:
    """Names that meet, an address in clear, a word that is no setting."""
    faulty = settings(receiver(), receiver(), receiver(name="a-b", url="http://emc.example.vn"), receiver(tokn="x"))
    with pytest.raises(ConfigurationError) as caught:
        receiver_settings(faulty)
    place = "monitoring.publication.receivers"
    assert [f"{place}.2", f"{place}.3.tokn", place] == [fault.field for fault in caught.value.faults]
    assert "not-to-be-shown" not in f"{caught.value} {faulty!r} {faulty.model_dump()}"
