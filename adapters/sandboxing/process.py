"""A sandbox as a process of its own: its command line, its one line of output, its end.

Each sandbox adds what is its own to the options; everything that all of them need is here.
"""

import argparse
import asyncio
import gc
import ipaddress
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from adapters.sandboxing.runner import RunningSandbox
from adapters.sandboxing.tls import server_context


@dataclass(frozen=True, slots=True)
class Prepared:
    """A sandbox that can be started, and what is told of it once it runs."""

    start: Callable[[], Awaitable[RunningSandbox]]
    facts: Callable[[RunningSandbox], Mapping[str, Any]]


def new_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Make a parser with the options of every sandbox."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--allow-other-hosts", action="store_true", help="listen elsewhere than on the loopback address")
    add("--port", type=int, default=0, help="0 takes any free port")
    add("--control-port", type=int, help="also serve the control API apart, in plain HTTP; 0 takes any free port")
    add("--control-token", help="wanted in the header X-Sandbox-Token of control calls")
    add("--tls-cert", type=Path, help="certificate chain; with --tls-key the sandbox speaks TLS")
    add("--tls-key", type=Path)
    add("--client-ca", type=Path, help="admit only clients with a certificate from here")
    add("--seed", type=int, default=1, help="seed of everything random")
    add("--profile", type=Path, help="settings as a JSON file")
    add("--set", action="append", default=[], metavar="NAME=JSON", help="one setting; may be repeated")
    return parser


def run_process(prepare: Callable[[], Prepared], *refusals: type[Exception]) -> int:
    """Run until told to stop by SIGTERM or SIGINT; give the exit status.

    It is 2 when `prepare` raises one of the refusals, ValueError or OSError, and 1 when nothing can listen.
    """
    refused: tuple[type[Exception], ...] = (*refusals, ValueError, OSError)  # OSError holds ssl.SSLError.
    try:
        prepared = prepare()
    except refused as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 2
    try:
        asyncio.run(_serve(prepared))
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    return 0


async def _serve(prepared: Prepared) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    running = await prepared.start()
    async with running:
        # What was loaded stays for good, and records only grow; full collections over them are wasted time.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        sys.stdout.write(msgspec.json.encode(dict(prepared.facts(running))).decode() + "\n")
        sys.stdout.flush()
        await told_to_stop.wait()


def check_host(options: argparse.Namespace) -> None:
    """Refuse to listen where others may reach it. Raises ValueError."""
    try:
        is_loopback = ipaddress.ip_address(options.host).is_loopback
    except ValueError:
        is_loopback = options.host == "localhost"
    if not (is_loopback or options.allow_other_hosts):
        raise ValueError("--host: is not a loopback address; --allow-other-hosts allows it")


def tls_context(options: argparse.Namespace, *, prefix: str = "tls") -> ssl.SSLContext | None:
    """Load what `--{prefix}-cert` and `--{prefix}-key` name, if anything. Raises ValueError or OSError."""
    certificate, key = getattr(options, f"{prefix}_cert"), getattr(options, f"{prefix}_key")
    if (certificate is None) != (key is None):
        raise ValueError(f"--{prefix}-cert, --{prefix}-key: both or neither")
    return None if certificate is None else server_context(certificate, key, options.client_ca)


def read_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Read the file of settings, and single ones over it. Raises ValueError or OSError."""
    settings: dict[str, Any] = {}
    if options.profile is not None:
        given = _json(options.profile.read_bytes(), str(options.profile))
        if not isinstance(given, dict):
            raise ValueError(f"{options.profile}: must be an object")
        settings.update(given)
    for item in options.set:
        name, has_value, text = item.partition("=")
        if not has_value:
            raise ValueError(f"--set {item}: must be NAME=JSON")
        settings[name] = _json(text.encode(), f"--set {name}")
    return settings


def _json(text: bytes, place: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"{place}: {error}") from None
