"""The simulated monitoring system as one object: a puller of one province, and a receiver of what is pushed.

All methods are for the event loop that serves it. HTTP is in `app`, the control API in `control`; a test in the same
process may call the puller directly, or use `Puller` without all this.
"""

import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from adapters.monitoring.sandbox import app, control
from adapters.monitoring.sandbox.findings import Finding
from adapters.monitoring.sandbox.habits import SettingsError
from adapters.monitoring.sandbox.profile import FIXED_SETTINGS, MonitoringProfile
from adapters.monitoring.sandbox.province import pause
from adapters.monitoring.sandbox.puller import Puller
from adapters.monitoring.sandbox.receiver import Receiver
from adapters.sandboxing import (
    HTTP_KINDS,
    CallRecorder,
    FaultSwitchboard,
    FaultyExchange,
    MovedClock,
    SandboxClock,
)

MONITORING_KINDS = HTTP_KINDS
"""What the receiver can do by itself; a runner with spare certificates adds the certificate faults."""


class MonitoringSandbox:
    """The national monitoring system, simulated from the monitoring notes §4."""

    def __init__(
        self,
        profile: MonitoringProfile | None = None,
        *,
        clock: SandboxClock | None = None,
        sleep: Callable[[float], Awaitable[object]] = pause,
        session: aiohttp.ClientSession | None = None,
        seed: int = 1,
        control_token: str | None = None,
    ) -> None:
        """A session that is given is not closed here; without one, one is made when it is needed."""
        self._profile = profile or MonitoringProfile()
        self.clock = MovedClock(clock)
        self._sleep = sleep
        self._given_session = session
        self._own_session: aiohttp.ClientSession | None = None
        self._puller: Puller | None = None
        self._control_token = control_token
        draws = random.Random(seed)  # noqa: S311 - a sandbox must be repeatable
        self.faults = FaultSwitchboard(supported=MONITORING_KINDS, draws=draws, clock=self.clock)
        self.recorder = CallRecorder(self.clock)
        self.exchange = FaultyExchange(self.faults, self.recorder, self.clock)
        self.receiver = Receiver(self._profile, self.clock)

    @property
    def profile(self) -> MonitoringProfile:
        """The settings in force."""
        return self._profile

    @property
    def puller(self) -> Puller:
        """The puller; made when it is first asked for, in the event loop that serves the sandbox."""
        if self._puller is None:
            session = self._given_session or self._open_session()
            self._puller = Puller(session, self._profile.puller, clock=self.clock, sleep=self._sleep)
        return self._puller

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong in pulls and in pushes."""
        pulled = () if self._puller is None else self._puller.findings
        return (*pulled, *self.receiver.findings)

    def change_profile(self, **changes: Any) -> None:
        """Put other settings in force. Raises SettingsError, also for one that is fixed at the start."""
        fixed = sorted(FIXED_SETTINGS & changes.keys())
        if fixed:
            raise SettingsError(f"fixed when the sandbox starts: {', '.join(fixed)}")
        self._profile = self.receiver.profile = self._profile.changed(**changes)
        if self._puller is not None:
            self._puller.settings = self._profile.puller

    def counters(self) -> dict[str, Any]:
        """Give every total since the start or the last reset."""
        puller = self._puller
        return {
            "rounds": 0 if puller is None else len(puller.rounds),
            "snapshots_pulled": 0 if puller is None else len(puller.store.snapshots),
            "calls_to_province": 0 if puller is None else puller.province.calls_count,
            "snapshots_pushed": len(self.receiver.received),
            "pushes_repeated": self.receiver.repeats_count,
            "findings": len(self.findings),
            "faults_injected": {kind.value: count for kind, count in self.faults.injected.items()},
            **self.recorder.counters(),
        }

    def health(self) -> dict[str, Any]:
        """Tell that the sandbox is alive and what it is."""
        return {"is_healthy": True, "system": "monitoring", "is_simulated": True}

    def reset(self) -> None:
        """Forget what was pulled and pushed, and disarm every fault; settings and time stay."""
        self._puller = None
        self.receiver.forget()
        self.recorder.reset()
        self.faults.clear()
        self.faults.reset_counts()

    def make_app(self) -> web.Application:
        """Make the application with the receiver and the control API."""
        return app.make_app(self, control.actions(self), self._control_token)

    def make_control_app(self) -> web.Application:
        """Make an application with the control API alone."""
        return app.make_control_app(control.actions(self), self._control_token)

    async def stop(self) -> None:
        """Close the connections that were opened here."""
        session, self._own_session, self._puller = self._own_session, None, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._own_session is None:
            profile = self._profile
            context = ssl.create_default_context(cafile=profile.ca_file or None)
            if profile.client_certificate_file:
                context.load_cert_chain(profile.client_certificate_file, profile.client_key_file or None)
            self._own_session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        return self._own_session
