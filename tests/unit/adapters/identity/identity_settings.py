"""Settings of a provider that nobody runs."""

from typing import Any

from adapters.identity import ProviderSettings


def make_section(**changes: Any) -> dict[str, Any]:
    """Give the section of a right provider, with fields replaced."""
    return {
        "name": "national",
        "profile": "dvcqg",
        "issuer": "https://sso.test/oauth2/token",
        "authorize_url": "https://sso.test/oauth2/authorize",
        "token_url": "https://sso.test/oauth2/token",
        "userinfo_url": "https://sso.test/oauth2/userinfo",
        "jwks_url": "https://sso.test/oauth2/jwks",
        "client_id": "gateway",
        "client_secret": "a-secret",
        "redirect_uri": "https://gw.example/callbacks/identity/national",
        "agreement_id": "01/2026",
        "purpose": "Đăng nhập",
        **changes,
    }


def make_settings(**changes: Any) -> ProviderSettings:
    """Give the settings."""
    return ProviderSettings.model_validate(make_section(**changes))


SEALED: dict[str, Any] = {"profile": "vneid_sealed", "jwks_url": None, "envelope": {"private_key_files": ["k.pem"]}}
