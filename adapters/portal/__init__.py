"""The national public service portal."""

from adapters.portal.adapter import PortalAdapter, build
from adapters.portal.settings import PortalSettings

__all__ = ["PortalAdapter", "PortalSettings", "build"]
