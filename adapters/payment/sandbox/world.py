"""What the simulated providers share: one clock, one ledger, one bank, the switches, the record of calls.

A provider is a `Provider`: it is given the world when it is made, and the sandbox mounts its application under a
prefix and its control actions under its name.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from adapters.payment.sandbox.agenda import Agenda
from adapters.payment.sandbox.bank import Bank
from adapters.payment.sandbox.checkout import Choice, Decided
from adapters.payment.sandbox.ledger import Ledger
from adapters.payment.sandbox.switches import Switches
from adapters.sandboxing import (
    HTTP_KINDS,
    RAW_KINDS,
    CallRecorder,
    ControlAction,
    FaultSwitchboard,
    FaultyExchange,
    MovedClock,
    SandboxClock,
)


class World:
    """Everything outside a provider. For one event loop."""

    def __init__(
        self, clock: SandboxClock | None = None, *, seed: int = 1, settlement_days: int = 1, public_url: str = ""
    ) -> None:
        self.clock = MovedClock(clock)
        self.draws = random.Random(seed)  # noqa: S311 - a sandbox must be repeatable
        self.ledger = Ledger(self.clock)
        self.bank = Bank(self.ledger, self.clock, settlement_days=settlement_days)
        self.agenda = Agenda(self.clock)
        self.switches = Switches(random.Random(self.draws.random()))  # noqa: S311 - as above
        self.faults = FaultSwitchboard(supported=HTTP_KINDS | RAW_KINDS, draws=self.draws, clock=self.clock)
        self.recorder = CallRecorder(self.clock)
        self.exchange = FaultyExchange(self.faults, self.recorder, self.clock)
        self.public_url = public_url
        """Where browsers reach the sandbox, without a slash at the end; "" means as the caller did."""

    def base_of(self, request: web.Request) -> str:
        """Give the start of addresses that are handed out in answer to `request`."""
        return self.public_url or f"{request.scheme}://{request.host}"

    def advance(self, seconds: float) -> None:
        """Let time pass: pages end, repeats become due. Raises ValueError for a negative span."""
        self.clock.advance(seconds)
        self.agenda.wake()

    def forget(self) -> None:
        """Start anew; time and settings stay."""
        self.agenda.forget()
        self.ledger.forget()
        self.bank.forget()
        self.switches.clear()
        self.faults.clear()
        self.faults.reset_counts()
        self.recorder.reset()


class Provider(Protocol):
    """One simulated payment provider."""

    @property
    def name(self) -> str:
        """The short name: prefix of its paths, key of its settings, provider of its ledger entries."""
        ...

    def make_app(self) -> web.Application:
        """Make the application that is mounted under `/<name>`."""
        ...

    def actions(self) -> Mapping[tuple[str, str], ControlAction]:
        """Give its own control actions; they are served under `_sandbox/<name>/`."""
        ...

    async def decide(self, reference: str, choice: Choice, bank: str) -> Decided:
        """Decide a payment as its payer would, without a browser. Raises CheckoutError."""
        ...

    async def notify_again(self, reference: str) -> bool:
        """Send the result of a reference again; False when there is nothing to tell. Raises KeyError when unknown."""
        ...

    def state(self) -> dict[str, Any]:
        """Tell what it knows, as plain JSON values, without secrets."""
        ...

    def forget(self) -> None:
        """Forget what was received; settings stay."""
        ...

    async def stop(self) -> None:
        """End what is its own in the background."""
        ...


ProviderFactory = Callable[[World, Mapping[str, Any]], Provider]
"""Makes a provider from the world and its settings. Raises ValueError when a setting cannot be used."""
