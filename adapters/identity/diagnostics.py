"""What may be shown of a provider's settings: an allow-list, so that a new one is hidden until somebody says else."""

from collections.abc import Mapping

from adapters.identity.settings import ProviderSettings

SHOWN = (
    "name",
    "profile",
    "issuer",
    "authorize_url",
    "token_url",
    "userinfo_url",
    "jwks_url",
    "redirect_uri",
    "scope",
    "sends_pkce",
    "enforces_pkce",
    "echoes_nonce",
    "requires_issuer_parameter",
    "leeway_seconds",
    "agreement_id",
)


def describe(settings: ProviderSettings) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never secrets or file paths."""
    shown = {name: str(getattr(settings, name)) for name in SHOWN}
    shown["algorithms"] = " ".join(sorted(settings.algorithms))
    shown["level_claim"] = settings.level_claim
    shown["claims_kept"] = " ".join(sorted(settings.claims.kept))
    return shown
