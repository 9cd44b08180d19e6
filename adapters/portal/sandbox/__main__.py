"""Runs the portal sandbox as a process of its own: `python -m adapters.portal.sandbox`.

Prints one JSON line with its addresses when it is ready, and stops on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import gc
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapters.portal.sandbox.catalogue import make_catalogue
from adapters.portal.sandbox.profile import PortalProfile, ProfileError
from adapters.portal.sandbox.sandbox import PortalSandbox
from adapters.sandboxing import FaultKind, serve_sandbox, server_context


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m adapters.portal.sandbox", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 takes any free port")
    add("--control-port", type=int, help="also serve the control API apart, in plain HTTP; 0 takes any free port")
    add("--control-token", help="wanted in the header X-Sandbox-Token of control calls")
    add("--tls-cert", type=Path, help="certificate chain; with --tls-key the sandbox speaks TLS")
    add("--tls-key", type=Path)
    add("--client-ca", type=Path, help="admit only clients with a certificate from here")
    add("--expired-cert", type=Path, help="what the fault expired_certificate serves")
    add("--expired-key", type=Path)
    add("--wrong-cert", type=Path, help="what the fault wrong_certificate serves")
    add("--wrong-key", type=Path)
    add("--procedures", type=int, default=240, help="how many procedures the catalogue has")
    add("--seed", type=int, default=1, help="seed of the catalogue and of everything random")
    add("--profile", type=Path, help="settings as a JSON file")
    add("--set", action="append", default=[], metavar="NAME=JSON", help="one setting; may be repeated")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; give the exit status (2 when the command line cannot be obeyed)."""
    options = parser().parse_args(argv)
    try:
        profile = PortalProfile.parse(_settings(options))
        context, spoiled = _contexts(options)
        catalogue = make_catalogue(options.procedures, options.seed, profile.administrative_levels)
    except (ProfileError, ValueError, OSError, ssl.SSLError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 2
    sandbox = PortalSandbox(profile, catalogue=catalogue, seed=options.seed, control_token=options.control_token)
    try:
        asyncio.run(_serve(sandbox, options, context, spoiled))
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    return 0


async def _serve(
    sandbox: PortalSandbox,
    options: argparse.Namespace,
    context: ssl.SSLContext | None,
    spoiled: dict[FaultKind, ssl.SSLContext],
) -> None:
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    running = await serve_sandbox(
        sandbox,
        options.host,
        options.port,
        context,
        spoiled_contexts=spoiled,
        control_port=options.control_port,
    )
    async with running:
        # The catalogue stays for good and dossiers only grow; full collections over them are wasted time.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        _tell({"url": running.url, "control_url": running.control_url, "procedures": len(sandbox.procedures())})
        await told_to_stop.wait()


def _tell(facts: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(facts).decode() + "\n")
    sys.stdout.flush()


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if options.profile is not None:
        settings.update(_json_object(options.profile.read_bytes(), str(options.profile)))
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


def _json_object(text: bytes, place: str) -> dict[str, Any]:
    value = _json(text, place)
    if not isinstance(value, dict):
        raise ValueError(f"{place}: must be an object")
    return value


def _contexts(
    options: argparse.Namespace,
) -> tuple[ssl.SSLContext | None, dict[FaultKind, ssl.SSLContext]]:
    def load(certificate: Path | None, key: Path | None, names: str) -> ssl.SSLContext | None:
        if (certificate is None) != (key is None):
            raise ValueError(f"{names}: both or neither")
        if certificate is None or key is None:
            return None
        return server_context(certificate, key, options.client_ca)

    context = load(options.tls_cert, options.tls_key, "--tls-cert, --tls-key")
    expired = load(options.expired_cert, options.expired_key, "--expired-cert, --expired-key")
    wrong = load(options.wrong_cert, options.wrong_key, "--wrong-cert, --wrong-key")
    offered = {FaultKind.EXPIRED_CERTIFICATE: expired, FaultKind.WRONG_CERTIFICATE: wrong}
    return context, {kind: spare for kind, spare in offered.items() if spare is not None}


if __name__ == "__main__":
    sys.exit(main())
