"""Systems that are called while a person waits: shown in /readyz, and no reason to take the gateway out of service."""

from gateway.api.services import SystemCondition
from gateway.readiness import asked_readiness


def test_a_system_that_is_left_alone_is_shown() -> None:
    """It is degraded, with the reason in words; nothing else stops for it."""
    well, ill = (asked_readiness("population", is_called=is_called) for is_called in (True, False))

    assert (SystemCondition.READY, ()) == (well.condition, well.reasons)
    assert (SystemCondition.DEGRADED, ("left alone for a while after failures",)) == (ill.condition, ill.reasons)
