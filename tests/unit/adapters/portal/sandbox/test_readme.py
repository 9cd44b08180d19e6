"""The README names every setting, fault, route and total, so that it cannot fall behind unnoticed."""

from pathlib import Path

from adapters.portal.sandbox import PORTAL_KINDS, SERVICES, PortalProfile
from adapters.portal.sandbox import __file__ as package_file
from adapters.portal.sandbox.control import actions
from adapters.portal.sandbox.profile import FIXED_SETTINGS
from adapters.sandboxing import TLS_KINDS
from tests.unit.adapters.portal.sandbox.portal_helpers import make_portal

README = Path(package_file).with_name("README.md").read_text()


def test_everything_that_can_be_set_or_asked_is_described() -> None:
    """A new setting, fault kind, service or control route must be added to the document."""
    named = [f"`{name}`" for name in PortalProfile.model_fields]
    named += [f"`{kind}`" for kind in PORTAL_KINDS | TLS_KINDS]
    named += [f"`{service}`" for service in SERVICES]
    named += [f"{method} {path}" for method, path in actions(make_portal())]
    assert [] == [name for name in named if name not in README]


def test_fixed_settings_exist_and_are_marked() -> None:
    """They are settings, and the document says that they cannot change later."""
    assert set(PortalProfile.model_fields) >= FIXED_SETTINGS
    lines = README.splitlines()
    for name in FIXED_SETTINGS:
        [row] = [line for line in lines if line.startswith("|") and f"`{name}`" in line.split("|")[1]]
        assert "•" in row.split("|")[1], name
