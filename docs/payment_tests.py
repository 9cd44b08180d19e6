"""Which test shows which vector, pitfall, fault mode, transition and invariant of online payment, as tables.

Called from docs/generate.py. Tests name the rows that they show (`test_f02_…`, `test_pitfall_07_…`,
`test_transition_06_…`, `test_invariant_03_…`); what no name says stands in payment-tests.toml. Tests of the simulated
providers show only that a fault can be played: what the gateway makes of it needs a test, or a note, of its own. A test
that is named and does not exist is an error, and so is a row with neither proof nor note.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.identity_tests import named_tests

LIST = Path(__file__).with_name("payment-tests.toml")
SECTIONS = {"vectors": "V", "pitfalls": "P", "faults": "F", "transitions": "T", "invariants": "I"}
"""The sections of the list, each with the letter that its rows begin with."""
_WORDS = (("pitfall", "P"), ("transition", "T"), ("invariant", "I"))
_FAULT = re.compile(r"(?:^|_)f(\d\d)(?=_|$)")
_RANGE = re.compile(r"f\d\d_to_f\d\d(?=_|$)")
_SIMULATED = "payment_sandbox/"
_PATHS = re.compile(r"payment|vietqr|settlement|receipt|fees")
_MAX_SHOWN = 5
_TITLES = {
    "vectors": "Vectors (§13)",
    "pitfalls": "Pitfalls (§11)",
    "faults": "Fault modes (§12.2)",
    "transitions": "Transitions (§9.2)",
    "invariants": "Invariants (§9.3)",
}

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def rows_named(name: str) -> set[str]:
    """Give the rows that a test's name says it shows. A range names none: its cases are listed."""
    rest = _RANGE.sub("", name.removeprefix("test_"))
    rows = {f"F{number}" for number in _FAULT.findall(rest)}
    for word, letter in _WORDS:
        for numbers in re.findall(rf"(?:^|_){word}((?:_\d\d)+)(?=_|$)", rest):
            rows |= {f"{letter}{number}" for number in numbers.strip("_").split("_")}
    return rows


def proofs(tests: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Give the tests that name a row, by row; those of a whole gateway first."""
    found: dict[str, list[str]] = {}
    for path in sorted(tests, key=lambda path: ("integration/payments/" not in path, path)):
        if _PATHS.search(path):
            for name in sorted(tests[path]):
                for row in rows_named(name):
                    found.setdefault(row, []).append(f"{path}::{name}")
    return found


def payment_tests_document(header: str, table: Table, *, text: str | None = None) -> str:
    """Draw the tables. Raises ValueError naming everything that is missing."""
    listed: dict[str, dict[str, Any]] = tomllib.loads(LIST.read_text(encoding="utf-8") if text is None else text)
    tests = named_tests()
    found, known = proofs(tests), {row for section in listed.values() for row in section}
    faults = [f"{row}: a test names it, but there is no such row" for row in sorted(found.keys() - known)]
    drawn = []
    for section, letter in SECTIONS.items():
        faults += [f"{row}: does not belong to {section}" for row in listed[section] if row[0] != letter]
        for row, facts in listed[section].items():
            faults += _faults(row, facts, found.get(row, []), tests)
        drawn.append(f"## {_TITLES[section]}\n\n{_section(listed[section], found, table, is_played=letter == 'F')}")
    if faults:
        raise ValueError("\n".join(faults))
    return (
        f"{header}\n\n# Online payment: what is proved, and where\n\n"
        "Rows and paragraphs are those of the payment notes. *Played by* names the tests of the simulated providers; "
        "they show that a fault can be had, and not what the gateway makes of it. A note beside a test says what the "
        "test does not show.\n\n" + "\n\n".join(drawn) + "\n"
    )


def _faults(row: str, facts: Mapping[str, Any], named: Sequence[str], tests: Mapping[str, set[str]]) -> list[str]:
    faults = []
    for test in facts.get("tests", []):
        path, _, name = test.partition("::")
        if name not in tests.get(path, ()):
            faults.append(f"{row}: {test} does not exist")
    shown = [test for test in (*facts.get("tests", []), *named) if _SIMULATED not in test]
    if not shown and "note" not in facts:
        faults.append(f"{row}: no test shows it, and there is no note")
    return faults


def _section(rows: Mapping[str, Any], found: Mapping[str, list[str]], table: Table, *, is_played: bool) -> str:
    drawn = []
    for row, facts in rows.items():
        all_tests = list(dict.fromkeys([*facts.get("tests", []), *found.get(row, [])]))
        shown = [test for test in all_tests if _SIMULATED not in test]
        played = [test for test in all_tests if _SIMULATED in test]
        cells = [row, facts["what"], _cell(shown, facts.get("note", ""))]
        drawn.append([*cells, _cell(played, "")] if is_played else cells)
    return table(("row", "what", "tests", "played by") if is_played else ("row", "what", "tests"), drawn)


def _cell(tests: Sequence[str], note: str) -> str:
    shown = [f"`{Path(path).stem}::{name}`" for path, _, name in (test.partition("::") for test in tests[:_MAX_SHOWN])]
    if len(tests) > _MAX_SHOWN:
        shown.append(f"and {len(tests) - _MAX_SHOWN} more")
    if note:
        shown.append(note)
    return "<br>".join(shown)
