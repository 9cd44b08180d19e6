"""Runs the simulated sign-on as a process of its own: `python -m adapters.identity.sandbox --profile FILE`.

Prints one JSON line with its addresses when it is ready, and stops on SIGTERM or SIGINT.
"""

import argparse
import sys
from collections.abc import Sequence

from adapters.identity.sandbox.profile import ProfileError, parse_profile
from adapters.identity.sandbox.sandbox import IdentitySandbox, serve
from adapters.sandboxing.process import Prepared, check_host, new_parser, read_settings, run_process, tls_context


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    return new_parser("python -m adapters.identity.sandbox", __doc__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; give the exit status (2 when the command line cannot be obeyed)."""
    options = parser().parse_args(argv)

    def prepare() -> Prepared:
        check_host(options)
        profile, context = parse_profile(read_settings(options)), tls_context(options)
        sandbox = IdentitySandbox(profile, seed=options.seed, control_token=options.control_token)
        return Prepared(
            start=lambda: serve(
                sandbox, options.host, options.port, ssl_context=context, control_port=options.control_port
            ),
            facts=lambda running: {
                "url": running.url,
                "control_url": running.control_url,
                "issuer": sandbox.core.issuer,
            },
        )

    return run_process(prepare, ProfileError)


if __name__ == "__main__":
    sys.exit(main())
