"""The schema that is documented is the schema that the migrations make."""

import importlib.util
from pathlib import Path

from gateway.store.schema import NEWEST, current_version, migrate

ROOT = Path(__file__).parents[2]


def _describe(dsn: str) -> str:
    specification = importlib.util.spec_from_file_location("docs_schema", ROOT / "docs" / "schema.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    described: str = module.describe(dsn)
    return described


def test_migrations_make_the_documented_schema(dsn: str) -> None:
    """Every table, constraint and index of schema.sql comes from the migrations, and nothing else does."""
    assert (ROOT / "gateway" / "store" / "schema.sql").read_text(encoding="utf-8") == _describe(dsn)


async def test_migrating_twice_changes_nothing(dsn: str) -> None:
    """A database that is up to date is left alone, and says so."""
    assert NEWEST == await current_version(dsn)
    assert NEWEST == await migrate(dsn)
