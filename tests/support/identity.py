"""A province's portal on the gateway's API, and a citizen's browser that walks through a sign-in."""

import base64
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from adapters.identity import IdentityAdapter, ProviderSettings
from gateway.api.consent_desk import ConsentService
from gateway.api.identity_desk import IdentityDesk
from gateway.bootstrap.consents import consent_settings, make_consents, make_hubs
from gateway.bootstrap.ground import Ground
from gateway.bootstrap.identity import make_identity_desk, make_proofs, make_providers, provider_tls
from gateway.clocks import SystemClock
from gateway.config import Settings
from gateway.demo.browser import Arrived, Browser, Page
from gateway.demo.browser import new_browser as open_browser
from gateway.engine.scheduler import Job
from gateway.ports.basics import KeyRing
from gateway.store.events import EventSignal
from gateway.store.systems import PostgresSystems
from gateway.telemetry import Telemetry
from gateway.vault.assertions import create_signing_key, load_signer
from tests.support.api import Answered, ApiUnderTest, bound_listener, running_api
from tests.support.clocks import FixedChance, ShiftedClock
from tests.unit.adapters.portal.portal_settings import native

RETURN = "http://127.0.0.1:9/portal/signed-in"
LOGOUT_RETURN = "http://127.0.0.1:9/portal/signed-out"
"""Of the portal; the browser stops before it goes there."""


def new_browser() -> contextlib.AbstractAsyncContextManager[Browser]:
    """Open a browser without cookies that stops at the portal."""
    return open_browser((RETURN, LOGOUT_RETURN))


@dataclass(slots=True)
class Attempt:
    """A sign-in that the portal began."""

    login: dict[str, Any]
    verifier: str
    state: str

    @property
    def start_url(self) -> str:
        return str(self.login["start_url"])


@dataclass(slots=True)
class ProvincePortal:
    """What the portal does at the gateway's API, for one registered client."""

    api: ApiUnderTest
    desk: IdentityDesk
    adapters: Mapping[str, IdentityAdapter]
    jobs: Sequence[Job]
    clock: ShiftedClock
    telemetry: Telemetry
    provider: str = ""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def at(self, provider: str) -> "ProvincePortal":
        """Give the same portal with another provider chosen."""
        return replace(self, provider=provider)

    async def begin(self, **wishes: Any) -> Attempt:
        """Begin a sign-in."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(8)
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        body = {
            "provider": self.provider,
            "return_to": RETURN,
            "state": state,
            "code_challenge": challenge,
            **wishes,
        }
        answered = await self.api.call("POST", "/v1/identity/logins", body=body)
        assert answered.status == 201, answered.body
        return Attempt(answered.json, verifier, state)

    async def redeem(self, attempt: Attempt, arrived: Page | Arrived, **changes: str) -> Answered:
        """Ask for the assertion."""
        assert isinstance(arrived, Arrived), arrived
        assert arrived.query["state"] == attempt.state
        assert set(arrived.query) == {"state", "code"}, arrived.query
        body = {"code": arrived.query["code"], "code_verifier": attempt.verifier} | changes
        return await self.api.call("POST", "/v1/identity/assertions", body=body)

    async def refused_evidence(self) -> list[tuple[str, str]]:
        """Give outcome and reason of every conclusion that is kept, in order."""
        rows = await self.api.services.pool.fetch(
            "SELECT outcome, reason FROM sign_in_evidence ORDER BY occurred_at, evidence_id"
        )
        return [(row["outcome"], row["reason"]) for row in rows]

    def counted(self) -> dict[tuple[str, str], int]:
        """Give how many sign-ins ended how, by outcome and reason."""
        counts: dict[tuple[str, str], int] = {}
        for family in self.registry.collect():
            for sample in family.samples:
                if sample.name == "gateway_sign_ins_total":
                    key = (sample.labels["outcome"], sample.labels["reason"])
                    counts[key] = counts.get(key, 0) + int(sample.value)
        return counts

    def alerts(self) -> dict[str, int]:
        """Give how often operators were called, by the name of the alert."""
        return {
            sample.labels["alert"]: int(sample.value)
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == "gateway_alerts_total"
        }


@contextlib.asynccontextmanager
async def province_portal(
    pool: Any,
    key_ring: KeyRing,
    *,
    make_sections: Any,
    folder: Path,
    clock: ShiftedClock | None = None,
    make_registrations: Any = None,
    services: Mapping[str, Any] | None = None,
    **identity: Any,
) -> AsyncIterator[ProvincePortal]:
    """Run the API with providers, put together as the gateway itself does it.

    `make_sections(public_base_url)` gives an async context manager of the providers' settings sections: providers are
    told the callback addresses before the gateway starts. `make_registrations` does so for consent hubs, and gives the
    section `[consents]`. `services` replaces fields of the API's. `identity` is the rest of the section `[identity]`.
    """
    clock = clock or ShiftedClock()
    listener = bound_listener()
    public = f"http://127.0.0.1:{listener.getsockname()[1]}"
    registry = CollectorRegistry()
    async with contextlib.AsyncExitStack() as cleanup:
        cleanup.callback(listener.close)
        sections = await cleanup.enter_async_context(make_sections(public))
        clients = {"one-stop": {"returns": [RETURN], "logout_returns": [LOGOUT_RETURN], "links_accounts": True}}
        section = {"public_base_url": public, "providers": sections, "clients": clients} | identity
        told: dict[str, Any] = {"identity": section}
        if make_registrations is not None:
            told["consents"] = await cleanup.enter_async_context(make_registrations(public))
        ground = _ground(pool, key_ring, clock, registry, Settings.model_validate(told))
        desks = _desks(ground, sections, folder)
        for close in ground.closers:
            cleanup.push_async_callback(close)
        api = await cleanup.enter_async_context(
            running_api(
                pool,
                key_ring,
                listener=listener,
                identity=desks.identity,
                consents=desks.consents,
                proofs=make_proofs(ground),
                clock=clock,
                **(services or {}),
            )
        )
        assert api.url == public
        yield ProvincePortal(
            api=api,
            desk=desks.identity,
            adapters={adapter.name: adapter for adapter in desks.adapters},
            jobs=desks.jobs,
            clock=clock,
            telemetry=ground.telemetry,
            provider=desks.adapters[0].name,
            registry=registry,
        )


def _ground(
    pool: Any, key_ring: KeyRing, clock: ShiftedClock, registry: CollectorRegistry, settings: Settings
) -> Ground:
    return Ground(
        settings=settings,
        portal_settings=native(),
        clock=clock,
        chance=FixedChance(),
        telemetry=Telemetry(registry, monotonic=clock.monotonic, logs_requests=True),
        key_ring=key_ring,
        pool=pool,
        systems=PostgresSystems(pool),
        signal=EventSignal(pool),
    )


@dataclass(frozen=True, slots=True)
class _Desks:
    identity: IdentityDesk
    consents: ConsentService | None
    adapters: Sequence[IdentityAdapter]
    jobs: Sequence[Job]


def _desks(ground: Ground, sections: Sequence[Mapping[str, Any]], folder: Path) -> _Desks:
    """Put together what signs citizens in and asks for their consent; a signing key is made in the folder."""
    providers = tuple(ProviderSettings.model_validate(one) for one in sections)
    adapters = make_providers(ground, providers, provider_tls(providers, SystemClock()))
    key_file = folder / "assertions.pem"
    create_signing_key(key_file)
    made = make_identity_desk(ground, adapters, load_signer([key_file]))
    assert made is not None
    desk, jobs = made
    consents, consent_jobs = make_consents(ground, desk, make_hubs(ground, consent_settings(ground.settings)))
    return _Desks(desk, consents, adapters, [*jobs, *consent_jobs])


def merged(section: Mapping[str, Any], changes: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Give a section with changes, table by table; `{name}` in a text stands for one of `names`."""
    made = dict(section)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = merged(made[key], value, **names)
        elif isinstance(value, str):
            for name, meaning in names.items():
                value = value.replace(f"{{{name}}}", meaning)
            made[key] = value
        else:
            made[key] = value
    return made
