"""Runs the simulated monitoring system as a process of its own: `python -m adapters.monitoring.sandbox`.

Prints one JSON line with its addresses when it is ready, and stops on SIGTERM or SIGINT.
"""

import argparse
import sys
from collections.abc import Sequence

from adapters.monitoring.sandbox.habits import SettingsError
from adapters.monitoring.sandbox.profile import MonitoringProfile
from adapters.monitoring.sandbox.sandbox import MonitoringSandbox
from adapters.sandboxing import serve_sandbox
from adapters.sandboxing.process import Prepared, check_host, new_parser, read_settings, run_process, tls_context


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    return new_parser("python -m adapters.monitoring.sandbox", __doc__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; give the exit status (2 when the command line cannot be obeyed)."""
    options = parser().parse_args(argv)

    def prepare() -> Prepared:
        check_host(options)
        profile, context = MonitoringProfile.parse(read_settings(options)), tls_context(options)
        sandbox = MonitoringSandbox(profile, seed=options.seed, control_token=options.control_token)
        return Prepared(
            start=lambda: serve_sandbox(
                sandbox, options.host, options.port, context, control_port=options.control_port
            ),
            facts=lambda running: {
                "url": running.url,
                "control_url": running.control_url,
                "push_url": running.url + profile.push_path,
                "is_simulated": True,
            },
        )

    return run_process(prepare, SettingsError)


if __name__ == "__main__":
    sys.exit(main())
