"""Share-consent of VNeID: a citizen releases named data for one transaction, in the application on the phone."""

from adapters.consent.adapter import ConsentAdapter, build
from adapters.consent.checks import run_checks
from adapters.consent.settings import ConsentSettings

__all__ = ["ConsentAdapter", "ConsentSettings", "build", "run_checks"]
