"""Statements are called by names that nobody's types check; here they are checked."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway.store
from gateway.store.queries import queries

_FOLDER = Path(gateway.store.__file__).parent
_FILES = sorted(path.stem for path in (_FOLDER / "sql").glob("*.sql"))


def _file_of(node: ast.expr) -> str | None:
    """Give the name in a call of queries("name")."""
    match node:
        case ast.Call(func=ast.Name(id="queries"), args=[ast.Constant(value=str(name))]):
            return name
    return None


def _bound(module: ast.Module) -> dict[str, set[str]]:
    """Give the files that each variable of a module stands for."""
    bound: dict[str, set[str]] = {}
    assigned = [
        (target, node.value) for node in ast.walk(module) if isinstance(node, ast.Assign) for target in node.targets
    ]
    for target, value in (*assigned, *assigned):  # Twice, for names that stand for names.
        names, values = ([one] if not isinstance(one, ast.Tuple) else one.elts for one in (target, value))
        for name, given in zip(names, values, strict=False):
            file = _file_of(given)
            files = bound.get(ast.unparse(given), set()) if file is None else {file}
            if files:
                bound.setdefault(ast.unparse(name), set()).update(files)
    return bound


def _called(module: ast.Module) -> Iterator[tuple[set[str], str]]:
    """Give every statement that is called, with the files that it may be in."""
    bound = _bound(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            file = _file_of(node.value)
            files = bound.get(ast.unparse(node.value), set()) if file is None else {file}
            if files:
                yield files, node.attr


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_statement_that_is_called_exists(path: Path) -> None:
    """A name that is called is in its file; where a variable stands for several files, in one of them."""
    missing = [
        f"{sorted(files)}: {name}"
        for files, name in _called(ast.parse(path.read_text(encoding="utf-8")))
        if not any(hasattr(queries(file), name) for file in files)
    ]
    assert [] == missing


def test_every_statement_is_called() -> None:
    """No statement is left behind by code that is gone."""
    called = {
        (file, name)
        for path in _FOLDER.glob("*.py")
        for files, name in _called(ast.parse(path.read_text(encoding="utf-8")))
        for file in files
    }
    left = [
        f"{file}.{name}" for file in _FILES for name in queries(file).available_queries if (file, name) not in called
    ]
    assert [] == [one for one in left if not one.endswith("_cursor")]
