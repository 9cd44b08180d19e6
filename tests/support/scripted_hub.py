"""A share-consent hub that does what a test tells it, for what the simulated one cannot be made to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.model.consent import HubResult
from gateway.ports.consent import AppReturn, HubNotice, SharedData, ShareRequest, ShareStarted, ShareStatus

Answer = Callable[[str], Awaitable[Any]]


async def never(_: str) -> Any:
    """Answer nothing."""
    await asyncio.Event().wait()


@dataclass(slots=True)
class ScriptedHub:
    """Implements ConsentHub. `asked` lists the transaction codes of status and data questions."""

    name: str = "vneid"
    on_start: Answer | None = None
    on_status: Answer | None = None
    on_fetch: Answer | None = None
    asked: list[str] = field(default_factory=list)

    async def start(self, request: ShareRequest) -> ShareStarted:
        if self.on_start is not None:
            await self.on_start(request.citizen_pid)
        return ShareStarted(transaction_code="the-only-code")

    async def status(self, transaction_code: str) -> ShareStatus:
        self.asked.append(transaction_code)
        if self.on_status is not None:
            await self.on_status(transaction_code)
        return ShareStatus(result=HubResult.PENDING)

    async def fetch(self, transaction_code: str) -> SharedData:
        self.asked.append(transaction_code)
        if self.on_fetch is not None:
            await self.on_fetch(transaction_code)
        return SharedData(citizen_pid="999199000001", facts={"fullName": "NGUYỄN THỊ THỬ"})

    def universal_link(self, txn_id: str) -> str:
        raise NotImplementedError

    def read_return(self, target: str) -> AppReturn:
        raise NotImplementedError

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> HubNotice:
        raise NotImplementedError
