"""Which test proves which negative test and check vector of the population database, as tables.

Called from docs/generate.py. Tests name the rows that they prove; what no name says stands in population-tests.toml. A
test or a hostile reply that is named and does not exist is an error, and so is a row with neither proof nor note.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.population.sandbox import HOSTILE_REPLIES
from docs.identity_tests import named_tests

LIST = Path(__file__).with_name("population-tests.toml")
_NAMED = re.compile(r"(?:^|_)n(\d{1,2})(?=_|$)")
_RANGE = re.compile(r"n\d{1,2}_to_n\d{1,2}")

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def rows_named(name: str) -> set[str]:
    """Give the rows that a test's name says it proves. A range names none: its cases are listed."""
    if _RANGE.search(name):
        return set()
    return {f"N{int(number)}" for number in _NAMED.findall(name.removeprefix("test"))}


def proofs(tests: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Give the tests that name a row, by row."""
    found: dict[str, list[str]] = {}
    for path, names in tests.items():
        if "population" in path:
            for name in sorted(names):
                for row in rows_named(name):
                    found.setdefault(row, []).append(f"{path}::{name}")
    return found


def population_tests_document(header: str, table: Table, *, text: str | None = None) -> str:
    """Draw both tables. Raises ValueError naming everything that is missing."""
    listed: dict[str, Any] = tomllib.loads(LIST.read_text(encoding="utf-8") if text is None else text)
    tests = named_tests()
    found, faults, drawn = proofs(tests), _missing(listed, tests), []
    faults += [
        f"{row}: a test names it, but there is no such row" for row in sorted(found.keys() - listed["rows"].keys())
    ]
    for row, facts in listed["rows"].items():
        proved = list(dict.fromkeys([*found.get(row, []), *facts.get("tests", [])]))
        hostile = facts.get("hostile", [])
        if not proved and not hostile and "note" not in facts:
            faults.append(f"{row}: no test names it, and there is no note")
        drawn.append([row, facts["what"], _cell(proved, hostile, facts.get("note", ""))])
    if faults:
        raise ValueError("\n".join(faults))
    vectors = [[one["what"], _cell(one["tests"], [], "")] for one in listed["vectors"]]
    return (
        f"{header}\n\n# Population database: what is proved, and where\n\n"
        "Rows and paragraphs are those of the population notes. *Hostile replies* are those of the simulated database, "
        "each with its one right outcome in `tests/integration/population/test_hostile.py`.\n\n"
        "## Negative tests (§18)\n\n"
        + table(("row", "what", "tests"), drawn)
        + "\n\n## Vectors\n\n"
        + table(("what", "tests"), vectors)
        + "\n"
    )


def _missing(listed: Mapping[str, Any], tests: Mapping[str, set[str]]) -> list[str]:
    faults = []
    for facts in (*listed["rows"].values(), *listed["vectors"]):
        for test in facts.get("tests", []):
            path, _, name = test.partition("::")
            if name not in tests.get(path, ()):
                faults.append(f"{facts['what']}: {test} does not exist")
        faults += [
            f"{facts['what']}: there is no hostile reply {name}"
            for name in facts.get("hostile", [])
            if name not in HOSTILE_REPLIES
        ]
    return faults


def _cell(tests: Sequence[str], hostile: Sequence[str], note: str) -> str:
    shown = [f"`{Path(path).stem}::{name}`" for path, _, name in (test.partition("::") for test in tests)]
    if hostile:
        shown.append("hostile replies " + ", ".join(f"`{name}`" for name in hostile))
    if note:
        shown.append(note)
    return "<br>".join(shown)
