"""The alerts of consents that operations.md explains are those that are raised."""

import re

from docs.generate import ROOT


def test_alerts_of_consents_are_documented() -> None:
    """Each has a row that says what it means and what to do, and no row is about one that nobody raises."""
    engine = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway" / "engine").glob("consent*.py"))
    raised = set(re.findall(r'"(consent_[a-z_]+)"', engine)) - {"consent_id"}
    section = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## Consents")[2]
    rows = [line.split("|") for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `consent_")]

    assert len(raised) == 5
    assert raised == {row[1].strip(" `") for row in rows}
    assert all(row[2].strip() and row[3].strip() for row in rows)
