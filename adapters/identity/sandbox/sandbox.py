"""The simulated sign-on as one object: it answers calls, keeps the record, and can be asked and switched.

All methods are for the event loop that serves it.
"""

import random
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from adapters.identity.sandbox import app, control
from adapters.identity.sandbox.authorizing import Authorizing
from adapters.identity.sandbox.backchannel import Backchannel
from adapters.identity.sandbox.core import Call, Core
from adapters.identity.sandbox.issuing import Issuing
from adapters.identity.sandbox.leaving import Leaving
from adapters.identity.sandbox.profile import IdentityProfile
from adapters.identity.sandbox.signing import KeyRing
from adapters.identity.sandbox.state import SignOnState
from adapters.sandboxing import (
    HTTP_KINDS,
    Answer,
    CallRecorder,
    FaultSwitchboard,
    FaultyExchange,
    MachineClock,
    RunningSandbox,
    SandboxClock,
    serve_sandbox,
)


class IdentitySandbox:
    """The national sign-on, simulated from the electronic identity notes."""

    def __init__(
        self,
        profile: IdentityProfile,
        *,
        clock: SandboxClock | None = None,
        random_text: Callable[[], str] | None = None,
        ring: KeyRing | None = None,
        seed: int = 1,
        control_token: str | None = None,
    ) -> None:
        self._clock = clock or MachineClock()
        self._control_token = control_token
        self.state = SignOnState(self._clock, random_text or (lambda: secrets.token_urlsafe(24)), ring or KeyRing())
        self.faults = FaultSwitchboard(
            supported=HTTP_KINDS,
            draws=random.Random(seed),  # noqa: S311 - a sandbox must be repeatable
            clock=self._clock,
        )
        self.recorder = CallRecorder(self._clock)
        self.exchange = FaultyExchange(self.faults, self.recorder, self._clock)
        self.core = Core(profile, self.state)
        self.authorizing = Authorizing(self.core)
        self.issuing = Issuing(self.core)
        self.leaving = Leaving(self.core)
        self.backchannel = Backchannel(self.core)

    def log_out(self, call: Call) -> Answer:
        """End the browser's session and tell the clients that have one of it."""
        answer, session = self.leaving.log_out(call)
        if session is not None:
            self.backchannel.begin(session)
        return answer

    def counters(self) -> dict[str, Any]:
        """Give the totals since the start or the last reset."""
        return {
            **self.recorder.counters(),
            "sign_on": dict(self.state.counts),
            "signed_on": dict(self.state.signed_on),
            "attacks": dict(self.state.attacks.struck),
            "faults": dict(self.faults.injected),
        }

    def health(self) -> dict[str, Any]:
        """Tell what this is."""
        profile = self.core.profile
        return {"system": "identity", "mode": profile.mode.value, "issuer": self.core.issuer, "is_simulated": True}

    def reset(self) -> None:
        """Forget everything but the keys."""
        self.state.clear()
        self.faults.clear()
        self.recorder.reset()

    def make_app(self) -> web.Application:
        return app.make_app(self, control.actions(self), self._control_token)

    def make_control_app(self) -> web.Application:
        return app.make_control_app(control.actions(self), self._control_token)

    async def stop(self) -> None:
        await self.backchannel.stop()


async def serve(sandbox: IdentitySandbox, host: str = "127.0.0.1", port: int = 0, **options: Any) -> RunningSandbox:
    """Start it (see `serve_sandbox`) and let it know its own address."""
    running = await serve_sandbox(sandbox, host, port, **options)
    sandbox.core.base_url = running.url
    return running
