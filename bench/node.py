"""Programs of Node.js that judge or rival parts of the gateway: installed once per state of their folder, below
`var/peers/`. None of them is part of what runs."""

import contextlib
import fcntl
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_INSTALL_SECONDS = 180.0
_OLDEST_NODE = 20


def why_not() -> str | None:
    """Tell why nothing of Node.js can be run here; None when it can."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node.js or npm is missing"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    major = version.strip().removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < _OLDEST_NODE:
        return f"Node.js is older than {_OLDEST_NODE}"
    return None


def install(source: Path, name: str) -> Path:
    """Give a folder with a program and its locked packages. Raises OSError or subprocess.SubprocessError."""
    files = sorted(path for path in source.iterdir() if path.suffix in (".mjs", ".json"))
    state = sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:16]
    peers = _ROOT / "var" / "peers"
    peers.mkdir(parents=True, exist_ok=True)
    folder = peers / f"{name}-{state}"
    with (peers / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Several runs may come here at once.
        if not folder.exists():
            with contextlib.ExitStack() as cleanup:
                made = peers / f"making-{os.getpid()}"
                cleanup.callback(shutil.rmtree, made, ignore_errors=True)
                made.mkdir()
                for path in files:
                    shutil.copy(path, made)
                command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
                subprocess.run(command, cwd=made, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
                made.rename(folder)
    return folder
