"""A town whose numbers are served, and the national system that pulls them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.monitoring.sandbox import Puller, PullerSettings
from gateway.api.monitoring_desk import MonitoringDesk, PullRate
from gateway.engine.indicator_reasons import Explainer
from gateway.engine.period_ends import PeriodEnds
from gateway.indicators.profiles import read_profile
from gateway.ports.basics import KeyRing
from gateway.store.clients import Scope
from gateway.store.publications import PostgresPublications
from gateway.store.pushes import PostgresPushes
from mappings.indicators import SCORING_766, shipped_text
from tests.integration.indicators.test_publishing import SIGNER, publisher
from tests.support.api import ApiUnderTest, running_api
from tests.support.counting import CATALOGUE, RULES, Town, counting_town

PATH = "/monitoring/v1"
AUGUST = "period_type=month&period=2026-08"


@asynccontextmanager
async def pulled_town(
    pool: Any, key_ring: KeyRing, per_minute: int = 100_000
) -> AsyncIterator[tuple[Town, ApiUnderTest]]:
    """Run a town whose numbers are served."""
    async with counting_town(pool, key_ring) as town:
        numbers = town.numbers()
        desk = MonitoringDesk(
            province="H99",
            numbers=numbers,
            explainer=Explainer(town.store, numbers, rules=RULES),
            period_ends=PeriodEnds(town.store, rules=RULES, tries_count=2),
            registers=town.registers,
            publications=PostgresPublications(pool),
            pushes=PostgresPushes(pool),
            catalogue=CATALOGUE,
            profile=read_profile(shipped_text(SCORING_766)),
            calendars=RULES.calendars,
            publisher=publisher(town),
            signer=SIGNER,
            receivers=("emc",),
            rate=PullRate(per_minute),
        )
        async with running_api(pool, key_ring, monitoring=desk) as api:
            yield town, api


async def puller_of(api: ApiUnderTest, **settings: Any) -> Puller:
    """Give the national system with a token of its own."""
    token = await api.register("national", scopes=frozenset({Scope.MONITORING_READ}), prefixes=("H99",))
    return Puller(api.session, PullerSettings(province_url=api.url, token=token, **settings))
