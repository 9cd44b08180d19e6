"""What may be shown of the settings: an allow-list, so that a new setting is hidden until somebody says otherwise."""

from collections.abc import Mapping

from adapters.portal.settings import PortalSettings
from mappings.portal.tables import PortalTables

SHOWN = (
    "base_url",
    "family",
    "auth_path",
    "share_path",
    "integration_path",
    "destination_code",
    "destination_place",
    "destination_on_login",
    "unit_code",
    "session_life_seconds",
    "max_dossiers_per_call",
    "max_steps_per_call",
)


def describe(settings: PortalSettings, tables: PortalTables) -> Mapping[str, str]:
    """Give the settings that help in a fault report, as text. Never credentials, headers or file paths."""
    shown = {name: str(getattr(settings, name)) for name in SHOWN}
    shown["form"] = "native" if settings.facade is None else "facade"
    shown["profile"] = settings.wire.profile
    shown["codes"] = f"{tables.set_id} {tables.version}"
    return shown
