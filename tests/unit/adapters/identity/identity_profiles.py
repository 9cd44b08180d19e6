"""Settings of the three kinds of provider, with invented hosts."""

from typing import Any

from adapters.identity.settings import ProviderSettings

CLIENT_SECRET = "demo-client-secret"
_COMMON: dict[str, Any] = {
    "issuer": "https://sso.example/oauth2/token",
    "authorize_url": "https://sso.example/oauth2/authorize",
    "token_url": "https://sso.example/oauth2/token",
    "userinfo_url": "https://sso.example/oauth2/userinfo",
    "client_id": "lien-thong",
    "client_secret": CLIENT_SECRET,
    "agreement_id": "01/TT-2026",
    "purpose": "Đăng nhập để nộp hồ sơ",
}


def values(**changes: Any) -> dict[str, Any]:
    """Give the plain values of a provider of the first profile, changed; None leaves a value out."""
    good = {
        **_COMMON,
        "name": "dvcqg",
        "profile": "dvcqg",
        "jwks_url": "https://sso.example/oauth2/jwks",
        "redirect_uri": "https://gateway.example/callbacks/identity/dvcqg",
        "acr_values": ["LoA1"],
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def national(**changes: Any) -> ProviderSettings:
    return ProviderSettings.model_validate(values(**changes))


def flat(**changes: Any) -> ProviderSettings:
    more = {"name": "vneid", "profile": "vneid_flat", "acr_values": None, "redirect_uri": "https://gateway.example/v"}
    return national(**(more | changes))


def sealed(**changes: Any) -> ProviderSettings:
    more = {
        "name": "vneid-sealed",
        "profile": "vneid_sealed",
        "acr_values": None,
        "jwks_url": None,
        "redirect_uri": "https://gateway.example/s",
        "envelope": {"private_key_files": ["new.pem"]},
    }
    return national(**(more | changes))
