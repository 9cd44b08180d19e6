"""Settings of questions about citizens: every fault at once, at start."""

from typing import Any

import pytest

from gateway.bootstrap.citizens import make_purposes, population_settings
from gateway.config import load_settings
from gateway.errors import ConfigurationError
from gateway.model.citizen import CitizenField

_POPULATION = {"base_url": "https://dancu.example", "edge": {"profile": "plain"}}
_PURPOSE = {"code": "intake", "legal_basis": "x", "fields": ["full_name"]}


def faults(**sections: Any) -> list[str]:
    settings = load_settings(**sections)

    def read() -> None:
        population_settings(settings)
        make_purposes(settings)

    with pytest.raises(ConfigurationError) as caught:
        read()
    return [f"{fault.field}: {fault.rule}" for fault in caught.value.faults]


def test_purposes() -> None:
    """A purpose without fields only verifies."""
    check = {"code": "check", "legal_basis": "x"}
    settings = load_settings(population=_POPULATION, citizens={"purposes": [_PURPOSE, check]})
    purposes = make_purposes(settings)

    assert frozenset({CitizenField.FULL_NAME}) == purposes["intake"].fields
    assert (True, False) == (purposes["intake"].may_look_up, purposes["check"].may_look_up)
    made = population_settings(settings)
    assert made is not None
    assert "plain" == made.edge.profile


def test_sections_that_need_each_other() -> None:
    """Either alone is half a thing."""
    assert ["citizens: needs the section [population]"] == faults(citizens={"purposes": [_PURPOSE]})
    assert ["population: needs the section [citizens]"] == faults(population=_POPULATION)


def test_every_fault_of_the_purposes_at_once() -> None:
    """Unknown fields, sensitive ones without permission, one code twice."""
    purposes = [_PURPOSE, _PURPOSE | {"fields": ["shoe_size", "religion", "father"]}]

    assert [
        "citizens.purposes.1.fields: shoe_size is no field",
        "citizens.purposes.1.fields: father, religion need allows_sensitive",
        "citizens.purposes: must have codes that differ",
    ] == faults(population=_POPULATION, citizens={"purposes": purposes})


def test_faults_of_the_database_s_own_section() -> None:
    """Named by section, without the value."""
    told = faults(
        population={"base_url": "http://dancu.example", "edge": {"profile": "c06_basic"}},
        citizens={"purposes": [_PURPOSE]},
    )

    assert any("population.edge" in one for one in told)
    assert not any("dancu.example" in one for one in told)
