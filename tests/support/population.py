"""The adapter of the population database against its sandbox, by edge."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adapters.population.adapter import PopulationAdapter
from adapters.population.sandbox import SEEDS, PopulationProfile, PopulationSandbox
from adapters.population.settings import Operation, PopulationSettings
from adapters.sandboxing import FaultKind, FaultSpec, RunningSandbox, serve_sandbox
from adapters.transport import Observer, RemoteCallFinished
from gateway.clocks import SystemClock
from gateway.model.citizen import Asker, Subject
from mappings.population.questions import read_birth_date
from tests.support.clocks import FixedChance

ASKER = Asker(officer_code="canbo.a", agency_code="H99.01", procedure_code="1.999001")
EDGES: Mapping[str, Mapping[str, Any]] = {
    "plain": {"profile": "plain"},
    "c06": {"profile": "c06_basic", "username": "TINH_TEST", "secret": {"value": "sandbox-secret"}},
    "lgsp": {
        "profile": "lgsp_token",
        "access_key": "AK",
        "secret_key": {"value": "sandbox-secret"},
        "app_name": "APP",
        "partner_code": "PC",
        "partner_code_cus": "PCC",
        "officers": {"canbo.a": {"name": "khoa-a", "password": {"value": "mat-khau-a"}}},
    },
    "rest": {"profile": "lgsp_rest", "username": "tinh-rest", "password": {"value": "sandbox-secret"}},
    "oauth2": {"profile": "oauth2", "client_id": "tinh-oauth2", "client_secret": {"value": "sandbox-secret"}},
    "wrap": {"profile": "lgsp_wrap"},
    "ngsp": {
        "profile": "lgsp_rest",
        "members": "wire",
        "fixed_token": {"value": "6f3c2b1a-0000-4000-8000-000000000999"},
    },
}
"""What the sandbox takes by default, by the base of its edges."""
_TOKEN_PATHS = {"lgsp": "/getToken", "rest": "/api/v1/Authentication/Token", "oauth2": "/token"}


def subject_of(name: str, **changes: Any) -> Subject:
    """Give one of the sandbox's named people as a caller knows the person."""
    person = SEEDS[name]
    known: dict[str, Any] = {
        "personal_number": person.number,
        "full_name": person.full_name,
        "birth_date": read_birth_date(person.born),
    }
    return Subject(**(known | changes))


def population_settings(
    url: str, edge: str = "plain", *, token_path: str = "", section: Mapping[str, Any] | None = None, **changes: Any
) -> PopulationSettings:
    """Give settings for an edge of the sandbox; `section` changes the edge's own."""
    base = "" if edge == "plain" else f"/{edge}"
    section = {**EDGES[edge], **(section or {})}
    if edge in _TOKEN_PATHS:
        section["token_path"] = token_path or base + _TOKEN_PATHS[edge]
    if edge == "c06":
        section["hashed_paths"] = {one.value: f"/dancu/{_short(one)}" for one in Operation}
    paths = {} if edge == "wrap" else {one.value: f"{base}/dancu/{_short(one)}" for one in Operation}
    is_json = edge in ("rest", "ngsp", "wrap")
    values: dict[str, Any] = {
        "base_url": url,
        "edge": section,
        "paths": paths,
        "default_path": base or "/",
        "operations": [one.value for one in (Operation.VERIFY, Operation.LOOK_UP)] if is_json else list(Operation),
        "max_parallel": 50,
        "transport": {"calls_per_second": None, "read_retry_first_seconds": 0.01},
        "is_test": True,
    }
    return PopulationSettings.model_validate(values | changes)


def _short(operation: Operation) -> str:
    return {Operation.VERIFY: "033", Operation.LOOK_UP: "037"}.get(operation, operation.value)


@dataclass
class Population:
    """The adapter, the sandbox that it asks, and what was observed."""

    adapter: PopulationAdapter
    sandbox: PopulationSandbox
    running: RunningSandbox
    calls: list[RemoteCallFinished] = field(default_factory=list)

    def hostile(self, variant: str, calls: int = 10) -> None:
        """Have the next replies be a hostile one."""
        self.sandbox.add_fault(FaultSpec(kind=FaultKind.HOSTILE_REPLY, variant=variant, calls=calls))


def new_adapter(settings: PopulationSettings, observe: Observer | None = None) -> PopulationAdapter:
    """Make an adapter of its own."""
    return PopulationAdapter(
        settings, ssl_supplier=lambda: None, clock=SystemClock(), chance=FixedChance(), observe=observe
    )


async def control(setup: Population, action: str, order: Mapping[str, Any]) -> None:
    """Give the sandbox an order."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{setup.running.control_url}/_sandbox/{action}", json=order) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def expire_tokens(setup: Population) -> None:
    """End all tokens that the sandbox has given."""
    await control(setup, "tokens:expire", {})


@contextlib.asynccontextmanager
async def population(
    edge: str = "plain", *, profile: Mapping[str, Any] | None = None, **changes: Any
) -> AsyncIterator[Population]:
    """Run both."""
    sandbox = PopulationSandbox(PopulationProfile(people_count=400, **(profile or {})))
    async with await serve_sandbox(sandbox, control_port=0) as running:
        calls: list[RemoteCallFinished] = []
        async with new_adapter(population_settings(running.url, edge, **changes), calls.append) as adapter:
            yield Population(adapter, sandbox, running, calls)
