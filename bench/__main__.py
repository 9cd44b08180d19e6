"""`python -m bench [--quick] [--only accept,import,…] [--json FILE]`.

Prints a table, then one line of JSON. Ends with 1 when the run is void, with 2 when it could not be made; a missed aim
is shown and does not change the status.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from bench.accept import measure_accept
from bench.audit import measure_audit
from bench.children import ChildFailed
from bench.database import Server, running_server
from bench.drain import measure_drain
from bench.imports import measure_import
from bench.indicators import measure_indicators
from bench.payments import measure_payments
from bench.plan import FULL, QUICK, Bench
from bench.population import measure_population
from bench.reconcile import measure_reconcile
from bench.report import show
from bench.results import Measurement, summary
from bench.sign_in import measure_sign_in
from bench.traffic import make_material
from bench.translate import measure_translate
from certs.commands import init
from gateway.clocks import SystemClock

NAMES = (
    "translate",
    "accept",
    "import",
    "drain",
    "reconcile",
    "sign_in",
    "audit",
    "population",
    "payments",
    "indicators",
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the gateway against its rivals.")
    parser.add_argument("--quick", action="store_true", help="a smoke run of under a minute; its figures are rough")
    parser.add_argument("--only", default="", help=f"some of {','.join(NAMES)}")
    parser.add_argument("--json", type=Path, help="write the JSON to this file as well")
    options = parser.parse_args(arguments)
    options.names = [name for name in options.only.split(",") if name] or list(NAMES)
    unknown = sorted(set(options.names) - set(NAMES))
    if unknown:
        parser.error(f"--only: must be some of {', '.join(NAMES)}")
    return options


async def run(names: Sequence[str], *, is_quick: bool, console: Console) -> tuple[list[Measurement], dict[str, Any]]:
    """Measure what is named, in the fixed order; gives the measurements and what is to be known of the machine."""
    with _own_folder() as folder:
        async with running_server(folder / "postgres") as server:
            bench = Bench(
                plan=QUICK if is_quick else FULL,
                folder=folder,
                server=server,
                day=make_material(),
                tell=lambda line: console.print(line, style="dim", highlight=False),
            )
            certificates = folder / "certs"
            init(certificates, ["localhost", "127.0.0.1"], SystemClock().now())
            ways: dict[str, Callable[[], Awaitable[Measurement]]] = {
                "translate": lambda: measure_translate(bench),
                "accept": lambda: measure_accept(bench, certificates),
                "import": lambda: measure_import(bench),
                "drain": lambda: measure_drain(bench, certificates),
                "reconcile": lambda: measure_reconcile(bench),
                "sign_in": lambda: measure_sign_in(bench),
                "audit": lambda: measure_audit(bench),
                "population": lambda: measure_population(bench),
                "payments": lambda: measure_payments(bench),
                "indicators": lambda: measure_indicators(bench),
            }
            measurements = []
            for chosen in NAMES:
                if chosen in names:
                    console.print(f"measuring {chosen} …")
                    measurements.append(await ways[chosen]())
            return measurements, await _machine(server)


@contextmanager
def _own_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        # The database may run as another user, who must be able to pass through.
        folder.chmod(0o755)
        yield folder


async def _machine(server: Server) -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        # Where it comes from as well: how an interpreter was built is worth a sixth of what is measured here.
        "python": f"{platform.python_version()} of {sys.base_prefix}",
        "postgresql": await server.version(),
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    # Progress goes to standard error, results to standard output.
    progress = Console(stderr=True)
    try:
        measurements, machine = uvloop.run(run(options.names, is_quick=options.quick, console=progress))
    except (ChildFailed, OSError, ValueError) as error:
        progress.print(f"the run could not be made: {error}", style="red", markup=False, highlight=False)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        progress.print("broken off", style="red")
        return 2
    facts = {"is_quick": options.quick, **summary(measurements, machine)}
    show(measurements, machine, Console(width=None if sys.stdout.isatty() else 160))
    text = json.dumps(facts, ensure_ascii=False)
    print(text)
    if options.json is not None:
        options.json.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 1 if facts["is_void"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
