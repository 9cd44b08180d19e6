"""Electronic identity: sign-in with a national account, by the national portal or by VNeID itself."""

from adapters.identity.adapter import IdentityAdapter, build
from adapters.identity.checks import run_checks
from adapters.identity.settings import Profile, ProviderSettings

__all__ = ["IdentityAdapter", "Profile", "ProviderSettings", "build", "run_checks"]
