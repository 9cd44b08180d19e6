"""The national portal, simulated from the portal wire notes alone; knows nothing of the adapter beside it."""

from adapters.portal.sandbox.catalogue import Catalogue, make_catalogue
from adapters.portal.sandbox.profile import PortalProfile, ProfileError, Wording
from adapters.portal.sandbox.sandbox import PORTAL_KINDS, PortalSandbox, UnknownProcedureCode
from adapters.portal.sandbox.services import SERVICES, Service

__all__ = [
    "PORTAL_KINDS",
    "SERVICES",
    "Catalogue",
    "PortalProfile",
    "PortalSandbox",
    "ProfileError",
    "Service",
    "UnknownProcedureCode",
    "Wording",
    "make_catalogue",
]
