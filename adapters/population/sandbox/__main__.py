"""Runs the simulated population database as a process of its own: `python -m adapters.population.sandbox`.

Prints one JSON line with its addresses when it is ready, and stops on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import gc
import ipaddress
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapters.population.sandbox.profile import PopulationProfile, ProfileError
from adapters.population.sandbox.sandbox import PopulationSandbox
from adapters.sandboxing import serve_sandbox, server_context


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m adapters.population.sandbox", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--allow-other-hosts", action="store_true", help="listen elsewhere than on the loopback address")
    add("--port", type=int, default=0, help="0 takes any free port")
    add("--control-port", type=int, help="also serve the control API apart, in plain HTTP; 0 takes any free port")
    add("--control-token", help="wanted in the header X-Sandbox-Token of control calls")
    add("--tls-cert", type=Path, help="certificate chain; with --tls-key the sandbox speaks TLS")
    add("--tls-key", type=Path)
    add("--client-ca", type=Path, help="admit only clients with a certificate from here")
    add("--seed", type=int, default=1, help="seed of tokens and chance")
    add("--profile", type=Path, help="settings as a JSON file")
    add("--set", action="append", default=[], metavar="NAME=JSON", help="one setting; may be repeated")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; give the exit status (2 when the command line cannot be obeyed)."""
    options = parser().parse_args(argv)
    try:
        if not (options.allow_other_hosts or _is_loopback(options.host)):
            raise ValueError("--host: is not a loopback address; --allow-other-hosts allows it")
        profile = PopulationProfile.parse(_settings(options))
        context = _context(options)
    except (ProfileError, ValueError, OSError, ssl.SSLError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 2
    sandbox = PopulationSandbox(profile, seed=options.seed, control_token=options.control_token)
    try:
        asyncio.run(_serve(sandbox, options, context))
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    return 0


async def _serve(sandbox: PopulationSandbox, options: argparse.Namespace, context: ssl.SSLContext | None) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    running = await serve_sandbox(sandbox, options.host, options.port, context, control_port=options.control_port)
    async with running:
        # Records of calls only grow up to their bound; full collections over them are wasted time.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        facts = {"url": running.url, "control_url": running.control_url, "is_simulated": True}
        sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
        sys.stdout.flush()
        await told_to_stop.wait()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if (options.tls_cert is None) != (options.tls_key is None):
        raise ValueError("--tls-cert, --tls-key: both or neither")
    if options.tls_cert is None:
        return None
    return server_context(options.tls_cert, options.tls_key, options.client_ca)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
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


if __name__ == "__main__":
    sys.exit(main())
