"""The portal's adapter and its sandbox in one process, without a database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.portal import PortalAdapter, PortalSettings, build
from adapters.portal.sandbox import PortalProfile, PortalSandbox, make_catalogue
from adapters.sandboxing import serve_sandbox
from adapters.transport.session import InMemorySession
from gateway.clocks import SystemChance, SystemClock

CLOCK = SystemClock()


@dataclass(slots=True)
class AdapterLine:
    """Both ends of the line."""

    sandbox: PortalSandbox
    portal: PortalAdapter


@asynccontextmanager
async def adapter_line(profile: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[AdapterLine]:
    """Open a sandbox with twenty procedures and an adapter that speaks with it."""
    sandbox = PortalSandbox(PortalProfile.parse(profile or {}), catalogue=make_catalogue(20), seed=1)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(await serve_sandbox(sandbox))
        values: dict[str, Any] = {
            "base_url": running.url,
            "unit_code": "H99",
            "username": "demo_province",
            "password": "demo-secret",
            "destination_code": "VN:GOV:000.00.00.G22:vpcpdvcprovider",
            "timeouts": {"list_seconds": 2, "detail_seconds": 2},
            **settings,
        }
        portal = build(
            PortalSettings.model_validate(values),
            session=InMemorySession(CLOCK),
            ssl_supplier=lambda: None,
            clock=CLOCK,
            chance=SystemChance(),
        )
        yield AdapterLine(sandbox, await stack.enter_async_context(portal))
