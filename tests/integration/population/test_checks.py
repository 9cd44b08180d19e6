"""`gateway check` of the population database: what is wrong is named, and nobody is looked at."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.population import run_checks
from adapters.population.diagnostics import describe
from adapters.population.sandbox import SEEDS
from adapters.transport.secrets import Secret
from tests.support.population import EDGES, new_adapter, population, population_settings


@pytest.mark.parametrize("edge", sorted(EDGES))
async def test_all_is_well(edge: str) -> None:
    """Every edge, with its own credentials; the only person asked about cannot exist."""
    async with population(edge) as setup:
        findings = await run_checks(setup.adapter, officer_code="canbo.a")
        asked = setup.sandbox.counters()

    assert [] == [finding for finding in findings if not finding.is_ok]
    assert "nobody exists" in findings[-1].detail
    assert 1 == asked["verified_false"]


async def test_what_is_wrong_is_named() -> None:
    """A secret that cannot be read, one that is wrong, a database that is away."""
    async with population("c06") as setup:
        edge = setup.adapter.settings.edge
        wrong = edge.model_copy(update={"secret": Secret(value=SecretStr("wrong"))})
        missing = edge.model_copy(update={"secret": Secret(file=Path("/none/secret"))})
        told = []
        for one in (wrong, missing):
            async with new_adapter(setup.adapter.settings.model_copy(update={"edge": one})) as adapter:
                told.append((await run_checks(adapter))[-1])
        await setup.running.stop_listening()
        told.append((await run_checks(setup.adapter))[-1])

    assert [False, False, False] == [finding.is_ok for finding in told]
    assert "check user, secret, clock" in told[0].detail
    assert ("population edge.secret", "check the path") == (told[1].subject, told[1].detail[:14])
    assert "population question" == told[2].subject


async def test_an_officer_who_is_not_licensed_shows_that_it_is_reachable() -> None:
    """The check has no officer of its own; being refused for that is an answer."""
    async with population() as setup:
        findings = await run_checks(setup.adapter, officer_code="can-bo-bi-khoa")

    assert findings[-1].is_ok
    assert "officer_not_authorised" in findings[-1].detail


def test_what_is_shown_holds_no_secret() -> None:
    """An allow-list."""
    for edge in EDGES:
        shown = " ".join(describe(population_settings("http://127.0.0.1:1", edge)).values())
        assert "sandbox-secret" not in shown
        assert "mat-khau" not in shown
        assert edge == "plain" or SEEDS["plain"].number not in shown
