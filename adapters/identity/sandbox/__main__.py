"""Runs the simulated sign-on as a process of its own: `python -m adapters.identity.sandbox --profile FILE`.

Prints one JSON line with its addresses when it is ready, and stops on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import signal
import ssl
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import msgspec

from adapters.identity.sandbox.profile import ProfileError, parse_profile
from adapters.identity.sandbox.sandbox import IdentitySandbox, serve
from adapters.sandboxing import server_context


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m adapters.identity.sandbox", description=__doc__)
    add = parser.add_argument
    add("--profile", type=Path, required=True, help="settings as a JSON file")
    add("--host", default="127.0.0.1")
    add("--allow-non-loopback", action="store_true", help="needed to listen where others may reach it")
    add("--port", type=int, default=0, help="0 takes any free port")
    add("--control-port", type=int, help="also serve the control API apart, in plain HTTP; 0 takes any free port")
    add("--control-token", help="wanted in the header X-Sandbox-Token of control calls")
    add("--tls-cert", type=Path, help="certificate chain; with --tls-key the sandbox speaks TLS")
    add("--tls-key", type=Path)
    add("--seed", type=int, default=1, help="seed of the faults")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; give the exit status (2 when the command line cannot be obeyed)."""
    options = parser().parse_args(argv)
    try:
        if not options.allow_non_loopback and not _is_loopback(options.host):
            raise ValueError("--host: must be a loopback address, or --allow-non-loopback given")
        settings = msgspec.json.decode(options.profile.read_bytes(), type=dict)
        profile = parse_profile(settings)
        context = None
        if options.tls_cert is not None and options.tls_key is not None:
            context = server_context(options.tls_cert, options.tls_key, None)
        elif options.tls_cert is not None or options.tls_key is not None:
            raise ValueError("--tls-cert, --tls-key: both or neither")
    except (ProfileError, ValueError, OSError, ssl.SSLError, msgspec.DecodeError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 2
    sandbox = IdentitySandbox(profile, seed=options.seed, control_token=options.control_token)
    try:
        asyncio.run(_serve(sandbox, options, context))
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(sandbox: IdentitySandbox, options: argparse.Namespace, context: ssl.SSLContext | None) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    running = await serve(sandbox, options.host, options.port, ssl_context=context, control_port=options.control_port)
    async with running:
        facts = {"url": running.url, "control_url": running.control_url, "issuer": sandbox.core.issuer}
        sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
        sys.stdout.flush()
        await told_to_stop.wait()


if __name__ == "__main__":
    sys.exit(main())
