"""The shipped data of the indicators: the catalogue, the scoring profiles of the 766 index, and registries of targets.

Text only; `gateway.indicators` reads and checks it.
"""

from importlib import resources

CATALOGUE = "catalogue.toml"
SCORING_766 = "scoring-766-2026-10.toml"
TARGETS = "targets-2021-2025.toml"


def shipped_text(name: str) -> str:
    """Give the text of a file of this directory."""
    return (resources.files("mappings.indicators") / name).read_text(encoding="utf-8")
