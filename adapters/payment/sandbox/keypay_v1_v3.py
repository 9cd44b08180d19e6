"""KeyPay as one provider: v1 and v2 at its prefix, v3 below it (payment notes §C)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from aiohttp import web

from adapters.payment.sandbox.attempts import FLOW_FAULTS, Attempts
from adapters.payment.sandbox.callbacks import CallbackSender
from adapters.payment.sandbox.calls import ANSWER_FAULTS, MAX_BODY_BYTES, Desk
from adapters.payment.sandbox.checkout import CheckoutError, Choice, Decided
from adapters.payment.sandbox.daily_files import FILE_FAULTS, DailyFiles
from adapters.payment.sandbox.keypay_v1 import KeypayV1
from adapters.payment.sandbox.keypay_v1_v3_profile import KeypayProfile
from adapters.payment.sandbox.keypay_v3 import KeypayV3
from adapters.payment.sandbox.results import BODY_FAULTS
from adapters.payment.sandbox.world import World
from adapters.sandboxing import ControlAction, ControlCall, ControlError

NAME = "keypay"
KEYPAY_SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**ANSWER_FAULTS, **FLOW_FAULTS, **BODY_FAULTS, **FILE_FAULTS}
)
"""What can be armed, beside what v1 and v3 declare of their own. F29 needs no switch: refunds stay within payments."""


class Keypay:
    """KeyPay as a `Provider`."""

    name = NAME

    def __init__(self, world: World, settings: Mapping[str, Any]) -> None:
        self.profile = KeypayProfile.parse(settings)
        self._world = world
        desk = Desk(world, NAME, pay=lambda reference: self.decide(reference, Choice.PAY, ""))
        self.sender = CallbackSender(world, NAME, lambda: self.profile.pace())
        self.v1 = KeypayV1(world, NAME, lambda: self.profile, desk, self.sender)
        self.v3 = KeypayV3(world, NAME, lambda: self.profile, desk, self.sender)
        self._desk = desk
        self._files = DailyFiles(world, NAME, desk, self._codes)
        world.switches.support(KEYPAY_SWITCHES)

    def make_app(self) -> web.Application:
        """Make the application with v1 and v2, v3 under /v3, and daily files."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        self.v1.add_routes(app)
        app.router.add_get("/files/{name}", self._desk.route("files", self._files.fetch))
        app.add_subapp("/v3", self.v3.make_app())
        return app

    def actions(self) -> Mapping[tuple[str, str], ControlAction]:
        """Give its control actions: settings, what was told."""
        return {
            ("GET", "profile"): lambda _: self.profile.shown(),
            ("POST", "profile"): self._change_profile,
            ("GET", "notices"): lambda _: {"attempts": list(self.sender.journal)},
        }

    async def decide(self, reference: str, choice: Choice, bank: str) -> Decided:
        """Decide a payment as its payer would; merchant_trans_id or transaction_id. Raises CheckoutError."""
        found = self._holding(reference)
        if found is None:
            raise CheckoutError("reference: has no page")
        return await found.decide(reference, choice, bank)

    async def notify_again(self, reference: str) -> bool:
        """Send a result again. Raises KeyError when the reference is not known."""
        found = self._holding(reference)
        attempt = None if found is None else found.find(reference)
        if found is None or attempt is None:
            raise KeyError(reference)
        return found.tell_again(attempt)

    def state(self) -> dict[str, Any]:
        """Tell what it knows, without secrets. Of v1, `is_confirmed` tells whether the merchant's second leg came."""
        now = self._world.clock.now()
        return {
            "v1": [each.as_dict(now) for each in self.v1.attempts],
            "v3": [each.as_dict(now) for each in self.v3.attempts],
        }

    def forget(self) -> None:
        """Forget what was received; settings stay."""
        self.v1.attempts.forget()
        self.v3.forget()
        self.sender.forget()

    async def stop(self) -> None:
        """Close connections."""
        await self.sender.stop()

    def _holding(self, reference: str) -> Attempts | None:
        both = (self.v1.attempts, self.v3.attempts)
        return next((each for each in both if each.find(reference) is not None), None)

    def _codes(self) -> list[str]:
        return [*(each.code for each in self.profile.merchants), *(each.code for each in self.profile.clients)]

    def _change_profile(self, call: ControlCall) -> Any:
        try:
            self.profile = self.profile.changed(call.object())
        except ValueError as error:
            raise ControlError(str(error)) from None
        return self.profile.shown()


def build(world: World, settings: Mapping[str, Any]) -> Keypay:
    """Make the provider. Raises ValueError when a setting cannot be used."""
    return Keypay(world, settings)
