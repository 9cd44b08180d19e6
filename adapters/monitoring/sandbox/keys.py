"""The province's key set as it was fetched: kept, and fetched anew once when a signature names a key it lacks."""

from collections.abc import Awaitable, Callable
from typing import Any

from adapters.monitoring.sandbox.signatures import (
    PublishedKey,
    UnknownKey,
    read_key_set,
    read_signature,
    verify,
)


class ProvinceKeys:
    """Verifies signatures. An unknown key leads to one new fetch in each round, not to one for each signature."""

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, PublishedKey] | None = None
        self._may_refresh = True

    def begin_round(self) -> None:
        """Allow one new fetch."""
        self._may_refresh = True

    async def verify(self, signature: object, payload: bytes) -> None:
        """Hold a detached signature against what it signs. Raises Refused (signature_failed; contract_broken or
        unavailable for the key set)."""
        read = read_signature(signature)
        is_fresh = self._keys is None
        keys = await self._fetched() if self._keys is None else self._keys
        try:
            verify(read, payload, keys)
        except UnknownKey:
            if is_fresh or not self._may_refresh:
                raise
            self._may_refresh = False
            verify(read, payload, await self._fetched())

    async def _fetched(self) -> dict[str, PublishedKey]:
        self._keys = read_key_set(await self._fetch())
        return self._keys
