"""Clock, policy and a fresh authority for the tests of certificates."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certs.dev_ca import DevelopmentCa
from certs.policy import Policy, default_policy

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


class SteppedClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return (self.instant - NOW).total_seconds()

    def advance(self, **span: float) -> None:
        self.instant += timedelta(**span)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(scope="session")
def policy() -> Policy:
    return default_policy()


@pytest.fixture(scope="session")
def authority() -> DevelopmentCa:
    return DevelopmentCa.create([], NOW)


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[[str, bytes, int], Path]:
    """Write a file below the test's directory and give its path."""

    def write(name: str, content: bytes, mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return write
