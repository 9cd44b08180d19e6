"""`gateway check` of the population database: what is wrong is named, and nobody is looked at."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.population import run_checks
from adapters.population.diagnostics import describe
from adapters.population.sandbox import SEEDS
from adapters.population.settings import Operation
from adapters.transport.secrets import Secret
from gateway.bootstrap import Assembly, Role
from gateway.config import Settings
from gateway.vault.keyring import create_key_ring
from tests.support.population import EDGES, new_adapter, population, population_settings


@pytest.mark.parametrize("edge", sorted(EDGES))
async def test_all_is_well(edge: str) -> None:
    """Every edge, with its own credentials; the only person asked about cannot exist."""
    async with population(edge) as setup:
        findings = await run_checks(setup.adapter)
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


async def test_officers_with_accounts_are_what_the_question_is_asked_with() -> None:
    """A wrong path is found where each officer has an account; an officer without one proves nothing (2026-11-25)."""
    async with population("lgsp") as setup:
        wrong = dict.fromkeys(Operation, "/lgsp/nowhere")
        settings = setup.adapter.settings.model_copy(update={"paths": wrong})
        async with new_adapter(settings) as adapter:
            lost = (await run_checks(adapter))[-1]
        stranger = (await run_checks(setup.adapter, officer_code="stranger"))[-1]

    assert [("population question", False)] * 2 == [(one.subject, one.is_ok) for one in (lost, stranger)]
    assert "not asked" not in lost.detail
    assert "not asked: the officer has no account" in stranger.detail


async def test_the_process_checks_the_database_too(tmp_path: Path) -> None:
    """`gateway check` asks the configured database, and nothing where none is configured."""
    ring = tmp_path / "ring.toml"
    create_key_ring(ring)
    ground: dict[str, Any] = {
        "store": {"dsn": "postgresql://store.example/x", "data_folder": str(tmp_path)},
        "keys": {"ring_file": str(ring)},
    }
    purpose = {"code": "intake", "legal_basis": "118/2025", "fields": ["full_name"]}
    async with population() as setup:
        section = {"base_url": setup.running.url, "edge": EDGES["plain"], "default_path": "/dancu/033", "is_test": True}
        asking = {**ground, "population": section, "citizens": {"purposes": [purpose]}}
        told = []
        for content in (asking, ground):
            assembly = Assembly(Settings.model_validate(content), Role.named("worker"), "postgresql://store.example/x")
            told.append({one.subject: one.is_ok for one in await assembly.check_systems()})
        asked = setup.sandbox.counters()

    assert {"portal": True, "population contract": True, "population question": True} == told[0]
    assert {"portal": True} == told[1]
    assert 1 == asked["verified_false"]


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
