"""Advisory locks are told apart."""

import re
from pathlib import Path

import gateway.store
from gateway.store.locks import Lock

FOLDER = Path(gateway.store.__file__).parent


def test_no_statement_names_a_lock_by_its_number() -> None:
    """Every lock is one of the table, where two can never be the same; a number elsewhere could be."""
    numbers = re.compile(r"7_?201_?0\d\d")
    strays = [
        path.name
        for path in FOLDER.rglob("*.*")
        if path.suffix in (".py", ".sql")
        and path.name != "locks.py"
        and numbers.search(path.read_text(encoding="utf-8"))
    ]
    assert strays == []
    assert len({int(lock) for lock in Lock}) == len(Lock.__members__)
