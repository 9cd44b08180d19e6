"""Where publications may be pushed to, and what keeps them from being."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.monitoring.pushing import SnapshotPusher
from adapters.monitoring.settings import ReceiverSettings
from gateway.errors import CredentialsRefused
from gateway.ports.monitoring import PushedSnapshot
from tests.support.clocks import StillClock

_SNAPSHOT = PushedSnapshot(snapshot_id="H99-2026M08-v1", manifest=b"{}", signature="a..b", data=b"{}")


def section(**changes: Any) -> dict[str, Any]:
    return {"name": "emc", "url": "https://emc.example.vn/snapshots", "token": {"value": "t"}, **changes}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://emc.example.vn/snapshots"}, ""),
        ({"url": "ftp://emc.example.vn"}, "url"),
        ({"name": "EMC"}, "name"),
        ({"token": {}}, "token"),
        ({"tokn": "t"}, "tokn"),
    ],
)
def test_faulty_sections_are_named(changes: dict[str, Any], field: str) -> None:
    """Plain HTTP leaves the machine for nobody; a misspelt name is no setting."""
    with pytest.raises(ValidationError) as raised:
        ReceiverSettings.model_validate(section(**changes))
    assert [field] == [".".join(str(one) for one in error["loc"]) for error in raised.value.errors()]


async def test_a_token_that_cannot_be_read_is_found_before_and_at_the_call(tmp_path: Path) -> None:
    """Nothing is sent without it."""
    settings = ReceiverSettings.model_validate(section(token={"file": str(tmp_path / "missing")}))
    async with SnapshotPusher(settings, ssl_supplier=lambda: None, clock=StillClock()) as pusher:
        assert [("monitoring.emc token", False)] == [(one.subject, one.is_ok) for one in pusher.check()]
        with pytest.raises(CredentialsRefused) as raised:
            await pusher.push(_SNAPSHOT)
        assert "secret_unreadable" == raised.value.code
