"""What the adapter decides itself: whom it may ask, and by which keys it verifies."""

import hmac
from pathlib import Path
from typing import Any

import pytest

from adapters.consent import ConsentAdapter, build
from gateway.errors import ConfigurationError, IntegrityFailed, InvalidInput
from gateway.ports.consent import ShareRequest
from tests.support.clocks import FixedChance, StillClock
from tests.unit.adapters.consent.consent_settings import CODE, make_settings

BODY = b'{"id":"1","type":"SHARE_WEBHOOK_RESULT","data":{"transactionCode":"%b","status":3}}' % CODE.encode()


def make_adapter(**changes: Any) -> ConsentAdapter:
    return build(make_settings(**changes), ssl_supplier=lambda: None, clock=StillClock(), chance=FixedChance())


def signed(key: str) -> dict[str, str]:
    return {"x-webhook-signature": "sha256=" + hmac.new(key.encode(), BODY, "sha256").hexdigest()}


@pytest.mark.parametrize("pid", ["", "99919900000", "9991990000011", "99919900000a", "٩٩٩١٩٩٠٠٠٠٠١", "999199000001\n"])
async def test_only_a_personal_number_is_asked_for(pid: str) -> None:
    """Anything else never leaves, and is not repeated in the refusal."""
    async with make_adapter() as adapter:
        with pytest.raises(InvalidInput) as caught:
            await adapter.start(ShareRequest(citizen_pid=pid))
        assert not pid or pid not in str(caught.value)


async def test_webhook_keys_come_from_files_that_may_change(tmp_path: Path) -> None:
    """A key that is changed in its file counts for the next webhook; one unreadable key of two is not missed."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("khoa-cu\n")
    async with make_adapter(webhook={"keys": [{"file": new}, {"file": old}]}) as adapter:
        assert "1" == adapter.read_webhook(signed("khoa-cu"), BODY).event_id
        with pytest.raises(IntegrityFailed):
            adapter.read_webhook(signed("khoa-moi"), BODY)
        new.write_text("khoa-moi")
        assert "1" == adapter.read_webhook(signed("khoa-moi"), BODY).event_id


async def test_without_any_readable_key_nothing_is_taken(tmp_path: Path) -> None:
    """The fault names the setting, not the path."""
    async with make_adapter(webhook={"keys": [{"file": tmp_path / "none"}]}) as adapter:
        with pytest.raises(ConfigurationError, match=r"webhook\.keys") as caught:
            adapter.read_webhook(signed(""), BODY)
        assert str(tmp_path) not in str(caught.value)
