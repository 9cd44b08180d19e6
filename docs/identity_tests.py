"""Which test proves which row of the negative tests and of the checklist of electronic identity, as tables.

Called from docs/generate.py. Rows stand in identity-tests.toml; tests name the rows that they prove one by one
(`test_n59_…`, `test_n71_n72_…`; a range is an error, since nobody sees which of its rows have a case). The simulated
sign-on says which rows its attacks play, in the very list that the test of attacks runs through. A row that nobody
proves needs a reason; a test that is named and does not exist is an error.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.identity.sandbox import ROWS, cases

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("identity-tests.toml")
_ATTACKS = "tests/integration/identity/test_attacks.py::test_attack"
_TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
_NAMED = re.compile(r"n(\d{2,3})(?=_|$)")
_RANGE = re.compile(r"n\d{2,3}_to_n\d{2,3}(?=_|$)")
_MAX_SHOWN = 4

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def named_tests(root: Path = ROOT) -> dict[str, set[str]]:
    """Give the names of tests by file."""
    return {
        str(path.relative_to(root)): set(_TEST.findall(path.read_text(encoding="utf-8")))
        for path in sorted((root / "tests").rglob("test_*.py"))
    }


def rows_named(name: str) -> set[str]:
    """Give the rows that a test's name says it proves. Raises ValueError for a range."""
    if _RANGE.search(name):
        raise ValueError(f"{name}: names a range of rows; name each row that it has a case for")
    return {f"N{int(number):02d}" for number in _NAMED.findall(name.removeprefix("test_"))}


def proofs(tests: Mapping[str, set[str]], known: Mapping[str, str]) -> dict[str, list[str]]:
    """Give the tests of each row, those that drive attacks last."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, names in tests.items():
        if "population" in path:
            continue  # Their rows have the same numbers and are others (docs/population_tests.py).
        for name in sorted(names):
            for row in rows_named(name) & known.keys():
                found[row].append(f"{path}::{name}")
    for case, _, attack in cases():
        if ROWS[attack].rows in known:
            found[ROWS[attack].rows].append(f"{_ATTACKS}[{case}]")
    return found


def identity_tests_document(header: str, table: Table, *, text: str | None = None) -> str:
    """Draw both tables. Raises ValueError naming every row without proof or reason, and every test that is missing."""
    listed: dict[str, Any] = tomllib.loads(LIST.read_text(encoding="utf-8") if text is None else text)
    tests, rows, reasons = named_tests(), listed["rows"], listed.get("reasons", {})
    found = proofs(tests, rows)
    faults = [f"{row}: no test names it, and no reason is given" for row in rows if row not in found | reasons]
    for item in listed["items"]:
        for test in item["tests"]:
            path, _, name = test.partition("::")
            if name not in tests.get(path, ()):
                faults.append(f"item {item['number']}: {test} does not exist")
    if faults:
        raise ValueError("\n".join(faults))
    checklist = [
        [str(item["number"]), item["what"], "<br>".join(map(_short, item["tests"]))] for item in listed["items"]
    ]
    drawn = [[row, what, _shown(found.get(row, []), reasons.get(row, ""))] for row, what in rows.items()]
    return (
        f"{header}\n\n# Electronic identity: what is proved, and where\n\n"
        "Rows and numbers are those of the electronic identity notes. Names of tests hold the rows that they prove; "
        "`test_attack[…]` is one attack of the simulated sign-on against a whole gateway.\n\n## Checklist (§16)\n\n"
        + table(("item", "what", "tests"), checklist)
        + "\n\n## Negative tests (§17)\n\n"
        + table(("row", "what", "tests"), drawn)
        + "\n"
    )


def _short(test: str) -> str:
    path, _, name = test.partition("::")
    return f"`{Path(path).stem}::{name}`"


def _shown(tests: Sequence[str], reason: str) -> str:
    if not tests:
        return reason
    shown = [_short(test) for test in tests[:_MAX_SHOWN]]
    if len(tests) > _MAX_SHOWN:
        shown.append(f"and {len(tests) - _MAX_SHOWN} more")
    return "<br>".join(shown)
