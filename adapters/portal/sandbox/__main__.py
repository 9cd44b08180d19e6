"""Runs the portal sandbox as a process of its own: `python -m adapters.portal.sandbox`.

Prints one JSON line with its addresses when it is ready, and stops on SIGTERM or SIGINT.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.portal.sandbox.catalogue import make_catalogue
from adapters.portal.sandbox.profile import PortalProfile, ProfileError
from adapters.portal.sandbox.sandbox import PortalSandbox
from adapters.sandboxing import FaultKind, serve_sandbox
from adapters.sandboxing.process import Prepared, check_host, new_parser, read_settings, run_process, tls_context


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = new_parser("python -m adapters.portal.sandbox", __doc__)
    add = parser.add_argument
    add("--expired-cert", type=Path, help="what the fault expired_certificate serves")
    add("--expired-key", type=Path)
    add("--wrong-cert", type=Path, help="what the fault wrong_certificate serves")
    add("--wrong-key", type=Path)
    add("--procedures", type=int, default=240, help="how many procedures the catalogue has")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; give the exit status (2 when the command line cannot be obeyed)."""
    options = parser().parse_args(argv)

    def prepare() -> Prepared:
        check_host(options)
        profile, context = PortalProfile.parse(read_settings(options)), tls_context(options)
        offered = {
            FaultKind.EXPIRED_CERTIFICATE: tls_context(options, prefix="expired"),
            FaultKind.WRONG_CERTIFICATE: tls_context(options, prefix="wrong"),
        }
        catalogue = make_catalogue(options.procedures, options.seed, profile.administrative_levels)
        sandbox = PortalSandbox(profile, catalogue=catalogue, seed=options.seed, control_token=options.control_token)
        return Prepared(
            start=lambda: serve_sandbox(
                sandbox,
                options.host,
                options.port,
                context,
                spoiled_contexts={kind: spare for kind, spare in offered.items() if spare is not None},
                control_port=options.control_port,
            ),
            facts=lambda running: {
                "url": running.url,
                "control_url": running.control_url,
                "procedures": len(sandbox.procedures()),
            },
        )

    return run_process(prepare, ProfileError)


if __name__ == "__main__":
    sys.exit(main())
