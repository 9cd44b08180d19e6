"""The API with everything real under it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.vault.keyring import FileKeyRing
from tests.support.api import ApiUnderTest, running_api


@pytest.fixture
async def api(pool: Any, key_ring: FileKeyRing) -> AsyncIterator[ApiUnderTest]:
    """Give a running API on the test's own database."""
    async with running_api(pool, key_ring) as made:
        yield made
