"""Settings of consents that would contradict the hub stop the start."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.config import ConsentsSettings


@pytest.mark.parametrize("changes", [{"decision_seconds": 300}, {"poll_seconds": 1}, {"registrations": []}])
def test_settings_that_cannot_be_meant(changes: dict[str, Any]) -> None:
    """Our deadline must outlive the hub's own 300 s, or its last word would always come too late."""
    with pytest.raises(ValidationError, match=next(iter(changes))):
        ConsentsSettings.model_validate({"registrations": [{}], **changes})


def test_the_deadline_may_lie_just_above_the_hubs_own() -> None:
    """One second is enough to be told of its end first."""
    assert 301 == ConsentsSettings.model_validate({"registrations": [{}], "decision_seconds": 301}).decision_seconds
