"""One registration behind the port: asks citizens, asks the hub, reads its webhooks and the application's return."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Self
from uuid import uuid4

from adapters.consent import links, webhook
from adapters.consent.client import ConsentClient, NewId
from adapters.consent.settings import ConsentSettings
from adapters.consent.signing import Canonicaliser
from adapters.transport import HttpTransport, Observer, ReadRetry
from adapters.transport.http import HeadersSupplier, SslSupplier
from adapters.transport.retry import Sleep
from gateway.errors import ConfigurationError, Fault, InvalidInput
from gateway.ports.basics import Chance, Clock
from gateway.ports.consent import AppReturn, HubNotice, SharedData, ShareRequest, ShareStarted, ShareStatus

_PID = re.compile(r"[0-9]{12}")


def _new_id() -> str:
    return str(uuid4())


class ConsentAdapter:
    """Implements ConsentHub.

    `new_id` makes request ids and nonces that nobody can guess. `canonicalise` replaces the string to be signed that
    the settings describe.
    """

    def __init__(
        self,
        settings: ConsentSettings,
        *,
        ssl_supplier: SslSupplier,
        clock: Clock,
        chance: Chance,
        observe: Observer | None = None,
        headers_supplier: HeadersSupplier | None = None,
        new_id: NewId = _new_id,
        canonicalise: Canonicaliser | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self._transport = HttpTransport(
            settings.transport,
            ssl_supplier=ssl_supplier,
            clock=clock,
            observe=observe,
            headers_supplier=headers_supplier,
        )
        self.client = ConsentClient(
            settings,
            transport=self._transport,
            retry=ReadRetry(settings.transport, chance=chance, sleep=sleep),
            clock=clock,
            new_id=new_id,
            canonicalise=canonicalise,
        )

    @property
    def name(self) -> str:
        return self.settings.name

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def start(self, request: ShareRequest) -> ShareStarted:
        if not _PID.fullmatch(request.citizen_pid):
            raise InvalidInput("the citizen cannot be asked", [Fault("citizen_pid", "must be 12 digits")])
        return await self.client.start(request.citizen_pid)

    async def status(self, transaction_code: str) -> ShareStatus:
        return await self.client.status(transaction_code)

    async def fetch(self, transaction_code: str) -> SharedData:
        return await self.client.data(transaction_code)

    def universal_link(self, txn_id: str) -> str:
        return links.universal_link(self.settings, txn_id)

    def read_return(self, target: str) -> AppReturn:
        return links.read_return(self.settings, target)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> HubNotice:
        webhook.verify(self.settings.webhook, self._webhook_keys(), headers, body)
        return webhook.read(self.settings, body)

    def _webhook_keys(self) -> list[str]:
        """Give the keys that can be read. Raises ConfigurationError when none can: nothing is taken unverified."""
        keys: list[str] = []
        for secret in self.settings.webhook.keys:
            try:
                keys.append(secret.read())
            except (OSError, ValueError):
                continue
        if not keys:
            raise ConfigurationError([Fault(f"consent.{self.name}.webhook.keys", "none of them can be read")])
        return keys


def build(settings: ConsentSettings, **parts: Any) -> ConsentAdapter:
    """Make the adapter of one registration."""
    return ConsentAdapter(settings, **parts)
