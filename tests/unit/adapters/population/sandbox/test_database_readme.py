"""The README names every setting, fault, route, person and hostile reply, so that it cannot fall behind unnoticed."""

from pathlib import Path

from adapters.population.sandbox import (
    HOSTILE_REPLIES,
    POPULATION_KINDS,
    SEEDS,
    GatewayErrors,
    NameMatching,
    PopulationProfile,
    PopulationSandbox,
    PrefixStyle,
    ReplyForm,
    TimeUnit,
    TreeForm,
    WrapperFaults,
)
from adapters.population.sandbox import __file__ as package_file
from adapters.population.sandbox.control import actions
from adapters.population.sandbox.profile import FIXED_SETTINGS, SECRET_SETTINGS

README = Path(package_file).with_name("README.md").read_text(encoding="utf-8")


def test_everything_that_can_be_set_or_asked_is_described() -> None:
    """A new setting, fault, hostile reply, person or control route must be added to the document."""
    choices = (*GatewayErrors, *NameMatching, *PrefixStyle, *ReplyForm, *TimeUnit, *TreeForm, *WrapperFaults)
    named = [*PopulationProfile.__struct_fields__, *POPULATION_KINDS, *HOSTILE_REPLIES, *SEEDS, *choices]
    quoted = [f"`{name}`" for name in named]
    quoted += [f"`{method} {path}`" for method, path in actions(PopulationSandbox(PopulationProfile(people_count=4)))]
    assert [] == [name for name in quoted if name not in README]


def test_fixed_and_secret_settings_exist_and_are_marked() -> None:
    """They are settings; the document says which cannot change later."""
    assert set(PopulationProfile.__struct_fields__) >= FIXED_SETTINGS | SECRET_SETTINGS
    assert [] == [name for name in FIXED_SETTINGS if f"`{name}` •" not in README]


def test_numbers_of_named_people_are_right() -> None:
    """Whoever stands alone in the table stands there with his own number."""
    lines = [line for line in README.splitlines() if line.startswith("| `") and "| 999" in line]
    stated = {line.split("`")[1]: line.split("|")[2].split(",")[0].split()[0] for line in lines}
    assert stated == {name: SEEDS[name].number for name in stated}
    assert len(stated) > 15
