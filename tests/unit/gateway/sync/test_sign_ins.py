"""When a flight may start and land, a code be redeemed, and a sign-in live: at the very instant (notes §5.2, §10)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.model.identity import EidCode, SignInRefused
from gateway.sync.sign_ins import (
    EndReason,
    Flight,
    Lives,
    challenge_of,
    end_of,
    judge_redemption,
    judge_return,
    judge_start,
)

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
BEGUN = Flight(
    flight_id=UUID(int=1),
    client_id="portal",
    provider="national",
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
)
STARTED = replace(BEGUN, started_at=NOW, browser_digest=b"mine")


@pytest.mark.parametrize(
    ("flight", "now", "eid"),
    [
        (None, NOW, EidCode.STATE_INVALID),
        (BEGUN, BEGUN.expires_at, EidCode.TRANSACTION_EXPIRED),
        (STARTED, NOW, EidCode.TRANSACTION_REPLAYED),
    ],
)
def test_flights_that_do_not_start(flight: Flight | None, now: datetime, eid: EidCode) -> None:
    """Unknown, late and started ones do not start."""
    with pytest.raises(SignInRefused) as caught:
        judge_start(flight, now)
    assert eid is caught.value.eid
    assert BEGUN is judge_start(BEGUN, BEGUN.expires_at - INSTANT)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"flight": None}, EidCode.STATE_INVALID),
        ({"provider": "another"}, EidCode.STATE_INVALID),
        ({"browser": None}, EidCode.BROWSER_MISMATCH),
        ({"browser": b"theirs"}, EidCode.BROWSER_MISMATCH),
        ({"flight": BEGUN}, EidCode.BROWSER_MISMATCH),
        ({"now": STARTED.expires_at}, EidCode.TRANSACTION_EXPIRED),
        ({"flight": replace(STARTED, consumed_at=NOW)}, EidCode.TRANSACTION_REPLAYED),
        # Whose browser it is comes first: who has not begun learns nothing of a flight.
        ({"flight": replace(STARTED, consumed_at=NOW), "browser": b"theirs"}, EidCode.BROWSER_MISMATCH),
    ],
)
def test_n01_n02_n03_n04_n05_n06_returns(changes: dict[str, Any], expected: EidCode) -> None:
    """Each callback that is not the right one is refused by its own code."""
    given: dict[str, Any] = {"flight": STARTED, "provider": "national", "browser": b"mine", "now": NOW, **changes}
    with pytest.raises(SignInRefused) as caught:
        judge_return(given["flight"], given["provider"], given["browser"], given["now"])
    assert expected is caught.value.eid
    assert STARTED is judge_return(STARTED, "national", b"mine", STARTED.expires_at - INSTANT)


def test_redemption() -> None:
    """A code wants its verifier, in its time."""
    right: dict[str, Any] = {
        "expires_at": NOW + INSTANT,
        "challenge": challenge_of("v" * 43),
        "verifier": "v" * 43,
        "now": NOW,
    }

    assert judge_redemption(**right) is None
    assert EndReason.CODE_EXPIRED is judge_redemption(**right | {"expires_at": NOW})
    assert EndReason.WRONG_VERIFIER is judge_redemption(**right | {"verifier": "w" * 43})
    # RFC 7636, appendix B.
    assert "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" == challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")


def test_lives() -> None:
    """Idle for half an hour, or eight hours old: over, at that instant and not before."""
    lives, absolute = Lives(), NOW + timedelta(hours=8)

    def ended(seen_at: datetime, now: datetime) -> EndReason | None:
        return end_of(seen_at=seen_at, expires_at=absolute, now=now, lives=lives)

    assert ended(NOW, NOW + lives.idle - INSTANT) is None
    assert EndReason.IDLE is ended(NOW, NOW + lives.idle)
    assert ended(absolute - INSTANT, absolute - INSTANT) is None
    assert EndReason.AGE is ended(absolute - INSTANT, absolute)
