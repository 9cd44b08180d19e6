"""The national public service portal."""

from adapters.portal.adapter import PortalAdapter, build, portal_tables
from adapters.portal.settings import PortalSettings

__all__ = ["PortalAdapter", "PortalSettings", "build", "portal_tables"]
