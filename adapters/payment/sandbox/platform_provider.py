"""The national Payment Platform as one provider of the payment sandbox (payment notes §A)."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.payment.sandbox.checkout import Choice, Decided
from adapters.payment.sandbox.platform_calls import Calls
from adapters.payment.sandbox.platform_control import platform_actions
from adapters.payment.sandbox.platform_faults import PLATFORM_SWITCHES
from adapters.payment.sandbox.platform_http import make_app
from adapters.payment.sandbox.platform_money import NAME, Money
from adapters.payment.sandbox.platform_profile import PlatformProfile
from adapters.payment.sandbox.world import World
from adapters.sandboxing import ControlAction


class Platform:
    """Implements Provider. A test in the same process may use `money` directly."""

    name = NAME

    def __init__(self, world: World, profile: PlatformProfile | None = None) -> None:
        self.money = Money(world, profile or PlatformProfile())
        self._calls = Calls(self.money)
        world.switches.support(PLATFORM_SWITCHES)
        if world.public_url:
            self.money.base_url = f"{world.public_url}/{NAME}"

    def make_app(self) -> web.Application:
        return make_app(self.money, self._calls)

    def actions(self) -> Mapping[tuple[str, str], ControlAction]:
        return platform_actions(self.money)

    async def decide(self, reference: str, choice: Choice, bank: str) -> Decided:
        return await self.money.decide(reference, choice, bank)

    async def notify_again(self, reference: str) -> bool:
        return self.money.notify_again(self.money.orders.named(reference))

    def state(self) -> dict[str, Any]:
        return self.money.state()

    def forget(self) -> None:
        self.money.forget()

    async def stop(self) -> None:
        await self.money.notices.stop()


def build(world: World, settings: Mapping[str, Any]) -> Platform:
    """Make the platform. Raises ProfileError, which is a ValueError."""
    return Platform(world, PlatformProfile.parse(settings))
