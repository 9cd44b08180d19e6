"""The simulated payment world as one object: providers under prefixes, one ledger, one control API.

`FACTORIES` names the providers; one more is one more line there. All methods are for the event loop that serves it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import web

from adapters.payment.sandbox import keypay_v1_v3, paygov, platform_provider, receipts
from adapters.payment.sandbox.control import payment_actions
from adapters.payment.sandbox.world import Provider, ProviderFactory, World
from adapters.sandboxing import (
    CallRecorder,
    ControlAction,
    FaultSwitchboard,
    SandboxClock,
    add_control_routes,
    shared_actions,
)

FACTORIES: Mapping[str, ProviderFactory] = MappingProxyType(
    {
        "pp": platform_provider.build,
        "paygov": paygov.build,
        "keypay": keypay_v1_v3.build,
        "receipts": receipts.build,
    }
)
"""Name, which is the prefix, to what makes the provider."""

_WORLD_SETTINGS = frozenset({"settlement_days", "public_url"})


class PaymentSandbox:
    """Simulated payment providers, from the payment notes alone. `settings` holds an object per provider name, and
    `settlement_days` and `public_url`; a provider that it does not name has its defaults, one that is null is left out.

    Raises ValueError when a setting does not exist or cannot have its value.
    """

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        clock: SandboxClock | None = None,
        seed: int = 1,
        control_token: str | None = None,
        factories: Mapping[str, ProviderFactory] = FACTORIES,
    ) -> None:
        given = dict(settings or {})
        unknown = sorted(set(given) - set(factories) - _WORLD_SETTINGS)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(unknown)}")
        self._control_token = control_token
        days, url = given.get("settlement_days", 1), given.get("public_url", "")
        if isinstance(days, bool) or not isinstance(days, int) or days < 0 or not isinstance(url, str):
            raise ValueError("settlement_days: must be a count of days; public_url: must be a text")
        self.world = World(clock, seed=seed, settlement_days=days, public_url=url.rstrip("/"))
        self.providers: dict[str, Provider] = {}
        for name, make in factories.items():
            own = given.get(name, {})
            if own is not None:
                self.providers[name] = make(self.world, own)

    @property
    def faults(self) -> FaultSwitchboard:
        """Faults of HTTP and below; those of payment are `world.switches`."""
        return self.world.faults

    @property
    def recorder(self) -> CallRecorder:
        """The record of calls."""
        return self.world.recorder

    def counters(self) -> dict[str, Any]:
        """Give every total since the start or the last reset."""
        entries = self.world.ledger.entries()
        return {
            "debits": sum(1 for each in entries if each.kind == "debit"),
            "refunds": sum(1 for each in entries if each.kind == "refund"),
            "waiting": self.world.agenda.waiting_count,
            "switches_struck": dict(self.world.switches.struck),
            "faults_injected": {kind.value: count for kind, count in self.faults.injected.items()},
            **self.recorder.counters(),
        }

    def health(self) -> dict[str, Any]:
        """Tell that the sandbox is alive and what it is."""
        return {"is_healthy": True, "system": "payment", "is_simulated": True, "providers": sorted(self.providers)}

    def reset(self) -> None:
        """Forget what was received and disarm every fault; settings and time stay."""
        self.world.forget()
        for provider in self.providers.values():
            provider.forget()

    def make_app(self) -> web.Application:
        """Make the application with every provider and the control API."""
        app = self.make_control_app()
        for name, provider in self.providers.items():
            app.add_subapp(f"/{name}", provider.make_app())
        return app

    def make_control_app(self) -> web.Application:
        """Make an application with the control API alone."""
        app = web.Application()
        actions: dict[tuple[str, str], Callable[..., Any]] = {
            **shared_actions(self),
            **payment_actions(self.world, self.providers),
        }
        table: Mapping[tuple[str, str], ControlAction] = actions
        add_control_routes(app, table, self._control_token)
        return app

    async def stop(self) -> None:
        """End background work."""
        await self.world.agenda.stop()
        for provider in self.providers.values():
            await provider.stop()
